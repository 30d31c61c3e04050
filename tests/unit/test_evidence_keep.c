/* What is kept of what was seen: rolling baselines, and retention by value. */
#include "evidence_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_NS (3600 * LW_NS_PER_S)
#define DAY_NS  (24 * HOUR_NS)

/* ---- baselines ---- */

static void put_baseline(struct room *room, uint64_t target, int64_t at_ns)
{
    struct lw_err err;
    char bytes[32];
    snprintf(bytes, sizeof bytes, "%lld", (long long)at_ns);
    struct evidence_baseline baseline = {
        .taken = {ROOM_START + at_ns}, .bytes = bytes, .len = strlen(bytes)};
    if (evidence_baseline_put(room->evidence, target, &baseline, &err) < 0)
        fail_msg("%s", err.msg);
}

/* How long before `t` the newest one before it was taken; -1: there is none. */
static int64_t age_before(struct room *room, int64_t t_ns)
{
    struct evidence_baseline found;
    struct lw_err err;
    struct lw_wall t = {ROOM_START + t_ns};
    if (evidence_baseline_before(room->evidence, ROOM_TARGET, t, &found, &err) < 0) {
        assert_int_equal(err.code, LW_NOT_FOUND);
        return -1;
    }
    char expected[32];
    snprintf(expected, sizeof expected, "%lld", (long long)(found.taken.ns - ROOM_START));
    assert_string_equal(found.bytes, expected);
    int64_t age_ns = t.ns - found.taken.ns;
    evidence_baseline_fini(&found);
    return age_ns;
}

static void test_there_is_always_a_baseline_of_every_age(void **state)
{
    (void)state;
    static const struct {
        int64_t asked_ns, not_older_ns;
    } ages[] = {{HOUR_NS, 6 * HOUR_NS}, {6 * HOUR_NS, DAY_NS}, {DAY_NS, 3 * DAY_NS},
        {3 * DAY_NS, 7 * DAY_NS}};
    struct room room;
    room_init(&room);
    assert_int_equal(age_before(&room, 0), -1);
    for (int64_t now = 0; now <= 15 * DAY_NS; now += HOUR_NS / 2) {
        put_baseline(&room, ROOM_TARGET, now);
        assert_int_equal(age_before(&room, now + 1), 1);
        for (size_t i = 0; i < 4; i++) {
            if (now < ages[i].not_older_ns)
                continue;
            int64_t age_ns = age_before(&room, now - ages[i].asked_ns + 1);
            assert_true(age_ns >= 0);
            assert_true(age_ns + ages[i].asked_ns <= ages[i].not_older_ns + HOUR_NS);
        }
        assert_true(room_count(&room, "baselines", ".pb.gz") <= EVIDENCE_BASELINES_MAX);
    }
    room_fini(&room);
}

static void test_the_oldest_since_a_time(void **state)
{
    (void)state;
    struct room room;
    struct lw_err err;
    struct evidence_baseline found;
    struct lw_wall begin = {ROOM_START};
    room_init(&room);
    assert_int_equal(evidence_baseline_since(room.evidence, ROOM_TARGET, begin, &found, &err), -1);
    assert_int_equal(err.code, LW_NOT_FOUND);
    put_baseline(&room, ROOM_TARGET, 0);
    assert_int_equal(evidence_baseline_keep_last(room.evidence, ROOM_TARGET, &err), 0);
    put_baseline(&room, ROOM_TARGET, HOUR_NS);
    put_baseline(&room, ROOM_TARGET, HOUR_NS + 1);
    assert_int_equal(evidence_baseline_since(room.evidence, ROOM_TARGET, begin, &found, &err), 0);
    assert_int_equal(found.taken.ns, begin.ns);
    assert_int_equal(found.kind, EVIDENCE_BASELINE_ROLLING);
    assert_string_equal(found.bytes, "0");
    evidence_baseline_fini(&found);
    begin.ns++;
    assert_int_equal(evidence_baseline_since(room.evidence, ROOM_TARGET, begin, &found, &err), 0);
    assert_int_equal(found.taken.ns, ROOM_START + HOUR_NS);
    evidence_baseline_fini(&found);
    begin.ns = ROOM_START + 2 * HOUR_NS;
    assert_int_equal(evidence_baseline_since(room.evidence, ROOM_TARGET, begin, &found, &err), -1);
    assert_int_equal(err.code, LW_NOT_FOUND);
    room_fini(&room);
}

static void test_the_last_one_before_a_restart_is_kept(void **state)
{
    (void)state;
    struct room room;
    struct lw_err err;
    struct evidence_baseline found;
    room_init(&room);
    assert_int_equal(evidence_baseline_keep_last(room.evidence, ROOM_TARGET, &err), -1);
    assert_int_equal(err.code, LW_NOT_FOUND);
    put_baseline(&room, ROOM_TARGET, 0);
    put_baseline(&room, ROOM_TARGET, HOUR_NS);
    assert_int_equal(evidence_baseline_last(room.evidence, ROOM_TARGET, &found, &err), -1);
    assert_int_equal(evidence_baseline_keep_last(room.evidence, ROOM_TARGET, &err), 0);
    for (int i = 2; i < 50; i++)
        put_baseline(&room, ROOM_TARGET, i * HOUR_NS);
    assert_int_equal(evidence_baseline_last(room.evidence, ROOM_TARGET, &found, &err), 0);
    assert_int_equal(found.taken.ns, ROOM_START + HOUR_NS);
    evidence_baseline_fini(&found);
    assert_int_equal(evidence_baseline_keep_last(room.evidence, ROOM_TARGET, &err), 0);
    assert_int_equal(room_count(&room, "baselines", "last-"), 1);
    room_fini(&room);
}

/* ---- retention ---- */

static struct evidence_thinned retain(
    struct room *room, int64_t max_bytes, int64_t max_age_ns, int64_t now_ns)
{
    struct evidence_thinned thinned;
    struct evidence_limits limits = {
        .max_bytes = max_bytes, .max_age_ns = max_age_ns, .keep_waiting = true};
    struct lw_wall now = {ROOM_START + now_ns};
    struct lw_err err;
    if (evidence_retention_run(room->evidence, &limits, now, &thinned, &err) < 0)
        fail_msg("%s", err.msg);
    room_close(room);
    room_open(room);
    room_assert_whole(room);
    return thinned;
}

static void change(struct room *room, uint64_t id, enum evidence_change_kind kind)
{
    struct lw_err err;
    struct evidence_change change = {.kind = kind, .at = {ROOM_START}};
    struct evidence_incident *changed;
    assert_int_equal(evidence_incident_change(room->evidence, id, &change, &changed, &err), 0);
    evidence_incident_free(&changed);
}

static void test_nothing_goes_within_the_limits(void **state)
{
    (void)state;
    struct room room;
    room_init(&room);
    room_put(&room, 0, 1000);
    put_baseline(&room, ROOM_TARGET, 0);
    struct evidence_thinned thinned = retain(&room, 3000, DAY_NS, HOUR_NS);
    assert_int_equal(thinned.bytes_freed, 0);
    assert_int_equal(thinned.bytes, 2007 + 1);
    assert_int_equal(thinned.removed_count + thinned.changed_count, 0);
    evidence_thinned_fini(&thinned);
    room_fini(&room);
}

static void test_age_takes_what_nobody_pinned(void **state)
{
    (void)state;
    struct room room;
    room_init(&room);
    uint64_t pinned = room_put(&room, 0, 10), old = room_put(&room, 1, 10);
    uint64_t young = room_put(&room, 3600, 10);
    change(&room, pinned, EVIDENCE_PIN);
    put_baseline(&room, ROOM_TARGET, 0);
    struct evidence_thinned thinned = retain(&room, 1 << 20, HOUR_NS, HOUR_NS + 60 * LW_NS_PER_S);
    assert_int_equal(thinned.removed_count, 1);
    assert_int_equal(thinned.removed[0], old);
    evidence_thinned_fini(&thinned);
    assert_non_null(evidence_catalogue_find(room.catalogue, pinned));
    assert_non_null(evidence_catalogue_find(room.catalogue, young));
    assert_int_equal(room_count(&room, "baselines", ".pb.gz"), 0);
    room_fini(&room);
}

/* Traces before profiles, the old before the new, acknowledged incidents before others. */
static void test_what_has_less_value_goes_first(void **state)
{
    (void)state;
    struct room room;
    room_init(&room);
    uint64_t pinned = room_put(&room, 0, 1000), first = room_put(&room, 1, 1000);
    uint64_t acknowledged = room_put(&room, 2, 1000), last = room_put(&room, 3, 1000);
    change(&room, pinned, EVIDENCE_PIN);
    change(&room, acknowledged, EVIDENCE_ACKNOWLEDGE);

    struct evidence_thinned thinned = retain(&room, 4 * 2007 - 500, DAY_NS, 0);
    assert_int_equal(thinned.changed_count, 1);
    assert_int_equal(thinned.changed[0]->id, first);
    assert_int_equal(thinned.bytes_freed, 1000);
    const struct evidence_file *trace = evidence_incident_file(thinned.changed[0], "trace.out");
    assert_int_equal(trace->state, EVIDENCE_FILE_REMOVED);
    assert_int_equal(trace->bytes, 1000);
    assert_non_null(trace->why);
    evidence_thinned_fini(&thinned);

    thinned = retain(&room, 2007 + 2 * 1007, DAY_NS, 0);
    assert_int_equal(thinned.changed_count, 2);
    assert_int_equal(thinned.removed_count, 1);
    assert_int_equal(thinned.removed[0], acknowledged);
    evidence_thinned_fini(&thinned);

    thinned = retain(&room, 2007 + 1007, DAY_NS, 0);
    assert_int_equal(thinned.removed_count, 1);
    assert_int_equal(thinned.removed[0], first);
    evidence_thinned_fini(&thinned);
    assert_non_null(evidence_catalogue_find(room.catalogue, last));

    thinned = retain(&room, 0, DAY_NS, 0);
    assert_int_equal(thinned.bytes, 2007); /* pinned, all of it */
    evidence_thinned_fini(&thinned);
    assert_int_equal(evidence_catalogue_count(room.catalogue), 1);
    assert_non_null(evidence_catalogue_find(room.catalogue, pinned));
    room_fini(&room);
}

static void test_baselines_of_gone_targets_go_before_incidents(void **state)
{
    (void)state;
    struct room room;
    room_init(&room);
    uint64_t id = room_put(&room, 0, 1000);
    put_baseline(&room, ROOM_TARGET, 8 * DAY_NS); /* still there */
    put_baseline(&room, 99, 1);
    int64_t all_but_one = 1007 + (int64_t)strlen("691200000000000"); /* 8 days */
    struct evidence_thinned thinned = retain(&room, all_but_one, 90 * DAY_NS, 8 * DAY_NS);
    assert_int_equal(thinned.removed_count, 0);
    assert_int_equal(thinned.bytes, all_but_one);
    evidence_thinned_fini(&thinned);
    assert_non_null(evidence_catalogue_find(room.catalogue, id));
    assert_int_equal(room_count(&room, "baselines", ".pb.gz"), 1);
    room_fini(&room);
}

static uint64_t put_waiting(struct room *room, int second)
{
    struct lw_err err;
    struct evidence_incident *incident = room_incident(second);
    uint64_t id = incident->id;
    incident->upload = EVIDENCE_UPLOAD_WAITING;
    if (room_write(room->evidence, incident, 1000, &err) < 0)
        fail_msg("%s", err.msg);
    evidence_catalogue_put(room->catalogue, &incident);
    return id;
}

static void test_what_waits_for_its_upload_goes_last(void **state)
{
    (void)state;
    struct room room;
    room_init(&room);
    uint64_t waiting = put_waiting(&room, 0), uploaded = put_waiting(&room, 1);
    uint64_t refused = put_waiting(&room, 2), newer = room_put(&room, HOUR_NS / LW_NS_PER_S, 1000);
    change(&room, waiting, EVIDENCE_ACKNOWLEDGE);
    change(&room, uploaded, EVIDENCE_UPLOADED);
    change(&room, refused, EVIDENCE_REFUSE_UPLOAD);

    struct evidence_thinned thinned = retain(&room, 1 << 20, HOUR_NS, HOUR_NS + 60 * LW_NS_PER_S);
    assert_int_equal(thinned.removed_count, 2);
    assert_int_equal(thinned.removed[0], uploaded);
    assert_int_equal(thinned.removed[1], refused);
    evidence_thinned_fini(&thinned);

    thinned = retain(&room, 2007, DAY_NS, HOUR_NS);
    assert_int_equal(thinned.removed_count, 1);
    assert_int_equal(thinned.removed[0], newer);
    evidence_thinned_fini(&thinned);
    const struct evidence_incident *kept = evidence_catalogue_find(room.catalogue, waiting);
    assert_non_null(kept);
    assert_int_equal(evidence_incident_file(kept, "trace.out")->state, EVIDENCE_FILE_OK);

    thinned = retain(&room, 0, DAY_NS, HOUR_NS);
    assert_int_equal(thinned.removed_count, 1);
    assert_int_equal(thinned.removed[0], waiting);
    evidence_thinned_fini(&thinned);
    room_fini(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_is_always_a_baseline_of_every_age),
        cmocka_unit_test(test_the_oldest_since_a_time),
        cmocka_unit_test(test_the_last_one_before_a_restart_is_kept),
        cmocka_unit_test(test_nothing_goes_within_the_limits),
        cmocka_unit_test(test_age_takes_what_nobody_pinned),
        cmocka_unit_test(test_what_has_less_value_goes_first),
        cmocka_unit_test(test_baselines_of_gone_targets_go_before_incidents),
        cmocka_unit_test(test_what_waits_for_its_upload_goes_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
