/* What an answer of the object storage means. Private to upload/. */
#ifndef LW_UPLOAD_ANSWER_H
#define LW_UPLOAD_ANSWER_H

#include <stddef.h>

#include "upload/upload.h"

#define ANSWER_BODY_BYTES   4096 /* more of it is not looked at */
#define ANSWER_REGION_BYTES 64

struct upload_answer {
    long status;                      /* HTTP */
    char region[ANSWER_REGION_BYTES]; /* x-amz-bucket-region; "": not said */
    char body[ANSWER_BODY_BYTES];     /* an error as XML: "Error responses" of the S3 reference */
    size_t body_len;
};

/* Unless it says that the file is stored, err says why not: the status, the <Code> of the body if
 * there is one, and what may help. LW_HTTP_STATUS, LW_REDIRECT. */
enum upload_outcome upload_answer_judge(
    const struct upload_answer *answer, struct lw_err *err) LW_MUST_CHECK;

#endif
