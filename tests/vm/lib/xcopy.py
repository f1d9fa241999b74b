#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""EXTENDED COPY(LID1) by SG_IO.

xcopy.py SG FROM TO SEGMENT...      one command to SG, FROM and TO other SGs or hex
                                    designators; SEGMENT is FROM-LBA:TO-LBA:BLOCKS.
                                    Prints "GOOD", "CONFLICT" or "key/asc/ascq".
xcopy.py hold ID SG FROM TO SEGMENT...   the same, its result to be kept
xcopy.py abort SECONDS ID SG FROM TO SEGMENT...   and that one aborted after some time
xcopy.py result ID SG               of that: COPY MANAGER STATUS, segments, unit, count;
                                    or "key/asc/ascq"
xcopy.py crowd SECONDS A B BLOCKS   copies of 8 blocks from A to B and from B to A and
                                    within both, from 8 threads, at random places of
                                    the first BLOCKS; ends if each has ended GOOD.
xcopy.py id SG                      prints its designator in hex
xcopy.py all A B BLOCKS             from A to B in the largest commands; prints ms.
"""
import os, random, struct, sys, threading, time
from sgio import TIMEOUT, command


def designator(name):
    """The NAA designator of VPD page 83h."""
    if not name.startswith("/"):
        return bytes.fromhex(name)
    fd = os.open(name, os.O_RDWR)
    result, page, _ = command(fd, [0x12, 1, 0x83, 0, 252, 0], want=252)
    os.close(fd)
    at = 4
    while at < len(page):
        if page[at + 1] & 0x3f == 3 and page[at + 3] == 16:
            return page[at + 4:at + 20]
        at += 4 + page[at + 3]
    sys.exit("no designator: " + result)


def parameter_list(source, target, segments, hold):
    names = [source] if source == target else [source, target]
    cscds = b"".join(struct.pack(">BBHBBBB20sI", 0xe4, 0, 0, 1, 3, 0, 16, n, 512) for n in names)
    descs = b"".join(struct.pack(">BBHHHHHQQ", 2, 2, 24, 0, len(names) - 1, 0, n, a, b)
                     for a, b, n in segments)
    head = (0, 0x18) if hold is None else (hold, 0)
    return struct.pack(">BBHIII", *head, len(cscds), 0, len(descs), 0) + cscds + descs


def copy(fd, source, target, segments, hold=None, timeout=TIMEOUT):
    data = parameter_list(source, target, segments, hold)
    cdb = struct.pack(">BB8xIxx", 0x83, 0, len(data))
    return command(fd, cdb, data, timeout=timeout)[0]


def result(fd, hold):
    answer, data, _ = command(fd, [0x84, 0, hold] + [0] * 10 + [12, 0, 0], want=12)
    return "%d %d %d %d" % struct.unpack(">4xBHBI", data) if answer == "GOOD" else answer


def crowd(seconds, names, blocks):
    fds = [os.open(name, os.O_RDWR) for name in names]
    ids = [designator(name) for name in names]
    end = time.monotonic() + seconds
    counts, bad = [0] * 8, []

    def run(n):
        rnd = random.Random(n)
        while time.monotonic() < end and not bad:
            a, b = rnd.randrange(2), rnd.randrange(2)
            segments = []
            for _ in range(rnd.randrange(1, 4)):
                x, y = rnd.randrange(blocks // 8), rnd.randrange(blocks // 8)
                if a != b or x != y:
                    segments.append((x * 8, y * 8, 8))
            result = copy(fds[rnd.choice((a, b))], ids[a], ids[b], segments)
            counts[n] += 1
            if result != "GOOD":
                bad.append(result)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("%d copies" % sum(counts))
    sys.exit(bad[0] if bad else 0)


def copy_all(a, b, blocks):
    fd = os.open(a, os.O_RDWR)
    source, target, start = designator(a), designator(b), time.monotonic()
    segments, at = [], 0
    while at < blocks:
        n = min(blocks - at, 65528)
        segments.append((at, at, n))
        at += n
        if len(segments) == 16 or at == blocks:
            result = copy(fd, source, target, segments)
            if result != "GOOD":
                sys.exit(result)
            segments = []
    print(int((time.monotonic() - start) * 1000))


def main():
    if sys.argv[1] == "crowd":
        crowd(float(sys.argv[2]), sys.argv[3:5], int(sys.argv[5]))
    elif sys.argv[1] == "id":
        print(designator(sys.argv[2]).hex())
    elif sys.argv[1] == "all":
        copy_all(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    elif sys.argv[1] == "result":
        print(result(os.open(sys.argv[3], os.O_RDWR), int(sys.argv[2])))
    else:
        args, hold, timeout = sys.argv[1:], None, TIMEOUT
        if args[0] == "abort":
            args, timeout = ["hold"] + args[2:], int(args[1]) * 1000
        if args[0] == "hold":
            args, hold = args[2:], int(args[1])
        segments = [tuple(int(n) for n in s.split(":")) for s in args[3:]]
        print(copy(os.open(args[0], os.O_RDWR), designator(args[1]), designator(args[2]),
                   segments, hold, timeout))


main()
