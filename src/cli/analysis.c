#include "cli/analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "engine/learn.h"

#define WORKERS       1
#define JOBS_MAX      8
#define TARGET_ID     1
#define GAP_INTERVALS 5 /* rare profiles are no gaps: this many intervals are none */

static const char job_name[] = "analyze";

/* ---- the configuration ---- */

static void put_file(cJSON *object, const char *name, const char *path)
{
    char *absolute = realpath(path, NULL); /* where there is none, the search says so */
    lw_json_text(object, name, absolute ? absolute : path);
    free(absolute);
}

static void put_credentials(cJSON *job, const struct analyze_url *url)
{
    if (url->token_file)
        put_file(lw_json_object(job, "authorization"), "credentials_file", url->token_file);
    if (!url->user)
        return;
    cJSON *auth = lw_json_object(job, "basic_auth");
    lw_json_text(auth, "username", url->user);
    lw_json_text(auth, "password", url->password ? url->password : "");
}

/* JSON is YAML: so whatever is in a path, the reader of configurations gets it as it is. */
static struct config *make_config(const struct analysis_options *options, struct lw_err *err)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *binaries = lw_json_object(root, "binaries");
    lw_json_bool(binaries, "proc", options->url != NULL);
    if (options->folder) {
        char *absolute = realpath(options->folder, NULL);
        lw_json_append_text(
            lw_json_array(binaries, "directories"), absolute ? absolute : options->folder);
        free(absolute);
    }
    cJSON *job = lw_json_append(lw_json_array(root, "scrape_configs"));
    lw_json_text(job, "job_name", job_name);
    if (options->binary)
        put_file(job, "binary", options->binary);
    if (options->url) {
        lw_json_text(job, "scheme", options->url->scheme);
        put_credentials(job, options->url);
    }
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    struct config *config = config_parse(text, strlen(text), "(flags)", err);
    free(text);
    return config;
}

/* ---- types ---- */

static void answered(void *ctx, const struct binaries_answer *answer)
{
    struct analysis *a = ctx;
    a->types_err = answer->err;
    if (answer->err.code == LW_OK)
        engine_learn_answer(a->store, answer);
    else if (!a->target->build)
        store_unlearn(a->store, TARGET_ID, answer->err.msg);
    a->is_asking = false;
    loop_stop(a->loop);
}

static void ask_types(struct analysis *a, const struct profile *profile)
{
    struct binaries_request request;
    struct lw_err err;
    if (engine_learn_request(a->target, analysis_job(a), profile, &request) &&
        engine_learn_sites(a->target, profile, &request)) {
        a->is_asking = binaries_ask(a->binaries, &request, &err) == 0;
        if (!a->is_asking)
            a->types_err = err;
        while (a->is_asking && !a->is_interrupted)
            loop_run(a->loop);
    }
    free((void *)request.sites);
}

/* ---- profiles ---- */

void analysis_add(struct analysis *a, struct profile *profile, struct lw_wall at)
{
    struct lw_err ok = {.code = LW_OK};
    struct store_scrape scrape = {.at = at, .outcome = &ok};
    bool restarted;
    ask_types(a, profile);
    store_ingest(a->store, TARGET_ID, &scrape, profile, &restarted);
    if (restarted) /* the store has let go of what was known of the process before */
        ask_types(a, profile);
    if (a->count == 0)
        a->first_at = at;
    if (a->count == 1)
        a->first = a->last;
    else
        profile_free(&a->last);
    a->last = profile;
    a->last_at = at;
    a->count++;
}

/* ---- start and stop ---- */

static void list_target(struct analysis *a, const struct analyze_url *url)
{
    const char *address = url ? url->address : "";
    struct lw_label label = {(char *)"job", (char *)job_name};
    struct lw_label discovered = {(char *)"__address__", (char *)address};
    struct store_target_spec spec = {
        .id = TARGET_ID,
        .labels = lw_labels_new(&label, 1),
        .discovered = lw_labels_new(&discovered, 1),
        .job_name = job_name,
        .url = url ? url->url : "",
    };
    store_set_targets(a->store, &spec, 1, (struct lw_wall){0});
    lw_labels_unref(&spec.labels);
    lw_labels_unref(&spec.discovered);
    a->target = store_target_find(a->store, TARGET_ID);
}

struct analysis *analysis_new(const struct analysis_options *options, struct lw_err *err)
{
    struct analysis *a = LW_NEW(struct analysis);
    a->config = make_config(options, err);
    if (a->config)
        a->loop = loop_new(WORKERS, JOBS_MAX, err);
    if (a->loop)
        a->binaries = binaries_new(a->loop, a->config, NULL, answered, a, err);
    if (!a->binaries) {
        analysis_free(&a);
        return NULL;
    }
    struct store_options store = {.sites_per_target = (size_t)a->config->trend.sites_per_target};
    trend_config_init(&store.trend, options->base_s);
    store.trend.gap_s = fmax(store.trend.gap_s, GAP_INTERVALS * options->interval_s);
    a->store = store_new(&store, NULL);
    list_target(a, options->url);
    return a;
}

void analysis_free(struct analysis **analysis)
{
    struct analysis *a = *analysis;
    if (!a)
        return;
    binaries_free(&a->binaries);
    store_free(&a->store);
    loop_free(&a->loop);
    config_unref(&a->config);
    profile_free(&a->first);
    profile_free(&a->last);
    free(a);
    *analysis = NULL;
}
