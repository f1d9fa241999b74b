# SPDX-License-Identifier: GPL-2.0
"""SCSI commands by the SG_IO ioctl."""
import ctypes, fcntl, struct

SG_IO = 0x2285
TIMEOUT = 120000        # ms
TO_DEVICE, FROM_DEVICE, NONE = -2, -3, -1


class Header(ctypes.Structure):
    _fields_ = [("interface", ctypes.c_int), ("direction", ctypes.c_int),
                ("cmd_len", ctypes.c_ubyte), ("sense_len", ctypes.c_ubyte),
                ("iovecs", ctypes.c_ushort), ("len", ctypes.c_uint),
                ("data", ctypes.c_void_p), ("cmd", ctypes.c_void_p),
                ("sense", ctypes.c_void_p), ("timeout", ctypes.c_uint),
                ("flags", ctypes.c_uint), ("id", ctypes.c_int), ("user", ctypes.c_void_p),
                ("status", ctypes.c_ubyte), ("masked", ctypes.c_ubyte),
                ("msg", ctypes.c_ubyte), ("sense_wr", ctypes.c_ubyte),
                ("host", ctypes.c_ushort), ("driver", ctypes.c_ushort),
                ("resid", ctypes.c_int), ("duration", ctypes.c_uint), ("info", ctypes.c_uint)]


def command(fd, cdb, out=b"", want=0, timeout=TIMEOUT):
    """Sends `out`, or has room for `want` bytes. Returns how it ended ("GOOD", "CONFLICT",
    "key/asc/ascq" or a status), what came, and the INFORMATION of fixed sense data, None
    if that is not valid."""
    cmd = ctypes.create_string_buffer(bytes(cdb), len(cdb))
    buf = ctypes.create_string_buffer(bytes(out), max(1, len(out), want))
    sense = ctypes.create_string_buffer(64)
    hdr = Header(interface=ord("S"), direction=TO_DEVICE if out else FROM_DEVICE if want else NONE,
                 cmd_len=len(cdb), sense_len=64, len=len(out) or want,
                 data=ctypes.addressof(buf), cmd=ctypes.addressof(cmd),
                 sense=ctypes.addressof(sense), timeout=timeout)
    fcntl.ioctl(fd, SG_IO, hdr)
    if hdr.status == 0x18:
        return "CONFLICT", b"", None
    if hdr.status == 2:
        s, information = sense.raw, None
        where = (1, 2, 3) if s[0] & 0x7f >= 0x72 else (2, 12, 13)
        if s[0] & 0xff in (0xf0, 0xf1):
            information, = struct.unpack(">I", s[3:7])
        return "%02x/%02x/%02x" % (s[where[0]] & 15, s[where[1]], s[where[2]]), b"", information
    if hdr.status or hdr.host:
        return "status %02x host %x" % (hdr.status, hdr.host), b"", None
    return "GOOD", buf.raw[:want - hdr.resid] if want else b"", None
