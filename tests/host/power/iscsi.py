# SPDX-License-Identifier: GPL-2.0
"""A small iSCSI initiator: one session, many commands at a time, never retries.

Only what the power-cut test takes: no CHAP, no digests, and writes that go out
with their command (ImmediateData).
"""
import socket
import struct

NO_TAG = 0xFFFFFFFF
GOOD = 0


class Dead(Exception):
    """The connection is gone, as when the power is cut."""


class Command:
    def __init__(self, lun, cdb, data=b"", done=None):
        self.lun = lun
        self.cdb = cdb
        self.data = data
        self.done = done        # called with the command when answered
        self.status = None
        self.sense = b""


class Session:
    def __init__(self, address, iqn, number):
        self.buffer = bytearray()
        self.cmdsn = 1
        self.maxcmdsn = 1
        self.expstatsn = 0
        self.commands = {}      # by ITT
        self.itt = 0
        try:
            self.sock = socket.create_connection(address, 30)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.login(iqn, number)
        except OSError as error:
            raise Dead from error

    def login(self, iqn, number):
        text = b"".join(("%s\0" % pair).encode() for pair in (
            "InitiatorName=iqn.2026-01.host.lunar:power-%d" % number, "TargetName=" + iqn,
            "SessionType=Normal", "HeaderDigest=None", "DataDigest=None",
            "InitialR2T=No", "ImmediateData=Yes", "FirstBurstLength=65536",
            "MaxBurstLength=262144", "MaxRecvDataSegmentLength=65536",
            "DefaultTime2Wait=0", "DefaultTime2Retain=0", "ErrorRecoveryLevel=0",
            "MaxConnections=1", "MaxOutstandingR2T=1"))
        isid = bytes((0x80, 0, 0, 0, 0, number))
        # Operational stage, to full feature phase.
        self.send(struct.pack(">BB2sB3s6sHIHHII16s", 0x43, 0x87, b"", 0,
                              len(text).to_bytes(3, "big"), isid, 0, 0, 0, 0, self.cmdsn, 0, b""),
                  text)
        header, _ = self.receive()
        if header[0] != 0x23 or header[1] & 0x83 != 0x83 or header[36]:
            raise RuntimeError("login failed: %s" % header.hex())

    @property
    def room(self):
        """The target takes another command."""
        return (self.maxcmdsn - self.cmdsn) & 0xFFFFFFFF < 0x80000000

    def send(self, header, data=b""):
        try:
            self.sock.sendall(header + data + b"\0" * (-len(data) % 4))
        except OSError as error:
            raise Dead from error

    def submit(self, command):
        """Send a command; there must be room. Only commands with data out or none."""
        self.itt = (self.itt + 1) & 0x7FFFFFFF
        self.commands[self.itt] = command
        size = len(command.data)
        self.send(struct.pack(">BB2sB3sBB6xIIII16s", 0x01, 0x80 | (0x20 if size else 0) | 1, b"",
                              0, size.to_bytes(3, "big"), 0, command.lun, self.itt, size,
                              self.cmdsn, self.expstatsn, command.cdb), command.data)
        self.cmdsn = (self.cmdsn + 1) & 0xFFFFFFFF

    def receive(self):
        """One PDU: header and data."""
        while True:
            if len(self.buffer) >= 48:
                size = int.from_bytes(self.buffer[5:8], "big")
                end = 48 + self.buffer[4] * 4 + size + -size % 4
                if len(self.buffer) >= end:
                    header = bytes(self.buffer[:48])
                    data = bytes(self.buffer[end - size - -size % 4:end])[:size]
                    del self.buffer[:end]
                    break
            try:
                part = self.sock.recv(65536)
            except OSError as error:
                raise Dead from error
            if not part:
                raise Dead
            self.buffer += part
        statsn, _, self.maxcmdsn = struct.unpack_from(">III", header, 24)
        if header[0] in (0x21, 0x23):
            self.expstatsn = (statsn + 1) & 0xFFFFFFFF
        return header, data

    def handle(self):
        """Wait for one PDU and act on it."""
        header, data = self.receive()
        opcode = header[0] & 0x3F
        itt, = struct.unpack_from(">I", header, 16)
        if opcode == 0x21:
            command = self.commands.pop(itt)
            command.status = header[3]
            command.sense = data[2:]
            if command.done:
                command.done(command)
        elif opcode == 0x20:                    # NOP-In
            ttt, = struct.unpack_from(">I", header, 20)
            if ttt != NO_TAG:
                self.send(struct.pack(">BB2xI8sIIII16x", 0x40, 0x80, 0, header[8:16], NO_TAG, ttt,
                                      self.cmdsn, self.expstatsn))
        else:
            raise RuntimeError("PDU that nobody asked for: %s" % header.hex())

    def execute(self, lun, cdb):
        """Run one command alone. Returns its status."""
        command = Command(lun, cdb)
        self.submit(command)
        while command.status is None:
            self.handle()
        return command.status

    def pending(self):
        """A whole PDU may be here already, which a selector does not see."""
        return len(self.buffer) >= 48

    def close(self):
        self.sock.close()
