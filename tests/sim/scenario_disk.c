/* SPDX-License-Identifier: MIT */
/*
 * Disks that fail: whatever a state directory has lost, all others believe its member when it restarts.  The incarnation at
 * which the member starts comes from the daemon's reserve.c alone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario.h"

#define MEMBER 1
#define LEAP 9 /* an incarnation above the first block */

static struct node *
member(struct sim *s)
{
	return &s->world.nodes[MEMBER];
}

/* Is every member held alive by all others at its own incarnation, so that none of them remembers a higher one? */
static bool
all_believed(struct sim *s)
{
	for (unsigned i = 0; i < s->world.count; i++) {
		const struct node *n = &s->world.nodes[i];

		if (n->state != NODE_UP)
			continue;
		for (unsigned j = 0; j < s->world.count; j++) {
			const struct node *o = &s->world.nodes[j];
			struct swim_report r;

			if (i != j && o->state == NODE_UP &&
			    (!swim_member_find(o->core, n->name, strlen(n->name), &r) ||
				r.status != SWIM_ALIVE ||
				r.incarnation != swim_incarnation(n->core)))
				return false;
		}
	}
	return true;
}

/* A forged suspicion makes the member raise its incarnation above its block. */
static void
make_leap(struct sim *s)
{
	sim_forge(s, 2, MEMBER, MEMBER, SWIM_SUSPECT, LEAP);
	sim_run(s, 0.02);
}

/* Replace the state file of node i. */
static void
spoil(struct sim *s, unsigned i, const char *text, size_t len)
{
	disk_put(&s->world.nodes[i].disk, DISK_INCARNATION, text, len);
	s->world.nodes[i].unkept = true;
}

static void
crash_before_the_write(struct sim *s)
{
	EXPECT(s, sim_form(s));
	member(s)->disk.takes = swim_ms(100);
	make_leap(s);
	EXPECT(s, swim_incarnation(member(s)->core) == LEAP + 1);
	sim_run(s, 0.06);
	/* The refutation of the member waits for the disk. */
	EXPECT(s, member(s)->told < RESERVE_BLOCK);
	sim_restart(s, MEMBER, true);
	EXPECT(s, member(s)->first == RESERVE_BLOCK);
	EXPECT(s, sim_wait_until(s, all_believed, 30));
	make_leap(s);
	sim_run(s, 0.2);
	EXPECT(s, member(s)->told == LEAP + 1);
	EXPECT(s, sim_wait_until(s, all_believed, 10));
	sim_restart(s, MEMBER, true);
	EXPECT(s, member(s)->first > LEAP + 1);
	EXPECT(s, sim_wait_until(s, all_believed, 30));
	EXPECT(s, sim_wait_converged(s, 30));
}

/* The disk hangs for longer than a member may be silent. */
static void
slow_disk(struct sim *s)
{
	EXPECT(s, sim_form(s));
	member(s)->disk.takes = swim_seconds(20);
	make_leap(s);
	EXPECT(s, member(s)->told < RESERVE_BLOCK);
	sim_run(s, 0.2);
	EXPECT(s, member(s)->told == LEAP + 1 && member(s)->reserve.troubled);
	sim_run(s, 5);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, MEMBER) == 0);
	/* The process is killed while its disk still hangs, and the next process finds the bound of the previous start. */
	sim_restart(s, MEMBER, true);
	EXPECT(s, member(s)->first == RESERVE_BLOCK && member(s)->told > member(s)->first);
	EXPECT(s, sim_wait_until(s, all_believed, 30));
	EXPECT(s, sim_wait_converged(s, 30));
}

static void
forgetful_disk(struct sim *s)
{
	EXPECT(s, sim_form(s));
	member(s)->disk.forgets = true;
	make_leap(s);
	EXPECT(s, member(s)->told == LEAP + 1);
	EXPECT(s, sim_wait_until(s, all_believed, 10));
	for (unsigned k = 0; k < 3; k++) {
		sim_restart(s, MEMBER, true);
		EXPECT(s, member(s)->first <= member(s)->told);
		EXPECT(s, sim_wait_until(s, all_believed, 30));
	}
	EXPECT(s, sim_wait_converged(s, 30));
}

static void
full_disk(struct sim *s)
{
	uint64_t first;

	EXPECT(s, sim_form(s));
	member(s)->disk.error = ENOSPC;
	make_leap(s);
	EXPECT(s, member(s)->told == LEAP + 1 && member(s)->reserve.troubled);
	EXPECT(s, sim_wait_until(s, all_believed, 10));
	for (unsigned k = 0; k < 3; k++) {
		sim_restart(s, MEMBER, true);
		EXPECT(s, member(s)->first == RESERVE_BLOCK && member(s)->reserve.troubled);
		EXPECT(s, sim_wait_until(s, all_believed, 30));
	}
	/* Once there is room on the disk, a new bound is written within some seconds. */
	member(s)->disk.error = 0;
	sim_run(s, 12);
	EXPECT(s, !member(s)->reserve.troubled);
	first = member(s)->told;
	sim_restart(s, MEMBER, true);
	EXPECT(s, member(s)->first > first);
	EXPECT(s, sim_wait_until(s, all_believed, 30));
	EXPECT(s, sim_wait_converged(s, 30));
}

static void
damaged_file(struct sim *s)
{
	static const struct {
		const char *text;
		size_t len;
	} files[] = {
#define FILE_OF(text) {text, sizeof(text) - 1}
	    FILE_OF("\0\0\0\0"),
	    FILE_OF("12"),
	    FILE_OF("-1\n"),
	    FILE_OF("99999999999999999999999\n"),
	    FILE_OF("18446744073709551615\n"),
	    FILE_OF("500\nof another\n"),
	    FILE_OF("500\nof n"),
	    {"", 0},
	};
	const char *text;
	size_t len;

	EXPECT(s, sim_form(s));
	make_leap(s);
	EXPECT(s, sim_wait_until(s, all_believed, 10));
	for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++) {
		sim_crash(s, MEMBER);
		spoil(s, MEMBER, files[k].text, files[k].len);
		sim_restart(s, MEMBER, true);
		EXPECT(s, member(s)->first == 0);
		EXPECT(s, sim_wait_until(s, all_believed, 30));
		/* The member has written a valid file. */
		text = disk_read(&member(s)->disk, DISK_INCARNATION, &len);
		EXPECT(s, text != NULL && text[0] != '0');
	}
	EXPECT(s, sim_wait_converged(s, 30));
}

/* Crash node i with a random fault of its disk. */
static void
random_fault(struct sim *s, unsigned i)
{
	struct node *n = &s->world.nodes[i];
	const char *text;
	size_t len;

	sim_crash(s, i);
	n->disk.takes = swim_ms((int64_t)rng_below(&s->world.rng, 500));
	n->disk.error = 0;
	n->disk.forgets = false;
	switch (rng_below(&s->world.rng, 6)) {
	case 0:
		n->disk.error = ENOSPC;
		break;
	case 1:
		n->disk.forgets = true;
		break;
	case 2:
		disk_restore_old(&n->disk);
		n->unkept = true;
		break;
	case 3:
		text = disk_read(&n->disk, DISK_INCARNATION, &len);
		if (text != NULL)
			spoil(s, i, text, (size_t)rng_below(&s->world.rng, (uint64_t)len));
		break;
	case 4:
		spoil(s, i, "?\n", 2);
		break;
	default: /* the disk is sound */
		break;
	}
}

static void
failing_disks(struct sim *s)
{
	EXPECT(s, sim_form(s));
	for (unsigned k = 0; k < 60; k++) {
		unsigned i = (unsigned)rng_below(&s->world.rng, s->world.count);

		random_fault(s, i);
		sim_run(s, 3 * rng_unit(&s->world.rng));
		sim_restart(s, i, true);
		sim_run(s, 3 * rng_unit(&s->world.rng));
	}
	EXPECT(s, sim_wait_until(s, all_believed, 60));
	EXPECT(s, sim_wait_converged(s, 60));
}

const struct scenario scenarios_disk[] = {
    {"disk-crash", 5, crash_before_the_write, LIGHT,
	"a member sends no incarnation that its disk has not stored, and a crash loses none that was sent"},
    {"disk-slow", 5, slow_disk, LIGHT,
	"a member whose disk hangs is not silent, and is believed after a crash"},
    {"disk-forgets", 5, forgetful_disk, LIGHT,
	"a member whose disk loses the last write in each crash is believed after each crash"},
    {"disk-full", 5, full_disk, LIGHT,
	"a member with a full disk is believed after each crash, and stores its state once there is room"},
    {"disk-damaged", 5, damaged_file, LIGHT,
	"a member whose state file is damaged, missing or of another member is believed"},
    {"disk-failing", 12, failing_disks, LIGHT,
	"members whose disks fail in random ways are all believed in the end"},
    {0},
};
