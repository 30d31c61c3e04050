#include "api_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "http/request.h"

static const char config_text[] = "scrape_configs:\n"
                                  "  - job_name: shop\n"
                                  "    basic_auth: {username: u, password: hunter2}\n"
                                  "    static_configs: [{targets: ['a:1']}]\n";

static void error_page(void *ctx, const struct http_request *request, const struct lw_err *err,
    struct http_response *response)
{
    (void)ctx;
    (void)request;
    api_error(response, err);
}

static int capture(
    void *ctx, uint64_t target_id, const struct alert_notice *notice, struct lw_err *err)
{
    struct api_room *f = ctx;
    assert_true(notice->firing);
    if (f->refusal.code != LW_OK) {
        *err = f->refusal;
        return -1;
    }
    assert_in_range(f->captured_count, 0, 7);
    f->captured[f->captured_count++] = target_id;
    return 0;
}

int api_room_set_up(void **state)
{
    struct api_room *f = LW_NEW(struct api_room);
    struct lw_err err;
    f->store = fleet_store_new(NULL);
    f->config = config_parse(config_text, strlen(config_text), "leakwatchd.yml", &err);
    assert_non_null(f->config);
    f->view = (struct api_view){
        .store = f->store, .config = &f->config, .version = "1.2.3", .revision = "abc"};
    f->router = http_router_new(error_page, NULL);
    api_routes_add(f->router, &f->view);
    f->index = alert_index_new();
    f->webhook = (struct api_webhook){.store = f->store,
        .config = &f->config,
        .index = &f->index,
        .seen = alert_seen_new(),
        .capture = capture,
        .ctx = f};
    api_webhook_routes_add(f->router, &f->webhook);
    *state = f;
    return 0;
}

int api_room_tear_down(void **state)
{
    struct api_room *f = *state;
    http_router_free(&f->router);
    alert_index_free(&f->index);
    alert_seen_free(&f->webhook.seen);
    config_unref(&f->config);
    store_free(&f->store);
    free(f->body);
    free(f);
    return 0;
}

static void assert_utf8(const char *text)
{
    size_t n;
    while ((n = lw_utf8_sequence(text)))
        text += n;
    assert_int_equal(*text, '\0');
}

cJSON *api_room_ask_with(
    struct api_room *f, const char *method, const char *url, const char *body, int status)
{
    struct http_target target;
    struct http_response response = {0};
    struct lw_err err;
    if (http_target_parse(&target, url, &err) < 0)
        fail_msg("%s: %s", url, err.msg);
    struct http_request request = {.method = method,
        .path = target.path,
        .params = target.params,
        .param_count = target.param_count,
        .accept = "",
        .accept_encoding = "",
        .if_none_match = "",
        .content_type = "application/json",
        .body = body,
        .body_len = body ? strlen(body) : 0};
    http_router_answer(f->router, &request, &response);
    http_target_fini(&target);
    if (response.status != status)
        fail_msg("%.100s: status %d: %s", url, response.status, response.body);
    assert_string_equal(response.content_type, "application/json");
    assert_int_equal(response.len, strlen(response.body));
    assert_utf8(response.body);
    free(f->body);
    f->body = lw_strdup(response.body);
    http_response_fini(&response);
    cJSON *answer = cJSON_Parse(f->body);
    assert_non_null(answer);
    return answer;
}

cJSON *api_room_ask(struct api_room *f, const char *method, const char *url, int status)
{
    return api_room_ask_with(f, method, url, NULL, status);
}

cJSON *api_room_get(struct api_room *f, const char *url)
{
    cJSON *answer = api_room_ask(f, "GET", url, 200);
    assert_string_equal(cJSON_GetObjectItem(answer, "status")->valuestring, "success");
    cJSON *data = cJSON_DetachItemFromObject(answer, "data");
    assert_non_null(data);
    cJSON_Delete(answer);
    return data;
}

void api_room_expect_error(
    struct api_room *f, const char *url, int status, const char *type, const char *says)
{
    cJSON *answer = api_room_ask(f, "GET", url, status);
    assert_string_equal(cJSON_GetObjectItem(answer, "status")->valuestring, "error");
    assert_string_equal(cJSON_GetObjectItem(answer, "errorType")->valuestring, type);
    const char *error = cJSON_GetObjectItem(answer, "error")->valuestring;
    if (!strstr(error, says))
        fail_msg("%.100s: \"%s\" does not say \"%s\"", url, error, says);
    cJSON_Delete(answer);
}

void api_room_scrape(struct api_room *f, uint64_t target_id, int minute)
{
    struct fleet_site sites[] = {{1, (9 + minute) * MIB, (90 + 2 * minute) * MIB},
        {2, 30 * MIB, 30 * MIB}, {3, MIB, (9 + minute) * MIB}};
    fleet_ingest(f->store, target_id, minute, sites, 3);
}

void api_room_watch(struct api_room *f, uint64_t target_id, int minutes)
{
    for (int i = 0; i < minutes; i++)
        api_room_scrape(f, target_id, i);
}
