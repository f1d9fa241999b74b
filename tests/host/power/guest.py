# SPDX-License-Identifier: GPL-2.0
"""The VM's side of the power-cut test: does what the host asks for over a TCP
connection. Requests and answers are lines of JSON; read() is answered by raw bytes.
"""
import fcntl
import glob
import json
import os
import socket
import subprocess
import sys

TARGET = "/sys/kernel/config/target"
HOST = "10.0.2.2"
MKFS = {
    "ext4": ("mkfs.ext4", "-q", "-F"),
    "xfs": ("mkfs.xfs", "-q", "-f"),
    "btrfs": ("mkfs.btrfs", "-q", "-f"),
}
BLKFLSBUF = 0x1261


def run(*command):
    subprocess.run(command, check=True)


def put(path, text):
    with open(path, "w") as file:
        file.write(text)


def device(serial):
    for path in glob.glob("/sys/block/vd*/serial"):
        with open(path) as file:
            if file.read() == serial:
                return "/dev/" + path.split("/")[3]
    raise FileNotFoundError("no disk " + serial)


def image(lun):
    if lun["fs"] == "block":
        return device(lun["disk"])
    return "/mnt/%s/%s.img" % (lun["fs"], lun["name"])


def mount(luns):
    for fs in sorted({lun["fs"] for lun in luns} & set(MKFS)):
        os.makedirs("/mnt/" + fs, exist_ok=True)
        run("mount", "-t", fs, device(fs), "/mnt/" + fs)


def umount(luns):
    for fs in sorted({lun["fs"] for lun in luns} & set(MKFS)):
        run("umount", "/mnt/" + fs)


def make(luns):
    """Fresh filesystems with images; every second one has its blocks, unwritten."""
    for fs in sorted({lun["fs"] for lun in luns} & set(MKFS)):
        run(*MKFS[fs], device(fs))
    mount(luns)
    for n, lun in enumerate(luns):
        if lun["fs"] == "block":
            continue
        with open(image(lun), "w") as file:
            if n % 2:
                os.posix_fallocate(file.fileno(), 0, lun["size"])
            else:
                file.truncate(lun["size"])
    umount(luns)
    run("sync")


def backstore(lun):
    top = "%s/core/%s_0" % (TARGET, lun["backstore"])
    path = "%s/%s" % (top, lun["name"])
    os.makedirs(path)
    put(path + "/control", "fd_dev_name=%s,fd_dev_size=%d" % (image(lun), lun["size"]))
    if lun["control"]:
        put(path + "/control", lun["control"])
    put(path + "/wwn/vpd_unit_serial", lun["name"])
    put(path + "/enable", "1")
    for name, value in lun["attrib"].items():
        put("%s/attrib/%s" % (path, name), value)
    return path


def serve(iqn, luns):
    """Export all LUNs to anybody."""
    run("modprobe", "configfs")
    run("mount", "-t", "configfs", "configfs", "/sys/kernel/config")
    run("modprobe", "-C", "/dev/null", "target_core_mod")
    if any(lun["backstore"] == "fileio" for lun in luns):
        run("modprobe", "-C", "/dev/null", "target_core_file")
    run("modprobe", "lunar_file", "name=lfileio")
    run("modprobe", "lunar_iscsi")
    tpg = "%s/iscsi/%s/tpgt_1" % (TARGET, iqn)
    os.makedirs(tpg)
    os.mkdir(tpg + "/np/0.0.0.0:3260")
    for name, value in (("authentication", "0"), ("generate_node_acls", "1"),
                        ("demo_mode_write_protect", "0")):
        put("%s/attrib/%s" % (tpg, name), value)
    for n, lun in enumerate(luns):
        path = backstore(lun)
        os.mkdir("%s/lun/lun_%d" % (tpg, n))
        os.symlink(path, "%s/lun/lun_%d/%s" % (tpg, n, lun["name"]))
    put(tpg + "/enable", "1")


def read(stream, luns, ranges):
    """ranges: for each LUN a list of (offset, length)."""
    for lun, parts in zip(luns, ranges):
        fd = os.open(image(lun), os.O_RDONLY)
        if lun["fs"] == "block":
            fcntl.ioctl(fd, BLKFLSBUF)
        for offset, length in parts:
            data = os.pread(fd, length, offset)
            if len(data) != length:
                raise EOFError("%s is short" % image(lun))
            stream.write(data)
        os.close(fd)
    stream.flush()


def main():
    run("modprobe", "virtio_net")
    name, = [path.split("/")[4] for path in glob.glob("/sys/class/net/*/device")]
    run("ip", "addr", "add", "10.0.2.15/24", "dev", name)
    run("ip", "link", "set", name, "up")
    sock = socket.create_connection((HOST, int(sys.argv[1])), 60)
    sock.settimeout(None)
    stream = sock.makefile("rwb")
    for line in stream:
        request = json.loads(line)
        luns = request["luns"]
        try:
            if request["do"] == "read":
                read(stream, luns, request["ranges"])
                continue
            {"make": make, "mount": mount, "umount": umount,
             "serve": lambda luns: serve(request["iqn"], luns)}[request["do"]](luns)
        except Exception as error:      # the host tells
            stream.write(json.dumps({"error": repr(error)}).encode() + b"\n")
            stream.flush()
            raise
        stream.write(b"{}\n")
        stream.flush()


main()
