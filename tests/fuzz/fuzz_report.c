/* Any names of types and functions: four lines a growth (type, kind, function, caller), the first
 * is the subject. The report must be JSON, and UTF-8 either way. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/utf8.h"
#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GROWTHS_MAX 8

static void require(int truth)
{
    if (!truth)
        abort();
}

/* The next line of the text, "" after the last. */
static const char *take_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    *at = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    return line;
}

static void fill(struct report_growth *growth, struct report_frame frames[2], char **at)
{
    report_growth_init(growth);
    growth->verdict = "leak";
    growth->retention = 1;
    growth->rate = (struct report_estimate){1e5, 9e4, HUGE_VAL};
    growth->values = (struct profile_values){1, INT64_MAX, 1, 1 << 20};
    growth->type.name = take_line(at);
    growth->type.kind = take_line(at);
    frames[0] = (struct report_frame){take_line(at), growth->type.name, INT64_MAX};
    frames[1] = (struct report_frame){take_line(at), "", 0};
    growth->stack = (struct report_stack){frames, 2, 0, 1};
}

static void require_utf8(const char *text)
{
    size_t n;
    while ((n = lw_utf8_sequence(text)))
        text += n;
    require(!*text);
}

static void check(const struct report_facts *facts)
{
    struct report_diagnosis diagnosis;
    struct lw_strbuf out;
    struct lw_err err;
    report_diagnose(facts, &diagnosis);
    require(diagnosis.count <= REPORT_CANDIDATES_MAX);
    lw_strbuf_init(&out, 4 << 20);
    if (report_encode_json(facts, &diagnosis, &out, &err) == 0) {
        cJSON *json = cJSON_Parse(out.data);
        require(json != NULL);
        cJSON_Delete(json);
        require_utf8(out.data);
    }
    lw_strbuf_fini(&out);
    lw_strbuf_init(&out, 4 << 20);
    if (report_encode_markdown(facts, &diagnosis, &out, &err) == 0)
        require_utf8(out.data);
    lw_strbuf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct report_facts facts;
    struct report_growth others[GROWTHS_MAX];
    struct report_frame frames[GROWTHS_MAX + 1][2];
    char *text = malloc(size + 1), *at = text;
    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    report_facts_init(&facts);
    fill(&facts.subject, frames[0], &at);
    facts.subject.id = 1;
    facts.others = others;
    while (*at && facts.other_count < GROWTHS_MAX) {
        size_t i = facts.other_count++;
        fill(&others[i], frames[i + 1], &at);
        others[i].id = i + 2;
    }
    facts.reason = facts.target.job = facts.subject.type.name;
    check(&facts);
    free(text);
    return 0;
}
