/* SPDX-License-Identifier: MIT */
#include "sim/base_codec.h"

#include <string.h>

#include "sim/heap.h"

void
base_copy(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	out[len] = '\0';
}

uint64_t
base_get(struct base_reader *r, unsigned bytes)
{
	uint64_t v = 0;

	if (r->bad || (size_t)(r->end - r->pos) < bytes) {
		r->bad = true;
		return 0;
	}
	while (bytes-- > 0)
		v = v << 8 | *r->pos++;
	return v;
}

void
base_get_string(struct base_reader *r, char *out, size_t size)
{
	size_t len = (size_t)base_get(r, 2);

	out[0] = '\0';
	if (r->bad || (size_t)(r->end - r->pos) < len || len >= size ||
	    memchr(r->pos, 0, len) != NULL) {
		r->bad = true;
		return;
	}
	memcpy(out, r->pos, len);
	out[len] = '\0';
	r->pos += len;
}

size_t
base_get_gossip(struct base_reader *r, struct base_update **out)
{
	size_t count = (size_t)base_get(r, 2);
	struct base_update *list = heap_zeroed(r->bad ? 0 : count, sizeof(*list));

	for (size_t i = 0; i < count && !r->bad; i++) {
		uint64_t status;

		base_get_string(r, list[i].id, sizeof(list[i].id));
		base_get_string(r, list[i].address, sizeof(list[i].address));
		status = base_get(r, 1);
		if (status > 2)
			r->bad = true;
		else
			list[i].status = (enum swim_status)status;
		list[i].incarnation = base_get(r, 8);
	}
	*out = list;
	return r->bad ? 0 : count;
}

void
base_put(struct base_datagram *d, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		d->data[d->len++] = (uint8_t)(v >> 8 * (bytes - 1 - i));
}

void
base_put_string(struct base_datagram *d, const char *s)
{
	size_t len = strlen(s);

	base_put(d, len, 2);
	memcpy(d->data + d->len, s, len);
	d->len += len;
}
