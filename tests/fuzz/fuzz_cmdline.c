/* Any bytes as a command line: what is hidden never makes it longer, keeps its arguments apart, and
 * what was hidden once has nothing more to hide. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "capture/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
    if (!truth)
        abort();
}

static size_t args_in(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += text[i] == '\0';
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = lw_new(size + 1, 1);
    memcpy(text, data, size);
    size_t args = args_in(text, size);
    size_t len = capture_cmdline_hide(text, size);
    require(len <= size && args_in(text, len) == args);
    char *again = lw_new(len + 1, 1);
    memcpy(again, text, len);
    require(capture_cmdline_hide(again, len) == len);
    require(memcmp(again, text, len) == 0);
    free(again);
    free(text);
    return 0;
}
