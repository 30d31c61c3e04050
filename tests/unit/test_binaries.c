/* binaries/: where a program is found, and that nothing but what runs is used. All but one of the
 * tests are skipped where there is no go command. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "binaries_room.h"

#include "binaries/guard.h"
#include "binaries/image.h"

/* ---- the job's binary ---- */

static void test_config(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_watch(room, room_path("app"), "app", "proc: false");
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_CONFIG);
    assert_true(room->resolved * 10 >= room->types * 9);
    assert_string_equal(room->path, room_path("app"));
    assert_string_equal(room->id, ID);
    assert_string_equal(room->refused, "");
    room_ask(room, NOWHERE); /* from what is remembered */
    room_assert_found(room, BINARIES_CONFIG);
}

static void test_stripped(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_watch(room, room_path("app"), "stripped", "proc: false");
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_CONFIG);
}

static void test_position_independent(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    if (access(room_path("pie"), X_OK) != 0)
        skip(); /* this Go cannot link one here */
    room_watch(room, room_path("pie"), "pie", "proc: false");
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_CONFIG);
}

static void test_other_build_id(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_watch(room, room_path("app"), "changed", "proc: false");
    room_ask(room, NOWHERE);
    room_assert_refused(
        room, LW_INVALID, "is not the one that runs: the profile's build id is " ID);
    room_assert_has(room->err.msg, LATER);
    room_assert_has(room->err.msg, room_path("changed"));
}

/* Without build ids, what lies at the addresses decides. */
static void test_other_build_without_id(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_watch(room, room_path("plain"), "plainchanged", "proc: false");
    assert_string_equal(room->program.profile->mappings[0].build_id, "");
    room_ask(room, NOWHERE);
    room_assert_refused(room, LW_INVALID, "is not the one that runs: profile says ");
    room_assert_has(room->err.msg, " at 0x");
}

static void test_same_build_without_id(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_watch(room, room_path("plain"), "plain", "proc: false");
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_CONFIG);
    assert_int_equal(strlen(room->id), 16); /* a hash of the content */
}

/* Files that are no binary, or that opening would hang on. */
static void test_not_a_binary(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    static const struct {
        const char *name;
        enum lw_code code;
        const char *why;
    } files[] = {
        {"missing", LW_NOT_FOUND, "cannot open"}, {"fifo", LW_INVALID, "is not a regular file"},
        {"builds", LW_INVALID, "is not a regular file"}, {"empty", LW_INVALID, "is empty"},
        {"text", LW_INVALID, "text"}, {"half", LW_OK, ""}, /* any error, but an error */
    };
    room_sh("cd '%s' && rm -f fifo && mkfifo fifo && : >empty && echo hello >text && "
            "head -c 1000000 app >half",
        room_path(""));
    room_start(&room->program, room_path("app"));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        room_watch(room, NULL, files[i].name, "proc: false");
        room_ask(room, NOWHERE);
        assert_int_not_equal(room->err.code, LW_OK);
        if (files[i].code != LW_OK)
            room_assert_refused(room, files[i].code, files[i].why);
        room_assert_has(room->err.msg, room_path(files[i].name));
        binaries_free(&room->binaries);
        config_unref(&room->config);
    }
    room_watch(room, NULL, NULL, "proc: false");
}

/* ---- folders ---- */

#define BUILDS "proc: false, directories: [builds]"

static void test_folders(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    static const char *const places[] = {"builds/checkout-1.8.2", "builds/a/b/checkout",
        "builds/11/11111111111111111111111111111111111111.debug",
        "builds/11/11111111111111111111111111111111111111",
        "builds/.build-id/11/11111111111111111111111111111111111111.debug",
        "builds/.build-id/11/11111111111111111111111111111111111111"};
    room_start(&room->program, room_path("app"));
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *place = room_path(places[i]);
        room_sh("rm -rf '%s' && mkdir -p \"$(dirname '%s')\" && cp '%s' '%s' && cp '%s' '%s' && "
                "echo no binary >'%s'",
            room_path("builds"), place, room_path("app"), place, room_path("changed"),
            room_path("builds/later"), room_path("builds/notes"));
        room_watch(room, NULL, NULL, BUILDS);
        room_ask(room, NOWHERE);
        room_assert_found(room, BINARIES_DIRECTORY);
        assert_string_equal(room->path, room_path(places[i]));
        binaries_free(&room->binaries);
        config_unref(&room->config);
    }
    room_watch(room, NULL, NULL, BUILDS);
}

static void test_list(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_sh("cp '%s' '%s' '%s' && echo no binary >'%s'", room_path("app"), room_path("changed"),
        room_path("builds"), room_path("builds/notes"));
    room_watch(room, NULL, NULL, BUILDS);
    loop_run_for(room->loop, LW_NS_PER_S);
    size_t count;
    const struct binaries_file *files = binaries_files(room->binaries, &count);
    assert_int_equal(count, 2);
    assert_string_equal(files[0].path, room_path("builds/app"));
    assert_string_equal(files[0].build_id, ID);
    assert_string_equal(files[0].main, "example.com/checkout");
    assert_memory_equal(files[0].go_version, "go1.", 4);
    assert_true(files[0].size_bytes > 1000000);
    assert_string_equal(files[1].build_id, LATER);
    room_start(&room->program, room_path("app")); /* for the tear-down */
}

/* A build id from outside is no way out of the folder. */
static void test_hostile_build_id(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    static const char *const ids[] = {
        "../../app", "..//..//..//..//etc/passwd", "11/../../app", "1", "g1", "%s%n", "11 11"};
    room_sh("cp '%s' '%s'", room_path("app"), room_path("builds"));
    room_watch(room, room_path("app"), NULL, BUILDS);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct lw_err err;
        int before = room->answers;
        assert_int_equal(room_ask_about(room, NOWHERE, 0, ids[i], &err), 0);
        while (room->answers == before)
            loop_run(room->loop);
        room_assert_refused(room, LW_NOT_FOUND, "its profile shows no GNU build id");
    }
}

/* ---- what is remembered ---- */

static void test_failure_is_remembered(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    struct lw_err err;
    room_watch(room, room_path("app"), NULL, BUILDS);
    room_ask(room, NOWHERE);
    room_assert_refused(room, LW_NOT_FOUND, "no folder and no upload has build id " ID);
    room_assert_has(room->err.msg, "its job has no `binary`");

    assert_int_equal(room_ask_about(room, NOWHERE, 0, NULL, &err), -1);
    assert_int_equal(err.code, LW_NOT_FOUND);
    assert_string_equal(err.msg, room->err.msg);
    loop_run_for(room->loop, MINUTES(4));
    assert_int_equal(room_ask_about(room, NOWHERE, 0, NULL, &err), -1);
    loop_run_for(room->loop, MINUTES(2));
    room_ask(room, NOWHERE); /* 5 minutes have passed */

    assert_int_equal(room_ask_about(room, NOWHERE, 0, NULL, &err), -1);
    assert_int_equal(room_ask_about(room, NOWHERE, 1, NULL, &err), 0); /* it restarted */
    loop_run_for(room->loop, LW_NS_PER_S);
    assert_int_equal(room_ask_about(room, NOWHERE, 1, NULL, &err), -1);
    assert_int_equal(room_ask_about(room, NOWHERE, 1, LATER, &err), 0); /* another build */
    loop_run_for(room->loop, LW_NS_PER_S);
}

static void test_new_file_is_noticed(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_watch(room, room_path("app"), NULL, BUILDS);
    room_ask(room, NOWHERE);
    assert_int_equal(room->err.code, LW_NOT_FOUND);
    room_sh("cp '%s' '%s'", room_path("app"), room_path("builds"));
    loop_run_for(room->loop, MINUTES(1));
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_DIRECTORY);
    room_sh("rm '%s' && cp '%s' '%s'", room_path("builds/app"), room_path("app"),
        room_path("builds/moved"));
    loop_run_for(room->loop, MINUTES(1));
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_DIRECTORY);
    assert_string_equal(room->path, room_path("builds/moved"));
}

static void test_reload(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    struct lw_err err;
    room_watch(room, room_path("app"), NULL, "proc: false");
    room_ask(room, NOWHERE);
    assert_int_equal(room->err.code, LW_NOT_FOUND);
    static const char yaml[] = "scrape_configs: [{job_name: a, binary: app}]";
    config_unref(&room->config);
    room->config = config_parse(yaml, strlen(yaml), room_path("leakwatchd.yml"), &err);
    binaries_apply(room->binaries, room->config);
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_CONFIG);
}

/* What is refused on the way does not hide what fits. */
static void test_search_goes_on(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_sh("cp '%s' '%s'", room_path("app"), room_path("builds"));
    room_watch(room, room_path("app"), "changed", BUILDS);
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_DIRECTORY);
    room_assert_has(room->refused, "is not the one that runs");
}

static void test_one_request_a_target(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    struct lw_err err;
    room_watch(room, room_path("app"), "app", "proc: false");
    assert_int_equal(room_ask_about(room, NOWHERE, 0, NULL, &err), 0);
    assert_int_equal(room_ask_about(room, NOWHERE, 0, NULL, &err), -1);
    assert_int_equal(err.code, LW_BUSY);
    binaries_free(&room->binaries); /* with one under way: it is not answered */
    assert_int_equal(room->answers, 0);
}

/* ---- processes ---- */

static void test_process(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    char exe[64], address[64];
    room_watch(room, room_path("app"), NULL, "");
    snprintf(exe, sizeof exe, "/proc/%d/exe", (int)room->program.pid);
    room_ask(room, room->program.address);
    room_assert_found(room, BINARIES_PROC);
    assert_string_equal(room->path, exe);
    snprintf(address, sizeof address, "localhost:%d", room->program.port);
    room_ask(room, address);
    room_assert_found(room, BINARIES_PROC);
    assert_string_equal(room->path, exe);
}

/* The file is gone, and another build has its name: what runs is still found. */
static void test_process_of_deleted_file(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_sh("cp '%s' '%s'", room_path("app"), room_path("deployed"));
    room_watch(room, room_path("deployed"), NULL, "");
    room_sh("cp '%s' '%s' && mv '%s' '%s'", room_path("changed"), room_path("new"),
        room_path("new"), room_path("deployed"));
    room_ask(room, room->program.address);
    room_assert_found(room, BINARIES_PROC);
    assert_string_equal(room->id, ID);
    assert_string_equal(room->refused, "");
}

/* Go reads the build id from whatever lies at the program's path: once that is a newer build, the
 * profiles of the process show its id. */
static void test_process_that_shows_the_id_of_a_newer_file(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_watch(room, room_path("app"), NULL, "");
    room->build_id = LATER;
    room_ask(room, room->program.address);
    room_assert_found(room, BINARIES_PROC);
    assert_string_equal(room->id, ID);
}

/* What another build runs at the address is not what the profile is from: the file it names is. */
static void test_process_of_another_build(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    struct program other;
    room_watch(room, room_path("app"), NULL, "");
    room_start(&other, room_path("changed"));
    room_ask(room, other.address);
    room_assert_found(room, BINARIES_PROC);
    assert_string_equal(room->path, room_path("app"));
    room_assert_has(room->refused, "/exe is not the one that runs: profile says ");
    room_stop(&other);
}

/* Elsewhere than in /proc, what told the process' types before is looked for first. */
static void test_what_is_believed_goes_before_the_id(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_sh("cp '%s' '%s' '%s'", room_path("app"), room_path("changed"), room_path("builds"));
    room_watch(room, room_path("app"), NULL, BUILDS);
    room->build_id = LATER;
    room->believed = ID;
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_DIRECTORY);
    assert_string_equal(room->id, ID);
    assert_false(room->disproved);
}

static void test_what_is_believed_can_prove_wrong(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_watch(room, room_path("app"), "changed", "proc: false");
    room->believed = LATER;
    room_ask(room, NOWHERE);
    room_assert_refused(room, LW_INVALID, "is not the one that runs: profile says ");
    assert_true(room->disproved);
}

/* A socket of ours, where the program should listen: the file that its profile names is tried, too,
 * but only if the target is here. */
static void test_other_process(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    struct lw_err err;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    char address[32], pid[32];
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    getsockname(fd, (struct sockaddr *)&at, &len);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(at.sin_port));
    snprintf(pid, sizeof pid, "process %d, which listens", (int)getpid());

    room_sh("cp '%s' '%s'", room_path("app"), room_path("deployed"));
    room_watch(room, room_path("deployed"), NULL, "");
    room_ask(room, address);
    room_assert_found(room, BINARIES_PROC);
    assert_string_equal(room->path, room_path("deployed"));
    room_sh("rm '%s'", room_path("deployed"));
    room_ask(room, address);
    room_assert_refused(room, LW_NOT_FOUND, pid);
    close(fd);
    assert_int_equal(room_ask_about(room, address, 1, NULL, &err), 0);
    loop_run(room->loop);
    room_assert_refused(room, LW_NOT_FOUND, "listens at 127.0.0.1");
    room_ask(room, NOWHERE);
    room_assert_refused(room, LW_NOT_FOUND, "192.0.2.1:6060 is another host");
}

static void test_proc_is_off(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_watch(room, room_path("app"), NULL, "proc: false");
    room_ask(room, room->program.address);
    assert_int_equal(room->err.code, LW_NOT_FOUND);
}

/* ---- debuginfod ---- */

/* A server that is a folder: libdebuginfod takes file:// too. */
static void test_debuginfod(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    char url[600];
    snprintf(url, sizeof url, "file://%s", room_path("mirror"));
    setenv("DEBUGINFOD_URLS", url, 1);
    room_watch(room, room_path("app"), NULL, "proc: false, debuginfod: true");
    room_ask(room, NOWHERE);
    room_assert_refused(room, LW_NOT_FOUND, "debuginfod");
    if (strstr(room->err.msg, "not compiled in"))
        skip();
    room_assert_has(room->err.msg, "debuginfod has no " ID);
    room_sh("mkdir -p '%s' && cp '%s' '%s'", room_path("mirror/buildid/" ID), room_path("app"),
        room_path("mirror/buildid/" ID "/executable"));
    room_sh("rm -rf '%s'", room_path("storage/debuginfod")); /* where it notes what was not there */
    binaries_apply(room->binaries, room->config);
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_DEBUGINFOD);
}

/* ---- files that change while they are read ---- */

struct reading {
    struct loop_job job;
    struct loop *loop;
    struct binaries_image image;
    char before, kept, first_missing, last;
    bool was_whole, is_whole;
};

/* In a worker, whose signals are blocked. */
static void read_shrinking(struct loop_job *job)
{
    struct reading *reading = (struct reading *)job;
    const char *bytes = reading->image.bytes;
    binaries_guard_begin(bytes, reading->image.len);
    reading->before = bytes[99999];
    reading->was_whole = binaries_guard_end();
    int rc = truncate(room_path("shrinking"), 5000);
    binaries_guard_begin(bytes, reading->image.len);
    reading->kept = bytes[4999];
    reading->last = bytes[99999]; /* would be the end of us */
    reading->first_missing = bytes[8192];
    reading->is_whole = binaries_guard_end() || rc < 0;
}

static void done_reading(struct loop_job *job)
{
    loop_stop(((struct reading *)job)->loop);
}

static void test_shrinking_file(void **state)
{
    struct room *room = *state;
    struct lw_err err;
    struct reading reading = {
        .job = {.run = read_shrinking, .done = done_reading}, .loop = room->loop};
    room_sh("head -c 100000 /dev/zero | tr '\\0' 'x' >'%s'", room_path("shrinking"));
    assert_int_equal(binaries_image_open(&reading.image, room_path("shrinking"), &err), 0);
    assert_true(binaries_image_is_intact(&reading.image));
    assert_int_equal(loop_job_submit(room->loop, &reading.job, &err), 0);
    loop_run(room->loop);
    assert_true(reading.was_whole);
    assert_int_equal(reading.before, 'x');
    assert_false(reading.is_whole);
    assert_int_equal(reading.kept, 'x');
    assert_int_equal(reading.first_missing, 0);
    assert_int_equal(reading.last, 0);
    assert_false(binaries_image_is_intact(&reading.image));
    binaries_image_close(&reading.image);
}

/* A build is copied over the one that was indexed. */
static void test_overwritten_file(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_sh("cp '%s' '%s'", room_path("app"), room_path("builds/app"));
    room_watch(room, room_path("app"), NULL, BUILDS);
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_DIRECTORY);
    assert_int_equal(truncate(room_path("builds/app"), 100000), 0);
    room_ask(room, NOWHERE);
    assert_int_not_equal(room->err.code, LW_OK);
    room_sh("cat '%s' >'%s'", room_path("app"), room_path("builds/app"));
    loop_run_for(room->loop, MINUTES(6));
    room_ask(room, NOWHERE);
    room_assert_found(room, BINARIES_DIRECTORY);
}

#define VIRTUAL(test) cmocka_unit_test_setup_teardown(test, room_set_up, room_tear_down)
#define REAL(test)    cmocka_unit_test_setup_teardown(test, room_set_up_real, room_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VIRTUAL(test_config),
        VIRTUAL(test_stripped),
        VIRTUAL(test_position_independent),
        VIRTUAL(test_other_build_id),
        VIRTUAL(test_other_build_without_id),
        VIRTUAL(test_same_build_without_id),
        VIRTUAL(test_not_a_binary),
        VIRTUAL(test_folders),
        VIRTUAL(test_list),
        VIRTUAL(test_hostile_build_id),
        VIRTUAL(test_failure_is_remembered),
        VIRTUAL(test_new_file_is_noticed),
        VIRTUAL(test_reload),
        VIRTUAL(test_search_goes_on),
        VIRTUAL(test_one_request_a_target),
        VIRTUAL(test_what_is_believed_goes_before_the_id),
        VIRTUAL(test_what_is_believed_can_prove_wrong),
        REAL(test_config),
        REAL(test_process),
        REAL(test_process_of_deleted_file),
        REAL(test_process_that_shows_the_id_of_a_newer_file),
        REAL(test_process_of_another_build),
        REAL(test_other_process),
        REAL(test_proc_is_off),
        REAL(test_debuginfod),
        REAL(test_shrinking_file),
        VIRTUAL(test_overwritten_file),
    };
    return cmocka_run_group_tests_name(
        "binaries", tests, room_build_programs, room_remove_programs);
}
