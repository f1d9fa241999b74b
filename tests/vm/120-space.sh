# SPDX-License-Identifier: GPL-2.0
# UNMAP, WRITE SAME, GET LBA STATUS and running out of space.
# shellcheck shell=bash
DESCRIPTION="unmap frees blocks and reads zero, WRITE SAME, LBA status, ENOSPC is 07/27/07"
GROUP=backstore
TIMEOUT=120
ALLOW_LOG='loop[0-9]|Buffered I/O error'

needs()
{
	needs_lunar_file
}

blocks()
{
	stat -c %b "$1"
}

# expect_zero DISK BYTE LENGTH
expect_zero()
{
	cmp -n "$3" "$1" /dev/zero "$2" 0 || fail "not zero: $3 bytes at $2 of $1"
}

drop_cache()
{
	blockdev --flushbufs "$1"
}

# limit NAME: a number of the Block Limits page
limit()
{
	sed -n "s/.*$1: \([0-9]*\).*/\1/p" /tmp/limits
}

# advertised SG BLOCK: READ CAPACITY(16), VPD pages B0 and B2 agree with each other,
# with what ESXi needs, and with what happens, with unmap on (as it begins) and off
advertised()
{
	local granularity

	sg_readcap --16 "$1" | grep -q 'lbpme=1, lbprz=1' || fail "READ CAPACITY(16) does not say lbpme, lbprz"
	sg_vpd -p lbpv "$1" >/tmp/lbpv
	for bit in LBPU LBPWS LBPWS10 LBPRZ; do
		grep -Eq "\($bit\): *1|\($bit\): .*1" /tmp/lbpv || fail "VPD B2 does not say $bit: $(cat /tmp/lbpv)"
	done
	sg_vpd -p bl "$1" >/tmp/limits
	granularity=$(sed -n 's/.*Optimal unmap granularity: \([0-9]*\).*/\1/p' /tmp/limits)
	if [ "${granularity:-0}" -lt 1 ] || [ $((2048 % granularity)) != 0 ]; then
		fail "unmap granularity '$granularity' does not divide 1 MiB: $(cat /tmp/limits)"
	fi
	# 512e: both say how large a physical block is
	equal "$(sg_readcap --16 "$1" | sed -n 's/.*physical block length=\([0-9]*\).*/\1/p')" "$2" \
		"physical block"
	equal "$(limit 'Optimal transfer length granularity')" $(($2 / 512)) "physical block, in VPD B0"
	grep -q 'Maximum unmap block descriptor count: 32' /tmp/limits || fail "unmap descriptors: $(cat /tmp/limits)"
	sg_vpd -p bdc "$1" >/dev/null
	attrib s emulate_tpu 0
	attrib s emulate_tpws 0
	expect_sense "UNMAP not supported" "" sg_unmap --force --lba=0 --num=8 "$1"
	sg_readcap --16 "$1" | grep -q 'lbpme=0' || fail "lbpme although unmap is off"
	sg_vpd -p bl "$1" | grep -q 'Optimal unmap granularity: [1-9]' && fail "a granularity although unmap is off"
	equal "$(lba_status "$1" 0)" "0 131072 0" "status of a disk that is not thin"
	attrib s emulate_tpu 1
	attrib s emulate_tpws 1
}

# lba_status SG LBA: lines "LBA BLOCKS STATUS", status 0 mapped, 1 deallocated
lba_status()
{
	local lba blocks status rest

	sg_get_lba_status --brief --lba="$2" --maxlen=4104 "$1" |
		while read -r lba blocks status rest; do
			[[ $lba == 0x* ]] || continue
			echo "$((lba)) $((blocks)) $((status))"
		done
}

# get_lba_status SG DISK: after a write of 64 KiB at 1 MiB
get_lba_status()
{
	local cdb="9e 12 00 00 00 00 00 00 00 00 00 00 00"

	equal "$(lba_status "$1" 0)" "0 131072 1" "status of an empty disk"
	dd if=/dev/urandom of="$2" bs=64k seek=16 count=1 oflag=direct status=none
	dd if=/dev/urandom of="$2" bs=64k seek=1023 count=1 oflag=direct status=none
	equal "$(lba_status "$1" 0)" "0 2048 1
2048 128 0
2176 128768 1
130944 128 0" "status with two pieces of data"
	equal "$(lba_status "$1" 2100)" "2100 76 0
2176 128768 1
130944 128 0" "status from within data"
	equal "$(lba_status "$1" 131071)" "131071 1 0" "status of the last block"
	sg_unmap --force --lba=2048 --num=131072 "$1" 2>/dev/null && fail "unmap beyond the end"
	sg_unmap --force --lba=2048 --num=129024 "$1"
	equal "$(lba_status "$1" 0)" "0 131072 1" "status after an unmap"
	expect_sense "LBA out of range" "" sg_get_lba_status --lba=131072 "$1"
	# an answer that is cut off, down to nothing
	# shellcheck disable=SC2086 # one argument for each byte
	{
		sg_raw -o /tmp/status -r 12 "$1" $cdb 0c 00 00 2>/dev/null
		equal "$(od -An -v -tx1 -w12 /tmp/status)" " 00 00 00 14 00 00 00 00 00 00 00 00" "GET LBA STATUS cut off"
		sg_raw "$1" $cdb 00 00 00 2>/dev/null
	}
	ok "GET LBA STATUS"
}

# unmap IMAGE: 8 MiB of random data, take pieces away
unmap()
{
	local disk sg before after

	rm -f "$1"
	loop_store s "$1" 64M "${2:-}"
	disk=$(loop_disk s)
	sg=$(loop_sg s)
	advertised "$sg" "$(stat -f -c %S "$1")"

	get_lba_status "$sg" "$disk"
	dd if=/dev/urandom of="$disk" bs=1M count=8 oflag=direct status=none
	sync "$1"
	before=$(blocks "$1")
	sg_unmap --force --lba=0,4096 --num=2048,2048 "$sg"
	sg_sync "$sg"
	sync "$1"
	after=$(blocks "$1")
	drop_cache "$disk"
	expect_zero "$disk" 0 1048576
	expect_zero "$disk" 2097152 1048576
	cmp -s -n 512 "$disk" /dev/zero 1048576 0 && fail "the piece between is zero too"
	[ $((before - after)) -ge 4000 ] || fail "unmap of 4096 blocks freed $((before - after))"
	# unaligned: less than a filesystem block
	sg_unmap --force --lba=2049 --num=2 "$sg"
	drop_cache "$disk"
	expect_zero "$disk" $((2049 * 512)) 1024
	cmp -s -n 512 "$disk" /dev/zero $((2048 * 512)) 0 && fail "unmap reached the block before"
	cmp -s -n 512 "$disk" /dev/zero $((2051 * 512)) 0 && fail "unmap reached the block behind"
	expect_sense "Illegal Request" "Logical block address out of range" \
		sg_unmap -v --force --lba=131064 --num=16 "$sg"
	expect_sense "Illegal Request" "Invalid field in parameter list" \
		sg_unmap -v --force --lba=0 --num=$((1 << 30)) "$sg"
	ok "$1: unmap of $((before)) blocks down to $after"

	before=$(blocks "$1")
	sg_write_same --16 --unmap --lba=6144 --num=2048 "$sg"
	sync "$1"
	after=$(blocks "$1")
	drop_cache "$disk"
	expect_zero "$disk" $((6144 * 512)) 1048576
	[ $((before - after)) -ge 2000 ] || fail "WRITE SAME with UNMAP freed $((before - after)) blocks of 2048"
	sg_write_same --16 --lba=8192 --num=2048 "$sg"
	# NDOB, without and with UNMAP
	sg_raw "$sg" 93 01 00 00 00 00 00 00 20 08 00 00 00 10 00 00 2>/dev/null
	sg_raw "$sg" 93 09 00 00 00 00 00 00 20 20 00 00 00 10 00 00 2>/dev/null
	expect_sense "Illegal Request" "Invalid field in cdb" \
		sg_raw -s 512 -i /dev/zero "$sg" 93 01 00 00 00 00 00 00 20 08 00 00 00 10 00 00
	drop_cache "$disk"
	expect_zero "$disk" $((8192 * 512)) 1048576
	head -c 512 /dev/urandom >/tmp/block
	sg_write_same --10 --in=/tmp/block --lba=10241 --num=4095 "$sg"
	sg_write_same --16 --unmap --in=/tmp/block --lba=14336 --num=1 "$sg"
	drop_cache "$disk"
	cp /tmp/block /tmp/pattern
	for _ in {1..12}; do
		cat /tmp/pattern /tmp/pattern >/tmp/twice
		mv /tmp/twice /tmp/pattern
	done
	cmp -n $((4096 * 512)) "$disk" /tmp/pattern $((10241 * 512)) 0 || fail "WRITE SAME of a pattern"
	# WSNZ=1: no blocks are not all up to the end, 131072. WRITE SAME(10), (16), (32).
	expect_sense "Illegal Request" "Invalid field in cdb" \
		sg_raw -s 512 -i /tmp/block "$sg" 41 00 00 01 ff f8 00 00 00 00
	expect_sense "Illegal Request" "Invalid field in cdb" \
		sg_raw -s 512 -i /tmp/block "$sg" 93 00 00 00 00 00 00 01 ff f8 00 00 00 00 00 00
	expect_sense "Illegal Request" "Invalid field in cdb" \
		sg_raw -s 512 -i /tmp/block "$sg" 7f 00 00 00 00 00 00 18 00 0d 00 00 \
		00 00 00 00 00 01 ff f8 00 00 00 00 00 00 00 00 00 00 00 00
	sync "$1"
	cmp -n $((4096 * 512)) "$1" /tmp/pattern $((10241 * 512)) 0 || fail "WRITE SAME of a pattern, image"
	expect_sense "Illegal Request" "Logical block address out of range" \
		sg_write_same -v --16 --lba=131071 --num=2 "$sg"
	loop_remove s
	ok "$1: WRITE SAME of zeros, with unmap, of a pattern"
}

# block_device DISK: discard through dm-linear, which passes it on
block_device()
{
	local disk sg

	if [ "$(lsblk -bdno DISC-MAX "$1")" = 0 ]; then
		ok "$1 cannot discard"
		return
	fi
	loop_store s "$1" "$(blockdev --getsize64 "$1")"
	disk=$(loop_disk s)
	sg=$(loop_sg s)
	dd if=/dev/urandom of="$disk" bs=1M count=4 oflag=direct status=none
	equal "$(attrib s emulate_tpu)" 1 "emulate_tpu"
	equal "$(lba_status "$sg" 0)" "0 $(blockdev --getsz "$1") 0" "status of a block device"
	sg_unmap --force --lba=0 --num=2048 "$sg"
	drop_cache "$disk"
	if [ "$(attrib s unmap_zeroes_data)" = 1 ]; then
		expect_zero "$disk" 0 1048576
	fi
	cmp -s -n 512 "$disk" /dev/zero 1048576 0 && fail "unmap took too much"
	sg_write_same --16 --lba=4096 --num=2048 "$sg"
	drop_cache "$disk"
	expect_zero "$disk" $((4096 * 512)) 1048576
	ok "$1: UNMAP and WRITE SAME on a block device, LBPRZ=$(attrib s unmap_zeroes_data)"
	loop_remove s
}

# full CONTROL: an image larger than its filesystem
full()
{
	local sg lba status=0 before

	rm -f /mnt/full.img
	fallocate -l $(($(df --output=avail -B1 /mnt | tail -n 1) - (24 << 20))) /mnt/ballast
	loop_store s /mnt/full.img 1G "$1"
	attrib s thin_threshold 0	# its unit attention is for 125-thin
	sg=$(loop_sg s)
	head -c 1048576 /dev/urandom >/tmp/data
	for lba in $(seq 0 2048 2095104); do
		write10 "$sg" /tmp/data "$lba" 2048 >/tmp/out 2>&1 || { status=$?; break; }
	done
	[ $status != 0 ] || fail "1 GiB fits into $(df -h --output=size /mnt | tail -n 1)"
	if ! grep -q 'Data Protect' /tmp/out || ! grep -q 'Space allocation failed write protect' /tmp/out; then
		fail "out of space is told as: $(cat /tmp/out)"
	fi
	# what was written before is still there, and can still be written
	write10 "$sg" /tmp/data 0 2048 2>/dev/null
	cmp -n 1048576 "$(loop_disk s)" /tmp/data || fail "the first MiB after running full"
	before=$lba
	sg_unmap --force --lba=2048 --num=20480 "$sg"
	write10 "$sg" /tmp/data "$lba" 2048 2>/dev/null || fail "no space although 10 MiB were unmapped"
	loop_remove s
	rm /mnt/full.img /mnt/ballast
	ok "'$1': full at block $before: 07/27/07; goes on after an unmap"
}

# A disk of 4 KiB blocks on a file: all is told in these.
large_blocks()
{
	local sg

	truncate -s 64M /tmp/large.img
	backstore large /tmp/large.img 64M
	attrib large block_size 4096
	loop_nexus n large
	sg=$(loop_lun n 0)
	sg_readcap --16 "$sg" | grep -q 'exponent=0' || fail "4 KiB blocks: $(sg_readcap --16 "$sg")"
	sg_vpd -p bl "$sg" >/tmp/limits
	equal "$(limit 'Optimal transfer length granularity')" 1 "granularity of transfers"
	equal "$(limit 'Optimal unmap granularity')" 1 "granularity of unmap"
	[ "$(limit 'Optimal transfer length')" -le "$(limit 'Maximum transfer length')" ] ||
		fail "optimal is more than the maximum: $(cat /tmp/limits)"
	loop_nexus_remove n
	remove_backstore large
	rm /tmp/large.img
	ok "4 KiB blocks"
}

# WRITE SAME of 16 blocks of zeros that brings none of them: a write all the same,
NDOB=(93 01 00 00 00 00 00 00 00 00 00 00 00 10 00 00)

# for reservations,
reserved()
{
	local sg other

	head -c 1M /dev/urandom >/tmp/reserved.img
	backstore s /tmp/reserved.img 1M
	cp /tmp/reserved.img /tmp/want
	loop_nexus n s
	loop_nexus m s
	sg=$(loop_lun n 0)
	other=$(loop_lun m 0)
	sg_persist -n --out --register --param-sark=1 "$other" >/dev/null
	sg_persist -n --out --reserve --param-rk=1 --prout-type=1 "$other" >/dev/null
	must_fail sg_raw "$sg" "${NDOB[@]}"
	sync
	cmp /tmp/reserved.img /tmp/want || fail "WRITE SAME with NDOB in spite of a reservation"
	sg_raw "$other" "${NDOB[@]}" 2>/dev/null
	sync
	expect_zero /tmp/reserved.img 0 8192
	sg_persist -n --out --clear --param-rk=1 "$other" >/dev/null
	loop_nexus_remove m
	loop_nexus_remove n
	remove_backstore s
	rm /tmp/reserved.img /tmp/want
	ok "reservations"
}

# and for a LUN that is mapped read-only.
mapped_read_only()
{
	local dev acl=$CONFIGFS/iscsi/$TARGET/tpgt_1/acls/$INITIATOR

	head -c 1M /dev/urandom >/tmp/mapped.img
	cp /tmp/mapped.img /tmp/want
	defer rm -f /tmp/mapped.img /tmp/want
	lunar_load
	simple_target /tmp/mapped.img 1M
	echo 1 >"$acl/lun_0/write_protect"
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
	expect_sense "Data Protect" "" sg_raw -R "$dev" "${NDOB[@]}"
	sync
	cmp /tmp/mapped.img /tmp/want || fail "WRITE SAME with NDOB to a LUN that is mapped read-only"
	initiator_reset >/dev/null
	ok "mapped read-only"
}

# 2^23 + 1 blocks are 512 bytes in 32 bits.
too_long()
{
	local sg

	truncate -s 5G /tmp/long.img
	defer rm -f /tmp/long.img
	loop_store l /tmp/long.img 5G
	sg=$(loop_sg l)
	head -c 512 /dev/urandom >/tmp/block
	expect_sense "Illegal Request" "Invalid field in cdb" \
		sg_raw -s 512 -i /tmp/block "$sg" 8a 00 00 00 00 00 00 00 00 00 00 80 00 01 00 00
	expect_sense "Illegal Request" "Invalid field in cdb" \
		sg_raw -o /tmp/got -r 512 "$sg" 88 00 00 00 00 00 00 00 00 00 00 80 00 01 00 00
	cmp -n 512 /tmp/long.img /dev/zero || fail "a WRITE of 4 GiB has written 512 bytes"
	loop_remove l
	ok "transfers of 4 GiB"
}

run()
{
	local fs small

	backstore_load
	dm_create small "0 655360 linear $(spare_disk 0) 0"
	small=$(dm_device small)
	for fs in ext4 xfs; do
		"mkfs.$fs" -q "$([ $fs = ext4 ] && echo -F || echo -f)" "$small"
		mount "$small" /mnt
		unmap /mnt/$fs.img
		unmap /mnt/$fs.img fd_async_io=1
		rm /mnt/$fs.img
		full ""
		full fd_async_io=1
		umount /mnt
	done
	mount -t tmpfs -o size=200M tmpfs /mnt
	unmap /mnt/tmpfs.img
	rm /mnt/tmpfs.img
	full ""
	umount /mnt
	block_device "$small"
	large_blocks
	too_long
	reserved
	mapped_read_only
}
