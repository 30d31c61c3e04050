/* Options of the copies in object storage. */
#include <string.h>

#include "config/config.h"
#include "config/rows.h"
#include "config/scalar.h"

#define PREFIX_BYTES_MAX 256 /* of the 1024 that S3 allows for a key */

/* ---- checks ---- */

static int check_endpoint(const char *text, struct lw_err *err)
{
    if (config_url_check(text, err) < 0)
        return -1;
    if (strchr(strstr(text, "//") + 2, '/'))
        return lw_err_set(err, LW_INVALID,
            "\"%.100s\" must not have a path: the bucket goes into bucket, the rest into prefix",
            text);
    return 0;
}

/* The rules for names of buckets in the S3 user guide, without those about reserved words. */
static int check_bucket(const char *text, struct lw_err *err)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    if (text[len] || len < 3 || len > 63 || strchr(".-", text[0]) || strchr(".-", text[len - 1]) ||
        strstr(text, ".."))
        return lw_err_set(err, LW_INVALID,
            "\"%.100s\" is no name of a bucket: 3 to 63 of a-z, 0-9, '.' and '-', beginning and "
            "ending with a letter or digit",
            text);
    return 0;
}

static bool is_dots(const char *part, size_t len)
{
    return (len == 1 || len == 2) && strspn(part, ".") >= len;
}

/* Servers and libcurl would both make something else of "//" and "..". */
static int check_prefix(const char *text, struct lw_err *err)
{
    bool ok = strlen(text) <= PREFIX_BYTES_MAX;
    for (const char *part = text; ok;) {
        size_t len = strcspn(part, "/");
        ok = len > 0 && !is_dots(part, len);
        if (!part[len])
            break;
        part += len + 1;
    }
    for (const char *at = text; ok && *at;)
        ok = config_utf8_next(&at) >= ' ';
    if (ok)
        return 0;
    return lw_err_set(err, LW_INVALID,
        "\"%.100s\" is no prefix of keys: at most %d bytes of text, parts between single slashes, "
        "none of them . or .., and no slash at either end",
        text, PREFIX_BYTES_MAX);
}

static int check_region(const char *text, struct lw_err *err)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (text[len] || len > 63)
        return lw_err_set(
            err, LW_INVALID, "\"%.100s\" is no region: write it like eu-central-1", text);
    return 0;
}

/* ---- the rows ---- */

static const struct config_option rows[] = {
    {
        .name = "endpoint",
        .doc = "URL of the service, like `https://s3.eu-central-1.amazonaws.com` or that of a "
               "MinIO. The bucket stands in the path of requests, never in the host.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_upload, endpoint),
        .required = true,
        .check = check_endpoint,
    },
    {
        .name = "bucket",
        .doc = "Bucket, which must be there.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_upload, bucket),
        .required = true,
        .check = check_bucket,
    },
    {
        .name = "prefix",
        .doc = "What all keys begin with, without a slash at its ends.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_upload, prefix),
        .check = check_prefix,
    },
    {
        .name = "region",
        .doc = "Region that requests are signed for.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_upload, region),
        .fallback = "us-east-1",
        .check = check_region,
    },
    {
        .name = "credentials_file",
        .doc = "File with the credentials as AWS' programs write them (`aws_access_key_id = …`, "
               "`aws_secret_access_key = …`, `aws_session_token = …`; of several profiles "
               "`[default]`), read anew for each file that is sent. Without it they come from "
               "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` of the "
               "environment.",
        .type = CONFIG_FILE,
        .offset = offsetof(struct config_upload, credentials_file),
    },
    {
        .name = "ca_file",
        .doc = "Certificates to trust instead of the system's.",
        .type = CONFIG_FILE,
        .offset = offsetof(struct config_upload, ca_file),
    },
    {
        .name = "timeout",
        .doc =
            "Time after which sending one file is given up; it is tried again later. A file that is "
            "too large for it is given up after four tries.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_upload, timeout_ns),
        .fallback = "1m",
        .min = S(1),
        .max = S(600),
    },
};

const struct config_section config_upload_section = {
    .title = "upload",
    .size = sizeof(struct config_upload),
    .optional = true,
    ROWS(rows),
};
