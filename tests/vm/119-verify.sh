# SPDX-License-Identifier: GPL-2.0
# What SBC-4 has beside READ and WRITE: VERIFY reads the medium and compares, WRITE AND
# VERIFY does so after its flush, ORWRITE, PRE-FETCH; and that REPORT SUPPORTED OPERATION
# CODES lists what there is. lib/sbc.py has the cases.
# shellcheck shell=bash
DESCRIPTION="VERIFY, WRITE AND VERIFY, ORWRITE, PRE-FETCH, REPORT SUPPORTED OPERATION CODES"
GROUP=backstore
TIMEOUT=120
ALLOW_LOG='Buffered I/O error on dev dm-'

needs()
{
	needs_lunar_file
	modprobe dm-flakey || skip "no dm-flakey in this kernel"
}

sbc()
{
	python3 /lunar/lib/sbc.py "$@"
}

# device TABLE: what the disk of medium() is on, from here on.
device()
{
	dmsetup suspend --nolockfs --noflush --noudevsync verified
	dmsetup load verified --table "$1"
	dmsetup resume --noudevsync verified
}

# What is in the page cache is no proof of what is on the medium.
medium()
{
	local below sectors=32768 sg

	below=$(spare_disk 0)
	dm_create verified "0 $sectors linear $below 0"
	backstore m "$(dm_device verified)" 16M
	loop_attach m
	sg=$(loop_sg m)
	dd if=/dev/urandom of=/tmp/some bs=1M count=1 status=none
	write10 "$sg" /tmp/some 0 2048 2>/dev/null
	equal "$(sbc verify "$sg" 0 2048)" GOOD "VERIFY"
	sg_dd if="$sg" of=/dev/null bs=512 bpt=128 count=2048 2>/dev/null

	device "0 $sectors error"
	sg_dd if="$sg" of=/tmp/cached bs=512 bpt=128 count=2048 2>/dev/null || fail "it should be cached"
	cmp /tmp/cached /tmp/some || fail "wrong data"
	equal "$(sbc verify "$sg" 0 2048)" 03/11/00 "VERIFY of a medium that cannot be read"
	device "0 $sectors linear $below 0"
	equal "$(sbc verify "$sg" 0 2048)" GOOD "VERIFY of a medium that can be read again"

	# It says that it writes, and does not.
	device "0 $sectors flakey $below 0 0 3600 1 drop_writes"
	[[ $(sbc write-verify "$sg" 128 64) == "0e/1d/00 at "* ]] || fail "WRITE AND VERIFY of what is not there"
	device "0 $sectors linear $below 0"
	equal "$(sbc write-verify "$sg" 128 64)" GOOD "WRITE AND VERIFY"
	loop_remove m
	dmsetup remove --retry --noudevsync verified
	ok "it is the medium that is verified"
}

# cached FILE: bytes of it in the page cache
cached()
{
	sbc cached "$1"
}

is_cached()
{
	[ "$(cached "$1")" -ge "$2" ]
}

fetched()
{
	local disk immed

	disk=$(spare_disk 0)
	mkfs.ext4 -qF "$disk"
	mkdir -p /mnt/fetch
	mount "$disk" /mnt/fetch
	defer umount /mnt/fetch
	dd if=/dev/urandom of=/mnt/fetch/p.img bs=1M count=32 status=none
	sync /mnt/fetch/p.img
	loop_store p /mnt/fetch/p.img 32M
	for immed in 0 2; do
		echo 1 >/proc/sys/vm/drop_caches
		[ "$(cached /mnt/fetch/p.img)" -lt 8388608 ] || fail "the cache cannot be emptied"
		equal "$(sbc prefetch "$(loop_sg p)" 16384 16384 $immed)" GOOD "PRE-FETCH"
		if [ $immed = 0 ]; then
			is_cached /mnt/fetch/p.img 8388608 || fail "PRE-FETCH has read $(cached /mnt/fetch/p.img) bytes"
		else
			wait_for 10 is_cached /mnt/fetch/p.img 8388608
		fi
	done
	loop_remove p
	umount /mnt/fetch
	ok "PRE-FETCH reads"
}

# listed NAME OPCODE: is it in the list?
listed()
{
	sbc opcodes "$(loop_sg "$1")" | grep -qw "$2"
}

attributes()
{
	local sg

	loop_store a /tmp/sbc.img 16M
	sg=$(loop_sg a)
	listed a 89 || fail "COMPARE AND WRITE is not in the list"
	attrib a emulate_caw 0
	! listed a 89 || fail "COMPARE AND WRITE is off and in the list"
	listed a 42 || fail "UNMAP is not in the list"
	attrib a emulate_tpu 0
	! listed a 42 || fail "UNMAP is off and in the list"
	sg_opcodes --opcode=0x28 "$sg" >/tmp/out || fail "sg_opcodes: $(cat /tmp/out)"
	grep -q 'Usage data: 28 f8 ff ff ff ff' /tmp/out || fail "usage of READ(10): $(cat /tmp/out)"
	attrib a emulate_fua_write 0
	sg_opcodes --opcode=0x28 "$sg" | grep -q 'Usage data: 28 e0' || fail "DPO and FUA are off, and in the usage"
	expect_sense "Illegal Request" "Invalid field in cdb" \
		sg_raw "$sg" 8f 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00
	if [ -e "$CONFIGFS/core/fileio_0/a/attrib/emulate_rsoc" ]; then
		attrib a emulate_rsoc 0
		equal "$(sbc opcodes "$sg")" none "the list that is off"
	fi
	loop_remove a
	rm /tmp/sbc.img
	ok "what is off is not in the list"
}

# Read-only: nothing that writes, but VERIFY with data does not.
read_only()
{
	local sg

	truncate -s 16M /tmp/sbc.img
	loop_store r /tmp/sbc.img 16M ro=1
	sg=$(loop_sg r)
	head -c 512 /dev/zero >/tmp/zero
	sg_raw -s 512 -i /tmp/zero "$sg" 2f 02 00 00 00 00 00 00 01 00 2>/dev/null || fail "VERIFY with data"
	for cdb in "2e 02 00 00 00 00 00 00 01 00" "8b 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00"; do
		# shellcheck disable=SC2086 # one argument for each byte
		expect_sense "Data Protect" "Write protected" sg_raw -s 512 -i /tmp/zero "$sg" $cdb
	done
	loop_remove r
	rm /tmp/sbc.img
	ok "read-only"
}

over_iscsi()
{
	local disk

	simple_target /tmp/sbc.img 64M "$1"
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	disk=$(lun_device "$TARGET" 0)
	sbc all "$disk"
	logout "$TARGET" "$PORTAL" >/dev/null
	remove_target "$TARGET"
	remove_backstore disk0
	rm /tmp/sbc.img
	ok "over iSCSI"
}

run()
{
	local mode

	modprobe -a configfs target_core_mod tcm_loop sd_mod sg dm-mod
	lunar_load
	defer rmmod tcm_loop
	defer loop_unload
	for mode in "" fd_buffered_io=1; do
		loop_store s /tmp/sbc.img 64M "$mode"
		sbc all "$(loop_sg s)" || fail "'$mode'"
		loop_remove s
		rm /tmp/sbc.img
		ok "all of it, '$mode'"
	done
	attributes
	read_only
	medium
	fetched
	over_iscsi ""
}
