/* SPDX-License-Identifier: MIT */
/* `-o hosts`: which member may have a line in a hosts file, and which line. */
#ifndef SWIMD_CTL_HOSTS_H
#define SWIMD_CTL_HOSTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define HOSTS_FILE "/etc/hosts"

/* The names that this machine has by its own configuration. */
struct hosts {
	char host[256]; /* gethostname, or "" */
	char *
	    own; /* names that the hosts file gives to addresses of this machine, each with its NUL */
	size_t own_len;
	size_t
	    fixed_len; /* the first so many bytes of own are names of loopback and multicast addresses */
};

/* Read them; where there is no hosts file, `own` is empty.  False when memory is short. */
bool hosts_init(struct hosts *, const char *path);
void hosts_fini(struct hosts *);

/*
 * Of each member in the list that is alive or suspect a line, or a comment that says why there is none.  False when memory
 * is short: then nothing is printed.
 */
bool hosts_print(const struct hosts *, const json_t *members, FILE *out);

#endif
