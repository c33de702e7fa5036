/* SPDX-License-Identifier: MIT */
/*
 * `swimctl wait`: waits until the members are as the conditions say.  It subscribes with a snapshot and follows the events,
 * so that no change between two looks is missed.  A daemon that does not run yet is waited for too, as start-up scripts
 * need it.
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

struct want {
	const char *text; /* as given */
	/* --members */
	enum comparison comparison;
	uint64_t count;
	/* --status: the member, as print_word has it */
	char *name;
	unsigned statuses; /* any of these bits 1 << status */
};

struct waiting {
	const struct ctl *ctl;
	struct want *wants;
	size_t want_count;
	bool quorum;     /* --quorum */
	bool has_quorum; /* what the daemon last said of that */
	json_t *members; /* name, as print_word has it: status */
	size_t alive;
	swim_time deadline; /* when to give up */
	bool once;          /* --timeout 0 */
	bool heard;         /* the snapshot has come on this connection */
	struct problem problem;
};

/* -------------------------------------------------------------------------------- what is asked for */

static bool
wait_parse_count(const char *text, struct want *want)
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
			want->comparison = signs[i].comparison;
			return args_u64(text + len + strspn(text + len, " "), &want->count);
		}
	}
	return false;
}

/* The key of a member in `members`: its name, escaped, so that no two names have one key. */
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

/* "dead|left" */
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
wait_parse_status(const char *text, struct want *want)
{
	/* The last '=' counts: a name may have one, a status has none. */
	const char *equals = strrchr(text, '=');

	if (equals == NULL || equals == text ||
	    !wait_parse_alternatives(equals + 1, &want->statuses))
		return false;
	want->name = wait_member_key(text, (size_t)(equals - text));
	return want->name != NULL;
}

/* The statuses in words: "dead or left". */
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
wait_parse_wants(struct waiting *w)
{
	const struct args *args = &w->ctl->args;
	const char *text;
	swim_duration timeout;
	size_t i;

	w->deadline = SWIM_TIME_NEVER;
	w->wants = calloc(args->given_count + 1, sizeof(*w->wants));
	if (w->wants == NULL) {
		problem_set(&w->problem, CTL_NO, "failed", "out of memory");
		return false;
	}
	for (i = 0; (text = args_next(args, "members", &i)) != NULL;) {
		w->wants[w->want_count].text = text;
		if (!wait_parse_count(text, &w->wants[w->want_count++])) {
			problem_set(&w->problem, CTL_USAGE, "usage",
			    "--members '%s' is no count: write '>=3', '>2', '=3', '<=5', '<5' or '!=0'",
			    text);
			return false;
		}
	}
	for (i = 0; (text = args_next(args, "status", &i)) != NULL;) {
		w->wants[w->want_count].text = text;
		if (!wait_parse_status(text, &w->wants[w->want_count++])) {
			problem_set(&w->problem, CTL_USAGE, "usage",
			    "--status '%s' is not NAME=STATUS with STATUS alive, suspect, dead or left, or several of these with '|' between",
			    text);
			return false;
		}
	}
	w->quorum = args_has(args, "quorum");
	if (w->want_count == 0 && !w->quorum) {
		problem_set(&w->problem, CTL_USAGE, "usage",
		    "'wait' needs to know what for: --members '>=3', --status NAME=alive or --quorum");
		return false;
	}
	text = args_value(args, "timeout");
	if (text != NULL) {
		if (!args_duration(text, &timeout)) {
			problem_set(&w->problem, CTL_USAGE, "usage",
			    "--timeout '%s' is no time: write 5, 0.5, 500ms, 2m or 1h", text);
			return false;
		}
		w->once = timeout.ns == 0;
		w->deadline = w->once ? session_patience()
				      : swim_time_add(connection_now(), timeout);
	}
	return true;
}

/* ------------------------------------------------------------------------------------ what is known */

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
wait_want_met(const struct waiting *w, const struct want *want)
{
	const char *word;
	enum swim_status status;

	if (want->name != NULL) {
		word = json_string_value(json_object_get(w->members, want->name));
		return word != NULL && swim_status_parse(word, &status) &&
		       (want->statuses & 1U << status) != 0;
	}
	switch (want->comparison) {
	case LESS:
		return w->alive < want->count;
	case AT_MOST:
		return w->alive <= want->count;
	case EQUAL:
		return w->alive == want->count;
	case OTHER_THAN:
		return w->alive != want->count;
	case AT_LEAST:
		return w->alive >= want->count;
	case MORE:
		return w->alive > want->count;
	}
	return false;
}

static bool
wait_members_met(const struct waiting *w)
{
	for (size_t i = 0; i < w->want_count; i++)
		if (!wait_want_met(w, &w->wants[i]))
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
	enum ctl_exit status = session_open(w->ctl, &s, session_patience(), &w->problem);

	if (status == CTL_OK)
		status = session_call(&s, "health", NULL, session_patience(), &reply, &w->problem);
	if (status == CTL_OK) {
		quorum = json_object_get(reply.result, "quorum");
		w->has_quorum = json_is_true(quorum);
		if (!json_is_boolean(quorum))
			status = problem_set(&w->problem, CTL_NO, "failed",
			    "this daemon does not say whether it has a quorum: it is older than this swimctl");
		reply_fini(&reply);
	}
	session_close(&s);
	return status;
}

/* Take the next event in. */
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

/* One connection: until the members are as asked for, the connection ends, or time does. */
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

/* Say in words which condition is not met. */
static enum ctl_exit
wait_not_met(struct waiting *w, bool reached)
{
	char text[sizeof(w->problem.text)] = "", last[sizeof(w->problem.text)];
	const char *given = args_value(&w->ctl->args, "timeout");
	size_t used = 0;

	if (!reached) {
		snprintf(last, sizeof(last), "%s", w->problem.text);
		problem_fini(&w->problem);
		return problem_set(&w->problem, CTL_TIMEOUT, "timeout",
		    "gave up after %s, the daemon never answered: %s", given, last);
	}
	for (size_t i = 0; i < w->want_count && used + 1 < sizeof(text); i++) {
		const struct want *want = &w->wants[i];
		const char *status;
		char wanted[64];
		int n;

		if (wait_want_met(w, want))
			continue;
		status = want->name != NULL
			     ? json_string_value(json_object_get(w->members, want->name))
			     : NULL;
		wait_put_statuses(want->statuses, wanted, sizeof(wanted));
		if (want->name == NULL)
			n = snprintf(text + used, sizeof(text) - used,
			    "; %zu alive where %s was asked for", w->alive, want->text);
		else if (status == NULL)
			n = snprintf(text + used, sizeof(text) - used, "; %s is no member",
			    want->name);
		else
			n = snprintf(text + used, sizeof(text) - used, "; %s is %s, not %s",
			    want->name, status, wanted);
		used += n > 0 ? (size_t)n : 0;
	}
	if (wait_members_met(w) && w->quorum && !w->has_quorum)
		snprintf(text, sizeof(text),
		    "; this member does not see more than half of the members alive");
	problem_fini(&w->problem);
	/* --timeout 0 asks for the state of now: not met is an answer, and no timeout. */
	if (w->once)
		return problem_set(&w->problem, CTL_NO, "not-met", "not now%s", text);
	return problem_set(&w->problem, CTL_TIMEOUT, "timeout", "gave up after %s%s", given, text);
}

static enum ctl_exit
wait_for_it(struct waiting *w)
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
		/* No event tells that the quorum is back, so the members are asked for again. */
		if (status == CTL_OK)
			pause = RETRY_MAX;
		/* A daemon that does not run or went away may come back, so it is waited for; other problems end the wait. */
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

	status = wait_parse_wants(&w) ? wait_for_it(&w) : w.problem.exit;
	if (status != CTL_OK)
		problem_print(ctl, &w.problem);
	else if (ctl->format == CTL_JSON)
		fprintf(ctl->out, "{\"met\":true,\"alive\":%zu,\"waited_ms\":%" PRId64 "}\n",
		    w.alive, swim_duration_ms(swim_time_since(connection_now(), begin)));
	problem_fini(&w.problem);
	for (size_t i = 0; i < w.want_count; i++)
		free(w.wants[i].name);
	free(w.wants);
	json_decref(w.members);
	return status;
}
