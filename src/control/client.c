/* SPDX-License-Identifier: MIT */
#include "control/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/change.h"
#include "control/event.h"
#include "control/request.h"
#include "net/loop.h"

/* Bytes of the receive buffer: one more than a line may have, so a full buffer without a newline is an error. */
#define IN_MAX (CONTROL_LINE_MAX + 1)
#define IN_FIRST 2048 /* bytes of the receive buffer at first */
/* The most pieces and bytes of one sendmsg. */
#define WRITE_VECTORS 64
#define WRITE_BYTES (256 * 1024)
/* Clients share the text of an event of this many bytes or more; a copy of a shorter event takes less memory. */
#define SHARED_MIN 1024
/* Sweeps (seconds, about) that a client may keep its side open after we shut down ours. */
#define LINGER_SWEEPS 2

static void client_readable(evutil_socket_t, short, void *);
static void client_writable(evutil_socket_t, short, void *);

struct client *
client_new(struct control *control, int fd, bool read_only, bool refused)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		close(fd);
		return NULL;
	}
	c->control = control;
	c->fd = fd;
	c->read_only = read_only;
	c->refused = refused;
	c->readable = event_new(control->base, fd, EV_READ | EV_PERSIST, client_readable, c);
	c->writable = event_new(control->base, fd, EV_WRITE | EV_PERSIST, client_writable, c);
	c->out = evbuffer_new();
	TAILQ_INSERT_TAIL(&control->clients, c, link);
	if (refused)
		control->refused++;
	else
		control->stats.clients++;
	if (c->readable == NULL || c->writable == NULL || c->out == NULL) {
		client_free(c);
		return NULL;
	}
	client_ready(c);
	return c;
}

static void
client_unsubscribe(struct client *c)
{
	if (c->subscribed)
		c->control->stats.subscribers--;
	c->subscribed = false;
}

void
client_free(struct client *c)
{
	struct control *control = c->control;

	change_cancel(c);
	client_unsubscribe(c);
	if (c->ready)
		TAILQ_REMOVE(&control->ready, c, ready_link);
	TAILQ_REMOVE(&control->clients, c, link);
	if (c->refused)
		control->refused--;
	else
		control->stats.clients--;
	if (c->readable != NULL)
		event_free(c->readable);
	if (c->writable != NULL)
		event_free(c->writable);
	if (c->out != NULL) {
		control->unsent -= evbuffer_get_length(c->out);
		evbuffer_free(c->out);
	}
	close(c->fd);
	free(c->in);
	free(c);
}

void
client_ready(struct client *c)
{
	if (c->ready)
		return;
	c->ready = true;
	TAILQ_INSERT_TAIL(&c->control->ready, c, ready_link);
	control_schedule_turn(c->control);
}

/* The client reads nothing any more. */
static void
client_set_gone(struct client *c)
{
	c->gone = c->eof = true;
	client_unsubscribe(c);
	client_ready(c);
}

/* Tells whether the client has closed both directions.  The end of file of a read tells only about one. */
static bool
client_is_hung_up(const struct client *c)
{
	struct pollfd fd = {.fd = c->fd};

	return poll(&fd, 1, 0) == 1 && (fd.revents & (POLLHUP | POLLERR)) != 0;
}

/* ------------------------------------------------------------------------------------- reading */

static void
client_set_reading(struct client *c, bool reading)
{
	if (c->reading == reading)
		return;
	if (reading && event_add(c->readable, NULL) < 0) {
		client_set_gone(c);
		return;
	}
	if (!reading)
		event_del(c->readable);
	c->reading = reading;
}

static size_t
client_in_left(const struct client *c)
{
	return c->in_end - c->in_start;
}

/* Make room after in_end, for IN_MAX bytes in all.  Returns the room in bytes; 0: `in` is full, or out of memory. */
static size_t
client_in_room(struct client *c)
{
	size_t cap = c->in_cap;

	if (c->in_start > 0) {
		memmove(c->in, c->in + c->in_start, client_in_left(c));
		c->in_end -= c->in_start;
		c->in_start = 0;
	}
	if (c->in_end == cap && cap < IN_MAX) {
		char *in;

		cap = cap == 0 ? IN_FIRST : cap * 2 < IN_MAX ? cap * 2 : IN_MAX;
		in = realloc(c->in, cap);
		if (in == NULL)
			return 0;
		c->in = in;
		c->in_cap = cap;
	}
	return c->in_cap - c->in_end;
}

/* Read and drop bytes: if we closed a connection with unread bytes, a reset would destroy our last answer. */
static ssize_t
client_read_and_drop(const struct client *c)
{
	char nowhere[16384];

	return recv(c->fd, nowhere, sizeof(nowhere), MSG_DONTWAIT);
}

static void
client_readable(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	ssize_t n;

	(void)fd;
	(void)what;
	if (c->draining) {
		n = client_read_and_drop(c);
	} else {
		size_t room = client_in_room(c);

		if (room == 0 && client_in_left(c) == IN_MAX) {
			/* A turn has to take a line out of `in` first. */
			client_set_reading(c, false);
			client_ready(c);
			return;
		}
		if (room == 0) {
			/* Out of memory: close the connection, as half a line must not be carried out. */
			client_drain(c);
			client_set_gone(c);
			return;
		}
		n = recv(c->fd, c->in + c->in_end, room, MSG_DONTWAIT);
		if (n > 0)
			c->in_end += (size_t)n;
	}
	if (n == 0) {
		c->eof = true;
		if (client_is_hung_up(c))
			client_set_gone(c);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		client_set_gone(c);
	}
	client_ready(c);
}

enum line { LINE_NONE, LINE_WHOLE, LINE_TOO_LONG };

/* Take the next line, which points into `in` and is valid until the next read. */
static enum line
client_take_line(struct client *c, const char **line, size_t *len)
{
	const char *start, *end;
	size_t left = client_in_left(c);

	if (left == 0)
		return LINE_NONE;
	start = c->in + c->in_start;
	end = memchr(start + c->in_scanned, '\n', left - c->in_scanned);
	if (end == NULL && left > CONTROL_LINE_MAX)
		return LINE_TOO_LONG;
	if (end == NULL && !c->eof) {
		c->in_scanned = left;
		return LINE_NONE;
	}
	*line = start;
	*len = end != NULL ? (size_t)(end - start) : left;
	c->in_start += *len + (end != NULL);
	c->in_scanned = 0;
	return LINE_WHOLE;
}

bool
client_step(struct client *c)
{
	const char *line;
	size_t len;

	/* Nobody reads the answers, and requests on the read-only socket have no other effect. */
	if (c->gone && c->read_only)
		client_drain(c);
	if (c->draining || c->call != NULL || evbuffer_get_length(c->out) >= CONTROL_OUTPUT_PAUSE)
		return false;
	switch (client_take_line(c, &line, &len)) {
	case LINE_NONE:
		return false;
	case LINE_WHOLE:
		request_run(c, line, len);
		return true;
	case LINE_TOO_LONG:
		request_refuse(c, CONTROL_TOO_LARGE,
		    "a request may have 65536 bytes, and this line is longer: the connection is closed");
		client_drain(c);
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------------------------- writing */

static void
client_out_add(struct client *c, size_t len)
{
	/* `out` was empty before. */
	if (evbuffer_get_length(c->out) == len)
		c->moved = loop_now();
	c->out_total += len;
	c->control->unsent += len;
}

static void
client_out_drain(struct client *c, size_t len)
{
	evbuffer_drain(c->out, len);
	c->control->unsent -= len;
	c->moved = loop_now();
}

void
client_abandon(struct client *c)
{
	client_out_drain(c, evbuffer_get_length(c->out));
	client_drain(c);
	client_set_gone(c);
	c->control->stats.overflows++;
}

bool
client_write(struct client *c)
{
	struct evbuffer_iovec vectors[WRITE_VECTORS];
	struct msghdr message = {.msg_iov = vectors};
	int count;
	ssize_t n;

	if (evbuffer_get_length(c->out) == 0 || c->gone)
		return false;
	count = evbuffer_peek(c->out, WRITE_BYTES, NULL, vectors, WRITE_VECTORS);
	message.msg_iovlen = (size_t)(count < WRITE_VECTORS ? count : WRITE_VECTORS);
	n = sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		client_out_drain(c, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
		client_set_gone(c);
	return n > 0;
}

static void
client_writable(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;

	(void)fd;
	(void)what;
	client_write(c);
	client_ready(c);
}

/* Write when the loop reports that the socket is writable, so that one write sends many events. */
static void
client_want_write(struct client *c)
{
	if (c->writing || c->gone)
		return;
	if (event_add(c->writable, NULL) == 0)
		c->writing = true;
	else
		client_set_gone(c);
}

static void
client_free_text(const void *text, size_t len, void *owner)
{
	(void)text;
	(void)len;
	free(owner);
}

static void
client_release_line(const void *text, size_t len, void *line)
{
	(void)text;
	(void)len;
	ring_release(line);
}

void
client_answer(struct client *c, struct emit *e)
{
	size_t len;
	char *text = emit_take(e, &len);

	if (c->gone) {
		free(text);
		return;
	}
	if (text == NULL || evbuffer_add_reference(c->out, text, len, client_free_text, text) < 0) {
		/* If one answer were missing, later answers would be taken for it: send none of them. */
		free(text);
		client_set_gone(c);
		return;
	}
	client_out_add(c, len);
	c->answer_end = c->out_total;
	client_ready(c);
}

bool
client_owes_answer(const struct client *c)
{
	return !c->gone && c->out_total - evbuffer_get_length(c->out) < c->answer_end;
}

static void
client_put_line(struct client *c, struct ring_line *line)
{
	int result;

	if (line->len < SHARED_MIN) {
		result = evbuffer_add(c->out, line->text, line->len);
	} else {
		result = evbuffer_add_reference(c->out, line->text, line->len, client_release_line,
		    ring_hold(line));
		if (result < 0)
			ring_release(line);
	}
	if (result < 0) {
		client_set_gone(c);
		return;
	}
	client_out_add(c, line->len);
	c->last_seq = line->seq;
}

/* Unsent bytes of events after the last answer. */
static size_t
client_event_backlog(const struct client *c)
{
	uint64_t sent = c->out_total - evbuffer_get_length(c->out);

	return (size_t)(c->out_total - (sent > c->answer_end ? sent : c->answer_end));
}

static void
client_overflow(struct client *c)
{
	struct control *control = c->control;
	struct emit e;

	emit_init(&e);
	event_put_overflow(&e, c->last_seq, loop_wall_ns());
	client_answer(c, &e);
	client_drain(c);
	control->stats.overflows++;
}

void
client_event(struct client *c, struct ring_line *line)
{
	if (!c->subscribed || (c->kinds & 1U << line->kind) == 0)
		return;
	if (client_event_backlog(c) + line->len > c->control->output_limit) {
		client_overflow(c);
		return;
	}
	client_put_line(c, line);
	client_want_write(c);
}

void
client_stream(struct client *c)
{
	struct ring *ring = &c->control->ring;

	c->stream = false;
	for (uint64_t seq = c->last_seq + 1; seq <= ring->last && c->subscribed; seq++) {
		struct ring_line *line = ring_at(ring, seq);

		if ((c->kinds & 1U << line->kind) != 0)
			client_put_line(c, line);
	}
	/* These events count as an answer, not as backlog: the ring bounds them. */
	c->answer_end = c->out_total;
}

size_t
client_stream_size(const struct client *c)
{
	const struct ring *ring = &c->control->ring;
	size_t size = 0;

	if (!c->stream)
		return 0;
	for (uint64_t seq = c->last_seq + 1; seq <= ring->last; seq++) {
		const struct ring_line *line = ring_at(ring, seq);

		if ((c->kinds & 1U << line->kind) != 0)
			size += line->len;
	}
	return size;
}

void
client_stream_cancel(struct client *c)
{
	if (!c->stream)
		return;
	c->stream = false;
	client_unsubscribe(c);
}

/* --------------------------------------------------------------------------------------- ending */

void
client_drain(struct client *c)
{
	change_cancel(c);
	client_unsubscribe(c);
	c->draining = true;
	c->in_start = c->in_end = c->in_scanned = 0;
	client_ready(c);
}

static bool
client_is_done(const struct client *c)
{
	if (c->gone)
		return c->draining || client_in_left(c) == 0;
	if (c->draining)
		return c->shut && c->eof;
	return c->eof && client_in_left(c) == 0 && c->call == NULL && !c->subscribed &&
	       evbuffer_get_length(c->out) == 0;
}

bool
client_settle(struct client *c)
{
	size_t unsent;

	client_write(c);
	if (c->gone) {
		change_cancel(c);
		client_out_drain(c, evbuffer_get_length(c->out));
		/* The requests after the cancelled call are still carried out. */
		if (!c->draining && client_in_left(c) > 0)
			client_ready(c);
	}
	unsent = evbuffer_get_length(c->out);
	if (c->draining && !c->shut && unsent == 0) {
		shutdown(c->fd, SHUT_WR);
		c->shut = true;
	}
	if (client_is_done(c))
		return false;
	if (unsent > 0) {
		client_want_write(c);
	} else if (c->writing) {
		event_del(c->writable);
		c->writing = false;
	}
	client_set_reading(c, !c->eof && (c->draining || (client_in_left(c) < IN_MAX &&
							     unsent < CONTROL_OUTPUT_PAUSE)));
	if (c->draining || !c->reading)
		control_schedule_sweep(c->control);
	return true;
}

bool
client_sweep(struct client *c)
{
	if (c->shut && ++c->sweeps >= LINGER_SWEEPS)
		return false;
	if (!c->gone && (c->draining || !c->reading)) {
		if (client_is_hung_up(c))
			client_set_gone(c);
		else
			control_schedule_sweep(c->control);
	}
	return true;
}
