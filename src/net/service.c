/* SPDX-License-Identifier: MIT */
#include "net/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/rng.h"
#include "net/loop.h"

struct service_target {
	struct service *service;
	struct resolver_request *request; /* NULL: none is under way */
	struct name_answer answer;
};

struct service {
	struct resolver *resolver;
	struct dns_question *question; /* NULL: none is under way */
	service_callback *callback;
	void *ctx;
	size_t count; /* of targets */
	size_t left;  /* targets whose addresses are not known yet */
	struct service_target targets[DNS_SERVICES_MAX]; /* in the order in which to try them */
};

static void
service_swap(struct dns_service *a, struct dns_service *b)
{
	struct dns_service spare = *a;

	*a = *b;
	*b = spare;
}

/* Draw one of the targets that have the priority of the first; returns its index. */
static size_t
service_draw(const struct dns_service *services, size_t count, double unit)
{
	uint32_t sum = 0, upto = 0;
	size_t same = 0, i;

	while (same < count && services[same].priority == services[0].priority)
		sum += services[same++].weight;
	/* A target of weight 0 is drawn after all targets of a larger weight. */
	for (i = 0; i + 1 < same; i++) {
		upto += services[i].weight;
		if (sum == 0 ? unit < (double)(i + 1) / (double)same : unit * sum < upto)
			break;
	}
	return i;
}

static int
service_compare(const void *a, const void *b)
{
	const struct dns_service *one = a, *other = b;

	return one->priority != other->priority
		   ? (one->priority < other->priority ? -1 : 1)
		   : (one->weight > other->weight ? 1 : 0) - (one->weight < other->weight ? 1 : 0);
}

void
service_sort(struct dns_service *services, size_t count, double (*unit)(void *ctx), void *ctx)
{
	qsort(services, count, sizeof(*services), service_compare);
	for (size_t i = 0; i < count; i++)
		service_swap(&services[i],
		    &services[i + service_draw(services + i, count - i, unit(ctx))]);
}

static double
service_unit(void *ctx)
{
	return rng_unit(ctx);
}

/* Call back with the addresses of all targets, in their order. */
static void
service_finish(struct service *service)
{
	struct name_answer answer = {0};
	struct service_target *target;

	for (target = service->targets; target < service->targets + service->count; target++) {
		for (size_t i = 0; i < target->answer.count; i++)
			name_answer_add(&answer, &target->answer.addresses[i], false);
	}
	if (answer.count == 0)
		name_answer_fail(&answer, service->targets[0].answer.text);
	service->callback(service->ctx, &answer);
	name_answer_fini(&answer);
}

static void
service_resolved(void *ctx, const char *hostport, enum swim_error error, const char *text,
    const struct swim_addr *addresses, size_t count)
{
	struct service_target *target = ctx;
	struct service *service = target->service;
	char why[NAME_TEXT_MAX];

	(void)error;
	target->request = NULL;
	if (count == 0) {
		snprintf(why, sizeof(why), "%.80s: %s", hostport, text);
		name_answer_fail(&target->answer, why);
	}
	for (size_t i = 0; i < count; i++)
		name_answer_add(&target->answer, &addresses[i], false);
	if (--service->left == 0)
		service_finish(service);
}

static void
service_fail(struct service *service, const char *text)
{
	struct name_answer answer = {0};

	name_answer_fail(&answer, text);
	service->callback(service->ctx, &answer);
}

static void
service_came(void *ctx, const struct dns_service *found, size_t count, const char *text)
{
	struct service *service = ctx;
	struct dns_service sorted[DNS_SERVICES_MAX];
	char hostport[SWIM_HOSTPORT_MAX + 1];
	struct service_target *target;
	struct rng rng;
	uint64_t seed;

	service->question = NULL;
	if (count == 0) {
		service_fail(service, text);
		return;
	}
	if (count == 1 && (found[0].target[0] == '\0' || strcmp(found[0].target, ".") == 0)) {
		service_fail(service, "its SRV record says that the service is not there");
		return;
	}
	/* If getrandom fails, the order is predictable, which does no harm. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uint64_t)loop_now().ns;
	rng_init(&rng, seed);
	memcpy(sorted, found, count * sizeof(sorted[0]));
	service_sort(sorted, count, service_unit, &rng);
	service->count = service->left = count;
	for (size_t i = 0; i < count; i++) {
		target = &service->targets[i];
		target->service = service;
		snprintf(hostport, sizeof(hostport), "%s:%u", sorted[i].target,
		    (unsigned)sorted[i].port);
		target->request =
		    resolver_lookup(service->resolver, hostport, service_resolved, target);
		if (target->request != NULL)
			continue;
		name_answer_fail(&target->answer, "its SRV record names no usable host and port");
		service->left--;
	}
	if (service->left == 0)
		service_finish(service);
}

struct service *
service_new(struct dns *dns, struct resolver *resolver, const char *name,
    service_callback *callback, void *ctx)
{
	struct service *service = calloc(1, sizeof(*service));

	if (service == NULL)
		return NULL;
	service->resolver = resolver;
	service->callback = callback;
	service->ctx = ctx;
	service->question = dns_start_service(dns, name, service_came, service);
	if (service->question == NULL) {
		free(service);
		return NULL;
	}
	return service;
}

void
service_free(struct service *service)
{
	if (service->question != NULL)
		dns_drop(service->question);
	for (size_t i = 0; i < service->count; i++) {
		resolver_cancel(service->targets[i].request);
		name_answer_fini(&service->targets[i].answer);
	}
	free(service);
}
