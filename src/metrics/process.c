/* The standard process_* families, as client_golang's process collector has them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "metrics/families.h"

#define FDS_COUNTED_MAX 1000000

static int64_t open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return -1;
    int64_t n = 0;
    while (n < FDS_COUNTED_MAX && readdir(dir))
        n++;
    closedir(dir);
    return n - 3; /* ".", ".." and the descriptor of the listing itself */
}

struct memory {
    unsigned long virtual_bytes;
    long resident_pages;
    unsigned long long start_ticks; /* after boot */
};

/* Fields 22 to 24 of proc(5)'s stat; they are counted from the closing parenthesis because the name
 * before it may hold anything. */
static int read_stat(struct memory *m)
{
    char line[1024];
    FILE *f = fopen("/proc/self/stat", "re");
    if (!f)
        return -1;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = '\0';
    const char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest + 1,
                     " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d"
                     " %llu %lu %ld",
                     &m->start_ticks, &m->virtual_bytes, &m->resident_pages) != 3)
        return -1;
    return 0;
}

static void cpu_family(struct expo *e)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    expo_family(e, EXPO_COUNTER, "process_cpu_seconds", "seconds",
        "Total user and system CPU time spent in seconds.");
    expo_double(e, (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static void limit_family(
    struct expo *e, int resource, const char *name, const char *unit, const char *help)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
        return;
    expo_family(e, EXPO_GAUGE, name, unit, help);
    expo_double(e, limit.rlim_cur == RLIM_INFINITY ? -1 : (double)limit.rlim_cur);
}

static void start_family(struct expo *e, const struct memory *m)
{
    struct timespec boot, now;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &now);
    double boot_time = (double)now.tv_sec - (double)boot.tv_sec +
                       ((double)now.tv_nsec - (double)boot.tv_nsec) / 1e9;
    expo_family(e, EXPO_GAUGE, "process_start_time_seconds", "seconds",
        "Start time of the process since unix epoch in seconds.");
    expo_double(e, boot_time + (double)m->start_ticks / (double)sysconf(_SC_CLK_TCK));
}

void families_process(struct expo *e)
{
    cpu_family(e);
    int64_t fds = open_fds();
    if (fds >= 0) {
        expo_family(e, EXPO_GAUGE, "process_open_fds", NULL, "Number of open file descriptors.");
        expo_int(e, fds);
    }
    limit_family(
        e, RLIMIT_NOFILE, "process_max_fds", NULL, "Maximum number of open file descriptors.");
    limit_family(e, RLIMIT_AS, "process_virtual_memory_max_bytes", "bytes",
        "Maximum amount of virtual memory available in bytes.");
    struct memory m;
    if (read_stat(&m) < 0)
        return;
    expo_family(
        e, EXPO_GAUGE, "process_virtual_memory_bytes", "bytes", "Virtual memory size in bytes.");
    expo_int(e, (int64_t)m.virtual_bytes);
    expo_family(
        e, EXPO_GAUGE, "process_resident_memory_bytes", "bytes", "Resident memory size in bytes.");
    expo_int(e, (int64_t)m.resident_pages * sysconf(_SC_PAGESIZE));
    start_family(e, &m);
}
