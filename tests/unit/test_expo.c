/* expo/: both formats against golden texts, hostile label values, the choice by Accept. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expo/expo.h"

/* One of everything. */
static void write_sample(struct expo *e)
{
    expo_family(e, EXPO_INFO, "leakwatch_build", NULL, "What was built, \"as is\" \\ here.");
    expo_label(e, "version", "0.1.0");
    expo_int(e, 1);
    expo_family(e, EXPO_GAUGE, "leakwatch_target_up", NULL, "Whether the last scrape succeeded.");
    expo_label(e, "job", "api");
    expo_label(e, "instance", "10.0.0.1:6060");
    expo_int(e, 1);
    expo_label(e, "job", "api");
    expo_label(e, "instance", "10.0.0.2:6060");
    expo_int(e, 0);
    expo_family(e, EXPO_COUNTER, "leakwatch_scraped_bytes", "bytes", "Bytes of heap profiles.");
    expo_int(e, INT64_MAX);
    expo_family(e, EXPO_GAUGE, "leakwatch_growth_bytes_per_second", NULL, "Two\nlines.");
    expo_double(e, -0.5);
}

static char *written(enum expo_format format, void (*write)(struct expo *e))
{
    struct lw_strbuf out;
    lw_strbuf_init(&out, 1 << 20);
    struct expo e;
    expo_init(&e, format, &out);
    write(&e);
    expo_finish(&e);
    return lw_strbuf_take(&out, NULL);
}

static void assert_written(enum expo_format format, void (*write)(struct expo *e), const char *want)
{
    char *text = written(format, write);
    assert_string_equal(text, want);
    free(text);
}

static void test_text(void **state)
{
    (void)state;
    assert_written(EXPO_TEXT, write_sample,
        "# HELP leakwatch_build_info What was built, \"as is\" \\\\ here.\n"
        "# TYPE leakwatch_build_info gauge\n"
        "leakwatch_build_info{version=\"0.1.0\"} 1\n"
        "# HELP leakwatch_target_up Whether the last scrape succeeded.\n"
        "# TYPE leakwatch_target_up gauge\n"
        "leakwatch_target_up{job=\"api\",instance=\"10.0.0.1:6060\"} 1\n"
        "leakwatch_target_up{job=\"api\",instance=\"10.0.0.2:6060\"} 0\n"
        "# HELP leakwatch_scraped_bytes_total Bytes of heap profiles.\n"
        "# TYPE leakwatch_scraped_bytes_total counter\n"
        "leakwatch_scraped_bytes_total 9223372036854775807\n"
        "# HELP leakwatch_growth_bytes_per_second Two\\nlines.\n"
        "# TYPE leakwatch_growth_bytes_per_second gauge\n"
        "leakwatch_growth_bytes_per_second -0.5\n");
}

static void test_openmetrics(void **state)
{
    (void)state;
    assert_written(EXPO_OPENMETRICS, write_sample,
        "# TYPE leakwatch_build info\n"
        "# HELP leakwatch_build What was built, \\\"as is\\\" \\\\ here.\n"
        "leakwatch_build_info{version=\"0.1.0\"} 1\n"
        "# TYPE leakwatch_target_up gauge\n"
        "# HELP leakwatch_target_up Whether the last scrape succeeded.\n"
        "leakwatch_target_up{job=\"api\",instance=\"10.0.0.1:6060\"} 1\n"
        "leakwatch_target_up{job=\"api\",instance=\"10.0.0.2:6060\"} 0\n"
        "# TYPE leakwatch_scraped_bytes counter\n"
        "# UNIT leakwatch_scraped_bytes bytes\n"
        "# HELP leakwatch_scraped_bytes Bytes of heap profiles.\n"
        "leakwatch_scraped_bytes_total 9223372036854775807\n"
        "# TYPE leakwatch_growth_bytes_per_second gauge\n"
        "# HELP leakwatch_growth_bytes_per_second Two\\nlines.\n"
        "leakwatch_growth_bytes_per_second -0.5\n"
        "# EOF\n");
}

static void write_nothing(struct expo *e)
{
    (void)e;
}

/* Once label by label, once as a text that is written for several. */
static void write_labels(struct expo *e)
{
    struct lw_strbuf labels;
    lw_strbuf_init(&labels, 1000);
    expo_label_text(&labels, "job", "a\"b");
    lw_strbuf_adds(&labels, ",");
    expo_label_text(&labels, "instance", "x\xff");
    expo_family(e, EXPO_GAUGE, "leakwatch_sample", NULL, "Twice.");
    expo_labels(e, labels.data, labels.len);
    expo_int(e, INT64_MIN);
    expo_labels(e, labels.data, labels.len);
    expo_label(e, "more", "");
    expo_double(e, -120);
    lw_strbuf_fini(&labels);
}

static void test_labels_written_once(void **state)
{
    (void)state;
    assert_written(EXPO_TEXT, write_labels,
        "# HELP leakwatch_sample Twice.\n"
        "# TYPE leakwatch_sample gauge\n"
        "leakwatch_sample{job=\"a\\\"b\",instance=\"x\xef\xbf\xbd\"} -9223372036854775808\n"
        "leakwatch_sample{job=\"a\\\"b\",instance=\"x\xef\xbf\xbd\",more=\"\"} -120\n");
}

static void test_nothing(void **state)
{
    (void)state;
    assert_written(EXPO_TEXT, write_nothing, "");
    assert_written(EXPO_OPENMETRICS, write_nothing, "# EOF\n");
}

/* promtool is the judge where there is one. */
static void test_promtool(void **state)
{
    (void)state;
    if (system("command -v promtool >/dev/null 2>&1") != 0)
        skip();
    FILE *promtool = popen("promtool check metrics 2>&1", "w");
    assert_non_null(promtool);
    char *text = written(EXPO_TEXT, write_sample);
    fputs(text, promtool);
    free(text);
    assert_int_equal(pclose(promtool), 0);
}

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static const struct {
    const char *value;
    const char *want;
} hostile[] = {
    {"", ""}, {"main.(*T[...]).Go\\path", "main.(*T[...]).Go\\\\path"},
    {"\"} 1\nfake 2", "\\\"} 1\\nfake 2"},
    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb9", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb9"},
    {"\xc3", BAD}, {"a\xff\xfe", "a" BAD BAD}, {"\xc0\xaf", BAD BAD}, /* overlong */
    {"\xe0\x80\xaf", BAD BAD BAD},                                    /* overlong */
    {"\xf0\x80\x80\xaf", BAD BAD BAD BAD},                            /* overlong */
    {"\xed\xa0\x80", BAD BAD BAD},                                    /* a surrogate */
    {"\xed\x9f\xbf", "\xed\x9f\xbf"},      /* the last character before them */
    {"\xf4\x90\x80\x80", BAD BAD BAD BAD}, /* past U+10FFFF */
    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"}, {"\xe2\x82", BAD BAD}, /* cut by the end */
    {"\xe2\"", BAD "\\\""},        /* cut by what must be escaped */
    {"\xf0\x9f\n", BAD BAD "\\n"}, /* as above */
};

static void test_hostile_label_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct lw_strbuf out;
        lw_strbuf_init(&out, 4096);
        struct expo e;
        expo_init(&e, EXPO_TEXT, &out);
        expo_family(&e, EXPO_GAUGE, "x", NULL, "X.");
        expo_label(&e, "v", hostile[i].value);
        expo_int(&e, 0);
        expo_finish(&e);
        char want[256];
        snprintf(
            want, sizeof want, "# HELP x X.\n# TYPE x gauge\nx{v=\"%s\"} 0\n", hostile[i].want);
        assert_string_equal(out.data, want);
        lw_strbuf_fini(&out);
    }
}

static const struct {
    double value;
    const char *want;
} doubles[] = {
    {0.0, "0"},
    {1.0, "1"},
    {0.1, "0.1"},
    {123456.789012, "123456.789012"},
    {1e300, "1e+300"},
    {-2.5e-9, "-2.5e-09"},
    {9007199254740993.0, "9007199254740992"},
    {1.0 / 3, "0.3333333333333333"},
    {5e-324, "4.94065645841247e-324"},
    {0.1 + 0.2, "0.30000000000000004"},
};

static void test_doubles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++) {
        struct lw_strbuf out;
        lw_strbuf_init(&out, 4096);
        struct expo e;
        expo_init(&e, EXPO_TEXT, &out);
        expo_family(&e, EXPO_GAUGE, "x", NULL, "X.");
        out.len = 0; /* only the sample */
        expo_double(&e, doubles[i].value);
        expo_finish(&e);
        assert_memory_equal(out.data, "x ", 2);
        out.data[out.len - 1] = '\0';
        assert_string_equal(out.data + 2, doubles[i].want);
        assert_true(strtod(out.data + 2, NULL) == doubles[i].value);
        lw_strbuf_fini(&out);
    }
}

static void write_specials(struct expo *e)
{
    expo_family(e, EXPO_GAUGE, "x", NULL, "X.");
    expo_double(e, NAN);
    expo_double(e, -NAN);
    expo_double(e, INFINITY);
    expo_double(e, -INFINITY);
    expo_int(e, INT64_MIN);
}

static void test_special_numbers(void **state)
{
    (void)state;
    assert_written(EXPO_TEXT, write_specials,
        "# HELP x X.\n# TYPE x gauge\n"
        "x NaN\nx NaN\nx +Inf\nx -Inf\nx -9223372036854775808\n");
}

static void test_full_output_latches(void **state)
{
    (void)state;
    struct lw_strbuf out;
    lw_strbuf_init(&out, 100);
    struct expo e;
    expo_init(&e, EXPO_OPENMETRICS, &out);
    write_sample(&e);
    expo_finish(&e);
    assert_true(out.failed);
    assert_null(lw_strbuf_take(&out, NULL));
}

static const struct {
    const char *accept;
    enum expo_format want;
} negotiations[] = {
    {"", EXPO_TEXT},
    {"*/*", EXPO_TEXT},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", EXPO_TEXT},
    /* Prometheus 3 and 2.42 */
    {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
     "application/openmetrics-text;version=0.0.1;q=0.5,"
     "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        EXPO_OPENMETRICS},
    {"application/openmetrics-text;version=1.0.0,"
     "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        EXPO_OPENMETRICS},
    {"application/openmetrics-text", EXPO_OPENMETRICS},
    {"APPLICATION/OpenMetrics-Text ; Version=1.0.0 ; Q=1", EXPO_OPENMETRICS},
    {"text/plain;q=0.3, application/openmetrics-text;q=0.3", EXPO_OPENMETRICS},
    {"text/plain;q=0.5, application/openmetrics-text;q=0.3", EXPO_TEXT},
    {"*/*, application/openmetrics-text;q=0.3", EXPO_TEXT},
    {"application/openmetrics-text;version=0.0.1", EXPO_TEXT}, /* not what we write */
    {"application/openmetrics-text;q=0", EXPO_TEXT},
    {"application/openmetrics-text;q=-1", EXPO_TEXT},
    {"application/openmetrics-text;q=nan", EXPO_TEXT},
    {"application/openmetrics-text;q=", EXPO_TEXT},
    {"application/openmetrics-textual", EXPO_TEXT},
    {",,; ;=,q=1;;,", EXPO_TEXT},
    {",,application/openmetrics-text;;;,,", EXPO_OPENMETRICS},
};

static void test_negotiation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof negotiations / sizeof negotiations[0]; i++) {
        if (expo_negotiate(negotiations[i].accept) != negotiations[i].want)
            fail_msg("Accept: %s", negotiations[i].accept);
    }
    assert_string_equal(expo_content_type(EXPO_TEXT), "text/plain; version=0.0.4; charset=utf-8");
    assert_string_equal(expo_content_type(EXPO_OPENMETRICS),
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_openmetrics),
        cmocka_unit_test(test_labels_written_once),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_promtool),
        cmocka_unit_test(test_hostile_label_values),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_special_numbers),
        cmocka_unit_test(test_full_output_latches),
        cmocka_unit_test(test_negotiation),
    };
    return cmocka_run_group_tests_name("expo", tests, NULL, NULL);
}
