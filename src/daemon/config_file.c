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
 * libConfuse calls back without a context of ours.  A "simple" value is one that it stores through a
 * pointer: ours leads to a slot, whose first member takes what it stores (always NULL) and whose others
 * are the context.
 */
struct slot {
	void *stored;
	struct reader *reader;
	const struct config_key *key;
	unsigned line; /* of the first value; 0: none yet */
};

struct reader {
	struct config_given *given;
	char *error;
	bool failed;
	struct slot slots[CONFIG_KEYS_MAX];
};

static struct slot *
slot_of(const cfg_opt_t *opt)
{
	return (struct slot *)(void *)opt->simple_value.ptr;
}

/* The first fault is the one that counts: later ones follow from it. */
static void __attribute__((format(printf, 2, 3))) fault(struct reader *r, const char *format, ...)
{
	va_list ap;

	if (r->failed)
		return;
	r->failed = true;
	va_start(ap, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(r->error, FAULT_MAX, format, ap);
	va_end(ap);
}

/* " 'NAME'", as it is and as it is shown. */
static void
unknown_key(struct reader *r, const cfg_t *cfg, const char *quoted, const char *shown)
{
	char name[NEAREST_MAX + 1];
	const char *near = NULL;

	if (sscanf(quoted, " '%40[a-zA-Z0-9_-]'", name) == 1)
		near = config_nearest(name);
	if (near != NULL)
		fault(r, "%s:%d: unknown key%s; did you mean '%s'?", cfg->filename, cfg->line,
		    shown, near);
	else
		fault(r, "%s:%d: unknown key%s", cfg->filename, cfg->line, shown);
}

static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *format, va_list ap)
{
	struct reader *r = slot_of(cfg_getnopt(cfg, 0))->reader;
	static const char unknown[] = "no such option";
	char text[256], shown[320];

	vsnprintf(text, sizeof(text), format, ap);
	/* The text quotes the file, which may hold anything. */
	utf8_escape(text, strlen(text), false, shown, sizeof(shown));
	if (strncmp(shown, unknown, sizeof(unknown) - 1) == 0)
		unknown_key(r, cfg, text + sizeof(unknown) - 1, shown + sizeof(unknown) - 1);
	else
		fault(r, "%s:%d: %s", cfg->filename, cfg->line, shown);
}

/* One value, or one item of a list. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	struct slot *slot = slot_of(opt);
	struct reader *r = slot->reader;
	enum config_mode mode = CONFIG_APPEND;
	char error[FAULT_MAX], origin[PATH_MAX + 16];

	*(void **)result = NULL;
	/* Set by '=' and not by '+=' or a list's comma; ours to take back, as the value is not libConfuse's. */
	if ((opt->flags & CFGF_RESET) != 0) {
		opt->flags &= ~CFGF_RESET;
		mode = CONFIG_REPLACE;
		if (slot->line != 0) {
			fault(r, "%s:%d: %s is set a second time; line %u has the first",
			    cfg->filename, cfg->line, opt->name, slot->line);
			return -1;
		}
	}
	if (slot->line == 0)
		slot->line = (unsigned)cfg->line;
	snprintf(origin, sizeof(origin), "%s:%d", cfg->filename, cfg->line);
	if (!config_set(r->given, slot->key, mode, text, origin, error)) {
		fault(r, "%s", error);
		return -1;
	}
	return 0;
}

/* An empty list brings no value: '=' has left its mark all the same. */
static void
take_empty_lists(cfg_t *cfg, struct reader *r)
{
	char error[FAULT_MAX];
	cfg_opt_t *opt;

	for (unsigned i = 0; (opt = cfg_getnopt(cfg, i)) != NULL; i++) {
		struct slot *slot = slot_of(opt);

		if ((opt->flags & CFGF_RESET) == 0)
			continue;
		if (slot->line != 0)
			fault(r, "%s: %s is set a second time; line %u has the first",
			    cfg->filename, opt->name, slot->line);
		else if (!config_set_empty(r->given, slot->key, cfg->filename, error))
			fault(r, "%s", error);
	}
}

static size_t
line_of(const char *text, const char *at)
{
	size_t line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

/*
 * Blanks out comments.  libConfuse 3.3 counts each of them as two or three lines, so that its messages
 * name the wrong one.  The rules for where a comment begins are those of its lexer.  Returns NULL, or where
 * a comment begins that does not end.
 */
static const char *
blank_comments(char *p, const char *end)
{
	while (p < end) {
		if (*p == '"' || *p == '\'') {
			char quote = *p++;

			while (p < end && *p != quote)
				p += *p == '\\' && p + 1 < end ? 2 : 1;
			p += p < end;
		} else if (*p == '#' || (*p == '/' && p + 1 < end && p[1] == '/')) {
			while (p < end && *p != '\n')
				*p++ = ' ';
		} else if (*p == '/' && p + 1 < end && p[1] == '*') {
			char *close = memmem(p + 2, (size_t)(end - p) - 2, "*/", 2);

			if (close == NULL)
				return p;
			for (; p < close + 2; p++) {
				if (*p != '\n')
					*p = ' ';
			}
		} else {
			p++;
		}
	}
	return NULL;
}

/*
 * Never waits: a pipe that nobody writes to would hold up the whole daemon at a reload.  -errno; -EPIPE: it is a
 * pipe.
 */
static int
open_file(const char *path, FILE **file)
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

/* Some editors begin UTF-8 with U+FEFF, which nobody sees: blank here, so that lines and columns stay. */
static void
blank_byte_order_mark(char *text, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (len >= sizeof(mark) - 1 && memcmp(text, mark, sizeof(mark) - 1) == 0)
		memset(text, ' ', sizeof(mark) - 1);
}

/* The whole file, to free, with room for one byte more; or NULL with *status and `error` set. */
static char *
slurp(const char *path, size_t *len, int *status, char *error)
{
	FILE *file = NULL;
	char *text = NULL, *nul;
	int failed = open_file(path, &file);

	if (failed != 0) {
		*status = fault_set(error, fault_status(-failed, EX_CONFIG), "%s: %s", path,
		    failed == -EPIPE ? "is a pipe, and has to be a file" : strerror(-failed));
		return NULL;
	}
	if ((text = malloc(CONFIG_FILE_MAX + 2)) == NULL) {
		*status = fault_set(error, EX_OSERR, "%s: out of memory", path);
		goto out;
	}
	errno = 0;
	*len = fread(text, 1, CONFIG_FILE_MAX + 1, file);
	*status = EX_CONFIG;
	if (ferror(file))
		fault_set(error, EX_CONFIG, "%s: %s", path, strerror(errno));
	else if (*len > CONFIG_FILE_MAX)
		fault_set(error, EX_CONFIG,
		    "%s: is larger than 1 MiB, so it is no configuration file", path);
	else if ((nul = memchr(text, '\0', *len)) != NULL)
		fault_set(error, EX_CONFIG, "%s:%zu: has a NUL byte, so it is no text", path,
		    line_of(text, nul));
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
parse(const char *path, char *text, size_t len, struct reader *r)
{
	cfg_opt_t opts[CONFIG_KEYS_MAX + 1] = {0};
	size_t rows;
	const struct config_key *keys = config_keys(&rows);
	const char *open_comment = blank_comments(text, text + len);
	FILE *stream;
	cfg_t *cfg;

	if (open_comment != NULL) {
		fault(r, "%s:%zu: a comment begins here and does not end", path,
		    line_of(text, open_comment));
		return EX_CONFIG;
	}
	for (size_t row = 0; row < rows; row++) {
		r->slots[row] = (struct slot){.reader = r, .key = &keys[row]};
		opts[row] = (cfg_opt_t){
		    .name = keys[row].name,
		    .type = CFGT_PTR,
		    .flags = keys[row].type == CONFIG_LIST ? CFGF_LIST : CFGF_NONE,
		    .simple_value = {.ptr = (void **)&r->slots[row]},
		    .parsecb = on_value,
		};
	}
	if ((cfg = cfg_init(opts, CFGF_NONE)) == NULL)
		return EX_OSERR;
	cfg_set_error_function(cfg, on_error);
	cfg->filename = strdup(path);
	/* A newline more, since fmemopen does not take an empty buffer everywhere. */
	text[len] = '\n';
	if (cfg->filename == NULL || (stream = fmemopen(text, len + 1, "r")) == NULL) {
		cfg_free(cfg);
		return EX_OSERR;
	}
	if (cfg_parse_fp(cfg, stream) != CFG_SUCCESS)
		fault(r, "%s:%d: syntax error", path, cfg->line);
	else
		take_empty_lists(cfg, r);
	fclose(stream);
	cfg_free(cfg);
	return r->failed ? EX_CONFIG : 0;
}

int
config_file_read(const char *path, struct config_given *given, char *error)
{
	struct reader *r = NULL;
	size_t len = 0;
	int status;
	char *text = slurp(path, &len, &status, error);

	if (text == NULL)
		return status;
	if ((r = calloc(1, sizeof(*r))) == NULL) {
		status = EX_OSERR;
	} else {
		r->given = given;
		r->error = error;
		blank_byte_order_mark(text, len);
		status = parse(path, text, len, r);
	}
	if (status == EX_OSERR)
		fault_set(error, EX_OSERR, "%s: out of memory", path);
	free(r);
	free(text);
	return status;
}

static int
is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* In byte order whatever the locale, so that every machine reads them alike. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
read_one(const char *path, struct config_given *given, FILE *report, char *error)
{
	int status = config_file_read(path, given, error);

	if (status == 0 && report != NULL)
		fprintf(report, "%s: ok\n", path);
	return status;
}

int
config_file_read_all(const char *path, bool required, struct config_given *given, FILE *report,
    char *error)
{
	char dir[PATH_MAX], file[PATH_MAX + NAME_MAX + 2];
	struct dirent **entries = NULL;
	int count, status = 0;

	if (required || access(path, F_OK) == 0 || errno != ENOENT) {
		status = read_one(path, given, report, error);
		if (status != 0)
			return status;
	} else if (report != NULL) {
		fprintf(report, "%s: not there; the defaults are ok\n", path);
	}
	if (snprintf(dir, sizeof(dir), "%s.d", path) >= (int)sizeof(dir))
		return fault_set(error, EX_CONFIG, "%s: the path is too long", path);
	if ((count = scandir(dir, &entries, is_conf, by_name)) < 0) {
		if (errno == ENOENT)
			return 0;
		return fault_set(error, fault_status(errno, EX_CONFIG), "%s: %s", dir,
		    strerror(errno));
	}
	for (int i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, entries[i]->d_name);
		if (status == 0)
			status = read_one(file, given, report, error);
		free(entries[i]);
	}
	free(entries);
	return status;
}
