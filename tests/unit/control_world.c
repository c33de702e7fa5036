/* SPDX-License-Identifier: MIT */
#include "control_world.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/hash.h"
#include "net/loop.h"

/* Milliseconds between two turns of the loop while nothing comes. */
#define IDLE_MS 5
/* A test fails after this many seconds without an answer; enough for sanitizers on a busy machine. */
#define PATIENCE_S 60

/* ----------------------------------------------------------------------------------- fake floors */

void
udp_stats(const struct udp *udp, struct udp_stats *out)
{
	*out = udp->stats;
}

void
resolver_stats(const struct resolver *resolver, struct resolver_stats *out)
{
	*out = resolver->stats;
}

const char *
discovery_state_word(enum discovery_state state)
{
	static const char *const words[] = {"pending", "resolving", "unresolved", "contacting",
	    "unreachable", "silent", "refused", "hears us not", "joined", "self", "other cluster",
	    "member", "rate limited", "namesake", "malformed"};

	return words[state];
}

size_t
discovery_count(const struct discovery *discovery)
{
	return discovery->count;
}

void
discovery_at(const struct discovery *discovery, size_t i, struct discovery_peer *out)
{
	ck_assert_uint_lt(i, discovery->count);
	*out = discovery->peers[i];
}

bool
discovery_source_at(const struct discovery *discovery, size_t i,
    struct discovery_source_report *out)
{
	static const struct discovery_source_report sources[] = {
	    {.name = "seed"},
	    {.name = "mdns", .trouble = "avahi-daemon does not run", .dropped = 3},
	};

	(void)discovery;
	if (i >= sizeof(sources) / sizeof(sources[0]))
		return false;
	*out = sources[i];
	return true;
}

enum swim_error
discovery_join(struct discovery *discovery, swim_time now, const struct discovery_join *join)
{
	(void)now;
	if (discovery->refuse != SWIM_OK)
		return discovery->refuse;
	for (size_t i = 0; i < WORLD_JOINS_MAX; i++)
		if (discovery->joins[i].ctx == NULL) {
			discovery->joins[i].done = join->done;
			discovery->joins[i].ctx = join->ctx;
			discovery->joins[i].count = join->count;
			snprintf(discovery->joins[i].first, sizeof(discovery->joins[i].first), "%s",
			    join->addresses[0]);
			discovery->started++;
			return SWIM_OK;
		}
	return SWIM_ERROR_SEND_FAILED;
}

void
discovery_join_cancel(struct discovery *discovery, void *ctx)
{
	for (size_t i = 0; i < WORLD_JOINS_MAX; i++)
		if (discovery->joins[i].ctx == ctx) {
			discovery->joins[i].ctx = NULL;
			discovery->cancelled++;
			return;
		}
	ck_abort_msg("a join was cancelled that is not under way");
}

void
world_joined(struct world *world)
{
	struct discovery_peer outcome[WORLD_PEERS_MAX];

	for (size_t i = 0; i < WORLD_JOINS_MAX; i++) {
		void *ctx = world->discovery.joins[i].ctx;
		size_t count = world->discovery.joins[i].count;

		if (ctx == NULL)
			continue;
		world->discovery.joins[i].ctx = NULL;
		memset(outcome, 0, sizeof(outcome));
		for (size_t k = 0; k < count && k < WORLD_PEERS_MAX; k++) {
			outcome[k].state = k == 0 ? DISCOVERY_JOINED : DISCOVERY_UNREACHABLE;
			strcpy(outcome[k].reason, k == 0 ? "" : "no answer");
			strcpy(outcome[k].member, k == 0 ? "there" : "");
			outcome[k].member_len = k == 0 ? 5 : 0;
			snprintf(outcome[k].address, sizeof(outcome[k].address), "%s",
			    k == 0 ? world->discovery.joins[i].first : "elsewhere:1");
		}
		world->discovery.joins[i].done(ctx, outcome, count);
	}
}

/* -------------------------------------------------------------------------------------- backend */

static void
world_info(void *ctx, struct control_info *out)
{
	const struct world *world = ctx;

	*out = (struct control_info){.cluster = "a \"b\" \\ c",
	    .version = "1.2.3",
	    .profile = "lan",
	    .boot = world->boot,
	    .pid = 42,
	    .started_wall_ns = INT64_C(1795395723412000000),
	    .started = loop_now()};
}

static void
world_health(void *ctx, struct control_health *out)
{
	*out = ((const struct world *)ctx)->health;
}

static void
world_loop_lag(void *ctx, swim_duration *last, swim_duration *max)
{
	(void)ctx;
	*last = swim_us(1500);
	*max = swim_ms(20);
}

static bool
world_reload(void *ctx, struct control_reload *out, char *error)
{
	static const char *const applied[] = {"log_level", "seeds"}, *const later[] = {"bind"};
	const struct world *world = ctx;

	if (world->reload_error != NULL) {
		strcpy(error, world->reload_error);
		return false;
	}
	*out = (struct control_reload){applied, 2, later, 1};
	return true;
}

static int
world_tags(void *ctx, const struct wire_tag *changes, size_t count, char *error)
{
	struct world *world = ctx;
	char tags[WIRE_TAGS_MAX];
	struct swim_report self;
	size_t len;

	if (world->tags_error != 0) {
		strcpy(error, "too many tags");
		return world->tags_error;
	}
	swim_self(world->swim, &self);
	memcpy(tags, self.tags, len = self.tags_len);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(wire_tags_set(tags, &len, changes[i].key, changes[i].value),
		    WIRE_TAGS_OK);
	ck_assert(swim_set_tags(world->swim, loop_now(), tags, len));
	world->retagged++;
	return 0;
}

static void
world_leave(void *ctx)
{
	struct world *world = ctx;

	world->leaves++;
	if (world->leave_at_once)
		control_left(world->control);
}

static void
world_flush(void *ctx)
{
	struct world *world = ctx;
	struct swim_datagram datagram;
	struct swim_event event;

	world->flushes++;
	while (swim_next_datagram(world->swim, &datagram))
		;
	while (swim_next_event(world->swim, &event))
		control_event(world->control, &event);
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

void
world_start(struct world *world, size_t output_limit)
{
	struct swim_config config = {.name = "me",
	    .cluster = "",
	    .address = {.family = 4, .port = 7946, .ip = {127, 0, 0, 1}},
	    .incarnation = 1,
	    .max_members = SWIM_MEMBERS_DEFAULT,
	    .max_jump = UINT64_MAX,
	    .max_datagram = WIRE_DATAGRAM_DEFAULT,
	    .allocator = {.resize = resize}};
	struct control_backend backend = {.ctx = world,
	    .udp = &world->udp,
	    .resolver = &world->resolver,
	    .discovery = &world->discovery,
	    .info = world_info,
	    .health = world_health,
	    .loop_lag = world_loop_lag,
	    .decode_time = &world->decode_time,
	    .encode_time = &world->encode_time,
	    .reload = world_reload,
	    .tags = world_tags,
	    .leave = world_leave,
	    .flush = world_flush};
	struct control_config paths = {.socket = world->path,
	    .ro_socket = world->ro_path,
	    .socket_fd = -1,
	    .ro_socket_fd = -1,
	    .output_limit = output_limit};
	char error[512] = "";

	memset(world, 0, sizeof(*world));
	world->boot = "boot-1";
	world->health.discovery = "ok";
	world->udp.stats.healthy = true;
	strcpy(world->directory, "/tmp/swimd-control-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(world->directory));
	snprintf(world->path, sizeof(world->path), "%s/s", world->directory);
	snprintf(world->ro_path, sizeof(world->ro_path), "%s/ro", world->directory);
	world->base = loop_new();
	ck_assert_ptr_nonnull(world->base);
	swim_timing_profile(SWIM_PROFILE_LAN, &config.timing);
	world->swim = swim_new(&config, 1, loop_now());
	ck_assert_ptr_nonnull(world->swim);
	backend.swim = world->swim;
	world->control = control_new(world->base, &paths, &backend, error);
	ck_assert_msg(world->control != NULL, "%s", error);
	world_flush(world);
}

void
world_stop(struct world *world)
{
	control_free(world->control);
	swim_free(world->swim);
	event_base_free(world->base);
	/* rmdir fails if a socket or a lock file is left. */
	ck_assert_msg(rmdir(world->directory) == 0, "%s: %s", world->directory, strerror(errno));
}

void
world_turn(struct world *world)
{
	ck_assert_int_ge(event_base_loop(world->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
}

void
world_settle(struct world *world)
{
	for (unsigned i = 0; i < 50; i++)
		world_turn(world);
}

void
world_wait_for_clients(struct world *world, size_t count)
{
	struct control_stats stats;
	swim_time end = swim_time_add(loop_now(), swim_seconds(PATIENCE_S));

	do {
		ck_assert(!swim_time_reached(loop_now(), end));
		world_turn(world);
		control_stats(world->control, &stats);
		poll(NULL, 0, stats.clients == count ? 0 : 1);
	} while (stats.clients != count);
}

/* Name the living members as accusers: the core takes a death with too few accusers for a suspicion. */
static void
add_accusers(struct world *world, struct wire_update *update)
{
	for (size_t i = 0; i < swim_member_count(world->swim); i++) {
		struct swim_report m;

		swim_member_at(world->swim, i, &m);
		if (m.status == SWIM_ALIVE && !wire_str_equal(update->member.id, m.name) &&
		    update->accuser_count < WIRE_ACCUSERS_MAX)
			update->accusers[update->accuser_count++] = hash64_end(
			    hash64_bytes(HASH64_START, m.name, m.name_len));
	}
}

/*
 * The address of the member that sends an update: a live member other than its subject, or an unknown address if
 * there is none.  Members take turns, since each has a quota of updates in a second (core/quota.c), which
 * thousands of updates would use up.
 */
static struct swim_addr
speaker(const struct world *world, const struct wire_update *update)
{
	struct swim_addr at = {.family = 4, .port = 1, .ip = {127, 0, 0, 2}};
	size_t count = swim_member_count(world->swim);

	for (size_t i = 0; i < count; i++) {
		struct swim_report m;

		swim_member_at(world->swim, (world->told + i) % count, &m);
		if ((m.status == SWIM_ALIVE || m.status == SWIM_SUSPECT) &&
		    !wire_str_equal(update->member.id, m.name)) {
			ck_assert(swim_addr_parse(m.address, strlen(m.address), &at));
			break;
		}
	}
	return at;
}

void
world_input(struct world *world, const char *name, size_t name_len, enum swim_status status,
    uint64_t incarnation)
{
	struct swim_addr from;
	uint64_t hash = hash64_bytes(HASH64_START, name, name_len);
	struct wire_trailer trailer = {0};
	char address[SWIM_HOSTPORT_MAX];
	struct wire_update update = {.member = {{name, (uint16_t)name_len}, {address, 0}},
	    .status = status,
	    .flags = status == SWIM_LEFT ? WIRE_FLAG_LEFT : 0,
	    .incarnation = incarnation};
	struct wire_writer writer;
	uint8_t data[2048];
	size_t len;

	update.member.address.len = (uint16_t)snprintf(address, sizeof(address),
	    "127.%d.%d.%d:7946", 1 + (int)(hash % 100), (int)(hash >> 8 & 255),
	    (int)(hash >> 16 & 255));
	if (status == SWIM_DEAD)
		add_accusers(world, &update);
	from = speaker(world, &update);
	world->told++;
	wire_writer_init(&writer, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_gossip(&writer, 1);
	ck_assert(wire_add_update(&writer, &update));
	len = wire_finish(&writer, &trailer, 0);
	ck_assert_int_eq(swim_input(world->swim, loop_now(), &from, data, len), WIRE_OK);
}

void
world_hear(struct world *world, const char *name, size_t name_len, enum swim_status status,
    uint64_t incarnation)
{
	world_input(world, name, name_len, status, incarnation);
	world_flush(world);
}

/* --------------------------------------------------------------------------------------- callers */

void
caller_open(struct caller *caller, struct world *world, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*caller = (struct caller){.world = world};
	strcpy(address.sun_path, path);
	caller->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(caller->fd, 0);
	ck_assert_msg(connect(caller->fd, (struct sockaddr *)&address, sizeof(address)) == 0,
	    "%s: %s", path, strerror(errno));
}

void
caller_close(struct caller *caller)
{
	close(caller->fd);
	free(caller->in);
	*caller = (struct caller){.fd = -1};
}

void
caller_send(struct caller *caller, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(caller->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		} else {
			ck_assert_msg(errno == EAGAIN, "send: %s", strerror(errno));
			world_turn(caller->world);
		}
	}
}

void
caller_say(struct caller *caller, const char *line)
{
	caller_send(caller, line, strlen(line));
	caller_send(caller, "\n", 1);
}

void
caller_half_close(struct caller *caller)
{
	ck_assert_int_eq(shutdown(caller->fd, SHUT_WR), 0);
}

/* Read the bytes that have come.  False: none have, or the connection has ended and caller->eof is set. */
static bool
caller_read(struct caller *caller)
{
	ssize_t n;

	if (caller->eof)
		return false;
	if (caller->cap - caller->len < 65536) {
		caller->cap = caller->cap * 2 + 65536;
		caller->in = realloc(caller->in, caller->cap);
		ck_assert_ptr_nonnull(caller->in);
	}
	n = recv(caller->fd, caller->in + caller->len, caller->cap - caller->len, MSG_DONTWAIT);
	if (n > 0) {
		caller->len += (size_t)n;
		return true;
	}
	/* A connection ends with a reset if the server closed it with unread bytes. */
	if (n == 0 || errno == ECONNRESET)
		caller->eof = true;
	else
		ck_assert_msg(errno == EAGAIN, "recv: %s", strerror(errno));
	return false;
}

char *
caller_line(struct caller *caller)
{
	swim_time end = swim_time_add(loop_now(), swim_seconds(PATIENCE_S));
	char *newline, *line;
	size_t len;

	while (caller->len == 0 || (newline = memchr(caller->in, '\n', caller->len)) == NULL) {
		struct pollfd fd = {.fd = caller->fd, .events = POLLIN};

		if (caller->eof) {
			ck_assert_msg(caller->len == 0,
			    "the connection ended in the middle of a line");
			return NULL;
		}
		ck_assert_msg(!swim_time_reached(loop_now(), end), "nothing comes");
		world_turn(caller->world);
		if (!caller_read(caller))
			poll(&fd, 1, IDLE_MS);
	}
	len = (size_t)(newline - caller->in);
	line = strndup(caller->in, len);
	ck_assert_ptr_nonnull(line);
	caller->len -= len + 1;
	memmove(caller->in, newline + 1, caller->len);
	return line;
}

json_t *
caller_json(struct caller *caller)
{
	char *line = caller_line(caller);
	json_error_t error;
	json_t *value;

	ck_assert_msg(line != NULL, "the connection ended");
	value = json_loads(line, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	ck_assert_msg(value != NULL, "%s: %s", error.text, line);
	free(line);
	return value;
}

json_t *
caller_ask(struct caller *caller, const char *line)
{
	caller_say(caller, line);
	return caller_json(caller);
}

json_t *
caller_result(struct caller *caller, const char *line)
{
	json_t *answer = caller_ask(caller, line), *result = json_object_get(answer, "result");

	ck_assert_msg(result != NULL, "%s: %s", line, json_dumps(answer, 0));
	json_incref(result);
	json_decref(answer);
	return result;
}

json_t *
caller_error(struct caller *caller, const char *line, const char *code)
{
	json_t *answer = caller_ask(caller, line), *error = json_object_get(answer, "error");

	ck_assert_msg(error != NULL, "%s: %s", line, json_dumps(answer, 0));
	ck_assert_str_eq(text(field(error, "data"), "code"), code);
	ck_assert_uint_gt(strlen(text(error, "message")), 10);
	json_incref(error);
	json_decref(answer);
	return error;
}

void
caller_expect_end(struct caller *caller)
{
	char *line = caller_line(caller);

	ck_assert_msg(line == NULL, "%s", line);
}

const json_t *
field(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	ck_assert_msg(value != NULL, "no %s in %s", key, json_dumps(object, 0));
	return value;
}

const char *
text(const json_t *object, const char *key)
{
	const json_t *value = field(object, key);

	ck_assert_msg(json_is_string(value), "%s is no string", key);
	return json_string_value(value);
}

json_int_t
number(const json_t *object, const char *key)
{
	const json_t *value = field(object, key);

	ck_assert_msg(json_is_integer(value), "%s is no integer", key);
	return json_integer_value(value);
}
