/* Any text as the end of a heap's text form: must end in numbers within their bounds, or in a
 * reason. */
#include <stdint.h>
#include <stdlib.h>

#include "profile/memstats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct profile_memstats stats;
    struct lw_err err = {0};
    if (profile_memstats_parse((const char *)data, size, &stats, &err) < 0) {
        require(err.code == LW_NOT_PROFILE && err.msg[0]);
        return 0;
    }
    require(stats.sys >= 0 && stats.heap_inuse >= 0 && stats.stack_sys >= 0 && stats.max_rss >= 0);
    require(stats.num_gc >= 0 && stats.num_forced_gc >= 0);
    require(stats.gc_cpu_fraction >= 0 && stats.gc_cpu_fraction <= 1);
    require(profile_memstats_held_bytes(&stats) >= 0);
    return 0;
}
