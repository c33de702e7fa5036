/* SPDX-License-Identifier: MIT */
#include "ctl/command.h"

#include <string.h>

#include "control/protocol.h"

#define END                                                                                        \
	{                                                                                          \
		0, NULL, NULL, NULL, false                                                         \
	}

static const struct args_option globals[] = {
    {'s', "socket", "PATH",
	"control socket of the daemon (default: $SWIMD_SOCKET, else " CONTROL_SOCKET_DEFAULT ")",
	false},
    {'j', "json", NULL, "print the daemon's result object as JSON", false},
    {'o', "output", "FORMAT", "table, wide, name, tsv or hosts", false},
    {0, "fail-if-empty", NULL, "exit with status 1 if the list is empty", false},
    {'h', "help", NULL, "print help about the command", false},
    {'V', "version", NULL, "print the version of swimctl", false},
    END,
};

static const struct args_option none[] = {END};

static const struct args_option members_options[] = {
    {0, "status", "STATUS", "only members that are alive, suspect, dead or left", true},
    {0, "name", "GLOB", "only members whose name matches", false},
    {0, "tag", "KEY=VALUE", "only members that have this tag", true},
    END,
};

static const struct args_option tags_options[] = {
    {'K', "unset", "KEY", "remove this tag", true},
    END,
};

static const struct args_option metrics_options[] = {
    {0, "openmetrics", NULL, "print OpenMetrics text, for a scraper", false},
    {0, "prometheus", NULL, "print Prometheus text 0.0.4, for text files of node_exporter", false},
    END,
};

static const struct args_option events_options[] = {
    {0, "type", "TYPE", "only events of this type; 'member.*' is all types of members", true},
    {0, "since", "SEQ", "begin with the event after this sequence number", false},
    {0, "boot", "ID", "the boot id to which SEQ belongs (see 'swimctl info')", false},
    {0, "count", "N", "end after N events", false},
    {0, "snapshot", NULL, "first print all members and their status", false},
    {0, "exec", "COMMAND", "run COMMAND with /bin/sh for each event, one at a time", false},
    {0, "exec-timeout", "TIME", "end COMMAND after TIME, as in 30 or 2m; 0: no limit (default: 1m)",
	false},
    END,
};

static const struct args_option wait_options[] = {
    {0, "members", "COUNT", "number of alive members: '>=3', '>2', '=3', '<=5', '<5', '!=0'", true},
    {0, "status", "NAME=STATUS", "the member has the status, or one of several: 'dead|left'", true},
    {0, "quorum", NULL, "this member sees more than half of the members alive", false},
    {0, "timeout", "TIME", "give up after TIME, as in 5, 500ms, 2m or 1h; 0: check once", false},
    END,
};

#define LISTS (CTL_TABLE | CTL_WIDE | CTL_NAME | CTL_TSV | CTL_JSON)
#define PLAIN (CTL_TABLE | CTL_JSON)

static const struct command rows[] = {
    {"status", "", 0, 0, none, PLAIN, false, false,
	"show this daemon, its health, and which members are suspect or dead", info_status_run},
    {"members", "", 0, 0, members_options, LISTS | CTL_HOSTS, true, false,
	"list the members of the cluster", member_list_run},
    {"member", "NAME", 1, 1, none, PLAIN, false, false, "show all that is known of one member",
	member_list_one_run},
    {"health", "", 0, 0, none, PLAIN, false, false,
	"show the health of this daemon; exit with status 1 unless it is ok", info_health_run},
    {"metrics", "", 0, 0, metrics_options, PLAIN, false, false,
	"show counters and timings of the daemon", info_metrics_run},
    {"events", "", 0, 0, events_options, PLAIN, false, false,
	"print each event of the cluster when it happens", events_run},
    {"wait", "", 0, 0, wait_options, PLAIN, false, false,
	"wait until the daemon runs and all given conditions hold at once", wait_run},
    {"join", "HOST[:PORT]...", 1, COMMAND_ANY, none, PLAIN, false, true,
	"join a cluster through members at these addresses", admin_join_run},
    {"leave", "", 0, 0, none, PLAIN, false, true, "leave the cluster gracefully; the daemon ends",
	admin_leave_run},
    {"remove", "NAME", 1, 1, none, PLAIN, false, true,
	"make the whole cluster forget a member that is dead or has left", admin_remove_run},
    /* `changes` is false: showing tags works on the read-only socket, and the daemon denies changes on that socket. */
    {"tags", "[KEY=VALUE]...", 0, COMMAND_ANY, tags_options, PLAIN, false, false,
	"show the tags of this member, or set and unset some", tagging_run},
    {"reload", "", 0, 0, none, PLAIN, false, true, "read the configuration again",
	admin_reload_run},
    {"links", "", 0, 0, none, LISTS, true, false,
	"list pairs of members between which the direct link is broken", links_run},
    {"discovery", "", 0, 0, none, LISTS, true, false,
	"list the peers that each source found, and why each was joined or not",
	admin_discovery_run},
    {"info", "", 0, 0, none, PLAIN, false, false,
	"show name, address, version and more of the daemon", info_run},
    {"decode", "[HEX]", 0, 1, none, CTL_TABLE, false, false,
	"explain a datagram, from the argument or from standard input", datagram_run},
    {"version", "", 0, 0, none, PLAIN, false, false, "show the versions of swimctl and the daemon",
	info_version_run},
    {"completion", "[bash]", 0, 1, none, CTL_TABLE, false, false,
	"print a completion script for the shell", help_completion_run},
    {"help", "[COMMAND]", 0, 1, none, CTL_TABLE, false, false, "print help about a command",
	help_run},
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
