/* SPDX-License-Identifier: MIT */
/* Networks that lose, duplicate, delay and reorder datagrams. */
#include "sim/scenario.h"

/* Form a cluster, and lose this share of all datagrams for `seconds`.  True: within `mend` seconds after that all converge. */
static bool
live_with(struct sim *s, double loss, double seconds, double mend)
{
	unsigned pairs = s->world.count * (s->world.count - 1);

	if (!sim_form(s))
		return false;
	sim_loss(s, loss);
	sim_run(s, seconds);
	sim_note(s, "%u suspected, %u failed (of %u views)",
	    sim_told(s, s->formed, SWIM_EVENT_SUSPECTED, ANY, ANY),
	    sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY), pairs);
	sim_loss(s, 0);
	return sim_wait_converged(s, mend);
}

static void
loss_10(struct sim *s)
{
	EXPECT(s, live_with(s, 0.1, 60, 15));
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == 0);
}

static void
loss_30(struct sim *s)
{
	EXPECT(s, live_with(s, 0.3, 60, 30));
}

/* Even in such a network no live member is declared failed. */
static void
rough_loss(struct sim *s)
{
	EXPECT(s, live_with(s, 0.3, 120, 30));
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == 0);
}

static void
rough_deaf(struct sim *s)
{
	unsigned others = s->world.count - 1;

	EXPECT(s, sim_form(s));
	sim_cut(s, ANY, 4);
	sim_run(s, 60);
	/* Each other declares node 4 failed once, and declares nobody else failed. */
	EXPECT(s, sim_tellers(s, s->formed, SWIM_EVENT_FAILED, 4) == others);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == others);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_RECOVERED, ANY, 4) == 0);
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 30));
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == others);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_RECOVERED, ANY, 4) == others);
}

static void
disorder(struct sim *s)
{
	struct net_config *net = sim_net(s);

	net->delay_min = swim_ms(1);
	net->delay_max = swim_ms(80);
	net->jitter = swim_ms(10);
	net->duplicate = 0.2;
	net->reorder = 0.2;
	net->reorder_delay = swim_ms(100);
	EXPECT(s, sim_form(s));
	sim_run(s, 60);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	sim_crash(s, 2);
	EXPECT(s, sim_wait_all(s, 2, SWIM_DEAD, 15));
	sim_leave(s, 3);
	EXPECT(s, sim_wait_all(s, 3, SWIM_LEFT, 5));
	EXPECT(s, sim_wait_converged(s, 15));
	EXPECT(s, s->world.net.duplicated > 100 && s->world.net.reordered > 100);
}

static void
lossy_member(struct sim *s)
{
	EXPECT(s, sim_form(s));
	/* A bad network card of one member must not make other members fail. */
	s->world.nodes[3].bad = true;
	sim_spoil(s, 3, ANY, 0.5);
	sim_spoil(s, ANY, 3, 0.5);
	sim_run(s, 120);
	EXPECT(s, sim_verdicts(s, s->formed).by_healthy == 0);
	sim_note(s, "it was declared failed %u times", sim_verdicts(s, s->formed).right);
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 20));
}

/* One round of Rapid's experiment: a member receives nothing for 20 s, then all for 20 s. */
static void
flip(struct sim *s, unsigned i)
{
	size_t rule = sim_cut(s, ANY, i);

	sim_run(s, 20);
	sim_mend(s, rule);
	sim_run(s, 20);
}

static void
flip_flop(struct sim *s)
{
	EXPECT(s, sim_form(s));
	s->world.nodes[4].bad = true;
	for (unsigned k = 0; k < 5; k++)
		flip(s, 4);
	sim_note(s, "healthy members told %u suspicions of healthy members",
	    sim_told(s, s->formed, SWIM_EVENT_SUSPECTED, ANY, ANY) -
		sim_told(s, s->formed, SWIM_EVENT_SUSPECTED, 4, ANY) -
		sim_told(s, s->formed, SWIM_EVENT_SUSPECTED, ANY, 4));
	EXPECT(s, sim_verdicts(s, s->formed).by_healthy == 0);
	EXPECT(s, sim_wait_converged(s, 20));
}

/* The same for longer: damping makes each return later than the one before, until the member does not return in 20 s. */
static void
flip_flop_ends(struct sim *s)
{
	swim_time start;

	EXPECT(s, sim_form(s));
	for (unsigned k = 0; k < 9; k++)
		flip(s, 4);
	start = sim_now(s);
	for (unsigned k = 0; k < 3; k++)
		flip(s, 4);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_RECOVERED, ANY, 4) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_wait_converged(s, 30));
}

/* One member loses most of what it sends and should receive, 20 s on, 8 s off. */
static void
lossy_flip(struct sim *s)
{
	const unsigned lossy = 4;

	EXPECT(s, sim_form(s));
	s->world.nodes[lossy].bad = true;
	for (unsigned k = 0; k < 8; k++) {
		size_t in = sim_spoil(s, ANY, lossy, 0.9), out = sim_spoil(s, lossy, ANY, 0.9);

		sim_run(s, 20);
		sim_mend(s, out);
		sim_mend(s, in);
		sim_run(s, 8);
	}
	sim_note(s, "the lossy member told %u failures of others",
	    sim_told(s, s->formed, SWIM_EVENT_FAILED, lossy, ANY));
	EXPECT(s, sim_verdicts(s, s->formed).by_healthy == 0);
	EXPECT(s, sim_wait_converged(s, 60));
}

static void
quiet(struct sim *s)
{
	double seconds = 60, sent, bytes;
	struct sim_sent before;

	EXPECT(s, sim_form(s));
	before = sim_sent(s);
	sim_run(s, seconds);
	sent = (double)(sim_sent(s).datagrams - before.datagrams);
	bytes = (double)(sim_sent(s).bytes - before.bytes);
	sim_note(s, "%.2f datagrams and %.0f bytes a second from each",
	    sent / seconds / s->world.count, bytes / seconds / s->world.count);
	/* SWIM's load does not depend on the size of the cluster: a ping and an ack for each member and period. */
	EXPECT(s, sent / seconds / s->world.count < 2.2);
	EXPECT(s, sim_converged(s));
}

const struct scenario scenarios_loss[] = {
    {"loss-10", 40, loss_10, LIGHT, "at 10 % loss for 60 s nobody is declared failed"},
    {"loss-30", 40, loss_30, LIGHT, "after 60 s of 30 % loss all members converge within 30 s"},
    {"rough-loss", 20, rough_loss, LIGHT,
	"at 30 % loss on every link for 120 s nobody is declared failed"},
    {"rough-deaf", 20, rough_deaf, LIGHT,
	"a member that hears nothing for 60 s is declared failed once, and nobody else is"},
    {"disorder", 20, disorder, LIGHT,
	"delays, duplicates and reordering cause no suspicion, and hide no crash"},
    {"lossy-member", 20, lossy_member, LIGHT,
	"if one member loses half of its datagrams, healthy members declare no other failed"},
    {"flip-flop", 20, flip_flop, LIGHT,
	"if one member is deaf 20 s on, 20 s off, healthy members declare no other failed"},
    {"flip-flop-ends", 20, flip_flop_ends, LIGHT,
	"a member that fails again and again stays dead meanwhile, and returns after the last cut"},
    {"lossy-flip", 20, lossy_flip, LIGHT,
	"if one member loses 90 % 20 s on, 8 s off, healthy members declare no other failed"},
    {"quiet", 100, quiet, LIGHT,
	"an idle cluster sends one ping and one ack for each member and period"},
    {0},
};
