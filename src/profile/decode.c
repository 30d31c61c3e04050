#include <inttypes.h>
#include <stdbool.h>

#include "base/strbuf.h"
#include "profile/decoder.h"
#include "profile/gunzip.h"
#include "profile/sniff.h"

#define SITES_MAX 200000

struct profile_limits profile_limits_for(size_t body_size_limit_bytes)
{
    size_t decode_bytes;
    if (__builtin_mul_overflow(body_size_limit_bytes, (size_t)16, &decode_bytes) ||
        __builtin_add_overflow(decode_bytes, (size_t)1 << 20, &decode_bytes))
        decode_bytes = SIZE_MAX;
    return (struct profile_limits){
        .inflated_bytes = body_size_limit_bytes, .decode_bytes = decode_bytes, .sites = SITES_MAX};
}

int profile_no_room(const struct profile_decoder *d, struct lw_err *err)
{
    return lw_err_set(err, LW_INFLATED_TOO_LARGE,
        "decoding the profile takes more than the limit of %zu bytes of memory; raise "
        "body_size_limit if the target is to be trusted",
        d->limits->decode_bytes);
}

/* ---- protobuf-c's memory ---- */

struct message_memory {
    struct lw_arena *arena;
    bool refused;
};

static void *message_alloc(void *ctx, size_t bytes)
{
    struct message_memory *memory = ctx;
    void *p = lw_arena_alloc(memory->arena, bytes);
    memory->refused |= !p;
    return p;
}

static void message_free(void *ctx, void *p)
{
    (void)ctx;
    (void)p; /* goes with the arena */
}

/* Says what bytes are that protobuf does not parse. was_gzip: whether they came out of gzip. */
static int refuse_bytes(const struct lw_strbuf *raw, bool was_gzip, struct lw_err *err)
{
    char quoted[PROFILE_QUOTE_BYTES];
    return lw_err_set(err, was_gzip ? LW_NOT_PROFILE : LW_NOT_GZIP,
        "the body (%zu bytes%s) is not a profile but %s; it begins \"%s\"", raw->len,
        was_gzip ? " inflated" : "", profile_sniff(raw->data, raw->len),
        profile_quote(raw->data, raw->len, quoted));
}

/* An empty message is valid protobuf, and so are many short texts; a profile says what it samples.
 */
static int unpack(
    struct profile_decoder *d, const struct lw_strbuf *raw, bool was_gzip, struct lw_err *err)
{
    struct message_memory memory = {.arena = d->scratch};
    ProtobufCAllocator allocator = {
        .alloc = message_alloc, .free = message_free, .allocator_data = &memory};
    d->message =
        leakwatch__pprof__profile__unpack(&allocator, raw->len, (const uint8_t *)raw->data);
    if (memory.refused)
        return profile_no_room(d, err);
    if (!d->message || d->message->n_sample_type == 0)
        return refuse_bytes(raw, was_gzip, err);
    return 0;
}

/* ---- the steps ---- */

/* Inflates and unpacks. The inflated bytes are gone afterwards: the message has copies. */
static int read_body(struct profile_decoder *d, const void *body, size_t body_len,
    size_t *raw_bytes, struct lw_err *err)
{
    struct lw_strbuf raw;
    int rc = profile_gunzip(body, body_len, d->limits->inflated_bytes, &raw, err);
    if (rc == 0 && raw.len > d->limits->decode_bytes)
        rc = profile_no_room(d, err);
    if (rc == 0) {
        d->scratch = lw_arena_new(d->limits->decode_bytes - raw.len);
        rc = unpack(d, &raw, profile_sniff_is_gzip(body, body_len), err);
    }
    *raw_bytes = raw.len;
    lw_strbuf_fini(&raw);
    return rc;
}

/* The profile's own arena gets what the message and the tables leave of decode_bytes; so the tables
 * have to be there first. */
static int start_profile(struct profile_decoder *d, size_t raw_bytes, struct lw_err *err)
{
    const Leakwatch__Pprof__Profile *m = d->message;
    if (m->period < 0)
        return lw_err_set(
            err, LW_NOT_PROFILE, "the sampling period is %" PRId64 " bytes", m->period);
    d->kept = lw_arena_new(d->limits->decode_bytes - lw_arena_used_bytes(d->scratch));
    d->profile = lw_arena_new_array(d->kept, 1, sizeof *d->profile);
    if (!d->profile)
        return profile_no_room(d, err);
    d->profile->memory = d->kept;
    d->profile->period_bytes = m->period;
    d->profile->taken.ns = m->time_nanos > 0 ? m->time_nanos : 0;
    d->profile->sample_count = m->n_sample;
    d->profile->raw_bytes = raw_bytes;
    return 0;
}

int profile_decoder_open(
    struct profile_decoder *d, const void *body, size_t body_len, struct lw_err *err)
{
    size_t raw_bytes;
    if (read_body(d, body, body_len, &raw_bytes, err) || profile_tables_init(d, err) ||
        start_profile(d, raw_bytes, err))
        return -1;
    return profile_symbols_build(d, err);
}

void profile_decoder_close(struct profile_decoder *d, bool ok)
{
    lw_arena_free(&d->scratch);
    if (!ok)
        lw_arena_free(&d->kept);
}

struct profile *profile_decode(
    const void *body, size_t body_len, const struct profile_limits *limits, struct lw_err *err)
{
    struct profile_decoder d = {.limits = limits};
    bool ok =
        profile_decoder_open(&d, body, body_len, err) == 0 && profile_sites_build(&d, err) == 0;
    profile_decoder_close(&d, ok);
    return ok ? d.profile : NULL;
}

void profile_free(struct profile **profile)
{
    if (!*profile)
        return;
    struct lw_arena *memory = (*profile)->memory; /* the struct itself lies in it */
    lw_arena_free(&memory);
    *profile = NULL;
}
