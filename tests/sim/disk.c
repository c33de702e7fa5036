/* SPDX-License-Identifier: MIT */
#include "sim/disk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/heap.h"

static void
disk_set(struct disk_content *c, const char *text, size_t len)
{
	char *copy = NULL;

	if (len > 0) {
		copy = heap_resize(NULL, len, 1);
		memcpy(copy, text, len);
	}
	free(c->text);
	*c = (struct disk_content){copy, len};
}

void
disk_clear(struct disk *d)
{
	for (int i = 0; i < DISK_FILES; i++) {
		free(d->files[i].now.text);
		free(d->files[i].before.text);
		free(d->files[i].writing.text);
	}
	*d = (struct disk){0};
}

const char *
disk_read(const struct disk *d, enum disk_name name, size_t *len)
{
	*len = d->files[name].now.len;
	return d->files[name].now.text;
}

void
disk_write(struct disk *d, enum disk_name name, const char *text, size_t len)
{
	assert(!d->files[name].busy);
	disk_set(&d->files[name].writing, text, len);
	d->files[name].busy = true;
}

int
disk_written(struct disk *d, enum disk_name name)
{
	struct disk_file *f = &d->files[name];

	assert(f->busy);
	f->busy = false;
	if (d->error != 0)
		return -d->error;
	disk_put(d, name, f->writing.text, f->writing.len);
	return 0;
}

bool
disk_crash(struct disk *d)
{
	for (int i = 0; i < DISK_FILES; i++)
		d->files[i].busy = false;
	if (d->forgets)
		disk_restore_old(d);
	return d->forgets;
}

void
disk_put(struct disk *d, enum disk_name name, const char *text, size_t len)
{
	struct disk_file *f = &d->files[name];

	free(f->before.text);
	f->before = f->now;
	f->now = (struct disk_content){0};
	disk_set(&f->now, text, len);
}

void
disk_restore_old(struct disk *d)
{
	for (int i = 0; i < DISK_FILES; i++)
		disk_set(&d->files[i].now, d->files[i].before.text, d->files[i].before.len);
}
