# SPDX-License-Identifier: GPL-2.0
"""fuse.py MOUNTPOINT BACKING [nofsync] [late] [copies]: a filesystem in user space with one
file, "image", whose data is in BACKING. With "nofsync" it answers FSYNC with ENOSYS, as
servers do that do not implement it; else it appends a line to BACKING.fsyncs. With
"late" it takes its time for data, with "copies" it answers COPY_FILE_RANGE and appends
a line to BACKING.copies. Runs until it is unmounted.
"""
import ctypes
import errno
import os
import stat
import struct
import sys
import time

mountpoint, backing = sys.argv[1:3]
nofsync = "nofsync" in sys.argv[3:]
late = "late" in sys.argv[3:]
copies = "copies" in sys.argv[3:]
data = os.open(backing, os.O_RDWR)
fuse = os.open("/dev/fuse", os.O_RDWR)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fuse
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"lunar-test", mountpoint.encode(), b"fuse.test", 0, options.encode()):
    sys.exit("mount: " + os.strerror(ctypes.get_errno()))

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE, FSYNC = (
    1, 2, 3, 4, 14, 15, 16, 17, 18, 20)
FLUSH, INIT, OPENDIR, RELEASEDIR, INTERRUPT, DESTROY, BATCH_FORGET = 25, 26, 27, 29, 36, 38, 42
COPY_FILE_RANGE = 47


def attr(node):
    size = os.fstat(data).st_size if node == 2 else 0
    mode = stat.S_IFREG | 0o600 if node == 2 else stat.S_IFDIR | 0o700
    return struct.pack("=6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0,
                       4096, 0)


def answer(opcode, node, body):
    if late and opcode in (READ, WRITE, FSYNC):
        time.sleep(0.02)
    if opcode == INIT:
        # BIG_WRITES, MAX_PAGES
        flags = struct.unpack_from("=4I", body)[3] & (1 << 5 | 1 << 22)
        return struct.pack("=4IHHIIHH32x", 7, 31, 131072, flags, 16, 12, 131072, 1, 32, 0)
    if opcode == LOOKUP:
        if body.rstrip(b"\0") != b"image":
            raise OSError(errno.ENOENT, "")
        return struct.pack("=4QII", 2, 0, 3600, 3600, 0, 0) + attr(2)
    if opcode in (GETATTR, SETATTR):
        if opcode == SETATTR and struct.unpack_from("=I", body)[0] & 8:
            os.truncate(data, struct.unpack_from("=2I2Q", body)[3])
        return struct.pack("=QII", 3600, 0, 0) + attr(node)
    if opcode in (OPEN, OPENDIR):
        return struct.pack("=QII", 1, 0, 0)
    if opcode == READ:
        _, offset, size = struct.unpack_from("=QQI", body)
        return os.pread(data, size, offset)
    if opcode == WRITE:
        _, offset, size = struct.unpack_from("=QQI", body)
        return struct.pack("=II", os.pwrite(data, body[40:40 + size], offset), 0)
    if opcode == COPY_FILE_RANGE and copies:
        _, offset, _, _, to, size = struct.unpack_from("=6Q", body)
        with open(backing + ".copies", "a") as log:
            log.write("%d\n" % size)
        return struct.pack("=II", os.pwrite(data, os.pread(data, size, offset), to), 0)
    if opcode == STATFS:
        return struct.pack("=5Q4I24x", 1 << 20, 1 << 19, 1 << 19, 2, 0, 4096, 255, 4096, 0)
    if opcode in (RELEASE, RELEASEDIR, FLUSH):
        return b""
    if opcode == FSYNC and not nofsync:
        with open(backing + ".fsyncs", "a") as log:
            log.write("fsync\n")
        return b""
    raise OSError(errno.ENOSYS, "")


if os.fork():
    sys.exit(0)
while True:
    try:
        request = os.read(fuse, 1 << 20)
    except OSError as error:
        sys.exit(error.errno != errno.ENODEV)
    _, opcode, unique, node = struct.unpack_from("=IIQQ", request)
    if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
        continue
    result, code = b"", 0
    try:
        if opcode != DESTROY:
            result = answer(opcode, node, request[40:])
    except OSError as error:
        code = -error.errno
    os.write(fuse, struct.pack("=IiQ", 16 + len(result), code, unique) + result)
