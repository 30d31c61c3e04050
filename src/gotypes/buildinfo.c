#include "gotypes/buildinfo.h"

#include <stdio.h>
#include <string.h>

#include "base/cursor.h"

#define MAGIC           "\xff Go buildinf:"
#define MAGIC_BYTES     14
#define HEADER_BYTES    32
#define FLAG_BIG_ENDIAN 1
#define FLAG_INLINE     2
#define SENTINEL_BYTES  16 /* random bytes around the module list: how it is found in memory */
#define DEPS_MAX        65536
#define NOTE_GNU        3
#define NOTE_GO         4

struct text {
    const char *s;
    size_t len;
};

static struct gotypes_span search(const struct gotypes_elf *elf)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct gotypes_segment *s = &elf->segments[i];
        const unsigned char *bytes = elf->image + s->offset;
        for (uint64_t at = -s->address % 16; at + HEADER_BYTES <= s->file_bytes; at += 16)
            if (s->writable && memcmp(bytes + at, MAGIC, MAGIC_BYTES) == 0)
                return (struct gotypes_span){bytes + at, s->file_bytes - at, s->address + at};
    }
    return (struct gotypes_span){0};
}

/* A length as encoding/binary writes it, and the bytes. */
static struct text inline_string(struct lw_cursor *c)
{
    uint64_t len = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        uint8_t byte = lw_cursor_u8(c);
        len |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    const unsigned char *bytes = lw_cursor_bytes(c, len);
    return bytes ? (struct text){(const char *)bytes, len} : (struct text){0};
}

/* The Go string whose header's address stands at `address`. */
static struct text pointed_string(const struct gotypes_elf *elf, uint64_t address)
{
    uint64_t header, data, len;
    if (!gotypes_elf_word(elf, address, &header) || !gotypes_elf_word(elf, header, &data) ||
        !gotypes_elf_word(elf, header + 8, &len))
        return (struct text){0};
    const unsigned char *bytes = gotypes_elf_bytes(elf, data, len);
    return bytes ? (struct text){(const char *)bytes, len} : (struct text){0};
}

static const char *keep(struct lw_arena *arena, struct text t)
{
    return t.len ? lw_arena_strndup(arena, t.s, t.len) : "";
}

/* Cuts the text before `end` off *rest, and `end` with it. */
static struct text cut(struct text *rest, char end)
{
    const char *at = rest->len ? memchr(rest->s, end, rest->len) : NULL;
    struct text head = {rest->s, at ? (size_t)(at - rest->s) : rest->len};
    size_t gone = head.len + (at ? 1 : 0);
    *rest = (struct text){gone ? rest->s + gone : rest->s, rest->len - gone};
    return head;
}

static bool is(struct text t, const char *word)
{
    return t.len == strlen(word) && memcmp(t.s, word, t.len) == 0;
}

static int parse_setting(struct text line, struct lw_arena *arena, struct gotypes_build *build)
{
    struct text key = cut(&line, '=');
    if (is(key, "vcs.modified"))
        build->vcs_modified = is(line, "true");
    else if (is(key, "vcs.revision"))
        build->vcs_revision = keep(arena, line);
    else if (is(key, "vcs.time"))
        build->vcs_time = keep(arena, line);
    return build->vcs_revision && build->vcs_time ? 0 : -1;
}

/* "path<TAB>version<TAB>sum". A replacement gives the version of what was really built, while
 * import paths go on naming the module that it replaces. */
static int parse_module(
    struct text line, bool replaces, struct lw_arena *arena, struct gotypes_module *module)
{
    struct text path = cut(&line, '\t'), version = cut(&line, '\t');
    if (!replaces)
        module->path = keep(arena, path);
    if (!replaces || version.len)
        module->version = keep(arena, version);
    return module->path && module->version ? 0 : -1;
}

static size_t count_deps(struct text rest)
{
    size_t count = 0;
    while (rest.len && count < DEPS_MAX) {
        struct text line = cut(&rest, '\n');
        count += is(cut(&line, '\t'), "dep");
    }
    return count;
}

int gotypes_buildinfo_parse(
    const char *text, size_t len, struct lw_arena *arena, struct gotypes_build *build)
{
    struct text rest = {text, len};
    size_t room = count_deps(rest);
    struct gotypes_module *deps = lw_arena_new_array(arena, room, sizeof *deps);
    if (!deps)
        return -1;
    struct gotypes_module *last = NULL;
    while (rest.len) {
        struct text line = cut(&rest, '\n'), word = cut(&line, '\t');
        int bad = 0;
        if (is(word, "mod")) {
            bad = parse_module(line, false, arena, last = &build->main);
        } else if (is(word, "dep") && build->dep_count < room) {
            bad = parse_module(line, false, arena, last = &deps[build->dep_count++]);
        } else if (is(word, "=>") && last) {
            bad = parse_module(line, true, arena, last);
        } else if (is(word, "build")) {
            bad = parse_setting(line, arena, build);
        }
        if (bad)
            return -1;
    }
    build->deps = deps;
    return 0;
}

static int read_strings(
    const struct gotypes_elf *elf, struct text *version, struct text *modules, struct lw_err *err)
{
    struct gotypes_span info = elf->buildinfo.bytes ? elf->buildinfo : search(elf);
    if (!info.bytes)
        return 0;
    struct lw_cursor c = lw_cursor_on(info.bytes, info.len);
    const unsigned char *magic = lw_cursor_bytes(&c, MAGIC_BYTES);
    uint8_t pointer_bytes = lw_cursor_u8(&c), flags = lw_cursor_u8(&c);
    lw_cursor_bytes(&c, HEADER_BYTES - MAGIC_BYTES - 2);
    if (!lw_cursor_ok(&c) || memcmp(magic, MAGIC, MAGIC_BYTES) != 0)
        return lw_err_set(err, LW_CORRUPT, "the binary's build information is damaged");
    if (flags & FLAG_INLINE) {
        *version = inline_string(&c);
        *modules = inline_string(&c);
    } else if (pointer_bytes == 8 && !(flags & FLAG_BIG_ENDIAN)) {
        *version = pointed_string(elf, info.address + 16);
        *modules = pointed_string(elf, info.address + 24);
    }
    if (modules->len > 2 * SENTINEL_BYTES && modules->s[modules->len - SENTINEL_BYTES - 1] == '\n')
        *modules =
            (struct text){modules->s + SENTINEL_BYTES, modules->len - 2 * (size_t)SENTINEL_BYTES};
    else
        *modules = (struct text){0};
    return 0;
}

static void hex(const unsigned char *bytes, size_t len, char *out, size_t out_size)
{
    out[0] = '\0';
    for (size_t i = 0; i < len && len * 2 < out_size; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void gotypes_buildinfo_gnu_id(const struct gotypes_elf *elf, char *out, size_t out_size)
{
    const unsigned char *id = NULL;
    size_t len = gotypes_elf_note(&elf->gnu_note, "GNU", NOTE_GNU, &id);
    hex(id, len, out, out_size);
}

int gotypes_buildinfo_read(const struct gotypes_elf *elf, struct lw_arena *arena,
    struct gotypes_build *build, struct lw_err *err)
{
    *build = (struct gotypes_build){
        .go_version = "",
        .arch = elf->arch == GOTYPES_AMD64 ? "amd64" : "arm64",
        .main = {"", ""},
        .vcs_revision = "",
        .vcs_time = "",
        .position_independent = elf->position_independent,
    };
    struct text version = {0}, modules = {0};
    if (read_strings(elf, &version, &modules, err) < 0)
        return -1;
    char gnu[129];
    gotypes_buildinfo_gnu_id(elf, gnu, sizeof gnu);
    const unsigned char *go = NULL;
    size_t go_len = gotypes_elf_note(&elf->go_note, "Go", NOTE_GO, &go);
    build->go_version = keep(arena, version);
    build->gnu_build_id = keep(arena, (struct text){gnu, strlen(gnu)});
    build->go_build_id = keep(arena, (struct text){(const char *)go, go_len});
    if (!build->go_version || !build->gnu_build_id || !build->go_build_id ||
        gotypes_buildinfo_parse(modules.s, modules.len, arena, build) < 0)
        return lw_err_set(err, LW_TOO_LARGE,
            "the binary's build information is longer than %zu bytes", GOTYPES_BUILDINFO_BYTES_MAX);
    return 0;
}

/* Bytes of the import path that a module's path is a prefix of, at a '/' or the end; or 0. */
static size_t covers(const struct gotypes_module *module, const char *import_path)
{
    size_t len = strlen(module->path);
    if (strncmp(import_path, module->path, len) != 0)
        return 0;
    return import_path[len] == '\0' || import_path[len] == '/' ? len : 0;
}

const struct gotypes_module *gotypes_buildinfo_module(
    const struct gotypes_build *build, const char *import_path)
{
    if (strcmp(import_path, "main") == 0)
        return build->main.path[0] ? &build->main : NULL;
    const struct gotypes_module *best = NULL;
    size_t longest = covers(&build->main, import_path);
    if (longest)
        best = &build->main;
    for (size_t i = 0; i < build->dep_count; i++) {
        size_t len = covers(&build->deps[i], import_path);
        if (len > longest) {
            longest = len;
            best = &build->deps[i];
        }
    }
    return best;
}
