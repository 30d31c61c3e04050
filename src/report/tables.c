#include "report/tables.h"

#include <string.h>

#include "profile/diff.h"

static const struct report_type *type_of(const struct report_facts *facts, uint64_t site_id)
{
    return facts->types ? lw_map_find(facts->types, site_id) : NULL;
}

void report_table_of_gc(struct report_table *table, const struct report_facts *facts)
{
    memset(table, 0, sizeof *table);
    if (!facts->before_gc || !facts->after_gc)
        return;
    struct lw_map after = {0};
    for (size_t i = 0; i < facts->after_gc->site_count; i++)
        lw_map_put(&after, facts->after_gc->sites[i].id, (void *)&facts->after_gc->sites[i]);
    for (size_t i = 0; i < facts->before_gc->site_count; i++) {
        const struct profile_site *site = &facts->before_gc->sites[i];
        if (!site->values.inuse_bytes || table->total++ >= REPORT_ROWS_MAX)
            continue;
        const struct profile_site *left = lw_map_find(&after, site->id);
        struct report_row *row = &table->rows[table->count++];
        *row = (struct report_row){
            .site = site, .type = type_of(facts, site->id), .before = site->values};
        if (left)
            row->after = left->values;
    }
    lw_map_fini(&after);
}

void report_table_of_diff(struct report_table *table, const struct report_facts *facts)
{
    memset(table, 0, sizeof *table);
    if (!facts->baseline || !facts->before_gc)
        return;
    struct profile_diff *diff =
        profile_diff_new(facts->baseline, facts->before_gc, PROFILE_INUSE_SPACE);
    for (size_t i = 0; i < diff->count; i++) {
        const struct profile_change *change = &diff->rows[i];
        if (!profile_change_of(change, PROFILE_INUSE_SPACE))
            continue;
        if (table->total++ < REPORT_ROWS_MAX)
            table->rows[table->count++] = (struct report_row){.site = change->site,
                .type = type_of(facts, change->site->id),
                .before = change->base,
                .after = change->to};
    }
    profile_diff_free(&diff);
}

int64_t report_row_freed_bytes(const struct report_row *row)
{
    int64_t freed = row->before.inuse_bytes - row->after.inuse_bytes;
    return freed > 0 ? freed : 0;
}
