/* SPDX-License-Identifier: MIT */
/*
 * How c-ares is driven:
 * - A channel lives for one round: from a first question until none is left, or another round has taken its place.
 *   A round begins with reading resolv.conf and nsswitch.conf, so that what changes there is heeded; it ends after
 *   DNS_ROUND_S at the latest, and when resolv.conf changes.  (c-ares 1.18 cannot read them again in a channel.)
 * - c-ares calls back from within the call that asks, where the hosts file has the answer.  All answers are
 *   noted, and given from the timer: there nothing of c-ares is on the stack, and a channel may be destroyed.
 * - Questions cannot be cancelled one by one.  One whose deadline has passed is answered in the negative, and stays
 *   until c-ares lets go of it.
 */
#include "net/dns.h"

/* ares_query and ares_parse_srv_reply are what 1.18 has; later versions keep them, and advise against them. */
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
/* A round of questions ends after this even if new ones come all the time. */
#define DNS_ROUND_S 60
/* Larger datagrams are often lost (RFC 9715, section 3). */
#define DNS_EDNS_SIZE 1232
/* Each nameserver is asked so many times before a question fails, the second time with twice the patience. */
#define DNS_TRIES 2
#define DNS_PATIENCES 3 /* of both tries together */
/* A nameserver is not given up sooner, however many there are. */
#define DNS_PATIENCE_MIN_MS 100

/* A socket of c-ares' own. */
struct dns_socket {
	LIST_ENTRY(dns_socket) link;
	struct dns_round *round;
	struct event *event;
	ares_socket_t fd;
};

LIST_HEAD(dns_sockets, dns_socket);

/* A channel and what it was made from. */
struct dns_round {
	LIST_ENTRY(dns_round) link;
	struct dns *dns;
	ares_channel channel;
	struct dns_sockets sockets;
	unsigned questions;
	swim_time begun;
	struct stat resolv_conf;        /* all zero: there was none */
	struct nameservers nameservers; /* for the channel, if c-ares cannot read them */
};

LIST_HEAD(dns_rounds, dns_round);
TAILQ_HEAD(dns_questions, dns_question);

struct dns_question {
	TAILQ_ENTRY(dns_question) link;
	struct dns *dns;
	struct dns_round *round; /* NULL: could not be asked */
	dns_callback *callback;  /* one of the two */
	dns_service_callback *service_callback;
	void *ctx;
	bool held;     /* c-ares will call back for it */
	bool answered; /* the callback has been called, or is not to be */
	swim_time deadline;
	struct name_answer answer; /* text: for a service too */
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
	struct dns_round *round; /* the current one, or NULL */
	struct loop_timer *timer;
	bool library; /* ares_library_init went well */
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

	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): it is lost on LIST_REMOVE */
	if (round->dns->round == round)
		round->dns->round = NULL;
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	LIST_REMOVE(round, link);
	/* Calls back for the questions that are left, and for the sockets. */
	if (round->channel != NULL)
		ares_destroy(round->channel);
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): it is lost on LIST_REMOVE */
	while ((socket = LIST_FIRST(&round->sockets)) != NULL)
		dns_socket_free(socket);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	free(round);
}

/* When c-ares next wants to look after its questions. */
static swim_time
dns_round_deadline(const struct dns_round *round)
{
	struct timeval tv, *left = ares_timeout(round->channel, NULL, &tv);

	if (left == NULL)
		return SWIM_TIME_NEVER;
	return swim_time_add(loop_now(),
	    swim_us((int64_t)left->tv_sec * 1000000 + (int64_t)left->tv_usec));
}

static void
dns_arm(struct dns *dns)
{
	swim_time next = SWIM_TIME_NEVER;
	const struct dns_question *question;
	const struct dns_round *round;

	TAILQ_FOREACH(question, &dns->questions, link)
		next = swim_time_min(next, question->held ? question->deadline : (swim_time){0});
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

	/* May free the socket, but not the round. */
	ares_process_fd(round->channel, (what & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
	    (what & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	dns_arm(dns);
}

/* c-ares wants to know of this socket when it is readable, writable, both, or no more. */
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
		/* For want of memory it is never ready, and its questions end at their deadlines. */
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

static int
dns_open_channel(struct dns_round *round, int patience_ms)
{
	const struct dns *dns = round->dns;
	struct ares_options options = {
	    .flags = ARES_FLAG_EDNS,
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

/* A channel that has asked each nameserver DNS_TRIES times before a question's deadline. */
static int
dns_round_setup(struct dns_round *round)
{
	int64_t timeout_ms = swim_duration_ms(round->dns->timeout), patience_ms;
	struct ares_addr_port_node *servers = NULL, *server;
	int64_t count = 0;
	int status = dns_open_channel(round, DNS_PATIENCE_MIN_MS);

	if (status != ARES_SUCCESS)
		return status;
	/* How many there are is known only then. */
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
dns_round_get(struct dns *dns, int *status)
{
	swim_time now = loop_now();
	struct dns_round *round = dns->round;

	if (round != NULL && !dns_round_stale(round, now))
		return round;
	*status = ARES_ENOMEM;
	if ((round = calloc(1, sizeof(*round))) == NULL)
		return NULL;
	round->dns = dns;
	round->begun = now;
	LIST_INIT(&round->sockets);
	LIST_INSERT_HEAD(&dns->rounds, round, link);
	dns_resolv_conf_stat(dns, &round->resolv_conf);
	nameservers_read(dns->resolv_conf, &round->nameservers);
	if ((*status = dns_round_setup(round)) != ARES_SUCCESS) {
		dns_round_free(round);
		return NULL;
	}
	dns->round = round;
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
	case ARES_ECONNREFUSED: /* 1.18 makes this of SERVFAIL and REFUSED too */
		return "no nameserver gives an answer";
	case ARES_EBADNAME:
		return "it is no name that can be looked up";
	case ARES_EFILE:
		return "a file of the name service, such as /etc/resolv.conf, cannot be read";
	default: /* of c-ares' error numbers, an open set */
		return ares_strerror(status);
	}
}

static void
dns_question_free(struct dns_question *question)
{
	TAILQ_REMOVE(&question->dns->questions, question, link);
	if (question->round != NULL)
		question->round->questions--;
	while (question->service_count > 0)
		free(question->services[--question->service_count].target);
	free(question->services);
	name_answer_fini(&question->answer);
	free(question);
}

static void
dns_fail(struct dns_question *question, int status)
{
	name_answer_fail(&question->answer, dns_error_text(question, status));
}

/* Give the answer, once. */
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

/* The first question whose answer is known, or whose deadline has passed unanswered; NULL: none. */
static struct dns_question *
dns_due(const struct dns *dns, swim_time now)
{
	struct dns_question *question;

	TAILQ_FOREACH(question, &dns->questions, link) {
		if (!question->held || swim_time_reached(now, question->deadline))
			return question;
	}
	return NULL;
}

static void
dns_timer_fired(void *ctx, swim_time now)
{
	struct dns *dns = ctx;
	struct dns_question *question;
	struct dns_round *round, *next;

	LIST_FOREACH(round, &dns->rounds, link)
		ares_process_fd(round->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	/* Looked for anew after each: its callback may ask again. */
	while ((question = dns_due(dns, now)) != NULL) {
		if (question->held)
			dns_fail(question, ARES_ETIMEOUT);
		dns_answer(question);
		if (!question->held)
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
dns_question_new(struct dns *dns, void *ctx)
{
	struct dns_question *question = calloc(1, sizeof(*question));
	int status;

	if (question == NULL)
		return NULL;
	question->dns = dns;
	question->ctx = ctx;
	question->deadline = swim_time_add(loop_now(), dns->timeout);
	TAILQ_INSERT_TAIL(&dns->questions, question, link);
	question->round = dns_round_get(dns, &status);
	if (question->round != NULL)
		question->round->questions++;
	else
		dns_fail(question, status);
	question->held = question->round != NULL;
	return question;
}

/* ----------------------------------------------------------------------------------------- addresses */

static void
dns_addresses_came(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct dns_question *question = arg;
	struct name_answer *answer = &question->answer;
	const struct ares_addrinfo_node *node;
	const struct ares_addrinfo_cname *alias;
	struct swim_addr addr;
	int ttl = INT32_MAX;

	(void)timeouts;
	question->held = false;
	for (node = info != NULL ? info->nodes : NULL; node != NULL && !question->answered;
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
	/* Of what is in the hosts file it is 0: that is not far to read again. */
	answer->ttl = swim_seconds(ttl > 0 ? ttl : 0);
	if (info != NULL)
		ares_freeaddrinfo(info);
	if (answer->count == 0 && !question->answered)
		dns_fail(question, status == ARES_SUCCESS ? ARES_ENODATA : status);
	/* May come from within dns_start. */
	dns_arm(question->dns);
}

struct dns_question *
dns_start(struct dns *dns, const char *host, dns_callback *callback, void *ctx)
{
	/* Not sorted by how near they are (RFC 6724): each is tried. */
	const struct ares_addrinfo_hints hints = {
	    .ai_flags = ARES_AI_NOSORT | (dns->hosts_by_environment ? ARES_AI_ENVHOSTS : 0),
	    .ai_family = AF_UNSPEC,
	};
	struct dns_question *question = dns_question_new(dns, ctx);

	if (question == NULL)
		return NULL;
	question->callback = callback;
	if (question->held)
		ares_getaddrinfo(question->round->channel, host, NULL, &hints, dns_addresses_came,
		    question);
	dns_arm(dns);
	return question;
}

/* ------------------------------------------------------------------------------------------ services */

static void
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
	if (question->service_count == 0)
		dns_fail(question, records != NULL ? ARES_ENOMEM : ARES_ENODATA);
}

static void
dns_services_came(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
	struct dns_question *question = arg;
	struct ares_srv_reply *records = NULL;

	(void)timeouts;
	question->held = false;
	if (status == ARES_SUCCESS)
		status = ares_parse_srv_reply(bytes, len, &records);
	if (!question->answered && status == ARES_SUCCESS)
		dns_keep_services(question, records);
	else if (!question->answered)
		dns_fail(question, status);
	ares_free_data(records);
	dns_arm(question->dns);
}

struct dns_question *
dns_start_service(struct dns *dns, const char *name, dns_service_callback *callback, void *ctx)
{
	struct dns_question *question = dns_question_new(dns, ctx);

	if (question == NULL)
		return NULL;
	question->service_callback = callback;
	if (question->held)
		ares_search(question->round->channel, name, ns_c_in, ns_t_srv, dns_services_came,
		    question);
	dns_arm(dns);
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
		/* 1.18 takes no other path for it. */
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
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): it is lost on LIST_REMOVE and TAILQ_REMOVE */
	while ((round = LIST_FIRST(&dns->rounds)) != NULL)
		dns_round_free(round);
	while ((question = TAILQ_FIRST(&dns->questions)) != NULL) {
		question->round = NULL; /* freed above */
		dns_question_free(question);
	}
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	loop_timer_free(dns->timer);
	if (dns->library)
		ares_library_cleanup();
	free(dns->resolv_conf);
	free(dns);
}
