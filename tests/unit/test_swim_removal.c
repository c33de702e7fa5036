/* SPDX-License-Identifier: MIT */
/*
 * Removals among three cores that exchange datagrams: a core that the rumours miss learns of them
 * by comparing views.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "swim_fixture.h"

#include "support/unit.h"

#define CORES 3
#define GONE_COUNT 1000

struct trio {
	struct fixture *f[CORES];
	struct swim_addr addr[CORES];
	swim_time now;
	bool cut[CORES]; /* no datagram comes from this core or goes to it */
	double loss;     /* the share of datagrams that are lost */
	struct rng rng;
};

static void *
resize(void *ctx, void *old, size_t size)
{
	(void)ctx;
	if (size > 0)
		return realloc(old, size);
	free(old);
	return NULL;
}

static struct trio *
trio_new(uint64_t seed)
{
	static const char *const names[CORES] = {"a", "b", "c"};
	struct trio *t = calloc(1, sizeof(*t));

	ck_assert_ptr_nonnull(t);
	t->now = (swim_time){1000000000};
	rng_init(&t->rng, seed);
	for (unsigned i = 0; i < CORES; i++) {
		struct fixture *f = fixture_new();

		t->addr[i] = (struct swim_addr){.family = 4,
		    .port = 7946,
		    .ip = {10, 0, 0, (uint8_t)(i + 1)}};
		f->config.name = names[i];
		f->config.address = t->addr[i];
		f->config.allocator = (struct swim_allocator){resize, NULL};
		f->swim = swim_new(&f->config, seed * CORES + i, t->now);
		ck_assert_ptr_nonnull(f->swim);
		t->f[i] = f;
	}
	return t;
}

static void
trio_free(struct trio *t)
{
	for (unsigned i = 0; i < CORES; i++)
		fixture_free(t->f[i]);
	free(t);
}

/* Delivers the datagrams of this core at once, except those that are lost. Returns whether any was delivered. */
static bool
trio_carry(struct trio *t, unsigned from)
{
	struct swim_datagram d;
	struct swim_event e;
	bool any = false;

	while (swim_next_event(t->f[from]->swim, &e))
		;
	while (swim_next_datagram(t->f[from]->swim, &d)) {
		uint8_t *copy = malloc(d.len);
		unsigned to = 0;

		while (to < CORES && !swim_addr_equal(&t->addr[to], &d.to))
			to++;
		memcpy(copy, d.data, d.len);
		if (to < CORES && !t->cut[from] && !t->cut[to] && rng_unit(&t->rng) >= t->loss) {
			swim_input(t->f[to]->swim, t->now, &t->addr[from], copy, d.len);
			any = true;
		}
		free(copy);
	}
	return any;
}

static void
trio_run(struct trio *t, double seconds)
{
	swim_time end = swim_time_add(t->now, swim_ms((int64_t)(seconds * 1000)));

	for (; swim_time_before(t->now, end); t->now = swim_time_add(t->now, swim_ms(10))) {
		bool any = true;

		for (unsigned i = 0; i < CORES; i++) {
			if (swim_time_reached(t->now, swim_deadline(t->f[i]->swim)))
				swim_tick(t->f[i]->swim, t->now);
		}
		while (any) {
			any = false;
			for (unsigned i = 0; i < CORES; i++)
				any |= trio_carry(t, i);
		}
	}
}

/* The number of members that this core lists besides the three. */
static size_t
shown(const struct trio *t, unsigned i)
{
	size_t count = swim_member_count(t->f[i]->swim), n = 0;
	struct swim_report m;

	for (size_t k = 0; k < count; k++) {
		swim_member_at(t->f[i]->swim, k, &m);
		n += m.name_len > 1;
	}
	return n;
}

static struct swim_report
gone_one(unsigned i)
{
	struct swim_report m = {.status = i % 3 ? SWIM_DEAD : SWIM_LEFT, .incarnation = i % 5};

	m.name_len = (uint16_t)snprintf(m.name, sizeof(m.name), "gone-%u", i);
	snprintf(m.address, sizeof(m.address), "10.1.%u.%u:7946", i / 250, i % 250);
	return m;
}

/* The three cores are members of one cluster, and list the same dead and left members. */
static struct trio *
with_gone(uint64_t seed)
{
	struct trio *t = trio_new(seed);

	for (unsigned i = 1; i < CORES; i++)
		ck_assert(swim_join(t->f[i]->swim, t->now, &t->addr[0]));
	trio_run(t, 5);
	for (unsigned i = 0; i < CORES; i++) {
		for (unsigned k = 0; k < GONE_COUNT; k++) {
			struct swim_report m = gone_one(k);

			swim_restore(t->f[i]->swim, t->now, &m, swim_seconds(0));
		}
		ck_assert_uint_eq(shown(t, i), GONE_COUNT);
	}
	return t;
}

static void
remove_all(struct trio *t, unsigned at)
{
	for (unsigned k = 0; k < GONE_COUNT; k++) {
		struct swim_report m = gone_one(k);

		ck_assert_int_eq(swim_remove(t->f[at]->swim, t->now, m.name, m.name_len),
		    SWIM_REMOVE_OK);
	}
}

static uint64_t
syncs(const struct trio *t)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < CORES; i++)
		n += fixture_stats(t->f[i]).syncs_started;
	return n;
}

/* Core 2 is cut off for as long as the rumours last, and is back before the removals are forgotten. */
START_TEST(a_core_that_the_rumours_missed_learns_of_the_removals)
{
	struct trio *t = with_gone(1);

	t->cut[2] = true;
	remove_all(t, 0);
	while (fixture_stats(t->f[0]).rumours > 0 || fixture_stats(t->f[1]).rumours > 0)
		trio_run(t, 1);
	ck_assert_int_lt(swim_time_since(t->now, (swim_time){1000000000}).ns, swim_seconds(60).ns);
	ck_assert_uint_eq(shown(t, 1), 0);
	ck_assert_uint_eq(shown(t, 2), GONE_COUNT);
	t->cut[2] = false;
	trio_run(t, 25);
	ck_assert_uint_eq(shown(t, 2), 0);
	trio_free(t);
}
END_TEST

/*
 * Cores with the same tombstones have nothing to fetch from each other, and a tombstone that one
 * core has forgotten is not fetched from another.
 */
START_TEST(removals_are_compared_until_they_are_forgotten_and_no_longer)
{
	struct trio *t = with_gone(2);
	uint64_t before;

	remove_all(t, 0);
	trio_run(t, 30);
	for (unsigned i = 0; i < CORES; i++)
		ck_assert_uint_eq(shown(t, i), 0);
	before = syncs(t);
	trio_run(t, 60);
	ck_assert_uint_eq(syncs(t), before);
	/* The cores forget the removals one after the other, as each has heard of them at another time. */
	trio_run(t, 60);
	ck_assert_uint_le(syncs(t), before + 4 * (uint64_t)CORES);
	before = syncs(t);
	trio_run(t, 120);
	ck_assert_uint_eq(syncs(t), before);
	for (unsigned i = 0; i < CORES; i++)
		ck_assert_uint_eq(shown(t, i), 0);
	trio_free(t);
}
END_TEST

/*
 * Core 0 removes a member of which only the others know a higher incarnation. They keep the member,
 * and the views are not compared again and again.
 */
START_TEST(a_removal_at_an_older_incarnation_is_not_carried_out)
{
	struct trio *t = with_gone(4);
	struct swim_report m = {.name = "late", .name_len = 4, .status = SWIM_DEAD};
	uint64_t before;

	strcpy(m.address, "10.2.0.1:7946");
	for (unsigned i = 0; i < CORES; i++) {
		m.incarnation = i > 0;
		swim_restore(t->f[i]->swim, t->now, &m, swim_seconds(0));
	}
	ck_assert_int_eq(swim_remove(t->f[0]->swim, t->now, "late", 4), SWIM_REMOVE_OK);
	trio_run(t, 10);
	before = syncs(t);
	ck_assert_uint_eq(fixture_report(t->f[1], "late").incarnation, 1);
	trio_run(t, 60);
	ck_assert_uint_eq(syncs(t), before);
	ck_assert_uint_eq(shown(t, 0), GONE_COUNT);
	ck_assert_uint_eq(shown(t, 1), GONE_COUNT + 1);
	trio_free(t);
}
END_TEST

START_TEST(removals_reach_all_cores_despite_loss)
{
	for (uint64_t seed = 10; seed < 15; seed++) {
		struct trio *t = with_gone(seed);

		t->loss = 0.3;
		remove_all(t, (unsigned)(seed % CORES));
		trio_run(t, 30);
		for (unsigned i = 0; i < CORES; i++)
			ck_assert_msg(shown(t, i) == 0,
			    "seed %u: %u removed members are listed by core %u", (unsigned)seed,
			    (unsigned)shown(t, i), i);
		trio_free(t);
	}
}
END_TEST

/* A core that starts again with its former state learns of the removals while it was away. */
START_TEST(a_core_that_was_away_learns_of_the_removals)
{
	struct trio *t = with_gone(3);
	struct fixture *f = t->f[2];

	t->cut[2] = true;
	remove_all(t, 0);
	trio_run(t, 40);
	swim_free(f->swim);
	f->config.incarnation = 10;
	f->swim = swim_new(&f->config, 77, t->now);
	for (unsigned k = 0; k < GONE_COUNT; k++) {
		struct swim_report m = gone_one(k);

		swim_restore(f->swim, t->now, &m, swim_seconds(40));
	}
	t->cut[2] = false;
	ck_assert(swim_join(f->swim, t->now, &t->addr[1]));
	trio_run(t, 10);
	ck_assert_uint_eq(shown(t, 2), 0);
	trio_free(t);
}
END_TEST

/*
 * The trailer has the digest of removals only while there is a removal, as earlier versions of
 * swimd have no such digest.
 */
START_TEST(a_view_without_removals_has_no_digest_of_removals)
{
	struct fixture *f = fixture_among_routable(2);

	fixture_wait_ping(f, 1);
	ck_assert(!fixture_expect(f, WIRE_PING, 1)->message.trailer.has_removals);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	fixture_run(f, swim_seconds(20));
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	ck_assert_int_eq(swim_remove(f->swim, f->now, "p2", 2), SWIM_REMOVE_OK);
	fixture_clear(f);
	fixture_ping(f, 1, 7,
	    (struct fixture_says){.swimd = true,
		.sender = 1,
		.digest = fixture_stats(f).digest,
		.pad_to = 300});
	ck_assert(fixture_expect(f, WIRE_ACK, 1)->message.trailer.has_removals);
	fixture_run(f, swim_seconds(125));
	fixture_clear(f);
	fixture_ping(f, 1, 8,
	    (struct fixture_says){.swimd = true,
		.sender = 1,
		.digest = fixture_stats(f).digest,
		.pad_to = 300});
	ck_assert(!fixture_expect(f, WIRE_ACK, 1)->message.trailer.has_removals);
	fixture_free(f);
}
END_TEST

/* The subject of the update answers under its name and address, with the update or without. */
static void
answer(struct fixture *f, const struct swim_addr *from, uint64_t seq, const struct wire_update *u,
    bool update)
{
	struct wire_trailer trailer = {.has_digest = true, .digest = 1};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ack(&w, seq, &u->member);
	if (update)
		ck_assert(wire_add_update(&w, u));
	fixture_finish_by(f, from, &w, &trailer, 0);
}

/* p2 tells of itself from this address, is pinged there, and answers with an update about itself or without. */
static void
comes_back_at(struct fixture *f, const struct swim_addr *there, uint64_t incarnation, bool update)
{
	struct wire_update u = {.member = {wire_str_of("p2"), wire_str_of("10.0.1.77:7946")},
	    .status = SWIM_ALIVE,
	    .incarnation = incarnation};
	const struct fixture_out *ping;

	fixture_clear(f);
	fixture_ping_by(f, there, 0, "p2", &u);
	ping = fixture_expect(f, WIRE_PING, 77);
	/* One datagram with a new address does not bring p2 back. */
	ck_assert(!fixture_lists(f, "p2"));
	answer(f, there, ping->message.seq, &u, update);
}

/* A host that was removed is replaced by another host with its name, at another address. */
START_TEST(a_removed_member_comes_back_at_another_address)
{
	for (int update = 0; update < 2; update++) {
		for (int status = SWIM_DEAD; status <= SWIM_LEFT; status++) {
			struct fixture *f = fixture_among_routable(3);
			struct swim_addr there = fixture_addr(77);

			fixture_gossip(f, 1, 2, (enum swim_status)status, 4);
			ck_assert_int_eq(swim_remove(f->swim, f->now, "p2", 2), SWIM_REMOVE_OK);
			f->now = swim_time_add(f->now, swim_seconds(60));
			comes_back_at(f, &there, 5, update);
			ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
			ck_assert_uint_eq(fixture_report(f, "p2").incarnation, 5);
			ck_assert_str_eq(fixture_report(f, "p2").address, "10.0.1.77:7946");
			ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p2"), 1);
			fixture_free(f);
		}
	}
}
END_TEST

/* p2 is told at an address, where another member answers. */
START_TEST(an_answer_under_another_name_does_not_bring_a_removed_member_back)
{
	struct fixture *f = fixture_among_routable(3);
	struct swim_addr there = fixture_addr(77);
	struct wire_update u = {.member = {wire_str_of("p2"), wire_str_of("10.0.1.77:7946")},
	    .status = SWIM_ALIVE,
	    .incarnation = 5};
	const struct fixture_out *ping;

	fixture_gossip(f, 1, 2, SWIM_DEAD, 4);
	ck_assert_int_eq(swim_remove(f->swim, f->now, "p2", 2), SWIM_REMOVE_OK);
	f->now = swim_time_add(f->now, swim_seconds(60));
	fixture_clear(f);
	fixture_ping_by(f, &there, 0, "p2", &u);
	ping = fixture_expect(f, WIRE_PING, 77);
	fixture_ack_by(f, &there, ping->message.seq, 9, 1, NULL);
	ck_assert(!fixture_lists(f, "p2"));
	/* At or below the incarnation of the removal the address is not pinged. */
	fixture_clear(f);
	f->now = swim_time_add(f->now, swim_seconds(5));
	u.incarnation = 4;
	fixture_ping_by(f, &there, 0, "p2", &u);
	ck_assert_ptr_null(fixture_sent(f, WIRE_PING, 77));
	ck_assert(!fixture_lists(f, "p2"));
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_removal", a_removed_member_comes_back_at_another_address,
    an_answer_under_another_name_does_not_bring_a_removed_member_back,
    a_core_that_the_rumours_missed_learns_of_the_removals,
    removals_are_compared_until_they_are_forgotten_and_no_longer,
    a_removal_at_an_older_incarnation_is_not_carried_out, removals_reach_all_cores_despite_loss,
    a_core_that_was_away_learns_of_the_removals, a_view_without_removals_has_no_digest_of_removals)
