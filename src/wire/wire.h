/* SPDX-License-Identifier: MIT */
/*
 * The wire format: turns datagrams into structs and structs into datagrams (swimd-wire(7)).  Decoding checks the whole
 * datagram before it yields anything.  It allocates nothing and copies nothing: the result points into the datagram.
 */
#ifndef SWIMD_WIRE_WIRE_H
#define SWIMD_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

#define WIRE_DATAGRAM_MAX 65507 /* largest UDP payload over IPv4 */
#define WIRE_DATAGRAM_MIN 1024  /* smallest max_datagram that can be configured */
#define WIRE_DATAGRAM_DEFAULT 1400
#define WIRE_HEADER_SIZE 9
#define WIRE_UPDATE_FIXED 13 /* bytes of an update besides id and address */
#define WIRE_SYNC_BUCKETS 256

enum wire_type {
	WIRE_PING = 0x01,
	WIRE_PING_REQ = 0x02,
	WIRE_ACK = 0x03,
	WIRE_NACK = 0x04,
	WIRE_AUTHENTICATED = 0x05,
	/* Message types of swimd's own; a base peer drops them. */
	WIRE_SYNC_REQ = 0x10,
	WIRE_SYNC = 0x11,
	WIRE_GOSSIP = 0x12,
	WIRE_CLAIM = 0x13,
	WIRE_OTHER_CLUSTER = 0x19,
};

/* Why a datagram is refused.  Each has a stable word and a counter in the metrics. */
enum wire_reject {
	WIRE_OK = 0,
	WIRE_REJECT_EMPTY,          /* no bytes */
	WIRE_REJECT_TOO_LONG,       /* above WIRE_DATAGRAM_MAX, or cut by the kernel */
	WIRE_REJECT_UNKNOWN_TYPE,   /* no such message type; perhaps one of a later version */
	WIRE_REJECT_TRUNCATED,      /* a field or length reaches past the end */
	WIRE_REJECT_BAD_STATUS,     /* status above 2 */
	WIRE_REJECT_BAD_UTF8,       /* an id or address that is not UTF-8 */
	WIRE_REJECT_NESTED,         /* 0x05 inside a 0x05 */
	WIRE_REJECT_BAD_SEQ,        /* a 0x05 whose inner sequence number is another */
	WIRE_REJECT_BAD_EXTENSION,  /* malformed trailer entry of a kind that we know */
	WIRE_REJECT_BAD_SYNC,       /* a sync message whose ranges make no sense */
	WIRE_REJECT_OTHER_CLUSTER,  /* valid, but for a cluster of another name (decided by core) */
	WIRE_REJECT_FOR_BASE_PEERS, /* its cluster is WIRE_BASE_CLUSTER (decided by core) */
};
#define WIRE_REJECT_COUNT 13
/*
 * The cluster entry of datagrams that only base peers are to read.  No swimd can have this cluster name, so every swimd drops
 * them.  A base peer ignores the entry.
 */
#define WIRE_BASE_CLUSTER "\n"

/* A string inside the datagram, not NUL-terminated. */
struct wire_str {
	const char *bytes;
	uint16_t len;
};

struct wire_member_id {
	struct wire_str id;
	struct wire_str address;
};

/* Flags of an update, in the trailer (WIRE_EXT_FLAGS), where a base peer does not see them. */
#define WIRE_FLAG_LEFT 0x01   /* the member that is called dead has left gracefully */
#define WIRE_FLAG_FORGET 0x02 /* forget this dead or left member now */
#define WIRE_FLAG_PARTIAL                                                                          \
	0x04 /* the sender does not know the tags of this member, which is alive or suspect */
#define WIRE_FLAG_BASE 0x08 /* this member is a base peer */
#define WIRE_FLAG_ANSWERED                                                                         \
	0x40 /* this member has answered the sender, or another member that told the sender so */
#define WIRE_FLAG_UNANSWERED                                                                       \
	0x80 /* the sender knows no member that this dead or left member has answered */
#define WIRE_FLAGS_KNOWN 0xcf

#define WIRE_TAGS_MAX 512 /* the tags of one member, encoded (wire/tags.h) */

/*
 * How many accusers are named with a suspicion: the first, and as many more as can shorten the suspicion (Lifeguard's
 * K).
 */
#define WIRE_ACCUSERS_MAX 4

struct wire_update {
	struct wire_member_id member;
	/* ALIVE, SUSPECT, DEAD; LEFT where the flag WIRE_FLAG_LEFT is set */
	enum swim_status status;
	uint8_t flags;
	uint64_t incarnation;
	/* the tags of an alive or suspect member (wire/tags.h); empty: no tags, or not told */
	struct wire_str tags;
	uint8_t accuser_count; /* of a suspect: how many members found it silent themselves */
	uint64_t accusers[WIRE_ACCUSERS_MAX]; /* hash64 of the accusers' ids */
	uint32_t age_s; /* sync entries only: seconds since the member died or left */
};

/* A validated list of updates that are still encoded; walk the list with wire_updates_next. */
struct wire_updates {
	uint16_t count;
	const uint8_t *bytes; /* `count` encoded updates */
	size_t len;
	bool sync;            /* entries carry flags and age (WIRE_SYNC) */
	const uint8_t *flags; /* WIRE_EXT_FLAGS: entries index:u16 flags:u8, ascending */
	size_t flags_count;
	const uint8_t
	    *accusers; /* WIRE_EXT_ACCUSERS: entries index:u16 count:u8 count x u64, ascending */
	size_t accusers_len;
	const uint8_t *tags; /* WIRE_EXT_TAGS: entries index:u16 length:u16 tags, ascending */
	size_t tags_len;
};

/* Tags of trailer entries. swimd never uses 0x7f and above, which are free for experiments of other people. */
enum wire_ext {
	WIRE_EXT_PADDING = 0x00, /* ignored; makes a request as large as its answer may be */
	WIRE_EXT_CLUSTER = 0x01, /* cluster name, UTF-8 */
	WIRE_EXT_SENDER = 0x02,  /* id of the sender, UTF-8; a base peer sends none */
	WIRE_EXT_FLAGS = 0x03,   /* per update: index:u16 flags:u8, indexes strictly ascending */
	WIRE_EXT_DIGEST = 0x04,  /* digest:u64 of the sender's view */
	WIRE_EXT_TIMEOUT = 0x05, /* milliseconds:u32, on a ping-req: how long its sender waits */
	WIRE_EXT_ACCUSERS =
	    0x06, /* per suspect update: index:u16 count:u8 count x hash:u64, ascending */
	WIRE_EXT_PERIOD = 0x07,      /* period:u32 of the sender's probing, for coordination */
	WIRE_EXT_TAGS = 0x08,        /* per update: index:u16 length:u16 and its tags, ascending */
	WIRE_EXT_ANSWER_SIZE = 0x09, /* bytes:u16, on a ping: how large its ack is to be */
	WIRE_EXT_UNREACHED =
	    0x0c, /* on a ping: the address to which the receiver's probes go instead of its own, or nothing */
	WIRE_EXT_REACHED =
	    0x0e, /* on the ack of a ping-req: the address from which the target answered, if not its own */
	/* per member: which members it cannot reach directly; struct wire_links */
	WIRE_EXT_LINKS = 0x0d,
	/*
	 * digest:u64 of the removals that the sender remembers; the bucket digests of its sync-req cover these
	 * removals too.
	 */
	WIRE_EXT_REMOVALS = 0x0f,
};

struct wire_trailer {
	bool has_cluster, has_sender, has_digest, has_timeout, has_period, has_answer_size;
	bool has_unreached, has_reached, has_removals;
	struct wire_str cluster;
	struct wire_str sender;
	uint64_t digest;
	uint64_t removals;
	uint32_t timeout_ms;
	uint32_t period;
	uint16_t answer_size;
	struct wire_str unreached;
	struct wire_str reached;
	const uint8_t *links; /* encoded struct wire_links, for wire_links_next; NULL: none */
	uint16_t links_len;
};

/*
 * The members that one member (the teller) cannot reach directly although others can; each is given by the hash of
 * its name, as accusers are.
 */
#define WIRE_LINK_PEERS_MAX 8
#define WIRE_LINKS_SIZE_MAX (19 + 8 * WIRE_LINK_PEERS_MAX)
struct wire_links {
	uint64_t teller; /* hash of the teller's name */
	uint64_t
	    stamp; /* a later report of the same member has a higher one, in serial number arithmetic */
	uint16_t total; /* how many members the teller cannot reach */
	uint8_t count;  /* how many of these are named */
	uint64_t peers[WIRE_LINK_PEERS_MAX];
};

/*
 * How far a sync has come: all buckets below `bucket` are done (the bucket of a member is the top 8 bits of hash64 of
 * its id), and in `bucket` all members whose hash is not above `after`.  With bucket == WIRE_SYNC_BUCKETS the sync is
 * complete.
 */
struct wire_cursor {
	uint16_t bucket;
	uint64_t after;
};

struct wire_message {
	enum wire_type type;
	uint64_t seq;
	/* PING_REQ, NACK: the target.  ACK: the member that is alive.  AUTHENTICATED: the sender. */
	struct wire_member_id member;
	struct wire_updates updates; /* PING, PING_REQ, ACK, GOSSIP, SYNC_REQ, SYNC */
	/* AUTHENTICATED: */
	const uint8_t *token;
	uint16_t token_len;
	const uint8_t *signed_bytes; /* sender and inner message: the bytes that the token covers */
	size_t signed_len;
	const uint8_t *inner; /* one whole message, for wire_decode */
	size_t inner_len;
	uint64_t age_ms; /* CLAIM: how long the sender has had its name; perhaps WIRE_CLAIM_STAYS */
	/* SYNC_REQ: cursor and digest_count digests:u32 from cursor.bucket on.  SYNC: where the next page begins. */
	struct wire_cursor cursor;
	uint16_t digest_count;
	const uint8_t *digests;
	struct wire_trailer trailer;
};

/*
 * Decode and validate a whole datagram (of 0x05 also the inner message).  On WIRE_OK *out points into data, which must
 * outlive *out; after any other result *out must not be used.
 */
enum wire_reject wire_decode(const void *data, size_t len, struct wire_message *out);

/* "empty", "too-long", "unknown-type", ...: stable words for metrics and logs; static. */
const char *wire_reject_word(enum wire_reject);
/* "ping", "ping-req", "ack", ..., or NULL for a type that swimd does not know; static. */
const char *wire_type_name(unsigned type);
/* A dense index for counters, 0..WIRE_TYPE_SLOTS-1; -1 for a type that swimd does not know. */
#define WIRE_TYPE_SLOTS 10
int wire_type_slot(unsigned type);
/* The inverse of wire_type_slot: the type of a slot, 0 <= slot < WIRE_TYPE_SLOTS. */
enum wire_type wire_slot_type(int slot);

/* Walk validated updates in order: the caller zeroes *iter before the first call.  False at the end. */
struct wire_updates_iter {
	const uint8_t *pos;
	uint16_t index;
	size_t flag;
	size_t accuser;
	size_t tags;
};
bool wire_updates_next(const struct wire_updates *, struct wire_updates_iter *,
    struct wire_update *out);

/* Write one report of links into WIRE_LINKS_SIZE_MAX bytes; returns how many bytes it took. */
size_t wire_links_put(const struct wire_links *, uint8_t *out);
/* Walk the reports of links in a trailer: the caller sets *offset to 0 before the first call.  False at the end. */
bool wire_links_next(const struct wire_trailer *, size_t *offset, struct wire_links *out);

/* Digest i of a SYNC_REQ, i < digest_count. */
uint32_t wire_sync_digest(const struct wire_message *, uint16_t i);

/*
 * Encoding.  A writer builds one datagram in memory of the caller's, never above its capacity:
 *
 *	wire_writer_init(&w, buf, cap, reserve);
 *	wire_begin_ping(&w, seq);
 *	while (... && wire_add_update(&w, &u)) ...
 *	len = wire_finish(&w, &trailer, 0);
 *
 * `reserve` bytes are kept back from updates for the trailer (wire_trailer_size); the flags of the
 * updates are kept track of by the writer itself.  wire_add_update returns false, and changes nothing,
 * when the update and its flags don't fit any more.  wire_finish returns the length, or 0 if something
 * did not fit (a begin with too long a member id, say).
 */
#define WIRE_FLAGGED_MAX                                                                           \
	512 /* updates with flags in one datagram; an update beyond that does not fit */
#define WIRE_ACCUSED_MAX 64 /* updates with accusers, as above */
#define WIRE_TAGGED_MAX 128 /* updates with tags, as above */

/* Which kind of peer a datagram is written for: only swimds are told the names of swimds and the extensions of updates. */
enum wire_recipient {
	WIRE_RECIPIENT_SWIMD,
	WIRE_RECIPIENT_BASE,
	WIRE_RECIPIENT_NEW_BASE, /* a base peer that may not know any member yet */
	WIRE_RECIPIENT_UNKNOWN,  /* a swimd or a base peer: the datagram tells nothing of swimds */
};

struct wire_writer {
	struct wbuf buf;
	enum wire_recipient recipient; /* WIRE_RECIPIENT_SWIMD until the caller sets it */
	size_t reserve;
	size_t before; /* bytes of the envelope before the message; 0 when there is no envelope */
	size_t
	    count_offset; /* where the count of updates is written; 0 for a message without updates */
	uint16_t count;
	bool sync;
	uint16_t flagged;
	struct {
		uint16_t index;
		uint8_t flags;
	} flags[WIRE_FLAGGED_MAX];
	uint16_t accused;
	size_t accusers_size; /* bytes of the extension's value so far */
	struct {
		uint16_t index;
		uint8_t count;
		uint64_t accusers[WIRE_ACCUSERS_MAX];
	} accused_list[WIRE_ACCUSED_MAX];
	uint16_t tagged;
	size_t tags_size; /* bytes of the extension's value so far */
	struct {
		uint16_t index;
		struct wire_str tags; /* owned by the caller, until wire_finish */
	} tagged_list[WIRE_TAGGED_MAX];
};

void wire_writer_init(struct wire_writer *, void *data, size_t capacity, size_t reserve);
/*
 * Begin an envelope without a token, which base peers drop and every swimd opens; then begin the inner message, with
 * the same sequence number.  The envelope names no sender, because the trailer of the inner message does.
 */
#define WIRE_ENVELOPE_SIZE (WIRE_HEADER_SIZE + 6)
void wire_begin_envelope(struct wire_writer *, uint64_t seq);
void wire_begin_ping(struct wire_writer *, uint64_t seq);
void wire_begin_ping_req(struct wire_writer *, uint64_t seq, const struct wire_member_id *target);
void wire_begin_ack(struct wire_writer *, uint64_t seq, const struct wire_member_id *alive);
void wire_begin_nack(struct wire_writer *, uint64_t seq, const struct wire_member_id *target);
void wire_begin_gossip(struct wire_writer *, uint64_t seq);
/* `digests` are those of the `count` buckets cursor.bucket, cursor.bucket + 1, ... */
void wire_begin_sync_req(struct wire_writer *, uint64_t seq, struct wire_cursor,
    const uint32_t *digests, uint16_t count);
/* wire_set_cursor writes the cursor once the caller knows it. */
void wire_begin_sync(struct wire_writer *, uint64_t seq);
void wire_set_cursor(struct wire_writer *, struct wire_cursor);
/* Put an authenticated envelope around a finished inner message. */
void wire_put_authenticated(struct wire_writer *, uint64_t seq, const void *token,
    uint16_t token_len, const struct wire_member_id *sender, const void *inner, size_t inner_len);
/*
 * A flag in age_ms: others have answered the sender for so long that it keeps its name, whatever other process has
 * the same name.
 */
#define WIRE_CLAIM_STAYS (UINT64_C(1) << 63)
/* `member` claims the sender's name as its own, which it has had for `age_ms` so far. */
void wire_put_claim(struct wire_writer *, uint64_t seq, const struct wire_member_id *member,
    uint64_t age_ms);
/* Tell that the ping of this number reached a member of another cluster, whose name is in the trailer. */
void wire_put_other_cluster(struct wire_writer *, uint64_t seq);
bool wire_add_update(struct wire_writer *, const struct wire_update *);
/* How many bytes the trailer takes, without the flags of updates; the value to pass as `reserve`. */
size_t wire_trailer_size(const struct wire_trailer *);
/* The length that wire_finish will return, without padding. */
size_t wire_size(const struct wire_writer *, const struct wire_trailer *);
/* Turn a message that was begun as gossip into a ping of the same number with the same updates.  A ping asks for an ack. */
void wire_make_ping(struct wire_writer *);
/*
 * Write the flags and the trailer.  Where pad_to is above the length so far, also write a trailer entry that receivers
 * ignore (tag 0), which fills the datagram up to pad_to bytes (exactly, unless fewer than 3 are missing).
 */
size_t wire_finish(struct wire_writer *, const struct wire_trailer *, size_t pad_to);

/*
 * One line for people and for the trace log: type, sequence number, members, updates, trailer, escaped.
 * Writes at most cap bytes with the NUL and ends in "..." when cut.  Returns the length.
 */
size_t wire_format(const struct wire_message *, char *out, size_t cap);

/* For wire_str literals and copies in code and tests. */
struct wire_str wire_str_of(const char *nul_terminated);
bool wire_str_equal(struct wire_str, const char *nul_terminated);
/* Are both the same bytes? */
bool wire_str_same(struct wire_str, struct wire_str);

#endif
