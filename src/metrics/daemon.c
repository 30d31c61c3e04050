/* Families about the daemon itself. */
#include <stdio.h>

#include "metrics/families.h"

static void counter(
    struct expo *e, const char *name, const char *unit, const char *help, uint64_t v)
{
    expo_family(e, EXPO_COUNTER, name, unit, help);
    expo_int(e, (int64_t)v);
}

static void gauge(struct expo *e, const char *name, const char *unit, const char *help, uint64_t v)
{
    expo_family(e, EXPO_GAUGE, name, unit, help);
    expo_int(e, (int64_t)v);
}

static void config_families(struct expo *e, const struct metrics_daemon *d)
{
    gauge(e, "leakwatch_config_last_reload_successful", NULL,
        "Whether the last attempt to read the configuration went well.", d->reload_successful);
    expo_family(e, EXPO_GAUGE, "leakwatch_config_last_reload_success_timestamp_seconds", "seconds",
        "When the configuration was last read successfully.");
    expo_double(e, lw_wall_s(d->reload_success_at));
    gauge(e, "leakwatch_file_sd_failing_files", NULL,
        "Files of file_sd_configs whose last reading failed; their last good targets stay.",
        d->file_sd_failing);
}

static void store_families(struct expo *e, const struct metrics_view *view, uint64_t set_aside)
{
    const struct store_stats *stats = store_stats(view->store);
    gauge(e, "leakwatch_store_sites", NULL, "Call stacks held in memory.", stats->sites);
    gauge(e, "leakwatch_store_followed_series", NULL,
        "Series followed by the trend engine, totals of targets included.", stats->followed);
    counter(e, "leakwatch_store_batches", NULL, "Batches written to the store's file.",
        stats->batches_written);
    counter(e, "leakwatch_store_batch_failures", NULL,
        "Batches that could not be written; what they held goes into the next one.",
        stats->batches_failed);
    counter(e, "leakwatch_store_images_refused", NULL,
        "Rows of the store's file that could not be read back.", stats->images_refused);
    counter(e, "leakwatch_store_files_set_aside", NULL,
        "Damaged files and incidents that were renamed.", set_aside);
}

static void refusal_families(struct expo *e, const struct metrics_daemon *d)
{
    expo_family(e, EXPO_COUNTER, "leakwatch_capture_refusals", NULL,
        "Captures, or steps of one, that a rule refused.");
    for (int rule = 0; rule < CAPTURE_RULE_COUNT; rule++) {
        expo_label(e, "rule", capture_rule_word((enum capture_rule)rule));
        expo_int(e, (int64_t)d->capture_refusals[rule]);
    }
}

static void capture_families(struct expo *e, const struct metrics_daemon *d)
{
    const struct {
        const char *outcome;
        uint64_t count;
    } captures[] = {
        {"whole", d->captures_whole},
        {"partial", d->captures_partial},
        {"failed", d->captures_failed},
    };
    expo_family(e, EXPO_COUNTER, "leakwatch_captures", NULL,
        "Captures that ended: with all that was to be had, with a part of it, with nothing.");
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
        expo_label(e, "outcome", captures[i].outcome);
        expo_int(e, (int64_t)captures[i].count);
    }
    gauge(
        e, "leakwatch_captures_under_way", NULL, "Captures under way now.", d->captures_under_way);
    expo_family(e, EXPO_COUNTER, "leakwatch_incidents", NULL,
        "Incidents that were reported, by what asked for the capture.");
    for (int trigger = 0; trigger < CAPTURE_TRIGGER_COUNT; trigger++) {
        expo_label(e, "trigger", capture_trigger_word((enum capture_trigger)trigger));
        expo_int(e, (int64_t)d->incidents[trigger]);
    }
    expo_family(e, EXPO_GAUGE, "leakwatch_evidence_bytes", "bytes",
        "Files of all incidents that are kept.");
    expo_int(e, d->evidence_bytes);
    counter(e, "leakwatch_baseline_failures", NULL,
        "Heaps that were to be kept for comparison and could not be written.", d->baselines_failed);
    refusal_families(e, d);
}

static void http_families(struct expo *e, const struct metrics_daemon *d)
{
    static const char *const classes[] = {NULL, "1xx", "2xx", "3xx", "4xx", "5xx"};
    expo_family(
        e, EXPO_COUNTER, "leakwatch_http_requests", NULL, "Requests answered, by class of status.");
    for (int i = 2; i < 6; i++) {
        expo_label(e, "status", classes[i]);
        expo_int(e, (int64_t)d->http_requests_by_class[i]);
    }
    gauge(e, "leakwatch_http_connections", NULL, "Connections open now.", d->http_connections);
}

static void alert_families(struct expo *e, const struct metrics_daemon *d)
{
    expo_family(e, EXPO_COUNTER, "leakwatch_webhook_alerts", NULL,
        "Alerts that came in from Alertmanager, by what became of them.");
    for (int fate = 0; fate < ALERT_FATE_COUNT; fate++) {
        expo_label(e, "result", alert_fate_word((enum alert_fate)fate));
        expo_int(e, (int64_t)d->alerts_received[fate]);
    }
    gauge(e, "leakwatch_alerts_firing", NULL, "Leaks that the Alertmanagers are told of.",
        d->alerts_firing);
    gauge(e, "leakwatch_alerts_left_out", NULL,
        "Leaks they are not told of, because there are too many.", d->alerts_left_out);
    counter(e, "leakwatch_notifications", NULL, "Requests to Alertmanagers, each of some alerts.",
        d->notifications);
    counter(e, "leakwatch_notifications_failed", NULL,
        "Requests to Alertmanagers that failed; what they held is sent again with the next round.",
        d->notifications_failed);
}

static void upload_families(struct expo *e, const struct metrics_daemon *d)
{
    const struct {
        const char *outcome;
        uint64_t count;
    } uploads[] = {
        {"stored", d->uploads_stored},
        {"retry", d->uploads_retried},
        {"refused", d->uploads_refused},
    };
    expo_family(e, EXPO_COUNTER, "leakwatch_uploads", NULL,
        "Tries to copy an incident to object storage: it is there, to be tried again, given up.");
    for (size_t i = 0; i < sizeof uploads / sizeof *uploads; i++) {
        expo_label(e, "outcome", uploads[i].outcome);
        expo_int(e, (int64_t)uploads[i].count);
    }
    gauge(e, "leakwatch_upload_queue", NULL, "Incidents that wait to be copied.", d->upload_queue);
}

void families_daemon(struct expo *e, const struct metrics_view *view)
{
    struct metrics_daemon d = view->daemon(view->daemon_ctx);
    expo_family(e, EXPO_INFO, "leakwatch_build", NULL, "What this leakwatchd is.");
    expo_label(e, "version", view->version);
    expo_label(e, "revision", view->revision);
    expo_int(e, 1);
    config_families(e, &d);
    counter(e, "leakwatch_scrapes_missed", NULL,
        "Scrapes that were due while the one before had not ended.", d.scrapes_missed);
    counter(e, "leakwatch_scrapes_refused", NULL,
        "Bodies that were dropped because the workers were behind.", d.scrapes_refused);
    gauge(e, "leakwatch_jobs_under_way", NULL, "Jobs that workers have or wait for.",
        d.jobs_under_way);
    store_families(e, view, d.store_files_set_aside);
    capture_families(e, &d);
    http_families(e, &d);
    alert_families(e, &d);
    upload_families(e, &d);
}
