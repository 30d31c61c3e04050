/* Tables on standard output: columns as wide as their widest cell. Rows are made twice, once to
 * measure and once to print, so that a table of any length costs the memory of one row. Private to
 * cli/. */
#ifndef LW_CLI_TABLE_H
#define LW_CLI_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 10

/* Zero-initialised is empty. */
struct table_row {
    char *cells[TABLE_COLUMNS_MAX]; /* owned */
    size_t count;
    const char *color; /* an SGR sequence around the row, or NULL */
};

/* Adds a cell; the text may be any bytes. */
void table_row_add(struct table_row *row, const char *text);
void table_row_fini(struct table_row *row);

/* Zero-initialise. */
struct table {
    size_t numbers; /* the first so many columns are set to the right */
    int widths[TABLE_COLUMNS_MAX];
};

void table_measure(struct table *table, const struct table_row *row);
void table_print(FILE *out, const struct table *table, const struct table_row *row);

/* Names come from binaries and profiles: what would steer the reader's terminal, and what is not
 * UTF-8, becomes U+FFFD. The caller frees it. */
char *table_printable(const char *text);

/* "33.3 MiB", with its sign where it is negative. */
#define TABLE_BYTES_TEXT 32
const char *table_bytes(int64_t bytes, char text[TABLE_BYTES_TEXT]);

#endif
