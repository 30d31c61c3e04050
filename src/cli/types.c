#include "cli/types.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/profile_file.h"
#include "cli/types_print.h"
#include "cli/types_rows.h"

static const char usage[] =
    "usage: leakwatchd types --binary=BIN [--json] [--all-sites] [PROFILE...]\n"
    "Reads the exact Go types of allocation sites from the program's binary.\n\n"
    "  --binary=BIN   the program, an ELF file; it may be stripped\n"
    "  --all-sites    every allocation call of the binary; so without a PROFILE\n"
    "  --json         one JSON object a line instead of a table\n"
    "  --help\n\n"
    "PROFILE is a heap profile of this very build (/debug/pprof/heap); several are summed.\n";

struct options {
    const char *binary;
    bool json;
    bool all_sites;
    bool help;
    char **profiles;
    size_t profile_count;
};

/* False: wrong, and said so. */
static bool parse(int argc, char **argv, struct options *options)
{
    const struct command_option table[] = {
        {"binary", NULL, &options->binary},
        {"json", &options->json, NULL},
        {"all-sites", &options->all_sites, NULL},
        {"help", &options->help, NULL},
    };
    int operands = command_parse(table, sizeof table / sizeof *table, argc, argv);
    if (operands < 0)
        return false;
    options->profiles = argv + operands;
    options->profile_count = (size_t)(argc - operands);
    if (!options->profile_count)
        options->all_sites = true;
    if (!options->binary && !options->help) {
        flags_usage_error("types", "--binary is missing");
        return false;
    }
    return true;
}

/* ---- files ---- */

struct image {
    void *bytes;
    size_t len;
};

/* Maps the binary: it may be of any size, and most of it is never touched. */
static int image_open(struct image *image, const char *path, struct lw_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lw_err_sys(err, LW_IO, errno, "%s", path);
    struct stat st;
    int rc = 0;
    if (fstat(fd, &st) < 0)
        rc = lw_err_sys(err, LW_IO, errno, "%s", path);
    else if (!S_ISREG(st.st_mode) || st.st_size == 0)
        rc = lw_err_set(err, LW_INVALID, "%s: empty or not a regular file", path);
    if (rc == 0) {
        image->len = (size_t)st.st_size;
        image->bytes = mmap(NULL, image->len, PROT_READ, MAP_PRIVATE, fd, 0);
        if (image->bytes == MAP_FAILED) {
            image->bytes = NULL;
            rc = lw_err_sys(err, LW_IO, errno, "%s: mmap", path);
        }
    }
    close(fd);
    return rc;
}

static void image_close(struct image *image)
{
    if (image->bytes)
        munmap(image->bytes, image->len);
}

/* ---- the work ---- */

struct work {
    const struct options *options;
    struct image image;
    struct gotypes *index;
    struct profile **profiles; /* options->profile_count; rows borrow from them */
    struct types_rows rows;
};

static void work_fini(struct work *w)
{
    types_rows_fini(&w->rows);
    for (size_t i = 0; w->profiles && i < w->options->profile_count; i++)
        profile_free(&w->profiles[i]);
    free(w->profiles);
    gotypes_free(&w->index);
    image_close(&w->image);
}

static int gather(struct work *w, struct lw_err *err)
{
    const struct options *o = w->options;
    if (image_open(&w->image, o->binary, err) < 0)
        return -1;
    w->index = gotypes_new(w->image.bytes, w->image.len, err);
    if (!w->index)
        return lw_err_prefix(err, "%s", o->binary);
    w->profiles = lw_new(o->profile_count + 1, sizeof *w->profiles);
    for (size_t i = 0; i < o->profile_count; i++) {
        w->profiles[i] = profile_file_read(o->profiles[i], err);
        if (!w->profiles[i])
            return -1;
        if (types_rows_add_profile(&w->rows, w->index, w->profiles[i], err) < 0)
            return lw_err_prefix(err, "%s", o->profiles[i]);
    }
    if (o->all_sites && types_rows_add_static(&w->rows, w->index, err) < 0)
        return lw_err_prefix(err, "%s", o->binary);
    types_rows_sort(&w->rows);
    return 0;
}

static int print(const struct work *w, struct lw_err *err)
{
    bool with_values = w->options->profile_count > 0;
    if (w->options->json)
        types_print_json(stdout, &w->rows, with_values);
    else
        types_print_table(stdout, &w->rows, with_values);
    if (fflush(stdout) != 0 || ferror(stdout))
        return lw_err_sys(err, LW_IO, errno, "standard output");
    return 0;
}

enum flags_exit cli_types_run(int argc, char **argv)
{
    struct options options = {0};
    if (!parse(argc, argv, &options))
        return FLAGS_EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return FLAGS_EXIT_OK;
    }
    struct work work = {.options = &options};
    struct lw_err err;
    enum flags_exit status = FLAGS_EXIT_OK;
    if (gather(&work, &err) < 0 || print(&work, &err) < 0) {
        fprintf(stderr, "leakwatchd: types: %s\n", err.msg);
        status = FLAGS_EXIT_RUN;
    }
    work_fini(&work);
    return status;
}
