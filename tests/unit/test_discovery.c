/* SPDX-License-Identifier: MIT */
/* Seeds and what becomes of them; test_discovery_join.c is about an operator's joins and other sources. */
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
	/* The number needs no lookup. */
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
	/* Answers that nobody waits for are nothing. */
	silence(&f, "10.0.0.1:7946");
	answer(&f, "10.0.0.9:7946", "db9", false);
	ck_assert_int_eq(state(&f, "db1.test"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(a_silent_seed_is_tried_again_for_ever)
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
	/* It has not been joined yet, so that we have other peers is no reason to stop. */
	f.have_peers = true;
	LOOP_UNTIL(f.base, f.asked_count == 7);
	answer(&f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	ck_assert_str_eq(peer(&f, "10.0.0.1:1").reason, "");
	end(&f);
}
END_TEST

/* From its last failure to its next try. */
static swim_duration
delay(const struct fixture *f, const char *address)
{
	struct discovery_peer report = peer(f, address);

	return swim_time_since(report.next_try, report.since);
}

/* After an hour without a network nobody waits for the end of the longest delay. */
START_TEST(a_network_at_last_makes_for_another_try)
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
	/* Who is being asked is not asked twice, and who has answered not again. */
	answer(&f, "127.0.0.1:7001", "n1", false);
	discovery_retry(f.hub, loop_now());
	LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.asked_count, 26);
	ck_assert_int_eq(state(&f, "127.0.0.1:7001"), DISCOVERY_JOINED);
	/* And the delays begin anew. */
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

/* At the start a name may have no address but ours (a headless service), and later those of others. */
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
	/* Its delays grow as those of a silent one do, and no longer. */
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

/* Two machines of one name, of which each is the other's seed: neither is the other itself. */
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
	/* A name that stands for both of us: the fault is told, not that one address is ours. */
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_CONTACTING);
	answer(&f, "10.0.0.1:1", "me", true);
	ck_assert_int_eq(state(&f, "all.test:1"), DISCOVERY_NAMESAKE);
	ck_assert_str_eq(peer(&f, "all.test:1").reason, reason);
	/* The other is given another name, and is joined. */
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
	/* Alone again, we do not wait for the end of that. */
	f.have_peers = false;
	LOOP_UNTIL(f.base, delay(&f, "10.0.0.1:1").ns <= swim_ms(1000).ns);
	LOOP_UNTIL(f.base, f.asked_count == 3);
	/* And it may be another's by now: an address that moves between machines. */
	answer(&f, "10.0.0.1:1", "db2", false);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(of_a_name_with_many_addresses_any_will_do)
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

START_TEST(of_a_name_that_is_ours_too_the_others_are_asked_again)
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

START_TEST(of_a_name_with_many_addresses_all_may_be_silent)
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

/* Sixty pods behind one name, of which one lives: it is found in one try, whichever it is. */
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
		/* So many are asked at a time; the next as one is silent. */
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
	/* Asked for anew at each try. */
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

START_TEST(a_core_with_too_much_to_do_is_asked_again)
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

START_TEST(joined_seeds_are_taken_up_again_when_we_are_alone)
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
	/* Its earlier failures are forgotten. */
	silence(&f, "10.0.0.1:1");
	delay = swim_time_since(peer(&f, "10.0.0.1:1").next_try, peer(&f, "10.0.0.1:1").since);
	ck_assert_int_le(delay.ns, swim_us(1250).ns);
	LOOP_UNTIL(f.base, f.asked_count == 8);
	end(&f);
}
END_TEST

START_TEST(so_is_one_that_is_no_living_member_any_more)
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
	/* Those who live are left in peace until they are gone. */
	snprintf(f.members, sizeof(f.members), "db2 ");
	LOOP_UNTIL(f.base, f.asked_count == 6);
	ck_assert(was_asked(&f, 5, "10.0.0.1:1"));
	end(&f);
}
END_TEST

START_TEST(a_wildcard_is_no_peer)
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

START_TEST(what_our_socket_cannot_send_to_is_not_asked)
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
	/* Nothing changes for a bad one. */
	ck_assert_int_eq(set_seeds(&f, "10.0.0.3:1", "10.0.0.300:1", NULL),
	    SWIM_ERROR_INVALID_ADDRESS);
	ck_assert_uint_eq(discovery_count(f.hub), 2);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	/* What stays keeps its state; what goes, goes in the middle of its lookup too. */
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

/* What the network says of the one that is silent; what it says of others is nothing. */
START_TEST(a_refusal_is_no_silence)
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
	/* Anybody may say so: the core asks on. */
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
	/* What was said of an earlier try is of no later one. */
	silence(&f, "10.0.0.1:1");
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_SILENT);
	LOOP_UNTIL(f.base, f.asked_count == 3);
	answer(&f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(one_of_another_cluster_is_told_apart)
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
	/* It may be given another one. */
	LOOP_UNTIL(f.base, f.asked_count == 4);
	answer(&f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(a_member_that_answers_others_alone_is_told_apart)
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
    a_silent_seed_is_tried_again_for_ever, a_network_at_last_makes_for_another_try,
    the_delay_is_jittered, a_name_that_does_not_resolve_is_looked_up_anew_each_time,
    a_seed_that_is_ourselves_is_asked_again_while_we_are_alone,
    a_namesake_is_told_apart_from_ourselves,
    a_seed_that_is_ourselves_is_asked_seldom_while_we_have_peers,
    of_a_name_with_many_addresses_any_will_do,
    of_a_name_that_is_ours_too_the_others_are_asked_again,
    of_a_name_with_many_addresses_all_may_be_silent,
    every_address_of_a_name_is_asked_until_one_answers,
    addresses_that_the_core_has_no_room_for_are_asked_later, a_seed_may_be_a_service,
    seeds_with_one_address_are_contacted_once, a_core_with_too_much_to_do_is_asked_again,
    an_answer_may_come_within_the_call, joined_seeds_are_taken_up_again_when_we_are_alone,
    so_is_one_that_is_no_living_member_any_more, a_wildcard_is_no_peer,
    what_our_socket_cannot_send_to_is_not_asked, seeds_are_replaced_whole_or_not_at_all,
    a_refusal_is_no_silence, a_refused_seed_that_answers_is_joined,
    one_of_another_cluster_is_told_apart, a_member_that_answers_others_alone_is_told_apart,
    peers_are_bounded, every_state_has_a_word)
