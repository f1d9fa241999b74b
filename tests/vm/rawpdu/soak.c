// SPDX-License-Identifier: GPL-2.0
/*
 * Writes and reads back for a time, whatever happens to its sessions (tests/soak).
 * It knows for each chunk of its LUN what must be there: what was last answered GOOD,
 * or, where an answer never came, that or what was sent then; and once one of the two
 * has been read, just that one: nothing may land later.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rawpdu.h"

#define CHUNK_BLOCKS	8u
#define CHUNK_LEN	(CHUNK_BLOCKS * BLOCK)
#define CHUNKS		2048u
#define MAX_CHUNKS	32u	/* in one command */
#define SESSION_OPS	400u
#define PATIENCE_MS	(60000ull * opt.factor)	/* without a session */

/* What is in a chunk, as seeds of fill(): one or the other. */
struct chunk {
	u32 good;
	u32 maybe;
};

/* Shared by the process of a session and its parent. */
struct soak {
	u64 written;	/* chunks */
	u64 read;
	u64 last_session;	/* ms */
	u32 next_seed;
	bool wrong;
	struct chunk chunks[CHUNKS];
};

static struct soak *soak;
static u8 buf[MAX_CHUNKS * CHUNK_LEN], want[CHUNK_LEN];

static bool is(const u8 *chunk, u32 seed)
{
	if (seed)
		fill(want, sizeof(want), seed);
	else
		memset(want, 0, sizeof(want));
	return !memcmp(chunk, want, sizeof(want));
}

static void check_chunk(u32 index, const u8 *got)
{
	struct chunk *chunk = &soak->chunks[index];

	if (is(got, chunk->good)) {
		chunk->maybe = chunk->good;
	} else if (is(got, chunk->maybe)) {
		chunk->good = chunk->maybe;
	} else {
		soak->wrong = true;
		fail("wrong data: chunk %u, should be %u or %u, begins with %02x%02x%02x%02x",
		     index, chunk->good, chunk->maybe, got[0], got[1], got[2], got[3]);
	}
}

static bool again(const struct result *res)
{
	return res->status == SAM_STAT_BUSY || res->status == SAM_STAT_TASK_ABORTED ||
	       (res->status == SAM_STAT_CHECK_CONDITION &&
		(res->key == UNIT_ATTENTION || res->key == ABORTED_COMMAND));
}

static void read_chunks(struct conn *c, u32 first, u32 nr)
{
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;
	u32 i;

	cdb_rw(cdb, READ_10, first * CHUNK_BLOCKS, nr * CHUNK_BLOCKS);
	scsi_read(c, cdb, nr * CHUNK_LEN, buf, &res);
	if (again(&res))
		return;
	if (res.status != SAM_STAT_GOOD || res.length != nr * CHUNK_LEN)
		fail("READ: status 0x%02x, sense %x/%02x/%02x, %u bytes", res.status, res.key,
		     res.asc, res.ascq, res.length);
	for (i = 0; i < nr; i++)
		check_chunk(first + i, buf + i * CHUNK_LEN);
	soak->read += nr;
}

static void write_chunks(struct conn *c, u32 first, u32 nr)
{
	struct write_plan plan = plan_random(c, nr * CHUNK_LEN);
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;
	u32 i;

	/* Three versions of a chunk would be too many to tell apart. */
	for (i = 0; i < nr; i++)
		if (soak->chunks[first + i].good != soak->chunks[first + i].maybe)
			return read_chunks(c, first, nr);
	for (i = 0; i < nr; i++) {
		soak->chunks[first + i].maybe = ++soak->next_seed;
		fill(buf + i * CHUNK_LEN, CHUNK_LEN, soak->next_seed);
	}
	cdb_rw(cdb, WRITE_10, first * CHUNK_BLOCKS, nr * CHUNK_BLOCKS);
	scsi_write(c, cdb, nr * CHUNK_LEN, buf, &plan, &res);
	if (again(&res))
		return;
	if (res.status != SAM_STAT_GOOD)
		fail("WRITE: status 0x%02x, sense %x/%02x/%02x", res.status, res.key, res.asc,
		     res.ascq);
	for (i = 0; i < nr; i++)
		soak->chunks[first + i].good = soak->chunks[first + i].maybe;
	soak->written += nr;
}

static void session(u64 end)
{
	static const char *const keys[] = {
		NULL, "DataDigest=CRC32C", "InitialR2T=Yes\nImmediateData=No",
		"HeaderDigest=CRC32C\nMaxRecvDataSegmentLength=8192",
	};
	struct conn *c = login(&(struct login){ .keys = keys[rnd(ARRAY_SIZE(keys))] });
	u32 ops = 1 + rnd(SESSION_OPS);

	while (ops-- && now_ms() < end) {
		u32 nr = rnd(4) ? 1 + rnd(4) : 1 + rnd(MAX_CHUNKS);
		u32 first = rnd(CHUNKS - nr);

		if (rnd(5) < 3)
			write_chunks(c, first, nr);
		else
			read_chunks(c, first, nr);
		soak->last_session = now_ms();
	}
	if (rnd(3))
		logout(c);
}

/* One session in a process of its own; says how it ended, if that is of interest. */
static bool one_session(u32 seed, u64 end)
{
	char text[512];
	ssize_t n = 0, got;
	int pipefd[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(pipefd) || (pid = fork()) < 0)
		fail("pipe or fork");
	if (!pid) {
		dup2(pipefd[1], STDOUT_FILENO);
		srandom(seed);
		alarm(120 * opt.factor);
		session(end);
		exit(0);
	}
	close(pipefd[1]);
	while ((got = read(pipefd[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += got;
	text[n] = '\0';
	close(pipefd[0]);
	waitpid(pid, &status, 0);
	if (soak->wrong || strstr(text, "no answer") || WIFSIGNALED(status)) {
		printf("seed %u: %s%s\n", seed, text, WIFSIGNALED(status) ? "hangs" : "");
		return false;
	}
	/* Whoever is shut out tries again, but not all the time. */
	if (status)
		usleep(200000);
	return true;
}

/**
 * soak_run() - write and verify until the time is over
 * @seconds:	that time
 *
 * Return: 0, or 1 for wrong data, silence, or no session for a long time.
 */
int soak_run(u32 seconds)
{
	u64 end = now_ms() + seconds * 1000ull;
	u32 seed = opt.seed, sessions;

	soak = mmap(NULL, sizeof(*soak), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (soak == MAP_FAILED)
		fail("mmap");
	soak->last_session = now_ms();
	for (sessions = 0; now_ms() < end; sessions++) {
		if (!one_session(seed++, end))
			return 1;
		if (now_ms() - soak->last_session > PATIENCE_MS) {
			printf("no session for %llu ms\n", PATIENCE_MS);
			return 1;
		}
	}
	printf("%u sessions, %llu KiB written, %llu KiB read and right\n", sessions,
	       (unsigned long long)soak->written * CHUNK_LEN / 1024,
	       (unsigned long long)soak->read * CHUNK_LEN / 1024);
	return !soak->written || !soak->read;
}
