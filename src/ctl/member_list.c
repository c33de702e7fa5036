/* SPDX-License-Identifier: MIT */
/* `swimctl members` and `swimctl member NAME`. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/status.h"
#include "ctl/command.h"
#include "ctl/ctl.h"
#include "ctl/hosts.h"
#include "ctl/member_list.h"
#include "ctl/pairs.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "ctl/table.h"
#include "ctl/tagging.h"

enum column {
	NAME,
	ADDRESS,
	STATUS,
	FOR,
	RTT,
	INCARNATION,
	SINCE,
	LOCAL,
	TAGS,
	PATH,
	HEARD,
	KIND,
	COLUMNS
};

static const struct table_column columns[COLUMNS] = {
    [NAME] = {.title = "NAME", .key = "name"},
    [ADDRESS] = {.title = "ADDRESS", .key = "address"},
    [STATUS] = {.title = "STATUS", .key = "status"},
    [FOR] = {.title = "FOR", .right = true},
    [RTT] = {.title = "RTT", .key = "rtt_ms", .right = true},
    [INCARNATION] = {.title = "INCARNATION", .key = "incarnation", .wide = true, .right = true},
    [SINCE] = {.title = "SINCE", .key = "since", .wide = true},
    [LOCAL] = {.title = "LOCAL", .key = "local", .wide = true},
    [TAGS] = {.title = "TAGS", .key = "tags", .wide = true, .cut = true},
    [PATH] = {.title = "PATH", .key = "path", .wide = true},
    [HEARD] = {.title = "HEARD", .key = "heard", .wide = true, .right = true},
    [KIND] = {.title = "KIND", .key = "kind", .wide = true},
};

/* The tags as in "role=db,zone=a", which the caller frees; NULL: out of memory. */
static char *
member_list_tags_text(json_t *tags)
{
	char *text = NULL, key[PRINT_NAME], value[PRINT_NAME];
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	const char *name, *comma = "";
	json_t *tag;

	if (f == NULL)
		return NULL;
	json_object_foreach(tags, name, tag) {
		json_t *string = json_string(name);

		fprintf(f, "%s%s=%s", comma, print_word(string, key, sizeof(key)),
		    print_word(tag, value, sizeof(value)));
		json_decref(string);
		comma = ",";
	}
	return fclose(f) == 0 ? text : NULL;
}

static void
member_list_fill_value(struct table *t, size_t column, const json_t *value)
{
	char *text = value != NULL ? print_value(value, false) : NULL;

	table_cell(t, column, text != NULL ? text : "-", "");
	free(text);
}

static void
member_list_fill_row(const struct ctl *ctl, struct table *t, const json_t *member, time_t now)
{
	const char *status = json_string_value(json_object_get(member, "status"));
	json_t *since = json_object_get(member, "since");
	json_t *rtt = json_object_get(member, "rtt_ms");
	char text[PRINT_NAME], *tags;

	table_row(t);
	table_cell(t, NAME, print_word(json_object_get(member, "name"), text, sizeof(text)), "");
	table_cell(t, ADDRESS, print_word(json_object_get(member, "address"), text, sizeof(text)),
	    "");
	table_cell(t, STATUS, print_word(json_object_get(member, "status"), text, sizeof(text)),
	    print_color(ctl, status));
	table_cell(t, FOR, print_age(since, now, text, sizeof(text)), "");
	if (ctl->format == CTL_TSV)
		member_list_fill_value(t, RTT, rtt);
	else
		table_cell(t, RTT, print_rtt(rtt, text, sizeof(text)), "");
	member_list_fill_value(t, INCARNATION, json_object_get(member, "incarnation"));
	member_list_fill_value(t, SINCE, since);
	member_list_fill_value(t, LOCAL, json_object_get(member, "local"));
	tags = member_list_tags_text(json_object_get(member, "tags"));
	table_cell(t, TAGS, tags != NULL ? tags : "", "");
	free(tags);
	member_list_fill_value(t, PATH, json_object_get(member, "path"));
	if (ctl->format == CTL_TSV)
		member_list_fill_value(t, HEARD, json_object_get(member, "heard"));
	else
		table_cell(t, HEARD,
		    print_age(json_object_get(member, "heard"), now, text, sizeof(text)), "");
	member_list_fill_value(t, KIND, json_object_get(member, "kind"));
}

/* Whether a base peer is among the members. */
static bool
member_list_are_mixed(const json_t *list)
{
	const json_t *member;
	size_t i;

	json_array_foreach((json_t *)list, i, member) {
		const char *kind = json_string_value(json_object_get(member, "kind"));

		if (kind != NULL && strcmp(kind, "base") == 0)
			return true;
	}
	return false;
}

bool
member_list_print(const struct ctl *ctl, json_t *list)
{
	struct table_column shown[COLUMNS];
	struct table *t;
	time_t now = time(NULL);
	size_t i;
	json_t *member;
	bool ok;

	memcpy(shown, columns, sizeof(shown));
	shown[KIND].wide = !member_list_are_mixed(list);
	t = table_new(ctl, shown, COLUMNS);
	if (t == NULL)
		return false;
	json_array_foreach(list, i, member)
		member_list_fill_row(ctl, t, member, now);
	ok = table_print(t);
	table_free(t);
	return ok;
}

static void
member_list_print_names(const struct ctl *ctl, const json_t *list)
{
	char word[PRINT_NAME];
	const json_t *member;
	size_t i;

	json_array_foreach((json_t *)list, i, member)
		fprintf(ctl->out, "%s\n",
		    print_word(json_object_get(member, "name"), word, sizeof(word)));
}

static bool
member_list_print_hosts(const struct ctl *ctl, const json_t *list)
{
	struct hosts hosts;
	bool ok = hosts_init(&hosts, HOSTS_FILE) && hosts_print(&hosts, list, ctl->out);

	hosts_fini(&hosts);
	return ok;
}

/* The filters of the command line as params of `members`.  NULL: a filter is wrong, and *problem is set. */
static json_t *
member_list_filters(const struct ctl *ctl, struct problem *problem)
{
	json_t *params = json_object(), *list = json_array(), *tags = json_object(), *string;
	const char *text;
	enum swim_status status;
	size_t i = 0;

	while ((text = args_next(&ctl->args, "status", &i)) != NULL) {
		if (!swim_status_parse(text, &status)) {
			problem_set(problem, CTL_USAGE, "usage",
			    "no status '%s'; it is one of alive, suspect, dead, left", text);
			goto fail;
		}
		json_array_append_new(list, json_string(text));
	}
	if (json_array_size(list) > 0)
		json_object_set(params, "status", list);
	text = args_value(&ctl->args, "name");
	if (text != NULL) {
		string = session_string(text, problem);
		if (string == NULL)
			goto fail;
		json_object_set_new(params, "name", string);
	}
	i = 0;
	while ((text = args_next(&ctl->args, "tag", &i)) != NULL)
		if (!tagging_put(tags, text, problem))
			goto fail;
	if (json_object_size(tags) > 0)
		json_object_set(params, "tags", tags);
	json_decref(list);
	json_decref(tags);
	return params;
fail:
	json_decref(list);
	json_decref(tags);
	json_decref(params);
	return NULL;
}

enum ctl_exit
member_list_run(struct ctl *ctl)
{
	struct problem problem;
	struct session session;
	struct reply reply;
	json_t *params = member_list_filters(ctl, &problem), *list;
	enum ctl_exit status;

	if (params == NULL)
		return problem_print(ctl, &problem);
	status = session_ask(ctl, &session, "members", params, &reply);
	if (status != CTL_OK)
		return status;
	list = json_object_get(reply.result, "members");
	switch (ctl->format) {
	case CTL_JSON:
		reply_print(&reply, "result", ctl->out);
		break;
	case CTL_NAME:
		member_list_print_names(ctl, list);
		break;
	case CTL_HOSTS:
		if (!member_list_print_hosts(ctl, list))
			status = problem_fail(ctl, CTL_NO, "failed", "out of memory");
		break;
	case CTL_TABLE:
	case CTL_WIDE:
	case CTL_TSV:
		if (!member_list_print(ctl, list))
			status = problem_fail(ctl, CTL_NO, "failed", "out of memory");
		break;
	}
	status = session_of_list(ctl, status, list);
	session_end(&session, &reply);
	return status;
}

enum ctl_exit
member_list_one_run(struct ctl *ctl)
{
	struct problem problem;
	json_t *name = session_string(ctl->args.operands[0], &problem);

	if (name == NULL)
		return problem_print(ctl, &problem);
	return pairs_ask(ctl, "member", json_pack("{s:o}", "name", name));
}
