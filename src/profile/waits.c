#include "profile/waits.h"

#include <stdbool.h>
#include <string.h>

#include "profile/frames.h"

const char *profile_wait_word(enum profile_wait wait)
{
    static const char *const words[] = {
#define PROFILE_WAIT_WORD(name, word) word,
        PROFILE_WAITS(PROFILE_WAIT_WORD)
#undef PROFILE_WAIT_WORD
    };
    return words[wait];
}

/* Functions that a waiting goroutine stands in, and where Go has them. Those that the runtime lends
 * to other packages bear the borrower's name in a profile (sync.runtime_Semacquire is in
 * src/runtime/sema.go). Found leaf first, the last one found in a row says most: semacquire1 is the
 * way of all locks, its caller says which. */
static const struct {
    const char *function;
    enum profile_wait wait;
} functions[] = {
    /* src/runtime/proc.go */
    {"runtime.gopark", PROFILE_WAIT_OTHER},
    {"runtime.goparkunlock", PROFILE_WAIT_OTHER},
    {"runtime.block", PROFILE_WAIT_SELECT_NO_CASES}, /* src/runtime/select.go */
    {"runtime.selectgo", PROFILE_WAIT_SELECT},
    /* src/runtime/chan.go */
    {"runtime.chanrecv", PROFILE_WAIT_CHAN_RECEIVE},
    {"runtime.chansend", PROFILE_WAIT_CHAN_SEND},
    /* src/runtime/netpoll.go */
    {"runtime.netpollblock", PROFILE_WAIT_IO},
    {"internal/poll.runtime_pollWait", PROFILE_WAIT_IO},
    {"internal/poll.runtime_pollWaitCanceled", PROFILE_WAIT_IO},
    /* src/runtime/sema.go */
    {"runtime.semacquire", PROFILE_WAIT_SEMACQUIRE},
    {"runtime.semacquire1", PROFILE_WAIT_SEMACQUIRE},
    {"internal/poll.runtime_Semacquire", PROFILE_WAIT_SEMACQUIRE},
    {"sync.runtime_Semacquire", PROFILE_WAIT_SEMACQUIRE},
    {"sync.runtime_SemacquireWaitGroup", PROFILE_WAIT_GROUP_WAIT}, /* since 1.24 */
    {"sync.runtime_SemacquireMutex", PROFILE_WAIT_MUTEX_LOCK},
    {"internal/sync.runtime_SemacquireMutex", PROFILE_WAIT_MUTEX_LOCK}, /* since 1.24 */
    {"sync.runtime_SemacquireRWMutexR", PROFILE_WAIT_RWMUTEX_RLOCK},    /* since 1.20 */
    {"sync.runtime_SemacquireRWMutex", PROFILE_WAIT_RWMUTEX_LOCK},
    {"sync.runtime_notifyListWait", PROFILE_WAIT_COND_WAIT},
    /* src/sync: the callers, where the name above is shared */
    {"sync.(*WaitGroup).Wait", PROFILE_WAIT_GROUP_WAIT},
    {"sync.(*RWMutex).RLock", PROFILE_WAIT_RWMUTEX_RLOCK},
    {"sync.(*RWMutex).Lock", PROFILE_WAIT_RWMUTEX_LOCK},
    /* src/runtime/time.go, coro.go, sigqueue.go, cgocall.go */
    {"time.Sleep", PROFILE_WAIT_SLEEP},
    {"runtime.coroswitch_m", PROFILE_WAIT_COROUTINE},
    {"runtime.coroswitch", PROFILE_WAIT_COROUTINE},
    {"os/signal.signal_recv", PROFILE_WAIT_SYSCALL},
    {"runtime.cgocall", PROFILE_WAIT_CGO},
    /* src/syscall, and where the instruction itself moved from 1.18 and 1.24 on */
    {"syscall.Syscall", PROFILE_WAIT_SYSCALL},
    {"syscall.Syscall6", PROFILE_WAIT_SYSCALL},
    {"runtime/internal/syscall.Syscall6", PROFILE_WAIT_SYSCALL},
    {"internal/runtime/syscall.Syscall6", PROFILE_WAIT_SYSCALL},
    {"internal/runtime/syscall/linux.Syscall6", PROFILE_WAIT_SYSCALL},
};

static bool find(const char *function, enum profile_wait *wait)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (strcmp(functions[i].function, function) == 0) {
            *wait = functions[i].wait;
            return true;
        }
    }
    return false;
}

enum profile_wait profile_wait_of(const struct profile_frame *const *frames, size_t count)
{
    enum profile_wait wait = PROFILE_WAIT_RUNNING;
    for (size_t i = 0; i < count; i++) {
        if (!find(frames[i]->function, &wait) && !profile_frame_is_runtime(frames[i]))
            break;
    }
    return wait;
}
