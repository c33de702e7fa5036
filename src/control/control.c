/* SPDX-License-Identifier: MIT */
#include "control/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "control/change.h"
#include "control/client.h"
#include "control/control_internal.h"
#include "control/event.h"
#include "control/request.h"
#include "net/loop.h"

/* Milliseconds of one turn, in which requests are carried out before the loop serves other events. */
#define TURN_MS 2
/* The most connections accepted for one event. */
#define ACCEPT_BATCH 64
/* Pause before the next accept after one failed. */
#define RESUME_MS 200
#define SWEEP_MS 1000
/* Seconds between two checks of the files of the sockets. */
#define WATCH_S 2
/* The wall clock may drift by this much before its offset is measured again; otherwise times would flicker. */
#define WALL_DRIFT_MS 50

static const struct timeval at_once = {0, 0};
static const struct timeval resume_after = {0, RESUME_MS * 1000};
static const struct timeval watch_after = {WATCH_S, 0};
static const struct timeval sweep_after = {SWEEP_MS / 1000, (SWEEP_MS % 1000) * 1000};

void
control_schedule_turn(struct control *control)
{
	/* A timer, as an event made active here would run before the loop polls the sockets again. */
	if (!evtimer_pending(control->turn, NULL))
		evtimer_add(control->turn, &at_once);
}

void
control_schedule_sweep(struct control *control)
{
	if (!evtimer_pending(control->sweep, NULL))
		evtimer_add(control->sweep, &sweep_after);
}

void
control_flush(struct control *control)
{
	control->backend.flush(control->backend.ctx);
}

int64_t
control_wall_offset(struct control *control)
{
	int64_t offset = loop_wall_ns() - loop_now().ns;

	if (llabs(offset - control->wall_offset_ns) > swim_ms(WALL_DRIFT_MS).ns)
		control->wall_offset_ns = offset;
	return control->wall_offset_ns;
}

/*
 * Find the client to close when memory is needed: of the stuck clients with CONTROL_OUTPUT_PAUSE or more unsent
 * bytes, the client that has read nothing for the longest time; if two are equal, the client with more unsent bytes.
 * NULL: no such client is stuck.  *holders is the number of clients with so many unsent bytes, stuck or not.
 */
static struct client *
control_find_stuck(const struct control *control, size_t *holders)
{
	swim_time since = swim_time_add(loop_now(), swim_seconds(-CONTROL_STUCK_SECONDS));
	struct client *c, *stuck = NULL;

	*holders = 0;
	TAILQ_FOREACH(c, &control->clients, link) {
		if (evbuffer_get_length(c->out) < CONTROL_OUTPUT_PAUSE)
			continue;
		++*holders;
		if (!swim_time_reached(since, c->moved))
			continue;
		if (stuck == NULL || swim_time_before(c->moved, stuck->moved) ||
		    (c->moved.ns == stuck->moved.ns &&
			evbuffer_get_length(c->out) > evbuffer_get_length(stuck->out)))
			stuck = c;
	}
	return stuck;
}

bool
control_room(struct control *control, const struct client *asker, size_t size)
{
	size_t limit = control->output_total;

	if (!asker->read_only)
		limit += limit / 4;
	if (evbuffer_get_length(asker->out) + size <= CONTROL_OUTPUT_PAUSE)
		return true;
	while (control->unsent + size > limit) {
		size_t holders;
		struct client *stuck = control_find_stuck(control, &holders);

		/* If no client has that many unsent bytes, allow even an answer that exceeds the limit alone. */
		if (stuck == NULL)
			return holders == 0;
		/* If the loop stalled, nothing was written though the client reads: try to write first. */
		if (!client_write(stuck))
			client_abandon(stuck);
	}
	return true;
}

/*
 * Carry out requests, one of each client in turn and for TURN_MS at most, so that a client with many requests delays
 * neither the other clients nor the protocol.  Only this function, control_sweep and control_free free clients, so no
 * other callback works on a freed client.
 */
static void
control_turn(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;
	swim_time end = swim_time_add(loop_now(), swim_ms(TURN_MS));
	struct client *c;

	(void)fd;
	(void)what;
	while ((c = TAILQ_FIRST(&control->ready)) != NULL) {
		TAILQ_REMOVE(&control->ready, c, ready_link);
		c->ready = false;
		if (client_step(c))
			client_ready(c);
		else if (!client_settle(c))
			client_free(c);
		if (swim_time_reached(loop_now(), end))
			break;
	}
	if (!TAILQ_EMPTY(&control->ready))
		control_schedule_turn(control);
}

static void
control_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;
	struct client *c, *next;

	(void)fd;
	(void)what;
	for (c = TAILQ_FIRST(&control->clients); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (!client_sweep(c))
			client_free(c);
	}
}

/* ----------------------------------------------------------------------------------- listening */

static void
control_set_accepting(struct control *control, bool accepting)
{
	control->accepting = accepting;
	for (size_t i = 0; i < 2; i++) {
		struct event *acceptable = control->listeners[i].acceptable;

		if (acceptable == NULL)
			continue;
		if (!accepting)
			event_del(acceptable);
		else if (event_add(acceptable, NULL) < 0)
			control->accepting = false;
	}
}

/*
 * An accept failed, as descriptors or memory are short.  The socket stays readable, so an immediate retry would spin.
 * Whenever a client ends, another is accepted and the next accept fails, so only the first failure of a shortage is
 * logged.
 */
static void
control_starve(struct control *control, int number)
{
	static const char cannot[] = "cannot accept control connections for now";
	char text[256];

	control->stats.accept_failures++;
	control->stats.accept_errno = number;
	control->stats.accept_failed_at = loop_now();
	if (!control->starved) {
		snprintf(text, sizeof(text), "%s: %s", cannot, strerror(number));
		log_at(LOG_LEVEL_WARNING, cannot, log_str("error", strerror(number)));
		control_error_event(control, "accept-failed", text);
	}
	control->starved = true;
	control_set_accepting(control, false);
	evtimer_add(control->resume, &resume_after);
}

static void
control_resume(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval later = {CONTROL_STARVED_SECONDS, 0};
	struct control *control = arg;
	swim_duration quiet = swim_time_since(loop_now(), control->stats.accept_failed_at);

	(void)fd;
	(void)what;
	if (!control->accepting)
		control_set_accepting(control, true);
	if (!control->accepting) {
		evtimer_add(control->resume, &resume_after);
	} else if (quiet.ns < swim_seconds(CONTROL_STARVED_SECONDS).ns) {
		evtimer_add(control->resume, &later);
	} else {
		control->starved = false;
		log_at(LOG_LEVEL_NOTICE, "control connections are accepted again",
		    log_uint("failures", control->stats.accept_failures));
	}
}

static const char too_many[] =
    "64 connections are open, which is the limit: close one of them, or try again later";

/* Send the reason without waiting, and close: too many refused connections are open already. */
static void
control_turn_away(int fd)
{
	struct emit e;

	request_error_line(&e, CONTROL_UNAVAILABLE, too_many);
	/* The line fits into the buffer of a new socket; if not, the client gets no reason. */
	if (!e.failed)
		(void)!send(fd, e.text, e.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	emit_fini(&e);
	close(fd);
}

static bool
control_is_full(const struct control *control, bool read_only)
{
	const struct client *c;
	size_t writers = 0;

	if (control->stats.clients < CONTROL_CLIENTS_MAX)
		return false;
	TAILQ_FOREACH(c, &control->clients, link)
		writers += !c->read_only && !c->refused;
	return read_only || writers >= CONTROL_CLIENTS_RESERVED;
}

static void
control_add_client(struct control_listener *listener, int fd)
{
	struct control *control = listener->control;
	bool refused = control_is_full(control, listener->read_only);
	struct client *c;

	control->stats.connections++;
	if (refused)
		control->stats.refused++;
	if (refused && control->refused >= CONTROL_REFUSED_MAX) {
		control_turn_away(fd);
		return;
	}
	c = client_new(control, fd, listener->read_only, refused);
	if (c != NULL && refused) {
		request_refuse(c, CONTROL_UNAVAILABLE, too_many);
		client_drain(c);
	}
}

static void
control_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct control_listener *listener = arg;
	struct control *control = listener->control;

	(void)what;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0) {
			control_add_client(listener, client);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno != EAGAIN)
			control_starve(control, errno);
		return;
	}
}

static int
control_listen_on(struct control *control, size_t i, const struct control_config *config,
    char *error)
{
	struct control_listener *listener = &control->listeners[i];
	bool read_only = i == 1;
	const char *path = read_only ? config->ro_socket : config->socket;
	int fd = read_only ? config->ro_socket_fd : config->socket_fd, result;
	const struct socket_spec spec = {
	    .path = path,
	    .mode = read_only ? 0666 : 0660,
	    .group = read_only ? NULL : config->group,
	};

	listener->control = control;
	listener->read_only = read_only;
	if (fd >= 0)
		result = socket_adopt(&listener->socket, fd,
		    read_only ? "read-only socket" : "socket", &spec, error);
	else if (path == NULL || *path == '\0')
		return 0;
	else
		result = socket_bind(&listener->socket, &spec, error);
	if (result < 0)
		return result;
	listener->acceptable = event_new(control->base, listener->socket.fd, EV_READ | EV_PERSIST,
	    control_acceptable, listener);
	if (listener->acceptable == NULL || event_add(listener->acceptable, NULL) < 0) {
		snprintf(error, SOCKET_ERROR_MAX, "control %s: out of memory",
		    read_only ? "read-only socket" : "socket");
		return -ENOMEM;
	}
	return 0;
}

/* The socket was bound again and has another descriptor: accept connections from that one. */
static bool
control_listen_again(struct control_listener *listener)
{
	struct control *control = listener->control;
	struct event *fresh = event_new(control->base, listener->socket.fd, EV_READ | EV_PERSIST,
	    control_acceptable, listener);

	if (fresh == NULL)
		return false;
	event_free(listener->acceptable);
	listener->acceptable = fresh;
	return !control->accepting || event_add(fresh, NULL) == 0;
}

/*
 * The file of a socket is gone, as a cleaner of temporary directories may remove it: clients stay connected, but
 * no new client can connect.  Create the file again.  If that fails, report each reason once, and try at the next
 * check.
 */
static void
control_restore(struct control_listener *listener)
{
	struct control *control = listener->control;
	struct socket_bound *s = &listener->socket;
	char error[SOCKET_ERROR_MAX], text[SOCKET_ERROR_MAX + 64];

	if (socket_rebind(s, error) == 0) {
		if (!control_listen_again(listener))
			log_at(LOG_LEVEL_ERROR,
			    "out of memory: no connections to the control socket are accepted",
			    log_str("socket", s->path));
		snprintf(text, sizeof(text),
		    "the control socket %s was removed or replaced: swimd has created it again",
		    s->path);
	} else if (strcmp(listener->trouble, error) == 0) {
		return;
	} else {
		snprintf(text, sizeof(text), "a control socket was removed or replaced: %s", error);
		snprintf(listener->trouble, sizeof(listener->trouble), "%s", error);
	}
	log_at(LOG_LEVEL_WARNING, text);
	control_error_event(control, "socket-lost", text);
}

void
control_look(struct control *control)
{
	for (size_t i = 0; i < 2; i++) {
		struct control_listener *listener = &control->listeners[i];

		if (listener->acceptable == NULL)
			continue;
		if (!socket_is_there(&listener->socket))
			control_restore(listener);
		if (listener->trouble[0] != '\0' && socket_is_there(&listener->socket)) {
			listener->trouble[0] = '\0';
			log_at(LOG_LEVEL_NOTICE, "the control socket is at its path again",
			    log_str("socket", listener->socket.path));
		}
	}
}

const char *
control_trouble(const struct control *control)
{
	for (size_t i = 0; i < 2; i++) {
		if (control->listeners[i].trouble[0] != '\0')
			return control->listeners[i].trouble;
	}
	return NULL;
}

static void
control_watch(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;

	(void)fd;
	(void)what;
	control_look(control);
	evtimer_add(control->watch, &watch_after);
}

/* ------------------------------------------------------------------------------------ lifetime */

struct control *
control_new(struct event_base *base, const struct control_config *config,
    const struct control_backend *backend, char *error)
{
	struct control *control = calloc(1, sizeof(*control));
	int result = -ENOMEM;

	if (control == NULL)
		goto no_memory;
	control->base = base;
	control->backend = *backend;
	control->output_limit = config->output_limit > 0 ? config->output_limit
							 : CONTROL_OUTPUT_LIMIT;
	control->output_total = CONTROL_OUTPUT_TOTAL;
	control->accepting = true;
	control->stats.accept_failed_at = SWIM_TIME_NEVER;
	TAILQ_INIT(&control->clients);
	TAILQ_INIT(&control->ready);
	for (size_t i = 0; i < 2; i++)
		socket_init(&control->listeners[i].socket);
	control->turn = evtimer_new(base, control_turn, control);
	control->sweep = evtimer_new(base, control_sweep, control);
	control->watch = evtimer_new(base, control_watch, control);
	control->resume = evtimer_new(base, control_resume, control);
	if (control->turn == NULL || control->sweep == NULL || control->resume == NULL ||
	    control->watch == NULL || evtimer_add(control->watch, &watch_after) < 0 ||
	    ring_init(&control->ring, CONTROL_RING_EVENTS) < 0)
		goto no_memory;
	for (size_t i = 0; i < 2; i++) {
		result = control_listen_on(control, i, config, error);
		if (result < 0)
			goto fail;
	}
	return control;

no_memory:
	snprintf(error, SOCKET_ERROR_MAX, "control socket: out of memory");
fail:
	control_free(control);
	errno = -result;
	return NULL;
}

static void
control_free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void
control_free(struct control *control)
{
	struct client *c;

	if (control == NULL)
		return;
	while ((c = TAILQ_FIRST(&control->clients)) != NULL) {
		change_refuse(c);
		client_write(c);
		client_free(c);
	}
	for (size_t i = 0; i < 2; i++) {
		control_free_event(control->listeners[i].acceptable);
		socket_close(&control->listeners[i].socket);
	}
	control_free_event(control->turn);
	control_free_event(control->sweep);
	control_free_event(control->watch);
	control_free_event(control->resume);
	ring_fini(&control->ring);
	free(control);
}

/* -------------------------------------------------------------------------------------- events */

/* Keep the line in `e`, which has the next sequence number, in the ring, and send it to its subscribers. */
static void
control_publish(struct control *control, enum event_kind kind, struct emit *e)
{
	size_t len;
	char *text = emit_take(e, &len);
	struct ring_line *line = text != NULL ? ring_add(&control->ring, kind, text, len) : NULL;
	struct client *c;

	if (line == NULL) {
		log_at(LOG_LEVEL_ERROR, "out of memory: an event is lost");
		return;
	}
	control->stats.events++;
	for (c = TAILQ_FIRST(&control->clients); c != NULL; c = TAILQ_NEXT(c, link))
		client_event(c, line);
}

void
control_event(struct control *control, const struct swim_event *event)
{
	enum event_kind kind;
	struct emit e;

	if (!event_kind_of(event->type, &kind))
		return;
	emit_init(&e);
	event_put_member(&e, control->ring.last + 1, kind, event, control_wall_offset(control));
	control_publish(control, kind, &e);
}

void
control_error_event(struct control *control, const char *code, const char *message)
{
	struct emit e;

	emit_init(&e);
	event_put_error(&e, control->ring.last + 1, loop_wall_ns(), code, message);
	control_publish(control, EVENT_ERROR, &e);
}

void
control_leaving(struct control *control)
{
	struct client *c;

	control->leaving = true;
	for (c = TAILQ_FIRST(&control->clients); c != NULL; c = TAILQ_NEXT(c, link))
		if (c->call != NULL && c->call->kind == CALL_JOIN)
			change_refuse(c);
}

void
control_left(struct control *control)
{
	struct client *c;

	control->leaving = control->left = true;
	for (c = TAILQ_FIRST(&control->clients); c != NULL; c = TAILQ_NEXT(c, link))
		if (c->call != NULL && c->call->kind == CALL_LEAVE)
			change_left(c->call);
}

bool
control_idle(const struct control *control)
{
	const struct client *c;

	for (c = TAILQ_FIRST(&control->clients); c != NULL; c = TAILQ_NEXT(c, link)) {
		if (c->draining || c->gone)
			continue;
		if (client_owes_answer(c) || (c->call != NULL && c->call->kind == CALL_LEAVE))
			return false;
	}
	return true;
}

void
control_stats(const struct control *control, struct control_stats *out)
{
	*out = control->stats;
	out->last_seq = control->ring.last;
}
