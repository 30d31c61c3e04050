#include "cli/types_print.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"

/* Names come from the binary: they must not steer the reader's terminal, and JSON is UTF-8. The
 * caller frees it. */
static char *printable(const char *text)
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

/* ---- JSON ---- */

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (!*text) {
        cJSON_AddNullToObject(object, name);
        return;
    }
    char *clean = printable(text);
    cJSON_AddStringToObject(object, name, clean);
    free(clean);
}

/* Exact, where a double would round above 2^53. */
static void add_int(cJSON *object, const char *name, int64_t value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    cJSON_AddRawToObject(object, name, digits);
}

static void add_values(cJSON *object, const struct profile_values *values)
{
    add_int(object, "inuse_bytes", values->inuse_bytes);
    add_int(object, "inuse_objects", values->inuse_objects);
    add_int(object, "alloc_bytes", values->alloc_bytes);
    add_int(object, "alloc_objects", values->alloc_objects);
}

static cJSON *row_json(const struct types_row *row, bool with_values)
{
    char pc[32];
    snprintf(pc, sizeof pc, "0x%" PRIx64, row->pc);
    cJSON *object = cJSON_CreateObject();
    add_text(object, "pc", pc);
    add_text(object, "function", row->function);
    add_text(object, "callee", row->callee);
    add_text(object, "kind", row->kind);
    add_text(object, "type", row->type);
    add_text(object, "record", row->record);
    add_text(object, "import_path", row->import_path);
    add_text(object, "module", row->module ? row->module->path : "");
    add_text(object, "version", row->module ? row->module->version : "");
    add_text(object, "file", row->file);
    add_int(object, "line", row->line);
    if (with_values)
        add_values(object, &row->values);
    add_text(object, "unresolved", row->unresolved);
    return object;
}

void types_print_json(FILE *out, const struct types_rows *rows, bool with_values)
{
    for (size_t i = 0; i < rows->count; i++) {
        cJSON *object = row_json(rows->list[i], with_values);
        char *text = cJSON_PrintUnformatted(object);
        fprintf(out, "%s\n", text);
        free(text);
        cJSON_Delete(object);
    }
}

/* ---- the table ---- */

/* Columns are as wide as their widest cell up to this; a longer cell is not cut, its row shifts. */
#define WIDTH_MAX   56
#define COLUMNS_MAX 7

struct cells {
    char *text[COLUMNS_MAX]; /* owned */
    size_t count;
};

static void cells_add(struct cells *cells, const char *text)
{
    cells->text[cells->count++] = printable(text);
}

static void cells_fini(struct cells *cells)
{
    for (size_t i = 0; i < cells->count; i++)
        free(cells->text[i]);
}

static void format_bytes(int64_t bytes, char *text, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1024;
    snprintf(text, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static struct cells heading(bool with_values)
{
    struct cells cells = {0};
    if (with_values) {
        cells_add(&cells, "IN USE");
        cells_add(&cells, "OBJECTS");
    }
    cells_add(&cells, "PC");
    cells_add(&cells, "KIND");
    cells_add(&cells, "TYPE");
    cells_add(&cells, "FUNCTION");
    cells_add(&cells, "LINE");
    return cells;
}

static struct cells row_cells(const struct types_row *row, bool with_values)
{
    struct cells cells = {0};
    char text[512];
    if (with_values) {
        format_bytes(row->values.inuse_bytes, text, sizeof text);
        cells_add(&cells, text);
        snprintf(text, sizeof text, "%" PRId64, row->values.inuse_objects);
        cells_add(&cells, text);
    }
    snprintf(text, sizeof text, "0x%" PRIx64, row->pc);
    cells_add(&cells, text);
    cells_add(&cells, row->kind);
    snprintf(text, sizeof text, "? (%s)", row->unresolved);
    cells_add(&cells, *row->type ? row->type : text);
    cells_add(&cells, row->function);
    const char *slash = strrchr(row->file, '/');
    snprintf(text, sizeof text, "%s:%" PRId64, slash ? slash + 1 : row->file, row->line);
    cells_add(&cells, *row->file ? text : "");
    return cells;
}

/* Characters, not bytes: names have a "·" here and there. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void widen(int *widths, const struct cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        int width = width_of(cells->text[i]);
        width = width < WIDTH_MAX ? width : WIDTH_MAX;
        widths[i] = width > widths[i] ? width : widths[i];
    }
}

/* Numbers, which come first, to the right; text to the left, and the last column as it is. */
static void print_cells(FILE *out, const struct cells *cells, const int *widths, size_t numbers)
{
    for (size_t i = 0; i < cells->count; i++) {
        int pad = widths[i] - width_of(cells->text[i]);
        pad = pad > 0 ? pad : 0;
        if (i < numbers)
            fprintf(out, "%*s%s", pad, "", cells->text[i]);
        else if (i + 1 < cells->count)
            fprintf(out, "%s%*s", cells->text[i], pad, "");
        else
            fputs(cells->text[i], out);
        fputs(i + 1 < cells->count ? "  " : "\n", out);
    }
}

static void print_summary(FILE *out, const struct types_rows *rows, bool with_values)
{
    size_t resolved = 0;
    double inuse = 0, inuse_resolved = 0; /* a share of them is shown: doubles will do */
    for (size_t i = 0; i < rows->count; i++) {
        const struct types_row *row = rows->list[i];
        resolved += *row->type != '\0';
        inuse += (double)row->values.inuse_bytes;
        inuse_resolved += *row->type ? (double)row->values.inuse_bytes : 0;
    }
    fprintf(out, "\n%zu of %zu allocation sites have a type", resolved, rows->count);
    if (with_values && inuse > 0)
        fprintf(out, ", and with them %.2f %% of the bytes in use", 100 * inuse_resolved / inuse);
    fputs("\n", out);
}

void types_print_table(FILE *out, const struct types_rows *rows, bool with_values)
{
    int widths[COLUMNS_MAX] = {0};
    size_t numbers = with_values ? 2 : 0;
    struct cells cells = heading(with_values);
    widen(widths, &cells);
    for (size_t i = 0; i < rows->count; i++) {
        struct cells row = row_cells(rows->list[i], with_values);
        widen(widths, &row);
        cells_fini(&row);
    }
    print_cells(out, &cells, widths, numbers);
    cells_fini(&cells);
    for (size_t i = 0; i < rows->count; i++) {
        struct cells row = row_cells(rows->list[i], with_values);
        print_cells(out, &row, widths, numbers);
        cells_fini(&row);
    }
    print_summary(out, rows, with_values);
}
