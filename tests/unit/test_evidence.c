#include "evidence_room.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "evidence/manifest.h"

static char *path_of(const struct room *room, uint64_t id, const char *name)
{
    static char path[256];
    char text[LW_ID_TEXT_BYTES];
    snprintf(path, sizeof path, "%s/incidents/%s/%s", room->path, lw_id_text(id, text), name);
    return path;
}

static void overwrite(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void test_an_incident_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    struct room room;
    room_init(&room);
    uint64_t id = room_put(&room, 0, 1000);
    room_close(&room);
    room_open(&room);
    room_assert_whole(&room);
    assert_int_equal(evidence_catalogue_count(room.catalogue), 1);
    const struct evidence_incident *read = evidence_catalogue_find(room.catalogue, id);
    assert_non_null(read);
    assert_int_equal(read->opened.ns, ROOM_START);
    assert_int_equal(read->state, EVIDENCE_READY);
    assert_string_equal(read->job, "checkout");
    assert_null(read->site);
    assert_true(read->rate > 349 && read->rate < 350);
    assert_true(isnan(read->rate_hi));
    assert_int_equal(read->bytes, 2007);
    assert_int_equal(read->file_count, 4);
    const struct evidence_file *cpu = evidence_incident_file(read, "cpu.pb.gz");
    assert_int_equal(cpu->state, EVIDENCE_FILE_REFUSED);
    assert_string_equal(cpu->why, "target is slow");
    room_assert_file(&room, id, "report.md", "# first");
    room_fini(&room);
}

/* FIPS 180-4's first example, so that the digest is one that sha256sum finds too. */
static void test_what_is_larger_than_wanted_is_not_read(void **state)
{
    (void)state;
    struct room room;
    struct lw_err err;
    char *bytes;
    size_t len;
    room_init(&room);
    struct evidence_wanted wanted = {room_put(&room, 0, 10), "heap.pb.gz", 9};
    assert_int_equal(evidence_file_read(room.evidence, &wanted, &bytes, &len, &err), -1);
    assert_int_equal(err.code, LW_TOO_LARGE);
    assert_non_null(strstr(err.msg, "heap.pb.gz: it has 10 bytes, more than the 9"));
    assert_null(bytes);
    room_fini(&room);
}

static void test_checksums_are_those_of_sha256(void **state)
{
    (void)state;
    struct room room;
    struct lw_err err;
    room_init(&room);
    struct evidence_incident *incident = room_incident(0);
    struct evidence_draft *draft = evidence_draft_new(room.evidence, incident->id, &err);
    struct evidence_file file = {.name = "cmdline"};
    assert_int_equal(evidence_draft_add(draft, &file, "abc", 3, &err), 0);
    assert_int_equal(evidence_draft_finish(&draft, incident, &err), 0);
    assert_string_equal(incident->files[0].sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    evidence_incident_free(&incident);
    room_fini(&room);
}

static void test_bad_files_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "..", ".hidden", "a/b", "manifest.json", "Heap",
        "report.md~2", "0123456789012345678901234567890123456789012345678"};
    struct room room;
    struct lw_err err;
    room_init(&room);
    struct evidence_incident *incident = room_incident(0);
    struct evidence_draft *draft = evidence_draft_new(room.evidence, incident->id, &err);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(evidence_name_is_valid(bad[i]));
    for (int i = 0; i < EVIDENCE_FILES_MAX; i++) {
        struct evidence_file file = {0};
        snprintf(file.name, sizeof file.name, "f%d", i);
        assert_int_equal(evidence_draft_add(draft, &file, "", 0, &err), 0);
        assert_int_equal(evidence_draft_add(draft, &file, "", 0, &err), -1);
        assert_int_equal(err.code, LW_INVALID);
    }
    struct evidence_file more = {.name = "more"};
    assert_int_equal(evidence_draft_add(draft, &more, "", 0, &err), -1);
    assert_int_equal(err.code, LW_INVALID);
    evidence_draft_free(&draft);
    evidence_incident_free(&incident);
    room_assert_whole(&room);
    room_fini(&room);
}

static void test_a_report_is_written_anew_and_files_are_added(void **state)
{
    (void)state;
    struct room room;
    struct lw_err err;
    room_init(&room);
    uint64_t id = room_put(&room, 0, 100);
    struct evidence_incident *changed;
    struct evidence_file report = {.name = "report.md"};
    struct evidence_file last = {.name = "last.pb.gz"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            evidence_incident_add(room.evidence, id, &report, "# again", 7, &changed, &err), 0);
        evidence_catalogue_put(room.catalogue, &changed);
    }
    assert_int_equal(evidence_incident_add(room.evidence, id, &last, "last", 4, &changed, &err), 0);
    assert_int_equal(changed->revision, 5);
    assert_int_equal(changed->bytes, 211);
    evidence_catalogue_put(room.catalogue, &changed);
    room_assert_file(&room, id, "report.md", "# again");
    room_close(&room);
    room_open(&room);
    room_assert_whole(&room);
    room_assert_file(&room, id, "report.md", "# again");
    room_assert_file(&room, id, "last.pb.gz", "last");
    assert_int_equal(room_count(&room, "incidents", "report.md"), 1); /* the old ones are gone */
    room_fini(&room);
}

static void test_what_people_say_outlives_a_restart(void **state)
{
    (void)state;
    struct room room;
    struct lw_err err;
    struct evidence_incident *changed;
    room_init(&room);
    uint64_t id = room_put(&room, 0, 10);
    struct lw_wall later = {ROOM_START + 3600 * LW_NS_PER_S};
    const struct evidence_change changes[] = {
        {.kind = EVIDENCE_ACKNOWLEDGE, .at = later, .by = "ada \xff", .text = "known"},
        {.kind = EVIDENCE_MUTE, .until = later, .text = "fix is on its way"},
        {.kind = EVIDENCE_PIN},
    };
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            evidence_incident_change(room.evidence, id, &changes[i], &changed, &err), 0);
        evidence_incident_free(&changed);
    }
    room_close(&room);
    room_open(&room);
    const struct evidence_incident *read = evidence_catalogue_find(room.catalogue, id);
    assert_int_equal(read->acknowledged.ns, later.ns);
    assert_string_equal(read->acknowledged_by, "ada \xef\xbf\xbd");
    assert_string_equal(read->acknowledged_note, "known");
    assert_string_equal(read->mute_reason, "fix is on its way");
    assert_true(read->pinned);
    struct lw_wall before = {later.ns - 1};
    assert_true(evidence_catalogue_is_muted(room.catalogue, read, before));
    assert_false(evidence_catalogue_is_muted(room.catalogue, read, later));
    assert_int_equal(
        evidence_incident_change(room.evidence, id + 1, &changes[0], &changed, &err), -1);
    assert_int_equal(err.code, LW_NOT_FOUND);
    room_fini(&room);
}

static void test_damage_is_found(void **state)
{
    (void)state;
    struct room room;
    struct lw_err err;
    room_init(&room);
    uint64_t same_size = room_put(&room, 0, 4);
    uint64_t other_size = room_put(&room, 1, 4);
    uint64_t no_manifest = room_put(&room, 2, 4);
    uint64_t missing = room_put(&room, 3, 4);
    overwrite(path_of(&room, same_size, "heap.pb.gz"), "xxxy");
    overwrite(path_of(&room, other_size, "heap.pb.gz"), "xxxxx");
    overwrite(path_of(&room, no_manifest, "manifest.json"), "{\"version\": 1");
    assert_int_equal(unlink(path_of(&room, missing, "trace.out")), 0);
    assert_int_equal(evidence_verify(room.evidence, same_size, &err), -1);
    assert_int_equal(err.code, LW_CORRUPT);
    assert_non_null(strstr(err.msg, "heap.pb.gz has SHA-256"));
    assert_int_equal(evidence_verify(room.evidence, other_size, &err), -1);
    assert_int_equal(evidence_verify(room.evidence, missing, &err), -1);
    room_close(&room);
    room_open(&room);
    assert_int_equal(room.damaged, 3);
    assert_int_equal(evidence_catalogue_count(room.catalogue), 1);
    assert_int_equal(room_count(&room, "incidents", ".damaged-"), 3);
    room_fini(&room);
}

static void test_the_index_is_a_copy(void **state)
{
    (void)state;
    struct room room;
    char path[128];
    room_init(&room);
    uint64_t id = room_put(&room, 0, 4);
    snprintf(path, sizeof path, "%s/incidents.db", room.path);
    static const char *const damages[] = {"", "not a database at all, but longer than a header is"};
    for (int i = 0; i < 3; i++) {
        room_close(&room);
        if (i < 2)
            overwrite(path, damages[i]);
        else
            assert_int_equal(unlink(path), 0);
        room_open(&room);
        assert_non_null(evidence_catalogue_find(room.catalogue, id));
        room_assert_whole(&room);
    }
    room_fini(&room);
}

static int rows_of(const struct room *room)
{
    char path[128];
    sqlite3 *db;
    sqlite3_stmt *count;
    snprintf(path, sizeof path, "%s/incidents.db", room->path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT count(*) FROM incident", -1, &count, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    int rows = sqlite3_column_int(count, 0);
    sqlite3_finalize(count);
    sqlite3_close(db);
    return rows;
}

static void test_a_start_purges_rows_of_what_is_gone(void **state)
{
    (void)state;
    struct room room;
    struct lw_err err;
    char from[256], to[256];
    room_init(&room);
    uint64_t gone[] = {room_put(&room, 0, 4), room_put(&room, 2, 4)}, kept = room_put(&room, 1, 4);
    assert_int_equal(rows_of(&room), 3);
    room_close(&room);
    for (int i = 0; i < 2; i++) { /* by hand, or by a kill in the midst of a removal */
        snprintf(from, sizeof from, "%s", path_of(&room, gone[i], ""));
        snprintf(to, sizeof to, "%s/incidents/.gone-%d", room.path, i);
        assert_int_equal(rename(from, to), 0);
    }
    room_open(&room);
    assert_int_equal(evidence_catalogue_count(room.catalogue), 1);
    assert_int_equal(rows_of(&room), 1);
    assert_int_equal(evidence_verify(room.evidence, kept, &err), 0);
    room_fini(&room);
}

/* A limit on the size of files stands for a full disk: the write fails in the same way. */
static void test_a_full_disk_is_an_outcome(void **state)
{
    (void)state;
    struct room room;
    struct lw_err err;
    struct rlimit old, full;
    room_init(&room);
    uint64_t id = room_put(&room, 0, 10);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    full = (struct rlimit){.rlim_cur = 1000, .rlim_max = old.rlim_max};
    struct evidence_incident *incident = room_incident(1), *changed;
    struct evidence_file report = {.name = "report.md"};
    char large[5000] = {0};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    int written = room_write(room.evidence, incident, sizeof large, &err);
    int code = err.code;
    int added =
        evidence_incident_add(room.evidence, id, &report, large, sizeof large, &changed, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(written, -1);
    assert_int_equal(code, LW_IO);
    assert_int_equal(added, -1);
    assert_int_equal(err.code, LW_IO);
    room_assert_whole(&room);
    room_assert_file(&room, id, "report.md", "# first");
    assert_int_equal(room_count(&room, "incidents", "report.md"), 1);
    assert_int_equal(room_write(room.evidence, incident, sizeof large, &err), 0);
    evidence_incident_free(&incident);
    room_fini(&room);
}

/* A file that cannot be written is told in the manifest of what could. */
static void test_a_draft_goes_on_without_a_file(void **state)
{
    (void)state;
    struct room room;
    struct lw_err err;
    struct rlimit old, full;
    room_init(&room);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    full = (struct rlimit){.rlim_cur = 4000, .rlim_max = old.rlim_max};
    struct evidence_incident *incident = room_incident(0);
    struct evidence_draft *draft = evidence_draft_new(room.evidence, incident->id, &err);
    struct evidence_file heap = {.name = "heap.pb.gz"}, trace = {.name = "trace.out"};
    char large[5000] = {0};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    int heap_rc = evidence_draft_add(draft, &heap, "heap", 4, &err);
    int trace_rc = evidence_draft_add(draft, &trace, large, sizeof large, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(heap_rc, 0);
    assert_int_equal(trace_rc, -1);
    assert_int_equal(evidence_draft_finish(&draft, incident, &err), 0);
    assert_int_equal(evidence_incident_file(incident, "trace.out")->state, EVIDENCE_FILE_FAILED);
    assert_non_null(strstr(evidence_incident_file(incident, "trace.out")->why, "File too large"));
    assert_int_equal(evidence_verify(room.evidence, incident->id, &err), 0);
    evidence_incident_free(&incident);
    room_fini(&room);
}

static void test_the_catalogue_sorts_by_time_and_keeps_the_newer_revision(void **state)
{
    (void)state;
    struct evidence_catalogue *catalogue = evidence_catalogue_new();
    static const int seconds[] = {5, 1, 9, 3, 7};
    for (int i = 0; i < 5; i++) {
        struct evidence_incident *incident = room_incident(seconds[i]);
        incident->revision = 2;
        incident->bytes = 10;
        evidence_catalogue_put(catalogue, &incident);
        assert_null(incident);
    }
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(evidence_catalogue_at(catalogue, i)->opened.ns,
            ROOM_START + (9 - 2 * (int64_t)i) * LW_NS_PER_S);
    struct evidence_incident *old = room_incident(5);
    uint64_t id = old->id;
    old->revision = 1;
    old->bytes = 99;
    evidence_catalogue_put(catalogue, &old);
    assert_int_equal(evidence_catalogue_find(catalogue, id)->revision, 2);
    assert_int_equal(evidence_catalogue_bytes(catalogue), 50);
    evidence_catalogue_remove(catalogue, id);
    evidence_catalogue_remove(catalogue, id);
    assert_null(evidence_catalogue_find(catalogue, id));
    assert_int_equal(evidence_catalogue_bytes(catalogue), 40);
    assert_int_equal(
        evidence_catalogue_newest(catalogue, ROOM_TARGET)->opened.ns, ROOM_START + 9 * LW_NS_PER_S);
    assert_null(evidence_catalogue_newest(catalogue, 1));
    evidence_catalogue_free(&catalogue);
}

static void test_mutes_go_by_job_and_leak(void **state)
{
    (void)state;
    struct evidence_catalogue *catalogue = evidence_catalogue_new();
    struct evidence_incident *muted = room_incident(0);
    muted->muted_until = (struct lw_wall){ROOM_START + 100};
    evidence_catalogue_put(catalogue, &muted);
    struct lw_wall now = {ROOM_START};
    struct evidence_incident *like = room_incident(1);
    like->target_id = 99; /* another replica */
    assert_true(evidence_catalogue_is_muted(catalogue, like, now));
    like->subject = 8;
    assert_false(evidence_catalogue_is_muted(catalogue, like, now));
    like->subject = 7;
    strcpy(like->job, "other");
    assert_false(evidence_catalogue_is_muted(catalogue, like, now));
    like->subject = 0;
    assert_false(evidence_catalogue_is_muted(catalogue, like, now));
    evidence_incident_free(&like);
    evidence_catalogue_free(&catalogue);
}

static void test_hostile_manifests_are_errors(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "[]", "{}", "{\"version\":2}", "{\"version\":\"1\"}",
        "{\"version\":1,\"id\":\"0000000000000001\",\"target\":\"0000000000000001\","
        "\"subject\":\"0000000000000000\",\"state\":\"ready\",\"trigger\":\"api\",\"files\":"
        "[{\"name\":\"../../etc/passwd\",\"state\":\"refused\"}]}",
        "{\"version\":1,\"id\":\"0000000000000001\",\"target\":\"0000000000000001\","
        "\"subject\":\"0000000000000000\",\"state\":\"ready\",\"trigger\":\"api\",\"files\":"
        "[{\"name\":\"a\",\"state\":\"ok\"}]}",
        "{\"version\":1,\"id\":\"0000000000000001\",\"target\":\"0000000000000001\","
        "\"subject\":\"0000000000000000\",\"state\":\"collecting\",\"trigger\":\"api\",\"files\":[]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct evidence_incident *incident;
        struct lw_err err;
        assert_int_equal(manifest_parse(bad[i], strlen(bad[i]), &incident, &err), -1);
        assert_null(incident);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_incident_is_read_back_as_it_was_written),
        cmocka_unit_test(test_what_is_larger_than_wanted_is_not_read),
        cmocka_unit_test(test_checksums_are_those_of_sha256),
        cmocka_unit_test(test_bad_files_are_refused),
        cmocka_unit_test(test_a_report_is_written_anew_and_files_are_added),
        cmocka_unit_test(test_what_people_say_outlives_a_restart),
        cmocka_unit_test(test_damage_is_found),
        cmocka_unit_test(test_the_index_is_a_copy),
        cmocka_unit_test(test_a_start_purges_rows_of_what_is_gone),
        cmocka_unit_test(test_a_full_disk_is_an_outcome),
        cmocka_unit_test(test_a_draft_goes_on_without_a_file),
        cmocka_unit_test(test_the_catalogue_sorts_by_time_and_keeps_the_newer_revision),
        cmocka_unit_test(test_mutes_go_by_job_and_leak),
        cmocka_unit_test(test_hostile_manifests_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
