/* SPDX-License-Identifier: MIT */
/* The methods that change something. */
#ifndef SWIMD_CONTROL_COMMAND_H
#define SWIMD_CONTROL_COMMAND_H

#include "control/method.h"

method_handler command_join, command_leave, command_remove, command_tags, command_reload;

/* The connection is gone: nobody waits for its call any more.  What it asked for goes on. */
void command_cancel(struct client *);
/* Nothing will come of its call any more, if it has one: answer that. */
void command_refuse(struct client *);
/* The leave is sent: answer the call. */
void command_left(struct control_call *);

#endif
