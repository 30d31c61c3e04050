/* The report for people: Markdown for a ticket. */
#include <stdio.h>

#include "report/report.h"

const char *report_title(const struct report_facts *facts, char title[REPORT_TITLE_BYTES])
{
    const struct report_growth *s = &facts->subject;
    const char *what = s->type.name;
    if ((!what || !what[0]) && s->stack.count)
        what = s->stack.frames[s->stack.responsible].function;
    if (!what || !what[0])
        what = "the heap";
    snprintf(title, REPORT_TITLE_BYTES, "%s grows in %s", what,
        facts->target.job ? facts->target.job : "a target");
    return title;
}

int report_encode_markdown(const struct report_facts *facts,
    const struct report_diagnosis *diagnosis, struct lw_strbuf *out, struct lw_err *err)
{
    char title[REPORT_TITLE_BYTES];
    (void)diagnosis;
    lw_strbuf_addf(out, "# %s\n", report_title(facts, title));
    if (out->failed)
        return lw_err_set(
            err, LW_TOO_LARGE, "the report is larger than its limit of %zu bytes", out->limit);
    return 0;
}
