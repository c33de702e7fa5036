/* SPDX-License-Identifier: MIT */
/* The handlers of the methods that change something. */
#ifndef SWIMD_CONTROL_CHANGE_H
#define SWIMD_CONTROL_CHANGE_H

#include "control/method.h"

method_handler change_join, change_leave, change_remove, change_tags, change_reload;

/* Free the call of a client that is gone, if it has one, without an answer.  A join is cancelled, a leave goes on. */
void change_cancel(struct client *);
/* Answer the call of a client, if it has one, with an error, since the call will not be carried out. */
void change_refuse(struct client *);
/* Answer this `leave`, as the leave has been sent. */
void change_left(struct control_call *);

#endif
