/* SPDX-License-Identifier: MIT */
/* The methods that change something. */
#ifndef SWIMD_CONTROL_CHANGE_H
#define SWIMD_CONTROL_CHANGE_H

#include "control/method.h"

method_handler change_join, change_leave, change_remove, change_tags, change_reload;

/* The connection is gone: nobody waits for its call any more.  What it asked for goes on. */
void change_cancel(struct client *);
/* Nothing will come of its call any more, if it has one: answer that. */
void change_refuse(struct client *);
/* The leave is sent: answer the call. */
void change_left(struct control_call *);

#endif
