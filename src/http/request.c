#include "http/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Whether each % begins two hex digits, and none is %00, which would end the string early. */
static int check_escapes(const char *text, struct lw_err *err)
{
    for (const char *p = strchr(text, '%'); p; p = strchr(p + 1, '%')) {
        int high = hex_digit(p[1]);
        int low = high < 0 ? -1 : hex_digit(p[2]);
        if (low < 0 || high + low == 0)
            return lw_err_set(err, LW_INVALID,
                "\"%.3s\" in the URL is not a percent-encoded byte from %%01 to %%ff", p);
    }
    return 0;
}

/* Decodes what check_escapes has passed, in its own place: the result is never longer. */
static void decode(char *text, bool plus_is_blank)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '%') {
            *to++ = (char)(hex_digit(from[1]) << 4 | hex_digit(from[2]));
            from += 2;
        } else {
            *to++ = *from == '+' && plus_is_blank ? ' ' : *from;
        }
    }
    *to = '\0';
}

static int parse_query(struct http_target *target, char *query, struct lw_err *err)
{
    char *rest = query, *pair;
    while ((pair = strsep(&rest, "&"))) {
        if (!pair[0])
            continue;
        if (target->param_count == HTTP_PARAMS_MAX)
            return lw_err_set(
                err, LW_INVALID, "the URL has more than %d query parameters", HTTP_PARAMS_MAX);
        char *value = strchr(pair, '=');
        if (value) {
            *value++ = '\0';
            decode(value, true);
        }
        decode(pair, true);
        target->params[target->param_count++] = (struct http_param){pair, value ? value : ""};
    }
    return 0;
}

int http_target_parse(struct http_target *target, const char *sent, struct lw_err *err)
{
    *target = (struct http_target){.text = lw_strdup(sent)};
    target->path = target->text;
    char *query = strchr(target->text, '?');
    if (query)
        *query++ = '\0';
    if (check_escapes(target->text, err) < 0)
        return -1;
    decode(target->text, false);
    if (!query)
        return 0;
    if (check_escapes(query, err) < 0)
        return -1;
    return parse_query(target, query, err);
}

void http_target_fini(struct http_target *target)
{
    free(target->text);
    *target = (struct http_target){0};
}

const char *http_request_param(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->param_count; i++) {
        if (strcmp(request->params[i].name, name) == 0)
            return request->params[i].value;
    }
    return NULL;
}

int http_request_int(const struct http_request *request, const char *name, int64_t preset,
    int64_t min, int64_t max, int64_t *value, struct lw_err *err)
{
    const char *text = http_request_param(request, name);
    if (!text) {
        *value = preset;
        return 0;
    }
    const char *digits = text[0] == '-' ? text + 1 : text;
    bool is_number = digits[0] && digits[strspn(digits, "0123456789")] == '\0';
    errno = 0;
    long long v = strtoll(text, NULL, 10);
    if (!is_number || errno || v < min || v > max)
        return lw_err_set(err, LW_INVALID,
            "parameter %s=\"%.64s\" is not an integer from %" PRId64 " to %" PRId64, name, text,
            min, max);
    *value = v;
    return 0;
}

bool http_list_accepts(const char *list, const char *name)
{
    bool by_star = false;
    while (*list) {
        size_t item_len = strcspn(list, ",");
        size_t blanks = strspn(list, " \t");
        size_t word_len = strcspn(list + blanks, " \t;,");
        const char *q = memmem(list, item_len, "q=", 2);
        bool accepted = !q || strtod(q + 2, NULL) > 0;
        if (word_len == strlen(name) && strncasecmp(list + blanks, name, word_len) == 0)
            return accepted;
        if (word_len == 1 && list[blanks] == '*')
            by_star = accepted;
        list += item_len + (list[item_len] == ',');
    }
    return by_star;
}
