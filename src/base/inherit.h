/* SPDX-License-Identifier: MIT */
/*
 * These functions bring what a process inherits from its parent into the state that our programs expect: signals that
 * are blocked or ignored, standard descriptors that are closed, limits and a umask that hinder. main calls them
 * first.
 */
#ifndef SWIMD_BASE_INHERIT_H
#define SWIMD_BASE_INHERIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Unblock all signals, and give every ignored signal its default action, except the `count` signals in `kept`, which
 * a caller such as nohup(1) ignores on purpose.  An ignored SIGCHLD does most harm: the kernel then throws away how a
 * child ended.
 */
void inherit_signals(const int *kept, size_t count);

/*
 * Open /dev/null for each of the three standard descriptors that is closed; otherwise a socket of ours would get its
 * number, and what we print would go to that socket.  Reading from such an input and writing to such an output fails;
 * such a standard error takes everything.  Returns false when /dev/null cannot be opened.
 */
bool inherit_descriptors(void);

/* Raise the soft limit of open files to `count`, or as far as the hard limit allows. */
void inherit_files_limit(unsigned count);

/*
 * Clear the bits of the umask that take away our own access to files that we make; the bits about group and others
 * stay.
 */
void inherit_umask(void);

#endif
