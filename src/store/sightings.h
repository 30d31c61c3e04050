/* In which build of a job a leak was first seen, and which builds before it were watched without
 * it. Kept per job and not per target, because a deployment replaces targets. Bounds: 32 builds and
 * 256 leaks a job, the oldest are let go. */
#ifndef LW_STORE_SIGHTINGS_H
#define LW_STORE_SIGHTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/time.h"

struct store_build;
struct store_row;

#define SIGHTINGS_BUILDS_MAX 32
#define SIGHTINGS_MAX        256

/* A build that targets of the job ran. */
struct sightings_build {
    uint64_t id; /* of its binary id */
    char *binary_id;
    char *version;
    char *revision;
    struct lw_wall first; /* when it was first seen to run */
    double watched_s;     /* longest time that one process of it was watched at a stretch */
};

/* A site or type that leaks. */
struct sighting {
    uint64_t key;
    uint64_t build;  /* the earliest that it was seen to leak in */
    uint64_t absent; /* the newest before that which was watched for long without it; 0: none */
    struct lw_wall at;
};

struct sightings {
    struct sightings_build builds[SIGHTINGS_BUILDS_MAX]; /* by `first`, oldest first */
    size_t build_count;
    struct sighting list[SIGHTINGS_MAX]; /* in the order in which they were seen */
    size_t count;
};

void sightings_fini(struct sightings *s);

/* What a row is called across builds: a site's lineage, a type's id. */
uint64_t sightings_key(const struct store_row *row);

/* A process of that build has been watched for watched_s until now. */
void sightings_watch(
    struct sightings *s, const struct store_build *build, struct lw_wall now, double watched_s);

/* What has that key leaks in a build, which is being watched. long_enough_s: how long a build must
 * have been watched for its silence to mean something. True when that changes what is known. */
bool sightings_note(
    struct sightings *s, uint64_t key, uint64_t build_id, struct lw_wall now, double long_enough_s);

/* NULL: never seen, or too long ago. */
const struct sighting *sightings_find(const struct sightings *s, uint64_t key);
/* NULL: not known any more. */
const struct sightings_build *sightings_find_build(const struct sightings *s, uint64_t build_id);

/* As an image of the file. Decoding fills *s, which was empty; LW_CORRUPT leaves it empty. */
void sightings_encode(const struct sightings *s, struct lw_strbuf *out);
int sightings_decode(
    const void *bytes, size_t len, struct sightings *s, struct lw_err *err) LW_MUST_CHECK;

#endif
