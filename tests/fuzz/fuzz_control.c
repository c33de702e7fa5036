/* SPDX-License-Identifier: MIT */
/*
 * Sends arbitrary bytes over a control connection.  The first byte chooses the socket and the size of the pieces in
 * which the rest is sent.  Each answer must be a JSON object on one line, and there must not be more answers than
 * requests and events.  The bytes are also the name of a member in an event, whose line must be JSON too.
 */
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/client.h"
#include "net/loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* After this many turns of the loop without a byte, no more bytes come. */
#define QUIET_TURNS 6

/* The floors below control are fakes, so that no input reaches a network. */
struct discovery {
	discovery_join_done *done;
	void *ctx; /* NULL: no join is under way */
};

struct fuzz {
	struct event_base *base;
	struct swim *swim;
	struct control *control;
	struct discovery discovery;
	struct histogram times;
};

void
udp_stats(const struct udp *udp, struct udp_stats *out)
{
	(void)udp;
	*out = (struct udp_stats){.healthy = true};
}

void
resolver_stats(const struct resolver *resolver, struct resolver_stats *out)
{
	(void)resolver;
	*out = (struct resolver_stats){0};
}

const char *
discovery_state_word(enum discovery_state state)
{
	(void)state;
	return "unreachable";
}

size_t
discovery_count(const struct discovery *discovery)
{
	(void)discovery;
	return 1;
}

void
discovery_at(const struct discovery *discovery, size_t i, struct discovery_peer *out)
{
	(void)discovery;
	(void)i;
	*out = (struct discovery_peer){.source = "seed",
	    .address = "h:1",
	    .state = DISCOVERY_UNREACHABLE};
}

bool
discovery_source_at(const struct discovery *discovery, size_t i,
    struct discovery_source_report *out)
{
	(void)discovery;
	*out = (struct discovery_source_report){.name = "seed"};
	return i == 0;
}

enum swim_error
discovery_join(struct discovery *discovery, swim_time now, const struct discovery_join *join)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	uint16_t port;

	(void)now;
	for (size_t i = 0; i < join->count; i++)
		assert(swim_hostport_split(join->addresses[i], strlen(join->addresses[i]), 1, false,
			   host, &port) == SWIM_ADDR_OK);
	assert(discovery->ctx == NULL);
	*discovery = (struct discovery){join->done, join->ctx};
	return SWIM_OK;
}

void
discovery_join_cancel(struct discovery *discovery, void *ctx)
{
	assert(discovery->ctx == ctx);
	discovery->ctx = NULL;
}

static void
fuzz_info(void *ctx, struct control_info *out)
{
	(void)ctx;
	*out = (struct control_info){.cluster = "", .version = "0", .profile = "lan", .boot = "b"};
}

static void
fuzz_health(void *ctx, struct control_health *out)
{
	(void)ctx;
	*out = (struct control_health){.status = CONTROL_HEALTH_OK, .discovery = "ok"};
}

static void
fuzz_loop_lag(void *ctx, swim_duration *last, swim_duration *max)
{
	(void)ctx;
	*last = *max = swim_ns(0);
}

static bool
fuzz_reload(void *ctx, struct control_reload *out, char *error)
{
	(void)ctx;
	(void)out;
	strcpy(error, "no");
	return false;
}

static void
fuzz_leave(void *ctx)
{
	control_left(((struct fuzz *)ctx)->control);
}

static void
fuzz_flush(void *ctx)
{
	struct fuzz *fuzz = ctx;
	struct swim_datagram datagram;
	struct swim_event event;

	while (swim_next_datagram(fuzz->swim, &datagram))
		;
	while (swim_next_event(fuzz->swim, &event))
		control_event(fuzz->control, &event);
}

static void *
resize(void *ctx, void *memory, size_t size)
{
	(void)ctx;
	if (size > 0)
		return realloc(memory, size);
	free(memory);
	return NULL;
}

static void
fuzz_init(struct fuzz *fuzz)
{
	struct swim_config config = {.name = "me",
	    .cluster = "",
	    .address = {.family = 4, .port = 7946, .ip = {127, 0, 0, 1}},
	    .incarnation = 1,
	    .max_members = 16,
	    .max_jump = UINT64_MAX,
	    .max_datagram = WIRE_DATAGRAM_DEFAULT,
	    .allocator = {.resize = resize}};
	struct control_config none = {.socket_fd = -1, .ro_socket_fd = -1};
	struct control_backend backend = {.ctx = fuzz,
	    .discovery = &fuzz->discovery,
	    .info = fuzz_info,
	    .health = fuzz_health,
	    .loop_lag = fuzz_loop_lag,
	    .decode_time = &fuzz->times,
	    .encode_time = &fuzz->times,
	    .reload = fuzz_reload,
	    .leave = fuzz_leave,
	    .flush = fuzz_flush};
	char error[SOCKET_ERROR_MAX];

	*fuzz = (struct fuzz){.base = loop_new()};
	swim_timing_profile(SWIM_PROFILE_LAN, &config.timing);
	fuzz->swim = swim_new(&config, 1, loop_now());
	backend.swim = fuzz->swim;
	fuzz->control = control_new(fuzz->base, &none, &backend, error);
	if (fuzz->base == NULL || fuzz->swim == NULL || fuzz->control == NULL)
		errx(1, "out of memory");
	fuzz_flush(fuzz);
}

static void
fuzz_fini(struct fuzz *fuzz)
{
	control_free(fuzz->control);
	assert(fuzz->discovery.ctx == NULL);
	swim_free(fuzz->swim);
	event_base_free(fuzz->base);
}

/* The lines that the server sent, each checked and counted. */
struct answers {
	char *text;
	size_t len, cap, lines;
	bool eof;
};

static void
check_lines(struct answers *answers)
{
	char *newline;

	while (answers->len > 0 && (newline = memchr(answers->text, '\n', answers->len)) != NULL) {
		size_t len = (size_t)(newline - answers->text);
		json_t *line =
		    json_loadb(answers->text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);

		if (line == NULL)
			errx(1, "not JSON: %.*s", (int)len, answers->text);
		assert(strcmp(json_string_value(json_object_get(line, "jsonrpc")), "2.0") == 0);
		json_decref(line);
		answers->lines++;
		answers->len -= len + 1;
		memmove(answers->text, newline + 1, answers->len);
	}
}

static bool
receive(int fd, struct answers *answers)
{
	ssize_t n;

	if (answers->cap - answers->len < 4096) {
		answers->cap = answers->cap * 2 + 65536;
		answers->text = realloc(answers->text, answers->cap);
		if (answers->text == NULL)
			err(1, "realloc");
	}
	n = recv(fd, answers->text + answers->len, answers->cap - answers->len, MSG_DONTWAIT);
	if (n > 0) {
		answers->len += (size_t)n;
		check_lines(answers);
	}
	answers->eof = answers->eof || n == 0 || (n < 0 && errno == ECONNRESET);
	return n > 0;
}

static void
turn_until_quiet(struct fuzz *fuzz, int fd, struct answers *answers)
{
	for (unsigned quiet = 0; quiet < QUIET_TURNS && !answers->eof; quiet++) {
		event_base_loop(fuzz->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		if (fuzz->discovery.ctx != NULL) {
			struct discovery_peer peer = {.address = "h:1",
			    .state = DISCOVERY_UNREACHABLE};
			void *ctx = fuzz->discovery.ctx;

			fuzz->discovery.ctx = NULL;
			fuzz->discovery.done(ctx, &peer, 1);
			quiet = 0;
		}
		if (receive(fd, answers))
			quiet = 0;
	}
}

/* Send an event about a member whose name is the input. */
static void
tell(struct fuzz *fuzz, const uint8_t *data, size_t size)
{
	struct swim_event event = {.type = SWIM_EVENT_FAILED, .at = loop_now()};
	size_t len = size < SWIM_NAME_MAX ? size : SWIM_NAME_MAX;

	swim_self(fuzz->swim, &event.member);
	memcpy(event.member.name, data, len);
	event.member.name_len = (uint16_t)len;
	memcpy(event.by, data, len);
	event.by_len = (uint16_t)len;
	control_event(fuzz->control, &event);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz;
	struct answers answers = {0};
	struct control_stats stats;
	int pair[2];
	size_t piece, sent = 0;

	if (size == 0)
		return 0;
	fuzz_init(&fuzz);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0 ||
	    client_new(fuzz.control, pair[1], (data[0] & 1) != 0, false) == NULL)
		err(1, "cannot connect");
	piece = (data[0] >> 1) == 0 ? size : (size_t)data[0] >> 1;
	data++;
	size--;
	while (sent < size && !answers.eof) {
		size_t len = size - sent < piece ? size - sent : piece;
		ssize_t n = send(pair[0], data + sent, len, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		else if (errno != EAGAIN)
			break;
		if (n < 0 || piece < size)
			event_base_loop(fuzz.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		receive(pair[0], &answers);
	}
	turn_until_quiet(&fuzz, pair[0], &answers);
	tell(&fuzz, data, size);
	shutdown(pair[0], SHUT_WR);
	turn_until_quiet(&fuzz, pair[0], &answers);
	control_stats(fuzz.control, &stats);
	/* Each request and each event gives one line at most, and too long a line gives one more. */
	assert(answers.lines <= stats.requests + stats.last_seq + 1);
	assert(answers.len == 0);
	close(pair[0]);
	fuzz_fini(&fuzz);
	free(answers.text);
	return 0;
}
