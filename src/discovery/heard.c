/* SPDX-License-Identifier: MIT */
#include "discovery/heard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rule.h"
#include "base/utf8.h"
#include "discovery/peer.h"

/* Bytes of a cluster's escaped name; a longer name is cut. */
#define HEARD_TEXT 80

struct heard_one {
	struct swim_addr address; /* family 0: the entry is free */
	char cluster[HEARD_TEXT];
	swim_time until; /* when the entry is forgotten */
};

struct heard {
	struct discovery_source source; /* must be first: the ops cast a pointer to it */
	struct discovery *hub;
	swim_time next;                   /* datagrams before this time are not noted */
	struct heard_one list[HEARD_MAX]; /* the index is the number of the hint */
};

static swim_time
heard_deadline(const struct discovery_source *source)
{
	const struct heard *heard = (const struct heard *)source;
	swim_time next = SWIM_TIME_NEVER;

	for (size_t i = 0; i < HEARD_MAX; i++) {
		if (heard->list[i].address.family != 0)
			next = swim_time_min(next, heard->list[i].until);
	}
	return next;
}

static void
heard_run(struct discovery_source *source, swim_time now)
{
	struct heard *heard = (struct heard *)source;

	for (size_t i = 0; i < HEARD_MAX; i++) {
		if (heard->list[i].address.family == 0 ||
		    !swim_time_reached(now, heard->list[i].until))
			continue;
		heard->list[i].address = (struct swim_addr){0};
		discovery_hint_withdraw(heard->hub, &heard->source, i);
	}
}

static void
heard_start(struct discovery_source *source, struct discovery *hub)
{
	((struct heard *)source)->hub = hub;
}

static void
heard_stop(struct discovery_source *source)
{
	free(source); /* the source is the first field of our struct */
}

static const struct discovery_source_ops heard_ops = {
    .name = "heard",
    .quiet = true,
    .start = heard_start,
    .deadline = heard_deadline,
    .run = heard_run,
    .stop = heard_stop,
};

struct discovery_source *
heard_new(void)
{
	struct heard *heard = calloc(1, sizeof(*heard));

	if (heard == NULL)
		return NULL;
	heard->source.ops = &heard_ops;
	return &heard->source;
}

static void
heard_offer(struct heard *heard, size_t i, swim_time now)
{
	const struct heard_one *one = &heard->list[i];
	char reason[160];
	const struct discovery_hint hint = {
	    .address = one->address,
	    .interface = "",
	    .service = "",
	    .name = "",
	    /* The hub does not ask a hint of this state to let us in. */
	    .state = RULE(foreigners_not_asked) ? DISCOVERY_OTHER_CLUSTER : DISCOVERY_PENDING,
	    .reason = reason,
	};

	if (one->cluster[0] != '\0')
		snprintf(reason, sizeof(reason), "it speaks to us as a member of the cluster '%s'",
		    one->cluster);
	else
		snprintf(reason, sizeof(reason),
		    "it speaks to us as a member of the cluster without a name");
	/* Without room the member is only logged. */
	(void)discovery_hint(heard->hub, now, &heard->source, i, &hint);
}

bool
heard_note(struct discovery_source *source, swim_time now, const struct swim_addr *address,
    const char *cluster, size_t cluster_len)
{
	struct heard *heard = (struct heard *)source;
	swim_time until = RULE(foreigners_forgotten)
			      ? swim_time_add(now, swim_seconds(HEARD_KEEP_S))
			      : SWIM_TIME_NEVER;
	char escaped[HEARD_TEXT];
	size_t i = 0;
	bool known;

	utf8_escape(cluster, cluster_len, false, escaped, sizeof(escaped));
	while (i < HEARD_MAX && !swim_addr_equal(&heard->list[i].address, address))
		i++;
	known = i < HEARD_MAX && strcmp(heard->list[i].cluster, escaped) == 0;
	for (size_t free_at = 0; i == HEARD_MAX && free_at < HEARD_MAX; free_at++) {
		if (heard->list[free_at].address.family == 0)
			i = free_at;
	}
	/* Whoever was heard first stays: a flood from many addresses must not displace a member that an operator looks for. */
	if (i == HEARD_MAX) {
		if (RULE(first_foreigners_stay))
			return false;
		i = 0;
	}
	heard->list[i].address = *address;
	heard->list[i].until = until;
	snprintf(heard->list[i].cluster, sizeof(heard->list[i].cluster), "%s", escaped);
	if (!known)
		heard_offer(heard, i, now);
	discovery_rearm(heard->hub);
	return !known;
}

bool
heard_input(struct discovery_source *source, swim_time now, struct heard_datagram *datagram)
{
	struct heard *heard = (struct heard *)source;
	const struct wire_trailer *trailer;
	struct wire_message outer, inner;

	if (!swim_time_reached(now, heard->next) ||
	    wire_decode(datagram->data, datagram->len, &outer) != WIRE_OK)
		return false;
	heard->next = swim_time_add(now, swim_ms(HEARD_EVERY_MS));
	trailer = &outer.trailer;
	if (outer.type == WIRE_AUTHENTICATED) {
		if (wire_decode(outer.inner, outer.inner_len, &inner) != WIRE_OK)
			return false;
		trailer = &inner.trailer;
	}
	datagram->cluster = trailer->has_cluster ? trailer->cluster : (struct wire_str){"", 0};
	return heard_note(source, now, datagram->from, datagram->cluster.bytes,
	    datagram->cluster.len);
}
