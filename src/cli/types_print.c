#include "cli/types_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/table.h"

/* ---- JSON ---- */

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (!*text) {
        cJSON_AddNullToObject(object, name);
        return;
    }
    char *clean = table_printable(text);
    cJSON_AddStringToObject(object, name, clean);
    free(clean);
}

static void add_values(cJSON *object, const struct profile_values *values)
{
    lw_json_int(object, "inuse_bytes", values->inuse_bytes);
    lw_json_int(object, "inuse_objects", values->inuse_objects);
    lw_json_int(object, "alloc_bytes", values->alloc_bytes);
    lw_json_int(object, "alloc_objects", values->alloc_objects);
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
    lw_json_int(object, "line", row->line);
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

static struct table_row heading(bool with_values)
{
    struct table_row row = {0};
    if (with_values) {
        table_row_add(&row, "IN USE");
        table_row_add(&row, "OBJECTS");
    }
    table_row_add(&row, "PC");
    table_row_add(&row, "KIND");
    table_row_add(&row, "TYPE");
    table_row_add(&row, "FUNCTION");
    table_row_add(&row, "LINE");
    return row;
}

static struct table_row cells_of(const struct types_row *row, bool with_values)
{
    struct table_row cells = {0};
    char text[512];
    if (with_values) {
        char bytes[TABLE_BYTES_TEXT];
        table_row_add(&cells, table_bytes(row->values.inuse_bytes, bytes));
        snprintf(text, sizeof text, "%" PRId64, row->values.inuse_objects);
        table_row_add(&cells, text);
    }
    snprintf(text, sizeof text, "0x%" PRIx64, row->pc);
    table_row_add(&cells, text);
    table_row_add(&cells, row->kind);
    snprintf(text, sizeof text, "? (%s)", row->unresolved);
    table_row_add(&cells, *row->type ? row->type : text);
    table_row_add(&cells, row->function);
    const char *slash = strrchr(row->file, '/');
    snprintf(text, sizeof text, "%s:%" PRId64, slash ? slash + 1 : row->file, row->line);
    table_row_add(&cells, *row->file ? text : "");
    return cells;
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
    struct table table = {.numbers = with_values ? 2 : 0};
    struct table_row row = heading(with_values);
    table_measure(&table, &row);
    for (size_t i = 0; i < rows->count; i++) {
        struct table_row cells = cells_of(rows->list[i], with_values);
        table_measure(&table, &cells);
        table_row_fini(&cells);
    }
    table_print(out, &table, &row);
    table_row_fini(&row);
    for (size_t i = 0; i < rows->count; i++) {
        struct table_row cells = cells_of(rows->list[i], with_values);
        table_print(out, &table, &cells);
        table_row_fini(&cells);
    }
    print_summary(out, rows, with_values);
}
