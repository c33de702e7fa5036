/* SPDX-License-Identifier: MIT */
/* The contract of avahi-common/watch.h, clause by clause. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "discovery/avahi_poll.h"
#include "net/loop.h"
#include "support/loop.h"

struct fixture {
	struct event_base *base;
	struct avahi_poll *poll;
	const AvahiPoll *api;
	int ours, theirs; /* the ends of a socket pair; Avahi watches ours */
	unsigned calls;
	AvahiWatchEvent event; /* of the last call */
	AvahiWatch *watch, *other;
	AvahiTimeout *timeout;
};

static void
start(struct fixture *f)
{
	int fds[2];

	memset(f, 0, sizeof(*f));
	f->base = loop_new();
	f->poll = avahi_poll_new(f->base);
	ck_assert_ptr_nonnull(f->poll);
	f->api = avahi_poll_api(f->poll);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	f->ours = fds[0];
	f->theirs = fds[1];
}

static void
end(struct fixture *f)
{
	ck_assert_uint_eq(avahi_poll_count(f->poll), 0);
	avahi_poll_free(f->poll);
	loop_free(f->base);
	close(f->ours);
	close(f->theirs);
}

static void
say(const struct fixture *f)
{
	ck_assert_int_eq(write(f->theirs, "x", 1), 1);
}

static struct timeval
in_ms(int ms)
{
	struct timeval now, span = {ms / 1000, ms % 1000 * 1000}, at;

	gettimeofday(&now, NULL);
	timeradd(&now, &span, &at);
	return at;
}

static void
note(AvahiWatch *watch, int fd, AvahiWatchEvent event, void *userdata)
{
	struct fixture *f = userdata;

	ck_assert_int_eq(fd, f->ours);
	ck_assert_int_eq(f->api->watch_get_events(watch), event);
	f->calls++;
	f->event = event;
}

static void
note_timeout(AvahiTimeout *timeout, void *userdata)
{
	struct fixture *f = userdata;

	ck_assert_ptr_eq(timeout, f->timeout);
	f->calls++;
}

START_TEST(a_watch_reports_only_events_that_happened)
{
	struct fixture f;

	start(&f);
	f.watch = f.api->watch_new(f.api, f.ours, AVAHI_WATCH_IN | AVAHI_WATCH_OUT, note, &f);
	ck_assert_uint_eq(avahi_poll_count(f.poll), 1);
	ck_assert_int_eq(f.api->watch_get_events(f.watch), 0);
	LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.calls, 1);
	ck_assert_int_eq(f.event, AVAHI_WATCH_OUT);
	say(&f);
	LOOP_ONCE(f.base);
	ck_assert_int_eq(f.event, AVAHI_WATCH_IN | AVAHI_WATCH_OUT);
	f.api->watch_update(f.watch, AVAHI_WATCH_IN);
	LOOP_ONCE(f.base);
	ck_assert_int_eq(f.event, AVAHI_WATCH_IN);
	f.api->watch_free(f.watch);
	end(&f);
}
END_TEST

START_TEST(a_watch_reports_until_it_is_freed)
{
	struct fixture f;

	start(&f);
	f.watch = f.api->watch_new(f.api, f.ours, AVAHI_WATCH_IN, note, &f);
	LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.calls, 0);
	say(&f);
	/* Nobody reads the byte, so the watch is called each turn. */
	LOOP_ONCE(f.base);
	LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.calls, 2);
	f.api->watch_free(f.watch);
	LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.calls, 2);
	end(&f);
}
END_TEST

START_TEST(a_hang_up_is_reported_as_a_hang_up)
{
	struct fixture f;

	start(&f);
	f.watch = f.api->watch_new(f.api, f.ours, AVAHI_WATCH_IN, note, &f);
	shutdown(f.theirs, SHUT_RDWR);
	LOOP_UNTIL(f.base, f.calls > 0);
	ck_assert_int_ne(f.event & AVAHI_WATCH_HUP, 0);
	ck_assert_int_eq(f.event & AVAHI_WATCH_OUT, 0);
	f.api->watch_free(f.watch);
	end(&f);
}
END_TEST

START_TEST(a_watch_without_events_is_not_called)
{
	struct fixture f;

	start(&f);
	f.watch = f.api->watch_new(f.api, f.ours, AVAHI_WATCH_IN, note, &f);
	f.api->watch_update(f.watch, (AvahiWatchEvent)0);
	say(&f);
	shutdown(f.theirs, SHUT_RDWR);
	LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.calls, 0);
	f.api->watch_update(f.watch, AVAHI_WATCH_IN);
	LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.calls, 1);
	f.api->watch_free(f.watch);
	end(&f);
}
END_TEST

static void
free_both(AvahiWatch *watch, int fd, AvahiWatchEvent event, void *userdata)
{
	struct fixture *f = userdata;

	(void)fd;
	(void)event;
	f->calls++;
	/* The other watch has an event in the same turn, and must not be called any more. */
	f->api->watch_free(watch == f->watch ? f->other : f->watch);
	f->api->watch_free(watch);
}

START_TEST(watches_may_be_freed_by_a_callback)
{
	struct fixture f;

	start(&f);
	/* Two watches on one descriptor, as D-Bus has them. */
	f.watch = f.api->watch_new(f.api, f.ours, AVAHI_WATCH_IN, free_both, &f);
	f.other = f.api->watch_new(f.api, f.ours, AVAHI_WATCH_OUT, free_both, &f);
	say(&f);
	LOOP_ONCE(f.base);
	LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.calls, 1);
	end(&f);
}
END_TEST

static void
turn_round(AvahiWatch *watch, int fd, AvahiWatchEvent event, void *userdata)
{
	note(watch, fd, event, userdata);
	((struct fixture *)userdata)->api->watch_update(watch, AVAHI_WATCH_OUT);
}

START_TEST(a_watch_may_be_updated_by_its_callback)
{
	struct fixture f;

	start(&f);
	f.watch = f.api->watch_new(f.api, f.ours, AVAHI_WATCH_IN, turn_round, &f);
	say(&f);
	LOOP_ONCE(f.base);
	ck_assert_int_eq(f.event, AVAHI_WATCH_IN);
	LOOP_ONCE(f.base);
	ck_assert_int_eq(f.event, AVAHI_WATCH_OUT);
	f.api->watch_free(f.watch);
	end(&f);
}
END_TEST

START_TEST(a_timeout_is_an_instant_of_the_wall_clock)
{
	struct timeval at = in_ms(30), now;
	struct fixture f;

	start(&f);
	f.timeout = f.api->timeout_new(f.api, &at, note_timeout, &f);
	ck_assert_uint_eq(avahi_poll_count(f.poll), 1);
	LOOP_ONCE(f.base);
	ck_assert_uint_eq(f.calls, 0);
	LOOP_UNTIL(f.base, f.calls == 1);
	gettimeofday(&now, NULL);
	/* Allow for the rounding of the clock. */
	at.tv_usec -= 1000;
	ck_assert(!timercmp(&now, &at, <));
	f.api->timeout_free(f.timeout);
	end(&f);
}
END_TEST

START_TEST(a_timeout_in_the_past_fires_on_the_next_turn)
{
	static const struct timeval past[] = {{0, 0}, {1, 0}, {-1, 0}};
	struct fixture f;

	start(&f);
	f.timeout = f.api->timeout_new(f.api, &past[0], note_timeout, &f);
	ck_assert_uint_eq(f.calls, 0);
	for (unsigned i = 0; i < 3; i++) {
		f.api->timeout_update(f.timeout, &past[i]);
		LOOP_ONCE(f.base);
		ck_assert_uint_eq(f.calls, i + 1);
	}
	f.api->timeout_free(f.timeout);
	end(&f);
}
END_TEST

START_TEST(a_timeout_fires_once)
{
	struct timeval at = in_ms(0);
	struct fixture f;

	start(&f);
	f.timeout = f.api->timeout_new(f.api, &at, note_timeout, &f);
	LOOP_UNTIL(f.base, f.calls == 1);
	/* The loop has no event left to wait for. */
	ck_assert_int_eq(event_base_loop(f.base, EVLOOP_NONBLOCK), 1);
	ck_assert_uint_eq(f.calls, 1);
	f.api->timeout_update(f.timeout, &at);
	LOOP_UNTIL(f.base, f.calls == 2);
	f.api->timeout_free(f.timeout);
	end(&f);
}
END_TEST

START_TEST(null_disables_a_timeout)
{
	struct timeval at = in_ms(0), far = {INT64_MAX, 999999};
	struct fixture f;

	start(&f);
	f.timeout = f.api->timeout_new(f.api, NULL, note_timeout, &f);
	ck_assert_int_eq(event_base_loop(f.base, EVLOOP_NONBLOCK), 1);
	f.api->timeout_update(f.timeout, &at);
	f.api->timeout_update(f.timeout, NULL);
	ck_assert_int_eq(event_base_loop(f.base, EVLOOP_NONBLOCK), 1);
	ck_assert_uint_eq(f.calls, 0);
	/* The latest instant arms the timeout, which does not fire now. */
	f.api->timeout_update(f.timeout, &far);
	ck_assert_int_eq(event_base_loop(f.base, EVLOOP_NONBLOCK), 0);
	ck_assert_uint_eq(f.calls, 0);
	f.api->timeout_free(f.timeout);
	end(&f);
}
END_TEST

static void
again_or_gone(AvahiTimeout *timeout, void *userdata)
{
	struct timeval at = in_ms(1);
	struct fixture *f = userdata;

	if (++f->calls < 3)
		f->api->timeout_update(timeout, &at);
	else
		f->api->timeout_free(timeout);
}

START_TEST(a_timeout_may_be_updated_and_freed_by_its_callback)
{
	struct timeval at = in_ms(0);
	struct fixture f;

	start(&f);
	f.api->timeout_new(f.api, &at, again_or_gone, &f);
	LOOP_UNTIL(f.base, f.calls == 3);
	end(&f);
}
END_TEST

UNIT_MAIN("avahi_poll", a_watch_reports_only_events_that_happened,
    a_watch_reports_until_it_is_freed, a_hang_up_is_reported_as_a_hang_up,
    a_watch_without_events_is_not_called, watches_may_be_freed_by_a_callback,
    a_watch_may_be_updated_by_its_callback, a_timeout_is_an_instant_of_the_wall_clock,
    a_timeout_in_the_past_fires_on_the_next_turn, a_timeout_fires_once, null_disables_a_timeout,
    a_timeout_may_be_updated_and_freed_by_its_callback)
