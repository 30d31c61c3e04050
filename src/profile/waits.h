/* What a goroutine waits for, told from the functions at the leaf of its stack: a profile does not
 * say it, only the text form that stops the world does (debug=2). */
#ifndef LW_PROFILE_WAITS_H
#define LW_PROFILE_WAITS_H

#include <stddef.h>

#include "profile/profile.h"

/* X(name, word): the words are Go's own (waitReasonStrings in src/runtime/runtime2.go), where it
 * has one. */
#define PROFILE_WAITS(X) \
    X(PROFILE_WAIT_RUNNING, "running") /* or about to: a profile does not tell them apart */ \
    X(PROFILE_WAIT_OTHER, "waiting")   /* parked, for something this table does not know */ \
    X(PROFILE_WAIT_CHAN_RECEIVE, "chan receive") \
    X(PROFILE_WAIT_CHAN_SEND, "chan send") \
    X(PROFILE_WAIT_SELECT, "select") \
    X(PROFILE_WAIT_SELECT_NO_CASES, "select (no cases)") \
    X(PROFILE_WAIT_IO, "IO wait") \
    X(PROFILE_WAIT_SEMACQUIRE, "semacquire") \
    X(PROFILE_WAIT_MUTEX_LOCK, "sync.Mutex.Lock") \
    X(PROFILE_WAIT_RWMUTEX_RLOCK, "sync.RWMutex.RLock") \
    X(PROFILE_WAIT_RWMUTEX_LOCK, "sync.RWMutex.Lock") \
    X(PROFILE_WAIT_GROUP_WAIT, "sync.WaitGroup.Wait") \
    X(PROFILE_WAIT_COND_WAIT, "sync.Cond.Wait") \
    X(PROFILE_WAIT_SLEEP, "sleep") \
    X(PROFILE_WAIT_COROUTINE, "coroutine") \
    X(PROFILE_WAIT_SYSCALL, "syscall") \
    X(PROFILE_WAIT_CGO, "cgo call")

enum profile_wait {
#define PROFILE_WAIT_ENUM(name, word) name,
    PROFILE_WAITS(PROFILE_WAIT_ENUM)
#undef PROFILE_WAIT_ENUM
        PROFILE_WAIT_COUNT
};

const char *profile_wait_word(enum profile_wait wait);

/* Of a stack, leaf first. */
enum profile_wait profile_wait_of(const struct profile_frame *const *frames, size_t count);

#endif
