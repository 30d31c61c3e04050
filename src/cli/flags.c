#include "cli/flags.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "cli/analyze.h"
#include "cli/replay.h"
#include "cli/types.h"
#include "config/config.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#define REFERENCE_BYTES_MAX ((size_t)1 << 20)

static const char usage[] =
    "usage: leakwatchd [flags]\n"
    "       leakwatchd analyze [flags] FILE|DIR|URL...\n"
    "       leakwatchd types --binary=BIN [--json] [--all-sites] [PROFILE...]\n"
    "       leakwatchd replay [--json] [--interval=S] [--config=FILE] FILE.jsonl[.gz]...\n"
    "Watches Go services for memory leaks from outside; the others: see their --help.\n\n"
    "  --config.file=FILE             configuration (leakwatchd.yml)\n"
    "  --web.listen-address=ADDR      where to answer HTTP (:9746); up to 8 times\n"
    "  --[no-]web.enable-lifecycle    whether POST /-/reload is allowed (it is)\n"
    "  --storage.path=DIR             where what was seen is written down (data/)\n"
    "  --log.level=LEVEL              debug, info, warn or error (info)\n"
    "  --check-config                 read the configuration, say what is wrong, and exit\n"
    "  --config.reference             print every option of the configuration, and exit\n"
    "  --version, --help\n";

enum flag {
    FLAG_CONFIG_FILE = 256,
    FLAG_LISTEN,
    FLAG_LIFECYCLE,
    FLAG_NO_LIFECYCLE,
    FLAG_STORAGE,
    FLAG_LOG_LEVEL,
    FLAG_CHECK_CONFIG,
    FLAG_REFERENCE,
    FLAG_VERSION,
    FLAG_HELP,
};

static const struct option table[] = {
    {"config.file", required_argument, NULL, FLAG_CONFIG_FILE},
    {"web.listen-address", required_argument, NULL, FLAG_LISTEN},
    {"web.enable-lifecycle", no_argument, NULL, FLAG_LIFECYCLE},
    {"no-web.enable-lifecycle", no_argument, NULL, FLAG_NO_LIFECYCLE},
    {"storage.path", required_argument, NULL, FLAG_STORAGE},
    {"log.level", required_argument, NULL, FLAG_LOG_LEVEL},
    {"check-config", no_argument, NULL, FLAG_CHECK_CONFIG},
    {"config.reference", no_argument, NULL, FLAG_REFERENCE},
    {"version", no_argument, NULL, FLAG_VERSION},
    {"help", no_argument, NULL, FLAG_HELP},
    {0},
};

static enum flags_exit check_config(const char *path)
{
    struct lw_err err;
    struct config *config = config_load(path, &err);
    if (!config) {
        fprintf(stderr, "leakwatchd: %s\n", err.msg);
        return FLAGS_EXIT_USAGE;
    }
    printf("%s is valid: %zu scrape_configs\n", path, config->scrape_config_count);
    config_unref(&config);
    return FLAGS_EXIT_OK;
}

static enum flags_exit print_reference(void)
{
    struct lw_strbuf text;
    lw_strbuf_init(&text, REFERENCE_BYTES_MAX);
    config_reference(&text);
    fputs(text.data, stdout);
    lw_strbuf_fini(&text);
    return FLAGS_EXIT_OK;
}

enum flags_exit flags_usage_error(const char *command, const char *what)
{
    fprintf(stderr, "leakwatchd: %s%s%s\nTry 'leakwatchd %s%s--help'.\n", command ? command : "",
        command ? ": " : "", what, command ? command : "", command ? " " : "");
    return FLAGS_EXIT_USAGE;
}

/* A flag that is done at once wins over starting the daemon, whatever else is given. */
struct errand {
    enum flag flag; /* 0: none */
};

/* One flag. Returns 0, or -1 with err. */
static int take(
    struct flags *flags, struct errand *errand, int flag, const char *value, struct lw_err *err)
{
    enum lw_log_level level;
    switch (flag) {
    case FLAG_CONFIG_FILE:
        flags->config_path = value;
        return 0;
    case FLAG_STORAGE:
        flags->storage_path = value;
        return 0;
    case FLAG_LIFECYCLE:
    case FLAG_NO_LIFECYCLE:
        flags->lifecycle = flag == FLAG_LIFECYCLE;
        return 0;
    case FLAG_LISTEN:
        if (flags->listen_count == FLAGS_LISTEN_MAX)
            return lw_err_set(
                err, LW_INVALID, "more than %d --web.listen-address", FLAGS_LISTEN_MAX);
        flags->listen[flags->listen_count++] = value;
        return 0;
    case FLAG_LOG_LEVEL:
        if (lw_log_level_parse(value, &level, err) < 0)
            return -1;
        lw_log_set_level(level);
        return 0;
    case '?':
        return lw_err_set(err, LW_INVALID, "that flag is not known, or lacks its value");
    default:
        errand->flag = (enum flag)flag;
        return 0;
    }
}

static enum flags_exit run_errand(enum flag flag, const struct flags *flags)
{
    switch (flag) {
    case FLAG_CHECK_CONFIG:
        return check_config(flags->config_path);
    case FLAG_REFERENCE:
        return print_reference();
    case FLAG_VERSION:
        printf("leakwatchd %s (revision %s)\n", PACKAGE_VERSION, LW_REVISION);
        return FLAGS_EXIT_OK;
    default:
        fputs(usage, stdout);
        return FLAGS_EXIT_OK;
    }
}

/* False: argv[0] is the word of none. */
static bool run_subcommand(int argc, char **argv, enum flags_exit *status)
{
    static const struct {
        const char *word;
        enum flags_exit (*run)(int argc, char **argv);
    } subcommands[] = {
        {"analyze", cli_analyze_run}, {"types", cli_types_run}, {"replay", cli_replay_run}};
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
        if (strcmp(argv[0], subcommands[i].word) == 0) {
            *status = subcommands[i].run(argc, argv);
            return true;
        }
    }
    return false;
}

bool flags_parse(int argc, char **argv, struct flags *flags, enum flags_exit *status)
{
    if (argc > 1 && run_subcommand(argc - 1, argv + 1, status))
        return false;
    *flags =
        (struct flags){.config_path = "leakwatchd.yml", .storage_path = "data", .lifecycle = true};
    struct errand errand = {0};
    struct lw_err err;
    int flag;
    while ((flag = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (take(flags, &errand, flag, optarg, &err) < 0) {
            *status = flags_usage_error(NULL, err.msg);
            return false;
        }
    }
    if (optind < argc) {
        lw_err_set(
            &err, LW_INVALID, "\"%s\" is not a flag, and nothing else is taken", argv[optind]);
        *status = flags_usage_error(NULL, err.msg);
        return false;
    }
    if (!flags->listen_count)
        flags->listen[flags->listen_count++] = ":9746";
    if (errand.flag)
        *status = run_errand(errand.flag, flags);
    return !errand.flag;
}
