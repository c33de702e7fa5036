/* SPDX-License-Identifier: MIT */
/* The metrics: one const table, from which the JSON and the text for Prometheus derive. */
#ifndef SWIMD_CONTROL_METRICS_H
#define SWIMD_CONTROL_METRICS_H

#include <stdint.h>

#include "base/histogram.h"
#include "base/time.h"
#include "control/control.h"
#include "control/emit.h"
#include "core/swim.h"
#include "net/resolver.h"
#include "net/udp.h"

/* A snapshot of all that is counted anywhere. */
struct metrics_view {
	struct swim_stats swim;
	struct udp_stats udp;
	struct resolver_stats resolver;
	struct control_stats control;
	struct histogram decode_time, encode_time;
	swim_duration loop_lag, loop_lag_max;
	swim_duration uptime;
	uint64_t incarnation;
	uint64_t log_left_out;
	int64_t wall_offset_ns; /* see view.h */
	/* Labels of swimd_build_info. */
	const char *name, *cluster, *version, *profile;
};

/* One JSON object. */
void metrics_json(struct emit *, const struct metrics_view *);
/* OpenMetrics 1.0, with its # EOF; or Prometheus' text format 0.0.4, which is all that node_exporter reads. */
enum metrics_format { METRICS_OPENMETRICS, METRICS_PROMETHEUS };
void metrics_text(struct emit *, const struct metrics_view *, enum metrics_format);

#endif
