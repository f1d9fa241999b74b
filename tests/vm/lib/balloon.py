#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""balloon.py MIB: takes memory, locked, until so many MiB are left (MemAvailable), says
"full" and keeps it until its input ends. What comes free meanwhile it takes too."""
import mmap, select, sys, ctypes

STEP = 4 << 20
libc = ctypes.CDLL(None, use_errno=True)


def available():
    with open("/proc/meminfo") as info:
        for line in info:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024


def main():
    least, taken, said = int(sys.argv[1]), [], False
    if libc.mlockall(1):
        sys.exit("mlockall: errno %d" % ctypes.get_errno())
    while True:
        if available() > least + (STEP >> 20):
            part = mmap.mmap(-1, STEP, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            for at in range(0, STEP, mmap.PAGESIZE):
                part[at] = 1
            address = ctypes.addressof(ctypes.c_char.from_buffer(part))
            if libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(STEP)):
                sys.exit("mlock: errno %d" % ctypes.get_errno())
            taken.append(part)
            continue
        if not said:
            print("full, %d MiB taken" % (len(taken) * (STEP >> 20)), flush=True)
            said = True
        if select.select([sys.stdin], [], [], 0.1)[0] and not sys.stdin.read(1):
            return


main()
