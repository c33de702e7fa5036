/* SPDX-License-Identifier: MIT */
#include "control/ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int
ring_init(struct ring *ring, size_t capacity)
{
	*ring =
	    (struct ring){.lines = calloc(capacity, sizeof(*ring->lines)), .capacity = capacity};
	return ring->lines == NULL ? -ENOMEM : 0;
}

void
ring_fini(struct ring *ring)
{
	for (size_t i = 0; ring->lines != NULL && i < ring->capacity; i++)
		ring_release(ring->lines[i]);
	free(ring->lines);
	*ring = (struct ring){0};
}

struct ring_line *
ring_hold(struct ring_line *line)
{
	line->refs++;
	return line;
}

void
ring_release(struct ring_line *line)
{
	if (line == NULL)
		return;
	assert(line->refs > 0);
	if (--line->refs > 0)
		return;
	free(line->text);
	free(line);
}

struct ring_line *
ring_add(struct ring *ring, unsigned kind, char *text, size_t len)
{
	struct ring_line *line = malloc(sizeof(*line));
	struct ring_line **slot = &ring->lines[(ring->last + 1) % ring->capacity];

	if (line == NULL) {
		free(text);
		return NULL;
	}
	*line = (struct ring_line){1, kind, ++ring->last, text, len};
	ring_release(*slot);
	*slot = line;
	return line;
}

uint64_t
ring_oldest(const struct ring *ring)
{
	return ring->last > ring->capacity ? ring->last - ring->capacity + 1 : 1;
}

struct ring_line *
ring_at(const struct ring *ring, uint64_t seq)
{
	assert(seq >= ring_oldest(ring) && seq <= ring->last);
	return ring->lines[seq % ring->capacity];
}
