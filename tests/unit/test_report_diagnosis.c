/* Which pattern a leak is: what was seen of programs that leak in each way, and of some that only
 * look so. */
#include "report_facts.h"

#include <string.h>

#include "profile_sketch.h"

static struct report_diagnosis diagnose(const struct known *k)
{
    struct report_diagnosis diagnosis;
    report_diagnose(&k->facts, &diagnosis);
    return diagnosis;
}

static void assert_says(const struct report_notes *notes, const char *what)
{
    for (size_t i = 0; i < notes->count; i++) {
        if (strstr(notes->text[i], what))
            return;
    }
    fail_msg("nothing says \"%s\"; first of %zu: %s", what, notes->count,
        notes->count ? notes->text[0] : "");
}

static void assert_is(const struct known *k, enum report_pattern pattern, const char *evidence)
{
    struct report_diagnosis d = diagnose(k);
    assert_string_equal(
        report_pattern_word(report_diagnosis_pattern(&d)), report_pattern_word(pattern));
    if (pattern == REPORT_NO_PATTERN)
        return;
    assert_says(&d.list[0].evidence, evidence);
    assert_true(d.list[0].fix && d.list[0].fix[0]);
}

/* ---- each pattern ---- */

#define FETCH "main.(*Server).fetch main.(*Server).serve"

static void test_closures_in_a_map(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "[]uint8", "slice", "main.(*Bus).Subscribe main.serve");
    known_other(&k, "struct { F uintptr; X0 []uint8; X1 string }", "closure",
        "main.(*Bus).Subscribe main.serve");
    known_other(&k, "map[string]func()", "map", "main.(*Bus).Subscribe main.serve");
    assert_is(&k, REPORT_CLOSURE_MAP, "captured X0 []uint8; X1 string");
    assert_is(&k, REPORT_CLOSURE_MAP, "map[string]func()");
    assert_int_equal(diagnose(&k).list[0].strength, REPORT_STRONG);
}

static void test_a_closure_alone_is_no_more_than_possible(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    k.facts.subject.retention = NAN;
    known_subject(&k, "struct { F uintptr; X0 int }", "closure", FETCH);
    assert_is(&k, REPORT_NO_PATTERN, "");
    assert_int_equal(diagnose(&k).list[0].pattern, REPORT_CLOSURE_MAP);
    assert_says(&diagnose(&k).list[0].against, "no map or slice of functions");
}

static void test_a_map_of_interfaces(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "map[string]interface {}", "map", "main.(*Store).Put main.serve");
    known_other(&k, "main.Order", "boxing", "main.(*Store).Put main.serve");
    known_other(&k, "main.Order", "boxing", "main.(*Store).Put main.other");
    assert_is(&k, REPORT_ANY_MAP, "main.Order is boxed");
    assert_int_equal(diagnose(&k).list[0].evidence.count, 3);
}

static void test_types_made_at_run_time(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "", "", "reflect.StructOf main.schemaOf main.serve");
    assert_is(&k, REPORT_REFLECT_TYPES, "called by main.schemaOf");
}

static void test_reflection_alone_makes_no_types(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(
        &k, "", "run-time type", "reflect.New encoding/json.(*decodeState).object main.f");
    assert_is(&k, REPORT_NO_PATTERN, "");
}

static void test_functions_of_generic_code(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "[]uint8", "slice", "main.NewLoader[go.shape.*uint8] main.serve");
    known_other(&k, "struct { F uintptr; X0 []uint8; X1 go.shape.*uint8 }", "closure",
        "main.NewLoader[go.shape.*uint8] main.serve");
    known_other(
        &k, "[]func() *main.Session", "slice growth", "main.NewLoader[go.shape.*uint8] main.serve");
    assert_is(&k, REPORT_GENERIC_REGISTRY, "generic");
}

static void test_keys_of_a_sync_map(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "", "",
        "internal/sync.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).Swap "
        "sync.(*Map).Store main.remember main.serve");
    known_other(&k, "main.keyA", "boxing", "main.remember main.serve");
    known_other(&k, "string", "boxing", "main.remember main.serve");
    assert_is(&k, REPORT_SYNCMAP_KEYS, "main.keyA is boxed");
    assert_is(&k, REPORT_SYNCMAP_KEYS, "different dynamic types");
}

static void test_a_chain_of_errors(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "fmt.wrapError", "object", "fmt.Errorf main.retry main.serve");
    k.facts.subject.values.inuse_objects = 5397;
    assert_is(&k, REPORT_ERROR_CHAIN, "5397 of them");
    known_init(&k);
    known_subject(&k, "main.RetryError", "object", "main.retry main.serve");
    assert_is(&k, REPORT_ERROR_CHAIN, "main.RetryError grows");
    assert_says(&diagnose(&k).list[0].against, "from its name alone");
    known_init(&k);
    known_subject(&k, "", "", "fmt.Errorf main.retry"); /* without types it is less clear */
    assert_int_equal(diagnose(&k).list[0].pattern, REPORT_ERROR_CHAIN);
    assert_int_equal(diagnose(&k).list[0].strength, REPORT_POSSIBLE);
}

static void test_timers_without_types(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "", "", "time.NewTicker main.poll main.serve");
    assert_is(&k, REPORT_TICKER, "called by main.poll");
    known_init(&k);
    known_subject(&k, "context.timerCtx", "object",
        "context.WithDeadlineCause context.WithTimeout main.call main.serve");
    assert_is(&k, REPORT_TICKER, "until it is cancelled");
}

static void test_goroutines_that_wait_for_ever(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "[]uint8", "slice", "main.spawn main.serve");
    known_group(&k, 5000, 1000, "chan receive", "runtime.gopark main.spawn.func1");
    assert_is(&k, REPORT_GOROUTINE, "5000 goroutines (+1000 an hour) wait in main.spawn.func1");
    assert_is(&k, REPORT_GOROUTINE, "begun where the memory grows");
}

static void test_many_goroutines_that_do_not_grow(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "[]uint8", "slice", "main.spawn main.serve");
    known_group(&k, 5000, 0, "chan receive", "runtime.gopark main.spawn.func1"); /* a pool */
    assert_is(&k, REPORT_NO_PATTERN, "");
    known_init(&k);
    known_subject(&k, "[]uint8", "slice", "main.spawn main.serve");
    known_group(&k, 8, 1000, "running", "main.spawn.func1");
    assert_is(&k, REPORT_NO_PATTERN, "");
}

static void test_bodies_that_are_not_closed(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "[]uint8", "slice",
        "bufio.NewReaderSize net/http.(*Transport).dialConn net/http.(*Transport).dialConnFor");
    known_group(&k, 300, 900, "select", "runtime.gopark net/http.(*persistConn).readLoop");
    known_group(&k, 300, 900, "select", "runtime.gopark net/http.(*persistConn).writeLoop");
    assert_is(&k, REPORT_HTTP_BODY, "net/http.(*persistConn).readLoop");
    assert_int_equal(diagnose(&k).count, 1); /* and no plain goroutines beside it */
    assert_says(&diagnose(&k).list[0].against, "http.Transport for each request");
}

static void test_a_few_idle_connections_are_no_leak_of_bodies(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "main.Session", "object", FETCH);
    known_group(&k, 4, 0, "select", "runtime.gopark net/http.(*persistConn).readLoop");
    struct report_diagnosis d = diagnose(&k);
    for (size_t i = 0; i < d.count; i++)
        assert_int_not_equal(d.list[i].pattern, REPORT_HTTP_BODY);
}

static void test_a_cache_without_bounds(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "main.Session", "object", "main.(*Cache).Get main.serve");
    known_other(&k, "map[string]*main.Session", "map", "main.(*Cache).Get main.serve");
    assert_is(&k, REPORT_CACHE_UNBOUNDED, "map[string]*main.Session, which holds main.Session");
    known_init(&k); /* without types */
    known_subject(&k, "", "", "internal/runtime/maps.(*table).grow main.(*Cache).Get main.serve");
    assert_is(&k, REPORT_CACHE_UNBOUNDED, "a map grows");
}

static void test_parts_of_large_arrays(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "[]uint8", "slice growth", "io.ReadAll main.head main.serve");
    k.facts.subject.values = (struct profile_values){.inuse_objects = 10, .inuse_bytes = 655360};
    known_other(&k, "[][]uint8", "slice growth", "main.head main.serve");
    assert_is(&k, REPORT_SUBSLICE, "65536 bytes each");
    assert_says(&diagnose(&k).list[0].against, "cannot be seen");
    k.facts.subject.values.inuse_objects = 65536; /* small arrays */
    struct report_diagnosis d = diagnose(&k);
    for (size_t i = 0; i < d.count; i++)
        assert_int_not_equal(d.list[i].pattern, REPORT_SUBSLICE);
}

static void test_the_code_tells_of_parts_that_are_kept(void **state)
{
    (void)state;
    struct known k;
    struct report_fate fate = {"", "", "main.head", 16};
    known_init(&k);
    known_subject(&k, "[]uint8", "slice", "main.head main.serve");
    k.facts.subject.values = (struct profile_values){.inuse_objects = 10, .inuse_bytes = 655360};
    struct report_diagnosis d = diagnose(&k);
    assert_int_equal(report_diagnosis_pattern(&d), REPORT_NO_PATTERN);
    k.facts.subject.type.fate = &fate;
    assert_is(&k, REPORT_SUBSLICE, "main.head keeps a slice or string of 16 bytes of each");
    known_other(&k, "map[string][]uint8", "map", "main.head main.serve");
    assert_is(&k, REPORT_SUBSLICE, "65536 bytes each");
    k.facts.other_count = 0;
    fate.kept_bytes = 32768; /* half of it is no small part */
    d = diagnose(&k);
    assert_int_equal(report_diagnosis_pattern(&d), REPORT_NO_PATTERN);
}

static void test_the_code_tells_of_cycles_with_finalizers(void **state)
{
    (void)state;
    struct known k;
    struct report_fate fate = {"main.open", "main.File.reader, main.Reader.file", "", 0};
    known_init(&k);
    known_subject(&k, "main.File", "object", "main.open main.serve");
    k.facts.subject.type.fate = &fate;
    assert_is(&k, REPORT_FINALIZER_CYCLE, "main.open gives objects of main.File a finalizer");
    assert_says(&diagnose(&k).list[0].evidence, "main.Reader.file");
    k.facts.subject.retention = .3; /* some are freed: by that cycle none would be */
    assert_is(&k, REPORT_NO_PATTERN, "");
    k.facts.subject.retention = .97;
    known_other(&k, "map[int]*main.File", "map", "main.open main.serve");
    assert_is(&k, REPORT_CACHE_UNBOUNDED, "main.File");
}

static void test_what_hangs_on_a_cycle_with_a_finalizer(void **state)
{
    (void)state;
    struct known k;
    struct report_fate fate = {"main.open", "main.File.reader, main.Reader.file", "", 0};
    known_init(&k);
    known_subject(&k, "[]uint8", "slice", "main.open main.serve");
    known_other(&k, "main.File", "object", "main.open main.serve");
    k.others[0].type.fate = &fate;
    assert_is(&k, REPORT_NO_PATTERN, ""); /* how much of it stays is not known */
    k.others[0].retention = .97;
    assert_is(&k, REPORT_FINALIZER_CYCLE, "main.open gives objects of main.File a finalizer");
}

/* It is finalized once it is out of reach, and freed: whatever keeps it is something else. */
static void test_a_finalizer_without_a_cycle_keeps_nothing(void **state)
{
    (void)state;
    struct known k;
    struct report_fate fate = {"main.open", "", "", 0};
    known_init(&k);
    known_subject(&k, "main.File", "object", "main.open main.serve");
    k.facts.subject.type.fate = &fate;
    assert_int_equal(diagnose(&k).count, 0);
}

static void test_a_cycle_is_not_hidden_by_another_finalizer(void **state)
{
    (void)state;
    struct known k;
    struct report_fate plain = {"os.newFile", "", "", 0};
    struct report_fate cycle = {"main.open", "main.File.reader, main.Reader.file", "", 0};
    known_init(&k);
    known_subject(&k, "os.file", "object", "os.newFile main.open main.serve");
    known_other(&k, "main.File", "object", "main.open main.serve");
    k.facts.subject.type.fate = &plain;
    k.others[0].type.fate = &cycle;
    k.others[0].retention = .97;
    assert_is(&k, REPORT_FINALIZER_CYCLE, "main.open gives objects of main.File a finalizer");
}

static void test_cycles_with_finalizers_are_only_guessed_at(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "main.node", "object", "main.link main.serve");
    struct report_diagnosis d = diagnose(&k);
    assert_int_equal(report_diagnosis_pattern(&d), REPORT_NO_PATTERN);
    assert_int_equal(d.list[0].pattern, REPORT_FINALIZER_CYCLE);
    assert_says(&d.list[0].against, "no call of runtime.SetFinalizer for that type is known");
    k.facts.target.period_bytes = 512 << 10;
    k.facts.subject.values.inuse_objects = 16 << 10;
    d = diagnose(&k);
    assert_says(&d.list[0].against, "a list of them has no more than 128 KiB");
    k.facts.subject.values.inuse_objects = 1 << 20;
    assert_int_equal(diagnose(&k).list[0].against.count, 1);
    k.facts.subject.values.inuse_objects = INT64_MAX / 2 + 1; /* forged */
    assert_int_equal(diagnose(&k).list[0].against.count, 1);
    known_other(&k, "map[int]*main.node", "map", "main.link main.serve");
    assert_is(&k, REPORT_CACHE_UNBOUNDED, "main.node");
    assert_int_equal(diagnose(&k).count, 1);
}

static void test_slow_growth_in_a_large_heap(void **state)
{
    (void)state;
    struct known k;
    struct profile heap = {.total = {.inuse_bytes = (int64_t)1 << 30}};
    known_init(&k);
    known_subject(&k, "main.Session", "object", FETCH);
    k.facts.before_gc = &heap;
    k.facts.subject.rate = (struct report_estimate){1700, 1500, 1900};
    k.facts.subject.window_s = 200 * 60;
    assert_is(&k, REPORT_SLOW, "99.6 KiB/min within 1.0 GiB in use: 1.9 % of that in 3 h 20 min");
    heap.total.inuse_bytes = 1 << 20;
    assert_is(&k, REPORT_NO_PATTERN, "");
    heap.total.inuse_bytes = (int64_t)1 << 30;
    k.facts.subject.rate.value = 17000; /* a fifth of the heap */
    assert_is(&k, REPORT_NO_PATTERN, "");
}

/* ---- what does not belong to it ---- */

static void test_growth_elsewhere_says_nothing(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "main.Row", "object", "main.load main.serve");
    known_other(&k, "map[string]interface {}", "map", "main.(*Audit).Log main.audit");
    known_other(&k, "chan time.Time", "channel", "time.NewTicker main.(*Audit).Run");
    assert_is(&k, REPORT_NO_PATTERN, "");
}

static void test_callers_of_all_say_nothing(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "main.Row", "object", "main.load main.page main.serve main.every");
    known_other(&k, "chan time.Time", "channel", "time.NewTicker main.every");
    assert_is(&k, REPORT_NO_PATTERN, "");
    known_other(&k, "map[string]*main.Row", "map", "main.page main.serve main.every");
    assert_is(&k, REPORT_CACHE_UNBOUNDED, "main.Row");
}

static void test_nothing_known(void **state)
{
    (void)state;
    struct known k;
    memset(&k, 0, sizeof k);
    report_facts_init(&k.facts);
    assert_int_equal(diagnose(&k).count, 0);
    assert_string_equal(report_pattern_word(REPORT_NO_PATTERN), "unknown");
}

static void test_a_type_without_a_stack(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    k.facts.subject.type = (struct report_type){"main.Session", "object", "", NULL};
    known_other(&k, "main.Session", "object", "main.(*Cache).Get main.serve");
    known_other(&k, "map[string]*main.Session", "map", "main.(*Cache).Get main.serve");
    assert_is(&k, REPORT_CACHE_UNBOUNDED, "map[string]*main.Session");
    known_init(&k);
    k.facts.subject.type = (struct report_type){"[]uint8", "slice", "", NULL};
    known_other(&k, "[]uint8", "slice", "bufio.NewWriterSize net/http.(*Transport).dialConn");
    known_other(&k, "[]uint8", "slice", "bufio.NewReaderSize net/http.(*Transport).dialConn");
    known_group(&k, 2804, NAN, "select", "runtime.gopark net/http.(*persistConn).readLoop");
    assert_is(&k, REPORT_HTTP_BODY, "2804 goroutines wait");
    assert_is(&k, REPORT_HTTP_BODY, "memory allocated in net/http.(*Transport).dialConn");
}

static void test_the_subject_does_not_count_twice(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    known_subject(&k, "fmt.wrapError", "object", "fmt.Errorf main.retry main.serve");
    int score = diagnose(&k).list[0].score;
    known_other(&k, "fmt.wrapError", "object", "fmt.Errorf main.retry main.serve");
    assert_int_equal(diagnose(&k).list[0].score, score);
}

/* The program of profile_sketch.h, its sites 1 and 2 with that much in use. */
static struct profile *heap(int64_t first, int64_t second)
{
    static struct sketch s;
    struct lw_err err;
    sketch_program(&s);
    sketch_add_sample(&s, sketch_stack_1_3, sketch_inuse(first / 64, first), 64);
    sketch_add_sample(&s, sketch_stack_2_3, sketch_inuse(second / 64, second), 64);
    struct profile *profile = sketch_decode(&s, &err);
    assert_non_null(profile);
    return profile;
}

static void test_what_grew_since_the_baseline_counts(void **state)
{
    (void)state;
    struct known k;
    struct profile *base = heap(6400, 640), *now = heap(640000, 64000);
    struct report_type map = {"map[string]*main.Session", "map", "", NULL};
    struct lw_map types = {0};
    lw_map_put(&types, now->sites[1].id, &map);
    known_init(&k);
    known_subject(&k, "main.Session", "object", "main.leak main.main");
    k.facts.subject.id = now->sites[0].id;
    k.facts.types = &types;
    k.facts.before_gc = now;
    k.facts.baseline = base;
    assert_is(&k, REPORT_CACHE_UNBOUNDED, "which holds main.Session, grows with it");
    k.facts.baseline = now; /* nothing grew */
    assert_is(&k, REPORT_CACHE_UNBOUNDED, "which holds main.Session, lies beside it");
    k.facts.before_gc = NULL;
    assert_is(&k, REPORT_NO_PATTERN, "");
    known_init(&k); /* the total, and no baseline */
    struct report_type timer = {"chan time.Time", "channel", "", NULL};
    lw_map_put(&types, now->sites[1].id, &timer);
    k.facts.types = &types;
    k.facts.before_gc = now;
    known_group(&k, 500, 100, "chan receive", "runtime.gopark main.leak main.main");
    assert_is(&k, REPORT_NO_PATTERN, ""); /* nothing says that they belong together */
    assert_int_equal(diagnose(&k).list[0].pattern, REPORT_GOROUTINE);
    lw_map_fini(&types);
    profile_free(&base);
    profile_free(&now);
}

static void test_what_closures_captured_of_a_growing_total(void **state)
{
    (void)state;
    struct known k;
    struct profile *base = heap(640, 64), *now = heap(640000, 64000);
    struct report_type page = {"[]main.Order", "slice", "", NULL};
    struct report_type pager = {"struct { F uintptr; X0 []main.Order }", "closure", "", NULL};
    struct lw_map types = {0};
    lw_map_put(&types, now->sites[0].id, &page);
    lw_map_put(&types, now->sites[1].id, &pager);
    known_init(&k);
    k.facts.types = &types;
    k.facts.before_gc = now;
    k.facts.baseline = base;
    assert_is(&k, REPORT_CLOSURE_MAP, "what grows, []main.Order, is among what they captured");
    lw_map_fini(&types);
    profile_free(&base);
    profile_free(&now);
}

/* Where the heap's total is what grows, the sites that it is the sum of tell. */
static void test_the_code_tells_of_a_growing_total(void **state)
{
    (void)state;
    struct known k;
    struct profile *base = heap(640, 64), *now = heap(64 << 20, 64000);
    struct report_fate part = {"", "", "main.head", 4};
    struct report_fate cycle = {"main.open", "main.File.self", "", 0};
    struct report_type type = {"[]uint8", "slice", "", &part};
    struct lw_map types = {0};
    lw_map_put(&types, now->sites[0].id, &type);
    struct profile_values *values = (struct profile_values *)&now->sites[0].values;
    values->inuse_objects = 1024;
    values->alloc_bytes = values->inuse_bytes;
    known_init(&k);
    k.facts.types = &types;
    k.facts.before_gc = now;
    k.facts.baseline = base;
    assert_is(&k, REPORT_SUBSLICE, "main.head keeps a slice or string of 4 bytes");
    type = (struct report_type){"main.File", "object", "", &cycle};
    assert_is(&k, REPORT_FINALIZER_CYCLE, "main.File.self");
    values->alloc_bytes *= 2;
    assert_is(&k, REPORT_NO_PATTERN, "");
    lw_map_fini(&types);
    profile_free(&base);
    profile_free(&now);
}

static void test_absurd_names(void **state)
{
    (void)state;
    static const char *const types[] = {"map[", "map[[[[", "struct { F uintptr; ", "[]", "*", "]",
        "struct { F uintptr; }", "map[string]", "struct { F uintptr; X0 struct { a int; b"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct known k;
        known_init(&k);
        known_subject(&k, types[i], "closure", "main.f");
        known_other(&k, types[i], "map", "main.f");
        assert_true(diagnose(&k).count <= REPORT_CANDIDATES_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closures_in_a_map),
        cmocka_unit_test(test_a_closure_alone_is_no_more_than_possible),
        cmocka_unit_test(test_a_map_of_interfaces),
        cmocka_unit_test(test_types_made_at_run_time),
        cmocka_unit_test(test_reflection_alone_makes_no_types),
        cmocka_unit_test(test_functions_of_generic_code),
        cmocka_unit_test(test_keys_of_a_sync_map),
        cmocka_unit_test(test_a_chain_of_errors),
        cmocka_unit_test(test_timers_without_types),
        cmocka_unit_test(test_goroutines_that_wait_for_ever),
        cmocka_unit_test(test_many_goroutines_that_do_not_grow),
        cmocka_unit_test(test_bodies_that_are_not_closed),
        cmocka_unit_test(test_a_few_idle_connections_are_no_leak_of_bodies),
        cmocka_unit_test(test_a_cache_without_bounds),
        cmocka_unit_test(test_parts_of_large_arrays),
        cmocka_unit_test(test_the_code_tells_of_parts_that_are_kept),
        cmocka_unit_test(test_the_code_tells_of_cycles_with_finalizers),
        cmocka_unit_test(test_what_hangs_on_a_cycle_with_a_finalizer),
        cmocka_unit_test(test_a_finalizer_without_a_cycle_keeps_nothing),
        cmocka_unit_test(test_a_cycle_is_not_hidden_by_another_finalizer),
        cmocka_unit_test(test_cycles_with_finalizers_are_only_guessed_at),
        cmocka_unit_test(test_slow_growth_in_a_large_heap),
        cmocka_unit_test(test_growth_elsewhere_says_nothing),
        cmocka_unit_test(test_callers_of_all_say_nothing),
        cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_a_type_without_a_stack),
        cmocka_unit_test(test_the_subject_does_not_count_twice),
        cmocka_unit_test(test_what_grew_since_the_baseline_counts),
        cmocka_unit_test(test_what_closures_captured_of_a_growing_total),
        cmocka_unit_test(test_the_code_tells_of_a_growing_total),
        cmocka_unit_test(test_absurd_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
