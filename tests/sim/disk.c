/* SPDX-License-Identifier: MIT */
#include "sim/disk.h"

#include <assert.h>
#include <string.h>

static void
disk_file_set(struct disk_file *f, const char *text, size_t len)
{
	assert(len <= sizeof(f->text));
	if (len > 0)
		memcpy(f->text, text, len);
	f->len = len;
}

ssize_t
disk_read(const struct disk *d, char text[RESERVE_TEXT_MAX])
{
	if (d->now.len == 0)
		return -1;
	memcpy(text, d->now.text, d->now.len);
	return (ssize_t)d->now.len;
}

void
disk_write(struct disk *d, const char *text, size_t len)
{
	assert(!d->busy);
	disk_file_set(&d->writing, text, len);
	d->busy = true;
}

int
disk_written(struct disk *d)
{
	assert(d->busy);
	d->busy = false;
	if (d->error != 0)
		return -d->error;
	d->before = d->now;
	d->now = d->writing;
	return 0;
}

bool
disk_crash(struct disk *d)
{
	d->busy = false;
	if (d->forgets)
		d->now = d->before;
	return d->forgets;
}

void
disk_put(struct disk *d, const char *text, size_t len)
{
	d->before = d->now;
	disk_file_set(&d->now, text, len);
}

void
disk_restore_old(struct disk *d)
{
	d->now = d->before;
}
