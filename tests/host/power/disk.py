# SPDX-License-Identifier: GPL-2.0
"""Disks with a volatile write cache, for a VM, over NBD on a Unix socket.

What a disk promises is little: a write that was answered before a flush came is
stable when that flush is answered. Everything else may be gone after a power
cut, in any combination and torn at any 4 KiB; cut() sees to it. So that nobody
gets more than the promise, a write may be held back for a moment, and flushes
overtake it.

Two files for each disk: "current" is what the VM reads, "stable" what a power cut
cannot take. With a log of all writes and flushes, replay() makes the disks as they
may be found after a cut at any position of the log.
"""
import heapq
import multiprocessing
import os
import random
import selectors
import shutil
import socket
import struct
import time

TEAR = 4096             # no filesystem survives a torn superblock
OPTION_MAGIC = 0x49484156454F5054
REPLY_MAGIC = 0x3E889045565A9
REQUEST = struct.Struct(">IHHQQI")
READ, WRITE, CLOSE, FLUSH = range(4)
HOLD = 0.002            # seconds, at most


class Disk:
    def __init__(self, path, size):
        self.path = path
        self.size = size
        self.pending = []       # writes since the last flush: (offset, data)
        self.scratch = []       # replay: where current is not stable
        for name in ("stable", "current"):
            fd = os.open("%s.%s" % (path, name), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            os.truncate(fd, size)
            setattr(self, name, fd)

    def write(self, offset, data):
        os.pwrite(self.current, data, offset)
        self.pending.append((offset, data))

    def flush(self):
        for offset, data in self.pending:
            os.pwrite(self.stable, data, offset)
        self.pending = []

    def survivors(self, rng):
        """A random part of the pending writes, in order, some of them torn."""
        odds = rng.choice((0, 0.5, 0.9))
        for offset, data in self.pending:
            luck = rng.random()
            if luck < odds:
                yield offset, data
            elif luck < odds + 0.05:
                keep = rng.randrange(len(data) // TEAR + 1) * TEAR
                if rng.random() < 0.5:
                    yield offset, data[:keep]
                else:
                    yield offset + keep, data[keep:]

    def cut(self, rng):
        """Returns how many writes are gone, in full or in part."""
        kept = list(self.survivors(rng))
        for offset, data in kept:
            os.pwrite(self.stable, data, offset)
        for offset, data in self.pending:
            os.pwrite(self.current, os.pread(self.stable, len(data), offset), offset)
        gone = len(self.pending) - len(kept)
        self.pending = []
        return gone


class Server:
    """The disks, in a process of their own. All methods are for the parent."""

    def __init__(self, directory, disks):
        """disks: {name: bytes}. A disk's URL is url(name)."""
        self.socket = os.path.join(directory, "nbd.sock")
        # How far the log is. What is stable when the parent looks was so at
        # this position.
        self.counter = multiprocessing.RawValue("Q", 0)
        self.pipe, pipe = multiprocessing.Pipe()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.socket)
        listener.listen(16)
        self.process = multiprocessing.Process(
            target=lambda: _Loop(directory, disks, listener, pipe, self.counter).run(), daemon=True)
        self.process.start()
        pipe.close()
        listener.close()

    def url(self, name):
        return "nbd+unix:///%s?socket=%s" % (name, self.socket)

    @property
    def position(self):
        return self.counter.value

    def _call(self, *request):
        self.pipe.send(request)
        return self.pipe.recv()

    def cut(self, seed):
        """The VM is dead: lose what may be lost. Returns the number of writes."""
        return self._call("cut", seed)

    def record(self):
        """From now on keep a log, from position 0."""
        return self._call("record")

    def replay(self, position, seed):
        """Make the disks as a cut at this position may leave them; positions
        must not go down. What the VM writes meanwhile is forgotten with the
        next call. Returns the number of writes in flight that are gone."""
        return self._call("replay", position, seed)

    def flushes(self):
        return self._call("flushes")

    def stop(self):
        self.process.terminate()
        self.process.join()


class _Connection:
    def __init__(self, sock):
        self.sock = sock
        self.disk = None
        self.buffer = bytearray()


class _Loop:
    def __init__(self, directory, disks, listener, pipe, counter):
        self.directory = directory
        self.disks = {name: Disk(os.path.join(directory, name), size)
                      for name, size in disks.items()}
        self.listener = listener
        self.pipe = pipe
        self.counter = counter
        self.log = None
        self.replaying = False
        self.replayed = 0
        self.flush_count = 0
        self.held = []          # heap of (time, number, connection, handle, offset, data)
        self.number = 0
        self.rng = random.Random(1)
        self.selector = selectors.DefaultSelector()

    def run(self):
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.selector.register(self.pipe, selectors.EVENT_READ, self.control)
        while True:
            timeout = None
            if self.held:
                timeout = max(0, self.held[0][0] - time.monotonic())
            for key, _ in self.selector.select(timeout):
                if callable(key.data):
                    key.data()
                else:
                    self.receive(key.data)
            now = time.monotonic()
            while self.held and self.held[0][0] <= now:
                _, _, conn, handle, offset, data = heapq.heappop(self.held)
                self.write(conn, handle, offset, data)

    # --- the parent's calls ---------------------------------------------------

    def control(self):
        verb, *args = self.pipe.recv()
        self.pipe.send(getattr(self, verb)(*args))

    def cut(self, seed):
        self.drain()
        rng = random.Random(seed)
        return sum(disk.cut(rng) for disk in self.disks.values())

    def flushes(self):
        return self.flush_count

    def record(self):
        self.log = [(name, WRITE, *write) for name, disk in self.disks.items()
                    for write in disk.pending]
        for disk in self.disks.values():
            shutil.copyfile(disk.path + ".stable", disk.path + ".base")
        self.counter.value = len(self.log)
        return len(self.log)

    def start_replay(self):
        self.drain()
        self.replaying = True
        for disk in self.disks.values():
            for name in ("stable", "current"):
                os.close(getattr(disk, name))
                shutil.copyfile(disk.path + ".base", "%s.%s" % (disk.path, name))
                setattr(disk, name, os.open("%s.%s" % (disk.path, name), os.O_RDWR))
            disk.pending = []

    def replay(self, position, seed):
        if not self.replaying:
            self.start_replay()
        for disk in self.disks.values():
            for offset, length in disk.scratch:
                os.pwrite(disk.current, os.pread(disk.stable, length, offset), offset)
            disk.scratch = []
        for name, kind, *write in self.log[self.replayed:position]:
            disk = self.disks[name]
            if kind == WRITE:
                disk.pending.append(write)
                continue
            for offset, data in disk.pending:
                os.pwrite(disk.stable, data, offset)
                os.pwrite(disk.current, data, offset)
            disk.pending = []
        self.replayed = position
        rng = random.Random(seed)
        gone = 0
        for disk in self.disks.values():
            gone += len(disk.pending)
            for offset, data in disk.survivors(rng):
                os.pwrite(disk.current, data, offset)
                disk.scratch.append((offset, len(data)))
                gone -= 1
        return gone

    # --- NBD --------------------------------------------------------------

    def drain(self):
        """Nobody is connected any more: no answer is owed for these."""
        while len(self.selector.get_map()) > 2:
            for key, _ in self.selector.select():
                if isinstance(key.data, _Connection):
                    self.receive(key.data)
        self.held = []

    def accept(self):
        sock, _ = self.listener.accept()
        conn = _Connection(sock)
        try:
            self.negotiate(conn)
        except (ConnectionError, struct.error):
            sock.close()
            return
        self.selector.register(sock, selectors.EVENT_READ, conn)

    def negotiate(self, conn):
        sock = conn.sock

        def get(length):
            data = sock.recv(length, socket.MSG_WAITALL) if length else b""
            if len(data) != length:
                raise ConnectionError
            return data

        def answer(option, kind, data=b""):
            sock.sendall(struct.pack(">QIII", REPLY_MAGIC, option, kind, len(data)) + data)

        sock.sendall(b"NBDMAGIC" + struct.pack(">QH", OPTION_MAGIC, 3))
        get(4)
        while conn.disk is None:
            _, option, length = struct.unpack(">QII", get(16))
            data = get(length)
            if option != 7:             # NBD_OPT_GO
                answer(option, 0x80000001)
                continue
            length, = struct.unpack_from(">I", data)
            disk = self.disks[data[4:4 + length].decode()]
            # NBD_FLAG_HAS_FLAGS, NBD_FLAG_SEND_FLUSH
            answer(option, 3, struct.pack(">HQH", 0, disk.size, 1 | 4))
            answer(option, 1)
            conn.disk = disk

    def receive(self, conn):
        try:
            data = conn.sock.recv(1 << 20)
        except ConnectionError:
            data = b""
        conn.buffer += data
        writes = []
        while data and len(conn.buffer) >= REQUEST.size:
            _, _, kind, handle, offset, length = REQUEST.unpack_from(conn.buffer)
            end = REQUEST.size + (length if kind == WRITE else 0)
            if len(conn.buffer) < end:
                break
            if kind == WRITE:
                writes.append((conn, handle, offset, bytes(conn.buffer[REQUEST.size:end])))
            elif kind == READ:
                self.reply(conn, handle, os.pread(conn.disk.current, length, offset))
            elif kind == FLUSH:
                self.flush(conn, handle)
            elif kind == CLOSE:
                data = b""
            del conn.buffer[:end]
        # After the flushes that came with them.
        for write in writes:
            if self.rng.random() < 0.5:
                self.write(*write)
                continue
            self.number += 1
            heapq.heappush(self.held, (time.monotonic() + self.rng.uniform(0, HOLD),
                                       self.number, *write))
        if not data:
            self.selector.unregister(conn.sock)
            conn.sock.close()

    def reply(self, conn, handle, data=b""):
        try:
            conn.sock.sendall(struct.pack(">IIQ", 0x67446698, 0, handle) + data)
        except OSError:
            pass                # the VM is dead, receive() will see

    def keep(self, conn, kind, *write):
        if self.log is not None:
            name = os.path.basename(conn.disk.path)
            self.log.append((name, kind, *write))
            self.counter.value = len(self.log)

    def write(self, conn, handle, offset, data):
        if self.replaying:
            os.pwrite(conn.disk.current, data, offset)
            conn.disk.scratch.append((offset, len(data)))
        else:
            conn.disk.write(offset, data)
            self.keep(conn, WRITE, offset, data)
        self.reply(conn, handle)

    def flush(self, conn, handle):
        self.flush_count += 1
        if not self.replaying:
            conn.disk.flush()
            self.keep(conn, FLUSH)
        self.reply(conn, handle)
