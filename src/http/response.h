/* What becomes of a response before it is sent. Private to http/. */
#ifndef LW_HTTP_RESPONSE_H
#define LW_HTTP_RESPONSE_H

#include "http/http.h"

/* Compresses the body when that pays: 1 KiB or more, of a type that compresses, not encoded by the
 * handler, to a client that takes gzip. Sets Vary wherever the answer could have been another. */
void http_response_compress(struct http_response *response, const struct http_request *request);

#endif
