/* SPDX-License-Identifier: MIT */
/* Members known from earlier as peers: a few at a time, and only while we are alone. */
#include "discovery/known.h"
#include "discovery/source.h"
#include "support/discovery.h"

static struct discovery_source *
known(struct fixture *f)
{
	struct discovery_source *source = known_new();

	ck_assert_ptr_nonnull(source);
	discovery_add_source(f->hub, source);
	return source;
}

/* Add `count` addresses, from 10.0.0.0:1 on. */
static void
add(struct discovery_source *source, unsigned count)
{
	char(*texts)[SWIM_HOSTPORT_MAX + 1] = calloc(count, sizeof(*texts));
	const char **list = calloc(count, sizeof(*list));

	ck_assert(texts != NULL && list != NULL);
	for (unsigned i = 0; i < count; i++) {
		snprintf(texts[i], sizeof(texts[i]), "10.0.%u.%u:1", i / 256, i % 256);
		list[i] = texts[i];
	}
	known_add(source, loop_now(), list, count);
	free(texts);
	free(list);
}

START_TEST(known_members_are_tried_until_we_have_peers)
{
	struct fixture f;
	struct discovery_source *source;
	char asked[SWIM_ADDR_TEXT];

	start(&f, swim_ms(1));
	source = known(&f);
	add(source, 3);
	LOOP_UNTIL(f.base, f.asked_count == 3);
	ck_assert_uint_eq(discovery_count(f.hub), 3);
	ck_assert_str_eq(peer(&f, "10.0.0.1:1").source, "snapshot");
	/* All are silent: the hub tries them again, like seeds. */
	for (size_t i = 0; i < 3; i++)
		silence(&f, swim_addr_format(&f.asked[i], asked));
	LOOP_UNTIL(f.base, f.asked_count >= 6);
	/* One answers, and so becomes a member. */
	answer(&f, "10.0.0.2:1", "db2", false);
	f.have_peers = true;
	add(source, 0);
	LOOP_UNTIL(f.base, discovery_count(f.hub) == 0);
	/* When we are alone again, the tries begin from the start. */
	f.asked_count = 0;
	f.have_peers = false;
	add(source, 0);
	LOOP_UNTIL(f.base, f.asked_count == 3);
	end(&f);
}
END_TEST

START_TEST(many_addresses_take_turns)
{
	enum { COUNT = 100 };
	struct fixture f;
	bool seen[COUNT] = {false};
	unsigned turns = 0, different = 0;
	struct discovery_source *source;
	char asked[SWIM_ADDR_TEXT];
	size_t done = 0;

	start(&f, swim_ms(1000));
	source = known(&f);
	add(source, COUNT);
	while (different < COUNT) {
		LOOP_UNTIL(f.base, f.asked_count > done);
		ck_assert_uint_le(discovery_count(f.hub), KNOWN_AT_ONCE);
		for (; done < f.asked_count; done++) {
			unsigned last = f.asked[done].ip[3];

			if (!seen[last])
				different++;
			seen[last] = true;
			silence(&f, swim_addr_format(&f.asked[done], asked));
		}
		known_add(source, loop_now(), NULL, 0); /* the next turn at once */
		turns++;
	}
	ck_assert_uint_ge(turns, COUNT / KNOWN_AT_ONCE);
	/* No address is asked twice before all were asked once. */
	ck_assert_uint_lt(done, COUNT + KNOWN_AT_ONCE);
	end(&f);
}
END_TEST

START_TEST(one_address_may_be_forgotten_and_all_cleared)
{
	struct fixture f;
	struct discovery_source *source;

	start(&f, swim_ms(1000));
	source = known(&f);
	add(source, 3);
	LOOP_UNTIL(f.base, f.asked_count == 3);
	known_forget(source, "10.0.0.1:1");
	known_forget(source, "10.0.0.9:1");
	ck_assert_uint_eq(discovery_count(f.hub), 2);
	known_clear(source);
	ck_assert_uint_eq(discovery_count(f.hub), 0);
	known_forget(source, "10.0.0.1:1");
	/* A seed of the same address stays. */
	ck_assert_int_eq(set_seeds(&f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	known_forget(source, "10.0.0.1:1");
	known_clear(source);
	ck_assert_uint_eq(discovery_count(f.hub), 1);
	end(&f);
}
END_TEST

START_TEST(addresses_that_were_added_first_are_asked_first)
{
	static const char *const first[] = {"10.0.0.1:1"}, *const second[] = {"10.0.0.2:1"};
	struct fixture f;
	struct discovery_source *source;

	start(&f, swim_ms(1000));
	source = known(&f);
	known_add(source, loop_now(), first, 1);
	known_add(source, loop_now(), second, 1);
	LOOP_UNTIL(f.base, f.asked_count == 2);
	ck_assert(was_asked(&f, 0, "10.0.0.1:1"));
	end(&f);
}
END_TEST

UNIT_MAIN("known", known_members_are_tried_until_we_have_peers, many_addresses_take_turns,
    one_address_may_be_forgotten_and_all_cleared, addresses_that_were_added_first_are_asked_first)
