/* SPDX-License-Identifier: MIT */
#include "daemon/units.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define FRACTION_DIGITS 9

static const char error_range[] = "is out of range";
static const char error_negative[] = "is below 0";

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", UINT64_C(60) * 1000000000},
    {"h", UINT64_C(3600) * 1000000000},
    {"d", UINT64_C(86400) * 1000000000},
    {NULL, 0},
};

static const struct unit sizes[] = {
    {"", 1},
    {"B", 1},
    {"kB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"KiB", 1024},
    {"MiB", 1024 * 1024},
    {"GiB", 1024 * 1024 * 1024},
    {NULL, 0},
};

static const struct unit *
units_find(const struct unit *units, const char *name)
{
	for (; units->name != NULL; units++) {
		if (strcmp(units->name, name) == 0)
			return units;
	}
	return NULL;
}

/* Reads the digits at *text and moves *text behind them.  False: there is no digit.  *fits: the number has 64 bits at most. */
static bool
units_digits(const char **text, uint64_t *out, bool *fits)
{
	const char *p = *text;
	uint64_t n = 0;

	*fits = true;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			*fits = false;
	}
	if (p == *text)
		return false;
	*text = p;
	*out = n;
	return true;
}

/* Reads ".DIGITS" at *text, if it is there, in billionths, and moves *text behind it.  False: wrong number of digits. */
static bool
units_fraction(const char **text, uint64_t *billionths)
{
	const char *p = *text;
	unsigned digits = 0;

	*billionths = 0;
	if (*p != '.')
		return true;
	for (p++; *p >= '0' && *p <= '9'; p++) {
		if (++digits > FRACTION_DIGITS)
			return false;
		*billionths = *billionths * 10 + (uint64_t)(*p - '0');
	}
	if (digits == 0)
		return false;
	for (; digits < FRACTION_DIGITS; digits++)
		*billionths *= 10;
	*text = p;
	return true;
}

bool
units_duration(const char *text, swim_duration *out, const char **error)
{
	static const char wanted[] =
	    "is not a duration: give a number and its unit, as in 500ms, 5s, 2m, 1h or 1d";
	const struct unit *unit;
	unsigned __int128 ns;
	uint64_t whole, billionths;
	bool fits;

	*error = wanted;
	if (!units_digits(&text, &whole, &fits) || !units_fraction(&text, &billionths))
		return false;
	if (*text == '\0') {
		*error = "has no unit: give a number and its unit, as in 500ms, 5s, 2m, 1h or 1d";
		return false;
	}
	if ((unit = units_find(durations, text)) == NULL)
		return false;
	ns = (unsigned __int128)whole * unit->factor +
	     (unsigned __int128)billionths * unit->factor / 1000000000;
	if (!fits || ns > INT64_MAX) {
		*error = error_range;
		return false;
	}
	*out = swim_ns((int64_t)ns);
	return true;
}

bool
units_size(const char *text, uint64_t *out, const char **error)
{
	const struct unit *unit;
	uint64_t n;
	bool fits;

	*error = "is not a size: give bytes, as in 1400, 64KiB or 4MiB";
	if (!units_digits(&text, &n, &fits) || (unit = units_find(sizes, text)) == NULL)
		return false;
	if (!fits || __builtin_mul_overflow(n, unit->factor, out)) {
		*error = error_range;
		return false;
	}
	return true;
}

bool
units_count(const char *text, uint64_t *out, const char **error)
{
	bool fits;

	*error = *text == '-' ? error_negative : "is not a whole number";
	if (!units_digits(&text, out, &fits) || *text != '\0')
		return false;
	*error = error_range;
	return fits;
}

bool
units_factor(const char *text, double *out, const char **error)
{
	uint64_t whole, billionths;
	bool fits;

	*error = *text == '-' ? error_negative : "is not a number: give one such as 2 or 1.5";
	if (!units_digits(&text, &whole, &fits) || !units_fraction(&text, &billionths) ||
	    *text != '\0')
		return false;
	*out = (double)whole + (double)billionths / 1e9;
	*error = error_range;
	return fits;
}

bool
units_bool(const char *text, bool *out, const char **error)
{
	static const char *const words[2][4] = {
	    {"false", "no", "off", "0"},
	    {"true", "yes", "on", "1"},
	};

	for (int value = 0; value < 2; value++) {
		for (int i = 0; i < 4; i++) {
			if (strcasecmp(words[value][i], text) == 0) {
				*out = value == 1;
				return true;
			}
		}
	}
	*error = "is not a boolean: give true or false";
	return false;
}
