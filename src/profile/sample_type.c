#include "profile/sample_type.h"

#include <string.h>

static const struct {
    const char *word;
    const char *unit;
} samples[] = {
#define SAMPLE_ROW(name, word, unit) [name] = {word, unit},
    PROFILE_SAMPLES(SAMPLE_ROW)
#undef SAMPLE_ROW
};

const char *profile_sample_word(enum profile_sample sample)
{
    return samples[sample].word;
}

const char *profile_sample_unit(enum profile_sample sample)
{
    return samples[sample].unit;
}

bool profile_sample_parse(const char *word, enum profile_sample *sample)
{
    for (int i = 0; i < PROFILE_SAMPLE_COUNT; i++) {
        if (strcmp(word, samples[i].word) == 0) {
            *sample = (enum profile_sample)i;
            return true;
        }
    }
    return false;
}

int64_t profile_sample_of(const struct profile_values *values, enum profile_sample sample)
{
    switch (sample) {
    case PROFILE_ALLOC_OBJECTS:
        return values->alloc_objects;
    case PROFILE_ALLOC_SPACE:
        return values->alloc_bytes;
    case PROFILE_INUSE_OBJECTS:
        return values->inuse_objects;
    default:
        return values->inuse_bytes;
    }
}
