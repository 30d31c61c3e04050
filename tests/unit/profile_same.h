/* Two decoded profiles held against each other, to the last bit. */
#ifndef LW_TESTS_PROFILE_SAME_H
#define LW_TESTS_PROFILE_SAME_H

#include "profile/profile.h"

/* What differs first ("a frame"); NULL: nothing. */
const char *profile_difference(const struct profile *lent, const struct profile *profile);

#endif
