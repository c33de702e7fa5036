/* SPDX-License-Identifier: MIT */
/* The switches that turn off rules of the protocol in the simulator's core. */
#include "sim/rules.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

/* Only the simulator's core is compiled with SWIM_RULES; other cores have no switches. */
#define SWIM_RULES
#include "base/rule.h"

#define OPTION "--without "
#define SEPARATOR ","

static const struct {
	const char *name, *text;
} rules[] = {
#define RULE_ROW(name, text) {#name, text},
    RULES(RULE_ROW)
#undef RULE_ROW
};

bool rules_off[RULE_COUNT];

void
rules_print(void)
{
	for (size_t i = 0; i < RULE_COUNT; i++)
		printf("%-24s %s\n", rules[i].name, rules[i].text);
}

static void
turn_off(const char *name, size_t len)
{
	for (size_t i = 0; i < RULE_COUNT; i++) {
		if (strlen(rules[i].name) == len && memcmp(rules[i].name, name, len) == 0) {
			rules_off[i] = true;
			return;
		}
	}
	errx(64, "there is no rule '%.*s'; --rules shows them", (int)len, name);
}

void
rules_turn_off(const char *names)
{
	for (;;) {
		size_t len = strcspn(names, SEPARATOR);

		turn_off(names, len);
		if (names[len] == '\0')
			return;
		names += len + strlen(SEPARATOR);
	}
}

const char *
rules_option(void)
{
	/* Room for all rules. */
	static char text[sizeof(OPTION) + RULE_COUNT * 64];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < RULE_COUNT; i++)
		if (rules_off[i])
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
			    used == 0 ? OPTION : SEPARATOR, rules[i].name);
	if (used > 0)
		snprintf(text + used, sizeof(text) - used, " ");
	return text;
}
