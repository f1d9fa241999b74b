// SPDX-License-Identifier: GPL-2.0
/*
 * load: an iSCSI initiator that does one thing, READ(10), WRITE(10) or COMPARE
 * AND WRITE at a queue depth over some sessions, as cheaply as it can, and says
 * what that cost: it, and everybody else on this machine. "load -h" lists the
 * options.
 *
 * Data that is read is not looked at (MSG_TRUNC): what the target sends is the
 * subject, not what an initiator does with it. With -r nobody logs in and a
 * write is one PDU: that is for floor.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pdu.h"

#define MAX_DEPTH	128
#define BLOCK		512
#define EVENTS		64

static struct {
	const char *port, *target;
	unsigned int lun, luns, size, depth, sessions, ios, rate;
	uint64_t bytes;
	bool write, fua, random, raw, idle;
} opt = {
	.port = "3260", .luns = 1, .size = 4096, .depth = 32, .sessions = 1,
	.ios = 10000, .bytes = 64 << 20,
};

/* What login agreed on; the same for all sessions. */
static struct {
	unsigned int max_recv, first_burst, max_burst;
	bool immediate;
} params = { 8192, 65536, 262144, true };

/* One session. Tags are its slots, 0 to depth - 1. */
struct session {
	int fd;
	unsigned int number;
	uint32_t cmdsn, exp_statsn;
	bool busy;		/* with -a */
	uint64_t begun[MAX_DEPTH];
	unsigned int lun[MAX_DEPTH];
};

static struct session *sessions;
static int events_fd = -1;
static uint64_t sequence, seed = 42;
static uint64_t *latency;
static unsigned int started, done;
static char *data;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "load: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(1);
}

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* Nanoseconds that all CPUs were idle, as the kernel counts them. */
static uint64_t idle_time(void)
{
	FILE *file = fopen("/proc/timer_list", "r");
	uint64_t sum = 0;
	char line[256];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		char *at = strstr(line, "_sleeptime");

		if (at && (at = strchr(at, ':')))
			sum += strtoull(at + 1, NULL, 10);
	}
	fclose(file);
	return sum;
}

static void send_all(int fd, const void *buf, size_t len, int flags)
{
	while (len) {
		ssize_t n = send(fd, buf, len, flags | MSG_NOSIGNAL);

		if (n < 0)
			die("send: %s", strerror(errno));
		buf = (const char *)buf + n;
		len -= n;
	}
}

static void recv_all(int fd, void *buf, size_t len, int flags)
{
	while (len) {
		ssize_t n = recv(fd, buf, len, flags | MSG_WAITALL);

		if (n <= 0)
			die("the target closed the connection");
		if (!(flags & MSG_TRUNC))
			buf = (char *)buf + n;
		len -= n;
	}
}

static int open_socket(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *addr;
	int one = 1, i, fd;

	if (getaddrinfo("127.0.0.1", opt.port, &hints, &addr))
		die("port %s?", opt.port);
	for (i = 0;; i++) {
		fd = socket(addr->ai_family, addr->ai_socktype, 0);
		if (!connect(fd, addr->ai_addr, addr->ai_addrlen))
			break;
		if (i == 50)
			die("connect: %s", strerror(errno));
		close(fd);
		usleep(100000);
	}
	freeaddrinfo(addr);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* One key=value of the target's answer. */
static void take_key(const char *pair)
{
	unsigned int n = strtoul(strchr(pair, '=') ? strchr(pair, '=') + 1 : "0", NULL, 10);

	if (!strncmp(pair, "MaxRecvDataSegmentLength=", 25))
		params.max_recv = n;
	else if (!strncmp(pair, "FirstBurstLength=", 17))
		params.first_burst = n;
	else if (!strncmp(pair, "MaxBurstLength=", 15))
		params.max_burst = n;
	else if (!strncmp(pair, "ImmediateData=", 14))
		params.immediate = pair[14] == 'Y';
}

static void login(struct session *s)
{
	static const char keys[] =
		"InitiatorName=iqn.2026-01.vm.lunar:load\0SessionType=Normal\0"
		"HeaderDigest=None\0DataDigest=None\0InitialR2T=Yes\0"
		"ImmediateData=Yes\0FirstBurstLength=262144\0MaxBurstLength=1048576\0"
		"MaxRecvDataSegmentLength=1048576\0MaxOutstandingR2T=1\0"
		"MaxConnections=1\0ErrorRecoveryLevel=0\0DefaultTime2Wait=2\0"
		"DefaultTime2Retain=0\0DataPDUInOrder=Yes\0DataSequenceInOrder=Yes\0"
		"TargetName=";
	char text[1024];
	unsigned int len = sizeof(keys) - 1, at;
	struct pdu pdu;
	bool done = false;

	memcpy(text, keys, len);
	len += snprintf(text + len, sizeof(text) - len, "%s", opt.target) + 1;
	while (!done) {
		memset(&pdu, 0, sizeof(pdu));
		pdu.opcode = PDU_LOGIN | PDU_IMMEDIATE;
		pdu.flags = 0x87; /* transit, from operational to full feature */
		/* The ISID: other processes and sessions have others. */
		pdu.lun[0] = 0x80;
		pdu.lun[2] = getpid() >> 8;
		pdu.lun[3] = getpid();
		pdu.lun[4] = s->number >> 8;
		pdu.lun[5] = s->number;
		pdu_set_length(&pdu, len);
		pdu.itt = htonl(1);
		pdu.w[1] = htonl(s->cmdsn);
		pdu.w[2] = htonl(s->exp_statsn);
		send_all(s->fd, &pdu, sizeof(pdu), len ? MSG_MORE : 0);
		memset(text + len, 0, 4);
		send_all(s->fd, text, (len + 3) & ~3u, 0);

		recv_all(s->fd, &pdu, sizeof(pdu), 0);
		if (pdu.opcode != PDU_LOGIN_RSP || pdu.w[4])
			die("login refused, status %08x", ntohl(pdu.w[4]));
		s->exp_statsn = ntohl(pdu.w[1]) + 1;
		len = pdu_length(&pdu);
		if (len >= sizeof(text))
			die("login answer of %u bytes", len);
		recv_all(s->fd, text, (len + 3) & ~3u, 0);
		text[len] = '\0';
		for (at = 0; at < len; at += strlen(text + at) + 1)
			take_key(text + at);
		done = (pdu.flags & 0x83) == 0x83;
		len = 0;
	}
}

static void command(struct session *s, unsigned int tag, const unsigned char *cdb, bool write,
		    unsigned int size)
{
	struct pdu pdu = { .opcode = PDU_COMMAND };
	unsigned int now_len = 0;

	pdu.flags = 0x81; /* final, simple task */
	if (size)
		pdu.flags |= write ? PDU_WRITE : PDU_READ;
	/* Not the flat space method, which stock LIO does not know. */
	pdu.lun[0] = s->lun[tag] >> 8;
	pdu.lun[1] = s->lun[tag];
	pdu.itt = htonl(tag);
	pdu.w[0] = htonl(size);
	pdu.w[1] = htonl(s->cmdsn++);
	pdu.w[2] = htonl(s->exp_statsn);
	memcpy(&pdu.w[3], cdb, 16);
	if (write && opt.raw)
		now_len = size;
	else if (write && params.immediate)
		now_len = size < params.max_recv ? size : params.max_recv;
	if (!opt.raw && now_len > params.first_burst)
		now_len = params.first_burst;
	pdu_set_length(&pdu, now_len);
	send_all(s->fd, &pdu, sizeof(pdu), now_len ? MSG_MORE : 0);
	send_all(s->fd, data, now_len, 0);
}

static void data_out(struct session *s, const struct pdu *r2t)
{
	unsigned int offset = ntohl(r2t->w[5]), left = ntohl(r2t->w[6]), n, sn = 0;
	struct pdu pdu;

	while (left) {
		n = left < params.max_recv ? left : params.max_recv;
		memset(&pdu, 0, sizeof(pdu));
		pdu.opcode = PDU_DATA_OUT;
		pdu.flags = n == left ? 0x80 : 0;
		pdu_set_length(&pdu, n);
		memcpy(pdu.lun, r2t->lun, sizeof(pdu.lun));
		pdu.itt = r2t->itt;
		pdu.w[0] = r2t->w[0];
		pdu.w[2] = htonl(s->exp_statsn);
		pdu.w[4] = htonl(sn++);
		pdu.w[5] = htonl(offset);
		send_all(s->fd, &pdu, sizeof(pdu), MSG_MORE);
		send_all(s->fd, data + offset, n, n == left ? 0 : MSG_MORE);
		offset += n;
		left -= n;
	}
}

/* Receives one PDU. Returns whether it ends a task: its tag and status. */
static bool receive(struct session *s, unsigned int *tag, unsigned int *status)
{
	struct pdu pdu;

	recv_all(s->fd, &pdu, sizeof(pdu), 0);
	recv_all(s->fd, NULL, (pdu_length(&pdu) + 3) & ~3u, MSG_TRUNC);
	switch (pdu.opcode) {
	case PDU_R2T:
		data_out(s, &pdu);
		return false;
	case PDU_DATA_IN:
		if (!(pdu.flags & 1))
			return false;
		break;
	case PDU_RESPONSE:
		break;
	default:
		die("opcode %02x", pdu.opcode);
	}
	s->exp_statsn = ntohl(pdu.w[1]) + 1;
	*status = pdu.status;
	*tag = ntohl(pdu.itt);
	return true;
}

/* Unit attentions go to the first commands. */
static void wait_ready(struct session *s, unsigned int lun)
{
	static const unsigned char tur[16];
	unsigned int tag, status, i;

	s->lun[0] = lun;
	for (i = 0; i < 5; i++) {
		command(s, 0, tur, false, 0);
		while (!receive(s, &tag, &status))
			;
		if (!status)
			return;
	}
	die("LUN %u does not get ready, status %02x", lun, status);
}

static uint64_t random_number(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed >> 33;
}

static uint64_t next_block(void)
{
	uint64_t slots = opt.bytes / opt.size, slot = sequence++ % slots;

	if (opt.random)
		slot = random_number() % slots;
	return slot * (opt.size / BLOCK);
}

static void start(struct session *s, unsigned int tag)
{
	unsigned char cdb[16] = { opt.write ? 0x2a : 0x28, opt.fua ? 8 : 0 };
	uint32_t lba = htonl(next_block());
	uint16_t blocks = htons(opt.size / BLOCK);

	memcpy(cdb + 2, &lba, 4);
	memcpy(cdb + 7, &blocks, 2);
	s->lun[tag] = opt.lun + (opt.luns > 1 ? random_number() % opt.luns : 0);
	s->begun[tag] = now(CLOCK_MONOTONIC);
	command(s, tag, cdb, opt.write, opt.size);
	started++;
}

/* A lock as VMFS takes it, one block for each session, behind the disk's bytes. */
static void start_ats(struct session *s, uint64_t due)
{
	unsigned char cdb[16] = { 0x89 };
	uint32_t lba = htonl(opt.bytes / BLOCK + 8 * s->number);

	memcpy(cdb + 6, &lba, 4);
	cdb[13] = 1;
	s->lun[0] = opt.lun;
	s->begun[0] = due;
	s->busy = true;
	command(s, 0, cdb, true, 2 * BLOCK);
	started++;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void report(uint64_t wall, uint64_t own, uint64_t idle)
{
	double n = opt.ios, all = (double)wall * sysconf(_SC_NPROCESSORS_ONLN);

	qsort(latency, opt.ios, sizeof(*latency), compare);
	/* iops MB/s p50 p99.9 (us), CPU ns per I/O of all others, of this process */
	printf("%.0f %.1f %.1f %.1f %.0f %.0f\n", n * 1e9 / wall,
	       n * opt.size * 1e3 / wall, latency[opt.ios / 2] / 1e3,
	       latency[(uint64_t)opt.ios * 999 / 1000] / 1e3,
	       (all - idle - own) / n, own / n);
}

/* Takes the next PDU of a session, and keeps its queue full. */
static void serve(struct session *s)
{
	unsigned int tag, status;

	if (!receive(s, &tag, &status))
		return;
	if (tag >= opt.depth || status)
		die("tag %u ended with status %02x", tag, status);
	latency[done++] = now(CLOCK_MONOTONIC) - s->begun[tag];
	s->busy = false;
	if (!opt.rate && started < opt.ios)
		start(s, tag);
}

/* Serves the sessions that have something to say, for @timeout ns at most, if not -1. */
static void serve_ready(int64_t timeout)
{
	struct timespec ts = { .tv_sec = timeout / 1000000000, .tv_nsec = timeout % 1000000000 };
	struct epoll_event events[EVENTS];
	int n, i;

	n = epoll_pwait2(events_fd, events, EVENTS, timeout < 0 ? NULL : &ts, NULL);
	if (n < 0)
		die("epoll_wait: %s", strerror(errno));
	for (i = 0; i < n && done < opt.ios; i++)
		serve(events[i].data.ptr);
}

/*
 * -a: at a fixed rate, from the sessions in turn. A latency counts from when the
 * command was due, also if all sessions were waiting then.
 */
static void run_at_rate(void)
{
	uint64_t due = now(CLOCK_MONOTONIC), interval = 1000000000ull / opt.rate, t;
	unsigned int i, next = 0;

	while (done < opt.ios) {
		t = now(CLOCK_MONOTONIC);
		for (i = 0; i < opt.sessions && started < opt.ios && due <= t; i++) {
			struct session *s = &sessions[next++ % opt.sessions];

			if (s->busy)
				continue;
			start_ats(s, due);
			due += interval;
		}
		serve_ready(due > t && started < opt.ios ? (int64_t)(due - t) : 1000000000);
	}
}

static void run_full(void)
{
	unsigned int tag, i;

	for (tag = 0; tag < opt.depth; tag++)
		for (i = 0; i < opt.sessions && started < opt.ios; i++)
			start(&sessions[i], tag);
	while (done < opt.ios) {
		if (opt.sessions == 1)
			serve(&sessions[0]);
		else
			serve_ready(-1);
	}
}

static void run(void)
{
	uint64_t wall, own, idle;

	idle = idle_time();
	own = now(CLOCK_PROCESS_CPUTIME_ID);
	wall = now(CLOCK_MONOTONIC);
	if (opt.rate)
		run_at_rate();
	else
		run_full();
	wall = now(CLOCK_MONOTONIC) - wall;
	own = now(CLOCK_PROCESS_CPUTIME_ID) - own;
	report(wall, own, idle_time() - idle);
}

static void open_sessions(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	unsigned int i, lun;

	events_fd = epoll_create1(0);
	for (i = 0; i < opt.sessions; i++) {
		struct session *s = &sessions[i];

		s->number = i;
		s->cmdsn = 1;
		s->fd = open_socket();
		event.data.ptr = s;
		if (epoll_ctl(events_fd, EPOLL_CTL_ADD, s->fd, &event))
			die("epoll_ctl: %s", strerror(errno));
		if (opt.raw)
			continue;
		login(s);
		for (lun = 0; lun < opt.luns; lun++)
			wait_ready(s, opt.lun + lun);
	}
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "p:t:l:L:b:d:c:n:s:a:wfRri")) != -1) {
		switch (c) {
		case 'p': opt.port = optarg; break;
		case 't': opt.target = optarg; break;
		case 'l': opt.lun = atoi(optarg); break;
		case 'L': opt.luns = atoi(optarg); break;
		case 'b': opt.size = atoi(optarg); break;
		case 'd': opt.depth = atoi(optarg); break;
		case 'c': opt.sessions = atoi(optarg); break;
		case 'n': opt.ios = atoi(optarg); break;
		case 's': opt.bytes = strtoull(optarg, NULL, 10); break;
		case 'a': opt.rate = atoi(optarg); break;
		case 'w': opt.write = true; break;
		case 'f': opt.fua = true; break;
		case 'R': opt.random = true; break;
		case 'r': opt.raw = true; break;
		case 'i': opt.idle = true; break;
		default:
			die("-p port, -t target name, -l LUN, -L LUNs from that one on,\n"
			    "-b bytes of an I/O, -d depth, -c sessions, -n I/Os,\n"
			    "-s bytes of the disk, -w write, -f FUA, -R random,\n"
			    "-a COMPARE AND WRITEs a second (zeros, behind the bytes of -s),\n"
			    "-i no I/O: log in, say so, stay until standard input ends,\n"
			    "-r no login, for floor");
		}
	}
	if (opt.rate)
		opt.depth = 1;
	if (!opt.depth || opt.depth > MAX_DEPTH || !opt.ios || opt.size % BLOCK || !opt.luns ||
	    !opt.sessions || !opt.size || opt.bytes < opt.size || (!opt.raw && !opt.target))
		die("what is wanted is not clear, see -h");
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	if (opt.rate)		/* what is compared, and what is written */
		opt.size = 2 * BLOCK;
	data = malloc(opt.size);
	latency = calloc(opt.ios, sizeof(*latency));
	sessions = calloc(opt.sessions, sizeof(*sessions));
	if (!data || !latency || !sessions)
		die("no memory");
	memset(data, opt.rate ? 0 : 0x5a, opt.size);
	open_sessions();
	if (opt.idle) {
		puts("ready");
		fflush(stdout);
		while (getchar() != EOF)
			;
		return 0;
	}
	run();
	return 0;
}
