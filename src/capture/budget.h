/* Which captures may begin: one at a time and a cooldown for each target, some at once and some
 * bytes a day over the fleet. Keeps account, and the last refusals for people to read. Pure: the
 * time is passed in, nothing is scheduled.
 *
 * Bound: about 1.5 KiB for each target that was captured or refused within the last day. */
#ifndef LW_CAPTURE_BUDGET_H
#define LW_CAPTURE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "capture/rules.h"

/* What asks for a capture: X(name, word). */
#define CAPTURE_TRIGGERS(X) \
    X(CAPTURE_BY_VERDICT, "verdict") \
    X(CAPTURE_BY_MEMORY, "memory") \
    X(CAPTURE_BY_WEBHOOK, "webhook") \
    X(CAPTURE_BY_API, "api")

enum capture_trigger {
#define CAPTURE_TRIGGER_ENUM(name, word) name,
    CAPTURE_TRIGGERS(CAPTURE_TRIGGER_ENUM)
#undef CAPTURE_TRIGGER_ENUM
        CAPTURE_TRIGGER_COUNT
};

const char *capture_trigger_word(enum capture_trigger trigger);

/* Whether a rule is held against what asks: a mute is about what the daemon says by itself; whoever
 * else asks for a capture gets it. */
bool capture_rule_binds(enum capture_rule rule, enum capture_trigger trigger);

struct capture_refusal {
    struct lw_wall at;
    enum capture_trigger trigger;
    struct capture_judgement why;
};

#define CAPTURE_REFUSALS_MAX 4 /* kept of each target */

struct capture_budget;

struct capture_budget *capture_budget_new(void);
void capture_budget_free(struct capture_budget **budget);

/* A capture that someone would like to begin now. */
struct capture_wish {
    uint64_t target_id;
    enum capture_trigger trigger;
    bool is_muted; /* what it would be about is not to be told of */
    struct lw_wall now;
};

/* Holds all CAPTURE_START_RULES rules against a wish, in their order. Changes nothing. */
void capture_budget_judge(const struct capture_budget *budget, const struct config_capture *config,
    const struct capture_wish *wish, struct capture_judgement judgements[CAPTURE_START_RULES]);

/* Begins a capture, if every rule passes: size_limit bytes of the day are set aside for it until
 * capture_budget_end. If not, *why (may be NULL) is the first rule that did not pass; it is
 * counted, and kept among the last refusals of the target. */
bool capture_budget_begin(struct capture_budget *budget, const struct config_capture *config,
    const struct capture_wish *wish, struct capture_judgement *why);

/* The capture under way of a target is over and kept that many bytes; the cooldown begins. */
void capture_budget_end(
    struct capture_budget *budget, uint64_t target_id, size_t kept_bytes, struct lw_wall now);

/* A capture of before the daemon started, which ended then and kept that many bytes. To be told
 * oldest first, before the first capture begins. */
void capture_budget_remember(
    struct capture_budget *budget, uint64_t target_id, size_t kept_bytes, struct lw_wall ended);

/* A step of a capture was refused: counted and kept like other refusals. */
void capture_budget_note(
    struct capture_budget *budget, uint64_t target_id, const struct capture_refusal *refusal);

/* The last refusals of a target, newest first. Returns how many there are. */
size_t capture_budget_refusals(const struct capture_budget *budget, uint64_t target_id,
    struct capture_refusal refusals[CAPTURE_REFUSALS_MAX]);

/* How often a rule refused since the daemon started. */
uint64_t capture_budget_refused(const struct capture_budget *budget, enum capture_rule rule);

size_t capture_budget_under_way(const struct capture_budget *budget);

#endif
