/* SPDX-License-Identifier: MIT */
/*
 * What a process inherits from its parent, brought into the state that our programs expect: signals that are blocked or
 * ignored, standard descriptors that are closed, limits and a umask that hinder.  main calls these first.
 */
#ifndef SWIMD_BASE_INHERIT_H
#define SWIMD_BASE_INHERIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Unblock all signals, and give every signal that is ignored its default action, but for these `count` kept ones: a
 * caller such as nohup(1) ignores some of them on purpose.  An ignored SIGCHLD is the worst of them: the kernel then
 * throws away how a child ended.
 */
void inherit_signals(const int *kept, size_t count);

/*
 * Open /dev/null for each of the three standard descriptors that is closed, or a socket of ours would get its number
 * and then what we print.  What is read from or written to such an input or output fails; the standard error takes all.
 * False: it cannot be opened.
 */
bool inherit_descriptors(void);

/* Raise the soft limit of open files to this many, or as far as the hard limit lets us. */
void inherit_files_limit(unsigned count);

/* Clear the bits of the umask that take away our own access to files that we make; the bits about others stay. */
void inherit_umask(void);

#endif
