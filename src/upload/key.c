/* What a file of an incident is called in object storage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "upload/upload.h"

#define PART_BYTES_MAX 200
#define URL_BYTES_MAX  ((size_t)8192) /* endpoint, bucket and three times a key */

/* The length of the character at s that may stand in a part of a key; 0: none. */
static size_t allowed(const char *s)
{
    unsigned char c = (unsigned char)*s;
    if (c < ' ' || c == 0x7f || c == '/' || c == '\\')
        return 0;
    return lw_utf8_sequence(s);
}

static void add_part(struct lw_strbuf *out, const char *text)
{
    size_t start = out->len;
    for (const char *s = text; *s;) {
        size_t len = allowed(s);
        if (out->len - start + (len ? len : 1) > PART_BYTES_MAX)
            break;
        lw_strbuf_add(out, len ? s : "_", len ? len : 1);
        s += len ? len : 1;
    }
    size_t len = out->len - start;
    bool is_dots = len <= 2 && strspn(out->len ? out->data + start : "", ".") == len;
    if (is_dots) { /* or nothing at all */
        out->len = start;
        lw_strbuf_adds(out, "_");
    }
}

void upload_key_make(const struct upload_name *name, char key[UPLOAD_KEY_BYTES])
{
    struct lw_strbuf out;
    struct tm day;
    time_t opened_s = name->opened.ns / LW_NS_PER_S;
    char id[LW_ID_TEXT_BYTES];
    gmtime_r(&opened_s, &day);
    lw_strbuf_init(&out, UPLOAD_KEY_BYTES - 1);
    if (name->prefix)
        lw_strbuf_addf(&out, "%s/", name->prefix);
    add_part(&out, name->job ? name->job : "");
    lw_strbuf_adds(&out, "/");
    add_part(&out, name->instance ? name->instance : "");
    lw_strbuf_addf(&out, "/%04d/%02d/%02d/%s/%s", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday,
        lw_id_text(name->incident_id, id), name->file);
    snprintf(key, UPLOAD_KEY_BYTES, "%s", out.data);
    lw_strbuf_fini(&out);
}

char *upload_url_make(const struct config_upload *config, const char *key)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    struct lw_strbuf url;
    lw_strbuf_init(&url, URL_BYTES_MAX);
    lw_strbuf_addf(&url, "%s/%s/", config->endpoint, config->bucket);
    for (const char *s = key; *s; s++) {
        if (strchr(plain, *s))
            lw_strbuf_add(&url, s, 1);
        else
            lw_strbuf_addf(&url, "%%%02X", (unsigned char)*s);
    }
    char *text = lw_strbuf_take(&url, NULL);
    return text ? text : lw_strdup(""); /* an endpoint of kilobytes: libcurl says what is wrong */
}
