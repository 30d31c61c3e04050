/* upload/: keys and URLs, credentials, what answers mean, and sending without a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "upload/answer.h"
#include "upload/credentials.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* ---- keys ---- */

static struct upload_name name_of(const char *job, const char *instance)
{
    return (struct upload_name){
        .prefix = "leaks",
        .job = job,
        .instance = instance,
        .opened = {INT64_C(1795305599) * LW_NS_PER_S}, /* 2026-11-21T23:59:59Z */
        .incident_id = 0x6afd86c000000001,
        .file = "heap.pb.gz",
    };
}

static void assert_key(const struct upload_name *name, const char *expected)
{
    char key[UPLOAD_KEY_BYTES];
    upload_key_make(name, key);
    assert_string_equal(key, expected);
}

static void test_a_key_says_what_when_and_where(void **state)
{
    (void)state;
    struct upload_name name = name_of("checkout", "10.0.0.1:6060");
    assert_key(&name, "leaks/checkout/10.0.0.1:6060/2026/11/21/6afd86c000000001/heap.pb.gz");
    name.prefix = NULL;
    assert_key(&name, "checkout/10.0.0.1:6060/2026/11/21/6afd86c000000001/heap.pb.gz");
}

static void test_foreign_names_make_no_paths(void **state)
{
    (void)state;
    static const struct {
        const char *job;
        const char *part;
    } cases[] = {
        {NULL, "_"},
        {"", "_"},
        {".", "_"},
        {"..", "_"},
        {"...", "..."},
        {"../../etc", ".._.._etc"},
        {"shop/cart\\x\n\x7f", "shop_cart_x__"},
        {"caf\xc3\xa9 \xff", "caf\xc3\xa9 _"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char expected[256];
        struct upload_name name = name_of(cases[i].job, cases[i].job);
        snprintf(expected, sizeof expected, "leaks/%s/%s/2026/11/21/6afd86c000000001/heap.pb.gz",
            cases[i].part, cases[i].part);
        assert_key(&name, expected);
    }
}

static void test_long_names_are_cut_between_characters(void **state)
{
    (void)state;
    char job[5000], key[UPLOAD_KEY_BYTES];
    memset(job, 'x', sizeof job);
    memcpy(job + 199, "\xc3\xa9", 2); /* its second byte would be the 201st */
    job[sizeof job - 1] = '\0';
    struct upload_name name = name_of(job, job);
    upload_key_make(&name, key);
    assert_int_equal(strcspn(key + strlen("leaks/"), "/"), 199);
    assert_string_equal(key + strlen(key) - strlen("/heap.pb.gz"), "/heap.pb.gz");
}

static void test_urls_hold_every_byte_of_a_key(void **state)
{
    (void)state;
    struct config_upload config = {
        .endpoint = (char *)"http://127.0.0.1:9000", .bucket = (char *)"b"};
    char *url = upload_url_make(&config, "a-b._~/c:d e+f=g%h?i#j&caf\xc3\xa9");
    assert_string_equal(
        url, "http://127.0.0.1:9000/b/a-b._~/c%3Ad%20e%2Bf%3Dg%25h%3Fi%23j%26caf%C3%A9");
    free(url);
}

/* ---- credentials ---- */

static int parse(const char *text, struct upload_credentials *credentials, struct lw_err *err)
{
    return upload_credentials_parse(text, strlen(text), credentials, err);
}

static void test_credentials_are_those_of_the_default_profile(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "aws_access_key_id = AKIA\naws_secret_access_key = s/e+c=",
        "[a]\naws_access_key_id = no\n[default]\r\n# x = y\r\n; z\r\nregion = eu\r\n"
        "aws_access_key_id=AKIA\r\n\taws_secret_access_key\t=  s/e+c= \r\n[b]\n"
        "aws_secret_access_key = no\n",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct upload_credentials credentials;
        struct lw_err err;
        assert_int_equal(parse(texts[i], &credentials, &err), 0);
        assert_string_equal(credentials.key_id, "AKIA");
        assert_string_equal(credentials.secret, "s/e+c=");
        assert_null(credentials.token);
        upload_credentials_fini(&credentials);
    }
}

static void test_bad_credentials_are_refused_and_not_shown(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "AKIA:swordfish",
        "aws_access_key_id = AKIA",
        "aws_access_key_id = AKIA\naws_secret_access_key =",
        "aws_access_key_id = AKIA\naws_secret_access_key = sword fish",
        "aws_access_key_id = AK\rIA\naws_secret_access_key = swordfish",
        "aws_access_key_id = AKIA\naws_secret_access_key = swordfish\naws_session_token = \xff",
        "[x]\naws_access_key_id = AKIA\naws_secret_access_key = swordfish",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct upload_credentials credentials;
        struct lw_err err;
        assert_int_equal(parse(texts[i], &credentials, &err), -1);
        assert_int_equal(err.code, LW_CREDENTIALS);
        assert_null(strstr(err.msg, "fish"));
        assert_null(credentials.secret);
    }
}

static void test_credentials_of_the_environment(void **state)
{
    (void)state;
    struct upload_credentials credentials;
    struct lw_err err;
    unsetenv("AWS_ACCESS_KEY_ID");
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_SESSION_TOKEN", "token", 1);
    assert_int_equal(upload_credentials_load(NULL, &credentials, &err), -1);
    assert_non_null(strstr(err.msg, "AWS_ACCESS_KEY_ID"));
    setenv("AWS_ACCESS_KEY_ID", "AKIA", 1);
    assert_int_equal(upload_credentials_load(NULL, &credentials, &err), 0);
    assert_string_equal(credentials.key_id, "AKIA");
    assert_string_equal(credentials.secret, "secret");
    assert_string_equal(credentials.token, "token");
    upload_credentials_fini(&credentials);
}

/* ---- answers ---- */

static enum upload_outcome judge(
    long status, const char *region, const char *body, struct lw_err *err)
{
    struct upload_answer answer = {.status = status, .body_len = strlen(body)};
    snprintf(answer.region, sizeof answer.region, "%s", region);
    memcpy(answer.body, body, answer.body_len);
    return upload_answer_judge(&answer, err);
}

static void test_which_answers_are_worth_another_try(void **state)
{
    (void)state;
    static const struct {
        long status;
        enum upload_outcome outcome;
    } cases[] = {
        {200, UPLOAD_STORED},
        {204, UPLOAD_STORED},
        {301, UPLOAD_REFUSED},
        {307, UPLOAD_REFUSED},
        {400, UPLOAD_REFUSED},
        {403, UPLOAD_REFUSED},
        {404, UPLOAD_REFUSED},
        {408, UPLOAD_RETRY},
        {411, UPLOAD_REFUSED},
        {429, UPLOAD_RETRY},
        {500, UPLOAD_RETRY},
        {503, UPLOAD_RETRY},
    };
    struct lw_err err;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(judge(cases[i].status, "", "", &err), cases[i].outcome);
}

static void test_answers_are_explained(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *region, *body, *message;
    } cases[] = {
        {403, "", "<Error><Code>SignatureDoesNotMatch</Code></Error>",
            "the object storage answers 403 SignatureDoesNotMatch; check the credentials and what "
            "they may do"},
        {403, "", "<Error><Code>RequestTimeTooSkewed</Code></Error>",
            "the object storage answers 403 RequestTimeTooSkewed; set the clock of this machine"},
        {301, "eu-central-1", "<Error><Code>PermanentRedirect</Code></Error>",
            "the object storage answers 301 PermanentRedirect: it asks for upload.region "
            "eu-central-1"},
        {301, "", "moved",
            "the object storage answers 301: upload.endpoint or upload.region is not the bucket's"},
        {400, "",
            "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>",
            "the object storage answers 400 AuthorizationHeaderMalformed: it asks for upload.region "
            "eu-west-1"},
        {500, "", "<Code>Odd code</Code>", "the object storage answers 500"},
        {500, "\x1b[1m", "<Code>Cut", "the object storage answers 500"},
        {500, "", "<Code>", "the object storage answers 500"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct lw_err err;
        if (judge(cases[i].status, cases[i].region, cases[i].body, &err) == UPLOAD_STORED)
            fail_msg("%ld passes", cases[i].status);
        assert_string_equal(err.msg, cases[i].message);
    }
}

static void test_waits_grow_to_five_minutes(void **state)
{
    (void)state;
    for (unsigned failures = 1; failures < 100; failures++) {
        int64_t whole_s = failures < 10 ? INT64_C(1) << (failures - 1) : 300;
        whole_s = whole_s > 300 ? 300 : whole_s;
        int64_t ns = upload_backoff_ns(failures, 7);
        assert_in_range(ns, whole_s * LW_NS_PER_S * 3 / 4, whole_s * LW_NS_PER_S);
    }
    assert_int_not_equal(upload_backoff_ns(5, 7), upload_backoff_ns(5, 8));
}

/* ---- sending ---- */

/* A loopback port where nobody listens, for as long as the socket is bound. */
static int closed_port(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static enum upload_outcome put_nowhere(struct config_upload *config, struct lw_err *err)
{
    static const atomic_bool stop;
    struct upload_client *client = upload_client_new();
    struct upload_object object = {.key = "k", .content_type = "text/plain", .sha256 = "00"};
    object.fd = open("/dev/null", O_RDONLY);
    enum upload_outcome outcome = upload_put(client, config, &object, &stop, err);
    close(object.fd);
    upload_client_free(&client);
    return outcome;
}

static void test_what_cannot_be_reached_is_tried_again(void **state)
{
    (void)state;
    int port, fd = closed_port(&port);
    char endpoint[64];
    struct lw_err err;
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", port);
    struct config_upload config = {.endpoint = endpoint,
        .bucket = (char *)"leaks",
        .region = (char *)"us-east-1",
        .timeout_ns = 10 * LW_NS_PER_S};
    setenv("AWS_ACCESS_KEY_ID", "AKIA", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    assert_int_equal(put_nowhere(&config, &err), UPLOAD_RETRY);
    assert_int_equal(err.code, LW_CONNECT);
    config.credentials_file = (char *)"/nonexistent/credentials";
    assert_int_equal(put_nowhere(&config, &err), UPLOAD_RETRY);
    assert_int_equal(err.code, LW_CREDENTIALS);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_says_what_when_and_where),
        cmocka_unit_test(test_foreign_names_make_no_paths),
        cmocka_unit_test(test_long_names_are_cut_between_characters),
        cmocka_unit_test(test_urls_hold_every_byte_of_a_key),
        cmocka_unit_test(test_credentials_are_those_of_the_default_profile),
        cmocka_unit_test(test_bad_credentials_are_refused_and_not_shown),
        cmocka_unit_test(test_credentials_of_the_environment),
        cmocka_unit_test(test_which_answers_are_worth_another_try),
        cmocka_unit_test(test_answers_are_explained),
        cmocka_unit_test(test_waits_grow_to_five_minutes),
        cmocka_unit_test(test_what_cannot_be_reached_is_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
