/* SPDX-License-Identifier: MIT */
/* A session with the daemon: finds the socket, sends requests, checks the responses and describes errors. */
#ifndef SWIMD_CTL_SESSION_H
#define SWIMD_CTL_SESSION_H

#include <jansson.h>

#include "ctl/connection.h"
#include "ctl/ctl.h"
#include "ctl/reply.h"

/* How long a command waits for a daemon that does not accept or does not answer, in seconds. */
#define SESSION_TIMEOUT_S 30

struct session {
	struct connection connection;
	const char *path; /* of the socket in use */
	json_int_t id;    /* of the last request */
};

/* The time SESSION_TIMEOUT_S from now. */
swim_time session_deadline(void);

/*
 * Connect to the socket of the command line or the environment, otherwise to the default read-write socket.  If the user may
 * not open the default socket and the command changes nothing, connect to the default read-only socket.  Returns CTL_OK, or
 * an exit status with *problem set; then the session is closed.
 */
enum ctl_exit session_open(const struct ctl *, struct session *, swim_time deadline,
    struct problem *);
void session_close(struct session *);

/*
 * Send one request and wait for its response.  params may be NULL, and the function releases it.  Returns CTL_OK, or an exit
 * status with *problem set.  After CTL_OK reply->result is an object with the fields that swimctl needs.  The caller calls
 * reply_fini; the text of *reply is valid until the next call for this session, even if that call fails.
 */
enum ctl_exit session_call(struct session *, const char *method, json_t *params, swim_time deadline,
    struct reply *, struct problem *);

/* Set *problem for a -errno of the connection or of reply_parse, and return the exit status. */
enum ctl_exit session_broken(const struct session *, int error, struct problem *);

/*
 * Open a session and call a method, and print the problem if there is one.  params may be NULL, and the function releases it.
 * After CTL_OK the caller calls session_end, otherwise nothing.
 */
enum ctl_exit session_ask(const struct ctl *, struct session *, const char *method, json_t *params,
    struct reply *);
/* Release the reply and close the session. */
void session_end(struct session *, struct reply *);
/* CTL_NO if `status` is CTL_OK, the list is empty and --fail-if-empty was given; otherwise `status`. */
enum ctl_exit session_of_list(const struct ctl *, enum ctl_exit status, const json_t *list);

/* An argument as a JSON string, which the caller releases; NULL with *problem set: the argument is not UTF-8. */
json_t *session_string(const char *argument, struct problem *);

#endif
