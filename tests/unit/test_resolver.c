/* SPDX-License-Identifier: MIT */
#include "net/resolver.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/dns.h"

/* A resolver, its nameserver, and the result of the last request. */
struct fixture {
	struct event_base *base;
	struct dns_test server;
	char hosts_file[64];
	struct resolver *resolver;
	unsigned answers;
	enum swim_error error;
	char text[256], hostport[SWIM_HOSTPORT_MAX + 1];
	char addresses[8192]; /* separated by spaces */
	size_t count;
	const char *again; /* looked up from within the callback */
	struct resolver_request *cancel_in_callback;
};

static void
answered(void *ctx, const char *hostport, enum swim_error error, const char *text,
    const struct swim_addr *addresses, size_t count)
{
	struct fixture *f = ctx;
	char one[SWIM_ADDR_TEXT];

	f->answers++;
	f->error = error;
	f->count = count;
	snprintf(f->text, sizeof(f->text), "%s", text);
	snprintf(f->hostport, sizeof(f->hostport), "%s", hostport);
	f->addresses[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(f->addresses, i > 0 ? " " : "");
		strcat(f->addresses, swim_addr_format(&addresses[i], one));
	}
	if (f->again != NULL)
		ck_assert_ptr_nonnull(resolver_lookup(f->resolver, f->again, answered, f));
	if (f->cancel_in_callback != NULL)
		resolver_cancel(f->cancel_in_callback);
	f->cancel_in_callback = NULL;
}

static struct resolver_config
start(struct fixture *f)
{
	struct resolver_config config;
	FILE *file;
	int fd;

	memset(f, 0, sizeof(*f));
	f->base = loop_new();
	dns_test_start(&f->server, f->base);
	snprintf(f->hosts_file, sizeof(f->hosts_file), "/tmp/swimd-test-hosts-XXXXXX");
	fd = mkstemp(f->hosts_file);
	file = fdopen(fd, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "127.0.0.1 localhost\n10.9.9.9 filed\n");
	fclose(file);
	resolver_config_defaults(&config);
	config.resolv_conf = f->server.resolv_conf;
	config.nameserver_port = f->server.port;
	config.hosts_file = f->hosts_file;
	return config;
}

static void
start_resolver(struct fixture *f, const struct resolver_config *config)
{
	f->resolver = resolver_new(f->base, config);
	ck_assert_ptr_nonnull(f->resolver);
}

static void
end(struct fixture *f)
{
	resolver_free(f->resolver);
	dns_test_end(&f->server);
	loop_free(f->base);
	unlink(f->hosts_file);
}

static struct resolver_stats
stats_of(const struct fixture *f)
{
	struct resolver_stats stats;

	resolver_stats(f->resolver, &stats);
	return stats;
}

static void
resolve(struct fixture *f, const char *hostport)
{
	unsigned before = f->answers;

	ck_assert_ptr_nonnull(resolver_lookup(f->resolver, hostport, answered, f));
	ck_assert_msg(f->answers == before, "%s was answered before resolver_lookup returned",
	    hostport);
	LOOP_UNTIL(f->base, f->answers == before + 1);
	ck_assert_str_eq(f->hostport, hostport);
}

static void
resolves(struct fixture *f, const char *hostport, const char *expected)
{
	resolve(f, hostport);
	ck_assert_str_eq(f->addresses, expected);
	ck_assert_int_eq(f->error, SWIM_OK);
}

static void
fails(struct fixture *f, const char *hostport, const char *expected)
{
	resolve(f, hostport);
	ck_assert_uint_eq(f->count, 0);
	ck_assert_int_eq(f->error, SWIM_ERROR_RESOLUTION_FAILED);
	ck_assert_str_eq(f->text, expected);
}

START_TEST(names_resolve_to_both_families_ipv4_first)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	dns_test_name(&f.server, "six.test")->v6[0] = "2001:db8::1";
	*dns_test_name(&f.server, "both.test") = (struct dns_test_name){.name = "both.test",
	    .v4 = {"10.0.0.1", "10.0.0.2"},
	    .v6 = {"2001:db8::1", "2001:db8::2"}};
	start_resolver(&f, &config);
	resolves(&f, "a.test:7946", "10.0.0.1:7946");
	resolves(&f, "six.test:80", "[2001:db8::1]:80");
	resolves(&f, "both.test:1", "10.0.0.1:1 10.0.0.2:1 [2001:db8::1]:1 [2001:db8::2]:1");
	ck_assert_uint_eq(f.server.queries, 6);
	end(&f);
}
END_TEST

START_TEST(numeric_addresses_need_no_question)
{
	char scoped[64], expected[64];
	struct fixture f;
	struct resolver_config config = start(&f);
	struct swim_addr addr;

	start_resolver(&f, &config);
	resolves(&f, "10.0.0.1:7946", "10.0.0.1:7946");
	resolves(&f, "[2001:db8::1]:7946", "[2001:db8::1]:7946");
	resolves(&f, "[fe80::1%7]:7946", "[fe80::1%7]:7946");
	resolves(&f, "[fe80::1%lo]:7946",
	    (snprintf(expected, sizeof(expected), "[fe80::1%%%u]:7946", if_nametoindex("lo")),
		expected));
	fails(&f, "[fe80::1%no-such-if]:7946", "there is no network interface no-such-if");
	fails(&f, "[2001:db8::1%lo]:7946", "only a link-local address can have a zone (lo)");
	snprintf(scoped, sizeof(scoped), "[fe80::1%%lo]:1");
	ck_assert(resolver_cached(f.resolver, scoped, &addr));
	ck_assert_uint_eq(addr.scope, if_nametoindex("lo"));
	ck_assert_uint_eq(f.server.queries, 0);
	ck_assert_uint_eq(stats_of(&f).misses, 0);
	end(&f);
}
END_TEST

START_TEST(the_hosts_file_comes_before_dns)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "filed")->v4[0] = "10.0.0.1";
	start_resolver(&f, &config);
	resolves(&f, "filed:7946", "10.9.9.9:7946");
	resolve(&f, "localhost:7946");
	/* c-ares 1.34 adds the address of the other family, which this file lacks. */
	ck_assert(strncmp(f.addresses, "127.0.0.1:7946", strlen("127.0.0.1:7946")) == 0);
	ck_assert_uint_eq(f.server.queries, 0);
	end(&f);
}
END_TEST

START_TEST(localhost_is_known_without_a_hosts_file)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	ck_assert_int_eq(truncate(f.hosts_file, 0), 0);
	start_resolver(&f, &config);
	resolves(&f, "LocalHost:7946", "127.0.0.1:7946 [::1]:7946");
	resolves(&f, "db1.localhost.:7946", "127.0.0.1:7946 [::1]:7946");
	fails(&f, "db1localhost:7946", "there is no such name in /etc/hosts or in DNS");
	end(&f);
}
END_TEST

START_TEST(failures_say_why)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "empty.test");
	dns_test_name(&f.server, "broken.test")->code4 = 2;
	dns_test_name(&f.server, "broken.test")->code6 = 2;
	dns_test_name(&f.server, "refused.test")->code4 = 5;
	dns_test_name(&f.server, "refused.test")->code6 = 5;
	start_resolver(&f, &config);
	fails(&f, "none.test:1", "there is no such name in /etc/hosts or in DNS");
	fails(&f, "empty.test:1", "the name has no address in DNS");
	fails(&f, "broken.test:1", "no nameserver gives an answer");
	resolve(&f, "refused.test:1");
	/* c-ares 1.18 does not say more. */
	ck_assert(strcmp(f.text, "the nameserver refuses to look the name up") == 0 ||
		  strcmp(f.text, "no nameserver gives an answer") == 0);
	ck_assert_uint_eq(stats_of(&f).failures, 4);
	ck_assert_uint_eq(stats_of(&f).lookups, 4);
	end(&f);
}
END_TEST

START_TEST(a_text_that_is_no_host_and_port_is_refused)
{
	static const char *const bad[] = {"", "a.test", ":1", "a.test:", "a.test:0", "a.test:65536",
	    "a b:1", "::1:7946", "[::1", "10.0.0.300:1"};
	struct fixture f;
	struct resolver_config config = start(&f);
	struct swim_addr addr;

	start_resolver(&f, &config);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_ptr_null(resolver_lookup(f.resolver, bad[i], answered, &f));
		ck_assert(!resolver_cached(f.resolver, bad[i], &addr));
	}
	ck_assert_uint_eq(stats_of(&f).pending, 0);
	end(&f);
}
END_TEST

START_TEST(a_silent_nameserver_is_not_waited_for_beyond_the_timeout)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "silent.test")->code4 = DNS_TEST_SILENT;
	dns_test_name(&f.server, "silent.test")->code6 = DNS_TEST_SILENT;
	config.timeout = swim_ms(600);
	config.negative_ttl = swim_ms(0);
	start_resolver(&f, &config);
	fails(&f, "silent.test:1", "no nameserver gives an answer");
	ck_assert_uint_gt(f.server.queries, 0);
	/* When the nameserver answers again, its answer is taken. */
	dns_test_name(&f.server, "silent.test")->code4 = 0;
	dns_test_name(&f.server, "silent.test")->v4[0] = "10.0.0.1";
	resolves(&f, "silent.test:1", "10.0.0.1:1");
	end(&f);
}
END_TEST

START_TEST(one_family_is_enough_if_the_other_gets_no_answer)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "half.test")->v4[0] = "10.0.0.1";
	dns_test_name(&f.server, "half.test")->code6 = DNS_TEST_SILENT;
	config.timeout = swim_ms(600);
	start_resolver(&f, &config);
	resolves(&f, "half.test:1", "10.0.0.1:1");
	end(&f);
}
END_TEST

/* A headless service of a hundred pods has more addresses than a datagram holds. */
START_TEST(a_name_may_have_more_addresses_than_a_datagram_holds)
{
	static char texts[100][16];
	struct fixture f;
	struct resolver_config config = start(&f);
	struct dns_test_name *many = dns_test_name(&f.server, "many.test");

	for (int i = 0; i < 100; i++) {
		snprintf(texts[i], sizeof(texts[i]), "10.0.0.%d", i + 1);
		many->v4[i] = texts[i];
	}
	many->v6[0] = "2001:db8::1";
	/* No member can have these addresses. */
	dns_test_name(&f.server, "odd.test")->v4[0] = "0.0.0.0";
	dns_test_name(&f.server, "odd.test")->v4[1] = "239.1.2.3";
	start_resolver(&f, &config);
	resolve(&f, "many.test:1");
	ck_assert_uint_eq(f.count, 101);
	ck_assert_uint_gt(f.server.tcp_queries, 0);
	ck_assert_ptr_nonnull(strstr(f.addresses, "10.0.0.100:1 [2001:db8::1]:1"));
	/* An answer of so many addresses is not cached. */
	ck_assert_uint_eq(stats_of(&f).entries, 0);
	fails(&f, "odd.test:1", "the name has no address in DNS");
	end(&f);
}
END_TEST

START_TEST(an_answer_that_fits_an_edns_datagram_needs_no_tcp)
{
	static char texts[60][16];
	struct fixture f;
	struct resolver_config config = start(&f);

	for (int i = 0; i < 60; i++) {
		snprintf(texts[i], sizeof(texts[i]), "10.0.0.%d", i + 1);
		dns_test_name(&f.server, "some.test")->v4[i] = texts[i];
	}
	start_resolver(&f, &config);
	resolve(&f, "some.test:1");
	ck_assert_uint_eq(f.count, 60);
	ck_assert_uint_eq(f.server.tcp_queries, 0);
	ck_assert_uint_eq(f.server.edns_queries, 2);
	ck_assert_uint_eq(stats_of(&f).entries, 1);
	/* A nameserver that does not know EDNS is asked without EDNS. */
	f.server.edns_code = 1;
	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	resolves(&f, "a.test:1", "10.0.0.1:1");
	end(&f);
}
END_TEST

/* Check a nameserver, or a firewall before it, that gives this code to questions with EDNS. */
static void
is_asked_without_edns(int code)
{
	static char texts[100][16];
	struct fixture f;
	struct resolver_config config = start(&f);

	f.server.edns_code = code;
	for (int i = 0; i < 100; i++) {
		snprintf(texts[i], sizeof(texts[i]), "10.0.1.%d", i + 1);
		dns_test_name(&f.server, "many.test")->v4[i] = texts[i];
	}
	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	dns_test_name(&f.server, "b.test")->v4[0] = "10.0.0.2";
	dns_test_name(&f.server, "_swim._udp.test")->services[0] =
	    (struct dns_test_service){20, 0, 7003, "b.test"};
	start_resolver(&f, &config);
	resolves(&f, "a.test:1", "10.0.0.1:1");
	ck_assert_uint_gt(dns_test_name(&f.server, "a.test")->edns_queries, 0);
	/* The next questions are asked without EDNS at once, and large answers come by TCP. */
	resolves(&f, "srv:_swim._udp.test", "10.0.0.2:7003");
	resolve(&f, "many.test:1");
	ck_assert_uint_eq(f.count, 100);
	ck_assert_uint_gt(f.server.tcp_queries, 0);
	fails(&f, "none.test:1", "there is no such name in /etc/hosts or in DNS");
	ck_assert_uint_eq(dns_test_name(&f.server, "_swim._udp.test")->edns_queries, 0);
	ck_assert_uint_eq(dns_test_name(&f.server, "b.test")->edns_queries, 0);
	ck_assert_uint_eq(dns_test_name(&f.server, "many.test")->edns_queries, 0);
	/* Other nameservers may know EDNS. */
	dns_test_name(&f.server, "c.test")->v4[0] = "10.0.0.3";
	f.server.edns_code = 0;
	dns_test_write(f.server.resolv_conf, "options ndots:1\nnameserver 127.0.0.1\n");
	resolves(&f, "c.test:1", "10.0.0.3:1");
	ck_assert_uint_gt(dns_test_name(&f.server, "c.test")->edns_queries, 0);
	end(&f);
}

START_TEST(a_nameserver_may_drop_questions_with_edns)
{
	is_asked_without_edns(DNS_TEST_SILENT);
}
END_TEST

START_TEST(a_nameserver_may_refuse_questions_with_edns)
{
	static const int codes[] = {4, 5, 2}; /* NOTIMP, REFUSED, SERVFAIL */

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		is_asked_without_edns(codes[i]);
}
END_TEST

/* When a question without EDNS gets no answer, EDNS comes first again. */
START_TEST(edns_comes_first_again)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	f.server.edns_code = 5;
	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	dns_test_name(&f.server, "b.test")->v4[0] = "10.0.0.2";
	start_resolver(&f, &config);
	resolves(&f, "a.test:1", "10.0.0.1:1");
	f.server.code = 2;
	fails(&f, "b.test:1", "no nameserver gives an answer");
	ck_assert_uint_eq(dns_test_name(&f.server, "b.test")->edns_queries, 0);
	f.server.code = f.server.edns_code = 0;
	dns_test_name(&f.server, "c.test")->v4[0] = "10.0.0.3";
	resolves(&f, "c.test:1", "10.0.0.3:1");
	ck_assert_uint_gt(dns_test_name(&f.server, "c.test")->edns_queries, 0);
	end(&f);
}
END_TEST

/* The third of three nameservers has the answer; the first two are down, refuse, or are broken. */
START_TEST(every_nameserver_is_asked)
{
	static const int codes[][2] = {{2, 5}, {5, 2}, {DNS_TEST_SILENT, 2}, {5, DNS_TEST_SILENT},
	    {DNS_TEST_SILENT, DNS_TEST_SILENT}};
	static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};
	struct dns_test servers[3];
	struct fixture f;
	struct resolver_config config = start(&f);
	bool bound = false;

	for (uint16_t port = 20053; !bound && port < 20153; port++) {
		size_t i = 0;

		while (i < 3 && dns_test_start_at(&servers[i], f.base, addresses[i], port))
			i++;
		bound = i == 3;
		while (!bound && i > 0)
			dns_test_end(&servers[--i]);
	}
	ck_assert(bound);
	dns_test_write(f.server.resolv_conf,
	    "nameserver 127.0.0.1\nnameserver 127.0.0.2\nnameserver 127.0.0.3\n");
	dns_test_name(&servers[2], "a.test")->v4[0] = "10.0.0.1";
	config.nameserver_port = servers[0].port;
	config.cache_ttl = swim_ms(0);
	start_resolver(&f, &config);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		servers[0].code = codes[i][0];
		servers[1].code = codes[i][1];
		resolves(&f, "a.test:1", "10.0.0.1:1");
	}
	for (size_t i = 0; i < 3; i++)
		dns_test_end(&servers[i]);
	end(&f);
}
END_TEST

START_TEST(answers_are_kept_for_their_own_time_to_live)
{
	struct fixture f;
	struct resolver_config config = start(&f);
	struct swim_addr addr;

	config.cache_ttl = swim_seconds(3600);
	dns_test_name(&f.server, "short.test")->v4[0] = "10.0.0.1";
	dns_test_name(&f.server, "short.test")->ttl = 1;
	dns_test_name(&f.server, "long.test")->v4[0] = "10.0.0.2";
	dns_test_name(&f.server, "long.test")->ttl = 3600;
	start_resolver(&f, &config);
	resolves(&f, "long.test:1", "10.0.0.2:1");
	resolves(&f, "short.test:1", "10.0.0.1:1");
	ck_assert(resolver_cached(f.resolver, "short.test:1", &addr));
	while (resolver_cached(f.resolver, "short.test:1", &addr))
		event_base_loop(f.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert(resolver_cached(f.resolver, "long.test:1", &addr));
	ck_assert_uint_eq(stats_of(&f).expired, 1);
	end(&f);
}
END_TEST

START_TEST(a_service_has_its_own_ports_and_order)
{
	struct fixture f;
	struct resolver_config config = start(&f);
	struct dns_test_name *service = dns_test_name(&f.server, "_swim._udp.test");
	unsigned heavy_first = 0;

	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	dns_test_name(&f.server, "a.test")->v6[0] = "2001:db8::1";
	dns_test_name(&f.server, "b.test")->v4[0] = "10.0.0.2";
	dns_test_name(&f.server, "c.test")->v4[0] = "10.0.0.3";
	service->services[0] = (struct dns_test_service){20, 0, 7003, "c.test"};
	service->services[1] = (struct dns_test_service){10, 0, 7001, "a.test"};
	service->services[2] = (struct dns_test_service){30, 5, 7004, "gone.test"};
	start_resolver(&f, &config);
	/* A target without an address does not keep the others from being asked. */
	resolves(&f, "srv:_swim._udp.test", "10.0.0.1:7001 [2001:db8::1]:7001 10.0.0.3:7003");
	ck_assert_ptr_null(resolver_lookup(f.resolver, "srv:", answered, &f));
	ck_assert_ptr_null(resolver_lookup(f.resolver, "srv:a.test:80", answered, &f));
	ck_assert_ptr_null(resolver_lookup(f.resolver, "srv:a b", answered, &f));
	/* The order of targets of one priority is drawn by weight. */
	service->services[0] = (struct dns_test_service){10, 1, 7003, "c.test"};
	service->services[1] = (struct dns_test_service){10, 9, 7002, "b.test"};
	service->services[2] = (struct dns_test_service){0};
	for (int i = 0; i < 100; i++) {
		resolve(&f, "srv:_swim._udp.test");
		ck_assert_uint_eq(f.count, 2);
		heavy_first += strncmp(f.addresses, "10.0.0.2:7002 ", 14) == 0;
	}
	ck_assert_uint_gt(heavy_first, 70);
	ck_assert_uint_lt(heavy_first, 100);
	end(&f);
}
END_TEST

START_TEST(a_service_without_addresses_says_why)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "_off._udp.test")->services[0] =
	    (struct dns_test_service){0, 0, 0, "."};
	dns_test_name(&f.server, "_lost._udp.test")->services[0] =
	    (struct dns_test_service){0, 0, 80, "gone.test"};
	dns_test_name(&f.server, "_portless._udp.test")->services[0] =
	    (struct dns_test_service){0, 0, 0, "gone.test"};
	dns_test_name(&f.server, "plain.test")->v4[0] = "10.0.0.1";
	start_resolver(&f, &config);
	fails(&f, "srv:_none._udp.test", "there is no such service in DNS");
	fails(&f, "srv:plain.test", "the name has no SRV record in DNS");
	fails(&f, "srv:_off._udp.test", "its SRV record says that the service is not there");
	fails(&f, "srv:_lost._udp.test",
	    "gone.test:80: there is no such name in /etc/hosts or in DNS");
	fails(&f, "srv:_portless._udp.test", "its SRV record names no usable host and port");
	ck_assert_uint_eq(stats_of(&f).pending, 0);
	end(&f);
}
END_TEST

START_TEST(answers_are_cached_for_their_time)
{
	struct fixture f;
	struct resolver_config config = start(&f);
	struct swim_addr addr;

	config.cache_ttl = swim_ms(50);
	config.negative_ttl = swim_seconds(1000);
	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	start_resolver(&f, &config);
	ck_assert(!resolver_cached(f.resolver, "a.test:7946", &addr));
	resolves(&f, "a.test:7946", "10.0.0.1:7946");
	/* Failures are cached too. */
	fails(&f, "none.test:1", "there is no such name in /etc/hosts or in DNS");
	fails(&f, "none.test:1", "there is no such name in /etc/hosts or in DNS");
	ck_assert(!resolver_cached(f.resolver, "none.test:1", &addr));
	ck_assert_uint_eq(f.server.queries, 4);
	ck_assert_uint_eq(stats_of(&f).hits, 2);
	/* A look at the cache that ends in a lookup is one miss. */
	ck_assert_uint_eq(stats_of(&f).misses, 2);
	/* An answer is used until it is too old. */
	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.2";
	while (stats_of(&f).expired == 0)
		resolver_cached(f.resolver, "a.test:7946", &addr);
	resolves(&f, "a.test:7946", "10.0.0.2:7946");
	ck_assert_uint_eq(f.server.queries, 6);
	end(&f);
}
END_TEST

START_TEST(one_cached_name_serves_every_port)
{
	struct fixture f;
	struct resolver_config config = start(&f);
	struct swim_addr addr, expected = loop_addr("10.0.0.1", 9);

	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	start_resolver(&f, &config);
	resolves(&f, "a.test:7946", "10.0.0.1:7946");
	resolves(&f, "A.TEST:7", "10.0.0.1:7");
	ck_assert(resolver_cached(f.resolver, "a.test:9", &addr));
	ck_assert(swim_addr_equal(&addr, &expected));
	ck_assert_uint_eq(f.server.queries, 2);
	end(&f);
}
END_TEST

START_TEST(the_cache_is_bounded)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	config.cache_entries = 2;
	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	dns_test_name(&f.server, "b.test")->v4[0] = "10.0.0.2";
	dns_test_name(&f.server, "c.test")->v4[0] = "10.0.0.3";
	start_resolver(&f, &config);
	resolves(&f, "a.test:1", "10.0.0.1:1");
	resolves(&f, "b.test:1", "10.0.0.2:1");
	resolves(&f, "c.test:1", "10.0.0.3:1");
	ck_assert_uint_eq(stats_of(&f).entries, 2);
	ck_assert_uint_eq(stats_of(&f).evictions, 1);
	resolves(&f, "a.test:1", "10.0.0.1:1");
	ck_assert_uint_eq(f.server.queries, 8);
	end(&f);
}
END_TEST

START_TEST(one_lookup_serves_all_requests_for_a_name)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	start_resolver(&f, &config);
	for (int i = 0; i < 10; i++)
		ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "a.test:7946", answered, &f));
	ck_assert_uint_eq(stats_of(&f).pending, 10);
	LOOP_UNTIL(f.base, f.answers == 10);
	ck_assert_uint_eq(f.server.queries, 2);
	ck_assert_uint_eq(stats_of(&f).pending, 0);
	end(&f);
}
END_TEST

START_TEST(requests_are_bounded)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	start_resolver(&f, &config);
	for (unsigned i = 0; i < RESOLVER_REQUESTS_MAX; i++)
		ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "a.test:1", answered, &f));
	ck_assert_ptr_null(resolver_lookup(f.resolver, "a.test:1", answered, &f));
	LOOP_UNTIL(f.base, f.answers == RESOLVER_REQUESTS_MAX);
	ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "a.test:1", answered, &f));
	end(&f);
}
END_TEST

START_TEST(a_canceled_request_is_not_answered)
{
	struct resolver_request *request;
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	start_resolver(&f, &config);
	request = resolver_lookup(f.resolver, "a.test:1", answered, &f);
	resolver_cancel(request);
	resolver_cancel(resolver_lookup(f.resolver, "10.0.0.1:1", answered, &f));
	resolver_cancel(NULL);
	ck_assert_uint_eq(stats_of(&f).pending, 0);
	/* The lookup of the name goes on. */
	LOOP_UNTIL(f.base, stats_of(&f).entries == 1);
	ck_assert_uint_eq(f.answers, 0);
	end(&f);
}
END_TEST

START_TEST(a_callback_may_ask_and_cancel)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	start_resolver(&f, &config);
	resolves(&f, "a.test:1", "10.0.0.1:1");
	/* The cache answers each request, and still other events have their turn. */
	f.again = "a.test:1";
	ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "a.test:1", answered, &f));
	for (int i = 0; i < 50; i++)
		LOOP_ONCE(f.base);
	ck_assert_uint_gt(f.answers, 10);
	ck_assert_uint_le(f.answers, 60);
	f.again = NULL;
	LOOP_UNTIL(f.base, stats_of(&f).pending == 0);

	f.answers = 0;
	ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "a.test:1", answered, &f));
	f.cancel_in_callback = resolver_lookup(f.resolver, "a.test:2", answered, &f);
	ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "a.test:3", answered, &f));
	LOOP_UNTIL(f.base, stats_of(&f).pending == 0);
	ck_assert_uint_eq(f.answers, 2);
	ck_assert_str_eq(f.addresses, "10.0.0.1:3");
	end(&f);
}
END_TEST

START_TEST(a_resolver_can_be_freed_at_any_time)
{
	struct fixture f;
	struct resolver_config config;

	for (int turns = 0; turns < 8; turns++) {
		config = start(&f);
		dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
		dns_test_name(&f.server, "silent.test")->code4 = DNS_TEST_SILENT;
		dns_test_name(&f.server, "_s._udp.test")->services[0] =
		    (struct dns_test_service){0, 0, 80, "silent.test"};
		start_resolver(&f, &config);
		ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "a.test:1", answered, &f));
		ck_assert_ptr_nonnull(
		    resolver_lookup(f.resolver, "srv:_s._udp.test", answered, &f));
		ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "silent.test:1", answered, &f));
		ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "10.0.0.1:1", answered, &f));
		for (int i = 0; i < turns; i++)
			LOOP_ONCE(f.base);
		end(&f);
	}
}
END_TEST

/* A machine may boot without a network: a later change of the file is used. */
START_TEST(resolv_conf_may_come_later_and_change)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "a.test")->v4[0] = "10.0.0.1";
	dns_test_name(&f.server, "short.search.test")->v4[0] = "10.0.0.3";
	config.cache_ttl = config.negative_ttl = swim_ms(0);
	/* No nameserver has this address. */
	dns_test_write(f.server.resolv_conf, "nameserver 127.0.0.99\n");
	start_resolver(&f, &config);
	fails(&f, "a.test:1", "no nameserver gives an answer");
	dns_test_write(f.server.resolv_conf, "nameserver 127.0.0.1\n");
	resolves(&f, "a.test:1", "10.0.0.1:1");
	fails(&f, "short:1", "there is no such name in /etc/hosts or in DNS");
	dns_test_write(f.server.resolv_conf,
	    "search none.test search.test\noptions timeout:9\nnameserver 127.0.0.1\n");
	resolves(&f, "short:1", "10.0.0.3:1");
	end(&f);
}
END_TEST

/* A change is used even while questions to the old nameserver are under way. */
START_TEST(a_new_nameserver_is_asked_while_an_old_question_is_under_way)
{
	struct fixture f;
	struct resolver_config config = start(&f);

	dns_test_name(&f.server, "silent.test")->code4 = DNS_TEST_SILENT;
	dns_test_name(&f.server, "silent.test")->code6 = DNS_TEST_SILENT;
	dns_test_name(&f.server, "b.search.test")->v4[0] = "10.0.0.2";
	start_resolver(&f, &config);
	ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "silent.test:1", answered, &f));
	LOOP_UNTIL(f.base, f.server.queries > 0);
	dns_test_write(f.server.resolv_conf, "search search.test\nnameserver 127.0.0.1\n");
	ck_assert_ptr_nonnull(resolver_lookup(f.resolver, "b:1", answered, &f));
	LOOP_UNTIL(f.base, f.answers == 1);
	ck_assert_str_eq(f.addresses, "10.0.0.2:1");
	end(&f);
}
END_TEST

START_TEST(nothing_is_asked_after_the_last_answer)
{
	struct fixture f;
	struct resolver_config config = start(&f);
	unsigned queries;

	dns_test_name(&f.server, "broken.test")->code4 = 2;
	dns_test_name(&f.server, "broken.test")->code6 = 2;
	start_resolver(&f, &config);
	fails(&f, "broken.test:1", "no nameserver gives an answer");
	queries = f.server.queries;
	/* Nothing is left on the loop but the nameserver. */
	event_del(f.server.event);
	event_del(f.server.tcp_event);
	ck_assert_int_eq(event_base_loop(f.base, EVLOOP_ONCE), 1);
	ck_assert_uint_eq(f.server.queries, queries);
	end(&f);
}
END_TEST

UNIT_MAIN("resolver", names_resolve_to_both_families_ipv4_first, numeric_addresses_need_no_question,
    the_hosts_file_comes_before_dns, localhost_is_known_without_a_hosts_file, failures_say_why,
    a_text_that_is_no_host_and_port_is_refused,
    a_silent_nameserver_is_not_waited_for_beyond_the_timeout,
    one_family_is_enough_if_the_other_gets_no_answer,
    a_name_may_have_more_addresses_than_a_datagram_holds,
    an_answer_that_fits_an_edns_datagram_needs_no_tcp, a_nameserver_may_drop_questions_with_edns,
    a_nameserver_may_refuse_questions_with_edns, edns_comes_first_again, every_nameserver_is_asked,
    answers_are_kept_for_their_own_time_to_live, a_service_has_its_own_ports_and_order,
    a_service_without_addresses_says_why, answers_are_cached_for_their_time,
    one_cached_name_serves_every_port, the_cache_is_bounded,
    one_lookup_serves_all_requests_for_a_name, requests_are_bounded,
    a_canceled_request_is_not_answered, a_callback_may_ask_and_cancel,
    a_resolver_can_be_freed_at_any_time, resolv_conf_may_come_later_and_change,
    a_new_nameserver_is_asked_while_an_old_question_is_under_way,
    nothing_is_asked_after_the_last_answer)
