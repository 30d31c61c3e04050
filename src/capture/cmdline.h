/* The command line of a target, without what looks like a secret. Private to capture/. */
#ifndef LW_CAPTURE_CMDLINE_H
#define LW_CAPTURE_CMDLINE_H

#include <stddef.h>

#define CAPTURE_CMDLINE_BYTES_MAX ((size_t)256 << 10) /* of what is taken */

/* Hides, in place and with three asterisks at most, of arguments that a NUL ends each (the form of
 * net/http/pprof's Cmdline):
 *   --db-password=x, --db-password x, dsn with token=x, Authorization: x    the value, to its end
 *   postgres://user:x@host, user:x@tcp(host)                                what names the user
 * A name is one of a secret when it holds one of a few words. It is rather too much that is hidden
 * than too little. Returns the new length, at most len; what is beyond it is cleared. */
size_t capture_cmdline_hide(char *text, size_t len);

#endif
