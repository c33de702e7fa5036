/* SPDX-License-Identifier: MIT */
/* How clusters form: through one seed or several, a late seed, at loss, with large views, and apart from other clusters. */
#include "sim/scenario.h"

static void
all_at_once(struct sim *s)
{
	unsigned last = s->world.count - 1;
	swim_time start = sim_now(s);

	sim_start_range(s, 0, last);
	EXPECT(s, sim_wait_complete(s, 3));
	sim_note(s, "complete after %.2f s", sim_since(s, start));
	EXPECT(s, sim_wait_converged(s, 10));
	sim_note(s, ", one view and quiet after %.2f s", sim_since(s, start));
	/* Each told once that each other joined, and nothing else. */
	EXPECT(s, sim_told(s, start, SWIM_EVENT_JOINED, ANY, ANY) == (last + 1) * last);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
}

static void
one_more(struct sim *s)
{
	unsigned last = s->world.count - 1;
	swim_time start;

	sim_start_range(s, 0, last - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	start = sim_now(s);
	sim_start(s, last);
	EXPECT(s, sim_wait_complete(s, 3));
	sim_note(s, "complete after %.2f s", sim_since(s, start));
	EXPECT(s, sim_wait_converged(s, 10));
}

static void
late_seed(struct sim *s)
{
	sim_start_range(s, 1, s->world.count - 1);
	sim_run(s, 10);
	EXPECT(s, !sim_complete(s));
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_SEED_SILENT, ANY, ANY) > 0);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_JOINED, ANY, ANY) == 0);
	sim_start(s, 0);
	/* The longest time between two joins through a seed is now 8 s and a quarter of that, plus timeouts. */
	EXPECT(s, sim_wait_complete(s, 20));
	EXPECT(s, sim_wait_converged(s, 10));
}

static void
chain(struct sim *s)
{
	for (unsigned i = 1; i < s->world.count; i++)
		sim_seed(s, i, i - 1);
	sim_start_range(s, 0, s->world.count - 1);
	EXPECT(s, sim_wait_complete(s, 5));
	EXPECT(s, sim_wait_converged(s, 10));
}

static void
seeds_of_each_other(struct sim *s)
{
	/* All members have the same seeds, so some members are their own seeds. */
	for (unsigned i = 0; i < s->world.count; i++)
		for (unsigned seed = 0; seed < 3; seed++)
			sim_seed(s, i, seed);
	sim_start_range(s, 0, s->world.count - 1);
	EXPECT(s, sim_wait_complete(s, 3));
	EXPECT(s, sim_wait_converged(s, 10));
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_SEED_SILENT, ANY, ANY) == 0);
}

static void
lossy(struct sim *s)
{
	sim_loss(s, 0.1);
	sim_start_range(s, 0, s->world.count - 1);
	EXPECT(s, sim_wait_complete(s, 10));
	sim_note(s, "complete after %.2f s", sim_since(s, (swim_time){0}));
	sim_run(s, 30);
	EXPECT(s, sim_false_failures(s, (swim_time){0}) == 0);
	/* At this loss a member may be suspect for a moment. */
	EXPECT(s, sim_wait_complete(s, 5));
}

static void
small_datagrams(struct sim *s)
{
	sim_config(s)->max_datagram = WIRE_DATAGRAM_MIN;
	all_at_once(s);
}

static void
both_families(struct sim *s)
{
	world_mix_families(&s->world);
	/* The seed has an IPv4 address, and half of the others have IPv6 addresses. */
	for (unsigned i = 1; i < s->world.count; i++)
		s->world.nodes[i].seeds[0] = s->world.nodes[0].addr;
	all_at_once(s);
}

static void
two_clusters(struct sim *s)
{
	unsigned half = s->world.count / 2;

	/* The two clusters have different names, and some members have a seed in the other cluster. */
	sim_config(s)->cluster = "blue";
	sim_start_range(s, 0, half - 1);
	sim_config(s)->cluster = "red";
	for (unsigned i = half + 1; i < s->world.count; i++)
		sim_seed(s, i, i % 2 ? 0 : half);
	sim_start_range(s, half, s->world.count - 1);
	sim_run(s, 30);
	for (unsigned i = 0; i < s->world.count; i++) {
		for (unsigned j = 0; j < s->world.count; j++) {
			enum swim_status status;
			bool blue = i < half && j < half;
			bool red = i >= half && j >= half && (i == half || i % 2 == 0) &&
				   (j == half || j % 2 == 0);

			EXPECT(s, sim_status(s, i, j, &status) == (blue || red || i == j));
		}
	}
	EXPECT(s, sim_stats(s, 0).rejected[WIRE_REJECT_OTHER_CLUSTER] > 0);
}

/* Forged pings of another cluster, and the answers to them. */
struct strangers {
	struct swim_addr own; /* the source address of the pings */
	size_t asked[2];      /* bytes of the pings with even and odd sequence numbers */
	unsigned answers;     /* to all pings */
	unsigned too_long;    /* answers with more bytes than their pings */
};

static void
answered(struct world *w, void *ctx, unsigned from, const struct swim_addr *to, const void *data,
    size_t len)
{
	struct strangers *strangers = ctx;
	struct wire_message msg;

	(void)w, (void)from;
	if (!swim_addr_equal(to, &strangers->own) || wire_decode(data, len, &msg) != WIRE_OK)
		return;
	strangers->answers++;
	strangers->too_long += len > strangers->asked[msg.seq % 2];
}

/* Send a ping of the cluster "red" to node 0.  Every second ping is as long as that of a correct member. */
static void
ask(struct sim *s, struct strangers *strangers, uint64_t seq)
{
	const struct wire_trailer trailer = {
	    .has_cluster = true,
	    .cluster = wire_str_of("red"),
	    .has_sender = true,
	    .sender = wire_str_of("flood"),
	};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ping(&w, seq);
	strangers->asked[seq % 2] = wire_finish(&w, &trailer, seq % 2 ? 200 : 0);
	world_inject(&s->world, &strangers->own, 0, data, strangers->asked[seq % 2]);
}

static void
foreign_seed(struct sim *s)
{
	struct strangers strangers = {.own = {.family = 4, .port = 9, .ip = {10, 98, 0, 1}}};
	int slot = wire_type_slot(WIRE_OTHER_CLUSTER);
	unsigned red = s->world.count - 1, told;
	swim_time start;

	/* An answer with this name is longer than the shorter pings below. */
	sim_config(s)->cluster = "blue, and all the other colours of the sea and of the sky";
	sim_start_range(s, 0, red - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	start = sim_now(s);
	sim_config(s)->cluster = "red";
	sim_start(s, red);
	sim_run(s, 60);
	/* The member with the wrong seed learns the name of the other cluster each time it joins. */
	told = sim_told(s, start, SWIM_EVENT_SEED_FOREIGN, red, ANY);
	EXPECT(s, told > 1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SEED_SILENT, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SEED_ANSWERED, ANY, ANY) == 0);
	EXPECT(s, sim_stats(s, 0).sent[slot] == told);
	/* A flood of such pings gets ten short answers per second. */
	s->world.stray = answered;
	s->world.stray_ctx = &strangers;
	for (uint64_t seq = 1; seq <= 1000; seq++) {
		ask(s, &strangers, seq);
		sim_run(s, 0.002);
	}
	sim_run(s, 1);
	s->world.stray = NULL;
	EXPECT(s, strangers.answers > 0 && strangers.answers <= 21);
	EXPECT(s, strangers.too_long == 0);
	/* No view has changed. */
	EXPECT(s, sim_told(s, start, SWIM_EVENT_JOINED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_UPDATED, ANY, ANY) == 0);
	for (unsigned i = 0; i < red; i++) {
		enum swim_status status;

		EXPECT(s, !sim_status(s, i, red, &status) && !sim_status(s, red, i, &status));
	}
	sim_note(s, "told %u times, %u answers to 1000 pings", told, strangers.answers);
}

const struct scenario scenarios_join[] = {
    {"join-3", 3, all_at_once, LIGHT, "3 members with the first as seed see each other within 3 s"},
    {"join-10", 10, all_at_once, LIGHT,
	"10 members with the first as seed see each other within 3 s"},
    {"join-100", 100, all_at_once, LIGHT,
	"100 members with the first as seed see each other within 3 s"},
    {"join-one-more", 60, one_more, LIGHT,
	"a member that joins 59 others is seen by all within 3 s"},
    {"join-late-seed", 5, late_seed, LIGHT, "members find a seed that starts late"},
    {"join-chain", 20, chain, LIGHT,
	"members that each have one other member as seed see each other within 5 s"},
    {"join-same-seeds", 6, seeds_of_each_other, LIGHT,
	"members that are their own seeds join as others do"},
    {"join-lossy", 40, lossy, LIGHT, "40 members see each other within 10 s at 10 % loss"},
    {"join-small-datagrams", 60, small_datagrams, LIGHT,
	"60 members whose view is larger than a datagram fetch it in pages, within 3 s"},
    {"join-both-families", 10, both_families, LIGHT, "IPv4 and IPv6 members form one cluster"},
    {"join-two-clusters", 10, two_clusters, LIGHT,
	"clusters with different names stay apart on one network"},
    {"join-foreign-seed", 6, foreign_seed, LIGHT,
	"a member whose seed is in another cluster learns this, and changes nothing there"},
    {0},
};
