/* SPDX-License-Identifier: MIT */
#include "daemon/node.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/random.h>

#include "base/log.h"
#include "daemon/address.h"
#include "daemon/lost_name.h"
#include "discovery/heard.h"
#include "discovery/mdns.h"
#include "net/zone.h"

/* One piece of work in so many is timed. */
#define STOPWATCH_EVERY 16
/* Between two looks at what other members report about the advertised address. */
#define REACH_LOOK_SECONDS 5
#define CONTROL_OUTPUT_LIMIT (1024 * 1024) /* unsent bytes of one control connection */

static void *
node_resize(void *ctx, void *ptr, size_t size)
{
	(void)ctx;
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	return realloc(ptr, size);
}

static void
node_work_begins(void *ctx, enum swim_work work)
{
	struct node_stopwatch *watch = &((struct node *)ctx)->stopwatches[work];

	watch->begin = ++watch->count % STOPWATCH_EVERY == 0 ? loop_now() : SWIM_TIME_NEVER;
}

static void
node_work_ends(void *ctx, enum swim_work work)
{
	struct node_stopwatch *watch = &((struct node *)ctx)->stopwatches[work];

	if (swim_time_is_never(watch->begin))
		return;
	histogram_add(&watch->histogram, swim_time_since(loop_now(), watch->begin));
	watch->begin = SWIM_TIME_NEVER;
}

/* ------------------------------------------------------------------------------------- the socket */

static void
node_on_refused(void *ctx, const struct swim_addr *peer, int error_number)
{
	struct node *node = ctx;

	if (node->discovery != NULL)
		discovery_refused(node->discovery, peer, error_number);
}

static void
node_on_transport(void *ctx, enum swim_error error, int error_number, const struct swim_addr *peer)
{
	struct node *node = ctx;
	char text[256], to[SWIM_ADDR_TEXT] = "";

	if (error == SWIM_OK) {
		log_at(LOG_LEVEL_NOTICE, "the network works again");
		return;
	}
	if (peer != NULL)
		zone_format(peer, to);
	snprintf(text, sizeof(text), "%s: %s%s%s", swim_error_text(error), strerror(error_number),
	    peer != NULL ? ", to " : "", to);
	log_at(LOG_LEVEL_WARNING, "network trouble", log_str("error", swim_error_word(error)),
	    log_str("reason", strerror(error_number)), log_str("to", to));
	if (node->control != NULL)
		control_error_event(node->control, swim_error_word(error), text);
}

/* -------------------------------------------------------------------------------------- discovery */

static bool
node_on_join(void *ctx, const struct swim_addr *address)
{
	struct node *node = ctx;

	if (node->leaving || node->silent)
		return false;
	network_before_join(node, address);
	/* If this is called in a flush, the same flush sends the ping of the join. */
	node->flush_again = true;
	return swim_join(node->swim, loop_now(), address);
}

static void
node_on_discovery_changed(void *ctx)
{
	network_peers_changed(ctx, true);
	flush_all(ctx, loop_now());
}

static bool
node_reaches(void *ctx, const struct swim_addr *address)
{
	const struct node *node = ctx;

	return udp_reaches(node->udp, address);
}

static bool
node_has_peers(void *ctx)
{
	const struct node *node = ctx;
	struct swim_stats stats;

	swim_stats(node->swim, &stats);
	return stats.members[SWIM_ALIVE] > 1; /* this member is counted too */
}

static bool
node_is_member(void *ctx, const char *name, size_t len, const struct swim_addr *address)
{
	const struct node *node = ctx;
	struct swim_report member;

	if (len > 0 && swim_member_find(node->swim, name, len, &member) &&
	    swim_status_is_live(member.status))
		return true;
	return swim_member_by_address(node->swim, address, &member) &&
	       swim_status_is_live(member.status);
}

/* -------------------------------------------------------------------------------- timers, signals */

/* Reports in the log and as an event when trouble with the advertised address begins and when it ends. */
static void
node_tell_reach(struct node *node, swim_time now)
{
	struct node_reach *told = &node->reach;
	struct control_health health = {0};
	char advertised[SWIM_ADDR_TEXT];
	struct swim_reach reach;
	const struct health_input in = {
	    .reach = &reach,
	    .advertised = zone_format(&node->advertised, advertised),
	    .port = node->bound.port,
	};
	bool unreachable, shared;

	if (!swim_time_reached(now, told->at))
		return;
	told->at = swim_time_add(now, swim_seconds(REACH_LOOK_SECONDS));
	swim_reach(node->swim, now, &reach);
	unreachable = health_is_unreachable(&reach);
	shared = reach.twins.count > 0;
	if ((unreachable && !told->unreachable) || (shared && !told->shared)) {
		health_judge_address(&in, &health);
		for (size_t i = 0; i < health.reason_count; i++) {
			log_at(LOG_LEVEL_WARNING, "address trouble",
			    log_str("reason", health.reasons[i]));
			control_error_event(node->control,
			    shared && !told->shared ? "address-shared" : "address-unreachable",
			    health.reasons[i]);
		}
	} else if ((told->unreachable && !unreachable) || (told->shared && !shared)) {
		log_at(LOG_LEVEL_NOTICE, "the advertised address works again");
	}
	told->unreachable = unreachable;
	told->shared = shared;
}

static void
node_on_deadline(void *ctx, swim_time now)
{
	struct node *node = ctx;
	char status[128];

	if (!receive_backlog(node, now))
		return;
	now = loop_now();
	swim_tick(node->swim, now);
	flush_all(node, now);
	node_tell_reach(node, now);
	log_settle();
	if (node->status_stale && swim_time_reached(now, node->status_at)) {
		node->status_stale = false;
		node->status_at = swim_time_add(now, swim_seconds(1));
		backend_status(node, status, sizeof(status));
		notify_status(status);
	}
}

static void
node_on_watchdog(void *ctx, swim_time now)
{
	struct node *node = ctx;

	notify_watchdog();
	loop_timer_set(node->watchdog, swim_time_add(now, node->watchdog_interval));
}

/* Ends the daemon once all answers of the control socket are written, or at exit_by. */
static void
node_on_exit_timer(void *ctx, swim_time now)
{
	struct node *node = ctx;

	if ((control_idle(node->control) && !node->silent) || swim_time_reached(now, node->exit_by))
		event_base_loopbreak(node->base);
	else
		loop_timer_set(node->exit_timer, swim_time_add(now, swim_ms(5)));
}

/*
 * Ends the daemon for a restart without a leave, unless a leave has begun.  Another process takes over at once, so to the
 * other members this member is only silent for a moment.
 */
static void
node_end_for_restart(struct node *node)
{
	if (node->leaving)
		return;
	log_at(LOG_LEVEL_NOTICE, "swimd ends for a restart, without leaving the cluster",
	    log_str("reason", "SIGUSR1"));
	node->restarting = true;
	notify_stopping();
	event_base_loopbreak(node->base);
}

static void
node_on_signal(evutil_socket_t number, short what, void *ctx)
{
	struct node *node = ctx;

	(void)what;
	if (number == SIGHUP) {
		backend_reload_by_signal(node);
	} else if (number == SIGUSR1) {
		node_end_for_restart(node);
	} else if (!node->leaving) {
		node_leave(node, number == SIGINT ? "SIGINT" : "SIGTERM");
	} else {
		node->end_signal = (int)number;
		event_base_loopbreak(node->base);
	}
}

/* For the reaper: tells whether another part of the daemon waits for the child. */
static bool
node_owns_child(void *ctx, pid_t child)
{
	const struct node *node = ctx;

	return state_owns(node->state, child) ||
	       (node->snapshot != NULL && snapshot_loop_owns(node->snapshot, child)) ||
	       (node->discovery != NULL && discovery_owns(node->discovery, child));
}

void
node_lose_name(struct node *node)
{
	double spread = (double)(random_draw(&node->random) >> 11) * 0x1.0p-53;
	unsigned count =
	    lost_name_count(state_dir_fd(node->state), loop_wall_ns() / INT64_C(1000000000));
	swim_duration pause = lost_name_pause(count, spread);

	node->silent = true;
	node->end_status = EX_TEMPFAIL;
	node->exit_by = swim_time_add(loop_now(), pause);
	if (pause.ns > 0)
		log_at(LOG_LEVEL_NOTICE,
		    "the name was lost again; swimd sends nothing for a while, then ends, so that it is started again",
		    log_uint("times", count), log_int("seconds", swim_duration_ms(pause) / 1000));
	loop_timer_set(node->exit_timer, node->exit_by);
}

/* Leaves without telling the cluster, which would take the leave for that of the name's owner. */
static void
node_leave_silently(struct node *node)
{
	node->end_status = 0;
	node->left = true;
	control_left(node->control);
	node->exit_by = swim_time_add(loop_now(), swim_seconds(1));
	loop_timer_set(node->exit_timer, loop_now());
}

void
node_leave(struct node *node, const char *reason)
{
	if (node->leaving)
		return;
	log_at(LOG_LEVEL_NOTICE, "this member leaves the cluster", log_str("reason", reason));
	node->leaving = true;
	notify_stopping();
	control_leaving(node->control);
	if (node->silent) {
		node_leave_silently(node);
		return;
	}
	swim_leave(node->swim, loop_now());
	flush_all(node, loop_now());
}

/* ----------------------------------------------------------------------------- beginning and end */

static int
node_out_of_memory(char *fault)
{
	return fault_set(fault, EX_OSERR, "out of memory");
}

static int
node_make_random(void *out, size_t size, char *fault)
{
	if (getrandom(out, size, 0) == (ssize_t)size)
		return 0;
	return fault_set(fault, EX_OSERR, "the kernel gives no random numbers: %s",
	    strerror(errno));
}

static int
node_start_loop(struct node *node, char *fault)
{
	static const int numbers[NODE_SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

	node->base = loop_new();
	if (node->base == NULL)
		return node_out_of_memory(fault);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < NODE_SIGNALS; i++) {
		node->signals[i] = evsignal_new(node->base, numbers[i], node_on_signal, node);
		if (node->signals[i] == NULL || event_add(node->signals[i], NULL) != 0)
			return node_out_of_memory(fault);
	}
	node->reaper = reaper_new(node->base, node_owns_child, node);
	node->timer = loop_timer_new(node->base, node_on_deadline, node);
	node->exit_timer = loop_timer_new(node->base, node_on_exit_timer, node);
	if (node->reaper == NULL || node->timer == NULL || node->exit_timer == NULL ||
	    !state_start(node->state, node->base, flush_reserved, node))
		return node_out_of_memory(fault);
	node->watchdog_interval = notify_watchdog_interval();
	if (node->watchdog_interval.ns > 0) {
		node->watchdog = loop_timer_new(node->base, node_on_watchdog, node);
		if (node->watchdog == NULL)
			return node_out_of_memory(fault);
		loop_timer_set(node->watchdog, loop_now());
	}
	return 0;
}

static int
node_start_udp(struct node *node, char *fault)
{
	struct udp_callbacks callbacks = {
	    .health_changed = node_on_transport,
	    .refused = node_on_refused,
	};
	const struct config *c = &node->config;
	struct udp_config config;
	int status;

	receive_fill(node, &callbacks);
	udp_config_defaults(&config);
	if ((status = address_resolve("bind", c->bind, SWIM_DEFAULT_PORT, true, &config.bind,
		 fault)) != 0)
		return status;
	config.device = c->device;
	config.receive_buffer = (int)c->receive_buffer;
	config.max_datagram =
	    WIRE_DATAGRAM_MAX; /* for reception: other members may have a larger max_datagram */
	config.retry_attempts = c->retry_attempts;
	config.retry_first = c->retry_first;
	config.retry_factor = c->retry_factor;
	config.retry_max = c->retry_max;
	if ((node->udp = udp_new(node->base, &config, &callbacks)) == NULL)
		return node_out_of_memory(fault);
	if (udp_start(node->udp) != SWIM_OK)
		return address_bind_fault(c->bind, c->device, errno, fault);
	udp_local(node->udp, &node->bound);
	return 0;
}

/*
 * The first incarnation is above all that earlier runs used, so that others believe this member.  But after a recent loss of
 * the name it is 0.  With a higher incarnation the others would believe that the owner of the name has moved to this address,
 * and would forget the owner's address.
 */
static uint64_t
node_first_incarnation(const struct node *node)
{
	int64_t wall_s = loop_wall_ns() / INT64_C(1000000000);

	return lost_name_recently(state_dir_fd(node->state), wall_s)
		   ? 0
		   : state_incarnation(node->state);
}

static int
node_start_swim(struct node *node, char *fault)
{
	const struct config *c = &node->config;
	const struct swim_config config = {
	    .name = c->name,
	    .cluster = c->cluster,
	    .address = node->advertised,
	    .loopback = swim_addr_is_loopback(&node->bound),
	    .incarnation = node_first_incarnation(node),
	    .max_members = c->max_members,
	    .max_jump = c->max_jump,
	    .max_datagram = c->max_datagram,
	    .timing = c->timing,
	    .allocator = {.resize = node_resize},
	    .random = {.draw = random_draw, .ctx = &node->random},
	    .hooks = {.begin = node_work_begins, .end = node_work_ends, .ctx = node},
	};
	uint64_t seed;
	int status = node_make_random(&seed, sizeof(seed), fault);

	if (status != 0)
		return status;
	node->started = loop_now();
	node->started_wall_ns = loop_wall_ns();
	node->swim = swim_new(&config, seed, node->started);
	return node->swim != NULL ? backend_start_tags(node, fault) : node_out_of_memory(fault);
}

static int
node_start_discovery(struct node *node, char *fault)
{
	const struct discovery_callbacks callbacks = {
	    .join = node_on_join,
	    .changed = node_on_discovery_changed,
	    .reaches = node_reaches,
	    .has_peers = node_has_peers,
	    .is_member = node_is_member,
	    .ctx = node,
	};
	struct resolver_config resolver;
	struct discovery_config discovery;
	int status;

	resolver_config_defaults(&resolver);
	resolver.cache_entries = node->config.resolver_cache_entries;
	resolver.cache_ttl = node->config.resolver_cache_ttl;
	resolver.timeout = node->config.resolver_timeout;
	node->resolver = resolver_new(node->base, &resolver);
	if (node->resolver == NULL)
		return node_out_of_memory(fault);
	discovery_config_defaults(&discovery);
	if ((status = node_make_random(&discovery.seed, sizeof(discovery.seed), fault)) != 0)
		return status;
	node->discovery_loop =
	    discovery_loop_new(node->base, node->resolver, &discovery, &callbacks);
	if (node->discovery_loop == NULL || (node->heard = heard_new()) == NULL)
		return node_out_of_memory(fault);
	node->discovery = discovery_loop_hub(node->discovery_loop);
	discovery_add_source(node->discovery, node->heard);
	return 0;
}

/* Starts mDNS for the families of addresses and the interfaces on which the socket can be reached. */
static int
node_start_mdns(struct node *node, char *fault)
{
	const struct config *c = &node->config;
	const char *device = c->device;
	const struct discovery_self self = {
	    .name = c->name,
	    .cluster = c->cluster,
	    .address = node->advertised,
	    .version = PACKAGE_VERSION,
	};
	struct mdns_config config = {
	    .service = c->mdns_service,
	    .domain = c->mdns_domain,
	    .interfaces = (const char *const *)c->mdns_interfaces.items,
	    .interface_count = c->mdns_interfaces.count,
	    .timeout = c->mdns_timeout,
	};
	/* Any address of the family would do; these are from the blocks for documentation. */
	const struct swim_addr v4 = {.family = 4, .port = 1, .ip = {192, 0, 2, 1}};
	const struct swim_addr v6 = {.family = 6, .port = 1, .ip = {0x20, 1, 0xd, 0xb8, [15] = 1}};
	struct discovery_source *mdns;

	_Static_assert(MDNS_INTERFACES_MAX >= CONFIG_LIST_MAX,
	    "mDNS takes all configured interfaces");
	if (!c->mdns)
		return 0;
	if (swim_addr_is_loopback(&node->bound)) {
		log_at(LOG_LEVEL_INFO,
		    "swimd does not use mDNS: it is bound to loopback, which no other machine can reach");
		return 0;
	}
	if (config.interface_count == 0 && *device != '\0') {
		config.interfaces = &device;
		config.interface_count = 1;
	}
	config.families = (udp_reaches(node->udp, &v4) ? MDNS_IPV4 : 0U) |
			  (udp_reaches(node->udp, &v6) ? MDNS_IPV6 : 0U);
	if ((mdns = mdns_new(node->base, &config)) == NULL)
		return node_out_of_memory(fault);
	discovery_add_source(node->discovery, mdns);
	discovery_advertise(node->discovery, &self);
	return 0;
}

static int
node_start_control(struct node *node, char *fault)
{
	struct control_config config = {
	    .socket = node->config.socket,
	    .ro_socket = node->config.ro_socket,
	    .group = node->config.socket_group,
	    .output_limit = CONTROL_OUTPUT_LIMIT,
	};
	struct control_backend backend;
	int status = notify_sockets(&config.socket_fd, &config.ro_socket_fd, fault);

	if (status != 0)
		return status;
	backend_fill(node, &backend);
	errno = 0;
	node->control = control_new(node->base, &config, &backend, fault);
	return node->control != NULL ? 0 : fault_status(errno, EX_UNAVAILABLE);
}

static int
node_start(struct node *node, char *fault)
{
	struct owner self;
	uint8_t id[16];
	int status;

	if ((status = node_make_random(id, sizeof(id), fault)) != 0)
		return status;
	for (size_t i = 0; i < sizeof(id); i++)
		snprintf(node->boot + 2 * i, 3, "%02x", id[i]);
	owner_init(&self, node->config.name, node->config.cluster);
	if ((status = state_open(node->config.state_dir, &self, loop_now(), &node->state, fault)) !=
		0 ||
	    (status = node_start_loop(node, fault)) != 0 ||
	    (status = node_start_udp(node, fault)) != 0 ||
	    (status = network_choose(node, fault)) != 0 ||
	    (status = node_start_swim(node, fault)) != 0 ||
	    (status = node_start_discovery(node, fault)) != 0 ||
	    (status = node_start_control(node, fault)) != 0)
		return status;
	/* Joins of seeds cause datagrams and events, for which all parts above are needed. */
	if (discovery_set_seeds(node->discovery, loop_now(),
		(const char *const *)node->config.seeds.items, node->config.seeds.count) != SWIM_OK)
		return node_out_of_memory(fault);
	node->snapshot = snapshot_loop_new(node);
	if (node->snapshot == NULL)
		return node_out_of_memory(fault);
	status = node_start_mdns(node, fault);
	return status != 0 ? status : network_start(node, fault);
}

void
node_tell_doubts(const struct node *node)
{
	char doubt[FAULT_MAX];
	size_t at = 0;

	while (config_doubt(&node->config, &at, doubt))
		log_at(LOG_LEVEL_WARNING, doubt);
}

static void
node_report_aside(const struct node *node)
{
	char theirs[OWNER_TEXT_MAX], ours[OWNER_TEXT_MAX];
	const struct owner *whose;
	const char *files = state_aside(node->state, &whose);

	if (files != NULL)
		log_at(LOG_LEVEL_NOTICE, "files of another member were found and set aside",
		    log_str("of", owner_text(whose, theirs)),
		    log_str("we_are", owner_text(state_owner(node->state), ours)),
		    log_str("files", files));
}

void
node_state_renewed(struct node *node, swim_time now)
{
	const char *warning = state_warning(node->state);

	log_at(LOG_LEVEL_NOTICE,
	    "the state directory was removed or replaced, and was opened again",
	    log_str("directory", state_dir(node->state)));
	if (warning != NULL)
		log_at(LOG_LEVEL_WARNING, "the stored incarnation is lost",
		    log_str("reason", warning));
	snapshot_loop_renew(node->snapshot, now);
	node_report_aside(node);
}

/* Called at the end of the start, so that a failed start writes only its error. */
static void
node_report_start(const struct node *node)
{
	char bound[SWIM_ADDR_TEXT], advertised[SWIM_ADDR_TEXT];
	const char *warning = state_warning(node->state);
	struct udp_stats udp;

	log_at(LOG_LEVEL_NOTICE, "swimd runs", log_str("version", PACKAGE_VERSION),
	    log_str("bind", zone_format(&node->bound, bound)),
	    log_str("advertise", zone_format(&node->advertised, advertised)),
	    log_str("advertise_from", network_origin(node)),
	    log_uint("incarnation", swim_incarnation(node->swim)),
	    log_str("socket", node->config.socket));
	if (warning != NULL)
		log_at(LOG_LEVEL_WARNING, "the stored incarnation is lost",
		    log_str("reason", warning));
	network_tell_passed(node);
	node_report_aside(node);
	node_tell_doubts(node);
	udp_stats(node->udp, &udp);
	if (node->config.receive_buffer > 0 &&
	    udp.receive_buffer < (int)node->config.receive_buffer)
		log_at(LOG_LEVEL_INFO,
		    "the receive buffer is smaller than receive_buffer (raise net.core.rmem_max)",
		    log_uint("wanted", node->config.receive_buffer),
		    log_int("got", udp.receive_buffer));
}

int
node_new(const struct options *options, struct config *config, struct node **out, char *fault)
{
	struct node *node = calloc(1, sizeof(*node));
	int status;

	if (node == NULL) {
		config_fini(config);
		return node_out_of_memory(fault);
	}
	node->options = options;
	node->config = *config;
	*config = (struct config){0};
	node->status_stale = true;
	health_memory_init(&node->health, &node->config.timing);
	for (size_t i = 0; i < NODE_WORKS; i++)
		node->stopwatches[i].begin = SWIM_TIME_NEVER;
	if ((status = node_start(node, fault)) != 0) {
		node_free(node);
		return status;
	}
	node_report_start(node);
	flush_all(node, loop_now());
	*out = node;
	return 0;
}

int
node_run(struct node *node)
{
	notify_ready();
	if (event_base_dispatch(node->base) < 0) {
		log_at(LOG_LEVEL_ERROR, "the event loop failed",
		    log_str("reason", strerror(errno)));
		return EX_OSERR;
	}
	if (node->end_signal != 0) {
		log_at(LOG_LEVEL_WARNING, "a second signal ended swimd before the leave was sent");
		return -node->end_signal;
	}
	snapshot_loop_finish(node->snapshot);
	if (node->end_status != 0)
		return node->end_status;
	log_at(LOG_LEVEL_NOTICE,
	    node->restarting ? "swimd ended for a restart" : "this member has left the cluster");
	return 0;
}

void
node_free(struct node *node)
{
	if (node == NULL)
		return;
	network_fini(node);
	snapshot_loop_free(node->snapshot);
	control_free(node->control);
	if (node->resolver != NULL)
		flush_fini(node);
	discovery_loop_free(node->discovery_loop);
	resolver_free(node->resolver);
	swim_free(node->swim);
	udp_free(node->udp);
	loop_timer_free(node->timer);
	loop_timer_free(node->exit_timer);
	loop_timer_free(node->watchdog);
	reaper_free(node->reaper);
	for (size_t i = 0; i < NODE_SIGNALS; i++) {
		if (node->signals[i] != NULL)
			event_free(node->signals[i]);
	}
	state_free(node->state);
	loop_free(node->base);
	config_fini(&node->config);
	free(node);
}
