#include "binaries/guard.h"

#include <assert.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the thread is reading. SIGBUS is synchronous: its handler runs on the thread that faults. */
static _Thread_local struct {
    uintptr_t start, end; /* end is the last page's */
    uintptr_t page_bytes;
    volatile sig_atomic_t holed;
    sigset_t mask_before;
} guarded;

/* Everything from the page that is missing to the end of the mapping becomes zeros: one call
 * however much of the file is gone. mmap is a bare system call here, which makes it safe in a
 * handler. */
static void patch(int signo, siginfo_t *info, void *context)
{
    (void)context;
    uintptr_t at = (uintptr_t)info->si_addr;
    if (at >= guarded.start && at < guarded.end) {
        uintptr_t page = at & ~(guarded.page_bytes - 1);
        void *zeros = mmap((void *)page, guarded.end - page, PROT_READ,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (zeros != MAP_FAILED) {
            guarded.holed = 1;
            return;
        }
    }
    signal(signo, SIG_DFL); /* not ours: the instruction faults again and that ends the process */
}

/* Each time anew: others (a test runner) may have put their own handler in between. */
static void install(void)
{
    struct sigaction action = {.sa_sigaction = patch, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

void binaries_guard_begin(const void *bytes, size_t len)
{
    assert(!guarded.start);
    uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    guarded.start = (uintptr_t)bytes;
    guarded.end = ((uintptr_t)bytes + len + page_bytes - 1) & ~(page_bytes - 1);
    guarded.page_bytes = page_bytes;
    guarded.holed = 0;
    install();
    /* Workers are born with all signals blocked; a blocked SIGBUS kills and asks no handler. */
    sigset_t bus;
    sigemptyset(&bus);
    sigaddset(&bus, SIGBUS);
    pthread_sigmask(SIG_UNBLOCK, &bus, &guarded.mask_before);
}

bool binaries_guard_end(void)
{
    pthread_sigmask(SIG_SETMASK, &guarded.mask_before, NULL);
    guarded.start = guarded.end = 0;
    return !guarded.holed;
}
