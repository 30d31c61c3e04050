/* All incidents in memory, sorted by time, the newest at the end of the list. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "evidence/evidence.h"

struct evidence_catalogue {
    struct evidence_incident **list; /* owned, by rising id: ids sort by time */
    size_t count;
    size_t cap;
    int64_t bytes;
};

struct evidence_catalogue *evidence_catalogue_new(void)
{
    return LW_NEW(struct evidence_catalogue);
}

void evidence_catalogue_free(struct evidence_catalogue **catalogue)
{
    if (!*catalogue)
        return;
    for (size_t i = 0; i < (*catalogue)->count; i++)
        evidence_incident_free(&(*catalogue)->list[i]);
    free((*catalogue)->list);
    free(*catalogue);
    *catalogue = NULL;
}

/* Where the id stands in the list, or would stand. */
static size_t place_of(const struct evidence_catalogue *catalogue, uint64_t id)
{
    size_t lo = 0, hi = catalogue->count;
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        if (catalogue->list[middle]->id < id)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static bool is_at(const struct evidence_catalogue *catalogue, size_t at, uint64_t id)
{
    return at < catalogue->count && catalogue->list[at]->id == id;
}

static void insert(
    struct evidence_catalogue *catalogue, size_t at, struct evidence_incident *incident)
{
    if (catalogue->count == catalogue->cap) {
        catalogue->cap = catalogue->cap ? 2 * catalogue->cap : 64;
        catalogue->list = lw_renew(catalogue->list, catalogue->cap, sizeof *catalogue->list);
    }
    memmove(&catalogue->list[at + 1], &catalogue->list[at],
        (catalogue->count - at) * sizeof *catalogue->list);
    catalogue->list[at] = incident;
    catalogue->count++;
    catalogue->bytes += incident->bytes;
}

void evidence_catalogue_put(
    struct evidence_catalogue *catalogue, struct evidence_incident **incident)
{
    size_t at = place_of(catalogue, (*incident)->id);
    if (is_at(catalogue, at, (*incident)->id)) {
        if (catalogue->list[at]->revision > (*incident)->revision) {
            evidence_incident_free(incident);
            return;
        }
        catalogue->bytes += (*incident)->bytes - catalogue->list[at]->bytes;
        evidence_incident_free(&catalogue->list[at]);
        catalogue->list[at] = *incident;
    } else {
        insert(catalogue, at, *incident);
    }
    *incident = NULL;
}

void evidence_catalogue_remove(struct evidence_catalogue *catalogue, uint64_t id)
{
    size_t at = place_of(catalogue, id);
    if (!is_at(catalogue, at, id))
        return;
    catalogue->bytes -= catalogue->list[at]->bytes;
    evidence_incident_free(&catalogue->list[at]);
    catalogue->count--;
    memmove(&catalogue->list[at], &catalogue->list[at + 1],
        (catalogue->count - at) * sizeof *catalogue->list);
}

size_t evidence_catalogue_count(const struct evidence_catalogue *catalogue)
{
    return catalogue->count;
}

const struct evidence_incident *evidence_catalogue_at(
    const struct evidence_catalogue *catalogue, size_t index)
{
    assert(index < catalogue->count);
    return catalogue->list[catalogue->count - 1 - index];
}

const struct evidence_incident *evidence_catalogue_find(
    const struct evidence_catalogue *catalogue, uint64_t id)
{
    size_t at = place_of(catalogue, id);
    return is_at(catalogue, at, id) ? catalogue->list[at] : NULL;
}

const struct evidence_incident *evidence_catalogue_newest(
    const struct evidence_catalogue *catalogue, uint64_t target_id)
{
    for (size_t i = catalogue->count; i-- > 0;) {
        if (catalogue->list[i]->target_id == target_id)
            return catalogue->list[i];
    }
    return NULL;
}

/* A total says little of what leaks, so muting one does not mute the other replicas'. */
static bool is_same_leak(const struct evidence_incident *a, const struct evidence_incident *b)
{
    if (a->subject != b->subject)
        return false;
    if (!a->subject)
        return a->target_id == b->target_id;
    return a->job && b->job && strcmp(a->job, b->job) == 0;
}

bool evidence_catalogue_is_muted(const struct evidence_catalogue *catalogue,
    const struct evidence_incident *like, struct lw_wall now)
{
    for (size_t i = catalogue->count; i-- > 0;) {
        if (evidence_incident_is_muted(catalogue->list[i], now) &&
            is_same_leak(catalogue->list[i], like))
            return true;
    }
    return false;
}

int64_t evidence_catalogue_bytes(const struct evidence_catalogue *catalogue)
{
    return catalogue->bytes;
}
