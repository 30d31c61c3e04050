/* binaries/: uploads, from the token to the types. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binaries_room.h"

#include "base/file.h"

struct sending {
    struct loop *loop;
    int finished, writable;
    bool stored;
    char build_id[64], main[64];
    uint64_t size_bytes;
    struct lw_err err;
};

static void note_writable(void *ctx)
{
    struct sending *sending = ctx;
    sending->writable++;
    loop_stop(sending->loop);
}

static void note_finished(void *ctx, const struct binaries_stored *stored, const struct lw_err *err)
{
    struct sending *sending = ctx;
    sending->finished++;
    sending->stored = stored != NULL;
    sending->err = *err;
    if (stored) {
        room_copy(sending->build_id, sizeof sending->build_id, stored->build_id);
        room_copy(sending->main, sizeof sending->main, stored->main);
        sending->size_bytes = stored->size_bytes;
    }
    loop_stop(sending->loop);
}

static const struct binaries_receiver receiver = {note_writable, note_finished};

/* Sends up to `len` bytes of a file in pieces of 30 000; NULL and err when one is refused. */
static struct binaries_upload *send_file(
    struct room *room, struct sending *sending, const char *path, size_t len, struct lw_err *err)
{
    char *bytes;
    size_t size;
    *sending = (struct sending){.loop = room->loop};
    assert_int_equal(lw_file_read(path, (size_t)64 << 20, &bytes, &size, err), 0);
    size = size < len ? size : len;
    struct binaries_upload *upload =
        binaries_upload_begin(room->binaries, 0, &receiver, sending, err);
    for (size_t at = 0; upload && at < size; at += 30000) {
        bool full;
        size_t piece = size - at < 30000 ? size - at : 30000;
        int writable = sending->writable;
        if (binaries_upload_write(upload, bytes + at, piece, &full, err) < 0)
            binaries_upload_free(&upload);
        while (upload && full && sending->writable == writable)
            loop_run(room->loop);
    }
    free(bytes);
    return upload;
}

static void send_whole(struct room *room, struct sending *sending, const char *path)
{
    struct lw_err err;
    struct binaries_upload *upload = send_file(room, sending, path, SIZE_MAX, &err);
    if (!upload)
        fail_msg("%s", err.msg);
    assert_int_equal(binaries_upload_finish(upload, &err), 0);
    assert_int_equal(sending->finished, 0);
    while (!sending->finished)
        loop_run(room->loop);
    binaries_upload_free(&upload);
}

/* Files in the folder of the uploads, half-sent ones included. */
static int count_uploads(void)
{
    int count = 0;
    DIR *folder = opendir(room_path("storage/binaries"));
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

static void test_upload(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    struct sending sending;
    room_watch(room, room_path("app"), NULL, "proc: false");
    room_ask(room, NOWHERE);
    assert_int_equal(room->err.code, LW_NOT_FOUND);

    send_whole(room, &sending, room_path("app"));
    if (!sending.stored)
        fail_msg("%s", sending.err.msg);
    assert_string_equal(sending.build_id, ID);
    assert_string_equal(sending.main, "example.com/checkout");
    assert_true(sending.writable > 3);            /* it was held back now and then */
    send_whole(room, &sending, room_path("app")); /* again: takes the place of the first */
    assert_int_equal(count_uploads(), 1);

    loop_run_for(room->loop, LW_NS_PER_S);
    size_t count;
    const struct binaries_file *files = binaries_files(room->binaries, &count);
    assert_int_equal(count, 1);
    assert_int_equal(files[0].source, BINARIES_UPLOAD);
    assert_string_equal(files[0].build_id, ID);
    assert_int_equal(files[0].size_bytes, sending.size_bytes);
    room_ask(room, NOWHERE); /* the failure is forgotten */
    room_assert_found(room, BINARIES_UPLOAD);
}

static void test_upload_without_gnu_id(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    struct sending sending;
    room_watch(room, room_path("plain"), NULL, "proc: false");
    send_whole(room, &sending, room_path("plain"));
    assert_true(sending.stored);
    assert_non_null(strchr(sending.build_id, '/')); /* Go's */
    loop_run_for(room->loop, LW_NS_PER_S);
    size_t count;
    assert_string_equal(binaries_files(room->binaries, &count)[0].build_id, "");
    assert_int_equal(count, 1);
}

static void test_upload_of_no_program(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    struct sending sending;
    struct lw_err err;
    room_watch(room, room_path("app"), NULL, "proc: false");
    room_sh("echo hello >'%s' && head -c 1000000 '%s' >'%s'", room_path("text"), room_path("app"),
        room_path("half"));
    const char *const files[] = {room_path("text"), room_path("half"), "/bin/true"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        send_whole(room, &sending, files[i]);
        assert_false(sending.stored);
        assert_int_equal(sending.err.code, LW_INVALID);
        assert_true(sending.err.msg[0]);
        assert_int_equal(count_uploads(), 0);
    }
    struct binaries_upload *upload = send_file(room, &sending, room_path("text"), 0, &err);
    assert_int_equal(binaries_upload_finish(upload, &err), 0); /* nothing at all */
    while (!sending.finished)
        loop_run(room->loop);
    assert_false(sending.stored);
    binaries_upload_free(&upload);
    assert_int_equal(count_uploads(), 0);
}

static void test_upload_too_large(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    struct sending sending;
    struct lw_err err;
    room_watch(room, room_path("app"), NULL, "proc: false, upload_size_limit: 1MB");
    assert_null(
        binaries_upload_begin(room->binaries, ((uint64_t)1 << 20) + 1, &receiver, &sending, &err));
    assert_int_equal(err.code, LW_TOO_LARGE);
    assert_null(send_file(room, &sending, room_path("app"), SIZE_MAX, &err));
    assert_int_equal(err.code, LW_TOO_LARGE);
    room_assert_has(err.msg, "1048576");
    assert_int_equal(count_uploads(), 0);
}

static void test_upload_broken_off(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    struct sending sending, other;
    struct lw_err err;
    room_watch(room, room_path("app"), NULL, "proc: false");
    struct binaries_upload *upload = send_file(room, &sending, room_path("app"), 1000000, &err);
    struct binaries_upload *second = send_file(room, &other, room_path("app"), 1000, &err);
    assert_null(binaries_upload_begin(room->binaries, 0, &receiver, &sending, &err));
    assert_int_equal(err.code, LW_BUSY);
    size_t count;
    (void)binaries_files(room->binaries, &count);
    assert_int_equal(count, 0);
    assert_int_equal(count_uploads(), 2);
    binaries_upload_free(&upload);
    assert_int_equal(binaries_upload_finish(second, &err), 0);
    binaries_upload_free(&second); /* with a job under way */
    loop_run_for(room->loop, LW_NS_PER_S);
    assert_int_equal(count_uploads(), 0);
    assert_int_equal(sending.finished + other.finished, 0);
}

/* What a daemon that was killed left behind. */
static void test_upload_of_killed_daemon(void **state)
{
    NEEDS_GO;
    struct room *room = *state;
    room_sh("mkdir '%s' && cp '%s' '%s'", room_path("storage/binaries"), room_path("app"),
        room_path("storage/binaries/.incoming-abc123"));
    room_watch(room, room_path("app"), NULL, "proc: false");
    room_ask(room, NOWHERE);
    assert_int_equal(room->err.code, LW_NOT_FOUND);
    assert_int_equal(count_uploads(), 0);
}

static void test_upload_token(void **state)
{
    struct room *room = *state;
    struct lw_err err;
    room_watch(room, NULL, NULL, "");
    assert_int_equal(binaries_upload_authorize(room->binaries, "Bearer x", &err), -1);
    assert_int_equal(err.code, LW_FORBIDDEN);
    binaries_free(&room->binaries);
    config_unref(&room->config);

    room_watch(room, NULL, NULL, "upload_token_file: token");
    room_sh("rm -f '%s'", room_path("token"));
    assert_int_equal(binaries_upload_authorize(room->binaries, "Bearer x", &err), -1);
    assert_int_equal(err.code, LW_IO);
    room_sh("printf '\\n' >'%s'", room_path("token"));
    assert_int_equal(binaries_upload_authorize(room->binaries, "Bearer ", &err), -1);
    assert_int_equal(err.code, LW_FORBIDDEN);
    room_sh("printf 'swordfish\\n' >'%s'", room_path("token")); /* read anew each time */
    static const char *const wrong[] = {"", "Bearer", "Bearer ", "Bearer swordfis",
        "Bearer swordfishh", "Bearer  swordfish", "Basic swordfish", "swordfish",
        "Bearer swordfishswordfish", "Bearer Swordfish"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (binaries_upload_authorize(room->binaries, wrong[i], &err) == 0)
            fail_msg("\"%s\" was taken", wrong[i]);
        assert_int_equal(err.code, LW_UNAUTHORIZED);
    }
    assert_int_equal(binaries_upload_authorize(room->binaries, "Bearer swordfish", &err), 0);
    assert_int_equal(binaries_upload_authorize(room->binaries, "bearer swordfish", &err), 0);
}

#define VIRTUAL(test) cmocka_unit_test_setup_teardown(test, room_set_up, room_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VIRTUAL(test_upload),
        VIRTUAL(test_upload_without_gnu_id),
        VIRTUAL(test_upload_of_no_program),
        VIRTUAL(test_upload_too_large),
        VIRTUAL(test_upload_broken_off),
        VIRTUAL(test_upload_of_killed_daemon),
        VIRTUAL(test_upload_token),
    };
    return cmocka_run_group_tests_name(
        "binaries upload", tests, room_build_programs, room_remove_programs);
}
