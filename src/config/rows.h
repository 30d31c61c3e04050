/* How the tables of options are written. Private to the files that hold them. */
#ifndef LW_CONFIG_ROWS_H
#define LW_CONFIG_ROWS_H

#include "base/time.h"
#include "config/options.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define ROWS(rows)      .options = (rows), .option_count = COUNT_OF(rows)

#define MS(n)   ((n)*LW_NS_PER_MS)
#define S(n)    ((n)*LW_NS_PER_S)
#define HOUR(n) (S(3600) * (n))
#define DAY(n)  (HOUR(24) * (n))
#define KB(n)   ((int64_t)(n) << 10)
#define GB(n)   ((int64_t)(n) << 30)

/* Who we are and whom we trust, the same wherever something is fetched or sent: options.c */
extern const struct config_section config_basic_auth_section;
extern const struct config_section config_authorization_section;
extern const struct config_section config_tls_section;

extern const struct config_section config_capture_section;  /* options_capture.c */
extern const struct config_section config_evidence_section; /* options_evidence.c */
extern const struct config_section config_upload_section;   /* options_upload.c */

/* options_alert.c */
extern const struct config_section config_web_section;      /* struct config_web */
extern const struct config_section config_alerting_section; /* struct config_alerting */
extern const struct config_section config_gate_section;     /* struct config_gate */

#endif
