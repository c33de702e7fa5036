/* SPDX-License-Identifier: MIT */
#include "ctl/problem.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"
#include "ctl/print.h"

static __attribute__((format(printf, 4, 0))) void
problem_vset(struct problem *p, enum ctl_exit status, const char *word, const char *format,
    va_list ap)
{
	char raw[sizeof(p->text)];

	vsnprintf(raw, sizeof(raw), format, ap);
	p->exit = status;
	p->word = word;
	p->json = NULL;
	print_safe(raw, p->text, sizeof(p->text));
}

enum ctl_exit
problem_set(struct problem *p, enum ctl_exit status, const char *word, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	problem_vset(p, status, word, format, ap);
	va_end(ap);
	return status;
}

void
problem_fini(struct problem *p)
{
	free(p->json);
	p->json = NULL;
}

enum ctl_exit
problem_print(const struct ctl *ctl, struct problem *p)
{
	fprintf(ctl->err, "swimctl: %s\n", p->text);
	if (ctl->format == CTL_JSON && p->json != NULL) {
		fprintf(ctl->out, "{\"error\":%s}\n", p->json);
	} else if (ctl->format == CTL_JSON) {
		/* The object has the form of the daemon's errors, so that one jq expression reads both. */
		json_t *error = json_pack("{s:{s:s,s:{s:s}}}", "error", "message", p->text, "data",
		    "code", p->word);
		char *text = error != NULL ? json_dumps(error, JSON_COMPACT) : NULL;

		if (text != NULL)
			fprintf(ctl->out, "%s\n", text);
		free(text);
		json_decref(error);
	}
	problem_fini(p);
	return p->exit;
}

enum ctl_exit
problem_fail(const struct ctl *ctl, enum ctl_exit status, const char *word, const char *format, ...)
{
	struct problem p;
	va_list ap;

	va_start(ap, format);
	problem_vset(&p, status, word, format, ap);
	va_end(ap);
	return problem_print(ctl, &p);
}
