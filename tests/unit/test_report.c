/* The report as JSON and as Markdown. */
#include "report_facts.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "profile_sketch.h"

#define MIB ((int64_t)1 << 20)

static char *markdown(const struct report_facts *facts)
{
    struct report_diagnosis diagnosis;
    struct lw_strbuf out;
    struct lw_err err;
    report_diagnose(facts, &diagnosis);
    lw_strbuf_init(&out, 1 << 20);
    assert_int_equal(report_encode_markdown(facts, &diagnosis, &out, &err), 0);
    return lw_strbuf_take(&out, NULL);
}

static cJSON *json(const struct report_facts *facts)
{
    struct report_diagnosis diagnosis;
    struct lw_strbuf out;
    struct lw_err err;
    report_diagnose(facts, &diagnosis);
    lw_strbuf_init(&out, 1 << 20);
    assert_int_equal(report_encode_json(facts, &diagnosis, &out, &err), 0);
    cJSON *parsed = cJSON_Parse(out.data);
    assert_non_null(parsed);
    lw_strbuf_fini(&out);
    return parsed;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("there is no \"%s\" in:\n%s", part, text);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!item)
        fail_msg("there is no member %s", name);
    return item;
}

/* One site of main.leak with that much in use. */
static struct profile *heap(int64_t bytes)
{
    static struct sketch s;
    struct lw_err err;
    sketch_program(&s);
    sketch_add_sample(&s, sketch_stack_1_3, sketch_inuse(bytes / 64, bytes), 64);
    struct profile *profile = sketch_decode(&s, &err);
    assert_non_null(profile);
    return profile;
}

static void fill(struct known *k)
{
    known_init(k);
    struct report_facts *f = &k->facts;
    known_subject(k, "main.Session", "object", "main.(*Store).Open main.serve main.main");
    f->incident_id = 0xabc;
    f->trigger = "verdict";
    f->opened_at = (struct lw_wall){1767225600 * LW_NS_PER_S};
    f->subject.rate = (struct report_estimate){71652, 66410, 76895};
    f->subject.window_s = 3600;
    f->subject.age_s = 5400;
    f->subject.values.inuse_bytes = 300 * MIB;
    f->subject.onset_from = (struct lw_wall){1767218400 * LW_NS_PER_S};
    f->subject.onset_to = (struct lw_wall){1767219000 * LW_NS_PER_S};
    f->target.build_id = "abcd";
    f->target.version = "v1.8.2";
    f->first_seen = (struct report_first_seen){"v1.8.2", "", "abcd", "v1.8.1"};
    f->replicas = 8;
    f->replicas_growing = 7;
    f->memory = (struct report_memory){
        400. * MIB, 300. * MIB, 60. * MIB, 10. * MIB, 20. * MIB, 10. * MIB, 1024. * MIB, "cgroup"};
    f->limit_in_s = (struct report_estimate){10200, 9400, HUGE_VAL};
}

static void test_a_person_reads_what_leaks(void **state)
{
    (void)state;
    static struct known k;
    fill(&k);
    char *text = markdown(&k.facts);
    assert_has(text, "# main.Session grows by 4.1 MiB/min in checkout\n");
    assert_has(text, "captured 2026-01-01 00:00 UTC by `verdict`");
    assert_has(text, "**What:** `main.Session`, allocated as `object`");
    assert_has(text, "**Allocated by:** `main.(*Store).Open` `main.go:88`");
    assert_has(text, "4.1 MiB/min (3.8 MiB to 4.4 MiB), measured over 60 min; 300 MiB in use now");
    assert_has(text, "97 % of what is allocated stays; mean age 90 min");
    assert_has(text, "between 2025-12-31 22:00 UTC and 2025-12-31 22:10 UTC");
    assert_has(text, "first seen in `v1.8.2`, absent in `v1.8.1`");
    assert_has(text, "7 of 8 of the job");
    assert_has(text, "RSS 400 MiB = in use 300 MiB + idle 60.0 MiB");
    assert_has(text, "1.0 GiB from `cgroup`, reached in 2 h 50 min (2 h 36 min to never)");
    free(text);
}

static void test_an_onset_within_a_minute_is_told_once(void **state)
{
    (void)state;
    static struct known k;
    fill(&k);
    k.facts.subject.onset_to.ns = k.facts.subject.onset_from.ns + 30 * LW_NS_PER_S;
    char *text = markdown(&k.facts);
    assert_has(text, "**Since:** about 2025-12-31 22:00 UTC\n");
    free(text);
}

static void test_a_program_reads_the_same(void **state)
{
    (void)state;
    static struct known k;
    fill(&k);
    cJSON *r = json(&k.facts);
    assert_string_equal(member(r, "id")->valuestring, "0000000000000abc");
    const cJSON *subject = member(r, "subject");
    assert_string_equal(member(subject, "type")->valuestring, "main.Session");
    assert_true(member(member(subject, "rateBytesPerSecond"), "lo")->valuedouble == 66410);
    assert_string_equal(
        member(member(subject, "responsible"), "function")->valuestring, "main.(*Store).Open");
    assert_int_equal(cJSON_GetArraySize(member(subject, "stack")), 3);
    assert_string_equal(member(member(r, "firstSeenIn"), "absentIn")->valuestring, "v1.8.1");
    assert_int_equal(member(member(r, "replicas"), "growing")->valueint, 7);
    assert_true(cJSON_IsNull(member(member(r, "timeToLimitSeconds"), "hi")));
    assert_true(cJSON_IsNull(member(r, "gc")));
    assert_true(cJSON_IsNull(member(r, "diff")));
    cJSON_Delete(r);
}

static void test_tables_come_from_the_profiles(void **state)
{
    (void)state;
    static struct known k;
    fill(&k);
    struct profile *base = heap(MIB), *before = heap(40 * MIB), *after = heap(30 * MIB);
    struct report_type type = {"main.Session", "object", "", NULL};
    struct lw_map types = {0};
    lw_map_put(&types, before->sites[0].id, &type);
    k.facts.types = &types;
    k.facts.baseline = base;
    k.facts.baseline_at = k.facts.subject.onset_from;
    k.facts.before_gc = before;
    k.facts.after_gc = after;
    char *text = markdown(&k.facts);
    assert_has(text, "| `main.Session` | `main.leak` `");
    assert_has(text, "| 40.0 MiB | 40.0 MiB | 10.0 MiB (25 %) |");
    assert_has(text, "| 1.0 MiB | 40.0 MiB | +39.0 MiB |");
    free(text);
    cJSON *r = json(&k.facts);
    const cJSON *row = cJSON_GetArrayItem(member(member(r, "gc"), "rows"), 0);
    assert_true(member(row, "freedBytes")->valuedouble == 10 * MIB);
    row = cJSON_GetArrayItem(member(member(r, "diff"), "rows"), 0);
    assert_true(member(row, "deltaBytes")->valuedouble == 39 * MIB);
    assert_string_equal(member(row, "type")->valuestring, "main.Session");
    cJSON_Delete(r);
    lw_map_fini(&types);
    profile_free(&base);
    profile_free(&before);
    profile_free(&after);
}

/* Buffers of connections that the library makes in two functions, and something of the program's
 * own that is less than half of it. */
static struct profile *connections(int64_t bytes)
{
    static struct sketch s;
    struct lw_err err;
    static const uint64_t reader[] = {4, 6, 7, 0}, writer[] = {5, 6, 7, 0};
    sketch_program(&s);
    const char *bufio = "/usr/local/go/src/bufio/bufio.go",
               *http = "/usr/local/go/src/net/http/t.go";
    sketch_add_location(&s, 0x403000, sketch_add_function(&s, "bufio.NewReader", bufio, 1), 2);
    sketch_add_location(&s, 0x403010, sketch_add_function(&s, "bufio.NewWriter", bufio, 3), 4);
    sketch_add_location(&s, 0x403020, sketch_add_function(&s, "net/http.dial", http, 5), 6);
    sketch_add_location(&s, 0x403030, sketch_add_function(&s, "net/http.dialFor", http, 7), 8);
    sketch_add_sample(&s, reader, sketch_inuse(bytes / 4096, bytes), 4096);
    sketch_add_sample(&s, writer, sketch_inuse(bytes / 4096, bytes), 4096);
    sketch_add_sample(&s, sketch_stack_1_3, sketch_inuse(bytes / 64, bytes), 64);
    struct profile *profile = sketch_decode(&s, &err);
    assert_non_null(profile);
    return profile;
}

static void test_growth_without_a_stack_is_blamed_by_the_baseline(void **state)
{
    (void)state;
    static struct known k;
    struct report_blame blame;
    struct report_type buffer = {"[]uint8", "slice", "", NULL};
    struct lw_map types = {0};
    fill(&k);
    struct profile *base = connections(MIB), *before = connections(11 * MIB);
    for (size_t i = 0; i < before->site_count; i++) {
        if (before->sites[i].frame_count == 3)
            lw_map_put(&types, before->sites[i].id, &buffer);
    }
    k.facts.types = &types;
    k.facts.baseline = base;
    k.facts.before_gc = before;
    report_blame(&k.facts, &blame);
    assert_string_equal(blame.frame.function, ""); /* it has a stack */
    k.facts.subject.stack.count = 0;
    report_blame(&k.facts, &blame);
    assert_string_equal(blame.frame.function, ""); /* no site is of its type */
    k.facts.subject.type.name = "";
    report_blame(&k.facts, &blame);
    assert_string_equal(blame.frame.function, "net/http.dial");
    assert_string_equal(blame.type, "[]uint8");
    assert_true(fabs(blame.share - 2. / 3) < 1e-9 && fabs(blame.type_share - 2. / 3) < 1e-9);
    k.facts.subject.type.name = "[]uint8";
    report_blame(&k.facts, &blame);
    assert_string_equal(blame.frame.function, "net/http.dial");
    assert_true(blame.share == 1);
    k.facts.before_gc = base; /* nothing grew */
    report_blame(&k.facts, &blame);
    assert_string_equal(blame.frame.function, "");
    assert_string_equal(blame.type, "");
    lw_map_fini(&types);
    profile_free(&base);
    profile_free(&before);
}

/* Four types, of which the first two have as many units as said and the others two each; allocated
 * in a function each, below one where that is not NULL. */
static struct profile *spread(int64_t first, int64_t second, const char *below)
{
    static struct sketch s;
    struct lw_err err;
    const int64_t units[] = {first, second, 2, 2};
    static const char *const functions[] = {"main.a", "main.b", "main.c", "main.d"};
    sketch_program(&s);
    if (below)
        sketch_add_location(&s, 0x404000, sketch_add_function(&s, below, "/src/main.go", 9), 9);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t stack[] = {4 + i + (below ? 1 : 0), below ? 4 : 0, 0};
        sketch_add_location(
            &s, 0x403000 + 16 * i, sketch_add_function(&s, functions[i], "/src/main.go", 1), 2);
        sketch_add_sample(&s, stack, sketch_inuse(units[i] * 1024, units[i] * MIB), 1024);
    }
    struct profile *profile = sketch_decode(&s, &err);
    assert_non_null(profile);
    return profile;
}

static void test_a_type_far_ahead_of_all_others_is_blamed(void **state)
{
    (void)state;
    static struct known k;
    struct report_blame blame;
    struct report_type types[] = {{"A", "object", "", NULL}, {"B", "object", "", NULL},
        {"C", "object", "", NULL}, {"D", "object", "", NULL}};
    fill(&k);
    k.facts.subject.stack.count = 0;
    k.facts.subject.type.name = "";
    struct profile *base = heap(0);
    for (int64_t second = 2; second <= 3; second++) {
        struct lw_map by_site = {0};
        struct profile *before = spread(4, second, NULL);
        for (size_t i = 0; i < before->site_count; i++) {
            int letter = before->sites[i].frames[0]->function[5] - 'a';
            if (letter < 4)
                lw_map_put(&by_site, before->sites[i].id, &types[letter]);
        }
        k.facts.baseline = base;
        k.facts.before_gc = before;
        k.facts.types = &by_site;
        report_blame(&k.facts, &blame);
        assert_string_equal(blame.type, second == 2 ? "A" : "");
        lw_map_fini(&by_site);
        k.facts.types = NULL;
        report_blame(&k.facts, &blame);
        assert_string_equal(blame.type, "");
        profile_free(&before);
    }
    profile_free(&base);
}

static void test_the_largest_type_of_one_function_is_blamed(void **state)
{
    (void)state;
    static struct known k;
    struct report_blame blame;
    struct report_type types[] = {{"A", "object", "", NULL}, {"B", "map", "", NULL}};
    fill(&k);
    k.facts.subject.stack.count = 0;
    k.facts.subject.type.name = "";
    k.facts.baseline = heap(0);
    static const char *const below[] = {"main.set", "main.main"};
    for (int i = 0; i < 2; i++) {
        struct lw_map by_site = {0};
        struct profile *before = spread(5, 4, below[i]);
        for (size_t s = 0; s < before->site_count; s++) {
            int letter = before->sites[s].frames[0]->function[5] - 'a';
            if (letter < 2)
                lw_map_put(&by_site, before->sites[s].id, &types[letter]);
        }
        k.facts.before_gc = before;
        k.facts.types = &by_site;
        report_blame(&k.facts, &blame);
        assert_string_equal(blame.frame.function, below[i]);
        assert_string_equal(blame.type, i == 0 ? "A" : "");
        lw_map_fini(&by_site);
        profile_free(&before);
    }
    profile_free((struct profile **)&k.facts.baseline);
}

static void test_a_late_baseline_and_what_is_blamed_are_told(void **state)
{
    (void)state;
    static struct known k;
    fill(&k);
    struct profile *base = heap(MIB), *before = heap(40 * MIB);
    k.facts.baseline = base;
    k.facts.before_gc = before;
    k.facts.baseline_at.ns = k.facts.subject.onset_from.ns - 1;
    assert_false(report_baseline_is_late(&k.facts));
    k.facts.baseline_at = k.facts.subject.onset_from;
    k.facts.subject.stack.count = 0;
    k.facts.subject.type.name = "";
    char *text = markdown(&k.facts);
    assert_has(text, "`, 100 % of what grew since the baseline\n");
    assert_has(text, "None is from before the growth began: this one is the oldest. 1.0 MiB then");
    free(text);
    cJSON *r = json(&k.facts);
    assert_string_equal(member(member(r, "blame"), "function")->valuestring, "main.leak");
    assert_true(cJSON_IsTrue(member(member(r, "diff"), "baselineIsLate")));
    cJSON_Delete(r);
    profile_free(&base);
    profile_free(&before);
}

static void test_what_was_refused_is_told(void **state)
{
    (void)state;
    static struct known k;
    fill(&k);
    const struct report_file files[] = {{"heap.pb.gz", "ok", "", 2048},
        {"heap-gc.pb.gz", "refused", "the heap is larger than gc_heap_limit", 0},
        {"trace.out", "failed", NULL, 0}};
    k.facts.files = files;
    k.facts.file_count = 3;
    char *text = markdown(&k.facts);
    assert_has(text, "- `heap.pb.gz` 2.0 KiB\n");
    assert_has(text, "- `heap-gc.pb.gz` `refused`: `the heap is larger than gc_heap_limit`\n");
    assert_has(text, "- `trace.out` `failed`\n");
    free(text);
    cJSON *r = json(&k.facts);
    assert_int_equal(cJSON_GetArraySize(member(r, "bundle")), 3);
    cJSON_Delete(r);
}

static void test_captured_variables(void **state)
{
    (void)state;
    static struct known k;
    known_init(&k);
    known_subject(&k, "struct { F uintptr; X0 []uint8; X1 struct { a int; b string }; X2 *main.T }",
        "closure", "main.f");
    cJSON *r = json(&k.facts);
    const cJSON *captured = member(member(r, "subject"), "captured");
    assert_int_equal(cJSON_GetArraySize(captured), 3);
    assert_string_equal(member(cJSON_GetArrayItem(captured, 1), "name")->valuestring, "X1");
    assert_string_equal(
        member(cJSON_GetArrayItem(captured, 1), "type")->valuestring, "struct { a int; b string }");
    assert_string_equal(member(cJSON_GetArrayItem(captured, 2), "type")->valuestring, "*main.T");
    cJSON_Delete(r);
}

static void test_nothing_is_known(void **state)
{
    (void)state;
    struct report_facts facts;
    report_facts_init(&facts);
    char *text = markdown(&facts);
    assert_has(text, "# Snapshot of a target\n");
    assert_has(text, "Nothing is seen to grow");
    assert_has(text, "fits none of the known patterns");
    free(text);
    cJSON *r = json(&facts);
    assert_string_equal(member(r, "pattern")->valuestring, "unknown");
    assert_true(cJSON_IsNull(member(r, "replicas")));
    cJSON_Delete(r);
}

static void test_foreign_text_means_nothing_to_markdown(void **state)
{
    (void)state;
    static struct known k;
    fill(&k);
    known_subject(&k, "evil|`<b>\n# x\xff", "object", "main.f");
    k.facts.reason = "](http://x) `@all";
    char *text = markdown(&k.facts);
    assert_has(text, "`evil\\|'<b> # x\xef\xbf\xbd`");
    assert_has(text, "# evil\\|\\`\\<b\\> \\# x\xef\xbf\xbd grows");
    assert_has(text, ": `](http://x) '@all`");
    free(text);
    cJSON_Delete(json(&k.facts));
}

static void test_a_report_that_is_too_large_is_refused(void **state)
{
    (void)state;
    static struct known k;
    fill(&k);
    struct report_diagnosis diagnosis;
    struct lw_strbuf out;
    struct lw_err err;
    report_diagnose(&k.facts, &diagnosis);
    lw_strbuf_init(&out, 100);
    assert_int_equal(report_encode_markdown(&k.facts, &diagnosis, &out, &err), -1);
    assert_int_equal(err.code, LW_TOO_LARGE);
    lw_strbuf_fini(&out);
    lw_strbuf_init(&out, 100);
    assert_int_equal(report_encode_json(&k.facts, &diagnosis, &out, &err), -1);
    assert_int_equal(err.code, LW_TOO_LARGE);
    lw_strbuf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_person_reads_what_leaks),
        cmocka_unit_test(test_an_onset_within_a_minute_is_told_once),
        cmocka_unit_test(test_a_program_reads_the_same),
        cmocka_unit_test(test_tables_come_from_the_profiles),
        cmocka_unit_test(test_growth_without_a_stack_is_blamed_by_the_baseline),
        cmocka_unit_test(test_a_type_far_ahead_of_all_others_is_blamed),
        cmocka_unit_test(test_the_largest_type_of_one_function_is_blamed),
        cmocka_unit_test(test_a_late_baseline_and_what_is_blamed_are_told),
        cmocka_unit_test(test_what_was_refused_is_told),
        cmocka_unit_test(test_captured_variables),
        cmocka_unit_test(test_nothing_is_known),
        cmocka_unit_test(test_foreign_text_means_nothing_to_markdown),
        cmocka_unit_test(test_a_report_that_is_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
