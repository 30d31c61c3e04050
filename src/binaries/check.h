/* Whether a binary is the one that a target runs. Private to binaries/. */
#ifndef LW_BINARIES_CHECK_H
#define LW_BINARIES_CHECK_H

#include "binaries/binaries.h"

#define BINARIES_SITES_CHECKED 64 /* of a request; the rest of its sites is in the same text */

/* An address of the target as one of the binary; false when it is not of the program's mapping. */
bool binaries_address_find(const struct gotypes *index, const struct binaries_request *request,
    uint64_t address, uint64_t *pc);

/* Holds what the profile says against the binary: the GNU build ids where both are known, and the
 * functions and lines at the sites' leaf addresses. A binary with which nothing can be compared is
 * refused, too. is_its_own: the binary is known to be the process' by something better than the
 * profile's build id, which may then differ if the functions agree: Go reads that id from whatever
 * lies at the program's path by now. LW_INVALID says what differs; path is for the message. */
int binaries_check(const struct gotypes *index, const struct binaries_request *request,
    const char *path, bool is_its_own, struct lw_err *err) LW_MUST_CHECK;

#endif
