#include "upload/credentials.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define FILE_BYTES_MAX  65536
#define VALUE_BYTES_MAX 8192 /* session tokens are about a kilobyte */

static void wipe(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void upload_credentials_fini(struct upload_credentials *credentials)
{
    wipe(&credentials->key_id);
    wipe(&credentials->secret);
    wipe(&credentials->token);
}

/* They go into headers, where a line break would begin another one. */
static bool is_printable(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text >= 0x7f)
            return false;
    }
    return true;
}

static int check(const struct upload_credentials *credentials, struct lw_err *err)
{
    const char *parts[] = {credentials->key_id, credentials->secret, credentials->token};
    const char *names[] = {"access key id", "secret access key", "session token"};
    for (int i = 0; i < 3; i++) {
        bool is_needed = i < 2;
        if (!parts[i] && !is_needed)
            continue;
        if (!parts[i] || !parts[i][0])
            return lw_err_set(err, LW_CREDENTIALS, "there is no %s", names[i]);
        if (!is_printable(parts[i]) || strlen(parts[i]) > VALUE_BYTES_MAX)
            return lw_err_set(err, LW_CREDENTIALS,
                "the %s must be at most %d printable ASCII characters without spaces", names[i],
                VALUE_BYTES_MAX);
    }
    return 0;
}

/* ---- the file ---- */

struct span {
    const char *at;
    size_t len;
};

static struct span trim(struct span s)
{
    static const char space[] = " \t\r";
    while (s.len && memchr(space, s.at[0], sizeof space - 1))
        s = (struct span){s.at + 1, s.len - 1};
    while (s.len && memchr(space, s.at[s.len - 1], sizeof space - 1))
        s.len--;
    return s;
}

static bool is_word(struct span s, const char *word)
{
    return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

static void take_line(struct span line, struct upload_credentials *credentials)
{
    const struct {
        const char *name;
        char **value;
    } known[] = {
        {"aws_access_key_id", &credentials->key_id},
        {"aws_secret_access_key", &credentials->secret},
        {"aws_session_token", &credentials->token},
    };
    const char *equals = memchr(line.at, '=', line.len);
    if (!equals)
        return;
    struct span name = trim((struct span){line.at, (size_t)(equals - line.at)});
    struct span value =
        trim((struct span){equals + 1, (size_t)(line.at + line.len - (equals + 1))});
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (is_word(name, known[i].name)) {
            wipe(known[i].value);
            *known[i].value = lw_strndup(value.at, value.len);
        }
    }
}

int upload_credentials_parse(
    const char *text, size_t len, struct upload_credentials *credentials, struct lw_err *err)
{
    *credentials = (struct upload_credentials){0};
    if (len > FILE_BYTES_MAX || memchr(text, '\0', len))
        return lw_err_set(
            err, LW_CREDENTIALS, "it must be text of at most %d bytes", FILE_BYTES_MAX);
    bool is_ours = true; /* before any profile begins */
    for (const char *at = text, *end = text + len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct span line = trim((struct span){at, (size_t)((stop ? stop : end) - at)});
        if (line.len && line.at[0] == '[')
            is_ours = is_word(line, "[default]");
        else if (line.len && is_ours && line.at[0] != '#' && line.at[0] != ';')
            take_line(line, credentials);
        at = stop ? stop + 1 : end;
    }
    int rc = check(credentials, err);
    if (rc < 0)
        upload_credentials_fini(credentials);
    return rc;
}

/* ---- where they come from ---- */

static char *copy_of_variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? lw_strdup(value) : NULL;
}

static int load_environment(struct upload_credentials *credentials, struct lw_err *err)
{
    credentials->key_id = copy_of_variable("AWS_ACCESS_KEY_ID");
    credentials->secret = copy_of_variable("AWS_SECRET_ACCESS_KEY");
    credentials->token = copy_of_variable("AWS_SESSION_TOKEN");
    if (check(credentials, err) == 0)
        return 0;
    upload_credentials_fini(credentials);
    return lw_err_prefix(err,
        "upload without credentials_file takes AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the "
        "environment");
}

int upload_credentials_load(
    const char *path, struct upload_credentials *credentials, struct lw_err *err)
{
    char *text;
    size_t len;
    *credentials = (struct upload_credentials){0};
    if (!path)
        return load_environment(credentials, err);
    if (lw_file_read(path, FILE_BYTES_MAX, &text, &len, err) < 0) {
        err->code = LW_CREDENTIALS;
        return -1;
    }
    int rc = upload_credentials_parse(text, len, credentials, err);
    explicit_bzero(text, len);
    free(text);
    return rc < 0 ? lw_err_prefix(err, "%s", path) : 0;
}
