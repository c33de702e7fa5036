/* SPDX-License-Identifier: MIT */
/* Tests which facts degrade the health of a member, and what the reasons say. */
#include "daemon/health.h"

#include <errno.h>
#include <string.h>

#include "support/unit.h"

static struct health_memory memory;
static const struct swim_timing timing = {
    .probe_interval = {INT64_C(1000000000)},
    .probe_timeout = {INT64_C(400000000)},
};
static struct control_health out;

static struct health_input
healthy(void)
{
	health_memory_init(&memory, &timing);
	return (struct health_input){
	    .now = {swim_seconds(1000).ns},
	    .transport_healthy = true,
	    .alive = 2,
	    .members = 3,
	    .max_members = 100,
	    .seeds = 1,
	    .seeds_joined = 1,
	    .accept_failed_at = SWIM_TIME_NEVER,
	    .memory = &memory,
	};
}

static void
judged(const struct health_input *in, enum control_health_status status, const char *word)
{
	health_judge(in, &out);
	ck_assert_int_eq(out.status, status);
	if (word == NULL) {
		ck_assert_uint_eq(out.reason_count, 0);
		return;
	}
	ck_assert_uint_eq(out.reason_count, 1);
	ck_assert_msg(strstr(out.reasons[0], word) != NULL, "no '%s' in: %s", word, out.reasons[0]);
}

START_TEST(a_member_that_hears_others_is_healthy)
{
	struct health_input in = healthy();

	judged(&in, CONTROL_HEALTH_OK, NULL);
	ck_assert_str_eq(out.discovery, "ok");
}
END_TEST

START_TEST(a_flood_is_reported_with_its_last_source)
{
	struct health_input in = healthy();

	health_note_flood(&memory, in.now, 5, "192.0.2.1:7");
	health_note_flood(&memory, in.now, UINT64_C(9000000000), "192.0.2.2:7");
	judged(&in, CONTROL_HEALTH_DEGRADED, "9000000005 datagrams");
	judged(&in, CONTROL_HEALTH_DEGRADED, "192.0.2.2:7");
	/* The sentence is not cut, even with the longest address. */
	health_note_flood(&memory, in.now, 1,
	    "[2001:db8:1111:2222:3333:4444:5555:6666%4294967295]:65535");
	judged(&in, CONTROL_HEALTH_DEGRADED, "stop their sender");
	in.now = swim_time_add(in.now, swim_seconds(HEALTH_MEMORY_SECONDS));
	judged(&in, CONTROL_HEALTH_OK, NULL);
}
END_TEST

START_TEST(trouble_with_the_address_is_reported)
{
	struct health_input in = healthy();

	in.address_trouble = "the address is gone";
	judged(&in, CONTROL_HEALTH_DEGRADED, "the address is gone");
}
END_TEST

static bool
quorum(size_t alive, size_t lost)
{
	struct health_input in = healthy();

	in.alive = alive - 1;
	in.dead = lost;
	health_judge(&in, &out);
	return out.quorum;
}

START_TEST(more_than_half_of_the_known_members_are_a_quorum)
{
	struct health_input in = healthy();

	ck_assert(quorum(3, 0) && quorum(3, 2) && quorum(2, 1));
	ck_assert(!quorum(2, 2) && !quorum(2, 3) && !quorum(1, 1) && !quorum(1, 4));
	/* A lone member that expects no others is the majority of the members that it knows. */
	in.alive = in.seeds = in.seeds_joined = 0;
	health_judge(&in, &out);
	ck_assert(out.quorum);
	in.seeds = 1;
	health_judge(&in, &out);
	ck_assert(!out.quorum);
	in.seeds = 0;
	in.missing = 1;
	health_judge(&in, &out);
	ck_assert(!out.quorum);
}
END_TEST

START_TEST(members_forgotten_without_a_quorum_still_count)
{
	struct health_input in = healthy();

	/* This member and another one are cut off from three members, and forget them. */
	health_note_members(&memory, 2, 3);
	for (unsigned i = 0; i < 3; i++)
		health_note_forgotten(&memory);
	health_note_members(&memory, 2, 0);
	in.alive = 1;
	health_judge(&in, &out);
	ck_assert(!out.quorum);
	/* The other member dies and is forgotten too. */
	health_note_members(&memory, 1, 1);
	health_note_forgotten(&memory);
	health_note_members(&memory, 1, 0);
	in.alive = in.seeds = in.seeds_joined = 0;
	judged(&in, CONTROL_HEALTH_ISOLATED, "4 other members were dead for so long");
	ck_assert(!out.quorum);
	/* Members come back.  With the second of them there is a quorum, and the others no longer count. */
	health_note_joined(&memory);
	health_note_members(&memory, 2, 0);
	in.alive = 1;
	health_judge(&in, &out);
	ck_assert(!out.quorum);
	health_note_joined(&memory);
	health_note_members(&memory, 3, 0);
	in.alive = 2;
	health_judge(&in, &out);
	ck_assert(out.quorum);
	health_note_members(&memory, 2, 1);
	ck_assert(memory.quorum);
}
END_TEST

/* A member that a majority has forgotten is gone for good, and must not prevent a later quorum. */
START_TEST(members_forgotten_with_a_quorum_do_not_count)
{
	struct health_input in = healthy();

	health_note_members(&memory, 3, 2);
	health_note_forgotten(&memory);
	health_note_forgotten(&memory);
	health_note_members(&memory, 3, 0);
	health_note_members(&memory, 2, 1);
	in.alive = in.dead = 1;
	health_judge(&in, &out);
	ck_assert(out.quorum);
}
END_TEST

START_TEST(a_lone_member_is_healthy_only_if_it_expects_no_others)
{
	struct health_input in = healthy();

	in.alive = 0;
	in.members = 1;
	judged(&in, CONTROL_HEALTH_ISOLATED, "1 seed is configured");
	in.seeds = in.seeds_joined = 0;
	judged(&in, CONTROL_HEALTH_OK, NULL);
	in.missing = 1;
	judged(&in, CONTROL_HEALTH_ISOLATED, "the only member that was alive");
	in.missing = 4;
	judged(&in, CONTROL_HEALTH_ISOLATED, "4 members");
	in.dead = 1;
	judged(&in, CONTROL_HEALTH_ISOLATED, "only other member");
	in.dead = 2;
	judged(&in, CONTROL_HEALTH_ISOLATED, "2 other members");
	in.suspect = 1;
	judged(&in, CONTROL_HEALTH_ISOLATED, "3 other members");
	in.alive = 1;
	judged(&in, CONTROL_HEALTH_OK, NULL);
}
END_TEST

START_TEST(discovery_says_when_no_seed_answers)
{
	struct health_input in = healthy();

	in.seeds_joined = 0;
	judged(&in, CONTROL_HEALTH_OK, NULL);
	ck_assert_str_eq(out.discovery, "no seed answers, others do");
	in.alive = 0;
	judged(&in, CONTROL_HEALTH_ISOLATED, "seed");
	ck_assert_str_eq(out.discovery, "no seed answers");
}
END_TEST

START_TEST(trouble_with_a_source_of_discovery_degrades_the_health)
{
	struct health_input in = healthy();

	in.discovery_trouble = "avahi-daemon does not run";
	judged(&in, CONTROL_HEALTH_DEGRADED, "mDNS: avahi-daemon does not run");
	ck_assert_str_eq(out.discovery, "avahi-daemon does not run");
}
END_TEST

START_TEST(each_trouble_degrades_the_health)
{
	struct health_input in = healthy();

	in.transport_healthy = false;
	in.transport_error = SWIM_ERROR_SEND_FAILED;
	in.transport_errno = ENETUNREACH;
	judged(&in, CONTROL_HEALTH_DEGRADED, "unreachable");
	in = healthy();
	in.state_trouble = "the disk is full";
	judged(&in, CONTROL_HEALTH_DEGRADED, "the disk is full");
	in = healthy();
	in.members = in.max_members;
	judged(&in, CONTROL_HEALTH_DEGRADED, "max_members");
	in = healthy();
	in.leaving = true;
	judged(&in, CONTROL_HEALTH_DEGRADED, "leaving");
}
END_TEST

START_TEST(isolation_outranks_other_troubles)
{
	struct health_input in = healthy();

	in.transport_healthy = false;
	in.alive = 0;
	health_judge(&in, &out);
	ck_assert_int_eq(out.status, CONTROL_HEALTH_ISOLATED);
	ck_assert_uint_eq(out.reason_count, 2);
}
END_TEST

START_TEST(drops_are_reported_for_a_minute)
{
	struct health_input in = healthy();
	swim_time at = in.now;

	ck_assert_uint_eq(health_note(&memory, at, 5, swim_ms(1)), 5);
	judged(&in, CONTROL_HEALTH_DEGRADED, "dropped 5 ");
	ck_assert_uint_eq(health_note(&memory, at, 7, swim_ms(1)), 2);
	ck_assert_uint_eq(health_note(&memory, at, 7, swim_ms(1)), 0);
	judged(&in, CONTROL_HEALTH_DEGRADED, "dropped 7 ");
	in.now = swim_time_add(at, swim_seconds(HEALTH_MEMORY_SECONDS));
	judged(&in, CONTROL_HEALTH_OK, NULL);
	health_note(&memory, in.now, 9, swim_ms(0));
	ck_assert_uint_eq(memory.drops, 2);
}
END_TEST

/* A delay that a probe of this member survives is no trouble.  One delay of probe_interval is, or three of probe_timeout. */
START_TEST(a_late_loop_is_reported_if_it_may_fail_probes)
{
	struct health_input in = healthy();
	swim_time at = in.now;

	for (int i = 0; i < 100; i++)
		health_note(&memory, at, 0, swim_ms(399));
	health_note(&memory, at, 0, swim_ms(999));
	health_note(&memory, at, 0, swim_ms(400));
	judged(&in, CONTROL_HEALTH_OK, NULL);
	/* The third delay of probe_timeout within a minute. */
	in.now = swim_time_add(at, swim_seconds(HEALTH_MEMORY_SECONDS - 1));
	health_note(&memory, in.now, 0, swim_ms(400));
	judged(&in, CONTROL_HEALTH_DEGRADED, "for 400 ms or longer 3 times in a minute");
	in.now = swim_time_add(at, swim_seconds(HEALTH_MEMORY_SECONDS));
	judged(&in, CONTROL_HEALTH_OK, NULL);
	health_note(&memory, in.now, 0, swim_ms(400));
	judged(&in, CONTROL_HEALTH_OK, NULL);
	in.now = swim_time_add(at, swim_seconds(1000));
	health_note(&memory, in.now, 0, swim_ms(1000));
	judged(&in, CONTROL_HEALTH_DEGRADED, "for 1000 ms:");
	/* The longest delay of the last minute is reported. */
	health_note(&memory, in.now, 0, swim_ms(3500));
	health_note(&memory, in.now, 0, swim_ms(1500));
	judged(&in, CONTROL_HEALTH_DEGRADED, "for 3500 ms:");
	in.now = swim_time_add(in.now, swim_seconds(HEALTH_MEMORY_SECONDS));
	judged(&in, CONTROL_HEALTH_OK, NULL);
}
END_TEST

START_TEST(unanswered_exchanges_are_reported_with_the_member)
{
	struct health_input in = healthy();

	in.sync_silent = "n\x1b"
			 "9";
	in.sync_silent_len = 3;
	in.syncs_unanswered = 1;
	judged(&in, CONTROL_HEALTH_OK, NULL);
	in.syncs_unanswered = 2;
	judged(&in, CONTROL_HEALTH_DEGRADED, "2 exchanges of views went unanswered, the last by n");
	ck_assert_ptr_null(strchr(out.reasons[0], '\x1b'));
	ck_assert_ptr_nonnull(strstr(out.reasons[0], "MTU"));
}
END_TEST

START_TEST(accusers_are_reported_with_their_escaped_names)
{
	struct health_input in = healthy();
	struct swim_accused accused = {.count = 2,
	    .at = in.now,
	    .by = {"bad\x1bname", "n3"},
	    .by_len = {8, 2}};

	in.accused = &accused;
	in.now = swim_time_add(in.now, swim_seconds(3));
	judged(&in, CONTROL_HEALTH_DEGRADED, "n3 suspected this member, most recently 3 s ago");
	ck_assert_ptr_null(strchr(out.reasons[0], '\x1b'));
	ck_assert_ptr_nonnull(strstr(out.reasons[0], "bad"));
	accused.count = 4;
	judged(&in, CONTROL_HEALTH_DEGRADED, "n3 and 2 more suspected this member");
}
END_TEST

START_TEST(wrong_addresses_and_broken_links_are_reported_with_a_remedy)
{
	struct health_input in = healthy();
	struct swim_reach reach = {.others = 3};

	in.reach = &reach;
	in.advertised = "172.30.0.2:7946";
	in.port = 7946;
	judged(&in, CONTROL_HEALTH_OK, NULL);
	/* The fault may be with a single complaining member. */
	reach.complaining = (struct swim_reach_row){.count = 1, .name = "n2", .name_len = 2};
	judged(&in, CONTROL_HEALTH_OK, NULL);
	reach.others = 1;
	judged(&in, CONTROL_HEALTH_DEGRADED,
	    "n2 cannot reach this member at 172.30.0.2:7946: set advertise");
	reach.others = 9;
	reach.complaining.count = 4;
	reach.seen_at = (struct swim_addr){.family = 4, .port = 40123, .ip = {10, 9, 0, 254}};
	judged(&in, CONTROL_HEALTH_DEGRADED,
	    "n2 and 3 others cannot reach this member at 172.30.0.2:7946: set advertise or forward UDP 7946; "
	    "heard from 10.9.0.254:40123");
	reach.complaining.count = 0;
	reach.twins = (struct swim_reach_row){.count = 2,
	    .name = "bad\x1bname",
	    .name_len = 8,
	    .address = "10.0.2.15:7946"};
	judged(&in, CONTROL_HEALTH_DEGRADED,
	    " and 1 other advertise this member's address, 10.0.2.15:7946, too: set advertise to an address");
	ck_assert_ptr_null(strchr(out.reasons[0], '\x1b'));
	reach.twins.count = 0;
	reach.broken = (struct swim_reach_row){.count = 1,
	    .name = "n3",
	    .name_len = 2,
	    .address = "10.0.0.3:7946"};
	judged(&in, CONTROL_HEALTH_DEGRADED,
	    "n3 answers others but not this member: look for a firewall or a route between here and 10.0.0.3:7946");
	reach.broken.count = 0;
	/* Wrong addresses of other members are reported, but do not degrade the health of this one. */
	reach.elsewhere = (struct swim_reach_row){.count = 1,
	    .name = "x",
	    .name_len = 1,
	    .address = "172.30.0.9:7946"};
	reach.asked_at = reach.seen_at;
	judged(&in, CONTROL_HEALTH_OK,
	    "x: no answer at 172.30.0.9:7946, so swimd sends to 10.9.0.254:40123: set advertise there");
	reach.elsewhere.count = 0;
	reach.shared = (struct swim_reach_row){.count = 1,
	    .name = "y",
	    .name_len = 1,
	    .address = "10.0.2.15:7946"};
	judged(&in, CONTROL_HEALTH_OK, "y advertises 10.0.2.15:7946, as another member does");
}
END_TEST

START_TEST(a_name_conflict_is_reported_with_the_other_address)
{
	struct health_input in = healthy();

	health_note_conflict(&memory, in.now, "10.0.0.9:7946");
	judged(&in, CONTROL_HEALTH_DEGRADED, "10.0.0.9:7946 has the same name as this one");
	in.now = swim_time_add(in.now, swim_seconds(HEALTH_CONFLICT_SECONDS));
	judged(&in, CONTROL_HEALTH_OK, NULL);
}
END_TEST

START_TEST(connections_that_were_not_accepted_are_reported_for_a_minute)
{
	struct health_input in = healthy();

	in.accept_failed_at = in.now;
	in.accept_errno = EMFILE;
	in.now = swim_time_add(in.now, swim_seconds(4));
	judged(&in, CONTROL_HEALTH_DEGRADED,
	    "no control connection could be accepted 4 s ago: Too many open files");
	in.now = swim_time_add(in.now, swim_seconds(HEALTH_MEMORY_SECONDS));
	judged(&in, CONTROL_HEALTH_OK, NULL);
}
END_TEST

UNIT_MAIN("health", a_flood_is_reported_with_its_last_source, a_member_that_hears_others_is_healthy,
    more_than_half_of_the_known_members_are_a_quorum,
    members_forgotten_without_a_quorum_still_count, members_forgotten_with_a_quorum_do_not_count,
    a_lone_member_is_healthy_only_if_it_expects_no_others, trouble_with_the_address_is_reported,
    discovery_says_when_no_seed_answers, trouble_with_a_source_of_discovery_degrades_the_health,
    each_trouble_degrades_the_health, isolation_outranks_other_troubles,
    drops_are_reported_for_a_minute, a_late_loop_is_reported_if_it_may_fail_probes,
    accusers_are_reported_with_their_escaped_names,
    unanswered_exchanges_are_reported_with_the_member,
    wrong_addresses_and_broken_links_are_reported_with_a_remedy,
    a_name_conflict_is_reported_with_the_other_address,
    connections_that_were_not_accepted_are_reported_for_a_minute)
