# SPDX-License-Identifier: GPL-2.0
# COMPARE AND WRITE of several blocks: what is advertised works, all or nothing of it
# is done, by one command at a time.
# shellcheck shell=bash
DESCRIPTION="COMPARE AND WRITE of several blocks: limits, miscompares, failures, races"
SANITIZERS=smp
GROUP=backstore
TIMEOUT=90

needs()
{
	needs_lunar_file
}

# maximum SG: blocks
maximum()
{
	sg_vpd -p bl "$1" | sed -n 's/.*Maximum compare and write length: \([0-9]*\) .*/\1/p'
}

limits()
{
	local sg

	loop_store c /tmp/caw.img 64K
	sg=$(loop_sg c)
	equal "$(maximum "$sg")" 64 "maximum of a disk of 128 blocks"
	head -c $((65 * 1024)) /dev/zero >/tmp/caw
	compare_and_write "$sg" /tmp/caw 64 64 2>/dev/null
	expect_sense "Illegal Request" "Invalid field in cdb" compare_and_write "$sg" /tmp/caw 0 65
	expect_sense "Illegal Request" "Logical block address out of range" \
		compare_and_write "$sg" /tmp/caw 65 64
	expect_sense "Illegal Request" "Logical block address out of range" \
		compare_and_write "$sg" /tmp/caw 129 1
	sg_raw "$sg" 89 00 00 00 00 00 00 00 00 80 00 00 00 00 00 00 2>/dev/null ||
		fail "no blocks at the end"
	attrib c emulate_caw 0
	equal "$(maximum "$sg")" 0 "maximum without COMPARE AND WRITE"
	expect_sense "Illegal Request" "Invalid command operation code" \
		compare_and_write "$sg" /tmp/caw 0 1
	loop_remove c
	rm /tmp/caw.img

	truncate -s 64M /tmp/caw.img
	backstore c /tmp/caw.img 64M
	attrib c block_size 4096
	loop_attach c
	equal "$(maximum "$(loop_sg c)")" 32 "maximum with blocks of 4096 bytes"
	loop_remove c
	rm /tmp/caw.img
	ok "limits"
}

# The second page has no space: the first is to be as it was.
half_way()
{
	local sg

	mount -t tmpfs -o size=1m tmpfs /mnt
	defer umount /mnt
	loop_store c /mnt/caw.img 16M
	attrib c thin_threshold 0
	sg=$(loop_sg c)
	head -c 4096 /dev/urandom >/tmp/old
	write10 "$sg" /tmp/old 0 8 2>/dev/null
	cat /dev/zero >/mnt/ballast 2>/dev/null || true
	{ cat /tmp/old; head -c 4096 /dev/zero; head -c 8192 /dev/urandom; } >/tmp/caw
	expect_sense "Data Protect" "Space allocation failed" compare_and_write "$sg" /tmp/caw 0 16
	dd if="$(loop_disk c)" bs=4096 count=1 iflag=direct status=none | cmp - /tmp/old ||
		fail "a COMPARE AND WRITE that failed has changed the disk"
	! log_has "cannot be put back" || fail "it could be put back"
	rm /mnt/ballast
	compare_and_write "$sg" /tmp/caw 0 16 2>/dev/null || fail "with space again"
	loop_remove c
	umount /mnt
	ok "one that fails half-way"
}

# Threads count in overlapping ranges of blocks: no turn is lost, no half of one seen.
cat >/tmp/count.py <<'END'
import ctypes, os, random, struct, sys, threading
fd = os.open(sys.argv[1], os.O_RDWR)
libc = ctypes.CDLL(None)
BLOCKS, SG_IO = 24, 0x2285

def die(text):
    print(text, flush=True)
    os._exit(1)

def command(cdb, data, write):
    cdb = ctypes.create_string_buffer(cdb, 16)
    sense = ctypes.create_string_buffer(64)
    hdr = bytearray(struct.pack("=iiBBHIQQQ", ord("S"), -2 if write else -3, 16, 64, 0,
                                len(data), ctypes.addressof(data), ctypes.addressof(cdb),
                                ctypes.addressof(sense)) + struct.pack("=II", 60000, 0) + bytes(40))
    buf = (ctypes.c_char * len(hdr)).from_buffer(hdr)
    if libc.ioctl(fd, SG_IO, buf):
        die("SG_IO")
    return hdr[64], sense.raw[2] & 15

def rw16(opcode, lba, n, data, write):
    return command(struct.pack(">BBQIBB", opcode, 0, lba, n, 0, 0), data, write)

total = 0
lock = threading.Lock()

def count(seed):
    global total
    rng = random.Random(seed)
    done = 0
    while done < 30:
        first = rng.randrange(BLOCKS - 1)
        n = rng.randint(2, BLOCKS - first)
        old = ctypes.create_string_buffer(n * 512)
        if rw16(0x88, first, n, old, False)[0]:
            die("READ failed")
        new = bytearray(old.raw)
        for i in range(n):
            value = struct.unpack_from("=Q", new, i * 512)[0]
            struct.pack_into("=64Q", new, i * 512, *[value + 1] * 64)
        data = ctypes.create_string_buffer(old.raw + bytes(new), n * 1024)
        status, key = command(struct.pack(">BBQ3xBBB", 0x89, 0, first, n, 0, 0), data, True)
        if status == 0:
            done += 1
            with lock:
                total += n
        elif (status, key) != (2, 14):
            die("status %d, sense key %d" % (status, key))

zeros = ctypes.create_string_buffer(BLOCKS * 512)
rw16(0x8a, 0, BLOCKS, zeros, True)
threads = [threading.Thread(target=count, args=(n,)) for n in range(6)]
for t in threads:
    t.start()
for t in threads:
    t.join()
last = ctypes.create_string_buffer(BLOCKS * 512)
rw16(0x88, 0, BLOCKS, last, False)
values = struct.unpack("=%dQ" % (BLOCKS * 64), last.raw)
for i in range(BLOCKS):
    if len(set(values[i * 64:i * 64 + 64])) != 1:
        die("block %d is not of one piece" % i)
found = sum(values[::64])
print("%d blocks counted, %d found" % (total, found))
sys.exit(not total or found != total)
END

race()
{
	loop_store c /tmp/caw.img 16M "$1"
	python3 /tmp/count.py "$(loop_sg c)" >/tmp/out || fail "'$1': $(cat /tmp/out)"
	cat /tmp/out
	loop_remove c
	rm /tmp/caw.img
	ok "six at a time in overlapping ranges, '$1'"
}

# The same blocks by way of the fabric.
over_iscsi()
{
	local disk

	simple_target /tmp/caw.img 64M "$1"
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	disk=$(lun_device "$TARGET" 0)
	several_blocks "$disk" "$disk"
	logout "$TARGET" "$PORTAL" >/dev/null
	remove_target "$TARGET"
	remove_backstore disk0
	rm /tmp/caw.img
}

# One that hangs while it reads stops the writer of the disk for a moment only: a later
# WRITE is answered from the cache.
hangs()
{
	local sg pid tracing=/sys/kernel/tracing

	dm_create hang "0 262144 linear $(spare_disk 0) 0"
	mkfs.ext4 -q -F "$(dm_device hang)"
	# No commit of the journal meanwhile, which would hang and the WRITE with it.
	mount -o commit=300 "$(dm_device hang)" /mnt
	dd if=/dev/zero of=/mnt/caw.img bs=1M count=64 conv=fsync status=none
	loop_store c /mnt/caw.img 64M fd_buffered_io=1
	sg=$(loop_sg c)
	head -c 1024 /dev/zero >/tmp/caw
	head -c 4096 /dev/zero >/tmp/data
	sg_sync "$sg"
	echo 1 >/proc/sys/vm/drop_caches
	write10 "$sg" /tmp/data 0 8 2>/dev/null	# what ext4 needs for that is cached now
	echo 'p:lunar_pause lfile_line_pause' >$tracing/kprobe_events
	echo >$tracing/trace
	echo 1 >$tracing/events/kprobes/lunar_pause/enable
	dmsetup suspend --nolockfs --noflush --noudevsync hang
	defer dmsetup resume --noudevsync hang
	compare_and_write "$sg" /tmp/caw 65536 1 2>/dev/null &
	pid=$!
	wait_for 10 grep -q lunar_pause $tracing/trace
	timeout $((10 * LUNAR_FACTOR)) sg_raw -s 4096 -i /tmp/data "$sg" 2a 00 00 00 00 00 00 00 08 00 2>/dev/null ||
		fail "a WRITE waits for a COMPARE AND WRITE that hangs"
	kill -0 $pid || fail "COMPARE AND WRITE did not hang"
	dmsetup resume --noudevsync hang
	wait $pid
	echo 0 >$tracing/events/kprobes/lunar_pause/enable
	echo >$tracing/kprobe_events
	loop_remove c
	umount /mnt
	dmsetup remove --retry --noudevsync hang
	ok "COMPARE AND WRITE that hangs"
}

run()
{
	local mode

	modprobe -a configfs target_core_mod tcm_loop sd_mod sg
	lunar_load
	defer rmmod tcm_loop
	defer loop_unload
	limits
	half_way
	hangs
	for mode in "" fd_buffered_io=1; do
		loop_store c /tmp/caw.img 64M "$mode"
		several_blocks "$(loop_sg c)" "$(loop_disk c)"
		loop_remove c
		rm /tmp/caw.img
		race "$mode"
	done
	over_iscsi ""
}
