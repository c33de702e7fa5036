/* SPDX-License-Identifier: MIT */
#include "daemon/config_file.h"

#include <confuse.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/utf8.h"
#include "daemon/fault.h"

/*
 * What the callbacks of libConfuse need to know about a key.  The callbacks get no context, but libConfuse stores the
 * value of a "simple" option through a pointer, so the pointer to `stored` leads to the slot.
 */
struct slot {
	/* By libConfuse, always NULL; the first field, so that its address is the address of the slot. */
	void *stored;
	struct reader *reader;
	const struct config_key *key;
	unsigned line; /* of the key's first value; 0: none yet */
};

struct reader {
	struct config_given *given;
	char *fault;
	bool failed;
	size_t line;      /* of the fault; 0: the fault is in no line */
	size_t last_line; /* of the file, without empty lines at its end */
	struct slot slots[CONFIG_KEYS_MAX];
};

static struct slot *
config_file_slot_of(const cfg_opt_t *opt)
{
	return (struct slot *)(void *)opt->simple_value.ptr;
}

/* Keeps the first fault; later faults are often consequences of the first. */
static void __attribute__((format(printf, 3, 4)))
config_file_fault(struct reader *r, size_t line, const char *format, ...)
{
	va_list ap;

	if (r->failed)
		return;
	r->failed = true;
	r->line = line;
	va_start(ap, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(r->fault, FAULT_MAX, format, ap);
	va_end(ap);
}

/* The line that libConfuse reads.  At the end of the file libConfuse counts one line too many. */
static size_t
config_file_line_at(const struct reader *r, const cfg_t *cfg)
{
	size_t line = cfg->line > 0 ? (size_t)cfg->line : 1;

	return line < r->last_line ? line : r->last_line;
}

/* `quoted` is " 'NAME'" as the file has it, `shown` is the same with control characters escaped. */
static void
config_file_unknown_key(struct reader *r, const cfg_t *cfg, const char *quoted, const char *shown)
{
	char name[NEAREST_MAX + 1];
	const char *near = NULL;
	size_t line = config_file_line_at(r, cfg);

	if (sscanf(quoted, " '%40[a-zA-Z0-9_-]'", name) == 1)
		near = config_nearest(name);
	if (near != NULL)
		config_file_fault(r, line, "%s:%zu: unknown key%s; did you mean '%s'?",
		    cfg->filename, line, shown, near);
	else if (strncmp(quoted, " '[", 3) == 0)
		config_file_fault(r, line, "%s:%zu: unknown key%s; the file has no sections",
		    cfg->filename, line, shown);
	else
		config_file_fault(r, line, "%s:%zu: unknown key%s", cfg->filename, line, shown);
}

static void __attribute__((format(printf, 2, 0)))
config_file_on_error(cfg_t *cfg, const char *format, va_list ap)
{
	struct reader *r = config_file_slot_of(cfg_getnopt(cfg, 0))->reader;
	static const char unknown[] = "no such option", early[] = "premature end of file",
			  unexpected[] = "unexpected token";
	char text[256], shown[320];
	size_t line = config_file_line_at(r, cfg);

	vsnprintf(text, sizeof(text), format, ap);
	/* The text quotes the file, which may contain any byte. */
	utf8_escape(text, strlen(text), false, shown, sizeof(shown));
	if (strncmp(shown, unknown, sizeof(unknown) - 1) == 0)
		config_file_unknown_key(r, cfg, text + sizeof(unknown) - 1,
		    shown + sizeof(unknown) - 1);
	else if (strcmp(shown, early) == 0)
		config_file_fault(r, line,
		    "%s:%zu: unexpected end of file; an equal sign or a value is missing",
		    cfg->filename, line);
	else if (strncmp(shown, unexpected, sizeof(unexpected) - 1) == 0)
		config_file_fault(r, line,
		    "%s:%zu: %s; write commas between the values of a list, and a value with spaces in quotes",
		    cfg->filename, line, shown);
	else
		config_file_fault(r, line, "%s:%zu: %s", cfg->filename, line, shown);
}

/* libConfuse has read one value, or one item of a list. */
static int
config_file_on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	struct slot *slot = config_file_slot_of(opt);
	struct reader *r = slot->reader;
	enum config_mode mode = CONFIG_APPEND;
	char fault[FAULT_MAX], origin[PATH_MAX + 16];

	*(void **)result = NULL;
	/*
	 * libConfuse sets CFGF_RESET for '=', not for '+=' or a comma of a list, and clears the flag when libConfuse
	 * itself stores a value.  Here swimd stores the value, so this function clears the flag.
	 */
	if ((opt->flags & CFGF_RESET) != 0) {
		opt->flags &= ~CFGF_RESET;
		mode = CONFIG_REPLACE;
		if (slot->line != 0) {
			config_file_fault(r, (size_t)cfg->line,
			    "%s:%d: %s is set a second time; the first time is in line %u",
			    cfg->filename, cfg->line, opt->name, slot->line);
			return -1;
		}
	}
	if (slot->line == 0)
		slot->line = (unsigned)cfg->line;
	snprintf(origin, sizeof(origin), "%s:%d", cfg->filename, cfg->line);
	if (!config_set(r->given, slot->key, mode, text, origin, fault)) {
		config_file_fault(r, (size_t)cfg->line, "%s", fault);
		return -1;
	}
	return 0;
}

/* For an empty list libConfuse calls no callback, but '=' has set CFGF_RESET. */
static void
config_file_take_empty_lists(cfg_t *cfg, struct reader *r)
{
	char fault[FAULT_MAX];
	cfg_opt_t *opt;

	for (unsigned i = 0; (opt = cfg_getnopt(cfg, i)) != NULL; i++) {
		struct slot *slot = config_file_slot_of(opt);

		if ((opt->flags & CFGF_RESET) == 0)
			continue;
		if (slot->line != 0)
			config_file_fault(r, 0,
			    "%s: %s is set a second time; the first time is in line %u",
			    cfg->filename, opt->name, slot->line);
		else if (!config_set_empty(r->given, slot->key, cfg->filename, fault))
			config_file_fault(r, 0, "%s", fault);
	}
}

static size_t
config_file_line_of(const char *text, const char *at)
{
	size_t line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

static size_t
config_file_last_line(const char *text, const char *end)
{
	while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	return config_file_line_of(text, end);
}

/* `p` is at an opening quote.  Returns the place after the closing quote, or NULL if there is none. */
static const char *
config_file_skip_quoted(const char *p, const char *end)
{
	char quote = *p++;

	while (p < end && *p != quote)
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	return p < end ? p + 1 : NULL;
}

/*
 * Finds the first quoted value that begins in *first, ends in a later line, *last, and covers `line` (0: any line).  The
 * text has no comments.  False: there is no such value.
 */
static bool
config_file_long_quote(const char *text, const char *end, size_t line, size_t *first, size_t *last)
{
	const char *p = text, *after;

	while (p < end) {
		if (*p != '"' && *p != '\'') {
			p++;
			continue;
		}
		if ((after = config_file_skip_quoted(p, end)) == NULL)
			return false;
		*first = config_file_line_of(text, p);
		*last = config_file_line_of(text, after);
		if (*first < *last && (line == 0 || (*first <= line && line <= *last)))
			return true;
		p = after;
	}
	return false;
}

/*
 * Reports the quote at `at`, which does not end.  The closing quote may be missing from an earlier value: then that value
 * takes the opening quote of the next value for its own end, so it covers several lines.
 */
static void
config_file_open_quote(struct reader *r, const char *path, const char *text, const char *at)
{
	size_t line = config_file_line_of(text, at), first, last;

	if (config_file_long_quote(text, at, 0, &first, &last))
		config_file_fault(r, first,
		    "%s:%zu: a quote begins here and does not end in its line, and the quote in line %zu does not end at all",
		    path, first, line);
	else
		config_file_fault(r, line, "%s:%zu: a quote begins here and does not end", path,
		    line);
}

/* Overwrites the comment from `p` to `after` with spaces, except for its newlines.  Returns `after`. */
static char *
config_file_blank_comment(char *p, char *after)
{
	for (; p < after; p++) {
		if (*p != '\n')
			*p = ' ';
	}
	return after;
}

/*
 * Overwrites comments with spaces, since libConfuse 3.3 counts each comment as two or three lines and would name wrong
 * lines in its messages.  Reports comments, quotes and lists that do not end, which libConfuse would report at the end of
 * the file only.  Comments, quotes and lists begin here where they begin for the lexer of libConfuse.
 */
static void
config_file_prepare(struct reader *r, const char *path, char *text, char *end)
{
	char *p = text, *list = NULL, *after;

	while (p < end && !r->failed) {
		if (*p == '"' || *p == '\'') {
			after = (char *)config_file_skip_quoted(p, end);
			if (after == NULL)
				config_file_open_quote(r, path, text, p);
			else
				p = after;
		} else if (*p == '#' || (*p == '/' && p + 1 < end && p[1] == '/')) {
			after = memchr(p, '\n', (size_t)(end - p));
			p = config_file_blank_comment(p, after != NULL ? after : end);
		} else if (*p == '/' && p + 1 < end && p[1] == '*') {
			after = memmem(p + 2, (size_t)(end - p) - 2, "*/", 2);
			if (after == NULL)
				config_file_fault(r, config_file_line_of(text, p),
				    "%s:%zu: a comment begins here and does not end", path,
				    config_file_line_of(text, p));
			else
				p = config_file_blank_comment(p, after + 2);
		} else if (*p == '{' && list != NULL) {
			break;
		} else {
			if (*p == '{' || *p == '}')
				list = *p == '{' ? p : NULL;
			p++;
		}
	}
	if (list != NULL)
		config_file_fault(r, config_file_line_of(text, list),
		    "%s:%zu: a brace is opened here and not closed%s", path,
		    config_file_line_of(text, list),
		    p < end ? " before the next one is opened" : "");
}

/* If the fault is in a quoted value of several lines, blames the first of these lines: its closing quote may be missing. */
static void
config_file_blame_quote(struct reader *r, const char *path, const char *text, const char *end)
{
	char before[FAULT_MAX];
	const char *rest = before, *colon;
	size_t first, last;

	if (r->line == 0 || !config_file_long_quote(text, end, r->line, &first, &last))
		return;
	snprintf(before, sizeof(before), "%s", r->fault);
	if (strncmp(before, path, strlen(path)) == 0 &&
	    (colon = strstr(before + strlen(path), ": ")) != NULL)
		rest = colon + 2;
	(void)fault_say(r->fault, "%s:%zu: a quote begins here and ends in line %zu: %s", path,
	    first, last, rest);
}

/*
 * Opens the file for reading.  Refuses a pipe: a read from a pipe without a writer would block the daemon at a reload.
 * Returns 0 or -errno; -EPIPE for a pipe.
 */
static int
config_file_open_file(const char *path, FILE **file)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		error = EPIPE;
	else if ((*file = fdopen(fd, "r")) == NULL)
		error = errno;
	else
		return 0;
	close(fd);
	return -error;
}

/* Some editors write U+FEFF, which is invisible, at the start of a file.  Spaces instead of the mark keep the columns. */
static void
config_file_blank_byte_order_mark(char *text, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (len >= sizeof(mark) - 1 && memcmp(text, mark, sizeof(mark) - 1) == 0)
		memset(text, ' ', sizeof(mark) - 1);
}

/* Returns the content of the file with room for one more byte, which the caller frees; or NULL with *status and `fault` set. */
static char *
config_file_slurp(const char *path, size_t *len, int *status, char *fault)
{
	FILE *file = NULL;
	char *text = NULL, *nul;
	int failed = config_file_open_file(path, &file);

	if (failed != 0) {
		*status = fault_set(fault, fault_status(-failed, EX_CONFIG), "%s: %s", path,
		    failed == -EPIPE ? "is a pipe; give a file" : strerror(-failed));
		return NULL;
	}
	if ((text = malloc(CONFIG_FILE_MAX + 2)) == NULL) {
		*status = fault_set(fault, EX_OSERR, "%s: out of memory", path);
		goto out;
	}
	errno = 0;
	*len = fread(text, 1, CONFIG_FILE_MAX + 1, file);
	*status = EX_CONFIG;
	if (ferror(file))
		fault_set(fault, EX_CONFIG, "%s: %s", path, strerror(errno));
	else if (*len > CONFIG_FILE_MAX)
		fault_set(fault, EX_CONFIG,
		    "%s: is larger than 1 MiB, so it is not a configuration file", path);
	else if ((nul = memchr(text, '\0', *len)) != NULL)
		fault_set(fault, EX_CONFIG, "%s:%zu: has a NUL byte, so it is not text", path,
		    config_file_line_of(text, nul));
	else
		*status = 0;
	if (*status != 0) {
		free(text);
		text = NULL;
	}
out:
	fclose(file);
	return text;
}

static int
config_file_parse(const char *path, char *text, size_t len, struct reader *r)
{
	cfg_opt_t opts[CONFIG_KEYS_MAX + 1] = {0};
	size_t rows;
	const struct config_key *keys = config_keys(&rows);
	FILE *stream;
	cfg_t *cfg;

	config_file_prepare(r, path, text, text + len);
	if (r->failed)
		return EX_CONFIG;
	r->last_line = config_file_last_line(text, text + len);
	for (size_t row = 0; row < rows; row++) {
		r->slots[row] = (struct slot){.reader = r, .key = &keys[row]};
		opts[row] = (cfg_opt_t){
		    .name = keys[row].name,
		    .type = CFGT_PTR,
		    .flags = keys[row].type == CONFIG_LIST ? CFGF_LIST : CFGF_NONE,
		    .simple_value = {.ptr = (void **)&r->slots[row]},
		    .parsecb = config_file_on_value,
		};
	}
	if ((cfg = cfg_init(opts, CFGF_NONE)) == NULL)
		return EX_OSERR;
	cfg_set_error_function(cfg, config_file_on_error);
	cfg->filename = strdup(path);
	/* Some C libraries refuse an empty buffer in fmemopen(), so append a newline. */
	text[len] = '\n';
	if (cfg->filename == NULL || (stream = fmemopen(text, len + 1, "r")) == NULL) {
		cfg_free(cfg);
		return EX_OSERR;
	}
	if (cfg_parse_fp(cfg, stream) != CFG_SUCCESS)
		config_file_fault(r, config_file_line_at(r, cfg), "%s:%zu: syntax error", path,
		    config_file_line_at(r, cfg));
	else
		config_file_take_empty_lists(cfg, r);
	if (r->failed)
		config_file_blame_quote(r, path, text, text + len);
	fclose(stream);
	cfg_free(cfg);
	return r->failed ? EX_CONFIG : 0;
}

int
config_file_read(const char *path, struct config_given *given, char *fault)
{
	struct reader *r = NULL;
	size_t len = 0;
	int status;
	char *text = config_file_slurp(path, &len, &status, fault);

	if (text == NULL)
		return status;
	if ((r = calloc(1, sizeof(*r))) == NULL) {
		status = EX_OSERR;
	} else {
		r->given = given;
		r->fault = fault;
		config_file_blank_byte_order_mark(text, len);
		status = config_file_parse(path, text, len, r);
	}
	if (status == EX_OSERR)
		fault_set(fault, EX_OSERR, "%s: out of memory", path);
	free(r);
	free(text);
	return status;
}

static int
config_file_is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* The order of bytes, not of the locale, so that all machines read the files in the same order. */
static int
config_file_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
config_file_read_one(const char *path, struct config_given *given, FILE *report, char *fault)
{
	int status = config_file_read(path, given, fault);

	if (status == 0 && report != NULL)
		fprintf(report, "%s: ok\n", path);
	return status;
}

int
config_file_read_all(const char *path, bool required, struct config_given *given, FILE *report,
    char *fault)
{
	char dir[PATH_MAX], file[PATH_MAX + NAME_MAX + 2];
	struct dirent **entries = NULL;
	int count, status = 0;

	if (required || access(path, F_OK) == 0 || errno != ENOENT) {
		status = config_file_read_one(path, given, report, fault);
		if (status != 0)
			return status;
	} else if (report != NULL) {
		fprintf(report, "%s: no such file; the defaults are ok\n", path);
	}
	if (snprintf(dir, sizeof(dir), "%s.d", path) >= (int)sizeof(dir))
		return fault_set(fault, EX_CONFIG, "%s: the path is too long", path);
	if ((count = scandir(dir, &entries, config_file_is_conf, config_file_by_name)) < 0) {
		if (errno == ENOENT)
			return 0;
		return fault_set(fault, fault_status(errno, EX_CONFIG), "%s: %s", dir,
		    strerror(errno));
	}
	for (int i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, entries[i]->d_name);
		if (status == 0)
			status = config_file_read_one(file, given, report, fault);
		free(entries[i]);
	}
	free(entries);
	return status;
}
