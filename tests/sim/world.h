/* A world for simulations: Go processes that do not exist, whose heaps follow a formula, and a
 * fetcher that scrapes them on the virtual clock. */
#ifndef LW_SIM_WORLD_H
#define LW_SIM_WORLD_H

#include "loop/loop.h"
#include "scrape/scrape.h"

#define WORLD_TARGETS_MAX 64
#define WORLD_SITES_MAX   12 /* fits a profile sketch */

/* An allocation site of a process, as functions of the seconds since the process started. */
struct world_site {
    char function[128];
    double start_bytes;       /* in use from the beginning */
    double leak_bytes_per_s;  /* kept for ever */
    double leak_after_s;      /* … beginning then */
    double cap_bytes;         /* … but never more than this in use; 0: no cap */
    double churn_bytes_per_s; /* allocated and freed */
    double live_bytes;        /* of the churn, alive at any time */
    double wave_bytes;        /* live_bytes swings by this, and churn with it … */
    double wave_period_s;     /* … with this period */
    char callee[64];          /* the runtime's function that it calls */
};

/* Goroutines that wait for a channel, as functions of the seconds since the process started. */
struct world_goroutines {
    char function[128];
    double start;
    double leak_per_s;
};

enum world_state {
    WORLD_UP,
    WORLD_DOWN,
    WORLD_SLOW,
    WORLD_HTML,
    WORLD_TRUNCATED,
    WORLD_FLAKY /* every third answer is lost, on average */
};

struct world_target {
    char address[64];
    enum world_state state;
    struct lw_mono started; /* the process */
    int64_t life_ns;        /* it restarts when it is so old; 0: it lives on */
    int64_t gc_ns;          /* its heap is told as of the last of these; 0: as of now */
    double period_bytes;    /* MemProfileRate */
    uint64_t seed;
    struct world_site sites[WORLD_SITES_MAX];
    size_t site_count;
    struct world_goroutines goroutines[WORLD_SITES_MAX];
    size_t goroutine_count;
    uint64_t texts; /* heaps told as text */
};

struct world {
    struct loop *loop;
    struct world_target targets[WORLD_TARGETS_MAX];
    size_t target_count;
};

struct world_target *world_find(struct world *world, const char *address);
struct world_target *world_add(struct world *world, const char *address);
struct world_site *world_add_site(struct world_target *target, const char *function);
struct world_goroutines *world_add_goroutines(struct world_target *target, const char *function);

/* Another build takes over: a new process without sites. */
void world_deploy(struct world *world, struct world_target *target);

/* A new fetcher over the world, whose clock is the loop's. */
struct scrape_fetcher *world_fetcher(struct world *world);

#endif
