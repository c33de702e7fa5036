/* SPDX-License-Identifier: MIT */
/* One core, driven by a unit test; see the header. */
#include "swim_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

const struct fixture_says fixture_nothing = {0};

static void *
resize(void *ctx, void *old, size_t size)
{
	struct fixture *f = ctx;
	void *new;

	if (size == 0) {
		f->blocks -= old != NULL;
		free(old);
		return NULL;
	}
	if (f->budget == 0) {
		f->starved = true;
		return NULL;
	}
	f->budget--;
	new = realloc(old, size);
	ck_assert_ptr_nonnull(new);
	f->blocks += old == NULL;
	return new;
}

struct fixture *
fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	f->budget = SIZE_MAX;
	f->now = (swim_time){1000000000};
	f->config = (struct swim_config){
	    .name = "self",
	    .cluster = "",
	    .address = {.family = 4, .port = 7946, .ip = {10, 0, 0, 1}},
	    .max_members = SWIM_MEMBERS_DEFAULT,
	    .max_jump = SWIM_JUMP_DEFAULT,
	    .max_datagram = WIRE_DATAGRAM_DEFAULT,
	    .allocator = {resize, f},
	};
	swim_timing_profile(SWIM_PROFILE_LAN, &f->config.timing);
	return f;
}

bool
fixture_start(struct fixture *f)
{
	f->swim = swim_new(&f->config, 1, f->now);
	if (f->swim != NULL)
		fixture_drain(f);
	return f->swim != NULL;
}

void
fixture_clear(struct fixture *f)
{
	for (size_t i = 0; i < f->out_count; i++)
		free(f->out[i].data);
	f->out_count = f->event_count = 0;
}

void
fixture_free(struct fixture *f)
{
	fixture_clear(f);
	swim_free(f->swim);
	ck_assert_uint_eq(f->blocks, 0);
	free(f);
}

struct swim_addr
fixture_addr(unsigned peer)
{
	return (struct swim_addr){.family = 4,
	    .port = 7946,
	    .ip = {10, 0, (uint8_t)(1 + peer / 256), (uint8_t)peer}};
}

const char *
fixture_name(unsigned peer, char name[16])
{
	if (peer == 0)
		return strcpy(name, "self");
	snprintf(name, 16, "p%u", peer);
	return name;
}

void
fixture_drain(struct fixture *f)
{
	struct swim_datagram d;
	struct swim_event e;

	while (swim_next_datagram(f->swim, &d)) {
		struct fixture_out *out = &f->out[f->out_count++];

		ck_assert_uint_le(f->out_count, FIXTURE_OUT_MAX);
		ck_assert_uint_le(d.len, f->config.max_datagram);
		*out = (struct fixture_out){.to = d.to, .data = malloc(d.len), .len = d.len};
		ck_assert_ptr_nonnull(out->data);
		memcpy(out->data, d.data, d.len);
		if (d.host != NULL)
			snprintf(out->host, sizeof(out->host), "%s", d.host);
		/* The core must be able to decode each datagram that it sends. */
		ck_assert_int_eq(wire_decode(out->data, out->len, &out->message), WIRE_OK);
		ck_assert_int_eq(out->message.type, d.type);
	}
	while (swim_next_event(f->swim, &e)) {
		ck_assert_uint_lt(f->event_count, FIXTURE_EVENTS_MAX);
		f->events[f->event_count++] = e;
	}
}

void
fixture_run(struct fixture *f, swim_duration d)
{
	swim_time end = swim_time_add(f->now, d);

	for (;;) {
		swim_time deadline = swim_deadline(f->swim);

		if (swim_time_before(end, deadline))
			break;
		if (swim_time_before(f->now, deadline))
			f->now = deadline;
		swim_tick(f->swim, f->now);
		fixture_drain(f);
	}
	f->now = end;
}

enum wire_reject
fixture_input(struct fixture *f, unsigned from, const void *data, size_t len)
{
	struct swim_addr addr = fixture_addr(from);
	enum wire_reject reject = swim_input(f->swim, f->now, &addr, data, len);

	fixture_drain(f);
	return reject;
}

/* The id and address of a peer. */
static struct wire_member_id
member_id(unsigned peer, char name[16], char address[SWIM_ADDR_TEXT])
{
	struct swim_addr addr = fixture_addr(peer);

	swim_addr_format(&addr, address);
	return (struct wire_member_id){wire_str_of(fixture_name(peer, name)), wire_str_of(address)};
}

size_t
fixture_finish_by(struct fixture *f, const struct swim_addr *from, struct wire_writer *w,
    const struct wire_trailer *trailer, size_t pad_to)
{
	size_t len = wire_finish(w, trailer, pad_to);

	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(swim_input(f->swim, f->now, from, w->buf.start, len), WIRE_OK);
	fixture_drain(f);
	return len;
}

size_t
fixture_finish(struct fixture *f, unsigned from, struct wire_writer *w,
    const struct wire_trailer *trailer, size_t pad_to)
{
	struct swim_addr addr = fixture_addr(from);

	return fixture_finish_by(f, &addr, w, trailer, pad_to);
}

static void
finish(struct fixture *f, unsigned from, struct wire_writer *w, struct fixture_says says)
{
	struct wire_trailer trailer = {0};
	char name[16];

	for (size_t i = 0; i < says.count; i++)
		ck_assert(wire_add_update(w, &says.updates[i]));
	if (says.swimd) {
		trailer.has_sender = trailer.has_digest = true;
		trailer.sender = wire_str_of(fixture_name(says.sender, name));
		trailer.digest = says.digest;
	}
	fixture_finish(f, from, w, &trailer, says.pad_to);
}

struct fixture_says
fixture_swimd(unsigned sender)
{
	return (struct fixture_says){.swimd = true, .sender = sender};
}

struct fixture_says
fixture_same_view(const struct fixture *f, unsigned sender)
{
	struct fixture_says says = fixture_swimd(sender);

	says.digest = fixture_stats(f).digest;
	return says;
}

struct fixture_says
fixture_other_view(unsigned sender)
{
	return (struct fixture_says){.swimd = true, .sender = sender, .digest = 1};
}

struct fixture_says
fixture_telling(struct fixture_says says, const struct wire_update *updates, size_t count)
{
	says.updates = updates;
	says.count = count;
	return says;
}

void
fixture_ping(struct fixture *f, unsigned from, uint64_t seq, struct fixture_says says)
{
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), 100);
	wire_begin_ping(&w, seq);
	finish(f, from, &w, says);
}

void
fixture_ping_with(struct fixture *f, unsigned from, uint64_t seq, const struct wire_update *u)
{
	fixture_ping(f, from, seq, fixture_telling(fixture_swimd(from), u, 1));
}

void
fixture_base_ping_with(struct fixture *f, unsigned from, uint64_t seq, const struct wire_update *u)
{
	fixture_ping(f, from, seq, fixture_telling(fixture_nothing, u, 1));
}

void
fixture_ping_by(struct fixture *f, const struct swim_addr *from, uint32_t interface,
    const char *name, const struct wire_update *about)
{
	struct wire_trailer trailer = {.has_sender = name != NULL, .has_digest = name != NULL};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;
	size_t len;

	if (name != NULL)
		trailer.sender = wire_str_of(name);
	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ping(&w, 5);
	if (about != NULL)
		ck_assert(wire_add_update(&w, about));
	len = wire_finish(&w, &trailer, 0);
	ck_assert_int_eq(swim_input_by(f->swim, f->now, from, interface, data, len), WIRE_OK);
	fixture_drain(f);
}

void
fixture_ack(struct fixture *f, unsigned from, uint64_t seq, unsigned alive,
    struct fixture_says says)
{
	char name[16], address[SWIM_ADDR_TEXT];
	struct wire_member_id id = member_id(alive, name, address);
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), 100);
	wire_begin_ack(&w, seq, &id);
	finish(f, from, &w, says);
}

void
fixture_base_ack(struct fixture *f, unsigned at, uint64_t seq, const char *name)
{
	fixture_base_ack_with(f, at, seq, name, NULL);
}

void
fixture_base_ack_with(struct fixture *f, unsigned at, uint64_t seq, const char *name,
    const struct wire_update *about)
{
	struct swim_addr addr = fixture_addr(at);
	char text[SWIM_ADDR_TEXT];
	struct wire_member_id pair = {wire_str_of(name),
	    wire_str_of(swim_addr_format(&addr, text))};

	fixture_base_ack_pair(f, at, seq, &pair, about);
}

void
fixture_base_ack_pair(struct fixture *f, unsigned at, uint64_t seq,
    const struct wire_member_id *pair, const struct wire_update *about)
{
	uint8_t data[WIRE_DATAGRAM_MAX];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), 0);
	wire_begin_ack(&w, seq, pair);
	if (about != NULL)
		ck_assert(wire_add_update(&w, about));
	fixture_finish(f, at, &w, NULL, 0);
}

void
fixture_ack_by(struct fixture *f, const struct swim_addr *from, uint64_t seq, unsigned peer,
    uint64_t digest, const struct wire_update *about)
{
	struct wire_trailer trailer = {.has_digest = true, .digest = digest};
	char name[16], address[SWIM_ADDR_TEXT];
	struct wire_member_id id = member_id(peer, name, address);
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ack(&w, seq, &id);
	if (about != NULL)
		ck_assert(wire_add_update(&w, about));
	fixture_finish_by(f, from, &w, &trailer, 0);
}

void
fixture_nack(struct fixture *f, unsigned from, uint64_t seq, unsigned target)
{
	char name[16], address[SWIM_ADDR_TEXT];
	struct wire_member_id id = member_id(target, name, address);
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), 0);
	wire_begin_nack(&w, seq, &id);
	fixture_finish(f, from, &w, NULL, 0);
}

size_t
fixture_base_ping_req(struct fixture *f, unsigned from, uint64_t seq,
    const struct wire_member_id *target)
{
	uint8_t data[WIRE_DATAGRAM_MAX];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), 0);
	wire_begin_ping_req(&w, seq, target);
	return fixture_finish(f, from, &w, NULL, 0);
}

void
fixture_ping_req(struct fixture *f, unsigned from, uint64_t seq, unsigned target)
{
	char name[16], address[SWIM_ADDR_TEXT];
	struct wire_member_id id = member_id(target, name, address);

	fixture_base_ping_req(f, from, seq, &id);
}

const struct fixture_out *
fixture_ask_page(struct fixture *f, unsigned from, uint64_t seq, struct wire_cursor cursor,
    size_t length)
{
	struct fixture_says says = fixture_other_view(from);
	uint32_t digests[WIRE_SYNC_BUCKETS];
	uint16_t count = (uint16_t)(WIRE_SYNC_BUCKETS - cursor.bucket);
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	/* As many digests as leave room for the other fields. */
	if (count > (length - 100) / sizeof(digests[0]))
		count = (uint16_t)((length - 100) / sizeof(digests[0]));
	memset(digests, 0xa5, sizeof(digests));
	wire_writer_init(&w, data, sizeof(data), 40);
	wire_begin_sync_req(&w, seq, cursor, digests, count);
	says.pad_to = length;
	fixture_clear(f);
	finish(f, from, &w, says);
	return fixture_expect(f, WIRE_SYNC, from);
}

void
fixture_page(struct fixture *f, unsigned from, uint64_t seq, const struct wire_cursor *next,
    struct fixture_says says)
{
	static const struct wire_cursor end = {.bucket = WIRE_SYNC_BUCKETS};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), 100);
	wire_begin_sync(&w, seq);
	wire_set_cursor(&w, next != NULL ? *next : end);
	finish(f, from, &w, says);
}

struct wire_update
fixture_update(struct fixture *f, unsigned about, enum swim_status status, uint64_t incarnation)
{
	struct fixture_id *id = &f->ids[f->id_next++ % (sizeof(f->ids) / sizeof(f->ids[0]))];
	struct wire_update update = {
	    .member = member_id(about, id->name, id->address),
	    .status = status,
	    .flags = status == SWIM_LEFT ? WIRE_FLAG_LEFT : 0,
	    .incarnation = incarnation,
	};

	if (about == 0)
		update.member =
		    (struct wire_member_id){wire_str_of("self"), wire_str_of("10.0.0.1:7946")};
	return update;
}

uint64_t
fixture_hash(const char *name)
{
	return hash64_end(hash64_bytes(HASH64_START, name, strlen(name)));
}

void
fixture_accuse(struct fixture *f, unsigned from, unsigned about, enum swim_status status,
    unsigned first, unsigned second)
{
	struct wire_update u = fixture_update(f, about, status, 0);
	char name[16];

	if (first > 0)
		u.accusers[u.accuser_count++] = fixture_hash(fixture_name(first, name));
	if (second > 0)
		u.accusers[u.accuser_count++] = fixture_hash(fixture_name(second, name));
	fixture_ping(f, from, 77, fixture_telling(fixture_same_view(f, from), &u, 1));
}

void
fixture_gossip(struct fixture *f, unsigned from, unsigned about, enum swim_status status,
    uint64_t incarnation)
{
	struct wire_update update = fixture_update(f, about, status, incarnation);
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	char name[16];
	struct wire_writer w;

	/* A death by the accusers `from` and the core itself. */
	if (status == SWIM_DEAD) {
		update.accusers[update.accuser_count++] = fixture_hash("self");
		update.accusers[update.accuser_count++] = fixture_hash(fixture_name(from, name));
	}
	wire_writer_init(&w, data, sizeof(data), 100);
	wire_begin_gossip(&w, 1);
	finish(f, from, &w, fixture_telling(fixture_same_view(f, from), &update, 1));
}

void
fixture_member(struct fixture *f, unsigned peer)
{
	char name[16], teller[16];

	fixture_gossip(f, peer, peer, SWIM_ALIVE, 0);
	/* After its first two sync intervals a core lists no stranger by its own word, so a member tells of the peer. */
	for (unsigned i = 1; i < 64 && !fixture_lists(f, fixture_name(peer, name)); i++) {
		if (fixture_lists(f, fixture_name(i, teller)))
			fixture_gossip(f, i, peer, SWIM_ALIVE, 0);
	}
}

uint64_t
fixture_wait_ping(struct fixture *f, unsigned peer)
{
	const struct fixture_out *ping;

	fixture_clear(f);
	for (unsigned i = 0; i < 1000; i++) {
		fixture_run(f, swim_ms(10));
		ping = fixture_sent(f, WIRE_PING, peer);
		if (ping != NULL)
			return ping->message.seq;
	}
	ck_abort_msg("the core did not ping peer %u within 10 s", peer);
	return 0;
}

const struct fixture_out *
fixture_wait_ping_req(struct fixture *f, unsigned about)
{
	char name[16];

	fixture_name(about, name);
	for (unsigned step = 0; step < 1000; step++) {
		fixture_clear(f);
		fixture_run(f, swim_ms(10));
		for (size_t i = 0; i < f->out_count; i++) {
			const struct wire_message *msg = &f->out[i].message;

			if (msg->type == WIRE_PING_REQ && wire_str_equal(msg->member.id, name))
				return &f->out[i];
		}
	}
	ck_abort_msg("the core sent no ping-req about peer %u within 10 s", about);
	return NULL;
}

void
fixture_join(struct fixture *f, unsigned peer)
{
	struct swim_addr addr = fixture_addr(peer);

	ck_assert(swim_join(f->swim, f->now, &addr));
	fixture_drain(f);
}

void
fixture_answer(struct fixture *f, unsigned peer, struct fixture_says says)
{
	fixture_ack(f, peer, fixture_expect(f, WIRE_PING, peer)->message.seq, peer, says);
}

void
fixture_base_answer(struct fixture *f, unsigned peer, const char *name)
{
	fixture_base_ack(f, peer, fixture_expect(f, WIRE_PING, peer)->message.seq, name);
}

unsigned
fixture_answer_all(struct fixture *f, unsigned first, unsigned last)
{
	/* Only the pings sent so far are answered, not those that the answers cause. */
	size_t count = f->out_count;
	unsigned answered = 0;

	for (size_t i = 0; i < count; i++) {
		for (unsigned peer = first; peer <= last; peer++) {
			if (!fixture_went(&f->out[i], WIRE_PING, peer))
				continue;
			fixture_ack(f, peer, f->out[i].message.seq, peer,
			    fixture_same_view(f, peer));
			answered++;
		}
	}
	return answered;
}

unsigned
fixture_base_answer_all(struct fixture *f, unsigned peer, const char *name)
{
	size_t count = f->out_count;
	unsigned answered = 0;

	for (size_t i = 0; i < count; i++) {
		if (!fixture_went(&f->out[i], WIRE_PING, peer))
			continue;
		fixture_base_ack(f, peer, f->out[i].message.seq, name);
		answered++;
	}
	return answered;
}

bool
fixture_answer_until(struct fixture *f, unsigned first, unsigned last, swim_duration step,
    swim_duration d, bool (*done)(const struct fixture *))
{
	swim_time end = swim_time_add(f->now, d);

	while (swim_time_before(f->now, end)) {
		fixture_run(f, step);
		fixture_answer_all(f, first, last);
		fixture_clear(f);
		if (done != NULL && done(f))
			return true;
	}
	return false;
}

void
fixture_routable(struct fixture *f, unsigned peer)
{
	struct wire_update self = fixture_update(f, peer, SWIM_ALIVE, 0);
	char name[16];
	bool known;

	/*
	 * The core asks a seed at once. If the peer waited for its turn to be probed, the others would be declared
	 * dead.
	 */
	fixture_member(f, peer);
	/* A peer that nobody told of is listed by its answer, which has its own record. */
	known = fixture_lists(f, fixture_name(peer, name));
	fixture_clear(f);
	fixture_join(f, peer);
	fixture_answer(f, peer, fixture_telling(fixture_same_view(f, peer), &self, known ? 0 : 1));
}

struct fixture *
fixture_started(void)
{
	struct fixture *f = fixture_new();

	ck_assert(fixture_start(f));
	return f;
}

static struct fixture *
among(unsigned peers, void (*introduce)(struct fixture *, unsigned))
{
	struct fixture *f = fixture_started();

	for (unsigned i = 1; i <= peers; i++)
		introduce(f, i);
	fixture_clear(f);
	return f;
}

struct fixture *
fixture_among(unsigned peers)
{
	return among(peers, fixture_member);
}

struct fixture *
fixture_among_routable(unsigned peers)
{
	return among(peers, fixture_routable);
}

void
fixture_routable_slow(struct fixture *f, unsigned count)
{
	for (unsigned i = 1; i <= count; i++)
		fixture_member(f, i);
	fixture_clear(f);
	for (unsigned i = 1; i <= count; i++)
		fixture_join(f, i);
	/* The first round trip counts threefold: srtt + 4 * rttvar, with rttvar = srtt / 2. */
	f->now = swim_time_add(f->now, swim_ns(f->config.timing.probe_timeout.ns / 3 + 1000));
	for (unsigned i = 1; i <= count; i++)
		fixture_answer(f, i, fixture_same_view(f, i));
}

const struct fixture_out *
fixture_sent_by(const struct fixture *f, enum wire_type type, const struct swim_addr *to)
{
	for (size_t i = 0; i < f->out_count; i++) {
		if (f->out[i].message.type == type && swim_addr_equal(&f->out[i].to, to))
			return &f->out[i];
	}
	return NULL;
}

const struct fixture_out *
fixture_sent(const struct fixture *f, enum wire_type type, unsigned to)
{
	struct swim_addr addr = fixture_addr(to);

	return fixture_sent_by(f, type, &addr);
}

/* Fails the test, and prints the expected datagram and all datagrams that were sent. */
static void
fail_expected(const struct fixture *f, enum wire_type type, const struct swim_addr *to, bool only,
    const char *file, int line)
{
	char text[1024] = "", addr[SWIM_ADDR_TEXT];
	size_t len = 0;

	for (size_t i = 0; i < f->out_count && len < sizeof(text) - 80; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s to %s",
		    i == 0 ? "" : ", ", wire_type_name(f->out[i].message.type),
		    swim_addr_format(&f->out[i].to, addr));
	ck_abort_msg("%s:%d: expected %s %s to %s; sent (%zu): %s", file, line,
	    only ? "exactly one" : "a", wire_type_name(type), swim_addr_format(to, addr),
	    f->out_count, text);
}

const struct fixture_out *
fixture_expect_at(const struct fixture *f, enum wire_type type, struct swim_addr to, bool only,
    const char *file, int line)
{
	const struct fixture_out *first = fixture_sent_by(f, type, &to);
	size_t count = 0;

	for (size_t i = 0; i < f->out_count; i++)
		count += f->out[i].message.type == type && swim_addr_equal(&f->out[i].to, &to);
	if (count == 0 || (only && count > 1))
		fail_expected(f, type, &to, only, file, line);
	return first;
}

bool
fixture_went(const struct fixture_out *out, enum wire_type type, unsigned to)
{
	struct swim_addr addr = fixture_addr(to);

	return out->message.type == type && swim_addr_equal(&out->to, &addr);
}

size_t
fixture_sent_count(const struct fixture *f, enum wire_type type)
{
	size_t count = 0;

	for (size_t i = 0; i < f->out_count; i++)
		count += f->out[i].message.type == type;
	return count;
}

size_t
fixture_sent_to(const struct fixture *f, const struct swim_addr *to)
{
	size_t count = 0;

	for (size_t i = 0; i < f->out_count; i++)
		count += swim_addr_equal(&f->out[i].to, to);
	return count;
}

bool
fixture_has(const struct fixture_out *out, const char *name, enum swim_status status,
    uint64_t *incarnation)
{
	struct wire_updates_iter iter = {0};
	struct wire_update u;

	if (out == NULL)
		return false;
	while (wire_updates_next(&out->message.updates, &iter, &u)) {
		if (wire_str_equal(u.member.id, name) && u.status == status) {
			if (incarnation != NULL)
				*incarnation = u.incarnation;
			return true;
		}
	}
	return false;
}

size_t
fixture_event_count(const struct fixture *f, enum swim_event_type type, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < f->event_count; i++)
		count += f->events[i].type == type &&
			 (name == NULL || strcmp(f->events[i].member.name, name) == 0);
	return count;
}

bool
fixture_awaits(const struct fixture *f, unsigned peer, uint64_t seq)
{
	struct swim_addr from = fixture_addr(peer);
	uint8_t bytes[WIRE_HEADER_SIZE] = {WIRE_ACK};

	for (unsigned i = 0; i < 8; i++)
		bytes[1 + i] = (uint8_t)(seq >> (56 - 8 * i));
	return swim_awaits(f->swim, &from, bytes, sizeof(bytes));
}

struct swim_report
fixture_report(const struct fixture *f, const char *name)
{
	struct swim_report report = {.status = SWIM_DEAD};

	if (!swim_member_find(f->swim, name, strlen(name), &report))
		report = (struct swim_report){.status = SWIM_DEAD};
	return report;
}

bool
fixture_lists(const struct fixture *f, const char *name)
{
	return fixture_report(f, name).name_len > 0;
}

struct swim_stats
fixture_stats(const struct fixture *f)
{
	struct swim_stats stats;

	swim_stats(f->swim, &stats);
	return stats;
}
