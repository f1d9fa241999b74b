// SPDX-License-Identifier: GPL-2.0
/* Options, and the cases one after the other as TAP. See rawpdu.h. */

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rawpdu.h"

#define DEFAULT_SECONDS	20
#define EXIT_SKIP	77

struct options opt = {
	.initiator = "iqn.2026-01.vm.lunar:initiator",
	.factor = 1,
	.login_timeout = 15,
	.seed = 1,
};

static const struct test_case *const tables[] = {
	login_cases, nego_cases, security_cases, pdu_cases, cmdsn_cases,
	write_cases, data_cases, session_cases, stuck_cases, tmf_cases,
	order_cases, time_cases, lun_cases, full_cases, fault_cases,
};

void fail(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(EXIT_FAILURE);
}

void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	fflush(stdout);
	exit(EXIT_SKIP);
}

/* A number below @limit; the seed decides which. */
u32 rnd(u32 limit)
{
	return ((u32)random() << 8 ^ (u32)random()) % limit;
}

u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + (u64)ts.tv_nsec / 1000000;
}

/* A pattern that differs from byte to byte, block to block and seed to seed. */
void fill(void *buf, u32 len, u32 seed)
{
	u32 state = seed * 2654435761u + 12345, i;

	for (i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		((u8 *)buf)[i] = state >> 24;
	}
}

static void usage(void)
{
	fprintf(stderr,
		"usage: rawpdu -p ADDRESS:PORT -t TARGET [-i INITIATOR] [-u USER -s SECRET [-m TARGET_SECRET]]\n"
		"              [-l LUN] [-b SOURCE_ADDRESS] [-x FACTOR] [-T LOGIN_TIMEOUT] [-S SEED]\n"
		"              [-P SECONDS] [-M] [-H COMMAND -R COMMAND [-O]] [PATTERN]...\n"
		"       rawpdu -q VERB -p ... -t ...    see query.c\n"
		"       rawpdu -L    lists the cases\n"
		"       rawpdu -F ROUNDS|SECONDSs [option]...    no cases, but random PDUs\n"
		"       rawpdu -D SECONDS [option]...    writes and reads back, see soak.c\n"
		"The LUN is overwritten. -x stretches all deadlines. -H and -R: shell commands that\n"
		"hold the backstore and release it. -O: it orders commands that overlap.\n"
		"-P: the ACL waits that long for an answer to a ping, and for data.\n"
		"-M: the LUNs of case_lun.c are mapped.\n");
	exit(2);
}

static void list(void)
{
	const struct test_case *tc;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (tc = tables[i]; tc->name; tc++)
			printf("%-28s %s\n", tc->name, tc->clause);
	exit(0);
}

static void parse_portal(char *portal)
{
	char *colon = strrchr(portal, ':');

	if (!colon)
		usage();
	*colon = '\0';
	opt.port = colon + 1;
	if (portal[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		portal++;
	}
	opt.host = portal;
}

/* Returns the argument of -q, or NULL. */
static const char *parse_options(int argc, char **argv)
{
	const char *verb = NULL;
	int c;

	while ((c = getopt(argc, argv, "p:t:i:u:s:m:l:x:T:S:P:Mb:q:H:R:OF:D:L")) != -1) {
		switch (c) {
		case 'p':
			parse_portal(optarg);
			break;
		case 't':
			opt.target = optarg;
			break;
		case 'i':
			opt.initiator = optarg;
			break;
		case 'u':
			opt.user = optarg;
			break;
		case 's':
			opt.secret = optarg;
			break;
		case 'm':
			opt.target_secret = optarg;
			break;
		case 'l':
			opt.lun = atoi(optarg);
			break;
		case 'x':
			opt.factor = atoi(optarg);
			break;
		case 'T':
			opt.login_timeout = atoi(optarg);
			break;
		case 'S':
			opt.seed = atoi(optarg);
			break;
		case 'M':
			opt.many_luns = true;
			break;
		case 'P':
			opt.patience = atoi(optarg);
			break;
		case 'b':
			opt.source = optarg;
			break;
		case 'q':
			verb = optarg;
			break;
		case 'H':
			opt.hold = optarg;
			break;
		case 'R':
			opt.release = optarg;
			break;
		case 'O':
			opt.ordered = true;
			break;
		case 'F':
			opt.fuzz = optarg;
			break;
		case 'D':
			opt.soak = atoi(optarg);
			break;
		case 'L':
			list();
			break;
		default:
			usage();
		}
	}
	if (!opt.host || !opt.target || !opt.user != !opt.secret || !opt.hold != !opt.release || opt.lun > 255 ||
	    !opt.factor)
		usage();
	return verb;
}

static bool selected(const char *name, char **patterns)
{
	bool any = !*patterns;

	for (; *patterns; patterns++)
		any |= !fnmatch(*patterns, name, 0);
	return any;
}

static void child(const struct test_case *tc, int out)
{
	dup2(out, STDOUT_FILENO);
	srandom(opt.seed);
	alarm((tc->seconds ? tc->seconds : DEFAULT_SECONDS) * opt.factor);
	tc->run();
	exit(0);
}

/* Runs a case; true unless it failed. */
static bool run(const struct test_case *tc, int nr)
{
	u64 begin = now_ms();
	char text[4096];
	size_t len = 0;
	int pipefd[2], status;
	ssize_t n;
	pid_t pid;

	fflush(stdout);
	/* What a case leaves running in the background must not keep it open. */
	if (pipe2(pipefd, O_CLOEXEC))
		fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (!pid)
		child(tc, pipefd[1]);
	close(pipefd[1]);
	while ((n = read(pipefd[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	close(pipefd[0]);
	waitpid(pid, &status, 0);

	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP) {
		printf("ok %d - %s # SKIP %s\n", nr, tc->name, text);
		return true;
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		printf("ok %d - %s # %u ms\n%s", nr, tc->name,
		       (unsigned int)(now_ms() - begin), text);
		return true;
	}
	printf("not ok %d - %s (%s)\n%s", nr, tc->name, tc->clause, text);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		printf("# hangs: not over after %u ms\n", (unsigned int)(now_ms() - begin));
	else if (WIFSIGNALED(status))
		printf("# died of signal %d\n", WTERMSIG(status));
	return false;
}

int main(int argc, char **argv)
{
	const struct test_case *tc;
	int nr = 0, failed = 0;
	unsigned int i;
	const char *verb = parse_options(argc, argv);

	if (verb)
		return query(verb);
	printf("# seed %u\n", opt.seed);
	if (opt.soak)
		return soak_run(opt.soak);
	if (opt.fuzz) {
		bool timed = strchr(opt.fuzz, 's');

		return fuzz(timed ? 0 : atoi(opt.fuzz), timed ? atoi(opt.fuzz) : 0);
	}
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		for (tc = tables[i]; tc->name; tc++) {
			if (selected(tc->name, argv + optind))
				failed += !run(tc, ++nr);
		}
	}
	printf("1..%d\n", nr);
	return failed || !nr;
}
