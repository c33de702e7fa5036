/* SPDX-License-Identifier: MIT */
#include "ctl/pairs.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/print.h"
#include "ctl/session.h"
#include "ctl/table.h"

#define DEPTH_MAX 8 /* deeper objects and lists are printed as JSON */

static void
pairs_line(const struct ctl *ctl, struct table *t, const char *path, const json_t *value)
{
	char *text = print_value(value, true);

	table_row(t);
	table_cell(t, 0, path, "");
	table_cell(t, 1, text != NULL ? text : "?", print_color(ctl, json_string_value(value)));
	free(text);
}

static void
pairs_walk(const struct ctl *ctl, struct table *t, const char *path, json_t *value, unsigned depth)
{
	char below[512], word[256];
	const char *key;
	json_t *inner;
	size_t i;

	if (json_is_object(value) && depth < DEPTH_MAX) {
		json_object_foreach(value, key, inner) {
			/* A key may be the name of a member or a tag, so it is escaped. */
			json_t *name = json_string(key);

			print_word(name, word, sizeof(word));
			json_decref(name);
			snprintf(below, sizeof(below), "%s%s%s", path, path[0] != '\0' ? "." : "",
			    word);
			pairs_walk(ctl, t, below, inner, depth + 1);
		}
	} else if (json_is_array(value) && json_array_size(value) > 0 && depth < DEPTH_MAX) {
		json_array_foreach(value, i, inner)
			pairs_walk(ctl, t, path, inner, depth + 1);
	} else if (json_is_array(value)) {
		table_row(t);
		table_cell(t, 0, path, "");
		table_cell(t, 1, "-", "");
	} else {
		pairs_line(ctl, t, path, value);
	}
}

bool
pairs_print(const struct ctl *ctl, const json_t *object)
{
	static const struct table_column columns[2] = {{0}};
	struct table *t = table_new(ctl, columns, 2);
	bool ok;

	if (t == NULL)
		return false;
	pairs_walk(ctl, t, "", (json_t *)object, 0);
	ok = table_print(t);
	table_free(t);
	return ok;
}

enum ctl_exit
pairs_answer(const struct ctl *ctl, const struct reply *reply)
{
	if (ctl->format == CTL_JSON)
		reply_print(reply, "result", ctl->out);
	else if (!pairs_print(ctl, reply->result))
		return problem_fail(ctl, CTL_NO, "failed", "out of memory");
	return CTL_OK;
}

enum ctl_exit
pairs_ask(const struct ctl *ctl, const char *method, json_t *params)
{
	struct session session;
	struct reply reply;
	enum ctl_exit status = session_ask(ctl, &session, method, params, &reply);

	if (status != CTL_OK)
		return status;
	status = pairs_answer(ctl, &reply);
	session_end(&session, &reply);
	return status;
}
