/* Runs scenario files: the whole daemon on a virtual clock against a world that does not exist.
 * Each line of a scenario is a command; README-like comments begin with '#'. Times: 90s, 5m, 3h,
 * 2d. Sizes: 100KiB, 4MiB, 1GiB; rates: 100KiB/m, 1MiB/s.
 *
 *   job NAME ADDRESS…              targets of a job (before start)
 *   interval 1m | base_block 1m    settings (before start)
 *   storage on                     keep a store in a temporary directory (before start)
 *   captures KEY=VALUE…            the daemon captures, with these options (before start)
 *   site ADDRESS FUNCTION key=value…   leak= after= cap= start= churn= live= wave= period=
 *                                       callee= (the runtime's function)
 *   goroutines ADDRESS FUNCTION key=value…   start= leak=N/m (that receive from a channel)
 *   option NAME VALUE              of the jobs that follow
 *   start | stop                   the daemon
 *   run 3h                         let time pass; `never` is checked every virtual minute
 *   restart ADDRESS                the process
 *   deploy ADDRESS                 the same with another build, whose sites follow
 *   process ADDRESS key=value…     life= (it restarts when so old) gc= (it tells its heap as of the
 *                                  last of these) period= (MemProfileRate)
 *   state ADDRESS up|down|slow|html|truncated|flaky
 *   expect ADDRESS FUNCTION|total CLASS [CLASS…]     the verdict now is one of these
 *   never ADDRESS FUNCTION|total|any CLASS           from now on, at no time
 *   outcome ADDRESS WORD MIN [MAX]                   scrapes with that outcome
 *   restarts ADDRESS N
 *   texts ADDRESS MIN MAX          how often its heap was asked for as text
 *   goroutine ADDRESS FUNCTION CLASS                 the verdict of goroutines now
 *   left ADDRESS MIN MAX | none    the time until its memory limit
 *   get PATH contains TEXT…        the answer of the daemon's HTTP interface
 *   reload good|bad
 */
#include <assert.h>
#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "world.h"

#define WORDS_MAX  64
#define NEVERS_MAX 32
#define START_WALL ((int64_t)1767225600) /* 2026-01-01 */

struct never {
    char address[64];
    char what[128];
    enum trend_class class;
    bool broken; /* said once */
};

struct sim {
    const char *file;
    int line;
    struct world world;
    struct engine *engine; /* NULL: stopped */
    char dir[64];          /* temporary: config and store */
    bool storage;
    char interval[16];
    char base_block[16];
    char options[256];     /* YAML of each job */
    char captures[128];    /* YAML: what is in capture: {…} */
    struct lw_strbuf jobs; /* YAML of scrape_configs */
    struct never nevers[NEVERS_MAX];
    size_t never_count;
    int failures;
};

static void fail(struct sim *sim, const char *fmt, ...) LW_PRINTF(2, 3);
static void fail(struct sim *sim, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    printf("# %s:%d: %s\n", sim->file, sim->line, text);
    sim->failures++;
}

/* A scenario that does not parse is our own bug. */
#define REQUIRE(sim, condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", (sim)->file, (sim)->line, #condition); \
            exit(2); \
        } \
    } while (0)

/* ---- words of the language ---- */

static double seconds_of(struct sim *sim, const char *text)
{
    char *unit;
    double n = strtod(text, &unit);
    const char *units = "smhd";
    static const double each[] = {1, 60, 3600, 86400};
    REQUIRE(sim, unit[0] && strchr(units, unit[0]) && !unit[1]);
    return n * each[strchr(units, unit[0]) - units];
}

/* Bytes, or bytes per second for "…/s", "…/m", "…/h". */
static double bytes_of(struct sim *sim, const char *text)
{
    char *unit;
    double n = strtod(text, &unit);
    static const char *const names[] = {"KiB", "MiB", "GiB"};
    for (int i = 0; i < 3; i++) {
        if (strncmp(unit, names[i], 3) == 0) {
            n *= pow(1024, i + 1);
            unit += 3;
            break;
        }
    }
    if (unit[0] == '/')
        n /= unit[1] == 's' ? 1 : unit[1] == 'm' ? 60 : 3600;
    else
        REQUIRE(sim, !unit[0]);
    return n;
}

static enum trend_class class_of(struct sim *sim, const char *word)
{
    int c = 0;
    while (c < TREND_CLASS_COUNT && strcmp(word, trend_class_word((enum trend_class)c)) != 0)
        c++;
    REQUIRE(sim, c < TREND_CLASS_COUNT);
    return (enum trend_class)c;
}

static const struct store_target *target_of(struct sim *sim, const char *address)
{
    REQUIRE(sim, sim->engine);
    const struct store *store = engine_store(sim->engine);
    for (size_t i = 0; i < store_target_count(store); i++) {
        const struct store_target *target = store_target_at(store, i);
        if (strcmp(lw_labels_get(target->labels, "instance"), address) == 0)
            return target;
    }
    return NULL;
}

/* The class of a site by its function, or of the total; warming while there is no series. */
static enum trend_class verdict_of(const struct store_target *target, const char *what)
{
    if (strcmp(what, "total") == 0)
        return trend_series_verdict(target->series)->class;
    for (size_t i = 0; i < target->sites.count; i++) {
        const struct store_row *row = &target->sites.list[i];
        if (row->series && strcmp(row->site->frames[row->site->leaf].function, what) == 0)
            return trend_series_verdict(row->series)->class;
    }
    return TREND_WARMING;
}

/* ---- commands ---- */

static void do_job(struct sim *sim, char **word, int n)
{
    lw_strbuf_addf(&sim->jobs, "  - job_name: %s\n%s    static_configs:\n      - targets: [",
        word[1], sim->options);
    for (int i = 2; i < n; i++) {
        lw_strbuf_addf(&sim->jobs, "%s'%s'", i > 2 ? ", " : "", word[i]);
        world_add(&sim->world, word[i]);
    }
    lw_strbuf_adds(&sim->jobs, "]\n");
}

static void do_site(struct sim *sim, char **word, int n)
{
    struct world_target *target = world_find(&sim->world, word[1]);
    REQUIRE(sim, target);
    struct world_site *site = world_add_site(target, word[2]);
    for (int i = 3; i < n; i++) {
        char *value = strchr(word[i], '=');
        REQUIRE(sim, value);
        *value++ = '\0';
        if (strcmp(word[i], "leak") == 0)
            site->leak_bytes_per_s = bytes_of(sim, value);
        else if (strcmp(word[i], "after") == 0)
            site->leak_after_s = seconds_of(sim, value);
        else if (strcmp(word[i], "cap") == 0)
            site->cap_bytes = bytes_of(sim, value);
        else if (strcmp(word[i], "start") == 0)
            site->start_bytes = bytes_of(sim, value);
        else if (strcmp(word[i], "churn") == 0)
            site->churn_bytes_per_s = bytes_of(sim, value);
        else if (strcmp(word[i], "live") == 0)
            site->live_bytes = bytes_of(sim, value);
        else if (strcmp(word[i], "wave") == 0)
            site->wave_bytes = bytes_of(sim, value);
        else if (strcmp(word[i], "period") == 0)
            site->wave_period_s = seconds_of(sim, value);
        else if (strcmp(word[i], "callee") == 0)
            snprintf(site->callee, sizeof site->callee, "%s", value);
        else
            REQUIRE(sim, !"a known key");
    }
}

static void do_goroutines(struct sim *sim, char **word, int n)
{
    struct world_target *target = world_find(&sim->world, word[1]);
    REQUIRE(sim, target);
    struct world_goroutines *goroutines = world_add_goroutines(target, word[2]);
    for (int i = 3; i < n; i++) {
        if (strncmp(word[i], "start=", 6) == 0)
            goroutines->start = strtod(word[i] + 6, NULL);
        else if (strncmp(word[i], "leak=", 5) == 0)
            goroutines->leak_per_s = bytes_of(sim, word[i] + 5);
        else
            REQUIRE(sim, !"a known key");
    }
}

static void do_option(struct sim *sim, char **word)
{
    size_t used = strlen(sim->options);
    int len =
        snprintf(sim->options + used, sizeof sim->options - used, "    %s: %s\n", word[1], word[2]);
    REQUIRE(sim, used + (size_t)len < sizeof sim->options);
}

/* From key=value to the members of a YAML mapping. */
static void set_captures(struct sim *sim, char **word, size_t n)
{
    size_t len = (size_t)snprintf(sim->captures, sizeof sim->captures, "enabled: true");
    for (size_t i = 1; i < n; i++) {
        char *value = strchr(word[i], '=');
        REQUIRE(sim, value);
        *value++ = '\0';
        len += (size_t)snprintf(
            sim->captures + len, sizeof sim->captures - len, ", %s: %s", word[i], value);
        REQUIRE(sim, len < sizeof sim->captures);
    }
}

static void write_config(struct sim *sim, bool good)
{
    char path[128];
    snprintf(path, sizeof path, "%s/leakwatchd.yml", sim->dir);
    FILE *f = fopen(path, "we");
    REQUIRE(sim, f);
    fprintf(f, "global:\n  scrape_interval: %s\n  scrape_timeout: %s\ntrend:\n  base_block: %s\n",
        sim->interval, strcmp(sim->interval, "1m") == 0 ? "10s" : sim->interval, sim->base_block);
    fprintf(f, "capture: {%s}\n", sim->captures);
    fprintf(f, "scrape_configs:\n%s%s", sim->jobs.data ? sim->jobs.data : "  []\n",
        good ? "" : "nonsense: true\n");
    fclose(f);
}

static void do_start(struct sim *sim)
{
    char config[128], store[128];
    write_config(sim, true);
    snprintf(config, sizeof config, "%s/leakwatchd.yml", sim->dir);
    snprintf(store, sizeof store, "%s/data", sim->dir);
    struct engine_options options = {
        .loop = sim->world.loop,
        .fetcher = world_fetcher(&sim->world),
        .config_path = config,
        .storage_path = sim->storage ? store : NULL,
        .lifecycle = true,
        .version = "sim",
        .revision = "sim",
    };
    struct lw_err err;
    sim->engine = engine_new(&options, &err);
    if (!sim->engine) {
        fprintf(stderr, "%s:%d: %s\n", sim->file, sim->line, err.msg);
        exit(2);
    }
}

static void check_never(struct sim *sim, struct never *never)
{
    const struct store_target *target = target_of(sim, never->address);
    if (!target || never->broken)
        return;
    bool any = strcmp(never->what, "any") == 0;
    bool hit = verdict_of(target, any ? "total" : never->what) == never->class;
    for (size_t i = 0; any && i < target->sites.count; i++) {
        const struct store_row *row = &target->sites.list[i];
        hit |= row->series && trend_series_verdict(row->series)->class == never->class;
    }
    if (hit)
        fail(sim, "%s %s became %s", never->address, never->what, trend_class_word(never->class));
    never->broken = hit;
}

static void do_run(struct sim *sim, double seconds)
{
    while (seconds > 0) {
        double step = seconds < 60 ? seconds : 60;
        loop_run_for(sim->world.loop, (int64_t)(step * 1e9));
        seconds -= step;
        for (size_t i = 0; sim->engine && i < sim->never_count; i++)
            check_never(sim, &sim->nevers[i]);
    }
}

static void do_expect(struct sim *sim, char **word, int n)
{
    const struct store_target *target = target_of(sim, word[1]);
    if (!target) {
        fail(sim, "there is no target %s", word[1]);
        return;
    }
    enum trend_class is = verdict_of(target, word[2]);
    for (int i = 3; i < n; i++) {
        if (class_of(sim, word[i]) == is)
            return;
    }
    fail(sim, "%s %s is %s", word[1], word[2], trend_class_word(is));
}

static void do_goroutine(struct sim *sim, char **word)
{
    const struct store_target *target = target_of(sim, word[1]);
    REQUIRE(sim, target);
    const struct store_rows *groups = &target->goroutines.groups;
    enum trend_class is = TREND_WARMING;
    for (size_t i = 0; i < groups->count; i++) {
        const struct store_row *row = &groups->list[i];
        const struct store_frame *frame = &row->site->frames[row->site->responsible];
        if (row->series && strcmp(frame->function, word[2]) == 0)
            is = trend_series_verdict(row->series)->class;
    }
    if (is != class_of(sim, word[3]))
        fail(sim, "%s goroutines of %s are %s", word[1], word[2], trend_class_word(is));
}

static void do_left(struct sim *sim, char **word, int n)
{
    const struct store_target *target = target_of(sim, word[1]);
    REQUIRE(sim, target);
    const struct store_outlook *outlook = &target->outlook;
    bool none = n == 3 && strcmp(word[2], "none") == 0;
    if (none && outlook->has_forecast)
        fail(sim, "%s has %.0f s left", word[1], outlook->left.seconds);
    if (none)
        return;
    REQUIRE(sim, n == 4);
    const struct trend_forecast *left = &outlook->left;
    if (!outlook->has_forecast || left->seconds < seconds_of(sim, word[2]) ||
        left->seconds > seconds_of(sim, word[3]) || left->lo_s > left->seconds ||
        left->hi_s < left->seconds)
        fail(sim, "%s has %.0f s left (%.0f to %.0f)", word[1], left->seconds, left->lo_s,
            left->hi_s);
}

static void do_never(struct sim *sim, char **word)
{
    REQUIRE(sim, sim->never_count < NEVERS_MAX);
    struct never *never = &sim->nevers[sim->never_count++];
    snprintf(never->address, sizeof never->address, "%s", word[1]);
    snprintf(never->what, sizeof never->what, "%s", word[2]);
    never->class = class_of(sim, word[3]);
}

static void do_outcome(struct sim *sim, char **word, int n)
{
    const struct store_target *target = target_of(sim, word[1]);
    REQUIRE(sim, target);
    int code = 0;
    while (code < LW_CODE_COUNT && strcmp(word[2], lw_code_word((enum lw_code)code)) != 0)
        code++;
    REQUIRE(sim, code < LW_CODE_COUNT);
    uint64_t is = target->scrapes[code], min = strtoull(word[3], NULL, 10);
    uint64_t max = n > 4 ? strtoull(word[4], NULL, 10) : UINT64_MAX;
    if (is < min || is > max)
        fail(sim, "%s: %llu scrapes were %s", word[1], (unsigned long long)is, word[2]);
}

static void do_texts(struct sim *sim, char **word)
{
    const struct world_target *target = world_find(&sim->world, word[1]);
    REQUIRE(sim, target);
    uint64_t min = strtoull(word[2], NULL, 10), max = strtoull(word[3], NULL, 10);
    if (target->texts < min || target->texts > max)
        fail(sim, "%s was asked %llu times for its heap as text", word[1],
            (unsigned long long)target->texts);
}

static void do_state(struct sim *sim, char **word)
{
    static const char *const names[] = {"up", "down", "slow", "html", "truncated", "flaky"};
    const int count = sizeof names / sizeof *names;
    struct world_target *target = world_find(&sim->world, word[1]);
    REQUIRE(sim, target);
    int s = 0;
    while (s < count && strcmp(names[s], word[2]) != 0)
        s++;
    REQUIRE(sim, s < count);
    target->state = (enum world_state)s;
}

static void do_process(struct sim *sim, char **word, int n)
{
    struct world_target *target = world_find(&sim->world, word[1]);
    REQUIRE(sim, target);
    for (int i = 2; i < n; i++) {
        if (strncmp(word[i], "life=", 5) == 0)
            target->life_ns = (int64_t)(seconds_of(sim, word[i] + 5) * 1e9);
        else if (strncmp(word[i], "gc=", 3) == 0)
            target->gc_ns = (int64_t)(seconds_of(sim, word[i] + 3) * 1e9);
        else if (strncmp(word[i], "period=", 7) == 0)
            target->period_bytes = bytes_of(sim, word[i] + 7);
        else
            REQUIRE(sim, !"a known key");
    }
}

static void do_deploy(struct sim *sim, char **word)
{
    struct world_target *target = world_find(&sim->world, word[1]);
    REQUIRE(sim, target);
    world_deploy(&sim->world, target);
}

static void do_restart(struct sim *sim, char **word)
{
    struct world_target *target = world_find(&sim->world, word[1]);
    REQUIRE(sim, target);
    target->started = loop_now(sim->world.loop);
}

/* `get PATH contains TEXT…`: the rest of the line, words joined by one space. */
static void do_get(struct sim *sim, char **word, int n)
{
    char want[1024] = "";
    for (int i = 3; i < n; i++) {
        size_t used = strlen(want);
        snprintf(want + used, sizeof want - used, "%s%s", i > 3 ? " " : "", word[i]);
    }
    struct http_request request = {
        .method = "GET", .path = word[1], .accept = "", .if_none_match = ""};
    struct http_response response = {0};
    http_router_answer(engine_router(sim->engine), &request, &response);
    const char *body = response.body ? response.body : response.static_body;
    bool found = body && memmem(body, response.len, want, strlen(want));
    if (found != (strcmp(word[2], "contains") == 0))
        fail(sim, "%s (status %d) %s: %s", word[1], response.status,
            found ? "has what it should not" : "lacks", want);
    http_response_fini(&response);
}

static void do_reload(struct sim *sim, char **word)
{
    bool good = strcmp(word[1], "good") == 0;
    write_config(sim, good);
    struct lw_err err;
    int rc = engine_reload(sim->engine, &err);
    if (good && rc < 0)
        fail(sim, "reload: %s", err.msg);
    if (!good && rc == 0)
        fail(sim, "a bad configuration was taken");
}

static void do_command(struct sim *sim, char **word, int n)
{
    const char *c = word[0];
    if (strcmp(c, "job") == 0 && n >= 3)
        do_job(sim, word, n);
    else if (strcmp(c, "interval") == 0 && n == 2)
        snprintf(sim->interval, sizeof sim->interval, "%s", word[1]);
    else if (strcmp(c, "base_block") == 0 && n == 2)
        snprintf(sim->base_block, sizeof sim->base_block, "%s", word[1]);
    else if (strcmp(c, "captures") == 0)
        set_captures(sim, word, n);
    else if (strcmp(c, "storage") == 0 && n == 2)
        sim->storage = strcmp(word[1], "on") == 0;
    else if (strcmp(c, "site") == 0 && n >= 3)
        do_site(sim, word, n);
    else if (strcmp(c, "goroutines") == 0 && n >= 3)
        do_goroutines(sim, word, n);
    else if (strcmp(c, "option") == 0 && n == 3)
        do_option(sim, word);
    else if (strcmp(c, "start") == 0)
        do_start(sim);
    else if (strcmp(c, "stop") == 0)
        engine_free(&sim->engine);
    else if (strcmp(c, "run") == 0 && n == 2)
        do_run(sim, seconds_of(sim, word[1]));
    else if (strcmp(c, "restart") == 0 && n == 2)
        do_restart(sim, word);
    else if (strcmp(c, "deploy") == 0 && n == 2)
        do_deploy(sim, word);
    else if (strcmp(c, "process") == 0 && n >= 3)
        do_process(sim, word, n);
    else if (strcmp(c, "state") == 0 && n == 3)
        do_state(sim, word);
    else if (strcmp(c, "expect") == 0 && n >= 4)
        do_expect(sim, word, n);
    else if (strcmp(c, "goroutine") == 0 && n == 4)
        do_goroutine(sim, word);
    else if (strcmp(c, "left") == 0 && n >= 3)
        do_left(sim, word, n);
    else if (strcmp(c, "never") == 0 && n == 4)
        do_never(sim, word);
    else if (strcmp(c, "outcome") == 0 && n >= 4)
        do_outcome(sim, word, n);
    else if (strcmp(c, "restarts") == 0 && n == 3) {
        const struct store_target *t = target_of(sim, word[1]);
        if (!t || t->restarts != strtoull(word[2], NULL, 10))
            fail(sim, "%s restarted %llu times", word[1], t ? (unsigned long long)t->restarts : 0);
    } else if (strcmp(c, "texts") == 0 && n == 4)
        do_texts(sim, word);
    else if (strcmp(c, "get") == 0 && n >= 4)
        do_get(sim, word, n);
    else if (strcmp(c, "reload") == 0 && n == 2)
        do_reload(sim, word);
    else
        REQUIRE(sim, !"a known command");
}

/* ---- files ---- */

static void ignore_log(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static void remove_dir(const char *dir)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    int rc = system(command); /* a name of our own making */
    assert(rc == 0);
}

/* Runs one scenario; true when it held. */
static bool run_file(const char *path)
{
    struct sim *sim = LW_NEW(struct sim);
    sim->file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    sim->world.loop = loop_new_virtual((struct lw_wall){START_WALL * LW_NS_PER_S});
    snprintf(sim->dir, sizeof sim->dir, "/tmp/leakwatchd-sim-XXXXXX");
    REQUIRE(sim, mkdtemp(sim->dir));
    snprintf(sim->interval, sizeof sim->interval, "1m");
    snprintf(sim->base_block, sizeof sim->base_block, "1m");
    snprintf(sim->captures, sizeof sim->captures, "enabled: false");
    lw_strbuf_init(&sim->jobs, 1 << 16);
    FILE *f = fopen(path, "re");
    REQUIRE(sim, f);
    char line[1024];
    while (fgets(line, sizeof line, f)) {
        sim->line++;
        char *word[WORDS_MAX], *save = NULL;
        int n = 0;
        for (char *w = strtok_r(line, " \t\n", &save); w && w[0] != '#' && n < WORDS_MAX;
             w = strtok_r(NULL, " \t\n", &save))
            word[n++] = w;
        if (n)
            do_command(sim, word, n);
    }
    fclose(f);
    engine_free(&sim->engine);
    loop_free(&sim->world.loop);
    lw_strbuf_fini(&sim->jobs);
    remove_dir(sim->dir);
    bool held = sim->failures == 0;
    free(sim);
    return held;
}

static int is_scenario(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".sim") == 0;
}

int main(int argc, char **argv)
{
    if (!getenv("LW_SIM_LOG"))
        lw_log_set_sink(ignore_log, NULL);
    else
        lw_log_set_level(LW_LOG_DEBUG);
    if (argc > 1)
        return run_file(argv[1]) ? 0 : 1;
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/tests/sim/scenarios", getenv("LW_SRCDIR"));
    struct dirent **entries;
    int count = scandir(dir, &entries, is_scenario, alphasort), failed = 0;
    if (count <= 0) {
        fprintf(stderr, "no scenarios in %s\n", dir);
        return 1;
    }
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        char path[8192];
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        bool held = run_file(path);
        printf("%sok %d - %s\n", held ? "" : "not ", i + 1, entries[i]->d_name);
        failed += !held;
        free(entries[i]);
    }
    free(entries);
    return failed ? 1 : 0;
}
