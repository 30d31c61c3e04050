/* The curl fetcher with credentials and certificates, right ones and wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "fetch_world.h"

/* ---- credentials ---- */

static char *temp_file(const char *name)
{
    static char dir[] = "/tmp/lw-scrape-XXXXXX";
    static char path[sizeof dir + 64];
    if (!name) {
        assert_non_null(mkdtemp(dir));
        return dir;
    }
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void write_file(const char *path, const char *bytes, size_t len)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void test_basic_auth(void **state)
{
    struct world *w = *state;
    w->job.basic_auth.present = true;
    w->job.basic_auth.username = (char[]){"me"};
    w->job.basic_auth.password = (char[]){"it"};
    static const char header[] = "\r\nAuthorization: Basic bWU6aXQ=\r\n"; /* me:it */
    assert_true(world_request_has(world_get(w, "/headers", LONG_NS), header));
    w->job.basic_auth.password = NULL;
    w->job.basic_auth.password_file = temp_file("password");
    write_file(w->job.basic_auth.password_file, "  it\r\n", 6);
    assert_true(world_request_has(world_get(w, "/headers", LONG_NS), header));
}

static void test_rotated_bearer_token_counts_at_once(void **state)
{
    struct world *w = *state;
    w->job.authorization.present = true;
    w->job.authorization.type = (char[]){"Bearer"};
    w->job.authorization.credentials_file = temp_file("token");
    write_file(w->job.authorization.credentials_file, "one\n", 4);
    assert_true(
        world_request_has(world_get(w, "/headers", LONG_NS), "\r\nAuthorization: Bearer one\r\n"));
    write_file(w->job.authorization.credentials_file, "two", 3);
    assert_true(
        world_request_has(world_get(w, "/headers", LONG_NS), "\r\nAuthorization: Bearer two\r\n"));
}

static void test_bad_credential_files(void **state)
{
    struct world *w = *state;
    char *path = temp_file("bad");
    w->job.authorization.present = true;
    w->job.authorization.credentials_file = path;
    unlink(path);
    world_assert_fails(world_get(w, "/headers", LONG_NS), LW_CREDENTIALS, path);
    write_file(path, " \n", 2);
    world_assert_fails(world_get(w, "/headers", LONG_NS), LW_CREDENTIALS, "is empty");
    write_file(path, "a\r\nX-Evil: 1", 12);
    world_assert_fails(
        world_get(w, "/headers", LONG_NS), LW_CREDENTIALS, "control character at byte 1");
    write_file(path, "a\0b", 3);
    world_assert_fails(world_get(w, "/headers", LONG_NS), LW_CREDENTIALS, "zero byte");
    char *large = lw_new(1, 70000);
    memset(large, 'x', 70000);
    write_file(path, large, 70000);
    free(large);
    world_assert_fails(world_get(w, "/headers", LONG_NS), LW_CREDENTIALS, "larger than 65536");
    assert_int_equal(hostile_connections(w->server), 0);
}

/* ---- TLS, with openssl as the server ---- */

struct tls_server {
    pid_t pid;
    int port;
};

/* A self-signed certificate for `localhost` and `profiles.test`, its own CA. */
static bool make_certificate(const char *name)
{
    char command[1024];
    char path[128];
    snprintf(path, sizeof path, "%s", temp_file(name));
    snprintf(command, sizeof command,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=%s -addext subjectAltName=DNS:localhost,DNS:profiles.test "
        "-keyout %s.key -out %s.crt 2>%s.log",
        name, path, path, path);
    return system(command) == 0;
}

static struct tls_server tls_server_start(void)
{
    struct tls_server server = {0};
    char crt[128], key[128], line[256];
    snprintf(crt, sizeof crt, "%s", temp_file("server.crt"));
    snprintf(key, sizeof key, "%s", temp_file("server.key"));
    int out[2];
    assert_int_equal(pipe(out), 0);
    server.pid = fork();
    assert_true(server.pid >= 0);
    if (server.pid == 0) {
        dup2(out[1], 1);
        dup2(open("/dev/null", O_WRONLY), 2); /* it reports the handshakes that fail on purpose */
        close(out[0]);
        close(out[1]);
        execlp("openssl", "openssl", "s_server", "-accept", "0", "-cert", crt, "-key", key, "-www",
            (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    while (!server.port && fgets(line, sizeof line, f)) {
        if (strncmp(line, "ACCEPT", 6) == 0)
            server.port = atoi(strrchr(line, ':') + 1);
    }
    fclose(f);
    assert_true(server.port > 0);
    return server;
}

static void tls_server_stop(struct tls_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

static void test_tls(void **state)
{
    struct world *w = *state;
    if (!make_certificate("server") || !make_certificate("other"))
        skip(); /* no openssl command */
    struct tls_server server = tls_server_start();
    char ca[128], other_ca[128], url[64], by_address[64];
    snprintf(ca, sizeof ca, "%s", temp_file("server.crt"));
    snprintf(other_ca, sizeof other_ca, "%s", temp_file("other.crt"));
    snprintf(url, sizeof url, "https://localhost:%d/", server.port);
    snprintf(by_address, sizeof by_address, "https://127.0.0.1:%d/", server.port);
    struct config_tls *tls = &w->job.tls_config;
    tls->present = true;

    world_assert_fails(world_get_url(w, url, LONG_NS), LW_TLS, "see tls_config");
    tls->ca_file = other_ca;
    world_assert_fails(world_get_url(w, url, LONG_NS), LW_TLS, "certificate");
    tls->ca_file = ca;
    assert_int_equal(world_get_url(w, url, LONG_NS)->err.code, LW_OK);
    world_assert_fails(world_get_url(w, by_address, LONG_NS), LW_TLS, "127.0.0.1");
    tls->server_name = (char[]){"profiles.test"};
    assert_int_equal(world_get_url(w, by_address, LONG_NS)->err.code, LW_OK);
    tls->server_name = (char[]){"profiles.example"};
    world_assert_fails(world_get_url(w, by_address, LONG_NS), LW_TLS, "profiles.example");
    tls->ca_file = NULL;
    tls->insecure_skip_verify = true;
    assert_int_equal(world_get_url(w, by_address, LONG_NS)->err.code, LW_OK);
    tls->server_name = NULL;
    assert_int_equal(world_get_url(w, by_address, LONG_NS)->err.code, LW_OK);

    tls->cert_file = (char[]){"/nonexistent"};
    world_assert_fails(world_get_url(w, by_address, LONG_NS), LW_CREDENTIALS, "cert_file");
    tls_server_stop(&server);
}

static void test_tls_files_and_plain_servers(void **state)
{
    struct world *w = *state;
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/ok", hostile_port(w->server));
    w->job.tls_config.present = true;
    w->job.tls_config.ca_file = (char[]){"/nonexistent"};
    world_assert_fails(world_get_url(w, url, LONG_NS), LW_TLS, "ca_file");
    w->job.tls_config.ca_file = NULL;
    w->job.tls_config.server_name = (char[]){"not a name"};
    world_assert_fails(world_get_url(w, url, LONG_NS), LW_INVALID, "server_name \"not a name\"");
    world_assert_body(world_get(w, "/ok", LONG_NS), "hello"); /* plain http has no use for it */
}

static int make_temp_dir(void **state)
{
    (void)state;
    temp_file(NULL);
    return 0;
}

static int remove_temp_dir(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", temp_file(""));
    return system(command);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_basic_auth),
        TEST(test_rotated_bearer_token_counts_at_once),
        TEST(test_bad_credential_files),
        TEST(test_tls),
        TEST(test_tls_files_and_plain_servers),
    };
    return cmocka_run_group_tests_name(
        "scrape/fetch access", tests, make_temp_dir, remove_temp_dir);
}
