/* From the message's samples to sites. Samples become rows that carry the id of their site; sorting
 * the rows brings those of one site together, and within it those of one object size. Two stacks
 * with one 64-bit id would be summed as one: that is less likely than 1 in 10^8 for 200,000 sites.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "profile/decoder.h"
#include "profile/frames.h"
#include "profile/sums.h"

/* ---- sample types ---- */

/* The sample types that make a heap profile, in the order of struct profile_values. The order in
 * the file is the writer's choice. */
static const struct {
    const char *type;
    const char *unit;
} heap_types[] = {
    {"alloc_objects", "count"},
    {"alloc_space", "bytes"},
    {"inuse_objects", "count"},
    {"inuse_space", "bytes"},
};

#define HEAP_TYPES (sizeof heap_types / sizeof *heap_types)
_Static_assert(HEAP_TYPES == PROFILE_COLUMNS, "a column for each sample type");

static int refuse_types(const struct profile_decoder *d, struct lw_err *err)
{
    struct lw_strbuf list;
    lw_strbuf_init(&list, 200); /* what a message can show; what does not fit is left out */
    for (size_t i = 0; i < d->message->n_sample_type && !list.failed; i++) {
        const Leakwatch__Pprof__ValueType *t = d->message->sample_type[i];
        lw_strbuf_addf(&list, "%s%.40s/%.20s", i ? ", " : "", d->message->string_table[t->type],
            d->message->string_table[t->unit]);
    }
    lw_err_set(err, LW_NOT_HEAP,
        "a heap profile has the sample types alloc_objects/count, alloc_space/bytes, "
        "inuse_objects/count and inuse_space/bytes, this one has %s%s; is the path /debug/pprof/heap?",
        list.len ? list.data : "none", list.failed ? ", ..." : "");
    lw_strbuf_fini(&list);
    return -1;
}

static int find_columns(struct profile_decoder *d, struct lw_err *err)
{
    unsigned found = 0;
    for (size_t i = 0; i < d->message->n_sample_type; i++) {
        const Leakwatch__Pprof__ValueType *t = d->message->sample_type[i];
        const char *type = profile_string(d, t->type, "sample type", i, err);
        const char *unit = type ? profile_string(d, t->unit, "sample type", i, err) : NULL;
        if (!unit)
            return -1;
        for (size_t k = 0; k < HEAP_TYPES; k++) {
            if (strcmp(type, heap_types[k].type) == 0 && strcmp(unit, heap_types[k].unit) == 0) {
                d->columns[k] = i;
                found |= 1u << k;
            }
        }
    }
    return found == (1u << HEAP_TYPES) - 1 ? 0 : refuse_types(d, err);
}

static struct profile_values values_of(
    const struct profile_decoder *d, const Leakwatch__Pprof__Sample *sample)
{
    return (struct profile_values){
        .alloc_objects = sample->value[d->columns[0]],
        .alloc_bytes = sample->value[d->columns[1]],
        .inuse_objects = sample->value[d->columns[2]],
        .inuse_bytes = sample->value[d->columns[3]],
    };
}

/* ---- samples to rows ---- */

static int check_values(const struct profile_decoder *d, size_t at, struct lw_err *err)
{
    const Leakwatch__Pprof__Sample *sample = d->message->sample[at];
    if (sample->n_value != d->message->n_sample_type)
        return lw_err_set(err, LW_NOT_PROFILE, "sample %zu has %zu values for %zu sample types", at,
            sample->n_value, d->message->n_sample_type);
    for (size_t k = 0; k < HEAP_TYPES; k++) {
        int64_t value = sample->value[d->columns[k]];
        if (value < 0)
            return lw_err_set(err, LW_NOT_HEAP,
                "sample %zu has %" PRId64 " as %s: this is the difference of two profiles; leave "
                "seconds= out of the path",
                at, value, heap_types[k].type);
    }
    return 0;
}

static bool is_all_zero(const struct profile_values *v)
{
    return !(v->alloc_objects | v->alloc_bytes | v->inuse_objects | v->inuse_bytes);
}

/* Go says the size of a row's objects in the numeric label `bytes`; 0 where there is none. */
static int find_object_bytes(
    const struct profile_decoder *d, size_t at, int64_t *object_bytes, struct lw_err *err)
{
    const Leakwatch__Pprof__Sample *sample = d->message->sample[at];
    *object_bytes = 0;
    for (size_t i = 0; i < sample->n_label; i++) {
        const char *key = profile_string(d, sample->label[i]->key, "a label of sample", at, err);
        if (!key)
            return -1;
        if (strcmp(key, "bytes") == 0 && sample->label[i]->num > 0)
            *object_bytes = sample->label[i]->num;
    }
    return 0;
}

static int collect_rows(struct profile_decoder *d, struct lw_err *err)
{
    for (size_t at = 0; at < d->message->n_sample; at++) {
        struct profile_row row = {.sample = at};
        if (check_values(d, at, err) || profile_sample_identify(d, &row, err) ||
            find_object_bytes(d, at, &row.object_bytes, err))
            return -1;
        struct profile_values values = values_of(d, d->message->sample[at]);
        if (!is_all_zero(&values))
            d->rows[d->row_count++] = row;
    }
    return 0;
}

static int by_site_and_size(const void *a, const void *b)
{
    const struct profile_row *x = a, *y = b;
    if (x->site_id != y->site_id)
        return x->site_id < y->site_id ? -1 : 1;
    if (x->object_bytes != y->object_bytes)
        return x->object_bytes < y->object_bytes ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

/* ---- rows to sites ---- */

static int64_t add_saturating(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

void profile_values_add(struct profile_values *sum, const struct profile_values *v)
{
    sum->alloc_objects = add_saturating(sum->alloc_objects, v->alloc_objects);
    sum->alloc_bytes = add_saturating(sum->alloc_bytes, v->alloc_bytes);
    sum->inuse_objects = add_saturating(sum->inuse_objects, v->inuse_objects);
    sum->inuse_bytes = add_saturating(sum->inuse_bytes, v->inuse_bytes);
}

static double size_noise_bytes(const struct profile_size *size, double period_bytes)
{
    double s = (double)size->object_bytes;
    if (s <= 0 && size->values.inuse_objects > 0)
        s = (double)size->values.inuse_bytes / (double)size->values.inuse_objects;
    return profile_size_noise_bytes(s, period_bytes);
}

static double site_noise_bytes(const struct profile_site *site, int64_t period_bytes)
{
    if (period_bytes <= 1)
        return 0;
    double weight = 0, sum = 0;
    for (size_t i = 0; i < site->size_count; i++) {
        double inuse = (double)site->sizes[i].values.inuse_bytes;
        if (inuse <= 0) /* most of a profile; and expm1() is a good part of decoding it */
            continue;
        weight += inuse;
        sum += inuse * size_noise_bytes(&site->sizes[i], (double)period_bytes);
    }
    return weight > 0 ? sum / weight : 0;
}

/* Which location of a stack a frame of it is in. */
static size_t location_of_frame(
    const struct profile_decoder *d, const Leakwatch__Pprof__Sample *sample, size_t frame)
{
    size_t at = 0;
    for (size_t end = profile_sample_location(d, sample, 0)->frame_count; end <= frame;
         end += profile_sample_location(d, sample, at)->frame_count)
        at++;
    return at;
}

static int fill_stack(struct profile_decoder *d, struct profile_site *site,
    const struct profile_row *row, struct lw_err *err)
{
    const Leakwatch__Pprof__Sample *sample = d->message->sample[row->sample];
    site->frames = profile_sample_frames(d, row, err);
    if (!site->frames)
        return -1;
    site->lineage = row->lineage;
    site->leaf_address = profile_sample_location(d, sample, 0)->address;
    site->frame_count = row->frame_count;
    site->leaf = profile_leaf(site->frames, site->frame_count);
    site->responsible = profile_responsible(site->frames, site->frame_count, site->leaf);
    site->leaf_location = location_of_frame(d, sample, site->leaf);
    return 0;
}

static size_t common_depth(const struct profile_decoder *d, const struct profile_site *site,
    const Leakwatch__Pprof__Sample *sample)
{
    size_t depth = 0;
    while (depth < site->address_count && depth < profile_sample_depth(sample) &&
           profile_sample_location(d, sample, depth)->address == site->addresses[depth])
        depth++;
    return depth;
}

static int fill_addresses(struct profile_decoder *d, struct profile_site *site,
    const struct profile_row *rows, size_t row_count, struct lw_err *err)
{
    const Leakwatch__Pprof__Sample *sample = d->message->sample[rows->sample];
    size_t depth = profile_sample_depth(sample);
    depth = depth < PROFILE_FRAMES_MAX ? depth : PROFILE_FRAMES_MAX;
    uint64_t *addresses = lw_arena_alloc(d->kept, depth * sizeof *addresses);
    if (!addresses)
        return profile_no_room(d, err);
    for (size_t i = 0; i < depth; i++)
        addresses[i] = profile_sample_location(d, sample, i)->address;
    site->addresses = addresses;
    site->address_count = depth;
    for (size_t i = 1; i < row_count; i++)
        site->address_count = common_depth(d, site, d->message->sample[rows[i].sample]);
    return 0;
}

/* Sums a site's rows, also by object size into sizes[]; returns how many rows it has. */
static size_t sum_rows(struct profile_decoder *d, size_t first_row, struct profile_site *site,
    struct profile_size *sizes)
{
    site->id = d->rows[first_row].site_id;
    site->sizes = sizes;
    size_t at = first_row;
    for (; at < d->row_count && d->rows[at].site_id == site->id; at++) {
        const struct profile_row *row = &d->rows[at];
        struct profile_values values = values_of(d, d->message->sample[row->sample]);
        if (at == first_row || row[-1].object_bytes != row->object_bytes)
            sizes[site->size_count++].object_bytes = row->object_bytes;
        profile_values_add(&sizes[site->size_count - 1].values, &values);
        profile_values_add(&site->values, &values);
    }
    return at - first_row;
}

/* How many sites and how many (site, size) pairs the sorted rows hold. */
static void count_groups(const struct profile_decoder *d, size_t *sites, size_t *sizes)
{
    *sites = *sizes = 0;
    for (size_t i = 0; i < d->row_count; i++) {
        const struct profile_row *row = &d->rows[i];
        bool new_site = i == 0 || row[-1].site_id != row->site_id;
        *sites += new_site;
        *sizes += new_site || row[-1].object_bytes != row->object_bytes;
    }
}

static int by_inuse(const void *a, const void *b)
{
    const struct profile_site *x = a, *y = b;
    if (x->values.inuse_bytes != y->values.inuse_bytes)
        return x->values.inuse_bytes > y->values.inuse_bytes ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int build_sites(
    struct profile_decoder *d, size_t site_count, size_t size_count, struct lw_err *err)
{
    struct profile_site *sites = lw_arena_new_array(d->kept, site_count, sizeof *sites);
    struct profile_size *sizes = lw_arena_new_array(d->kept, size_count, sizeof *sizes);
    if (!sites || !sizes)
        return profile_no_room(d, err);
    size_t row = 0;
    for (size_t i = 0; i < site_count; i++) {
        struct profile_site *site = &sites[i];
        const struct profile_row *first = &d->rows[row];
        size_t rows = sum_rows(d, row, site, sizes);
        row += rows;
        sizes += site->size_count;
        site->noise_bytes = site_noise_bytes(site, d->profile->period_bytes);
        profile_values_add(&d->profile->total, &site->values);
        if (fill_stack(d, site, first, err) || fill_addresses(d, site, first, rows, err))
            return -1;
    }
    qsort(sites, site_count, sizeof *sites, by_inuse);
    d->profile->sites = sites;
    d->profile->site_count = site_count;
    return 0;
}

void profile_refuse_sites(size_t sites, size_t limit, struct lw_err *err)
{
    lw_err_set(err, LW_INFLATED_TOO_LARGE,
        "the profile has %zu allocation sites; more than %zu are not taken", sites, limit);
}

int profile_sites_build(struct profile_decoder *d, struct lw_err *err)
{
    if (find_columns(d, err) || collect_rows(d, err))
        return -1;
    qsort(d->rows, d->row_count, sizeof *d->rows, by_site_and_size);
    size_t sites, sizes;
    count_groups(d, &sites, &sizes);
    if (sites > d->limits->sites) {
        profile_refuse_sites(sites, d->limits->sites, err);
        return -1;
    }
    return build_sites(d, sites, sizes, err);
}
