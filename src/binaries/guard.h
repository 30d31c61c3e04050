/* Reading mapped files that others may cut short. A read of a mapping behind the end of its file is
 * a SIGBUS, which would end the daemon because somebody copied a new build over an old one. Between
 * begin and end the calling thread's SIGBUS in that mapping puts zero pages in the place of what is
 * gone, so that readers, which must take any bytes anyway, go on to their own error; end tells that
 * nothing they said is worth anything. Private to binaries/. */
#ifndef LW_BINARIES_GUARD_H
#define LW_BINARIES_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* bytes: a whole mapping of len bytes. Not nested. */
void binaries_guard_begin(const void *bytes, size_t len);

/* False when something was missing: the mapping is then not what the file held, for ever. */
bool binaries_guard_end(void);

#endif
