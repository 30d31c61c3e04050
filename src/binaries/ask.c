#include "binaries/ask.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "binaries/check.h"
#include "binaries/download.h"
#include "binaries/guard.h"
#include "binaries/process.h"

#define ASK_BYTES_MAX ((size_t)16 << 20)
#define NAME_MAX_LEN  4096 /* of a function; a longer one is not compared */
#define FATE_MAX_LEN  512  /* of what is said of how objects end */

/* ---- a copy of the request ---- */

static const char *copy_text(struct lw_arena *memory, const char *text, size_t max)
{
    return lw_arena_strndup(memory, text, strnlen(text, max));
}

/* False when the arena is full. */
static bool copy_site(
    struct lw_arena *memory, struct binaries_site *to, const struct binaries_site *from)
{
    *to = *from;
    to->depth = from->depth < BINARIES_DEPTH_MAX ? from->depth : BINARIES_DEPTH_MAX;
    uint64_t *addresses = lw_arena_new_array(memory, to->depth, sizeof *addresses);
    if (to->depth && !addresses)
        return false;
    if (to->depth)
        memcpy(addresses, from->addresses, to->depth * sizeof *addresses);
    to->addresses = addresses;
    bool is_too_long = strnlen(from->leaf_function, NAME_MAX_LEN) == NAME_MAX_LEN;
    to->leaf_function = is_too_long ? "" : copy_text(memory, from->leaf_function, NAME_MAX_LEN);
    return to->leaf_function != NULL;
}

/* The build id in lower case, or "" for what is none: it becomes part of a path. */
static const char *copy_build_id(struct lw_arena *memory, const char *build_id)
{
    char *copy = lw_arena_strndup(memory, build_id, strnlen(build_id, BINARIES_ID_BYTES));
    for (char *c = copy; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy && !binaries_build_id_is_valid(copy) ? "" : copy;
}

uint64_t binaries_request_identity(const struct binaries_request *request)
{
    uint64_t hash = lw_hash_string(0, request->address);
    hash = lw_hash_string(hash, request->job->binary ? request->job->binary : "");
    hash = lw_hash_u64(hash, request->process);
    hash = lw_hash_u64(hash, request->mapping.start);
    hash = lw_hash_u64(hash, request->mapping.limit);
    hash = lw_hash_u64(hash, request->mapping.offset);
    hash = lw_hash_string(hash, request->mapping.file);
    return lw_hash_string(hash, request->mapping.build_id);
}

static bool fill(struct binaries_ask *ask, const struct binaries_request *request)
{
    struct lw_arena *memory = ask->memory;
    const char *binary = request->job->binary;
    ask->identity = binaries_request_identity(request);
    ask->request = *request;
    ask->request.job = NULL;
    ask->request.address = copy_text(memory, request->address, 512);
    ask->request.mapping.file = copy_text(memory, request->mapping.file, 4096);
    ask->request.mapping.build_id = copy_build_id(memory, request->mapping.build_id);
    ask->request.believed = copy_text(memory, request->believed, BINARIES_ID_BYTES);
    ask->configured = binary ? copy_text(memory, binary, 4096) : NULL;
    struct binaries_site *sites = lw_arena_new_array(memory, request->site_count, sizeof *sites);
    ask->request.sites = sites;
    bool fits = ask->request.address && ask->request.mapping.file &&
                ask->request.mapping.build_id && ask->request.believed &&
                (ask->configured || !binary) && (sites || !request->site_count);
    for (size_t i = 0; fits && i < request->site_count; i++)
        fits = copy_site(memory, &sites[i], &request->sites[i]);
    return fits;
}

struct binaries_ask *binaries_ask_new(const struct binaries_request *request, struct lw_err *err)
{
    struct lw_arena *memory = lw_arena_new(ASK_BYTES_MAX);
    struct binaries_ask *ask = lw_arena_new_array(memory, 1, sizeof *ask);
    if (ask)
        ask->memory = memory;
    if (request->site_count <= BINARIES_SITES_MAX && ask && fill(ask, request))
        return ask;
    lw_err_set(err, LW_TOO_LARGE,
        "a request of %zu sites for their types: at most %d, and %zu bytes", request->site_count,
        BINARIES_SITES_MAX, ASK_BYTES_MAX);
    lw_arena_free(&memory);
    return NULL;
}

void binaries_ask_free(struct binaries_ask **ask)
{
    struct lw_arena *memory = *ask ? (*ask)->memory : NULL;
    lw_arena_free(&memory);
    *ask = NULL;
}

/* ---- the answer ---- */

static void fill_build(struct binaries_build *to, const struct gotypes_build *from)
{
    *to = (struct binaries_build){
        .main = lw_strdup(from->main.path),
        .version = lw_strdup(from->main.version),
        .vcs_revision = lw_strdup(from->vcs_revision),
        .vcs_modified = from->vcs_modified,
        .go_version = lw_strdup(from->go_version),
        .gnu_build_id = lw_strdup(from->gnu_build_id),
    };
}

/* The addresses of a stack as the binary has them, up to the first that is not of its mapping. */
static size_t find_stack(const struct gotypes *index, const struct binaries_request *request,
    const struct binaries_site *site, uint64_t stack[BINARIES_DEPTH_MAX])
{
    size_t depth = 0;
    while (depth < site->depth &&
           binaries_address_find(index, request, site->addresses[depth], &stack[depth]))
        depth++;
    return depth;
}

static char *copy_of_fate(const char *text)
{
    return lw_strndup(text, strnlen(text, FATE_MAX_LEN));
}

static void resolve(const struct gotypes *index, const struct binaries_request *request,
    const struct binaries_site *site, struct binaries_type *type)
{
    struct gotypes_site found = {
        .kind = GOTYPES_OTHER, .finalizer_in = "", .cycle = "", .kept_in = ""};
    uint64_t stack[BINARIES_DEPTH_MAX];
    size_t depth = find_stack(index, request, site, stack);
    if (depth == 0)
        snprintf(found.unresolved, sizeof found.unresolved,
            "the address is not of the program's own mapping");
    else
        (void)gotypes_resolve(index, stack, depth, &found); /* if not, it says why */
    *type = (struct binaries_type){
        .site_id = site->id,
        .kind = found.kind,
        .resolved = found.resolved,
        .through_dictionary = found.through_dictionary,
        .type = lw_strdup(found.type),
        .import_path = lw_strdup(found.import_path),
        .module = lw_strdup(found.module ? found.module->path : ""),
        .version = lw_strdup(found.module ? found.module->version : ""),
        .unresolved = lw_strdup(found.unresolved),
        .finalizer_in = copy_of_fate(found.finalizer_in),
        .cycle = copy_of_fate(found.cycle),
        .kept_in = copy_of_fate(found.kept_in),
        .kept_bytes = found.kept_bytes,
    };
}

static void free_found(struct binaries_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        free(answer->types[i].type);
        free(answer->types[i].import_path);
        free(answer->types[i].module);
        free(answer->types[i].version);
        free(answer->types[i].unresolved);
        free(answer->types[i].finalizer_in);
        free(answer->types[i].cycle);
        free(answer->types[i].kept_in);
    }
    free(answer->types);
    free(answer->path);
    free(answer->binary_id);
    free(answer->build.main);
    free(answer->build.version);
    free(answer->build.vcs_revision);
    free(answer->build.go_version);
    free(answer->build.gnu_build_id);
}

void binaries_answer_fini(struct binaries_answer *answer)
{
    free_found(answer);
    free(answer->refused);
    *answer = (struct binaries_answer){0};
}

/* ---- the search ---- */

struct search {
    const struct binaries_ask *ask;
    const struct binaries_places *places;
    struct binaries_answer *answer;
    struct lw_err refused;   /* of the first file that was refused */
    bool disproved;          /* what was believed is among those */
    struct lw_strbuf looked; /* where nothing was, for the message */
};

LW_PRINTF(2, 3) static void note(struct search *search, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lw_strbuf_addf(&search->looked, "%s%s", search->looked.len ? "; " : "", text);
}

static void answer_from(struct search *search, enum binaries_source source, const char *path,
    const struct binaries_binary *binary)
{
    const struct binaries_request *request = &search->ask->request;
    struct binaries_answer *answer = search->answer;
    answer->source = source;
    answer->path = lw_strdup(path);
    answer->binary_id = lw_strdup(binary->id);
    fill_build(&answer->build, gotypes_build(binary->index));
    answer->types = lw_new(request->site_count, sizeof *answer->types);
    answer->count = request->site_count;
    for (size_t i = 0; i < request->site_count; i++)
        resolve(binary->index, request, &request->sites[i], &answer->types[i]);
}

static struct binaries_answer no_answer(const struct binaries_ask *ask)
{
    return (struct binaries_answer){
        .target_id = ask->request.target_id, .process = ask->request.process};
}

/* Checks an open binary and takes the answer from it. What is read from a file that changes
 * meanwhile is thrown away. */
static int use(struct search *search, enum binaries_source source, const char *path,
    const struct binaries_binary *binary, struct lw_err *err)
{
    const struct binaries_request *request = &search->ask->request;
    bool is_believed = strcmp(binary->id, request->believed) == 0;
    bool is_executed = source == BINARIES_PROC && strncmp(path, "/proc/", 6) == 0;
    binaries_guard_begin(binary->image.bytes, binary->image.len);
    int rc = binaries_check(binary->index, request, path, is_believed || is_executed, err);
    if (rc == 0)
        answer_from(search, source, path, binary);
    search->disproved |= rc < 0 && is_believed;
    bool whole = binaries_guard_end();
    if (whole && binaries_image_is_intact(&binary->image))
        return rc;
    binaries_cache_drop(search->places->cache, binary);
    if (rc == 0)
        free_found(search->answer);
    *search->answer = no_answer(search->ask);
    return lw_err_set(err, LW_CORRUPT, "the binary %s changed while it was read", path);
}

static int try_file(
    struct search *search, enum binaries_source source, const char *path, struct lw_err *err)
{
    const struct binaries_binary *binary = binaries_cache_get(search->places->cache, path, err);
    return binary ? use(search, source, path, binary, err) : -1;
}

/* Whether the file at path is the one. If it is not, that is remembered: as refused when it could
 * be read, else as a place where there was nothing. */
static bool fits(struct search *search, enum binaries_source source, const char *path)
{
    struct lw_err err;
    if (try_file(search, source, path, &err) == 0)
        return true;
    if (err.code == LW_IO)
        note(search, "%s", err.msg);
    else if (search->refused.code == LW_OK)
        search->refused = err;
    return false;
}

/* Where it was last time; whatever is wrong with it now, the search begins anew. */
static bool search_hint(struct search *search)
{
    struct lw_err unsaid;
    const struct binaries_ask *ask = search->ask;
    return ask->hint && try_file(search, ask->hint_source, ask->hint, &unsaid) == 0;
}

static bool search_config(struct search *search)
{
    if (search->ask->configured)
        return fits(search, BINARIES_CONFIG, search->ask->configured);
    note(search, "its job has no `binary`");
    return false;
}

/* Of the processes that hold the socket some may be no Go program, as systemd that passed it on:
 * those are not wrong binaries, they are none. */
static bool fits_process(struct search *search, pid_t pid)
{
    char path[64];
    struct lw_err err;
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    const struct binaries_binary *binary = binaries_cache_get(search->places->cache, path, &err);
    if (!binary) {
        note(search, "process %d, which listens there: %s", (int)pid, err.msg);
        return false;
    }
    return fits(search, BINARIES_PROC, path);
}

static bool search_processes(struct search *search, const struct binaries_endpoint *endpoint)
{
    struct binaries_pids pids;
    binaries_pids_find(endpoint, &pids);
    for (size_t i = 0; i < pids.count; i++) {
        if (fits_process(search, pids.list[i]))
            return true;
    }
    if (!pids.listening)
        note(search, "no process of this network namespace listens at %s",
            search->ask->request.address);
    else if (!pids.count)
        note(search,
            "the process that listens at %s is not among those we may look into (%zu are "
            "forbidden: run as its user, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH)",
            search->ask->request.address, pids.forbidden);
    return false;
}

static bool search_host(struct search *search)
{
    const struct binaries_request *request = &search->ask->request;
    struct binaries_endpoint endpoint;
    struct lw_err err;
    if (!search->places->proc)
        return false;
    if (binaries_endpoint_find(request->address, &endpoint, &err) < 0) {
        note(search, "%s", err.msg);
        return false;
    }
    if (!endpoint.is_local) {
        note(search, "%s is another host", request->address);
        return false;
    }
    if (search_processes(search, &endpoint))
        return true;
    return request->mapping.file[0] == '/' && fits(search, BINARIES_PROC, request->mapping.file);
}

/* The layouts of debug packages: ab/cdef and ab/cdef.debug, also below .build-id. A name that is
 * not there is no place worth telling. */
static bool search_by_name(struct search *search, const char *folder, const char *id)
{
    static const struct {
        const char *before, *after;
    } layouts[] = {{"", ""}, {"", ".debug"}, {"/.build-id", ""}, {"/.build-id", ".debug"}};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        struct lw_strbuf path;
        struct stat status;
        lw_strbuf_init(&path, 4096);
        lw_strbuf_addf(
            &path, "%s%s/%.2s/%s%s", folder, layouts[i].before, id, id + 2, layouts[i].after);
        bool found = !path.failed && stat(path.data, &status) == 0 &&
                     fits(search, BINARIES_DIRECTORY, path.data);
        lw_strbuf_fini(&path);
        if (found)
            return true;
    }
    return false;
}

static bool search_catalogue(struct search *search, enum binaries_source source, const char *id)
{
    const struct binaries_catalogue *catalogue = search->places->catalogue;
    for (size_t i = 0; catalogue && i < catalogue->count; i++) {
        const struct binaries_entry *entry = &catalogue->entries[i];
        if (entry->source == source && strcmp(entry->build_id, id) == 0 &&
            fits(search, source, entry->path))
            return true;
    }
    return false;
}

static bool search_id(struct search *search, const char *id)
{
    const struct config_strings *folders = search->places->directories;
    for (size_t i = 0; i < folders->count; i++) {
        if (search_by_name(search, folders->list[i], id))
            return true;
    }
    return search_catalogue(search, BINARIES_DIRECTORY, id) ||
           search_catalogue(search, BINARIES_UPLOAD, id);
}

/* What was believed goes first: the profile's id is that of a newer file, once one was put in the
 * place of the program. */
static bool search_by_id(struct search *search)
{
    const char *id = search->ask->request.mapping.build_id;
    const char *believed = search->ask->request.believed;
    bool is_other = strcmp(believed, id) != 0 && binaries_build_id_is_valid(believed);
    if (is_other && search_id(search, believed))
        return true;
    if (!id[0]) {
        note(search, "its profile shows no GNU build id, by which folders and uploads are "
                     "searched: Go writes one since 1.24, since 1.22 with -ldflags=-B=gobuildid");
        return false;
    }
    if (search_id(search, id))
        return true;
    note(search, "no folder and no upload has build id %s", id);
    return false;
}

static bool search_debuginfod(struct search *search)
{
    const char *id = search->ask->request.mapping.build_id;
    if (!search->places->debuginfod || !id[0])
        return false;
    struct lw_err err;
    char *path = binaries_download(id, search->places->stop, &err);
    if (!path) {
        note(search, "%s", err.msg);
        return false;
    }
    bool found = fits(search, BINARIES_DEBUGINFOD, path);
    free(path);
    return found;
}

void binaries_ask_run(const struct binaries_ask *ask, const struct binaries_places *places,
    struct binaries_answer *answer)
{
    struct search search = {.ask = ask, .places = places, .answer = answer};
    lw_strbuf_init(&search.looked, 4096);
    *answer = no_answer(ask);
    bool found = search_hint(&search) || search_config(&search) || search_host(&search) ||
                 search_by_id(&search) || search_debuginfod(&search);
    answer->disproved = search.disproved && !found;
    if (search.refused.code != LW_OK && found)
        answer->refused = lw_strdup(search.refused.msg);
    else if (search.refused.code != LW_OK)
        answer->err = search.refused;
    else if (!found)
        lw_err_set(&answer->err, LW_NOT_FOUND, "no binary of %s was found: %s",
            ask->request.address, search.looked.data ? search.looked.data : "nowhere to look");
    lw_strbuf_fini(&search.looked);
}
