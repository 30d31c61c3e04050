/* From the message's samples to groups: one row a sample, sorted by stack, summed. */
#include "profile/goroutines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "profile/decoder.h"
#include "profile/frames.h"

/* One sample type, "goroutine" or "goroutineleak", in counts. */
static int check_type(const struct profile_decoder *d, struct lw_err *err)
{
    const Leakwatch__Pprof__ValueType *t = d->message->sample_type[0];
    const char *type = profile_string(d, t->type, "sample type", 0, err);
    const char *unit = type ? profile_string(d, t->unit, "sample type", 0, err) : NULL;
    if (!unit)
        return -1;
    if (d->message->n_sample_type == 1 && strcmp(unit, "count") == 0 &&
        (strcmp(type, "goroutine") == 0 || strcmp(type, "goroutineleak") == 0))
        return 0;
    return lw_err_set(err, LW_NOT_PROFILE,
        "a goroutine profile has the one sample type goroutine/count, this one has %zu, the first "
        "%.40s/%.20s; is the path /debug/pprof/goroutine?",
        d->message->n_sample_type, type, unit);
}

static int check_count(const struct profile_decoder *d, size_t at, struct lw_err *err)
{
    const Leakwatch__Pprof__Sample *sample = d->message->sample[at];
    if (sample->n_value != 1)
        return lw_err_set(err, LW_NOT_PROFILE, "sample %zu has %zu values for one sample type", at,
            sample->n_value);
    if (sample->value[0] < 0)
        return lw_err_set(err, LW_NOT_PROFILE,
            "sample %zu has %" PRId64 " goroutines: this is the difference of two profiles; leave "
            "seconds= out of the path",
            at, sample->value[0]);
    return 0;
}

static int collect_rows(struct profile_decoder *d, struct lw_err *err)
{
    for (size_t at = 0; at < d->message->n_sample; at++) {
        struct profile_row row = {.sample = at};
        if (check_count(d, at, err) || profile_sample_identify(d, &row, err))
            return -1;
        if (d->message->sample[at]->value[0] > 0)
            d->rows[d->row_count++] = row;
    }
    return 0;
}

static int by_stack(const void *a, const void *b)
{
    const struct profile_row *x = a, *y = b;
    if (x->lineage != y->lineage)
        return x->lineage < y->lineage ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

static size_t count_stacks(const struct profile_decoder *d)
{
    size_t count = 0;
    for (size_t i = 0; i < d->row_count; i++)
        count += i == 0 || d->rows[i].lineage != d->rows[i - 1].lineage;
    return count;
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* Sums the rows of one stack from *row on, which it moves behind them. */
static int fill_group(struct profile_decoder *d, struct profile_goroutines_group *group,
    size_t *row, struct lw_err *err)
{
    const struct profile_row *first = &d->rows[*row];
    group->id = first->lineage;
    for (; *row < d->row_count && d->rows[*row].lineage == group->id; ++*row)
        group->count = add(group->count, d->message->sample[d->rows[*row].sample]->value[0]);
    group->frames = profile_sample_frames(d, first, err);
    if (!group->frames)
        return -1;
    group->frame_count = first->frame_count;
    group->leaf = profile_leaf(group->frames, group->frame_count);
    group->responsible = profile_responsible(group->frames, group->frame_count, group->leaf);
    group->wait = profile_wait_of(group->frames, group->frame_count);
    return 0;
}

static int by_count(const void *a, const void *b)
{
    const struct profile_goroutines_group *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static struct profile_goroutines *build(struct profile_decoder *d, struct lw_err *err)
{
    if (check_type(d, err) || collect_rows(d, err))
        return NULL;
    qsort(d->rows, d->row_count, sizeof *d->rows, by_stack);
    size_t count = count_stacks(d), row = 0;
    if (count > d->limits->sites) {
        lw_err_set(err, LW_INFLATED_TOO_LARGE,
            "the goroutines have %zu different stacks; more than %zu are not taken", count,
            d->limits->sites);
        return NULL;
    }
    struct profile_goroutines *all = lw_arena_new_array(d->kept, 1, sizeof *all);
    struct profile_goroutines_group *groups = lw_arena_new_array(d->kept, count, sizeof *groups);
    if (!all || !groups) {
        profile_no_room(d, err);
        return NULL;
    }
    *all = (struct profile_goroutines){
        .memory = d->kept, .groups = groups, .group_count = count, .taken = d->profile->taken};
    for (size_t i = 0; i < count; i++) {
        if (fill_group(d, &groups[i], &row, err))
            return NULL;
        all->total = add(all->total, groups[i].count);
    }
    qsort(groups, count, sizeof *groups, by_count);
    return all;
}

struct profile_goroutines *profile_goroutines_decode(
    const void *body, size_t body_len, const struct profile_limits *limits, struct lw_err *err)
{
    struct profile_decoder d = {.limits = limits};
    struct profile_goroutines *all = NULL;
    if (profile_decoder_open(&d, body, body_len, err) == 0)
        all = build(&d, err);
    profile_decoder_close(&d, all != NULL);
    return all;
}

void profile_goroutines_free(struct profile_goroutines **goroutines)
{
    if (!*goroutines)
        return;
    struct lw_arena *memory = (*goroutines)->memory; /* the struct itself lies in it */
    lw_arena_free(&memory);
    *goroutines = NULL;
}
