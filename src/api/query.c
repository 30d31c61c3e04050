#include "api/query.h"

#include <string.h>

#include "base/strbuf.h"

#define WORDS_BYTES_MAX  ((size_t)256)
#define SEARCH_BYTES_MAX 256

int query_word(const struct http_request *request, const char *name, const char *const words[],
    size_t count, size_t *which, struct lw_err *err)
{
    const char *given = http_request_param(request, name);
    *which = 0;
    if (!given)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(given, words[i]) == 0) {
            *which = i;
            return 0;
        }
    }
    struct lw_strbuf all;
    lw_strbuf_init(&all, WORDS_BYTES_MAX);
    for (size_t i = 0; i < count; i++)
        lw_strbuf_addf(&all, "%s%s", i ? ", " : "", words[i]);
    lw_err_set(err, LW_INVALID, "%s \"%.40s\" is not one of %s", name, given, all.data);
    lw_strbuf_fini(&all);
    return -1;
}

int query_page_parse(const struct http_request *request, size_t limit_preset, size_t limit_max,
    struct query_page *page, struct lw_err *err)
{
    int64_t limit, offset;
    if (http_request_int(
            request, "limit", (int64_t)limit_preset, 1, (int64_t)limit_max, &limit, err) < 0 ||
        http_request_int(request, "offset", 0, 0, QUERY_OFFSET_MAX, &offset, err) < 0)
        return -1;
    *page = (struct query_page){.limit = (size_t)limit, .offset = (size_t)offset};
    return 0;
}

bool query_page_has(const struct query_page *page, size_t i)
{
    return i >= page->offset && i - page->offset < page->limit;
}

/* ---- which targets ---- */

int query_targets_parse(
    const struct http_request *request, struct query_targets *query, struct lw_err *err)
{
    *query = (struct query_targets){
        .request = request,
        .job = http_request_param(request, "job"),
        .pool = http_request_param(request, "scrapePool"),
        .search = http_request_param(request, "search"),
    };
    if (query->search && strlen(query->search) > SEARCH_BYTES_MAX)
        return lw_err_set(err, LW_INVALID, "search has %zu bytes, more than %d",
            strlen(query->search), SEARCH_BYTES_MAX);
    for (size_t i = 0; i < request->param_count; i++) {
        const struct http_param *param = &request->params[i];
        const char *equals = strchr(param->value, '=');
        if (strcmp(param->name, "label") == 0 && (!equals || equals == param->value))
            return lw_err_set(err, LW_INVALID,
                "label \"%.40s\" is not name=value, as in label=team%%3Dshop", param->value);
    }
    return 0;
}

static bool has_label(const struct lw_labels *labels, const char *pair)
{
    size_t name_len = strcspn(pair, "=");
    for (size_t i = 0; i < labels->count; i++) {
        const char *name = labels->list[i].name;
        if (strncmp(name, pair, name_len) == 0 && !name[name_len])
            return strcmp(labels->list[i].value, pair + name_len + 1) == 0;
    }
    return !pair[name_len + 1]; /* a label that is not there is empty, as in Prometheus */
}

static bool has_all_labels(const struct query_targets *query, const struct lw_labels *labels)
{
    for (size_t i = 0; i < query->request->param_count; i++) {
        const struct http_param *param = &query->request->params[i];
        if (strcmp(param->name, "label") == 0 && !has_label(labels, param->value))
            return false;
    }
    return true;
}

static bool is_found(const struct lw_labels *labels, const char *search)
{
    for (size_t i = 0; i < labels->count; i++) {
        if (strcasestr(labels->list[i].value, search))
            return true;
    }
    return false;
}

bool query_targets_match(const struct query_targets *query, const struct store_target *target)
{
    if (query->job && strcmp(query->job, lw_labels_get(target->labels, "job")) != 0)
        return false;
    if (query->pool && strcmp(query->pool, target->job_name) != 0)
        return false;
    if (query->search && !is_found(target->labels, query->search))
        return false;
    return has_all_labels(query, target->labels);
}
