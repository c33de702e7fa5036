/* SPDX-License-Identifier: MIT */
/* Probing for others, as their ping-reqs ask. */
#ifndef SWIMD_CORE_RELAY_H
#define SWIMD_CORE_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/question.h"
#include "core/swim.h"
#include "wire/wire.h"

struct answer;
struct input;
struct question;
struct swim;

/* A ping-req that is being carried out. */
struct relay {
	struct swim_addr asker;         /* source address of the ping-req */
	enum wire_recipient asker_kind; /* for which kind of peer the answer is written */
	uint64_t asker_seq;             /* number of the ping-req */
	struct question question;       /* our ping to the target; closed: free */
	size_t request_len;             /* bytes that the ping-req allows us to send */
	char *text; /* the target's id, then its address, as the asker gave them; owned */
	uint16_t id_len, address_len; /* bytes of the two parts of `text` */
	bool of_stranger;             /* the asker is a stranger */
	/* the asker named the target by its address: an ack of any member there is an answer */
	bool whoever;
	/* hash of the target's name: without `whoever` only its ack is an answer */
	uint64_t target;
};

/* Carry out the ping-req at hand, or answer it at once. */
void relay_request(struct swim *, const struct input *);
/* Send the asker an ack, if this is the target's answer.  Returns `ours` as false: the asker wanted the answer, not we. */
struct answer relay_answered(struct swim *, const struct input *, struct question *);
/* The target has not answered in time: send the asker a nack. */
void relay_unanswered(struct swim *, const struct input *, struct question *);

#endif
