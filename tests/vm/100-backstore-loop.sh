# SPDX-License-Identifier: GPL-2.0
# The backstore under tcm_loop: each mode on each kind of backing store, data
# verified through the disk, then in the image itself, then after a new set-up.
# shellcheck shell=bash
DESCRIPTION="modes by filesystems: fio verify, image compared, cold cache, new set-up"
GROUP=backstore
TIMEOUT=240

needs()
{
	needs_lunar_file
}

verify()
{
	fio --name=verify --filename="$1" --direct=1 --ioengine=libaio --iodepth=16 \
		--rw=randwrite --bsrange=512-512k --size=16M --verify=crc32c \
		--randseed=7 --verify_fatal=1 --minimal "${@:2}" >/dev/null
}

# one IMAGE MODE CONTROL
one()
{
	local disk size

	size=64M
	[ ! -b "$1" ] || size=$(blockdev --getsize64 "$1")
	loop_store "$2" "$1" "$size" "$3"
	disk=$(loop_disk "$2")
	verify "$disk" --do_verify=1
	# Reads and writes of all sizes at once, not aligned to pages.
	fio --name=mixed --filename="$disk" --direct=1 --ioengine=libaio --iodepth=32 \
		--rw=randrw --bsrange=512-256k --blockalign=512 --offset=16M --size=16M \
		--minimal >/dev/null
	head -c 3145728 /dev/urandom >/tmp/data
	dd if=/tmp/data of="$disk" bs=1536k seek=20 oflag=direct status=none
	sg_sync "$disk"
	cmp -n 3145728 /tmp/data "$1" 0 31457280 || fail "the image does not have what was written"
	loop_remove "$2"
	sync
	echo 3 >/proc/sys/vm/drop_caches
	loop_store "$2" "$1" "$size" "$3"
	disk=$(loop_disk "$2")
	verify "$disk" --verify_only
	cmp -n 3145728 /tmp/data "$disk" 0 31457280 || fail "the disk does not have what was written"
	loop_remove "$2"
}

# modes IMAGE: all that its filesystem can do
modes()
{
	local image=$1

	one "$image" through ""
	one "$image" back fd_buffered_io=1
	if dd if="$image" of=/dev/null bs=4096 count=1 iflag=direct status=none 2>/dev/null; then
		one "$image" direct fd_async_io=1
		one "$image" dback fd_async_io=1,fd_buffered_io=1
		ok "$image: through, back, direct, direct with write cache"
	else
		ok "$image: through, back (no direct I/O there)"
	fi
}

# no_atime IMAGE: a READ does not write the time of access: that waits for the journal.
no_atime()
{
	mount -o remount,strictatime /mnt
	loop_store a "$1" 64M
	touch -a -d @1 "$1"
	echo 3 >/proc/sys/vm/drop_caches
	dd if="$(loop_disk a)" of=/dev/null bs=64k count=4 iflag=direct status=none
	equal "$(stat -c %X "$1")" 1 "time of access"
	loop_remove a
}

run()
{
	local fs disk

	disk=$(spare_disk 0)
	backstore_load
	for fs in ext4 xfs btrfs; do
		"mkfs.$fs" -q "$([ $fs = ext4 ] && echo -F || echo -f)" "$disk"
		mount "$disk" /mnt
		truncate -s 64M "/mnt/$fs.img"
		modes "/mnt/$fs.img"
		no_atime "/mnt/$fs.img"
		umount /mnt
	done
	mount -t tmpfs tmpfs /mnt
	defer umount /mnt
	truncate -s 64M /mnt/tmpfs.img
	modes /mnt/tmpfs.img
	modes "$disk"
}
