/* SPDX-License-Identifier: MIT */
/* Link-local addresses: told without a zone, and used in the zone in which they were heard. */
#include "swim_fixture.h"

#include "core/internal.h"
#include "support/unit.h"

static struct swim_addr
link_local(unsigned number, uint32_t zone)
{
	struct swim_addr addr = {.family = 6, .port = 7946, .scope = zone, .ip = {0xfe, 0x80}};

	addr.ip[15] = (uint8_t)number;
	return addr;
}

/* A core that lives at fe80::1 on interface 3. */
static struct fixture *
started(void)
{
	struct fixture *f = fixture_new();

	f->config.address = link_local(1, 3);
	ck_assert(fixture_start(f));
	return f;
}

/* A ping of the swimd peer `name`, received on this interface, with an update about `about` at `address`. */
static void
ping(struct fixture *f, const struct swim_addr *from, uint32_t interface, const char *name,
    const char *about, const char *address)
{
	struct wire_update u = {.member = {wire_str_of(about), wire_str_of(address)},
	    .status = SWIM_ALIVE};

	fixture_ping_by(f, from, interface, name, &u);
}

static void
ck_member(const struct fixture *f, const char *name, const char *address, uint32_t zone)
{
	struct swim_report r = fixture_report(f, name);

	ck_assert_str_eq(r.name, name);
	ck_assert_str_eq(r.address, address);
	ck_assert_uint_eq(r.zone, zone);
}

START_TEST(our_own_address_is_told_without_a_zone)
{
	struct fixture *f = started();
	struct swim_addr two = link_local(2, 3), moved = link_local(9, 4);

	ck_member(f, "self", "[fe80::1]:7946", 3);
	ping(f, &two, 3, "p2", "p2", "[fe80::2]:7946");
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_ACK), 1);
	for (size_t i = 0; i < f->out_count; i++) {
		if (f->out[i].message.type == WIRE_ACK)
			ck_assert(
			    wire_str_equal(f->out[i].message.member.address, "[fe80::1]:7946"));
	}
	swim_set_address(f->swim, f->now, &moved);
	ck_member(f, "self", "[fe80::9]:7946", 4);
	/* Others tell our own address without a zone: that is no conflict. */
	ping(f, &two, 3, "p2", "self", "[fe80::9]:7946");
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_CONFLICT], 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_is_in_the_zone_in_which_it_is_told)
{
	struct fixture *f = started();
	struct swim_addr two = link_local(2, 3),
			 four = {.family = 4, .port = 7946, .ip = {10, 0, 0, 4}};
	struct swim_addr six = link_local(6, 3), seven = link_local(7, 5);

	ping(f, &two, 3, "p2", "p2", "[fe80::2]:7946");
	ping(f, &two, 3, "p2", "p6", "[fe80::6]:7946");
	ck_member(f, "p6", "[fe80::6]:7946", 3);
	/*
	 * The teller has an address of another family, on another interface, and tells a zone that
	 * means nothing here.
	 */
	ping(f, &four, 5, "p4", "p4", "10.0.0.4:7946");
	ping(f, &four, 5, "p4", "p7", "[fe80::7%eth7]:7946");
	ck_member(f, "p7", "[fe80::7]:7946", 5);
	fixture_clear(f);
	fixture_run(f, swim_seconds(5));
	ck_assert_uint_gt(fixture_sent_to(f, &six), 0);
	ck_assert_uint_gt(fixture_sent_to(f, &seven), 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_that_tells_of_itself_is_in_the_zone_from_which_it_sends)
{
	struct fixture *f = started();
	struct swim_addr four = {.family = 4, .port = 7946, .ip = {10, 0, 0, 4}};
	struct swim_addr six = link_local(6, 3), again = link_local(6, 8);
	uint64_t digest;

	ping(f, &four, 0, "p4", "p4", "10.0.0.4:7946");
	/* The interface is not known. */
	ping(f, &four, 0, "p4", "p6", "[fe80::6]:7946");
	ck_member(f, "p6", "[fe80::6]:7946", 0);
	digest = fixture_stats(f).digest;
	ping(f, &four, 3, "p4", "p6", "[fe80::6]:7946");
	ck_member(f, "p6", "[fe80::6]:7946", 3);
	/* The word of another member from another zone moves nothing. */
	ping(f, &four, 5, "p4", "p6", "[fe80::6]:7946");
	ck_member(f, "p6", "[fe80::6]:7946", 3);
	/* The interface was created again, with another number. */
	ping(f, &again, 8, "p6", "p6", "[fe80::6]:7946");
	ck_member(f, "p6", "[fe80::6]:7946", 8);
	ck_assert_uint_eq(fixture_stats(f).digest, digest);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_UPDATED, "p6"), 0);
	fixture_clear(f);
	fixture_run(f, swim_seconds(5));
	ck_assert_uint_gt(fixture_sent_to(f, &again), 0);
	ck_assert_uint_eq(fixture_sent_to(f, &six), 0);
	fixture_free(f);
}
END_TEST

/* Two networks may each have a member at this address. */
START_TEST(members_with_one_address_in_two_zones_are_two_members)
{
	struct fixture *f = started();
	struct swim_addr here = link_local(2, 3), there = link_local(2, 4);

	ping(f, &here, 3, "p2", "p2", "[fe80::2]:7946");
	ping(f, &there, 4, "q2", "q2", "[fe80::2]:7946");
	ck_member(f, "p2", "[fe80::2]:7946", 3);
	ck_member(f, "q2", "[fe80::2]:7946", 4);
	fixture_clear(f);
	fixture_run(f, swim_seconds(5));
	ck_assert_uint_gt(fixture_sent_to(f, &here), 0);
	ck_assert_uint_gt(fixture_sent_to(f, &there), 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_base_peer_is_named_without_a_zone)
{
	struct fixture *f = started();
	struct swim_addr two = link_local(2, 3);

	fixture_ping_by(f, &two, 3, NULL, NULL);
	ck_member(f, "[fe80::2]:7946", "[fe80::2]:7946", 3);
	fixture_free(f);
}
END_TEST

/* The base peer at this address answers our only ping to it, under this id. */
static void
answer(struct fixture *f, const struct swim_addr *peer, const char *id)
{
	struct wire_member_id who = {wire_str_of(id), wire_str_of("[fe80::2]:7946")};
	const struct fixture_out *ping = fixture_expect_by(f, WIRE_PING, peer);
	struct wire_writer w;
	uint8_t buf[128];

	wire_writer_init(&w, buf, sizeof(buf), 0);
	wire_begin_ack(&w, ping->message.seq, &who);
	ck_assert_int_eq(swim_input_by(f->swim, f->now, peer, peer->scope, buf,
			     wire_finish(&w, &(struct wire_trailer){0}, 0)),
	    WIRE_OK);
	fixture_drain(f);
}

/* Until they answer, both are listed under one address. */
START_TEST(base_peers_with_one_address_in_two_zones_are_two_members)
{
	struct swim_addr here = link_local(2, 3), there = link_local(2, 4);

	for (int first = 0; first < 2; first++) {
		struct fixture *f = started();

		fixture_ping_by(f, &here, 3, NULL, NULL);
		fixture_ping_by(f, &there, 4, NULL, NULL);
		answer(f, first == 0 ? &here : &there, first == 0 ? "b2" : "c2");
		answer(f, first == 0 ? &there : &here, first == 0 ? "c2" : "b2");
		ck_member(f, "b2", "[fe80::2]:7946", 3);
		ck_member(f, "c2", "[fe80::2]:7946", 4);
		ck_assert(!fixture_lists(f, "[fe80::2]:7946"));
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, NULL), 2);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, NULL), 0);
		fixture_free(f);
	}
}
END_TEST

/*
 * A base peer whose id is its address keeps this name, even if another base peer has that address
 * in another zone.
 */
START_TEST(a_base_peer_named_by_its_address_is_not_replaced_by_another_zone)
{
	struct fixture *f = started();
	struct swim_addr here = link_local(2, 3), there = link_local(2, 4), far = link_local(2, 5);
	struct wire_update dead = {
	    .member = {wire_str_of("[fe80::2]:7946"), wire_str_of("[fe80::2]:7946")},
	    .status = SWIM_DEAD,
	};

	fixture_ping_by(f, &here, 3, NULL, NULL);
	answer(f, &here, "[fe80::2]:7946");
	fixture_ping_by(f, &there, 4, NULL, NULL);
	answer(f, &there, "c2");
	ck_member(f, "[fe80::2]:7946", "[fe80::2]:7946", 3);
	ck_member(f, "c2", "[fe80::2]:7946", 4);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, NULL), 0);
	/* Two base peers with one name are one member, at the address of the first. */
	fixture_clear(f);
	fixture_ping_by(f, &far, 5, NULL, NULL);
	answer(f, &far, "[fe80::2]:7946");
	ck_member(f, "[fe80::2]:7946", "[fe80::2]:7946", 3);
	/* The other base peer does not tell its own leave: it is a stranger that tells the death of this member. */
	fixture_ping_by(f, &far, 5, NULL, &dead);
	ck_assert_int_eq(fixture_report(f, "[fe80::2]:7946").status, SWIM_SUSPECT);
	fixture_free(f);
}
END_TEST

START_TEST(a_dead_member_is_restored_with_its_zone)
{
	struct fixture *f = started();
	struct swim_addr two = link_local(2, 3);
	struct swim_report r = {.name = "p2",
	    .name_len = 2,
	    .address = "[fe80::2%eth0]:7946",
	    .zone = 3,
	    .status = SWIM_DEAD};

	swim_restore(f->swim, f->now, &r, swim_seconds(5));
	ck_member(f, "p2", "[fe80::2]:7946", 3);
	fixture_run(f, swim_seconds(5));
	ck_assert_uint_gt(fixture_sent_to(f, &two), 0);
	fixture_free(f);
}
END_TEST

/* An interface was removed and created again; members in other zones stay there. */
START_TEST(a_member_follows_its_interface_to_another_number)
{
	struct fixture *f = started();
	struct swim_addr here = link_local(2, 3), there = link_local(4, 4), now = link_local(2, 9);
	struct swim_report found;

	ping(f, &here, 3, "p2", "p2", "[fe80::2]:7946");
	ping(f, &there, 4, "p4", "p4", "[fe80::4]:7946");
	swim_move_zone(f->swim, f->now, 3, 9);
	ck_member(f, "p2", "[fe80::2]:7946", 9);
	ck_member(f, "p4", "[fe80::4]:7946", 4);
	ck_assert(swim_member_by_address(f->swim, &now, &found));
	ck_assert(!swim_member_by_address(f->swim, &here, &found));
	fixture_free(f);
}
END_TEST

START_TEST(the_other_addresses_of_a_member_follow_its_interface_too)
{
	struct fixture *f = started();
	struct swim_addr here = link_local(2, 3);
	struct member *m;
	struct extra *x;

	ping(f, &here, 3, "p2", "p2", "[fe80::2]:7946");
	m = members_find(f->swim, "p2", 2);
	x = extra_new(f->swim, m);
	x->also = link_local(5, 3);
	x->via = link_local(6, 3);
	swim_move_zone(f->swim, f->now, 3, 9);
	ck_assert_uint_eq(x->also.scope, 9);
	ck_assert_uint_eq(x->via.scope, 9);
	fixture_free(f);
}
END_TEST

START_TEST(addresses_without_a_zone_follow_no_interface)
{
	struct fixture *f = started();
	struct swim_addr four = {.family = 4, .port = 7946, .ip = {10, 0, 0, 4}};

	ping(f, &four, 3, "p4", "p4", "10.0.0.4:7946");
	ping(f, &four, 3, "p4", "p5", "db5:7946");
	swim_move_zone(f->swim, f->now, 0, 9);
	ck_member(f, "p4", "10.0.0.4:7946", 0);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_zone", our_own_address_is_told_without_a_zone,
    a_member_is_in_the_zone_in_which_it_is_told,
    a_member_that_tells_of_itself_is_in_the_zone_from_which_it_sends,
    members_with_one_address_in_two_zones_are_two_members, a_base_peer_is_named_without_a_zone,
    base_peers_with_one_address_in_two_zones_are_two_members,
    a_base_peer_named_by_its_address_is_not_replaced_by_another_zone,
    a_dead_member_is_restored_with_its_zone, a_member_follows_its_interface_to_another_number,
    the_other_addresses_of_a_member_follow_its_interface_too,
    addresses_without_a_zone_follow_no_interface)
