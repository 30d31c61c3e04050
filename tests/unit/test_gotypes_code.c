/* Single instructions, by their bytes: how long they are, where they go, what they write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "gotypes/buildinfo.h"
#include "gotypes/code.h"
#include "gotypes/entries.h"

#define PC 0x401000u

static size_t bytes_of(const char *hex, unsigned char out[16])
{
    size_t len = 0;
    for (; *hex && len < 16; hex += hex[2] == ' ' ? 3 : 2)
        out[len++] = (unsigned char)strtoul((char[]){hex[0], hex[1], 0}, NULL, 16);
    return len;
}

/* ---- scanning ---- */

static void lengths_and_jumps_of_amd64(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        unsigned step;
        uint64_t target; /* from the instruction's address */
    } rows[] = {
        {"90", GOTYPES_STEP_ON, 0},
        {"66 2e 0f 1f 84 00 00 00 00 00", GOTYPES_STEP_ON, 0},
        {"64 48 8b 04 25 f8 ff ff ff", GOTYPES_STEP_ON, 0},
        {"48 b8 01 02 03 04 05 06 07 08", GOTYPES_STEP_ON, 0},
        {"66 b8 01 02", GOTYPES_STEP_ON, 0},
        {"48 a1 01 02 03 04 05 06 07 08", GOTYPES_STEP_ON, 0},
        {"66 81 c1 34 12", GOTYPES_STEP_ON, 0},
        {"48 81 8c 24 80 00 00 00 01 02 03 04", GOTYPES_STEP_ON, 0},
        {"f6 44 24 08 01", GOTYPES_STEP_ON, 0},
        {"f6 5c 24 08", GOTYPES_STEP_ON, 0},
        {"48 f7 c1 01 02 03 04", GOTYPES_STEP_ON, 0},
        {"c4 e2 7d 58 05 01 02 03 04", GOTYPES_STEP_ON, 0},
        {"c5 f8 77", GOTYPES_STEP_ON, 0},
        {"62 f3 7d 48 25 c1 ff", GOTYPES_STEP_ON, 0},
        {"0f 3a 0f c1 08", GOTYPES_STEP_ON, 0},
        {"c8 01 02 03", GOTYPES_STEP_ON, 0},
        {"e8 10 00 00 00", GOTYPES_STEP_CALL, 0x15},
        {"ff 12", GOTYPES_STEP_INDIRECT, 0},
        {"41 ff d4", GOTYPES_STEP_INDIRECT, 0},
        {"eb fe", GOTYPES_STEP_JUMP, 0},
        {"e9 fb ff ff ff", GOTYPES_STEP_JUMP, 0},
        {"0f 85 00 01 00 00", GOTYPES_STEP_BRANCH, 0x106},
        {"76 10", GOTYPES_STEP_BRANCH, 0x12},
        {"ff 24 c8", GOTYPES_STEP_TABLE, 0},
        {"c3", GOTYPES_STEP_END, 0},
        {"0f 0b", GOTYPES_STEP_END, 0},
        {"cc", GOTYPES_STEP_END, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned char code[16];
        size_t len = bytes_of(rows[i].code, code);
        unsigned char *exact = malloc(len); /* so that a sanitizer sees a read past the end */
        assert_non_null(exact);
        memcpy(exact, code, len);
        struct gotypes_scan scan;
        if (!gotypes_amd64_scan(exact, len, PC, &scan) || scan.len != len ||
            scan.step != rows[i].step || (scan.target && scan.target != PC + rows[i].target))
            fail_msg("%s: length %u, step %u, target %#llx", rows[i].code, scan.len, scan.step,
                (unsigned long long)scan.target);
        for (size_t cut = 0; cut < len; cut++)
            if (gotypes_amd64_scan(exact, cut, PC, &scan))
                assert_true(scan.len <= cut);
        free(exact);
    }
}

static void no_instructions_of_amd64(void **state)
{
    (void)state;
    static const char *const rows[] = {"06", "60", "82 c0 01", "ea 00 00 00 00", "d6",
        "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66", "48 48 90", "c4 e0 7d 58 c1"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned char code[16] = {0};
        struct gotypes_scan scan;
        size_t len = bytes_of(rows[i], code);
        if (gotypes_amd64_scan(code, len, PC, &scan))
            fail_msg("%s is taken for an instruction", rows[i]);
    }
}

static void addresses_and_frames_of_amd64(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        uint64_t address;
        int64_t stack_offset; /* -1: the frame is not pointed into */
    } rows[] = {
        {"48 8d 05 10 00 00 00", PC + 0x17, -1}, {"4c 8d 0d f9 ff ff ff", PC, -1},
        {"48 8d 44 24 18", 0, 0x18}, {"48 8d 6c 24 18", 0, -1}, /* LEA RBP: the frame pointer */
        {"48 8b 44 24 18", 0, -1}, {"48 8b 44 cc 20", 0, 0x20}, /* [RSP+RCX*8+0x20] */
        {"48 89 e0", 0, 0},                                     /* MOV RAX, RSP */
        {"48 89 e5", 0, -1},                                    /* MOV RBP, RSP */
        {"49 8d 44 24 18", 0, -1},                              /* from R12 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned char code[16];
        struct gotypes_scan scan;
        assert_true(gotypes_amd64_scan(code, bytes_of(rows[i].code, code), PC, &scan));
        assert_int_equal(scan.makes_address ? scan.address : 0, rows[i].address);
        if ((scan.takes_stack ? scan.stack_offset : -1) != rows[i].stack_offset)
            fail_msg("%s points into the frame at %lld", rows[i].code,
                scan.takes_stack ? (long long)scan.stack_offset : -1);
    }
}

static void scan_word(struct gotypes_scanner *scanner, uint32_t w, struct gotypes_scan *scan)
{
    unsigned char code[4] = {(unsigned char)w, (unsigned char)(w >> 8), (unsigned char)(w >> 16),
        (unsigned char)(w >> 24)};
    assert_false(gotypes_arm64_scan(scanner, code, 3, PC, scan));
    assert_true(gotypes_arm64_scan(scanner, code, 4, PC, scan));
}

static void jumps_of_arm64(void **state)
{
    (void)state;
    static const struct {
        uint32_t word;
        unsigned step;
        uint64_t target;
    } rows[] = {
        {0xd503201f, GOTYPES_STEP_ON, 0},          /* NOP */
        {0x94000004, GOTYPES_STEP_CALL, PC + 16},  /* BL */
        {0x17ffffff, GOTYPES_STEP_JUMP, PC - 4},   /* B */
        {0x54000049, GOTYPES_STEP_BRANCH, PC + 8}, /* B.LS */
        {0xb4ffffe0, GOTYPES_STEP_BRANCH, PC - 4}, /* CBZ */
        {0x3707ffe1, GOTYPES_STEP_BRANCH, PC - 4}, /* TBNZ */
        {0xd63f0020, GOTYPES_STEP_INDIRECT, 0},    /* BLR */
        {0xd61f0360, GOTYPES_STEP_TABLE, 0},       /* BR */
        {0xd65f03c0, GOTYPES_STEP_END, 0},         /* RET */
        {0xd4200000, GOTYPES_STEP_END, 0},         /* BRK */
        {0x00000000, GOTYPES_STEP_END, 0},         /* UDF */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gotypes_scanner scanner = {0};
        struct gotypes_scan scan;
        scan_word(&scanner, rows[i].word, &scan);
        if (scan.step != rows[i].step || scan.target != rows[i].target)
            fail_msg("%08x: step %u, target %#llx", rows[i].word, scan.step,
                (unsigned long long)scan.target);
    }
}

static void addresses_and_frames_of_arm64(void **state)
{
    (void)state;
    struct gotypes_scanner scanner = {0};
    struct gotypes_scan scan;
    scan_word(&scanner, 0xb0000001, &scan); /* ADRP X1, one page on */
    assert_false(scan.makes_address);
    scan_word(&scanner, 0x91004020, &scan); /* ADD X0, X1, #16 */
    assert_true(scan.makes_address);
    assert_int_equal(scan.address, 0x402010);
    scan_word(&scanner, 0x910043e2, &scan); /* ADD X2, SP, #16 */
    assert_true(scan.takes_stack);
    assert_int_equal(scan.stack_offset, 16);
    scan_word(&scanner, 0xd10023fd, &scan); /* SUB X29, SP, #8 */
    assert_false(scan.takes_stack);
    scan_word(&scanner, 0x910083ff, &scan); /* ADD SP, SP, #32 */
    assert_false(scan.takes_stack);
    scan_word(&scanner, 0xeb3063ff, &scan); /* CMP SP, X16 */
    assert_false(scan.takes_stack);
}

/* ---- effects ---- */

static void effects_of_arm64(void **state)
{
    (void)state;
    static const struct {
        uint32_t word;
        struct gotypes_effect effect;
    } rows[] = {
#define NONE GOTYPES_NO_REGISTER
        {0x90000000, {GOTYPES_EFFECT_SET, 0, NONE, NONE, NONE, 0, 0x401000, 0, 0}},
        {0x91004020, {GOTYPES_EFFECT_ADD, 0, NONE, 1, NONE, 0, 16, 0, 0}},
        {0xaa0103e0, {GOTYPES_EFFECT_ADD, 0, NONE, 1, NONE, 0, 0, 0, 0}},    /* MOV X0, X1 */
        {0xaa1f03e0, {GOTYPES_EFFECT_SET, 0, NONE, NONE, NONE, 0, 0, 0, 0}}, /* MOV X0, XZR */
        {0xf9400820, {GOTYPES_EFFECT_LOAD, 0, NONE, 1, NONE, 0, 16, 0, 0}},  /* LDR X0, [X1, #16] */
        {0xa94087e0, {GOTYPES_EFFECT_LOAD, 0, 1, 31, NONE, 0, 8, 0, 0}}, /* LDP X0, X1, [SP, #8] */
        {0xa90087e0, {GOTYPES_EFFECT_STORE, 31, NONE, 0, 1, 16, 8, 0, 0}}, /* STP */
        {0xf81a0ffe, {GOTYPES_EFFECT_STORE, 31, NONE, 30, NONE, 8, 0, 0, -96}},
        {0xf84607fe, {GOTYPES_EFFECT_LOAD, 30, NONE, 31, NONE, 0, 0, 0, 96}},
        {0xd10503ff, {GOTYPES_EFFECT_NONE, NONE, NONE, NONE, NONE, 0, 0, 0, -320}},
        {0x9a820020, {GOTYPES_EFFECT_SELECT, 0, NONE, 1, 2, 0, 0, 0, 0}}, /* CSEL */
        {0x58000040,
            {GOTYPES_EFFECT_FETCH, 0, NONE, NONE, NONE, 0, PC + 8, 0, 0}},       /* LDR literal */
        {0xb9400820, {GOTYPES_EFFECT_NONE, NONE, NONE, NONE, NONE, 0, 0, 1, 0}}, /* LDR W0: half */
        {0x9b427c22, {GOTYPES_EFFECT_NONE, NONE, NONE, NONE, NONE, 0, 0, 4, 0}}, /* SMULH X2 */
        {0xf8200041, {GOTYPES_EFFECT_NONE, NONE, NONE, NONE, NONE, 0, 0, 3, 0}}, /* LDADD X0, X1 */
        {0xf8408441,
            {GOTYPES_EFFECT_NONE, NONE, NONE, NONE, NONE, 0, 0, 6, 0}}, /* LDR X1, [X2], #8 */
        {0x9e660000, {GOTYPES_EFFECT_NONE, NONE, NONE, NONE, NONE, 0, 0, 1, 0}}, /* FMOV X0, D0 */
        {0x9e670000, {GOTYPES_EFFECT_NONE, NONE, NONE, NONE, NONE, 0, 0, 0, 0}}, /* FMOV D0, X0 */
        {0x1e622820, {GOTYPES_EFFECT_NONE, NONE, NONE, NONE, NONE, 0, 0, 0, 0}}, /* FADD D0 */
        {0x4e083c20, {GOTYPES_EFFECT_NONE, NONE, NONE, NONE, NONE, 0, 0, 1, 0}}, /* UMOV X0 */
        {0xf10043ff, {GOTYPES_EFFECT_NONE, NONE, NONE, NONE, NONE, 0, 0, 0, 0}}, /* CMP SP, #16 */
#undef NONE
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t w = rows[i].word;
        unsigned char code[4] = {(unsigned char)w, (unsigned char)(w >> 8),
            (unsigned char)(w >> 16), (unsigned char)(w >> 24)};
        struct gotypes_effect e;
        const struct gotypes_effect *want = &rows[i].effect;
        assert_true(gotypes_arm64_effect(code, PC, &e));
        if (e.op != want->op || e.dst != want->dst || e.dst2 != want->dst2 || e.src != want->src ||
            e.src2 != want->src2 || e.value != want->value || e.kills != want->kills ||
            e.adjusts != want->adjusts || (want->width && e.width != want->width))
            fail_msg("%08x: op %d dst %u %u src %u %u value %lld kills %#x adjusts %lld", w,
                (int)e.op, e.dst, e.dst2, e.src, e.src2, (long long)e.value, e.kills,
                (long long)e.adjusts);
    }
}

/* ---- the table of entry points ---- */

static void entry_points(void **state)
{
    (void)state;
    assert_int_equal(gotypes_entry_find("runtime.growslice", false)->argument, 0);
    assert_int_equal(gotypes_entry_find("runtime.growslice", true)->argument, 4);
    assert_int_equal(gotypes_entry_find("runtime.mapassign_fast64ptr", true)->kind, GOTYPES_MAP);
    assert_int_equal(gotypes_entry_find("runtime.mallocgcSmallScanNoHeaderSC7", true)->argument, 1);
    assert_string_equal(gotypes_entry_find("runtime.concatstring3", true)->fixed, "string");
    assert_null(gotypes_entry_find("runtime.newobjects", true));
    assert_null(gotypes_entry_find("main.newobject", true));
    assert_null(gotypes_entry_find("", true));
    assert_true(gotypes_entry_never_returns("runtime.panicIndex"));
    assert_false(gotypes_entry_never_returns("runtime.panicCheck1"));
    assert_false(gotypes_entry_never_returns("main.panicIndex"));
    assert_int_equal(gotypes_entry_preserves("runtime.gcWriteBarrier1", false) >> 11 & 1, 0);
    assert_int_equal(gotypes_entry_preserves("runtime.newobject", false), 0);
    assert_true(gotypes_entry_is_runtime("internal/runtime/maps.(*Map).grow"));
    assert_false(gotypes_entry_is_runtime("runtimes.grow"));
}

/* ---- build information ---- */

static void modules_of_import_paths(void **state)
{
    (void)state;
    static const char text[] = "path\tcmd\n"
                               "mod\texample.com/a\tv1.0.0\th1:x\n"
                               "dep\texample.com/a/b\tv2.0.0\n"
                               "dep\texample.com/c\tv3.0.0\n"
                               "=>\t../c\tv3.9.9\t\n"
                               "=>\n"
                               "build\tvcs.revision=abc\n"
                               "build\tvcs.time=\n"
                               "build\tvcs.modified=false\n";
    struct gotypes_build build = {
        .main = {"", ""}, .vcs_revision = "", .vcs_time = "", .vcs_modified = true};
    struct lw_arena *arena = lw_arena_new(1 << 20);
    assert_int_equal(gotypes_buildinfo_parse(text, sizeof text - 1, arena, &build), 0);
    assert_int_equal(build.dep_count, 2);
    assert_string_equal(build.vcs_revision, "abc");
    assert_false(build.vcs_modified);
    static const struct {
        const char *path, *version;
    } rows[] = {
        {"main", "v1.0.0"},
        {"example.com/a", "v1.0.0"},
        {"example.com/a/x", "v1.0.0"},
        {"example.com/a/b/y", "v2.0.0"},
        {"example.com/c", "v3.9.9"},
        {"example.com/ab", NULL},
        {"net/http", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gotypes_module *module = gotypes_buildinfo_module(&build, rows[i].path);
        assert_true(!module == !rows[i].version);
        if (module)
            assert_string_equal(module->version, rows[i].version);
    }
    lw_arena_free(&arena);
    struct gotypes_build empty = build;
    arena = lw_arena_new(64);
    assert_int_equal(gotypes_buildinfo_parse(text, sizeof text - 1, arena, &empty), -1);
    lw_arena_free(&arena);
}

/* ---- what is told at once ---- */

/* What the scan tells of an instruction is all that it does, as capstone has it. */
static void check_told(struct gotypes_decoder *decoder, const unsigned char *code, size_t *told)
{
    struct gotypes_scan scan;
    struct gotypes_effect e;
    if (!gotypes_amd64_scan(code, 15, PC, &scan) || !scan.is_told ||
        !gotypes_amd64_effect(decoder, code, scan.len, PC, &e))
        return;
    bool sets = e.op != GOTYPES_EFFECT_NONE && e.op != GOTYPES_EFFECT_STORE;
    uint32_t writes = e.kills;
    if (sets && e.dst != GOTYPES_NO_REGISTER)
        writes |= (uint32_t)1 << e.dst;
    bool stores = e.op == GOTYPES_EFFECT_STORE;
    if ((writes & ~(uint32_t)scan.writes) || e.adjusts || (stores && e.dst != scan.stores_through))
        fail_msg("%02x %02x %02x %02x %02x: writes %#x, told %#x; stores through %d, told %d",
            code[0], code[1], code[2], code[3], code[4], (unsigned)writes, (unsigned)scan.writes,
            stores ? e.dst : -1, scan.stores_through);
    ++*told;
}

/* Every opcode of two maps with every ModRM, after each kind of prefix. */
static void what_is_told_of_amd64(void **state)
{
    (void)state;
    static const char *const prefixes[] = {"", "48", "4d", "41", "44", "66", "f3", "f0 48", "67"};
    static const unsigned char sibs[] = {0x24, 0x64, 0x25, 0xe0};
    struct gotypes_decoder *decoder = gotypes_decoder_new();
    size_t told = 0;
    for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
        for (unsigned i = 0; i < 512u * 256u; i++) {
            unsigned char code[16] = {0};
            size_t at = bytes_of(prefixes[p], code);
            if (i >> 16)
                code[at++] = 0x0f;
            code[at] = (unsigned char)(i >> 8);
            code[at + 1] = (unsigned char)i;
            for (size_t k = 0; k < sizeof sibs; k++) {
                code[at + 2] = sibs[k];
                code[at + 3] = 0x10;
                check_told(decoder, code, &told);
                if ((i & 7) != 4)
                    break; /* there is no such byte */
            }
        }
    }
    assert_true(told > 10000);
    gotypes_decoder_free(&decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_and_jumps_of_amd64),
        cmocka_unit_test(no_instructions_of_amd64),
        cmocka_unit_test(addresses_and_frames_of_amd64),
        cmocka_unit_test(what_is_told_of_amd64),
        cmocka_unit_test(jumps_of_arm64),
        cmocka_unit_test(addresses_and_frames_of_arm64),
        cmocka_unit_test(effects_of_arm64),
        cmocka_unit_test(entry_points),
        cmocka_unit_test(modules_of_import_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
