/* SPDX-License-Identifier: MIT */
/* swimd: reads its options and its configuration, and runs the node until it ends. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/inherit.h"
#include "base/log.h"
#include "daemon/config_load.h"
#include "daemon/fault.h"
#include "daemon/node.h"
#include "daemon/options.h"
#include "discovery/mdns_helper.h"

#define FILES_WANTED 512 /* descriptors: for control connections, child processes and files */

static int
swimd_complain(int status, const char *fault)
{
	fprintf(stderr, "swimd: %s\n", fault);
	return status;
}

/* Flushes stdout.  Returns 0, or the exit status if the output is lost.  A closed pipe is no error. */
static int
swimd_flush_output(void)
{
	char fault[FAULT_MAX];

	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return 0;
	snprintf(fault, sizeof(fault), "cannot write the output: %s",
	    strerror(errno != 0 ? errno : EIO));
	return swimd_complain(EX_IOERR, fault);
}

/* Writes a warning about the next unknown SWIMD_* variable into `text` (FAULT_MAX bytes).  False: there is no further one. */
static bool
swimd_stray(size_t *at, char *text)
{
	char name[64], variable[64];
	const char *near;

	if (config_load_stray(at, name, &near) == NULL)
		return false;
	if (near != NULL) {
		config_environment_name(config_find(near), variable);
		snprintf(text, FAULT_MAX,
		    "%s in the environment is not a setting of swimd; did you mean %s?", name,
		    variable);
	} else {
		snprintf(text, FAULT_MAX, "%s in the environment is not a setting of swimd", name);
	}
	return true;
}

/* Logs warnings about unknown variables. */
static void
swimd_warn(void)
{
	char text[FAULT_MAX];
	size_t at = 0;

	while (swimd_stray(&at, text))
		log_at(LOG_LEVEL_WARNING, text);
}

static int
swimd_run(const struct options *options, struct config *config)
{
	char fault[FAULT_MAX];
	struct node *node;
	int status;

	log_setup(config->log_level, config->log_format);
	log_context(config->name, config->cluster);
	log_limit(LOG_LIMIT_A_KIND, LOG_LIMIT_IN_ALL);
	if ((status = node_new(options, config, &node, fault)) != 0)
		return swimd_complain(status, fault);
	swimd_warn();
	status = node_run(node);
	node_free(node);
	if (status < 0) {
		/* End by the signal itself, so that the parent process sees the cause. */
		signal(-status, SIG_DFL);
		raise(-status);
		/* A default action does not end process 1 of a container; then exit as shells do. */
		status = 128 - status;
	}
	return status;
}

/* Checks the configuration for --check-config.  Prints the names of the files only if all of them are good. */
static int
swimd_check(const struct options *options)
{
	char fault[FAULT_MAX], *text = NULL;
	struct config config = {0};
	size_t size = 0, at = 0;
	FILE *report = open_memstream(&text, &size);
	int status;

	if (report == NULL)
		return swimd_complain(EX_OSERR, "out of memory");
	status = config_load(options, report, &config, fault);
	fclose(report);
	if (status != 0) {
		swimd_complain(status, fault);
	} else {
		while (config_doubt(&config, &at, fault))
			swimd_complain(0, fault);
		at = 0;
		while (swimd_stray(&at, fault))
			swimd_complain(0, fault);
		if (text != NULL)
			fputs(text, stdout);
		status = swimd_flush_output();
	}
	free(text);
	config_fini(&config);
	return status;
}

int
main(int argc, char *argv[])
{
	struct config config = {0};
	struct options options;
	char fault[FAULT_MAX];
	int status = 0;

	if (!inherit_descriptors())
		return EX_OSERR; /* there is no descriptor for a message */
	inherit_signals(NULL, 0);
	/* With a limit of file sizes (ulimit -f) a write shall fail with an error, not end the process. */
	signal(SIGXFSZ, SIG_IGN);
	inherit_files_limit(FILES_WANTED);
	inherit_umask();
	if (argc == 3 && strcmp(argv[1], MDNS_HELPER_ARGUMENT) == 0)
		return mdns_helper_main(argv[2]);
	if (!options_parse(&options, argc, argv, fault))
		return swimd_complain(EX_USAGE, fault);
	if (options.help) {
		options_help(stdout);
		status = swimd_flush_output();
	} else if (options.version) {
		puts("swimd " PACKAGE_VERSION);
		status = swimd_flush_output();
	} else if (options.check) {
		status = swimd_check(&options);
	} else if ((status = config_load(&options, NULL, &config, fault)) != 0) {
		swimd_complain(status, fault);
	} else {
		status = swimd_run(&options, &config);
	}
	options_fini(&options);
	return status;
}
