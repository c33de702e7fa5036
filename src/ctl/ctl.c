/* SPDX-License-Identifier: MIT */
#include "ctl/ctl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "ctl/command.h"
#include "ctl/help.h"

/* Set the output format from --json and --output, if the command has that format.  False: *problem is set. */
static bool
ctl_setup_format(struct ctl *ctl, struct problem *problem)
{
	const struct command *command = ctl->args.command;
	const char *output = args_value(&ctl->args, "output"), *near;
	size_t count, i;
	const char *const *names = command_formats(&count);

	ctl->format = CTL_TABLE;
	if (args_has(&ctl->args, "json")) {
		ctl->format = CTL_JSON;
		if (output != NULL) {
			problem_set(problem, CTL_USAGE, "usage",
			    "--json and --output %s are two output formats; leave one out", output);
			return false;
		}
		if ((command->formats & CTL_JSON) == 0) {
			problem_set(problem, CTL_USAGE, "usage",
			    "'%s' has no JSON output; leave --json out", command->name);
			return false;
		}
	}
	if (output == NULL)
		return true;
	for (i = 0; i < count && strcmp(names[i], output) != 0; i++)
		;
	if (i == count) {
		near = strcmp(output, "json") == 0 ? NULL : nearest_word(output, names, count);
		if (near != NULL)
			problem_set(problem, CTL_USAGE, "usage",
			    "no output format '%s'; did you mean '%s'?", output, near);
		else
			problem_set(problem, CTL_USAGE, "usage",
			    "no output format '%s'; there are table, wide, name, tsv, hosts, and --json",
			    output);
		return false;
	}
	if ((command->formats & 1U << i) == 0) {
		problem_set(problem, CTL_USAGE, "usage",
		    "'%s' has no output format '%s'; see 'swimctl help %s'", command->name, output,
		    command->name);
		return false;
	}
	ctl->format = (enum ctl_format)(1U << i);
	return true;
}

static bool
ctl_setup(struct ctl *ctl, struct problem *problem)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"), *socket;

	if (!ctl_setup_format(ctl, problem))
		return false;
	ctl->fail_if_empty = args_has(&ctl->args, "fail-if-empty");
	if (ctl->fail_if_empty && !ctl->args.command->lists) {
		problem_set(problem, CTL_USAGE, "usage",
		    "'%s' prints no list, so it takes no --fail-if-empty", ctl->args.command->name);
		return false;
	}
	ctl->terminal = isatty(fileno(ctl->out)) == 1;
	ctl->color = ctl->terminal && (no_color == NULL || no_color[0] == '\0') &&
		     (term == NULL || strcmp(term, "dumb") != 0);
	socket = args_value(&ctl->args, "socket");
	if (socket != NULL && socket[0] == '\0') {
		problem_set(problem, CTL_USAGE, "usage", "--socket needs the path of a socket");
		return false;
	}
	if (socket == NULL)
		socket = getenv("SWIMD_SOCKET");
	if (socket != NULL && socket[0] != '\0')
		ctl->socket = socket;
	return true;
}

/* Whether `out` is a pipe whose reader has gone.  This is no error: in `swimctl members | head -1` it is usual. */
static bool
ctl_reader_has_gone(FILE *out)
{
	struct pollfd p = {.fd = fileno(out)};

	return errno == EPIPE || (poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0);
}

/* Write out what is buffered.  Returns `status`, or CTL_NO with a message if writing failed. */
static enum ctl_exit
ctl_flush(const struct ctl *ctl, enum ctl_exit status)
{
	bool failed;

	errno = 0;
	failed = fflush(ctl->out) != 0 || ferror(ctl->out);
	if (!failed || ctl_reader_has_gone(ctl->out))
		return status;
	fprintf(ctl->err, "swimctl: cannot write the output%s%s\n", errno != 0 ? ": " : "",
	    errno != 0 ? strerror(errno) : "");
	return CTL_NO;
}

int
ctl_run(int argc, char **argv, FILE *out, FILE *err)
{
	struct ctl ctl = {.format = CTL_TABLE, .out = out, .err = err};
	struct problem problem = {0};
	enum ctl_exit status;

	if (!args_parse(argc, argv, &ctl.args, &problem)) {
		if (args_has(&ctl.args, "json"))
			ctl.format = CTL_JSON;
		status = problem_print(&ctl, &problem);
	} else if (args_has(&ctl.args, "version")) {
		fprintf(out, "swimctl %s\n", PACKAGE_VERSION);
		status = CTL_OK;
	} else if (args_has(&ctl.args, "help")) {
		status = CTL_OK;
		if (ctl.args.named)
			help_command(out, ctl.args.command);
		else
			help_all(out);
	} else if (!ctl_setup(&ctl, &problem)) {
		status = problem_print(&ctl, &problem);
	} else {
		status = ctl.args.command->run(&ctl);
	}
	status = ctl_flush(&ctl, status);
	args_fini(&ctl.args);
	return (int)status;
}
