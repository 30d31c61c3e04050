/* Call stacks, each kept once for all targets and counted by the rows that show it. Private to
 * store/. */
#ifndef LW_STORE_SITES_H
#define LW_STORE_SITES_H

#include "base/map.h"
#include "store/store.h"

struct sites {
    struct lw_map by_id; /* owned struct store_site */
};

void sites_fini(struct sites *sites);

/* One more reference to the site of a profile, copied when it is new. */
struct store_site *sites_ref_profile(struct sites *sites, const struct profile_site *site);

/* Adds a site read from the file, without a reference (sites_drop_unused ends it if none comes). */
void sites_add(struct sites *sites, struct store_site *site);

/* One more reference to a site that is here already, or NULL. */
struct store_site *sites_ref_id(struct sites *sites, uint64_t id);

/* Gives a reference back; the last one frees the site. Clears *site; NULL is a no-op. */
void sites_unref(struct sites *sites, struct store_site **site);

/* Frees a site that was added and that no row took. */
void sites_drop_unused(struct sites *sites, uint64_t id);

/* An empty site with room for `frames` frames, whose strings it will own. */
struct store_site *site_new(uint64_t id, size_t frames);
void site_free(struct store_site *site);

#endif
