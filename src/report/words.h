/* How quantities are spelt for people. Private to report/. */
#ifndef LW_REPORT_WORDS_H
#define LW_REPORT_WORDS_H

#include "report/report.h"

#define REPORT_WORD_BYTES 64

struct report_word {
    char text[REPORT_WORD_BYTES];
};

/* "4.1 MiB", "-512 B"; "unknown" for NAN, as below. */
struct report_word report_word_bytes(double bytes);

/* Bytes per second as "4.1 MiB/min", or an hour where a minute is less than 10 KiB. */
struct report_word report_word_rate(double bytes_per_s);

/* The same with its interval: "4.1 MiB/min (3.8 MiB to 4.4 MiB)". */
struct report_word report_word_rate_interval(const struct report_estimate *rate);

/* "2 h 50 min", "45 s", "3 d 4 h"; "never" for infinity. */
struct report_word report_word_duration(double seconds);

/* "2026-11-21 04:14 UTC" */
struct report_word report_word_time(struct lw_wall at);

#endif
