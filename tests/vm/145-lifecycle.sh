# SPDX-License-Identifier: GPL-2.0
# What becomes of a disk and its image over time: it grows, is write-protected, is
# set up twice, is deleted, or loses its filesystem.
# shellcheck shell=bash
DESCRIPTION="disks grow, are read-only, are not exported twice; deleted images, dead filesystems"
GROUP=backstore
TIMEOUT=240
ALLOW_LOG='XFS|EXT4-fs|Emergency Remount|Buffered I/O error|I/O error, dev sd|Capacity data has changed'

needs()
{
	needs_lunar_file
}

control()
{
	echo "$2" >"$CONFIGFS/core/fileio_0/$1/control"
}

tur()
{
	sg_raw "$1" 00 00 00 00 00 00
}

# attention SG...: each is told of the new capacity, once.
attention()
{
	local sg

	for sg; do
		expect_sense "Unit Attention" "Capacity data has changed" tur "$sg"
		tur "$sg" 2>/dev/null || fail "told twice of the capacity"
	done
}

blocks()
{
	sg_readcap --16 "$1" | sed -n 's/.*Number of logical blocks=\([0-9]*\).*/\1/p'
}

grow_file()
{
	local a b

	loop_store g /mnt/grow.img 16M "$1"
	loop_nexus second g
	a=$(loop_sg g)
	b=$(loop_lun second 0)
	control g fd_dev_size=33554432
	attention "$a" "$b"
	equal "$(blocks "$a")" 65536 "blocks after growing"
	equal "$(stat -c %s /mnt/grow.img)" 33554432 "size of the file"
	write10 "$a" /tmp/data 65528 8 2>/dev/null
	must_fail control g fd_dev_size=16777216
	log_has "is less than the 33554432 bytes that initiators know of" || fail "no line about shrinking"
	equal "$(blocks "$a")" 65536 "blocks after a shrink that was refused"
	must_fail control g fd_dev_name=/mnt/other
	# an administrator who extends the file first
	truncate -s 64M /mnt/grow.img
	control g fd_dev_size=67108864
	attention "$b" "$a"
	control g fd_dev_size=67108864
	tur "$a" 2>/dev/null
	grep -q 'Size: 67108864 ' "$CONFIGFS/core/fileio_0/g/info" || fail "info shows another size"
	loop_nexus_remove second
	# a disk that has lost data does not grow over it
	truncate -s 1M /mnt/grow.img
	expect_sense "Medium Error" "" write10 "$a" /tmp/data 65528 8
	must_fail control g fd_dev_size=134217728
	loop_remove g
	rm /mnt/grow.img
	ok "grows with its file, '$1'"
}

# A unit attention is for the next command that is executed, not for one that is
# refused for a reservation.
attention_later()
{
	local a b

	loop_store g /mnt/grow.img 16M
	loop_nexus second g
	a=$(loop_sg g)
	b=$(loop_lun second 0)
	sg_persist --out --register --param-sark=1 "$b" >/dev/null
	sg_persist --out --reserve --param-rk=1 --prout-type=1 "$b" >/dev/null
	control g fd_dev_size=33554432
	write10 "$a" /tmp/data 0 8 >/tmp/out 2>&1 && fail "written in spite of a reservation"
	grep -qi "reservation conflict" /tmp/out || fail "not a reservation conflict: $(cat /tmp/out)"
	attention "$a" "$b"
	sg_persist --out --clear --param-rk=1 "$b" >/dev/null
	loop_nexus_remove second
	loop_remove g
	rm /mnt/grow.img
	ok "a unit attention outlasts a command that is refused"
}

grow_device()
{
	local sg dm

	dm_create growing "0 32768 linear $1 0"
	dm=$(dm_device growing)
	backstore g "$dm" 16M
	loop_attach g
	sg=$(loop_sg g)
	must_fail control g fd_dev_size=33554432
	dmsetup suspend --noudevsync growing
	dmsetup load growing --table "0 65536 linear $1 0"
	dmsetup resume --noudevsync growing
	attention "$sg"
	equal "$(blocks "$sg")" 65536 "blocks of the device that grew"
	control g fd_dev_size=33554432
	loop_remove g
	ok "grows with its block device"
}

read_only()
{
	local sg disk

	head -c 16M /dev/urandom >/mnt/ro.img
	loop_store r /mnt/ro.img 16M "$1"
	sg=$(loop_sg r)
	disk=$(loop_disk r)
	equal "$(blockdev --getro "$disk")" 1 "read-only flag of the initiator's disk"
	cmp "$disk" /mnt/ro.img
	expect_sense "Data Protect" "Write protected" write10 "$sg" /tmp/data 0 8
	expect_sense "" "" sg_unmap --force --lba=0 --num=8 "$sg"
	expect_sense "Data Protect" "" sg_write_same -v --16 --lba=0 --num=8 "$sg"
	sg_readcap --16 "$sg" | grep -q lbpme=0 || fail "a read-only disk offers to unmap"
	sg_sync "$sg"
	must_fail control r fd_dev_size=33554432
	loop_remove r
	truncate -s 8M /mnt/ro.img
	must_fail backstore r /mnt/ro.img 16M "$1"
	equal "$(stat -c %s /mnt/ro.img)" 8388608 "size of an image that is read only"
	remove_backstore r
	rm /mnt/ro.img
	ok "read-only, '$1'"
}

twice()
{
	loop_store one /mnt/one.img 16M
	ln /mnt/one.img /mnt/hard.img
	ln -s /mnt/one.img /mnt/soft.img
	for path in /mnt/one.img /mnt/hard.img /mnt/soft.img; do
		must_fail backstore two $path 16M
		log_has "two: $path is the image of disk one already, as /mnt/one.img" ||
			fail "no line about $path"
		remove_backstore two
	done
	backstore two /mnt/hard.img 16M shared=1
	remove_backstore two
	loop_remove one
	# and when the first is gone it is free
	backstore two /mnt/hard.img 16M
	remove_backstore two
	rm /mnt/one.img /mnt/hard.img /mnt/soft.img
	backstore one "$1" "$(blockdev --getsize64 "$1")"
	mknod /mnt/node b $((0x$(stat -c %t "$1"))) $((0x$(stat -c %T "$1")))
	must_fail backstore two /mnt/node "$(blockdev --getsize64 "$1")"
	remove_backstore two
	remove_backstore one
	rm /mnt/node
	ok "one image is not two disks by mistake"
}

# claimed DEVICE: a block device is a disk, or this machine's, not both.
claimed()
{
	local size

	size=$(blockdev --getsize64 "$1")
	mkfs.ext4 -q -F "$1"
	mount "$1" /mnt
	must_fail backstore c "$1" "$size"
	log_has "c: cannot claim $1: -EBUSY: is it mounted" || fail "no line about $1"
	remove_backstore c
	backstore c "$1" "$size" shared=1
	remove_backstore c
	umount /mnt
	backstore c "$1" "$size"
	must_fail mount "$1" /mnt
	must_fail mkfs.ext4 -q -F "$1"
	remove_backstore c
	mount "$1" /mnt
	umount /mnt
	ok "a disk has its block device for itself"
}

deleted()
{
	local sg

	loop_store d /mnt/deleted.img 16M "$1"
	sg=$(loop_sg d)
	write10 "$sg" /tmp/data 0 8 2>/dev/null
	rm /mnt/deleted.img
	expect_sense "Medium Error" "Write error" write10 "$sg" /tmp/data 8 8
	expect_sense "Medium Error" "Write error" sg_unmap -v --force --lba=0 --num=8 "$sg"
	expect_sense "Medium Error" "Write error" sg_write_same -v --16 --lba=0 --num=8 "$sg"
	sg_raw -o /tmp/got -r 4096 "$sg" 28 00 00 00 00 00 00 00 08 00 2>/dev/null
	cmp /tmp/got /tmp/data
	log_has "/mnt/deleted.img was deleted under the disk" || fail "no line about the deleted file"
	loop_remove d
	ok "a deleted image: no write is answered GOOD, '$1'"
}

# The filesystem stops for good, as on an error of its device.
dead_fs()
{
	local sg

	loop_store f /mnt/f.img 16M "$1"
	sg=$(loop_sg f)
	write10 "$sg" /tmp/data 0 8 2>/dev/null
	write10 "$sg" /tmp/data 16384 8 2>/dev/null
	xfs_io -x -c 'shutdown -f' /mnt
	expect_sense "sense" "" write10 "$sg" /tmp/data 0 8
	expect_sense "sense" "" sg_sync -v "$sg" || true
	echo 3 >/proc/sys/vm/drop_caches
	if sg_raw -o /tmp/got -r 4096 "$sg" 28 00 00 00 40 00 00 00 08 00 2>/dev/null; then
		cmp /tmp/got /tmp/data || fail "a dead filesystem gives other data"
	fi
	loop_remove f
	ok "a filesystem that was shut down, '$1'"
}

read_only_now()
{
	grep -q ' /mnt [^ ]* ro' /proc/mounts
}

# The filesystem is made read-only although the image is open: nothing is written any
# more, and no write is answered GOOD.
remounted()
{
	local sg i

	loop_store f /mnt/f.img 16M "$1"
	sg=$(loop_sg f)
	for i in 0 8; do
		write10 "$sg" /tmp/data $i 8 2>/dev/null
	done
	echo u >/proc/sysrq-trigger
	wait_for 10 read_only_now
	for i in 0 8 0 8 0 8 0 8; do
		expect_sense "Data Protect" "Write protected" write10 "$sg" /tmp/data $i 8
	done
	expect_sense "Data Protect" "Write protected" sg_unmap -v --force --lba=0 --num=8 "$sg"
	sg_raw -o /tmp/got -r 4096 "$sg" 28 00 00 00 00 00 00 00 08 00 2>/dev/null
	cmp /tmp/got /tmp/data
	mount -o remount,rw /mnt
	write10 "$sg" /tmp/data 0 8 2>/dev/null || fail "not written although it can be again"
	loop_remove f
	rm /mnt/f.img
	ok "a filesystem that became read-only, '$1'"
}

run()
{
	local disk fs mode

	disk=$(spare_disk 0)
	backstore_load
	head -c 4096 /dev/urandom >/tmp/data
	for fs in ext4 xfs; do
		"mkfs.$fs" -q "$([ $fs = ext4 ] && echo -F || echo -f)" "$disk"
		mount "$disk" /mnt
		for mode in "" fd_async_io=1; do
			[ $fs = xfs ] || [ -z "$mode" ] || continue
			grow_file "$mode"
			read_only "ro=1${mode:+,$mode}"
			deleted "$mode"
		done
		attention_later
		remounted ""
		twice "$(spare_disk 1)"
		dead_fs ""
		umount /mnt
	done
	claimed "$disk"
	grow_device "$disk"
}
