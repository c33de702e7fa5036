/* SPDX-License-Identifier: MIT */
/*
 * Tests the decisions about the file of members: when it is written, which members stay in it, and what the members of an
 * earlier run are used for.
 */
#include "daemon/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "discovery/known.h"
#include "support/unit.h"
#include "unit/swim_fixture.h"

#define WALL_MS INT64_C(1763859723000)
#define WALL_TEXT "2025-11-23T01:02:03.000Z"
#define HEAD "swimd members 1\nof self\n"
#define ALIVE_P7 "alive 3 " WALL_TEXT " 10.0.1.7:7946 p7\n"

/* A core with a hub beside it, and the snapshot of its members. */
struct saved {
	struct fixture *f;
	struct discovery *hub;
	struct snapshot snapshot;
	struct snapshot_found found; /* by take_up() */
};

static void
wake(void *ctx, swim_time at)
{
	(void)ctx;
	(void)at;
}

static bool
lookup(void *ctx, uint64_t number, const char *hostport)
{
	(void)ctx;
	(void)number;
	(void)hostport;
	return true;
}

static void
cancel(void *ctx, uint64_t number)
{
	(void)ctx;
	(void)number;
}

static bool
join(void *ctx, const struct swim_addr *address)
{
	(void)ctx;
	(void)address;
	return true;
}

static bool
has_peers(void *ctx)
{
	(void)ctx;
	return false;
}

/* A member among these peers, which all answered. */
static void
begin(struct saved *s, unsigned peers)
{
	const struct discovery_io io = {wake, lookup, cancel, NULL};
	const struct discovery_callbacks callbacks = {.join = join, .has_peers = has_peers};
	struct discovery_config config;
	struct snapshot_of of = {.known = known_new(), .max_members = 100};

	s->f = fixture_among_routable(peers);
	discovery_config_defaults(&config);
	s->hub = discovery_new(&config, &io, &callbacks, s->f->now);
	ck_assert(s->hub != NULL && of.known != NULL);
	discovery_add_source(s->hub, of.known);
	of.swim = s->f->swim;
	of.timing = s->f->config.timing;
	owner_init(&of.self, "self", "");
	snapshot_init(&s->snapshot, &of);
}

static void
end(struct saved *s)
{
	snapshot_fini(&s->snapshot);
	discovery_free(s->hub);
	fixture_free(s->f);
}

static swim_time
later(const struct saved *s, int64_t ms)
{
	return swim_time_add(s->f->now, swim_ms(ms));
}

static void
take_up(struct saved *s, const char *text, bool foreign_directory)
{
	snapshot_take_up(&s->snapshot, text, strlen(text), foreign_directory, s->f->now, WALL_MS,
	    &s->found);
}

static void
note(struct saved *s, enum swim_event_type type, swim_time at)
{
	const struct swim_event e = {
	    .type = type,
	    .at = at,
	    .member = {.name = "p7", .name_len = 2, .address = "10.0.1.7:7946"},
	};

	snapshot_note(&s->snapshot, &e);
}

/* True: the file that would be written at this time has this text in it. */
static bool
writes(struct saved *s, swim_time at, const char *part)
{
	struct members_text text;
	bool found;

	snapshot_write(&s->snapshot, at, WALL_MS, &text);
	ck_assert(!text.failed);
	found = memmem(text.bytes, text.len, part, strlen(part)) != NULL;
	free(text.bytes);
	return found;
}

/* Number of peers that the hub has once the source has offered its addresses. */
static size_t
offered(struct saved *s)
{
	discovery_tick(s->hub, later(s, 1001));
	return discovery_count(s->hub);
}

/* ------------------------------------------------------------------------------------------- when */

START_TEST(a_change_is_written_after_a_second_and_at_most_every_ten_seconds)
{
	struct saved s;

	begin(&s, 1);
	ck_assert(swim_time_is_never(snapshot_deadline(&s.snapshot)));
	note(&s, SWIM_EVENT_JOINED, later(&s, 0));
	ck_assert_int_eq(snapshot_deadline(&s.snapshot).ns, later(&s, 1000).ns);
	/* Further changes do not put the write off. */
	note(&s, SWIM_EVENT_SUSPECTED, later(&s, 900));
	ck_assert_int_eq(snapshot_deadline(&s.snapshot).ns, later(&s, 1000).ns);
	ck_assert_int_eq(snapshot_run(&s.snapshot, later(&s, 1000)), SNAPSHOT_WRITE);
	snapshot_began(&s.snapshot, later(&s, 1000), 0);
	snapshot_written(&s.snapshot, later(&s, 1100), 0);
	ck_assert(swim_time_is_never(snapshot_deadline(&s.snapshot)));
	ck_assert_int_eq(snapshot_run(&s.snapshot, later(&s, 1200)), SNAPSHOT_IDLE);
	note(&s, SWIM_EVENT_FAILED, later(&s, 2000));
	ck_assert_int_eq(snapshot_deadline(&s.snapshot).ns, later(&s, 11000).ns);
	end(&s);
}
END_TEST

START_TEST(a_change_during_a_write_is_written_after_it)
{
	struct saved s;

	begin(&s, 1);
	note(&s, SWIM_EVENT_JOINED, later(&s, 0));
	snapshot_began(&s.snapshot, later(&s, 1000), 0);
	note(&s, SWIM_EVENT_FAILED, later(&s, 1500));
	snapshot_written(&s.snapshot, later(&s, 2000), 0);
	ck_assert_int_eq(snapshot_deadline(&s.snapshot).ns, later(&s, 11000).ns);
	ck_assert_int_eq(snapshot_run(&s.snapshot, later(&s, 11000)), SNAPSHOT_WRITE);
	end(&s);
}
END_TEST

START_TEST(a_write_that_fails_is_repeated)
{
	struct saved s;

	begin(&s, 1);
	note(&s, SWIM_EVENT_JOINED, later(&s, 0));
	snapshot_began(&s.snapshot, later(&s, 1000), -ENOMEM);
	ck_assert_int_eq(snapshot_deadline(&s.snapshot).ns, later(&s, 11000).ns);
	ck_assert_int_eq(snapshot_run(&s.snapshot, later(&s, 11000)), SNAPSHOT_WRITE);
	snapshot_began(&s.snapshot, later(&s, 11000), 0);
	snapshot_written(&s.snapshot, later(&s, 11100), -ENOSPC);
	ck_assert_int_eq(snapshot_deadline(&s.snapshot).ns, later(&s, 21000).ns);
	ck_assert_int_eq(snapshot_run(&s.snapshot, later(&s, 21000)), SNAPSHOT_WRITE);
	end(&s);
}
END_TEST

START_TEST(a_write_that_takes_30_s_is_slow)
{
	struct saved s;

	begin(&s, 1);
	note(&s, SWIM_EVENT_JOINED, later(&s, 0));
	snapshot_began(&s.snapshot, later(&s, 1000), 0);
	ck_assert_int_eq(snapshot_deadline(&s.snapshot).ns, later(&s, 31000).ns);
	ck_assert_int_eq(snapshot_run(&s.snapshot, later(&s, 31000)), SNAPSHOT_SLOW);
	/* A disk that hangs does not keep the daemon busy. */
	snapshot_run(&s.snapshot, later(&s, 31001));
	ck_assert_int_eq(snapshot_deadline(&s.snapshot).ns, later(&s, 32001).ns);
	end(&s);
}
END_TEST

START_TEST(a_directory_that_was_opened_again_is_written_at_once)
{
	struct saved s;

	begin(&s, 1);
	snapshot_began(&s.snapshot, later(&s, 0), 0);
	snapshot_written(&s.snapshot, later(&s, 10), 0);
	snapshot_renew(&s.snapshot, later(&s, 20));
	ck_assert_int_eq(snapshot_deadline(&s.snapshot).ns, later(&s, 20).ns);
	ck_assert_int_eq(snapshot_run(&s.snapshot, later(&s, 20)), SNAPSHOT_WRITE);
	end(&s);
}
END_TEST

/* ------------------------------------------------------------------------------------------- what */

START_TEST(all_members_but_this_one_are_written)
{
	struct saved s;

	begin(&s, 2);
	ck_assert(writes(&s, later(&s, 0), HEAD "alive 0 "));
	ck_assert(writes(&s, later(&s, 0), " 10.0.1.1:7946 p1\n"));
	ck_assert(writes(&s, later(&s, 0), " 10.0.1.2:7946 p2\nend 2\n"));
	end(&s);
}
END_TEST

START_TEST(live_members_of_the_earlier_run_stay_until_others_have_lived_for_a_minute)
{
	struct saved s;
	swim_time met;

	begin(&s, 1);
	take_up(&s, HEAD ALIVE_P7 "end 1\n", false);
	ck_assert_uint_eq(snapshot_missing(&s.snapshot), 1);
	ck_assert(writes(&s, later(&s, 1000000), ALIVE_P7));
	met = later(&s, 1000);
	note(&s, SWIM_EVENT_JOINED, met);
	ck_assert_uint_eq(snapshot_missing(&s.snapshot), 0);
	ck_assert(writes(&s, swim_time_add(met, swim_seconds(59)), ALIVE_P7));
	ck_assert(!writes(&s, swim_time_add(met, swim_seconds(60)), ALIVE_P7));
	end(&s);
}
END_TEST

START_TEST(a_member_that_is_back_is_written_as_it_is_now)
{
	struct saved s;

	begin(&s, 1);
	take_up(&s, HEAD "alive 3 " WALL_TEXT " 10.0.9.9:7946 p1\nend 1\n", false);
	ck_assert(!writes(&s, later(&s, 0), "10.0.9.9"));
	ck_assert(writes(&s, later(&s, 0), " 10.0.1.1:7946 p1\nend 1\n"));
	end(&s);
}
END_TEST

START_TEST(no_more_than_max_members_are_written)
{
	struct saved s;

	begin(&s, 2);
	take_up(&s, HEAD ALIVE_P7 "end 1\n", false);
	s.snapshot.of.max_members = 2;
	ck_assert(!writes(&s, later(&s, 0), ALIVE_P7));
	ck_assert(writes(&s, later(&s, 0), "end 2\n"));
	end(&s);
}
END_TEST

/* ------------------------------------------------------------------------------------ the earlier run */

START_TEST(members_that_ended_are_restored_with_their_age)
{
	struct saved s;
	struct swim_report r;

	begin(&s, 0);
	take_up(&s,
	    HEAD "dead 4 2025-11-23T01:01:03.000Z 10.0.1.7:7946 p7\n"
		 "left 5 2025-11-23T01:02:02.000Z 10.0.1.8:7946 p8\n"
		 "alive 6 2025-11-23T01:02:02.000Z 10.0.1.9:7946 p9\nend 3\n",
	    false);
	ck_assert_uint_eq(s.found.count, 3);
	r = fixture_report(s.f, "p7");
	ck_assert(r.status == SWIM_DEAD && r.incarnation == 4);
	ck_assert_int_eq(swim_time_since(s.f->now, r.since).ns, swim_seconds(60).ns);
	r = fixture_report(s.f, "p8");
	ck_assert(r.status == SWIM_LEFT && r.incarnation == 5);
	/* A live member must answer first. */
	ck_assert(!fixture_lists(s.f, "p9"));
	ck_assert_uint_eq(offered(&s), 3);
	/* The core has those that ended, so only the live member is missing. */
	ck_assert_uint_eq(snapshot_missing(&s.snapshot), 1);
	end(&s);
}
END_TEST

START_TEST(a_member_whose_retention_is_over_is_forgotten)
{
	struct saved s;

	begin(&s, 0);
	take_up(&s,
	    HEAD "dead 4 2025-11-22T01:02:03.000Z 10.0.1.7:7946 p7\n"
		 "dead 4 2025-11-23T00:50:00.000Z 10.0.1.8:7946 p8 unanswered\nend 2\n",
	    false);
	ck_assert_uint_eq(s.found.count, 2);
	ck_assert(!fixture_lists(s.f, "p7") && !fixture_lists(s.f, "p8"));
	ck_assert_uint_eq(offered(&s), 0);
	end(&s);
}
END_TEST

START_TEST(a_wall_clock_that_was_set_back_makes_nobody_younger_than_now)
{
	struct saved s;

	begin(&s, 0);
	take_up(&s, HEAD "dead 4 2026-01-01T00:00:00.000Z 10.0.1.7:7946 p7\nend 1\n", false);
	ck_assert_int_eq(fixture_report(s.f, "p7").since.ns, s.f->now.ns);
	end(&s);
}
END_TEST

START_TEST(the_own_name_in_a_copied_file_is_ignored)
{
	struct saved s;

	begin(&s, 0);
	take_up(&s, HEAD "dead 9 " WALL_TEXT " 10.0.1.7:7946 self\nend 1\n", false);
	ck_assert_uint_eq(offered(&s), 0);
	end(&s);
}
END_TEST

START_TEST(a_file_of_another_member_is_not_used)
{
	static const struct {
		const char *text;
		bool foreign_directory, foreign;
	} files[] = {
	    {HEAD ALIVE_P7 "end 1\n", false, false},
	    {HEAD ALIVE_P7 "end 1\n", true, false},
	    {"swimd members 1\nof other\n" ALIVE_P7 "end 1\n", false, true},
	    {"swimd members 1\nof self red\n" ALIVE_P7 "end 1\n", false, true},
	    /* Earlier versions did not write the owner. */
	    {"swimd members 1\n" ALIVE_P7 "end 1\n", false, false},
	    {"swimd members 1\n" ALIVE_P7 "end 1\n", true, true},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct saved s;

		begin(&s, 0);
		take_up(&s, files[i].text, files[i].foreign_directory);
		ck_assert(s.found.foreign == files[i].foreign);
		ck_assert_uint_eq(snapshot_missing(&s.snapshot), files[i].foreign ? 0 : 1);
		ck_assert_uint_eq(offered(&s), files[i].foreign ? 0 : 1);
		end(&s);
	}
}
END_TEST

START_TEST(a_file_without_an_owner_is_written_again)
{
	struct saved s;

	begin(&s, 0);
	take_up(&s, HEAD "end 0\n", false);
	ck_assert(swim_time_is_never(snapshot_deadline(&s.snapshot)));
	take_up(&s, "swimd members 1\nend 0\n", false);
	ck_assert_int_eq(snapshot_deadline(&s.snapshot).ns, later(&s, 1000).ns);
	end(&s);
}
END_TEST

START_TEST(bad_lines_are_told_and_the_others_are_used)
{
	struct saved s;

	begin(&s, 0);
	take_up(&s, HEAD "nonsense\n" ALIVE_P7, false);
	ck_assert_uint_eq(s.found.count, 1);
	ck_assert_uint_eq(s.found.bad_lines, 2);
	ck_assert_uint_eq(s.found.first_bad, 3);
	ck_assert_ptr_nonnull(s.found.why);
	ck_assert_uint_eq(offered(&s), 1);
	end(&s);
}
END_TEST

/* -------------------------------------------------------------------------------- whom discovery asks */

START_TEST(a_write_gives_discovery_the_members_of_now)
{
	struct saved s;

	begin(&s, 3);
	fixture_gossip(s.f, 1, 3, SWIM_LEFT, 1);
	note(&s, SWIM_EVENT_JOINED, later(&s, 0));
	ck_assert_int_eq(snapshot_run(&s.snapshot, later(&s, 1000)), SNAPSHOT_WRITE);
	/* Not the one that left. */
	ck_assert_uint_eq(offered(&s), 2);
	end(&s);
}
END_TEST

START_TEST(the_addresses_stay_while_no_other_member_is_alive)
{
	struct saved s;

	begin(&s, 0);
	take_up(&s, HEAD ALIVE_P7 "end 1\n", false);
	note(&s, SWIM_EVENT_REMOVED, later(&s, 0));
	ck_assert_int_eq(snapshot_run(&s.snapshot, later(&s, 1000)), SNAPSHOT_WRITE);
	ck_assert_uint_eq(offered(&s), 1);
	end(&s);
}
END_TEST

START_TEST(a_member_that_leaves_is_not_asked)
{
	struct saved s;

	begin(&s, 0);
	take_up(&s, HEAD ALIVE_P7 "end 1\n", false);
	note(&s, SWIM_EVENT_LEFT, later(&s, 0));
	ck_assert_uint_eq(offered(&s), 0);
	end(&s);
}
END_TEST

UNIT_MAIN("snapshot", a_change_is_written_after_a_second_and_at_most_every_ten_seconds,
    a_change_during_a_write_is_written_after_it, a_write_that_fails_is_repeated,
    a_write_that_takes_30_s_is_slow, a_directory_that_was_opened_again_is_written_at_once,
    all_members_but_this_one_are_written,
    live_members_of_the_earlier_run_stay_until_others_have_lived_for_a_minute,
    a_member_that_is_back_is_written_as_it_is_now, no_more_than_max_members_are_written,
    members_that_ended_are_restored_with_their_age, a_member_whose_retention_is_over_is_forgotten,
    a_wall_clock_that_was_set_back_makes_nobody_younger_than_now,
    the_own_name_in_a_copied_file_is_ignored, a_file_of_another_member_is_not_used,
    a_file_without_an_owner_is_written_again, bad_lines_are_told_and_the_others_are_used,
    a_write_gives_discovery_the_members_of_now, the_addresses_stay_while_no_other_member_is_alive,
    a_member_that_leaves_is_not_asked)
