/* SPDX-License-Identifier: MIT */
/* `swimctl status`, `info`, `health`, `metrics` and `version`, which show the state of the daemon. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/ctl.h"
#include "ctl/member_list.h"
#include "ctl/pairs.h"
#include "ctl/print.h"
#include "ctl/session.h"

/* The largest number of suspect and dead members that `status` lists. */
#define MISSING_MAX 20

enum ctl_exit
info_run(struct ctl *ctl)
{
	return pairs_ask(ctl, "info", NULL);
}

/* The string in this field of the object, or "". */
static const char *
info_text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

enum ctl_exit
info_health_run(struct ctl *ctl)
{
	struct session session;
	struct reply reply;
	enum ctl_exit status = session_ask(ctl, &session, "health", NULL, &reply);

	if (status != CTL_OK)
		return status;
	status = pairs_answer(ctl, &reply);
	if (strcmp(info_text_of(reply.result, "status"), "ok") != 0)
		status = CTL_NO;
	session_end(&session, &reply);
	return status;
}

enum ctl_exit
info_metrics_run(struct ctl *ctl)
{
	struct session session;
	struct reply reply;
	enum ctl_exit status;
	const bool openmetrics = args_has(&ctl->args, "openmetrics");
	const bool prometheus = args_has(&ctl->args, "prometheus");
	const char *format;
	const json_t *text;

	if (openmetrics && prometheus)
		return problem_fail(ctl, CTL_USAGE, "usage",
		    "--openmetrics and --prometheus are two formats; give one");
	format = openmetrics ? "openmetrics" : prometheus ? "prometheus" : "json";
	if ((!openmetrics && !prometheus) || ctl->format == CTL_JSON)
		return pairs_ask(ctl, "metrics", json_pack("{s:s}", "format", format));
	status =
	    session_ask(ctl, &session, "metrics", json_pack("{s:s}", "format", format), &reply);
	if (status != CTL_OK)
		return status;
	text = json_object_get(reply.result, "text");
	/* A scraper reads this text, so it is printed without escapes. */
	fwrite(json_string_value(text), 1, json_string_length(text), ctl->out);
	session_end(&session, &reply);
	return CTL_OK;
}

/* The result of one of the requests of `status`. */
struct answer {
	json_t *result;
	char *text; /* the text of the result as the daemon sent it */
};

/* Send a request and keep its result in *out.  Returns CTL_OK, or an exit status with *problem set. */
static enum ctl_exit
info_collect(struct session *s, const char *method, json_t *params, struct answer *out,
    struct problem *problem)
{
	struct reply reply;
	enum ctl_exit status = session_call(s, method, params, session_deadline(), &reply, problem);
	const char *text;
	size_t len;

	if (status != CTL_OK)
		return status;
	text = reply_text(&reply, "result", &len);
	out->text = strndup(text, len);
	out->result = json_incref(reply.result);
	reply_fini(&reply);
	if (out->text == NULL)
		return problem_set(problem, CTL_NO, "failed", "out of memory");
	return CTL_OK;
}

static void
info_print_uptime(const struct ctl *ctl, double seconds)
{
	int64_t s = (int64_t)seconds;

	if (s < 60)
		fprintf(ctl->out, "up %" PRId64 " s", s);
	else if (s < 3600)
		fprintf(ctl->out, "up %" PRId64 " min", s / 60);
	else if (s < 86400)
		fprintf(ctl->out, "up %" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
	else
		fprintf(ctl->out, "up %" PRId64 " d %" PRId64 " h", s / 86400, s % 86400 / 3600);
}

static int64_t
info_number_of(const json_t *object, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(object, key));
}

static bool
info_print_overview(const struct ctl *ctl, const json_t *info, const json_t *health,
    json_t *members)
{
	char name[PRINT_NAME], address[PRINT_NAME], word[PRINT_NAME];
	const char *cluster = info_text_of(info, "cluster"),
		   *state = info_text_of(health, "status");
	json_t *reasons = json_object_get(health, "reasons"), *reason;
	json_t *missing = json_object_get(members, "members");
	size_t count = json_array_size(missing), i;
	bool ok = true;

	fprintf(ctl->out, "%s at %s in ",
	    print_word(json_object_get(info, "name"), name, sizeof(name)),
	    print_word(json_object_get(info, "address"), address, sizeof(address)));
	if (cluster[0] != '\0')
		fprintf(ctl->out, "cluster %s, ", print_safe(cluster, word, sizeof(word)));
	else
		fprintf(ctl->out, "the unnamed cluster, ");
	fprintf(ctl->out, "swimd %s, ",
	    print_word(json_object_get(info, "version"), word, sizeof(word)));
	info_print_uptime(ctl, json_number_value(json_object_get(info, "uptime_seconds")));
	fprintf(ctl->out, "\nhealth: %s%s%s\n", print_color(ctl, state),
	    print_safe(state, word, sizeof(word)), print_plain(ctl));
	json_array_foreach(reasons, i, reason) {
		if (json_is_string(reason))
			fprintf(ctl->out, "  %s\n",
			    print_safe(json_string_value(reason), word, sizeof(word)));
	}
	fprintf(ctl->out, "members: %" PRId64 " alive, %" PRId64 " suspect, %" PRId64 " dead\n",
	    info_number_of(health, "alive"), info_number_of(health, "suspect"),
	    info_number_of(health, "dead"));
	if (count > 0) {
		for (i = count; i > MISSING_MAX; i--)
			json_array_remove(missing, i - 1);
		fputc('\n', ctl->out);
		ok = member_list_print(ctl, missing);
		if (count > MISSING_MAX)
			fprintf(ctl->out,
			    "... and %zu more; see 'swimctl members --status dead --status suspect'\n",
			    count - MISSING_MAX);
	}
	return ok;
}

enum ctl_exit
info_status_run(struct ctl *ctl)
{
	struct answer info = {0}, health = {0}, members = {0};
	struct problem problem;
	struct session session;
	enum ctl_exit status = session_open(ctl, &session, session_deadline(), &problem);

	if (status == CTL_OK)
		status = info_collect(&session, "info", NULL, &info, &problem);
	if (status == CTL_OK)
		status = info_collect(&session, "health", NULL, &health, &problem);
	if (status == CTL_OK)
		status = info_collect(&session, "members",
		    json_pack("{s:[ss]}", "status", "suspect", "dead"), &members, &problem);
	session_close(&session);
	if (status != CTL_OK)
		problem_print(ctl, &problem);
	else if (ctl->format == CTL_JSON)
		fprintf(ctl->out, "{\"info\":%s,\"health\":%s,\"missing\":%s}\n", info.text,
		    health.text, members.text);
	else if (!info_print_overview(ctl, info.result, health.result, members.result))
		status = problem_fail(ctl, CTL_NO, "failed", "out of memory");
	json_decref(info.result);
	json_decref(health.result);
	json_decref(members.result);
	free(info.text);
	free(health.text);
	free(members.text);
	return status;
}

static enum ctl_exit
info_print_versions(const struct ctl *ctl, json_t *daemon)
{
	/* The daemon may send any text as its version.  The text is escaped to ASCII, so that it cannot control a terminal. */
	json_t *versions = json_pack("{s:s,s:o}", "swimctl", PACKAGE_VERSION, "swimd",
	    json_is_string(daemon) ? json_incref(daemon) : json_null());
	char *text = json_dumps(versions, JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(versions);
	if (text == NULL)
		return problem_fail(ctl, CTL_NO, "failed", "out of memory");
	fprintf(ctl->out, "%s\n", text);
	free(text);
	return CTL_OK;
}

enum ctl_exit
info_version_run(struct ctl *ctl)
{
	struct problem problem = {0};
	struct answer info = {0};
	struct session session;
	enum ctl_exit status = CTL_OK;
	json_t *version;
	char word[PRINT_NAME];
	/* swimctl prints its own version even if no daemon runs, so it waits for the daemon for 2 seconds only. */
	swim_time deadline = swim_time_add(connection_now(), swim_seconds(2));

	if (session_open(ctl, &session, deadline, &problem) == CTL_OK)
		(void)info_collect(&session, "info", NULL, &info, &problem);
	session_close(&session);
	problem_fini(&problem);
	version = json_object_get(info.result, "version");
	print_word(version, word, sizeof(word));
	if (ctl->format == CTL_JSON)
		status = info_print_versions(ctl, version);
	else if (word[0] != '\0')
		fprintf(ctl->out, "swimctl %s\nswimd %s on %s\n", PACKAGE_VERSION, word,
		    session.path);
	else
		fprintf(ctl->out, "swimctl %s\nswimd: not reachable\n", PACKAGE_VERSION);
	json_decref(info.result);
	free(info.text);
	return status;
}
