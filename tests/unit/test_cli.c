/* The rows of `leakwatchd types`, with a binary that the test makes up: the functions of gotypes.h
 * are defined here, so that the linker takes these. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/types_print.h"
#include "cli/types_rows.h"
#include "profile_sketch.h"

/* ---- a made-up binary: what profile_sketch's program was built from ---- */

struct gotypes {
    struct gotypes_build build;
    const char *leak_name;
    int64_t leak_line;
};

static struct gotypes binary;
static uint64_t asked_leaf; /* of the last gotypes_resolve() */
static size_t asked_depth;

struct gotypes *gotypes_new(const void *image, size_t len, struct lw_err *err)
{
    (void)image, (void)len, (void)err;
    return NULL;
}

void gotypes_free(struct gotypes **index)
{
    *index = NULL;
}

const struct gotypes_build *gotypes_build(const struct gotypes *index)
{
    return &index->build;
}

int gotypes_read_build_id(
    const void *image, size_t len, char *out, size_t out_size, struct lw_err *err)
{
    (void)image, (void)len, (void)out, (void)out_size;
    return lw_err_set(err, LW_INTERNAL, "not made up");
}

uint64_t gotypes_address(
    const struct gotypes *index, uint64_t address, uint64_t mapping_start, uint64_t mapping_offset)
{
    (void)index;
    return address - mapping_start - mapping_offset + 0x400000;
}

/* main.leak at 0x401000, main.main at 0x402000, the runtime's map code at 0x403000. */
size_t gotypes_lines(
    const struct gotypes *index, uint64_t pc, struct gotypes_line *lines, size_t max)
{
    assert_true(max > 0);
    switch (pc & ~UINT64_C(0xfff)) {
    case 0x401000:
        lines[0] = (struct gotypes_line){index->leak_name, "/src/app/leak.go", index->leak_line};
        return 1;
    case 0x402000:
        lines[0] = (struct gotypes_line){"main.main", "/src/app/main.go", 7};
        return 1;
    case 0x403000:
        lines[0] = (struct gotypes_line){"internal/runtime/maps.(*Map).grow", "map.go", 1};
        return 1;
    default:
        return 0;
    }
}

const char *gotypes_kind_word(enum gotypes_kind kind)
{
    return kind == GOTYPES_OBJECT ? "object" : "other";
}

static void say(struct gotypes_site *site, uint64_t pc, const char *type)
{
    *site = (struct gotypes_site){.pc = pc, .function = "main.leak", .callee = "runtime.newobject"};
    snprintf(site->type, sizeof site->type, "%s", type);
    snprintf(site->record, sizeof site->record, "%s", type);
    site->resolved = *type != '\0';
    if (!*type)
        snprintf(site->unresolved, sizeof site->unresolved, "needs its caller");
}

/* Each CALL begins at a multiple of 16. The one at 0x401010 takes its type from its caller, the one
 * at 0x401020 is no call. */
bool gotypes_resolve(
    const struct gotypes *index, const uint64_t *stack, size_t depth, struct gotypes_site *site)
{
    (void)index;
    asked_leaf = stack[0];
    asked_depth = depth;
    uint64_t pc = stack[0] & ~UINT64_C(15);
    if (pc == 0x401010 && depth > 1)
        say(site, pc, stack[1] == 0x402000 ? "main.Entry" : "string");
    else
        say(site, pc, pc == 0x401010 ? "" : "[]main.Entry");
    return pc != 0x401020;
}

void gotypes_each_site(const struct gotypes *index,
    bool (*visit)(void *ctx, const struct gotypes_site *site), void *ctx)
{
    (void)index;
    struct gotypes_site site;
    bool more = true;
    for (uint64_t pc = 0x401030; more && pc >= 0x401000; pc -= 16) {
        say(&site, pc, "main.Static");
        more = visit(ctx, &site);
    }
}

/* ---- helpers ---- */

static struct sketch sketch;
static struct types_rows rows;
static struct profile *profile;

static int setup(void **state)
{
    (void)state;
    binary = (struct gotypes){
        .build = {.gnu_build_id = "ABCD"}, .leak_name = "main.leak", .leak_line = 12};
    sketch_program(&sketch);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    types_rows_fini(&rows);
    profile_free(&profile);
    return 0;
}

static void add_sample(const uint64_t *stack, int64_t objects)
{
    sketch_add_sample(&sketch, stack, sketch_inuse(objects, 64 * objects), 64);
}

/* A location of main.main that is not the one of the sketch. */
static uint64_t other_caller(void)
{
    return sketch_add_location(&sketch, 0x402010, 2, 7);
}

static int add_profile(struct lw_err *err)
{
    profile_free(&profile);
    profile = sketch_decode(&sketch, err);
    assert_non_null(profile);
    return types_rows_add_profile(&rows, &binary, profile, err);
}

static void add_profile_ok(void)
{
    struct lw_err err = {0};
    if (add_profile(&err) < 0)
        fail_msg("%s", err.msg);
    types_rows_sort(&rows);
}

static void assert_refused(const char *why)
{
    struct lw_err err = {0};
    assert_int_equal(add_profile(&err), -1);
    assert_int_equal(err.code, LW_INVALID);
    if (!strstr(err.msg, why))
        fail_msg("\"%s\" is not in: %s", why, err.msg);
}

static char *printed(void (*print)(FILE *, const struct types_rows *, bool), bool with_values)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    print(out, &rows, with_values);
    fclose(out);
    return text;
}

static void assert_prints(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

/* ---- rows ---- */

static void stacks_of_one_call_and_type_are_one_row(void **state)
{
    (void)state;
    add_sample(sketch_stack_1_3, 2);
    const uint64_t short_stack[] = {1, 0};
    add_sample(short_stack, 3);
    add_profile_ok();
    assert_int_equal(profile->site_count, 2);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.list[0]->pc, 0x401000);
    assert_string_equal(rows.list[0]->type, "[]main.Entry");
    assert_int_equal(rows.list[0]->values.inuse_objects, 5);
    assert_int_equal(rows.list[0]->line, 12);
}

static void profiles_are_summed(void **state)
{
    (void)state;
    add_sample(sketch_stack_1_3, 2);
    add_profile_ok();
    struct lw_err err = {0};
    assert_int_equal(types_rows_add_profile(&rows, &binary, profile, &err), 0);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.list[0]->values.alloc_bytes, 2 * 2 * 64);
}

static void one_call_may_have_several_types(void **state)
{
    (void)state;
    sketch.locations[1].address = 0x401011;
    sketch_add_sample(&sketch, sketch_stack_2_3, sketch_inuse(1, 10), 10);
    const uint64_t bare[] = {2, 0};
    add_sample(bare, 9);
    add_profile_ok();
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.list[0]->type, "");
    assert_string_equal(rows.list[0]->unresolved, "needs its caller");
    assert_string_equal(rows.list[1]->type, "main.Entry");
}

/* Which of the two callers it was cannot be told, so neither is taken. */
static void callers_that_cannot_be_told_apart_are_not_used(void **state)
{
    (void)state;
    sketch.locations[1].address = 0x401011;
    uint64_t stack[] = {2, other_caller(), 0};
    add_sample(stack, 1);
    add_sample(sketch_stack_2_3, 1);
    add_profile_ok();
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.list[0]->type, "");
}

static void frames_of_the_runtime_at_the_leaf_are_skipped(void **state)
{
    (void)state;
    uint64_t grow = sketch_add_function(&sketch, "internal/runtime/maps.(*Map).grow", "map.go", 1);
    const uint64_t stack[] = {sketch_add_location(&sketch, 0x403001, grow, 1), 1, 3, 0};
    add_sample(stack, 1);
    add_profile_ok();
    assert_int_equal(asked_leaf, 0x401000);
    assert_int_equal(asked_depth, 2);
}

static void a_call_that_is_none_has_no_type(void **state)
{
    (void)state;
    const uint64_t stack[] = {sketch_add_location(&sketch, 0x401025, 1, 12), 3, 0};
    add_sample(stack, 1);
    add_profile_ok();
    assert_string_equal(rows.list[0]->type, "");
    assert_string_equal(rows.list[0]->unresolved, "there is no call at the address");
    assert_string_equal(rows.list[0]->function, "main.leak");
    assert_int_equal(rows.list[0]->pc, 0x401025);
}

static void code_of_other_mappings_has_no_type(void **state)
{
    (void)state;
    sketch.mappings[0].memory_limit = 0x402000;
    const uint64_t stack[] = {3, 0};
    add_sample(stack, 1);
    add_profile_ok();
    assert_string_equal(rows.list[0]->unresolved, "the address lies outside of the binary");
    assert_string_equal(rows.list[0]->function, "main.main");
}

static void static_sites_fill_up_what_profiles_lack(void **state)
{
    (void)state;
    add_sample(sketch_stack_1_3, 1);
    add_profile_ok();
    struct lw_err err = {0};
    assert_int_equal(types_rows_add_static(&rows, &binary, &err), 0);
    types_rows_sort(&rows);
    assert_int_equal(rows.count, 4);
    assert_string_equal(rows.list[0]->type, "[]main.Entry");
    for (size_t i = 1; i < 4; i++) {
        assert_string_equal(rows.list[i]->type, "main.Static");
        assert_int_equal(rows.list[i]->pc, 0x401000 + 16 * i);
    }
}

/* ---- another build's profile ---- */

static void another_build_id_is_refused(void **state)
{
    (void)state;
    add_sample(sketch_stack_1_3, 1);
    binary.build.gnu_build_id = "abce";
    assert_refused("its build id is abcd, that of the binary is abce");
}

static void a_build_id_that_one_lacks_is_none(void **state)
{
    (void)state;
    add_sample(sketch_stack_1_3, 1);
    binary.build.gnu_build_id = "";
    add_profile_ok();
    assert_int_equal(rows.count, 1);
}

static void another_function_is_refused(void **state)
{
    (void)state;
    add_sample(sketch_stack_1_3, 1);
    binary.leak_name = "main.leek";
    assert_refused("it has main.leak, line 12, the binary has main.leek, line 12");
}

static void another_line_is_refused(void **state)
{
    (void)state;
    add_sample(sketch_stack_1_3, 1);
    binary.leak_line = 13;
    assert_refused("line 13");
}

static void an_address_without_code_is_refused(void **state)
{
    (void)state;
    const uint64_t stack[] = {sketch_add_location(&sketch, 0x409000, 1, 12), 3, 0};
    add_sample(stack, 1);
    assert_refused("the binary has no code");
}

static void without_names_the_build_id_must_vouch(void **state)
{
    (void)state;
    sketch.locations[0].n_line = sketch.locations[2].n_line = 0;
    add_sample(sketch_stack_1_3, 1);
    add_profile_ok();
    assert_string_equal(rows.list[0]->type, "[]main.Entry");
    types_rows_fini(&rows);
    binary.build.gnu_build_id = "";
    assert_refused("nothing says that the profile is of this binary");
    assert_int_equal(rows.count, 0);
}

/* ---- output ---- */

static void json_is_exact_and_knows_null(void **state)
{
    (void)state;
    binary.leak_name = "main.leak";
    sketch_add_sample(&sketch, sketch_stack_1_3, sketch_inuse(1, INT64_C(9007199254740993)), 64);
    add_profile_ok();
    rows.list[0]->type[0] = '\x1b'; /* a terminal's escape, and not JSON as it is */
    char *text = printed(types_print_json, true);
    assert_string_equal(text,
        "{\"pc\":\"0x401000\",\"function\":\"main.leak\",\"callee\":\"runtime.newobject\","
        "\"kind\":\"object\",\"type\":\"\xef\xbf\xbd]main.Entry\",\"record\":\"[]main.Entry\","
        "\"import_path\":null,\"module\":null,\"version\":null,\"file\":\"/src/app/leak.go\","
        "\"line\":12,\"inuse_bytes\":9007199254740993,\"inuse_objects\":1,"
        "\"alloc_bytes\":9007199254740993,\"alloc_objects\":1,\"unresolved\":null}\n");
    free(text);
}

static void the_table_is_aligned_and_says_what_it_lacks(void **state)
{
    (void)state;
    sketch.locations[1].address = 0x401011;
    const uint64_t bare[] = {2, 0};
    add_sample(bare, 100);
    add_sample(sketch_stack_1_3, 1);
    add_profile_ok();
    char *text = printed(types_print_table, true);
    assert_prints(
        text, " IN USE  OBJECTS  PC        KIND    TYPE                  FUNCTION   LINE\n");
    assert_prints(
        text, "6.2 KiB      100  0x401010  object  ? (needs its caller)  main.leak  leak.go:12\n");
    assert_prints(
        text, "   64 B        1  0x401000  object  []main.Entry          main.leak  leak.go:12\n");
    assert_prints(
        text, "\n1 of 2 allocation sites have a type, and with them 0.99 % of the bytes in use\n");
    free(text);
}

static void an_empty_table_says_so(void **state)
{
    (void)state;
    char *text = printed(types_print_table, false);
    assert_string_equal(
        text, "PC  KIND  TYPE  FUNCTION  LINE\n\n0 of 0 allocation sites have a type\n");
    free(text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(stacks_of_one_call_and_type_are_one_row),
        CASE(profiles_are_summed),
        CASE(one_call_may_have_several_types),
        CASE(callers_that_cannot_be_told_apart_are_not_used),
        CASE(frames_of_the_runtime_at_the_leaf_are_skipped),
        CASE(a_call_that_is_none_has_no_type),
        CASE(code_of_other_mappings_has_no_type),
        CASE(static_sites_fill_up_what_profiles_lack),
        CASE(another_build_id_is_refused),
        CASE(a_build_id_that_one_lacks_is_none),
        CASE(another_function_is_refused),
        CASE(another_line_is_refused),
        CASE(an_address_without_code_is_refused),
        CASE(without_names_the_build_id_must_vouch),
        CASE(json_is_exact_and_knows_null),
        CASE(the_table_is_aligned_and_says_what_it_lacks),
        CASE(an_empty_table_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
