# SPDX-License-Identifier: GPL-2.0
# A quota that is used up, and a thin device that is: found at once where space is
# reserved with the write, or late, by the writeback. What was answered is there.
# shellcheck shell=bash
DESCRIPTION="quota and a full thin device are 07/27/07, nothing answered is lost, then it goes on"
GROUP=backstore
TIMEOUT=90
ALLOW_LOG='Buffered I/O error on dev dm-'

needs()
{
	needs_lunar_file
}

# piece N: the Nth MiB of what is written
piece()
{
	dd if=/tmp/all bs=1M skip="$1" count=1 of=/tmp/piece status=none
}

# fill SG: one MiB after the other, until one is refused; sets $pieces
fill()
{
	pieces=0
	while piece $pieces && write10 "$1" /tmp/piece $((pieces * 2048)) 2048 >/tmp/out 2>&1; do
		pieces=$((pieces + 1))
		[ $pieces -lt 40 ] || fail "40 MiB were accepted"
	done
	if ! grep -q 'Data Protect' /tmp/out || ! grep -q 'Space allocation failed write protect' /tmp/out; then
		fail "told as: $(cat /tmp/out)"
	fi
	[ $pieces -ge 8 ] || fail "refused after $pieces MiB already"
}

# intact IMAGE: all that was answered is there, read from the disk
intact()
{
	echo 3 >/proc/sys/vm/drop_caches
	cmp -n $((pieces << 20)) /tmp/all "$1" || fail "of $pieces MiB that were answered some are lost"
}

# goes_on SG IMAGE: the one that was refused, now
goes_on()
{
	piece "$pieces"
	write10 "$1" /tmp/piece $((pieces * 2048)) 2048 2>/dev/null || fail "still refused"
	pieces=$((pieces + 1))
	sg_sync "$1"
	intact "$2"
}

# quota u|p CONTROL: XFS says EDQUOT for users, ENOSPC for projects
quota()
{
	local sg id=user

	mkfs.xfs -q -f "$(spare_disk 0)"
	mount -o "$1quota" "$(spare_disk 0)" /mnt
	mkdir /mnt/q
	if [ "$1" = p ]; then
		id=project
		xfs_quota -x -c "project -s -p /mnt/q 42" /mnt >/dev/null
	fi
	xfs_quota -x -c "limit -$1 bhard=16m 42" /mnt
	truncate -s 64M /mnt/q/img
	chown 42 /mnt/q/img
	loop_store q /mnt/q/img 64M "$2"
	sg=$(loop_sg q)
	fill "$sg"
	sg_sync "$sg" || fail "what was answered cannot be made stable"
	intact /mnt/q/img
	xfs_quota -x -c "limit -$1 bhard=48m 42" /mnt
	goes_on "$sg" /mnt/q/img
	loop_remove q
	umount /mnt
	ok "$id quota, '$2': $pieces MiB, then 07/27/07, then on"
}

# pool N SECTORS: the table of pool N, and how much it can give
pool()
{
	echo "0 $2 thin-pool $(dm_device "meta$1") $(dm_device "data$1") 128 0 2 skip_block_zeroing error_if_no_space"
}

# thin N CONTROL: no space when the page cache is written back, or by direct I/O
thin()
{
	local sg below start=$(($1 * 262144))

	below=$(spare_disk 1)
	dm_create "meta$1" "0 16384 linear $below $start"
	dm_create "data$1" "0 131072 linear $below $((start + 16384))"
	dd if=/dev/zero of="$(dm_device "meta$1")" bs=1M count=8 oflag=direct status=none
	dm_create "pool$1" "$(pool "$1" 32768)"
	dmsetup message "pool$1" 0 "create_thin 0"
	dm_create "thin$1" "0 131072 thin $(dm_device "pool$1") 0"
	loop_store t "$(dm_device "thin$1")" 64M "$2"
	sg=$(loop_sg t)
	fill "$sg"
	intact "$(dm_device "thin$1")"
	pool "$1" 131072 | dmsetup load "pool$1"
	dmsetup suspend --noudevsync "pool$1"
	dmsetup resume --noudevsync "pool$1"
	goes_on "$sg" "$(dm_device "thin$1")"
	loop_remove t
	ok "thin device, '$2': $pieces MiB, then 07/27/07, then on"
}

run()
{
	local mode pieces

	backstore_load
	defer rm -f /tmp/all /tmp/piece
	head -c 40M /dev/urandom >/tmp/all
	for mode in "" fd_buffered_io=1 fd_async_io=1; do
		quota u "$mode"
	done
	quota p ""
	if ! modprobe dm-thin-pool 2>/dev/null; then
		[ "$LUNAR_ACCEL" = uml ] || fail "no dm-thin-pool in this kernel"
		ok "no dm-thin-pool in this kernel, left out"
		return
	fi
	thin 1 ""
	thin 2 fd_async_io=1
}
