/* SPDX-License-Identifier: MIT */
/* `swimctl members -o hosts`: prints lines for a hosts file, for the members whose names are safe in such a file. */
#ifndef SWIMD_CTL_HOSTS_H
#define SWIMD_CTL_HOSTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define HOSTS_FILE "/etc/hosts"

/* The names of this machine. */
struct hosts {
	char host[256]; /* from gethostname; "" if that failed */
	/*
	 * Names in the hosts file, each with its NUL.  The first part has the names of loopback, wildcard and multicast
	 * addresses, the second part has the names of addresses of this machine's interfaces.
	 */
	char *own;
	size_t own_len;   /* of own, in bytes */
	size_t fixed_len; /* of the first part of own, in bytes */
};

/* Read the names of this machine.  If the hosts file cannot be opened, `own` is empty.  False: out of memory. */
bool hosts_init(struct hosts *, const char *path);
void hosts_fini(struct hosts *);

/*
 * Print a line for each member of the list that is alive or suspect, or a comment that says why the member has no line.
 * False: out of memory, and nothing is printed.
 */
bool hosts_print(const struct hosts *, const json_t *members, FILE *out);

#endif
