# SPDX-License-Identifier: GPL-2.0
# Direct I/O where it is not simple: below are blocks of 4096 bytes and the disk has
# 512, or there is none at all. What happens is said, and data is right.
# shellcheck shell=bash
DESCRIPTION="direct I/O: units of 4096 bytes under blocks of 512, files without it"
GROUP=backstore
TIMEOUT=90

needs()
{
	needs_lunar_file
	modprobe loop || skip "no loop device in this kernel"
}

# how NAME: the word of info
how()
{
	sed -n 's/^ *Direct: //p' "$CONFIGFS/core/fileio_0/$1/info"
}

cached_pages()
{
	echo $(($(fincore -nbo PAGES "$1")))
}

# verify DISK: reads and writes of all sizes and places, many at a time
verify()
{
	fio --name=d --filename="$1" --direct=1 --ioengine=libaio --iodepth=16 \
		--rw=randwrite --bsrange=512-32k --io_size=6M \
		--size=8M --verify=crc32c --verify_fatal=1 --do_verify=1 --minimal >/tmp/fio.out ||
		fail "fio: $(cat /tmp/fio.out)"
}

# below_has FILE OFFSET: the device has what /tmp/sector is, at that part of the image
below_has()
{
	dd if="$below" bs=4096 count=1 skip=$(($(physical /mnt/d.img "$2") / 4096)) iflag=direct \
		status=none | tail -c +$(($2 % 4096 + 1)) | cmp -s -n 512 - "$1"
}

unmount()
{
	! mountpoint -q /mnt || umount /mnt
}

file()
{
	local sg fs=$1 size=$2

	"mkfs.$fs" -q "$([ "$fs" = ext4 ] && echo -F || echo -f)" "$below"
	mount "$below" /mnt
	defer unmount
	dd if=/dev/zero of=/mnt/d.img bs=1M count=16 conv=fsync status=none
	echo 3 >/proc/sys/vm/drop_caches
	loop_store d /mnt/d.img 16M fd_async_io=1
	sg=$(loop_sg d)
	equal "$(how d)" "$size" "Direct: of $fs"
	if [ "$size" = 4096 ]; then
		log_has "d: direct I/O to /mnt/d.img is in units of 4096 bytes" || fail "no log line"
		head -c 65536 /dev/urandom >/tmp/data
		echo 3 >/proc/sys/vm/drop_caches
		write10 "$sg" /tmp/data 8192 128 2>/dev/null
		equal "$(cached_pages /mnt/d.img)" 0 "pages in the cache after an aligned write"
		head -c 512 /dev/urandom >/tmp/sector
		write10 "$sg" /tmp/sector 8195 1 2>/dev/null
		below_has /tmp/sector $((8195 * 512)) || fail "an unaligned write is not on the device"
		[ "$(cached_pages /mnt/d.img)" -gt 0 ] || fail "an unaligned write past the cache?"
		# what was in the cache does not hide what is written past it
		write10 "$sg" /tmp/data 8192 128 2>/dev/null
		dd if=/tmp/data bs=512 skip=3 count=1 status=none >/tmp/sector
		sg_raw -o /tmp/got -r 512 "$sg" 28 00 00 00 20 03 00 00 01 00 2>/dev/null
		cmp /tmp/got /tmp/sector || fail "an unaligned read has something old"
	fi
	verify "$(loop_disk d)"
	loop_remove d
	umount /mnt
	ok "$fs on a device of 4096-byte blocks: Direct: $size"
}

# A block device of larger blocks than the disk.
device()
{
	local dir=$CONFIGFS/core/fileio_0/d sg

	loop_store d "$below" 64M fd_async_io=1
	equal "$(how d)" 4096 "Direct: of the device"
	fio --name=d --filename="$(loop_disk d)" --direct=1 --ioengine=libaio --iodepth=16 \
		--rw=randwrite --bs=4k --io_size=4M --size=8M --verify=crc32c --verify_fatal=1 \
		--do_verify=1 --minimal >/tmp/fio.out || fail "fio: $(cat /tmp/fio.out)"
	loop_remove d

	backstore d "$below" 64M fd_async_io=1
	attrib d block_size 512
	equal "$(how d)" none "Direct: of the device with blocks of 512"
	loop_attach d
	sg=$(loop_sg d)
	verify "$(loop_disk d)"
	# units of the device that are unmapped or written in part
	head -c 8192 /dev/urandom >/tmp/data
	write10 "$sg" /tmp/data 64 16 2>/dev/null
	sg_unmap --force --lba=65 --num=2 "$sg" || fail "UNMAP of a part of a block"
	sg_write_same --16 --lba=66 --num=3 "$sg" ||
		fail "WRITE SAME of a part of a block"
	dd if=/dev/zero of=/tmp/data bs=512 seek=2 count=3 conv=notrunc status=none
	sg_raw -o /tmp/got -r 8192 "$sg" 28 00 00 00 00 40 00 00 10 00 2>/dev/null
	cmp /tmp/got /tmp/data || fail "after UNMAP and WRITE SAME of parts"
	loop_remove d
	[ ! -d "$dir" ] || fail "not removed"
	ok "a block device of 4096-byte blocks"
}

refused()
{
	mount -t ramfs ramfs /mnt
	defer unmount
	loop_store d /mnt/d.img 16M fd_async_io=1
	equal "$(how d)" none "Direct: of ramfs"
	log_has "d: there is no direct I/O to /mnt/d.img" || fail "no line in the kernel log"
	verify "$(loop_disk d)"
	loop_remove d
	umount /mnt
	loop_store d /tmp/plain.img 16M
	equal "$(how d)" "" "Direct: if nobody asked for it"
	loop_remove d
	rm /tmp/plain.img
	ok "no direct I/O there"
}

run()
{
	local back=/tmp/back.img

	backstore_load
	truncate -s 400M $back
	defer rm -f $back
	below=$(losetup -b 4096 -f --show $back)
	defer eval 'losetup -d "$below"'
	file xfs 4096
	file ext4 4096
	file btrfs 1
	losetup -d "$below"
	truncate -s 64M $back
	below=$(losetup -b 4096 -f --show $back)
	device
	refused
}
