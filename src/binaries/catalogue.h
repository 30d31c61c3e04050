/* The files of the folders and the uploads, by GNU build id. Immutable once made. Private to
 * binaries/. */
#ifndef LW_BINARIES_CATALOGUE_H
#define LW_BINARIES_CATALOGUE_H

#include "binaries/binaries.h"
#include "binaries/image.h"

#define BINARIES_FILES_MAX     10000 /* that are looked at, of any kind */
#define BINARIES_FOLDERS_MAX   1000
#define BINARIES_DEPTH_FOLDERS 4

struct binaries_entry {
    enum binaries_source source;
    char *path;
    struct binaries_key key;
    char *build_id; /* GNU; "" where there is none */
    bool is_program;
    char *go_version; /* "" where unknown, as the two below */
    char *main;
    char *version;
};

struct binaries_catalogue {
    struct binaries_entry *entries; /* owned, sorted by path */
    size_t count;
    bool is_cut; /* there are more files than BINARIES_FILES_MAX, or deeper ones */
};

/* Walks the folders and that of the uploads (or NULL). Of a file
 * only headers, notes and build info are read, and not again of those that `before` (or NULL)
 * knows. Folders that cannot be read are as if empty. */
struct binaries_catalogue *binaries_catalogue_scan(const struct config_strings *folders,
    const char *uploads, const struct binaries_catalogue *before);
void binaries_catalogue_free(struct binaries_catalogue **catalogue);

/* Whether `now` has a binary that `before` does not have. */
bool binaries_catalogue_has_new(
    const struct binaries_catalogue *now, const struct binaries_catalogue *before);

/* Whether text is a build id: 2 to 128 lower-case hex digits, and so also a safe part of a path. */
bool binaries_build_id_is_valid(const char *text);

#endif
