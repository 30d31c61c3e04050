/* The report for programs. */
#include <stdlib.h>

#include "base/json.h"
#include "report/report.h"

int report_encode_json(const struct report_facts *facts, const struct report_diagnosis *diagnosis,
    struct lw_strbuf *out, struct lw_err *err)
{
    char title[REPORT_TITLE_BYTES];
    cJSON *root = cJSON_CreateObject();
    lw_json_id(root, "id", facts->incident_id);
    lw_json_text(root, "title", report_title(facts, title));
    lw_json_text(root, "pattern", report_pattern_word(report_diagnosis_pattern(diagnosis)));
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    if (!text)
        return lw_err_set(err, LW_NO_MEMORY, "no memory for the report");
    lw_strbuf_adds(out, text);
    free(text);
    if (out->failed)
        return lw_err_set(
            err, LW_TOO_LARGE, "the report is larger than its limit of %zu bytes", out->limit);
    return 0;
}
