/* SPDX-License-Identifier: MIT */
/* What to say of our own health: a judgement over plain figures, so that it can be tested without a daemon. */
#ifndef SWIMD_DAEMON_HEALTH_H
#define SWIMD_DAEMON_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/time.h"
#include "control/control.h"
#include "core/swim.h"

/* For so long a thing that happened once is worth telling. */
#define HEALTH_MEMORY_SECONDS 60
/* Two of one name, told each minute while that goes on. */
#define HEALTH_CONFLICT_SECONDS 120
/* A single exchange may fail by the loss of a few datagrams, or because the other member ended. */
#define HEALTH_SYNCS_UNANSWERED 2
/*
 * While the loop is late this member answers nobody.  A delay of probe_interval lasts as long as a whole probe of it, so one
 * such delay is told.  After a delay of probe_timeout the prober asks others for help, which may answer in time; so many of
 * these delays within HEALTH_MEMORY_SECONDS are told.
 */
#define HEALTH_LAGS 3

/* Things that happen, remembered by the daemon; NEVER as an instant: did not happen. */
struct health_memory {
	uint64_t drops_seen; /* datagrams that the kernel dropped, so far */
	uint64_t drops;      /* of these, in the last such moment */
	swim_time dropped_at;
	const struct swim_timing *timing; /* in use */
	swim_duration lag;                /* of probe_interval or more: the longest lately */
	swim_time lagged_at;
	/* When the loop was last late by probe_timeout or more; the earliest at lag_next. */
	swim_time lags[HEALTH_LAGS];
	size_t lag_next;
	char namesake[SWIM_ADDR_TEXT]; /* address of another that bears our name */
	swim_time conflict_at;
	uint64_t unread;              /* datagrams dropped unread, in the last such moment */
	char flooder[SWIM_ADDR_TEXT]; /* address of the last of them */
	swim_time flooded_at;
	bool quorum; /* after the last change of the members */
	size_t
	    forgotten; /* members that were dead for so long that they are no members, while we had no quorum */
};
/* The timing must outlive it, and may change. */
void health_memory_init(struct health_memory *, const struct swim_timing *);
/* Take note of the socket's count of drops and of how late the timer was; how many drops are new. */
uint64_t health_note(struct health_memory *, swim_time now, uint64_t kernel_drops,
    swim_duration lag);
/* Take note that so many more datagrams were dropped unread, as too many came; the last of them from this address. */
void health_note_flood(struct health_memory *, swim_time now, uint64_t more, const char *from);
/* Take note that another member, at this address, bears our name. */
void health_note_conflict(struct health_memory *, swim_time now, const char *address);

/*
 * Take note of the members.  A member that is forgotten, as it was dead for too long, while we see no quorum goes on
 * counting against a quorum, since we may be the one that is cut off; it does so until as many members have come, or there
 * is a quorum all the same.
 */
void health_note_forgotten(struct health_memory *);
void health_note_joined(struct health_memory *);
/* After these: so many are alive (us included), and so many suspect or dead. */
void health_note_members(struct health_memory *, size_t alive, size_t lost);

struct health_input {
	swim_time now;
	bool leaving;
	bool transport_healthy;
	enum swim_error transport_error;
	int transport_errno;
	const char *address_trouble;  /* or NULL */
	const char *socket_trouble;   /* or NULL */
	const char *state_trouble;    /* or NULL */
	const char *snapshot_trouble; /* or NULL */
	size_t alive, suspect, dead;  /* others than us */
	size_t members, max_members;  /* all of them, us included */
	size_t missing;      /* others that were alive before a restart, while we have met nobody */
	size_t seeds;        /* configured ones that are not us */
	size_t seeds_joined; /* of these */
	char seed_reason[160];         /* why one of the others is not joined; "" */
	int accept_errno;              /* why a control connection could not be accepted */
	swim_time accept_failed_at;    /* when that was last; NEVER: it was not */
	const char *discovery_trouble; /* of a source, or NULL; kept until the answer is given */
	uint64_t syncs_unanswered;     /* exchanges of views, by members whose views still differ */
	const char *sync_silent;       /* name of the last of these members, or NULL */
	size_t sync_silent_len;
	const struct swim_accused *accused; /* by enough members that are well; or NULL */
	const struct swim_reach *reach;     /* or NULL */
	const char *advertised;             /* with reach: our address */
	unsigned port;                      /* and the port that we are bound to */
	const struct health_memory *memory;
};
/* Enough others cannot reach us at the address that we advertise. */
bool health_is_unreachable(const struct swim_reach *);
/* Of the judgement below, what is wrong with the address that we advertise. */
void health_judge_address(const struct health_input *, struct control_health *out);
void health_judge(const struct health_input *, struct control_health *out);

#endif
