/* What a server answers and what a file of credentials says: any bytes are taken or refused, and
 * what is taken can stand in a header or a log line. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "upload/answer.h"
#include "upload/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *text)
{
    for (; *text; text++)
        assert(*text >= ' ' && *text < 0x7f);
}

static void judge(const uint8_t *data, size_t size, long status)
{
    static struct upload_answer answer;
    struct lw_err err;
    answer = (struct upload_answer){.status = status};
    answer.body_len = size < sizeof answer.body ? size : sizeof answer.body;
    if (size)
        memcpy(answer.body, data, answer.body_len);
    memcpy(answer.region, data, size < 8 ? size : 8);
    if (upload_answer_judge(&answer, &err) != UPLOAD_STORED)
        check_line(err.msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nothing[1];
    struct upload_credentials credentials;
    struct lw_err err;
    data = size ? data : nothing;
    judge(data, size, 301);
    judge(data, size, 403);
    if (upload_credentials_parse((const char *)data, size, &credentials, &err) == 0) {
        check_line(credentials.key_id);
        check_line(credentials.secret);
        check_line(credentials.token ? credentials.token : "");
    }
    upload_credentials_fini(&credentials);
    return 0;
}
