#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "profile/frames.h"

#define FRAMES_MAX 8

struct stack {
    struct profile_frame frames[FRAMES_MAX]; /* leaf first; the first without a function ends it */
    enum profile_owner owners[FRAMES_MAX];
    size_t leaf;
    size_t responsible;
};

#define STD     PROFILE_OWNER_STD
#define OTHER   PROFILE_OWNER_OTHER
#define PROGRAM PROFILE_OWNER_PROGRAM

static void check(struct stack *stack)
{
    struct profile_layout layout = {0};
    const struct profile_frame *list[FRAMES_MAX];
    size_t count = 0;
    for (; count < FRAMES_MAX && stack->frames[count].function; count++) {
        list[count] = &stack->frames[count];
        profile_layout_learn(&layout, list[count]);
    }
    for (size_t i = 0; i < count; i++) {
        stack->frames[i].owner = profile_frame_owner(&layout, &stack->frames[i]);
        if (stack->frames[i].owner != stack->owners[i])
            fail_msg("%s in %s: owner %d, expected %d", list[i]->function, list[i]->file,
                (int)list[i]->owner, (int)stack->owners[i]);
    }
    size_t leaf = profile_leaf(list, count);
    assert_int_equal(leaf, stack->leaf);
    assert_int_equal(profile_responsible(list, count, leaf), stack->responsible);
}

static void paths_of_a_plain_build(void **state)
{
    (void)state;
    struct stack stack = {
        .frames = {{"internal/runtime/maps.newarray", "/usr/lib/go/src/internal/runtime/maps/t.go"},
            {"runtime.mapassign", "/usr/lib/go/src/runtime/map.go"},
            {"encoding/json.Marshal", "/usr/lib/go/src/encoding/json/encode.go"},
            {"github.com/x/y.Do[go.shape.struct { a/b.T }]",
                "/root/go/pkg/mod/github.com/x/y/y.go"},
            {"shop/cart.(*Cart).Add", "/home/me/shop/cart/cart.go"},
            {"shop/vendor/a/b.Get", "/home/me/shop/vendor/a/b/b.go"},
            {"main.main", "/home/me/shop/cmd/shopd/main.go"},
            {"runtime.main", "/usr/lib/go/src/runtime/proc.go"}},
        .owners = {STD, STD, STD, OTHER, PROGRAM, OTHER, PROGRAM, STD},
        .leaf = 2,
        .responsible = 4,
    };
    check(&stack);
}

/* With -trimpath a program whose module path has no dot looks like the standard library. */
static void paths_of_a_trimmed_build(void **state)
{
    (void)state;
    struct stack stack = {
        .frames = {{"bytes.growSlice", "bytes/buffer.go"},
            {"vendor/golang.org/x/net/http2/hpack.New", "vendor/golang.org/x/net/http2/hpack/h.go"},
            {"gopkg.in/yaml%2ev2.Marshal", "gopkg.in/yaml.v2@v2.4.0/yaml.go"},
            {"shop/cart.Add", "shop/cart/cart.go"},
            {"net/http.(*conn).serve", "net/http/server.go"},
            {"main.main", "shop/cmd/shopd/main.go"}, {"runtime.main", "runtime/proc.go"}},
        .owners = {STD, STD, OTHER, PROGRAM, STD, PROGRAM, STD},
        .leaf = 0,
        .responsible = 3,
    };
    check(&stack);
}

static void a_repository_is_one_program(void **state)
{
    (void)state;
    struct stack stack = {
        .frames = {{"github.com/z/dep.F", "/go/src/github.com/z/dep/f.go"},
            {"github.com/o/r/lib.F", "/go/src/github.com/o/r/lib/f.go"},
            {"github.com/o/rest.F", "/go/src/github.com/o/rest/f.go"},
            {"main.run", "/go/src/github.com/o/r/app/x/main.go"}},
        .owners = {OTHER, PROGRAM, OTHER, PROGRAM},
        .responsible = 1,
    };
    check(&stack);
}

static void a_container_builds_at_the_root(void **state)
{
    (void)state;
    struct stack stack = {
        .frames = {{"strings.Clone", "/usr/local/go/src/strings/clone.go"},
            {"github.com/z/dep.F", "/go/pkg/mod/github.com/z/dep@v1.0.0/f.go"},
            {"app/internal/x.F", "/internal/x/x.go"}, {"main.main", "/main.go"},
            {"runtime.main", "/usr/local/go/src/runtime/proc.go"}},
        .owners = {STD, OTHER, PROGRAM, PROGRAM, STD},
        .responsible = 2,
    };
    check(&stack);
}

static void without_package_main_the_first_outside_the_library(void **state)
{
    (void)state;
    struct stack stack = {
        .frames = {{"bufio.NewReader", "bufio/bufio.go"},
            {"github.com/z/dep.F", "github.com/z/dep@v1.0.0/f.go"},
            {"github.com/o/r/lib.F", "github.com/o/r/lib/f.go"},
            {"runtime.goexit", "runtime/asm_amd64.s"}},
        .owners = {STD, OTHER, OTHER, STD},
        .responsible = 1,
    };
    check(&stack);
}

static void a_stack_of_the_library_answers_for_itself(void **state)
{
    (void)state;
    struct stack stack = {
        .frames = {{"runtime.malg", "runtime/proc.go"}, {"unicode.init", "unicode/tables.go"},
            {"runtime.main", "runtime/proc.go"}},
        .owners = {STD, STD, STD},
        .leaf = 1,
        .responsible = 1,
    };
    check(&stack);
    struct stack runtime_only = {
        .frames = {{"runtime.allocm", "runtime/proc.go"}, {"runtime.newm", "runtime/proc.go"}},
        .owners = {STD, STD},
    };
    check(&runtime_only);
}

static void odd_names_do_no_harm(void **state)
{
    (void)state;
    struct stack stack = {
        .frames = {{"", ""}, {"/", "/"}, {"0x1234", "/usr/lib/libc.so.6"},
            {"main.x", "_cgo_gotypes.go"}, {"a.b[", "[/.]/"}, {"runtime.x", "/src/runtime/"}},
        .owners = {OTHER, OTHER, OTHER, PROGRAM, OTHER, STD},
        .responsible = 3,
    };
    check(&stack);
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
