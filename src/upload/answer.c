#include "upload/answer.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#define WORD_BYTES       64
#define BACKOFF_FIRST_NS LW_NS_PER_S
#define BACKOFF_MAX_NS   (300 * LW_NS_PER_S)
#define DOUBLINGS_MAX    9 /* 512 s is past the maximum */

/* The text between <name> and </name> if it is a word, as codes and regions are; else "". */
static void find_word(const struct upload_answer *answer, const char *name, char word[WORD_BYTES])
{
    char tag[WORD_BYTES];
    int tag_len = snprintf(tag, sizeof tag, "<%s>", name);
    const char *at = memmem(answer->body, answer->body_len, tag, (size_t)tag_len);
    size_t len = 0;
    word[0] = '\0';
    if (!at)
        return;
    at += tag_len;
    size_t left = answer->body_len - (size_t)(at - answer->body);
    while (len < left && len < WORD_BYTES - 1 && at[len] &&
           strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-", at[len]))
        len++;
    if (len < left && at[len] == '<')
        snprintf(word, WORD_BYTES, "%.*s", (int)len, at);
}

static bool is_region(const char *text)
{
    return text[0] && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

/* What may help against a refusal, or "". */
static const char *remedy(long status, const char *code)
{
    if (strcmp(code, "RequestTimeTooSkewed") == 0)
        return "; set the clock of this machine";
    if (strcmp(code, "NoSuchBucket") == 0)
        return "; make the bucket, or correct upload.bucket";
    if (status == 401 || status == 403 || strcmp(code, "ExpiredToken") == 0)
        return "; check the credentials and what they may do";
    return "";
}

enum upload_outcome upload_answer_judge(const struct upload_answer *answer, struct lw_err *err)
{
    char code[WORD_BYTES], region[WORD_BYTES];
    long status = answer->status;
    if (status >= 200 && status < 300)
        return UPLOAD_STORED;
    find_word(answer, "Code", code);
    find_word(answer, "Region", region);
    if (is_region(answer->region))
        snprintf(region, sizeof region, "%s", answer->region);
    bool is_redirect = status >= 300 && status < 400;
    lw_err_set(err, is_redirect ? LW_REDIRECT : LW_HTTP_STATUS,
        "the object storage answers %ld%s%s%s%s%s", status, code[0] ? " " : "", code,
        is_region(region) ? ": it asks for upload.region " : "", is_region(region) ? region : "",
        is_redirect && !is_region(region) ? ": upload.endpoint or upload.region is not the bucket's"
                                          : remedy(status, code));
    bool is_passing = status == 408 || status == 429 || status >= 500 || status < 200;
    return is_passing ? UPLOAD_RETRY : UPLOAD_REFUSED;
}

int64_t upload_backoff_ns(unsigned failures, uint64_t seed)
{
    unsigned doublings = failures > 1 ? failures - 1 : 0;
    int64_t wait_ns = BACKOFF_FIRST_NS << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
    if (wait_ns > BACKOFF_MAX_NS)
        wait_ns = BACKOFF_MAX_NS;
    uint64_t quarter = (uint64_t)wait_ns / 4;
    return wait_ns - (int64_t)(lw_hash_u64(seed, failures) % quarter);
}
