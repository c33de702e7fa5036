/* SPDX-License-Identifier: MIT */
/* `swimctl links`: lists the broken links between members. */
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "ctl/table.h"

enum column { NAME, UNREACHABLE, COLUMNS };

static const struct table_column columns[COLUMNS] = {
    [NAME] = {.title = "NAME", .key = "name"},
    [UNREACHABLE] = {.title = "CANNOT REACH", .key = "unreachable"},
};

/* Add a row for each peer that the member cannot reach, and a last row with the number of peers that the daemon does not name. */
static void
links_fill(struct table *t, const json_t *member)
{
	json_t *list = json_object_get(member, "unreachable"), *peer;
	json_int_t total = json_integer_value(json_object_get(member, "total"));
	char name[PRINT_NAME], word[PRINT_NAME];
	size_t i;

	print_word(json_object_get(member, "name"), name, sizeof(name));
	json_array_foreach(list, i, peer) {
		table_row(t);
		table_cell(t, NAME, name, "");
		table_cell(t, UNREACHABLE, print_word(peer, word, sizeof(word)), "");
	}
	if (total <= (json_int_t)json_array_size(list))
		return;
	snprintf(word, sizeof(word), "(%lld more)",
	    (long long)total - (long long)json_array_size(list));
	table_row(t);
	table_cell(t, NAME, name, "");
	table_cell(t, UNREACHABLE, word, "");
}

static bool
links_has_broken(const json_t *member)
{
	return json_integer_value(json_object_get(member, "total")) > 0;
}

static bool
links_print(const struct ctl *ctl, const json_t *list)
{
	struct table *t = table_new(ctl, columns, COLUMNS);
	const json_t *member;
	size_t i;
	bool ok;

	if (t == NULL)
		return false;
	json_array_foreach(list, i, member)
		links_fill(t, member);
	ok = table_print(t);
	table_free(t);
	return ok;
}

enum ctl_exit
links_run(struct ctl *ctl)
{
	struct session session;
	struct reply reply;
	enum ctl_exit status = session_ask(ctl, &session, "links", NULL, &reply);
	json_t *list, *broken, *member;
	char word[PRINT_NAME];
	size_t i;

	if (status != CTL_OK)
		return status;
	list = json_object_get(reply.result, "links");
	broken = json_array();
	json_array_foreach(list, i, member)
		if (links_has_broken(member))
			json_array_append(broken, member);
	if (ctl->format == CTL_JSON) {
		reply_print(&reply, "result", ctl->out);
	} else if (ctl->format == CTL_NAME) {
		json_array_foreach(broken, i, member)
			fprintf(ctl->out, "%s\n",
			    print_word(json_object_get(member, "name"), word, sizeof(word)));
	} else if (!links_print(ctl, broken)) {
		status = problem_fail(ctl, CTL_NO, "failed", "out of memory");
	} else if (json_array_size(broken) == 0 && ctl->format == CTL_TABLE) {
		fprintf(ctl->out, "no member reports a broken link\n");
	}
	status = session_of_list(ctl, status, broken);
	json_decref(broken);
	session_end(&session, &reply);
	return status;
}
