/* SPDX-License-Identifier: MIT */
#include "net/hosts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer files are read thus far: a lookup must not keep the loop waiting. */
#define HOSTS_BYTES_MAX (1 << 20)

static size_t
hosts_name_len(const char *name)
{
	size_t len = strlen(name);

	return len > 1 && name[len - 1] == '.' ? len - 1 : len;
}

static bool
hosts_same_name(const char *a, const char *b)
{
	size_t len = hosts_name_len(a);

	return len == hosts_name_len(b) && strncasecmp(a, b, len) == 0;
}

void
hosts_add_address(struct swim_addr *list, size_t *count, size_t max, const struct swim_addr *addr)
{
	size_t i, at = *count;

	for (i = 0; i < *count; i++) {
		if (swim_addr_equal(&list[i], addr))
			return;
	}
	if (addr->family == 4) {
		for (at = 0; at < *count && list[at].family == 4;)
			at++;
	}
	if (at == max)
		return;
	/* A list that is full loses its last, an IPv6 address, to one of IPv4. */
	if (*count == max)
		(*count)--;
	memmove(&list[at + 1], &list[at], (*count - at) * sizeof(list[0]));
	list[at] = *addr;
	(*count)++;
}

static bool
hosts_line_names(char *names, const char *host)
{
	char *save = NULL, *name;

	for (name = strtok_r(names, " \t\r\n", &save); name != NULL;
	     name = strtok_r(NULL, " \t\r\n", &save)) {
		if (hosts_same_name(name, host))
			return true;
	}
	return false;
}

size_t
hosts_find(const char *path, const char *host, uint16_t port, struct swim_addr *out, size_t max)
{
	static const char *const loopback[] = {"127.0.0.1", "::1"};
	size_t i, size = 0, left = HOSTS_BYTES_MAX, count = 0;
	char *line = NULL, *save, *address;
	struct swim_addr addr;
	struct stat st;
	FILE *file = NULL;
	ssize_t len;
	int fd;

	/* Non-blocking and regular: a fifo in its place must not stop the daemon. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		file = fdopen(fd, "r");
	if (file == NULL && fd >= 0)
		close(fd);
	while (file != NULL && (len = getline(&line, &size, file)) > 0) {
		if ((size_t)len > left)
			break;
		left -= (size_t)len;
		line[strcspn(line, "#")] = '\0';
		address = strtok_r(line, " \t\r\n", &save);
		if (address == NULL || !swim_addr_from_host(address, port, &addr))
			continue;
		if (hosts_line_names(save, host))
			hosts_add_address(out, &count, max, &addr);
	}
	free(line);
	if (file != NULL)
		fclose(file);
	if (count == 0 && hosts_same_name(host, "localhost")) {
		for (i = 0; i < 2; i++) {
			if (swim_addr_from_host(loopback[i], port, &addr))
				hosts_add_address(out, &count, max, &addr);
		}
	}
	return count;
}
