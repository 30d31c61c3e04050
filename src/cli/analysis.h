/* The daemon's engine for one target, offline: profiles go in one by one, each with its time, and
 * the store, the trend engine and the types of its binary are what they are there. Private to cli.
 */
#ifndef LW_CLI_ANALYSIS_H
#define LW_CLI_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "binaries/binaries.h"
#include "config/config.h"
#include "loop/loop.h"
#include "profile/profile.h"
#include "store/store.h"

/* How to reach a target over HTTP. Strings are owned; NULL where not given. */
struct analyze_url {
    char *url; /* of its heap, without user information */
    char *scheme;
    char *address; /* "host:port" */
    char *user, *password;
    const char *token_file; /* borrowed */
};

/* Everything is borrowed for the call, but for url, which must outlive the analysis. */
struct analysis_options {
    const struct analyze_url *url; /* NULL: the profiles are files */
    const char *binary;            /* the program, or NULL */
    const char *folder;            /* of programs, which are searched by build id; or NULL */
    double base_s;                 /* the trend engine's base block */
    double interval_s;             /* that is usual between two profiles */
};

struct analysis {
    struct loop *loop;
    struct config *config; /* a reference; of one job, the target's */
    struct binaries *binaries;
    struct store *store;
    const struct store_target *target; /* the store's only one */
    struct profile *first;             /* NULL while there are not two */
    struct profile *last;
    struct lw_wall first_at, last_at;
    size_t count;
    struct lw_err types_err; /* why there are no types, where there are none */
    bool is_asking;
    bool is_interrupted; /* by a signal: what is under way is to end */
};

/* NULL on error: LW_INVALID (an option that is wrong), LW_IO. */
struct analysis *analysis_new(
    const struct analysis_options *options, struct lw_err *err) LW_MUST_CHECK;
void analysis_free(struct analysis **analysis);

/* Takes a profile over; times come in order. It waits for the binary's answer. */
void analysis_add(struct analysis *analysis, struct profile *profile, struct lw_wall at);

/* The only job of the configuration. */
static inline const struct config_job *analysis_job(const struct analysis *analysis)
{
    return &analysis->config->scrape_configs[0];
}

#endif
