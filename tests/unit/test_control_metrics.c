/* SPDX-License-Identifier: MIT */
/* The metrics in JSON and in both text formats. */
#include "control/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_world.h"
#include "support/unit.h"

static json_t *
metrics(struct world *world)
{
	struct caller caller;
	json_t *result;

	caller_open(&caller, world, world->ro_path);
	result = caller_result(&caller, "metrics");
	caller_close(&caller);
	return result;
}

static char *
metrics_in(struct world *world, const char *format)
{
	struct caller caller;
	json_t *result;
	char *all, request[128];

	snprintf(request, sizeof(request),
	    "{\"id\":1,\"method\":\"metrics\",\"params\":{\"format\":\"%s\"}}", format);
	caller_open(&caller, world, world->ro_path);
	result = caller_result(&caller, request);
	all = strdup(text(result, "text"));
	json_decref(result);
	caller_close(&caller);
	return all;
}

static void
has_line(const char *all, const char *line)
{
	const char *at = all;
	size_t len = strlen(line);

	while ((at = strstr(at, line)) != NULL) {
		if ((at == all || at[-1] == '\n') && at[len] == '\n')
			return;
		at++;
	}
	ck_abort_msg("no line '%s' in:\n%s", line, all);
}

START_TEST(json_has_the_counted_values)
{
	struct world world;
	json_t *all;
	const json_t *buckets;

	world_start(&world, 0);
	world_hear(&world, "a", 1, SWIM_ALIVE, 1);
	world.udp.stats.errors[SWIM_ERROR_SEND_FAILED] = 3;
	world.udp.stats.kernel_drops = UINT64_C(9223372036854775807);
	world.udp.stats.receive_buffer = 212992;
	world.resolver.stats.hits = 5;
	histogram_add(&world.decode_time, swim_ns(100));
	histogram_add(&world.decode_time, swim_us(10));
	histogram_add(&world.decode_time, swim_seconds(100));
	all = metrics(&world);
	ck_assert_int_eq(number(field(all, "members"), "alive"), 2);
	ck_assert_int_eq(number(field(all, "messages_received"), "gossip"), 1);
	ck_assert_int_eq(number(field(all, "messages_received"), "ping"), 0);
	ck_assert_int_eq(number(field(all, "messages_rejected"), "bad-utf8"), 0);
	ck_assert_ptr_null(json_object_get(field(all, "messages_rejected"), "ok"));
	ck_assert_int_eq(number(field(all, "transport_errors"), "send-failed"), 3);
	ck_assert_int_eq(number(field(all, "transport"), "kernel_drops"), INT64_MAX);
	ck_assert_int_eq(number(field(all, "transport"), "receive_buffer_bytes"), 212992);
	ck_assert(json_is_true(field(field(all, "transport"), "healthy")));
	ck_assert_int_eq(number(field(all, "resolver"), "cache_hits"), 5);
	ck_assert(json_is_null(field(field(all, "protocol"), "last_probe")));
	ck_assert_int_eq(number(field(all, "protocol"), "incarnation"), 1);
	ck_assert_int_eq(number(field(all, "control"), "clients"), 1);
	ck_assert_int_ge(number(field(all, "control"), "events"), 1);
	ck_assert_double_eq_tol(json_real_value(field(field(all, "process"), "loop_lag_seconds")),
	    0.0015, 1e-12);
	ck_assert_str_eq(text(field(all, "build"), "version"), "1.2.3");
	ck_assert_int_eq(number(field(all, "decode_time"), "count"), 3);
	buckets = field(field(all, "decode_time"), "buckets");
	ck_assert_uint_eq(json_array_size(buckets), HISTOGRAM_BUCKETS);
	ck_assert_int_eq(number(json_array_get(buckets, 0), "count"), 0);
	ck_assert_int_eq(number(json_array_get(buckets, 1), "count"), 1);
	ck_assert_int_eq(number(json_array_get(buckets, HISTOGRAM_BUCKETS - 2), "count"), 2);
	ck_assert_int_eq(number(json_array_get(buckets, HISTOGRAM_BUCKETS - 1), "count"), 3);
	ck_assert(
	    json_is_null(field(json_array_get(buckets, HISTOGRAM_BUCKETS - 1), "le_seconds")));
	json_decref(all);
	world_stop(&world);
}
END_TEST

START_TEST(openmetrics_has_the_same_values)
{
	struct world world;
	char *all;

	world_start(&world, 0);
	world_hear(&world, "a", 1, SWIM_ALIVE, 1);
	world.udp.stats.errors[SWIM_ERROR_SEND_FAILED] = 3;
	world.udp.stats.kernel_drops = UINT64_MAX;
	world.udp.stats.icmp_errors = 7;
	histogram_add(&world.decode_time, swim_ns(100));
	histogram_add(&world.decode_time, swim_seconds(100));
	all = metrics_in(&world, "openmetrics");
	has_line(all, "# TYPE swimd_members gauge");
	has_line(all, "swimd_members{status=\"alive\"} 2");
	has_line(all, "# TYPE swimd_messages counter");
	has_line(all, "swimd_messages_total{direction=\"received\",type=\"gossip\"} 1");
	has_line(all, "# UNIT swimd_message_bytes bytes");
	has_line(all, "swimd_transport_errors_total{error=\"send-failed\"} 3");
	has_line(all, "swimd_kernel_drops_total 18446744073709551615");
	has_line(all, "swimd_icmp_errors_total 7");
	has_line(all, "swimd_transport_healthy 1");
	has_line(all, "swimd_loop_lag_seconds 0.0015");
	has_line(all, "# TYPE swimd_decode_seconds histogram");
	has_line(all, "swimd_decode_seconds_bucket{le=\"0.000000064\"} 0");
	has_line(all, "swimd_decode_seconds_bucket{le=\"0.000000128\"} 1");
	has_line(all, "swimd_decode_seconds_bucket{le=\"+Inf\"} 2");
	has_line(all, "swimd_decode_seconds_count 2");
	has_line(all, "swimd_decode_seconds_sum 100.0000001");
	has_line(all, "# TYPE swimd_build info");
	/* Quotes and backslashes are escaped in the value of a label. */
	has_line(all,
	    "swimd_build_info{version=\"1.2.3\",name=\"me\",cluster=\"a \\\"b\\\" \\\\ c\",profile=\"lan\"} 1");
	/* No probe has been answered, so there is no sample. */
	has_line(all, "# TYPE swimd_last_probe_timestamp_seconds gauge");
	ck_assert_ptr_null(strstr(all, "\nswimd_last_probe_timestamp_seconds "));
	free(all);
	world_stop(&world);
}
END_TEST

/* Tells whether the sample begins with the name of the family, a suffix of the type, and then { or a space. */
static bool
belongs(const char *sample, const char *family, const char *type)
{
	static const struct {
		const char *type, *suffix;
	} allowed[] = {{"counter", "_total"}, {"gauge", ""}, {"info", "_info"},
	    {"histogram", "_bucket"}, {"histogram", "_count"}, {"histogram", "_sum"}};
	size_t len = strlen(family);

	if (strncmp(sample, family, len) != 0)
		return false;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		size_t more = strlen(allowed[i].suffix);

		if (strcmp(allowed[i].type, type) == 0 &&
		    strncmp(sample + len, allowed[i].suffix, more) == 0 &&
		    (sample[len + more] == '{' || sample[len + more] == ' '))
			return true;
	}
	return false;
}

START_TEST(openmetrics_is_well_formed)
{
	struct world world;
	char *all, *rest, *line, family[128] = "", type[32] = "", unit[32];
	json_t *families = json_object(), *samples = json_object();
	bool ended = false;

	world_start(&world, 0);
	all = metrics_in(&world, "openmetrics");
	ck_assert_uint_gt(strlen(all), 1000);
	ck_assert_int_eq(all[strlen(all) - 1], '\n');
	for (rest = all; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
		char name[128], value[64], *end;

		ck_assert(!ended);
		if (strcmp(line, "# EOF") == 0) {
			ended = true;
		} else if (sscanf(line, "# TYPE %127s %31s", name, type) == 2) {
			/* Each family comes once, with all its lines together. */
			ck_assert_msg(json_object_get(families, name) == NULL, "%s twice", name);
			json_object_set_new(families, name, json_true());
			strcpy(family, name);
		} else if (sscanf(line, "# UNIT %127s %31s", name, unit) == 2) {
			ck_assert_str_eq(name, family);
			ck_assert_uint_gt(strlen(name), strlen(unit));
			ck_assert_str_eq(name + strlen(name) - strlen(unit), unit);
		} else if (sscanf(line, "# HELP %127s %63s", name, value) == 2) {
			ck_assert_str_eq(name, family);
		} else {
			ck_assert_msg(belongs(line, family, type), "%s under %s %s", line, family,
			    type);
			end = strrchr(line, ' ');
			ck_assert_ptr_nonnull(end);
			strtod(end + 1, &end);
			ck_assert_msg(*end == '\0', "%s", line);
			*strrchr(line, ' ') = '\0';
			ck_assert_msg(json_object_get(samples, line) == NULL, "%s twice", line);
			json_object_set_new(samples, line, json_true());
		}
	}
	ck_assert(ended);
	ck_assert_uint_gt(json_object_size(families), 40);
	json_decref(families);
	json_decref(samples);
	free(all);
	world_stop(&world);
}
END_TEST

/* Of the comments only HELP and TYPE, with the names of the samples, and only the types that 0.0.4 has. */
START_TEST(the_prometheus_format_is_text_0_0_4)
{
	struct world world;
	char *all, *rest, *line, family[128] = "", name[128], type[32];
	size_t samples = 0;

	world_start(&world, 0);
	all = metrics_in(&world, "prometheus");
	ck_assert_ptr_nonnull(strstr(all, "# TYPE swimd_build_info gauge\nswimd_build_info{"));
	ck_assert_ptr_nonnull(
	    strstr(all, "# TYPE swimd_probes_total counter\nswimd_probes_total "));
	for (rest = all; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
		if (sscanf(line, "# HELP %127s", name) == 1) {
			ck_assert_str_ne(name, family);
			strcpy(family, name);
		} else if (sscanf(line, "# TYPE %127s %31s", name, type) == 2) {
			ck_assert_str_eq(name, family);
			ck_assert_msg(strcmp(type, "counter") == 0 || strcmp(type, "gauge") == 0 ||
					  strcmp(type, "histogram") == 0,
			    "%s", line);
		} else {
			ck_assert_msg(strncmp(line, family, strlen(family)) == 0, "%s", line);
			samples++;
		}
	}
	ck_assert_uint_gt(samples, 60);
	free(all);
	world_stop(&world);
}
END_TEST

START_TEST(an_unknown_format_is_refused)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	json_decref(caller_result(&caller,
	    "{\"id\":1,\"method\":\"metrics\",\"params\":{\"format\":\"json\"}}"));
	json_decref(caller_error(&caller,
	    "{\"id\":1,\"method\":\"metrics\",\"params\":{\"format\":\"xml\"}}", "invalid-params"));
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

UNIT_MAIN("control_metrics", json_has_the_counted_values, openmetrics_has_the_same_values,
    openmetrics_is_well_formed, the_prometheus_format_is_text_0_0_4, an_unknown_format_is_refused)
