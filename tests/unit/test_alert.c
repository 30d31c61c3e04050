/* alert/: what Alertmanager posts, which target it is about, and what was acted on already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/index.h"
#include "alert/push.h"
#include "alert/seen.h"
#include "alert/webhook.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* ---- reading a webhook ---- */

static char *corpus(const char *name, size_t *len)
{
    char path[4096], *text;
    struct lw_err err;
    const char *src = getenv("LW_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/alert/%s", src ? src : ".", name);
    if (lw_file_read(path, 1 << 20, &text, len, &err) < 0)
        fail_msg("%s", err.msg);
    return text;
}

static void test_a_group_that_fires(void **state)
{
    (void)state;
    size_t len;
    char *text = corpus("firing.json", &len);
    struct alert_webhook webhook;
    struct lw_err err;
    assert_int_equal(alert_webhook_parse(text, len, &webhook, &err), 0);
    assert_int_equal(webhook.count, 2);
    assert_int_equal(webhook.truncated, 3);
    const struct alert_notice *first = &webhook.list[0];
    assert_true(first->firing);
    assert_true(first->fingerprint == 0xfcb7eea146db0a80);
    assert_true(first->starts_at.ns == 1795234461837967177);
    assert_true(first->ends_at.ns == 0);
    assert_string_equal(lw_labels_get(first->labels, "instance"), "host1:6060");
    assert_true(webhook.list[1].starts_at.ns == 1795234461000000000);
    alert_webhook_fini(&webhook);
    free(text);
}

static void test_a_group_that_is_resolved(void **state)
{
    (void)state;
    size_t len;
    char *text = corpus("resolved.json", &len);
    struct alert_webhook webhook;
    struct lw_err err;
    assert_int_equal(alert_webhook_parse(text, len, &webhook, &err), 0);
    assert_int_equal(webhook.count, 1);
    assert_false(webhook.list[0].firing);
    assert_true(webhook.list[0].ends_at.ns - webhook.list[0].starts_at.ns == 360500 * LW_NS_PER_MS);
    alert_webhook_fini(&webhook);
    free(text);
}

#define ALERT(status, print, starts, labels) \
    "{\"version\":\"4\",\"alerts\":[{\"status\":\"" status "\",\"fingerprint\":\"" print \
    "\",\"startsAt\":\"" starts "\",\"endsAt\":\"0001-01-01T00:00:00Z\",\"labels\":" labels "}]}"
#define PRINT "fcb7eea146db0a80"
#define NOON  "2026-11-21T12:00:00Z"

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum lw_code code;
        const char *says;
    } cases[] = {
        {"", LW_INVALID, "not JSON"},
        {"{", LW_INVALID, "not JSON"},
        {"[]", LW_INVALID, "not a JSON object"},
        {"{}", LW_INVALID, "no member \"version\""},
        {"{\"version\":4,\"alerts\":[]}", LW_INVALID, "no member \"version\""},
        {"{\"version\":\"5\",\"alerts\":[]}", LW_UNSUPPORTED, "version \"5\""},
        {"{\"version\":\"4\"}", LW_INVALID, "\"alerts\" is not an array"},
        {"{\"version\":\"4\",\"alerts\":[1]}", LW_INVALID, "alert 1: fingerprint"},
        {ALERT("firing", "xyz", NOON, "{}"), LW_INVALID, "fingerprint \"xyz\""},
        {ALERT("burning", PRINT, NOON, "{}"), LW_INVALID, "status \"burning\""},
        {ALERT("firing", PRINT, "noon", "{}"), LW_INVALID, "startsAt \"noon\""},
        {ALERT("firing", PRINT, "0001-01-01T00:00:00Z", "{}"), LW_INVALID, "startsAt is no time"},
        {ALERT("firing", PRINT, NOON, "[]"), LW_INVALID, "labels is not an object"},
        {ALERT("firing", PRINT, NOON, "{\"a\":1}"), LW_INVALID, "label \"a\" is not text"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct alert_webhook webhook;
        struct lw_err err;
        assert_int_equal(
            alert_webhook_parse(cases[i].text, strlen(cases[i].text), &webhook, &err), -1);
        if (err.code != cases[i].code || !strstr(err.msg, cases[i].says))
            fail_msg("%s: %s", cases[i].text, err.msg);
        alert_webhook_fini(&webhook);
    }
}

static void expect_too_large(const char *text, size_t len, const char *says)
{
    struct alert_webhook webhook;
    struct lw_err err;
    assert_int_equal(alert_webhook_parse(text, len, &webhook, &err), -1);
    assert_int_equal(err.code, LW_TOO_LARGE);
    if (!strstr(err.msg, says))
        fail_msg("%s", err.msg);
    alert_webhook_fini(&webhook);
}

static void test_bounds(void **state)
{
    (void)state;
    struct lw_strbuf text;
    lw_strbuf_init(&text, ALERT_WEBHOOK_BYTES_MAX + 1);
    lw_strbuf_adds(&text, "{\"version\":\"4\",\"alerts\":[{}");
    for (int i = 0; i < ALERT_WEBHOOK_ALERTS_MAX; i++)
        lw_strbuf_adds(&text, ",{}");
    lw_strbuf_adds(&text, "]}");
    expect_too_large(text.data, text.len, "2001 alerts in one webhook, the limit is 2000");
    for (size_t i = 0; i < ALERT_WEBHOOK_VALUES_MAX; i++)
        lw_strbuf_adds(&text, "[");
    expect_too_large(text.data, text.len, "the limit is 50000");
    while (text.len <= ALERT_WEBHOOK_BYTES_MAX)
        lw_strbuf_adds(&text, " ");
    expect_too_large(text.data, text.len, "bytes, the limit is 1048576");
    lw_strbuf_fini(&text);

    lw_strbuf_init(&text, 65536);
    lw_strbuf_adds(&text,
        "{\"version\":\"4\",\"alerts\":[{\"status\":\"firing\",\"fingerprint\":"
        "\"" PRINT "\",\"startsAt\":\"" NOON "\",\"endsAt\":\"" NOON "\",\"labels\":{\"a\":\"b\"");
    for (int i = 0; i < ALERT_LABELS_MAX; i++)
        lw_strbuf_addf(&text, ",\"l%d\":\"x\"", i);
    lw_strbuf_adds(&text, "}}]}");
    expect_too_large(text.data, text.len, "more than 64 labels");
    lw_strbuf_fini(&text);
}

/* ---- which target ---- */

static struct lw_labels *labels_of(const char *const *pairs)
{
    struct lw_label list[8];
    size_t count = 0;
    for (; pairs[2 * count]; count++)
        list[count] = (struct lw_label){(char *)pairs[2 * count], (char *)pairs[2 * count + 1]};
    return lw_labels_new(list, count);
}

static void add_target(
    struct alert_index *index, uint64_t id, const char *job, const char *instance)
{
    struct lw_labels *labels =
        labels_of((const char *const[]){"job", job, "instance", instance, NULL});
    alert_index_add(index, id, labels);
    lw_labels_unref(&labels);
}

static void test_alerts_find_their_target(void **state)
{
    (void)state;
    struct alert_index *index = alert_index_new();
    add_target(index, 1, "shop", "host1:6060");
    add_target(index, 2, "shop", "host2:6060");
    add_target(index, 3, "mail/out", "host1:6060");
    add_target(index, 4, "mail/out", "[::1]:7070");
    add_target(index, 5, "twice", "host9:1");
    add_target(index, 6, "twice", "host9:2");
    static const struct {
        const char *labels[9];
        uint64_t id; /* 0: none */
        enum alert_match match;
    } cases[] = {
        {{"job", "shop", "instance", "host1:6060"}, 1, ALERT_BY_INSTANCE},
        {{"instance", "host2:6060"}, 2, ALERT_BY_INSTANCE},
        {{"instance", "host1:6060"}, 0, ALERT_BY_NOTHING},
        {{"job", "shop", "instance", "host2:8080"}, 2, ALERT_BY_HOST},
        {{"job", "shop", "instance", "host2"}, 2, ALERT_BY_HOST},
        {{"job", "mail/out", "instance", "[::1]:8080"}, 4, ALERT_BY_HOST},
        {{"job", "twice", "instance", "host9:3"}, 0, ALERT_BY_NOTHING},
        {{"job", "twice", "instance", "host9:2"}, 6, ALERT_BY_INSTANCE},
        {{"job", "shop"}, 0, ALERT_BY_NOTHING},
        {{"job", "other", "instance", "host2:6060"}, 0, ALERT_BY_NOTHING},
        {{"job", "leakwatchd", "instance", "l:9746", "exported_job", "shop", "exported_instance",
             "host2:6060"},
            2, ALERT_BY_EXPORTED},
        {{"pod", "mail/out/host1:6060", "instance", "host2:6060"}, 3, ALERT_BY_LABEL},
        {{"pod", "0000000000000004"}, 4, ALERT_BY_LABEL},
        {{"pod", "host2:6060"}, 2, ALERT_BY_LABEL},
        {{"pod", "nobody", "instance", "host2:6060"}, 2, ALERT_BY_INSTANCE},
        {{NULL}, 0, ALERT_BY_NOTHING},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct lw_labels *labels = labels_of(cases[i].labels);
        uint64_t id = 0;
        enum alert_match match;
        bool found = alert_index_find(index, labels, "pod", &id, &match);
        if (found != (cases[i].id != 0) || id != cases[i].id || match != cases[i].match)
            fail_msg(
                "case %zu: target %llu by %s", i, (unsigned long long)id, alert_match_text(match));
        lw_labels_unref(&labels);
    }
    alert_index_free(&index);
}

/* ---- what was acted on ---- */

static void test_an_alert_is_its_fingerprint_and_beginning(void **state)
{
    (void)state;
    struct alert_seen *seen = alert_seen_new();
    struct alert_notice notice = {.fingerprint = 1, .starts_at = {100}};
    assert_false(alert_seen_has(seen, &notice));
    alert_seen_add(seen, &notice);
    alert_seen_add(seen, &notice);
    assert_true(alert_seen_has(seen, &notice));
    struct alert_notice again = {.fingerprint = 1, .starts_at = {200}};
    assert_false(alert_seen_has(seen, &again));
    alert_seen_free(&seen);
}

static void test_a_storm_forgets_the_oldest(void **state)
{
    (void)state;
    struct alert_seen *seen = alert_seen_new();
    for (uint64_t i = 0; i <= ALERT_SEEN_MAX; i++)
        alert_seen_add(seen, &(struct alert_notice){.fingerprint = i, .starts_at = {1}});
    assert_false(alert_seen_has(seen, &(struct alert_notice){.fingerprint = 0, .starts_at = {1}}));
    assert_true(alert_seen_has(seen, &(struct alert_notice){.fingerprint = 1, .starts_at = {1}}));
    assert_true(alert_seen_has(
        seen, &(struct alert_notice){.fingerprint = ALERT_SEEN_MAX, .starts_at = {1}}));
    alert_seen_free(&seen);
}

/* ---- alerts that go out ---- */

#define RESEND_NS (60 * LW_NS_PER_S)

static struct lw_wall second(int64_t n)
{
    return (struct lw_wall){(1767225600 + n) * LW_NS_PER_S}; /* of 2026 */
}

/* Makes leaks number first..first+count-1 fire. */
static void fire(struct alert_push *push, int first, int count, int64_t at_s)
{
    struct alert_firing *list = lw_new((size_t)count, sizeof *list);
    for (int i = 0; i < count; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", first + i);
        list[i] = (struct alert_firing){.labels = labels_of((const char *const[]){
                                            "alertname", "LeakwatchLeak", "type", number, NULL}),
            .since = second(0),
            .summary = "it \"leaks\" \xff",
            .description = "since yesterday",
            .url = i % 2 ? "" : "http://l/#/target/1"};
    }
    alert_push_set(push, list, (size_t)count, second(at_s));
    for (int i = 0; i < count; i++)
        lw_labels_unref(&list[i].labels);
    free(list);
}

/* The next body, parsed; NULL when there is none. */
static cJSON *body(const struct alert_push *push, size_t *at, int64_t at_s)
{
    size_t len;
    char *text = alert_push_body(push, at, second(at_s), RESEND_NS, &len);
    if (!text)
        return NULL;
    assert_int_equal(len, strlen(text));
    cJSON *json = cJSON_Parse(text);
    assert_true(cJSON_IsArray(json));
    free(text);
    return json;
}

static const char *member(const cJSON *alert, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(alert, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static size_t told(const struct alert_push *push, int64_t at_s)
{
    size_t at = 0, count = 0;
    cJSON *json;
    while ((json = body(push, &at, at_s))) {
        assert_in_range(cJSON_GetArraySize(json), 1, ALERT_PUSH_BATCH);
        count += (size_t)cJSON_GetArraySize(json);
        cJSON_Delete(json);
    }
    return count;
}

/* What leaks since the 20th second is told at the 10th: the clock was set back meanwhile. Nothing
 * that is told lies in the future, but for when it ends unless it is told again. */
static void test_a_clock_that_was_set_back(void **state)
{
    (void)state;
    struct alert_push *push = alert_push_new();
    struct alert_firing firing = {.since = second(20), .summary = "", .description = "", .url = ""};
    firing.labels = labels_of((const char *const[]){"alertname", "LeakwatchLeak", NULL});
    alert_push_set(push, &firing, 1, second(20));
    size_t at = 0;
    cJSON *json = body(push, &at, 10);
    assert_string_equal(
        member(cJSON_GetArrayItem(json, 0), "startsAt"), "2026-01-01T00:00:10.000Z");
    assert_string_equal(member(cJSON_GetArrayItem(json, 0), "endsAt"), "2026-01-01T00:04:10.000Z");
    cJSON_Delete(json);
    alert_push_set(push, NULL, 0, second(30));
    at = 0;
    json = body(push, &at, 11);
    assert_string_equal(member(cJSON_GetArrayItem(json, 0), "endsAt"), "2026-01-01T00:00:11.000Z");
    cJSON_Delete(json);
    lw_labels_unref(&firing.labels);
    alert_push_free(&push);
}

static void test_a_leak_fires_and_is_resolved(void **state)
{
    (void)state;
    struct alert_push *push = alert_push_new();
    assert_int_equal(told(push, 0), 0);
    fire(push, 1, 1, 10);
    size_t at = 0;
    cJSON *json = body(push, &at, 20);
    const cJSON *alert = cJSON_GetArrayItem(json, 0);
    const cJSON *labels = cJSON_GetObjectItem(alert, "labels");
    const cJSON *annotations = cJSON_GetObjectItem(alert, "annotations");
    assert_string_equal(member(labels, "alertname"), "LeakwatchLeak");
    assert_string_equal(member(annotations, "summary"), "it \"leaks\" \xef\xbf\xbd");
    assert_string_equal(member(alert, "startsAt"), "2026-01-01T00:00:00.000Z");
    assert_string_equal(member(alert, "endsAt"), "2026-01-01T00:04:20.000Z");
    assert_string_equal(member(alert, "generatorURL"), "http://l/#/target/1");
    cJSON_Delete(json);

    fire(push, 1, 0, 30);
    assert_int_equal(alert_push_firing(push), 0);
    at = 0;
    json = body(push, &at, 90);
    assert_string_equal(member(cJSON_GetArrayItem(json, 0), "endsAt"), "2026-01-01T00:00:30.000Z");
    cJSON_Delete(json);

    fire(push, 1, 1, 100); /* it fires again */
    at = 0;
    json = body(push, &at, 100);
    assert_string_equal(member(cJSON_GetArrayItem(json, 0), "endsAt"), "2026-01-01T00:05:40.000Z");
    cJSON_Delete(json);
    alert_push_free(&push);
}

static void test_what_was_resolved_is_told_for_a_while(void **state)
{
    (void)state;
    struct alert_push *push = alert_push_new();
    fire(push, 1, 2, 0);
    fire(push, 1, 1, 60);
    assert_int_equal(told(push, 60), 2);
    fire(push, 1, 1, 60 + 900);
    assert_int_equal(told(push, 960), 2);
    fire(push, 1, 1, 60 + 901);
    assert_int_equal(told(push, 961), 1);
    alert_push_free(&push);
}

/* An alert that a clock set back made older than its end must not be refused by Alertmanager. */
static void test_no_alert_ends_before_it_starts(void **state)
{
    (void)state;
    struct alert_push *push = alert_push_new();
    fire(push, 1, 1, -500);
    fire(push, 1, 0, -400);
    size_t at = 0;
    cJSON *json = body(push, &at, -400);
    const cJSON *alert = cJSON_GetArrayItem(json, 0);
    assert_string_equal(member(alert, "startsAt"), member(alert, "endsAt"));
    cJSON_Delete(json);
    alert_push_free(&push);
}

static void test_alerts_that_go_out_are_bounded(void **state)
{
    (void)state;
    struct alert_push *push = alert_push_new();
    for (int round = 0; round < 5; round++) {
        fire(push, round * ALERT_PUSH_MAX, ALERT_PUSH_MAX, round);
        assert_int_equal(alert_push_firing(push), ALERT_PUSH_MAX);
        assert_int_equal(told(push, round), round ? 2 * ALERT_PUSH_MAX : ALERT_PUSH_MAX);
    }
    fire(push, 4 * ALERT_PUSH_MAX + 1, ALERT_PUSH_MAX, 6);
    assert_int_equal(told(push, 6), 2 * ALERT_PUSH_MAX);
    alert_push_free(&push);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_group_that_fires),
        cmocka_unit_test(test_a_group_that_is_resolved),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_alerts_find_their_target),
        cmocka_unit_test(test_an_alert_is_its_fingerprint_and_beginning),
        cmocka_unit_test(test_a_storm_forgets_the_oldest),
        cmocka_unit_test(test_a_leak_fires_and_is_resolved),
        cmocka_unit_test(test_a_clock_that_was_set_back),
        cmocka_unit_test(test_what_was_resolved_is_told_for_a_while),
        cmocka_unit_test(test_no_alert_ends_before_it_starts),
        cmocka_unit_test(test_alerts_that_go_out_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
