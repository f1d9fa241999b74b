#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""VERIFY, WRITE AND VERIFY, ORWRITE, PRE-FETCH and REPORT SUPPORTED OPERATION CODES of a
disk of 512-byte blocks by SG_IO, as SBC-4 and SPC-4 have them.

sbc.py all SG            everything, on the first 16 MiB; prints what it did
sbc.py verify SG LBA BLOCKS         VERIFY(16), BYTCHK=00b; prints how it ended
sbc.py write-verify SG LBA BLOCKS   WRITE AND VERIFY(16), BYTCHK=01b
sbc.py prefetch SG LBA BLOCKS BYTE1 PRE-FETCH(16); likewise
sbc.py cached FILE       bytes of it that are in the page cache
sbc.py opcodes SG        the opcodes in the list, in hex; "none" if it is refused
"""
import ctypes, mmap, os, random, struct, sys
import sgio

BLOCK = 512
GOOD, OPCODE, RANGE, FIELD = "GOOD", "05/20/00", "05/21/00", "05/24/00"
MISCOMPARE = "0e/1d/00"

fd = -1


def command(cdb, out=b"", want=0):
    """Returns how it ended, with the INFORMATION of the sense data if that is valid, and
    what came."""
    result, data, information = sgio.command(fd, cdb, out, want)
    return result if information is None else "%s at %d" % (result, information), data


def cdb(opcode, byte1, lba, blocks):
    if opcode >> 5 == 4:
        return struct.pack(">BBQIBB", opcode, byte1, lba, blocks, 0, 0)
    if opcode >> 5 == 5:
        return struct.pack(">BBIIBB", opcode, byte1, lba, blocks, 0, 0)
    return struct.pack(">BBIBHB", opcode, byte1, lba, 0, blocks, 0)


def expect(what, want, opcode, byte1, lba, blocks, out=b"", come=0):
    got = command(cdb(opcode, byte1, lba, blocks), out, come)[0]
    if got != want:
        sys.exit("%s: opcode %02x byte 1 %02x LBA %d blocks %d: %s instead of %s" %
                 (what, opcode, byte1, lba, blocks, got, want))


def capacity():
    return struct.unpack(">I", command([0x25] + [0] * 9, want=8)[1][:4])[0] + 1


def write(lba, data):
    expect("WRITE", GOOD, 0x8a, 0, lba, len(data) // BLOCK, data)


def read(lba, blocks):
    result, data = command(cdb(0x88, 0, lba, blocks), want=blocks * BLOCK)
    if result != GOOD:
        sys.exit("READ: " + result)
    return data


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1:]


VERIFY = (0x2f, 0xaf, 0x8f)
WRITE_VERIFY = (0x2e, 0xae, 0x8e)
PRE_FETCH = (0x34, 0x90)
ORWRITE = 0x8b
NONE, DATA, RESERVED, SAME = 0x00, 0x02, 0x04, 0x06
DPO, FUA, PROTECT = 0x10, 0x08, 0x20


def limits(opcode, byte1, out, last):
    """What is common to all: range, no blocks, what a CDB may not ask for."""
    expect("at the end", GOOD, opcode, byte1, last, 1, out)
    expect("beyond the end", RANGE, opcode, byte1, last, 2, out * 2)
    expect("beyond the end", RANGE, opcode, byte1, last + 1, 1, out)
    expect("no blocks", GOOD, opcode, byte1, 0, 0)
    expect("no blocks at the end", GOOD, opcode, byte1, last + 1, 0)
    expect("no blocks beyond the end", RANGE, opcode, byte1, last + 2, 0)
    if opcode >> 5 == 4:
        expect("far beyond the end", RANGE, opcode, byte1, (1 << 64) - 1, 1, out)
    expect("protection", FIELD, opcode, byte1 | PROTECT, 0, 1, out)


def verify(last):
    base = random.randbytes(600 * BLOCK)
    write(1000, base)
    for opcode in VERIFY:
        for byte1 in NONE, DATA, SAME:
            out = b"" if byte1 == NONE else read(last, 1)
            limits(opcode, byte1, out, last)
            expect("DPO", GOOD, opcode, byte1 | DPO, last, 1, out)
        expect("BYTCHK=10b", FIELD, opcode, RESERVED, 0, 1, bytes(BLOCK))
        expect("BYTCHK=01b with data-in", FIELD, opcode, DATA, 0, 1, come=BLOCK)
        expect("BYTCHK=11b without data", FIELD, opcode, SAME, 0, 1)
        for n in 1, 2, 9, 129, 600:
            data = base[:n * BLOCK]
            expect("readable", GOOD, opcode, NONE, 1000, n)
            expect("equal", GOOD, opcode, DATA, 1000, n, data)
            for at in 0, n * 300, n * BLOCK - 1:
                expect("differs", MISCOMPARE + " at %d" % at, opcode, DATA, 1000, n,
                       flipped(data, at))
    block = random.randbytes(BLOCK)
    write(5000, block * 600)
    for opcode in VERIFY:
        expect("all alike", GOOD, opcode, SAME, 5000, 600, block)
        expect("none alike", MISCOMPARE + " at 7", opcode, SAME, 5000, 600, flipped(block, 7))
        write(5000, flipped(block * 600, 555 * BLOCK + 31))
        expect("all but one", MISCOMPARE + " at %d" % (555 * BLOCK + 31), opcode, SAME, 5000,
               600, block)
        write(5000, block * 600)
    print("VERIFY")


def write_and_verify(last):
    for opcode in WRITE_VERIFY:
        for byte1 in NONE, DATA:
            limits(opcode, byte1, random.randbytes(BLOCK), last)
            for n in 1, 8, 600:
                data = random.randbytes(n * BLOCK)
                expect("write", GOOD, opcode, byte1 | DPO, 3001, n, data)
                if read(3001, n) != data:
                    sys.exit("%02x: what was written is not there" % opcode)
        expect("BYTCHK=10b", FIELD, opcode, RESERVED, 0, 1, bytes(BLOCK))
        expect("BYTCHK=11b", FIELD, opcode, SAME, 0, 1, bytes(BLOCK))
    print("WRITE AND VERIFY")


def orwrite(last):
    limits(ORWRITE, 0, random.randbytes(BLOCK), last)
    for n in 1, 9, 129, 600:
        for byte1 in 0, DPO, FUA:
            before, more = random.randbytes(n * BLOCK), random.randbytes(n * BLOCK)
            write(7001, before)
            expect("or", GOOD, ORWRITE, byte1, 7001, n, more)
            if read(7001, n) != bytes(a | b for a, b in zip(before, more)):
                sys.exit("ORWRITE of %d blocks: wrong data" % n)
    print("ORWRITE")


def prefetch(last):
    for opcode in PRE_FETCH:
        for immed in 0, 2:
            for n in 1, 600, 0:
                expect("fetch", GOOD, opcode, immed, 100, n)
            expect("at the end", GOOD, opcode, immed, last, 1)
            expect("none is left", GOOD, opcode, immed, last + 1, 0)
            expect("beyond the end", RANGE, opcode, immed, last, 2)
            expect("beyond the end", RANGE, opcode, immed, last + 2, 0)
    print("PRE-FETCH")


def report(options, opcode=0, action=0, length=8192):
    return command(struct.pack(">BBBBHIxx", 0xa3, 0x0c, options, opcode, action, length),
                   want=length)


def opcodes(rctd=0):
    """(opcode, action or None, length) of each in the list."""
    result, data = report(rctd)
    if result != GOOD:
        return None
    size = 20 if rctd else 8
    if struct.unpack(">I", data[:4])[0] != len(data) - 4 or (len(data) - 4) % size:
        sys.exit("a list of %d bytes" % len(data))
    found = []
    for at in range(4, len(data), size):
        opcode, action, flags, length = struct.unpack(">BxHxBH", data[at:at + 8])
        if flags != (2 if rctd else 0) | (flags & 1) or action and not flags & 1:
            sys.exit("opcode %02x: flags %02x" % (opcode, flags))
        if rctd and data[at + 8:at + 20] != bytes([0, 10] + [0] * 10):
            sys.exit("opcode %02x: timeouts %s" % (opcode, data[at + 8:at + 20].hex()))
        found.append((opcode, action if flags & 1 else None, length))
    if len(set(found)) != len(found):
        sys.exit("twice in the list")
    return found


def one_command(entry):
    opcode, action, length = entry
    wants, other = (1, 2) if action is None else (2, 1)
    for options in wants, 3:
        result, data = report(options, opcode, action or 0)
        if result != GOOD or data[:4] != struct.pack(">BBH", 0, 3, length) or \
           len(data) != 4 + length or data[4] != opcode:
            sys.exit("opcode %02x: %s %s" % (opcode, result, data.hex()))
        if action is not None and opcode != 0x7f and data[5] & 0x1f != action:
            sys.exit("opcode %02x: usage %s" % (opcode, data.hex()))
    if report(other, opcode, action or 0)[0] != FIELD:
        sys.exit("opcode %02x with the wrong option" % opcode)
    result, data = report(0x80 | wants, opcode, action or 0)
    if data[1] != 0x83 or len(data) != 16 + length or data[-12:-10] != b"\0\x0a":
        sys.exit("opcode %02x with timeouts: %s" % (opcode, data.hex()))


def report_opcodes():
    found = opcodes()
    if found != opcodes(0x80):
        sys.exit("another list with timeouts")
    for entry in found:
        one_command(entry)
    listed = set(entry[0] for entry in found)
    want = set(VERIFY + WRITE_VERIFY + PRE_FETCH + (ORWRITE, 0x28, 0x2a, 0x42, 0x89, 0x93, 0xa3))
    if not want <= listed:
        sys.exit("not in the list: %s" % ["%02x" % n for n in want - listed])
    for opcode in 0x02, 0xc1:
        for options in 1, 2, 3:
            if report(options, opcode)[1][:4] != b"\0\1\0\0":
                sys.exit("opcode %02x should not be there" % opcode)
    if report(3, 0x9e, 0x1f)[1][:2] != b"\0\1" or report(3, 0x28, 1)[1][:2] != b"\0\1":
        sys.exit("a service action that should not be there")
    if report(4)[0] != FIELD:
        sys.exit("a reserved option")
    if report(0, length=3)[1] != report(0)[1][:3] or report(0, length=0)[0] != GOOD:
        sys.exit("a list that is cut off")
    # What is not listed is not there, but for three that are obsolete; what is listed is.
    # None of these CDBs has blocks or parameters; no reservation, no write.
    for opcode in range(256):
        size = {0: 6, 1: 10, 2: 10, 4: 16, 5: 12}.get(opcode >> 5)
        if not size or opcode in (0x01, 0x0b, 0x2b, 0x08, 0x0a, 0x16, 0x56, 0x1b):
            continue
        if opcode in listed and not any(entry[0] == opcode and not entry[1] for entry in found):
            continue            # only with a service action
        result = command([opcode] + [0] * (size - 1))[0]
        if (result == OPCODE) == (opcode in listed):
            sys.exit("opcode %02x: %s, in the list: %s" % (opcode, result, opcode in listed))
    print("REPORT SUPPORTED OPERATION CODES: %d commands" % len(found))


def cached(name):
    page = mmap.PAGESIZE
    with open(name, "r+b") as image, mmap.mmap(image.fileno(), 0) as memory:
        at = ctypes.c_char.from_buffer(memory)
        pages = (ctypes.c_ubyte * ((len(memory) + page - 1) // page))()
        if ctypes.CDLL(None, use_errno=True).mincore(
                ctypes.c_void_p(ctypes.addressof(at)), ctypes.c_size_t(len(memory)), pages):
            sys.exit("mincore: %s" % os.strerror(ctypes.get_errno()))
        del at
    return sum(n & 1 for n in pages) * page


def main():
    global fd
    what, name, numbers = sys.argv[1], sys.argv[2], [int(n) for n in sys.argv[3:]]
    if what == "cached":
        print(cached(name))
        return
    fd = os.open(name, os.O_RDWR)
    if what == "all":
        last = capacity() - 1
        verify(last)
        write_and_verify(last)
        orwrite(last)
        prefetch(last)
        report_opcodes()
    elif what == "verify":
        print(command(cdb(0x8f, NONE, *numbers))[0])
    elif what == "write-verify":
        print(command(cdb(0x8e, DATA, *numbers), b"v" * numbers[1] * BLOCK)[0])
    elif what == "prefetch":
        print(command(cdb(0x90, numbers[2], *numbers[:2]))[0])
    elif what == "opcodes":
        print(*["%02x" % entry[0] for entry in opcodes() or []] or ["none"])


main()
