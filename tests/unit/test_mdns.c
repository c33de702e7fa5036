/* SPDX-License-Identifier: MIT */
/*
 * The daemon's side of mDNS.  The helper is this program, executed again as swimd executes itself; the
 * environment names the part that the helper plays.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "discovery/mdns.h"
#include "discovery/mdns_helper.h"
#include "support/discovery.h"

/* -------------------------------------------------------------------------------- the played helper */

static void
tell(const struct mdns_message *message)
{
	uint8_t packet[MDNS_MESSAGE_MAX];
	size_t len = mdns_message_encode(message, packet);

	if (send(MDNS_HELPER_FD, packet, len, MSG_NOSIGNAL) < 0)
		_exit(9);
}

static void
tell_service(uint32_t id, enum mdns_verdict verdict, const char *address, const char *name,
    const char *cluster)
{
	struct mdns_message m = {.type = MDNS_SERVICE, .service = {.id = id, .verdict = verdict}};

	strcpy(m.service.interface, "eth0");
	snprintf(m.service.instance, sizeof(m.service.instance), "s%u", (unsigned)id);
	strcpy(m.service.name, name);
	strcpy(m.service.cluster, cluster);
	if (verdict == MDNS_RESOLVED &&
	    !swim_addr_parse(address, strlen(address), &m.service.address))
		_exit(10);
	if (verdict == MDNS_UNRESOLVED || verdict == MDNS_MALFORMED)
		strcpy(m.service.text, "so it is");
	tell(&m);
}

/* Receive a message, which must have this type and contain what the tests set up. */
static void
expect(enum mdns_type type)
{
	uint8_t packet[MDNS_MESSAGE_MAX];
	struct mdns_message m;
	ssize_t len = recv(MDNS_HELPER_FD, packet, sizeof(packet), 0);

	if (len <= 0 || !mdns_message_decode(packet, (size_t)len, &m) || m.type != type)
		_exit(11);
	if (type == MDNS_SETUP &&
	    (strcmp(m.setup.service, "_swim._udp") != 0 || strcmp(m.setup.domain, "local") != 0 ||
		m.setup.interface_count != 1 || strcmp(m.setup.interfaces[0], "eth7") != 0 ||
		m.setup.families != MDNS_IPV4))
		_exit(12);
	if (type == MDNS_SELF && (strcmp(m.self.name, "me") != 0 ||
				     strcmp(m.self.cluster, "ours") != 0 || m.self.port != 7946))
		_exit(13);
}

static void
play(const char *part)
{
	struct mdns_message m = {.type = MDNS_TROUBLE};
	char byte;

	if (strcmp(part, "exit") == 0)
		_exit(3);
	while (strcmp(part, "deaf") == 0)
		pause();
	expect(MDNS_SETUP);
	expect(MDNS_SELF);
	if (strcmp(part, "noise") == 0) {
		send(MDNS_HELPER_FD, "\xff", 1, MSG_NOSIGNAL);
	} else if (strcmp(part, "command") == 0) {
		/* A helper may not send this type. */
		m.type = MDNS_SELF;
		tell(&m);
	} else if (strcmp(part, "trouble") == 0) {
		strcpy(m.text, "no Avahi today");
		tell(&m);
	} else if (strcmp(part, "services") == 0) {
		tell(&m);
		m.type = MDNS_CLEAR;
		tell(&m);
		tell_service(1, MDNS_RESOLVED, "127.0.0.1:7946", "me", "ours");
		tell_service(2, MDNS_RESOLVED, "203.0.113.2:7946", "db2", "theirs\x1b");
		tell_service(3, MDNS_RESOLVED, "203.0.113.3:7946", "me", "ours");
		tell_service(4, MDNS_RESOLVED, "203.0.113.4:7946", "db4", "ours");
		tell_service(5, MDNS_RESOLVED, "203.0.113.5:7946", "db5", "");
		/* This service is of another cluster, so that it is not asked before it is withdrawn. */
		tell_service(6, MDNS_RESOLVED, "203.0.113.6:7946", "db6", "theirs");
		/* Our own address, under a former name of ours. */
		tell_service(7, MDNS_RESOLVED, "127.0.0.2:7946", "old", "ours");
		m = (struct mdns_message){.type = MDNS_GONE, .number = 6};
		tell(&m);
		tell_service(8, MDNS_FOUND, "", "", "");
		tell_service(9, MDNS_UNRESOLVED, "", "", "");
		tell_service(10, MDNS_MALFORMED, "", "", "");
		m = (struct mdns_message){.type = MDNS_DROPPED, .number = 5};
		tell(&m);
	} else if (strcmp(part, "many") == 0) {
		tell(&m);
		for (uint32_t id = 1; id <= DISCOVERY_HINTS_MAX + 3; id++)
			tell_service(id, MDNS_FOUND, "", "", "");
		m = (struct mdns_message){.type = MDNS_DROPPED, .number = 5};
		tell(&m);
		expect(MDNS_SELF);
		_exit(3);
	}
	/* Wait until the daemon ends, or ends this helper. */
	while (recv(MDNS_HELPER_FD, &byte, 1, 0) > 0)
		;
	_exit(0);
}

__attribute__((constructor)) static void
be_the_helper(int argc, char *argv[])
{
	const char *part = getenv("MDNS_TEST_PART");

	if (argc == 3 && strcmp(argv[1], MDNS_HELPER_ARGUMENT) == 0) {
		if (strtol(argv[2], NULL, 10) != getppid() || part == NULL)
			_exit(14);
		play(part);
	}
}

/* --------------------------------------------------------------------------------------- the tests */

static void
set_part(const char *part)
{
	ck_assert_int_eq(setenv("MDNS_TEST_PART", part, 1), 0);
}

static void
advertise(struct fixture *f)
{
	const struct discovery_self self = {
	    .name = "me",
	    .cluster = "ours",
	    .address = addr("203.0.113.1:7946"),
	    .version = "1",
	};

	discovery_advertise(f->hub, &self);
}

static void
begin(struct fixture *f, const char *part)
{
	static const char *const interfaces[] = {"eth7"};
	const struct mdns_config config = {
	    .service = "_swim._udp",
	    .domain = "local",
	    .interfaces = interfaces,
	    .interface_count = 1,
	    .families = MDNS_IPV4,
	    .timeout = swim_ms(100),
	};

	set_part(part);
	start(f, swim_ms(1));
	discovery_add_source(f->hub, mdns_new(f->base, &config));
	advertise(f);
}

static void
finish(struct fixture *f)
{
	end(f);
	/* No child is left, neither running nor a zombie. */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

static struct discovery_source_report
source(const struct fixture *f)
{
	struct discovery_source_report report;

	ck_assert(discovery_source_at(f->hub, 1, &report));
	ck_assert_str_eq(report.name, "mdns");
	return report;
}

static bool
in_trouble(const struct fixture *f, const char *sentence)
{
	return source(f).trouble != NULL && strcmp(source(f).trouble, sentence) == 0;
}

static struct discovery_peer
service(const struct fixture *f, const char *name)
{
	struct discovery_peer report;

	for (size_t i = 0; i < discovery_count(f->hub); i++) {
		discovery_at(f->hub, i, &report);
		if (strcmp(report.service, name) == 0)
			return report;
	}
	ck_abort_msg("%s is not there", name);
}

START_TEST(each_service_that_is_found_gets_its_state)
{
	struct fixture f;

	begin(&f, "services");
	ck_assert_ptr_null(source(&f).trouble);
	LOOP_UNTIL(f.base, source(&f).dropped == 5);
	ck_assert_uint_eq(discovery_count(f.hub), 9);
	ck_assert_int_eq(service(&f, "s1").state, DISCOVERY_SELF);
	ck_assert_int_eq(service(&f, "s2").state, DISCOVERY_OTHER_CLUSTER);
	ck_assert_str_eq(service(&f, "s2").reason, "it belongs to cluster \"theirs\\x1b\"");
	ck_assert_int_eq(service(&f, "s3").state, DISCOVERY_NAMESAKE);
	ck_assert_int_eq(service(&f, "s5").state, DISCOVERY_OTHER_CLUSTER);
	ck_assert_str_eq(service(&f, "s5").reason, "it belongs to the unnamed cluster");
	ck_assert_int_eq(service(&f, "s7").state, DISCOVERY_SELF);
	ck_assert_int_eq(service(&f, "s8").state, DISCOVERY_RESOLVING);
	ck_assert_int_eq(service(&f, "s9").state, DISCOVERY_UNRESOLVED);
	ck_assert_int_eq(service(&f, "s10").state, DISCOVERY_MALFORMED);
	ck_assert_str_eq(service(&f, "s10").reason, "so it is");
	ck_assert_str_eq(service(&f, "s10").interface, "eth0");
	/* Only one service is asked. */
	LOOP_UNTIL(f.base, f.asked_count == 1);
	ck_assert(was_asked(&f, 0, "203.0.113.4:7946"));
	answer(&f, "203.0.113.4:7946", "db4", false);
	ck_assert_int_eq(service(&f, "s4").state, DISCOVERY_JOINED);
	finish(&f);
}
END_TEST

START_TEST(services_without_room_are_counted_across_helpers)
{
	struct fixture f;

	begin(&f, "many");
	for (uint64_t sum = 8; sum <= 16; sum += 8) {
		/* The hub had no room for three services, and the helper reports five. */
		LOOP_UNTIL(f.base, source(&f).dropped == sum);
		advertise(&f);
		LOOP_UNTIL(f.base, source(&f).trouble != NULL);
		ck_assert_uint_eq(source(&f).dropped, sum);
	}
	finish(&f);
}
END_TEST

START_TEST(a_helper_that_ends_is_started_again)
{
	struct fixture f;

	begin(&f, "exit");
	LOOP_UNTIL(f.base, in_trouble(&f, "the mDNS helper does not run: it ended with status 3"));
	set_part("noise");
	LOOP_UNTIL(f.base,
	    in_trouble(&f, "the mDNS helper does not run: it sent a malformed message"));
	set_part("command");
	LOOP_UNTIL(f.base,
	    in_trouble(&f, "the mDNS helper does not run: it sent a malformed message"));
	set_part("trouble");
	LOOP_UNTIL(f.base, in_trouble(&f, "no Avahi today"));
	finish(&f);
}
END_TEST

START_TEST(trouble_ends_when_the_helper_says_so)
{
	struct fixture f;

	begin(&f, "exit");
	LOOP_UNTIL(f.base, source(&f).trouble != NULL);
	set_part("services");
	LOOP_UNTIL(f.base, source(&f).trouble == NULL);
	finish(&f);
}
END_TEST

START_TEST(a_silent_helper_is_trouble)
{
	struct fixture f;

	begin(&f, "silence");
	LOOP_UNTIL(f.base, in_trouble(&f, "Avahi does not answer"));
	finish(&f);
	/* A helper in which a call of Avahi blocks does not end by itself. */
	begin(&f, "deaf");
	LOOP_UNTIL(f.base, in_trouble(&f, "Avahi does not answer"));
	finish(&f);
}
END_TEST

START_TEST(a_program_that_cannot_be_run_is_trouble)
{
	const struct mdns_config config = {
	    .service = "_swim._udp",
	    .domain = "local",
	    .families = MDNS_IPV4,
	    .timeout = swim_ms(100),
	    .program = "/nonexistent/swimd",
	};
	struct fixture f;

	start(&f, swim_ms(1));
	discovery_add_source(f.hub, mdns_new(f.base, &config));
	LOOP_UNTIL(f.base,
	    in_trouble(&f, "the mDNS helper does not run: No such file or directory"));
	finish(&f);
}
END_TEST

START_TEST(a_helper_that_does_not_read_is_ended)
{
	struct fixture f;

	begin(&f, "deaf");
	LOOP_ONCE(f.base);
	for (unsigned i = 0; i < 100000; i++)
		advertise(&f);
	LOOP_UNTIL(f.base,
	    in_trouble(&f, "the mDNS helper does not run: it does not read the messages of swimd"));
	finish(&f);
}
END_TEST

UNIT_MAIN("mdns", each_service_that_is_found_gets_its_state,
    services_without_room_are_counted_across_helpers, a_helper_that_ends_is_started_again,
    trouble_ends_when_the_helper_says_so, a_silent_helper_is_trouble,
    a_program_that_cannot_be_run_is_trouble, a_helper_that_does_not_read_is_ended)
