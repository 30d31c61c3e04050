/* The goroutines of a target by stack, followed as its heap is. */
#ifndef LW_STORE_GOROUTINES_H
#define LW_STORE_GOROUTINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "profile/waits.h"
#include "trend/trend.h"

struct store_row;
struct store_target;

/* Growth that is looked at: fewer goroutines than this need no one's attention, however they came.
 */
#define STORE_GOROUTINES_GROWTH_MIN 32

/* What the trend engine calls bytes are goroutines here: the settings for them. Their count is
 * exact, so there is no sampling noise, and growth beyond STORE_GOROUTINES_GROWTH_MIN is growth.
 * Times are those of heaps, but points come every interval_ns, and a gap is more than six of them.
 */
void store_goroutines_config(
    const struct trend_config *heap, int64_t interval_ns, struct trend_config *config);

/* What the goroutines of a group wait for. */
enum profile_wait store_goroutines_wait(const struct store_row *group);

/* Whether goroutines of a group may hold on to what a site allocates: the program's function that
 * either stands in is on the other's stack, closures counted to the function they are in. Goes by
 * names, so it says where to look and proves nothing. */
bool store_goroutines_join(const struct store_row *group, const struct store_row *site);

/* Whether a group grows, or leaks. */
bool store_goroutines_is_suspect(const struct store_row *group);

#endif
