/* SPDX-License-Identifier: MIT */
/*
 * `swimctl wait`: waits until conditions on the members hold.  The command subscribes to a snapshot and the events that
 * follow, so that no change is missed.  For start-up scripts, the command also waits until the daemon has started.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/status.h"
#include "ctl/command.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "ctl/session.h"

#define RETRY_FIRST swim_ms(50)
#define RETRY_MAX swim_ms(1000)

enum comparison { LESS, AT_MOST, EQUAL, OTHER_THAN, AT_LEAST, MORE };

struct condition {
	const char *text;           /* the value of the option */
	enum comparison comparison; /* --members */
	uint64_t count;             /* --members */
	char *name;                 /* --status: of the member, escaped; NULL: --members */
	unsigned statuses;          /* --status: the allowed ones, as bits 1 << status */
};

struct waiting {
	const struct ctl *ctl;
	struct condition *conditions;
	size_t condition_count;
	bool quorum;        /* --quorum */
	bool has_quorum;    /* the daemon has said that it has a quorum */
	json_t *members;    /* maps names, escaped by print_word, to statuses */
	size_t alive;       /* number of alive members */
	swim_time deadline; /* when to give up */
	bool once;          /* --timeout 0: check once */
	bool heard;         /* the snapshot has come on this connection */
	struct problem problem;
};

/* --------------------------------------------------------------------------------------- the conditions */

static bool
wait_parse_count(const char *text, struct condition *condition)
{
	static const struct {
		const char *sign;
		enum comparison comparison;
	} signs[] = {
	    {">=", AT_LEAST},
	    {"<=", AT_MOST},
	    {"==", EQUAL},
	    {"!=", OTHER_THAN},
	    {"=", EQUAL},
	    {">", MORE},
	    {"<", LESS},
	    {"", EQUAL},
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t len = strlen(signs[i].sign);

		if (strncmp(text, signs[i].sign, len) == 0) {
			condition->comparison = signs[i].comparison;
			return args_u64(text + len + strspn(text + len, " "), &condition->count);
		}
	}
	return false;
}

/* The key of a member in `members`, its escaped name, which the caller frees; NULL: the name is not UTF-8, or out of memory. */
static char *
wait_member_key(const char *name, size_t len)
{
	json_t *string = json_stringn(name, len);
	char *key = malloc(PRINT_NAME);

	if (string == NULL || key == NULL) {
		free(key);
		key = NULL;
	} else {
		print_word(string, key, PRINT_NAME);
	}
	json_decref(string);
	return key;
}

/* Parse alternatives such as "dead|left".  False: one of them is no status. */
static bool
wait_parse_alternatives(const char *text, unsigned *statuses)
{
	char word[16];

	*statuses = 0;
	for (;;) {
		size_t len = strcspn(text, "|");
		enum swim_status status;

		if (len >= sizeof(word))
			return false;
		memcpy(word, text, len);
		word[len] = '\0';
		if (!swim_status_parse(word, &status))
			return false;
		*statuses |= 1U << status;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

static bool
wait_parse_status(const char *text, struct condition *condition)
{
	/* The status begins after the last '=': the name of a member may have a '=', a status has none. */
	const char *equals = strrchr(text, '=');

	if (equals == NULL || equals == text ||
	    !wait_parse_alternatives(equals + 1, &condition->statuses))
		return false;
	condition->name = wait_member_key(text, (size_t)(equals - text));
	return condition->name != NULL;
}

/* Write the statuses in words, as in "dead or left". */
static void
wait_put_statuses(unsigned statuses, char *out, size_t cap)
{
	size_t used = 0;

	for (unsigned status = 0; status < SWIM_STATUS_COUNT; status++) {
		int n;

		if ((statuses & 1U << status) == 0 || used >= cap)
			continue;
		n = snprintf(out + used, cap - used, "%s%s", used > 0 ? " or " : "",
		    swim_status_name((enum swim_status)status));
		used += n > 0 ? (size_t)n : 0;
	}
}

static bool
wait_parse_conditions(struct waiting *w)
{
	const struct args *args = &w->ctl->args;
	const char *text;
	swim_duration timeout;
	size_t i;

	w->deadline = SWIM_TIME_NEVER;
	w->conditions = calloc(args->given_count + 1, sizeof(*w->conditions));
	if (w->conditions == NULL) {
		problem_set(&w->problem, CTL_NO, "failed", "out of memory");
		return false;
	}
	for (i = 0; (text = args_next(args, "members", &i)) != NULL;) {
		w->conditions[w->condition_count].text = text;
		if (!wait_parse_count(text, &w->conditions[w->condition_count++])) {
			problem_set(&w->problem, CTL_USAGE, "usage",
			    "--members '%s' is not a count; write '>=3', '>2', '=3', '<=5', '<5' or '!=0'",
			    text);
			return false;
		}
	}
	for (i = 0; (text = args_next(args, "status", &i)) != NULL;) {
		w->conditions[w->condition_count].text = text;
		if (!wait_parse_status(text, &w->conditions[w->condition_count++])) {
			problem_set(&w->problem, CTL_USAGE, "usage",
			    "--status '%s' is not NAME=STATUS, where STATUS is alive, suspect, dead or left, or several of these joined by '|'",
			    text);
			return false;
		}
	}
	w->quorum = args_has(args, "quorum");
	if (w->condition_count == 0 && !w->quorum) {
		problem_set(&w->problem, CTL_USAGE, "usage",
		    "'wait' needs a condition: --members '>=3', --status NAME=alive or --quorum");
		return false;
	}
	text = args_value(args, "timeout");
	if (text != NULL) {
		if (!args_duration(text, &timeout)) {
			problem_set(&w->problem, CTL_USAGE, "usage",
			    "--timeout '%s' is not a time; write 5, 0.5, 500ms, 2m or 1h", text);
			return false;
		}
		w->once = timeout.ns == 0;
		w->deadline = w->once ? session_deadline()
				      : swim_time_add(connection_now(), timeout);
	}
	return true;
}

/* ------------------------------------------------------------------------------------------- the members */

static void
wait_forget(struct waiting *w, const char *key)
{
	const char *known = json_string_value(json_object_get(w->members, key));

	if (known != NULL && strcmp(known, swim_status_name(SWIM_ALIVE)) == 0)
		w->alive--;
	json_object_del(w->members, key);
}

static void
wait_learn(struct waiting *w, const json_t *member, bool removed)
{
	char key[PRINT_NAME];
	const char *status = json_string_value(json_object_get(member, "status"));

	if (!json_is_object(member) || status == NULL)
		return;
	print_word(json_object_get(member, "name"), key, sizeof(key));
	wait_forget(w, key);
	if (removed)
		return;
	json_object_set_new(w->members, key, json_string(status));
	if (strcmp(status, swim_status_name(SWIM_ALIVE)) == 0)
		w->alive++;
}

static bool
wait_condition_met(const struct waiting *w, const struct condition *condition)
{
	const char *word;
	enum swim_status status;

	if (condition->name != NULL) {
		word = json_string_value(json_object_get(w->members, condition->name));
		return word != NULL && swim_status_parse(word, &status) &&
		       (condition->statuses & 1U << status) != 0;
	}
	switch (condition->comparison) {
	case LESS:
		return w->alive < condition->count;
	case AT_MOST:
		return w->alive <= condition->count;
	case EQUAL:
		return w->alive == condition->count;
	case OTHER_THAN:
		return w->alive != condition->count;
	case AT_LEAST:
		return w->alive >= condition->count;
	case MORE:
		return w->alive > condition->count;
	}
	return false;
}

static bool
wait_members_met(const struct waiting *w)
{
	for (size_t i = 0; i < w->condition_count; i++)
		if (!wait_condition_met(w, &w->conditions[i]))
			return false;
	return true;
}

static bool
wait_all_met(const struct waiting *w)
{
	return wait_members_met(w) && (!w->quorum || w->has_quorum);
}

/* ------------------------------------------------------------------------------------------ waiting */

static void
wait_start_over(struct waiting *w)
{
	json_object_clear(w->members);
	w->alive = 0;
	w->has_quorum = false;
}

/* Ask the daemon whether it has a quorum. */
static enum ctl_exit
wait_ask_quorum(struct waiting *w)
{
	struct session s;
	struct reply reply;
	const json_t *quorum;
	enum ctl_exit status = session_open(w->ctl, &s, session_deadline(), &w->problem);

	if (status == CTL_OK)
		status = session_call(&s, "health", NULL, session_deadline(), &reply, &w->problem);
	if (status == CTL_OK) {
		quorum = json_object_get(reply.result, "quorum");
		w->has_quorum = json_is_true(quorum);
		if (!json_is_boolean(quorum))
			status = problem_set(&w->problem, CTL_NO, "failed",
			    "the daemon does not report whether it has a quorum, because it is older than this swimctl");
		reply_fini(&reply);
	}
	session_close(&s);
	return status;
}

/* Wait for the next event and update the members. */
static enum ctl_exit
wait_follow_event(struct waiting *w, struct session *s)
{
	struct reply reply;
	const char *type;
	char *line;
	size_t len;
	int error = connection_line(&s->connection, w->deadline, &line, &len);

	if (error == 0)
		error = reply_parse_event(&reply, line, len);
	if (error != 0)
		return session_broken(s, error, &w->problem);
	type = json_string_value(json_object_get(reply.params, "type"));
	wait_learn(w, json_object_get(reply.params, "member"),
	    type != NULL && strcmp(type, "member.removed") == 0);
	reply_fini(&reply);
	return CTL_OK;
}

/*
 * Follow the events on one connection.  Returns CTL_OK when the conditions on members hold (with --timeout 0, after the
 * snapshot), or an exit status with the problem set when the connection ends or the deadline has passed.
 */
static enum ctl_exit
wait_follow(struct waiting *w, struct session *s)
{
	struct reply reply;
	json_t *params = json_pack("{s:b,s:[s]}", "snapshot", 1, "types", "member.*"), *member;
	enum ctl_exit status =
	    session_call(s, "subscribe", params, w->deadline, &reply, &w->problem);
	size_t i;

	if (status != CTL_OK)
		return status;
	w->heard = true;
	wait_start_over(w);
	json_array_foreach(json_object_get(reply.result, "members"), i, member)
		wait_learn(w, member, false);
	reply_fini(&reply);
	while (status == CTL_OK && !wait_members_met(w) && !w->once)
		status = wait_follow_event(w, s);
	return status;
}

static bool
wait_time_is_up(const struct waiting *w)
{
	return swim_time_reached(connection_now(), w->deadline);
}

static void
wait_pause_for(swim_duration d, swim_time deadline)
{
	swim_duration left = swim_time_since(deadline, connection_now());
	struct timespec ts;

	if (left.ns < d.ns)
		d = left;
	if (d.ns <= 0)
		return;
	ts = (struct timespec){.tv_sec = (time_t)(d.ns / 1000000000), .tv_nsec = d.ns % 1000000000};
	nanosleep(&ts, NULL);
}

/* Set the problem: the conditions that are not met, or if no daemon was `reached`, why not.  Returns the exit status. */
static enum ctl_exit
wait_not_met(struct waiting *w, bool reached)
{
	char text[sizeof(w->problem.text)] = "", last[sizeof(w->problem.text)];
	const char *given = args_value(&w->ctl->args, "timeout");
	const char *unit = given[strspn(given, "0123456789.")] == '\0' ? " s" : "";
	size_t used = 0;

	if (!reached) {
		snprintf(last, sizeof(last), "%s", w->problem.text);
		problem_fini(&w->problem);
		return problem_set(&w->problem, CTL_TIMEOUT, "timeout",
		    "gave up after %s%s; the daemon never answered: %s", given, unit, last);
	}
	for (size_t i = 0; i < w->condition_count && used + 1 < sizeof(text); i++) {
		const struct condition *condition = &w->conditions[i];
		const char *status;
		char wanted[64];
		int n;

		if (wait_condition_met(w, condition))
			continue;
		status = condition->name != NULL
			     ? json_string_value(json_object_get(w->members, condition->name))
			     : NULL;
		wait_put_statuses(condition->statuses, wanted, sizeof(wanted));
		if (condition->name == NULL)
			n = snprintf(text + used, sizeof(text) - used,
			    "; the number of alive members is %zu, not %s", w->alive,
			    condition->text);
		else if (status == NULL)
			n = snprintf(text + used, sizeof(text) - used, "; %s is not a member",
			    condition->name);
		else
			n = snprintf(text + used, sizeof(text) - used, "; %s is %s, not %s",
			    condition->name, status, wanted);
		used += n > 0 ? (size_t)n : 0;
	}
	if (wait_members_met(w) && w->quorum && !w->has_quorum)
		snprintf(text, sizeof(text),
		    "; this member does not see more than half of the members alive");
	problem_fini(&w->problem);
	/* With --timeout 0 the answer is no, and there was no timeout. */
	if (w->once)
		return problem_set(&w->problem, CTL_NO, "not-met",
		    "the conditions do not hold now%s", text);
	return problem_set(&w->problem, CTL_TIMEOUT, "timeout", "gave up after %s%s%s", given, unit,
	    text);
}

/* Connect, follow events and ask for the quorum until all conditions hold or the deadline has passed. */
static enum ctl_exit
wait_until_met(struct waiting *w)
{
	swim_duration pause = RETRY_FIRST;
	bool reached = false;

	for (;;) {
		struct session s;
		enum ctl_exit status;

		problem_fini(&w->problem);
		status = session_open(w->ctl, &s, w->deadline, &w->problem);
		if (status == CTL_OK) {
			w->heard = false;
			status = wait_follow(w, &s);
			if (w->heard) {
				reached = true;
				pause = RETRY_FIRST;
			}
		}
		session_close(&s);
		if (status == CTL_OK && w->quorum && wait_members_met(w))
			status = wait_ask_quorum(w);
		if (status == CTL_OK && (wait_all_met(w) || w->once))
			return wait_all_met(w) ? CTL_OK : wait_not_met(w, true);
		/* The subscription is for events of members alone, so a missing quorum is checked again after a pause. */
		if (status == CTL_OK)
			pause = RETRY_MAX;
		/* A daemon that does not run or went away may come back; other problems end the wait. */
		if (status != CTL_OK &&
		    (status != CTL_UNREACHABLE || strcmp(w->problem.word, "protocol") == 0))
			return status;
		if (w->once)
			return status;
		if (wait_time_is_up(w))
			return wait_not_met(w, reached);
		wait_pause_for(pause, w->deadline);
		if (wait_time_is_up(w))
			return wait_not_met(w, reached);
		pause = pause.ns * 2 < RETRY_MAX.ns ? swim_ns(pause.ns * 2) : RETRY_MAX;
	}
}

enum ctl_exit
wait_run(struct ctl *ctl)
{
	struct waiting w = {.ctl = ctl, .members = json_object()};
	swim_time begin = connection_now();
	enum ctl_exit status;

	status = wait_parse_conditions(&w) ? wait_until_met(&w) : w.problem.exit;
	if (status != CTL_OK)
		problem_print(ctl, &w.problem);
	else if (ctl->format == CTL_JSON)
		fprintf(ctl->out, "{\"met\":true,\"alive\":%zu,\"waited_ms\":%" PRId64 "}\n",
		    w.alive, swim_duration_ms(swim_time_since(connection_now(), begin)));
	problem_fini(&w.problem);
	for (size_t i = 0; i < w.condition_count; i++)
		free(w.conditions[i].name);
	free(w.conditions);
	json_decref(w.members);
	return status;
}
