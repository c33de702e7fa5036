/* SPDX-License-Identifier: MIT */
#include "net/netwatch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* The most messages read in one turn of the loop: a router's routes may change faster than we can use. */
#define NETWATCH_BUDGET 64

struct netwatch {
	int fd;
	struct event *readable;
	void (*changed)(void *ctx);
	void *ctx;
};

static void
netwatch_readable(evutil_socket_t fd, short what, void *arg)
{
	struct netwatch *watch = arg;
	char ignored[8192];
	bool news = false;
	ssize_t n;

	(void)what;
	for (int i = 0; i < NETWATCH_BUDGET; i++) {
		n = recv((int)fd, ignored, sizeof(ignored), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (n < 0 && errno == EAGAIN))
			break;
		/*
		 * An error counts as a message: ENOBUFS says that the kernel dropped some.  The kernel
		 * gives an error once.
		 */
		news = true;
	}
	/* This call comes last: the callback may free the watch. */
	if (news)
		watch->changed(watch->ctx);
}

struct netwatch *
netwatch_new_on(struct event_base *base, int fd, void (*changed)(void *ctx), void *ctx)
{
	struct netwatch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->fd = fd;
	watch->changed = changed;
	watch->ctx = ctx;
	watch->readable = event_new(base, fd, EV_READ | EV_PERSIST, netwatch_readable, watch);
	if (watch->readable == NULL || event_add(watch->readable, NULL) != 0) {
		if (watch->readable != NULL)
			event_free(watch->readable);
		free(watch);
		errno = ENOMEM;
		return NULL;
	}
	return watch;
}

struct netwatch *
netwatch_new(struct event_base *base, void (*changed)(void *ctx), void *ctx)
{
	const struct sockaddr_nl groups = {
	    .nl_family = AF_NETLINK,
	    .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
			 RTMGRP_IPV6_ROUTE,
	};
	struct netwatch *watch;
	int fd, saved;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return NULL;
	if (bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) == 0 &&
	    (watch = netwatch_new_on(base, fd, changed, ctx)) != NULL)
		return watch;
	saved = errno;
	close(fd);
	errno = saved;
	return NULL;
}

void
netwatch_free(struct netwatch *watch)
{
	if (watch == NULL)
		return;
	event_free(watch->readable);
	close(watch->fd);
	free(watch);
}
