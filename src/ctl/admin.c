/* SPDX-License-Identifier: MIT */
/* `swimctl join`, `leave`, `remove`, `reload` and `discovery`. */
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "ctl/table.h"

/* With --json, print the daemon's result object and return true.  Otherwise print nothing and return false. */
static bool
admin_print_as_json(const struct ctl *ctl, const struct reply *reply)
{
	if (ctl->format != CTL_JSON)
		return false;
	reply_print(reply, "result", ctl->out);
	return true;
}

/* Send a request, and print `done` if it succeeds.  params may be NULL, and the function releases it. */
static enum ctl_exit
admin_request(struct ctl *ctl, const char *method, json_t *params, const char *done)
{
	struct session session;
	struct reply reply;
	enum ctl_exit status = session_ask(ctl, &session, method, params, &reply);

	if (status != CTL_OK)
		return status;
	if (!admin_print_as_json(ctl, &reply))
		fprintf(ctl->out, "%s\n", done);
	session_end(&session, &reply);
	return CTL_OK;
}

enum ctl_exit
admin_leave_run(struct ctl *ctl)
{
	return admin_request(ctl, "leave", NULL, "left the cluster; the daemon ends");
}

enum ctl_exit
admin_remove_run(struct ctl *ctl)
{
	struct problem problem;
	json_t *name = session_string(ctl->args.operands[0], &problem);
	char word[PRINT_NAME], done[PRINT_NAME + 32];

	if (name == NULL)
		return problem_print(ctl, &problem);
	snprintf(done, sizeof(done), "removed %s", print_word(name, word, sizeof(word)));
	return admin_request(ctl, "remove", json_pack("{s:o}", "name", name), done);
}

/* Print a list on one line, as in "applied: a, b".  Print nothing if the list is empty. */
static void
admin_print_list(const struct ctl *ctl, const char *title, const json_t *list)
{
	char word[PRINT_NAME];
	json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	fprintf(ctl->out, "%s:", title);
	json_array_foreach(list, i, item)
		fprintf(ctl->out, "%s %s", i > 0 ? "," : "", print_word(item, word, sizeof(word)));
	fputc('\n', ctl->out);
}

enum ctl_exit
admin_reload_run(struct ctl *ctl)
{
	struct session session;
	struct reply reply;
	enum ctl_exit status = session_ask(ctl, &session, "reload", NULL, &reply);
	const json_t *applied, *later;

	if (status != CTL_OK)
		return status;
	if (!admin_print_as_json(ctl, &reply)) {
		applied = json_object_get(reply.result, "applied");
		later = json_object_get(reply.result, "needs_restart");
		if (json_array_size(applied) + json_array_size(later) == 0)
			fprintf(ctl->out, "nothing changed\n");
		admin_print_list(ctl, "applied", applied);
		admin_print_list(ctl, "needs a restart", later);
	}
	session_end(&session, &reply);
	return CTL_OK;
}

/* ---------------------------------------------------------------------------------------------- peers */

enum column {
	SOURCE,
	ADDRESS,
	STATE,
	MEMBER,
	REASON,
	RESOLVED,
	ATTEMPTS,
	SINCE,
	NEXT_TRY,
	INTERFACE,
	AGE,
	SERVICE,
	COLUMNS
};

/* The key of a column is the field of the daemon's peer object, and the name of the column in -o tsv. */
static const struct table_column columns[COLUMNS] = {
    [SOURCE] = {.title = "SOURCE", .key = "source"},
    [ADDRESS] = {.title = "ADDRESS", .key = "address"},
    [STATE] = {.title = "STATE", .key = "state"},
    [MEMBER] = {.title = "MEMBER", .key = "member"},
    [REASON] = {.title = "REASON", .key = "reason", .cut = true},
    [RESOLVED] = {.title = "RESOLVED", .key = "resolved", .wide = true},
    [ATTEMPTS] = {.title = "ATTEMPTS", .key = "attempts", .wide = true, .right = true},
    [SINCE] = {.title = "SINCE", .key = "since", .wide = true},
    [NEXT_TRY] = {.title = "NEXT TRY", .key = "next_try", .wide = true},
    [INTERFACE] = {.title = "INTERFACE", .key = "interface"},
    [AGE] = {.title = "AGE", .key = "age_seconds", .right = true},
    [SERVICE] = {.title = "SERVICE", .key = "service", .wide = true},
};

/* Print a row for each peer of the list, with `count` columns from column `first` on.  False: out of memory. */
static bool
admin_print_peers(const struct ctl *ctl, const json_t *list, size_t first, size_t count)
{
	struct table *t = table_new(ctl, columns + first, count);
	json_t *peer;
	size_t i;
	bool ok;

	if (t == NULL)
		return false;
	json_array_foreach(list, i, peer) {
		table_row(t);
		for (size_t c = 0; c < count; c++) {
			const json_t *value = json_object_get(peer, columns[first + c].key);
			const bool sentence = first + c == REASON || first + c == STATE;
			char *text = value != NULL ? print_value(value, sentence) : NULL;
			char age[32];

			if (first + c == AGE && json_is_number(value) && ctl->format != CTL_TSV)
				table_cell(t, c,
				    print_seconds((int64_t)json_number_value(value), age,
					sizeof(age)),
				    "");
			else
				table_cell(t, c, text != NULL ? text : "-", "");
			free(text);
		}
	}
	ok = table_print(t);
	table_free(t);
	return ok;
}

enum ctl_exit
admin_discovery_run(struct ctl *ctl)
{
	struct session session;
	struct reply reply;
	enum ctl_exit status = session_ask(ctl, &session, "discovery", NULL, &reply);
	json_t *list, *peer;
	char word[PRINT_NAME];
	size_t i;

	if (status != CTL_OK)
		return status;
	list = json_object_get(reply.result, "peers");
	if (admin_print_as_json(ctl, &reply)) {
	} else if (ctl->format == CTL_NAME) {
		json_array_foreach(list, i, peer)
			fprintf(ctl->out, "%s\n",
			    print_word(json_object_get(peer, "address"), word, sizeof(word)));
	} else if (!admin_print_peers(ctl, list, SOURCE, COLUMNS)) {
		status = problem_fail(ctl, CTL_NO, "failed", "out of memory");
	} else if (json_array_size(list) == 0 && ctl->format == CTL_TABLE) {
		fprintf(ctl->out, "no peer was found, and no seed is configured\n");
	}
	status = session_of_list(ctl, status, list);
	session_end(&session, &reply);
	return status;
}

enum ctl_exit
admin_join_run(struct ctl *ctl)
{
	struct problem problem;
	struct session session;
	struct reply reply;
	json_t *addresses = json_array(), *list, *peer;
	enum ctl_exit status;
	bool joined = false;
	size_t i;

	for (i = 0; i < ctl->args.operand_count; i++) {
		json_t *string = session_string(ctl->args.operands[i], &problem);

		if (string == NULL) {
			json_decref(addresses);
			return problem_print(ctl, &problem);
		}
		json_array_append_new(addresses, string);
	}
	status =
	    session_ask(ctl, &session, "join", json_pack("{s:o}", "addresses", addresses), &reply);
	if (status != CTL_OK)
		return status;
	list = json_object_get(reply.result, "addresses");
	json_array_foreach(list, i, peer)
		joined = joined || json_is_true(json_object_get(peer, "joined"));
	if (!admin_print_as_json(ctl, &reply) &&
	    !admin_print_peers(ctl, list, ADDRESS, REASON + 1 - ADDRESS))
		status = problem_fail(ctl, CTL_NO, "failed", "out of memory");
	session_end(&session, &reply);
	return status == CTL_OK && !joined ? CTL_NO : status;
}
