/* What decoding a profile costs, against what others take for it: each contender reads all profiles
 * of a fleet in turn, round after round, in one process and on one core; the median of the rounds'
 * CPU time counts. It tells ratios and judges nothing: times are the machine's. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/strbuf.h"
#include "heap.h"
#include "profile/gunzip.h"
#include "profile/inflate.h"
#include "profile/profile.pb-c.h"
#include "profile/reader.h"
#include "trend/trend.h"

#define TREND_SITES  256 /* that are followed of a target by default */
#define ROUNDS       41
#define FILES_MAX    64
#define BODY_MAX     ((size_t)16 << 20)
#define INFLATED_MAX ((size_t)64 << 20)

struct body {
    char *bytes;
    size_t len;
    size_t locations; /* what the memory goal goes by */
};

struct fleet {
    const char *name;
    struct body bodies[FILES_MAX];
    size_t count, gzip_bytes, raw_bytes, followed; /* followed: sites, at most TREND_SITES each */
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- contenders ---- */

static unsigned char *inflated; /* INFLATED_MAX */
static z_stream bare;
static struct profile_reader *by_zlib, *by_isal;
static struct profile_limits limits;
static FILE *to_parse, *from_parse; /* the Go program, or NULL */

static void run_bare(const struct body *body)
{
    inflateReset(&bare);
    bare.next_in = (Bytef *)body->bytes;
    bare.avail_in = (uInt)body->len;
    bare.next_out = inflated;
    bare.avail_out = (uInt)INFLATED_MAX;
    if (inflate(&bare, Z_FINISH) != Z_STREAM_END)
        die("inflate");
}

static void run_reader(struct profile_reader *reader, const struct body *body)
{
    struct lw_err err;
    if (!profile_reader_decode(reader, body->bytes, body->len, &limits, &err) ||
        !profile_reader_was_fast(reader))
        die("not read the fast way");
}

static void run_zlib(const struct body *body)
{
    run_reader(by_zlib, body);
}

static void run_isal(const struct body *body)
{
    run_reader(by_isal, body);
}

static void run_message(const struct body *body)
{
    struct lw_err err;
    struct profile *profile = profile_decode(body->bytes, body->len, &limits, &err);
    if (!profile)
        die("profile_decode");
    profile_free(&profile);
}

static int64_t time_parse(void)
{
    long long ns;
    if (fputs("go\n", to_parse) < 0 || fflush(to_parse) != 0 ||
        fscanf(from_parse, "%lld", &ns) != 1)
        die("the Go program");
    return ns;
}

enum contender { BARE, ZLIB, ISAL, MESSAGE, PARSE, CONTENDERS };

static const struct {
    const char *name;
    void (*run)(const struct body *body); /* NULL: the Go program */
} contenders[CONTENDERS] = {
    [BARE] = {"zlib, inflate only", run_bare},
    [ZLIB] = {"leakwatchd with zlib", run_zlib},
    [ISAL] = {"leakwatchd with ISA-L", run_isal},
    [MESSAGE] = {"leakwatchd by protobuf-c", run_message},
    [PARSE] = {"google/pprof ParseData", NULL},
};

static bool takes_part(enum contender c)
{
    if (c == ISAL)
        return profile_inflate_has_isal();
    return c != PARSE || to_parse;
}

static int64_t time_round(const struct fleet *fleet, enum contender c)
{
    if (!contenders[c].run)
        return time_parse();
    int64_t begin = cpu_ns();
    for (size_t i = 0; i < fleet->count; i++)
        contenders[c].run(&fleet->bodies[i]);
    return cpu_ns() - begin;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Microseconds a profile; 0: takes no part. */
static void measure(const struct fleet *fleet, double us[CONTENDERS])
{
    static int64_t times[CONTENDERS][ROUNDS];
    for (int round = -2; round < ROUNDS; round++) { /* two to warm up */
        for (enum contender c = 0; c < CONTENDERS; c++) {
            if (takes_part(c))
                times[c][round < 0 ? 0 : round] = time_round(fleet, c);
        }
    }
    for (enum contender c = 0; c < CONTENDERS; c++) {
        qsort(times[c], ROUNDS, sizeof *times[c], by_size);
        us[c] = takes_part(c) ? (double)times[c][ROUNDS / 2] / 1e3 / (double)fleet->count : 0;
    }
}

/* ---- memory ---- */

/* Of the whole decoder, made anew for each profile, its inflate included: bytes per what the goal
 * allows, the worst of the fleet. */
static double worst_memory(const struct fleet *fleet, size_t *peak)
{
    double worst = 0;
    *peak = 0;
    for (size_t i = 0; i < fleet->count; i++) {
        size_t before = heap_begin();
        struct profile_reader *reader = profile_reader_new(true);
        run_reader(reader, &fleet->bodies[i]);
        size_t bytes = heap_peak() - before;
        profile_reader_free(&reader);
        size_t goal = ((size_t)256 << 10) + 128 * fleet->bodies[i].locations;
        if ((double)bytes / (double)goal > worst)
            worst = (double)bytes / (double)goal;
        *peak = bytes > *peak ? bytes : *peak;
    }
    return worst;
}

static size_t steady_allocations(const struct fleet *fleet)
{
    size_t most = 0;
    for (size_t i = 0; i < fleet->count; i++) {
        run_isal(&fleet->bodies[i]);
        size_t before = heap_allocations();
        run_isal(&fleet->bodies[i]);
        size_t made = heap_allocations() - before;
        most = made > most ? made : most;
    }
    return most;
}

/* ---- the trend step ---- */

#define TREND_POINTS 600

/* Microseconds of a scrape's point in one of a target's series. */
static double time_trend(void)
{
    static struct trend_series *series[TREND_SITES];
    struct trend_config config;
    trend_config_init(&config, 60);
    for (size_t i = 0; i < TREND_SITES; i++)
        series[i] = trend_series_new();
    int64_t begin = cpu_ns();
    for (int t = 0; t < TREND_POINTS; t++) {
        for (size_t i = 0; i < TREND_SITES; i++) {
            double wave = (double)((t * 7 + (int)i * 13) % 100) * 1e4;
            double grown = i % 16 == 0 ? t * 5e4 : 0;
            const struct trend_point point = {.t_s = t * 60.0,
                .inuse_bytes = 1e6 + wave + grown,
                .alloc_bytes = 1e7 * (t + 1),
                .noise_bytes = 500000};
            trend_series_push(series[i], &config, &point);
        }
    }
    int64_t ns = cpu_ns() - begin;
    for (size_t i = 0; i < TREND_SITES; i++)
        trend_series_free(&series[i]);
    return (double)ns / 1e3 / TREND_POINTS / TREND_SITES;
}

/* ---- fleets ---- */

static size_t count_locations(const struct body *body, size_t *raw_bytes)
{
    struct lw_strbuf raw;
    struct lw_err err;
    if (profile_gunzip(body->bytes, body->len, INFLATED_MAX, &raw, &err))
        die(err.msg);
    Leakwatch__Pprof__Profile *message =
        leakwatch__pprof__profile__unpack(NULL, raw.len, (const uint8_t *)raw.data);
    if (!message)
        die("not a profile");
    size_t count = message->n_location;
    leakwatch__pprof__profile__free_unpacked(message, NULL);
    *raw_bytes += raw.len;
    lw_strbuf_fini(&raw);
    return count;
}

static size_t count_followed(const struct body *body)
{
    struct lw_err err;
    const struct profile *profile =
        profile_reader_decode(by_zlib, body->bytes, body->len, &limits, &err);
    if (!profile)
        die(err.msg);
    return profile->site_count < TREND_SITES ? profile->site_count : TREND_SITES;
}

static void read_body(struct fleet *fleet, const char *path)
{
    FILE *f = fopen(path, "rb");
    struct body *body = &fleet->bodies[fleet->count];
    body->bytes = malloc(BODY_MAX);
    if (!f || !body->bytes)
        die(path);
    body->len = fread(body->bytes, 1, BODY_MAX, f);
    fclose(f);
    body->locations = count_locations(body, &fleet->raw_bytes);
    fleet->followed += count_followed(body);
    fleet->gzip_bytes += body->len;
    fleet->count++;
}

static bool is_profile(const char *name)
{
    size_t len = strlen(name);
    return len > 6 && strcmp(name + len - 6, ".pb.gz") == 0;
}

static void read_fleet(struct fleet *fleet, const char *name, const char *directory)
{
    DIR *d = opendir(directory);
    if (!d)
        die(directory);
    fleet->name = name;
    for (struct dirent *e = readdir(d); e && fleet->count < FILES_MAX; e = readdir(d)) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
        if (is_profile(e->d_name))
            read_body(fleet, path);
    }
    closedir(d);
}

static void free_fleet(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++)
        free(fleet->bodies[i].bytes);
}

/* ---- the Go program ---- */

static void start_parse(const char *program, const char *directory)
{
    int in[2], out[2];
    if (pipe(in) || pipe(out))
        die("pipe");
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[1]);
        close(out[0]);
        execlp("sh", "sh", "-c", "exec \"$0\" \"$1\"/*.pb.gz", program, directory, NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_parse = fdopen(in[1], "w");
    from_parse = fdopen(out[0], "r");
}

static void stop_parse(void)
{
    if (!to_parse)
        return;
    fclose(to_parse); /* the end of its input ends it */
    fclose(from_parse);
    to_parse = from_parse = NULL;
}

/* ---- the tables ---- */

static void print_goal(const char *what, double is, const char *goal)
{
    if (is > 0)
        printf("  %-52s %6.2f   goal %s\n", what, is, goal);
    else
        printf("  %-52s      -   goal %s (takes no part here)\n", what, goal);
}

static double ratio(double a, double b)
{
    return a > 0 && b > 0 ? a / b : 0;
}

static void print_fleet(const struct fleet *fleet, double trend_us, const char *parse_goal)
{
    double us[CONTENDERS];
    size_t peak;
    measure(fleet, us);
    printf("%s fleet: %zu profiles, on average %.1f KB of gzip, %.1f KB inflated\n", fleet->name,
        fleet->count, (double)fleet->gzip_bytes / 1e3 / (double)fleet->count,
        (double)fleet->raw_bytes / 1e3 / (double)fleet->count);
    for (enum contender c = 0; c < CONTENDERS; c++) {
        if (us[c] > 0)
            printf("  %-30s %10.1f us a profile %8.2f x zlib\n", contenders[c].name, us[c],
                us[c] / us[BARE]);
        else
            printf("  %-30s takes no part\n", contenders[c].name);
    }
    double ours = us[ISAL] > 0 ? us[ISAL] : us[ZLIB];
    print_goal("inflate + decode + sum with ISA-L over bare zlib", ratio(us[ISAL], us[BARE]),
        "<= 0.85 (stretch 0.75)");
    print_goal("... with zlib over bare zlib", ratio(us[ZLIB], us[BARE]), "<= 1.4");
    print_goal("google/pprof's ParseData over ours", ratio(us[PARSE], ours), parse_goal);
    print_goal(
        "memory over 256 KB + 128 B a location, the worst", worst_memory(fleet, &peak), "<= 1");
    printf("  %-52s %6.0f KB\n", "  ... and the largest peak", (double)peak / 1e3);
    printf("  %-52s %6zu   goal 0\n", "heap allocations a scrape in steady state",
        steady_allocations(fleet));
    double followed = (double)fleet->followed / (double)fleet->count;
    printf("  all sites followed, up to %d: %.0f a target\n", TREND_SITES, followed);
    print_goal("... their trend step over this decode", ratio(trend_us * followed, ours), "< 1");
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc % 2) {
        fprintf(stderr, "usage: decode PARSE-PROGRAM|- NAME DIRECTORY [NAME DIRECTORY]\n");
        return 2;
    }
    inflated = malloc(INFLATED_MAX);
    by_zlib = profile_reader_new(false);
    by_isal = profile_reader_new(true);
    if (!inflated || !by_zlib || !by_isal || inflateInit2(&bare, 16 + MAX_WBITS) != Z_OK)
        die("memory");
    limits = profile_limits_for(INFLATED_MAX);
    double trend_us = time_trend();
    for (int i = 2; i < argc; i += 2) {
        static struct fleet fleet;
        fleet = (struct fleet){0};
        read_fleet(&fleet, argv[i], argv[i + 1]);
        if (strcmp(argv[1], "-") != 0)
            start_parse(argv[1], argv[i + 1]);
        if (fleet.count)
            print_fleet(&fleet, trend_us, strcmp(argv[i], "production") == 0 ? ">= 9" : ">= 5");
        else
            printf("%s fleet: no profiles in %s\n", argv[i], argv[i + 1]);
        stop_parse();
        free_fleet(&fleet);
    }
    return 0;
}
