/* What the go command wrote into the binary about its making: the Go release, the main module and
 * its dependencies, the revision. Format: debug/buildinfo and runtime/debug.ParseBuildInfo. */
#ifndef LW_GOTYPES_BUILDINFO_H
#define LW_GOTYPES_BUILDINFO_H

#include "base/arena.h"
#include "gotypes/elf.h"
#include "gotypes/gotypes.h"

#define GOTYPES_BUILDINFO_BYTES_MAX ((size_t)4 << 20)

/* Fills *build; its strings live in the arena or are constants. What is not in the binary is "".
 * Errors: LW_CORRUPT, LW_TOO_LARGE (more text than the arena's cap). */
int gotypes_buildinfo_read(const struct gotypes_elf *elf, struct lw_arena *arena,
    struct gotypes_build *build, struct lw_err *err) LW_MUST_CHECK;

/* Reads the text of the module list into *build, which must hold "" or better in each string. 0, or
 * -1 when the arena is full. */
int gotypes_buildinfo_parse(const char *text, size_t len, struct lw_arena *arena,
    struct gotypes_build *build) LW_MUST_CHECK;

/* The build id of the GNU note in lower-case hex; "" where there is none or it does not fit. */
void gotypes_buildinfo_gnu_id(const struct gotypes_elf *elf, char *out, size_t out_size);

/* The module of the build that an import path belongs to; NULL for the standard library. */
const struct gotypes_module *gotypes_buildinfo_module(
    const struct gotypes_build *build, const char *import_path);

#endif
