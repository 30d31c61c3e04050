/* The page at / : the bundle of web/ (top of the tree), embedded in the binary, so that the daemon
 * is one file and the page always fits its API. */
#ifndef LW_WEB_WEB_H
#define LW_WEB_WEB_H

#include "http/http.h"

/* Registers GET for the page and each file it loads. They are served with an ETag (a hash of the
 * content), to be asked for again each time, and with a Content-Security-Policy under which the
 * page loads nothing from elsewhere and runs no inline script. */
void web_routes_add(struct http_router *router);

#endif
