/* SPDX-License-Identifier: MIT */
/*
 * Structured logging to stderr: a level, a message and key=value fields, as text, JSON or journal entries.  This is
 * the one module below the daemon that keeps state at file scope (level, format, output).  Base, wire and core never
 * log; the caller that holds the context logs once.
 */
#ifndef SWIMD_BASE_LOG_H
#define SWIMD_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_TRACE, /* prints every message decoded */
};

/* Where there is no journal, or the journal takes no line now, JOURNAL writes TEXT with <N> priority prefixes. */
enum log_format {
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JSON,
	LOG_FORMAT_JOURNAL,
	LOG_FORMAT_AUTO, /* JOURNAL where systemd has connected stderr to the journal, TEXT elsewhere */
};

/* "error" ... "trace"; "text", "json", "journal", "auto".  False when the word is unknown. */
bool log_level_parse(const char *, enum log_level *out);
bool log_format_parse(const char *, enum log_format *out);
const char *log_level_name(enum log_level);
const char *log_format_name(enum log_format);

/*
 * One field of a line, made with the functions below.  Strings are not copied; they need to live for the call only.
 * Values are escaped as utf8_escape does (text) or as JSON.
 */
struct log_field {
	const char *key;
	enum {
		LOG_FIELD_STRING,
		LOG_FIELD_INT,
		LOG_FIELD_UINT,
		LOG_FIELD_DOUBLE,
		LOG_FIELD_BOOL
	} kind;
	union {
		struct {
			const char *bytes;
			size_t len;
		} s;
		int64_t i;
		uint64_t u;
		double d;
		bool b;
	} value;
};

struct log_field log_str(const char *key, const char *value);
struct log_field log_strn(const char *key, const char *value, size_t len);
struct log_field log_int(const char *key, int64_t value);
struct log_field log_uint(const char *key, uint64_t value);
struct log_field log_double(const char *key, double value);
struct log_field log_bool(const char *key, bool value);

void log_setup(enum log_level, enum log_format);
enum log_level log_level_now(void);
enum log_format log_format_now(void);
bool log_enabled(enum log_level);

/* Fields put on every line from now on (member name, cluster); copied.  NULL or "" removes. */
void log_context(const char *member, const char *cluster);

/*
 * From now on write in ten seconds at most `a_kind` lines of one level and message (ten times as many at DEBUG), and
 * at most `in_all` lines of the levels from ERROR to INFO together.  Once the ten seconds are over, one line per kind
 * tells how many lines of it were left out; the next log_write or log_settle writes it.  TRACE has no limit, because
 * it is there to show every datagram. 0 means no limit, which is also the state at the start.
 */
#define LOG_LIMIT_SECONDS 10
#define LOG_LIMIT_A_KIND 100
#define LOG_LIMIT_IN_ALL 500
void log_limit(unsigned a_kind, unsigned in_all);
/* Write the lines that tell how many lines were left out, where such a line is due. */
void log_settle(void);
/* How many lines were left out since the start because of these limits. */
uint64_t log_left_out(void);

/*
 * Write one line.  Keeps errno.  Never waits, not for the journal either: a line that stderr does not take at once is
 * dropped, and the next line that stderr takes tells how many lines are missing.  Use the macro log_at, which costs
 * one comparison when the level is off.
 */
void log_write(enum log_level, const char *message, const struct log_field *fields, size_t count);

/* log_at(LOG_LEVEL_INFO, "member failed", log_str("name", name), log_uint("incarnation", i)); */
#define log_at(level, message, ...)                                                                \
	do {                                                                                       \
		if (log_enabled(level)) {                                                          \
			const struct log_field log_fields_[] = {log_str("", ""), ##__VA_ARGS__};   \
			log_write(level, message, log_fields_ + 1,                                 \
			    sizeof(log_fields_) / sizeof(log_fields_[0]) - 1);                     \
		}                                                                                  \
	} while (0)

#endif
