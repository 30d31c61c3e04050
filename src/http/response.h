/* What becomes of a response before it is sent. Private to http/. */
#ifndef LW_HTTP_RESPONSE_H
#define LW_HTTP_RESPONSE_H

#include "http/http.h"

/* Whether it pays to compress the body: 1 KiB or more, of a type that compresses, not encoded by
 * the handler, for a client that takes gzip. Sets Vary where the answer could have been another. */
bool http_response_wants_gzip(struct http_response *response, const struct http_request *request);

/* Compresses the body, unless that makes it longer. On any thread: 8 ms for each MB. */
void http_response_gzip(struct http_response *response);

/* Whether If-None-Match ("*" or a list of tags) names the tag, given with its quotes. The
 * comparison is the weak one: a W/ counts for nothing. Our tags have no comma in them, so a list
 * can be cut at its commas. */
bool http_list_names_tag(const char *list, const char *tag);

#endif
