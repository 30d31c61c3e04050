/* Goroutine profiles: groups, what they wait for, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile/goroutines.h"
#include "profile_sketch.h"

static struct profile_goroutines *decode(const void *bytes, size_t len, struct lw_err *err)
{
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    lw_err_clear(err);
    return profile_goroutines_decode(bytes, len, &limits, err);
}

static struct profile_goroutines *decode_sketch(const struct sketch *s, struct lw_err *err)
{
    size_t len;
    unsigned char *bytes = sketch_pack(s, &len);
    struct profile_goroutines *all = decode(bytes, len, err);
    free(bytes);
    return all;
}

/* The sketch's program, as a goroutine profile with nothing in it yet. */
static void sketch_goroutines(struct sketch *s)
{
    sketch_program(s);
    s->profile.n_sample_type = 0;
    sketch_add_type(s, "goroutine", "count");
}

static void add_goroutines(struct sketch *s, const uint64_t *stack, int64_t count)
{
    Leakwatch__Pprof__Sample *sample = sketch_add_sample(s, stack, sketch_inuse(count, 0), 0);
    sample->n_value = 1;
}

static const struct profile_goroutines_group *find(
    const struct profile_goroutines *all, const char *responsible)
{
    for (size_t i = 0; i < all->group_count; i++) {
        const struct profile_goroutines_group *g = &all->groups[i];
        if (strcmp(g->frames[g->responsible]->function, responsible) == 0)
            return g;
    }
    return NULL;
}

/* What Go 1.26 says of a program with a goroutine of each kind (see tests/data/profiles/README.md).
 */
static void test_waits_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *responsible;
        int64_t count;
        const char *wait;
    } rows[] = {
        {"main.(*Hub).wait", 5, "chan receive"},
        {"main.(*Hub).send", 3, "chan send"},
        {"main.sel", 1, "select"},
        {"main.main.func1", 1, "select (no cases)"},
        {"main.main.func2", 1, "sleep"},
        {"main.main.func3", 1, "sync.Mutex.Lock"},
        {"main.main.func4", 1, "sync.RWMutex.RLock"},
        {"main.main.func6", 1, "sync.WaitGroup.Wait"},
        {"main.main.func7", 1, "sync.Cond.Wait"},
        {"main.main.func8", 1, "IO wait"},
    };
    size_t len;
    struct lw_err err;
    char *body = sketch_read_file("goroutines.pb.gz", &len);
    struct profile_goroutines *all = decode(body, len, &err);
    assert_non_null(all);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct profile_goroutines_group *g = find(all, rows[i].responsible);
        assert_non_null(g);
        assert_int_equal(g->count, rows[i].count);
        assert_string_equal(profile_wait_word(g->wait), rows[i].wait);
    }
    assert_ptr_equal(find(all, "main.(*Hub).wait"), &all->groups[0]);
    assert_true(all->total >= 20);
    profile_goroutines_free(&all);
    assert_null(all);
    free(body);
}

static void test_who_makes_the_profile_runs(void **state)
{
    (void)state;
    size_t len, running = 0;
    struct lw_err err;
    char *body = sketch_read_file("goroutines.pb.gz", &len);
    struct profile_goroutines *all = decode(body, len, &err);
    assert_non_null(all);
    for (size_t i = 0; i < all->group_count; i++)
        running += all->groups[i].wait == PROFILE_WAIT_RUNNING;
    assert_int_equal(running, 1);
    profile_goroutines_free(&all);
    free(body);
}

/* Goroutines with labels are samples of their own; two calls on one line are one group. */
static void test_equal_stacks_are_one_group(void **state)
{
    (void)state;
    struct sketch s;
    struct lw_err err;
    static const uint64_t main_only[] = {3, 0};
    sketch_goroutines(&s);
    add_goroutines(&s, sketch_stack_1_3, 4);
    add_goroutines(&s, main_only, 7);
    add_goroutines(&s, sketch_stack_1_3, 2);
    add_goroutines(&s, sketch_stack_2_3, 3);
    add_goroutines(&s, (const uint64_t[]){2, 0}, 0);
    struct profile_goroutines *all = decode_sketch(&s, &err);
    assert_non_null(all);
    assert_int_equal(all->group_count, 2);
    assert_int_equal(all->total, 16);
    assert_int_equal(all->groups[0].count, 9);
    assert_string_equal(all->groups[0].frames[0]->function, "main.leak");
    assert_int_equal(all->groups[0].frame_count, 2);
    assert_int_equal(all->groups[0].wait, PROFILE_WAIT_RUNNING);
    uint64_t id = all->groups[0].id;
    profile_goroutines_free(&all);
    s.locations[0].address += 0x1000; /* a rebuild */
    all = decode_sketch(&s, &err);
    assert_int_equal(all->groups[0].id, id);
    profile_goroutines_free(&all);
}

static void test_none_and_no_stack_are_taken(void **state)
{
    (void)state;
    struct sketch s;
    struct lw_err err;
    sketch_goroutines(&s);
    struct profile_goroutines *all = decode_sketch(&s, &err);
    assert_non_null(all);
    assert_int_equal(all->group_count, 0);
    assert_int_equal(all->total, 0);
    profile_goroutines_free(&all);
    add_goroutines(&s, (const uint64_t[]){0}, 1);
    all = decode_sketch(&s, &err);
    assert_non_null(all);
    assert_string_equal(all->groups[0].frames[0]->function, "[no stack]");
    profile_goroutines_free(&all);
    profile_goroutines_free(&all);
}

static void assert_refused(const struct sketch *s, const char *told)
{
    struct lw_err err;
    struct profile_goroutines *all = decode_sketch(s, &err);
    assert_null(all);
    assert_int_equal(err.code, LW_NOT_PROFILE);
    assert_non_null(strstr(err.msg, told));
}

static void test_other_profiles_are_refused(void **state)
{
    (void)state;
    struct sketch s;
    sketch_one_site(&s);
    assert_refused(&s, "alloc_objects/count");
    sketch_goroutines(&s);
    add_goroutines(&s, sketch_stack_1_3, -1);
    assert_refused(&s, "seconds=");
    sketch_goroutines(&s);
    sketch_add_sample(&s, sketch_stack_1_3, sketch_inuse(1, 1), 0);
    assert_refused(&s, "4 values");
    sketch_goroutines(&s);
    add_goroutines(&s, (const uint64_t[]){9, 0}, 1);
    assert_refused(&s, "location 9");
}

static void test_limits_hold(void **state)
{
    (void)state;
    struct sketch s;
    struct lw_err err;
    size_t len;
    sketch_goroutines(&s);
    add_goroutines(&s, sketch_stack_1_3, 1);
    add_goroutines(&s, (const uint64_t[]){3, 0}, 1);
    unsigned char *bytes = sketch_pack(&s, &len);
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    limits.sites = 1;
    assert_null(profile_goroutines_decode(bytes, len, &limits, &err));
    assert_int_equal(err.code, LW_INFLATED_TOO_LARGE);
    assert_non_null(strstr(err.msg, "2 different stacks"));
    limits = profile_limits_for(SKETCH_PLENTY);
    for (limits.decode_bytes = len; limits.decode_bytes < 1 << 20; limits.decode_bytes *= 2) {
        struct profile_goroutines *all = profile_goroutines_decode(bytes, len, &limits, &err);
        if (!all)
            assert_int_equal(err.code, LW_INFLATED_TOO_LARGE);
        profile_goroutines_free(&all);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_are_told),
        cmocka_unit_test(test_who_makes_the_profile_runs),
        cmocka_unit_test(test_equal_stacks_are_one_group),
        cmocka_unit_test(test_none_and_no_stack_are_taken),
        cmocka_unit_test(test_other_profiles_are_refused),
        cmocka_unit_test(test_limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
