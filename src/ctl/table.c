/* SPDX-License-Identifier: MIT */
#include "ctl/table.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 16

struct table {
	const struct ctl *ctl;
	const struct table_column *columns;
	size_t count;
	/* For -o tsv: the row that is being filled. */
	char *cells[COLUMNS_MAX];
	bool row_open;
	/* For tables. */
	struct libscols_table *scols;
	struct libscols_line *line;
	size_t index[COLUMNS_MAX]; /* of our columns in scols; SIZE_MAX: not shown */
	bool failed;
};

static bool
shown(const struct table *t, size_t i)
{
	const struct table_column *c = &t->columns[i];

	if (t->ctl->format == CTL_TSV)
		return c->key != NULL;
	return !c->wide || t->ctl->format == CTL_WIDE;
}

static bool
setup_scols(struct table *t)
{
	size_t used = 0;
	bool headings = false;

	t->scols = scols_new_table();
	if (t->scols == NULL)
		return false;
	scols_table_set_stream(t->scols, t->ctl->out);
	scols_table_enable_colors(t->scols, t->ctl->color);
	/* Into a pipe or a file goes the same table, whole. */
	scols_table_set_termforce(t->scols,
	    t->ctl->terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	/* What we print is escaped already, and it is the same whatever the locale. */
	scols_table_enable_noencoding(t->scols, 1);
	for (size_t i = 0; i < t->count; i++) {
		const struct table_column *c = &t->columns[i];
		int flags = (c->right ? SCOLS_FL_RIGHT : 0) |
			    (c->cut && t->ctl->terminal ? SCOLS_FL_TRUNC : 0);

		t->index[i] = SIZE_MAX;
		if (!shown(t, i))
			continue;
		headings = headings || c->title != NULL;
		if (scols_table_new_column(t->scols, c->title != NULL ? c->title : "", 0, flags) ==
		    NULL)
			return false;
		t->index[i] = used++;
	}
	scols_table_enable_noheadings(t->scols, !headings);
	return true;
}

static void
setup_tsv(struct table *t)
{
	const char *before = "";

	for (size_t i = 0; i < t->count; i++) {
		if (!shown(t, i))
			continue;
		fprintf(t->ctl->out, "%s%s", before, t->columns[i].key);
		before = "\t";
	}
	fputc('\n', t->ctl->out);
}

struct table *
table_new(const struct ctl *ctl, const struct table_column *columns, size_t count)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t == NULL || count > COLUMNS_MAX) {
		free(t);
		return NULL;
	}
	t->ctl = ctl;
	t->columns = columns;
	t->count = count;
	if (ctl->format == CTL_TSV) {
		setup_tsv(t);
	} else if (!setup_scols(t)) {
		table_free(t);
		return NULL;
	}
	return t;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	scols_unref_table(t->scols);
	free(t);
}

static void
end_tsv_row(struct table *t)
{
	const char *before = "";

	if (!t->row_open)
		return;
	for (size_t i = 0; i < t->count; i++) {
		if (shown(t, i)) {
			fprintf(t->ctl->out, "%s%s", before,
			    t->cells[i] != NULL ? t->cells[i] : "");
			before = "\t";
		}
		free(t->cells[i]);
		t->cells[i] = NULL;
	}
	fputc('\n', t->ctl->out);
	t->row_open = false;
}

void
table_row(struct table *t)
{
	if (t->ctl->format == CTL_TSV) {
		end_tsv_row(t);
		t->row_open = true;
		return;
	}
	t->line = scols_table_new_line(t->scols, NULL);
	t->failed = t->failed || t->line == NULL;
}

void
table_cell(struct table *t, size_t column, const char *text, const char *color)
{
	struct libscols_cell *cell;
	size_t at = t->index[column];

	if (t->ctl->format == CTL_TSV) {
		free(t->cells[column]);
		t->cells[column] = strdup(text);
		t->failed = t->failed || t->cells[column] == NULL;
		return;
	}
	if (t->line == NULL || at == SIZE_MAX)
		return;
	if (scols_line_set_data(t->line, at, text) != 0)
		t->failed = true;
	cell = scols_line_get_cell(t->line, at);
	if (cell != NULL && color[0] != '\0')
		scols_cell_set_color(cell, color);
}

bool
table_print(struct table *t)
{
	if (t->ctl->format == CTL_TSV) {
		end_tsv_row(t);
	} else {
		if (scols_table_get_nlines(t->scols) > 0 && scols_print_table(t->scols) != 0)
			t->failed = true;
	}
	return !t->failed;
}
