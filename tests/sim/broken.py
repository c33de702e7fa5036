"""Tests the simulator's oracles: breaks one rule of the protocol at a time, and each must be caught.

usage: broken.py [--seeds N] BUILD-DIRECTORY [RULE]... (with sim-test in it). Prints TAP.
       broken.py --texts    says only whether each text is found, of the variants of lifeguard.py too, and tries on
                            made-up output what counts as caught.

A broken rule is a copy of one file of the core with one piece of its text replaced, compiled below the build
directory and linked into a simulator of its own, so that what is shipped has no trace of it. First the swarm
hunts it with seeds from 1 on, then the scenarios with one seed and with more, until an oracle speaks; that the simulator crashes or does not end is
told, and catches nothing. A text that is not found any more is a failure too: the rule has to follow the code.
"""
import argparse
import itertools
import pathlib
import re
import signal
import subprocess
import sys

import lifeguard
import variant

SECONDS = 300               # a run that takes longer does not end
KNOWN_SEEDS = 1000          # of a scenario that catches a rule with few of its seeds
KNOWN = {"answer-untold": ("short-life",), "misjudged-silent": ("one-image",), "successor-leaves": ("successor-among-base",),
    "told-unreserved": ("disk-crash",), "block-forgotten": ("disk-crash",), "damage-believed": ("disk-damaged",),
    "lost-seed-left": ("find-forgotten",), "self-for-ever": ("find-name-changes",), "members-asked": ("find-multicast",)}
MORE_SEEDS = 20             # of each scenario, once the first seed of none has caught it
TROUBLES_MAX = 3            # runs that crashed or did not end before a hunt is given up

# name: what is broken; then file, text, and what stands in its place.
RULES = {
    "dead-loses": ("at equal incarnation dead gives way to alive and suspect",
        "judge.c", "{K_MEMBER, ANY, R_LOWER, ANY, 0, 0, ACTION_HEAR}",
        "{BIT(KNOWN_DEAD), S_LIVE, R_EQUAL, ANY, 0, 0, ACTION_SUSPECT}, {K_MEMBER, ANY, R_LOWER, ANY, 0, 0, ACTION_HEAR}"),
    "no-refutation": ("nobody refutes",
        "apply.c", "if (next > s->self->incarnation) {", "if (next > s->self->incarnation && s->live_count == SIZE_MAX) {"),
    "refutes-at-same": ("a refutation takes the incarnation that it refutes",
        "apply.c", "than == UINT64_MAX ? UINT64_MAX : than + 1;", "than;"),
    "incarnation-reused": ("a refutation reuses the incarnation, and says that it rose",
        "apply.c", "if (next > s->self->incarnation) {", "if (next-- > s->self->incarnation) {"),
    "incarnation-by-others": ("a verdict makes a new incarnation of the dead",
        "suspicion.c", "members_transition(s, in, m, SWIM_DEAD, m->incarnation, false);",
        "members_transition(s, in, m, SWIM_DEAD, m->incarnation + 1, false);"),
    "jump-allowed": ("an incarnation may rise by any amount",
        "apply.c", "uint64_t most = s->config.max_jump;", "uint64_t most = UINT64_MAX - 1;"),
    "rumour-unlimited": ("a rumour that reached its limit begins anew",
        "rumour.c", "if (sent >= limit) {", "if (sent >= limit)\n\t\tsent = 0;\n\tif (sent >= limit) {"),
    "rumour-once-more": ("a rumour is kept for one sending above its limit",
        "rumour.c", "if (sent >= limit) {", "if (sent > limit) {"),
    "suspicion-of-any-life": ("a suspicion of an earlier incarnation counts",
        "judge.c", "{K_MEMBER, ANY, R_LOWER, ANY, 0, 0, ACTION_HEAR}",
        "{BIT(KNOWN_ALIVE), BIT(SAID_SUSPECT), R_LOWER, ANY, 0, 0, ACTION_SUSPECT}, {K_MEMBER, ANY, R_LOWER, ANY, 0, 0, ACTION_HEAR}"),
    "address-is-a-name": ("whoever speaks from the address of a member, and gives no name, speaks for that member",
        "speaker.c", "		name = in->msg->member.id;\n\tin->named = name.len > 0;",
        "		name = in->msg->member.id;\n\tif (in->claimed.id.len == 0 && (m = locate_at(s, &in->from)) != NULL)\n"
        "\t\tname = (struct wire_str){m->name, m->name_len};\n\tin->named = name.len > 0;"),
    "strangers-introduce": ("whomever a stranger tells of is a member, and told of, before it has answered",
        "visitor.c", "(from_subject && (in->answer.as_itself || visitor_is_arriving(s)))",
        "(from_subject || !from_subject || visitor_is_arriving(s))"),
    "beginners-believe": ("a member that has just started believes whoever speaks to it",
        "visitor.c", "if (!s->has_seeds && visitor_is_arriving(s))", "if (visitor_is_arriving(s))"),
    "accuser-twice": ("one accuser counts as two",
        "suspicion.c", "if (x->accusers[i] == accuser)", "if (x->accusers[i] == accuser && x->accuser_count > 2)"),
    "teller-accuses": ("who tells of a suspicion or remembers a death counts as one who found it",
        "suspicion.c", "if (u->accuser_count == 0 && in->base)", "if (u->accuser_count == 0)"),
    "accusers-kept": ("the accusers of one incarnation count against the next",
        "members.c", "if (status == SWIM_ALIVE || status == SWIM_LEFT || from != SWIM_SUSPECT ||\n\t    incarnation != m->incarnation)",
        "if (status == SWIM_LEFT)"),
    "answers-to-others": ("what a suspect answers to others does not count",
        "suspicion.c", "is_question(m, seq) || is_question_to_others(m, seq)", "is_question(m, seq)"),
    "suspicion-without-end": ("a suspicion has no timer",
        "suspicion.c", "	m->deadline = not_before(swim_time_add(x->counted, wait_for_verdict(s, m)), s->now);",
        "	m->deadline = SWIM_TIME_NEVER;"),
    "dead-not-advancing": ("a death at a higher incarnation leaves the stored one",
        "apply.c", "members_transition(s, in, m, st->status, u->incarnation, !members_is_shown(m) && !live);",
        "members_transition(s, in, m, st->status, st->status == SWIM_DEAD ? m->incarnation : u->incarnation, !members_is_shown(m) && !live);"),
    "alive-revives": ("a member's own word that it is alive counts at its old incarnation",
        "judge.c", "{K_MEMBER, ANY, R_LOWER, ANY, 0, 0, ACTION_HEAR}",
        "{K_MEMBER, ANY, R_LOWER, ANY, 0, 0, ACTION_HEAR}, {K_MEMBER, BIT(SAID_ALIVE), R_EQUAL, ANY, FACT_SUBJECT, 0, ACTION_ALIVE}"),
    "joined-twice": ("joined is told again in one life",
        "members.c", "		if (!m->announced) {", "		if ((m->announced = false, true)) {"),
    "joined-late": ("a member is suspected before it is told to have joined",
        "members.c", "if (!m->stand_in || members_status(m) == SWIM_SUSPECT)", "if (!m->stand_in && members_status(m) != SWIM_SUSPECT)"),
    "holds-itself-dead": ("a member believes what others say of it",
        "apply.c", "if (m == s->self)\n\t\treturn KNOWN_SELF",
        "if (m == s->self && s->leaving)\n\t\treturn KNOWN_SELF"),
    "link-told-twice": ("a broken link is told again with every probe that fails",
        "link.c", "	if (m->link == SWIM_PATH_RELAYED)\n\t\treturn true;\n", ""),
    "sync-never": ("views are never compared in full",
        "sync.c", "if (is_busy(s, !member) || s->leaving)", "if (!is_busy(s, !member) || s->leaving)"),
    "never-reconnects": ("the dead are never tried again",
        "probe.c", "return m->life == LIFE_DEAD && (m->answered", "return m->life == LIFE_LEFT_HIDDEN && (m->answered"),
    "never-suspects": ("a failed probe has no consequence",
        "probe.c", "	if (!doubt_excuses_failure(s))\n\t\tsuspicion_own(s, in, target);", "	(void)doubt_excuses_failure(s);"),
    "indirect-never": ("nobody else is asked to probe",
        "probe.c", "size_t want = s->config.timing.indirect_probes", "size_t want = 0"),
    "deaf-accuses": ("one that hears nobody at all declares the others failed",
        "doubt.c", "return doubt_is_deaf(s, since) || damping_doubts_us(s);", "return damping_doubts_us(s);"),
    "returns-at-once": ("one that was declared failed again and again returns at once each time",
        "damping.c", "	if (!has_returned(s)) {", "	if (!d->condemned) {"),
    "stall-ignored": ("a process that stood still takes the others' silence for death",
        "doubt.c", "	return late.ns >= swim_duration_scale(s->config.timing.probe_interval, STALL_PERIODS).ns;\n",
        "	return late.ns == INT64_MAX;\n"),
    "health-unbounded": ("a process may doubt itself without bound",
        "doubt.c", "health > HEALTH_MAX ? HEALTH_MAX : (unsigned)health;", "(unsigned)health;"),
    "stall-keeps-question": ("a last question asked before a stall counts as unanswered after it",
        "suspicion.c", "		x->lately = 0;\n		x->asked = 0;\n		x->ask_at", "		x->ask_at"),
    "accuser-backdates": ("an accuser that comes late makes a question overdue",
        "suspicion.c", "	x->ask_at = not_before(x->ask_at, s->now);\n", ""),
    "late-unasked": ("a verdict that is late falls without the last questions, which were due before it",
        "suspicion.c", "if (!swim_time_reached(s->now, m->deadline) || questions_left(s, m) > 0)",
        "if (!swim_time_reached(s->now, m->deadline))"),
    "misjudged-silent": ("who is asked by one that holds old things of it does not say so",
        "swim.c", "	if (sender == NULL || !sender->swimd || in->found->misjudged)\n		gossip_add_without(s, w, s->self);\n", ""),
    "identity-kept": ("other tags come without another incarnation",
        "swim.c", "	if (s->stats.sent_bytes > 0)\n		apply_refute(s, input_own(s, &room), s->self->incarnation);\n	return true;",
        "	gossip_queue(s, s->self);\n	return true;"),
    "rumour-unpacked": ("a rumour that found no room counts as sent",
        "gossip.c", "				if (++misses == MISSES_MAX)\n					goto full;\n				continue;\n",
        "				if (++misses == MISSES_MAX)\n					goto full;\n"),
    "rumour-cut-short": ("a rumour is sent once",
        "rumour.c", "if (sent >= limit) {", "if (limit > 0 && sent >= 1) {"),
    "tombstone-ignored": ("who was removed comes back at its old incarnation",
        "judge.c", "{K_MEMBER, ANY, R_LOWER, ANY, 0, 0, ACTION_HEAR}",
        "{K_HIDDEN, BIT(SAID_ALIVE), R_LOWER | R_EQUAL, ANY, 0, 0, ACTION_ALIVE}, {K_MEMBER, ANY, R_LOWER, ANY, 0, 0, ACTION_HEAR}"),
    "suspicion-goes-on": ("a suspicion's time runs on under the next incarnation",
        "members.c", "(status == SWIM_SUSPECT && risen)", "(status == SWIM_SUSPECT && risen && !members_is_shown(m))"),
    "acks-acks": ("an ack is answered like a ping",
        "swim.c", "		gossip_welcome(s, in);\n",
        "		gossip_welcome(s, in);\n	receive_ping(s, in);\n"),
    "probes-twice": ("every probe is sent twice",
        "probe.c", "	s->stats.probes_sent++;\n", "	s->stats.probes_sent++;\n	probe_ping(s, target, p->seq);\n"),
    "relay-kept": ("a probe for another is never over",
        "relay.c", "	core_release(s, r->text);\n	*r = (struct relay){0};\n}", "	r->deadline = SWIM_TIME_NEVER;\n}"),
    "base-by-name": ("base peers are answered under our name, and hear of swimds under theirs",
        "base.c", "	if (!base_is_recipient(recipient) || base_is_peer(m) || m->addr.family == 0)",
        "	if (!base_is_recipient(recipient) || base_is_peer(m) || m->name_len > 0)"),
    "base-unheard": ("what a base peer says of an address is not said of the swimd there",
        "base.c", "	if (m == NULL || base_is_peer(m))\n		return *pair;", "	if (m == NULL || m->name_len > 0)\n		return *pair;"),
    "base-no-ladder": ("base peers are told high incarnations at once",
        "base.c", "		u.incarnation = base_rung(*known, m->incarnation);", "		u.incarnation = m->incarnation;"),
    "base-not-introduced": ("base peers are told of the others by chance alone",
        "introduce.c", "	if (i->since == s->arrivals)\n		return false;", "	if (i->since <= s->arrivals)\n		return false;"),
    "newcomer-talks": ("whoever has joined by a base peer asks it again at once",
        "introduce.c", "	return i != NULL && i->joined == s->self->incarnation + 1 &&",
        "	return s->leaving && i != NULL && i->joined == s->self->incarnation + 1 &&"),
    "successor-leaves": ("a question whether a base peer leaves is about whoever is at the address",
        "join.c", "	return m != NULL && m->hash == j->member &&", "	return j->kind == JOIN_LEAVER ? locate_at(s, &j->addr) : m != NULL && m->hash == j->member &&"),
    "namesake-moves": ("whoever answers under the id of a base peer that lives takes its place",
        "join.c", "		ask_former(s, in, m, &j->addr);", "		apply_moved(s, in, m, &j->addr);"),
    "stand-in-stays": ("who answers under the name of a member that lives elsewhere stays in the list",
        "join.c", "	speaker_drop_stand_in(s, in, &at);", "	if (s->leaving)\n\t\tspeaker_drop_stand_in(s, in, &at);"),
    "the-dead-speak": ("nobody asks who speaks where one that is gone lived",
        "speaker.c", "!members_is_live(m)) {\n\t\tjoin_start(s, in, &in->from, JOIN_GREET);", "!members_is_live(m)) {"),
    "base-read-by-all": ("a swimd reads what is written for base peers",
        "swim.c", "		return WIRE_REJECT_FOR_BASE_PEERS;", "		return WIRE_OK;"),
    "base-seed-unasked": ("whoever lives at a seed is asked as a swimd alone",
        "join.c", "		send_to_base(s, j, known);\n", ""),
    "strangers-unbounded": ("strangers may fill the table",
        "speaker.c", "s->stand_ins >= STAND_INS_MAX || ", ""),
    "leave-is-death": ("a base peer that leaves is declared failed",
        "apply.c", "members_transition(s, in, m, SWIM_LEFT, incarnation, false);",
        "members_transition(s, in, m, SWIM_DEAD, incarnation, false);"),
    "ghosts-stay": ("a member that never answered anybody is remembered as long as others",
        "profile.c", "return answered || most.ns", "return answered || most.ns > 0 || most.ns"),
    "answer-untold": ("whoever knows of nobody that had an answer from one of the dead is not told otherwise",
        "swim.c", "	if (found->lacks_answer)\n", "	if (found->lacks_answer && s->left)\n"),
    "newcomer-untold": ("whoever comes later is not told who of the dead answered",
        "gossip.c", "	if (!members_has_lived(m))\n\t\treturn gone", "	if (!members_has_lived(m) || page)\n\t\treturn gone"),
    "forgets-alone": ("a removal is not passed on",
        "members.c", "	members_mark_removed(s, m);\n\tgossip_queue(s, m);", "	m->life = members_hidden_life(members_status(m));"),
    "removal-unheard": ("whom the rumour of a removal missed never learns of it",
        "sync.c", "bool removals = t->has_removals &&", "bool removals = s->leaving && t->has_removals &&"),
    "removed-elsewhere": ("who was removed and lives at another address now stays removed",
        "visitor.c", "if (m == NULL || !members_is_shown(m))", "if (m == NULL)"),
    "one-too-many": ("the table holds one member more than it may",
        "members.c", "if (s->table.count < s->config.max_members)", "if (s->table.count <= s->config.max_members)"),
    "datagram-too-long": ("a datagram is longer than max_datagram",
        "outbox.c", "		budget = s->config.max_datagram;\n\tif (s->config.hooks",
        "		budget = s->config.max_datagram;\n\tbudget += 40;\n\tif (s->config.hooks"),
    "tags-not-taken": ("new tags of a known member are not taken over",
        "apply.c", "retagged = take_tags(s, in, m, u, true);", "retagged = false;"),
    "move-not-taken": ("the new address of a member that moved is not taken over",
        "apply.c", "\tif (moved && !move(s, in, m, st->address))\n\t\treturn;\n\tif (live",
        "\tif (moved && s->leaving && !move(s, in, m, st->address))\n\t\treturn;\n\tif (live"),
    "the-dead-stay-where-they-were": ("one that died at a higher incarnation is held where it lived before",
        "apply.c", "\tif (moved && !move(s, in, m, st->address))\n\t\treturn;\n\tif (live",
        "\tif (moved && live && !move(s, in, m, st->address))\n\t\treturn;\n\tif (live"),
    "size-kept": ("what goes unanswered is sent again as large as before",
        "path.c", "size_t least = tries < 1 ?", "size_t least = tries < 100 ?"),
    "path-never-widens": ("a path that became wide again is used as before",
        "path.c", "s->path_next = try_next(s) ? next_look(s) : SWIM_TIME_NEVER;", "s->path_next = SWIM_TIME_NEVER;"),
    "one-accuser-counts": ("the word of one accuser alone counts against a member's own health",
        "accused.c", "return out->count >= SWIM_ACCUSERS_NEEDED;", "return out->count >= 1;"),
    "newcomer-wins": ("of two with one name the younger stays",
        "claim.c", "if (theirs > ours ||", "if (theirs < ours ||"),
    "owner-goes": ("a member that has company goes when another bears its name",
        "claim.c", "bool stays = claim_is_settled(s) || (has_company(s) && !j->witnessed);",
        "bool stays = s->lost_name && has_company(s);"),
    "nobody-decides": ("between two ages that a path may have made differ nobody decides",
        "claim.c", "	return swim_addr_compare(&s->self->addr, from) < 0;", "	return s->leaving && swim_addr_compare(&s->self->addr, from) < 0;"),
    "claims-unproven": ("claims are sent to an address at which nobody has answered",
        "join.c", "		if (claim_is_shown(s, in, &j->addr))\n\t\t\treturn false;", "		return false;"),
    "claims-believed": ("that another claims the name is told before the other has answered",
        "claim.c", "	join_claimed(s, &in->from, end, !in->msg", "	claim_complain(s, &in->from);\n\tjoin_claimed(s, &in->from, end, !in->msg"),
    "twin-wavers": ("a member that has told its namesake that it stays goes when a later claim takes a faster path",
        "claim.c", "	if (theirs < WIRE_CLAIM_STAYS && has_kept(s, from))\n", "	if (theirs < WIRE_CLAIM_STAYS && has_kept(s, from) && s->leaving)\n"),
    "twin-impatient": ("a member takes its namesake for an earlier version, and goes before it has decided",
        "join.c", "	j->modern |= modern;\n", "	j->modern = modern && s->leaving;\n"),
    "namesakes-ask": ("two members of one name ask each other, and neither answers the other's question",
        "swim.c", "	if (ping && !began)\n		receive_ping(s, in);", "	if (ping && !began)\n		return true;"),
    "foreign-unanswered": ("whoever asks a member of another cluster to let it in gets no answer",
        "foreign.c", "	if (msg->type == WIRE_PING)\n", "	if (msg->type == WIRE_PING && s->left)\n"),
    "foreign-unbounded": ("every ping of another cluster is answered",
        "foreign.c", "|| !swim_time_reached(s->now, s->foreign_at))", "|| s->left)"),
    "foreign-at-length": ("the answer to a ping of another cluster is longer than the ping",
        "foreign.c", "	size_t budget = len < s->config.max_datagram ? len : s->config.max_datagram;", "	size_t budget = len > 0 ? s->config.max_datagram : 0;"),
    "clusters-mixed": ("what a member of another cluster says counts",
        "swim.c", "		return WIRE_REJECT_OTHER_CLUSTER;", "		return WIRE_OK;"),
    "hearsay-counts": ("the word of strangers ends a member",
        "judge.c", "counted.said = judge_count(c);",
        "counted.said = c->said;"),
    "told-unreserved": ("an incarnation is told before the disk has a bound above it",
        "daemon/reserve.c", "			return RESERVE_HOLD;", "			return RESERVE_SPEAK;"),
    "block-forgotten": ("a start begins below what the stored bound has reserved",
        "daemon/reserve.c", "	    .incarnation = stored,", "	    .incarnation = stored / 2,"),
    "damage-believed": ("the number of a damaged file counts",
        "daemon/reserve.c", "	if (UINT64_MAX - bound <= RESERVE_ROOM)", "	if (bound == 0)"),
    "lost-seed-left": ("a seed that answered once is not asked again while there are others",
        "discovery/discovery.c", "	return peer->source == hub->seeds && hub->callbacks", "	return peer->source != hub->seeds && hub->callbacks"),
    "self-for-ever": ("a seed that was this member itself is never asked again",
        "discovery/peer.c", "	if (peer->join == NULL && !peer->hint)", "	if (peer->join == NULL && !peer->hint && others)"),
    "members-asked": ("whoever is found is asked to let this member in, though it is a member",
        "discovery/hint.c", "	return hub->callbacks.is_member != NULL && peer->report", "	return hub->callbacks.is_member == NULL && peer->report"),
}


def build(build_dir, rule):
    """The path of a simulator with this rule broken."""
    return variant.build(build_dir, rule, [RULES[rule][1:]])


class Run:
    """What a run came to: `where` is None unless an oracle spoke; `trouble` where it ended other than by itself."""

    ORACLE = re.compile(r"^# ([\w-]+), seed (\d+) at [0-9.]+ s: (.*)$", re.M)

    def __init__(self, output, status):
        spoke = self.ORACLE.search(output)
        self.where, self.why = ((spoke[1], int(spoke[2])), spoke[3][:110]) if spoke and status != 0 else (None, "")
        self.finished = len(re.findall(r"^# (?:failed: )?swarm seed \d+$", output, re.M))
        self.trouble = None
        if status is None:
            self.trouble = f"does not end within {SECONDS} s"
        elif status < 0:
            self.trouble = f"crashes ({signal.Signals(-status).name})"
        elif status != 0 and self.where is None:
            self.trouble = f"ends with status {status} and no oracle's word"

    def caught(self, program):
        name, seed = self.where
        more = f"; and it {self.trouble}" if self.trouble else ""
        return f"caught by {name}, seed {seed}: {self.why}{more}; see it by {program} --scenario {name} --seed {seed} --trace"


def simulate(program, *arguments):
    with subprocess.Popen([str(program), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as process:
        try:
            output, status = process.communicate(timeout=SECONDS)[0], process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            output, status = process.communicate()[0], None
    return Run(output, status)


def swarms(program, seeds):
    """(run, name, seed where it ended), again from the seed after one that it did not live through."""
    first = 1
    while first <= seeds:
        run = simulate(program, "--seeds", str(seeds - first + 1), "--seed", str(first), "--first", "--verbose")
        first += run.finished
        yield run, "swarm", first
        if not run.trouble:
            return
        first += 1


def scenarios(program):
    listed = subprocess.run([str(program), "--quick", "--list"], capture_output=True, text=True, check=True).stdout
    # What a rumour or an answer that is missing does, others make good with most seeds.
    for first, count in ((1, 1), (2, MORE_SEEDS)):
        for name in (line.split()[0] for line in listed.splitlines()):
            if not name.startswith("swarm"):
                run = simulate(program, "--scenario", name, "--seeds", str(count), "--seed", str(first), "--first")
                yield run, name, run.where[1] if run.where else first


def known(program, rule):
    """The scenarios that are known to catch this rule with few seeds, with many seeds each."""
    for name in KNOWN.get(rule, ()):
        run = simulate(program, "--scenario", name, "--seeds", str(KNOWN_SEEDS), "--seed", "1", "--first")
        yield run, name, run.where[1] if run.where else 1


def hunt(program, seeds, rule):
    """What caught it or None, and the troubles on the way: a crash or an endless run is no oracle's word."""
    troubles = []
    for run, name, seed in itertools.chain(known(program, rule), swarms(program, seeds), scenarios(program)):
        if run.where:
            return run.caught(program), troubles
        if run.trouble:
            troubles.append(f"{name}, seed {seed}, {run.trouble}")
            if len(troubles) == TROUBLES_MAX:
                break
    return None, troubles


def tries():
    """Of made-up output."""
    swarm = "# swarm: 60 seeds from 1\n# swarm seed 1\n#   0.1 s\n# swarm seed 2\n#   0.1 s\n"
    word = "# swarm, seed 3 at 1.5 s: n1 of n2: reported twice\n"
    yield "a run that is well catches nothing", Run(swarm, 0).where is None and Run(swarm, 0).trouble is None
    yield "an oracle's word counts, with its seed", Run(swarm + word, 1).where == ("swarm", 3)
    yield "so does a scenario's", Run("# crash-3, seed 1 at 2.0 s: not so: x\nnot ok - crash-3: y\n", 1).where == ("crash-3", 1)
    aborted = Run(swarm + word, -signal.SIGABRT)
    yield "a crash after an oracle's word counts, and is told", aborted.where == ("swarm", 3) and "SIGABRT" in aborted.caught("x")
    for what, status in ("a crash", -signal.SIGSEGV), ("a run without end", None), ("a mistaken call", 64):
        run = Run(swarm, status)
        yield f"{what} alone does not", run.where is None and bool(run.trouble) and run.finished == 2


def check_texts():
    variants = {**{rule: [row[1:]] for rule, row in RULES.items()}, "plain": lifeguard.PLAIN, "patient": lifeguard.PATIENT}
    lost = []
    for name, edits in variants.items():
        try:
            variant.edited(name, edits)
        except LookupError as error:
            lost.append(error)
    tried = list(tries())
    print(f"1..{1 + len(tried)}\n{'not ok' if lost else 'ok'} - what the broken rules and plain SWIM change is in the code")
    for error in lost:
        print(f"# {error}")
    for what, holds in tried:
        print(f"{'ok' if holds else 'not ok'} - {what}")
    return 0 if not lost and all(holds for _, holds in tried) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--texts", action="store_true")
    parser.add_argument("build", type=pathlib.Path, nargs="?")
    parser.add_argument("rules", nargs="*", metavar="RULE")
    options = parser.parse_args()
    if options.texts:
        return check_texts()
    if options.build is None:
        parser.error("which build directory?")
    rules = options.rules or list(RULES)
    missed = 0
    print(f"1..{len(rules)}")
    for rule in rules:
        try:
            caught, troubles = hunt(build(options.build, rule), options.seeds, rule)
        except (LookupError, subprocess.CalledProcessError) as error:
            caught, troubles = None, [str(error)]
        missed += caught is None
        print(f"{'not ok' if caught is None else 'ok'} - {rule}: {RULES[rule][0]}")
        for trouble in troubles:
            print(f"#   {trouble}")
        print(f"#   {caught or 'no oracle caught it'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
