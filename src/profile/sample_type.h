/* The four numbers of a heap profile by the names that pprof gives them. */
#ifndef LW_PROFILE_SAMPLE_TYPE_H
#define LW_PROFILE_SAMPLE_TYPE_H

#include <stdbool.h>

#include "profile/profile.h"

/* In the order in which Go writes them. X(name, word, unit) */
#define PROFILE_SAMPLES(X) \
    X(PROFILE_ALLOC_OBJECTS, "alloc_objects", "count") \
    X(PROFILE_ALLOC_SPACE, "alloc_space", "bytes") \
    X(PROFILE_INUSE_OBJECTS, "inuse_objects", "count") \
    X(PROFILE_INUSE_SPACE, "inuse_space", "bytes")

enum profile_sample {
#define PROFILE_SAMPLE_ENUM(name, word, unit) name,
    PROFILE_SAMPLES(PROFILE_SAMPLE_ENUM)
#undef PROFILE_SAMPLE_ENUM
        PROFILE_SAMPLE_COUNT
};

const char *profile_sample_word(enum profile_sample sample);
const char *profile_sample_unit(enum profile_sample sample);

/* The sample type of that name; false where there is none. */
bool profile_sample_parse(const char *word, enum profile_sample *sample);

int64_t profile_sample_of(const struct profile_values *values, enum profile_sample sample);

#endif
