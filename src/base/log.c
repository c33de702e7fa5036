/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/limiter.h"
#include "base/utf8.h"

/* The most bytes of a line: a longer line, such as a decoded datagram, is cut and ends in "...". */
#define LINE_MAX_BYTES 16384
#define CONTEXT_MAX 256

/* The module's state: the settings of log_setup, log_context and log_limit, and counts of the lines that were dropped. */
static struct {
	enum log_level level;
	enum log_format format;
	char member[CONTEXT_MAX];
	char cluster[CONTEXT_MAX];
	uint64_t lost; /* lines that stderr did not take since the last one that it took */
	bool cut;      /* the last line was cut: stderr took only its beginning */
	int journal_fd;
	unsigned a_kind; /* the most lines of one kind in LOG_LIMIT_SECONDS; 0: no limit */
	unsigned in_all; /* the most lines of all kinds in LOG_LIMIT_SECONDS */
	struct limiter limiter;
} state = {.level = LOG_LEVEL_INFO, .format = LOG_FORMAT_TEXT, .journal_fd = -1};

/* Text that grows up to a bound; after the first piece that did not fit, nothing more is added. */
struct line {
	char *start, *pos, *end;
	bool full;
};

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_TRACE] = "trace",
};
static const char *const format_names[] = {
    [LOG_FORMAT_TEXT] = "text",
    [LOG_FORMAT_JSON] = "json",
    [LOG_FORMAT_JOURNAL] = "journal",
    [LOG_FORMAT_AUTO] = "auto",
};

const char *
log_level_name(enum log_level level)
{
	return level_names[level];
}

const char *
log_format_name(enum log_format format)
{
	return format_names[format];
}

bool
log_level_parse(const char *name, enum log_level *out)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcasecmp(name, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool
log_format_parse(const char *name, enum log_format *out)
{
	for (size_t i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++) {
		if (strcasecmp(name, format_names[i]) == 0) {
			*out = (enum log_format)i;
			return true;
		}
	}
	return false;
}

struct log_field
log_strn(const char *key, const char *value, size_t len)
{
	return (struct log_field){.key = key,
	    .kind = LOG_FIELD_STRING,
	    .value.s = {.bytes = value, .len = len}};
}

struct log_field
log_str(const char *key, const char *value)
{
	return log_strn(key, value, strlen(value));
}

struct log_field
log_int(const char *key, int64_t value)
{
	return (struct log_field){.key = key, .kind = LOG_FIELD_INT, .value.i = value};
}

struct log_field
log_uint(const char *key, uint64_t value)
{
	return (struct log_field){.key = key, .kind = LOG_FIELD_UINT, .value.u = value};
}

struct log_field
log_double(const char *key, double value)
{
	return (struct log_field){.key = key, .kind = LOG_FIELD_DOUBLE, .value.d = value};
}

struct log_field
log_bool(const char *key, bool value)
{
	return (struct log_field){.key = key, .kind = LOG_FIELD_BOOL, .value.b = value};
}

/*
 * Tells whether stderr is the stream to the journal that systemd names in JOURNAL_STREAM.  stderr may have been
 * redirected after systemd set the variable.
 */
static bool
log_stderr_is_journal(void)
{
	const char *said = getenv("JOURNAL_STREAM");
	char stream[48];
	struct stat is;

	if (said == NULL || fstat(STDERR_FILENO, &is) != 0)
		return false;
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)is.st_dev, (uintmax_t)is.st_ino);
	return strcmp(said, stream) == 0;
}

void
log_setup(enum log_level level, enum log_format format)
{
	state.level = level;
	if (format == LOG_FORMAT_AUTO)
		format = log_stderr_is_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
	state.format = format;
}

enum log_level
log_level_now(void)
{
	return state.level;
}

enum log_format
log_format_now(void)
{
	return state.format;
}

bool
log_enabled(enum log_level level)
{
	return level <= state.level;
}

void
log_context(const char *member, const char *cluster)
{
	snprintf(state.member, sizeof(state.member), "%s", member != NULL ? member : "");
	snprintf(state.cluster, sizeof(state.cluster), "%s", cluster != NULL ? cluster : "");
}

static int
log_priority_of(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return 3;
	case LOG_LEVEL_WARNING:
		return 4;
	case LOG_LEVEL_NOTICE:
		return 5;
	case LOG_LEVEL_INFO:
		return 6;
	case LOG_LEVEL_DEBUG:
	case LOG_LEVEL_TRACE: /* syslog has no finer level */
		return 7;
	}
	__builtin_unreachable();
}

static void
log_line_init(struct line *l, char *buf, size_t size)
{
	l->start = buf;
	l->pos = buf;
	l->end = buf + size;
	l->full = false;
}

static void
log_line_put(struct line *l, const char *bytes, size_t n)
{
	if (l->full || n > (size_t)(l->end - l->pos)) {
		l->full = true;
		return;
	}
	memcpy(l->pos, bytes, n);
	l->pos += n;
}

static void
log_line_puts(struct line *l, const char *text)
{
	log_line_put(l, text, strlen(text));
}

static void
log_put_time(struct line *l)
{
	char seconds[24], text[48];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03ldZ", seconds, now.tv_nsec / 1000000);
	log_line_puts(l, text);
}

/* Formats a number or a truth value, which text and JSON write alike (except NaN and infinity).  NULL for a string. */
static const char *
log_plain_value(const struct log_field *f, char *buf, size_t size)
{
	switch (f->kind) {
	case LOG_FIELD_STRING:
		return NULL;
	case LOG_FIELD_INT:
		snprintf(buf, size, "%lld", (long long)f->value.i);
		return buf;
	case LOG_FIELD_UINT:
		snprintf(buf, size, "%llu", (unsigned long long)f->value.u);
		return buf;
	case LOG_FIELD_DOUBLE:
		snprintf(buf, size, "%.6g", f->value.d);
		return buf;
	case LOG_FIELD_BOOL:
		return f->value.b ? "true" : "false";
	}
	__builtin_unreachable();
}

/* Put the value, escaped, as far as it fits: a value that is too long is cut, not dropped. */
static void
log_text_escaped(struct line *l, const char *bytes, size_t len)
{
	char piece[16];

	for (size_t done = 0; done < len && !l->full;) {
		uint32_t cp;
		size_t n = utf8_next(bytes + done, len - done, &cp);

		n = n > 0 ? n : 1; /* a byte that is not UTF-8 becomes \xNN */
		log_line_put(l, piece, utf8_escape(bytes + done, n, false, piece, sizeof(piece)));
		done += n;
	}
}

/* True for a value whose end a reader could not see, or that a reader could take for another field. */
static bool
log_needs_quotes(const char *bytes, size_t len)
{
	uint32_t cp;
	size_t n;

	for (size_t done = 0; done<len; done += n> 0 ? n : 1) {
		n = utf8_next(bytes + done, len - done, &cp);
		if (n > 0 &&
		    (cp == '=' || (utf8_is_unsafe(cp, true) && !utf8_is_unsafe(cp, false))))
			return true;
	}
	return len == 0;
}

static void
log_text_field(struct line *l, const struct log_field *f)
{
	char number[32];

	log_line_puts(l, " ");
	log_line_puts(l, f->key);
	log_line_puts(l, "=");
	if (f->kind != LOG_FIELD_STRING) {
		log_line_puts(l, log_plain_value(f, number, sizeof(number)));
	} else if (log_needs_quotes(f->value.s.bytes, f->value.s.len)) {
		log_line_puts(l, "\"");
		log_text_escaped(l, f->value.s.bytes, f->value.s.len);
		log_line_puts(l, "\"");
	} else {
		log_text_escaped(l, f->value.s.bytes, f->value.s.len);
	}
}

/* Copies the member and the cluster of log_context to `out` as fields; returns how many fields there are. */
static size_t
log_context_fields(struct log_field out[2])
{
	size_t n = 0;

	if (state.member[0] != '\0')
		out[n++] = log_str("self", state.member);
	if (state.cluster[0] != '\0')
		out[n++] = log_str("cluster", state.cluster);
	return n;
}

/* Put the message and its fields, and `...` after them if they were cut.  Three bytes are reserved for the dots. */
static void
log_text_body(struct line *l, const char *message, const struct log_field *fields, size_t count)
{
	struct log_field context[2];
	size_t context_count = log_context_fields(context);

	l->end -= 3;
	log_text_escaped(l, message, strlen(message));
	for (size_t i = 0; i < count; i++)
		log_text_field(l, &fields[i]);
	for (size_t i = 0; i < context_count; i++)
		log_text_field(l, &context[i]);
	l->end += 3;
	if (l->full) {
		l->full = false;
		log_line_puts(l, "...");
	}
}

/* False, with nothing written, when there is not even room for an empty string. */
static bool
log_json_string(struct line *l, const char *bytes, size_t len)
{
	bool cut = false;

	if (l->full || l->end - l->pos < 2)
		return false;
	log_line_puts(l, "\"");
	for (size_t done = 0; done < len && !cut;) {
		char piece[16];
		uint32_t cp =
		    0xfffd; /* stands for a byte that is not UTF-8, which JSON cannot hold */
		size_t n = utf8_next(bytes + done, len - done, &cp);
		int size;

		if (cp == '"' || cp == '\\')
			size = snprintf(piece, sizeof(piece), "\\%c", (char)cp);
		else if (n == 0 || utf8_is_unsafe(cp, false))
			size = (int)utf8_json(cp, piece);
		else
			size = snprintf(piece, sizeof(piece), "%.*s", (int)n, bytes + done);
		/* One byte is reserved for the closing quote. */
		cut = size >= l->end - l->pos;
		if (!cut)
			log_line_put(l, piece, (size_t)size);
		done += n > 0 ? n : 1;
	}
	log_line_puts(l, "\"");
	l->full = cut;
	return true;
}

/* A field that does not fit is left out, and a string that does not fit is cut, so that the line stays JSON. */
static void
log_json_field(struct line *l, const struct log_field *f)
{
	char number[32];
	char *begin = l->pos;
	bool written = true;

	log_line_puts(l, ",\"");
	log_line_puts(l, f->key);
	log_line_puts(l, "\":");
	if (f->kind == LOG_FIELD_STRING)
		written = log_json_string(l, f->value.s.bytes, f->value.s.len);
	else if (f->kind == LOG_FIELD_DOUBLE && !isfinite(f->value.d))
		log_line_puts(l, "null");
	else
		log_line_puts(l, log_plain_value(f, number, sizeof(number)));
	if (!written || (l->full && f->kind != LOG_FIELD_STRING)) {
		l->pos = begin;
		l->full = true;
	}
}

static void
log_json_line(struct line *l, enum log_level level, const char *message,
    const struct log_field *fields, size_t count)
{
	struct log_field context[2];
	size_t context_count = log_context_fields(context);

	l->end -= 1;
	log_line_puts(l, "{\"time\":\"");
	log_put_time(l);
	log_line_puts(l, "\",\"level\":\"");
	log_line_puts(l, log_level_name(level));
	log_line_puts(l, "\"");
	log_json_field(l, &(struct log_field){.key = "msg",
			      .kind = LOG_FIELD_STRING,
			      .value.s = {.bytes = message, .len = strlen(message)}});
	/* The context comes before the fields, so that a long field does not push it out. */
	for (size_t i = 0; i < context_count; i++)
		log_json_field(l, &context[i]);
	for (size_t i = 0; i < count; i++)
		log_json_field(l, &fields[i]);
	l->end += 1;
	l->full = false;
	log_line_puts(l, "}");
}

static void
log_text_line(struct line *l, enum log_level level, const char *message,
    const struct log_field *fields, size_t count)
{
	char prefix[8];

	if (state.format == LOG_FORMAT_JOURNAL) {
		/* systemd takes this prefix for the priority of a line on stderr, sd-daemon(3). */
		snprintf(prefix, sizeof(prefix), "<%d>", log_priority_of(level));
		log_line_puts(l, prefix);
	}
	log_put_time(l);
	log_line_puts(l, " ");
	log_line_puts(l, log_level_name(level));
	log_line_puts(l, " ");
	log_text_body(l, message, fields, count);
}

/* Send the whole line as MESSAGE, and each value unescaped as SWIMD_<KEY>: the journal holds any bytes. */
static bool
log_journal_line(enum log_level level, const char *message, const struct log_field *fields,
    size_t count)
{
	char message_buf[LINE_MAX_BYTES], number[32];
	const char priority = (char)('0' + log_priority_of(level));
	struct journal_entry entry;
	struct log_field context[2];
	size_t context_count = log_context_fields(context);
	struct line l;

	log_line_init(&l, message_buf, sizeof(message_buf));
	log_text_body(&l, message, fields, count);
	journal_begin(&entry);
	journal_put(&entry, "MESSAGE", "", l.start, (size_t)(l.pos - l.start));
	journal_put(&entry, "PRIORITY", "", &priority, 1);
	journal_put(&entry, "SYSLOG_IDENTIFIER", "", program_invocation_short_name,
	    strlen(program_invocation_short_name));
	for (size_t i = 0; i < context_count + count; i++) {
		const struct log_field *f = i < context_count ? &context[i]
							      : &fields[i - context_count];
		const char *plain = log_plain_value(f, number, sizeof(number));

		if (plain != NULL)
			journal_put(&entry, "SWIMD_", f->key, plain, strlen(plain));
		else
			journal_put(&entry, "SWIMD_", f->key, f->value.s.bytes, f->value.s.len);
	}
	return journal_send(&entry, JOURNAL_SOCKET, &state.journal_fd);
}

/*
 * Write as much as stderr takes without waiting: a slow reader must not stop the daemon.  Each line is one write, so
 * that lines of several processes do not mix.  A pipe is an exception: poll promises room for PIPE_BUF bytes only, so
 * a longer line is written in parts and may mix with others.  Returns how many bytes stderr took.
 */
static size_t
log_write_ready(const char *bytes, size_t len)
{
	struct stat st;
	bool pipe = fstat(STDERR_FILENO, &st) == 0 && S_ISFIFO(st.st_mode);
	size_t done = 0;

	while (done < len) {
		struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};
		size_t most = pipe && len - done > PIPE_BUF ? PIPE_BUF : len - done;
		ssize_t n;

		if (poll(&fd, 1, 0) != 1)
			break;
		n = write(STDERR_FILENO, bytes + done, most);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* the reader is gone */
		done += (size_t)n;
	}
	return done;
}

/* Returns false when the line or its end is lost. */
static bool
log_write_out(const char *bytes, size_t len)
{
	size_t done;

	if (state.cut && log_write_ready("\n", 1) == 0)
		return false;
	done = log_write_ready(bytes, len);
	state.cut = done > 0 && done < len;
	return done == len;
}

static bool
log_put(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
	char buf[LINE_MAX_BYTES];
	struct line l;

	if (state.format == LOG_FORMAT_JOURNAL && log_journal_line(level, message, fields, count))
		return true;
	log_line_init(&l, buf, sizeof(buf) - 1);
	if (state.format == LOG_FORMAT_JSON)
		log_json_line(&l, level, message, fields, count);
	else
		log_text_line(&l, level, message, fields, count);
	*l.pos++ = '\n';
	return log_write_out(buf, (size_t)(l.pos - buf));
}

static swim_time
log_monotonic_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (swim_time){(int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec};
}

void
log_limit(unsigned a_kind, unsigned in_all)
{
	state.a_kind = a_kind;
	state.in_all = in_all;
	limiter_init(&state.limiter, swim_seconds(LOG_LIMIT_SECONDS));
}

uint64_t
log_left_out(void)
{
	return state.limiter.left_out;
}

/* Tells whether this line exceeds a limit.  A line that exceeds a limit is counted as left out. */
static bool
log_is_too_much(enum log_level level, const char *message, swim_time now)
{
	char kind[LIMITER_NAME];
	unsigned most = state.a_kind;

	if (level == LOG_LEVEL_TRACE)
		return false;
	if (level == LOG_LEVEL_DEBUG)
		most *= 10;
	snprintf(kind, sizeof(kind), "%s", message);
	if (!limiter_take(&state.limiter, now, kind, most, (int)level))
		return true;
	/*
	 * A message may contain text that a stranger chose, so that each message is a new kind.  Therefore all kinds
	 * together have a limit too.
	 */
	return level != LOG_LEVEL_DEBUG &&
	       !limiter_take(&state.limiter, now, "lines of any kind", state.in_all, (int)level);
}

static void
log_settle_burst(swim_time now)
{
	const struct limiter_kind *kind;
	uint64_t count;

	while ((kind = limiter_next(&state.limiter, now, &count)) != NULL) {
		const struct log_field fields[] = {log_str("message", kind->name),
		    log_uint("count", count), log_uint("seconds", LOG_LIMIT_SECONDS)};

		if (!log_put((enum log_level)kind->tag,
			"lines of this log were left out: too many were alike", fields, 3))
			state.lost++;
	}
}

void
log_settle(void)
{
	int saved_errno = errno;

	if (state.a_kind > 0)
		log_settle_burst(log_monotonic_now());
	errno = saved_errno;
}

void
log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
	int saved_errno = errno;
	struct log_field lost = log_uint("count", state.lost);

	if (state.a_kind > 0) {
		swim_time now = log_monotonic_now();

		log_settle_burst(now);
		if (log_is_too_much(level, message, now)) {
			errno = saved_errno;
			return;
		}
	}
	if (state.lost > 0 &&
	    log_put(LOG_LEVEL_WARNING,
		"lines of this log are missing here: stderr did not take them", &lost, 1))
		state.lost = 0;
	if (state.lost > 0 || !log_put(level, message, fields, count))
		state.lost++;
	errno = saved_errno;
}
