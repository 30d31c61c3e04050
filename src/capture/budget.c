#include "capture/budget.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

#define HOURS       24
#define NS_PER_HOUR (3600 * LW_NS_PER_S)

/* Bytes of the last 24 hours, by the hour. */
struct day {
    int64_t hour; /* since 1970, of the newest slot */
    int64_t bytes[HOURS];
};

struct account {
    struct day day;
    int64_t set_aside;    /* bytes promised to the capture under way; 0: none is */
    struct lw_wall ended; /* the last one; 0: never */
    struct lw_wall touched;
    struct capture_refusal refusals[CAPTURE_REFUSALS_MAX]; /* a ring */
    size_t refusal_count;                                  /* ever */
};

struct capture_budget {
    struct lw_map accounts; /* by target id: owned struct account */
    struct day day;         /* of the fleet */
    int64_t set_aside;
    size_t under_way;
    uint64_t refused[CAPTURE_RULE_COUNT];
    struct lw_wall swept;
};

const char *capture_trigger_word(enum capture_trigger trigger)
{
    static const char *const words[] = {
#define CAPTURE_TRIGGER_WORD(name, word) word,
        CAPTURE_TRIGGERS(CAPTURE_TRIGGER_WORD)
#undef CAPTURE_TRIGGER_WORD
    };
    return words[trigger];
}

bool capture_rule_binds(enum capture_rule rule, enum capture_trigger trigger)
{
    bool is_own = trigger == CAPTURE_BY_VERDICT || trigger == CAPTURE_BY_MEMORY;
    return rule != CAPTURE_RULE_MUTED || is_own;
}

/* ---- bytes of a day ---- */

static int64_t day_sum(const struct day *day, struct lw_wall now)
{
    int64_t hour = now.ns / NS_PER_HOUR, sum = 0;
    for (int64_t h = day->hour; h > day->hour - HOURS && h >= 0; h--) {
        if (h > hour - HOURS)
            sum += day->bytes[h % HOURS];
    }
    return sum;
}

static void day_add(struct day *day, struct lw_wall now, int64_t bytes)
{
    int64_t hour = now.ns / NS_PER_HOUR;
    if (hour - day->hour >= HOURS)
        memset(day->bytes, 0, sizeof day->bytes);
    else
        for (int64_t h = day->hour + 1; h <= hour; h++)
            day->bytes[h % HOURS] = 0;
    if (hour > day->hour)
        day->hour = hour;
    day->bytes[day->hour % HOURS] += bytes;
}

/* ---- accounts ---- */

static bool is_idle(const struct account *a, struct lw_wall now)
{
    return !a->set_aside && now.ns - a->touched.ns > HOURS * NS_PER_HOUR;
}

/* Lets go of what no rule needs any more. Once an hour, so that a walk over all costs nothing. A
 * cooldown of more than a day keeps its account only a day: the config's longest is rare. */
static void sweep(struct capture_budget *budget, struct lw_wall now)
{
    if (now.ns - budget->swept.ns < NS_PER_HOUR)
        return;
    budget->swept = now;
    struct lw_map kept = {0};
    size_t at = 0;
    uint64_t id;
    void *account;
    while (lw_map_next(&budget->accounts, &at, &id, &account)) {
        if (is_idle(account, now))
            free(account);
        else
            lw_map_put(&kept, id, account);
    }
    lw_map_fini(&budget->accounts);
    budget->accounts = kept;
}

static struct account *account_of(
    struct capture_budget *budget, uint64_t target_id, struct lw_wall now)
{
    sweep(budget, now);
    struct account *a = lw_map_find(&budget->accounts, target_id);
    if (!a) {
        a = LW_NEW(struct account);
        lw_map_put(&budget->accounts, target_id, a);
    }
    a->touched = now;
    return a;
}

struct capture_budget *capture_budget_new(void)
{
    return LW_NEW(struct capture_budget);
}

void capture_budget_free(struct capture_budget **budget)
{
    if (!*budget)
        return;
    size_t at = 0;
    uint64_t id;
    void *account;
    while (lw_map_next(&(*budget)->accounts, &at, &id, &account))
        free(account);
    lw_map_fini(&(*budget)->accounts);
    free(*budget);
    *budget = NULL;
}

/* ---- the rules ---- */

static struct capture_judgement verdict(
    enum capture_rule rule, double value, double limit, const char *text)
{
    struct capture_judgement j = {
        .rule = rule, .value = value, .limit = limit, .passed = value <= limit};
    snprintf(j.text, sizeof j.text, "%s", text);
    return j;
}

static struct capture_judgement judge_cooldown(
    const struct account *a, const struct config_capture *config, struct lw_wall now)
{
    double cooldown_s = (double)config->cooldown_ns / 1e9;
    double since_s = a->ended.ns ? (double)(now.ns - a->ended.ns) / 1e9 : cooldown_s;
    double left_s = since_s < cooldown_s ? cooldown_s - since_s : 0;
    struct capture_judgement j = verdict(CAPTURE_RULE_COOLDOWN, left_s, 0, "");
    if (a->ended.ns)
        snprintf(j.text, sizeof j.text,
            "the last capture ended %.0f s ago; the next may begin %.0f s after it "
            "(capture.cooldown)",
            (double)(now.ns - a->ended.ns) / 1e9, cooldown_s);
    else
        snprintf(j.text, sizeof j.text, "it was not captured lately (capture.cooldown %.0f s)",
            cooldown_s);
    return j;
}

/* A capture may begin only if even the largest would fit. */
static struct capture_judgement judge_bytes(
    enum capture_rule rule, int64_t used, int64_t wanted, int64_t limit)
{
    struct capture_judgement j = verdict(rule, (double)(used + wanted), (double)limit, "");
    snprintf(j.text, sizeof j.text,
        "%lld bytes kept or set aside in 24 hours, a capture may need %lld (capture.size_limit); "
        "limit %lld (capture.%s)",
        (long long)used, (long long)wanted, (long long)limit, capture_rule_word(rule));
    return j;
}

void capture_budget_judge(const struct capture_budget *budget, const struct config_capture *config,
    const struct capture_wish *wish, struct capture_judgement judgements[CAPTURE_START_RULES])
{
    static const struct account none;
    const struct account *a = lw_map_find(&budget->accounts, wish->target_id);
    if (!a)
        a = &none;
    struct capture_judgement *j = judgements;
    j[CAPTURE_RULE_ENABLED] = verdict(CAPTURE_RULE_ENABLED, !config->enabled, 0,
        config->enabled ? "captures are enabled" : "captures are off (capture.enabled)");
    j[CAPTURE_RULE_MUTED] = verdict(CAPTURE_RULE_MUTED, wish->is_muted, 0,
        wish->is_muted ? "the incident it belongs to is muted" : "it is not muted");
    j[CAPTURE_RULE_UNDER_WAY] = verdict(CAPTURE_RULE_UNDER_WAY, a->set_aside > 0, 0,
        a->set_aside ? "a capture of this target is under way" : "none of it is under way");
    j[CAPTURE_RULE_COOLDOWN] = judge_cooldown(a, config, wish->now);
    j[CAPTURE_RULE_CONCURRENT] = verdict(
        CAPTURE_RULE_CONCURRENT, (double)budget->under_way + 1, (double)config->concurrent, "");
    snprintf(j[CAPTURE_RULE_CONCURRENT].text, CAPTURE_TEXT_BYTES,
        "%zu captures are under way, %lld may be at once (capture.concurrent)", budget->under_way,
        (long long)config->concurrent);
    j[CAPTURE_RULE_TARGET_BYTES] =
        judge_bytes(CAPTURE_RULE_TARGET_BYTES, day_sum(&a->day, wish->now) + a->set_aside,
            config->size_limit_bytes, config->target_bytes_per_day);
    j[CAPTURE_RULE_FLEET_BYTES] =
        judge_bytes(CAPTURE_RULE_FLEET_BYTES, day_sum(&budget->day, wish->now) + budget->set_aside,
            config->size_limit_bytes, config->fleet_bytes_per_day);
}

bool capture_budget_begin(struct capture_budget *budget, const struct config_capture *config,
    const struct capture_wish *wish, struct capture_judgement *why)
{
    struct capture_judgement judgements[CAPTURE_START_RULES];
    capture_budget_judge(budget, config, wish, judgements);
    for (size_t i = 0; i < CAPTURE_START_RULES; i++) {
        if (judgements[i].passed)
            continue;
        struct capture_refusal refusal = {wish->now, wish->trigger, judgements[i]};
        capture_budget_note(budget, wish->target_id, &refusal);
        if (why)
            *why = judgements[i];
        return false;
    }
    struct account *a = account_of(budget, wish->target_id, wish->now);
    a->set_aside = config->size_limit_bytes;
    budget->set_aside += a->set_aside;
    budget->under_way++;
    return true;
}

void capture_budget_end(
    struct capture_budget *budget, uint64_t target_id, size_t kept_bytes, struct lw_wall now)
{
    struct account *a = account_of(budget, target_id, now);
    assert(a->set_aside > 0 && budget->under_way > 0);
    budget->set_aside -= a->set_aside;
    budget->under_way--;
    a->set_aside = 0;
    capture_budget_remember(budget, target_id, kept_bytes, now);
}

void capture_budget_remember(
    struct capture_budget *budget, uint64_t target_id, size_t kept_bytes, struct lw_wall ended)
{
    struct account *a = account_of(budget, target_id, ended);
    a->ended = ended;
    day_add(&a->day, ended, (int64_t)kept_bytes);
    day_add(&budget->day, ended, (int64_t)kept_bytes);
}

void capture_budget_note(
    struct capture_budget *budget, uint64_t target_id, const struct capture_refusal *refusal)
{
    struct account *a = account_of(budget, target_id, refusal->at);
    a->refusals[a->refusal_count++ % CAPTURE_REFUSALS_MAX] = *refusal;
    budget->refused[refusal->why.rule]++;
}

size_t capture_budget_refusals(const struct capture_budget *budget, uint64_t target_id,
    struct capture_refusal refusals[CAPTURE_REFUSALS_MAX])
{
    const struct account *a = lw_map_find(&budget->accounts, target_id);
    size_t count = a ? a->refusal_count : 0;
    size_t kept = count < CAPTURE_REFUSALS_MAX ? count : CAPTURE_REFUSALS_MAX;
    for (size_t i = 0; i < kept; i++)
        refusals[i] = a->refusals[(count - 1 - i) % CAPTURE_REFUSALS_MAX];
    return kept;
}

uint64_t capture_budget_refused(const struct capture_budget *budget, enum capture_rule rule)
{
    return budget->refused[rule];
}

size_t capture_budget_under_way(const struct capture_budget *budget)
{
    return budget->under_way;
}
