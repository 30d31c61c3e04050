/* A capture against a target that is made up, on the virtual clock: one that answers, dies, hangs,
 * streams for ever, lacks things, or measures only for short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "capture/capture.h"

#define S   LW_NS_PER_S
#define MS  LW_NS_PER_MS
#define MIB ((int64_t)1 << 20)

/* ---- the target ---- */

enum mood { ANSWERS, REFUSES, HANGS, STREAMS };

static struct {
    struct capture_source base; /* first */
    struct loop *loop;
    struct loop_timer timer;
    struct capture_request *request;
    enum mood mood;
    int dies_after;       /* answers; -1: never */
    enum mood then;       /* what it does when it died */
    const char *missing;  /* paths that begin with this are 404; NULL: none */
    long write_timeout_s; /* 0: none */
    const char *memstats; /* answer of heap?debug=1 */
    const char *cmdline;  /* answer of cmdline; NULL: its path */
    char asked[64][40];   /* paths */
    int64_t longest_ns;   /* of the timeouts given */
    size_t least_limit;   /* of the limits given */
    size_t cmdline_limit; /* which is one of its own */
    int asked_count;
    int cancelled;
} target;

static const char calm_memstats[] =
    "heap profile: 0: 0 [0: 0] @ heap/1048576\n\n# runtime.MemStats\n# Alloc = 1048576\n"
    "# TotalAlloc = 2097152\n# Sys = 9437184\n# Lookups = 0\n# Mallocs = 10\n# Frees = 5\n"
    "# HeapAlloc = 1048576\n# HeapSys = 8388608\n# HeapIdle = 4194304\n# HeapInuse = 4194304\n"
    "# HeapReleased = 0\n# HeapObjects = 5\n# Stack = 327680 / 327680\n# MSpan = 1 / 2\n"
    "# MCache = 1 / 2\n# BuckHashSys = 3\n# GCSys = 4\n# OtherSys = 5\n# NextGC = 4194304\n"
    "# LastGC = 0\n# PauseNs = [0]\n# PauseEnd = [0]\n# NumGC = 1\n# NumForcedGC = 0\n"
    "# GCCPUFraction = 0.01\n# DebugGC = false\n";

static void end_with(enum lw_code code, long status, const char *text)
{
    struct capture_request *request = target.request;
    struct lw_err err = {.code = code};
    char *body = code == LW_OK ? lw_strdup(text) : NULL;
    if (code != LW_OK)
        lw_err_set(&err, code, "made up: %s", text);
    target.request = NULL;
    request->done(request, &err, status, body, body ? strlen(body) : 0);
}

static long seconds_of(const char *path)
{
    const char *at = strstr(path, "seconds=");
    return at ? strtol(at + strlen("seconds="), NULL, 10) : 0;
}

static const char *body_of(const char *path)
{
    if (strcmp(path, "heap?debug=1") == 0)
        return target.memstats;
    return strcmp(path, "cmdline") == 0 && target.cmdline ? target.cmdline : path;
}

static void answer(void *ctx)
{
    (void)ctx;
    const char *path = target.request->path;
    switch (target.mood) {
    case REFUSES:
        end_with(LW_CONNECT, 0, "connection refused");
        return;
    case HANGS:
        end_with(LW_TIMEOUT, 0, "no answer");
        return;
    case STREAMS:
        end_with(LW_BODY_TOO_LARGE, 200, "more than the limit");
        return;
    case ANSWERS:
        break;
    }
    if (target.dies_after == 0)
        target.mood = target.then;
    else if (target.dies_after > 0)
        target.dies_after--;
    if (target.mood != ANSWERS)
        answer(NULL);
    else if (target.missing && strncmp(path, target.missing, strlen(target.missing)) == 0)
        end_with(LW_HTTP_STATUS, 404, "Unknown profile");
    else if (target.write_timeout_s && seconds_of(path) >= target.write_timeout_s)
        end_with(LW_HTTP_STATUS, 400, "profile duration exceeds server's WriteTimeout");
    else
        end_with(LW_OK, 200, body_of(path));
}

static void start(struct capture_source *source, struct capture_request *request)
{
    (void)source;
    assert_null(target.request);
    assert_true(request->timeout_ns > 0 && request->limit_bytes > 0);
    assert_true(target.asked_count < 64);
    snprintf(target.asked[target.asked_count++], sizeof target.asked[0], "%s", request->path);
    if (request->timeout_ns > target.longest_ns)
        target.longest_ns = request->timeout_ns;
    if (strcmp(request->path, "cmdline") == 0)
        target.cmdline_limit = request->limit_bytes;
    else if (request->limit_bytes < target.least_limit)
        target.least_limit = request->limit_bytes;
    target.request = request;
    int64_t takes_ns = target.mood == HANGS || (target.dies_after == 0 && target.then == HANGS)
                           ? request->timeout_ns
                           : MS + seconds_of(request->path) * S;
    loop_timer_arm(target.loop, &target.timer, lw_mono_add(loop_now(target.loop), takes_ns));
}

static void cancel(struct capture_source *source, struct capture_request *request)
{
    (void)source;
    assert_ptr_equal(request, target.request);
    target.request = NULL;
    target.cancelled++;
    loop_timer_disarm(target.loop, &target.timer);
}

/* ---- a capture of it ---- */

static struct config_capture config;
static struct capture *capture;
static struct capture_bundle *bundle;
static struct capture_spec spec;
static int64_t took_ns;

static void done(void *ctx, struct capture_bundle *got)
{
    (void)ctx;
    assert_null(bundle);
    bundle = got;
    took_ns = got->finished.ns - got->started.ns;
    capture_free(&capture);
}

static int set_up(void **state)
{
    (void)state;
    memset(&target, 0, sizeof target);
    target.base = (struct capture_source){.start = start, .cancel = cancel};
    target.loop = loop_new_virtual((struct lw_wall){1700000000 * S});
    target.timer = (struct loop_timer){.fire = answer};
    target.dies_after = -1;
    target.memstats = calm_memstats;
    target.least_limit = SIZE_MAX;
    config = (struct config_capture){
        .enabled = true,
        .size_limit_bytes = 10 * MIB,
        .deadline_ns = 120 * S,
        .step_timeout_ns = 30 * S,
        .cpu_seconds = 5,
        .trace_seconds = 1,
        .goroutine_ceiling = 1000,
        .gc_heap_limit_bytes = 100 * MIB,
        .gc_cpu_percent = 10,
        .cmdline = true,
        .slow_percent = 50,
    };
    spec = (struct capture_spec){
        .loop = target.loop,
        .source = &target.base,
        .config = &config,
        .vitals = {.heap_bytes = MIB,
            .gc_cpu_percent = -1,
            .goroutines = 7, /* the body that tells is not a profile here */
            .scrape_ns = MS,
            .timeout_ns = 10 * S},
        .done = done,
    };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    capture_bundle_free(&bundle);
    capture_free(&capture);
    loop_free(&target.loop);
    return 0;
}

static void capture_all(void)
{
    capture = capture_new(&spec);
    assert_null(bundle);
    assert_int_equal(target.asked_count, 0);
    loop_run_for(target.loop, 3600 * S);
    assert_non_null(bundle);
    assert_null(capture);
    assert_null(target.request);
    for (int i = 0; i < CAPTURE_STEP_COUNT; i++) {
        const struct capture_item *item = &bundle->items[i];
        assert_int_equal(item->body != NULL, item->state == CAPTURE_OK);
        assert_int_equal(item->why[0] == '\0', item->state == CAPTURE_OK);
    }
}

static bool was_asked(const char *path)
{
    for (int i = 0; i < target.asked_count; i++) {
        if (strcmp(target.asked[i], path) == 0)
            return true;
    }
    return false;
}

static void assert_state(enum capture_step step, enum capture_state state)
{
    assert_string_equal(capture_state_word(bundle->items[step].state), capture_state_word(state));
}

static void assert_why(enum capture_step step, const char *part)
{
    if (!strstr(bundle->items[step].why, part))
        fail_msg("\"%s\" is not in \"%s\"", part, bundle->items[step].why);
}

/* ---- tests ---- */

static void test_all_of_it_cheap_first(void **state)
{
    (void)state;
    static const char *const order[] = {"heap", "heap?debug=1", "heap?gc=1", "allocs", "goroutine",
        "cmdline", "mutex", "block", "goroutineleak", "goroutineleak", "goroutine?debug=2",
        "profile?seconds=5", "trace?seconds=1"};
    capture_all();
    assert_int_equal(target.asked_count, sizeof order / sizeof *order);
    for (int i = 0; i < target.asked_count; i++)
        assert_string_equal(target.asked[i], order[i]);
    assert_int_equal(bundle->ok_count, CAPTURE_STEP_COUNT);
    assert_true(bundle->is_whole);
    assert_int_equal(bundle->goroutines, 7);
    assert_string_equal(bundle->items[CAPTURE_HEAP_GC].body, "heap?gc=1");
    size_t bytes = 0;
    for (int i = 0; i < CAPTURE_STEP_COUNT; i++) {
        bytes += bundle->items[i].len;
        assert_true(bundle->items[i].taken.ns >= bundle->started.ns);
    }
    assert_int_equal(bundle->bytes, bytes);
}

static void test_steps_have_files_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; i < CAPTURE_STEP_COUNT; i++) {
        for (int k = 0; k < i; k++)
            assert_string_not_equal(
                capture_step_file((enum capture_step)i), capture_step_file((enum capture_step)k));
    }
}

static void test_what_dies_leaves_a_partial_bundle(void **state)
{
    (void)state;
    target.dies_after = 3;
    target.then = REFUSES;
    capture_all();
    assert_int_equal(bundle->ok_count, 3);
    assert_false(bundle->is_whole);
    assert_int_equal(target.asked_count, 5); /* it is not asked for all the rest in vain */
    assert_state(CAPTURE_HEAP_GC, CAPTURE_OK);
    assert_why(CAPTURE_ALLOCS, "connection refused");
    assert_why(CAPTURE_TRACE, "no longer answers");
}

static void test_who_is_dead_from_the_start_gives_nothing(void **state)
{
    (void)state;
    target.mood = REFUSES;
    capture_all();
    assert_int_equal(bundle->ok_count, 0);
    assert_int_equal(bundle->bytes, 0);
    assert_false(bundle->is_whole);
}

static void test_what_hangs_is_given_up(void **state)
{
    (void)state;
    target.dies_after = 2;
    target.then = HANGS;
    capture_all();
    assert_int_equal(bundle->ok_count, 2);
    assert_int_equal(target.longest_ns, config.step_timeout_ns);
    assert_in_range(took_ns, 60 * S, 61 * S); /* two steps in vain */
}

static void test_the_deadline_is_over_all(void **state)
{
    (void)state;
    config.deadline_ns = 4 * S; /* too short to measure for five seconds */
    capture_all();
    assert_state(CAPTURE_GOROUTINES_TEXT, CAPTURE_OK);
    assert_state(CAPTURE_CPU, CAPTURE_FAILED);
    assert_why(CAPTURE_CPU, "capture.deadline");
    assert_state(CAPTURE_TRACE, CAPTURE_OK);
    assert_in_range(took_ns, S, 4 * S);

    tear_down(NULL);
    set_up(NULL);
    config.deadline_ns = 20 * S;
    target.mood = HANGS;
    capture_all();
    assert_int_equal(took_ns, 20 * S);
}

static void test_what_streams_for_ever_is_cut(void **state)
{
    (void)state;
    target.dies_after = 1;
    target.then = STREAMS;
    capture_all();
    assert_int_equal(bundle->ok_count, 1);
    assert_int_equal(bundle->bytes, strlen("heap"));
    assert_why(CAPTURE_ALLOCS, "more than the limit");
    assert_int_equal(target.least_limit, 10 * MIB - (int64_t)strlen("heap"));
}

static void test_what_is_kept_leaves_less_for_the_rest(void **state)
{
    (void)state;
    config.size_limit_bytes = (int64_t)strlen(calm_memstats) + (int64_t)strlen("heap");
    capture_all();
    assert_int_equal(bundle->ok_count, 2);
    assert_int_equal(bundle->bytes, config.size_limit_bytes);
    assert_why(CAPTURE_ALLOCS, "capture.size_limit");
}

static void test_what_is_missing_is_remembered(void **state)
{
    (void)state;
    target.missing = "goroutineleak";
    capture_all();
    assert_state(CAPTURE_GOROUTINE_LEAK, CAPTURE_UNSUPPORTED);
    assert_true(bundle->is_whole);
    assert_int_equal(bundle->missing, 1u << CAPTURE_GOROUTINE_LEAK);

    spec.missing = bundle->missing;
    capture_bundle_free(&bundle);
    target.asked_count = 0;
    target.missing = NULL;
    capture_all();
    assert_false(was_asked("goroutineleak"));
    assert_state(CAPTURE_GOROUTINE_LEAK, CAPTURE_UNSUPPORTED);
    assert_int_equal(bundle->missing, 1u << CAPTURE_GOROUTINE_LEAK);
}

static void test_without_a_heap_the_rest_goes_on(void **state)
{
    (void)state;
    target.missing = "heap";
    capture_all();
    assert_state(
        CAPTURE_HEAP, CAPTURE_FAILED); /* that is no service of ours, not one that lacks it */
    assert_false(bundle->is_whole);
    assert_state(CAPTURE_GOROUTINE, CAPTURE_OK);
}

static void test_a_write_timeout_shortens_the_measuring(void **state)
{
    (void)state;
    target.write_timeout_s = 3;
    capture_all();
    assert_true(was_asked("profile?seconds=5"));
    assert_state(CAPTURE_CPU, CAPTURE_OK);
    assert_string_equal(bundle->items[CAPTURE_CPU].body, "profile?seconds=2");
    assert_string_equal(bundle->items[CAPTURE_TRACE].body, "trace?seconds=1");

    tear_down(NULL);
    set_up(NULL);
    target.write_timeout_s = 1;
    capture_all();
    assert_state(CAPTURE_CPU, CAPTURE_FAILED);
    assert_why(CAPTURE_CPU, "WriteTimeout");
}

static void test_measuring_can_be_turned_off(void **state)
{
    (void)state;
    config.cpu_seconds = config.trace_seconds = 0;
    capture_all();
    assert_state(CAPTURE_CPU, CAPTURE_REFUSED);
    assert_why(CAPTURE_CPU, "capture.cpu_seconds");
    assert_why(CAPTURE_TRACE, "capture.trace_seconds");
    assert_int_equal(bundle->refused_count, 0); /* by no rule */
    assert_true(bundle->is_whole);
}

static void test_the_command_line_is_kept_without_secrets_or_not_at_all(void **state)
{
    (void)state;
    target.cmdline = "/srv/shop?token=hunter2";
    capture_all();
    assert_string_equal(bundle->items[CAPTURE_CMDLINE].body, "/srv/shop?token=***");
    assert_int_equal(bundle->items[CAPTURE_CMDLINE].len, strlen("/srv/shop?token=***"));
    assert_int_equal(target.cmdline_limit, 256 << 10);

    capture_bundle_free(&bundle);
    target.asked_count = 0;
    config.cmdline = false;
    capture_all();
    assert_false(was_asked("cmdline"));
    assert_state(CAPTURE_CMDLINE, CAPTURE_REFUSED);
    assert_why(CAPTURE_CMDLINE, "capture.cmdline");
    assert_true(bundle->is_whole);
}

static void test_memstats_keep_a_gc_from_being_forced(void **state)
{
    (void)state;
    config.gc_heap_limit_bytes = MIB - 1; /* HeapAlloc is 1 MiB */
    spec.vitals.heap_bytes = 0;
    capture_all();
    assert_false(was_asked("heap?gc=1"));
    assert_false(was_asked("goroutineleak"));
    assert_state(CAPTURE_HEAP_GC, CAPTURE_REFUSED);
    assert_why(CAPTURE_HEAP_GC, "gc_heap_limit");
    assert_int_equal(bundle->refused_count, 2);
    assert_int_equal(bundle->refused[0].rule, CAPTURE_RULE_GC_HEAP);
}

static void test_memstats_that_cannot_be_read_change_nothing(void **state)
{
    (void)state;
    target.memstats = "<html>login</html>";
    spec.vitals.heap_bytes = -1;
    capture_all();
    assert_state(CAPTURE_HEAP_GC, CAPTURE_REFUSED);
    assert_why(CAPTURE_HEAP_GC, "not known");
}

static void test_the_slow_and_the_crowded_are_spared(void **state)
{
    (void)state;
    spec.vitals.scrape_ns = 6 * S;
    spec.vitals.goroutines = -1;
    capture_all();
    assert_state(CAPTURE_CPU, CAPTURE_REFUSED);
    assert_state(CAPTURE_TRACE, CAPTURE_REFUSED);
    assert_why(CAPTURE_TRACE, "slow_percent");
    assert_state(CAPTURE_GOROUTINES_TEXT, CAPTURE_REFUSED);
    assert_why(CAPTURE_GOROUTINES_TEXT, "goroutine_ceiling");
}

static void test_the_second_leak_profile_counts(void **state)
{
    (void)state;
    target.dies_after = 9; /* answers the first one, not the second */
    target.then = REFUSES;
    capture_all();
    assert_state(CAPTURE_GOROUTINE_LEAK, CAPTURE_OK); /* rather the first than none */
    assert_state(CAPTURE_GOROUTINES_TEXT, CAPTURE_FAILED);
}

static void test_a_capture_can_be_taken_apart(void **state)
{
    (void)state;
    capture = capture_new(&spec); /* before it began */
    capture_free(&capture);
    loop_run_for(target.loop, S);
    assert_int_equal(target.asked_count, 0);
    capture = capture_new(&spec);
    loop_run_for(target.loop, MS / 2);
    assert_int_equal(capture_current(capture), CAPTURE_HEAP);
    capture_free(&capture);
    assert_int_equal(target.cancelled, 1);
    loop_run_for(target.loop, 100 * S);
    assert_null(bundle);
    capture_free(&capture);
}

#define ON_TARGET(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_TARGET(test_all_of_it_cheap_first),
        ON_TARGET(test_steps_have_files_of_their_own),
        ON_TARGET(test_what_dies_leaves_a_partial_bundle),
        ON_TARGET(test_who_is_dead_from_the_start_gives_nothing),
        ON_TARGET(test_what_hangs_is_given_up),
        ON_TARGET(test_the_deadline_is_over_all),
        ON_TARGET(test_what_streams_for_ever_is_cut),
        ON_TARGET(test_what_is_kept_leaves_less_for_the_rest),
        ON_TARGET(test_what_is_missing_is_remembered),
        ON_TARGET(test_without_a_heap_the_rest_goes_on),
        ON_TARGET(test_a_write_timeout_shortens_the_measuring),
        ON_TARGET(test_measuring_can_be_turned_off),
        ON_TARGET(test_the_command_line_is_kept_without_secrets_or_not_at_all),
        ON_TARGET(test_memstats_keep_a_gc_from_being_forced),
        ON_TARGET(test_memstats_that_cannot_be_read_change_nothing),
        ON_TARGET(test_the_slow_and_the_crowded_are_spared),
        ON_TARGET(test_the_second_leak_profile_counts),
        ON_TARGET(test_a_capture_can_be_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
