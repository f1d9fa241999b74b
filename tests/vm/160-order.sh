# SPDX-License-Identifier: GPL-2.0
# A device that hangs below a disk, and what order is worth then: aborts are
# answered, what overlaps something that is stuck waits for it, what does not
# passes, and nothing old lands on something new. The cases are in rawpdu.
# shellcheck shell=bash
DESCRIPTION="a hung device: aborts answered in 2 s, order kept, removal drains"
SANITIZERS=uml
GROUP=order
TIMEOUT=240
# target core, for each abort
ALLOW_LOG='ABORT_TASK|LUN_RESET'

needs()
{
	needs_lunar_file
}

# How to make the file hang, and how to release it.
SUSPEND="dmsetup suspend --noflush --nolockfs --noudevsync hang"
RESUME="dmsetup resume --noudevsync hang"

# cases NAME...: each by itself; what hangs is released in between.
cases()
{
	local name failed=

	for name; do
		/lunar/rawpdu -p "$PORTAL" -i "$INITIATOR" -t "$TARGET" -x "$LUNAR_FACTOR" \
			-H "$SUSPEND" -R "$RESUME" "$name" >/tmp/rawpdu.out || failed+=" $name"
		grep -E 'ok|#' /tmp/rawpdu.out
		[[ $name == *-leave ]] || $RESUME
	done
	[ -z "$failed" ] || fail "rawpdu:$failed"
}

no_orphans()
{
	! grep -q Orphans "$CONFIGFS/core/fileio_0/disk0/info"
}

# The disk goes only when the write that was given up has ended.
removal()
{
	local pid

	wait_for 10 no_orphans
	defer eval "$RESUME"
	cases order-leave
	grep -q 'Orphans: 1 ' "$CONFIGFS/core/fileio_0/disk0/info" || fail "no orphan in info"
	remove_target "$TARGET"
	remove_backstore disk0 &
	pid=$!
	wait_for 10 log_has "disk0: removal waits for"
	kill -0 $pid || fail "the disk has gone, with a write on the way"
	$RESUME
	wait $pid
	remove_backstore disk1
	ok "removal waits for what was given up, and says so"
}

# A copy from disk0 to disk1 that was given up: either LUN goes, neither disk does.
visitor()
{
	local pid

	defer eval "$RESUME"
	cases copy-leave
	remove_target "$TARGET"
	remove_backstore disk1 &
	pid=$!
	wait_for 10 log_has "disk1: removal waits for"
	kill -0 $pid || fail "the disk has gone, with a copy to it on the way"
	$RESUME
	wait $pid
	remove_backstore disk0
	ok "removal waits for a copy from another disk"
}

# two_luns IMAGE CONTROL: LUN 0 can hang, LUN 1 has nothing to do with it.
two_luns()
{
	backstore disk0 "$1" 64M "$2"
	backstore disk1 /tmp/other.img 16M
	target "$TARGET" "$PORTAL"
	lun "$TARGET" 0 disk0
	lun "$TARGET" 1 disk1
	acl "$TARGET" "$INITIATOR"
	enable_target "$TARGET"
}

# A server in user space that is stopped: no signal reaches who waits for it.
stopped_server()
{
	local pid

	modprobe fuse 2>/dev/null || true
	if [ ! -c /dev/fuse ]; then
		[ "$LUNAR_ACCEL" = uml ] || fail "no FUSE in this kernel"
		return
	fi
	fuse_server 64M
	pid=$(pgrep -nf /lunar/lib/fuse.py)
	SUSPEND="kill -STOP $pid"
	RESUME="kill -CONT $pid"
	two_luns /mnt/fuse/image "$1"
	cases order-reset order-other
	ok "a FUSE server that is stopped, '$1'"
	removal
	fuse_done
}

run()
{
	local disk half above

	disk=$(spare_disk 0)
	modprobe dm-mod
	# Two halves of 32 MiB; the first can hang.
	dm_create hang "0 65536 linear $disk 0"
	half=$(dm_device hang)
	printf '0 65536 linear %s 0\n65536 65536 linear %s 65536\n' "$half" "$disk" |
		dmsetup create halves --noudevsync
	defer dmsetup remove --retry --noudevsync halves
	defer eval "$RESUME"
	lunar_load

	defer rm -f /tmp/other.img
	above=$(dm_device halves)
	two_luns "$above" fd_buffered_io=1,fd_async_io=1
	cases order-abort order-cancel order-read order-reset order-other order-random caw-abort caw-order caw-miscompare \
		copy-order copy-cancel copy-abort
	ok "direct I/O"
	removal
	two_luns "$above" fd_buffered_io=1,fd_async_io=1
	visitor

	# A write is in the page cache and waits for a flush that hangs.
	two_luns "$above" ""
	cases order-reset order-other order-random caw-miscompare copy-order
	ok "write-through"
	removal

	stopped_server ""
	stopped_server fd_async_io=1
}
