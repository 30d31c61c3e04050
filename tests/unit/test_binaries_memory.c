/* What a host says of the memory of a process, from files that a test writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "binaries/memory.h"

#define MIB ((int64_t)1 << 20)

static void test_go_limits_are_read_as_go_does(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes;
    } rows[] = {
        {"1000", 1000},
        {"1000B", 1000},
        {"2KiB", 2048},
        {"512MiB", 512 * MIB},
        {"3GiB", 3072 * MIB},
        {"1TiB", (int64_t)1 << 40},
        {"off", 0},
        {"", 0},
        {"B", 0},
        {"-5", 0},
        {"5MB", 0},
        {"5 MiB", 0},
        {"5MiB ", 0},
        {"9223372036854775807", 0}, /* math.MaxInt64 is no limit */
        {"9223372036854775808", 0},
        {"99999999999TiB", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(binaries_go_limit_parse(rows[i].text), rows[i].bytes);
}

static void test_the_memory_cgroup_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *path; /* "": none */
        int version;
    } rows[] = {
        {"0::/system.slice/shop.service\n", "/system.slice/shop.service", 2},
        {"0::/", "/", 2},
        {"5:cpu,memory:/shop\n4:cpuset:/\n", "/shop", 1},
        {"0::/unified\n5:memory:/shop\n", "/shop", 1}, /* mounted side by side */
        {"5:hugememory:/shop\n", "", 0},
        {"0::/../../other\n", "", 0}, /* outside of our namespace */
        {"0::shop\n", "", 0},
        {"10::/shop\n", "", 0},
        {"0:\n:\n::\n\n", "", 0},
        {"", "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *path = NULL;
        int version = 0;
        size_t len = binaries_cgroup_find(rows[i].text, strlen(rows[i].text), &path, &version);
        assert_int_equal(len, strlen(rows[i].path));
        if (len) {
            assert_memory_equal(path, rows[i].path, len);
            assert_int_equal(version, rows[i].version);
        }
    }
}

/* ---- a host in a directory ---- */

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/leakwatchd-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

/* Writes dir/path, with the folders on the way. */
static void put(const char *path, const char *bytes, size_t len)
{
    char whole[512];
    int dir_len = snprintf(whole, sizeof whole, "%s/%s", dir, path);
    assert_true((size_t)dir_len < sizeof whole);
    for (char *slash = strchr(whole + strlen(dir) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void put_text(const char *path, const char *text)
{
    put(path, text, strlen(text));
}

static struct binaries_memory read_all(void)
{
    char proc[128], cgroup[128];
    snprintf(proc, sizeof proc, "%s/proc", dir);
    snprintf(cgroup, sizeof cgroup, "%s/cgroup", dir);
    struct binaries_roots roots = {proc, cgroup};
    struct binaries_memory memory;
    binaries_memory_read(&roots, 42, &memory);
    return memory;
}

static void test_a_host_is_read(void **state)
{
    (void)state;
    static const char environ[] = "PATH=/bin\0XGOMEMLIMIT=1GiB\0GOMEMLIMIT=600MiB\0A=b";
    put("proc/42/environ", environ, sizeof environ);
    put_text("proc/42/statm", "20000 300 40 1 0 100 0\n");
    put_text("proc/42/cgroup", "0::/shop.slice/pod/one\n");
    put_text("cgroup/shop.slice/pod/one/memory.max", "max\n");
    put_text("cgroup/shop.slice/pod/memory.max", "1073741824\n");
    put_text("cgroup/shop.slice/memory.max", "2147483648\n");
    struct binaries_memory memory = read_all();
    assert_int_equal(memory.rss_bytes, 300 * sysconf(_SC_PAGESIZE));
    assert_int_equal(memory.cgroup_bytes, 1024 * MIB);
    assert_int_equal(memory.go_limit_bytes, 600 * MIB);
}

static void test_version_1_is_read(void **state)
{
    (void)state;
    put_text("proc/42/cgroup", "4:memory:/shop\n");
    put_text("cgroup/memory/shop/memory.limit_in_bytes", "9223372036854771712\n");
    assert_int_equal(read_all().cgroup_bytes, 0);
    put_text("cgroup/memory/memory.limit_in_bytes", "4096\n");
    assert_int_equal(read_all().cgroup_bytes, 4096);
}

static void test_what_cannot_be_read_is_not_known(void **state)
{
    (void)state;
    struct binaries_memory memory = read_all();
    assert_int_equal(memory.rss_bytes + memory.cgroup_bytes + memory.go_limit_bytes, 0);
    put_text("proc/42/statm", "1");
    put_text("proc/42/cgroup", "0::/shop\n");
    put_text("proc/42/environ", "GOMEMLIMIT");
    put_text("cgroup/shop/memory.max", "-1\n");
    memory = read_all();
    assert_int_equal(memory.rss_bytes + memory.cgroup_bytes + memory.go_limit_bytes, 0);
}

/* This very process listens nowhere: it must not be taken for the target. */
static void test_a_process_is_told_apart(void **state)
{
    (void)state;
    struct binaries_memory_request request = {.address = "127.0.0.1:1", .start = 1, .limit = 2};
    struct binaries_memory memory;
    struct lw_err err;
    assert_int_equal(binaries_memory_find(&request, &memory, &err), -1);
    assert_int_equal(err.code, LW_NOT_FOUND);
    request.address = "192.0.2.1:80"; /* nobody's: RFC 5737 */
    assert_int_equal(binaries_memory_find(&request, &memory, &err), -1);
    assert_non_null(strstr(err.msg, "not on this host"));
    request.address = "nonsense";
    assert_int_equal(binaries_memory_find(&request, &memory, &err), -1);
    assert_int_equal(err.code, LW_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_go_limits_are_read_as_go_does),
        cmocka_unit_test(test_the_memory_cgroup_is_found),
        cmocka_unit_test_setup_teardown(test_a_host_is_read, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_version_1_is_read, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(
            test_what_cannot_be_read_is_not_known, make_dir, remove_dir),
        cmocka_unit_test(test_a_process_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
