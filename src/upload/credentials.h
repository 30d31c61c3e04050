/* Who we are to the object storage. Private to upload/. */
#ifndef LW_UPLOAD_CREDENTIALS_H
#define LW_UPLOAD_CREDENTIALS_H

#include <stddef.h>

#include "base/err.h"

struct upload_credentials {
    char *key_id; /* owned, all of them */
    char *secret;
    char *token; /* of a session; NULL: none */
};

/* From a file, or with NULL from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
 * LW_CREDENTIALS: missing, too large, or not what it should be; the message holds none of it. */
int upload_credentials_load(
    const char *path, struct upload_credentials *credentials, struct lw_err *err) LW_MUST_CHECK;

/* The text of such a file: lines `name = value` of the profile [default], or before any profile, as
 * "Configuration and credential file settings" of the AWS CLI's guide has them; other names and
 * profiles are passed over. LW_CREDENTIALS. */
int upload_credentials_parse(const char *text, size_t len, struct upload_credentials *credentials,
    struct lw_err *err) LW_MUST_CHECK;

/* Wipes and frees them. */
void upload_credentials_fini(struct upload_credentials *credentials);

#endif
