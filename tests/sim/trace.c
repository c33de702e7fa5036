/* SPDX-License-Identifier: MIT */
#include "sim/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

static void
begin(const struct world *w, const char *node)
{
	printf("%12.6f %-5s ", (double)w->now.ns / 1e9, node);
}

void
trace_datagram(const struct world *w, unsigned from, unsigned to, unsigned copies, const void *data,
    size_t len)
{
	char text[512] = "not a valid message";
	struct wire_message m;

	if (wire_decode(data, len, &m) == WIRE_OK)
		wire_format(&m, text, sizeof(text));
	begin(w, w->nodes[from].name);
	printf("-> %s%s %zu B: %s\n", w->nodes[to].name,
	    copies == 0  ? " (lost)"
	    : copies > 1 ? " (twice)"
			 : "",
	    len, text);
}

void
trace_event(const struct world *w, unsigned observer, const struct swim_event *e)
{
	char name[SWIM_NAME_MAX * 4 + 1], by[SWIM_NAME_MAX * 4 + 1], address[SWIM_ADDR_TEXT] = "";

	utf8_escape(e->member.name, e->member.name_len, true, name, sizeof(name));
	utf8_escape(e->by, e->by_len, true, by, sizeof(by));
	begin(w, w->nodes[observer].name);
	if (e->type == SWIM_EVENT_SEED_ANSWERED || e->type == SWIM_EVENT_SEED_SILENT ||
	    e->type == SWIM_EVENT_SEED_FOREIGN)
		printf("** %s %s %s\n", check_event_name(e->type),
		    swim_addr_format(&e->address, address), name);
	else
		printf("** %s %s (%s@%" PRIu64 ") by %s\n", check_event_name(e->type), name,
		    swim_status_name(e->member.status), e->member.incarnation, by);
}

void
trace_note(const struct world *w, const char *format, ...)
{
	va_list args;

	begin(w, "");
	printf("== ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}
