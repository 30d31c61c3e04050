/* What the engine asks of binaries and makes of their answers; the binaries are the test's. */
#include "fleet.h"

#include <string.h>

#include "base/log.h"
#include "engine/engine_priv.h"

/* ---- the binaries: they remember what was asked last ---- */

static struct {
    int asked;
    struct binaries_request request; /* what it borrows is gone */
    uint64_t first_site;
    enum lw_code code; /* whether they may be asked */
} binaries;

int binaries_may_ask(
    struct binaries *unused, const struct binaries_request *request, struct lw_err *err)
{
    (void)unused;
    assert_null(request->sites); /* no stack is made in vain */
    return binaries.code == LW_OK ? 0 : lw_err_set(err, binaries.code, "searched lately");
}

int binaries_ask(
    struct binaries *unused, const struct binaries_request *request, struct lw_err *err)
{
    (void)unused;
    binaries.asked++;
    binaries.request = *request;
    binaries.first_site = request->sites[0].id;
    (void)err;
    return 0;
}

const char *binaries_source_word(enum binaries_source source)
{
    return source == BINARIES_PROC ? "proc" : "config";
}

/* ---- an engine around a store ---- */

static struct engine engine;

static void count_lines(void *ctx, const char *line)
{
    (void)line;
    (*(int *)ctx)++;
}

static int log_lines;

static int set_up(void **state)
{
    (void)state;
    static const char yaml[] =
        "scrape_configs: [{job_name: shop, static_configs: [{targets: ['a:1']}]}]";
    struct lw_err err;
    memset(&binaries, 0, sizeof binaries);
    engine = (struct engine){.store = fleet_store_new(NULL)};
    engine.binaries = (struct binaries *)&binaries; /* never looked into */
    engine.config = config_parse(yaml, strlen(yaml), "leakwatchd.yml", &err);
    assert_non_null(engine.config);
    fleet_set_targets(engine.store, 1, 0);
    log_lines = 0;
    lw_log_set_sink(count_lines, &log_lines);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lw_log_set_sink(NULL, NULL);
    store_free(&engine.store);
    config_unref(&engine.config);
    return 0;
}

static const struct store_target *target(void)
{
    return store_target_find(engine.store, 1);
}

/* A scrape, and what is asked after it. */
static void scrape(int minute, const struct fleet_site *sites, size_t count)
{
    struct profile *profile = fleet_profile(sites, count);
    fleet_ingest(engine.store, 1, minute, sites, count);
    engine_ask_types(&engine, target(), profile);
    profile_free(&profile);
}

static const struct fleet_site two[] = {{1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}};

/* Answers that the site asked about first allocates this type. */
static void answer_type(uint64_t process, const char *type)
{
    struct binaries_type told = {.site_id = binaries.first_site,
        .kind = GOTYPES_OBJECT,
        .resolved = type[0] != '\0',
        .type = (char *)type,
        .import_path = (char *)"",
        .module = (char *)"",
        .version = (char *)"",
        .unresolved = (char *)(type[0] ? "" : "reflect"),
        .finalizer_in = (char *)(type[0] ? "main.open" : ""),
        .cycle = (char *)"",
        .kept_in = (char *)""};
    struct binaries_answer answer = {.target_id = 1,
        .process = process,
        .source = BINARIES_PROC,
        .path = (char *)"/proc/7/exe",
        .binary_id = (char *)"b1",
        .build = {.main = (char *)"shop",
            .version = (char *)"v1",
            .vcs_revision = (char *)"",
            .go_version = (char *)"go1.24",
            .gnu_build_id = (char *)""},
        .types = &told,
        .count = 1};
    engine_types_answered(&engine, &answer);
}

static void answer_error(uint64_t process, enum lw_code code, const char *why)
{
    struct binaries_answer answer = {.target_id = 1, .process = process};
    lw_err_set(&answer.err, code, "%s", why);
    engine_types_answered(&engine, &answer);
}

static void answer_disproved(uint64_t process, const char *why)
{
    struct binaries_answer answer = {.target_id = 1, .process = process, .disproved = true};
    lw_err_set(&answer.err, LW_INVALID, "%s", why);
    engine_types_answered(&engine, &answer);
}

/* ---- tests ---- */

static void test_only_what_is_not_known_is_asked(void **state)
{
    (void)state;
    scrape(0, two, 2);
    assert_int_equal(binaries.asked, 1);
    assert_int_equal(binaries.request.site_count, 2);
    assert_int_equal(binaries.request.mapping.start, 0x400000);
    answer_type(0, "main.Session");
    assert_string_equal(target()->build->source, "proc");
    assert_string_equal(store_fate_of(target(), binaries.first_site)->finalizer_in, "main.open");
    assert_string_equal(target()->build->go_version, "go1.24");
    assert_int_equal(log_lines, 1); /* what it runs */
    scrape(1, two, 2);
    assert_int_equal(binaries.request.site_count, 1);
    assert_string_equal(target()->types.list[0].type->name, "main.Session");
    answer_type(0, ""); /* cannot be told: that is known, too */
    assert_int_equal(log_lines, 1);
    scrape(2, two, 2);
    assert_int_equal(binaries.asked, 2);
    assert_int_equal(target()->types.other.inuse_bytes, 3 * MIB);
}

static void test_no_binary_is_no_news(void **state)
{
    (void)state;
    scrape(0, two, 2);
    answer_error(0, LW_NOT_FOUND, "no binary of host1:6060 was found");
    assert_string_equal(target()->build_error, "no binary of host1:6060 was found");
    assert_int_equal(log_lines, 0);
    binaries.code = LW_BUSY;
    scrape(1, two, 2);
    assert_string_equal(target()->build_error, "no binary of host1:6060 was found");
    binaries.code = LW_INVALID;
    scrape(2, two, 2);
    assert_string_equal(target()->build_error, "searched lately");
}

static void test_a_refused_binary_is_told_once(void **state)
{
    (void)state;
    scrape(0, two, 2);
    answer_error(0, LW_INVALID, "the binary /srv/shop is not the one that runs");
    answer_error(0, LW_INVALID, "the binary /srv/shop is not the one that runs");
    assert_int_equal(log_lines, 1);
    assert_string_equal(target()->build_error, "the binary /srv/shop is not the one that runs");
}

/* A binary that was removed, or that others have taken the place of, takes nothing along of what it
 * told; one that proves to be another does. */
static void test_what_was_told_stays_true(void **state)
{
    (void)state;
    scrape(0, two, 2);
    answer_type(0, "main.Session");
    scrape(1, two, 2);
    answer_error(0, LW_NOT_FOUND, "no binary of host1:6060 was found");
    assert_non_null(target()->build);
    assert_int_equal(target()->types.count, 1);
    answer_error(0, LW_INVALID, "the binary /srv/shop is not the one that runs");
    assert_non_null(target()->build);
    assert_int_equal(target()->types.count, 1);
    answer_disproved(0, "the binary /srv/shop is not the one that runs");
    assert_null(target()->build);
    assert_int_equal(target()->types.count, 0);
}

static void test_answers_that_come_too_late(void **state)
{
    (void)state;
    scrape(0, two, 2);
    struct fleet_site young[] = {{1, MIB, MIB}, {2, MIB, MIB}};
    scrape(1, young, 2); /* it restarted */
    assert_int_equal(target()->restarts, 1);
    assert_int_equal(binaries.request.process, 1);
    answer_type(0, "main.Session");
    assert_null(target()->build);
    answer_error(0, LW_INVALID, "not the one that runs");
    assert_string_equal(target()->build_error, "");
    answer_type(1, "main.Session");
    assert_non_null(target()->build);
    fleet_set_targets(engine.store, 0, 2);
    answer_type(1, "main.Entry");
    answer_error(1, LW_NOT_FOUND, "none");
    fleet_set_targets(engine.store, 1, 3);
    assert_non_null(target()->build);
}

static void test_a_job_or_engine_that_is_gone_asks_nothing(void **state)
{
    (void)state;
    struct lw_err err;
    static const char yaml[] = "scrape_configs: []";
    config_unref(&engine.config);
    engine.config = config_parse(yaml, strlen(yaml), "leakwatchd.yml", &err);
    scrape(0, two, 2);
    assert_int_equal(binaries.asked, 0);
    engine.binaries = NULL;
    scrape(1, two, 2);
    assert_int_equal(binaries.asked, 0);
}

#define WITH_ENGINE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ENGINE(test_only_what_is_not_known_is_asked),
        WITH_ENGINE(test_no_binary_is_no_news),
        WITH_ENGINE(test_a_refused_binary_is_told_once),
        WITH_ENGINE(test_what_was_told_stays_true),
        WITH_ENGINE(test_answers_that_come_too_late),
        WITH_ENGINE(test_a_job_or_engine_that_is_gone_asks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
