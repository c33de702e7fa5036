/* SPDX-License-Identifier: MIT */
/* Reads one encoded update; shared by decode.c and updates.c, which walks over the updates that decode.c has accepted. */
#ifndef SWIMD_WIRE_UPDATES_H
#define SWIMD_WIRE_UPDATES_H

#include "wire/wire.h"

/*
 * Read one update without judging it: the status goes unchecked to *status, and u->status is not set.  Sets the
 * reader's `failed` when the update is cut short.  Flags and age are zero unless `sync`.
 */
void wire_updates_read(struct rbuf *, bool sync, struct wire_update *u, uint8_t *status);

/* Reads length:u16 and that many bytes, without checking the bytes. */
void wire_updates_read_str(struct rbuf *, struct wire_str *);

#define WIRE_FLAG_ENTRY_SIZE 3    /* index:u16 flags:u8 in WIRE_EXT_FLAGS */
#define WIRE_ACCUSED_ENTRY_SIZE 3 /* index:u16 count:u8, before the hashes in WIRE_EXT_ACCUSERS */
#define WIRE_TAGGED_ENTRY_SIZE 4  /* index:u16 length:u16, before the tags in WIRE_EXT_TAGS */
#define WIRE_SYNC_EXTRA_SIZE 5    /* flags:u8 age:u32 after an update in a sync */

#endif
