/* Which known pattern of leaks the facts fit: each pattern's judge gives a score, the best are
 * told. What patterns look like in Go's profiles is taken from programs that leak in each way. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/patterns.h"

/* Scores: 5 for what only this pattern does, 3 or 4 for what is characteristic, 1 or 2 for what
 * fits. */
#define SCORE_SHOWN  2
#define SCORE_LIKELY 4
#define SCORE_STRONG 7

static const struct {
    const char *word;
    const char *title;
} names[] = {
#define PATTERN_ROW(name, word, title) [name] = {word, title},
    REPORT_PATTERNS(PATTERN_ROW)
#undef PATTERN_ROW
        [REPORT_NO_PATTERN] = {"unknown", "no known pattern"},
};

static const struct {
    report_judge *judge;
    const char *fix;
} patterns[REPORT_PATTERN_COUNT] = {
    [REPORT_CLOSURE_MAP] = {report_judge_closure_map,
        "Remove functions from the container when their owner goes, and let them capture the values "
        "they need instead of whole buffers."},
    [REPORT_ANY_MAP] = {report_judge_any_map,
        "Delete entries when they are done with, or give them a lifetime; a map of the concrete "
        "type saves the boxing."},
    [REPORT_REFLECT_TYPES] = {report_judge_reflect_types,
        "Make each type once and keep it by its description; types made at run time live as long as "
        "the process."},
    [REPORT_GENERIC_REGISTRY] = {report_judge_generic_registry,
        "Register each instantiation once, or remove it again; let the function capture values, not "
        "buffers."},
    [REPORT_SYNCMAP_KEYS] = {report_judge_syncmap_keys,
        "Use one comparable key type for all callers, and delete entries; keys of different dynamic "
        "types, or pointers, never match."},
    [REPORT_ERROR_CHAIN] = {report_judge_error_chain,
        "Do not wrap the last error into the next one in a loop; keep the newest, or a count."},
    [REPORT_TICKER] = {report_judge_ticker,
        "Stop tickers and timers with defer, use one timer with Reset instead of time.After in a "
        "loop, and call the cancel function of every context."},
    [REPORT_GOROUTINE] = {report_judge_goroutine,
        "Give each goroutine a way to end: a context, a closed channel, or a buffered channel for "
        "its one result."},
    [REPORT_HTTP_BODY] = {report_judge_http_body,
        "Close every response body (defer resp.Body.Close() after the error check), read it to its "
        "end, and share one http.Client."},
    [REPORT_CACHE_UNBOUNDED] = {report_judge_cache_unbounded,
        "Bound it: a maximum of entries or bytes with eviction, or a lifetime for each entry."},
    [REPORT_SUBSLICE] = {report_judge_subslice,
        "Copy the part that is kept (bytes.Clone, strings.Clone, slices.Clone), so that the large "
        "array can be freed."},
    [REPORT_FINALIZER_CYCLE] = {report_judge_finalizer_cycle,
        "Break the cycle, or put the finalizer on a small object outside of it (runtime.AddCleanup "
        "since Go 1.24); objects of a cycle with a finalizer are never freed."},
    [REPORT_SLOW] = {report_judge_slow,
        "Look at the stack and at the difference to the baseline; a longer window narrows the "
        "interval."},
};

const char *report_pattern_word(enum report_pattern pattern)
{
    return names[pattern].word;
}

const char *report_pattern_title(enum report_pattern pattern)
{
    return names[pattern].title;
}

const char *report_strength_word(enum report_strength strength)
{
    static const char *const words[] = {
        [REPORT_POSSIBLE] = "possible",
        [REPORT_LIKELY] = "likely",
        [REPORT_STRONG] = "strong",
    };
    return words[strength];
}

void report_notes_add(struct report_notes *notes, const char *fmt, ...)
{
    if (notes->count == REPORT_NOTES_MAX)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(notes->text[notes->count++], REPORT_NOTE_BYTES, fmt, ap);
    va_end(ap);
}

static enum report_strength strength_of(int score)
{
    return score >= SCORE_STRONG   ? REPORT_STRONG
           : score >= SCORE_LIKELY ? REPORT_LIKELY
                                   : REPORT_POSSIBLE;
}

static int best_first(const void *a, const void *b)
{
    const struct report_candidate *x = a, *y = b;
    if (x->score != y->score)
        return y->score - x->score;
    return (x->pattern > y->pattern) - (x->pattern < y->pattern);
}

/* One that is only possible is not worth reading beside one that is likely. */
static bool is_worth_telling(
    const struct report_candidate *candidate, const struct report_candidate *best)
{
    return candidate->score >= SCORE_SHOWN &&
           (candidate->strength > REPORT_POSSIBLE || best->strength == REPORT_POSSIBLE);
}

void report_diagnose(const struct report_facts *facts, struct report_diagnosis *diagnosis)
{
    struct report_signs signs;
    struct report_candidate *all = lw_new(REPORT_PATTERN_COUNT, sizeof *all);
    memset(diagnosis, 0, sizeof *diagnosis);
    report_signs_gather(&signs, facts);
    for (int i = 0; i < REPORT_PATTERN_COUNT; i++) {
        all[i].pattern = (enum report_pattern)i;
        all[i].fix = patterns[i].fix;
        patterns[i].judge(&signs, &all[i]);
        all[i].strength = strength_of(all[i].score);
    }
    qsort(all, REPORT_PATTERN_COUNT, sizeof *all, best_first);
    for (int i = 0; i < REPORT_CANDIDATES_MAX && is_worth_telling(&all[i], &all[0]); i++)
        diagnosis->list[diagnosis->count++] = all[i];
    free(all);
}

enum report_pattern report_diagnosis_pattern(const struct report_diagnosis *diagnosis)
{
    if (!diagnosis->count || diagnosis->list[0].strength < REPORT_LIKELY)
        return REPORT_NO_PATTERN;
    return diagnosis->list[0].pattern;
}
