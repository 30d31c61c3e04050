#include "alert/webhook.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define VERSION "4"
#define NO_TIME "0001-01-01T" /* how Go's zero time begins: the end of what still fires */

/* cJSON takes memory for each value, whatever its size: they are counted before. */
static int check_values(const char *json, size_t len, struct lw_err *err)
{
    size_t values = 0;
    for (size_t i = 0; i < len; i++)
        values += json[i] == ',' || json[i] == '[' || json[i] == '{';
    if (values <= ALERT_WEBHOOK_VALUES_MAX)
        return 0;
    return lw_err_set(err, LW_TOO_LARGE,
        "the webhook holds %zu values or more, the limit is %zu: set max_alerts of the receiver",
        values, ALERT_WEBHOOK_VALUES_MAX);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static int check_version(const cJSON *root, struct lw_err *err)
{
    const char *version = text_of(root, "version");
    if (!version)
        return lw_err_set(err, LW_INVALID,
            "no member \"version\": this is not the payload of Alertmanager's webhook (leave out "
            "`payload` in webhook_configs)");
    if (strcmp(version, VERSION) != 0)
        return lw_err_set(err, LW_UNSUPPORTED,
            "version \"%.20s\" of the webhook is not known, only \"" VERSION "\" is", version);
    return 0;
}

static struct lw_labels *parse_labels(const cJSON *json, struct lw_err *err)
{
    struct lw_label list[ALERT_LABELS_MAX];
    size_t count = 0;
    const cJSON *item;
    if (!cJSON_IsObject(json)) {
        lw_err_set(err, LW_INVALID, "labels is not an object");
        return NULL;
    }
    cJSON_ArrayForEach(item, json)
    {
        if (!cJSON_IsString(item)) {
            lw_err_set(err, LW_INVALID, "label \"%.60s\" is not text", item->string);
            return NULL;
        }
        if (count == ALERT_LABELS_MAX) {
            lw_err_set(err, LW_TOO_LARGE, "more than %d labels", ALERT_LABELS_MAX);
            return NULL;
        }
        list[count++] = (struct lw_label){item->string, item->valuestring};
    }
    return lw_labels_new(list, count);
}

static int parse_time(const cJSON *alert, const char *name, struct lw_wall *at, struct lw_err *err)
{
    const char *text = text_of(alert, name);
    at->ns = 0;
    if (text && strncmp(text, NO_TIME, strlen(NO_TIME)) == 0)
        return 0;
    if (!text || lw_wall_parse(text, at) < 0)
        return lw_err_set(err, LW_INVALID, "%s \"%.60s\" is not a time as RFC 3339 writes it", name,
            text ? text : "");
    return 0;
}

static int parse_status(const cJSON *alert, bool *firing, struct lw_err *err)
{
    const char *status = text_of(alert, "status");
    *firing = status && strcmp(status, "firing") == 0;
    if (*firing || (status && strcmp(status, "resolved") == 0))
        return 0;
    return lw_err_set(
        err, LW_INVALID, "status \"%.20s\" is neither firing nor resolved", status ? status : "");
}

static int parse_alert(const cJSON *alert, struct alert_notice *notice, struct lw_err *err)
{
    const char *fingerprint = text_of(alert, "fingerprint");
    if (!fingerprint || lw_id_parse(fingerprint, &notice->fingerprint) < 0)
        return lw_err_set(err, LW_INVALID, "fingerprint \"%.40s\" is not sixteen hex digits",
            fingerprint ? fingerprint : "");
    if (parse_status(alert, &notice->firing, err) < 0 ||
        parse_time(alert, "startsAt", &notice->starts_at, err) < 0 ||
        parse_time(alert, "endsAt", &notice->ends_at, err) < 0)
        return -1;
    if (notice->starts_at.ns == 0)
        return lw_err_set(err, LW_INVALID, "startsAt is no time");
    notice->labels = parse_labels(cJSON_GetObjectItemCaseSensitive(alert, "labels"), err);
    return notice->labels ? 0 : -1;
}

static int parse_alerts(const cJSON *alerts, struct alert_webhook *webhook, struct lw_err *err)
{
    const cJSON *alert;
    if (!cJSON_IsArray(alerts))
        return lw_err_set(err, LW_INVALID, "\"alerts\" is not an array");
    int count = cJSON_GetArraySize(alerts);
    if (count > ALERT_WEBHOOK_ALERTS_MAX)
        return lw_err_set(err, LW_TOO_LARGE,
            "%d alerts in one webhook, the limit is %d: set max_alerts of the receiver", count,
            ALERT_WEBHOOK_ALERTS_MAX);
    webhook->list = lw_new((size_t)count, sizeof *webhook->list);
    cJSON_ArrayForEach(alert, alerts)
    {
        struct alert_notice *notice = &webhook->list[webhook->count++];
        if (parse_alert(alert, notice, err) < 0)
            return lw_err_prefix(err, "alert %zu", webhook->count);
    }
    return 0;
}

static int parse_root(const cJSON *root, struct alert_webhook *webhook, struct lw_err *err)
{
    if (!cJSON_IsObject(root))
        return lw_err_set(err, LW_INVALID, "the body is not a JSON object");
    if (check_version(root, err) < 0)
        return -1;
    const cJSON *truncated = cJSON_GetObjectItemCaseSensitive(root, "truncatedAlerts");
    if (cJSON_IsNumber(truncated) && truncated->valuedouble > 0)
        webhook->truncated = (size_t)truncated->valueint;
    return parse_alerts(cJSON_GetObjectItemCaseSensitive(root, "alerts"), webhook, err);
}

int alert_webhook_parse(
    const char *json, size_t len, struct alert_webhook *webhook, struct lw_err *err)
{
    *webhook = (struct alert_webhook){0};
    if (len > ALERT_WEBHOOK_BYTES_MAX)
        return lw_err_set(err, LW_TOO_LARGE, "a webhook of %zu bytes, the limit is %zu", len,
            ALERT_WEBHOOK_BYTES_MAX);
    if (check_values(json, len, err) < 0)
        return -1;
    const char *end;
    cJSON *root = cJSON_ParseWithLengthOpts(json, len, &end, false);
    int rc = root ? parse_root(root, webhook, err)
                  : lw_err_set(err, LW_INVALID, "the body is not JSON: stopped at byte %zu of %zu",
                        end ? (size_t)(end - json) : 0, len);
    cJSON_Delete(root);
    return rc;
}

void alert_webhook_fini(struct alert_webhook *webhook)
{
    for (size_t i = 0; i < webhook->count; i++)
        lw_labels_unref(&webhook->list[i].labels);
    free(webhook->list);
    *webhook = (struct alert_webhook){0};
}

const char *alert_fate_word(enum alert_fate fate)
{
    static const char *const words[] = {
#define ALERT_FATE_WORD(name, word) [name] = word,
        ALERT_FATES(ALERT_FATE_WORD)
#undef ALERT_FATE_WORD
    };
    return words[fate];
}
