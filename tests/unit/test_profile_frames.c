#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profile/frames.h"

#define FRAMES_MAX 8

#define STD     PROFILE_OWNER_STD
#define OTHER   PROFILE_OWNER_OTHER
#define PROGRAM PROFILE_OWNER_PROGRAM

/* A frame and whose it must be. A stack is leaf first and closed by one without a function. */
struct row {
    const char *function;
    const char *file;
    enum profile_owner owner;
};

static void check(const struct row *stack, size_t want_leaf, size_t want_responsible)
{
    struct profile_layout layout = {0};
    struct profile_frame frames[FRAMES_MAX];
    const struct profile_frame *list[FRAMES_MAX];
    size_t count = 0;
    for (; stack[count].function; count++) {
        assert_true(count < FRAMES_MAX);
        frames[count] =
            (struct profile_frame){.function = stack[count].function, .file = stack[count].file};
        list[count] = &frames[count];
        profile_layout_learn(&layout, list[count]);
    }
    for (size_t i = 0; i < count; i++) {
        frames[i].owner = profile_frame_owner(&layout, &frames[i]);
        if (frames[i].owner != stack[i].owner)
            fail_msg("%s in %s: owner %d, expected %d", stack[i].function, stack[i].file,
                (int)frames[i].owner, (int)stack[i].owner);
    }
    size_t leaf = profile_leaf(list, count);
    assert_int_equal(leaf, want_leaf);
    assert_int_equal(profile_responsible(list, count, leaf), want_responsible);
}

static void paths_of_a_plain_build(void **state)
{
    (void)state;
    static const struct row stack[] = {
        {"internal/runtime/maps.newarray", "/usr/lib/go/src/internal/runtime/maps/t.go", STD},
        {"runtime.mapassign", "/usr/lib/go/src/runtime/map.go", STD},
        {"encoding/json.Marshal", "/usr/lib/go/src/encoding/json/encode.go", STD},
        {"github.com/x/y.Do[go.shape.struct { a/b.T }]", "/root/go/pkg/mod/github.com/x/y/y.go",
            OTHER},
        {"shop/cart.(*Cart).Add", "/home/me/shop/cart/cart.go", PROGRAM},
        {"shop/vendor/a/b.Get", "/home/me/shop/vendor/a/b/b.go", OTHER},
        {"main.main", "/home/me/shop/cmd/shopd/main.go", PROGRAM},
        {"runtime.main", "/usr/lib/go/src/runtime/proc.go", STD},
        {0},
    };
    check(stack, 2, 4);
}

/* With -trimpath a program whose module path has no dot looks like the standard library. */
static void paths_of_a_trimmed_build(void **state)
{
    (void)state;
    static const struct row stack[] = {
        {"bytes.growSlice", "bytes/buffer.go", STD},
        {"vendor/golang.org/x/net/http2/hpack.New", "vendor/golang.org/x/net/http2/hpack/h.go",
            STD},
        {"gopkg.in/yaml%2ev2.Marshal", "gopkg.in/yaml.v2@v2.4.0/yaml.go", OTHER},
        {"shop/cart.Add", "shop/cart/cart.go", PROGRAM},
        {"net/http.(*conn).serve", "net/http/server.go", STD},
        {"main.main", "shop/cmd/shopd/main.go", PROGRAM},
        {"runtime.main", "runtime/proc.go", STD},
        {0},
    };
    check(stack, 0, 3);
}

static void a_repository_is_one_program(void **state)
{
    (void)state;
    static const struct row stack[] = {
        {"github.com/z/dep.F", "/go/src/github.com/z/dep/f.go", OTHER},
        {"github.com/o/r/lib.F", "/go/src/github.com/o/r/lib/f.go", PROGRAM},
        {"github.com/o/rest.F", "/go/src/github.com/o/rest/f.go", OTHER},
        {"main.run", "/go/src/github.com/o/r/app/x/main.go", PROGRAM},
        {0},
    };
    check(stack, 0, 1);
}

static void a_container_builds_at_the_root(void **state)
{
    (void)state;
    static const struct row stack[] = {
        {"strings.Clone", "/usr/local/go/src/strings/clone.go", STD},
        {"github.com/z/dep.F", "/go/pkg/mod/github.com/z/dep@v1.0.0/f.go", OTHER},
        {"app/internal/x.F", "/internal/x/x.go", PROGRAM},
        {"main.main", "/main.go", PROGRAM},
        {"runtime.main", "/usr/local/go/src/runtime/proc.go", STD},
        {0},
    };
    check(stack, 0, 2);
}

static void without_package_main_the_first_outside_the_library(void **state)
{
    (void)state;
    static const struct row stack[] = {
        {"bufio.NewReader", "bufio/bufio.go", STD},
        {"github.com/z/dep.F", "github.com/z/dep@v1.0.0/f.go", OTHER},
        {"github.com/o/r/lib.F", "github.com/o/r/lib/f.go", OTHER},
        {"runtime.goexit", "runtime/asm_amd64.s", STD},
        {0},
    };
    check(stack, 0, 1);
}

static void a_stack_of_the_library_answers_for_itself(void **state)
{
    (void)state;
    static const struct row stack[] = {
        {"runtime.malg", "runtime/proc.go", STD},
        {"unicode.init", "unicode/tables.go", STD},
        {"runtime.main", "runtime/proc.go", STD},
        {0},
    };
    check(stack, 1, 1);
    static const struct row runtime_only[] = {
        {"runtime.allocm", "runtime/proc.go", STD},
        {"runtime.newm", "runtime/proc.go", STD},
        {0},
    };
    check(runtime_only, 0, 0);
}

static void odd_names_do_no_harm(void **state)
{
    (void)state;
    static const struct row stack[] = {
        {"", "", OTHER},
        {"/", "/", OTHER},
        {"0x1234", "/usr/lib/libc.so.6", OTHER},
        {"main.x", "_cgo_gotypes.go", PROGRAM},
        {"a.b[", "[/.]/", OTHER},
        {"runtime.x", "/src/runtime/", STD},
        {0},
    };
    check(stack, 0, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_of_a_plain_build),
        cmocka_unit_test(paths_of_a_trimmed_build),
        cmocka_unit_test(a_repository_is_one_program),
        cmocka_unit_test(a_container_builds_at_the_root),
        cmocka_unit_test(without_package_main_the_first_outside_the_library),
        cmocka_unit_test(a_stack_of_the_library_answers_for_itself),
        cmocka_unit_test(odd_names_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
