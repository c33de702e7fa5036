/* SPDX-License-Identifier: MIT */
/* Advertises this member as a service of Avahi. */
#include "discovery/mdns_helper.h"

#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "discovery/mdns_txt.h"

/* The most names tried that other programs of this machine already use. */
#define LOCAL_COLLISIONS_MAX 100

struct mdns_publish {
	struct mdns_outlet outlet;
	AvahiEntryGroup *group;
	struct mdns_setup setup;
	struct mdns_scope scope;
	struct mdns_self self;
	char name[MDNS_INSTANCE_MAX + 1]; /* of our service; "": nothing is advertised */
	bool collided;                    /* another machine has the name */
	int error;
};

static void
mdns_publish_changed(AvahiEntryGroup *group, AvahiEntryGroupState state, void *userdata)
{
	struct mdns_publish *publish = userdata;
	struct mdns_message message = {.type = MDNS_PUBLISHED};

	switch (state) {
	case AVAHI_ENTRY_GROUP_ESTABLISHED:
		strcpy(message.text, publish->name);
		publish->outlet.tell(publish->outlet.ctx, &message);
		break;
	case AVAHI_ENTRY_GROUP_COLLISION:
		publish->collided = true;
		break;
	case AVAHI_ENTRY_GROUP_FAILURE:
		publish->error = avahi_client_errno(avahi_entry_group_get_client(group));
		break;
	case AVAHI_ENTRY_GROUP_UNCOMMITED:
	case AVAHI_ENTRY_GROUP_REGISTERING:
		break;
	}
	publish->outlet.soon(publish->outlet.ctx);
}

struct mdns_publish *
mdns_publish_new(AvahiClient *client, const struct mdns_outlet *outlet, int *error)
{
	struct mdns_publish *publish = calloc(1, sizeof(*publish));

	*error = AVAHI_ERR_NO_MEMORY;
	if (publish == NULL)
		return NULL;
	publish->outlet = *outlet;
	publish->group = avahi_entry_group_new(client, mdns_publish_changed, publish);
	if (publish->group == NULL) {
		*error = avahi_client_errno(client);
		free(publish);
		return NULL;
	}
	*error = 0;
	return publish;
}

void
mdns_publish_free(struct mdns_publish *publish)
{
	if (publish == NULL)
		return;
	avahi_entry_group_free(publish->group);
	free(publish);
}

/* "db1" becomes "db1 #2". */
static int
mdns_publish_choose_another_name(struct mdns_publish *publish)
{
	char *name = avahi_alternative_service_name(publish->name);

	if (name == NULL)
		return AVAHI_ERR_NO_MEMORY;
	snprintf(publish->name, sizeof(publish->name), "%s", name);
	avahi_free(name);
	return 0;
}

static int
mdns_publish_add_entries(struct mdns_publish *publish, AvahiStringList *txt)
{
	int error = 0;

	for (size_t i = 0; i < publish->scope.count && error == 0; i++)
		error = avahi_entry_group_add_service_strlst(publish->group,
		    publish->scope.interfaces[i], publish->scope.protocol, (AvahiPublishFlags)0,
		    publish->name, publish->setup.service, publish->setup.domain, NULL,
		    publish->self.port, txt);
	return error;
}

/* Advertise under the name that is set, or under the next name that is free on this machine. */
static int
mdns_publish_commit(struct mdns_publish *publish)
{
	AvahiStringList *txt = mdns_txt_new(&publish->self);
	int error = AVAHI_ERR_COLLISION;

	if (txt == NULL)
		return AVAHI_ERR_NO_MEMORY;
	for (unsigned i = 0; i < LOCAL_COLLISIONS_MAX && error == AVAHI_ERR_COLLISION; i++) {
		if (i > 0 && (error = mdns_publish_choose_another_name(publish)) != 0)
			break;
		if ((error = mdns_publish_reset(publish)) == 0)
			error = mdns_publish_add_entries(publish, txt);
	}
	avahi_string_list_free(txt);
	return error != 0 ? error : avahi_entry_group_commit(publish->group);
}

int
mdns_publish_set(struct mdns_publish *publish, const struct mdns_setup *setup,
    const struct mdns_scope *scope, const struct mdns_self *self)
{
	publish->setup = *setup;
	publish->scope = *scope;
	publish->self = *self;
	publish->collided = false;
	/* Our names are ASCII, so no name is cut within a character. */
	memcpy(publish->name, self->name, sizeof(publish->name) - 1);
	publish->name[sizeof(publish->name) - 1] = '\0';
	return mdns_publish_commit(publish);
}

int
mdns_publish_reset(struct mdns_publish *publish)
{
	publish->collided = false;
	return avahi_entry_group_reset(publish->group);
}

int
mdns_publish_run(struct mdns_publish *publish)
{
	int error = publish->error;

	if (error == 0 && publish->collided) {
		publish->collided = false;
		if ((error = mdns_publish_choose_another_name(publish)) == 0)
			error = mdns_publish_commit(publish);
	}
	return error;
}

int
mdns_publish_ping(struct mdns_publish *publish)
{
	int answer = avahi_entry_group_is_empty(publish->group);

	return answer < 0 ? answer : 0;
}
