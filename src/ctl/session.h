/* SPDX-License-Identifier: MIT */
/* A conversation with the daemon: which socket, requests and their responses, errors in plain words. */
#ifndef SWIMD_CTL_SESSION_H
#define SWIMD_CTL_SESSION_H

#include <jansson.h>

#include "ctl/connection.h"
#include "ctl/ctl.h"
#include "ctl/reply.h"

/* How long a command waits for a daemon that accepts or answers nothing. */
#define SESSION_PATIENCE_S 30

struct session {
	struct connection connection;
	const char *path; /* the socket in use */
	json_int_t id;    /* of the last request */
};

/* SESSION_PATIENCE_S from now. */
swim_time session_patience(void);

/*
 * Connect: to the socket that was named, else to the default read-write one or, for a command that changes
 * nothing, the default read-only one where the first does not let us in.  CTL_OK, or *problem is set.
 */
enum ctl_exit session_open(const struct ctl *, struct session *, swim_time deadline,
    struct problem *);
void session_close(struct session *);

/*
 * Send one request and wait for its response.  params (may be NULL) is used up.  On CTL_OK *reply has a result, an object
 * with the fields that the method promises.  It points into the session, and is valid until the next call, whatever comes
 * of that call.
 */
enum ctl_exit session_call(struct session *, const char *method, json_t *params, swim_time deadline,
    struct reply *, struct problem *);

/* Set the problem, and return the exit status, for a -errno of the connection. */
enum ctl_exit session_broken(const struct session *, int error, struct problem *);

/*
 * The usual command in one: open, one request, print the problem if there is one.  session_end is needed only after
 * CTL_OK.
 */
enum ctl_exit session_ask(const struct ctl *, struct session *, const char *method, json_t *params,
    struct reply *);
void session_end(struct session *, struct reply *);
/* CTL_NO instead of CTL_OK where the list is empty and --fail-if-empty was given; else the status itself. */
enum ctl_exit session_of_list(const struct ctl *, enum ctl_exit, const json_t *list);

/* A JSON string of an argument; NULL, with the problem set, when it is not UTF-8. */
json_t *session_string(const char *argument, struct problem *);

#endif
