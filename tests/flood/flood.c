/* SPDX-License-Identifier: MIT */
/*
 * Floods a daemon, for tests: RATE datagrams of one kind a second for SECONDS, from one source address or from many.
 *
 *	flood KIND TO RATE SECONDS [from=ADDRESS:PORT] [spread=COUNT] [victim=NAME@ADDRESS:PORT]... [bytes=N] [mtu=N]
 *
 *	from=		source of the datagrams, which no socket here needs to have (a raw socket, which needs root)
 *	spread=		number of source addresses, beginning with that of from=
 *	victim=		a member that datagrams of the kinds accuse and flap are about
 *	bytes=		length of a datagram, for kinds whose length can vary
 *	mtu=		length of the largest packet; longer datagrams are sent in fragments
 *
 * Prints one line: how many datagrams were sent, and in how many seconds.  IPv4 only.  Use this program only in a network
 * namespace that a test has made.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define VICTIMS 64
#define LARGEST 65000

struct flood {
	const char *kind;
	struct sockaddr_in to, from;
	uint32_t spread;
	double rate, seconds;
	size_t bytes; /* length of a datagram, for kinds whose length can vary */
	const char *victims[VICTIMS];
	size_t victim_count;
	uint64_t serial; /* source of names, sequence numbers and source addresses */
	uint64_t sent, failed;
	size_t mtu; /* bytes of the largest packet */
	int fd;
};

struct text {
	uint8_t *at, *end;
};

static void
fail(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
put(struct text *t, const void *bytes, size_t len)
{
	if (len > (size_t)(t->end - t->at)) {
		t->end = t->at; /* the buffer is full, also for shorter pieces that follow */
		return;
	}
	memcpy(t->at, bytes, len);
	t->at += len;
}

static void
put_number(struct text *t, uint64_t value, unsigned size)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * (size - 1 - i));
	put(t, bytes, size);
}

static void
put_string(struct text *t, const char *text)
{
	size_t len = strlen(text);

	put_number(t, len, 2);
	put(t, text, len);
}

static void
put_update(struct text *t, const char *name, const char *address, unsigned status,
    uint64_t incarnation)
{
	put_string(t, name);
	put_string(t, address);
	put_number(t, status, 1);
	put_number(t, incarnation, 8);
}

/* Put an update about a new member that no other member knows. */
static void
put_unknown(struct flood *f, struct text *t)
{
	char name[32], address[32];
	uint64_t n = ++f->serial;

	snprintf(name, sizeof(name), "z%llx", (unsigned long long)n);
	snprintf(address, sizeof(address), "10.%u.%u.%u:7946", (unsigned)(n >> 16 & 255),
	    (unsigned)(n >> 8 & 255), (unsigned)(n & 255));
	put_update(t, name, address, 0, 1);
}

/* Put such updates, with a count before them and as many as fit into `bytes`; in a sync they are entries of a page. */
static void
put_unknowns(struct flood *f, struct text *t, bool sync, size_t bytes)
{
	uint8_t *begin = t->at, *count = t->at;
	uint16_t n = 0;

	put_number(t, 0, 2);
	while (t->at - begin < (long)bytes && t->end - t->at > 80) {
		put_unknown(f, t);
		if (sync)
			put_number(t, 0, 5);
		n++;
	}
	count[0] = (uint8_t)(n >> 8);
	count[1] = (uint8_t)n;
}

/* Put updates in which one member, or one victim after the other, is alive and suspect in turn, as many as fit into `bytes`. */
static void
put_flaps(struct flood *f, struct text *t, size_t bytes)
{
	uint8_t *begin = t->at, *count = t->at;
	uint16_t n = 0;

	put_number(t, 0, 2);
	while (t->at - begin < (long)bytes && t->end - t->at > 80) {
		uint64_t life = ++f->serial;
		const char *victim = f->victim_count > 0 ? f->victims[life / 2 % f->victim_count]
							 : "z@10.0.0.9:9";
		char name[256];

		snprintf(name, sizeof(name), "%.*s", (int)(strchr(victim, '@') - victim), victim);
		put_update(t, name, strchr(victim, '@') + 1, (unsigned)(life % 2), life / 2);
		n++;
	}
	count[0] = (uint8_t)(n >> 8);
	count[1] = (uint8_t)n;
}

/* Put one update about each victim, suspect and dead in turn, at an incarnation that rises. */
static void
put_accusations(struct flood *f, struct text *t)
{
	put_number(t, f->victim_count, 2);
	for (size_t i = 0; i < f->victim_count; i++) {
		char name[256];
		const char *at = strchr(f->victims[i], '@');

		snprintf(name, sizeof(name), "%.*s", (int)(at - f->victims[i]), f->victims[i]);
		put_update(t, name, at + 1, 1 + f->serial % 2, f->serial / 16);
	}
}

static void
put_sync_request(struct text *t)
{
	put_number(t, 0, 2);
	put_number(t, 0, 8);
	put_number(t, 256, 2);
	for (unsigned i = 0; i < 256; i++)
		put_number(t, 0, 4);
	put_number(t, 0, 2);
}

/* Build one datagram of the kind f->kind with this source in its text; returns the length. */
static size_t
build(struct flood *f, const struct in_addr *source, uint8_t *bytes)
{
	static const struct {
		const char *kind;
		uint8_t type;
	} types[] = {{"ping", 1}, {"join", 1}, {"ping-req", 2}, {"ack", 3}, {"nack", 4},
	    {"sync-req", 0x10}, {"sync", 0x11}, {"gossip", 0x12}, {"accuse", 0x12},
	    {"ping-large", 1}, {"claim", 0x13}, {"flap", 0x12}};
	struct text t = {bytes, bytes + LARGEST};
	char name[64], address[32];
	const char *kind = f->kind;
	uint64_t n = ++f->serial;
	uint8_t type = 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		type = strcmp(kind, types[i].kind) == 0 ? types[i].type : type;
	snprintf(name, sizeof(name), "z%llx", (unsigned long long)n);
	snprintf(address, sizeof(address), "%s:%u", inet_ntoa(*source), ntohs(f->from.sin_port));
	put_number(&t, type != 0 ? type : n % 20, 1);
	put_number(&t, n * UINT64_C(0x9e3779b97f4a7c15), 8);
	if (type == 0) { /* invalid */
		while ((size_t)(t.at - bytes) + 8 < f->bytes)
			put_number(&t, ++f->serial * UINT64_C(0x9e3779b97f4a7c15), 8);
	} else if (strcmp(kind, "join") == 0) {
		put_number(&t, 1, 2);
		put_update(&t, name, address, 0, 1);
	} else if (strcmp(kind, "ping") == 0) {
		put_number(&t, 0, 2);
	} else if (strcmp(kind, "ping-req") == 0) {
		put_string(&t, name);
		snprintf(address, sizeof(address), "10.9.%u.%u:7946", (unsigned)(n >> 8 & 255),
		    (unsigned)(n & 255));
		put_string(&t, address);
		put_number(&t, 0, 2);
	} else if (strcmp(kind, "ack") == 0 || strcmp(kind, "nack") == 0) {
		put_string(&t, name);
		put_string(&t, address);
		if (type == 3)
			put_number(&t, 0, 2);
	} else if (strcmp(kind, "claim") == 0) {
		put_string(&t, name);
		put_string(&t, address);
		put_number(&t, n, 8);
	} else if (strcmp(kind, "sync-req") == 0) {
		put_sync_request(&t);
	} else if (strcmp(kind, "accuse") == 0) {
		put_accusations(f, &t);
	} else if (strcmp(kind, "flap") == 0) {
		put_flaps(f, &t, f->bytes);
	} else {
		if (type == 0x11) {
			put_number(&t, 256, 2);
			put_number(&t, 0, 8);
		}
		put_unknowns(f, &t, type == 0x11, f->bytes);
	}
	return (size_t)(t.at - bytes);
}

/* The source address of the n-th datagram. */
static struct in_addr
source_of(const struct flood *f, uint64_t n)
{
	uint32_t more = f->spread > 1 ? (uint32_t)(n % f->spread) : 0;

	return (struct in_addr){htonl(ntohl(f->from.sin_addr.s_addr) + more)};
}

/* Send `count` datagrams, at most BATCH, from this machine's own address with one system call. */
static void
send_plain(struct flood *f, size_t count)
{
	static uint8_t bytes[BATCH][LARGEST];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int n;

	memset(msgs, 0, sizeof(msgs));
	for (size_t i = 0; i < count; i++) {
		iov[i] = (struct iovec){bytes[i], build(f, &f->from.sin_addr, bytes[i])};
		msgs[i].msg_hdr = (struct msghdr){.msg_name = &f->to,
		    .msg_namelen = sizeof(f->to),
		    .msg_iov = &iov[i],
		    .msg_iovlen = 1};
	}
	n = sendmmsg(f->fd, msgs, (unsigned)count, 0);
	f->sent += n > 0 ? (uint64_t)n : 0;
	f->failed += count - (n > 0 ? (uint64_t)n : 0);
}

/* Send one IP packet, or one fragment: `len` bytes at `offset` of the datagram in `bytes`; `more` fragments follow. */
static bool
send_packet(const struct flood *f, struct in_addr source, const uint8_t *bytes, size_t offset,
    size_t len, bool more)
{
	struct ip ip = {
	    .ip_v = 4,
	    .ip_hl = 5,
	    .ip_ttl = 64,
	    .ip_p = IPPROTO_UDP,
	    .ip_id = htons((uint16_t)f->serial),
	    .ip_off = htons((uint16_t)(offset / 8 | (more ? IP_MF : 0))),
	    .ip_len = htons((uint16_t)(sizeof(struct ip) + len)),
	    .ip_src = source,
	    .ip_dst = f->to.sin_addr,
	};
	struct iovec iov[2] = {{&ip, sizeof(ip)}, {(void *)(uintptr_t)(bytes + offset), len}};
	struct sockaddr_in to = f->to;
	struct msghdr hdr = {.msg_name = &to,
	    .msg_namelen = sizeof(to),
	    .msg_iov = iov,
	    .msg_iovlen = 2};

	to.sin_port = 0;
	return sendmsg(f->fd, &hdr, 0) >= 0;
}

/* Send one datagram from a false address, in fragments of the MTU; of the kind "fragments" only the first fragment. */
static void
send_false(struct flood *f)
{
	static uint8_t bytes[8 + LARGEST];
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): main has set it */
	bool first_alone = strcmp(f->kind, "fragments") == 0, sent = true;
	struct in_addr source = source_of(f, f->serial);
	struct text header = {bytes, bytes + 8};
	size_t piece = (f->mtu - sizeof(struct ip)) / 8 * 8;
	size_t len = 8 + (first_alone ? 3 * piece : build(f, &source, bytes + 8));

	f->serial += first_alone;
	put(&header, &f->from.sin_port, 2);
	put(&header, &f->to.sin_port, 2);
	put_number(&header, len, 2);
	put_number(&header, 0, 2); /* no checksum */
	for (size_t at = 0; at < len && sent; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		sent = send_packet(f, source, bytes, at, n, at + n < len);
		if (first_alone)
			break;
	}
	f->sent += sent;
	f->failed += !sent;
}

static void
open_socket(struct flood *f)
{
	const int room = 8 << 20;
	bool plain = f->from.sin_addr.s_addr == 0;

	f->fd = plain ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)
		      : socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (f->fd < 0)
		fail(plain ? "socket" : "raw socket");
	setsockopt(f->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
run(struct flood *f)
{
	const struct timespec pause = {0, 1000000};
	double begin = now(), passed = 0;

	while ((passed = now() - begin) < f->seconds) {
		double due = passed * f->rate - (double)(f->sent + f->failed);

		/* On a busy machine, count what is more than 0.1 s late as not sent, so that no burst follows. */
		if (due > f->rate / 10)
			f->failed += (uint64_t)(due - f->rate / 10);
		if (due < 1)
			nanosleep(&pause, NULL);
		else if (f->from.sin_addr.s_addr != 0)
			send_false(f);
		else
			send_plain(f, due < BATCH ? (size_t)due : BATCH);
	}
	printf("%llu sent in %.2f s, %llu not sent\n", (unsigned long long)f->sent, passed,
	    (unsigned long long)f->failed);
}

static void
parse_address(const char *text, struct sockaddr_in *out)
{
	char host[64];
	const char *colon = strchr(text, ':');

	*out = (struct sockaddr_in){.sin_family = AF_INET};
	snprintf(host, sizeof(host), "%.*s",
	    colon != NULL ? (int)(colon - text) : (int)sizeof(host) - 1, text);
	if (inet_pton(AF_INET, host, &out->sin_addr) != 1) {
		fprintf(stderr, "flood: %s is not ADDRESS:PORT with an IPv4 address\n", text);
		exit(64);
	}
	if (colon != NULL)
		out->sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
}

int
main(int argc, char **argv)
{
	static struct flood f = {.bytes = LARGEST - 80, .mtu = 1500};

	if (argc < 5) {
		fprintf(stderr,
		    "usage: flood KIND TO RATE SECONDS [from=A:P] [spread=N] [victim=NAME@A:P]... [bytes=N] [mtu=N]\n");
		return 64;
	}
	f.kind = argv[1];
	parse_address(argv[2], &f.to);
	f.rate = strtod(argv[3], NULL);
	f.seconds = strtod(argv[4], NULL);
	for (int i = 5; i < argc; i++) {
		if (strncmp(argv[i], "from=", 5) == 0)
			parse_address(argv[i] + 5, &f.from);
		else if (strncmp(argv[i], "spread=", 7) == 0)
			f.spread = (uint32_t)strtoul(argv[i] + 7, NULL, 10);
		else if (strncmp(argv[i], "bytes=", 6) == 0)
			f.bytes = strtoul(argv[i] + 6, NULL, 10);
		else if (strncmp(argv[i], "mtu=", 4) == 0)
			f.mtu = strtoul(argv[i] + 4, NULL, 10);
		else if (strncmp(argv[i], "victim=", 7) == 0 && strchr(argv[i], '@') != NULL &&
			 f.victim_count < VICTIMS)
			f.victims[f.victim_count++] = argv[i] + 7;
		else {
			fprintf(stderr, "flood: argument %s is unknown\n", argv[i]);
			return 64;
		}
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): set above */
	if (strcmp(f.kind, "fragments") == 0 && f.from.sin_addr.s_addr == 0) {
		fprintf(stderr, "flood: KIND fragments needs from=ADDRESS:PORT\n");
		return 64;
	}
	open_socket(&f);
	run(&f);
	return 0;
}
