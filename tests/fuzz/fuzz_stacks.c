/* Any text as a heap's text form and as symbols: must end in rows within their ceilings, or in a
 * reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profile/profile.h"
#include "profile/stacks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
    if (!truth)
        abort();
}

static void see_row(void *ctx, const uint64_t *returns, size_t depth)
{
    require(depth <= PROFILE_FRAMES_MAX);
    for (size_t i = 0; i < depth; i++)
        *(uint64_t *)ctx += returns[i];
}

static void see_name(void *ctx, uint64_t address, const char *name)
{
    require(strlen(name) < PROFILE_SYMBOL_BYTES);
    *(uint64_t *)ctx += address;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t open[] = {0x66f7b6, 0x66f441}, request[] = {0x66f484};
    struct profile_call calls[] = {
        {.addresses = request, .depth = 1},
        {.addresses = open, .depth = 2},
        {.addresses = open, .depth = 1},
    };
    const char *text = (const char *)data;
    uint64_t sum = 0;
    struct lw_err err = {0};
    if (profile_stacks_each(text, size, see_row, &sum, &err) < 0)
        require(err.code != LW_OK && err.msg[0]);
    else
        require(profile_calls_find(text, size, calls, 3, &err) == 0);
    require(!calls[1].callee || calls[2].callee); /* what is cut fits where the whole does */
    if (profile_names_each(text, size, see_name, &sum, &err) < 0)
        require(err.code == LW_NOT_PROFILE && err.msg[0]);
    return 0;
}
