/* SPDX-License-Identifier: MIT */
/*
 * The rules of the protocol that the simulator can turn off, one at a time or several together, to show what each of
 * them is for.  `RULE(name)` stands in a condition of the core at the place of the rule.  It is the constant `true` in
 * everything that is shipped, so that the compiler leaves no trace of it.  The simulator alone links a second core,
 * which is compiled with SWIM_RULES: there the condition reads a table of the simulator (tests/sim/rules.c).
 *
 * `sim-test --rules` lists the rules, and `sim-test --without NAME[,NAME...]` runs without some of them.
 */
#ifndef SWIMD_BASE_RULE_H
#define SWIMD_BASE_RULE_H

/* clang-format off */
/* X(name, what holds while the rule is on): under the file that has the rule. */
#define RULES(X) \
	/* apply.c */ \
	X(refutation, "A member that is accused refutes with a new incarnation.") \
	X(refutation_rises, "A refutation is at a higher incarnation than the accusation.") \
	X(incarnation_is_new, "A refutation takes an incarnation that the member never had before.") \
	X(jump_bound, "One update raises an incarnation by a bounded number only.") \
	X(death_raises, "A death at a higher incarnation raises the stored incarnation.") \
	X(self_refutes, "A member refutes an accusation of itself and does not store it.") \
	X(base_leave, "A base peer that tells its own death has left, and has not failed.") \
	X(move_taken, "The address of a higher incarnation replaces the address of a lower one.") \
	X(move_of_dead, "The address of a death at a higher incarnation replaces the address of a lower one.") \
	X(tags_taken, "The tags of a higher incarnation replace the tags of a lower one.") \
	/* accused.c */ \
	X(accusers_needed, "Accusations worsen the health of a member only if several members accuse it.") \
	/* base.c */ \
	X(base_told_addresses, "Base peers are told of a swimd peer under its address, and not under its name.") \
	X(base_means_addresses, "An update of a base peer about an address is about the swimd peer there.") \
	X(base_ladder, "Base peers are told of a high incarnation by small steps.") \
	/* claim.c */ \
	X(settled_stays, "Of two members of one name the one that is settled or has company stays.") \
	X(elder_stays, "Of two new members of one name the elder stays.") \
	X(lower_address_decides, "Where paths may have changed the order of two ages, the lower address decides.") \
	X(first_claim_counts, "A member that has told its namesake that it stays holds to that.") \
	X(claim_is_asked, "A name conflict is told only once the namesake has answered.") \
	X(owner_comes_back, "An owner that was away for a short time gets its name back from the member that took it.") \
	X(contradictions_wait, "While there is no room for a contest, a member contradicts once in the time of a contest.") \
	/* confirm.c */ \
	X(confirmation, "A few members ask a suspect at once, and accuse it if it is silent.") \
	X(confirmers_follow, "If the first of those chosen to confirm do not accuse the suspect, the next in order ask it.") \
	/* damping.c */ \
	X(return_waits, "A member that is declared dead again soon after its return goes on trial before it returns.") \
	X(stall_waits, "A suspicion of itself that a member hears after a stall counts as a death.") \
	X(recent_stall_counts, "A stall counts until one probe interval after its end.") \
	/* doubt.c */ \
	X(deaf_waits, "A member that hears nobody declares nobody dead.") \
	/* foreign.c */ \
	X(foreign_length, "The answer to a ping of another cluster is not longer than the ping.") \
	X(foreign_rate, "Pings of other clusters are answered at a limited rate.") \
	X(foreign_is_answered, "A ping of another cluster is answered.") \
	/* gossip.c */ \
	X(page_of_answered, "A page tells which of the dead and left members have answered somebody.") \
	X(unsent_not_counted, "A rumour that found no room in a datagram does not count as sent.") \
	X(change_is_no_join, "A rumour of new tags or of another address is sent after the rumours of joins.") \
	X(same_life_is_last, "A rumour of a new incarnation alone is sent after all other rumours.") \
	X(urgent_pushes, "Suspicions, verdicts and refutations are pushed to more members in one interval.") \
	/* introduce.c */ \
	X(base_seed_rests, "A base peer through which a member has just joined is sent only answers for one probe interval.") \
	X(base_introduction, "Base peers are told of all members by pings of their own.") \
	/* inquiry.c */ \
	X(leaver_is_asked, "The question whether a base peer has left names that peer, and not only its address.") \
	X(seed_may_be_base, "A seed of unknown kind is sent the ping for base peers too.") \
	X(claim_is_small, "Only a small ping, and no claim, goes to an address that has not answered.") \
	X(unnamed_dropped, "An unnamed peer that answers under the name of a member elsewhere leaves the list.") \
	X(former_is_asked, "A base peer moves only once its former address has been asked in vain.") \
	X(contests_pause, "Two namesakes that both stay repeat their contest after a pause that grows.") \
	X(namesake_has_time, "A namesake of this version is given further rounds to decide.") \
	/* judge.c */ \
	X(dead_wins, "At the same incarnation a death overrides a suspicion and life.") \
	X(suspicion_of_one_life, "A suspicion of a lower incarnation changes nothing.") \
	X(return_rises, "A dead or left member returns only at a higher incarnation.") \
	X(removal_holds, "A removed member returns only at a higher incarnation.") \
	X(hearsay_suspects, "A death or leave that a stranger tells is a suspicion, or is ignored.") \
	/* link.c */ \
	X(link_told_once, "A broken link is told once.") \
	/* members.c */ \
	X(table_bound, "The table has at most max_members members.") \
	X(joined_once, "member.joined is told once in one life.") \
	X(joined_first, "member.joined is told before member.suspected.") \
	X(accusers_of_one_life, "Accusers count against the incarnation that they accused.") \
	X(suspicion_of_one_incarnation, "A suspicion of another incarnation begins anew.") \
	X(removal_told, "A removal is passed on.") \
	/* outbox.c */ \
	X(datagram_bound, "No datagram is longer than max_datagram.") \
	/* path.c */ \
	X(retry_is_smaller, "A datagram without an answer is repeated at a smaller size.") \
	X(path_is_tried_again, "A larger size is tried again on a path that lost large datagrams.") \
	/* probe.c */ \
	X(health_bound, "The health counter has an upper bound.") \
	X(probe_is_sent_once, "A probe sends one direct ping.") \
	X(indirect_probes, "Other members are asked to probe a member that is silent.") \
	X(silence_suspects, "A member that fails a probe is suspected.") \
	X(reconnects, "Dead members are pinged now and then.") \
	X(local_health, "A member in bad health waits longer for answers (Lifeguard IV.A).") \
	X(coordinated_probes, "Members of one view spread their probes so that each member is probed once an interval.") \
	X(learnt_timeouts, "The time to wait for an answer is learnt from the answers before.") \
	X(probe_order_skips, "Probes skip suspects that have all their accusers, and unnamed peers that have not answered.") \
	X(outage_haste, "Where many members are suspected, more are probed in one interval.") \
	X(suspect_is_told, "A suspect is told of the suspicion in all that is sent to it (Lifeguard IV.C).") \
	X(stall_is_noticed, "A process that stood still does not take the others' silence for failure.") \
	/* profile.c */ \
	X(unanswered_forgotten, "A member that never answered anybody is forgotten early.") \
	/* relay.c */ \
	X(relay_ends, "A probe for another member ends.") \
	/* rumour.c */ \
	X(rumour_repeated, "A rumour is sent several times.") \
	X(rumour_limit, "A rumour is not sent more often than its limit.") \
	X(rumour_ends, "A rumour that has reached its limit is dropped.") \
	/* speaker.c */ \
	X(address_is_no_name, "A sender without a name does not speak for the member at its address.") \
	X(unnamed_bound, "The unnamed peers that have not answered yet are limited.") \
	X(place_of_gone_is_asked, "A sender without a name at the address of a gone member is asked for its name.") \
	/* suspect.c */ \
	X(suspicion_ends, "A suspicion ends in a verdict.") \
	X(question_not_overdue, "The next question to a suspect is never due in the past, however late an accuser is heard of.") \
	X(late_verdict_asks, "A verdict that is late still comes after its last questions.") \
	X(owner_raises, "A verdict keeps the incarnation: only the member itself raises it.") \
	X(answer_to_others_counts, "An answer of a suspect to a helper counts as an answer.") \
	X(stall_voids_questions, "A question that was asked before a stall does not count as unanswered after the stall.") \
	X(last_questions, "A suspect is asked the last round of questions before the verdict.") \
	X(suspicion_shrinks, "A suspicion begins long and shrinks with each accuser (Lifeguard IV.B).") \
	X(short_suspicion, "A confirmed suspicion lasts as the configuration says, and not as in memberlist.") \
	/* suspicion.c */ \
	X(accusers_differ, "An accuser counts once.") \
	X(finder_accuses, "An accuser has asked the suspect in vain, and does not only repeat the suspicion.") \
	X(verdict_is_confirmed, "A death that others tell is a suspicion, unless it names enough accusers.") \
	X(gone_have_no_say, "A suspicion whose accusers are all held dead is ignored.") \
	/* swim.c */ \
	X(ack_tells_us, "An ack has our own record, if the asker may lack the record or misjudges us.") \
	X(misjudged_answers, "An ack has our own record, if the asker is a swimd peer that misjudges us.") \
	X(namesake_is_answered, "A ping in our own name is answered while our own ping to that address is under way.") \
	X(ack_is_last, "An ack is not answered.") \
	X(answer_is_told, "A sender that does not know that a dead member has answered somebody is told so.") \
	X(base_cluster_apart, "A datagram for base peers is dropped.") \
	X(clusters_apart, "Datagrams of other clusters are dropped.") \
	X(new_tags_raise, "New tags take a new incarnation.") \
	/* sync.c */ \
	X(syncs, "Members compare and pull whole views.") \
	X(removals_compared, "Members compare the removals that they remember.") \
	/* visitor.c */ \
	X(visitor_is_asked, "A member that a stranger tells of is listed only once it has answered.") \
	X(seeds_are_trusted, "A member that has just started and has seeds believes only its seeds.") \
	X(removed_returns, "A tombstone that answers the ping to a visitor is taken up again.") \
	/* daemon/reserve.c */ \
	X(reserve_before_speech, "An incarnation is told only once the disk has a bound above it.") \
	X(start_at_bound, "A member starts at the bound that its disk has.") \
	X(damage_is_no_number, "The number of a damaged state file does not count.") \
	/* daemon/snapshot.c */ \
	X(left_not_asked, "A member that leaves is not asked to let this member in any more.") \
	X(failed_save_repeated, "A write of the members that failed is repeated.") \
	X(earlier_stays, "The members that were alive in an earlier run stay on disk until others have been alive for a minute.") \
	X(ended_restored, "The members that were dead or had left in an earlier run are dead or have left after a restart.") \
	X(earlier_asked, "After a restart the members of the earlier run are asked to let this member in.") \
	X(others_file_unused, "A file of the members of another member or cluster is not used.") \
	/* discovery */ \
	X(seeds_asked_again, "A seed that has answered is asked again when it is no member any more.") \
	X(own_seed_asked_again, "A seed that was this member itself is asked again.") \
	X(members_not_asked, "An address that is found and is a member's already is not asked to let this member in.") \
	X(known_asked_alone, "The members of an earlier run are asked only while no other member is alive.") \
	X(foreigners_not_asked, "A member of another cluster that is heard is not asked to let this member in.") \
	X(foreigners_forgotten, "A member of another cluster is forgotten ten minutes after its last datagram.") \
	X(first_foreigners_stay, "Where more members of other clusters are heard than are kept, the first ones stay.")
/* clang-format on */

#ifdef SWIM_RULES
#	include <stdbool.h>

enum rule {
#	define RULE_NUMBER(name, text) RULE_##name,
	RULES(RULE_NUMBER)
#	undef RULE_NUMBER
	    RULE_COUNT
};

/* Defined by the simulator; true: the rule is turned off. */
extern bool rules_off[RULE_COUNT];

#	define RULE(name) (!rules_off[RULE_##name])
#else
#	define RULE(name) true
#endif

#endif
