/* SPDX-License-Identifier: MIT */
/*
 * Encodes a message: type:u8, then the fields in the order of the structs.  A string is length:u16 and bytes
 * without NUL.
 */
#include "discovery/mdns_message.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"

/* The longest message has three texts of full length. */
_Static_assert(sizeof(struct mdns_service) + 64 < MDNS_MESSAGE_MAX, "a service must fit");
_Static_assert(sizeof(struct mdns_setup) + 64 < MDNS_MESSAGE_MAX, "a setup must fit");
_Static_assert(sizeof(struct mdns_self) + 64 < MDNS_MESSAGE_MAX, "a self must fit");

static void
mdns_message_put_string(struct wbuf *w, const char *text)
{
	size_t len = strlen(text);

	wbuf_put_u16be(w, (uint16_t)len);
	wbuf_put_bytes(w, text, len);
}

static void
mdns_message_get_string(struct rbuf *r, char *out, size_t cap)
{
	size_t len = rbuf_get_u16be(r);
	const uint8_t *bytes = NULL;

	out[0] = '\0';
	if (len < cap)
		bytes = rbuf_get_bytes(r, len);
	if (bytes == NULL || memchr(bytes, '\0', len) != NULL) {
		r->failed = true;
		return;
	}
	memcpy(out, bytes, len);
	out[len] = '\0';
}

static void
mdns_message_put_setup(struct wbuf *w, const struct mdns_setup *setup)
{
	mdns_message_put_string(w, setup->service);
	mdns_message_put_string(w, setup->domain);
	wbuf_put_u8(w, setup->families);
	wbuf_put_u32be(w, setup->timeout_ms);
	wbuf_put_u8(w, setup->interface_count);
	for (size_t i = 0; i < setup->interface_count; i++)
		mdns_message_put_string(w, setup->interfaces[i]);
}

static void
mdns_message_get_setup(struct rbuf *r, struct mdns_setup *setup)
{
	mdns_message_get_string(r, setup->service, sizeof(setup->service));
	mdns_message_get_string(r, setup->domain, sizeof(setup->domain));
	setup->families = rbuf_get_u8(r);
	setup->timeout_ms = rbuf_get_u32be(r);
	setup->interface_count = rbuf_get_u8(r);
	if (setup->families == 0 || setup->families > (MDNS_IPV4 | MDNS_IPV6) ||
	    setup->interface_count > MDNS_INTERFACES_MAX) {
		r->failed = true;
		return;
	}
	for (size_t i = 0; i < setup->interface_count; i++)
		mdns_message_get_string(r, setup->interfaces[i], sizeof(setup->interfaces[i]));
}

static void
mdns_message_put_self(struct wbuf *w, const struct mdns_self *self)
{
	mdns_message_put_string(w, self->name);
	mdns_message_put_string(w, self->cluster);
	mdns_message_put_string(w, self->version);
	wbuf_put_u16be(w, self->port);
}

static void
mdns_message_get_self(struct rbuf *r, struct mdns_self *self)
{
	mdns_message_get_string(r, self->name, sizeof(self->name));
	mdns_message_get_string(r, self->cluster, sizeof(self->cluster));
	mdns_message_get_string(r, self->version, sizeof(self->version));
	self->port = rbuf_get_u16be(r);
}

static void
mdns_message_put_service(struct wbuf *w, const struct mdns_service *service)
{
	wbuf_put_u32be(w, service->id);
	wbuf_put_u8(w, (uint8_t)service->verdict);
	mdns_message_put_string(w, service->interface);
	mdns_message_put_string(w, service->instance);
	wbuf_put_u8(w, service->address.family);
	wbuf_put_u16be(w, service->address.port);
	wbuf_put_u32be(w, service->address.scope);
	wbuf_put_bytes(w, service->address.ip, sizeof(service->address.ip));
	mdns_message_put_string(w, service->name);
	mdns_message_put_string(w, service->cluster);
	mdns_message_put_string(w, service->text);
}

static void
mdns_message_get_service(struct rbuf *r, struct mdns_service *service)
{
	uint8_t verdict, family;
	const uint8_t *ip;

	service->id = rbuf_get_u32be(r);
	verdict = rbuf_get_u8(r);
	mdns_message_get_string(r, service->interface, sizeof(service->interface));
	mdns_message_get_string(r, service->instance, sizeof(service->instance));
	family = rbuf_get_u8(r);
	service->address = (struct swim_addr){.family = family};
	service->address.port = rbuf_get_u16be(r);
	service->address.scope = rbuf_get_u32be(r);
	ip = rbuf_get_bytes(r, sizeof(service->address.ip));
	if (ip != NULL)
		memcpy(service->address.ip, ip, family == 4 ? 4 : sizeof(service->address.ip));
	mdns_message_get_string(r, service->name, sizeof(service->name));
	mdns_message_get_string(r, service->cluster, sizeof(service->cluster));
	mdns_message_get_string(r, service->text, sizeof(service->text));
	/* A service has an address exactly if it is resolved. */
	if (verdict >= MDNS_VERDICTS || (family != 0 && family != 4 && family != 6) ||
	    (verdict == MDNS_RESOLVED) != (family != 0) ||
	    (family != 0 && service->address.port == 0))
		r->failed = true;
	service->verdict = (enum mdns_verdict)verdict;
}

size_t
mdns_message_encode(const struct mdns_message *message, void *out)
{
	struct wbuf w;

	wbuf_init(&w, out, MDNS_MESSAGE_MAX);
	wbuf_put_u8(&w, (uint8_t)message->type);
	switch (message->type) {
	case MDNS_SETUP:
		mdns_message_put_setup(&w, &message->setup);
		break;
	case MDNS_SELF:
		mdns_message_put_self(&w, &message->self);
		break;
	case MDNS_ALIVE:
	case MDNS_CLEAR:
		break;
	case MDNS_TROUBLE:
	case MDNS_PUBLISHED:
		mdns_message_put_string(&w, message->text);
		break;
	case MDNS_SERVICE:
		mdns_message_put_service(&w, &message->service);
		break;
	case MDNS_GONE:
	case MDNS_DROPPED:
		wbuf_put_u64be(&w, message->number);
		break;
	}
	assert(!w.failed);
	return wbuf_len(&w);
}

bool
mdns_message_decode(const void *data, size_t len, struct mdns_message *out)
{
	struct rbuf r;
	uint8_t type;

	rbuf_init(&r, data, len);
	type = rbuf_get_u8(&r);
	if (r.failed || type < MDNS_SETUP || type > MDNS_DROPPED)
		return false;
	out->type = (enum mdns_type)type;
	switch (out->type) {
	case MDNS_SETUP:
		mdns_message_get_setup(&r, &out->setup);
		break;
	case MDNS_SELF:
		mdns_message_get_self(&r, &out->self);
		break;
	case MDNS_ALIVE:
	case MDNS_CLEAR:
		break;
	case MDNS_TROUBLE:
	case MDNS_PUBLISHED:
		mdns_message_get_string(&r, out->text, sizeof(out->text));
		break;
	case MDNS_SERVICE:
		mdns_message_get_service(&r, &out->service);
		break;
	case MDNS_GONE:
	case MDNS_DROPPED:
		out->number = rbuf_get_u64be(&r);
		break;
	}
	return !r.failed && rbuf_left(&r) == 0;
}
