#include "metrics/labels.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "metrics/families.h"

void labels_init(struct labels *labels)
{
    *labels = (struct labels){.count = 0};
    lw_strbuf_init(&labels->text, EXPOSITION_BYTES_MAX);
}

void labels_fini(struct labels *labels)
{
    lw_strbuf_fini(&labels->text);
    free(labels->ends);
    *labels = (struct labels){.count = 0};
}

static size_t begin_of(const struct labels *labels, size_t i)
{
    return i ? labels->ends[i - 1] : 0;
}

static void separate(struct labels *labels)
{
    if (labels->text.len > begin_of(labels, labels->count))
        lw_strbuf_add(&labels->text, ",", 1);
}

void labels_add(struct labels *labels, const char *name, const char *value)
{
    separate(labels);
    expo_label_text(&labels->text, name, value);
}

void labels_add_all(struct labels *labels, const struct labels *from, size_t i)
{
    assert(i < from->count);
    size_t begin = begin_of(from, i), len = from->ends[i] - begin;
    if (!len)
        return;
    separate(labels);
    lw_strbuf_add(&labels->text, from->text.data + begin, len);
}

void labels_close(struct labels *labels)
{
    if (labels->count == labels->room) {
        labels->room = labels->room ? 2 * labels->room : 64;
        labels->ends = lw_renew(labels->ends, labels->room, sizeof *labels->ends);
    }
    labels->ends[labels->count++] = labels->text.len;
}

void labels_write(struct expo *e, const struct labels *labels, size_t i)
{
    assert(i < labels->count);
    size_t begin = begin_of(labels, i);
    if (labels->ends[i] > begin)
        expo_labels(e, labels->text.data + begin, labels->ends[i] - begin);
}
