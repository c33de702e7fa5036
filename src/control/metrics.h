/* SPDX-License-Identifier: MIT */
/* The const table of the metrics, which gives the JSON and both text formats. */
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

/* A snapshot of the statistics of all parts of the daemon. */
struct metrics_view {
	struct swim_stats swim;
	struct udp_stats udp;
	struct resolver_stats resolver;
	struct control_stats control;
	struct histogram decode_time, encode_time; /* of one message */
	swim_duration loop_lag;     /* how late the loop's timer fired the last time */
	swim_duration loop_lag_max; /* how late it ever fired */
	swim_duration uptime;
	uint64_t incarnation;   /* of this member */
	uint64_t log_left_out;  /* lines that the log left out */
	int64_t wall_offset_ns; /* as in view.h */
	/* The labels of swimd_build_info; the strings belong to the caller. */
	const char *name, *cluster, *version, *profile;
};

/* Write all metrics as one JSON object. */
void metrics_json(struct emit *, const struct metrics_view *);
/*
 * Write all metrics as text: OpenMetrics 1.0, with # EOF at the end, or the text format 0.0.4 of Prometheus, which is
 * the only format that node_exporter reads.
 */
enum metrics_format { METRICS_OPENMETRICS, METRICS_PROMETHEUS };
void metrics_text(struct emit *, const struct metrics_view *, enum metrics_format);

#endif
