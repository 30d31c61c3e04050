/* Incidents while steps fail and while the process is killed: what was answered as written is there
 * and verifies; everything else is as if it had never been. */
#include "evidence_room.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "evidence/durable.h"

#define STEPS_MAX 200 /* far more than the scenario has */
#define KILLS     200
#define TOLD_MAX  512 /* incidents of one process, which lives for milliseconds */

/* ---- the scenario: every way to write, once ---- */

enum { WROTE, ADDED, ACKNOWLEDGED, KEPT, STAGE_COUNT };

struct progress {
    bool done[STAGE_COUNT];
};

static bool acknowledge(struct room *room, uint64_t id)
{
    struct lw_err err;
    struct evidence_incident *changed;
    struct evidence_change change = {
        .kind = EVIDENCE_ACKNOWLEDGE, .at = {ROOM_START + 99 * LW_NS_PER_S}, .by = "ada"};
    bool ok = evidence_incident_change(room->evidence, id, &change, &changed, &err) == 0;
    evidence_incident_free(&changed);
    return ok;
}

static bool add_report(struct room *room, uint64_t id)
{
    struct lw_err err;
    struct evidence_incident *changed;
    struct evidence_file report = {.name = "report.md"};
    bool ok = evidence_incident_add(room->evidence, id, &report, "# again", 7, &changed, &err) == 0;
    evidence_incident_free(&changed);
    return ok;
}

static bool keep_baseline(struct room *room)
{
    struct lw_err err;
    char bytes[] = "profile";
    struct evidence_baseline baseline = {.taken = {ROOM_START}, .bytes = bytes, .len = 7};
    return evidence_baseline_put(room->evidence, ROOM_TARGET, &baseline, &err) == 0;
}

/* Tells each stage that was answered as written through `told`. */
static void play(struct room *room, int second, void (*told)(void *ctx, int stage), void *ctx)
{
    struct lw_err err;
    struct evidence_incident *incident = room_incident(second);
    uint64_t id = incident->id;
    bool wrote = room_write(room->evidence, incident, 3000, &err) == 0;
    assert_int_equal(incident->file_count, wrote ? 4 : 0);
    evidence_incident_free(&incident);
    if (wrote)
        told(ctx, WROTE);
    if (wrote && acknowledge(room, id))
        told(ctx, ACKNOWLEDGED);
    if (wrote && add_report(room, id))
        told(ctx, ADDED);
    if (keep_baseline(room))
        told(ctx, KEPT);
}

static void note(void *ctx, int stage)
{
    ((struct progress *)ctx)->done[stage] = true;
}

/* What a start after it must find; `exactly`: and nothing that was not answered as written. */
static void check(struct room *room, int second, const struct progress *progress, bool exactly)
{
    struct evidence_incident *like = room_incident(second);
    const struct evidence_incident *found = evidence_catalogue_find(room->catalogue, like->id);
    if (progress->done[WROTE])
        assert_non_null(found);
    else if (exactly)
        assert_null(found);
    if (progress->done[ADDED])
        room_assert_file(room, like->id, "report.md", "# again");
    if (progress->done[ACKNOWLEDGED])
        assert_string_equal(found->acknowledged_by, "ada");
    struct evidence_baseline before;
    struct lw_err err;
    struct lw_wall end = {INT64_MAX};
    int rc = evidence_baseline_before(room->evidence, ROOM_TARGET, end, &before, &err);
    if (progress->done[KEPT])
        assert_int_equal(rc, 0);
    if (rc == 0)
        assert_int_equal(before.len, 7);
    evidence_baseline_fini(&before);
    if (found && evidence_verify(room->evidence, like->id, &err) < 0)
        fail_msg("%s", err.msg);
    evidence_incident_free(&like);
}

/* ---- each step fails once ---- */

static int steps;
static int bad_step;

static int fail_at_bad_step(const char *step, const char *name)
{
    (void)step, (void)name;
    return steps++ == bad_step ? ENOSPC : 0;
}

static void test_any_step_may_fail(void **state)
{
    (void)state;
    int last = 0;
    for (bad_step = 0; bad_step < STEPS_MAX; bad_step++) {
        struct room room;
        struct progress progress = {0};
        room_init(&room);
        steps = 0;
        durable_fault = fail_at_bad_step;
        play(&room, 0, note, &progress);
        durable_fault = NULL;
        room_close(&room);
        room_open(&room);
        check(&room, 0, &progress, true);
        room_assert_whole(&room);
        room_fini(&room);
        last = steps;
        if (steps <= bad_step)
            break; /* all of it went through */
    }
    assert_in_range(bad_step, 20, STEPS_MAX - 1);
    assert_int_equal(last, bad_step);
}

/* ---- each step is the last one of a process ---- */

static int told_fd;

static void tell(void *ctx, int stage)
{
    (void)ctx;
    char byte = (char)stage;
    if (write(told_fd, &byte, 1) != 1)
        _exit(1);
}

static int die_at_bad_step(const char *step, const char *name)
{
    (void)step, (void)name;
    if (steps++ == bad_step)
        kill(getpid(), SIGKILL);
    return 0;
}

/* Plays the scenario in a process that dies at bad_step, and reads what it told. Whether it died.
 */
static bool play_and_die(struct room *room, int second, struct progress *progress)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        told_fd = ends[1];
        room_open(room);
        steps = 0;
        durable_fault = die_at_bad_step;
        play(room, second, tell, NULL);
        _exit(0);
    }
    close(ends[1]);
    char stage;
    while (read(ends[0], &stage, 1) == 1)
        progress->done[(int)stage] = true;
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status);
}

static void test_any_step_may_be_the_last(void **state)
{
    (void)state;
    struct room room;
    bool died = true;
    room_init(&room);
    for (bad_step = 0; died && bad_step < STEPS_MAX; bad_step++) {
        struct progress progress = {0};
        room_close(&room);
        died = play_and_die(&room, bad_step, &progress);
        room_open(&room);
        check(&room, bad_step, &progress, false);
        room_assert_whole(&room);
    }
    assert_false(died);
    assert_true(bad_step > 20);
    room_fini(&room);
}

/* ---- killed at random ---- */

/* Writes and acknowledges until somebody ends it. */
static void play_on(struct room *room, int first)
{
    room_open(room);
    durable_fault = NULL;
    for (int second = first;; second++) {
        play(room, second, tell, NULL);
        tell(NULL, STAGE_COUNT); /* on to the next */
    }
}

/* Kills the child at an arbitrary point, every other time one after it wrote something, and reads
 * what it told. */
static size_t kill_somewhere(pid_t child, int fd, bool has_written, struct progress *list)
{
    struct timespec life = {.tv_nsec = random() % 4000000};
    struct pollfd told = {.fd = fd, .events = POLLIN};
    size_t count = 1;
    char stage;
    if (has_written)
        assert_int_equal(poll(&told, 1, -1), 1);
    nanosleep(&life, NULL); /* to be anywhere, not to wait for something */
    kill(child, SIGKILL);
    while (count < TOLD_MAX && read(fd, &stage, 1) == 1) {
        if (stage == STAGE_COUNT)
            count++;
        else
            list[count - 1].done[(int)stage] = true;
    }
    return count;
}

static void test_a_kill_at_any_moment_loses_nothing(void **state)
{
    (void)state;
    struct room room;
    int second = 0, acknowledged = 0;
    room_init(&room);
    srandom(20261121);
    for (int i = 0; i < KILLS; i++) {
        struct progress list[TOLD_MAX] = {0};
        int ends[2], status;
        assert_int_equal(pipe(ends), 0);
        room_close(&room);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            told_fd = ends[1];
            play_on(&room, second);
        }
        close(ends[1]);
        size_t count = kill_somewhere(child, ends[0], i % 2, list);
        close(ends[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        room_open(&room);
        assert_int_equal(room.damaged, 0);
        for (size_t k = 0; k < count; k++, second++) {
            check(&room, second, &list[k], false);
            acknowledged += list[k].done[ACKNOWLEDGED];
        }
    }
    print_message(
        "%d incidents, %d acknowledged, in %d killed processes\n", second, acknowledged, KILLS);
    assert_true(acknowledged > 0);
    room_assert_whole(&room);
    room_fini(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_step_may_fail),
        cmocka_unit_test(test_any_step_may_be_the_last),
        cmocka_unit_test(test_a_kill_at_any_moment_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
