/* Whose code the frames of a stack are. A profile does not say which module is the main one, so
 * this goes by names and paths: what lies under GOROOT is the standard library, package main and
 * whatever lies below the same root directory is the program, all else is somebody else's. */
#ifndef LW_PROFILE_FRAMES_H
#define LW_PROFILE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "profile/profile.h"

/* What the file names of one profile tell about where it was built. Zero-initialise, then let it
 * see every frame. The strings are borrowed from the frames and not terminated. */
struct profile_layout {
    const char *goroot; /* "/usr/lib/go/src/"; NULL with -trimpath */
    size_t goroot_len;
    const char
        *root; /* of the program: the directory of package main, or what contains cmd/NAME/ */
    size_t root_len;
};

void profile_layout_learn(struct profile_layout *layout, const struct profile_frame *frame);

enum profile_owner profile_frame_owner(
    const struct profile_layout *layout, const struct profile_frame *frame);

/* Of the packages runtime, runtime/internal/..., and internal/runtime/... of Go 1.24. */
bool profile_frame_is_runtime(const struct profile_frame *frame);

/* The first frame that is not the runtime's; 0 if all are. */
size_t profile_leaf(const struct profile_frame *const *frames, size_t count);

/* The frame to look at first: from `leaf` on, the first of the program; without one, the first
 * outside the standard library; without that, leaf. Goes by the frames' owner. */
size_t profile_responsible(const struct profile_frame *const *frames, size_t count, size_t leaf);

#endif
