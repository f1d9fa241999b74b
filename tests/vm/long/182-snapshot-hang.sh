# SPDX-License-Identifier: GPL-2.0
# A snapshot never holds up writes for long, whatever hangs: it is given up.
# shellcheck shell=bash
DESCRIPTION="a snapshot of a disk that is slow or hangs is given up in time, by a signal too"
GROUP=backstore
TIMEOUT=90

needs()
{
	needs_lunar_file
	modprobe -a dm-mod dm-delay || skip "no dm-delay in this kernel"
}

# Write and read, and say how long the slowest of either took, in ms.
cat >/tmp/latency.py <<'END'
import mmap, os, sys, threading, time
fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
longest = {}
def run(call, offset):
    buf = mmap.mmap(-1, 4096)
    longest[call] = 0
    while not os.path.exists("/tmp/stop"):
        begin = time.monotonic()
        call(fd, [buf], offset)
        longest[call] = max(longest[call], time.monotonic() - begin)
threads = [threading.Thread(target=run, args=args) for args in
           ((os.pwritev, 4 << 20), (os.preadv, 6 << 20))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("%d %d" % (longest[os.pwritev] * 1000, longest[os.preadv] * 1000))
END

# table hang|slow|fine: of the device "slow"; 4 KiB of it, at $place, takes its time
table()
{
	local disk

	disk=$(spare_disk 1)
	dmsetup suspend --noflush --nolockfs --noudevsync slow
	[ "$1" != hang ] || return 0
	{
		echo "0 $place linear $disk 0"
		if [ "$1" = slow ]; then
			# Without its own figures a flush takes as long as a write.
			echo "$place 8 delay $disk $place 0 $disk $place 60000 $disk $place 0"
		else
			echo "$place 8 linear $disk $place"
		fi
		echo "$((place + 8)) $((655360 - place - 8)) linear $disk $((place + 8))"
	} | dmsetup load slow
	dmsetup resume --noudevsync slow
}

in_flight()
{
	[ "$(awk '{ print $2 }' "/sys/block/$(basename "$(dm_device slow)")/inflight")" -gt 0 ]
}

# A write that takes a minute is waited for, but not for so long; "fine" ends it.
slow_write()
{
	local writer load write read

	table slow
	rm -f /tmp/stop
	python3 /tmp/latency.py "$(loop_disk h)" >/tmp/latency &
	load=$!
	dd if=/dev/urandom of="$(loop_disk h)" bs=4096 count=1 oflag=direct status=none &
	writer=$!
	wait_for 5 in_flight
	logged "h: snapshot /mnt/slow/x: given up, writes would be held up for too long: -ETIMEDOUT" \
		snapshot h /mnt/slow/x
	kill -0 $writer || fail "the write was not slow: nothing was tested"
	touch /tmp/stop
	table fine
	wait $load $writer
	read -r write read </tmp/latency
	echo "longest write $write ms, longest read $read ms"
	[ "$write" -gt 4500 ] || fail "writes were not held up"
	[ "$read" -lt "$write" ] || fail "reads were held up"
	wait_for 10 snapshot h /mnt/slow/slow
	ok "a write in flight is waited for 5 s; writes wait, reads do not"
}

run()
{
	local disk writer begin

	disk=$(spare_disk 1)
	backstore_load
	dm_create slow "0 655360 linear $disk 0"
	mkfs.xfs -q -f "$(dm_device slow)"
	mkdir -p /mnt/slow
	mount "$(dm_device slow)" /mnt/slow
	defer umount /mnt/slow
	dd if=/dev/zero of=/mnt/slow/h.img bs=1M count=8 conv=fsync status=none
	loop_store h /mnt/slow/h.img 8M fd_async_io=1
	disk=$(loop_disk h)
	echo 300 >"/sys/block/${disk##*/}/device/timeout"
	place=$(($(physical /mnt/slow/h.img 0) / 512))
	defer table fine
	slow_write

	table hang
	dd if=/dev/urandom of="$(loop_disk h)" bs=4096 count=1 oflag=direct status=none &
	writer=$!
	begin=$SECONDS
	logged "h: snapshot /mnt/slow/x: given up, the image has not been flushed in time: -ETIMEDOUT" \
		snapshot h /mnt/slow/x
	echo "given up after $((SECONDS - begin)) s"
	logged "h: snapshot /mnt/slow/x: an earlier one has not ended" snapshot h /mnt/slow/x
	grep -q 'Orphans: 1 ' "$CONFIGFS/core/fileio_0/h/info" || fail "it is not in info"
	table fine
	wait $writer
	wait_for 10 snapshot h /mnt/slow/y
	[ ! -e /mnt/slow/x ] || fail "a snapshot that was given up is there"

	table hang
	(snapshot h /mnt/slow/z) 2>/dev/null &
	writer=$!
	wait_for 5 grep -q lfile_snapshot "/proc/$writer/stack"
	kill $writer
	wait $writer && fail "a snapshot of a disk that hangs"
	log_has "h: snapshot /mnt/slow/z: interrupted: -EINTR" || fail "no line in the log"
	table fine
	wait_for 10 snapshot h /mnt/slow/v
	loop_remove h
	ok "a disk that hangs: given up, interrupted, goes on afterwards"
}
