/* SPDX-License-Identifier: MIT */
#include "net/ifaces.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The most interfaces or addresses.  On a machine with more ifaces_list fails, and the operator has to configure the
 * address.
 */
#define IFACES_MAX 4096
/* IFA_PROTO, which linux/if_addr.h has since 5.18 only, and RTPROT_KEEPALIVED. */
#define IFACES_ATTRIBUTE_PROTO 11
#define IFACES_PROTO_KEEPALIVED 18

struct ifaces {
	struct iface_link *links;
	size_t link_count;
	struct iface_address *addresses;
	/* extras[i] belongs to addresses[i]. */
	struct iface_extra {
		uint32_t flags;
		unsigned prefix;
		uint8_t proto;
	} * extras;
	size_t count;
	int error;
};

static bool
ifaces_is_kind(const struct iface_link *link, const char *const *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(link->kind, kinds[i]) == 0)
			return true;
	}
	return false;
}

/*
 * May the link lead to another machine?  A veth pair with both ends in this namespace does not.  A tunnel does so by
 * another link only.
 */
static bool
ifaces_leads_out(const struct iface_link *link)
{
	static const char *const kinds[] = {"", "vlan", "bond", "team", "macvlan", "ipvlan"};

	if (strcmp(link->kind, "veth") == 0)
		return link->elsewhere;
	return (link->flags & IFF_LOOPBACK) == 0 &&
	       ifaces_is_kind(link, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

bool
ifaces_leads_nowhere(const struct iface_link *link)
{
	return (link->flags & IFF_LOOPBACK) != 0 || strcmp(link->kind, "dummy") == 0;
}

/* Is this a name that Docker, libvirt, CNI, LXC or a similar program gives to its bridges? */
static bool
ifaces_has_runtime_name(const char *name)
{
	static const char *const begins[] = {"docker", "virbr", "cni", "cbr", "podman", "nerdctl",
	    "lxcbr", "lxdbr", "incusbr", "lxdfan", "kube-", "weave", "mpqemubr"};
	static const size_t hex = 12; /* digits of a Docker network's id, as in br-0123456789ab */

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		if (strncmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	}
	return strncmp(name, "br-", 3) == 0 && strlen(name) == 3 + hex &&
	       strspn(name + 3, "0123456789abcdef") == hex;
}

bool
ifaces_is_for_containers(const struct iface_link *links, size_t count, size_t i)
{
	/*
	 * Ports to containers and virtual machines, and the dummy port that keeps the bridge's hardware address
	 * constant.
	 */
	static const char *const inner[] = {"veth", "tun", "dummy"};
	bool port_out = false, other_out = false;

	if (strcmp(links[i].kind, "bridge") != 0)
		return false;
	for (size_t k = 0; k < count; k++) {
		bool port = links[k].master == links[i].index;

		if (port && !ifaces_is_kind(&links[k], inner, sizeof(inner) / sizeof(inner[0])))
			return false;
		port_out |= port && ifaces_leads_out(&links[k]);
		other_out |= links[k].master == 0 && ifaces_leads_out(&links[k]);
	}
	if (ifaces_has_runtime_name(links[i].name))
		return true;
	/*
	 * If this machine is itself a container, the end of a veth pair leads out, and the only such end may be a
	 * port of this bridge.
	 */
	return !port_out || other_out;
}

/* Is the link a port of a bridge or a bond?  A link of a VRF is no port: such a link has its own traffic and addresses. */
static bool
ifaces_is_port(const struct iface_link *links, size_t count, size_t i)
{
	if (links[i].master == 0)
		return false;
	for (size_t k = 0; k < count; k++) {
		if (links[k].index == links[i].master)
			return strcmp(links[k].kind, "vrf") != 0;
	}
	return true;
}

/*
 * Make room for one more element after `count`.  The array grows at powers of two.  False: no memory, or too many
 * elements.
 */
static bool
ifaces_grow(void **array, size_t count, size_t size)
{
	void *larger;

	if (count == IFACES_MAX)
		return false;
	if (count > 0 && (count & (count - 1)) != 0)
		return true;
	larger = realloc(*array, (count == 0 ? 1 : 2 * count) * size);
	if (larger != NULL)
		*array = larger;
	return larger != NULL;
}

static void
ifaces_read_kind(const struct rtattr *info, char kind[16])
{
	const struct rtattr *a = RTA_DATA(info);
	unsigned left = (unsigned)RTA_PAYLOAD(info);

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == IFLA_INFO_KIND) {
			size_t len = strnlen(RTA_DATA(a), RTA_PAYLOAD(a));

			memcpy(kind, RTA_DATA(a), len < 15 ? len : 15);
		}
	}
}

static bool
ifaces_add_link(struct ifaces *all, const struct nlmsghdr *msg)
{
	const struct ifinfomsg *info = NLMSG_DATA(msg);
	const struct rtattr *a = IFLA_RTA(info);
	unsigned left = (unsigned)IFLA_PAYLOAD(msg);
	struct iface_link *link;

	if (!ifaces_grow((void **)&all->links, all->link_count, sizeof(*all->links)))
		return false;
	link = &all->links[all->link_count++];
	*link = (struct iface_link){.index = (uint32_t)info->ifi_index, .flags = info->ifi_flags};
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		size_t len = RTA_PAYLOAD(a);

		if (a->rta_type == IFLA_IFNAME)
			memcpy(link->name, RTA_DATA(a), len < IF_NAMESIZE ? len : IF_NAMESIZE - 1);
		else if (a->rta_type == IFLA_MASTER && len == sizeof(link->master))
			memcpy(&link->master, RTA_DATA(a), sizeof(link->master));
		else if (a->rta_type == IFLA_LINK_NETNSID)
			link->elsewhere = true;
		else if (a->rta_type == IFLA_LINKINFO)
			ifaces_read_kind(a, link->kind);
	}
	return true;
}

static bool
ifaces_add_address(struct ifaces *all, const struct nlmsghdr *msg)
{
	const struct ifaddrmsg *info = NLMSG_DATA(msg);
	const struct rtattr *a = IFA_RTA(info), *local = NULL;
	unsigned left = (unsigned)IFA_PAYLOAD(msg);
	struct iface_extra extra = {.flags = info->ifa_flags, .prefix = info->ifa_prefixlen};
	struct iface_address *out;
	size_t size = info->ifa_family == AF_INET ? 4 : 16;

	if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
		return true;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		/* For a tunnel IFA_ADDRESS is the address of the other end, and IFA_LOCAL ours. */
		if ((a->rta_type == IFA_LOCAL || (a->rta_type == IFA_ADDRESS && local == NULL)) &&
		    RTA_PAYLOAD(a) == size)
			local = a;
		else if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) == sizeof(extra.flags))
			memcpy(&extra.flags, RTA_DATA(a), sizeof(extra.flags));
		else if (a->rta_type == IFACES_ATTRIBUTE_PROTO && RTA_PAYLOAD(a) == 1)
			memcpy(&extra.proto, RTA_DATA(a), 1);
	}
	/* A tentative address is not usable, nor is a duplicate address, which another machine has too. */
	if (local == NULL ||
	    ((extra.flags & IFA_F_TENTATIVE) != 0 && (extra.flags & IFA_F_OPTIMISTIC) == 0) ||
	    (extra.flags & IFA_F_DADFAILED) != 0)
		return true;
	if (!ifaces_grow((void **)&all->addresses, all->count, sizeof(*all->addresses)) ||
	    !ifaces_grow((void **)&all->extras, all->count, sizeof(*all->extras)))
		return false;
	all->extras[all->count] = extra;
	out = &all->addresses[all->count++];
	*out = (struct iface_address){.prefix = info->ifa_prefixlen, .index = info->ifa_index};
	out->addr.family = size == 4 ? 4 : 6;
	memcpy(out->addr.ip, RTA_DATA(local), size);
	if (swim_addr_is_link_local(&out->addr) && out->addr.family == 6)
		out->addr.scope = info->ifa_index;
	return true;
}

/* Take one answer of the kernel to a dump.  True: the answer was the last, or an error. */
static bool
ifaces_take(struct ifaces *all, const void *data, size_t size)
{
	const struct nlmsghdr *msg = data;
	unsigned left = (unsigned)size;
	bool good = true;

	for (; NLMSG_OK(msg, left); msg = NLMSG_NEXT(msg, left)) {
		if (msg->nlmsg_type == NLMSG_DONE)
			return true;
		if (msg->nlmsg_type == NLMSG_ERROR) {
			all->error = -((const struct nlmsgerr *)NLMSG_DATA(msg))->error;
			return true;
		}
		if (msg->nlmsg_type == RTM_NEWLINK)
			good = ifaces_add_link(all, msg);
		else if (msg->nlmsg_type == RTM_NEWADDR)
			good = ifaces_add_address(all, msg);
		if (!good) {
			all->error = ENOMEM;
			return true;
		}
	}
	return false;
}

static void
ifaces_dump(struct ifaces *all, int fd, uint16_t type)
{
	struct {
		struct nlmsghdr head;
		struct rtgenmsg body;
	} request = {
	    .head = {.nlmsg_len = sizeof(request),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .body = {.rtgen_family = AF_UNSPEC},
	};
	/* The kernel fills at most 32 KiB for one read. */
	_Alignas(struct nlmsghdr) uint8_t buf[32768];
	ssize_t n;

	if (all->error != 0)
		return;
	if (send(fd, &request, sizeof(request), 0) < 0) {
		all->error = errno;
		return;
	}
	do {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0 && errno != EINTR)
			all->error = errno;
	} while (all->error == 0 && (n < 0 || !ifaces_take(all, buf, (size_t)n)));
}

/* Does the interface of address i have another address of that family that does not float? */
static bool
ifaces_has_steady(const struct ifaces *all, size_t i)
{
	const struct iface_address *mine = &all->addresses[i];

	for (size_t k = 0; k < all->count; k++) {
		const struct iface_address *other = &all->addresses[k];
		unsigned whole = other->addr.family == 4 ? 32 : 128;

		if (k != i && other->index == mine->index &&
		    other->addr.family == mine->addr.family && other->addr.scope == 0 &&
		    all->extras[k].prefix < whole &&
		    (all->extras[k].flags & (IFA_F_SECONDARY | IFA_F_DEPRECATED)) == 0)
			return true;
	}
	return false;
}

static bool
ifaces_is_passing(const struct ifaces *all, size_t i)
{
	const struct iface_extra *extra = &all->extras[i];
	unsigned whole = all->addresses[i].addr.family == 4 ? 32 : 128;

	/* For IPv6, IFA_F_SECONDARY means a temporary address, and is called IFA_F_TEMPORARY. */
	if (all->addresses[i].addr.family == 6 &&
	    (extra->flags & (IFA_F_TEMPORARY | IFA_F_DEPRECATED)) != 0)
		return true;
	if (extra->proto == IFACES_PROTO_KEEPALIVED)
		return true;
	return ((extra->flags & IFA_F_SECONDARY) != 0 || extra->prefix == whole) &&
	       ifaces_has_steady(all, i);
}

static void
ifaces_join(struct ifaces *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct iface_address *a = &all->addresses[i];

		for (size_t k = 0; k < all->link_count; k++) {
			const struct iface_link *link = &all->links[k];

			if (link->index != a->index)
				continue;
			memcpy(a->name, link->name, sizeof(a->name));
			a->up = (link->flags & IFF_UP) != 0;
			a->running = (link->flags & IFF_RUNNING) != 0;
			a->loopback = (link->flags & IFF_LOOPBACK) != 0;
			a->nowhere = ifaces_leads_nowhere(link);
			a->port = ifaces_is_port(all->links, all->link_count, k);
			a->containers = ifaces_is_for_containers(all->links, all->link_count, k);
			a->leads_out = ifaces_leads_out(link) ||
				       (strcmp(link->kind, "bridge") == 0 && !a->containers);
		}
		a->passing = !a->loopback && ifaces_is_passing(all, i);
	}
}

int
ifaces_list(struct iface_address **out, size_t *count)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct ifaces all = {0};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) != 0)
		all.error = errno;
	ifaces_dump(&all, fd, RTM_GETLINK);
	ifaces_dump(&all, fd, RTM_GETADDR);
	close(fd);
	if (all.error == 0)
		ifaces_join(&all);
	free(all.links);
	free(all.extras);
	if (all.error != 0) {
		free(all.addresses);
		return -all.error;
	}
	*out = all.addresses;
	*count = all.count;
	return 0;
}
