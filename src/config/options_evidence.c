/* Options of what is kept of leaks. */
#include "config/config.h"
#include "config/rows.h"

static const struct config_option rows[] = {
    {
        .name = "max_bytes",
        .doc = "Most bytes of incidents and baselines; what goes first is told under Incidents.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_evidence, max_bytes),
        .fallback = "5GB",
        .min = KB(1024),
        .max = GB(1024),
    },
    {
        .name = "max_age",
        .doc = "How long an incident is kept that nobody pinned.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_evidence, max_age_ns),
        .fallback = "90d",
        .min = HOUR(1),
        .max = DAY(3650),
    },
};

const struct config_section config_evidence_section = {
    .title = "evidence",
    .size = sizeof(struct config_evidence),
    ROWS(rows),
};
