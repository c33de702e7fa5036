/* SPDX-License-Identifier: MIT */
/* swimd-control(7) has all entries of the code's tables: methods, parameters, events, error words, metrics. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/event.h"
#include "control/method.h"
#include "control_world.h"
#include "support/unit.h"

#define MANUAL TOP_DIR "/man/swimd-control.7"

/* The text of the page, to be freed. */
static char *
manual(void)
{
	FILE *file = fopen(MANUAL, "r");
	char *page = NULL;
	size_t size = 0;

	ck_assert_msg(file != NULL, "%s", MANUAL);
	/* The page has no NUL, so this reads the whole page. */
	ck_assert_int_gt(getdelim(&page, &size, '\0', file), 0);
	fclose(file);
	return page;
}

/*
 * Find the line that begins with this request and word.  Returns the text after the word; fails if there is no
 * line.
 */
static const char *
says(const char *page, const char *request, const char *word)
{
	char line[128];
	const char *at = page;

	snprintf(line, sizeof(line), "\n%s %s", request, word);
	while ((at = strstr(at, line)) != NULL) {
		at += strlen(line);
		if (*at == '\n' || *at == ' ')
			return at;
	}
	ck_abort_msg("%s lacks the line '%s'", MANUAL, line + 1);
}

START_TEST(the_manual_has_all_methods_and_parameters)
{
	char *page = manual();

	for (size_t i = 0; i < method_count(); i++) {
		const struct method *method = method_at(i);
		const char *entry = says(page, ".It Ic", method->name);
		char *own = strndup(entry,
		    (size_t)(strstr(entry, "\n.It Ic") != NULL ? strstr(entry, "\n.It Ic") - entry
							       : strstr(entry, "\n.Sh") - entry));

		for (const struct method_param *p = method->params; p->name != NULL; p++) {
			const char *about = says(own, ".It Va", p->name);

			ck_assert_msg((strncmp(about, "\nRequired:", 10) == 0) == p->required,
			    "%s of %s", p->name, method->name);
		}
		free(own);
	}
	free(page);
}
END_TEST

START_TEST(the_manual_has_all_events)
{
	char *page = manual();

	for (unsigned kind = 0; kind < EVENT_KINDS; kind++)
		says(page, ".It Cm", event_name((enum event_kind)kind));
	free(page);
}
END_TEST

START_TEST(the_manual_has_all_errors)
{
	static const int codes[] = {CONTROL_PARSE_ERROR, CONTROL_INVALID_REQUEST,
	    CONTROL_UNKNOWN_METHOD, CONTROL_INVALID_PARAMS, CONTROL_FAILED, CONTROL_NOT_FOUND,
	    CONTROL_DENIED, CONTROL_TOO_LARGE, CONTROL_UNAVAILABLE, CONTROL_CONFLICT};
	char *page = manual(), number[32];

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const char *entry = says(page, ".It Cm", refusal_word(codes[i]));

		snprintf(number, sizeof(number), " Ta \\%d Ta ", codes[i]);
		ck_assert_msg(strncmp(entry, number, strlen(number)) == 0, "%d", codes[i]);
	}
	free(page);
}
END_TEST

/* Tells whether the page has this word, between spaces or newlines. */
static bool
mentions(const char *page, const char *word)
{
	const char *at = page;
	size_t len = strlen(word);

	while ((at = strstr(at, word)) != NULL) {
		if (strchr(" \n", at[-1]) != NULL && strchr(" \n", at[len]) != NULL)
			return true;
		at++;
	}
	return false;
}

START_TEST(the_manual_has_all_keys_of_answers)
{
	static const char *const methods[] = {"info", "members", "health", "discovery", "metrics",
	    "subscribe", "reload", "tags"};
	struct world world;
	struct caller caller;
	char *page = manual();

	world_start(&world, 0);
	world.discovery.count = 1;
	strcpy(world.discovery.peers[0].source, "seed");
	caller_open(&caller, &world, world.path);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		json_t *result = caller_result(&caller, methods[i]), *value, *element;
		const char *key, *inner;

		json_object_foreach(result, key, value) {
			ck_assert_msg(mentions(page, key), "%s of %s", key, methods[i]);
			element = json_is_array(value) ? json_array_get(value, 0) : value;
			if (!json_is_object(element) || strcmp(methods[i], "metrics") == 0)
				continue;
			json_object_foreach(element, inner, value)
				ck_assert_msg(mentions(page, inner), "%s of %s", inner, key);
		}
		json_decref(result);
	}
	caller_close(&caller);
	world_stop(&world);
	free(page);
}
END_TEST

UNIT_MAIN("control_manual", the_manual_has_all_methods_and_parameters, the_manual_has_all_events,
    the_manual_has_all_errors, the_manual_has_all_keys_of_answers)
