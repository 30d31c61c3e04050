/* Which known pattern of leaks the facts fit. */
#include <string.h>

#include "report/report.h"

static const struct {
    const char *word;
    const char *title;
} patterns[] = {
#define PATTERN_ROW(name, word, title) [name] = {word, title},
    REPORT_PATTERNS(PATTERN_ROW)
#undef PATTERN_ROW
        [REPORT_NO_PATTERN] = {"unknown", "no known pattern"},
};

const char *report_pattern_word(enum report_pattern pattern)
{
    return patterns[pattern].word;
}

const char *report_pattern_title(enum report_pattern pattern)
{
    return patterns[pattern].title;
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

enum report_pattern report_diagnosis_pattern(const struct report_diagnosis *diagnosis)
{
    if (!diagnosis->count || diagnosis->list[0].strength < REPORT_LIKELY)
        return REPORT_NO_PATTERN;
    return diagnosis->list[0].pattern;
}

void report_diagnose(const struct report_facts *facts, struct report_diagnosis *diagnosis)
{
    (void)facts;
    memset(diagnosis, 0, sizeof *diagnosis);
}
