# SPDX-License-Identifier: GPL-2.0
# Little memory is left, as with a balloon that was blown up, or the filesystem that
# uses the LUN is confined by a cgroup: then the pages that have to be written to come by
# memory are those that our commands carry. Nothing stands still, the data is right.
# LUNAR_FAULTS=N does N times as much.
# shellcheck shell=bash
DESCRIPTION="I/O and logins with next to no memory, and from within a small cgroup"
GROUP=faults
TIMEOUT=240

TIMES=${LUNAR_FAULTS:-1}
GROUP_DIR=/sys/fs/cgroup/lunar-test
LEFT=40		# MiB
balloon=
balloon_pid=

let_go()
{
	[ -n "$balloon_pid" ] || return 0
	exec {balloon}>&-
	wait "$balloon_pid" || true
	balloon_pid=
}

# Runs while the machine has $LEFT MiB.
short_of_memory()
{
	local i

	mkfifo /tmp/balloon
	python3 /lunar/lib/balloon.py $LEFT </tmp/balloon >/tmp/balloon.out &
	balloon_pid=$!
	# The first to go, if memory runs out altogether: then the test fails.
	echo 1000 >/proc/$balloon_pid/oom_score_adj
	exec {balloon}>/tmp/balloon
	defer let_go
	wait_for 60 grep -q full /tmp/balloon.out
	cat /tmp/balloon.out
	verified pressure --filename="$dev" --direct=1 --ioengine=libaio --iodepth=16 --size=48M \
		--io_size=$((32 * TIMES))M
	for ((i = 0; i < 5 * TIMES; i++)); do
		logout "$TARGET" "$PORTAL" >/dev/null
		login "$TARGET" "$PORTAL" >/dev/null
	done
	dev=$(lun_device "$TARGET" 0)
	verified "after logins" --filename="$dev" --direct=1 --ioengine=libaio --iodepth=16 \
		--size=48M --io_size=$((8 * TIMES))M
	kill -0 $balloon_pid || fail "the memory came back: $(cat /tmp/balloon.out)"
	let_go
	ok "$LEFT MiB left"
}

events()
{
	awk -v name="$1" '$1 == name { print $2 }' $GROUP_DIR/memory.events
}

# The cgroup has fewer pages than what is written, so writes wait for writeback.
confined()
{
	mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
	if ! grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
		ok "left out: no memory controller of cgroup v2"
		return
	fi
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir $GROUP_DIR
	defer rmdir $GROUP_DIR
	echo 24M >$GROUP_DIR/memory.max
	fresh_fs ext4 "$dev" /mnt/confined
	(
		echo $BASHPID >$GROUP_DIR/cgroup.procs
		verified cgroup --directory=/mnt/confined --size=40M --io_size=$((40 * TIMES))M \
			--ioengine=psync --fallocate=none --end_fsync=1
	)
	equal "$(events oom_kill)" 0 "processes killed in the cgroup"
	[ "$(events max)" -gt 0 ] || fail "the cgroup was never full"
	umount /mnt/confined
	ok "a cgroup of 24 MiB, full $(events max) times"
}

run()
{
	local dev

	lunar_load
	fresh_fs xfs "$(spare_disk 0)" /mnt/pressure
	truncate -s 64M /mnt/pressure/image
	defer rm -f /tmp/fio.out /tmp/balloon /tmp/balloon.out
	simple_target /mnt/pressure/image 64M
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
	confined
	short_of_memory
	initiator_reset >/dev/null
}
