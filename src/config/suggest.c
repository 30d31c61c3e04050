#include <string.h>

#include "config/parse.h"

#define KEY_BYTES_MAX 40 /* a longer word is no misspelt key */

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance: insertions, deletions and replacements that turn a into b. Both are at
 * most KEY_BYTES_MAX long. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[KEY_BYTES_MAX + 1];
    size_t b_len = strlen(b);
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = min_of(replaced, min_of(row[j], diagonal) + 1);
        }
    }
    return row[b_len];
}

/* The option whose name is nearest to key, if at most a third of it is wrong; or NULL. */
static const char *nearest(const struct config_section *section, const char *key)
{
    size_t len = strlen(key);
    const char *best = NULL;
    size_t best_distance = len / 3 + 1;
    if (len > KEY_BYTES_MAX)
        return NULL;
    for (size_t i = 0; i < section->option_count; i++) {
        const char *name = section->options[i].name;
        size_t distance = edit_distance(key, name);
        if (distance < best_distance) {
            best = name;
            best_distance = distance;
        }
    }
    return best;
}

int config_unknown_key(const struct config_section *section, const char *key, struct lw_err *err)
{
    const char *meant = nearest(section, key);
    if (meant)
        return lw_err_set(err, LW_INVALID, "unknown key \"%.100s\" in %s, did you mean \"%s\"?",
            key, section->title, meant);
    return lw_err_set(err, LW_INVALID, "unknown key \"%.100s\" in %s", key, section->title);
}
