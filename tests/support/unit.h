/* SPDX-License-Identifier: MIT */
/*
 * The main function of a test program with Check.  Each test is a test case of the same name, so that CK_RUN_CASE can select
 * one test, and runs in its own process.
 */
#ifndef SWIMD_TESTS_SUPPORT_UNIT_H
#define SWIMD_TESTS_SUPPORT_UNIT_H

#include <check.h>
#include <stddef.h>
#include <stdio.h>

#define UNIT_TIMEOUT_SECONDS 120 /* enough for any test with sanitizers on a busy machine */

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
		fputs("no test has the name in CK_RUN_CASE\n", stderr);
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
