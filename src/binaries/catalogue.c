#include "binaries/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "binaries/cache.h"
#include "binaries/guard.h"
#include "gotypes/buildinfo.h"
#include "gotypes/elf.h"

#define PATH_BYTES_MAX 4096

struct walk {
    struct binaries_catalogue *catalogue;
    const struct binaries_catalogue *before;
    enum binaries_source source;
    size_t files, folders; /* looked at so far, in all folders */
};

bool binaries_build_id_is_valid(const char *text)
{
    size_t len = strspn(text, "0123456789abcdef");
    return len >= 2 && len < BINARIES_ID_BYTES - 3 && text[len] == '\0';
}

/* ---- one file ---- */

static int by_path(const void *a, const void *b)
{
    const struct binaries_entry *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static struct binaries_entry *find(const struct binaries_catalogue *catalogue, const char *path)
{
    struct binaries_entry wanted = {.path = (char *)path};
    if (!catalogue || !catalogue->count)
        return NULL;
    return bsearch(
        &wanted, catalogue->entries, catalogue->count, sizeof *catalogue->entries, by_path);
}

static void describe(struct binaries_entry *entry, const char *build_id, const char *go_version,
    const struct gotypes_module *main)
{
    entry->build_id = lw_strdup(binaries_build_id_is_valid(build_id) ? build_id : "");
    entry->go_version = lw_strdup(go_version);
    entry->main = lw_strdup(main->path);
    entry->version = lw_strdup(main->version);
}

/* Reads build id and build info of the image. False when it is no program of that kind. */
static bool read_program(struct binaries_entry *entry, const struct binaries_image *image)
{
    struct gotypes_elf elf;
    struct lw_err unsaid;
    char id[BINARIES_ID_BYTES];
    if (gotypes_elf_init(&elf, image->bytes, image->len, &unsaid) < 0)
        return false;
    gotypes_buildinfo_gnu_id(&elf, id, sizeof id);
    struct lw_arena *memory = lw_arena_new(2 * GOTYPES_BUILDINFO_BYTES_MAX);
    struct gotypes_build build = {0};
    if (gotypes_buildinfo_read(&elf, memory, &build, &unsaid) == 0)
        describe(entry, id, build.go_version, &build.main);
    else /* of another language, or a file with nothing but its symbols */
        describe(entry, id, "", &(struct gotypes_module){"", ""});
    lw_arena_free(&memory);
    gotypes_elf_fini(&elf);
    return true;
}

/* A file that is no program stays in the catalogue, too, so that it is not opened again. */
static void read_entry(struct binaries_entry *entry)
{
    struct binaries_image image;
    struct lw_err unsaid;
    if (binaries_image_open(&image, entry->path, &unsaid) == 0) {
        binaries_guard_begin(image.bytes, image.len);
        entry->is_program = read_program(entry, &image);
        if (!binaries_guard_end())
            entry->is_program = false;
        binaries_image_close(&image);
    }
    if (!entry->build_id)
        describe(entry, "", "", &(struct gotypes_module){"", ""});
}

static void copy_entry(struct binaries_entry *entry, const struct binaries_entry *from)
{
    entry->build_id = lw_strdup(from->build_id);
    entry->is_program = from->is_program;
    entry->go_version = lw_strdup(from->go_version);
    entry->main = lw_strdup(from->main);
    entry->version = lw_strdup(from->version);
}

static void add_file(struct walk *walk, const char *path, const struct stat *status)
{
    struct binaries_catalogue *catalogue = walk->catalogue;
    struct binaries_entry *entry = &catalogue->entries[catalogue->count++];
    *entry = (struct binaries_entry){
        .source = walk->source, .path = lw_strdup(path), .key = binaries_key_of(status)};
    const struct binaries_entry *known = find(walk->before, path);
    if (known && binaries_key_equal(&known->key, &entry->key))
        copy_entry(entry, known);
    else
        read_entry(entry);
}

/* ---- folders ---- */

/* Folders that hold files by the name of their build id are not walked, they are asked by name
 * (/usr/lib/debug can hold more than we want to know). */
static bool is_id_prefix(const char *name)
{
    return strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2;
}

static void walk_folder(struct walk *walk, const char *path, int depth);

/* Links to files are followed, links to folders are not: they may lead round in a circle. */
static void walk_entry(
    struct walk *walk, int folder_fd, const char *path, const char *name, int depth)
{
    struct stat status;
    bool is_there = fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    bool is_link = is_there && S_ISLNK(status.st_mode);
    if (is_link)
        is_there = fstatat(folder_fd, name, &status, 0) == 0;
    if (!is_there)
        return;
    if (S_ISDIR(status.st_mode) && !is_link) {
        if (!is_id_prefix(name))
            walk_folder(walk, path, depth + 1);
    } else if (S_ISREG(status.st_mode)) {
        if (walk->files++ < BINARIES_FILES_MAX)
            add_file(walk, path, &status);
        else
            walk->catalogue->is_cut = true;
    }
}

static void walk_folder(struct walk *walk, const char *path, int depth)
{
    if (depth > BINARIES_DEPTH_FOLDERS || walk->folders++ == BINARIES_FOLDERS_MAX) {
        walk->catalogue->is_cut = true;
        return;
    }
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && walk->files <= BINARIES_FILES_MAX && (entry = readdir(folder))) {
        struct lw_strbuf inner;
        lw_strbuf_init(&inner, PATH_BYTES_MAX);
        lw_strbuf_addf(&inner, "%s/%s", path, entry->d_name);
        bool is_hidden = entry->d_name[0] == '.'; /* as our uploads are until they are whole */
        if (!is_hidden && !inner.failed)
            walk_entry(walk, dirfd(folder), inner.data, entry->d_name, depth);
        lw_strbuf_fini(&inner);
    }
    if (folder)
        closedir(folder);
}

struct binaries_catalogue *binaries_catalogue_scan(const struct config_strings *folders,
    const char *uploads, const struct binaries_catalogue *before)
{
    struct binaries_catalogue *catalogue = LW_NEW(struct binaries_catalogue);
    catalogue->entries = lw_new(BINARIES_FILES_MAX, sizeof *catalogue->entries);
    struct walk walk = {.catalogue = catalogue, .before = before, .source = BINARIES_UPLOAD};
    if (uploads)
        walk_folder(&walk, uploads, 0);
    walk.source = BINARIES_DIRECTORY;
    for (size_t i = 0; i < folders->count; i++)
        walk_folder(&walk, folders->list[i], 0);
    catalogue->entries = lw_renew(
        catalogue->entries, catalogue->count ? catalogue->count : 1, sizeof *catalogue->entries);
    qsort(catalogue->entries, catalogue->count, sizeof *catalogue->entries, by_path);
    return catalogue;
}

void binaries_catalogue_free(struct binaries_catalogue **catalogue)
{
    struct binaries_catalogue *c = *catalogue;
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        struct binaries_entry *entry = &c->entries[i];
        free(entry->path);
        free(entry->build_id);
        free(entry->go_version);
        free(entry->main);
        free(entry->version);
    }
    free(c->entries);
    free(c);
    *catalogue = NULL;
}

bool binaries_catalogue_has_new(
    const struct binaries_catalogue *now, const struct binaries_catalogue *before)
{
    for (size_t i = 0; i < now->count; i++) {
        const struct binaries_entry *known = find(before, now->entries[i].path);
        bool is_known = known && binaries_key_equal(&known->key, &now->entries[i].key);
        if (now->entries[i].is_program && !is_known)
            return true;
    }
    return false;
}
