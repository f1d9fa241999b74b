# SPDX-License-Identifier: GPL-2.0
# An image that is truncated under its disk: what is gone fails, what is left
# works, and growing it again does not make zeros of lost data.
# shellcheck shell=bash
DESCRIPTION="file truncated under a disk: MEDIUM ERROR for what is gone, never zeros"
GROUP=backstore
TIMEOUT=120

needs()
{
	needs_lunar_file
}

read10()
{
	sg_raw -o /tmp/got -r 4096 "$1" 28 00 00 00 "$(printf '%02x' $(($2 >> 8)))" "$(printf '%02x' $(($2 & 255)))" 00 00 08 00
}

one()
{
	local sg image=$1 lba

	loop_store t "$image" 16M "$2"
	sg=$(loop_sg t)
	head -c 4096 /dev/urandom >/tmp/data
	for lba in 0 8192 16376 24576 32760; do
		write10 "$sg" /tmp/data $lba 8 2>/dev/null
	done
	truncate -s 8M "$image"
	for lba in 16384 24576 32760 16380; do
		expect_sense "Medium Error" "Unrecovered read error" read10 "$sg" $lba
		expect_sense "Medium Error" "Write error" write10 "$sg" /tmp/data $lba 8
	done
	equal "$(stat -c %s "$image")" $((8 << 20)) "size after refused writes"
	expect_sense "Medium Error" "Write error" sg_unmap --force --lba=24576 --num=8 "$sg"
	expect_sense "Medium Error" "Write error" sg_write_same --16 --lba=24576 --num=8 "$sg"
	for lba in 0 8192 16376; do
		read10 "$sg" $lba 2>/dev/null
		cmp /tmp/got /tmp/data || fail "block $lba, which is not lost"
		write10 "$sg" /tmp/data $lba 8 2>/dev/null
	done
	truncate -s 16M "$image"
	expect_sense "Medium Error" "Unrecovered read error" read10 "$sg" 24576
	expect_sense "Medium Error" "Write error" write10 "$sg" /tmp/data 24576 8
	log_has "$image was truncated to 8388608 bytes" || fail "no line in the kernel log"
	loop_remove t
	loop_store t "$image" 16M "$2"
	sg=$(loop_sg t)
	read10 "$sg" 24576 2>/dev/null
	write10 "$sg" /tmp/data 24576 8 2>/dev/null
	loop_remove t
	ok "$image '$2'"
}

# GET LBA STATUS of an image that ends in the middle of a block.
half_a_block()
{
	local sg got

	loop_store t "$1" 16M ""
	sg=$(loop_sg t)
	truncate -s 1000 "$1"
	got=$(timeout $((20 * LUNAR_FACTOR)) sg_get_lba_status --lba=0 --maxlen=64 -b "$sg" | tr -s ' \n' ' ')
	[ -n "$got" ] || fail "GET LBA STATUS of half a block"
	loop_remove t
	truncate -s 16M "$1"
	ok "half a block: $got"
}

# A device that is smaller all of a sudden, as one that has died: what was answered from
# the cache is owned up to, and nothing is out of space.
shrunk()
{
	local sg below

	below=$(spare_disk 1)
	dm_create shrinks "0 32768 linear $below 0"
	loop_store t "$(dm_device shrinks)" 16M "$1"
	sg=$(loop_sg t)
	head -c 4096 /dev/urandom >/tmp/data
	write10 "$sg" /tmp/data 32000 8 2>/dev/null
	write10 "$sg" /tmp/data 0 8 2>/dev/null
	dmsetup suspend --nolockfs --noflush --noudevsync shrinks
	dmsetup load shrinks --table "0 16384 linear $below 0"
	dmsetup resume --noudevsync shrinks
	expect_sense "Medium Error" "Unrecovered read error" read10 "$sg" 32000
	expect_sense "Medium Error" "Write error" write10 "$sg" /tmp/data 32000 8
	expect_sense "Medium Error" "Write error" sg_sync "$sg"
	[ -n "$2" ] || expect_sense "Medium Error" "Write error" write10 "$sg" /tmp/data 0 8
	read10 "$sg" 0 2>/dev/null
	cmp /tmp/got /tmp/data || fail "what is left of the device"
	loop_remove t
	dmsetup remove --retry --noudevsync shrinks
	ok "a device that has shrunk, '$1'"
}

# truncate and grow under load: nothing but medium errors, no splat
storm()
{
	local disk i

	loop_store t "$1" 16M "$2"
	disk=$(loop_disk t)
	fio --name=s --filename="$disk" --direct=1 --ioengine=libaio --iodepth=16 --rw=randrw \
		--bsrange=512-64k --time_based --runtime=4 --continue_on_error=io \
		--size=16M --minimal >/dev/null 2>&1 &
	for i in {1..40}; do
		truncate -s $((i % 2 ? 4 << 20 : 16 << 20)) "$1"
		sleep 0.05
	done
	wait $! || true
	loop_remove t
	ok "truncated and grown under load, '$2'"
}

run()
{
	local fs disk

	disk=$(spare_disk 0)
	backstore_load
	for fs in ext4 xfs; do
		"mkfs.$fs" -q "$([ $fs = ext4 ] && echo -F || echo -f)" "$disk"
		mount "$disk" /mnt
		one /mnt/image ""
		one /mnt/image fd_buffered_io=1
		one /mnt/image fd_async_io=1
		half_a_block /mnt/image
		storm /mnt/image ""
		storm /mnt/image fd_async_io=1
		umount /mnt
	done
	mount -t tmpfs tmpfs /mnt
	one /mnt/image ""
	umount /mnt
	no_writeback
	shrunk "" ""
	shrunk fd_buffered_io=1 cached
	shrunk fd_async_io=1 ""
}
