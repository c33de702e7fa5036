/* SPDX-License-Identifier: MIT */
/*
 * What really happened, as a set of 64-bit hashes: who each member ever said that it was, and who ever accused
 * whom.  Whatever one member holds of another must be among the facts.
 */
#ifndef SIM_FACTS_H
#define SIM_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct facts {
	uint64_t *v; /* open addressing; 0 is free */
	size_t count, slots;
};

void facts_init(struct facts *);
void facts_fini(struct facts *);
void facts_add(struct facts *, uint64_t fact);
bool facts_has(const struct facts *, uint64_t fact);

/* The facts: this name is one of those that are observed; */
uint64_t facts_observed(uint64_t name_hash);
/* a member said of itself that it has this address (and these tags, unless NULL) at this incarnation; */
uint64_t facts_identity(uint64_t name_hash, uint64_t incarnation, const char *address,
    const char *tags, size_t tags_len);
/* it said so of the address alone, at whatever incarnation; */
uint64_t facts_lived(uint64_t name_hash, const char *address);
/* and of the incarnation alone, at whatever address; */
uint64_t facts_had(uint64_t name_hash, uint64_t incarnation);
/* one accused another at this incarnation of the other. */
uint64_t facts_accusation(uint64_t accuser_hash, uint64_t subject_hash, uint64_t incarnation);

#endif
