/* SPDX-License-Identifier: MIT */
/*
 * Measures the codec: nanoseconds per operation, the median of ROUNDS rounds. Encoding turns structs into
 * bytes; decoding turns bytes into a validated message and reads all its updates.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "wire/wire.h"

#define ROUNDS 15
#define OPERATIONS 200000
#define UPDATES_MAX 40

static const struct wire_trailer trailer = {
    .has_cluster = true,
    .has_sender = true,
    .has_digest = true,
    .cluster = {"production", 10},
    .sender = {"node-17.example.org", 19},
    .digest = 0x0123456789abcdef,
};

struct subject {
	unsigned updates;
	bool with_trailer;
	uint8_t bytes[WIRE_DATAGRAM_DEFAULT * 2];
	size_t len;
	struct wire_update update[UPDATES_MAX];
	char names[UPDATES_MAX][32], addresses[UPDATES_MAX][32];
};

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
encode(struct subject *s)
{
	const struct wire_trailer *t = s->with_trailer ? &trailer : NULL;
	struct wire_writer w;

	wire_writer_init(&w, s->bytes, sizeof(s->bytes), t != NULL ? wire_trailer_size(t) : 0);
	wire_begin_ping(&w, 0x0102030405060708);
	for (unsigned i = 0; i < s->updates; i++) {
		if (!wire_add_update(&w, &s->update[i]))
			abort();
	}
	s->len = wire_finish(&w, t, 0);
	if (s->len == 0)
		abort();
}

static void
decode(struct subject *s)
{
	struct wire_updates_iter iter = {0};
	struct wire_message m;
	struct wire_update u;
	unsigned count = 0;

	if (wire_decode(s->bytes, s->len, &m) != WIRE_OK)
		abort();
	while (wire_updates_next(&m.updates, &iter, &u))
		count++;
	if (count != s->updates)
		abort();
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
measure(void (*operation)(struct subject *), struct subject *s)
{
	const int count = OPERATIONS / (int)(s->updates + 1);
	double rounds[ROUNDS];

	operation(s); /* warm up the caches */
	for (int i = 0; i < ROUNDS; i++) {
		double begin = now_ns();

		for (int j = 0; j < count; j++)
			operation(s);
		rounds[i] = (now_ns() - begin) / count;
	}
	qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
	return rounds[ROUNDS / 2];
}

static void
report(unsigned updates, bool with_trailer)
{
	struct subject s = {.updates = updates, .with_trailer = with_trailer};
	double encode_ns, decode_ns;

	for (unsigned i = 0; i < updates; i++) {
		snprintf(s.names[i], sizeof(s.names[i]), "node-%u.example.org", i);
		snprintf(s.addresses[i], sizeof(s.addresses[i]), "192.168.10.%u:7946", i);
		s.update[i] = (struct wire_update){
		    .member = {wire_str_of(s.names[i]), wire_str_of(s.addresses[i])},
		    .status = (enum swim_status)(i % SWIM_STATUS_COUNT),
		    .incarnation = i,
		};
	}
	encode_ns = measure(encode, &s);
	decode_ns = measure(decode, &s);
	printf("ping, %2u updates%s (%4zu bytes): encode %7.1f ns, decode %7.1f ns\n", updates,
	    with_trailer ? ", trailer" : "         ", s.len, encode_ns, decode_ns);
}

int
main(void)
{
	static const unsigned updates[] = {0, 1, 5, 20};

	for (size_t i = 0; i < sizeof(updates) / sizeof(updates[0]); i++) {
		report(updates[i], false);
		report(updates[i], true);
	}
	return 0;
}
