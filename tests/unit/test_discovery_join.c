/* SPDX-License-Identifier: MIT */
#include "support/discovery.h"

#include "discovery/source.h"

static void
round_done(void *ctx, const struct discovery_peer *peers, size_t count)
{
	struct fixture *f = ctx;

	f->rounds++;
	ck_assert_uint_le(count, 8);
	f->outcome_count = count;
	if (count > 0)
		memcpy(f->outcomes, peers, count * sizeof(*peers));
}

static enum swim_error
join(struct fixture *f, const char *a, const char *b, const char *c)
{
	const char *addresses[3] = {a, b, c};

	size_t count = 0;

	while (count < 3 && addresses[count] != NULL)
		count++;
	return discovery_join(f->hub, loop_now(),
	    &(struct discovery_join){addresses, count, round_done, f});
}

START_TEST(a_join_tells_the_outcome_of_each_address)
{
	struct fixture f;

	start(&f, swim_ms(1));
	ck_assert_int_eq(join(&f, "10.0.0.1:1", "none.test", "10.0.0.2:1"), SWIM_OK);
	ck_assert_uint_eq(discovery_count(f.hub), 3);
	ck_assert_str_eq(peer(&f, "none.test").source, "join");
	LOOP_UNTIL(f.base, f.asked_count == 2);
	answer(&f, "10.0.0.2:1", "db2", false);
	silence(&f, "10.0.0.1:1");
	LOOP_UNTIL(f.base, f.rounds == 1);
	ck_assert_uint_eq(f.outcome_count, 3);
	ck_assert_str_eq(f.outcomes[0].address, "10.0.0.1:1");
	ck_assert_int_eq(f.outcomes[0].state, DISCOVERY_SILENT);
	ck_assert_int_eq(f.outcomes[1].state, DISCOVERY_UNRESOLVED);
	ck_assert_str_eq(f.outcomes[1].reason, "there is no such name in /etc/hosts or in DNS");
	ck_assert_int_eq(f.outcomes[2].state, DISCOVERY_JOINED);
	ck_assert_str_eq(f.outcomes[2].member, "db2");
	/* The peers of the join are removed, and are not tried again. */
	ck_assert_uint_eq(discovery_count(f.hub), 0);
	end(&f);
}
END_TEST

START_TEST(a_join_of_no_address_or_of_equal_addresses_ends)
{
	struct fixture f;

	start(&f, swim_ms(1));
	ck_assert_int_eq(join(&f, NULL, NULL, NULL), SWIM_OK);
	ck_assert_uint_eq(f.rounds, 0);
	LOOP_UNTIL(f.base, f.rounds == 1);
	ck_assert_uint_eq(f.outcome_count, 0);
	ck_assert_int_eq(join(&f, "10.0.0.1:1", "10.0.0.1:1", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 1);
	answer(&f, "10.0.0.1:1", "me", true);
	ck_assert_uint_eq(f.rounds, 1);
	LOOP_UNTIL(f.base, f.rounds == 2);
	ck_assert_uint_eq(f.outcome_count, 2);
	ck_assert_int_eq(f.outcomes[0].state, DISCOVERY_SELF);
	ck_assert_int_eq(f.outcomes[1].state, DISCOVERY_SELF);
	end(&f);
}
END_TEST

START_TEST(a_join_shares_the_contact_of_a_seed)
{
	struct fixture f;

	start(&f, swim_ms(1));
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 1);
	ck_assert_int_eq(join(&f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	while (discovery_count(f.hub) != 2 || f.changes < 4)
		LOOP_ONCE(f.base);
	answer(&f, "10.0.0.1:1", "db1", false);
	LOOP_UNTIL(f.base, f.rounds == 1);
	ck_assert_uint_eq(f.asked_count, 1);
	ck_assert_int_eq(f.outcomes[0].state, DISCOVERY_JOINED);
	ck_assert_int_eq(state(&f, "10.0.0.1:1"), DISCOVERY_JOINED);
	end(&f);
}
END_TEST

START_TEST(a_join_does_not_wait_for_ever_for_a_busy_core)
{
	struct fixture f;

	start(&f, swim_ms(1));
	f.refuse = true;
	ck_assert_int_eq(join(&f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.rounds == 1);
	ck_assert_int_eq(f.outcomes[0].state, DISCOVERY_UNREACHABLE);
	ck_assert_str_eq(f.outcomes[0].reason, "too many joins are under way");
	end(&f);
}
END_TEST

START_TEST(a_bad_join_is_refused_whole)
{
	struct fixture f;

	start(&f, swim_ms(1));
	ck_assert_int_eq(join(&f, "10.0.0.1:1", "10.0.0.1:0", NULL), SWIM_ERROR_INVALID_ADDRESS);
	ck_assert_int_eq(join(&f, "[::1", NULL, NULL), SWIM_ERROR_INVALID_ADDRESS);
	ck_assert_uint_eq(discovery_count(f.hub), 0);
	ck_assert_int_eq(event_base_loop(f.base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
	ck_assert_uint_eq(f.rounds, 0);
	ck_assert_uint_eq(f.asked_count, 0);
	end(&f);
}
END_TEST

START_TEST(a_canceled_join_is_not_answered)
{
	struct fixture f;
	int other;

	start(&f, swim_ms(1));
	ck_assert_int_eq(join(&f, "10.0.0.1:1", "slow.test", NULL), SWIM_OK);
	LOOP_UNTIL(f.base, f.asked_count == 1);
	discovery_join_cancel(f.hub, &other);
	ck_assert_uint_eq(discovery_count(f.hub), 2);
	discovery_join_cancel(f.hub, &f);
	ck_assert_uint_eq(discovery_count(f.hub), 0);
	answer(&f, "10.0.0.1:1", "db1", false);
	for (int i = 0; i < 10; i++)
		LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.rounds, 0);
	end(&f);
}
END_TEST

/* A source of another kind. */
struct other {
	struct discovery_source source;
	struct discovery *hub;
	bool *stopped;
	char told[64];
};

static void
other_start(struct discovery_source *source, struct discovery *hub)
{
	((struct other *)source)->hub = hub;
}

static void
other_advertise(struct discovery_source *source, const struct discovery_self *self)
{
	snprintf(((struct other *)source)->told, sizeof(((struct other *)source)->told), "%s",
	    self->name);
}

static const char *
other_trouble(const struct discovery_source *source)
{
	return ((const struct other *)source)->told[0] == '\0' ? "nothing to tell" : NULL;
}

static void
other_stop(struct discovery_source *source)
{
	struct other *other = (struct other *)source;

	*other->stopped = true;
	free(other);
}

START_TEST(a_source_of_another_kind_can_be_added)
{
	static const struct discovery_source_ops ops = {.name = "other",
	    .start = other_start,
	    .advertise = other_advertise,
	    .trouble = other_trouble,
	    .stop = other_stop};
	struct discovery_source_report report;
	struct discovery_self self = {.name = "me", .cluster = "", .version = "1"};
	struct other *other = calloc(1, sizeof(*other));
	const char *name, *sentence;
	bool stopped = false;
	struct fixture f;

	start(&f, swim_ms(1));
	other->source.ops = &ops;
	other->stopped = &stopped;
	ck_assert(!discovery_trouble(f.hub, &name, &sentence));
	discovery_add_source(f.hub, &other->source);
	ck_assert_ptr_eq(other->hub, f.hub);
	ck_assert(discovery_trouble(f.hub, &name, &sentence));
	ck_assert_str_eq(name, "other");
	ck_assert_str_eq(sentence, "nothing to tell");
	ck_assert(discovery_source_at(f.hub, 0, &report));
	ck_assert_str_eq(report.name, "seed");
	ck_assert_ptr_null(report.trouble);
	ck_assert(discovery_source_at(f.hub, 1, &report));
	ck_assert_str_eq(report.name, "other");
	ck_assert_str_eq(report.trouble, "nothing to tell");
	ck_assert_uint_eq(report.dropped, 0);
	ck_assert(!discovery_source_at(f.hub, 2, &report));
	discovery_advertise(f.hub, &self);
	ck_assert_str_eq(other->told, "me");
	ck_assert(!discovery_trouble(f.hub, &name, &sentence));

	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	ck_assert_int_eq(discovery_offer(f.hub, loop_now(), &other->source, "10.0.0.1:1"), SWIM_OK);
	ck_assert_int_eq(discovery_offer(f.hub, loop_now(), &other->source, "10.0.0.1:1"), SWIM_OK);
	ck_assert_int_eq(discovery_offer(f.hub, loop_now(), &other->source, "nonsense:"),
	    SWIM_ERROR_INVALID_ADDRESS);
	ck_assert_uint_eq(discovery_count(f.hub), 2);
	LOOP_UNTIL(f.base, f.asked_count == 1);
	discovery_withdraw(f.hub, &other->source, "10.0.0.1:1");
	discovery_withdraw(f.hub, &other->source, "10.0.0.1:1");
	ck_assert_uint_eq(discovery_count(f.hub), 1);
	ck_assert_str_eq(peer(&f, "10.0.0.1:1").source, "seed");
	end(&f);
	ck_assert(stopped);
}
END_TEST

UNIT_MAIN("discovery_join", a_join_tells_the_outcome_of_each_address,
    a_join_of_no_address_or_of_equal_addresses_ends, a_join_shares_the_contact_of_a_seed,
    a_join_does_not_wait_for_ever_for_a_busy_core, a_bad_join_is_refused_whole,
    a_canceled_join_is_not_answered, a_source_of_another_kind_can_be_added)
