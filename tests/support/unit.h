/* SPDX-License-Identifier: MIT */
/*
 * The main function of a Check program: each test a case of its name, for CK_RUN_CASE, and in a process of its
 * own.
 */
#ifndef SWIMD_TESTS_SUPPORT_UNIT_H
#define SWIMD_TESTS_SUPPORT_UNIT_H

#include <check.h>
#include <stddef.h>
#include <stdio.h>

#define UNIT_TIMEOUT_SECONDS 120 /* a hang, even under sanitizers on a busy machine */

static inline int
unit_run(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int run, failed;

	for (size_t i = 0; i < count; i++) {
		TCase *tcase = tcase_create(tests[i]->name);

		tcase_set_timeout(tcase, UNIT_TIMEOUT_SECONDS);
		tcase_add_test(tcase, tests[i]);
		suite_add_tcase(suite, tcase);
	}
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	run = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (run == 0)
		fputs("none of the tests has that name\n", stderr);
	return failed != 0 || run == 0;
}

#define UNIT_MAIN(name, ...)                                                                       \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const tests[] = {__VA_ARGS__};                                        \
                                                                                                   \
		return unit_run(name, tests, sizeof(tests) / sizeof(tests[0]));                    \
	}

#endif
