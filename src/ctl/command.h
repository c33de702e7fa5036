/* SPDX-License-Identifier: MIT */
/* The one table of commands: dispatch, help, completion and usage errors derive from its rows. */
#ifndef SWIMD_CTL_COMMAND_H
#define SWIMD_CTL_COMMAND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl/args.h"
#include "ctl/ctl.h"

#define COMMAND_ANY UINT_MAX

struct command {
	const char *name;
	const char *operands; /* for the synopsis; "" where there are none */
	unsigned min, max;    /* operands */
	const struct args_option *options;
	unsigned formats; /* enum ctl_format, ored */
	bool lists;       /* --fail-if-empty makes sense */
	bool changes;     /* needs the read-write socket */
	const char *help; /* one line */
	enum ctl_exit (*run)(struct ctl *);
};

/* The rows; the first one is the default command. */
const struct command *command_rows(size_t *count);
const struct command *command_find(const char *name);
/* Options that every command takes. */
const struct args_option *command_globals(void);
/* The output formats' names, in order of their bits (enum ctl_format without CTL_JSON). */
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
