/* Types and builds, each kept once and counted. Private to store/. */
#ifndef LW_STORE_TYPES_H
#define LW_STORE_TYPES_H

#include "base/map.h"
#include "store/store.h"

#define BUILD_SITES_MAX 200000 /* types learnt of one build; a profile has no more sites */

struct types {
    struct lw_map interned; /* owned struct store_type, by id and version */
    struct lw_map builds;   /* owned struct store_build */
};

void types_fini(struct types *types);

/* One more reference to what the spec describes, copied when it is new. */
struct store_type *types_ref(struct types *types, const struct store_type_spec *spec);
struct store_type *types_ref_again(struct store_type *type);
/* Gives a reference back. Clears *type; NULL is a no-op. */
void types_unref(struct types *types, struct store_type **type);

struct store_build *types_ref_build(struct types *types, const struct store_build_spec *spec);
struct store_build *types_find_build(const struct types *types, uint64_t id);
void types_unref_build(struct types *types, struct store_build **build);

/* The type of a site, or NULL when the build (which may be NULL) has not told it. */
struct store_type *types_find(const struct store_build *build, uint64_t site_id);

/* What a build says of one of its sites. */
void types_bind(struct types *types, struct store_build *build, const struct store_type_spec *spec);

/* The same of how what the site allocates ends; copied. */
void types_bind_fate(struct store_build *build, uint64_t site_id, const struct store_fate *fate);

#endif
