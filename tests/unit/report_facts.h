/* Facts of an incident that a test makes by hand. Includes what cmocka wants before itself. */
#ifndef LW_TESTS_REPORT_FACTS_H
#define LW_TESTS_REPORT_FACTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/report.h"

#define KNOWN_MAX 8

/* Facts with the subject and up to KNOWN_MAX other growths and goroutine groups. */
struct known {
    struct report_facts facts;
    struct report_growth others[KNOWN_MAX];
    struct report_goroutines goroutines[KNOWN_MAX];
    struct report_frame frames[2 * KNOWN_MAX + 1][KNOWN_MAX];
    size_t stacks;
    char names[2 * KNOWN_MAX + 1][256]; /* of the functions of a stack */
};

/* A leak of checkout that keeps 97 % of what it allocates. */
void known_init(struct known *k);

/* A stack of functions, leaf first, separated by spaces; the first of package main is
 * responsible, without one the leaf. */
struct report_stack known_stack(struct known *k, const char *functions);

/* What leaks; type and kind may be "". */
void known_subject(struct known *k, const char *type, const char *kind, const char *functions);
/* What grows beside it. */
void known_other(struct known *k, const char *type, const char *kind, const char *functions);
void known_group(struct known *k, int64_t count, double growth_per_hour, const char *wait,
    const char *functions);

#endif
