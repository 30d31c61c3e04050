#include "report_facts.h"

#include <string.h>

void known_init(struct known *k)
{
    memset(k, 0, sizeof *k);
    report_facts_init(&k->facts);
    k->facts.target.job = "checkout";
    k->facts.target.instance = "host1:6060";
    k->facts.others = k->others;
    k->facts.goroutines = k->goroutines;
    k->facts.subject.verdict = "leak";
    k->facts.subject.retention = .97;
    k->facts.subject.rate = (struct report_estimate){70000, 66000, 74000};
}

struct report_stack known_stack(struct known *k, const char *functions)
{
    struct report_stack stack = {.frames = k->frames[k->stacks]};
    char *copy = k->names[k->stacks], *save = NULL;
    assert_true(strlen(functions) < sizeof k->names[0]);
    strcpy(copy, functions);
    bool has_leaf = false, has_responsible = false;
    for (char *name = strtok_r(copy, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
        assert_true(stack.count < KNOWN_MAX);
        if (strncmp(name, "runtime.", 8) != 0 && !has_leaf) {
            stack.leaf = stack.responsible = stack.count;
            has_leaf = true;
        }
        if (strncmp(name, "main.", 5) == 0 && !has_responsible) {
            stack.responsible = stack.count;
            has_responsible = true;
        }
        k->frames[k->stacks][stack.count++] = (struct report_frame){name, "/src/main.go", 88};
    }
    k->stacks++;
    return stack;
}

void known_subject(struct known *k, const char *type, const char *kind, const char *functions)
{
    k->facts.subject.id = 1;
    k->facts.subject.type = (struct report_type){type, kind, "", NULL};
    k->facts.subject.stack = known_stack(k, functions);
}

void known_other(struct known *k, const char *type, const char *kind, const char *functions)
{
    assert_true(k->facts.other_count < KNOWN_MAX);
    struct report_growth *g = &k->others[k->facts.other_count++];
    report_growth_init(g);
    g->id = 1 + k->facts.other_count;
    g->type = (struct report_type){type, kind, "", NULL};
    g->stack = known_stack(k, functions);
}

void known_group(
    struct known *k, int64_t count, double growth_per_hour, const char *wait, const char *functions)
{
    assert_true(k->facts.goroutine_count < KNOWN_MAX);
    k->goroutines[k->facts.goroutine_count++] = (struct report_goroutines){.count = count,
        .growth_per_hour = growth_per_hour,
        .wait = wait,
        .created_by = "",
        .stack = known_stack(k, functions)};
}
