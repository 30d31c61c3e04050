/* The API without sockets: requests through the router over a store that is filled by hand, answers
 * parsed back. Each is checked to be JSON in UTF-8. */
#ifndef LW_TESTS_API_ROOM_H
#define LW_TESTS_API_ROOM_H

#include "fleet.h"

#include <cjson/cJSON.h>

#include "api/api.h"
#include "json_at.h"

struct api_room {
    struct store *store;
    struct config *config;
    struct api_view view;
    struct http_router *router;
    char *body; /* of the last answer */

    struct alert_index *index;
    struct api_webhook webhook;
    struct lw_err refusal; /* what captures are refused with; LW_OK: they are not */
    uint64_t captured[8];  /* targets, in order */
    size_t captured_count;
};

int api_room_set_up(void **state);
int api_room_tear_down(void **state);

#define WITH_API_ROOM(test) \
    cmocka_unit_test_setup_teardown(test, api_room_set_up, api_room_tear_down)

/* The whole answer to a request with that body (NULL: none); the caller deletes it. */
cJSON *api_room_ask_with(
    struct api_room *f, const char *method, const char *url, const char *body, int status);
cJSON *api_room_ask(struct api_room *f, const char *method, const char *url, int status);

/* The data of an answer that must be a success; the caller deletes it. */
cJSON *api_room_get(struct api_room *f, const char *url);

/* An answer that must be a failure of that type and say that. */
void api_room_expect_error(
    struct api_room *f, const char *url, int status, const char *type, const char *says);

/* A heap in which f1 leaks; of f2 nothing is ever freed, but it is full; f3 is too small to be
 * followed. */
void api_room_scrape(struct api_room *f, uint64_t target_id, int minute);

/* Scrapes that every minute. */
void api_room_watch(struct api_room *f, uint64_t target_id, int minutes);

#endif
