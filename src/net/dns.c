/* SPDX-License-Identifier: MIT */
/*
 * Drives c-ares:
 * - A channel lives for one round.  A round begins by reading resolv.conf and nsswitch.conf, because c-ares 1.18 cannot
 *   read them again in a channel.  The round takes new questions for DNS_ROUND_S seconds, or until resolv.conf changes
 *   or no question is left, and ends with its last question.
 * - If the hosts file has the answer, c-ares calls back from within the call that asks.  So every answer is stored, and
 *   the timer gives the answer to the caller: no function of c-ares is on the stack then, and a channel may be destroyed.
 * - c-ares cannot cancel a single question.  A question whose deadline has passed fails, and its record stays until c-ares
 *   has called back for it.
 * - Some nameservers, and firewalls before them, drop or refuse questions with EDNS.  A question that is refused, or that has
 *   no answer after the first try of every nameserver, is also asked without EDNS, by a channel of its own, and the first
 *   answer counts.  If the answer without EDNS is the first, all questions are asked without EDNS for DNS_PLAIN_S seconds, or
 *   until resolv.conf changes.  c-ares itself asks again without EDNS after FORMERR only.
 */
#include "net/dns.h"

/* c-ares 1.18 has no newer functions than ares_search and ares_parse_srv_reply; later versions deprecate both. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "net/loop.h"
#include "net/nameserver.h"
#include "net/sockaddr.h"

#define DNS_RESOLV_CONF "/etc/resolv.conf"
/* After so many seconds a round takes no new questions. */
#define DNS_ROUND_S 60
/* Larger datagrams are often lost (RFC 9715, section 3). */
#define DNS_EDNS_SIZE 1232
/* A question is sent to each nameserver so many times; the second try waits twice as long as the first. */
#define DNS_TRIES 2
#define DNS_PATIENCES 3 /* both tries together wait so many times as long as the first */
/* Seconds for which all questions go without EDNS, after the answer to a question without EDNS came first. */
#define DNS_PLAIN_S 600
/* The least time for which a first try waits, in milliseconds, however many nameservers there are. */
#define DNS_PATIENCE_MIN_MS 100

/* How c-ares asks: with EDNS (RFC 6891), or without. */
enum dns_way {
	DNS_EDNS,
	DNS_PLAIN,
	DNS_WAYS,
};

/* A socket that c-ares has opened. */
struct dns_socket {
	LIST_ENTRY(dns_socket) link;
	struct dns_round *round;
	struct event *event;
	ares_socket_t fd;
};

LIST_HEAD(dns_sockets, dns_socket);

/* A channel, and the configuration that it was opened with. */
struct dns_round {
	LIST_ENTRY(dns_round) link;
	struct dns *dns;
	enum dns_way way;
	ares_channel channel;
	struct dns_sockets sockets;
	unsigned questions;
	swim_time begun;
	struct stat resolv_conf;        /* at the round's begin; all zero: there was no such file */
	struct nameservers nameservers; /* those that c-ares cannot read itself, or none */
};

LIST_HEAD(dns_rounds, dns_round);
TAILQ_HEAD(dns_questions, dns_question);

/* A question that is asked in one of the two ways. */
struct dns_attempt {
	struct dns_question *question;
	struct dns_round *round; /* NULL: not asked in this way, or no channel could be opened */
	bool held;               /* c-ares will call back for it */
};

struct dns_question {
	TAILQ_ENTRY(dns_question) link;
	struct dns *dns;
	char *name;
	struct dns_attempt attempts[DNS_WAYS];
	swim_time plain_at; /* when to ask without EDNS too; NEVER: not at all, or already asked */
	dns_callback *callback;                 /* NULL for a service */
	dns_service_callback *service_callback; /* NULL for a host */
	void *ctx;
	bool done;     /* the answer is known */
	bool answered; /* the callback was called, or the question was dropped */
	swim_time deadline;
	struct name_answer answer; /* for a service: only the text of a failure */
	struct dns_service *services;
	size_t service_count;
};

struct dns {
	struct event_base *base;
	char *resolv_conf;
	bool hosts_by_environment;
	uint16_t port;
	swim_duration timeout;
	struct dns_questions questions;
	struct dns_rounds rounds;
	struct dns_round *current[DNS_WAYS]; /* takes new questions; NULL: none does */
	swim_time plain_until;  /* until then, questions are asked without EDNS first */
	struct stat plain_conf; /* of resolv.conf when plain_until was set */
	struct loop_timer *timer;
	bool library; /* ares_library_init succeeded */
};

/* -------------------------------------------------------------------------------------------- rounds */

static void
dns_socket_free(struct dns_socket *socket)
{
	LIST_REMOVE(socket, link);
	if (socket->event != NULL)
		event_free(socket->event);
	free(socket);
}

static void
dns_round_free(struct dns_round *round)
{
	struct dns_socket *socket;

	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): the analyzer cannot follow LIST_REMOVE */
	if (round->dns->current[round->way] == round)
		round->dns->current[round->way] = NULL;
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	LIST_REMOVE(round, link);
	/* ares_destroy calls back for the questions that are left, and for the sockets. */
	if (round->channel != NULL)
		ares_destroy(round->channel);
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): the analyzer cannot follow LIST_REMOVE */
	while ((socket = LIST_FIRST(&round->sockets)) != NULL)
		dns_socket_free(socket);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	free(round);
}

/* When c-ares has to handle its next timeout. */
static swim_time
dns_round_deadline(const struct dns_round *round)
{
	struct timeval tv, *left = ares_timeout(round->channel, NULL, &tv);

	if (left == NULL)
		return SWIM_TIME_NEVER;
	return swim_time_add(loop_now(),
	    swim_us((int64_t)left->tv_sec * 1000000 + (int64_t)left->tv_usec));
}

static bool
dns_is_held(const struct dns_question *question)
{
	return question->attempts[DNS_EDNS].held || question->attempts[DNS_PLAIN].held;
}

/* When the timer next has something to do for a question. */
static swim_time
dns_question_next(const struct dns_question *question)
{
	if (question->answered)
		return dns_is_held(question) ? SWIM_TIME_NEVER : (swim_time){0};
	if (question->done)
		return (swim_time){0};
	return swim_time_min(question->deadline, question->plain_at);
}

static void
dns_arm(struct dns *dns)
{
	swim_time next = SWIM_TIME_NEVER;
	const struct dns_question *question;
	const struct dns_round *round;

	TAILQ_FOREACH(question, &dns->questions, link)
		next = swim_time_min(next, dns_question_next(question));
	LIST_FOREACH(round, &dns->rounds, link)
		next = swim_time_min(next,
		    round->questions > 0 ? dns_round_deadline(round) : (swim_time){0});
	loop_timer_set(dns->timer, next);
}

static void
dns_socket_ready(evutil_socket_t fd, short what, void *arg)
{
	struct dns_round *round = ((struct dns_socket *)arg)->round;
	struct dns *dns = round->dns;

	/* This call may free the socket, but not the round. */
	ares_process_fd(round->channel, (what & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
	    (what & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	dns_arm(dns);
}

/* c-ares asks us to watch this socket for reading, for writing, for both, or no longer. */
static void
dns_socket_wanted(void *data, ares_socket_t fd, int readable, int writable)
{
	short what = (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0) | EV_PERSIST);
	struct dns_round *round = data;
	struct dns_socket *socket;

	LIST_FOREACH(socket, &round->sockets, link) {
		if (socket->fd == fd)
			break;
	}
	if (!readable && !writable) {
		if (socket != NULL)
			dns_socket_free(socket);
		return;
	}
	if (socket == NULL) {
		/* Without memory the socket is not watched, and its questions fail at their deadlines. */
		if ((socket = calloc(1, sizeof(*socket))) == NULL)
			return;
		socket->round = round;
		socket->fd = fd;
		LIST_INSERT_HEAD(&round->sockets, socket, link);
	} else if (socket->event != NULL) {
		event_free(socket->event);
	}
	socket->event = event_new(round->dns->base, fd, what, dns_socket_ready, socket);
	if (socket->event != NULL)
		event_add(socket->event, NULL);
}

static void
dns_resolv_conf_stat(const struct dns *dns, struct stat *st)
{
	if (stat(dns->resolv_conf, st) != 0)
		memset(st, 0, sizeof(*st));
}

static bool
dns_stat_equal(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The way in which a new question is asked first. */
static enum dns_way
dns_way_now(const struct dns *dns)
{
	struct stat st;

	if (swim_time_reached(loop_now(), dns->plain_until))
		return DNS_EDNS;
	dns_resolv_conf_stat(dns, &st);
	return dns_stat_equal(&st, &dns->plain_conf) ? DNS_PLAIN : DNS_EDNS;
}

static bool
dns_round_stale(const struct dns_round *round, swim_time now)
{
	struct stat st;

	if (swim_time_reached(now, swim_time_add(round->begun, swim_seconds(DNS_ROUND_S))))
		return true;
	dns_resolv_conf_stat(round->dns, &st);
	return !dns_stat_equal(&st, &round->resolv_conf);
}

static int
dns_open_channel(struct dns_round *round, int patience_ms)
{
	const struct dns *dns = round->dns;
	struct ares_options options = {
	    .flags = round->way == DNS_EDNS ? ARES_FLAG_EDNS : 0,
	    .ednspsz = DNS_EDNS_SIZE,
	    .timeout = patience_ms,
	    .tries = DNS_TRIES,
	    .udp_port = dns->port,
	    .tcp_port = dns->port,
	    .sock_state_cb = dns_socket_wanted,
	    .sock_state_cb_data = round,
	    .resolvconf_path = dns->resolv_conf,
	};
	int which = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		    ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF,
	    status;

	if (dns->port != 0)
		which |= ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
	status = ares_init_options(&round->channel, &options, which);
	if (status == ARES_SUCCESS && round->nameservers.count > 0)
		status = nameservers_use(round->channel, &round->nameservers);
	return status;
}

/* Open a channel that asks each nameserver DNS_TRIES times before a question's deadline. */
static int
dns_round_setup(struct dns_round *round)
{
	int64_t timeout_ms = swim_duration_ms(round->dns->timeout), patience_ms;
	struct ares_addr_port_node *servers = NULL, *server;
	int64_t count = 0;
	int status = dns_open_channel(round, DNS_PATIENCE_MIN_MS);

	if (status != ARES_SUCCESS)
		return status;
	/* The number of nameservers is known only when a channel is open. */
	status = ares_get_servers_ports(round->channel, &servers);
	for (server = servers; server != NULL; server = server->next)
		count++;
	ares_free_data(servers);
	ares_destroy(round->channel);
	round->channel = NULL;
	if (status != ARES_SUCCESS)
		return status;
	patience_ms = timeout_ms * 9 / 10 / (DNS_PATIENCES * (count > 0 ? count : 1));
	if (patience_ms < DNS_PATIENCE_MIN_MS)
		patience_ms = DNS_PATIENCE_MIN_MS;
	return dns_open_channel(round, (int)patience_ms);
}

static struct dns_round *
dns_round_get(struct dns *dns, enum dns_way way, int *status)
{
	swim_time now = loop_now();
	struct dns_round *round = dns->current[way];

	if (round != NULL && !dns_round_stale(round, now))
		return round;
	*status = ARES_ENOMEM;
	if ((round = calloc(1, sizeof(*round))) == NULL)
		return NULL;
	round->dns = dns;
	round->way = way;
	round->begun = now;
	LIST_INIT(&round->sockets);
	LIST_INSERT_HEAD(&dns->rounds, round, link);
	dns_resolv_conf_stat(dns, &round->resolv_conf);
	nameservers_read(dns->resolv_conf, &round->nameservers);
	if ((*status = dns_round_setup(round)) != ARES_SUCCESS) {
		dns_round_free(round);
		return NULL;
	}
	dns->current[way] = round;
	return round;
}

/* ----------------------------------------------------------------------------------------- questions */

static const char *
dns_error_text(const struct dns_question *question, int status)
{
	bool service = question->service_callback != NULL;

	switch (status) {
	case ARES_ENOTFOUND:
		return service ? "there is no such service in DNS"
			       : "there is no such name in /etc/hosts or in DNS";
	case ARES_ENODATA:
		return service ? "the name has no SRV record in DNS"
			       : "the name has no address in DNS";
	case ARES_EREFUSED:
		return "the nameserver refuses to look the name up";
	case ARES_ESERVFAIL:
	case ARES_ETIMEOUT:
	case ARES_ECONNREFUSED: /* c-ares 1.18 gives this for SERVFAIL and REFUSED too */
		return "no nameserver gives an answer";
	case ARES_EBADNAME:
		return "the name is not valid in DNS";
	case ARES_EFILE:
		return "a file of the name service, such as /etc/resolv.conf, cannot be read";
	default: /* c-ares' error numbers are an open set */
		return ares_strerror(status);
	}
}

static void
dns_question_free(struct dns_question *question)
{
	TAILQ_REMOVE(&question->dns->questions, question, link);
	for (size_t i = 0; i < DNS_WAYS; i++) {
		if (question->attempts[i].round != NULL)
			question->attempts[i].round->questions--;
	}
	while (question->service_count > 0)
		free(question->services[--question->service_count].target);
	free(question->services);
	name_answer_fini(&question->answer);
	free(question->name);
	free(question);
}

static void
dns_fail(struct dns_question *question, int status)
{
	name_answer_fail(&question->answer, dns_error_text(question, status));
}

/* Call back with the answer, unless the callback was called before. */
static void
dns_answer(struct dns_question *question)
{
	if (question->answered)
		return;
	question->answered = true;
	question->deadline = SWIM_TIME_NEVER;
	if (question->service_callback != NULL)
		question->service_callback(question->ctx, question->services,
		    question->service_count, question->answer.text);
	else
		question->callback(question->ctx, &question->answer);
}

/* The first question for which the timer has something to do now; NULL: there is none. */
static struct dns_question *
dns_due(const struct dns *dns, swim_time now)
{
	struct dns_question *question;

	TAILQ_FOREACH(question, &dns->questions, link) {
		if (swim_time_reached(now, dns_question_next(question)))
			return question;
	}
	return NULL;
}

/* Does this status mean that no nameserver gave an answer?  EDNS may be the reason. */
static bool
dns_is_unanswered(int status)
{
	switch (status) {
	case ARES_ETIMEOUT:
	case ARES_ECONNREFUSED: /* c-ares 1.18 gives this for SERVFAIL, NOTIMP and REFUSED too */
	case ARES_ESERVFAIL:
	case ARES_ENOTIMP:
	case ARES_EREFUSED:
	case ARES_EFORMERR:
	case ARES_EBADRESP:
		return true;
	default: /* c-ares' error numbers are an open set */
		return false;
	}
}

/* A question without EDNS has ended: remember whether the nameservers answer only without EDNS. */
static void
dns_learn(const struct dns_question *question, bool unanswered)
{
	struct dns *dns = question->dns;

	if (question->attempts[DNS_EDNS].round == NULL && unanswered) {
		dns->plain_until = (swim_time){0};
	} else if (question->attempts[DNS_EDNS].round != NULL && !unanswered) {
		dns->plain_until = swim_time_add(loop_now(), swim_seconds(DNS_PLAIN_S));
		dns_resolv_conf_stat(dns, &dns->plain_conf);
	}
}

/* Take the result of one attempt as the answer, unless the attempt in the other way may still succeed. */
static void
dns_settle(struct dns_attempt *attempt, int status)
{
	struct dns_question *question = attempt->question;
	bool unanswered = dns_is_unanswered(status);

	if (attempt == &question->attempts[DNS_PLAIN])
		dns_learn(question, unanswered);
	if (unanswered && question->plain_at.ns != SWIM_TIME_NEVER.ns) {
		question->plain_at = (swim_time){0};
	} else if (!unanswered || !dns_is_held(question)) {
		if (status != ARES_SUCCESS)
			dns_fail(question, status);
		question->done = true;
	}
}

static void
dns_addresses_came(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct dns_attempt *attempt = arg;
	struct dns_question *question = attempt->question;
	bool wanted = !question->answered && !question->done;
	struct name_answer *answer = &question->answer;
	const struct ares_addrinfo_node *node;
	const struct ares_addrinfo_cname *alias;
	struct swim_addr addr;
	int ttl = INT32_MAX;

	(void)timeouts;
	attempt->held = false;
	for (node = info != NULL && wanted ? info->nodes : NULL; node != NULL;
	     node = node->ai_next) {
		if (!sockaddr_to_addr(node->ai_addr, &addr) || swim_addr_is_wildcard(&addr) ||
		    swim_addr_is_multicast(&addr))
			continue;
		addr.port = 0;
		name_answer_add(answer, &addr, true);
		ttl = node->ai_ttl < ttl ? node->ai_ttl : ttl;
	}
	for (alias = info != NULL ? info->cnames : NULL; alias != NULL; alias = alias->next)
		ttl = alias->ttl < ttl ? alias->ttl : ttl;
	/* The time to live is 0 for an entry of the hosts file, which costs little to read again. */
	if (wanted)
		answer->ttl = swim_seconds(ttl > 0 ? ttl : 0);
	if (info != NULL)
		ares_freeaddrinfo(info);
	if (wanted && answer->count > 0)
		dns_settle(attempt, ARES_SUCCESS);
	else if (wanted)
		dns_settle(attempt, status == ARES_SUCCESS ? ARES_ENODATA : status);
	/* c-ares may call this function from within dns_start. */
	dns_arm(question->dns);
}

/* Copy the records to the question.  Returns a status of c-ares. */
static int
dns_keep_services(struct dns_question *question, const struct ares_srv_reply *records)
{
	const struct ares_srv_reply *record;

	question->services = calloc(DNS_SERVICES_MAX, sizeof(*question->services));
	for (record = records; record != NULL && question->services != NULL;
	     record = record->next) {
		struct dns_service *service = &question->services[question->service_count];

		if (question->service_count == DNS_SERVICES_MAX)
			break;
		service->priority = record->priority;
		service->weight = record->weight;
		service->port = record->port;
		if ((service->target = strdup(record->host)) != NULL)
			question->service_count++;
	}
	if (question->service_count > 0)
		return ARES_SUCCESS;
	return records != NULL ? ARES_ENOMEM : ARES_ENODATA;
}

static void
dns_services_came(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
	struct dns_attempt *attempt = arg;
	struct dns_question *question = attempt->question;
	struct ares_srv_reply *records = NULL;

	(void)timeouts;
	attempt->held = false;
	if (!question->answered && !question->done) {
		if (status == ARES_SUCCESS)
			status = ares_parse_srv_reply(bytes, len, &records);
		if (status == ARES_SUCCESS)
			status = dns_keep_services(question, records);
		dns_settle(attempt, status);
		ares_free_data(records);
	}
	dns_arm(question->dns);
}

/* c-ares may call back at once; the callback only stores the answer. */
static void
dns_ask(struct dns_question *question, enum dns_way way)
{
	/* Do not sort the addresses by distance (RFC 6724): the caller tries each of them. */
	const struct ares_addrinfo_hints hints = {
	    .ai_flags = ARES_AI_NOSORT |
			(question->dns->hosts_by_environment ? ARES_AI_ENVHOSTS : 0),
	    .ai_family = AF_UNSPEC,
	};
	struct dns_attempt *attempt = &question->attempts[way];
	int status;

	if (way == DNS_PLAIN)
		question->plain_at = SWIM_TIME_NEVER;
	attempt->question = question;
	attempt->round = dns_round_get(question->dns, way, &status);
	if (attempt->round == NULL) {
		question->done = !dns_is_held(question);
		if (question->done)
			dns_fail(question, status);
		return;
	}
	attempt->round->questions++;
	attempt->held = true;
	if (question->service_callback != NULL)
		ares_search(attempt->round->channel, question->name, ns_c_in, ns_t_srv,
		    dns_services_came, attempt);
	else
		ares_getaddrinfo(attempt->round->channel, question->name, NULL, &hints,
		    dns_addresses_came, attempt);
}

static void
dns_timer_fired(void *ctx, swim_time now)
{
	struct dns *dns = ctx;
	struct dns_question *question;
	struct dns_round *round, *next;

	LIST_FOREACH(round, &dns->rounds, link)
		ares_process_fd(round->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	/* Search from the start after each question: the callback may add and drop questions. */
	while ((question = dns_due(dns, now)) != NULL) {
		if (!question->answered && !question->done &&
		    !swim_time_reached(now, question->deadline)) {
			dns_ask(question, DNS_PLAIN);
			continue;
		}
		if (!question->answered && !question->done)
			dns_fail(question, ARES_ETIMEOUT);
		dns_answer(question);
		if (!dns_is_held(question))
			dns_question_free(question);
	}
	for (round = LIST_FIRST(&dns->rounds); round != NULL; round = next) {
		next = LIST_NEXT(round, link);
		if (round->questions == 0)
			dns_round_free(round);
	}
	dns_arm(dns);
}

static struct dns_question *
dns_question_new(struct dns *dns, const char *name, void *ctx)
{
	struct dns_question *question = calloc(1, sizeof(*question));

	if (question == NULL)
		return NULL;
	if ((question->name = strdup(name)) == NULL) {
		free(question);
		return NULL;
	}
	question->dns = dns;
	question->ctx = ctx;
	question->deadline = swim_time_add(loop_now(), dns->timeout);
	TAILQ_INSERT_TAIL(&dns->questions, question, link);
	return question;
}

static void
dns_begin(struct dns_question *question)
{
	struct dns *dns = question->dns;
	/* After this time the first try of every nameserver has failed. */
	int64_t first_ms = swim_duration_ms(dns->timeout) * 9 / 10 / DNS_PATIENCES;

	question->plain_at = swim_time_add(loop_now(), swim_ms(first_ms));
	dns_ask(question, dns_way_now(dns));
	dns_arm(dns);
}

struct dns_question *
dns_start(struct dns *dns, const char *host, dns_callback *callback, void *ctx)
{
	struct dns_question *question = dns_question_new(dns, host, ctx);

	if (question == NULL)
		return NULL;
	question->callback = callback;
	dns_begin(question);
	return question;
}

struct dns_question *
dns_start_service(struct dns *dns, const char *name, dns_service_callback *callback, void *ctx)
{
	struct dns_question *question = dns_question_new(dns, name, ctx);

	if (question == NULL)
		return NULL;
	question->service_callback = callback;
	dns_begin(question);
	return question;
}

void
dns_drop(struct dns_question *question)
{
	question->answered = true;
	question->deadline = SWIM_TIME_NEVER;
}

/* ------------------------------------------------------------------------------- beginning and end */

struct dns *
dns_new(struct event_base *base, const struct dns_config *config)
{
	struct dns *dns = calloc(1, sizeof(*dns));

	if (dns == NULL)
		return NULL;
	dns->base = base;
	dns->port = config->port;
	dns->timeout = config->timeout;
	TAILQ_INIT(&dns->questions);
	LIST_INIT(&dns->rounds);
	dns->library = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
	dns->timer = loop_timer_new(base, dns_timer_fired, dns);
	dns->resolv_conf = strdup(
	    config->resolv_conf != NULL ? config->resolv_conf : DNS_RESOLV_CONF);
	if (!dns->library || dns->timer == NULL || dns->resolv_conf == NULL)
		goto fail;
	if (config->hosts_file != NULL) {
		/* c-ares 1.18 takes the path from the environment only. */
		if (setenv("CARES_HOSTS", config->hosts_file, 1) != 0)
			goto fail;
		dns->hosts_by_environment = true;
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
	struct dns_round *round;

	if (dns == NULL)
		return;
	TAILQ_FOREACH(question, &dns->questions, link)
		question->answered = true;
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): the analyzer cannot follow LIST_REMOVE and TAILQ_REMOVE */
	while ((round = LIST_FIRST(&dns->rounds)) != NULL)
		dns_round_free(round);
	while ((question = TAILQ_FIRST(&dns->questions)) != NULL) {
		for (size_t i = 0; i < DNS_WAYS; i++)
			question->attempts[i].round = NULL; /* freed above */
		dns_question_free(question);
	}
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	loop_timer_free(dns->timer);
	if (dns->library)
		ares_library_cleanup();
	free(dns->resolv_conf);
	free(dns);
}
