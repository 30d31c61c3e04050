#include "store/sites.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NAME_BYTES_MAX 1024 /* of a function or file; generic instantiations can be very long */

struct store_site *site_new(uint64_t id, size_t frames)
{
    struct store_site *site = LW_NEW(struct store_site);
    site->id = id;
    site->frames = lw_new(frames, sizeof *site->frames);
    site->frame_count = frames;
    return site;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static char *bounded_copy(const char *s)
{
    size_t len = strnlen(s, NAME_BYTES_MAX);
    /* Not within a UTF-8 sequence, of at most four bytes: a label cut there would not be text. */
    for (int i = 0; i < 3 && is_continuation(s[len]); i++)
        len--;
    return lw_strndup(s, len);
}

void site_free(struct store_site *site)
{
    for (size_t i = 0; i < site->frame_count; i++) {
        free(site->frames[i].function);
        free(site->frames[i].file);
    }
    free(site->frames);
    free(site);
}

void sites_fini(struct sites *sites)
{
    size_t at = 0;
    void *site;
    while (lw_map_next(&sites->by_id, &at, NULL, &site))
        site_free(site);
    lw_map_fini(&sites->by_id);
}

static struct store_site *copy_of(const struct profile_site *from)
{
    size_t frames = from->frame_count < STORE_FRAMES_MAX ? from->frame_count : STORE_FRAMES_MAX;
    struct store_site *site = site_new(from->id, frames);
    site->lineage = from->lineage;
    site->leaf = from->leaf < frames ? from->leaf : 0;
    site->responsible = from->responsible < frames ? from->responsible : site->leaf;
    for (size_t i = 0; i < frames; i++) {
        const struct profile_frame *f = from->frames[i];
        site->frames[i] = (struct store_frame){
            .function = bounded_copy(f->function), .file = bounded_copy(f->file), .line = f->line};
    }
    return site;
}

struct store_site *sites_ref_profile(struct sites *sites, const struct profile_site *from)
{
    struct store_site *site = lw_map_find(&sites->by_id, from->id);
    if (!site) {
        site = copy_of(from);
        lw_map_put(&sites->by_id, site->id, site);
    }
    site->refs++;
    return site;
}

void sites_add(struct sites *sites, struct store_site *site)
{
    if (lw_map_find(&sites->by_id, site->id))
        site_free(site);
    else
        lw_map_put(&sites->by_id, site->id, site);
}

struct store_site *sites_ref_id(struct sites *sites, uint64_t id)
{
    struct store_site *site = lw_map_find(&sites->by_id, id);
    if (site)
        site->refs++;
    return site;
}

void sites_drop_unused(struct sites *sites, uint64_t id)
{
    struct store_site *site = lw_map_find(&sites->by_id, id);
    if (site && site->refs == 0) {
        lw_map_remove(&sites->by_id, id);
        site_free(site);
    }
}

void sites_unref(struct sites *sites, struct store_site **site)
{
    if (!*site)
        return;
    if (--(*site)->refs == 0)
        sites_drop_unused(sites, (*site)->id);
    *site = NULL;
}
