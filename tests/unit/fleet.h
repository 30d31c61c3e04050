/* A small fleet that a test makes by hand: stores, targets, heaps with sites of given sizes, types.
 * Includes what cmocka wants before itself. */
#ifndef LW_TESTS_FLEET_H
#define LW_TESTS_FLEET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profile/profile.h"
#include "store/db.h"
#include "store/store.h"

#define MIB         ((int64_t)1 << 20)
#define FLEET_START ((struct lw_wall){1767225600 * LW_NS_PER_S}) /* 2026-01-01 */

/* FLEET_START and n minutes. */
struct lw_wall fleet_minute(int n);

/* ---- heaps ---- */

/* An allocation site with one frame: line n of main.fN. */
struct fleet_site {
    int n;
    int64_t inuse_bytes;
    int64_t alloc_bytes;
};

#define FLEET_SITES_MAX 16

struct profile *fleet_profile(const struct fleet_site *sites, size_t count);

/* One site of that function in that file, 9 MiB in use. */
struct profile *fleet_profile_named(const char *function, const char *file);

/* Scrapes a profile from the target and frees it; true when a restart was seen. */
bool fleet_scrape(struct store *store, uint64_t target_id, int minute, struct profile *profile);

/* Scrapes that heap from the target; true when a restart was seen. */
bool fleet_ingest(struct store *store, uint64_t target_id, int minute,
    const struct fleet_site *sites, size_t count);

/* ---- stores ---- */

/* Follows at most 8 sites a target. Takes db over, which may be NULL. */
struct store *fleet_store_new(struct store_db *db);

#define FLEET_TARGETS_MAX 2000

/* Makes the store hold targets 1..count, shop/host1:6060 and so on. */
void fleet_set_targets(struct store *store, size_t count, int minute);

/* Makes the store hold one target a set of labels, with ids 1, 2, …; takes the labels over. */
void fleet_set_labelled(struct store *store, struct lw_labels **labels, size_t count);

/* ---- types ---- */

extern const struct store_build_spec fleet_build;

/* name "": it cannot be told. */
struct store_type_spec fleet_typed(uint64_t site_id, const char *name);

/* Teaches that main.f3 allocates what cannot be told, and all other sites main.Session. */
void fleet_learn(struct store *store, uint64_t target_id);

/* ---- files, in a directory that is one test's own ---- */

extern char fleet_dir[64];
int fleet_make_dir(void **state);
int fleet_remove_dir(void **state);

struct store_db *fleet_open_db(char set_aside[STORE_PATH_BYTES]);
void fleet_write_batch(struct store *store, int minute);

/* Writes down a store with one target and fifty minutes of history. */
void fleet_write_history(void);

/* Runs statements on the file behind the store's back. */
void fleet_run_sql(const char *sql);

#endif
