/* SPDX-License-Identifier: MIT */
/*
 * How evdns is kept in its place (libevent 2.1.12, evdns.c):
 * - A question to an evdns_base without nameservers waits for ever: we count them first, and have
 *   a deadline of our own.
 * - A nameserver held to be down is probed for ever, by asking it for google.com, and freeing the base
 *   under such a probe is unsafe: probes are put off beyond the life of the base, which ends with its
 *   last question.  That also reads /etc/resolv.conf anew for every round of questions.
 * - evdns_getaddrinfo loses count of its parts when canceled: A and AAAA are asked for one by one.
 * - A canceled request still calls back, on a later turn of the loop: questions outlive struct dns until then.
 */
#include "net/dns.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <event2/dns.h>

#include "net/hosts.h"
#include "net/loop.h"

/* Once one family has answered, the other is waited for no longer than this. */
#define DNS_SKEW_MS 1000
/* A round of questions ends after this even if new ones come all the time. */
#define DNS_ROUND_S 60

enum dns_family { DNS_FAMILY_4, DNS_FAMILY_6 };
#define DNS_FAMILIES 2

/* An evdns_base and what it was made from. */
struct dns_round {
	struct dns *dns; /* NULL once another has taken its place */
	struct evdns_base *evdns;
	unsigned questions;
	swim_time begun;
	struct stat resolv_conf; /* all zero: there was none */
};

struct dns_part {
	struct dns_question *question;
	enum dns_family family;
	struct evdns_request *request; /* NULL: not under way */
	int error;                     /* DNS_ERR_*; meaningful once it is no longer under way */
};

struct dns_question {
	TAILQ_ENTRY(dns_question) link;
	struct dns *dns;         /* NULL once dns_free has dropped it */
	struct dns_round *round; /* NULL: could not be asked, answer.text says why */
	dns_callback *callback;
	void *ctx;
	struct dns_part parts[DNS_FAMILIES];
	unsigned under_way;
	bool answered; /* the callback has been called; only evdns still holds it */
	swim_time deadline;
	struct name_answer answer;
};

TAILQ_HEAD(dns_questions, dns_question);

struct dns {
	struct event_base *base;
	char *resolv_conf;
	char *nameserver; /* or NULL */
	swim_duration timeout;
	struct dns_questions questions;
	struct dns_round *round; /* the current one, or NULL */
	struct loop_timer *timer;
};

static void
dns_round_release(struct dns_round *round)
{
	if (--round->questions > 0)
		return;
	if (round->dns != NULL)
		round->dns->round = NULL;
	/*
	 * No request is left, so nothing of ours is called back any more.  This may run in a callback of
	 * evdns, which it makes from the loop and after which it does not touch the base.
	 */
	evdns_base_free(round->evdns, 0);
	free(round);
}

static void
dns_question_free(struct dns_question *question)
{
	if (question->dns != NULL)
		TAILQ_REMOVE(&question->dns->questions, question, link);
	if (question->round != NULL)
		dns_round_release(question->round);
	free(question);
}

static const char *
dns_error_text(int error)
{
	switch (error) {
	case DNS_ERR_NOTEXIST:
		return "there is no such name in /etc/hosts or in DNS";
	case DNS_ERR_NONE:
	case DNS_ERR_NODATA:
		return "the name has no address in DNS";
	case DNS_ERR_REFUSED:
		return "the nameserver refuses to look the name up";
	case DNS_ERR_TRUNCATED:
		return "the nameserver's answer does not fit a datagram";
	case DNS_ERR_SERVERFAILED:
	case DNS_ERR_TIMEOUT: /* evdns makes of SERVFAIL, after some tries, the same */
		return "no nameserver gives an answer";
	default: /* of evdns' error numbers, an open set */
		return evdns_err_to_string(error);
	}
}

/* Why there is no address: of two answers the one that says more. */
static void
dns_explain(struct dns_question *question)
{
	int first = question->parts[0].error, second = question->parts[1].error;
	int error = first;

	if (question->answer.text[0] != '\0')
		return;
	if (first == DNS_ERR_NODATA || first == DNS_ERR_NONE || second == DNS_ERR_NOTEXIST)
		error = second;
	snprintf(question->answer.text, sizeof(question->answer.text), "%s", dns_error_text(error));
}

/* Give the answer, once.  Frees the question unless evdns still holds parts of it. */
static void
dns_finish(struct dns_question *question)
{
	int i;

	if (!question->answered) {
		question->answered = true;
		question->deadline = SWIM_TIME_NEVER;
		for (i = 0; i < DNS_FAMILIES; i++) {
			if (question->parts[i].request == NULL)
				continue;
			question->parts[i].error = DNS_ERR_TIMEOUT;
			evdns_cancel_request(question->round->evdns, question->parts[i].request);
		}
		if (question->answer.count == 0) {
			question->answer.error = SWIM_ERROR_RESOLUTION_FAILED;
			dns_explain(question);
		}
		if (question->dns != NULL)
			question->callback(question->ctx, &question->answer);
	}
	if (question->under_way == 0)
		dns_question_free(question);
}

static void
dns_arm(struct dns *dns)
{
	swim_time next = SWIM_TIME_NEVER;
	struct dns_question *question;

	TAILQ_FOREACH(question, &dns->questions, link)
		next = swim_time_min(next, question->deadline);
	loop_timer_set(dns->timer, next);
}

static void
dns_timer_fired(void *ctx, swim_time now)
{
	struct dns *dns = ctx;
	struct dns_question *question, *next;

	for (question = TAILQ_FIRST(&dns->questions); question != NULL; question = next) {
		next = TAILQ_NEXT(question, link);
		if (swim_time_reached(now, question->deadline))
			dns_finish(question);
	}
	dns_arm(dns);
}

static void
dns_add_addresses(struct dns_question *question, int type, int count, const uint8_t *addresses)
{
	struct swim_addr addr;
	int i;

	for (i = 0; i < count; i++) {
		memset(&addr, 0, sizeof(addr));
		if (type == DNS_IPv4_A) {
			addr.family = 4;
			memcpy(addr.ip, addresses + 4 * i, 4);
		} else if (type == DNS_IPv6_AAAA) {
			addr.family = 6;
			memcpy(addr.ip, addresses + 16 * i, 16);
		} else {
			return;
		}
		if (!swim_addr_is_wildcard(&addr) && !swim_addr_is_multicast(&addr))
			hosts_add_address(question->answer.addresses, &question->answer.count,
			    NAME_ADDRESSES_MAX, &addr);
	}
}

static void
dns_part_answered(int result, char type, int count, int ttl, void *addresses, void *arg)
{
	struct dns_part *part = arg;
	struct dns_question *question = part->question;
	struct dns *dns = question->dns;
	swim_time soon;

	(void)ttl;
	part->request = NULL;
	if (!question->answered)
		part->error = result;
	question->under_way--;
	if (!question->answered && result == DNS_ERR_NONE)
		dns_add_addresses(question, type, count, addresses);
	if (question->under_way == 0) {
		dns_finish(question);
		if (dns != NULL)
			dns_arm(dns);
		return;
	}
	if (question->answered || dns == NULL || question->answer.count == 0)
		return;
	soon = swim_time_add(loop_now(), swim_ms(DNS_SKEW_MS));
	question->deadline = swim_time_min(question->deadline, soon);
	dns_arm(dns);
}

static void
dns_resolv_conf_stat(const struct dns *dns, struct stat *st)
{
	if (stat(dns->resolv_conf, st) != 0)
		memset(st, 0, sizeof(*st));
}

static bool
dns_round_stale(const struct dns_round *round, swim_time now)
{
	struct stat st;

	if (swim_time_reached(now, swim_time_add(round->begun, swim_seconds(DNS_ROUND_S))))
		return true;
	dns_resolv_conf_stat(round->dns, &st);
	return st.st_ino != round->resolv_conf.st_ino || st.st_size != round->resolv_conf.st_size ||
	       st.st_mtim.tv_sec != round->resolv_conf.st_mtim.tv_sec ||
	       st.st_mtim.tv_nsec != round->resolv_conf.st_mtim.tv_nsec;
}

/* Nameservers and options for one evdns_base; on failure a sentence in text. */
static bool
dns_round_setup(const struct dns *dns, struct evdns_base *evdns, char *text, size_t size)
{
	char seconds[32];

	if (dns->nameserver != NULL) {
		if (evdns_base_nameserver_ip_add(evdns, dns->nameserver) != 0) {
			snprintf(text, size, "the nameserver %.64s can't be used", dns->nameserver);
			return false;
		}
	} else {
		/* Its result is of no use: it says "failed" for a file without nameservers and for none alike. */
		evdns_base_resolv_conf_parse(evdns,
		    DNS_OPTION_NAMESERVERS | DNS_OPTION_SEARCH | DNS_OPTION_MISC |
			DNS_OPTION_NAMESERVERS_NO_DEFAULT,
		    dns->resolv_conf);
		if (evdns_base_count_nameservers(evdns) == 0) {
			snprintf(text, size,
			    "the name is not in /etc/hosts, and %.64s names no nameserver",
			    dns->resolv_conf);
			return false;
		}
	}
	/* Three tries within the deadline, so that a dead nameserver leaves time for the next. */
	snprintf(seconds, sizeof(seconds), "%lld.%06lld",
	    (long long)(dns->timeout.ns / 3 / 1000000000),
	    (long long)(dns->timeout.ns / 3 % 1000000000 / 1000));
	evdns_base_set_option(evdns, "timeout", seconds);
	evdns_base_set_option(evdns, "attempts", "3");
	evdns_base_set_option(evdns, "initial-probe-timeout", "3600");
	return true;
}

static struct dns_round *
dns_round_get(struct dns *dns, char *text, size_t size)
{
	swim_time now = loop_now();
	struct dns_round *round = dns->round;

	if (round != NULL && !dns_round_stale(round, now))
		return round;
	if (round != NULL) {
		round->dns = NULL;
		dns->round = NULL;
	}
	round = calloc(1, sizeof(*round));
	if (round == NULL)
		goto fail_memory;
	dns_resolv_conf_stat(dns, &round->resolv_conf);
	round->evdns = evdns_base_new(dns->base, 0);
	if (round->evdns == NULL)
		goto fail_memory;
	if (!dns_round_setup(dns, round->evdns, text, size)) {
		evdns_base_free(round->evdns, 0);
		free(round);
		return NULL;
	}
	round->dns = dns;
	round->begun = now;
	dns->round = round;
	return round;
fail_memory:
	free(round);
	snprintf(text, size, "out of memory");
	return NULL;
}

bool
dns_start(struct dns *dns, const char *host, dns_callback *callback, void *ctx)
{
	struct dns_question *question = calloc(1, sizeof(*question));
	struct dns_part *part;
	int i;

	if (question == NULL)
		return false;
	question->dns = dns;
	question->callback = callback;
	question->ctx = ctx;
	question->deadline = swim_time_add(loop_now(), dns->timeout);
	TAILQ_INSERT_TAIL(&dns->questions, question, link);
	question->round = dns_round_get(dns, question->answer.text, sizeof(question->answer.text));
	if (question->round != NULL)
		question->round->questions++;
	/* One more than there are, so that nothing finishes before we return. */
	question->under_way = 1;
	for (i = 0; i < DNS_FAMILIES && question->round != NULL; i++) {
		part = &question->parts[i];
		part->question = question;
		part->family = (enum dns_family)i;
		part->error = DNS_ERR_UNKNOWN;
		question->under_way++;
		part->request = part->family == DNS_FAMILY_4
				    ? evdns_base_resolve_ipv4(question->round->evdns, host, 0,
					  dns_part_answered, part)
				    : evdns_base_resolve_ipv6(question->round->evdns, host, 0,
					  dns_part_answered, part);
		if (part->request == NULL)
			question->under_way--;
	}
	question->under_way--;
	/* Could not even be asked: it is answered on the next turn of the loop, like every other. */
	if (question->under_way == 0)
		question->deadline = (swim_time){0};
	dns_arm(dns);
	return true;
}

struct dns *
dns_new(struct event_base *base, const char *resolv_conf, const char *nameserver,
    swim_duration timeout)
{
	struct dns *dns = calloc(1, sizeof(*dns));

	if (dns == NULL)
		return NULL;
	dns->base = base;
	dns->timeout = timeout;
	TAILQ_INIT(&dns->questions);
	dns->timer = loop_timer_new(base, dns_timer_fired, dns);
	dns->resolv_conf = strdup(resolv_conf);
	if (dns->timer == NULL || dns->resolv_conf == NULL)
		goto fail;
	if (nameserver != NULL) {
		dns->nameserver = strdup(nameserver);
		if (dns->nameserver == NULL)
			goto fail;
	}
	return dns;
fail:
	dns_free(dns);
	return NULL;
}

void
dns_free(struct dns *dns)
{
	struct dns_question *question;

	if (dns == NULL)
		return;
	if (dns->round != NULL)
		dns->round->dns = NULL;
	while ((question = TAILQ_FIRST(&dns->questions)) != NULL) {
		TAILQ_REMOVE(&dns->questions, question, link);
		question->dns = NULL;
		dns_finish(question);
	}
	loop_timer_free(dns->timer);
	free(dns->nameserver);
	free(dns->resolv_conf);
	free(dns);
}
