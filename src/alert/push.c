#include "alert/push.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"

#define RESEND_MIN_NS (60 * LW_NS_PER_S)
#define KEPT_MAX      ((size_t)2 * ALERT_PUSH_MAX)

struct told {
    uint64_t id;              /* of the labels */
    struct lw_labels *labels; /* a reference */
    struct lw_wall since;
    struct lw_wall resolved; /* 0: fires */
    char *summary;
    char *description;
    char *url;
    bool wanted; /* while a new set is taken in: it is in it */
};

struct alert_push {
    struct told *list; /* owned; room for KEPT_MAX */
    size_t count;
    size_t firing;
};

static void told_fini(struct told *told)
{
    lw_labels_unref(&told->labels);
    free(told->summary);
    free(told->description);
    free(told->url);
}

struct alert_push *alert_push_new(void)
{
    struct alert_push *push = LW_NEW(struct alert_push);
    push->list = lw_new(KEPT_MAX, sizeof *push->list);
    return push;
}

void alert_push_free(struct alert_push **push)
{
    if (!*push)
        return;
    for (size_t i = 0; i < (*push)->count; i++)
        told_fini(&(*push)->list[i]);
    free((*push)->list);
    free(*push);
    *push = NULL;
}

/* ---- taking in what leaks ---- */

static void replace(char **text, const char *with)
{
    free(*text);
    *text = lw_strdup(with);
}

/* What is told of one that is known, and may have been resolved. */
static void renew(struct told *told, const struct alert_firing *firing)
{
    if (told->resolved.ns)
        told->since = firing->since;
    told->resolved.ns = 0;
    replace(&told->summary, firing->summary);
    replace(&told->description, firing->description);
    replace(&told->url, firing->url);
    told->wanted = true;
}

static void add(struct alert_push *push, uint64_t id, const struct alert_firing *firing)
{
    push->list[push->count++] = (struct told){
        .id = id,
        .labels = lw_labels_ref(firing->labels),
        .since = firing->since,
        .summary = lw_strdup(firing->summary),
        .description = lw_strdup(firing->description),
        .url = lw_strdup(firing->url),
        .wanted = true,
    };
}

/* Those that are not wanted any more are resolved, and forgotten a while later. */
static void resolve(struct alert_push *push, struct lw_wall now)
{
    size_t kept = 0;
    for (size_t i = 0; i < push->count; i++) {
        struct told *told = &push->list[i];
        if (!told->wanted && !told->resolved.ns)
            told->resolved = now;
        if (told->resolved.ns && now.ns - told->resolved.ns > ALERT_PUSH_RESOLVED_NS)
            told_fini(told);
        else
            push->list[kept++] = *told;
    }
    push->count = kept;
}

/* Makes room for one alert by forgetting the one that was resolved first. There is one: of a full
 * list at most half fired before, and less than half is new. */
static void make_room(struct alert_push *push, struct lw_map *known)
{
    if (push->count < KEPT_MAX)
        return;
    struct told *oldest = NULL;
    for (size_t i = 0; i < push->count; i++) {
        struct told *told = &push->list[i];
        if (told->resolved.ns && (!oldest || told->resolved.ns < oldest->resolved.ns))
            oldest = told;
    }
    assert(oldest);
    lw_map_remove(known, oldest->id);
    told_fini(oldest);
    struct told *last = &push->list[--push->count];
    if (oldest != last) {
        *oldest = *last;
        lw_map_put(known, oldest->id, oldest);
    }
}

void alert_push_set(
    struct alert_push *push, const struct alert_firing *list, size_t count, struct lw_wall now)
{
    assert(count <= ALERT_PUSH_MAX);
    struct lw_map known = {0};
    for (size_t i = 0; i < push->count; i++) {
        push->list[i].wanted = false;
        lw_map_put(&known, push->list[i].id, &push->list[i]);
    }
    push->firing = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t id = lw_labels_hash(list[i].labels, 0);
        struct told *told = lw_map_find(&known, id);
        if (told && told->wanted)
            continue;
        push->firing++;
        if (told) {
            renew(told, &list[i]);
            continue;
        }
        make_room(push, &known);
        add(push, id, &list[i]);
        lw_map_put(&known, id, &push->list[push->count - 1]);
    }
    lw_map_fini(&known);
    resolve(push, now);
}

size_t alert_push_firing(const struct alert_push *push)
{
    return push->firing;
}

/* ---- telling it ---- */

static void render(cJSON *array, const struct told *told, struct lw_wall now, int64_t valid_ns)
{
    cJSON *alert = lw_json_append(array);
    cJSON *labels = lw_json_object(alert, "labels");
    for (size_t i = 0; i < told->labels->count; i++)
        lw_json_text(labels, told->labels->list[i].name, told->labels->list[i].value);
    cJSON *annotations = lw_json_object(alert, "annotations");
    lw_json_text(annotations, "summary", told->summary);
    lw_json_text(annotations, "description", told->description);
    struct lw_wall ends = {now.ns + valid_ns};
    if (told->resolved.ns) /* by a clock that may have been set back since: it is over now */
        ends = told->resolved.ns < now.ns ? told->resolved : now;
    /* Alertmanager refuses an alert that ends before it starts. */
    struct lw_wall latest = ends.ns < now.ns ? ends : now;
    lw_json_time(alert, "startsAt", told->since.ns < latest.ns ? told->since : latest);
    lw_json_time(alert, "endsAt", ends);
    if (told->url[0])
        lw_json_text(alert, "generatorURL", told->url);
}

char *alert_push_body(
    const struct alert_push *push, size_t *at, struct lw_wall now, int64_t resend_ns, size_t *len)
{
    if (*at >= push->count)
        return NULL;
    int64_t interval_ns = resend_ns > RESEND_MIN_NS ? resend_ns : RESEND_MIN_NS;
    cJSON *array = cJSON_CreateArray();
    for (int i = 0; i < ALERT_PUSH_BATCH && *at < push->count; i++)
        render(array, &push->list[(*at)++], now, 4 * interval_ns);
    char *body = cJSON_PrintUnformatted(array);
    cJSON_Delete(array);
    *len = body ? strlen(body) : 0;
    return body;
}
