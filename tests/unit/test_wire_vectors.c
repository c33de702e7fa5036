/* SPDX-License-Identifier: MIT */
/*
 * The published test vectors (wire.json, the base format), datagrams of a real base peer (base-live.json) and
 * our own vectors (extensions.json), in both directions.
 */
#include "wire/wire.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"
#include "support/wire_again.h"
#include "wire/tags.h"

#define MAX_BYTES 4096

static const char *const files[] = {TOP_DIR "/tests/vectors/wire.json",
    TOP_DIR "/tests/vectors/base-live.json", TOP_DIR "/tests/vectors/extensions.json"};
#define FILES (sizeof(files) / sizeof(files[0]))

/* An allocation of its own for each datagram, so that a sanitizer sees a read past its end. */
struct datagram {
	uint8_t *bytes;
	size_t len;
};

static unsigned
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, c);

	ck_assert_msg(c != '\0' && at != NULL, "'%c' is no hexadecimal digit", c);
	return (unsigned)(at - digits);
}

static struct datagram
unhex(const char *hex)
{
	size_t len = strlen(hex) / 2;
	struct datagram d = {malloc(len > 0 ? len : 1), len};

	ck_assert_uint_eq(strlen(hex) % 2, 0);
	for (size_t i = 0; i < len; i++)
		d.bytes[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	return d;
}

static struct datagram
datagram_of(json_t *vector)
{
	return unhex(json_string_value(json_object_get(vector, "hex")));
}

static const char *
text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	ck_assert_msg(text != NULL, "no string '%s' in the vector", key);
	return text;
}

static void
check_str(struct wire_str s, json_t *object, const char *key)
{
	const char *text = text_of(object, key);

	ck_assert_msg(wire_str_equal(s, text), "'%.*s' is not %s '%s'", s.len, s.bytes, key, text);
}

static void
check_member(const struct wire_member_id *m, json_t *expected)
{
	check_str(m->id, expected, "id");
	check_str(m->address, expected, "address");
}

static void
check_u64(uint64_t value, json_t *object, const char *key, int base)
{
	ck_assert_uint_eq(value, strtoull(text_of(object, key), NULL, base));
}

static void
check_details(const struct wire_update *u, json_t *expected)
{
	json_t *accusers = json_object_get(expected, "accusers"), *accuser;
	json_t *tags = json_object_get(expected, "tags");
	size_t i, offset = 0, count = 0;
	struct wire_tag tag;

	ck_assert_int_eq((u->flags & WIRE_FLAG_PARTIAL) != 0,
	    json_is_true(json_object_get(expected, "partial")));
	ck_assert_int_eq((u->flags & WIRE_FLAG_ANSWERED) != 0,
	    json_is_true(json_object_get(expected, "answered")));
	ck_assert_int_eq((u->flags & WIRE_FLAG_UNANSWERED) != 0,
	    json_is_true(json_object_get(expected, "unanswered")));
	ck_assert_int_eq((u->flags & WIRE_FLAG_BASE) != 0,
	    json_is_true(json_object_get(expected, "base")));
	ck_assert_uint_eq(u->accuser_count, json_array_size(accusers));
	json_array_foreach(accusers, i, accuser)
		ck_assert_uint_eq(u->accusers[i], strtoull(json_string_value(accuser), NULL, 16));
	while (wire_tags_next(u->tags.bytes, u->tags.len, &offset, &tag)) {
		char *key = strndup(tag.key.bytes, tag.key.len);

		check_str(tag.value, tags, key);
		free(key);
		count++;
	}
	ck_assert_uint_eq(count, json_object_size(tags));
}

static void
check_updates(const struct wire_updates *list, json_t *expected)
{
	struct wire_updates_iter iter = {0};
	struct wire_update u;
	json_t *object;
	size_t i;

	ck_assert_uint_eq(list->count, json_array_size(expected));
	json_array_foreach(expected, i, object) {
		ck_assert(wire_updates_next(list, &iter, &u));
		check_member(&u.member, object);
		ck_assert_str_eq(swim_status_name(u.status), text_of(object, "status"));
		check_u64(u.incarnation, object, "incarnation", 10);
		ck_assert_int_eq((u.flags & WIRE_FLAG_LEFT) != 0, u.status == SWIM_LEFT);
		ck_assert_int_eq((u.flags & WIRE_FLAG_FORGET) != 0,
		    json_is_true(json_object_get(object, "forget")));
		check_details(&u, object);
		ck_assert_uint_eq(u.age_s,
		    (uint64_t)json_integer_value(json_object_get(object, "age_s")));
	}
	ck_assert(!wire_updates_next(list, &iter, &u));
}

static void
check_links(const struct wire_trailer *t, json_t *expected)
{
	struct wire_links links;
	size_t offset = 0, i, k;
	json_t *object, *peer;

	json_array_foreach(expected, i, object) {
		json_t *peers = json_object_get(object, "peers");

		ck_assert(wire_links_next(t, &offset, &links));
		check_u64(links.teller, object, "teller", 16);
		check_u64(links.stamp, object, "stamp", 16);
		ck_assert_uint_eq(links.total,
		    (uint64_t)json_integer_value(json_object_get(object, "total")));
		ck_assert_uint_eq(links.count, json_array_size(peers));
		json_array_foreach(peers, k, peer)
			ck_assert_uint_eq(links.peers[k],
			    strtoull(json_string_value(peer), NULL, 16));
	}
	ck_assert(!wire_links_next(t, &offset, &links));
}

static void
check_trailer(const struct wire_trailer *t, json_t *expected)
{
	ck_assert_int_eq(t->has_cluster, json_object_get(expected, "cluster") != NULL);
	ck_assert_int_eq(t->has_sender, json_object_get(expected, "sender") != NULL);
	ck_assert_int_eq(t->has_digest, json_object_get(expected, "digest") != NULL);
	ck_assert_int_eq(t->has_timeout, json_object_get(expected, "timeout_ms") != NULL);
	if (t->has_cluster)
		check_str(t->cluster, expected, "cluster");
	if (t->has_sender)
		check_str(t->sender, expected, "sender");
	if (t->has_digest)
		check_u64(t->digest, expected, "digest", 16);
	if (t->has_timeout)
		ck_assert_uint_eq(t->timeout_ms,
		    (uint64_t)json_integer_value(json_object_get(expected, "timeout_ms")));
	ck_assert_int_eq(t->has_answer_size, json_object_get(expected, "answer_size") != NULL);
	ck_assert_uint_eq(t->answer_size,
	    (uint64_t)json_integer_value(json_object_get(expected, "answer_size")));
	ck_assert_int_eq(t->has_removals, json_object_get(expected, "removals") != NULL);
	if (t->has_removals)
		check_u64(t->removals, expected, "removals", 16);
	ck_assert_int_eq(t->has_period, json_object_get(expected, "period") != NULL);
	ck_assert_uint_eq(t->period,
	    (uint64_t)json_integer_value(json_object_get(expected, "period")));
	ck_assert_int_eq(t->has_unreached, json_object_get(expected, "unreached") != NULL);
	if (t->has_unreached)
		check_str(t->unreached, expected, "unreached");
	ck_assert_int_eq(t->has_reached, json_object_get(expected, "reached") != NULL);
	if (t->has_reached)
		check_str(t->reached, expected, "reached");
	check_links(t, json_object_get(expected, "links"));
}

static void
check_sync(const struct wire_message *m, json_t *expected)
{
	json_t *cursor = json_object_get(expected, "cursor"), *digest;
	json_t *digests = json_object_get(expected, "digests");
	size_t i;

	if (cursor != NULL) {
		ck_assert_uint_eq(m->cursor.bucket,
		    (uint64_t)json_integer_value(json_object_get(cursor, "bucket")));
		check_u64(m->cursor.after, cursor, "after", 16);
	}
	ck_assert_uint_eq(m->digest_count, json_array_size(digests));
	json_array_foreach(digests, i, digest)
		ck_assert_uint_eq(wire_sync_digest(m, (uint16_t)i),
		    strtoul(json_string_value(digest), NULL, 16));
}

/* Check a message except the contents of an envelope. */
static void
check_plain(const struct wire_message *m, json_t *expected)
{
	json_t *member = json_object_get(expected, "target");

	ck_assert_int_eq(m->type, (int)json_integer_value(json_object_get(expected, "type")));
	check_u64(m->seq, expected, "seq", 10);
	if (member != NULL)
		check_member(&m->member, member);
	if (m->type == WIRE_CLAIM)
		check_u64(m->age_ms, expected, "age_ms", 10);
	check_updates(&m->updates, json_object_get(expected, "updates"));
	check_sync(m, expected);
	check_trailer(&m->trailer, json_object_get(expected, "trailer"));
}

static void
check_message(const struct wire_message *m, json_t *expected)
{
	struct wire_message inner;
	struct datagram token;

	check_plain(m, expected);
	if (m->type != WIRE_AUTHENTICATED)
		return;
	token = unhex(text_of(expected, "token"));
	ck_assert(wire_same_bytes(m->token, m->token_len, token.bytes, token.len));
	free(token.bytes);
	check_member(&m->member, json_object_get(expected, "sender"));
	ck_assert_int_eq(wire_decode(m->inner, m->inner_len, &inner), WIRE_OK);
	check_plain(&inner, json_object_get(expected, "inner"));
	/* The token covers the sender and all bytes after it. */
	ck_assert_ptr_eq(m->signed_bytes, m->token + m->token_len);
	ck_assert_ptr_eq(m->signed_bytes + m->signed_len, m->inner + m->inner_len);
}

typedef void visitor(const char *name, const struct datagram *, json_t *vector);

/* Calls `visit` for every vector of the list.  A file may lack this list, but not the list "valid". */
static void
each_vector(const char *list, visitor *visit)
{
	size_t seen = 0;

	for (size_t i = 0; i < FILES; i++) {
		json_error_t error;
		json_t *root = json_load_file(files[i], JSON_REJECT_DUPLICATES, &error);
		json_t *vectors = json_object_get(root, list), *vector;
		size_t j;

		ck_assert_msg(root != NULL, "%s:%d: %s", files[i], error.line, error.text);
		ck_assert_uint_gt(json_array_size(json_object_get(root, "valid")), 0);
		json_array_foreach(vectors, j, vector) {
			struct datagram d = datagram_of(vector);

			seen++;
			visit(text_of(vector, "name"), &d, vector);
			free(d.bytes);
		}
		json_decref(root);
	}
	ck_assert_uint_gt(seen, 0);
}

static void
decodes(const char *name, const struct datagram *d, json_t *vector)
{
	struct wire_message m;
	enum wire_reject reject = wire_decode(d->bytes, d->len, &m);

	ck_assert_msg(reject == WIRE_OK, "%s: %s", name, wire_reject_word(reject));
	check_message(&m, json_object_get(vector, "message"));
}

static void
encodes_to_the_same_bytes(const char *name, const struct datagram *d, json_t *vector)
{
	uint8_t again[MAX_BYTES];
	struct wire_message m;
	size_t len;

	(void)vector;
	ck_assert_int_eq(wire_decode(d->bytes, d->len, &m), WIRE_OK);
	len = wire_again(&m, again, sizeof(again));
	ck_assert_msg(wire_same_bytes(again, len, d->bytes, d->len), "%s: encoded to other bytes",
	    name);
}

static void
encodes_to_the_same_message(const char *name, const struct datagram *d, json_t *vector)
{
	uint8_t bytes[MAX_BYTES];
	struct wire_message m, again;
	size_t len;

	(void)vector;
	ck_assert_int_eq(wire_decode(d->bytes, d->len, &m), WIRE_OK);
	len = wire_again(&m, bytes, sizeof(bytes));
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_le(len, d->len);
	ck_assert_int_eq(wire_decode(bytes, len, &again), WIRE_OK);
	ck_assert_msg(wire_same_message(&m, &again), "%s: encoded to another message", name);
}

static void
is_refused(const char *name, const struct datagram *d, json_t *vector)
{
	const char *expected = json_string_value(json_object_get(vector, "reject"));
	struct wire_message m;
	enum wire_reject reject = wire_decode(d->bytes, d->len, &m);

	ck_assert_msg(reject != WIRE_OK, "%s: taken", name);
	if (expected != NULL)
		ck_assert_msg(strcmp(wire_reject_word(reject), expected) == 0,
		    "%s: refused as %s, not as %s", name, wire_reject_word(reject), expected);
}

/* The length of the body: of the message, encoded again without a trailer or flags. */
static size_t
body_length(const struct datagram *d)
{
	uint8_t bytes[MAX_BYTES];
	struct wire_updates_iter iter = {0};
	struct wire_message m;
	struct wire_writer w;
	struct wire_update u;

	ck_assert_int_eq(wire_decode(d->bytes, d->len, &m), WIRE_OK);
	if (m.type == WIRE_AUTHENTICATED) {
		struct datagram inner = {(uint8_t *)(uintptr_t)m.inner, m.inner_len};

		return (size_t)(m.inner - d->bytes) + body_length(&inner);
	}
	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_again_begin(&w, &m);
	while (wire_updates_next(&m.updates, &iter, &u)) {
		if (!m.updates.sync) {
			u.status = SWIM_ALIVE;
			u.flags = 0;
		}
		u.accuser_count = 0;
		u.tags = (struct wire_str){0};
		ck_assert(wire_add_update(&w, &u));
	}
	return wire_finish(&w, NULL, 0);
}

static void
prefix_is_refused_in_the_body_only(const char *name, const struct datagram *d, json_t *vector)
{
	size_t body = body_length(d);

	(void)vector;
	for (size_t len = 0; len < d->len; len++) {
		uint8_t *copy = malloc(len > 0 ? len : 1);
		struct wire_message m;
		enum wire_reject reject;

		memcpy(copy, d->bytes, len);
		reject = wire_decode(copy, len, &m);
		if (len < body)
			ck_assert_msg(reject ==
					  (len == 0 ? WIRE_REJECT_EMPTY : WIRE_REJECT_TRUNCATED),
			    "%s: %zu of %zu bytes: %s", name, len, d->len,
			    wire_reject_word(reject));
		else
			ck_assert_msg(reject == WIRE_OK, "%s: %zu of %zu bytes, the whole body: %s",
			    name, len, d->len, wire_reject_word(reject));
		free(copy);
	}
}

START_TEST(valid_vectors_decode)
{
	each_vector("valid", decodes);
}
END_TEST

START_TEST(valid_vectors_encode_to_the_same_bytes)
{
	each_vector("valid", encodes_to_the_same_bytes);
}
END_TEST

START_TEST(vectors_with_trailing_bytes_decode)
{
	each_vector("valid_with_trailing_bytes", decodes);
}
END_TEST

START_TEST(vectors_with_trailing_bytes_encode_to_the_same_message)
{
	each_vector("valid_with_trailing_bytes", encodes_to_the_same_message);
}
END_TEST

START_TEST(invalid_vectors_are_refused_for_their_reason)
{
	each_vector("invalid", is_refused);
}
END_TEST

START_TEST(a_cut_body_is_refused_and_a_cut_trailer_is_not)
{
	each_vector("valid", prefix_is_refused_in_the_body_only);
	each_vector("valid_with_trailing_bytes", prefix_is_refused_in_the_body_only);
}
END_TEST

UNIT_MAIN("wire vectors", valid_vectors_decode, valid_vectors_encode_to_the_same_bytes,
    vectors_with_trailing_bytes_decode, vectors_with_trailing_bytes_encode_to_the_same_message,
    invalid_vectors_are_refused_for_their_reason, a_cut_body_is_refused_and_a_cut_trailer_is_not)
