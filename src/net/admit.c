/* SPDX-License-Identifier: MIT */
#include "net/admit.h"

#include <stdlib.h>

#include "base/hash.h"

/* The sizes of the tables.  Sources whose hashes give the same place share the rate of that place. */
#define MEMBER_PLACES 2048
#define STRANGER_PLACES 1024
#define TRUSTED_PLACES 512
#define TRUSTED_FOR swim_seconds(300)

/*
 * A rate limit by the generic cell rate algorithm of ATM's traffic management.  All admitted units are paid for up to
 * the instant paid_ns.  Each unit moves that instant on by 1/rate; the instant may be ahead of the time by
 * burst/rate.
 */
typedef struct admit_rate {
	int64_t paid_ns;
} admit_rate;

struct trusted {
	uint64_t source; /* hash of its address */
	swim_time until;
};

struct admit {
	uint64_t seed;
	admit_rate members[MEMBER_PLACES], strangers[STRANGER_PLACES];
	admit_rate all_hearsay, all_strangers, answers;
	struct trusted trusted[TRUSTED_PLACES];
};

const char *
admit_refusal_word(enum admit_refusal refusal)
{
	switch (refusal) {
	case ADMIT_OK:
		return "ok";
	case ADMIT_SOURCE_RATE:
		return "source";
	case ADMIT_HEARSAY_RATE:
		return "hearsay";
	case ADMIT_STRANGERS_RATE:
		return "strangers";
	}
	__builtin_unreachable();
}

struct admit *
admit_new(uint64_t seed)
{
	struct admit *admit = calloc(1, sizeof(*admit));

	if (admit == NULL)
		return NULL;
	admit->seed = seed;
	return admit;
}

void
admit_free(struct admit *admit)
{
	free(admit);
}

/*
 * Is there room for at least one unit?  A datagram of more units than that is admitted too, and admit_pay charges all
 * of them.
 */
static bool
admit_has_room(const admit_rate *rate, swim_time now, int64_t per_second, int64_t burst)
{
	return rate->paid_ns - now.ns < burst * (1000000000 / per_second);
}

static void
admit_pay(admit_rate *rate, swim_time now, int64_t units, int64_t per_second)
{
	int64_t from = rate->paid_ns > now.ns ? rate->paid_ns : now.ns;

	rate->paid_ns = from + units * (1000000000 / per_second);
}

static uint64_t
admit_hash(const struct admit *admit, const struct swim_addr *from)
{
	uint64_t h = hash64_u64(HASH64_START, admit->seed);

	h = hash64_bytes(h, from->ip, from->family == 6 ? 16 : 4);
	return hash64_end(hash64_u64(h, (uint64_t)from->scope << 16 | from->port));
}

static bool
admit_is_trusted(const struct admit *admit, uint64_t source, swim_time now)
{
	const struct trusted *place = &admit->trusted[source % TRUSTED_PLACES];

	return place->source == source && swim_time_before(now, place->until);
}

static enum admit_refusal
admit_member(struct admit *admit, swim_time now, uint64_t source, int64_t units, bool routable)
{
	admit_rate *own = &admit->members[source % MEMBER_PLACES];

	if (!admit_has_room(own, now, ADMIT_MEMBER_RATE, ADMIT_MEMBER_BURST))
		return ADMIT_SOURCE_RATE;
	if (!routable) {
		if (!admit_has_room(&admit->all_hearsay, now, ADMIT_ALL_RATE, ADMIT_ALL_BURST))
			return ADMIT_HEARSAY_RATE;
		admit_pay(&admit->all_hearsay, now, units, ADMIT_ALL_RATE);
	}
	admit_pay(own, now, units, ADMIT_MEMBER_RATE);
	return ADMIT_OK;
}

static enum admit_refusal
admit_stranger(struct admit *admit, swim_time now, uint64_t source, int64_t units)
{
	admit_rate *own = &admit->strangers[source % STRANGER_PLACES];

	if (!admit_has_room(own, now, ADMIT_STRANGER_RATE, ADMIT_STRANGER_BURST))
		return ADMIT_SOURCE_RATE;
	if (!admit_has_room(&admit->all_strangers, now, ADMIT_ALL_RATE, ADMIT_ALL_BURST))
		return ADMIT_STRANGERS_RATE;
	admit_pay(own, now, units, ADMIT_STRANGER_RATE);
	admit_pay(&admit->all_strangers, now, units, ADMIT_ALL_RATE);
	return ADMIT_OK;
}

enum admit_refusal
admit_datagram(struct admit *admit, swim_time now, const struct swim_addr *from, size_t len,
    enum admit_standing standing, bool awaited)
{
	uint64_t source = admit_hash(admit, from);
	int64_t units = 1 + (int64_t)(len / ADMIT_UNIT_BYTES);
	bool routable = standing == ADMIT_ROUTABLE || admit_is_trusted(admit, source, now);
	enum admit_refusal refusal;

	if (routable || standing == ADMIT_HEARSAY)
		refusal = admit_member(admit, now, source, units, routable);
	else
		refusal = admit_stranger(admit, now, source, units);
	if (!awaited)
		return refusal;
	if (refusal != ADMIT_OK) {
		if (!admit_has_room(&admit->answers, now, ADMIT_ANSWER_RATE, ADMIT_ANSWER_BURST))
			return refusal;
		admit_pay(&admit->answers, now, units, ADMIT_ANSWER_RATE);
	}
	admit->trusted[source % TRUSTED_PLACES] =
	    (struct trusted){source, swim_time_add(now, TRUSTED_FOR)};
	return ADMIT_OK;
}
