/* What becomes of a response before it is sent. Private to http/. */
#ifndef LW_HTTP_RESPONSE_H
#define LW_HTTP_RESPONSE_H

#include "http/http.h"

/* Compresses the body when that pays: 1 KiB or more, of a type that compresses, not encoded by the
 * handler, to a client that takes gzip. Sets Vary wherever the answer could have been another. */
void http_response_compress(struct http_response *response, const struct http_request *request);

/* Whether If-None-Match ("*" or a list of tags) names the tag, given with its quotes. The
 * comparison is the weak one: a W/ counts for nothing. Our tags have no comma in them, so a list
 * can be cut at its commas. */
bool http_list_names_tag(const char *list, const char *tag);

#endif
