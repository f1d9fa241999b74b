// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions that go wrong at random. Each round is a process of its own with its
 * own seed, and so the same PDUs again for the same seed, as far as the target's
 * timing lets them. What the target must do about them is stay alive, serve
 * others and lose nothing; tests/vm/290-fuzz.sh looks after that.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rawpdu.h"

#define ROUND_SECONDS	5
#define CHECK_EVERY	50
#define STEPS		40
#define DISK_BLOCKS	2048u	/* the fuzzed LUN has at least these */
#define OPEN_R2TS	16

struct fuzz {
	struct conn *c;
	u32 mutate;		/* of 100 PDUs, so many are mutated */
	u32 last_itt;
	u32 nr_r2ts;
	struct iscsi_r2t_rsp r2ts[OPEN_R2TS];
	size_t have;
	u8 in[2 * MAX_DATA];
};

static u8 pattern[MAX_DATA];

/* --- what the target sends: taken apart without a check -------------------- */

static void keep_r2t(struct fuzz *f, const union bhs *bhs)
{
	if (f->nr_r2ts < OPEN_R2TS)
		f->r2ts[f->nr_r2ts++] = bhs->r2t;
}

static size_t pdu_size(const struct fuzz *f, const union bhs *bhs)
{
	size_t len = ntoh24(bhs->hdr.dlength);
	size_t size = sizeof(*bhs) + bhs->hdr.hlength * 4 + (len + 3) / 4 * 4;

	if (f->c->header_digest)
		size += 4;
	if (f->c->data_digest && len)
		size += 4;
	return size;
}

static void take_apart(struct fuzz *f)
{
	size_t at = 0;

	while (f->have - at >= sizeof(union bhs)) {
		union bhs bhs;
		size_t size;

		memcpy(&bhs, f->in + at, sizeof(bhs));
		size = pdu_size(f, &bhs);
		if (size > sizeof(f->in) / 2)
			fail("opcode 0x%02x of %zu bytes", bhs.hdr.opcode, size);
		if (f->have - at < size)
			break;
		f->c->exp_cmdsn = be32toh(bhs.rsp.exp_cmdsn);
		f->c->max_cmdsn = be32toh(bhs.rsp.max_cmdsn);
		if (bhs.hdr.opcode == ISCSI_OP_R2T)
			keep_r2t(f, &bhs);
		else if (bhs.hdr.opcode != ISCSI_OP_SCSI_DATA_IN)
			f->c->exp_statsn = be32toh(bhs.rsp.statsn) + 1;
		at += size;
	}
	memmove(f->in, f->in + at, f->have - at);
	f->have -= at;
}

/* Takes what has come; false at the end of the connection. */
static bool drain(struct fuzz *f, u32 ms)
{
	while (pdu_pending(f->c, ms)) {
		ssize_t n = recv(f->c->fd, f->in + f->have, sizeof(f->in) - f->have,
				 MSG_DONTWAIT);

		if (n <= 0)
			return false;
		f->have += n;
		take_apart(f);
		ms = 0;
	}
	return true;
}

/* --- what we send ----------------------------------------------------------- */

static u32 rnd_length(void)
{
	static const u32 edges[] = { 0, 1, 3, 4, 511, 512, 4096, 8192, 65536, 262144 };

	return rnd(3) ? edges[rnd(ARRAY_SIZE(edges))] : rnd(300000);
}

static void mutate_header(union bhs *bhs)
{
	/* Fields that steer the receiver more often than just any byte. */
	static const u8 fields[] = { 0, 1, 2, 3, 4, 16, 19, 20, 23, 24, 27, 28, 36, 40, 44 };
	u32 times = 1 + rnd(3);

	while (times--) {
		u8 *byte = &bhs->raw[rnd(2) ? fields[rnd(ARRAY_SIZE(fields))] :
				     rnd(sizeof(bhs->raw))];

		switch (rnd(4)) {
		case 0:
			*byte ^= 1 << rnd(8);
			break;
		case 1:
			*byte = rnd(256);
			break;
		case 2:
			*byte = rnd(2) ? 0xff : 0;
			break;
		default:
			*byte += rnd(2) ? 1 : -1;
		}
	}
}

/* Header and data as they are, whatever the lengths in the header say. */
static bool send_torn(struct fuzz *f, union bhs *bhs, const void *data, u32 len)
{
	u8 buf[sizeof(*bhs) + 65536];

	if (len > 65536)
		len = 65536;
	memcpy(buf, bhs, sizeof(*bhs));
	memcpy(buf + sizeof(*bhs), data, len);
	return conn_send(f->c, buf, 1 + rnd(sizeof(*bhs) + len));
}

/*
 * Lengths that are not those of what follows: the receiver waits for more, or takes
 * data for a header.
 */
static bool send_lying(struct fuzz *f, union bhs *bhs, const void *data, u32 len)
{
	static const u32 lies[] = { 1, 4, 512, 8192, 262144, 0xffffff };
	u8 buf[sizeof(*bhs) + 65536];
	u32 says = len, lie = lies[rnd(ARRAY_SIZE(lies))];

	if (len > 65536)
		len = 65536;
	if (rnd(3))
		says = rnd(2) ? len + lie : len - lie;
	hton24(bhs->hdr.dlength, says & 0xffffff);
	if (says == len || !rnd(3))
		bhs->hdr.hlength = rnd(2) ? 1 + rnd(4) : rnd(256);
	memcpy(buf, bhs, sizeof(*bhs));
	memcpy(buf + sizeof(*bhs), data, len);
	return conn_send(f->c, buf, sizeof(*bhs) + len);
}

static bool put(struct fuzz *f, union bhs *bhs, const void *data, u32 len)
{
	u8 ahs[64];
	u32 ahs_len = 0;

	if (len > sizeof(pattern))
		len = sizeof(pattern);
	f->last_itt = be32toh(bhs->hdr.itt);
	if (rnd(100) >= f->mutate)
		return pdu_send(f->c, bhs, data, len);
	if (!rnd(10)) {
		ahs_len = 4 * rnd(ARRAY_SIZE(ahs) / 4);
		fill(ahs, ahs_len, rnd(1000));
		if (ahs_len && rnd(2)) {
			ahs[0] = 0;
			ahs[1] = ahs_len - 3;
			ahs[2] = 1 + rnd(2);
		}
	}
	if (!rnd(12))
		f->c->corrupt = 1 + rnd(2);
	mutate_header(bhs);
	switch (rnd(10)) {
	case 8:
	case 9:
		return send_lying(f, bhs, data ? data : pattern, len);
	case 0:
		return send_torn(f, bhs, data ? data : pattern, len);
	case 1:
		return conn_send(f->c, bhs, sizeof(*bhs));
	case 2:
		return pdu_send_ahs(f->c, bhs, ahs, ahs_len, data, len) &&
		       pdu_send_ahs(f->c, bhs, ahs, ahs_len, data, len);
	case 3:
		return pdu_send_ahs(f->c, bhs, ahs, ahs_len, pattern, rnd_length());
	default:
		return pdu_send_ahs(f->c, bhs, ahs, ahs_len, data, len);
	}
}

static u8 immediate(void)
{
	return rnd(8) ? 0 : ISCSI_OP_IMMEDIATE;
}

/* CDBs that change nothing that the test wants to keep: the LUN is ours. */
static void random_cdb(u8 *cdb, u32 blocks)
{
	static const u8 opcodes[] = {
		READ_10, WRITE_10, READ_16, WRITE_16, READ_6, WRITE_6, INQUIRY,
		TEST_UNIT_READY, REPORT_LUNS, MODE_SENSE, MODE_SELECT, READ_CAPACITY,
		SERVICE_ACTION_IN_16, SYNCHRONIZE_CACHE, COMPARE_AND_WRITE, UNMAP,
		WRITE_SAME, WRITE_SAME_16, REQUEST_SENSE, PERSISTENT_RESERVE_IN,
		PERSISTENT_RESERVE_OUT, MAINTENANCE_IN, VERIFY, EXTENDED_COPY,
		RECEIVE_COPY_RESULTS, RESERVE, RELEASE, VERIFY_12, VERIFY_16,
		WRITE_VERIFY, WRITE_VERIFY_12, WRITE_VERIFY_16, PRE_FETCH,
		0x90 /* PRE-FETCH(16) */, 0x8b /* ORWRITE(16) */,
	};

	cdb_rw(cdb, opcodes[rnd(ARRAY_SIZE(opcodes))], rnd(DISK_BLOCKS), blocks);
	if (!rnd(3))
		fill(cdb + 1, ISCSI_CDB_SIZE - 1, rnd(100000));
	if (!rnd(20))
		cdb[0] = rnd(256);
}

static bool send_command(struct fuzz *f)
{
	u32 edtl = rnd(4) ? (1 + rnd(256)) * BLOCK : rnd_length(), now = 0;
	union bhs bhs;
	u8 dir;

	bhs_init(f->c, &bhs, ISCSI_OP_SCSI_CMD | immediate());
	cdb_rw(bhs.cmd.cdb, rnd(2) ? READ_10 : WRITE_10, rnd(DISK_BLOCKS), edtl / BLOCK);
	dir = bhs.cmd.cdb[0] == READ_10 ? ISCSI_FLAG_CMD_READ : ISCSI_FLAG_CMD_WRITE;
	if (!rnd(3)) {
		random_cdb(bhs.cmd.cdb, edtl / BLOCK);
		dir = rnd(4) << 5;
	}
	if (dir & ISCSI_FLAG_CMD_WRITE)
		now = rnd(2) ? edtl : rnd(edtl + 1);
	if (now > f->c->key[FIRST_BURST] && rnd(20))
		now = 0;
	bhs.cmd.flags = dir | rnd(8) | (rnd(4) ? FINAL : 0);
	bhs.cmd.lun.scsi_lun[1] = rnd(20) ? opt.lun : rnd(256);
	bhs.cmd.data_length = htobe32(edtl);
	return put(f, &bhs, pattern, now);
}

static bool send_data_out(struct fuzz *f)
{
	struct iscsi_r2t_rsp r2t = { .itt = htobe32(f->last_itt), .ttt = ~0u };
	u32 offset, len, piece, datasn = 0;
	union bhs bhs;

	if (f->nr_r2ts) {
		r2t = f->r2ts[--f->nr_r2ts];
	} else {
		r2t.data_offset = htobe32(rnd_length());
		r2t.data_length = htobe32(rnd_length());
	}
	offset = be32toh(r2t.data_offset);
	len = be32toh(r2t.data_length);
	do {
		piece = rnd(3) || len < 8 ? len : rnd(len / 4) * 4 + 4;
		if (piece > f->c->key[TARGET_MAX_RECV] && rnd(50))
			piece = f->c->key[TARGET_MAX_RECV];
		if (piece > MAX_DATA)
			piece = MAX_DATA;
		bhs_init(f->c, &bhs, ISCSI_OP_SCSI_DATA_OUT);
		bhs.data_out.rsvd4 = 0;
		bhs.data_out.lun.scsi_lun[1] = opt.lun;
		bhs.data_out.itt = r2t.itt;
		bhs.data_out.ttt = r2t.ttt;
		bhs.data_out.datasn = htobe32(datasn++);
		bhs.data_out.offset = htobe32(offset);
		bhs.data_out.flags = piece == len ? FINAL : 0;
		if (!put(f, &bhs, pattern, piece))
			return false;
		offset += piece;
		len -= piece;
	} while (len && rnd(100));
	return true;
}

static void mutate_text(struct text *text)
{
	u32 times = 1 + rnd(4);

	while (times-- && text->len) {
		u32 at = rnd(text->len);

		switch (rnd(5)) {
		case 0:
			text->buf[at] = rnd(256);
			break;
		case 1:
			text->buf[at] = "\0=,~-0"[rnd(6)];
			break;
		case 2:
			text->len = at;
			break;
		case 3:
			if (text->len < 2000) {
				memmove(text->buf + at + at / 2, text->buf + at, text->len - at);
				text->len += at / 2;
			}
			break;
		default:
			text_add(text, "%s=%u,%x", rnd(2) ? "MaxBurstLength" : "CHAP_A",
				 rnd(1u << 30), rnd(1u << 30));
		}
	}
}

static bool send_other(struct fuzz *f)
{
	static const u8 opcodes[] = {
		ISCSI_OP_NOOP_OUT, ISCSI_OP_SCSI_TMFUNC, ISCSI_OP_SCSI_TMFUNC,
		ISCSI_OP_SCSI_TMFUNC, ISCSI_OP_TEXT, ISCSI_OP_LOGIN, ISCSI_OP_SNACK,
		ISCSI_OP_LOGOUT,
	};
	static struct text text;
	u32 len = rnd(4) ? 0 : rnd_length();
	union bhs bhs;

	text.len = 0;
	bhs_init(f->c, &bhs, opcodes[rnd(ARRAY_SIZE(opcodes) - !!rnd(4))] |
		 (rnd(2) ? ISCSI_OP_IMMEDIATE : 0));
	bhs.hdr.lun.scsi_lun[1] = opt.lun;
	switch (bhs.hdr.opcode & ISCSI_OPCODE_MASK) {
	case ISCSI_OP_NOOP_OUT:
		bhs.nop_out.ttt = ~0u;
		if (!rnd(4))
			bhs.nop_out.itt = RESERVED_ITT;
		break;
	case ISCSI_OP_SCSI_TMFUNC:
		bhs.tm.flags = FINAL | (1 + rnd(9));
		bhs.tm.rtt = htobe32(f->last_itt - rnd(4));
		bhs.tm.refcmdsn = htobe32(f->c->cmdsn - rnd(4));
		len = 0;
		break;
	case ISCSI_OP_TEXT:
		memset(&bhs.raw[8], 0, 8);
		bhs.text.ttt = rnd(4) ? ~0u : rnd(100);
		text_add(&text, rnd(3) ? "SendTargets=%s" : "X-com.example.%s",
			 rnd(3) ? "All" : opt.target);
		if (!rnd(3))
			mutate_text(&text);
		if (!rnd(4))
			bhs.text.flags = ISCSI_FLAG_TEXT_CONTINUE;
		return put(f, &bhs, text.buf, text.len);
	case ISCSI_OP_LOGOUT:
		bhs.logout.flags = FINAL | rnd(3);
		break;
	}
	return put(f, &bhs, pattern, len);
}

static bool send_noise(struct fuzz *f)
{
	union bhs bhs;

	fill(&bhs, sizeof(bhs), rnd(1u << 30));
	if (rnd(4)) {
		hton24(bhs.hdr.dlength, rnd(2000));
		bhs.hdr.hlength = rnd(4);
	}
	return conn_send(f->c, &bhs, sizeof(bhs));
}

/* --- a round ---------------------------------------------------------------- */

/* What comes after the first request, in the order of CHAP (RFC 7143 12.1.3). */
static void later_text(struct text *text, u32 round)
{
	static const char *const lines[] = {
		"CHAP_A=5,7", "CHAP_A=8\nMaxRecvDataSegmentLength=4096",
		"CHAP_N=x\nCHAP_R=0x00112233445566778899aabbccddeeff",
		"CHAP_N=x\nCHAP_R=0b00==\nCHAP_I=1\nCHAP_C=0x1234\nInitialR2T=No",
	};

	text->len = 0;
	text_add_lines(text, lines[rnd(4) ? (round > 1) * 2 + rnd(2) : rnd(4)]);
}

/* Login Requests that need not make sense. */
static void fuzz_login(struct fuzz *f)
{
	const struct login l = { .discovery = !rnd(4), .skip_security = !rnd(3) };
	static struct text text;
	u32 round, rounds = 1 + rnd(5);
	union bhs bhs;

	for (round = 0; round < rounds; round++) {
		if (round && rnd(4))
			later_text(&text, round);
		else
			login_text(&text, &l);
		if (!rnd(3))
			mutate_text(&text);
		memset(&bhs, 0, sizeof(bhs));
		bhs.login.opcode = ISCSI_OP_LOGIN | ISCSI_OP_IMMEDIATE;
		bhs.login.flags = rnd(3) ? rnd(2) * 0x81 : rnd(256);
		bhs.login.isid[5] = 1 + rnd(3);
		bhs.login.itt = htobe32(0x10);
		bhs.login.cmdsn = htobe32(f->c->cmdsn);
		if (!put(f, &bhs, text.buf, text.len) || !drain(f, 20))
			return;
	}
}

static bool step(struct fuzz *f)
{
	u32 dice = rnd(100);

	/* A gap in CmdSN holds up all that comes behind it, so most are closed again. */
	if (!rnd(30))
		f->c->cmdsn += rnd(4) - 1;
	else if (f->c->cmdsn != f->c->exp_cmdsn && !rnd(4))
		f->c->cmdsn = f->c->exp_cmdsn;
	if (dice < 45)
		return send_command(f);
	if (dice < 75)
		return send_data_out(f);
	if (dice < 98)
		return send_other(f);
	return send_noise(f);
}

static void end(struct fuzz *f)
{
	const struct linger reset = { .l_onoff = 1 };

	switch (rnd(3)) {
	case 0:
		setsockopt(f->c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		break;
	case 1:
		shutdown(f->c->fd, SHUT_WR);
		drain(f, 20);
		break;
	}
	conn_close(f->c);
}

static void fuzz_session(void)
{
	static const char *const keys[] = {
		NULL, "HeaderDigest=CRC32C", "DataDigest=CRC32C\nInitialR2T=Yes",
		"InitialR2T=Yes\nImmediateData=No\nMaxOutstandingR2T=8\nMaxBurstLength=4096",
		"FirstBurstLength=512\nMaxRecvDataSegmentLength=512",
	};
	static struct fuzz f;
	u32 steps = 1 + rnd(STEPS);

	fill(pattern, sizeof(pattern), rnd(1000));
	f.c = conn_open();
	f.mutate = rnd(4) ? rnd(30) : 0;
	if (!rnd(5)) {
		fuzz_login(&f);
	} else {
		struct login l = { .isid = 1 + rnd(4), .keys = keys[rnd(ARRAY_SIZE(keys))] };

		if (login_try(f.c, &l))
			fail("no login");
		while (steps-- && step(&f) && drain(&f, rnd(3)))
			;
	}
	end(&f);
}

/* In a process with this seed; returns its wait status. */
static int in_child(void (*run)(void), u32 seed, u32 seconds)
{
	int status, null;
	pid_t pid = fork();

	if (!pid) {
		null = open("/dev/null", O_WRONLY);
		if (run == fuzz_session)
			dup2(null, STDOUT_FILENO);
		srandom(seed);
		alarm(seconds * opt.factor);
		run();
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("fork");
	return status;
}

/**
 * fuzz() - rounds of fuzzing, the seeds from opt.seed up
 * @rounds:	how many; 0: as many as fit
 * @seconds:	into that time
 *
 * Return: 0, or 1 if the target does not serve any more.
 */
int fuzz(u32 rounds, u32 seconds)
{
	u64 end = now_ms() + seconds * 1000ull;
	u32 i, broken = 0;
	bool last;

	for (i = 0, last = false; !last; i++) {
		/* A round may find its login taken over, or end in a wait. */
		broken += !!in_child(fuzz_session, opt.seed + i, ROUND_SECONDS);
		last = rounds ? i + 1 >= rounds : now_ms() >= end;
		if ((i + 1) % CHECK_EVERY && !last)
			continue;
		fflush(stdout);
		if (in_child(still_serves, opt.seed, 20)) {
			printf("# the target does not serve after seed %u\n", opt.seed + i);
			return 1;
		}
	}
	printf("# %u rounds from seed %u, %u of them cut short\n", i, opt.seed, broken);
	return broken > i / 2;
}
