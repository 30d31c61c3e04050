#include "cli/analyze_files.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "cli/profile_file.h"

const char *analyze_clock_word(enum analyze_clock clock)
{
    static const char *const words[] = {
#define ANALYZE_CLOCK_WORD(name, word, text) word,
        ANALYZE_CLOCKS(ANALYZE_CLOCK_WORD)
#undef ANALYZE_CLOCK_WORD
    };
    return words[clock];
}

const char *analyze_clock_text(enum analyze_clock clock)
{
    static const char *const texts[] = {
#define ANALYZE_CLOCK_TEXT(name, word, text) text,
        ANALYZE_CLOCKS(ANALYZE_CLOCK_TEXT)
#undef ANALYZE_CLOCK_TEXT
    };
    return texts[clock];
}

/* ---- finding ---- */

static int add_file(struct analyze_files *files, const char *path, const struct stat *status,
    bool is_found, struct lw_err *err)
{
    if (files->count == ANALYZE_FILES_MAX)
        return lw_err_set(
            err, LW_TOO_LARGE, "%s: more than %zu profiles are not taken", path, ANALYZE_FILES_MAX);
    if (files->count == files->room) {
        files->room = files->room ? 2 * files->room : 64;
        files->list = lw_renew(files->list, files->room, sizeof *files->list);
    }
    files->list[files->count++] = (struct analyze_file){
        .path = lw_strdup(path),
        .is_found = is_found,
        .modified = {status->st_mtim.tv_sec * LW_NS_PER_S + status->st_mtim.tv_nsec},
    };
    return 0;
}

static bool is_named_like_a_profile(const char *name)
{
    static const char *const patterns[] = {"*.pb.gz", "*.pb", "*.pprof", "*heap*"};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    }
    return false;
}

static int walk(
    struct analyze_files *files, const char *folder, int folders_left, struct lw_err *err);

/* One name of a directory. Links to directories are not followed: they may lead around. */
static int walk_entry(struct analyze_files *files, const char *folder, const char *name,
    int folders_left, struct lw_err *err)
{
    struct lw_strbuf path;
    struct stat status;
    int rc = 0;
    lw_strbuf_init(&path, 4096);
    lw_strbuf_addf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    if (path.failed || lstat(path.data, &status) < 0)
        rc = 0; /* gone meanwhile, or too deep to be opened */
    else if (S_ISDIR(status.st_mode))
        rc = folders_left ? walk(files, path.data, folders_left - 1, err) : 0;
    else if (is_named_like_a_profile(name) && stat(path.data, &status) == 0 &&
             S_ISREG(status.st_mode))
        rc = add_file(files, path.data, &status, true, err);
    lw_strbuf_fini(&path);
    return rc;
}

static int walk(
    struct analyze_files *files, const char *folder, int folders_left, struct lw_err *err)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return lw_err_sys(err, LW_IO, errno, "cannot read %s", folder);
    int rc = 0;
    const struct dirent *entry;
    while (rc == 0 && (entry = readdir(dir))) { /* bounded by ANALYZE_FILES_MAX and the disk */
        if (entry->d_name[0] != '.')
            rc = walk_entry(files, folder, entry->d_name, folders_left, err);
    }
    closedir(dir);
    return rc;
}

int analyze_files_add(struct analyze_files *files, const char *path, struct lw_err *err)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot open %s", path);
    if (S_ISDIR(status.st_mode))
        return walk(files, path, ANALYZE_FOLDERS_MAX, err);
    return add_file(files, path, &status, false, err);
}

/* ---- ordering ---- */

/* Looks into one file. False: it is left out. */
static bool look(struct analyze_files *files, struct analyze_file *file, struct lw_wall *newest)
{
    struct lw_err err;
    struct profile *profile = profile_file_read(file->path, &err);
    if (!profile && file->is_found && err.code == LW_NOT_HEAP) {
        files->skipped++;
        return false;
    }
    if (!profile) {
        fprintf(stderr, "leakwatchd: analyze: %s\n", err.msg);
        files->failed++;
        return false;
    }
    file->taken = profile->taken;
    if (profile->mapping_count && (!files->program || profile->taken.ns >= newest->ns)) {
        free(files->program);
        files->program = lw_strdup(profile->mappings[0].file);
        *newest = profile->taken;
    }
    profile_free(&profile);
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct analyze_file *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static int by_time(const void *a, const void *b)
{
    const struct analyze_file *x = a, *y = b;
    if (x->at.ns != y->at.ns)
        return x->at.ns < y->at.ns ? -1 : 1;
    return strcmp(x->path, y->path);
}

static int by_modified(const void *a, const void *b)
{
    const struct analyze_file *x = a, *y = b;
    return (x->modified.ns > y->modified.ns) - (x->modified.ns < y->modified.ns);
}

/* The files' times tell nothing where a checkout or an archive made two files at once. */
static enum analyze_clock choose_clock(struct analyze_files *files)
{
    bool all_told = true, all_differ = true;
    for (size_t i = 0; i < files->count; i++)
        all_told &= files->list[i].taken.ns > 0;
    if (all_told)
        return ANALYZE_CLOCK_PROFILE;
    qsort(files->list, files->count, sizeof *files->list, by_modified);
    for (size_t i = 1; i < files->count; i++)
        all_differ &= files->list[i].modified.ns - files->list[i - 1].modified.ns >= LW_NS_PER_S;
    return all_differ ? ANALYZE_CLOCK_FILE : ANALYZE_CLOCK_NAME;
}

static void set_times(struct analyze_files *files, int64_t interval_ns)
{
    qsort(files->list, files->count, sizeof *files->list, by_name);
    for (size_t i = 0; i < files->count; i++) {
        struct analyze_file *file = &files->list[i];
        if (files->clock == ANALYZE_CLOCK_PROFILE)
            file->at = file->taken;
        else if (files->clock == ANALYZE_CLOCK_FILE)
            file->at = file->modified;
        else
            file->at.ns = (int64_t)(i + 1) * interval_ns;
    }
    qsort(files->list, files->count, sizeof *files->list, by_time);
}

void analyze_files_sort(struct analyze_files *files, int64_t interval_ns, bool progress)
{
    struct lw_wall newest = {0};
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        if (progress)
            fprintf(stderr, "\rreading %zu of %zu", i + 1, files->count);
        if (look(files, &files->list[i], &newest))
            files->list[kept++] = files->list[i];
        else
            free(files->list[i].path);
    }
    if (progress)
        fputs("\r\x1b[K", stderr);
    files->count = kept;
    if (!kept)
        return;
    files->clock = choose_clock(files);
    set_times(files, interval_ns);
}

static int by_length(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int64_t analyze_files_interval_ns(const struct analyze_files *files)
{
    if (files->count < 2)
        return 0;
    size_t count = files->count - 1;
    int64_t *gaps = lw_new(count, sizeof *gaps);
    for (size_t i = 0; i < count; i++)
        gaps[i] = files->list[i + 1].at.ns - files->list[i].at.ns;
    qsort(gaps, count, sizeof *gaps, by_length);
    int64_t median = gaps[count / 2];
    free(gaps);
    return median;
}

void analyze_files_fini(struct analyze_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->list[i].path);
    free(files->list);
    free(files->program);
    *files = (struct analyze_files){0};
}
