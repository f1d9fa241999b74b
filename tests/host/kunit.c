// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the KUnit suites linked into this program and prints TAP, a line per
 * case and parameter. Arguments choose suites by name; without any all run.
 */

#include <kunit/test.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct allocation {
	struct allocation *next;
	max_align_t bytes[];
};

static struct kunit_suite *suites;
static struct allocation *allocations;
static jmp_buf abort_case;
static unsigned int failures;	/* of the case that runs */
static unsigned int count, failed;

void kunit_host_register(struct kunit_suite *suite)
{
	struct kunit_suite **at = &suites;

	while (*at && strcmp((*at)->name, suite->name) < 0)
		at = &(*at)->next;
	suite->next = *at;
	*at = suite;
}

void kunit_host_fail(struct kunit *test, bool abort, const char *file, int line,
		     const char *fmt, ...)
{
	va_list args;

	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	failures++;
	if (abort)
		longjmp(abort_case, 1);
}

void *kunit_kzalloc(struct kunit *test, size_t size, int gfp)
{
	struct allocation *new = calloc(1, sizeof(*new) + size);

	if (!new)
		return NULL;
	new->next = allocations;
	allocations = new;
	return new->bytes;
}

static void run_case(const struct kunit_suite *suite,
		     const struct kunit_case *c, const void *param,
		     const char *desc)
{
	struct kunit test = { .param_value = param };

	failures = 0;
	if (!setjmp(abort_case))
		c->run_case(&test);
	while (allocations) {
		struct allocation *next = allocations->next;

		free(allocations);
		allocations = next;
	}
	count++;
	failed += failures != 0;
	printf("%sok %u - %s %s%s%s\n", failures ? "not " : "", count,
	       suite->name, c->name, *desc ? ": " : "", desc);
	fflush(stdout);
}

static void run_suite(const struct kunit_suite *suite)
{
	const struct kunit_case *c;

	for (c = suite->test_cases; c->run_case; c++) {
		char desc[KUNIT_PARAM_DESC_SIZE] = "";
		const void *param = NULL;

		if (!c->generate_params) {
			run_case(suite, c, NULL, desc);
			continue;
		}
		while ((param = c->generate_params(param, desc)))
			run_case(suite, c, param, desc);
	}
}

int main(int argc, char **argv)
{
	const struct kunit_suite *suite;

	for (suite = suites; suite; suite = suite->next) {
		bool chosen = argc == 1;
		int i;

		for (i = 1; i < argc; i++)
			chosen |= !strcmp(argv[i], suite->name);
		if (chosen)
			run_suite(suite);
	}
	printf("1..%u\n", count);
	return failed || !count;
}
