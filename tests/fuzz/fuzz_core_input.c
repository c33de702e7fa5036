/* SPDX-License-Identifier: MIT */
/*
 * A fuzzer of the core, with datagrams and calls in any order.  The input is a script of steps.  The first byte of a step
 * holds the action (bits 7-6), the time that passes before the action (bits 5-3) and an address (bits 2-0); the argument of
 * the action follows:
 *
 *	00  length:u8 bytes   receive this datagram from the address
 *	01  length:u8 bytes   the same, with the sequence number of the last request that was sent to the address
 *	10                    join through the address
 *	11  command:u8        leave, remove a member, change the own address or the timing, or resolve a name
 *
 * The fuzzer checks each event, each datagram that is sent, and the list of members after each step.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/swim.h"
#include "support/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SOURCES 8
#define MAX_MEMBERS 24
#define TICKS_A_STEP 24 /* further deadlines of a step are skipped, as in a stall */
#define NAMES 64        /* members that are joined at one time, at most */
#define DATAGRAM 1400   /* the largest datagram that the core sends, in bytes */

struct fixture {
	struct swim *swim;
	swim_time now;
	uint64_t incarnation; /* of the core, after the last step */
	struct swim_addr sources[SOURCES];
	uint64_t last_seq[SOURCES]; /* of the last request that was sent to each address */
	/* The names of members that have joined, and since then have neither left nor been removed. */
	struct {
		char name[SWIM_NAME_MAX + 1];
		uint16_t len;
	} joined[NAMES];
	size_t joined_count;
	size_t sent;   /* datagrams of the last drain */
	size_t events; /* events of the last drain */
};

static void *
resize(void *ctx, void *ptr, size_t size)
{
	(void)ctx;
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	return realloc(ptr, size);
}

/* Address i of the script; address 0 is the core's own at the start. */
static struct swim_addr
source(unsigned i)
{
	static const char *const texts[SOURCES] = {"10.0.0.1:7946", "10.0.0.2:7946",
	    "10.0.0.3:7946", "10.0.0.4:7946", "10.0.0.4:7947", "[2001:db8::5]:7946",
	    "[fe80::6%2]:7946", "255.255.255.255:1"};
	struct swim_addr a;

	require(swim_addr_parse(texts[i], strlen(texts[i]), &a));
	return a;
}

/* The index of this member in f->joined; f->joined_count: the member is not there. */
static size_t
joined_find(const struct fixture *f, const struct swim_report *m)
{
	size_t i = 0;

	while (i < f->joined_count && (f->joined[i].len != m->name_len ||
					  memcmp(f->joined[i].name, m->name, m->name_len) != 0))
		i++;
	return i;
}

static void
check_event(struct fixture *f, const struct swim_event *e)
{
	size_t i = joined_find(f, &e->member);
	bool known = i < f->joined_count;

	require(e->member.name_len <= SWIM_NAME_MAX && e->by_len <= SWIM_NAME_MAX);
	require(e->at.ns == f->now.ns);
	switch (e->type) {
	case SWIM_EVENT_JOINED:
		require(!known && f->joined_count < NAMES && !e->member.local);
		memcpy(f->joined[i].name, e->member.name, e->member.name_len);
		f->joined[i].len = e->member.name_len;
		f->joined_count++;
		return;
	case SWIM_EVENT_REMOVED:
	case SWIM_EVENT_LEFT:
		/* A member that has left is no longer in f->joined when it is removed. */
		require(known || e->type == SWIM_EVENT_REMOVED);
		return;
	case SWIM_EVENT_SUSPECTED:
	case SWIM_EVENT_FAILED:
	case SWIM_EVENT_RECOVERED:
	case SWIM_EVENT_UPDATED:
	case SWIM_EVENT_LINK_FAILED:
	case SWIM_EVENT_LINK_RECOVERED:
		require(known);
		return;
	case SWIM_EVENT_INCARNATION:
		require(e->member.local);
		return;
	case SWIM_EVENT_NAME_CONFLICT:
	case SWIM_EVENT_NAME_LOST:
	case SWIM_EVENT_SEED_ANSWERED:
	case SWIM_EVENT_SEED_SILENT:
	case SWIM_EVENT_SEED_FOREIGN:
		require(e->address.family != 0);
		return;
	}
}

static void
forget_member(struct fixture *f, const struct swim_event *e)
{
	size_t i = joined_find(f, &e->member);

	if (i == f->joined_count || (e->type != SWIM_EVENT_REMOVED && e->type != SWIM_EVENT_LEFT))
		return;
	f->joined[i] = f->joined[--f->joined_count];
}

static void
check_datagram(struct fixture *f, const struct swim_datagram *d)
{
	struct wire_message m;

	require(d->len <= DATAGRAM);
	require(wire_decode(d->data, d->len, &m) == WIRE_OK);
	require(m.type == d->type);
	require(d->to.family != 0 || d->host != NULL);
	for (unsigned i = 0; i < SOURCES; i++) {
		if (swim_addr_equal(&f->sources[i], &d->to) && m.type != WIRE_ACK &&
		    m.type != WIRE_NACK && m.type != WIRE_OTHER_CLUSTER)
			f->last_seq[i] = m.seq;
	}
}

static void
drain(struct fixture *f)
{
	struct swim_datagram d;
	struct swim_event e;

	f->sent = f->events = 0;
	while (swim_next_datagram(f->swim, &d)) {
		check_datagram(f, &d);
		f->sent++;
	}
	while (swim_next_event(f->swim, &e)) {
		check_event(f, &e);
		forget_member(f, &e);
		f->events++;
	}
}

static void
check_state(struct fixture *f)
{
	size_t count = swim_member_count(f->swim), by_status = 0;
	uint64_t incarnation = swim_incarnation(f->swim);
	struct swim_report previous = {0}, m;
	struct swim_stats stats;

	swim_stats(f->swim, &stats);
	for (unsigned i = 0; i < SWIM_STATUS_COUNT; i++)
		by_status += stats.members[i];
	require(count >= 1 && count <= MAX_MEMBERS && by_status == count);
	require(incarnation >= f->incarnation);
	f->incarnation = incarnation;
	for (size_t i = 0; i < count; i++) {
		swim_member_at(f->swim, i, &m);
		require(strlen(m.address) > 0 && m.name_len > 0);
		if (m.local)
			require(m.status == SWIM_ALIVE || m.status == SWIM_LEFT);
		if (i > 0) {
			size_t shorter = m.name_len < previous.name_len ? m.name_len
									: previous.name_len;
			int order = memcmp(previous.name, m.name, shorter);

			require(order < 0 || (order == 0 && previous.name_len < m.name_len));
		}
		previous = m;
	}
}

static void
tick(struct fixture *f, swim_time now)
{
	f->now = now;
	swim_tick(f->swim, now);
	drain(f);
	/* A deadline that has passed already would make the event loop spin. */
	require(swim_time_before(now, swim_deadline(f->swim)));
}

static void
pass_time(struct fixture *f, swim_duration d)
{
	swim_time until = swim_time_add(f->now, d);

	for (int i = 0; i < TICKS_A_STEP; i++) {
		swim_time next = swim_deadline(f->swim);

		if (!swim_time_reached(until, next))
			break;
		tick(f, next.ns > f->now.ns ? next : f->now);
	}
	tick(f, until);
}

/* Receive a datagram; if `answer`, with the sequence number of the last request that was sent to this address. */
static void
input(struct fixture *f, unsigned from_index, const uint8_t *data, size_t len, bool answer)
{
	const struct swim_addr *from = &f->sources[from_index];
	struct swim_stats before, after;
	uint8_t *copy = malloc(len > 0 ? len : 1);
	enum wire_reject reject;

	require(copy != NULL);
	if (len > 0)
		memcpy(copy, data, len);
	if (answer && len >= WIRE_HEADER_SIZE) {
		for (unsigned i = 0; i < 8; i++)
			copy[1 + i] = (uint8_t)(f->last_seq[from_index] >> (56 - 8 * i));
	}
	swim_stats(f->swim, &before);
	reject = swim_input(f->swim, f->now, from, copy, len);
	free(copy);
	drain(f);
	swim_stats(f->swim, &after);
	if (reject != WIRE_OK) {
		/* A rejected datagram is counted, is not answered, and changes nothing. */
		require(f->sent == 0 && f->events == 0);
		require(after.rejected[reject] == before.rejected[reject] + 1);
		require(after.digest == before.digest && after.rumours == before.rumours);
		require(memcmp(after.members, before.members, sizeof(after.members)) == 0);
	}
}

static void
command(struct fixture *f, unsigned from_index, uint8_t which)
{
	const struct swim_addr *a = &f->sources[from_index];
	struct swim_timing timing;
	struct swim_report m;

	switch (which % 5) {
	case 0:
		swim_leave(f->swim, f->now);
		break;
	case 1:
		swim_member_at(f->swim, which / 5 % swim_member_count(f->swim), &m);
		swim_remove(f->swim, f->now, m.name, m.name_len);
		break;
	case 2:
		swim_set_address(f->swim, f->now, a);
		break;
	case 3:
		swim_timing_profile((enum swim_profile)(which / 5 % SWIM_PROFILE_COUNT), &timing);
		swim_set_timing(f->swim, f->now, &timing);
		break;
	default: /* command 4 */
		swim_resolved(f->swim, "h:1", a);
		break;
	}
}

static void
run(struct fixture *f, const uint8_t *data, size_t size)
{
	static const int64_t steps_ms[8] = {0, 1, 20, 200, 1000, 5000, 30000, 130000};

	while (size > 0) {
		uint8_t what = data[0], argument = size > 1 ? data[1] : 0;
		unsigned from = what & 7;
		size_t taken = 1;

		pass_time(f, swim_ms(steps_ms[what >> 3 & 7]));
		switch (what >> 6) {
		case 0:
		case 1:
			if (size < 2)
				return;
			taken = 2 + (argument < size - 2 ? argument : size - 2);
			input(f, from, data + 2, taken - 2, what >> 6 == 1);
			break;
		case 2:
			swim_join(f->swim, f->now, &f->sources[from]);
			break;
		default: /* action 3 */
			taken = size > 1 ? 2 : 1;
			command(f, from, argument);
			break;
		}
		drain(f);
		check_state(f);
		data += taken;
		size -= taken;
	}
	pass_time(f, swim_seconds(3));
	check_state(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fixture f;
	struct swim_config config = {
	    .name = "self",
	    .cluster = "",
	    .max_members = MAX_MEMBERS,
	    .max_jump = UINT64_C(1) << 32,
	    .max_datagram = DATAGRAM,
	    .allocator = {.resize = resize},
	};

	memset(&f, 0, sizeof(f));
	for (unsigned i = 0; i < SOURCES; i++)
		f.sources[i] = source(i);
	config.address = f.sources[0];
	f.now = (swim_time){INT64_C(1000000000)};
	swim_timing_profile(SWIM_PROFILE_LAN, &config.timing);
	f.swim = swim_new(&config, 1, f.now);
	require(f.swim != NULL);
	drain(&f);
	run(&f, data, size);
	swim_free(f.swim);
	return 0;
}
