/* SPDX-License-Identifier: MIT */
/*
 * What really happened, as a set of 64-bit hashes: every record that a member ever had, and every accusation.  What a member
 * holds of another must be among these facts.
 */
#ifndef SIM_FACTS_H
#define SIM_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct facts {
	uint64_t *v; /* hash table with open addressing; 0: the slot is free */
	size_t count, slots;
};

void facts_init(struct facts *);
void facts_fini(struct facts *);
void facts_add(struct facts *, uint64_t fact);
bool facts_has(const struct facts *, uint64_t fact);

/* The functions below return the hash of a fact.  A member is given by the hash of its name. */
/* The member is a swimd peer of this simulation, so its facts are complete. */
uint64_t facts_observed(uint64_t name_hash);
/* The member had this address, and these tags unless NULL, at this incarnation. */
uint64_t facts_identity(uint64_t name_hash, uint64_t incarnation, const char *address,
    const char *tags, size_t tags_len);
/* The member had this address at some incarnation. */
uint64_t facts_lived(uint64_t name_hash, const char *address);
/* The member had this incarnation at some address. */
uint64_t facts_had(uint64_t name_hash, uint64_t incarnation);
/* The accuser suspected the subject at this incarnation of the subject. */
uint64_t facts_accusation(uint64_t accuser_hash, uint64_t subject_hash, uint64_t incarnation);

#endif
