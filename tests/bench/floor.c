// SPDX-License-Identifier: GPL-2.0
/*
 * floor PORT FILE: the least that a target can do. Answers READ(10) from the
 * file with a header and sendfile(), WRITE(10) with recv() and pwrite(); no
 * login, no checks, one connection at a time. The distance to it is what SCSI,
 * iSCSI and LIO cost. For "load -r".
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pdu.h"

static char buf[1 << 20];

static void check(int bad, const char *what)
{
	if (bad) {
		perror(what);
		exit(1);
	}
}

static void read_io(int fd, int file, struct pdu *rsp, off_t pos, unsigned int len)
{
	rsp->opcode = PDU_DATA_IN;
	rsp->flags = 0x81;
	pdu_set_length(rsp, len);
	check(send(fd, rsp, sizeof(*rsp), MSG_MORE) < 0, "send");
	while (len) {
		ssize_t n = sendfile(fd, file, &pos, len);

		check(n <= 0, "sendfile");
		len -= n;
	}
}

static void write_io(int fd, int file, struct pdu *rsp, off_t pos, unsigned int len)
{
	check(len > sizeof(buf), "length");
	check(recv(fd, buf, len, MSG_WAITALL) != (ssize_t)len, "recv");
	check(pwrite(file, buf, len, pos) != (ssize_t)len, "pwrite");
	rsp->opcode = PDU_RESPONSE;
	rsp->flags = 0x80;
	check(send(fd, rsp, sizeof(*rsp), 0) < 0, "send");
}

static void serve(int fd, int file)
{
	struct pdu req;

	while (recv(fd, &req, sizeof(req), MSG_WAITALL) == sizeof(req)) {
		struct pdu rsp = { .itt = req.itt };
		uint32_t lba;

		memcpy(&lba, (uint8_t *)&req.w[3] + 2, sizeof(lba));
		if (req.flags & PDU_WRITE)
			write_io(fd, file, &rsp, ntohl(lba) * 512ll, ntohl(req.w[0]));
		else
			read_io(fd, file, &rsp, ntohl(lba) * 512ll, ntohl(req.w[0]));
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int listener, file, fd, one = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: floor PORT FILE\n");
		return 2;
	}
	addr.sin_port = htons(atoi(argv[1]));
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	file = open(argv[2], O_RDWR);
	check(file < 0, argv[2]);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	check(bind(listener, (void *)&addr, sizeof(addr)), "bind");
	check(listen(listener, 1), "listen");
	for (;;) {
		fd = accept(listener, NULL, NULL);
		check(fd < 0, "accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		serve(fd, file);
		close(fd);
	}
}
