/* SPDX-License-Identifier: MIT */
#include "ctl/table.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/utf8.h"

#define COLUMNS_MAX 16
#define LEAST_WIDTH 8  /* of a column that is cut */
#define CUT_MARK "..." /* the end of a cell that was cut */

struct table {
	const struct ctl *ctl;
	const struct table_column *columns;
	size_t count;
	/* For -o tsv. */
	char *cells[COLUMNS_MAX]; /* of the last row */
	bool row_open;            /* the last row is not printed yet */
	/* For aligned tables. */
	struct libscols_table *scols;
	struct libscols_line *line; /* the last row */
	size_t index[COLUMNS_MAX];  /* of each column in scols; SIZE_MAX: the column is not shown */
	bool headings;              /* false: the rows are pairs of name and value; no cuts */
	bool failed;                /* memory was short */
};

static bool
table_shown(const struct table *t, size_t i)
{
	const struct table_column *c = &t->columns[i];

	if (t->ctl->format == CTL_TSV)
		return c->key != NULL;
	return !c->wide || t->ctl->format == CTL_WIDE;
}

static bool
table_setup_scols(struct table *t)
{
	size_t used = 0;
	bool headings = false;

	t->scols = scols_new_table();
	if (t->scols == NULL)
		return false;
	scols_table_set_stream(t->scols, t->ctl->out);
	scols_table_enable_colors(t->scols, t->ctl->color);
	/* In a pipe or a file nothing is cut. */
	scols_table_set_termforce(t->scols,
	    t->ctl->terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	/* The text of the cells is escaped already, in the same way for every locale. */
	scols_table_enable_noencoding(t->scols, 1);
	for (size_t i = 0; i < t->count; i++) {
		const struct table_column *c = &t->columns[i];
		int flags = c->right ? SCOLS_FL_RIGHT : 0;

		t->index[i] = SIZE_MAX;
		if (!table_shown(t, i))
			continue;
		headings = headings || c->title != NULL;
		if (scols_table_new_column(t->scols, c->title != NULL ? c->title : "", 0, flags) ==
		    NULL)
			return false;
		t->index[i] = used++;
	}
	t->headings = headings;
	scols_table_enable_noheadings(t->scols, !headings);
	return true;
}

static void
table_setup_tsv(struct table *t)
{
	const char *before = "";

	for (size_t i = 0; i < t->count; i++) {
		if (!table_shown(t, i))
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
		table_setup_tsv(t);
	} else if (!table_setup_scols(t)) {
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
table_end_tsv_row(struct table *t)
{
	const char *before = "";

	if (!t->row_open)
		return;
	for (size_t i = 0; i < t->count; i++) {
		if (table_shown(t, i)) {
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
		table_end_tsv_row(t);
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

/* ------------------------------------------------------------------------------ the width of the terminal */

/* The number of terminal cells that a character takes.  Characters without a width are escaped, so that it is 1 or 2. */
static size_t
table_character_width(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
	    {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff},
	    {0x20000, 0x3fffd}};

	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (cp >= wide[i].first && cp <= wide[i].last)
			return 2;
	return 1;
}

/* The width of the text in terminal cells; *bytes is the length of its longest beginning that is at most `max` cells wide. */
static size_t
table_text_width(const char *text, size_t max, size_t *bytes)
{
	size_t len = strlen(text), at = 0, width = 0;

	*bytes = 0;
	while (at < len) {
		uint32_t cp = 0;
		size_t n = utf8_next(text + at, len - at, &cp);

		width += n > 0 ? table_character_width(cp) : 1;
		at += n > 0 ? n : 1;
		if (width <= max)
			*bytes = at;
	}
	return width;
}

/* The width of the terminal in cells; 0: unknown. */
static size_t
table_terminal_width(const struct ctl *ctl)
{
	struct winsize size = {0};

	return ioctl(fileno(ctl->out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static const char *
table_cell_text(const struct table *t, size_t line, size_t column)
{
	struct libscols_cell *cell =
	    scols_line_get_cell(scols_table_get_line(t->scols, line), column);
	const char *text = cell != NULL ? scols_cell_get_data(cell) : NULL;

	return text != NULL ? text : "";
}

/*
 * The widest column that may become narrower: among all columns without numbers if `any`, otherwise among the columns with
 * `cut`.  SIZE_MAX: there is no such column.
 */
static size_t
table_widest(const struct table *t, const size_t *widths, bool any)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < t->count; i++) {
		const struct table_column *c = &t->columns[i];
		size_t least = c->title != NULL ? strlen(c->title) : 0;

		if (t->index[i] == SIZE_MAX || c->right || !(any || c->cut))
			continue;
		if (least < LEAST_WIDTH)
			least = LEAST_WIDTH;
		if (widths[i] > least && (found == SIZE_MAX || widths[i] > widths[found]))
			found = i;
	}
	return found;
}

/* Cut a cell that is wider than `width`, and put CUT_MARK at its end.  False: out of memory. */
static bool
table_cut_cell(struct table *t, size_t line, size_t column, size_t width)
{
	const char *text = table_cell_text(t, line, column);
	size_t bytes, mark_bytes, mark = table_text_width(CUT_MARK, SIZE_MAX, &mark_bytes);
	char *cut;
	bool ok;

	if (table_text_width(text, width - mark, &bytes) <= width)
		return true;
	if (asprintf(&cut, "%.*s%s", (int)bytes, text, CUT_MARK) < 0)
		return false;
	ok = scols_line_set_data(scols_table_get_line(t->scols, line), column, cut) == 0;
	free(cut);
	return ok;
}

/* Cut cells until the table fits the width of the terminal, or no column may become narrower.  False: out of memory. */
static bool
table_fit(struct table *t)
{
	const size_t lines = scols_table_get_nlines(t->scols), width = table_terminal_width(t->ctl);
	size_t widths[COLUMNS_MAX] = {0}, total = 0, bytes, at;

	for (size_t i = 0; i < t->count; i++) {
		if (t->index[i] == SIZE_MAX)
			continue;
		widths[i] = t->columns[i].title != NULL ? strlen(t->columns[i].title) : 0;
		for (size_t line = 0; line < lines; line++) {
			size_t w =
			    table_text_width(table_cell_text(t, line, t->index[i]), 0, &bytes);

			widths[i] = w > widths[i] ? w : widths[i];
		}
		total += widths[i] + (total > 0);
	}
	if (width == 0 || total <= width)
		return true;
	while (total > width && ((at = table_widest(t, widths, false)) != SIZE_MAX ||
				    (at = table_widest(t, widths, true)) != SIZE_MAX)) {
		widths[at]--;
		total--;
	}
	/* A table that is still too wide keeps all its columns, and the terminal wraps its lines. */
	scols_table_set_termwidth(t->scols, total);
	for (size_t i = 0; i < t->count; i++)
		for (size_t line = 0; t->index[i] != SIZE_MAX && line < lines; line++)
			if (!table_cut_cell(t, line, t->index[i], widths[i]))
				return false;
	return true;
}

bool
table_print(struct table *t)
{
	if (t->ctl->format == CTL_TSV) {
		table_end_tsv_row(t);
	} else {
		if (t->ctl->terminal && t->headings && !table_fit(t))
			t->failed = true;
		if (scols_table_get_nlines(t->scols) > 0 && scols_print_table(t->scols) != 0)
			t->failed = true;
	}
	return !t->failed;
}
