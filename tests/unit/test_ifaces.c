/* SPDX-License-Identifier: MIT */
#include "net/ifaces.h"

#include <stdlib.h>
#include <string.h>

#include "support/loop.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(a_bridge_is_for_containers_unless_something_else_is_connected)
{
	struct iface_link links[] = {
	    {.index = 1, .name = "lo"},
	    {.index = 2, .name = "docker0", .kind = "bridge"},
	    {.index = 3, .name = "br0", .kind = "bridge"},
	    {.index = 4, .name = "virbr0", .kind = "bridge"},
	    {.index = 5, .name = "eth0", .master = 3},
	    {.index = 6, .name = "veth1", .kind = "veth", .master = 3},
	    {.index = 7, .name = "virbr0-nic", .kind = "tun", .master = 4},
	    {.index = 8, .name = "veth2", .kind = "veth"},
	};

	ck_assert(!ifaces_is_for_containers(links, COUNT(links), 0));
	ck_assert(ifaces_is_for_containers(links, COUNT(links), 1)); /* nothing is connected */
	ck_assert(!ifaces_is_for_containers(links, COUNT(links), 2));
	ck_assert(ifaces_is_for_containers(links, COUNT(links), 3));
	/* The end of a veth pair, as a container has it, is no bridge. */
	ck_assert(!ifaces_is_for_containers(links, COUNT(links), 7));
	/* A VLAN or a bond leads out. */
	strcpy(links[6].kind, "vlan");
	ck_assert(!ifaces_is_for_containers(links, COUNT(links), 3));
}
END_TEST

/* If this machine is itself a container, its interface is the end of a veth pair. */
START_TEST(a_bridge_that_holds_the_only_way_out_is_not_for_containers)
{
	struct iface_link links[] = {
	    {.index = 1, .name = "lo", .flags = IFF_LOOPBACK},
	    {.index = 2, .name = "br0", .kind = "bridge"},
	    {.index = 3, .name = "lan1", .kind = "veth", .master = 2, .elsewhere = true},
	    {.index = 4, .name = "docker0", .kind = "bridge"},
	    {.index = 5, .name = "va", .kind = "veth", .master = 4},
	    {.index = 6, .name = "vb", .kind = "veth"},
	    {.index = 7, .name = "br-0123456789ab", .kind = "bridge"},
	    {.index = 8, .name = "vc", .kind = "veth", .master = 7, .elsewhere = true},
	    {.index = 9, .name = "tun0", .kind = "tun"},
	};

	ck_assert(!ifaces_is_for_containers(links, COUNT(links), 1));
	ck_assert(ifaces_is_for_containers(links, COUNT(links), 3));
	ck_assert(ifaces_is_for_containers(links, COUNT(links), 6));
	/* If any other link leads out, the bridge belongs to a container engine, which chose the name. */
	links[5].elsewhere = true;
	ck_assert(ifaces_is_for_containers(links, COUNT(links), 1));
	links[5].elsewhere = false;
	strcpy(links[8].kind, "");
	ck_assert(ifaces_is_for_containers(links, COUNT(links), 1));
	/* The name only begins like a name of Docker. */
	strcpy(links[8].kind, "tun");
	strcpy(links[6].name, "br-lan");
	ck_assert(!ifaces_is_for_containers(links, COUNT(links), 6));
}
END_TEST

START_TEST(loopback_is_listed_with_its_properties)
{
	struct swim_addr wanted = loop_addr("127.0.0.1", 0);
	struct iface_address *all;
	bool found = false;
	size_t count;

	ck_assert_int_eq(ifaces_list(&all, &count), 0);
	for (size_t i = 0; i < count; i++) {
		const struct iface_address *a = &all[i];

		ck_assert_uint_gt(a->index, 0);
		ck_assert_uint_eq(a->addr.port, 0);
		ck_assert_uint_gt(strlen(a->name), 0);
		if (swim_addr_equal(&a->addr, &wanted)) {
			found = true;
			ck_assert_str_eq(a->name, "lo");
			ck_assert(a->up && a->loopback);
			ck_assert(!a->containers && !a->passing && a->nowhere);
		}
	}
	ck_assert(found);
	free(all);
}
END_TEST

START_TEST(loopback_and_dummy_interfaces_lead_nowhere)
{
	const struct iface_link loopback = {.name = "lo", .flags = IFF_LOOPBACK},
				dummy = {.name = "kube-ipvs0", .kind = "dummy"},
				card = {.name = "eth0"}, pair = {.name = "dummy0", .kind = "veth"};

	ck_assert(ifaces_leads_nowhere(&loopback) && ifaces_leads_nowhere(&dummy));
	ck_assert(!ifaces_leads_nowhere(&card) && !ifaces_leads_nowhere(&pair));
}
END_TEST

UNIT_MAIN("ifaces", a_bridge_is_for_containers_unless_something_else_is_connected,
    a_bridge_that_holds_the_only_way_out_is_not_for_containers,
    loopback_is_listed_with_its_properties, loopback_and_dummy_interfaces_lead_nowhere)
