/* SPDX-License-Identifier: MIT */
#include "control/metrics.h"

#include <stddef.h>
#include <string.h>

enum metric_type { COUNTER, GAUGE, HISTOGRAM, INFO };
/* The type of the field at the row's offset in struct metrics_view. */
enum metric_source { U64, SIZE, UINT, INT, BOOL, DURATION, INSTANT, TIMES, LABELS };

/* Gives the name of an element of an array. */
typedef const char *metric_word(unsigned);

struct metric {
	/* OpenMetrics: rows of one family stand together, and only the first one has a help text. */
	const char *family; /* without "swimd_" and without the suffix of the type */
	const char *unit;   /* the name of the family ends with the unit; NULL: none */
	const char *help;
	const char *label, *value; /* a constant label and its value; NULL: none */
	const char *each;          /* the label of the elements of an array; NULL: not an array */
	metric_word *word;         /* the names of the elements */
	/* JSON: {"group": {"key": value}}.  Rows of one group stand together. */
	const char *group, *key; /* key NULL: the row fills the group with keys of its own */
	size_t offset;           /* of the field in struct metrics_view */
	enum metric_source source;
	enum metric_type type;
	unsigned first, end; /* the elements of the array from first to end - 1 */
};

static const char *
metrics_type_word(unsigned i)
{
	return wire_type_name(wire_slot_type((int)i));
}

static const char *
metrics_reject_word(unsigned i)
{
	return wire_reject_word((enum wire_reject)i);
}

static const char *
metrics_ignore_word(unsigned i)
{
	return swim_ignore_word((enum swim_ignore)i);
}

static const char *
metrics_status_word(unsigned i)
{
	return swim_status_name((enum swim_status)i);
}

static const char *
metrics_error_word(unsigned i)
{
	return swim_error_word((enum swim_error)i);
}

static const char *
metrics_admit_word(unsigned i)
{
	return admit_refusal_word((enum admit_refusal)i);
}

#define AT(source_, field) .source = (source_), .offset = offsetof(struct metrics_view, field)
#define LABEL(label_, value_) .label = (label_), .value = (value_)
#define EACH(label_, word_, first_, end_)                                                          \
	.each = (label_), .word = (word_), .first = (first_), .end = (end_)
#define JSON(group_, key_) .group = (group_), .key = (key_)

static const struct metric metrics[] = {
    {"build", NULL, "This daemon.", .type = INFO, JSON("build", NULL), .source = LABELS},
    {"uptime_seconds", "seconds", "Time since the start of the daemon.", .type = GAUGE,
	JSON("process", "uptime_seconds"), AT(DURATION, uptime)},
    {"loop_lag_seconds", "seconds", "How late the timer of the event loop fired the last time.",
	.type = GAUGE, JSON("process", "loop_lag_seconds"), AT(DURATION, loop_lag)},
    {"loop_lag_max_seconds", "seconds", "How late the timer of the event loop ever fired.",
	.type = GAUGE, JSON("process", "loop_lag_max_seconds"), AT(DURATION, loop_lag_max)},
    {"log_lines_left_out", NULL, "Log lines left out because there were too many of the same kind.",
	.type = COUNTER, JSON("process", "log_lines_left_out"), AT(U64, log_left_out)},

    {"members", NULL, "Members by status, this member included.", .type = GAUGE,
	EACH("status", metrics_status_word, 0, SWIM_STATUS_COUNT), JSON("members", NULL),
	AT(SIZE, swim.members)},
    {"incarnation", NULL, "Incarnation of this member.", .type = GAUGE,
	JSON("protocol", "incarnation"), AT(U64, incarnation)},
    {"local_health", NULL, "Local health multiplier of Lifeguard; 0 is best.", .type = GAUGE,
	JSON("protocol", "local_health"), AT(UINT, swim.local_health)},
    {"rumours", NULL, "Rumours that wait to be gossiped.", .type = GAUGE,
	JSON("protocol", "rumours"), AT(SIZE, swim.rumours)},
    {"last_probe_timestamp_seconds", "seconds",
	"Time of the last answer to a probe by this member, since the epoch.", .type = GAUGE,
	JSON("protocol", "last_probe"), AT(INSTANT, swim.last_probe)},
    {"suspicions", NULL, "Suspicions raised by this member.", .type = COUNTER,
	JSON("protocol", "suspicions"), AT(U64, swim.suspicions)},
    {"refutations", NULL, "Suspicions and deaths of this member that it refuted.", .type = COUNTER,
	JSON("protocol", "refutations"), AT(U64, swim.refutations)},

    {"probes", NULL, "Probes begun.", .type = COUNTER, JSON("probes", "sent"),
	AT(U64, swim.probes_sent)},
    {"probe_results", NULL, "Probes, by result.", .type = COUNTER, LABEL("result", "acked"),
	JSON("probes", "acked"), AT(U64, swim.probes_acked)},
    {"probe_results", NULL, NULL, .type = COUNTER, LABEL("result", "acked-indirectly"),
	JSON("probes", "acked_indirectly"), AT(U64, swim.probes_acked_indirectly)},
    {"probe_results", NULL, NULL, .type = COUNTER, LABEL("result", "failed"),
	JSON("probes", "failed"), AT(U64, swim.probes_failed)},
    {"probe_nacks", NULL, "Nacks received: a relay works, but the probed member did not answer it.",
	.type = COUNTER, JSON("probes", "nacks_received"), AT(U64, swim.nacks_received)},
    {"relays", NULL, "Probes begun for other members.", .type = COUNTER, JSON("relays", "started"),
	AT(U64, swim.relays)},
    {"relay_results", NULL, "Probes for other members, by result.", .type = COUNTER,
	LABEL("result", "acked"), JSON("relays", "acked"), AT(U64, swim.relays_acked)},
    {"relay_results", NULL, NULL, .type = COUNTER, LABEL("result", "nacked"),
	JSON("relays", "nacked"), AT(U64, swim.relays_nacked)},
    {"relay_results", NULL, NULL, .type = COUNTER, LABEL("result", "refused"),
	JSON("relays", "refused"), AT(U64, swim.relays_refused)},
    {"syncs", NULL, "Syncs (exchanges of whole views) begun.", .type = COUNTER,
	JSON("syncs", "started"), AT(U64, swim.syncs_started)},
    {"sync_results", NULL, "Syncs (exchanges of whole views), by result.", .type = COUNTER,
	LABEL("result", "completed"), JSON("syncs", "completed"), AT(U64, swim.syncs_completed)},
    {"sync_results", NULL, NULL, .type = COUNTER, LABEL("result", "failed"),
	JSON("syncs", "failed"), AT(U64, swim.syncs_failed)},
    {"syncs_unanswered", NULL, "Unanswered syncs with members whose views still differ.",
	.type = GAUGE, JSON("syncs", "unanswered"), AT(U64, swim.syncs_unanswered)},
    {"paths_reduced", NULL,
	"Members that are sent smaller datagrams than max_datagram, as larger ones did not arrive.",
	.type = GAUGE, JSON("paths", "reduced"), AT(SIZE, swim.paths_reduced)},
    {"path_smallest_bytes", "bytes",
	"Smallest limit of datagrams to a member; max_datagram if no limit is reduced.",
	.type = GAUGE, JSON("paths", "smallest_bytes"), AT(SIZE, swim.path_smallest)},
    {"path_changes", NULL, "Changes of the limit of datagrams to a member.", .type = COUNTER,
	LABEL("direction", "smaller"), JSON("paths", "smaller"), AT(U64, swim.paths_fallen)},
    {"path_changes", NULL, NULL, .type = COUNTER, LABEL("direction", "larger"),
	JSON("paths", "larger"), AT(U64, swim.paths_raised)},
    {"path_trials", NULL, "Pings sent to find out whether a larger size arrives.", .type = COUNTER,
	JSON("paths", "trials"), AT(U64, swim.path_trials)},

    {"messages", NULL, "Valid messages, by type.", .type = COUNTER, LABEL("direction", "received"),
	EACH("type", metrics_type_word, 0, WIRE_TYPE_SLOTS), JSON("messages_received", NULL),
	AT(U64, swim.received)},
    {"messages", NULL, NULL, .type = COUNTER, LABEL("direction", "sent"),
	EACH("type", metrics_type_word, 0, WIRE_TYPE_SLOTS), JSON("messages_sent", NULL),
	AT(U64, swim.sent)},
    {"message_bytes", "bytes", "Bytes of valid messages.", .type = COUNTER,
	LABEL("direction", "received"), JSON("message_bytes", "received"),
	AT(U64, swim.received_bytes)},
    {"message_bytes", "bytes", NULL, .type = COUNTER, LABEL("direction", "sent"),
	JSON("message_bytes", "sent"), AT(U64, swim.sent_bytes)},
    {"messages_rejected", NULL, "Datagrams rejected as a whole, by reason.", .type = COUNTER,
	EACH("reason", metrics_reject_word, 1, WIRE_REJECT_COUNT), JSON("messages_rejected", NULL),
	AT(U64, swim.rejected)},
    {"updates_ignored", NULL, "Updates in valid messages that were ignored, by reason.",
	.type = COUNTER, EACH("reason", metrics_ignore_word, 0, SWIM_IGNORE_COUNT),
	JSON("updates_ignored", NULL), AT(U64, swim.ignored)},
    {"outbox_dropped", NULL, "Messages dropped because too many waited to be sent.",
	.type = COUNTER, JSON("outbox", "dropped"), AT(U64, swim.outbox_dropped)},
    {"decode_seconds", "seconds", "Time to decode a message, for a sample of the messages.",
	.type = HISTOGRAM, JSON("decode_time", NULL), AT(TIMES, decode_time)},
    {"encode_seconds", "seconds", "Time to encode a message, for a sample of the messages.",
	.type = HISTOGRAM, JSON("encode_time", NULL), AT(TIMES, encode_time)},

    {"datagrams_unread", NULL,
	"Datagrams dropped unread because too many came, by the rate that was exceeded.",
	.type = COUNTER, EACH("reason", metrics_admit_word, 1, ADMIT_REFUSALS),
	JSON("datagrams_unread", NULL), AT(U64, udp.unread)},
    {"datagrams", NULL, "Datagrams of the UDP socket, by direction.", .type = COUNTER,
	LABEL("direction", "received"), JSON("transport", "datagrams_received"),
	AT(U64, udp.received)},
    {"datagrams", NULL, NULL, .type = COUNTER, LABEL("direction", "sent"),
	JSON("transport", "datagrams_sent"), AT(U64, udp.sent)},
    {"datagram_bytes", "bytes", "Bytes of the datagrams of the UDP socket, by direction.",
	.type = COUNTER, LABEL("direction", "received"), JSON("transport", "bytes_received"),
	AT(U64, udp.received_bytes)},
    {"datagram_bytes", "bytes", NULL, .type = COUNTER, LABEL("direction", "sent"),
	JSON("transport", "bytes_sent"), AT(U64, udp.sent_bytes)},
    {"datagrams_truncated", NULL, "Datagrams received that were too long to be kept whole.",
	.type = COUNTER, JSON("transport", "truncated"), AT(U64, udp.received_truncated)},
    {"kernel_drops", NULL, "Datagrams that the kernel dropped because the receive buffer was full.",
	.type = COUNTER, JSON("transport", "kernel_drops"), AT(U64, udp.kernel_drops)},
    {"icmp_errors", NULL, "ICMP errors received about datagrams that were sent.", .type = COUNTER,
	JSON("transport", "icmp_errors"), AT(U64, udp.icmp_errors)},
    {"receive_buffer_bytes", "bytes", "Size of the receive buffer of the UDP socket.",
	.type = GAUGE, JSON("transport", "receive_buffer_bytes"), AT(INT, udp.receive_buffer)},
    {"send_retries", NULL, "Datagrams sent again after a transient error.", .type = COUNTER,
	JSON("transport", "retries"), AT(U64, udp.retries)},
    {"send_retries_exhausted", NULL, "Datagrams given up after the last retry.", .type = COUNTER,
	JSON("transport", "retries_exhausted"), AT(U64, udp.retries_exhausted)},
    {"send_retry_queue", NULL, "Datagrams that wait to be sent again.", .type = GAUGE,
	JSON("transport", "retry_queue"), AT(SIZE, udp.retry_queue)},
    {"transport_healthy", NULL,
	"1 if the UDP socket is bound and the last send and receive succeeded.", .type = GAUGE,
	JSON("transport", "healthy"), AT(BOOL, udp.healthy)},
    {"transport_errors", NULL, "Transport errors, by kind.", .type = COUNTER,
	EACH("error", metrics_error_word, 1, SWIM_ERROR_COUNT), JSON("transport_errors", NULL),
	AT(U64, udp.errors)},

    {"resolver_cache_hits", NULL, "Addresses found in the resolver's cache.", .type = COUNTER,
	JSON("resolver", "cache_hits"), AT(U64, resolver.hits)},
    {"resolver_cache_misses", NULL, "Addresses not found in the resolver's cache.", .type = COUNTER,
	JSON("resolver", "cache_misses"), AT(U64, resolver.misses)},
    {"resolver_cache_evictions", NULL, "Addresses evicted from the full cache of the resolver.",
	.type = COUNTER, JSON("resolver", "cache_evictions"), AT(U64, resolver.evictions)},
    {"resolver_cache_expired", NULL,
	"Addresses removed from the cache of the resolver because they expired.", .type = COUNTER,
	JSON("resolver", "cache_expired"), AT(U64, resolver.expired)},
    {"resolver_cache_entries", NULL, "Addresses in the cache of the resolver.", .type = GAUGE,
	JSON("resolver", "cache_entries"), AT(SIZE, resolver.entries)},
    {"resolver_lookups", NULL, "Lookups of names.", .type = COUNTER, JSON("resolver", "lookups"),
	AT(U64, resolver.lookups)},
    {"resolver_failures", NULL, "Lookups that found no address.", .type = COUNTER,
	JSON("resolver", "failures"), AT(U64, resolver.failures)},
    {"resolver_pending", NULL, "Lookups under way.", .type = GAUGE, JSON("resolver", "pending"),
	AT(SIZE, resolver.pending)},

    {"control_clients", NULL, "Connections to the control sockets.", .type = GAUGE,
	JSON("control", "clients"), AT(SIZE, control.clients)},
    {"control_subscribers", NULL, "Connections that are subscribed to events.", .type = GAUGE,
	JSON("control", "subscribers"), AT(SIZE, control.subscribers)},
    {"control_connections", NULL, "Connections accepted on the control sockets.", .type = COUNTER,
	JSON("control", "connections"), AT(U64, control.connections)},
    {"control_refused", NULL, "Connections refused because too many were open.", .type = COUNTER,
	JSON("control", "refused"), AT(U64, control.refused)},
    {"control_requests", NULL, "Requests on the control sockets.", .type = COUNTER,
	JSON("control", "requests"), AT(U64, control.requests)},
    {"control_errors", NULL, "Requests that ended in an error.", .type = COUNTER,
	JSON("control", "errors"), AT(U64, control.errors)},
    {"control_accept_failures", NULL,
	"Failures to accept a connection because file descriptors or memory were short.",
	.type = COUNTER, JSON("control", "accept_failures"), AT(U64, control.accept_failures)},
    {"control_overflows", NULL, "Connections closed because the client did not read.",
	.type = COUNTER, JSON("control", "overflows"), AT(U64, control.overflows)},
    {"events", NULL, "Events since the start of the daemon.", .type = COUNTER,
	JSON("control", "events"), AT(U64, control.events)},
};
#define METRICS_COUNT (sizeof(metrics) / sizeof(metrics[0]))

static const void *
metrics_field(const struct metrics_view *view, const struct metric *m)
{
	return (const char *)view + m->offset;
}

/* The i-th number of an array, or for i = 0 a single number; 0 for the other sources. */
static uint64_t
metrics_number(const struct metrics_view *view, const struct metric *m, unsigned i)
{
	switch (m->source) {
	case U64:
		return ((const uint64_t *)metrics_field(view, m))[i];
	case SIZE:
		return ((const size_t *)metrics_field(view, m))[i];
	case UINT:
		return ((const unsigned *)metrics_field(view, m))[i];
	case INT:
		return (uint64_t)((const int *)metrics_field(view, m))[i];
	case BOOL:
		return ((const bool *)metrics_field(view, m))[i];
	case DURATION:
	case INSTANT:
	case TIMES:
	case LABELS:
		break;
	}
	return 0;
}

/* ---------------------------------------------------------------------------------------- JSON */

static void
metrics_json_times(struct emit *e, const struct histogram *h)
{
	uint64_t sum = 0;

	emit_uint(e, "count", h->observations);
	emit_fixed(e, "sum_seconds", (int64_t)h->sum_ns, 9);
	emit_array(e, "buckets");
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		sum += h->count[i];
		emit_object(e, NULL);
		if (i + 1 < HISTOGRAM_BUCKETS)
			emit_fixed(e, "le_seconds", histogram_bound_ns(i), 9);
		else
			emit_null(e, "le_seconds");
		emit_uint(e, "count", sum);
		emit_object_end(e);
	}
	emit_array_end(e);
}

static void
metrics_json_metric(struct emit *e, const struct metrics_view *view, const struct metric *m)
{
	switch (m->source) {
	case U64:
	case SIZE:
	case UINT:
	case INT:
		for (unsigned i = m->first; m->each != NULL && i < m->end; i++)
			emit_uint(e, m->word(i), metrics_number(view, m, i));
		if (m->each == NULL)
			emit_uint(e, m->key, metrics_number(view, m, 0));
		break;
	case BOOL:
		emit_bool(e, m->key, *(const bool *)metrics_field(view, m));
		break;
	case DURATION:
		emit_fixed(e, m->key, ((const swim_duration *)metrics_field(view, m))->ns, 9);
		break;
	case INSTANT:
		if (view->swim.probed)
			emit_time(e, m->key,
			    ((const swim_time *)metrics_field(view, m))->ns + view->wall_offset_ns);
		else
			emit_null(e, m->key);
		break;
	case TIMES:
		metrics_json_times(e, metrics_field(view, m));
		break;
	case LABELS:
		emit_string(e, "version", view->version);
		emit_string(e, "name", view->name);
		emit_string(e, "cluster", view->cluster);
		emit_string(e, "profile", view->profile);
		break;
	}
}

void
metrics_json(struct emit *e, const struct metrics_view *view)
{
	emit_object(e, NULL);
	for (size_t i = 0; i < METRICS_COUNT; i++) {
		const struct metric *m = &metrics[i];

		if (i == 0 || strcmp(m->group, metrics[i - 1].group) != 0)
			emit_object(e, m->group);
		metrics_json_metric(e, view, m);
		if (i + 1 == METRICS_COUNT || strcmp(m->group, metrics[i + 1].group) != 0)
			emit_object_end(e);
	}
	emit_object_end(e);
}

/* ---------------------------------------------------------------------------------------- text */

/* Write a label.  Only backslash, quote and newline are escaped in its value. */
static void
metrics_text_label(struct emit *e, const char *separator, const char *name, const char *value)
{
	emit_raw(e, separator);
	emit_raw(e, name);
	emit_raw(e, "=\"");
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			emit_raw(e, "\\n");
		else if (*value == '"' || *value == '\\')
			emit_raw_bytes(e, (const char[]){'\\', *value}, 2);
		else
			emit_raw_bytes(e, value, 1);
	}
	emit_raw(e, "\"");
}

/* Write the name and the labels of a sample; the caller writes the value. */
static void
metrics_text_sample(struct emit *e, const struct metric *m, const char *suffix, const char *label,
    const char *value)
{
	emit_raw(e, "swimd_");
	emit_raw(e, m->family);
	emit_raw(e, suffix);
	if (m->label != NULL)
		metrics_text_label(e, "{", m->label, m->value);
	if (label != NULL && value != NULL)
		metrics_text_label(e, m->label != NULL ? "," : "{", label, value);
	emit_raw(e, m->label != NULL || label != NULL ? "} " : " ");
}

static void
metrics_text_times(struct emit *e, const struct metric *m, const struct histogram *h)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		sum += h->count[i];
		emit_raw(e, "swimd_");
		emit_raw(e, m->family);
		emit_raw(e, "_bucket{le=\"");
		if (i + 1 < HISTOGRAM_BUCKETS)
			emit_raw_fixed(e, histogram_bound_ns(i), 9);
		else
			emit_raw(e, "+Inf");
		emit_raw(e, "\"} ");
		emit_raw_uint(e, sum);
		emit_raw(e, "\n");
	}
	metrics_text_sample(e, m, "_count", NULL, NULL);
	emit_raw_uint(e, h->observations);
	emit_raw(e, "\n");
	metrics_text_sample(e, m, "_sum", NULL, NULL);
	emit_raw_fixed(e, (int64_t)h->sum_ns, 9);
	emit_raw(e, "\n");
}

static void
metrics_text_build(struct emit *e, const struct metrics_view *view)
{
	emit_raw(e, "swimd_build_info");
	metrics_text_label(e, "{", "version", view->version);
	metrics_text_label(e, ",", "name", view->name);
	metrics_text_label(e, ",", "cluster", view->cluster);
	metrics_text_label(e, ",", "profile", view->profile);
	emit_raw(e, "} 1\n");
}

static void
metrics_text_metric(struct emit *e, const struct metrics_view *view, const struct metric *m)
{
	const char *suffix = m->type == COUNTER ? "_total" : "";
	unsigned end = m->each != NULL ? m->end : m->first + 1;

	switch (m->source) {
	case U64:
	case SIZE:
	case UINT:
	case INT:
	case BOOL:
		for (unsigned i = m->first; i < end; i++) {
			metrics_text_sample(e, m, suffix, m->each,
			    m->each != NULL ? m->word(i) : NULL);
			emit_raw_uint(e, metrics_number(view, m, i));
			emit_raw(e, "\n");
		}
		break;
	case DURATION:
		metrics_text_sample(e, m, suffix, NULL, NULL);
		emit_raw_fixed(e, ((const swim_duration *)metrics_field(view, m))->ns, 9);
		emit_raw(e, "\n");
		break;
	case INSTANT:
		/* No probe has been answered yet: the family has no sample. */
		if (!view->swim.probed)
			break;
		metrics_text_sample(e, m, suffix, NULL, NULL);
		emit_raw_fixed(e,
		    (((const swim_time *)metrics_field(view, m))->ns + view->wall_offset_ns) /
			1000000,
		    3);
		emit_raw(e, "\n");
		break;
	case TIMES:
		metrics_text_times(e, m, metrics_field(view, m));
		break;
	case LABELS:
		metrics_text_build(e, view);
		break;
	}
}

static void
metrics_text_comment(struct emit *e, const char *what, const char *family, const char *suffix,
    const char *value)
{
	if (value == NULL)
		return;
	emit_raw(e, "# ");
	emit_raw(e, what);
	emit_raw(e, " swimd_");
	emit_raw(e, family);
	emit_raw(e, suffix);
	emit_raw(e, " ");
	emit_raw(e, value);
	emit_raw(e, "\n");
}

/*
 * Write the comments of a family.  OpenMetrics names the family without the suffix that its samples have.  The format
 * 0.0.4 names the family like the samples, and has neither units nor the type info.
 */
static void
metrics_text_header(struct emit *e, const struct metric *m, enum metrics_format format)
{
	static const char *const types[] =
	    {[COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram", [INFO] = "info"};
	static const char *const suffixes[] =
	    {[COUNTER] = "_total", [GAUGE] = "", [HISTOGRAM] = "", [INFO] = "_info"};

	switch (format) {
	case METRICS_OPENMETRICS:
		metrics_text_comment(e, "TYPE", m->family, "", types[m->type]);
		metrics_text_comment(e, "UNIT", m->family, "", m->unit);
		metrics_text_comment(e, "HELP", m->family, "", m->help);
		break;
	case METRICS_PROMETHEUS:
		metrics_text_comment(e, "HELP", m->family, suffixes[m->type], m->help);
		metrics_text_comment(e, "TYPE", m->family, suffixes[m->type],
		    m->type == INFO ? "gauge" : types[m->type]);
		break;
	}
}

void
metrics_text(struct emit *e, const struct metrics_view *view, enum metrics_format format)
{
	for (size_t i = 0; i < METRICS_COUNT; i++) {
		const struct metric *m = &metrics[i];

		if (i == 0 || strcmp(m->family, metrics[i - 1].family) != 0)
			metrics_text_header(e, m, format);
		metrics_text_metric(e, view, m);
	}
	if (format == METRICS_OPENMETRICS)
		emit_raw(e, "# EOF\n");
}
