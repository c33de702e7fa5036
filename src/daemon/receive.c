/* SPDX-License-Identifier: MIT */
/*
 * Passes datagrams from the socket to the core, tells the socket how well the core knows a sender, and reads datagrams that
 * are waiting before a timer takes effect.
 */
#include <stdio.h>

#include "base/log.h"
#include "daemon/node.h"
#include "discovery/heard.h"
#include "net/zone.h"

/* A flush follows after so many bytes of datagrams, even in the middle of a batch. */
#define UNFLUSHED_MAX 16384
/* Longest time for which the socket is read before a timer takes effect: after a stall the receive buffer is full. */
#define BACKLOG_MOST swim_ms(500)
#define FLOOD_TOLD_EVERY swim_seconds(60) /* in the log */

static enum admit_standing
receive_standing(void *ctx, const struct swim_addr *from, const void *data, size_t len,
    bool *awaited)
{
	const struct node *node = ctx;

	*awaited = swim_awaits(node->swim, from, data, len);
	switch (swim_standing(node->swim, from)) {
	case SWIM_STANDING_STRANGER:
		return ADMIT_STRANGER;
	case SWIM_STANDING_HEARSAY:
		return ADMIT_HEARSAY;
	case SWIM_STANDING_ROUTABLE:
		return ADMIT_ROUTABLE;
	}
	__builtin_unreachable();
}

/* Notes the sender and the cluster of a datagram of another cluster. */
static void
receive_note_foreign(const struct node *node, const struct swim_addr *from, const void *data,
    size_t len)
{
	struct heard_datagram datagram = {.from = from, .data = data, .len = len};
	char text[SWIM_ADDR_TEXT];

	if (heard_input(node->heard, node->now, &datagram))
		log_at(LOG_LEVEL_WARNING, "a member of another cluster sends to this one",
		    log_str("from", zone_format(from, text)),
		    log_strn("cluster", datagram.cluster.bytes, datagram.cluster.len),
		    log_str("ours", node->config.cluster));
}

static void
receive_datagram(void *ctx, const struct swim_addr *from, const void *data, size_t len,
    bool truncated)
{
	struct node *node = ctx;
	enum wire_reject reject;

	if (node->silent)
		return;
	if (!node->in_batch) {
		node->in_batch = true;
		node->now = loop_now();
	}
	/* The buffer of udp takes WIRE_DATAGRAM_MAX bytes, so a truncated datagram is too long to be valid. */
	if (truncated && len <= WIRE_DATAGRAM_MAX)
		len = WIRE_DATAGRAM_MAX + 1;
	if (len <= WIRE_DATAGRAM_MAX)
		trace_received(from, data, len);
	reject = swim_input_by(node->swim, node->now, from, udp_interface(node->udp), data, len);
	if (reject != WIRE_OK)
		trace_refused(from, len, reject);
	if (reject == WIRE_REJECT_OTHER_CLUSTER)
		receive_note_foreign(node, from, data, len);
	/* An update of 24 bytes may cause an event of a thousand bytes, so a flush limits the memory of queued events. */
	node->unflushed += len;
	if (node->unflushed >= UNFLUSHED_MAX)
		flush_all(node, node->now);
}

/* Reports datagrams that were dropped unread since the last look: in the health, and once a minute in the log. */
static void
receive_note_flood(struct node *node, const struct udp_stats *stats, swim_time now)
{
	uint64_t unread = 0, more;
	char from[SWIM_ADDR_TEXT];

	for (unsigned i = 0; i < ADMIT_REFUSALS; i++)
		unread += stats->unread[i];
	if (unread == node->unread_seen)
		return;
	more = unread - node->unread_seen;
	node->unread_seen = unread;
	zone_format(&stats->unread_from, from);
	health_note_flood(&node->health, now, more, from);
	if (!swim_time_reached(now, node->flood_told))
		return;
	node->flood_told = swim_time_add(now, FLOOD_TOLD_EVERY);
	log_at(LOG_LEVEL_WARNING,
	    "datagrams are dropped unread: more arrive than members ever send",
	    log_str("from", from), log_uint("source_rate", stats->unread[ADMIT_SOURCE_RATE]),
	    log_uint("members_by_hearsay", stats->unread[ADMIT_HEARSAY_RATE]),
	    log_uint("strangers", stats->unread[ADMIT_STRANGERS_RATE]));
}

/* Tells the core how many datagrams the socket lost since the last look, and how late the timer was. */
static void
receive_note_strain(struct node *node, swim_time now, swim_duration lag)
{
	struct udp_stats stats;

	udp_stats(node->udp, &stats);
	receive_note_flood(node, &stats, now);
	swim_strained(node->swim, now, health_note(&node->health, now, stats.kernel_drops, lag),
	    lag);
}

static void
receive_batch_done(void *ctx)
{
	struct node *node = ctx;

	node->in_batch = false;
	if (node->draining)
		return;
	receive_note_strain(node, loop_now(), swim_ns(0));
	flush_all(node, loop_now());
}

void
receive_fill(struct node *node, struct udp_callbacks *out)
{
	out->received = receive_datagram;
	out->batch_done = receive_batch_done;
	out->standing = receive_standing;
	out->ctx = node;
}

/*
 * After a stall, answers are waiting in the socket, and no member may be accused before they are read.  The reading ends
 * after as many datagrams as the receive buffer can hold, so that a flood cannot hold up the timer for ever.  Each turn of
 * the loop reads a part of them, so that signals, the watchdog and the control socket are served in between.
 */
bool
receive_backlog(struct node *node, swim_time now)
{
	struct backlog *b = &node->backlog;
	bool done;

	if (!b->reading) {
		*b = (struct backlog){
		    .reading = true,
		    .left = udp_capacity(node->udp),
		    .until = swim_time_add(now, BACKLOG_MOST),
		    .lag = loop_timer_lag(node->timer),
		};
	}
	node->draining = true;
	done = udp_drain(node->udp, &b->left, swim_time_add(now, swim_ms(UDP_TURN_MS)));
	node->draining = false;
	now = loop_now();
	if (!done && swim_time_before(now, b->until)) {
		flush_all(node, now);
		loop_timer_set(node->timer, now);
		return false;
	}
	b->reading = false;
	receive_note_strain(node, now, b->lag);
	return true;
}
