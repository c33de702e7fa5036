/* SPDX-License-Identifier: MIT */
/*
 * The rules of the protocol that the simulator can turn off, one at a time or several together, to show what each of
 * them is for.  `RULE(name)` stands in a condition of the core at the place of the rule.  It is the constant `true` in
 * everything that is shipped, so that the compiler leaves no trace of it.  The simulator alone links a second core,
 * which is compiled with SWIM_RULES: there the condition reads a table of the simulator (tests/sim/rules.c).
 *
 * `sim-test --rules` lists the rules, and `sim-test --without NAME[,NAME...]` runs without some of them.
 */
#ifndef SWIMD_CORE_RULE_H
#define SWIMD_CORE_RULE_H

/* clang-format off */
/* X(name, what holds): a sentence each, in the order of the files that have the rules. */
#define RULES(X) \
	/* apply.c */ \
	X(refutation, "A member that is accused refutes with a new incarnation.") \
	X(refutation_rises, "A refutation is at a higher incarnation than the accusation.") \
	X(incarnation_is_new, "A refutation takes an incarnation that the member never had before.") \
	X(jump_bound, "One update raises an incarnation by a bounded number only.") \
	X(death_raises, "A death at a higher incarnation raises the stored incarnation.") \
	X(self_refutes, "A member refutes an accusation of itself and does not store it.") \
	X(base_leave, "A base peer that says that it leaves has left, and has not failed.") \
	X(move_taken, "The address of a higher incarnation replaces the address of a lower one.") \
	X(move_of_dead, "The address of a death at a higher incarnation replaces the address of a lower one.") \
	X(tags_taken, "The tags of a higher incarnation replace the tags of a lower one.") \
	/* accused.c */ \
	X(accusers_needed, "The health of a member suffers only where several members accuse it.") \
	/* base.c */ \
	X(base_told_addresses, "Base peers are told of a swimd under its address, and not under its name.") \
	X(base_means_addresses, "An update of a base peer about an address is about the swimd there.") \
	X(base_ladder, "Base peers are told of a high incarnation by small steps.") \
	/* claim.c */ \
	X(settled_stays, "Of two members of one name the one that is settled or has company stays.") \
	X(elder_stays, "Of two new members of one name the elder stays.") \
	X(lower_address_decides, "Where paths may have changed the order of two ages, the lower address decides.") \
	X(first_claim_counts, "A member that has told its namesake that it stays holds to that.") \
	X(claim_is_asked, "That another claims the name is told only once the other has answered.") \
	X(owner_comes_back, "A member that was away for a short time keeps its name against the member that took it.") \
	X(contradictions_wait, "A member raises its incarnation against a namesake that it cannot ask once in a contest's time.") \
	/* confirm.c */ \
	X(confirmation, "A few members ask a suspect at once, and accuse it if it is silent.") \
	X(confirmers_follow, "If the first of those chosen to confirm do not accuse the suspect, the next in order ask it.") \
	/* damping.c */ \
	X(return_waits, "A member that was declared failed again soon after its return waits before it returns.") \
	X(stall_waits, "A suspicion that a member hears of after a stall makes it wait like a death.") \
	X(recent_stall_counts, "A member has stood still until one probe interval after it went on.") \
	/* doubt.c */ \
	X(deaf_waits, "A member that hears nobody declares nobody failed.") \
	/* foreign.c */ \
	X(foreign_length, "The answer to a ping of another cluster is not longer than the ping.") \
	X(foreign_rate, "Pings of other clusters are answered at a limited rate.") \
	X(foreign_is_answered, "A ping of another cluster is answered.") \
	/* gossip.c */ \
	X(page_of_answered, "A page of a view tells which of the members that ended have answered somebody.") \
	X(unsent_not_counted, "A rumour that found no room in a datagram does not count as sent.") \
	X(change_is_no_join, "A rumour of new tags or of another address is sent after the rumours of joins.") \
	X(same_life_is_last, "A rumour of a new incarnation alone is sent after all other rumours.") \
	X(urgent_pushes, "Suspicions, verdicts and refutations are pushed to more members in one interval.") \
	/* introduce.c */ \
	X(base_seed_rests, "A base peer that a member joins by is not asked again until it has told of the member.") \
	X(base_introduction, "Base peers are told of all members by pings of their own.") \
	/* inquiry.c */ \
	X(leaver_is_asked, "A question whether a base peer has left is about that peer, and not about who is at its address.") \
	X(seed_may_be_base, "A seed of which the member does not know what it is gets the question of a base peer too.") \
	X(claim_is_small, "A claim is kept small until somebody has answered at the address.") \
	X(unnamed_dropped, "An unnamed peer that answers under the name of a member elsewhere leaves the list.") \
	X(former_is_asked, "A base peer moves only once its former address has been asked in vain.") \
	X(contests_pause, "Two namesakes that both stay are contested again after a rest that grows.") \
	X(namesake_has_time, "A namesake of this version gets the time to decide.") \
	/* judge.c */ \
	X(dead_wins, "At the same incarnation a death overrides a suspicion and life.") \
	X(suspicion_of_one_life, "A suspicion of a lower incarnation is ignored.") \
	X(return_rises, "A member that has ended returns at a higher incarnation only.") \
	X(removal_holds, "A removed member returns at a higher incarnation only.") \
	X(hearsay_suspects, "A death or a leave that no member tells is a suspicion only, or is ignored.") \
	/* link.c */ \
	X(link_told_once, "A broken link is told once.") \
	/* members.c */ \
	X(table_bound, "The table has at most max_members members.") \
	X(joined_once, "A member is told as joined once in one life.") \
	X(joined_first, "A member is told as joined before it is told as suspect.") \
	X(accusers_of_one_life, "Accusers count against the incarnation that they accused.") \
	X(suspicion_of_one_incarnation, "A suspicion of another incarnation begins anew.") \
	X(removal_told, "A removal is passed on.") \
	/* outbox.c */ \
	X(datagram_bound, "No datagram is longer than max_datagram.") \
	/* path.c */ \
	X(retry_is_smaller, "What goes unanswered is sent again in smaller datagrams.") \
	X(path_is_tried_again, "A path that carried small datagrams only is tried again with large ones.") \
	/* probe.c */ \
	X(health_bound, "The health counter has an upper bound.") \
	X(probe_is_sent_once, "A probe is one ping.") \
	X(indirect_probes, "Other members are asked to probe a member that is silent.") \
	X(silence_suspects, "A member that fails a probe is suspected.") \
	X(reconnects, "Dead members are pinged now and then.") \
	X(local_health, "A member that fails at its own part waits longer for answers (Lifeguard IV.A).") \
	X(coordinated_probes, "Members of one view spread their probes so that each member is probed once an interval.") \
	X(learnt_timeouts, "The time to wait for an answer is learnt from the answers before.") \
	X(probe_order_skips, "The order of probes skips members that enough accuse, or that have not answered yet.") \
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
	X(place_of_gone_is_asked, "Whoever speaks from the address of a member that ended is asked who it is.") \
	/* suspect.c */ \
	X(suspicion_ends, "A suspicion ends in a verdict.") \
	X(question_not_overdue, "A question is never due in the past, however late an accuser is heard of.") \
	X(late_verdict_asks, "A verdict that is late still asks its last questions.") \
	X(owner_raises, "A verdict keeps the incarnation: only its owner makes a new one.") \
	X(answer_to_others_counts, "What a suspect answers to others counts as an answer.") \
	X(stall_voids_questions, "A question that was asked before a stall does not count as unanswered after the stall.") \
	X(last_questions, "A suspect is asked once more before the verdict.") \
	X(suspicion_shrinks, "A suspicion begins long and shrinks with each accuser (Lifeguard IV.B).") \
	X(short_suspicion, "A confirmed suspicion lasts as the configuration says, and not as in memberlist.") \
	/* suspicion.c */ \
	X(accusers_differ, "An accuser counts once.") \
	X(finder_accuses, "An accuser has found the silence itself, and has not only told of it.") \
	X(verdict_is_confirmed, "A verdict of another counts only with accusers enough, and is a suspicion else.") \
	X(gone_have_no_say, "A suspicion of those alone that are gone is ignored.") \
	/* swim.c */ \
	X(ack_tells_us, "A member that answers a ping tells of itself, if the asker may not know it or holds old things of it.") \
	X(misjudged_answers, "A member that answers a ping tells of itself, if the asker holds old things of it.") \
	X(namesake_is_answered, "A member that asks its namesake answers the namesake's question too.") \
	X(ack_is_last, "An ack is not answered.") \
	X(answer_is_told, "A sender that knows nobody whom a dead member answered is told of an answer.") \
	X(base_cluster_apart, "A swimd does not read what is written for base peers.") \
	X(clusters_apart, "Datagrams of other clusters are dropped.") \
	X(new_tags_raise, "Other tags come with another incarnation.") \
	/* sync.c */ \
	X(syncs, "Members compare and pull whole views.") \
	X(removals_compared, "Members compare the removals that they remember.") \
	/* visitor.c */ \
	X(visitor_is_asked, "Whoever a stranger tells of is a member only once it has answered.") \
	X(seeds_are_trusted, "A member that has just started and has seeds believes its seeds only.") \
	X(removed_returns, "A removed member that lives at another address now is taken up again.") \
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
	X(members_not_asked, "Whoever is a member already is not asked to let this member in.") \
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
