#include "base/labels.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

struct ranked {
    const struct lw_label *label;
    size_t rank; /* place in the list given: ties are broken by it, so that the later one wins */
};

static int by_name(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    int order = strcmp(x->label->name, y->label->name);
    return order ? order : (x->rank < y->rank) - (x->rank > y->rank);
}

struct lw_labels *lw_labels_new(const struct lw_label *list, size_t count)
{
    struct ranked *sorted = lw_new(count, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct ranked){&list[i], i};
    qsort(sorted, count, sizeof *sorted, by_name);

    struct lw_labels *labels = LW_NEW(struct lw_labels);
    labels->refs = 1;
    labels->list = lw_new(count, sizeof *labels->list);
    for (size_t i = 0; i < count; i++) {
        const struct lw_label *l = sorted[i].label;
        bool shadowed = i > 0 && strcmp(sorted[i - 1].label->name, l->name) == 0;
        if (shadowed || !l->value[0])
            continue;
        labels->list[labels->count++] = (struct lw_label){lw_strdup(l->name), lw_strdup(l->value)};
    }
    free(sorted);
    return labels;
}

struct lw_labels *lw_labels_ref(struct lw_labels *labels)
{
    labels->refs++;
    return labels;
}

void lw_labels_unref(struct lw_labels **labels)
{
    if (!*labels)
        return;
    if (--(*labels)->refs == 0) {
        for (size_t i = 0; i < (*labels)->count; i++) {
            free((*labels)->list[i].name);
            free((*labels)->list[i].value);
        }
        free((*labels)->list);
        free(*labels);
    }
    *labels = NULL;
}

const char *lw_labels_get(const struct lw_labels *labels, const char *name)
{
    for (size_t i = 0; i < labels->count; i++) {
        if (strcmp(labels->list[i].name, name) == 0)
            return labels->list[i].value;
    }
    return "";
}

uint64_t lw_labels_hash(const struct lw_labels *labels, uint64_t seed)
{
    for (size_t i = 0; i < labels->count; i++) {
        seed = lw_hash_string(seed, labels->list[i].name);
        seed = lw_hash_string(seed, labels->list[i].value);
    }
    return seed;
}
