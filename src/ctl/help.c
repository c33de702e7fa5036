/* SPDX-License-Identifier: MIT */
/* `swimctl help` and `swimctl completion`, both made from the table of commands. */
#include "ctl/help.h"

#include <string.h>

#include "ctl/command.h"

/* ---------------------------------------------------------------------------------------------- help */

static void
help_print_option(FILE *out, const struct args_option *o)
{
	char text[64];

	snprintf(text, sizeof(text), "%c%c%s --%s%s%s", o->letter != 0 ? '-' : ' ',
	    o->letter != 0 ? o->letter : ' ', o->letter != 0 ? "," : " ", o->name,
	    o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
	fprintf(out, "  %-28s %s%s\n", text, o->help, o->repeats ? "; may be repeated" : "");
}

static void
help_print_formats(FILE *out, const struct command *c)
{
	size_t count;
	const char *const *names = command_formats(&count);
	const char *before = " ";

	if ((c->formats & ~(unsigned)(CTL_TABLE | CTL_JSON)) == 0)
		return;
	fprintf(out, "\nOutput (-o):");
	for (size_t i = 0; i < count; i++) {
		if ((c->formats & 1U << i) == 0)
			continue;
		fprintf(out, "%s%s", before, names[i]);
		before = ", ";
	}
	fprintf(out, "\n");
}

void
help_command(FILE *out, const struct command *c)
{
	fprintf(out, "usage: swimctl %s%s%s%s\n%c%s\n", c->name,
	    c->options->name != NULL ? " [OPTION]..." : "", c->operands[0] != '\0' ? " " : "",
	    c->operands,
	    c->help[0] >= 'a' && c->help[0] <= 'z' ? c->help[0] - 'a' + 'A' : c->help[0],
	    c->help + 1);
	if (c->options->name != NULL)
		fprintf(out, "\n");
	for (const struct args_option *o = c->options; o->name != NULL; o++)
		help_print_option(out, o);
	help_print_formats(out, c);
	fprintf(out,
	    "\n'swimctl help' lists the options that all commands take; see also swimctl(1).\n");
}

void
help_all(FILE *out)
{
	size_t count;
	const struct command *rows = command_rows(&count);

	fprintf(out,
	    "usage: swimctl [OPTION]... [COMMAND] [ARGUMENT]...\n"
	    "Ask the swimd of this machine about its cluster; without a command: status.\n\n");
	for (size_t i = 0; i < count; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s%s%s", rows[i].name,
		    rows[i].operands[0] != '\0' ? " " : "", rows[i].operands);
		fprintf(out, "  %-22s %s\n", text, rows[i].help);
	}
	fprintf(out, "\n");
	for (const struct args_option *o = command_globals(); o->name != NULL; o++)
		help_print_option(out, o);
	fprintf(out,
	    "\n"
	    "Exit status: 0 yes, 1 no, 2 usage error, 3 daemon not reachable, 4 denied, 5 timeout,\n"
	    "7 no such member.  'swimctl help COMMAND' explains one command; see also swimctl(1).\n");
}

enum ctl_exit
help_run(struct ctl *ctl)
{
	const struct command *command;
	struct problem problem;

	if (ctl->args.operand_count == 0) {
		help_all(ctl->out);
		return CTL_OK;
	}
	command = command_find(ctl->args.operands[0]);
	if (command == NULL) {
		args_unknown_command(ctl->args.operands[0], &problem);
		return problem_print(ctl, &problem);
	}
	help_command(ctl->out, command);
	return CTL_OK;
}

/* ---------------------------------------------------------------------------------------- completion */

static void
help_print_names(FILE *out, const struct args_option *o)
{
	for (; o->name != NULL; o++) {
		fprintf(out, " --%s", o->name);
		if (o->letter != 0)
			fprintf(out, " -%c", o->letter);
	}
}

/*
 * Print the options of a row that take a value as alternatives of a shell pattern, without those that an earlier row has
 * too.
 */
static void
help_print_pattern(FILE *out, const struct command *rows, size_t row)
{
	for (const struct args_option *o = rows[row].options; o->name != NULL; o++) {
		bool seen = o->value == NULL;

		for (size_t i = 0; i < row; i++)
			for (const struct args_option *p = rows[i].options; p->name != NULL; p++)
				seen = seen || strcmp(p->name, o->name) == 0;
		if (!seen)
			fprintf(out, " | --%s", o->name);
	}
}

/* Print the loop that finds the command among the words before the cursor, and skips the values of options. */
static void
help_print_bash_loop(FILE *out, const struct command *rows, size_t count)
{
	fprintf(out,
	    "# bash completion for swimctl; made by: swimctl completion bash\n"
	    "_swimctl()\n"
	    "{\n"
	    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
	    "    local command='' words='' i\n"
	    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "        case ${COMP_WORDS[i]} in\n"
	    "            -s | --socket | -o | --output");
	for (size_t i = 0; i < count; i++)
		help_print_pattern(out, rows, i);
	fprintf(out, ") ((i++)) ;;\n"
		     "            -*) ;;\n"
		     "            *) command=${COMP_WORDS[i]}; break ;;\n"
		     "        esac\n"
		     "    done\n");
}

/* Print the branch of the `case` for one command: its options, and the words for its operands. */
static void
help_print_bash_branch(FILE *out, const struct command *rows, size_t count, size_t row)
{
	fprintf(out, "        %s) words=\"", rows[row].name);
	help_print_names(out, command_globals());
	help_print_names(out, rows[row].options);
	fprintf(out, "\"");
	/*
	 * The script asks the daemon for the names of members.  compgen expands its words like a shell, so the script
	 * leaves out names with characters that a shell would expand.
	 */
	if (strcmp(rows[row].operands, "NAME") == 0)
		fprintf(out, "\n            words+=\" $(swimctl -o name members 2>/dev/null | "
			     "grep -x '[A-Za-z0-9._:-]*')\"");
	else if (strcmp(rows[row].operands, "[COMMAND]") == 0)
		for (size_t i = 0; i < count; i++)
			fprintf(out, "%s%s", i == 0 ? "\n            words+=\" " : " ",
			    rows[i].name);
	if (strcmp(rows[row].operands, "[COMMAND]") == 0)
		fprintf(out, "\"");
	fprintf(out, " ;;\n");
}

static void
help_print_bash(FILE *out)
{
	size_t count, format_count;
	const struct command *rows = command_rows(&count);
	const char *const *formats = command_formats(&format_count);

	help_print_bash_loop(out, rows, count);
	fprintf(out, "    case $command in\n"
		     "        \"\") words=\"");
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", rows[i].name);
	help_print_names(out, command_globals());
	fprintf(out, "\" ;;\n");
	for (size_t i = 0; i < count; i++)
		help_print_bash_branch(out, rows, count, i);
	fprintf(out,
	    "    esac\n"
	    "    case $before in\n"
	    "        -s|--socket) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n"
	    "        -o|--output) words=\"");
	for (size_t i = 0; i < format_count; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", formats[i]);
	fprintf(out, "\" ;;\n"
		     "    esac\n"
		     "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
		     "}\n"
		     "complete -F _swimctl swimctl\n");
}

enum ctl_exit
help_completion_run(struct ctl *ctl)
{
	if (ctl->args.operand_count > 0 && strcmp(ctl->args.operands[0], "bash") != 0)
		return problem_fail(ctl, CTL_USAGE, "usage",
		    "no completion for '%s'; there is one for bash", ctl->args.operands[0]);
	help_print_bash(ctl->out);
	return CTL_OK;
}
