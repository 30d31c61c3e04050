/* A binary made in memory: what is read from its tables, and what its allocation sites are resolved
 * to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "gotypes/gotypes.h"
#include "gotypes_sketch.h"

enum { INT = 2, MAP = 21, POINTER = 22, SLICE = 23, STRING = 24, STRUCT = 25 };
enum { AX = 0, CX = 1, DX = 2, BX = 3, SI = 6 };
enum { UNCOMMON = 1, STAR = 2, NAMED = 4 };

struct binary {
    struct sketch sketch;
    uint64_t newobject, growslice, mapassign, convT64, barrier, panic, other;
    uint64_t entry_type; /* main.Entry, a struct of 16 bytes */
    uint64_t map_type;   /* map[string]*store.Session */
};

/* The allocator's functions, and two types. What a test adds comes after them. */
static struct binary *begin(bool is_arm64)
{
    struct binary *b = calloc(1, sizeof *b);
    assert_non_null(b);
    struct sketch *s = &b->sketch;
    sketch_init(s, is_arm64);
    b->newobject = sketch_func(s, "runtime.newobject");
    b->growslice = sketch_func(s, "runtime.growslice");
    b->mapassign = sketch_func(s, "runtime.mapassign_faststr");
    b->convT64 = sketch_func(s, "runtime.convT64");
    b->barrier = sketch_func(s, "runtime.gcWriteBarrier2");
    b->panic = sketch_func(s, "runtime.panicIndex");
    b->other = sketch_func(s, "main.other");
    b->entry_type = sketch_type(s, STRUCT, 16, UNCOMMON | STAR | NAMED, "main.Entry");
    sketch_import_path(s, b->entry_type, 80, "main");
    uint64_t session = sketch_type(s, STRUCT, 24, UNCOMMON | NAMED, "store.Session");
    sketch_import_path(s, session, 80, "example.com/checkout/store");
    uint64_t pointer = sketch_type(s, POINTER, 8, 0, "*store.Session");
    sketch_pointer(s, pointer + SKETCH_ELEM, session);
    b->map_type = sketch_type(s, MAP, 8, 0, "map[string]*store.Session");
    sketch_pointer(s, b->map_type + SKETCH_ELEM, sketch_type(s, STRING, 16, 0, "string"));
    sketch_pointer(s, b->map_type + SKETCH_VALUE, pointer);
    return b;
}

static struct gotypes *open_sketch(struct binary *b)
{
    struct lw_err err = {0};
    sketch_finish(&b->sketch);
    struct gotypes *index = gotypes_new(b->sketch.image, SKETCH_BYTES, &err);
    if (!index)
        fail_msg("%s", err.msg);
    return index;
}

static struct gotypes_site *resolve(
    const struct gotypes *index, const uint64_t *stack, size_t depth)
{
    static struct gotypes_site site;
    assert_true(gotypes_resolve(index, stack, depth, &site));
    assert_true(site.resolved == (site.type[0] != '\0'));
    assert_true(site.resolved == (site.unresolved[0] == '\0'));
    return &site;
}

/* Opens the binary, resolves one site without callers and expects a type; NULL: that there is none.
 */
static void expect(struct binary *b, uint64_t call, const char *type)
{
    struct gotypes *index = open_sketch(b);
    uint64_t stack[] = {call + (b->sketch.is_arm64 ? 3 : 4)};
    struct gotypes_site *site = resolve(index, stack, 1);
    if (site->resolved != (type != NULL) || (type && strcmp(site->type, type) != 0))
        fail_msg("%#llx: \"%s\" (%s), not %s", (unsigned long long)call, site->type,
            site->unresolved, type ? type : "unresolved");
    if (type)
        assert_int_equal(site->pc, call);
    gotypes_free(&index);
    free(b);
}

static void code(struct binary *b, const char *hex)
{
    for (; *hex; hex += hex[2] == ' ' ? 3 : 2) {
        unsigned byte = (unsigned)strtoul((char[]){hex[0], hex[1], 0}, NULL, 16);
        sketch_code(&b->sketch, &(unsigned char){(unsigned char)byte}, 1);
    }
}

/* ---- kinds and names ---- */

static void types_of_arguments(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->entry_type);
    uint64_t calls[4] = {sketch_call(&b->sketch, b->newobject)};
    sketch_lea(&b->sketch, SI, b->entry_type);
    calls[1] = sketch_call(&b->sketch, b->growslice);
    sketch_lea(&b->sketch, AX, b->map_type);
    calls[2] = sketch_call(&b->sketch, b->mapassign);
    calls[3] = sketch_call(&b->sketch, b->convT64);
    struct gotypes *index = open_sketch(b);
    static const struct {
        enum gotypes_kind kind;
        const char *type, *record, *import_path, *module;
        uint64_t size;
    } want[] = {
        {GOTYPES_OBJECT, "main.Entry", "main.Entry", "main", "example.com/checkout", 16},
        {GOTYPES_SLICE_GROWTH, "[]main.Entry", "main.Entry", "main", "example.com/checkout", 16},
        {GOTYPES_MAP, "map[string]*store.Session", "map[string]*store.Session",
            "example.com/checkout/store", "example.com/checkout", 8},
        {GOTYPES_BOXING, "8-byte value", "", "", NULL, 0},
    };
    for (size_t i = 0; i < 4; i++) {
        struct gotypes_site *site = resolve(index, &(uint64_t){calls[i] + 4}, 1);
        assert_string_equal(site->type, want[i].type);
        assert_string_equal(site->record, want[i].record);
        assert_string_equal(site->import_path, want[i].import_path);
        assert_int_equal(site->kind, want[i].kind);
        assert_int_equal(site->type_size, want[i].size);
        assert_string_equal(site->function, "main.leak");
        assert_true(!site->module == !want[i].module);
        if (want[i].module)
            assert_string_equal(site->module->path, want[i].module);
    }
    gotypes_free(&index);
    free(b);
}

static void growslice_before_1_20(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    b->sketch.is_old = true;
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->entry_type);
    sketch_lea(&b->sketch, SI, b->map_type);
    expect(b, sketch_call(&b->sketch, b->growslice), "[]main.Entry");
}

static void arm64(void **state)
{
    (void)state;
    struct binary *b = begin(true);
    sketch_func(&b->sketch, "main.leak");
    sketch_address(&b->sketch, 4, b->entry_type);
    sketch_word(&b->sketch, 0x9e6703e4); /* FMOV D4, XZR: another file of registers */
    expect(b, sketch_call(&b->sketch, b->growslice), "[]main.Entry");
}

static void position_independent(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    /* Pointers that begin() wrote into the records are data of the file; write them as relocations.
     */
    struct sketch *s = &b->sketch;
    s->is_position_independent = true;
    sketch_func(s, "main.leak");
    sketch_lea(s, AX, b->map_type);
    uint64_t call = sketch_call(s, b->mapassign);
    uint64_t pointer_type = b->map_type - SKETCH_TYPE_BYTES;
    memset(s->image + (b->map_type + SKETCH_VALUE - SKETCH_BASE), 0, 8);
    sketch_pointer(s, b->map_type + SKETCH_VALUE, pointer_type);
    struct gotypes *index = open_sketch(b);
    assert_true(gotypes_build(index)->position_independent);
    uint64_t bias = 0x555500000000, mapping = SKETCH_BASE + bias;
    uint64_t there = gotypes_address(index, call + 4 + bias, mapping, 0);
    assert_int_equal(there, call + 4);
    struct gotypes_site *site = resolve(index, &there, 1);
    assert_string_equal(site->type, "map[string]*store.Session");
    assert_string_equal(site->import_path, "example.com/checkout/store");
    gotypes_free(&index);
    free(b);
}

/* ---- following the register ---- */

static void through_moves_and_the_frame(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    code(b, "48 83 ec 28"); /* SUB RSP, 0x28 */
    sketch_depth(&b->sketch, 0x28);
    sketch_lea(&b->sketch, CX, b->entry_type);
    code(b, "48 89 4c 24 10"); /* MOV [RSP+0x10], RCX */
    sketch_call(&b->sketch, b->other);
    code(b, "48 8b 54 24 10"); /* MOV RDX, [RSP+0x10] */
    code(b, "48 89 d0");       /* MOV RAX, RDX */
    expect(b, sketch_call(&b->sketch, b->newobject), "main.Entry");
}

static void a_frame_that_others_point_into(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    code(b, "48 83 ec 28");
    sketch_depth(&b->sketch, 0x28);
    sketch_lea(&b->sketch, CX, b->entry_type);
    code(b, "48 89 4c 24 10");
    code(b, "48 8d 44 24 08"); /* LEA RAX, [RSP+8]: may reach up to RSP+0x10 */
    sketch_call(&b->sketch, b->other);
    code(b, "48 8b 44 24 10");
    expect(b, sketch_call(&b->sketch, b->newobject), NULL);
}

static void over_calls(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->entry_type);
    sketch_call(&b->sketch, b->barrier); /* leaves RAX alone */
    expect(b, sketch_call(&b->sketch, b->newobject), "main.Entry");
    b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->entry_type);
    sketch_call(&b->sketch, b->other); /* returns something in it */
    expect(b, sketch_call(&b->sketch, b->newobject), NULL);
}

/* Every instruction between the type and the call may spoil it. */
static void clobbered(void **state)
{
    (void)state;
    static const char *const spoilers[] = {
        "48 8b 03",       /* MOV RAX, [RBX] */
        "b8 01 00 00 00", /* MOV EAX, 1 */
        "b0 01",          /* MOV AL, 1 */
        "48 0f af c3",    /* IMUL RAX, RBX */
        "48 f7 e3",       /* MUL RBX */
        "48 87 c3",       /* XCHG RBX, RAX */
        "f0 48 0f b1 0b", /* LOCK CMPXCHG [RBX], RCX */
        "66 48 0f 7e c0", /* MOVQ RAX, XMM0 */
        "0f a2",          /* CPUID */
        "48 0f 44 c3",    /* CMOVE RAX, RBX */
        "0f 94 c0",       /* SETE AL */
        "48 83 c0 08",    /* ADD RAX, 8 */
        "c4 e2 fb f6 c3", /* MULX RAX, RAX, RBX */
    };
    for (size_t i = 0; i < sizeof spoilers / sizeof spoilers[0]; i++) {
        struct binary *b = begin(false);
        sketch_func(&b->sketch, "main.leak");
        sketch_lea(&b->sketch, AX, b->entry_type);
        code(b, spoilers[i]);
        expect(b, sketch_call(&b->sketch, b->newobject), NULL);
    }
}

static void not_clobbered(void **state)
{
    (void)state;
    static const char *const others[] = {
        "48 89 03",          /* MOV [RBX], RAX */
        "48 39 c3",          /* CMP RBX, RAX */
        "48 85 c0",          /* TEST RAX, RAX */
        "f3 0f 7f 03",       /* MOVDQU [RBX], XMM0 */
        "0f 1f 44 00 00",    /* NOP [RAX+RAX] */
        "48 0f af d9",       /* IMUL RBX, RCX */
        "62 f1 7c 48 10 03", /* VMOVUPS ZMM0, [RBX] */
        "c5 fa 6f 03",       /* VMOVDQU XMM0, [RBX] */
        "66 0f 3a 0f c1 08", /* PALIGNR XMM0, XMM1, 8 */
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct binary *b = begin(false);
        sketch_func(&b->sketch, "main.leak");
        sketch_lea(&b->sketch, AX, b->entry_type);
        code(b, others[i]);
        expect(b, sketch_call(&b->sketch, b->newobject), "main.Entry");
    }
}

/* Two ways to the call, each with a type of its own in RAX. */
static void where_paths_meet(void **state)
{
    (void)state;
    for (int same = 0; same < 2; same++) {
        struct binary *b = begin(false);
        sketch_func(&b->sketch, "main.leak");
        sketch_lea(&b->sketch, AX, b->entry_type);
        code(b, "48 85 c9 74 07"); /* TEST RCX, RCX; JE over the next */
        sketch_lea(&b->sketch, AX, same ? b->entry_type : b->map_type);
        expect(b, sketch_call(&b->sketch, b->newobject), same ? "main.Entry" : NULL);
    }
}

static void around_a_loop(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->entry_type);
    code(b, "48 ff c9 75 fb"); /* DEC RCX; JNE to it */
    expect(b, sketch_call(&b->sketch, b->newobject), "main.Entry");
}

/* A call that never returns is before the call in memory, not on the way to it. */
static void after_a_panic(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->entry_type);
    code(b, "48 85 c9 75 05"); /* JNE over the next */
    sketch_call(&b->sketch, b->panic);
    expect(b, sketch_call(&b->sketch, b->newobject), "main.Entry");
}

static void an_unknown_jump(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->entry_type);
    uint64_t call = sketch_call(&b->sketch, b->newobject);
    code(b, "ff e1"); /* JMP RCX */
    expect(b, call, NULL);
}

/* Of a large function only a few instructions are read, but all ways to them are known: the branch
 * over thousands of bytes, and the one back from its end. */
static void a_large_function(void **state)
{
    (void)state;
    for (int other = 0; other < 3; other++) {
        struct binary *b = begin(false);
        struct sketch *s = &b->sketch;
        enum { FAR = 5000 };
        sketch_func(s, "main.large");
        sketch_extend(s, FAR + 64);
        sketch_lea(s, AX, other == 1 ? b->map_type : b->entry_type);
        code(b, "48 85 c9 0f 84"); /* TEST RCX, RCX; JE over what follows */
        sketch_word(s, FAR + 7);
        for (int i = 0; i < FAR; i++)
            code(b, "90");
        sketch_lea(s, AX, b->entry_type);
        uint64_t call = sketch_call(s, b->newobject);
        sketch_lea(s, AX, other == 2 ? b->map_type : b->entry_type);
        code(b, "48 ff c9 75 ef"); /* DEC RCX; JNE to the call */
        expect(b, call, other ? NULL : "main.Entry");
    }
}

static void no_type_at_all(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->entry_type + 8);
    expect(b, sketch_call(&b->sketch, b->newobject), NULL);
    b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->entry_type); /* a struct for a map */
    expect(b, sketch_call(&b->sketch, b->mapassign), NULL);
}

/* ---- dictionaries ---- */

/* main.put[go.shape.int] takes the type from the second word of the dictionary in RBX. */
static uint64_t add_generic(struct binary *b)
{
    sketch_func(&b->sketch, "main.put[go.shape.int]");
    code(b, "48 8b 43 08"); /* MOV RAX, [RBX+8] */
    return sketch_call(&b->sketch, b->newobject);
}

static uint64_t add_dictionary(struct binary *b, unsigned number, uint64_t type)
{
    uint64_t address = SKETCH_BASE + SKETCH_TYPES + SKETCH_TYPE_BYTES * (14 + number);
    sketch_pointer(&b->sketch, address + 8, type);
    return address;
}

static uint64_t add_caller(struct binary *b, const char *name, uint64_t dictionary, uint64_t callee)
{
    sketch_func(&b->sketch, name);
    sketch_lea(&b->sketch, BX, dictionary);
    return sketch_call(&b->sketch, callee);
}

static void a_dictionary_of_the_caller(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    uint64_t generic = sketch_func_address(b->sketch.func_count);
    uint64_t site = add_generic(b) + 4;
    uint64_t one = add_caller(b, "main.one", add_dictionary(b, 0, b->entry_type), generic);
    uint64_t two = add_caller(b, "main.two", add_dictionary(b, 1, b->map_type), generic);
    struct gotypes *index = open_sketch(b);
    struct gotypes_site *got = resolve(index, (uint64_t[]){site, one + 4}, 2);
    assert_string_equal(got->type, "main.Entry");
    assert_true(got->through_dictionary);
    got = resolve(index, (uint64_t[]){site, two + 4}, 2);
    assert_string_equal(got->type, "map[string]*store.Session");
    got = resolve(index, &site, 1); /* two callers, and none of them named */
    assert_false(got->resolved);
    assert_true(got->through_dictionary);
    gotypes_free(&index);
    free(b);
}

static void the_only_dictionary(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    uint64_t generic = sketch_func_address(b->sketch.func_count);
    uint64_t site = add_generic(b);
    uint64_t dictionary = add_dictionary(b, 0, b->entry_type);
    add_caller(b, "main.one", dictionary, generic);
    add_caller(b, "main.two", dictionary, generic);
    expect(b, site, "main.Entry");
}

/* A wrapper stands between the caller and the generic function, and in no stack. */
static void through_a_wrapper(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    uint64_t generic = sketch_func_address(b->sketch.func_count);
    uint64_t site = add_generic(b) + 4;
    uint64_t wrapper = sketch_func_address(b->sketch.func_count);
    add_caller(b, "main.(*box[int]).put", add_dictionary(b, 0, b->entry_type), generic);
    add_caller(b, "main.other_instance", add_dictionary(b, 1, b->map_type), generic);
    sketch_func(&b->sketch, "main.caller");
    uint64_t call = sketch_call(&b->sketch, wrapper) + 4;
    struct gotypes *index = open_sketch(b);
    assert_string_equal(resolve(index, (uint64_t[]){site, call}, 2)->type, "main.Entry");
    gotypes_free(&index);
    free(b);
}

static void a_dictionary_that_can_change(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    uint64_t generic = sketch_func_address(b->sketch.func_count);
    uint64_t site = add_generic(b);
    uint64_t variable = SKETCH_BASE + SKETCH_DATA + 0xf00;
    sketch_pointer(&b->sketch, variable + 8, b->entry_type);
    add_caller(b, "main.one", variable, generic);
    expect(b, site, NULL);
}

/* main.use[go.shape.int] calls what the table of methods in RBX has; main.caller passes the table,
 * whose method is a wrapper that no stack shows. */
static void through_an_interface(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *type;
    } cases[] = {{"its own", "main.Entry"}, {"another's", NULL}, {"variable", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct binary *b = begin(false);
        uint64_t generic = sketch_func_address(b->sketch.func_count);
        uint64_t site = add_generic(b) + 4;
        uint64_t wrapper = sketch_func_address(b->sketch.func_count);
        add_caller(b, "main.(*box[int]).put", add_dictionary(b, 0, b->entry_type), generic);
        add_caller(b, "main.(*box[main.id]).put", add_dictionary(b, 1, b->map_type), generic);
        uint64_t table = SKETCH_BASE + (i == 2 ? SKETCH_DATA + 0xf00 : SKETCH_TYPES + 0x680);
        sketch_pointer(&b->sketch, table + 24, i == 1 ? b->other : wrapper);
        uint64_t use = sketch_func_address(b->sketch.func_count);
        sketch_func(&b->sketch, "main.use[go.shape.int]");
        code(b, "48 8b 4b 18"); /* MOV RCX, [RBX+24] */
        uint64_t inner = SKETCH_BASE + b->sketch.at + 1;
        code(b, "ff d1"); /* CALL RCX */
        sketch_func(&b->sketch, "main.caller");
        sketch_lea(&b->sketch, BX, table);
        uint64_t outer = sketch_call(&b->sketch, use) + 4;
        struct gotypes *index = open_sketch(b);
        struct gotypes_site *got = resolve(index, (uint64_t[]){site, inner, outer}, 3);
        if (cases[i].type ? strcmp(got->type, cases[i].type) != 0 : got->resolved)
            fail_msg("%s: \"%s\" (%s)", cases[i].what, got->type, got->unresolved);
        gotypes_free(&index);
        free(b);
    }
}

/* main.lazy[go.shape.int] makes a closure that holds its dictionary, and returns it or, if it may,
 * something else; the closure allocates. */
static uint64_t add_maker(struct binary *b, bool may_return_another)
{
    struct sketch *s = &b->sketch;
    uint64_t closure = sketch_func_address(s->func_count + 1);
    sketch_func(s, "main.lazy[go.shape.int]");
    code(b, "48 83 ec 28"); /* SUB RSP, 0x28 */
    sketch_depth(s, 0x28);
    code(b, "48 89 44 24 10"); /* MOV [RSP+0x10], RAX */
    sketch_lea(s, AX, b->entry_type);
    sketch_call(s, b->newobject);
    sketch_lea(s, CX, closure);
    code(b, "48 89 08");       /* MOV [RAX], RCX */
    code(b, "48 8b 4c 24 10"); /* MOV RCX, [RSP+0x10] */
    code(b, "48 89 48 08");    /* MOV [RAX+8], RCX */
    if (may_return_another)
        code(b, "48 0f 44 c3"); /* CMOVE RAX, RBX */
    code(b, "48 83 c4 28 c3");  /* ADD RSP, 0x28; RET */
    sketch_func(s, "main.lazy[go.shape.int].func1");
    code(b, "48 8b 4a 08 48 8b 41 08"); /* MOV RCX, [RDX+8]; MOV RAX, [RCX+8] */
    return sketch_call(s, b->newobject) + 4;
}

/* Returns the address of the closure's call. */
static uint64_t add_user(struct binary *b, const char *name, uint64_t maker, uint64_t dictionary)
{
    sketch_func(&b->sketch, name);
    sketch_lea(&b->sketch, AX, dictionary);
    sketch_call(&b->sketch, maker);
    code(b, "48 8b 08 48 89 c2"); /* MOV RCX, [RAX]; MOV RDX, RAX */
    uint64_t call = SKETCH_BASE + b->sketch.at + 1;
    code(b, "ff d1"); /* CALL RCX */
    return call;
}

static void through_a_closure_that_is_returned(void **state)
{
    (void)state;
    for (int another = 0; another < 2; another++) {
        struct binary *b = begin(false);
        uint64_t maker = sketch_func_address(b->sketch.func_count);
        uint64_t site = add_maker(b, another);
        uint64_t one = add_user(b, "main.one", maker, add_dictionary(b, 0, b->entry_type));
        uint64_t two = add_user(b, "main.two", maker, add_dictionary(b, 1, b->map_type));
        struct gotypes *index = open_sketch(b);
        struct gotypes_site *got = resolve(index, (uint64_t[]){site, one}, 2);
        assert_string_equal(got->type, another ? "" : "main.Entry");
        got = resolve(index, (uint64_t[]){site, two}, 2);
        assert_string_equal(got->type, another ? "" : "map[string]*store.Session");
        gotypes_free(&index);
        free(b);
    }
}

/* ---- the rest of the interface ---- */

/* reflect.makemap is the runtime's, by another name. */
static void lent_names_are_passed_over(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    uint64_t lent = sketch_func(&b->sketch, "reflect.makemap");
    uint64_t inner = sketch_call(&b->sketch, b->newobject) + 4;
    sketch_func(&b->sketch, "reflect.MakeMap");
    sketch_lea(&b->sketch, AX, b->map_type);
    uint64_t outer = sketch_call(&b->sketch, lent) + 4;
    struct gotypes *index = open_sketch(b);
    struct gotypes_site *site = resolve(index, (uint64_t[]){inner, outer}, 2);
    assert_string_equal(site->function, "reflect.MakeMap");
    assert_string_equal(site->type, "map[string]*store.Session");
    gotypes_free(&index);
    free(b);
}

static void runtime_frames_are_passed_over(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "internal/runtime/maps.grow");
    uint64_t inner = sketch_call(&b->sketch, b->newobject) + 4;
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->map_type);
    uint64_t outer = sketch_call(&b->sketch, b->mapassign) + 4;
    struct gotypes *index = open_sketch(b);
    struct gotypes_site *site = resolve(index, (uint64_t[]){inner, outer}, 2);
    assert_string_equal(site->function, "main.leak");
    assert_string_equal(site->type, "map[string]*store.Session");
    gotypes_free(&index);
    free(b);
}

static bool count_two(void *ctx, const struct gotypes_site *site)
{
    assert_true(site->resolved);
    return ++*(int *)ctx < 2;
}

static void every_site_until_told_to_stop(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    for (int i = 0; i < 3; i++) {
        sketch_lea(&b->sketch, AX, b->entry_type);
        sketch_call(&b->sketch, b->newobject);
    }
    sketch_call(&b->sketch, b->other);
    struct gotypes *index = open_sketch(b);
    int count = 0;
    gotypes_each_site(index, count_two, &count);
    assert_int_equal(count, 2);
    gotypes_free(&index);
    free(b);
}

static void lines_and_build(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    uint64_t leak = sketch_func(&b->sketch, "main.leak");
    code(b, "c3");
    struct gotypes *index = open_sketch(b);
    struct gotypes_line line;
    assert_int_equal(gotypes_lines(index, leak, &line, 1), 1);
    assert_string_equal(line.function, "main.leak");
    assert_string_equal(line.file, "/src/main.go");
    assert_int_equal(line.line, 10);
    assert_int_equal(gotypes_lines(index, leak + 16, &line, 1), 1);
    assert_int_equal(line.line, 27);
    assert_int_equal(gotypes_lines(index, leak + SKETCH_FUNC_BYTES, &line, 1), 0);
    assert_int_equal(gotypes_lines(index, leak, &line, 0), 0);
    const struct gotypes_build *build = gotypes_build(index);
    assert_string_equal(build->go_version, "go1.22.4");
    assert_string_equal(build->arch, "amd64");
    assert_string_equal(build->main.path, "example.com/checkout");
    assert_string_equal(build->main.version, "v1.8.2");
    assert_true(build->vcs_modified);
    assert_string_equal(build->vcs_revision, "");
    assert_string_equal(build->gnu_build_id, "");
    gotypes_free(&index);
    assert_null(index);
    gotypes_free(&index);
    free(b);
}

static void addresses_that_are_none(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    uint64_t leak = sketch_func(&b->sketch, "main.leak");
    code(b, "90 c3");
    struct gotypes *index = open_sketch(b);
    static struct gotypes_site site;
    const uint64_t stacks[] = {0, UINT64_MAX, leak, SKETCH_BASE, leak + SKETCH_FUNC_BYTES};
    for (size_t i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        assert_false(gotypes_resolve(index, &stacks[i], 1, &site));
        assert_string_equal(site.type, "");
    }
    assert_false(gotypes_resolve(index, NULL, 0, &site));
    gotypes_free(&index);
    free(b);
}

/* Whatever is cut off or overwritten ends in an error that says something, or in an index that can
 * be walked; never in anything else. */
static bool walk(void *ctx, const struct gotypes_site *site)
{
    *(size_t *)ctx += strlen(site->type) + strlen(site->unresolved);
    return true;
}

static void try_image(const unsigned char *image, size_t len)
{
    struct lw_err err = {0};
    size_t characters = 0;
    unsigned char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, image, len);
    struct gotypes *index = gotypes_new(copy, len, &err);
    if (index)
        gotypes_each_site(index, walk, &characters);
    else
        assert_true(err.code != LW_OK && err.msg[0]);
    gotypes_free(&index);
    free(copy);
}

static void damaged_binaries(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    sketch_lea(&b->sketch, AX, b->entry_type);
    sketch_call(&b->sketch, b->newobject);
    sketch_finish(&b->sketch);
    unsigned char *image = b->sketch.image;
    for (size_t len = 0; len < SKETCH_BYTES; len += 97)
        try_image(image, len);
    for (size_t at = 0; at < SKETCH_BYTES; at += at < 512 ? 1 : 11) {
        unsigned char before = image[at];
        image[at] = 0xff;
        try_image(image, SKETCH_BYTES);
        image[at] = before ^ 0x10;
        try_image(image, SKETCH_BYTES);
        image[at] = before;
    }
    free(b);
}

static void refusals_say_what_is_wrong(void **state)
{
    (void)state;
    struct binary *b = begin(false);
    sketch_func(&b->sketch, "main.leak");
    sketch_finish(&b->sketch);
    static const struct {
        unsigned at;
        unsigned char byte;
        enum lw_code code;
        const char *says;
    } cases[] = {
        {0, 'X', LW_INVALID, "not an ELF file"},
        {4, 1, LW_INVALID, "64-bit"},
        {16, 1, LW_INVALID, "not an executable"},
        {18, 40, LW_INVALID, "only amd64 (62) and arm64 (183)"},
        {SKETCH_PCLNTAB, 0xfb, LW_INVALID, "not a Go program"},
        {SKETCH_PCLNTAB + 10, 1, LW_CORRUPT, "functions, which do not fit"},
        {SKETCH_PCLNTAB + 0xd00 + 10, 1, LW_CORRUPT, "not in order"},
        {SKETCH_DATA + 0x100, 0, LW_OK, ""},
        {SKETCH_DATA + 0x100 + 8 * 17, 99, LW_CORRUPT, "no moduledata"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lw_err err = {0};
        unsigned char before = b->sketch.image[cases[i].at];
        b->sketch.image[cases[i].at] = cases[i].byte;
        struct gotypes *index = gotypes_new(b->sketch.image, SKETCH_BYTES, &err);
        b->sketch.image[cases[i].at] = before;
        assert_true((index != NULL) == (cases[i].code == LW_OK));
        assert_int_equal(err.code, cases[i].code);
        if (!strstr(err.msg, cases[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.msg, cases[i].says);
        gotypes_free(&index);
    }
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_arguments),
        cmocka_unit_test(growslice_before_1_20),
        cmocka_unit_test(arm64),
        cmocka_unit_test(position_independent),
        cmocka_unit_test(through_moves_and_the_frame),
        cmocka_unit_test(a_frame_that_others_point_into),
        cmocka_unit_test(over_calls),
        cmocka_unit_test(clobbered),
        cmocka_unit_test(not_clobbered),
        cmocka_unit_test(where_paths_meet),
        cmocka_unit_test(around_a_loop),
        cmocka_unit_test(after_a_panic),
        cmocka_unit_test(an_unknown_jump),
        cmocka_unit_test(a_large_function),
        cmocka_unit_test(no_type_at_all),
        cmocka_unit_test(a_dictionary_of_the_caller),
        cmocka_unit_test(the_only_dictionary),
        cmocka_unit_test(through_a_wrapper),
        cmocka_unit_test(a_dictionary_that_can_change),
        cmocka_unit_test(through_an_interface),
        cmocka_unit_test(through_a_closure_that_is_returned),
        cmocka_unit_test(runtime_frames_are_passed_over),
        cmocka_unit_test(lent_names_are_passed_over),
        cmocka_unit_test(every_site_until_told_to_stop),
        cmocka_unit_test(lines_and_build),
        cmocka_unit_test(addresses_that_are_none),
        cmocka_unit_test(damaged_binaries),
        cmocka_unit_test(refusals_say_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
