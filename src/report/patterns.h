/* One judge a pattern: looks at the signs and writes down what speaks for it and against it.
 * Private to report/. */
#ifndef LW_REPORT_PATTERNS_H
#define LW_REPORT_PATTERNS_H

#include "report/signs.h"

/* Adds a sentence; beyond REPORT_NOTES_MAX none is kept. */
void report_notes_add(struct report_notes *notes, const char *fmt, ...) LW_PRINTF(2, 3);

/* A pattern's judge; `candidate` comes with its pattern set and a score of 0, which stays where
 * nothing characteristic is seen. */
typedef void report_judge(const struct report_signs *signs, struct report_candidate *candidate);

report_judge report_judge_closure_map;
report_judge report_judge_any_map;
report_judge report_judge_reflect_types;
report_judge report_judge_generic_registry;
report_judge report_judge_syncmap_keys;
report_judge report_judge_error_chain;
report_judge report_judge_ticker;
report_judge report_judge_goroutine;
report_judge report_judge_http_body;
report_judge report_judge_cache_unbounded;
report_judge report_judge_subslice;
report_judge report_judge_finalizer_cycle;
report_judge report_judge_slow;

#endif
