/* SPDX-License-Identifier: MIT */
/*
 * Implements AvahiPoll.  Avahi relies on properties that libevent does not have by itself: a watch reports
 * the events that happened, not those that are watched; a timeout is an instant of the wall clock, fires
 * once, and can be armed again; a callback may change or free its own watch or timeout, so nothing here
 * uses either after its callback.
 */
#include "discovery/avahi_poll.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>

#include "net/loop.h"

/*
 * The longest timeout, in seconds: far from the limits of struct timeval, and far above all timeouts of
 * Avahi.
 */
#define AVAHI_POLL_SLEEP_MAX_S (365 * 86400)

struct avahi_poll {
	AvahiPoll api;
	struct event_base *base;
	unsigned count;
};

/* Avahi declares these two structs and leaves their definition to the loop. */
struct AvahiWatch {
	struct avahi_poll *owner;
	struct event *event;
	int fd;
	AvahiWatchEvent wanted, happened;
	AvahiWatchCallback callback;
	void *userdata;
};

struct AvahiTimeout {
	struct avahi_poll *owner;
	struct event *event;
	AvahiTimeoutCallback callback;
	void *userdata;
};

/* ---------------------------------------------------------------------------------------- watches */

static void
avahi_poll_watch_fired(evutil_socket_t fd, short what, void *arg)
{
	struct AvahiWatch *watch = arg;
	struct pollfd state = {.fd = watch->fd, .events = (short)watch->wanted};

	(void)fd;
	(void)what;
	/* libevent reports an error or a hang-up as readable and writable: ask poll what happened. */
	if (poll(&state, 1, 0) <= 0)
		return;
	watch->happened = (AvahiWatchEvent)state.revents;
	watch->callback(watch, watch->fd, watch->happened, watch->userdata);
}

static void
avahi_poll_watch_update(AvahiWatch *watch, AvahiWatchEvent wanted)
{
	short what = EV_PERSIST;

	watch->wanted = wanted;
	event_del(watch->event);
	if ((wanted & AVAHI_WATCH_IN) != 0)
		what |= EV_READ;
	if ((wanted & AVAHI_WATCH_OUT) != 0)
		what |= EV_WRITE;
	/*
	 * Without a wanted event, a hang-up would be reported again and again to a callback that cannot
	 * handle it.
	 */
	if (what == EV_PERSIST)
		return;
	event_assign(watch->event, watch->owner->base, watch->fd, what, avahi_poll_watch_fired,
	    watch);
	event_add(watch->event, NULL);
}

static AvahiWatch *
avahi_poll_watch_new(const AvahiPoll *api, int fd, AvahiWatchEvent wanted,
    AvahiWatchCallback callback, void *userdata)
{
	struct AvahiWatch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->owner = api->userdata;
	watch->fd = fd;
	watch->callback = callback;
	watch->userdata = userdata;
	watch->event = event_new(watch->owner->base, fd, EV_PERSIST, avahi_poll_watch_fired, watch);
	if (watch->event == NULL) {
		free(watch);
		return NULL;
	}
	watch->owner->count++;
	avahi_poll_watch_update(watch, wanted);
	return watch;
}

static AvahiWatchEvent
avahi_poll_watch_get_events(AvahiWatch *watch)
{
	return watch->happened;
}

static void
avahi_poll_watch_free(AvahiWatch *watch)
{
	watch->owner->count--;
	event_free(watch->event);
	free(watch);
}

/* --------------------------------------------------------------------------------------- timeouts */

static void
avahi_poll_timeout_fired(evutil_socket_t fd, short what, void *arg)
{
	struct AvahiTimeout *timeout = arg;

	(void)fd;
	(void)what;
	timeout->callback(timeout, timeout->userdata);
}

/* Convert the instant to a span now, so that a later change of the wall clock does not move the timeout. */
static void
avahi_poll_timeout_update(AvahiTimeout *timeout, const struct timeval *at)
{
	struct timeval span = {0, 0};
	int64_t us;

	event_del(timeout->event);
	if (at == NULL)
		return;
	if (at->tv_sec > loop_wall_ns() / 1000000000 + AVAHI_POLL_SLEEP_MAX_S) {
		span.tv_sec = AVAHI_POLL_SLEEP_MAX_S;
	} else if (at->tv_sec > 0) {
		us = (int64_t)at->tv_sec * 1000000 + at->tv_usec - loop_wall_ns() / 1000;
		if (us > 0) {
			span.tv_sec = us / 1000000;
			span.tv_usec = us % 1000000;
		}
	}
	event_add(timeout->event, &span);
}

static AvahiTimeout *
avahi_poll_timeout_new(const AvahiPoll *api, const struct timeval *at,
    AvahiTimeoutCallback callback, void *userdata)
{
	struct AvahiTimeout *timeout = calloc(1, sizeof(*timeout));

	if (timeout == NULL)
		return NULL;
	timeout->owner = api->userdata;
	timeout->callback = callback;
	timeout->userdata = userdata;
	timeout->event = evtimer_new(timeout->owner->base, avahi_poll_timeout_fired, timeout);
	if (timeout->event == NULL) {
		free(timeout);
		return NULL;
	}
	timeout->owner->count++;
	avahi_poll_timeout_update(timeout, at);
	return timeout;
}

static void
avahi_poll_timeout_free(AvahiTimeout *timeout)
{
	timeout->owner->count--;
	event_free(timeout->event);
	free(timeout);
}

/* ------------------------------------------------------------------------------------------- both */

struct avahi_poll *
avahi_poll_new(struct event_base *base)
{
	struct avahi_poll *poll = calloc(1, sizeof(*poll));

	if (poll == NULL)
		return NULL;
	poll->base = base;
	poll->api = (AvahiPoll){
	    .userdata = poll,
	    .watch_new = avahi_poll_watch_new,
	    .watch_update = avahi_poll_watch_update,
	    .watch_get_events = avahi_poll_watch_get_events,
	    .watch_free = avahi_poll_watch_free,
	    .timeout_new = avahi_poll_timeout_new,
	    .timeout_update = avahi_poll_timeout_update,
	    .timeout_free = avahi_poll_timeout_free,
	};
	return poll;
}

void
avahi_poll_free(struct avahi_poll *poll)
{
	if (poll == NULL)
		return;
	assert(poll->count == 0);
	free(poll);
}

const AvahiPoll *
avahi_poll_api(struct avahi_poll *poll)
{
	return &poll->api;
}

unsigned
avahi_poll_count(const struct avahi_poll *poll)
{
	return poll->count;
}
