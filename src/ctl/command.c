/* SPDX-License-Identifier: MIT */
#include "ctl/command.h"

#include <string.h>

#define END                                                                                        \
	{                                                                                          \
		0, NULL, NULL, NULL, false                                                         \
	}

static const struct args_option globals[] = {
    {'s', "socket", "PATH", "control socket of the daemon (default: $SWIMD_SOCKET)", false},
    {'j', "json", NULL, "print the daemon's result object, events one a line", false},
    {'o', "output", "FORMAT", "table, wide, name, tsv or hosts", false},
    {0, "fail-if-empty", NULL, "exit 1 where a list comes out empty", false},
    {'h', "help", NULL, "explain the command", false},
    {'V', "version", NULL, "print the version of swimctl", false},
    END,
};

static const struct args_option none[] = {END};

static const struct args_option members_options[] = {
    {0, "status", "STATUS", "only those alive, suspect, dead or left", true},
    {0, "name", "GLOB", "only those whose name matches", false},
    {0, "tag", "KEY=VALUE", "only those with this tag", true},
    END,
};

static const struct args_option tags_options[] = {
    {'K', "unset", "KEY", "take this tag away", true},
    END,
};

static const struct args_option metrics_options[] = {
    {0, "openmetrics", NULL, "as OpenMetrics text, for who scrapes swimd", false},
    {0, "prometheus", NULL, "in Prometheus' format 0.0.4, for node_exporter's text files", false},
    END,
};

static const struct args_option events_options[] = {
    {0, "type", "TYPE", "only this type, or 'member.*'", true},
    {0, "since", "SEQ", "begin with the event after this sequence number", false},
    {0, "boot", "ID", "of the daemon that gave this number (see 'swimctl info')", false},
    {0, "count", "N", "end after N events", false},
    {0, "snapshot", NULL, "begin with the members as they are", false},
    {0, "exec", "COMMAND", "run it by /bin/sh for every event, one after the other", false},
    {0, "exec-timeout", "TIME", "end it after so long: 30, 2m, 0 for never (default: 1m)", false},
    END,
};

static const struct args_option wait_options[] = {
    {0, "members", "COUNT", "until so many are alive: '>=3', '>2', '=3', '<=5', '<5', '!=0'", true},
    {0, "status", "NAME=STATUS", "until that member has that status, or one of 'dead|left'", true},
    {0, "quorum", NULL, "only while this member sees more than half of the members alive", false},
    {0, "timeout", "TIME", "give up after so many seconds, or 500ms, 2m, 1h; 0 looks once", false},
    END,
};

#define LISTS (CTL_TABLE | CTL_WIDE | CTL_NAME | CTL_TSV | CTL_JSON)
#define PLAIN (CTL_TABLE | CTL_JSON)

static const struct command rows[] = {
    {"status", "", 0, 0, none, PLAIN, false, false, "this daemon, its health, and who is missing",
	info_status_run},
    {"members", "", 0, 0, members_options, LISTS | CTL_HOSTS, true, false,
	"who is in the cluster, and who of them is alive", member_list_run},
    {"member", "NAME", 1, 1, none, PLAIN, false, false, "all that is known of one member",
	member_list_one_run},
    {"health", "", 0, 0, none, PLAIN, false, false, "is this daemon well? exits 1 unless it is ok",
	info_health_run},
    {"metrics", "", 0, 0, metrics_options, PLAIN, false, false,
	"counters and timings of the daemon", info_metrics_run},
    {"events", "", 0, 0, events_options, PLAIN, false, false,
	"print what happens in the cluster as it happens", events_run},
    {"wait", "", 0, 0, wait_options, PLAIN, false, false,
	"wait until the cluster is as asked for, however long the daemon takes to start", wait_run},
    {"join", "HOST[:PORT]...", 1, COMMAND_ANY, none, PLAIN, false, true,
	"introduce this daemon to members of a cluster", admin_join_run},
    {"leave", "", 0, 0, none, PLAIN, false, true, "leave the cluster gracefully; the daemon ends",
	admin_leave_run},
    {"remove", "NAME", 1, 1, none, PLAIN, false, true,
	"make the whole cluster forget a member that is dead or has left", admin_remove_run},
    /* A list without changes needs the read-only socket alone, which itself denies what changes something. */
    {"tags", "[KEY=VALUE]...", 0, COMMAND_ANY, tags_options, PLAIN, false, false,
	"show the tags of this member, or set and unset some", tagging_run},
    {"reload", "", 0, 0, none, PLAIN, false, true, "read the configuration anew", admin_reload_run},
    {"links", "", 0, 0, none, LISTS, true, false,
	"members that say whom they cannot reach directly, though others can", links_run},
    {"discovery", "", 0, 0, none, LISTS, true, false,
	"peers found, by source, and why each was joined or not", admin_discovery_run},
    {"info", "", 0, 0, none, PLAIN, false, false, "name, address, version and such of the daemon",
	info_run},
    {"decode", "[HEX]", 0, 1, none, CTL_TABLE, false, false,
	"explain a datagram, given in hexadecimal or raw on standard input", datagram_run},
    {"version", "", 0, 0, none, PLAIN, false, false, "versions of swimctl and of the daemon",
	info_version_run},
    {"completion", "[bash]", 0, 1, none, CTL_TABLE, false, false,
	"print a completion script for the shell", help_completion_run},
    {"help", "[COMMAND]", 0, 1, none, CTL_TABLE, false, false, "explain a command", help_run},
};

static const char *const formats[] = {"table", "wide", "name", "tsv", "hosts"};

const struct command *
command_rows(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

const struct args_option *
command_globals(void)
{
	return globals;
}

const char *const *
command_formats(size_t *count)
{
	*count = sizeof(formats) / sizeof(formats[0]);
	return formats;
}
