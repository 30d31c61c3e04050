#include "binaries_room.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define PROFILE_BYTES_MAX ((size_t)16 << 20)

/* ---- the programs ---- */

static char dir[] = "/tmp/leakwatchd-binaries-XXXXXX";
bool room_have_go;

const char *room_path(const char *name)
{
    static char paths[8][512];
    static int next;
    next = (next + 1) % 8;
    snprintf(paths[next], sizeof paths[next], "%s/%s", dir, name);
    return paths[next];
}

int room_sh(const char *fmt, ...)
{
    char command[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool build(const char *name, const char *flags)
{
    return room_sh("cd '%s/tests/data/checkout' && CGO_ENABLED=0 GOFLAGS=-buildvcs=false "
                   "GOTOOLCHAIN=local GOWORK=off go build %s -o '%s' . >>'%s' 2>&1",
               getenv("LW_SRCDIR"), flags, room_path(name), room_path("build.log")) == 0;
}

static void start_child(const char *path, const char *profile, int in, int out)
{
    dup2(in, 0);
    dup2(out, 1);
    execl(path, path, "127.0.0.1:0", profile, (char *)NULL);
    _exit(127);
}

void room_start(struct program *program, const char *path)
{
    int in[2], out[2];
    char *body, line[16] = "";
    size_t len;
    struct lw_err err;
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    program->pid = fork();
    if (program->pid == 0)
        start_child(path, room_path("profile"), in[0], out[1]);
    close(in[0]);
    close(out[1]);
    program->input = in[1];
    assert_true(read(out[0], line, sizeof line - 1) > 0); /* the profile is written by now */
    close(out[0]);
    program->port = atoi(line);
    snprintf(program->address, sizeof program->address, "127.0.0.1:%d", program->port);
    assert_int_equal(lw_file_read(room_path("profile"), PROFILE_BYTES_MAX, &body, &len, &err), 0);
    struct profile_limits limits = profile_limits_for(PROFILE_BYTES_MAX);
    program->profile = profile_decode(body, len, &limits, &err);
    free(body);
    assert_non_null(program->profile);
    assert_true(program->profile->site_count > 2);
}

void room_stop(struct program *program)
{
    close(program->input);
    waitpid(program->pid, NULL, 0);
    profile_free(&program->profile);
}

/* ---- asking ---- */

void room_copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

/* The index in the profile of the site whose leaf is this function. */
static size_t find_site(const struct profile *profile, const char *function)
{
    size_t i = 0;
    while (i < profile->site_count && strcmp(profile->sites[i].frames[0]->function, function) != 0)
        i++;
    assert_true(i < profile->site_count);
    return i;
}

static void keep_types(struct room *room, const struct binaries_answer *answer)
{
    const struct profile *profile = room->program.profile;
    room->types = answer->count;
    for (size_t i = 0; i < answer->count; i++)
        room->resolved += answer->types[i].resolved;
    const struct binaries_type *entry = &answer->types[find_site(profile, "main.newEntry")];
    assert_int_equal(entry->site_id, profile->sites[find_site(profile, "main.newEntry")].id);
    room->entry_kind = entry->kind;
    room_copy(room->entry_type, sizeof room->entry_type, entry->type);
    room_copy(room->entry_module, sizeof room->entry_module, entry->module);
    room_copy(room->block_type, sizeof room->block_type,
        answer->types[find_site(profile, "main.newBlock")].type);
}

static void answered(void *ctx, const struct binaries_answer *answer)
{
    struct room *room = ctx;
    room->answers++;
    room->err = answer->err;
    room->disproved = answer->disproved;
    room->resolved = room->types = 0;
    room_copy(room->refused, sizeof room->refused, answer->refused);
    if (answer->err.code == LW_OK) {
        room->source = answer->source;
        room_copy(room->path, sizeof room->path, answer->path);
        room_copy(room->id, sizeof room->id, answer->binary_id);
        room_copy(room->main, sizeof room->main, answer->build.main);
        room_copy(room->go_version, sizeof room->go_version, answer->build.go_version);
        keep_types(room, answer);
    }
    loop_stop(room->loop);
}

int room_ask_about(struct room *room, const char *address, uint64_t process, const char *build_id,
    struct lw_err *err)
{
    const struct profile *profile = room->program.profile;
    struct binaries_site *sites = lw_new(profile->site_count, sizeof *sites);
    for (size_t i = 0; i < profile->site_count; i++) {
        const struct profile_site *site = &profile->sites[i];
        sites[i] = (struct binaries_site){site->id, site->addresses, site->address_count,
            site->frames[0]->function, site->frames[0]->line};
    }
    const struct profile_mapping *mapping = &profile->mappings[0];
    struct binaries_request request = {
        .target_id = 7,
        .address = address,
        .job = &room->config->scrape_configs[0],
        .process = process,
        .mapping = {mapping->start, mapping->limit, mapping->offset, mapping->file,
            build_id ? build_id : mapping->build_id},
        .believed = room->believed ? room->believed : "",
        .sites = sites,
        .site_count = profile->site_count,
    };
    int rc = binaries_ask(room->binaries, &request, err);
    free(sites);
    return rc;
}

void room_ask(struct room *room, const char *address)
{
    struct lw_err err;
    int before = room->answers;
    if (room_ask_about(room, address, 0, room->build_id, &err) < 0)
        fail_msg("not taken: %s", err.msg);
    assert_int_equal(room->answers, before); /* never within the call */
    while (room->answers == before)
        loop_run(room->loop);
}

void room_assert_found(const struct room *room, enum binaries_source source)
{
    if (room->err.code != LW_OK)
        fail_msg("not found: %s", room->err.msg);
    assert_int_equal(room->source, source);
    assert_string_equal(room->main, "example.com/checkout");
    assert_memory_equal(room->go_version, "go1.", 4);
    assert_int_equal(room->types, room->program.profile->site_count);
    assert_string_equal(room->entry_type, "main.Entry");
    assert_int_equal(room->entry_kind, GOTYPES_OBJECT);
    assert_string_equal(room->entry_module, "example.com/checkout");
    assert_string_equal(room->block_type, "[]uint8");
}

void room_assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in: %s", part, text);
}

void room_assert_refused(const struct room *room, enum lw_code code, const char *why)
{
    assert_int_equal(room->err.code, code);
    room_assert_has(room->err.msg, why);
    assert_int_equal(room->types, 0);
}

/* ---- a room of one's own for each test ---- */

static struct room *room_new(struct loop *loop)
{
    struct room *room = LW_NEW(struct room);
    assert_int_equal(room_sh("rm -rf '%s' '%s' && mkdir '%s' '%s'", room_path("storage"),
                         room_path("builds"), room_path("storage"), room_path("builds")),
        0);
    room->loop = loop;
    return room;
}

int room_set_up(void **state)
{
    *state = room_new(loop_new_virtual((struct lw_wall){LW_NS_PER_S}));
    return 0;
}

int room_set_up_real(void **state)
{
    struct lw_err err;
    *state = room_new(loop_new(1, 16, &err));
    return 0;
}

int room_tear_down(void **state)
{
    struct room *room = *state;
    binaries_free(&room->binaries);
    loop_free(&room->loop);
    config_unref(&room->config);
    if (room->program.pid)
        room_stop(&room->program);
    free(room);
    return 0;
}

void room_watch(struct room *room, const char *program, const char *binary, const char *options)
{
    char yaml[2048];
    struct lw_err err;
    snprintf(yaml, sizeof yaml, "binaries: {%s}\nscrape_configs: [{job_name: a%s%s}]", options,
        binary ? ", binary: " : "", binary ? binary : "");
    room->config = config_parse(yaml, strlen(yaml), room_path("leakwatchd.yml"), &err);
    if (!room->config)
        fail_msg("%s", err.msg);
    if (program)
        room_start(&room->program, program);
    room->binaries =
        binaries_new(room->loop, room->config, room_path("storage"), answered, room, &err);
    assert_non_null(room->binaries);
}

/* ---- the directory of a run ---- */

int room_build_programs(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    if (room_sh("command -v go >/dev/null 2>&1") != 0)
        return 0;
    room_have_go = build("app", "-ldflags=-B=0x" ID) &&
                   build("stripped", "'-ldflags=-s -w -B=0x" ID "'") &&
                   build("changed", "-tags changed -ldflags=-B=0x" LATER);
    /* Since 1.24 there is a build id unless one says none; before, saying so is an error. */
    bool plain = build("plain", "-ldflags=-B=none") || build("plain", "");
    bool plain_changed = build("plainchanged", "-tags changed -ldflags=-B=none") ||
                         build("plainchanged", "-tags changed");
    (void)build("pie", "-buildmode=pie -ldflags=-B=0x" ID);
    if (!room_have_go || !plain || !plain_changed) {
        room_sh("cat '%s' >&2", room_path("build.log"));
        return -1;
    }
    return 0;
}

int room_remove_programs(void **state)
{
    (void)state;
    return room_sh("rm -rf '%s'", dir);
}
