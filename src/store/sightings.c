#include "store/sightings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/image.h"
#include "store/store.h"

#define SIGHTINGS_VERSION 1

static void build_fini(struct sightings_build *build)
{
    free(build->binary_id);
    free(build->version);
    free(build->revision);
}

void sightings_fini(struct sightings *s)
{
    for (size_t i = 0; i < s->build_count; i++)
        build_fini(&s->builds[i]);
    s->build_count = s->count = 0;
}

uint64_t sightings_key(const struct store_row *row)
{
    return row->site ? row->site->lineage : row->type->id;
}

const struct sighting *sightings_find(const struct sightings *s, uint64_t key)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->list[i].key == key)
            return &s->list[i];
    }
    return NULL;
}

const struct sightings_build *sightings_find_build(const struct sightings *s, uint64_t build_id)
{
    for (size_t i = 0; i < s->build_count; i++) {
        if (s->builds[i].id == build_id)
            return &s->builds[i];
    }
    return NULL;
}

/* ---- builds ---- */

/* What refers to a build that is let go says less from now on. */
static void drop_oldest_build(struct sightings *s)
{
    uint64_t id = s->builds[0].id;
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->list[i].absent == id)
            s->list[i].absent = 0;
        if (s->list[i].build != id)
            s->list[kept++] = s->list[i];
    }
    s->count = kept;
    build_fini(&s->builds[0]);
    memmove(s->builds, s->builds + 1, --s->build_count * sizeof *s->builds);
}

void sightings_watch(
    struct sightings *s, const struct store_build *build, struct lw_wall now, double watched_s)
{
    struct sightings_build *b = (struct sightings_build *)sightings_find_build(s, build->id);
    if (!b) {
        if (s->build_count == SIGHTINGS_BUILDS_MAX)
            drop_oldest_build(s);
        b = &s->builds[s->build_count++];
        *b = (struct sightings_build){
            .id = build->id,
            .binary_id = lw_strdup(build->binary_id),
            .version = lw_strdup(build->version),
            .revision = lw_strdup(build->vcs_revision),
            .first = now,
        };
    }
    b->watched_s = fmax(b->watched_s, watched_s);
}

/* ---- leaks ---- */

/* The newest build before `build` that was watched for long enough; builds lie in that order. */
static uint64_t find_absent(
    const struct sightings *s, const struct sightings_build *build, double long_enough_s)
{
    for (const struct sightings_build *b = build; b > s->builds; b--) {
        if (b[-1].watched_s >= long_enough_s)
            return b[-1].id;
    }
    return 0;
}

bool sightings_note(
    struct sightings *s, uint64_t key, uint64_t build_id, struct lw_wall now, double long_enough_s)
{
    const struct sightings_build *build = sightings_find_build(s, build_id);
    if (!build)
        return false;
    struct sighting *known = (struct sighting *)sightings_find(s, key);
    struct sighting next = {key, build_id, find_absent(s, build, long_enough_s), now};
    if (!known) {
        if (s->count == SIGHTINGS_MAX)
            memmove(s->list, s->list + 1, --s->count * sizeof *s->list);
        s->list[s->count++] = next;
        return true;
    }
    const struct sightings_build *first = sightings_find_build(s, known->build);
    if (first && first < build)
        return false; /* it leaks on in a later one */
    next.at = known->at;
    bool changes = known->build != next.build || known->absent != next.absent;
    *known = next;
    return changes;
}

/* ---- the image ---- */

void sightings_encode(const struct sightings *s, struct lw_strbuf *out)
{
    lw_strbuf_add_u8(out, SIGHTINGS_VERSION);
    lw_strbuf_add_u32(out, (uint32_t)s->build_count);
    for (size_t i = 0; i < s->build_count; i++) {
        const struct sightings_build *b = &s->builds[i];
        lw_strbuf_add_u64(out, b->id);
        image_encode_string(b->binary_id, out);
        image_encode_string(b->version, out);
        image_encode_string(b->revision, out);
        lw_strbuf_add_u64(out, (uint64_t)b->first.ns);
        lw_strbuf_add_f64(out, b->watched_s);
    }
    lw_strbuf_add_u32(out, (uint32_t)s->count);
    for (size_t i = 0; i < s->count; i++) {
        lw_strbuf_add_u64(out, s->list[i].key);
        lw_strbuf_add_u64(out, s->list[i].build);
        lw_strbuf_add_u64(out, s->list[i].absent);
        lw_strbuf_add_u64(out, (uint64_t)s->list[i].at.ns);
    }
}

/* False once something in it cannot have been written by us. */
static bool decode_build(struct lw_cursor *in, struct sightings_build *b)
{
    b->id = lw_cursor_u64(in);
    b->binary_id = image_decode_string(in);
    b->version = image_decode_string(in);
    b->revision = image_decode_string(in);
    b->first.ns = (int64_t)lw_cursor_u64(in);
    b->watched_s = lw_cursor_f64(in);
    return lw_cursor_ok(in) && b->first.ns >= 0 && b->watched_s >= 0 && isfinite(b->watched_s);
}

static bool decode_all(struct lw_cursor *in, struct sightings *s)
{
    if (lw_cursor_u8(in) != SIGHTINGS_VERSION)
        return false;
    uint32_t builds = lw_cursor_u32(in);
    for (uint32_t i = 0; i < builds; i++) {
        if (i == SIGHTINGS_BUILDS_MAX || !decode_build(in, &s->builds[s->build_count++]))
            return false;
    }
    uint32_t count = lw_cursor_u32(in);
    for (uint32_t i = 0; i < count && lw_cursor_ok(in); i++) {
        if (i == SIGHTINGS_MAX)
            return false;
        struct sighting *one = &s->list[s->count++];
        one->key = lw_cursor_u64(in);
        one->build = lw_cursor_u64(in);
        one->absent = lw_cursor_u64(in);
        one->at.ns = (int64_t)lw_cursor_u64(in);
    }
    return lw_cursor_ok(in) && lw_cursor_left(in) == 0;
}

int sightings_decode(const void *bytes, size_t len, struct sightings *s, struct lw_err *err)
{
    struct lw_cursor in = lw_cursor_on(bytes, len);
    if (decode_all(&in, s))
        return 0;
    sightings_fini(s);
    return lw_err_set(err, LW_CORRUPT, "the stored image of a job's leaks is damaged");
}
