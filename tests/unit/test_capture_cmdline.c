/* What is hidden of a command line, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/cmdline.h"

#define TEXT_BYTES 512

/* Spaces stand for the NULs between the arguments. */
static void check(const char *given, const char *expected)
{
    char text[TEXT_BYTES];
    size_t len = strlen(given);
    assert_true(len < sizeof text);
    for (size_t i = 0; i <= len; i++)
        text[i] = given[i] == ' ' ? '\0' : given[i];
    len = capture_cmdline_hide(text, len);
    for (size_t i = 0; i < len; i++)
        text[i] = text[i] == '\0' ? ' ' : text[i];
    text[len] = '\0';
    assert_string_equal(text, expected);
}

static void test_what_is_no_secret_stays(void **state)
{
    (void)state;
    check("", "");
    check("/srv/shop", "/srv/shop");
    check("/srv/shop --listen=:8080 -v http://db:5432/shop?x=1", "/srv/shop --listen=:8080 -v "
                                                                 "http://db:5432/shop?x=1");
    check("shop  --empty= - -- ", "shop  --empty= - -- ");
}

static void test_values_of_flags_are_hidden(void **state)
{
    (void)state;
    check("shop --db-password=hunter2 -v", "shop --db-password=*** -v");
    check("shop -apiToken=abc=d", "shop -apiToken=***");
    check("shop --aws.SECRET=x", "shop --aws.SECRET=*");
    check("shop -token hunter2 -v", "shop -token *** -v");
    check("shop -key -abc", "shop -key ***");
    check("shop --private-key", "shop --private-key");
    check("shop --private-key ", "shop --private-key ");
    check("shop --no-token --config=x", "shop --no-token --config=x");
    check("shop --password=", "shop --password=");
}

static void test_values_within_others_are_hidden(void **state)
{
    (void)state;
    check("--dsn=host=db;password=hunter2;user=x", "--dsn=host=db;password=***");
    check("http://db/?a=1&token=abcd", "http://db/?a=1&token=***");
    check("{\"password\":\"hunter2\"}", "{\"password\":***");
    check("Authorization:Basic", "Authorization:***");
}

static void test_users_of_urls_are_hidden(void **state)
{
    (void)state;
    check("--db=postgres://ada:hunter2@db/shop", "--db=postgres://***@db/shop");
    check("https://ghp_abcdef@example.com", "https://***@example.com");
    check("postgres://ada:p@ss@db/shop?token=hunter2", "postgres://***@db/shop?token=***");
    check("ada:hunter2@tcp(db)/shop", "ada:***@tcp(db)/shop");
    check("mail@example.com", "mail@example.com");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_secret_stays),
        cmocka_unit_test(test_values_of_flags_are_hidden),
        cmocka_unit_test(test_values_within_others_are_hidden),
        cmocka_unit_test(test_users_of_urls_are_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
