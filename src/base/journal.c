/* SPDX-License-Identifier: MIT */
#include "base/journal.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SIZE_BYTES 8 /* the bytes of a value's length, little-endian on every machine */

void
journal_begin(struct journal_entry *e)
{
	e->len = 0;
}

static char *
journal_put_name(char *to, const char *text)
{
	for (; *text != '\0'; text++) {
		bool small = *text >= 'a' && *text <= 'z';
		bool other = !small && (*text < 'A' || *text > 'Z') && (*text < '0' || *text > '9');

		*to++ = (char)(small ? *text - 'a' + 'A' : other ? '_' : *text);
	}
	return to;
}

/* The layout is name, newline, length, value, newline.  The journal's other layout, NAME=VALUE, cannot hold every value. */
void
journal_put(struct journal_entry *e, const char *prefix, const char *key, const void *value,
    size_t len)
{
	size_t name = strlen(prefix) + strlen(key), left = sizeof(e->bytes) - e->len;
	char *to = e->bytes + e->len;

	if (len > left || left - len < name + 1 + SIZE_BYTES + 1)
		return;
	to = journal_put_name(journal_put_name(to, prefix), key);
	*to++ = '\n';
	for (unsigned i = 0; i < SIZE_BYTES; i++)
		*to++ = (char)(unsigned char)((uint64_t)len >> (8 * i));
	if (len > 0)
		memcpy(to, value, len);
	to += len;
	*to++ = '\n';
	e->len = (size_t)(to - e->bytes);
}

bool
journal_send(const struct journal_entry *e, const char *path, int *fd)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (len >= sizeof(sun.sun_path))
		return false;
	memcpy(sun.sun_path, path, len);
	if (*fd < 0)
		*fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Address the journal by its path each time: after a restart the journal has another socket at that path. */
	return *fd >= 0 && sendto(*fd, e->bytes, e->len, MSG_NOSIGNAL | MSG_DONTWAIT,
			       (const struct sockaddr *)&sun, sizeof(sun)) == (ssize_t)e->len;
}
