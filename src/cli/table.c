#include "cli/table.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"

/* A longer cell is not cut: its row shifts. */
#define WIDTH_MAX 56

char *table_printable(const char *text)
{
    struct lw_strbuf clean;
    lw_strbuf_init(&clean, strlen(text) * strlen(LW_UTF8_REPLACEMENT) + 1);
    lw_strbuf_adds(&clean, "");
    for (size_t n; *text; text += n ? n : 1) {
        n = lw_utf8_sequence(text);
        if (n == 1 && ((unsigned char)*text < ' ' || *text == 0x7f))
            lw_strbuf_adds(&clean, LW_UTF8_REPLACEMENT);
        else if (n)
            lw_strbuf_add(&clean, text, n);
        else
            lw_strbuf_adds(&clean, LW_UTF8_REPLACEMENT);
    }
    char *out = lw_strbuf_take(&clean, NULL);
    return out ? out : lw_strdup("");
}

const char *table_bytes(int64_t bytes, char text[TABLE_BYTES_TEXT])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; fabs(value) >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1024;
    snprintf(text, TABLE_BYTES_TEXT, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return text;
}

void table_row_add(struct table_row *row, const char *text)
{
    assert(row->count < TABLE_COLUMNS_MAX);
    row->cells[row->count++] = table_printable(text);
}

void table_row_fini(struct table_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        free(row->cells[i]);
    *row = (struct table_row){0};
}

/* Characters, not bytes: names have a "·" here and there. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void table_measure(struct table *table, const struct table_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        int width = width_of(row->cells[i]);
        width = width < WIDTH_MAX ? width : WIDTH_MAX;
        table->widths[i] = width > table->widths[i] ? width : table->widths[i];
    }
}

void table_print(FILE *out, const struct table *table, const struct table_row *row)
{
    fputs(row->color ? row->color : "", out);
    for (size_t i = 0; i < row->count; i++) {
        int pad = table->widths[i] - width_of(row->cells[i]);
        pad = pad > 0 ? pad : 0;
        if (i < table->numbers)
            fprintf(out, "%*s%s", pad, "", row->cells[i]);
        else if (i + 1 < row->count)
            fprintf(out, "%s%*s", row->cells[i], pad, "");
        else
            fputs(row->cells[i], out);
        fputs(i + 1 < row->count ? "  " : "", out);
    }
    fputs(row->color ? "\x1b[0m\n" : "\n", out);
}
