/* SPDX-License-Identifier: MIT */
/* The table of commands, from whose rows dispatch, help, completion and usage errors are made. */
#ifndef SWIMD_CTL_COMMAND_H
#define SWIMD_CTL_COMMAND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl/args.h"
#include "ctl/ctl.h"

#define COMMAND_ANY UINT_MAX /* as `max`: any number of operands */

struct command {
	const char *name;
	const char *operands; /* as the synopsis shows them; "" if there are none */
	unsigned min, max;    /* number of operands */
	const struct args_option *options;
	unsigned formats; /* output formats that the command has, as bits of enum ctl_format */
	bool lists;       /* the command prints a list, so --fail-if-empty is valid */
	bool changes;     /* the command needs the read-write socket */
	const char *help; /* one line */
	enum ctl_exit (*run)(struct ctl *);
};

/* All rows; the first row is the default command. */
const struct command *command_rows(size_t *count);
/* The row of a command, or NULL if there is no such command. */
const struct command *command_find(const char *name);
/* The global options, which every command takes. */
const struct args_option *command_globals(void);
/* The names of the output formats, in the order of the bits of enum ctl_format, without CTL_JSON. */
const char *const *command_formats(size_t *count);

/* The handlers, by file. */
enum ctl_exit member_list_run(struct ctl *);
enum ctl_exit member_list_one_run(struct ctl *);
enum ctl_exit info_status_run(struct ctl *);
enum ctl_exit info_run(struct ctl *);
enum ctl_exit info_health_run(struct ctl *);
enum ctl_exit info_metrics_run(struct ctl *);
enum ctl_exit info_version_run(struct ctl *);
enum ctl_exit events_run(struct ctl *);
enum ctl_exit wait_run(struct ctl *);
enum ctl_exit admin_join_run(struct ctl *);
enum ctl_exit admin_leave_run(struct ctl *);
enum ctl_exit admin_remove_run(struct ctl *);
enum ctl_exit admin_reload_run(struct ctl *);
enum ctl_exit admin_discovery_run(struct ctl *);
enum ctl_exit links_run(struct ctl *);
enum ctl_exit tagging_run(struct ctl *);
enum ctl_exit datagram_run(struct ctl *);
enum ctl_exit help_run(struct ctl *);
enum ctl_exit help_completion_run(struct ctl *);

#endif
