/* The listening socket. Private to http/. */
#ifndef LW_HTTP_LISTEN_H
#define LW_HTTP_LISTEN_H

#include "base/err.h"

/* A listening TCP socket (non-blocking, close-on-exec) at "host:port", ":port" or "[v6]:port"; the
 * caller closes it. -1 and LW_INVALID when the address cannot be read, LW_IO when it cannot be had.
 */
int http_listen(const char *address, struct lw_err *err) LW_MUST_CHECK;

/* The port a listening socket got. */
int http_listen_port(int fd);

#endif
