/* SPDX-License-Identifier: MIT */
/* Printing of rows and columns, as an aligned table (libsmartcols) or as tab-separated values (-o tsv). */
#ifndef SWIMD_CTL_TABLE_H
#define SWIMD_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/ctl.h"

struct table;

struct table_column {
	const char *title; /* the heading */
	const char *key;   /* the name in -o tsv; NULL: -o tsv does not have the column */
	bool wide;         /* -o table does not have the column, -o wide has it */
	bool right;        /* the column has numbers: it is aligned right and never cut */
	bool cut;          /* the column is cut before others if the terminal is too narrow */
};

/*
 * A table in ctl's format.  The columns must outlive the table, and there are at most 16.  If no column has a title, the
 * table has no headings.  NULL: out of memory.
 */
struct table *table_new(const struct ctl *, const struct table_column *, size_t count);
void table_free(struct table *);

/* Begin a row. */
void table_row(struct table *);
/*
 * Fill a cell of the last row; the cells may be filled in any order.  The text must be escaped, and is copied.  `color` is a
 * terminal sequence, or "".
 */
void table_cell(struct table *, size_t column, const char *text, const char *color);

/* Print the table.  False: this call or an earlier call for the table ran out of memory, and the output may be incomplete. */
bool table_print(struct table *);

#endif
