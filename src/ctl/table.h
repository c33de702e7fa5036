/* SPDX-License-Identifier: MIT */
/* Rows and columns, as an aligned table (libsmartcols) or as tab-separated values. */
#ifndef SWIMD_CTL_TABLE_H
#define SWIMD_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/ctl.h"

struct table;

struct table_column {
	const char *title; /* over a table */
	const char *key;   /* in the first line of -o tsv; NULL: that format leaves it out */
	bool wide;         /* not in the narrow table */
	bool right;        /* numbers */
	bool cut;          /* is cut first where the terminal is too narrow; right ones never are */
};

/* A column's title of NULL in all columns makes a table without headings.  NULL without memory. */
struct table *table_new(const struct ctl *, const struct table_column *, size_t count);
void table_free(struct table *);

/* Begin a row; then fill its cells in any order.  Text is copied and must be safe to print already. */
void table_row(struct table *);
/* color is a terminal sequence, or "". */
void table_cell(struct table *, size_t column, const char *text, const char *color);

/* Print what there is.  False when memory was short somewhere on the way. */
bool table_print(struct table *);

#endif
