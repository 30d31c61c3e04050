/* What the facts show of a pattern's shape: the allocation sites that belong to the leak, each with
 * its type where that is known, and questions about them. Private to report/. */
#ifndef LW_REPORT_SIGNS_H
#define LW_REPORT_SIGNS_H

#include "report/report.h"

#define REPORT_SIGNS_MAX 64 /* of which the subject is one */

/* A site (or the type) that is the subject of the report, or that has to do with it. */
struct report_sign {
    uint64_t id;
    const struct report_growth *growth; /* either this */
    const struct profile_site *site;    /* or this */
    const struct report_type *type;     /* NULL: nothing known */
    bool is_subject;
    bool grew; /* false: it only lies beside the subject */
};

/* The subject first; then what grows beside it, and what the responsible function of the subject
 * allocates besides: sites of other parts of the program are left out. Of the total, and of a type
 * that no single site is blamed for, the largest sites that it is the sum of. */
struct report_signs {
    const struct report_facts *facts;
    struct report_sign list[REPORT_SIGNS_MAX];
    size_t count;
};

void report_signs_gather(struct report_signs *signs, const struct report_facts *facts);

/* "" where it is not known. */
const char *report_sign_type(const struct report_sign *sign);
const char *report_sign_kind(const struct report_sign *sign);

/* What the code says of how such objects or arrays end; NULL: nothing. */
const struct report_fate *report_sign_fate(const struct report_sign *sign);

/* The function that is responsible, or "". */
const char *report_sign_responsible(const struct report_sign *sign);

/* The first function of the stack, from the leaf, whose name begins with one of the prefixes (a
 * list closed by NULL), or NULL. */
const char *report_sign_calls(const struct report_sign *sign, const char *const *prefixes);

/* The responsible function where it called `function` (of the same stack), or "". */
const char *report_sign_caller(const struct report_sign *sign, const char *function);

/* Mean bytes of an object in use; 0: not known. */
double report_sign_object_bytes(const struct report_sign *sign);

/* "grows with it", "lies beside it". */
const char *report_sign_relation(const struct report_sign *sign);

/* ---- names of types ---- */

bool report_type_is_map(const char *type);
/* What comes after "map[…]", or NULL where it is no map. */
const char *report_type_map_value(const char *type);
bool report_type_is_interface(const char *type); /* of no methods */
bool report_type_is_closure(const char *type);

/* What a closure captured, "X0 []uint8; X1 string": a part of the type's name, *len bytes of it.
 * NULL where it is no closure, or captured nothing. Since Go 1.21 the compiler does not keep the
 * variables' names. */
const char *report_type_captured(const char *type, size_t *len);

/* Bytes of the first field in a list of fields: up to a semicolon that is not within braces. */
size_t report_type_field(const char *fields, size_t len);

/* Whether `type` is mentioned in `container`, as a whole name: "main.Session" is in
 * "map[string]*main.Session", but not in "[]main.SessionKey". */
bool report_type_holds(const char *container, const char *type);

#endif
