/* The heap of a running service for `leakwatchd analyze`, scraped once or for a while. Private to
 * cli/. */
#ifndef LW_CLI_ANALYZE_URL_H
#define LW_CLI_ANALYZE_URL_H

#include "cli/analysis.h"

/* Whether an operand is a URL, not a file. */
bool analyze_url_is_one(const char *text);

/* http[s]://[user:password@]host[:port][/path]: /debug/pprof/heap where there is no path, and /heap
 * behind one that does not end with it. The caller ends *url with analyze_url_fini. LW_INVALID. */
int analyze_url_parse(const char *text, struct analyze_url *url, struct lw_err *err) LW_MUST_CHECK;
void analyze_url_fini(struct analyze_url *url);

/* How long to scrape: 0 and 0 is once. */
struct analyze_watch {
    int64_t for_ns;
    int64_t interval_ns;
    bool progress; /* tell on standard error how far it is */
};

/* Scrapes into the analysis until the time is over or SIGINT or SIGTERM comes; then what there is
 * is enough. A scrape that fails is said on standard error, and counted in *failed; -1 where none
 * succeeded. */
int analyze_url_scrape(struct analysis *analysis, const struct analyze_url *url,
    const struct analyze_watch *watch, size_t *failed, struct lw_err *err) LW_MUST_CHECK;

#endif
