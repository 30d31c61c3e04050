/* How long types take: making the index, and each site. For every binary all its allocation calls
 * are resolved in random order, each on its own as a scrape's are; with a heap profile of it, the
 * profile's stacks too. Times are of the processor, so that other work on the machine does not
 * count. Prints a row of a Markdown table for each. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "gotypes/gotypes.h"
#include "profile/profile.h"

#define PROFILE_BYTES_MAX ((size_t)64 << 20)

struct stack {
    uint64_t *addresses; /* owned */
    size_t depth;
};

struct stacks {
    struct stack *list; /* owned */
    size_t count, room;
};

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double heap_mb(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd) / 1e6;
}

static struct stack *add(struct stacks *stacks, size_t depth)
{
    if (stacks->count == stacks->room) {
        stacks->room = stacks->room ? stacks->room * 2 : 1024;
        stacks->list = lw_renew(stacks->list, stacks->room, sizeof *stacks->list);
    }
    struct stack *stack = &stacks->list[stacks->count++];
    *stack = (struct stack){lw_new(depth, sizeof *stack->addresses), depth};
    return stack;
}

static void stacks_fini(struct stacks *stacks)
{
    for (size_t i = 0; i < stacks->count; i++)
        free(stacks->list[i].addresses);
    free(stacks->list);
}

static bool add_call(void *ctx, const struct gotypes_site *site)
{
    add(ctx, 1)->addresses[0] = site->pc + 1;
    return true;
}

static void add_profile(
    struct stacks *stacks, const struct gotypes *index, const struct profile *profile)
{
    for (size_t i = 0; i < profile->site_count; i++) {
        const struct profile_site *site = &profile->sites[i];
        if (site->leaf_location >= site->address_count)
            continue;
        struct stack *stack = add(stacks, site->address_count - site->leaf_location);
        for (size_t k = 0; k < stack->depth; k++) {
            uint64_t address = site->addresses[site->leaf_location + k];
            if (profile->mapping_count)
                address = gotypes_address(
                    index, address, profile->mappings[0].start, profile->mappings[0].offset);
            stack->addresses[k] = address;
        }
    }
}

static void shuffle(struct stacks *stacks)
{
    unsigned seed = 1;
    for (size_t i = stacks->count; i > 1; i--) {
        size_t k = (size_t)rand_r(&seed) % i;
        struct stack other = stacks->list[k];
        stacks->list[k] = stacks->list[i - 1];
        stacks->list[i - 1] = other;
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void measure(const struct gotypes *index, struct stacks *stacks, const char *what)
{
    static struct gotypes_site site;
    double *us = lw_new(stacks->count + 1, sizeof *us);
    size_t resolved = 0, n = stacks->count;
    shuffle(stacks);
    for (size_t i = 0; i < n; i++) {
        double start = now_us();
        (void)gotypes_resolve(index, stacks->list[i].addresses, stacks->list[i].depth, &site);
        us[i] = now_us() - start;
        resolved += site.resolved;
    }
    qsort(us, n, sizeof *us, by_size);
    if (n)
        printf("| %s | %zu | %.2f %% | %.0f | %.0f | %.0f | %.0f |\n", what, n,
            100.0 * (double)resolved / (double)n, us[n / 2], us[n * 99 / 100], us[n * 999 / 1000],
            us[n - 1]);
    free(us);
}

static int measure_profile(const struct gotypes *index, const char *path, struct lw_err *err)
{
    char *bytes;
    size_t len;
    struct profile_limits limits = profile_limits_for(PROFILE_BYTES_MAX);
    if (lw_file_read(path, PROFILE_BYTES_MAX, &bytes, &len, err) < 0)
        return -1;
    struct profile *profile = profile_decode(bytes, len, &limits, err);
    free(bytes);
    if (!profile)
        return -1;
    struct stacks stacks = {0};
    add_profile(&stacks, index, profile);
    measure(index, &stacks, path);
    stacks_fini(&stacks);
    profile_free(&profile);
    return 0;
}

static int measure_binary(const char *path, const char *profile, struct lw_err *err)
{
    char *bytes;
    size_t len;
    if (lw_file_read(path, (size_t)1 << 30, &bytes, &len, err) < 0)
        return -1;
    double heap = heap_mb(), start = now_us();
    struct gotypes *index = gotypes_new(bytes, len, err);
    double index_ms = (now_us() - start) / 1e3;
    if (!index) {
        free(bytes);
        return -1;
    }
    fprintf(stderr, "%s: %.0f MB, indexed in %.0f ms, %.1f MB of memory\n", path, (double)len / 1e6,
        index_ms, heap_mb() - heap);
    struct stacks stacks = {0};
    gotypes_each_site(index, add_call, &stacks);
    measure(index, &stacks, path);
    stacks_fini(&stacks);
    int rc = profile ? measure_profile(index, profile, err) : 0;
    gotypes_free(&index);
    free(bytes);
    return rc;
}

int main(int argc, char **argv)
{
    struct lw_err err;
    if (argc < 2) {
        fprintf(stderr, "usage: timing BINARY [HEAP-PROFILE]\n");
        return 2;
    }
    printf("| binary or profile | sites | resolved | p50 µs | p99 µs | p99.9 µs | max µs |\n");
    printf("|---|--:|--:|--:|--:|--:|--:|\n");
    if (measure_binary(argv[1], argc > 2 ? argv[2] : NULL, &err) < 0) {
        fprintf(stderr, "timing: %s\n", err.msg);
        return 1;
    }
    return 0;
}
