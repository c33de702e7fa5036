/* SPDX-License-Identifier: MIT */
/* The fixture of tests of discovery: a hub, a resolver, a nameserver, and callbacks in place of the core. */
#ifndef SWIMD_TESTS_SUPPORT_DISCOVERY_H
#define SWIMD_TESTS_SUPPORT_DISCOVERY_H

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "discovery/discovery.h"
#include "discovery/discovery_loop.h"
#include "net/loop.h"
#include "support/dns.h"

#define ASKED_MAX 2048

/* The callbacks record the addresses that are asked for a join.  The test reports their answers by answer() and silence(). */
struct fixture {
	struct event_base *base;
	struct dns_test server;
	struct resolver *resolver;
	struct discovery_loop *loop;
	struct discovery *hub;
	struct swim_addr asked[ASKED_MAX]; /* the addresses that were asked, in order */
	size_t asked_count;
	size_t room;         /* after this number of addresses `refuse` is set; 0: no limit */
	bool refuse;         /* no address may be asked */
	bool have_peers;     /* the core has peers */
	bool answer_at_once; /* each address that is asked answers at once */
	bool ipv4_alone;     /* the core reaches no IPv6 address */
	struct swim_addr member_at;        /* a member has this address */
	char members[64];                  /* names of members, each followed by a space */
	unsigned changes;                  /* number of calls of core_changed */
	struct discovery_peer outcomes[8]; /* of the last join */
	size_t outcome_count;
	unsigned rounds; /* number of joins that have ended */
};

static inline bool
core_join(void *ctx, const struct swim_addr *addr)
{
	struct fixture *f = ctx;

	if (f->refuse && f->room == 0)
		return false;
	ck_assert_uint_lt(f->asked_count, ASKED_MAX);
	f->asked[f->asked_count++] = *addr;
	if (f->room > 0)
		f->refuse = --f->room == 0;
	if (f->answer_at_once)
		discovery_answered(f->hub, loop_now(),
		    &(struct discovery_answer){addr, "quick", 5, DISCOVERY_WHO_OTHER});
	return true;
}

static inline void
core_changed(void *ctx)
{
	((struct fixture *)ctx)->changes++;
}

static inline bool
core_has_peers(void *ctx)
{
	return ((struct fixture *)ctx)->have_peers;
}

static inline bool
core_reaches(void *ctx, const struct swim_addr *addr)
{
	return !((struct fixture *)ctx)->ipv4_alone || addr->family == 4;
}

/* Whether a member has this address or this name. */
static inline bool
core_is_member(void *ctx, const char *name, size_t len, const struct swim_addr *address)
{
	const struct fixture *f = ctx;
	char word[300];

	if (swim_addr_equal(address, &f->member_at))
		return true;
	snprintf(word, sizeof(word), "%.*s ", (int)len, name);
	return len > 0 && strstr(f->members, word) != NULL;
}

static inline void
start(struct fixture *f, swim_duration retry_first)
{
	struct discovery_callbacks callbacks = {core_join, core_changed, core_reaches,
	    core_has_peers, core_is_member, f};
	struct resolver_config resolver;
	struct discovery_config config;

	memset(f, 0, sizeof(*f));
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	f->base = loop_new();
	dns_test_start(&f->server, f->base);
	resolver_config_defaults(&resolver);
	resolver.resolv_conf = f->server.resolv_conf;
	resolver.nameserver_port = f->server.port;
	resolver.hosts_file = "/dev/null";
	resolver.cache_ttl = swim_ms(0);
	resolver.negative_ttl = swim_ms(0);
	f->resolver = resolver_new(f->base, &resolver);
	discovery_config_defaults(&config);
	config.retry_first = retry_first;
	config.retry_max = swim_ms(200);
	if (retry_first.ns > config.retry_max.ns)
		config.retry_max = retry_first;
	config.seed = 7;
	f->loop = discovery_loop_new(f->base, f->resolver, &config, &callbacks);
	ck_assert_ptr_nonnull(f->loop);
	f->hub = discovery_loop_hub(f->loop);
}

static inline void
end(struct fixture *f)
{
	discovery_loop_free(f->loop);
	resolver_free(f->resolver);
	dns_test_end(&f->server);
	loop_free(f->base);
}

static inline enum swim_error
set_seeds(struct fixture *f, const char *a, const char *b, const char *c)
{
	const char *seeds[3] = {a, b, c};

	size_t count = 0;

	while (count < 3 && seeds[count] != NULL)
		count++;
	return discovery_set_seeds(f->hub, loop_now(), seeds, count);
}

static inline struct discovery_peer
peer(const struct fixture *f, const char *address)
{
	struct discovery_peer report;

	for (size_t i = 0; i < discovery_count(f->hub); i++) {
		discovery_at(f->hub, i, &report);
		if (strcmp(report.address, address) == 0)
			return report;
	}
	ck_abort_msg("%s is no peer", address);
}

static inline enum discovery_state
state(const struct fixture *f, const char *address)
{
	return peer(f, address).state;
}

static inline bool
was_asked(const struct fixture *f, size_t i, const char *text)
{
	char asked[SWIM_ADDR_TEXT];

	return i < f->asked_count && strcmp(swim_addr_format(&f->asked[i], asked), text) == 0;
}

static inline struct swim_addr
addr(const char *text)
{
	struct swim_addr a;

	ck_assert(swim_addr_parse(text, strlen(text), &a));
	return a;
}

static inline void
answer(struct fixture *f, const char *address, const char *member, bool self)
{
	struct swim_addr a = addr(address);

	discovery_answered(f->hub, loop_now(),
	    &(struct discovery_answer){&a, member, strlen(member),
		self ? DISCOVERY_WHO_SELF : DISCOVERY_WHO_OTHER});
}

static inline void
answer_namesake(struct fixture *f, const char *address, const char *member)
{
	struct swim_addr a = addr(address);

	discovery_answered(f->hub, loop_now(),
	    &(struct discovery_answer){&a, member, strlen(member), DISCOVERY_WHO_NAMESAKE});
}

static inline void
silence(struct fixture *f, const char *address)
{
	struct swim_addr a = addr(address);

	discovery_silent(f->hub, loop_now(), &a);
}

#endif
