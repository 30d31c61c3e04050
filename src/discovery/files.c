#include "discovery/files.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"

static void fini_file(struct discovery_file *file)
{
    free(file->path);
    config_groups_fini(&file->groups);
}

void discovery_files_fini(struct discovery_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        fini_file(&files->list[i]);
    free(files->list);
    *files = (struct discovery_files){0};
}

/* ---- patterns ---- */

/* The length of the directory with its slash. Configuration makes patterns absolute. */
static size_t dir_len(const char *pattern)
{
    return (size_t)(strrchr(pattern, '/') - pattern) + 1;
}

bool discovery_pattern_matches(const char *pattern, const char *path)
{
    size_t len = dir_len(pattern);
    return strncmp(pattern, path, len) == 0 && !strchr(path + len, '/') &&
           fnmatch(pattern + len, path + len, 0) == 0;
}

char *discovery_pattern_dir(const char *pattern)
{
    size_t len = dir_len(pattern);
    return lw_strndup(pattern, len > 1 ? len - 1 : 1);
}

/* ---- one file ---- */

static int by_path(const void *a, const void *b)
{
    const struct discovery_file *x = a, *y = b;
    return strcmp(x->path, y->path);
}

/* The file of a path, made if need be; NULL when there are too many. Takes the path over. */
static struct discovery_file *find_or_add(struct discovery_files *files, char *path)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->list[i].path, path) == 0) {
            free(path);
            return &files->list[i];
        }
    }
    if (files->count == DISCOVERY_FILES_MAX) {
        if (!files->full)
            lw_error("discovery",
                "%s and maybe others are left out: at most %d target files are read", path,
                DISCOVERY_FILES_MAX);
        files->full = true;
        free(path);
        return NULL;
    }
    files->list = lw_renew(files->list, files->count + 1, sizeof *files->list);
    struct discovery_file *file = &files->list[files->count++];
    *file = (struct discovery_file){.path = path};
    return file;
}

/* Whether all files together stay within their budget when this one has new text. */
static int check_budget(const struct discovery_files *files, const struct discovery_file *file,
    size_t new_bytes, struct lw_err *err)
{
    size_t bytes = new_bytes;
    for (size_t i = 0; i < files->count; i++)
        bytes += &files->list[i] == file ? 0 : files->list[i].text_bytes;
    if (bytes <= DISCOVERY_FILES_BYTES_MAX)
        return 0;
    return lw_err_set(err, LW_TOO_LARGE, "%s makes all target files larger than %zu bytes",
        file->path, DISCOVERY_FILES_BYTES_MAX);
}

static int take_text(const struct discovery_files *files, struct discovery_file *file,
    const char *text, size_t len, struct lw_err *err)
{
    struct config_groups groups;
    if (check_budget(files, file, len, err) < 0 ||
        config_groups_parse(text, len, file->path, &groups, err) < 0)
        return -1;
    config_groups_fini(&file->groups);
    file->groups = groups;
    file->text_hash = lw_hash_bytes(0, text, len);
    file->text_bytes = len;
    file->ever_good = true;
    return 0;
}

/* Reads a file's groups when its text is new. *changed: they may differ from what they were. */
static int read_groups(const struct discovery_files *files, struct discovery_file *file,
    bool *changed, struct lw_err *err)
{
    char *text;
    size_t len;
    if (lw_file_read(file->path, DISCOVERY_FILE_BYTES_MAX, &text, &len, err) < 0)
        return -1;
    *changed = !file->ever_good || lw_hash_bytes(0, text, len) != file->text_hash;
    int rc = *changed ? take_text(files, file, text, len, err) : 0;
    free(text);
    return rc;
}

/* Reads a file and logs the edges; true when its groups may have changed. */
static bool refresh(const struct discovery_files *files, struct discovery_file *file)
{
    struct lw_err err;
    bool changed = false;
    bool failed = read_groups(files, file, &changed, &err) < 0;
    if (failed && !file->failing)
        lw_error("discovery", "%s: %s", err.msg,
            file->ever_good ? "its former targets stay" : "it gives no targets");
    if (!failed && file->failing)
        lw_info("discovery", "%s is good again", file->path);
    file->failing = failed;
    return !failed && changed;
}

/* ---- all files of a pattern ---- */

/* The path of a directory's entry if the pattern means it, or NULL. The caller frees it. */
static char *matching_path(const char *pattern, const char *name)
{
    struct lw_strbuf buf;
    lw_strbuf_init(&buf, strlen(pattern) + strlen(name));
    lw_strbuf_add(&buf, pattern, dir_len(pattern));
    lw_strbuf_adds(&buf, name);
    char *path = lw_strbuf_take(&buf, NULL);
    if (!discovery_pattern_matches(pattern, path)) {
        free(path);
        return NULL;
    }
    return path;
}

/* Reads the files of an open directory, but for entries past the limit, which count as not there.
 */
static bool scan_dir(struct discovery_files *files, const char *pattern, DIR *dir)
{
    bool changed = false;
    const struct dirent *entry;
    for (int i = 0; i < DISCOVERY_DIR_ENTRIES_MAX && (entry = readdir(dir)); i++) {
        char *path = matching_path(pattern, entry->d_name);
        struct discovery_file *file = path ? find_or_add(files, path) : NULL;
        if (!file)
            continue;
        file->seen_in = files->scans;
        changed |= refresh(files, file);
    }
    return changed;
}

/* Forgets the files of a pattern that the current scan did not see. */
static bool drop_unseen(struct discovery_files *files, const char *pattern)
{
    size_t kept = 0;
    bool changed = false;
    for (size_t i = 0; i < files->count; i++) {
        struct discovery_file *file = &files->list[i];
        if (file->seen_in == files->scans || !discovery_pattern_matches(pattern, file->path)) {
            files->list[kept++] = *file;
            continue;
        }
        changed |= file->groups.count > 0;
        fini_file(file);
    }
    files->count = kept;
    files->full &= kept == DISCOVERY_FILES_MAX;
    return changed;
}

/* A directory that is not there has no files; one that cannot be read keeps those it had. */
static bool scan_failed(
    struct discovery_files *files, const char *pattern, int errnum, bool *dir_failing)
{
    struct lw_err err;
    lw_err_sys(&err, LW_IO, errnum, "cannot read the directory of %s", pattern);
    if (!*dir_failing)
        lw_warn("discovery", "%s", err.msg);
    *dir_failing = true;
    return (errnum == ENOENT || errnum == ENOTDIR) && drop_unseen(files, pattern);
}

bool discovery_files_scan(struct discovery_files *files, const char *pattern, bool *dir_failing)
{
    files->scans++;
    char *path = discovery_pattern_dir(pattern);
    DIR *dir = opendir(path);
    int errnum = errno;
    free(path);
    if (!dir)
        return scan_failed(files, pattern, errnum, dir_failing);
    *dir_failing = false;
    bool changed = scan_dir(files, pattern, dir);
    closedir(dir);
    changed |= drop_unseen(files, pattern);
    if (files->count > 1)
        qsort(files->list, files->count, sizeof *files->list, by_path);
    return changed;
}

void discovery_files_retain(struct discovery_files *files,
    bool (*wanted)(const void *ctx, const char *path), const void *ctx)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        if (wanted(ctx, files->list[i].path))
            files->list[kept++] = files->list[i];
        else
            fini_file(&files->list[i]);
    }
    files->count = kept;
}

size_t discovery_files_failing(const struct discovery_files *files)
{
    size_t failing = 0;
    for (size_t i = 0; i < files->count; i++)
        failing += files->list[i].failing;
    return failing;
}
