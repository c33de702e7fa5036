/* SPDX-License-Identifier: MIT */
/* Seeds and their outcomes; test_discovery_join.c tests an operator's joins and other sources. */
#include "support/discovery.h"

START_TEST(a_seed_is_resolved_contacted_and_joined)
{
	struct fixture f;

	start(&f, swim_ms(10));
	dns_test_name(&f.server, "db1.test")->v4[0] = "10.0.0.1";
	ck_assert_int_eq(set_seeds(&f, "db1.test", "10.0.0.2:80", NULL), SWIM_OK);
	ck_assert_uint_eq(discovery_count(f.hub), 2);
	ck_assert_int_eq(state(&f, "db1.test"), DISCOVERY_PENDING);
	ck_assert_str_eq(peer(&f, "db1.test").source, "seed");
	LOOP_UNTIL(f.base, f.asked_count == 2);
	/* The numeric address needs no lookup. */
	ck_assert(was_asked(&f, 0, "10.0.0.2:80"));
	ck_assert(was_asked(&f, 1, "10.0.0.1:7946"));
	ck_assert_uint_gt(f.changes, 0);
	ck_assert_int_eq(state(&f, "db1.test"), DISCOVERY_CONTACTING);
	ck_assert_uint_eq(peer(&f, "db1.test").attempts, 1);
	answer(&f, "10.0.0.1:7946", "db1", false);
	ck_assert_int_eq(state(&f, "db1.test"), DISCOVERY_JOINED);
	ck_assert_str_eq(peer(&f, "db1.test").member, "db1");
	ck_assert_uint_eq(peer(&f, "db1.test").member_len, 3);
	ck_assert_uint_eq(peer(&f, "db1.test").resolved.port, 7946);
	ck_assert(swim_time_is_never(peer(&f, "db1.test").next_try));
	ck_assert_int_eq(state(&f, "10.0.0.2:80"), DISCOVERY_CONTACTING);
	/* Answers that no peer waits for are ignored. */
	silence(&f, "10.0.0.1:7946");
	answer(&f, "10.0.0.9:7946", "db9", false);
	ck_assert_int_eq(state(&f, "db1.test"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(a_silent_seed_is_tried_again_without_end)
{
	struct fixture f;

	start(&f, swim_ms(1));
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	for (unsigned i = 1; i <= 6; i++) {
		LOOP_UNTIL(f.base, f.asked_count == i);
		ck_assert_uint_eq(peer(&f, "10.0.0.1:1").attempts, i);
		silence(&f, "10.0.0.1:1");
		ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_SILENT);
		ck_assert_str_eq(peer(&f, "10.0.0.1:1").reason, "nobody answers at 10.0.0.1:1");
		ck_assert(!swim_time_is_never(peer(&f, "10.0.0.1:1").next_try));
	}
	/* The seed has not been joined yet, so its tries go on although we have other peers. */
	f.have_peers = true;
	LOOP_UNTIL(f.base, f.asked_count == 7);
	answer(&f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	ck_assert_str_eq(peer(&f, "10.0.0.1:1").reason, "");
	end(&f);
}
END_TEST

/* The time from a peer's last failure to its next try. */
static swim_duration
delay(const struct fixture *f, const char *address)
{
	struct discovery_peer report = peer(f, address);

	return swim_time_since(report.next_try, report.since);
}

/* After an hour without a network, a seed is not to wait for the end of the longest delay. */
START_TEST(a_change_of_the_network_starts_new_tries)
{
	struct fixture f;
	swim_time begin;

	start(&f, swim_ms(1));
	set_seeds(&f, "127.0.0.1:7001", "127.0.0.1:7002", NULL);
	for (size_t i = 0; i < 12; i++) {
		LOOP_UNTIL(f.base, f.asked_count > 2 * i + 1);
		silence(&f, "127.0.0.1:7001");
		silence(&f, "127.0.0.1:7002");
	}
	ck_assert_int_gt(delay(&f, "127.0.0.1:7001").ns, swim_ms(100).ns);
	begin = loop_now();
	discovery_retry(f.hub, loop_now());
	ck_assert_int_le(swim_time_since(peer(&f, "127.0.0.1:7001").next_try, begin).ns,
	    swim_ms(1).ns + swim_time_since(loop_now(), begin).ns);
	LOOP_UNTIL(f.base, f.asked_count == 26);
	/* A peer that is being asked, or that has answered, is not asked again. */
	answer(&f, "127.0.0.1:7001", "n1", false);
	discovery_retry(f.hub, loop_now());
	LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.asked_count, 26);
	ck_assert_int_eq(state(&f, "127.0.0.1:7001"), DISCOVERY_JOINED);
	/* The delays begin with the shortest again. */
	silence(&f, "127.0.0.1:7002");
	ck_assert_int_lt(delay(&f, "127.0.0.1:7002").ns, swim_ms(50).ns);
	end(&f);
}
END_TEST

START_TEST(the_delay_is_jittered)
{
	swim_duration delay;
	struct fixture f;

	start(&f, swim_seconds(100));
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", "10.0.0.2:1", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 2);
	silence(&f, "10.0.0.1:1");
	silence(&f, "10.0.0.2:1");
	delay = swim_time_since(peer(&f, "10.0.0.1:1").next_try, peer(&f, "10.0.0.1:1").since);
	ck_assert_int_ge(swim_duration_ms(delay), 75000);
	ck_assert_int_le(swim_duration_ms(delay), 125000);
	ck_assert_int_ne(delay.ns,
	    swim_time_since(peer(&f, "10.0.0.2:1").next_try, peer(&f, "10.0.0.2:1").since).ns);
	end(&f);
}
END_TEST

START_TEST(a_name_that_does_not_resolve_is_looked_up_anew_each_time)
{
	struct fixture f;

	start(&f, swim_ms(5));
	ck_assert_int_eq(set_seeds(&f, "late.test:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, state(&f, "late.test:1") == DISCOVERY_UNRESOLVED);
	ck_assert_str_eq(peer(&f, "late.test:1").reason,
	    "there is no such name in /etc/hosts or in DNS");
	ck_assert_uint_eq(peer(&f, "late.test:1").resolved.family, 0);
	LOOP_UNTIL(f.base, peer(&f, "late.test:1").attempts == 3);
	dns_test_name(&f.server, "late.test")->v4[0] = "10.0.0.1";
	LOOP_UNTIL(f.base, f.asked_count == 1);
	silence(&f, "10.0.0.1:1");
	dns_test_name(&f.server, "late.test")->v4[0] = "10.0.0.2";
	LOOP_UNTIL(f.base, f.asked_count == 2);
	ck_assert(was_asked(&f, 1, "10.0.0.2:1"));
	end(&f);
}
END_TEST

/* At first a name may have our address alone (a headless service), and later the addresses of others. */
START_TEST(a_seed_that_is_ourselves_is_asked_again_while_we_are_alone)
{
	struct fixture f;

	start(&f, swim_ms(1));
	dns_test_name(&f.server, "all.test")->v4[0] = "10.0.0.1";
	ck_assert_int_eq(set_seeds(&f, "all.test:1", NULL, NULL), SWIM_OK);
	for (unsigned i = 1; i <= 10; i++) {
		LOOP_UNTIL(f.base, f.asked_count == i);
		ck_assert(peer(&f, "all.test:1").was_self == (i > 1));
		answer(&f, "10.0.0.1:1", "me", true);
		ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_SELF);
		ck_assert_str_eq(peer(&f, "all.test:1").member, "me");
		ck_assert(peer(&f, "all.test:1").was_self);
	}
	/* The delays grow like those of a silent seed, up to the same bound. */
	ck_assert_int_gt(delay(&f, "all.test:1").ns, swim_ms(100).ns);
	ck_assert_int_le(delay(&f, "all.test:1").ns, swim_ms(250).ns);
	dns_test_name(&f.server, "all.test")->v4[1] = "10.0.0.2";
	LOOP_UNTIL(f.base, f.asked_count == 12);
	answer(&f, "10.0.0.1:1", "me", true);
	answer(&f, "10.0.0.2:1", "db2", false);
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_JOINED);
	ck_assert(!peer(&f, "all.test:1").was_self);
	end(&f);
}
END_TEST

/* Two machines have one name, and each is the other's seed. */
START_TEST(a_namesake_is_told_apart_from_ourselves)
{
	static const char reason[] = "another member at 10.0.0.2:1 bears our name: "
				     "give one of the two another name";
	struct fixture f;

	start(&f, swim_ms(5));
	*dns_test_name(&f.server, "all.test") =
	    (struct dns_test_name){.name = "all.test", .v4 = {"10.0.0.1", "10.0.0.2"}};
	ck_assert_int_eq(set_seeds(&f, "all.test:1", "10.0.0.2:1", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, state(&f, "all.test:1") == DISCOVERY_CONTACTING &&
			       state(&f, "10.0.0.2:1") == DISCOVERY_CONTACTING);
	answer_namesake(&f, "10.0.0.2:1", "me");
	ck_assert_int_eq(state(&f, "10.0.0.2:1"), DISCOVERY_NAMESAKE);
	ck_assert_str_eq(peer(&f, "10.0.0.2:1").reason, reason);
	ck_assert_str_eq(peer(&f, "10.0.0.2:1").member, "me");
	ck_assert(!peer(&f, "10.0.0.2:1").was_self);
	/* The name stands for both machines: its reason is the fault, not that one address is ours. */
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_CONTACTING);
	answer(&f, "10.0.0.1:1", "me", true);
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_NAMESAKE);
	ck_assert_str_eq(peer(&f, "all.test:1").reason, reason);
	/* The other member gets another name, and is joined. */
	LOOP_UNTIL(f.base, state(&f, "10.0.0.2:1") == DISCOVERY_CONTACTING);
	answer(&f, "10.0.0.2:1", "db2", false);
	ck_assert_int_eq(state(&f, "10.0.0.2:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(a_seed_that_is_ourselves_is_asked_seldom_while_we_have_peers)
{
	struct fixture f;

	start(&f, swim_ms(1));
	f.have_peers = true;
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 1);
	answer(&f, "10.0.0.1:1", "me", true);
	ck_assert_int_ge(delay(&f, "10.0.0.1:1").ns, swim_ms(1500).ns);
	ck_assert_int_le(delay(&f, "10.0.0.1:1").ns, swim_ms(2500).ns);
	LOOP_UNTIL(f.base, f.asked_count == 2);
	answer(&f, "10.0.0.1:1", "me", true);
	/* When we are alone again, the seed is asked before the end of that delay. */
	f.have_peers = false;
	LOOP_UNTIL(f.base, delay(&f, "10.0.0.1:1").ns <= swim_ms(1000).ns);
	LOOP_UNTIL(f.base, f.asked_count == 3);
	/* The address may have moved to another machine. */
	answer(&f, "10.0.0.1:1", "db2", false);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(one_address_that_answers_is_enough_for_a_name)
{
	struct fixture f;

	start(&f, swim_ms(1));
	*dns_test_name(&f.server, "all.test") =
	    (struct dns_test_name){.name = "all.test", .v4 = {"10.0.0.1", "10.0.0.2", "10.0.0.3"}};
	ck_assert_int_eq(set_seeds(&f, "all.test:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 3);
	answer(&f, "10.0.0.1:1", "me", true);
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_CONTACTING);
	silence(&f, "10.0.0.2:1");
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_CONTACTING);
	answer(&f, "10.0.0.3:1", "db3", false);
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_JOINED);
	ck_assert_str_eq(peer(&f, "all.test:1").member, "db3");
	end(&f);
}
END_TEST

START_TEST(other_addresses_of_our_own_name_are_asked_again)
{
	struct fixture f;

	start(&f, swim_ms(1));
	*dns_test_name(&f.server, "all.test") =
	    (struct dns_test_name){.name = "all.test", .v4 = {"10.0.0.1", "10.0.0.2"}};
	ck_assert_int_eq(set_seeds(&f, "all.test:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 2);
	answer(&f, "10.0.0.1:1", "me", true);
	silence(&f, "10.0.0.2:1");
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_SELF);
	LOOP_UNTIL(f.base, f.asked_count == 4);
	answer(&f, "10.0.0.2:1", "db2", false);
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(a_name_is_silent_when_all_its_addresses_are)
{
	struct fixture f;

	start(&f, swim_seconds(100));
	*dns_test_name(&f.server, "all.test") =
	    (struct dns_test_name){.name = "all.test", .v4 = {"10.0.0.1", "10.0.0.2"}};
	ck_assert_int_eq(set_seeds(&f, "all.test:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 2);
	silence(&f, "10.0.0.2:1");
	silence(&f, "10.0.0.1:1");
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_SILENT);
	ck_assert_str_eq(peer(&f, "all.test:1").reason,
	    "nobody answers at any of 2 addresses, of which 10.0.0.1:1 is the first");
	end(&f);
}
END_TEST

/* Sixty pods have one name, and only one pod lives: one try finds this pod. */
START_TEST(every_address_of_a_name_is_asked_until_one_answers)
{
	static char all[60][16];
	char text[SWIM_ADDR_TEXT];
	struct fixture f;

	start(&f, swim_seconds(100));
	for (size_t i = 0; i < 60; i++) {
		snprintf(all[i], sizeof(all[i]), "10.0.0.%zu", i + 1);
		dns_test_name(&f.server, "all.test")->v4[i] = all[i];
	}
	ck_assert_int_eq(set_seeds(&f, "all.test:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 16);
	for (size_t i = 0; i < 59; i++) {
		/* At most 16 addresses are asked at a time; when one is silent, the next is asked. */
		ck_assert_uint_eq(f.asked_count, i + 16 < 60 ? i + 16 : 60);
		silence(&f, swim_addr_format(&f.asked[i], text));
	}
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_CONTACTING);
	for (size_t i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "%s:1", all[i]);
		ck_assert(was_asked(&f, i, text));
	}
	answer(&f, "10.0.0.60:1", "db60", false);
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_JOINED);
	ck_assert_uint_eq(peer(&f, "all.test:1").attempts, 1);
	end(&f);
}
END_TEST

START_TEST(addresses_that_the_core_has_no_room_for_are_asked_later)
{
	struct fixture f;

	start(&f, swim_ms(1));
	*dns_test_name(&f.server, "all.test") =
	    (struct dns_test_name){.name = "all.test", .v4 = {"10.0.0.1", "10.0.0.2"}};
	f.room = 1;
	ck_assert_int_eq(set_seeds(&f, "all.test:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 1);
	f.room = 1;
	silence(&f, "10.0.0.1:1");
	ck_assert(was_asked(&f, 1, "10.0.0.2:1"));
	answer(&f, "10.0.0.2:1", "db2", false);
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(a_seed_may_be_a_service)
{
	struct fixture f;
	struct dns_test_name *service;

	start(&f, swim_ms(1));
	service = dns_test_name(&f.server, "_swim._udp.test");
	service->services[0] = (struct dns_test_service){10, 0, 7001, "a.test"};
	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	ck_assert_int_eq(set_seeds(&f, "srv:_swim._udp.test", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 1);
	ck_assert(was_asked(&f, 0, "10.0.0.1:7001"));
	silence(&f, "10.0.0.1:7001");
	/* Each try asks for the SRV records again. */
	service->services[0].port = 7002;
	LOOP_UNTIL(f.base, f.asked_count == 2);
	ck_assert(was_asked(&f, 1, "10.0.0.1:7002"));
	answer(&f, "10.0.0.1:7002", "a", false);
	ck_assert_int_eq(state(&f, "srv:_swim._udp.test"), DISCOVERY_JOINED);
	ck_assert_int_eq(set_seeds(&f, "srv:_swim._udp.test:80", NULL, NULL),
	    SWIM_ERROR_INVALID_ADDRESS);
	end(&f);
}
END_TEST

START_TEST(seeds_with_one_address_are_contacted_once)
{
	struct fixture f;

	start(&f, swim_ms(1));
	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	dns_test_name(&f.server, "b.test")->v4[0] = "10.0.0.1";
	ck_assert_int_eq(set_seeds(&f, "a.test:1", "b.test:1", "a.test:1"), SWIM_OK);
	ck_assert_uint_eq(discovery_count(f.hub), 2);
	LOOP_UNTIL(f.base, state(&f, "a.test:1") == DISCOVERY_CONTACTING &&
			       state(&f, "b.test:1") == DISCOVERY_CONTACTING);
	ck_assert_uint_eq(f.asked_count, 1);
	answer(&f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(state(&f, "a.test:1"), DISCOVERY_JOINED);
	ck_assert_int_eq(state(&f, "b.test:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(a_seed_is_asked_again_when_the_core_had_no_room)
{
	struct fixture f;

	start(&f, swim_ms(1));
	f.refuse = true;
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, peer(&f, "10.0.0.1:1").reason[0] != '\0');
	ck_assert_str_eq(peer(&f, "10.0.0.1:1").reason, "too many joins are under way");
	ck_assert_uint_eq(f.asked_count, 0);
	f.refuse = false;
	LOOP_UNTIL(f.base, f.asked_count == 1);
	ck_assert_uint_eq(peer(&f, "10.0.0.1:1").attempts, 1);
	answer(&f, "10.0.0.1:1", "db1", false);
	ck_assert_str_eq(peer(&f, "10.0.0.1:1").reason, "");
	end(&f);
}
END_TEST

START_TEST(an_answer_may_come_within_the_call)
{
	struct fixture f;

	start(&f, swim_ms(1));
	f.answer_at_once = true;
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", "10.0.0.2:1", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, state(&f, "10.0.0.1:1") == DISCOVERY_JOINED);
	LOOP_UNTIL(f.base, state(&f, "10.0.0.2:1") == DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(joined_seeds_are_asked_again_when_we_are_alone)
{
	swim_duration delay;
	struct fixture f;

	start(&f, swim_ms(1));
	f.have_peers = true;
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	for (unsigned i = 1; i <= 5; i++) {
		LOOP_UNTIL(f.base, f.asked_count == i);
		silence(&f, "10.0.0.1:1");
	}
	LOOP_UNTIL(f.base, f.asked_count == 6);
	answer(&f, "10.0.0.1:1", "db1", false);
	f.have_peers = false;
	LOOP_UNTIL(f.base, f.asked_count == 7);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_CONTACTING);
	/* The seed's earlier failures no longer count. */
	silence(&f, "10.0.0.1:1");
	delay = swim_time_since(peer(&f, "10.0.0.1:1").next_try, peer(&f, "10.0.0.1:1").since);
	ck_assert_int_le(delay.ns, swim_us(1250).ns);
	LOOP_UNTIL(f.base, f.asked_count == 8);
	end(&f);
}
END_TEST

START_TEST(a_joined_seed_is_asked_again_when_its_member_is_lost)
{
	struct fixture f;

	start(&f, swim_ms(1));
	f.have_peers = true;
	snprintf(f.members, sizeof(f.members), "db1 ");
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", "10.0.0.2:1", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 2);
	answer(&f, "10.0.0.1:1", "db1", false);
	answer(&f, "10.0.0.2:1", "db2", false);
	for (unsigned i = 3; i <= 5; i++) {
		LOOP_UNTIL(f.base, f.asked_count == i);
		ck_assert(was_asked(&f, i - 1, "10.0.0.2:1"));
		answer(&f, "10.0.0.2:1", "db2", false);
	}
	/* The seed of a living member is not asked, until that member is lost. */
	snprintf(f.members, sizeof(f.members), "db2 ");
	LOOP_UNTIL(f.base, f.asked_count == 6);
	ck_assert(was_asked(&f, 5, "10.0.0.1:1"));
	end(&f);
}
END_TEST

START_TEST(a_wildcard_or_multicast_address_is_unreachable)
{
	struct fixture f;

	start(&f, swim_seconds(100));
	ck_assert_int_eq(set_seeds(&f, "0.0.0.0:1", "[ff02::1%1]:1", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, state(&f, "0.0.0.0:1") == DISCOVERY_UNREACHABLE);
	LOOP_UNTIL(f.base, state(&f, "[ff02::1%1]:1") == DISCOVERY_UNREACHABLE);
	ck_assert_str_eq(peer(&f, "0.0.0.0:1").reason,
	    "it is a wildcard or multicast address, which no member has");
	end(&f);
}
END_TEST

START_TEST(an_address_that_our_socket_cannot_send_to_is_not_asked)
{
	struct fixture f;

	start(&f, swim_seconds(100));
	*dns_test_name(&f.server, "both.test") =
	    (struct dns_test_name){.name = "both.test", .v4 = {"10.0.0.1"}, .v6 = {"2001:db8::1"}};
	f.ipv4_alone = true;
	ck_assert_int_eq(set_seeds(&f, "[2001:db8::1]:1", "both.test:1", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 1);
	ck_assert_int_eq(state(&f, "[2001:db8::1]:1"), DISCOVERY_UNREACHABLE);
	ck_assert_str_eq(peer(&f, "[2001:db8::1]:1").reason,
	    "it is an IPv6 address, and our socket is bound to IPv4");
	ck_assert(was_asked(&f, 0, "10.0.0.1:1"));
	silence(&f, "10.0.0.1:1");
	ck_assert_int_eq(state(&f, "both.test:1"), DISCOVERY_SILENT);
	end(&f);
}
END_TEST

START_TEST(seeds_are_replaced_whole_or_not_at_all)
{
	struct fixture f;

	start(&f, swim_ms(1));
	dns_test_name(&f.server, "slow.test")->code4 = DNS_TEST_SILENT;
	dns_test_name(&f.server, "slow.test")->code6 = DNS_TEST_SILENT;
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", "slow.test:1", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 1);
	answer(&f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(state(&f, "slow.test:1"), DISCOVERY_RESOLVING);
	/* If one seed is malformed, nothing changes. */
	ck_assert_int_eq(set_seeds(&f, "10.0.0.3:1", "10.0.0.300:1", NULL),
	    SWIM_ERROR_INVALID_ADDRESS);
	ck_assert_uint_eq(discovery_count(f.hub), 2);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	/* A seed that stays keeps its state; a seed may be withdrawn in the middle of its lookup. */
	ck_assert_int_eq(set_seeds(&f, "10.0.0.2:1", "10.0.0.1:1", NULL), SWIM_OK);
	ck_assert_uint_eq(discovery_count(f.hub), 2);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	LOOP_UNTIL(f.base, f.asked_count == 2);
	ck_assert_int_eq(set_seeds(&f, NULL, NULL, NULL), SWIM_OK);
	ck_assert_uint_eq(discovery_count(f.hub), 0);
	answer(&f, "10.0.0.2:1", "db2", false);
	end(&f);
}
END_TEST

START_TEST(peers_are_bounded)
{
	static char texts[DISCOVERY_PEERS_MAX + 1][32];
	static const char *seeds[DISCOVERY_PEERS_MAX + 1];
	struct fixture f;

	start(&f, swim_seconds(100));
	for (size_t i = 0; i <= DISCOVERY_PEERS_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]), "10.0.%zu.%zu:1", i / 256, i % 256);
		seeds[i] = texts[i];
	}
	ck_assert_int_eq(discovery_set_seeds(f.hub, loop_now(), seeds, DISCOVERY_PEERS_MAX + 1),
	    SWIM_ERROR_RESOLUTION_FAILED);
	ck_assert_uint_eq(discovery_count(f.hub), 0);
	ck_assert_int_eq(discovery_set_seeds(f.hub, loop_now(), seeds, DISCOVERY_PEERS_MAX),
	    SWIM_OK);
	ck_assert_uint_eq(discovery_count(f.hub), DISCOVERY_PEERS_MAX);
	LOOP_UNTIL(f.base, f.asked_count == DISCOVERY_PEERS_MAX);
	end(&f);
}
END_TEST

/* An ICMP error is the reason for the silence of its own address, and of no other. */
START_TEST(an_icmp_error_explains_a_silence)
{
	struct fixture f;
	struct swim_addr one = addr("10.0.0.1:1"), two = addr("10.0.0.2:1"),
			 other = addr("10.0.0.9:1");

	start(&f, swim_seconds(100));
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 3);
	discovery_refused(f.hub, &one, ECONNREFUSED);
	discovery_refused(f.hub, &two, EHOSTUNREACH);
	discovery_refused(f.hub, &other, ECONNREFUSED);
	/* Anybody may send such an error, so the core goes on asking. */
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_CONTACTING);
	silence(&f, "10.0.0.1:1");
	silence(&f, "10.0.0.2:1");
	silence(&f, "10.0.0.3:1");
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_REFUSED);
	ck_assert_str_eq(peer(&f, "10.0.0.1:1").reason,
	    "no swimd listens at 10.0.0.1:1: its machine refuses");
	ck_assert_int_eq(state(&f, "10.0.0.2:1"), DISCOVERY_UNREACHABLE);
	ck_assert_str_eq(peer(&f, "10.0.0.2:1").reason,
	    "10.0.0.2:1 cannot be reached: No route to host");
	ck_assert_int_eq(state(&f, "10.0.0.3:1"), DISCOVERY_SILENT);
	ck_assert(!swim_time_is_never(peer(&f, "10.0.0.1:1").next_try));
	end(&f);
}
END_TEST

START_TEST(a_refused_seed_that_answers_is_joined)
{
	struct fixture f;
	struct swim_addr one = addr("10.0.0.1:1");

	start(&f, swim_ms(1));
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 1);
	discovery_refused(f.hub, &one, ECONNREFUSED);
	silence(&f, "10.0.0.1:1");
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_REFUSED);
	LOOP_UNTIL(f.base, f.asked_count == 2);
	/* The error of an earlier try says nothing about a later try. */
	silence(&f, "10.0.0.1:1");
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_SILENT);
	LOOP_UNTIL(f.base, f.asked_count == 3);
	answer(&f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(a_seed_of_another_cluster_has_an_outcome_of_its_own)
{
	struct fixture f;
	struct swim_addr one = addr("10.0.0.1:1"), two = addr("10.0.0.2:1");

	start(&f, swim_ms(1));
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", "10.0.0.2:1", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 2);
	discovery_foreign(f.hub, loop_now(), &one, "prod\33[2J", 8);
	discovery_foreign(f.hub, loop_now(), &two, "", 0);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_OTHER_CLUSTER);
	ck_assert_str_eq(peer(&f, "10.0.0.1:1").reason,
	    "10.0.0.1:1 belongs to the cluster 'prod\\x1b[2J', which is not ours");
	ck_assert_str_eq(peer(&f, "10.0.0.2:1").reason,
	    "10.0.0.2:1 belongs to the cluster without a name, which is not ours");
	/* The member may be given another cluster. */
	LOOP_UNTIL(f.base, f.asked_count == 4);
	answer(&f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(a_member_that_answers_only_others_has_an_outcome_of_its_own)
{
	struct fixture f;

	start(&f, swim_ms(1));
	f.have_peers = true;
	f.member_at = addr("10.0.0.1:1");
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", "10.0.0.2:1", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 2);
	silence(&f, "10.0.0.1:1");
	silence(&f, "10.0.0.2:1");
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_HEARS_US_NOT);
	ck_assert_int_eq(state(&f, "10.0.0.2:1"), DISCOVERY_SILENT);
	end(&f);
}
END_TEST

START_TEST(every_state_has_a_word)
{
	static const char *const words[] = {"pending", "resolving", "unresolved", "contacting",
	    "unreachable", "silent", "refused", "hears us not", "joined", "self", "other cluster",
	    "namesake", "member", "rate limited", "malformed"};

	for (int i = DISCOVERY_PENDING; i <= DISCOVERY_MALFORMED; i++)
		ck_assert_str_eq(discovery_state_word((enum discovery_state)i), words[i]);
}
END_TEST

UNIT_MAIN("discovery", a_seed_is_resolved_contacted_and_joined,
    a_silent_seed_is_tried_again_without_end, a_change_of_the_network_starts_new_tries,
    the_delay_is_jittered, a_name_that_does_not_resolve_is_looked_up_anew_each_time,
    a_seed_that_is_ourselves_is_asked_again_while_we_are_alone,
    a_namesake_is_told_apart_from_ourselves,
    a_seed_that_is_ourselves_is_asked_seldom_while_we_have_peers,
    one_address_that_answers_is_enough_for_a_name, other_addresses_of_our_own_name_are_asked_again,
    a_name_is_silent_when_all_its_addresses_are, every_address_of_a_name_is_asked_until_one_answers,
    addresses_that_the_core_has_no_room_for_are_asked_later, a_seed_may_be_a_service,
    seeds_with_one_address_are_contacted_once, a_seed_is_asked_again_when_the_core_had_no_room,
    an_answer_may_come_within_the_call, joined_seeds_are_asked_again_when_we_are_alone,
    a_joined_seed_is_asked_again_when_its_member_is_lost,
    a_wildcard_or_multicast_address_is_unreachable,
    an_address_that_our_socket_cannot_send_to_is_not_asked, seeds_are_replaced_whole_or_not_at_all,
    an_icmp_error_explains_a_silence, a_refused_seed_that_answers_is_joined,
    a_seed_of_another_cluster_has_an_outcome_of_its_own,
    a_member_that_answers_only_others_has_an_outcome_of_its_own, peers_are_bounded,
    every_state_has_a_word)
