/* Facts that nothing is known of yet, and what follows from facts. */
#include <string.h>

#include "report/report.h"

void report_growth_init(struct report_growth *growth)
{
    memset(growth, 0, sizeof *growth);
    growth->verdict = "";
    growth->rate = REPORT_UNKNOWN;
    growth->window_s = NAN;
    growth->retention = NAN;
    growth->age_s = NAN;
}

void report_facts_init(struct report_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    report_growth_init(&facts->subject);
    facts->memory = (struct report_memory){
        .rss = NAN,
        .inuse = NAN,
        .idle = NAN,
        .stacks = NAN,
        .runtime = NAN,
        .other = NAN,
        .limit = NAN,
    };
    facts->limit_in_s = REPORT_UNKNOWN;
}

bool report_baseline_is_late(const struct report_facts *facts)
{
    int64_t onset_ns = facts->subject.onset_from.ns;
    return facts->baseline && onset_ns && facts->baseline_at.ns >= onset_ns;
}
