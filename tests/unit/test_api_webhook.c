/* Alerts that come in. */
#include "api_room.h"

#include <stdio.h>
#include <string.h>

#define WEBHOOK "/api/v1/webhook/alertmanager"
#define ONE_ALERT(status, print, instance) \
    "{\"version\":\"4\",\"alerts\":[{\"status\":\"" status "\",\"fingerprint\":\"" print \
    "\",\"startsAt\":\"2026-11-21T12:00:00Z\",\"endsAt\":\"0001-01-01T00:00:00Z\"," \
    "\"labels\":{\"alertname\":\"High\",\"job\":\"shop\",\"instance\":\"" instance "\"}}]}"
#define PRINT_1 "fcb7eea146db0a80"
#define PRINT_2 "fcb7eea146db0a81"

static void watch_two(struct api_room *f)
{
    fleet_set_targets(f->store, 2, 0);
    for (size_t i = 0; i < 2; i++) {
        const struct store_target *target = store_target_at(f->store, i);
        alert_index_add(f->index, target->id, target->labels);
    }
}

/* The word of the one alert that was posted; the answer must be a success. */
static void expect_result(struct api_room *f, const char *body, const char *word)
{
    cJSON *answer = api_room_ask_with(f, "POST", WEBHOOK, body, 200);
    assert_string_equal(json_at_text(answer, "data.alerts.0.result"), word);
    char path[64];
    snprintf(path, sizeof path, "data.%s", word);
    assert_true(json_at_number(answer, path) == 1);
    cJSON_Delete(answer);
}

static void test_an_alert_captures_its_target_once(void **state)
{
    struct api_room *f = *state;
    watch_two(f);
    expect_result(f, ONE_ALERT("firing", PRINT_1, "host2:6060"), "captured");
    expect_result(f, ONE_ALERT("firing", PRINT_1, "host2:6060"), "repeated");
    expect_result(f, ONE_ALERT("resolved", PRINT_1, "host2:6060"), "resolved");
    expect_result(f, ONE_ALERT("firing", PRINT_2, "host7:6060"), "unmatched");
    assert_int_equal(f->captured_count, 1);
    assert_true(f->captured[0] == 2);
    assert_true(f->webhook.alerts[ALERT_REPEATED] == 1);
    cJSON *answer =
        api_room_ask_with(f, "POST", WEBHOOK, ONE_ALERT("firing", PRINT_1, "host2:6060"), 200);
    assert_string_equal(json_at_text(answer, "data.alerts.0.target.instance"), "host2:6060");
    assert_string_equal(json_at_text(answer, "data.alerts.0.matchedBy"), "job, instance");
    cJSON_Delete(answer);
}

/* A full queue asks for another try; a spent budget does not. */
static void test_what_alertmanager_is_to_send_again(void **state)
{
    struct api_room *f = *state;
    watch_two(f);
    lw_err_set(&f->refusal, LW_BUSY, "100 captures wait already");
    cJSON *answer =
        api_room_ask_with(f, "POST", WEBHOOK, ONE_ALERT("firing", PRINT_1, "host1:6060"), 503);
    assert_string_equal(json_at_text(answer, "error"), "100 captures wait already");
    cJSON_Delete(answer);
    lw_err_clear(&f->refusal);
    expect_result(f, ONE_ALERT("firing", PRINT_1, "host1:6060"), "captured");
    lw_err_set(&f->refusal, LW_FORBIDDEN, "captured an hour ago");
    expect_result(f, ONE_ALERT("firing", PRINT_2, "host1:6060"), "refused");
    expect_result(f, ONE_ALERT("firing", PRINT_2, "host1:6060"), "repeated");
    assert_int_equal(f->captured_count, 1);
}

static void test_webhooks_that_no_retry_mends(void **state)
{
    struct api_room *f = *state;
    char large[ALERT_WEBHOOK_BYTES_MAX + 2];
    memset(large, ' ', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    const struct {
        const char *body;
        int status;
    } cases[] = {{"{", 400}, {"{}", 400}, {"", 400}, {large, 413},
        {"{\"version\":\"3\",\"alerts\":[]}", 422}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *answer = api_room_ask_with(f, "POST", WEBHOOK, cases[i].body, cases[i].status);
        assert_string_equal(json_at_text(answer, "errorType"), "bad_data");
        cJSON_Delete(answer);
    }
    cJSON_Delete(api_room_ask(f, "GET", WEBHOOK, 405));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_API_ROOM(test_an_alert_captures_its_target_once),
        WITH_API_ROOM(test_what_alertmanager_is_to_send_again),
        WITH_API_ROOM(test_webhooks_that_no_retry_mends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
