/* Which alerts were acted on already: a pair of Alertmanagers and `repeat_interval` both deliver
 * one alert many times. An alert is its fingerprint and when it began to fire. */
#ifndef LW_ALERT_SEEN_H
#define LW_ALERT_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/webhook.h"

/* Remembers this many, about 3 MiB; past it the oldest is forgotten. */
#define ALERT_SEEN_MAX 65536

struct alert_seen;

struct alert_seen *alert_seen_new(void);
void alert_seen_free(struct alert_seen **seen);

bool alert_seen_has(const struct alert_seen *seen, const struct alert_notice *notice);
void alert_seen_add(struct alert_seen *seen, const struct alert_notice *notice);

#endif
