/* Files of recorded series, one JSON object a line, plain or gzipped:
 *   {"id": "…", "interval_s": 60, "points": [{"t": 60.6, "inuse_space": 25945643,
 *    "inuse_objects": 2503, "alloc_space": 44542346, "alloc_objects": 4234}, …]}
 * Times are in seconds of the series' own, sizes in bytes. `id`, `interval_s` and `inuse_objects`
 * may be missing; so may `period`, the MemProfileRate of the program (524288 then). Labelled
 * series, as benchmarks have them, also say `family`, `label` ("leak" or "healthy"),
 * `leak_rate_bytes_per_s` and `leak_start_s`. Other members are not looked at. */
#ifndef LW_CLI_SERIES_FILE_H
#define LW_CLI_SERIES_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "trend/trend.h"

#define SERIES_LINE_BYTES_MAX ((size_t)16 << 20)
#define SERIES_POINTS_MAX     ((size_t)200000) /* more than four months of minutes */
#define SERIES_NAME_BYTES     128              /* of an id or a family, with its NUL */
#define SERIES_INTERVAL_S     60.0             /* where the file does not say */
#define SERIES_PERIOD_BYTES   524288.0         /* MemProfileRate of a Go program that sets none */

enum series_label { SERIES_UNLABELLED, SERIES_HEALTHY, SERIES_LEAK };

struct series {
    char id[SERIES_NAME_BYTES]; /* "FILE:LINE" where the line has none */
    char family[SERIES_NAME_BYTES];
    enum series_label label;
    double interval_s;
    double leak_rate; /* bytes/s */
    double leak_start_s;
    struct trend_point *points; /* owned */
    size_t count;
};

struct series_file;

/* path: "-" is standard input. NULL on error (LW_IO). */
struct series_file *series_file_open(const char *path, struct lw_err *err) LW_MUST_CHECK;
void series_file_close(struct series_file **file);

/* The next series, of which the caller owns the points (series_fini). Returns 1, 0 at the end of
 * the file, or -1: LW_IO and LW_CORRUPT end the file; after LW_INVALID and LW_TOO_LARGE, which
 * speak of one line, the next call goes on behind it. Messages begin with "path:line: ". */
int series_file_next(
    struct series_file *file, struct series *series, struct lw_err *err) LW_MUST_CHECK;

void series_fini(struct series *series);

/* The variance that Go's sampling gives each byte in use, for objects of this mean size: s (1 - p)
 * / p with p = 1 - exp(-s / period), since an object is sampled with chance p and then counted 1/p
 * times (scaleHeapSample of Go's runtime/pprof). */
double series_noise_bytes(double mean_object_bytes, double period_bytes);

#endif
