/* SPDX-License-Identifier: MIT */
#include "daemon/lost_name.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/durable.h"

#define FILE_NAME "name-lost"
#define TEMP_NAME "name-lost.new"
#define COUNT_MAX 1000 /* a file with a larger count is damaged */

/* The number of losses in a row; 0 if the last one was more than LOST_NAME_MEMORY_S ago or the file cannot be read. */
static unsigned
lost_name_recent(int dir_fd, int64_t wall_s)
{
	int fd = openat(dir_fd, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[64] = "";
	unsigned long count = 0;
	long long last = 0;
	bool readable;
	char *end;

	if (fd < 0)
		return 0;
	readable = durable_refuse(fd) == NULL && read(fd, text, sizeof(text) - 1) > 0;
	close(fd);
	if (!readable)
		return 0;
	count = strtoul(text, &end, 10);
	if (end == text || *end != ' ')
		return 0;
	last = strtoll(end, &end, 10);
	/* If the wall clock was set back, `last` may be in the future. */
	if (*end != '\n' || count > COUNT_MAX || last < wall_s - LOST_NAME_MEMORY_S ||
	    last > wall_s + LOST_NAME_MEMORY_S)
		return 0;
	return (unsigned)count;
}

unsigned
lost_name_count(int dir_fd, int64_t wall_s)
{
	unsigned count = lost_name_recent(dir_fd, wall_s) + 1;
	char text[64];
	int len = snprintf(text, sizeof(text), "%u %" PRId64 "\n", count, wall_s);

	/* If the disk cannot be written, each loss counts as the first; the health reports the disk. */
	(void)!durable_replace(dir_fd, FILE_NAME, TEMP_NAME, text, (size_t)len);
	return count;
}

bool
lost_name_recently(int dir_fd, int64_t wall_s)
{
	return lost_name_recent(dir_fd, wall_s) > 0;
}

swim_duration
lost_name_pause(unsigned count, double spread)
{
	int64_t seconds = LOST_NAME_PAUSE_MAX_S;

	if (count <= 1)
		return swim_ns(0);
	if (count < 7)
		seconds = INT64_C(1) << (count - 1);
	if (seconds > LOST_NAME_PAUSE_MAX_S)
		seconds = LOST_NAME_PAUSE_MAX_S;
	return swim_duration_scale(swim_seconds(seconds), 0.75 + spread / 2);
}
