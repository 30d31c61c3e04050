#include "cli/analyze.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/analyze_print.h"
#include "cli/analyze_url.h"
#include "cli/command.h"
#include "cli/profile_file.h"
#include "config/scalar.h"

static const char usage[] =
    "usage: leakwatchd analyze [flags] FILE|DIR...\n"
    "       leakwatchd analyze [flags] [--for=TIME] URL\n"
    "Looks at heap profiles with the engine of the daemon: one is listed, two are compared, a series\n"
    "is judged. A DIR is searched for profiles. A URL (http[s]://host:port) is scraped, once or for\n"
    "a while; ^C then means that it is enough.\n\n"
    "  --binary=FILE       the program, from which the exact types are read\n"
    "  --binaries=DIR      programs, of which the one with the profile's build id is taken\n"
    "  --sort=KEY          inuse, objects, alloc, growth, retention or verdict\n"
    "  --top=N             rows of each table (20); 0: all\n"
    "  --json              one JSON object instead of tables\n"
    "  --color=WHEN        auto, always or never; NO_COLOR is obeyed\n"
    "  --fail-on=VERDICT   exit with 3 when there is one of these: leak; or growing, too\n"
    "  --for=TIME          scrape the URL for so long (10m, 2h)\n"
    "  --interval=TIME     between scrapes, or of files that do not tell their time\n"
    "  --base-block=TIME   the trend engine's unit of time, of which a verdict needs a hundred\n"
    "  --token-file=FILE   of the Bearer token that the URL asks for\n"
    "  --help\n\n"
    "Exit status: 0 done, 1 a profile could not be read or judged, 2 wrong flags, 3 --fail-on found.\n";

#define TOP_DEFAULT      20
#define BASE_MAX_NS      (60 * LW_NS_PER_S) /* the daemon's */
#define BASE_MIN_NS      LW_NS_PER_S
#define BASES_A_SPAN     120 /* of a short series, so that it can be judged at all */
#define INTERVAL_MAX_NS  (15 * LW_NS_PER_S)
#define INTERVAL_MIN_NS  LW_NS_PER_S
#define INTERVAL_NAME_NS (60 * LW_NS_PER_S) /* of files that do not tell their time */
#define DURATION_MAX_NS  (366 * 86400 * LW_NS_PER_S)

struct options {
    const char *binary, *binaries, *token_file;
    int64_t for_ns, interval_ns, base_ns; /* 0: not given */
    size_t top;
    enum analyze_sort sort;   /* ANALYZE_SORT_COUNT: not given */
    enum trend_class fail_on; /* TREND_CLASS_COUNT: nothing */
    bool json, color, help;
    char **inputs;
    size_t input_count;
};

/* ---- flags ---- */

/* The values of flags, as given; NULL where not. */
struct words {
    const char *top, *sort, *color, *fail_on, *watch, *interval, *base;
};

static int parse_duration(const char *flag, const char *text, int64_t *ns, struct lw_err *err)
{
    if (!text)
        return 0;
    if (config_duration_parse(text, ns, err) < 0)
        return lw_err_prefix(err, "--%s", flag);
    if (*ns < LW_NS_PER_S || *ns > DURATION_MAX_NS)
        return lw_err_set(err, LW_INVALID, "--%s=%.40s: it is to be from 1s to 366d", flag, text);
    return 0;
}

static int parse_sort(const char *text, enum analyze_sort *sort, struct lw_err *err)
{
    *sort = ANALYZE_SORT_COUNT;
    for (enum analyze_sort s = 0; text && s < ANALYZE_SORT_COUNT; s++) {
        if (strcmp(text, analyze_sort_word(s)) == 0)
            *sort = s;
    }
    if (text && *sort == ANALYZE_SORT_COUNT)
        return lw_err_set(err, LW_INVALID, "--sort=%.40s: see --help for what it takes", text);
    return 0;
}

static int parse_fail_on(const char *text, enum trend_class *class, struct lw_err *err)
{
    *class = TREND_CLASS_COUNT;
    if (!text)
        return 0;
    if (strcmp(text, "leak") == 0)
        *class = TREND_LEAK;
    else if (strcmp(text, "growing") == 0)
        *class = TREND_GROWING;
    else
        return lw_err_set(err, LW_INVALID, "--fail-on=%.40s: it takes leak or growing", text);
    return 0;
}

/* Colours are for terminals, unless told otherwise; https://no-color.org. */
static int parse_color(const char *text, bool *color, struct lw_err *err)
{
    const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (!text || strcmp(text, "auto") == 0)
        *color = !(no && *no) && terminal && strcmp(terminal, "dumb") != 0 && isatty(STDOUT_FILENO);
    else if (strcmp(text, "always") == 0 || strcmp(text, "never") == 0)
        *color = strcmp(text, "always") == 0;
    else
        return lw_err_set(err, LW_INVALID, "--color=%.40s: it takes auto, always or never", text);
    return 0;
}

static int parse_top(const char *text, size_t *top, struct lw_err *err)
{
    int64_t value = TOP_DEFAULT;
    if (text && config_int_parse(text, &value, err) < 0)
        return lw_err_prefix(err, "--top");
    *top = (size_t)value;
    return 0;
}

static int check_inputs(const struct options *options, struct lw_err *err)
{
    size_t urls = 0;
    for (size_t i = 0; i < options->input_count; i++)
        urls += analyze_url_is_one(options->inputs[i]);
    if (!options->input_count)
        return lw_err_set(err, LW_INVALID, "a FILE, DIR or URL is missing");
    if (urls && options->input_count > 1)
        return lw_err_set(err, LW_INVALID, "a URL is analyzed alone");
    if (!urls && (options->for_ns || options->token_file))
        return lw_err_set(err, LW_INVALID, "--for and --token-file are for a URL");
    return 0;
}

static int parse_words(const struct words *words, struct options *options, struct lw_err *err)
{
    if (parse_top(words->top, &options->top, err) < 0 ||
        parse_sort(words->sort, &options->sort, err) < 0 ||
        parse_color(words->color, &options->color, err) < 0 ||
        parse_fail_on(words->fail_on, &options->fail_on, err) < 0 ||
        parse_duration("for", words->watch, &options->for_ns, err) < 0 ||
        parse_duration("interval", words->interval, &options->interval_ns, err) < 0)
        return -1;
    return parse_duration("base-block", words->base, &options->base_ns, err);
}

/* False: wrong, and said so. */
static bool parse(int argc, char **argv, struct options *options)
{
    struct words words = {0};
    const struct command_option table[] = {
        {"binary", NULL, &options->binary},
        {"binaries", NULL, &options->binaries},
        {"sort", NULL, &words.sort},
        {"top", NULL, &words.top},
        {"json", &options->json, NULL},
        {"color", NULL, &words.color},
        {"fail-on", NULL, &words.fail_on},
        {"for", NULL, &words.watch},
        {"interval", NULL, &words.interval},
        {"base-block", NULL, &words.base},
        {"token-file", NULL, &options->token_file},
        {"help", &options->help, NULL},
    };
    int operands = command_parse(table, sizeof table / sizeof *table, argc, argv);
    struct lw_err err;
    if (operands < 0)
        return false;
    options->inputs = argv + operands;
    options->input_count = (size_t)(argc - operands);
    if (options->help ||
        (parse_words(&words, options, &err) == 0 && check_inputs(options, &err) == 0))
        return true;
    flags_usage_error(argv[0], err.msg);
    return false;
}

/* ---- the work ---- */

struct work {
    const struct options *options;
    struct analyze_url url;
    struct analyze_files files; /* empty: it is the URL */
    struct analysis *analysis;
    size_t failed; /* profiles; each has been said */
};

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : (value > max ? max : value);
}

/* The daemon's base block; for less than two hours a smaller one, but not below the interval. */
static double base_block_s(const struct options *options, int64_t span_ns, int64_t interval_ns)
{
    int64_t least_ns = clamp(interval_ns, BASE_MIN_NS, BASE_MAX_NS);
    int64_t base_ns = clamp(span_ns / BASES_A_SPAN, least_ns, BASE_MAX_NS);
    return (double)(options->base_ns ? options->base_ns : base_ns) / 1e9;
}

static int analyze_service(struct work *w, struct lw_err *err)
{
    const struct options *o = w->options;
    struct analyze_watch watch = {o->for_ns, o->interval_ns, o->for_ns && isatty(STDERR_FILENO)};
    if (analyze_url_parse(o->inputs[0], &w->url, err) < 0)
        return -1;
    if (!watch.interval_ns)
        watch.interval_ns = clamp(o->for_ns / BASES_A_SPAN, INTERVAL_MIN_NS, INTERVAL_MAX_NS);
    w->url.token_file = o->token_file;
    struct analysis_options options = {&w->url, o->binary, o->binaries,
        base_block_s(o, o->for_ns, watch.interval_ns), (double)watch.interval_ns / 1e9};
    w->analysis = analysis_new(&options, err);
    if (!w->analysis)
        return -1;
    return analyze_url_scrape(w->analysis, &w->url, &watch, &w->failed, err);
}

/* The program that the profiles were made by, when this is still the machine. */
static const char *find_program(const struct work *w)
{
    const char *named = w->files.program;
    if (w->options->binary)
        return w->options->binary;
    return named && named[0] == '/' && access(named, R_OK) == 0 ? named : NULL;
}

static void add_files(struct work *w, bool progress)
{
    for (size_t i = 0; i < w->files.count; i++) {
        struct lw_err err;
        struct profile *profile = profile_file_read(w->files.list[i].path, &err);
        if (progress)
            fprintf(stderr, "\ranalyzing %zu of %zu", i + 1, w->files.count);
        if (profile)
            analysis_add(w->analysis, profile, w->files.list[i].at);
        else /* it could be read a moment ago */
            fprintf(stderr, "leakwatchd: analyze: %s\n", err.msg);
        w->failed += !profile;
    }
    if (progress)
        fputs("\r\x1b[K", stderr);
}

static int analyze_files(struct work *w, struct lw_err *err)
{
    const struct options *o = w->options;
    bool progress = isatty(STDERR_FILENO);
    for (size_t i = 0; i < o->input_count; i++) {
        if (analyze_files_add(&w->files, o->inputs[i], err) == 0)
            continue;
        fprintf(stderr, "leakwatchd: analyze: %s\n", err->msg);
        w->failed++;
    }
    analyze_files_sort(&w->files, o->interval_ns ? o->interval_ns : INTERVAL_NAME_NS, progress);
    w->failed += w->files.failed;
    if (!w->files.count)
        return lw_err_set(err, LW_NOT_FOUND, "there is no heap profile to analyze");
    int64_t interval_ns = analyze_files_interval_ns(&w->files);
    int64_t span_ns = w->files.list[w->files.count - 1].at.ns - w->files.list[0].at.ns;
    struct analysis_options options = {NULL, find_program(w), o->binaries,
        base_block_s(o, span_ns, interval_ns), (double)interval_ns / 1e9};
    w->analysis = analysis_new(&options, err);
    if (!w->analysis)
        return -1;
    add_files(w, progress);
    if (!w->analysis->count)
        return lw_err_set(err, LW_NOT_FOUND, "there is no heap profile to analyze");
    return 0;
}

/* ---- the result ---- */

static int print(const struct work *w, struct lw_err *err)
{
    const struct options *o = w->options;
    enum analyze_sort by_mode[] = {ANALYZE_BY_INUSE, ANALYZE_BY_GROWTH, ANALYZE_BY_VERDICT};
    enum analyze_mode mode = analyze_mode_of(w->analysis);
    enum analyze_sort sort = o->sort == ANALYZE_SORT_COUNT ? by_mode[mode] : o->sort;
    struct analyze_rows sites, types = {0};
    analyze_rows_by_site(&sites, w->analysis, sort);
    if (analyze_rows_have_types(&sites))
        analyze_rows_by_type(&types, w->analysis, &sites, sort);
    struct analyze_result result = {
        .analysis = w->analysis,
        .sites = &sites,
        .types = &types,
        .clock = w->url.url ? ANALYZE_CLOCK_SCRAPE : w->files.clock,
        .sort = sort,
        .skipped = w->files.skipped,
        .failed = w->failed,
        .top = o->top,
        .color = o->color,
    };
    if (o->json)
        analyze_print_json(stdout, &result);
    else
        analyze_print_tables(stdout, &result);
    analyze_rows_fini(&sites);
    analyze_rows_fini(&types);
    if (fflush(stdout) != 0 || ferror(stdout))
        return lw_err_set(err, LW_IO, "standard output cannot be written");
    return 0;
}

/* --fail-on: what cannot be judged does not pass. */
static enum flags_exit judge(const struct work *w)
{
    enum trend_class fail_on = w->options->fail_on;
    const struct store_target *target = w->analysis->target;
    const struct trend_verdict *worst = trend_series_verdict(store_target_worst(target));
    if (fail_on == TREND_CLASS_COUNT)
        return FLAGS_EXIT_OK;
    if (worst->class >= fail_on || (fail_on == TREND_GROWING && worst->provisional))
        return FLAGS_EXIT_FOUND;
    if (trend_series_verdict(target->series)->class != TREND_WARMING)
        return FLAGS_EXIT_OK;
    fprintf(stderr,
        "leakwatchd: analyze: --fail-on: %zu profiles over %.0f s are too little to judge\n",
        w->analysis->count, lw_wall_s(w->analysis->last_at) - lw_wall_s(w->analysis->first_at));
    return FLAGS_EXIT_RUN;
}

static enum flags_exit run(struct work *w)
{
    struct lw_err err;
    bool is_url = analyze_url_is_one(w->options->inputs[0]);
    int rc = is_url ? analyze_service(w, &err) : analyze_files(w, &err);
    if (rc == 0)
        rc = print(w, &err);
    if (rc < 0) {
        fprintf(stderr, "leakwatchd: analyze: %s\n", err.msg);
        return FLAGS_EXIT_RUN;
    }
    enum flags_exit status = judge(w);
    return status == FLAGS_EXIT_OK && w->failed ? FLAGS_EXIT_RUN : status;
}

enum flags_exit cli_analyze_run(int argc, char **argv)
{
    struct options options = {0};
    if (!parse(argc, argv, &options))
        return FLAGS_EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return FLAGS_EXIT_OK;
    }
    struct work work = {.options = &options};
    enum flags_exit status = run(&work);
    analysis_free(&work.analysis);
    analyze_files_fini(&work.files);
    analyze_url_fini(&work.url);
    return status;
}
