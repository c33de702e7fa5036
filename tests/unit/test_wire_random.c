/* SPDX-License-Identifier: MIT */
/*
 * Laws of the codec over random messages: an encoded message is decoded as it was; a decoded message is
 * encoded again to the same message; no mutation reads past the end.  A failure names the seed, and
 * WIRE_SEED runs that seed alone.
 */
#include "wire/wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "base/utf8.h"
#include "support/unit.h"
#include "support/wire_again.h"
#include "wire/tags.h"

#define SEEDS 4000
#define MUTATIONS 12
#define MAX_UPDATES 20

static uint64_t seed_now;
static char seed_line[64];

#define LAW(condition)                                                                             \
	ck_assert_msg(condition, "failed with WIRE_SEED=%llu: %s", (unsigned long long)seed_now,   \
	    #condition)

struct draw {
	struct rng rng;
	char text[65536]; /* the bytes of the drawn strings */
	size_t used;
};

static size_t
below(struct draw *d, size_t n)
{
	return (size_t)rng_below(&d->rng, n);
}

/* UTF-8 of up to max bytes: mostly ASCII, sometimes characters of every length. */
static struct wire_str
draw_str(struct draw *d, size_t max)
{
	static const char *const pieces[] = {"a", "7", ".", ":", "\n", "\xc3\xa9", "\xe2\x82\xac",
	    /* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what is tested */
	    "\xf0\x9f\x98\x80", "\xe2\x80\xae", "\\"};
	char *start = d->text + d->used;
	size_t wanted = below(d, max + 1), len = 0;

	while (len < wanted) {
		const char *piece = pieces[below(d, sizeof(pieces) / sizeof(pieces[0]))];
		size_t n = strlen(piece);

		if (len + n > wanted)
			break;
		memcpy(start + len, piece, n);
		len += n;
	}
	d->used += len;
	ck_assert_uint_le(d->used, sizeof(d->text));
	return (struct wire_str){start, (uint16_t)len};
}

static struct wire_member_id
draw_member(struct draw *d)
{
	struct wire_member_id m;

	m.id = draw_str(d, 40);
	m.address = draw_str(d, 40);
	return m;
}

static uint64_t
draw_u64(struct draw *d)
{
	/* Small and large numbers, and the limits. */
	return rng_u64(&d->rng) >> below(d, 64);
}

/* Draw what only a live member has: tags, which may be unknown. */
static void
draw_details(struct draw *d, struct wire_update *u)
{
	char *tags = d->text + d->used;
	size_t len = 0;

	if (below(d, 4) == 0)
		u->flags |= WIRE_FLAG_PARTIAL;
	ck_assert_uint_le(d->used + WIRE_TAGS_MAX, sizeof(d->text));
	d->used += WIRE_TAGS_MAX;
	for (size_t n = below(d, 4); n > 0; n--) {
		struct wire_str key = draw_str(d, 8), value = draw_str(d, 20);
		enum wire_tags_error error = wire_tags_set(tags, &len, key, value);

		LAW(error == WIRE_TAGS_OK || key.len == 0 ||
		    memchr(key.bytes, 0, key.len) != NULL ||
		    memchr(value.bytes, 0, value.len) != NULL);
	}
	LAW(wire_tags_valid(tags, len));
	u->tags = (struct wire_str){tags, (uint16_t)len};
}

/* Draw the accusers of a suspect or a dead member. */
static void
draw_accusers(struct draw *d, struct wire_update *u)
{
	u->accuser_count = (uint8_t)below(d, WIRE_ACCUSERS_MAX + 1);
	for (unsigned i = 0; i < u->accuser_count; i++)
		u->accusers[i] = draw_u64(d);
}

static struct wire_update
draw_update(struct draw *d, bool sync)
{
	struct wire_update u = {
	    .member = draw_member(d),
	    .status = (enum swim_status)below(d, SWIM_STATUS_COUNT),
	    .incarnation = draw_u64(d),
	    .age_s = sync ? (uint32_t)draw_u64(d) : 0,
	};

	if (u.status == SWIM_LEFT)
		u.flags |= WIRE_FLAG_LEFT;
	if ((u.status == SWIM_LEFT || u.status == SWIM_DEAD) && below(d, 3) == 0)
		u.flags |= WIRE_FLAG_FORGET;
	if (below(d, 3) == 0)
		u.flags |= WIRE_FLAG_ANSWERED;
	if ((u.status == SWIM_LEFT || u.status == SWIM_DEAD) && below(d, 3) == 0)
		u.flags |= WIRE_FLAG_UNANSWERED;
	if (u.status == SWIM_ALIVE || u.status == SWIM_SUSPECT)
		draw_details(d, &u);
	if (u.status == SWIM_SUSPECT || u.status == SWIM_DEAD)
		draw_accusers(d, &u);
	return u;
}

static struct wire_trailer
draw_trailer(struct draw *d)
{
	struct wire_trailer t = {0};

	t.has_cluster = below(d, 2);
	t.has_sender = below(d, 2);
	t.has_digest = below(d, 2);
	t.has_timeout = below(d, 2);
	t.has_period = below(d, 2);
	t.has_answer_size = below(d, 2);
	t.has_removals = below(d, 2);
	if (t.has_cluster)
		t.cluster = draw_str(d, 64);
	if (t.has_sender)
		t.sender = draw_str(d, 64);
	if (t.has_digest)
		t.digest = draw_u64(d);
	if (t.has_timeout)
		t.timeout_ms = (uint32_t)draw_u64(d);
	if (t.has_removals)
		t.removals = draw_u64(d);
	if (t.has_period)
		t.period = (uint32_t)draw_u64(d);
	if (t.has_answer_size)
		t.answer_size = (uint16_t)draw_u64(d);
	t.has_unreached = below(d, 2);
	t.has_reached = below(d, 2);
	if (t.has_unreached)
		t.unreached = draw_str(d, 64);
	if (t.has_reached)
		t.reached = draw_str(d, 64);
	return t;
}

/* Begins a message of type m->type and stores in *m what was written. */
static void
draw_begin(struct draw *d, struct wire_writer *w, struct wire_message *m)
{
	uint32_t digests[WIRE_SYNC_BUCKETS];

	m->seq = draw_u64(d);
	switch (m->type) {
	case WIRE_PING:
		wire_begin_ping(w, m->seq);
		return;
	case WIRE_GOSSIP:
		wire_begin_gossip(w, m->seq);
		return;
	case WIRE_PING_REQ:
		m->member = draw_member(d);
		wire_begin_ping_req(w, m->seq, &m->member);
		return;
	case WIRE_ACK:
		m->member = draw_member(d);
		wire_begin_ack(w, m->seq, &m->member);
		return;
	case WIRE_NACK:
		m->member = draw_member(d);
		wire_begin_nack(w, m->seq, &m->member);
		return;
	case WIRE_SYNC_REQ:
		m->cursor.bucket = (uint16_t)below(d, WIRE_SYNC_BUCKETS);
		m->cursor.after = draw_u64(d);
		m->digest_count =
		    (uint16_t)below(d, (size_t)WIRE_SYNC_BUCKETS - m->cursor.bucket + 1);
		for (uint16_t i = 0; i < m->digest_count; i++)
			digests[i] = (uint32_t)draw_u64(d);
		wire_begin_sync_req(w, m->seq, m->cursor, digests, m->digest_count);
		return;
	case WIRE_SYNC:
		m->cursor.bucket = (uint16_t)below(d, WIRE_SYNC_BUCKETS + 1);
		m->cursor.after = draw_u64(d);
		wire_begin_sync(w, m->seq);
		wire_set_cursor(w, m->cursor);
		return;
	case WIRE_CLAIM:
		m->member = draw_member(d);
		m->age_ms = draw_u64(d);
		wire_put_claim(w, m->seq, &m->member, m->age_ms);
		return;
	case WIRE_OTHER_CLUSTER:
		wire_put_other_cluster(w, m->seq);
		return;
	case WIRE_AUTHENTICATED:
		ck_abort_msg("drawn by draw_envelope");
	}
}

static void
check_written(const uint8_t *bytes, size_t len, const struct wire_message *wrote,
    const struct wire_update *updates, size_t count)
{
	struct wire_updates_iter iter = {0};
	struct wire_message m;
	struct wire_update u;

	LAW(wire_decode(bytes, len, &m) == WIRE_OK);
	LAW(m.type == wrote->type);
	LAW(m.seq == wrote->seq);
	LAW(m.age_ms == wrote->age_ms);
	LAW(wire_same_member(&m.member, &wrote->member));
	LAW(m.cursor.bucket == wrote->cursor.bucket);
	LAW(m.cursor.after == wrote->cursor.after);
	LAW(m.digest_count == wrote->digest_count);
	LAW(wire_same_trailer(&m.trailer, &wrote->trailer));
	LAW(m.updates.count == count);
	for (size_t i = 0; i < count; i++) {
		LAW(wire_updates_next(&m.updates, &iter, &u));
		LAW(wire_same_update(&u, &updates[i]));
	}
}

/* Writes a random message, checks that it is read as it was written, and returns its length. */
static size_t
draw_plain(struct draw *d, uint8_t *bytes, size_t cap)
{
	struct wire_update updates[MAX_UPDATES];
	struct wire_message m = {0};
	size_t count = 0, wanted = below(d, MAX_UPDATES + 1), len;
	struct wire_writer w;

	do {
		m.type = wire_slot_type((int)below(d, WIRE_TYPE_SLOTS));
	} while (m.type == WIRE_AUTHENTICATED);
	m.trailer = draw_trailer(d);
	wire_writer_init(&w, bytes, cap, wire_trailer_size(&m.trailer));
	draw_begin(d, &w, &m);
	while (m.type != WIRE_NACK && m.type != WIRE_CLAIM && m.type != WIRE_OTHER_CLUSTER &&
	       count < wanted) {
		updates[count] = draw_update(d, m.type == WIRE_SYNC);
		if (!wire_add_update(&w, &updates[count]))
			break;
		count++;
	}
	len = wire_finish(&w, &m.trailer, below(d, 4) == 0 ? below(d, cap + 1) : 0);
	LAW(len > 0);
	LAW(len <= cap);
	check_written(bytes, len, &m, updates, count);
	return len;
}

static size_t
draw_envelope(struct draw *d, uint8_t *bytes, size_t cap)
{
	const struct wire_member_id sender = draw_member(d);
	const struct wire_str token = draw_str(d, 64);
	uint8_t inner[4096];
	struct wire_writer w;
	struct wire_message m;
	size_t inner_len = draw_plain(d, inner, sizeof(inner)), len;

	LAW(wire_decode(inner, inner_len, &m) == WIRE_OK);
	wire_writer_init(&w, bytes, cap, 0);
	wire_put_authenticated(&w, m.seq, token.bytes, token.len, &sender, inner, inner_len);
	len = wire_finish(&w, NULL, 0);
	LAW(wire_decode(bytes, len, &m) == WIRE_OK);
	LAW(wire_same_member(&m.member, &sender));
	LAW(wire_same_bytes(m.inner, m.inner_len, inner, inner_len));
	LAW(wire_same_bytes(m.token, m.token_len, (const uint8_t *)token.bytes, token.len));
	return len;
}

/*
 * If the bytes decode, check that the message encodes and decodes to the same message, and can be
 * formatted.
 */
static bool
check_law(const uint8_t *bytes, size_t len)
{
	static uint8_t again_bytes[2 * 8192];
	struct wire_message m, again;
	char line[512];
	size_t again_len;

	if (wire_decode(bytes, len, &m) != WIRE_OK)
		return false;
	again_len = wire_again(&m, again_bytes, sizeof(again_bytes));
	LAW(again_len > 0);
	LAW(wire_decode(again_bytes, again_len, &again) == WIRE_OK);
	LAW(wire_same_message(&m, &again));
	LAW(utf8_valid(line, wire_format(&m, line, sizeof(line))));
	return true;
}

static void
mutate(struct draw *d, uint8_t *bytes, size_t *len)
{
	size_t at = below(d, *len), from = below(d, *len), n;

	switch (below(d, 5)) {
	case 0:
		bytes[at] ^= (uint8_t)(1 << below(d, 8));
		break;
	case 1:
		bytes[at] = (uint8_t)rng_u64(&d->rng);
		break;
	case 2:
		*len = at + 1;
		break;
	case 3: /* bytes that lengths and counts often consist of */
		bytes[at] = below(d, 2) ? 0xff : 0x00;
		break;
	default: /* 4: copy a piece to another place */
		n = below(d, *len - (at > from ? at : from)) + 1;
		memmove(bytes + at, bytes + from, n);
	}
}

/* Print the seed after a failed assertion of the codec, an abort of a sanitizer or a crash. */
static void
tell_seed(int signal_number)
{
	ssize_t ignored = write(STDERR_FILENO, seed_line, strlen(seed_line));

	(void)ignored;
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static unsigned
run_seed(uint64_t seed)
{
	static struct draw d;
	static uint8_t bytes[8192];
	unsigned taken = 0;
	size_t len;

	seed_now = seed;
	snprintf(seed_line, sizeof(seed_line), "died at WIRE_SEED=%llu\n",
	    (unsigned long long)seed);
	rng_init(&d.rng, seed);
	d.used = 0;
	len = below(&d, 6) == 0 ? draw_envelope(&d, bytes, sizeof(bytes))
				: draw_plain(&d, bytes, 2048);
	LAW(check_law(bytes, len));
	for (int i = 0; i < MUTATIONS; i++) {
		size_t mutated_len = len;
		uint8_t *mutated = malloc(len);
		uint8_t *exact;

		memcpy(mutated, bytes, len);
		for (size_t j = below(&d, 3) + 1; j > 0; j--)
			mutate(&d, mutated, &mutated_len);
		exact = malloc(mutated_len);
		memcpy(exact, mutated, mutated_len);
		taken += check_law(exact, mutated_len);
		free(exact);
		free(mutated);
	}
	return taken;
}

START_TEST(laws_hold_for_random_and_mutated_messages)
{
	const char *only = getenv("WIRE_SEED");
	unsigned taken = 0;

	signal(SIGABRT, tell_seed);
	signal(SIGSEGV, tell_seed);
	if (only != NULL) {
		run_seed(strtoull(only, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		taken += run_seed(seed);
	/* Some mutated messages must decode and some must not, or the test shows nothing. */
	ck_assert_uint_gt(taken, SEEDS);
	ck_assert_uint_lt(taken, SEEDS * MUTATIONS - SEEDS);
}
END_TEST

UNIT_MAIN("wire random", laws_hold_for_random_and_mutated_messages)
