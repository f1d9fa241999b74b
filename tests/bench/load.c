// SPDX-License-Identifier: GPL-2.0
/*
 * load: an iSCSI initiator that does one thing, READ(10) or WRITE(10) at a
 * queue depth over one connection, as cheaply as it can, and says what that
 * cost: it, and everybody else on this machine. "load -h" lists the options.
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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pdu.h"

#define MAX_DEPTH	128
#define BLOCK		512

static struct {
	const char *port, *target;
	unsigned int lun, size, depth, ios;
	uint64_t bytes;
	bool write, fua, random, raw;
} opt = { .port = "3260", .size = 4096, .depth = 32, .ios = 10000, .bytes = 64 << 20 };

/* What login agreed on. */
static struct {
	unsigned int max_recv, first_burst, max_burst;
	bool immediate;
} params = { 8192, 65536, 262144, true };

static int fd;
static uint32_t cmdsn = 1, exp_statsn, max_cmdsn;
static uint64_t begun[MAX_DEPTH], sequence, seed = 42;
static uint64_t *latency;
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

static void send_all(const void *buf, size_t len, int flags)
{
	while (len) {
		ssize_t n = send(fd, buf, len, flags | MSG_NOSIGNAL);

		if (n < 0)
			die("send: %s", strerror(errno));
		buf = (const char *)buf + n;
		len -= n;
	}
}

static void recv_all(void *buf, size_t len, int flags)
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

static void open_socket(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *addr;
	int one = 1, i;

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

static void login(void)
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
		memcpy(pdu.lun, "\x80\x01\x02\x03\x04\x05", 6); /* ISID */
		pdu_set_length(&pdu, len);
		pdu.itt = htonl(1);
		pdu.w[1] = htonl(cmdsn);
		pdu.w[2] = htonl(exp_statsn);
		send_all(&pdu, sizeof(pdu), len ? MSG_MORE : 0);
		memset(text + len, 0, 4);
		send_all(text, (len + 3) & ~3u, 0);

		recv_all(&pdu, sizeof(pdu), 0);
		if (pdu.opcode != PDU_LOGIN_RSP || pdu.w[4])
			die("login refused, status %08x", ntohl(pdu.w[4]));
		exp_statsn = ntohl(pdu.w[1]) + 1;
		max_cmdsn = ntohl(pdu.w[3]);
		len = pdu_length(&pdu);
		if (len >= sizeof(text))
			die("login answer of %u bytes", len);
		recv_all(text, (len + 3) & ~3u, 0);
		text[len] = '\0';
		for (at = 0; at < len; at += strlen(text + at) + 1)
			take_key(text + at);
		done = (pdu.flags & 0x83) == 0x83;
		len = 0;
	}
}

static void command(unsigned int tag, const unsigned char *cdb, bool write, unsigned int size)
{
	struct pdu pdu = { .opcode = PDU_COMMAND };
	unsigned int now_len = 0;

	pdu.flags = 0x81; /* final, simple task */
	if (size)
		pdu.flags |= write ? PDU_WRITE : PDU_READ;
	pdu.lun[0] = opt.lun >> 8;
	pdu.lun[1] = opt.lun;
	pdu.itt = htonl(tag);
	pdu.w[0] = htonl(size);
	pdu.w[1] = htonl(cmdsn++);
	pdu.w[2] = htonl(exp_statsn);
	memcpy(&pdu.w[3], cdb, 16);
	if (write && opt.raw)
		now_len = size;
	else if (write && params.immediate)
		now_len = size < params.max_recv ? size : params.max_recv;
	if (!opt.raw && now_len > params.first_burst)
		now_len = params.first_burst;
	pdu_set_length(&pdu, now_len);
	send_all(&pdu, sizeof(pdu), now_len ? MSG_MORE : 0);
	send_all(data, now_len, 0);
}

static void data_out(const struct pdu *r2t)
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
		pdu.w[2] = htonl(exp_statsn);
		pdu.w[4] = htonl(sn++);
		pdu.w[5] = htonl(offset);
		send_all(&pdu, sizeof(pdu), MSG_MORE);
		send_all(data + offset, n, n == left ? 0 : MSG_MORE);
		offset += n;
		left -= n;
	}
}

/* Receives until a task is done; returns its tag, sets its status. */
static unsigned int complete(unsigned int *status)
{
	struct pdu pdu;

	for (;;) {
		recv_all(&pdu, sizeof(pdu), 0);
		recv_all(NULL, (pdu_length(&pdu) + 3) & ~3u, MSG_TRUNC);
		switch (pdu.opcode) {
		case PDU_R2T:
			data_out(&pdu);
			continue;
		case PDU_DATA_IN:
			if (!(pdu.flags & 1))
				continue;
			break;
		case PDU_RESPONSE:
			break;
		default:
			die("opcode %02x", pdu.opcode);
		}
		exp_statsn = ntohl(pdu.w[1]) + 1;
		max_cmdsn = ntohl(pdu.w[3]);
		*status = pdu.status;
		return ntohl(pdu.itt);
	}
}

/* Unit attentions go to the first commands. */
static void wait_ready(void)
{
	static const unsigned char tur[16];
	unsigned int status, i;

	for (i = 0; i < 5; i++) {
		command(0, tur, false, 0);
		complete(&status);
		if (!status)
			return;
	}
	die("the unit does not get ready, status %02x", status);
}

static uint64_t next_block(void)
{
	uint64_t slots = opt.bytes / opt.size, slot = sequence++ % slots;

	if (opt.random) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		slot = (seed >> 33) % slots;
	}
	return slot * (opt.size / BLOCK);
}

static void start(unsigned int tag)
{
	unsigned char cdb[16] = { opt.write ? 0x2a : 0x28, opt.fua ? 8 : 0 };
	uint32_t lba = htonl(next_block());
	uint16_t blocks = htons(opt.size / BLOCK);

	memcpy(cdb + 2, &lba, 4);
	memcpy(cdb + 7, &blocks, 2);
	begun[tag] = now(CLOCK_MONOTONIC);
	command(tag, cdb, opt.write, opt.size);
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

static void run(void)
{
	uint64_t wall, own, idle;
	unsigned int started, done, tag, status;

	idle = idle_time();
	own = now(CLOCK_PROCESS_CPUTIME_ID);
	wall = now(CLOCK_MONOTONIC);
	for (started = 0; started < opt.depth && started < opt.ios; started++)
		start(started);
	for (done = 0; done < opt.ios; done++) {
		tag = complete(&status);
		if (tag >= opt.depth || status)
			die("tag %u ended with status %02x", tag, status);
		latency[done] = now(CLOCK_MONOTONIC) - begun[tag];
		if (started < opt.ios) {
			start(tag);
			started++;
		}
	}
	wall = now(CLOCK_MONOTONIC) - wall;
	own = now(CLOCK_PROCESS_CPUTIME_ID) - own;
	report(wall, own, idle_time() - idle);
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "p:t:l:b:d:n:s:wfRr")) != -1) {
		switch (c) {
		case 'p': opt.port = optarg; break;
		case 't': opt.target = optarg; break;
		case 'l': opt.lun = atoi(optarg); break;
		case 'b': opt.size = atoi(optarg); break;
		case 'd': opt.depth = atoi(optarg); break;
		case 'n': opt.ios = atoi(optarg); break;
		case 's': opt.bytes = strtoull(optarg, NULL, 10); break;
		case 'w': opt.write = true; break;
		case 'f': opt.fua = true; break;
		case 'R': opt.random = true; break;
		case 'r': opt.raw = true; break;
		default:
			die("-p port, -t target name, -l LUN, -b bytes of an I/O, -d depth,\n"
			    "-n I/Os, -s bytes of the disk, -w write, -f FUA, -R random,\n"
			    "-r no login, for floor");
		}
	}
	if (!opt.depth || opt.depth > MAX_DEPTH || !opt.ios || opt.size % BLOCK ||
	    !opt.size || opt.bytes < opt.size || (!opt.raw && !opt.target))
		die("what is wanted is not clear, see -h");
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	data = malloc(opt.size);
	latency = calloc(opt.ios, sizeof(*latency));
	if (!data || !latency)
		die("no memory");
	memset(data, 0x5a, opt.size);
	open_socket();
	if (!opt.raw) {
		login();
		wait_ready();
	}
	run();
	return 0;
}
