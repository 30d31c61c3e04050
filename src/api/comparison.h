/* Heap profiles of incidents, decoded and compared: what a worker does for /api/v1/diff and
 * /api/v1/flame. Touches nothing but its argument and the disk. Private to api/. */
#ifndef LW_API_COMPARISON_H
#define LW_API_COMPARISON_H

#include "api/flame.h"
#include "base/map.h"
#include "evidence/evidence.h"

/* A file of an incident. */
struct comparison_file {
    uint64_t incident_id;
    char name[EVIDENCE_NAME_BYTES];
};

enum comparison_form { COMPARISON_TABLE, COMPARISON_PPROF, COMPARISON_FLAME };
enum comparison_key { COMPARISON_BY_FUNCTION, COMPARISON_BY_TYPE, COMPARISON_BY_SITE };

struct comparison {
    /* the question */
    const struct evidence *evidence; /* borrowed */
    struct comparison_file base;
    struct comparison_file to;
    bool has_base; /* false: only what is in `to` */
    enum comparison_form form;
    enum comparison_key key;
    enum profile_sample sample;
    size_t rows_max;         /* of a table */
    size_t body_limit_bytes; /* inflated; memory is 16 times as much and a MiB, for each profile */
    struct lw_map types;     /* by site id: owned names of types; what is not in it is not known */
    /* the answer, to be freed with free() */
    struct lw_err err; /* LW_OK, or why there is none */
    char *body;
    size_t len;
    const char *content_type;
};

/* LW_NOT_FOUND: no such file. LW_INVALID: it is no heap profile, or too large. */
void comparison_run(struct comparison *comparison);

void comparison_fini(struct comparison *comparison);

#endif
