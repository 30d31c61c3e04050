#include "cli/replay.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/replay_print.h"
#include "cli/series_file.h"
#include "config/config.h"

#define ERRORS_MAX     20 /* of one file: then it is none of series */
#define GAP_INTERVALS  5  /* rare points are no gaps: this many intervals are none */
#define INTERVAL_S_MAX 1e6

static const char usage[] =
    "usage: leakwatchd replay [--json] [--interval=S] [--config=FILE] FILE.jsonl[.gz]...\n"
    "Runs recorded series through the trend engine, in their own time.\n\n"
    "  --json         one JSON object a series instead of a row of a table\n"
    "  --interval=S   seconds between points, whatever the series say (interval_s, else 60)\n"
    "  --config=FILE  take the engine's settings (trend: base_block) from this configuration\n"
    "  --help\n\n"
    "Each line of a FILE is a series: {\"id\": \"…\", \"interval_s\": 60, \"points\": [{\"t\": 60.6,\n"
    "\"inuse_space\": 25945643, \"inuse_objects\": 2503, \"alloc_space\": 44542346}, …]}, with\n"
    "\"period\" where MemProfileRate is not 524288. \"-\" is standard input. A line that is wrong is\n"
    "reported and left out; the exit code is then 1.\n";

struct options {
    double interval_s; /* 0: as the series say */
    const char *config_path;
    bool json;
    bool help;
    char **files;
    size_t file_count;
};

/* False: not a number of seconds that makes sense. */
static bool parse_interval(const char *text, double *interval_s)
{
    char *end;
    errno = 0;
    *interval_s = strtod(text, &end);
    return errno == 0 && end != text && !*end && *interval_s > 0 && *interval_s <= INTERVAL_S_MAX;
}

/* False: wrong, and said so. */
static bool parse(int argc, char **argv, struct options *options)
{
    const char *interval = NULL;
    const struct command_option table[] = {
        {"json", &options->json, NULL},
        {"interval", NULL, &interval},
        {"config", NULL, &options->config_path},
        {"help", &options->help, NULL},
    };
    int operands = command_parse(table, sizeof table / sizeof *table, argc, argv);
    if (operands < 0)
        return false;
    if (interval && !parse_interval(interval, &options->interval_s)) {
        flags_usage_error("replay", "--interval takes seconds, more than 0 and at most a million");
        return false;
    }
    options->files = argv + operands;
    options->file_count = (size_t)(argc - operands);
    if (!options->file_count && !options->help) {
        flags_usage_error("replay", "a FILE is missing");
        return false;
    }
    return true;
}

static int read_config(const char *path, double *base_s, struct lw_err *err)
{
    *base_s = 60;
    if (!path)
        return 0;
    struct config *config = config_load(path, err);
    if (!config)
        return -1;
    *base_s = (double)config->trend.base_block_ns / 1e9;
    config_unref(&config);
    return 0;
}

/* ---- the work ---- */

struct replay {
    const struct options *options;
    double base_s;
    bool failed; /* something was not read, and has been said */
};

/* As the daemon would: from the first point to the last, noting when the classes came. */
static void run(const struct replay *r, const struct series *series)
{
    struct trend_config config;
    trend_config_init(&config, r->base_s);
    double interval_s = r->options->interval_s > 0 ? r->options->interval_s : series->interval_s;
    config.gap_s = fmax(config.gap_s, GAP_INTERVALS * interval_s);

    struct replay_result result = {.series = series,
        .config = &config,
        .engine = trend_series_new(),
        .first_growing_s = NAN,
        .first_provisional_s = NAN,
        .first_leak_s = NAN};
    const struct trend_verdict *v = trend_series_verdict(result.engine);
    for (size_t i = 0; i < series->count; i++) {
        trend_series_push(result.engine, &config, &series->points[i]);
        if (v->class >= TREND_GROWING && isnan(result.first_growing_s))
            result.first_growing_s = series->points[i].t_s;
        if (v->provisional && isnan(result.first_provisional_s))
            result.first_provisional_s = series->points[i].t_s;
        if (v->class == TREND_LEAK && isnan(result.first_leak_s))
            result.first_leak_s = series->points[i].t_s;
    }
    if (r->options->json)
        replay_print_json(stdout, &result);
    else
        replay_print_row(stdout, &result);
    trend_series_free(&result.engine);
}

static void complain(struct replay *r, const char *what)
{
    fprintf(stderr, "leakwatchd: replay: %s\n", what);
    r->failed = true;
}

static void replay_file(struct replay *r, const char *path)
{
    struct lw_err err;
    struct series_file *file = series_file_open(path, &err);
    if (!file) {
        complain(r, err.msg);
        return;
    }
    struct series series;
    int rc;
    int errors = 0;
    while (errors < ERRORS_MAX && (rc = series_file_next(file, &series, &err)) != 0) {
        if (rc > 0) {
            run(r, &series);
            series_fini(&series);
            continue;
        }
        complain(r, err.msg);
        errors = err.code == LW_INVALID || err.code == LW_TOO_LARGE ? errors + 1 : ERRORS_MAX;
    }
    series_file_close(&file);
}

enum flags_exit cli_replay_run(int argc, char **argv)
{
    struct options options = {0};
    struct replay r = {.options = &options};
    struct lw_err err;
    if (!parse(argc, argv, &options))
        return FLAGS_EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return FLAGS_EXIT_OK;
    }
    if (read_config(options.config_path, &r.base_s, &err) < 0) {
        fprintf(stderr, "leakwatchd: replay: %s\n", err.msg);
        return FLAGS_EXIT_USAGE;
    }
    if (!options.json)
        replay_print_heading(stdout);
    for (size_t i = 0; i < options.file_count; i++)
        replay_file(&r, options.files[i]);
    if (fflush(stdout) != 0 || ferror(stdout))
        complain(&r, "standard output cannot be written");
    return r.failed ? FLAGS_EXIT_RUN : FLAGS_EXIT_OK;
}
