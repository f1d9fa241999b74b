# SPDX-License-Identifier: GPL-2.0
# Sourced by every VM test: a disk of the backstore on this machine, through
# tcm_loop, without iSCSI.
# shellcheck shell=bash

# For needs() of a test whose subject is lunar_file.
needs_lunar_file()
{
	[ -z "$LUNAR_STOCK" ] || skip "lunar_file is not among the stock modules"
}

# backstore_load [PARAMETER=VALUE]...: lunar_file alone, and tcm_loop.
backstore_load()
{
	modprobe -a configfs sd_mod sg
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	modprobe -a target_core_mod tcm_loop
	modprobe lunar_file "$@"
	defer rmmod tcm_loop
	defer loop_unload
}

# The directory of the fabric holds the module.
loop_unload()
{
	[ ! -d "$CONFIGFS/loopback" ] || rmdir "$CONFIGFS/loopback"
}

# A naa name made of any text.
loop_naa()
{
	printf 'naa.5%015x' "0x$(printf %s "$1" | md5sum | cut -c 1-12)"
}

# loop_attach NAME: make backstore object NAME a SCSI disk here, see loop_disk.
loop_attach()
{
	local naa dir

	naa=$(loop_naa "$1")
	dir=$CONFIGFS/loopback/$naa/tpgt_1
	mkdir -p "$dir"
	defer loop_detach "$1"
	loop_naa "$1-initiator" >"$dir/nexus"
	mkdir "$dir/lun/lun_0"
	ln -s "$CONFIGFS/core/fileio_0/$1" "$dir/lun/lun_0/$1"
	wait_for 10 loop_disk "$1"
}

# loop_disk NAME: prints /dev/sdX.
loop_disk()
{
	local address dir

	address=$(cat "$CONFIGFS/loopback/$(loop_naa "$1")/tpgt_1/address")
	for dir in /sys/class/scsi_device/"$address":*/device/block/*; do
		if [ -b "/dev/${dir##*/}" ]; then
			echo "/dev/${dir##*/}"
			return
		fi
	done
	return 1
}

# loop_sg NAME: prints /dev/sgX.
loop_sg()
{
	local disk dir

	disk=$(loop_disk "$1")
	for dir in "/sys/class/block/${disk##*/}/device/scsi_generic"/*; do
		echo "/dev/${dir##*/}"
	done
}

loop_detach()
{
	local top dir

	top=$CONFIGFS/loopback/$(loop_naa "$1")
	dir=$top/tpgt_1
	[ -d "$dir" ] || return 0
	rm -f "$dir/lun/lun_0/$1"
	rmdir "$dir/lun/lun_0"
	echo NULL >"$dir/nexus" || true
	rmdir "$dir" "$top"
}

# loop_nexus NEXUS NAME...: one more initiator, that has these backstore objects as
# LUN 0, 1, ..., see loop_lun.
loop_nexus()
{
	local nexus=$1 naa dir n=0

	shift
	naa=$(loop_naa "$nexus")
	dir=$CONFIGFS/loopback/$naa/tpgt_1
	mkdir -p "$dir"
	defer loop_nexus_remove "$nexus"
	loop_naa "$nexus-initiator" >"$dir/nexus"
	while [ $# -gt 0 ]; do
		mkdir "$dir/lun/lun_$n"
		ln -s "$CONFIGFS/core/fileio_0/$1" "$dir/lun/lun_$n/$1"
		wait_for 10 loop_lun "$nexus" $n
		n=$((n + 1))
		shift
	done
	# REPORTED LUNS DATA HAS CHANGED is for the first of them, not for the test.
	while [ $n -gt 0 ]; do
		n=$((n - 1))
		wait_for 10 sg_raw "$(loop_lun "$nexus" $n)" 00 00 00 00 00 00
	done
}

# loop_lun NEXUS N: prints /dev/sgX.
loop_lun()
{
	local address dir

	address=$(cat "$CONFIGFS/loopback/$(loop_naa "$1")/tpgt_1/address")
	for dir in "/sys/class/scsi_device/$address:$2/device/scsi_generic"/*; do
		if [ -c "/dev/${dir##*/}" ]; then
			echo "/dev/${dir##*/}"
			return
		fi
	done
	return 1
}

loop_nexus_remove()
{
	local top lun

	top=$CONFIGFS/loopback/$(loop_naa "$1")
	[ -d "$top" ] || return 0
	for lun in "$top"/tpgt_1/lun/lun_*; do
		find "$lun" -maxdepth 1 -type l -delete
		rmdir "$lun"
	done
	echo NULL >"$top/tpgt_1/nexus" || true
	rmdir "$top/tpgt_1" "$top"
}

# loop_store NAME PATH SIZE [CONTROL]: backstore object and SCSI disk.
loop_store()
{
	[ -e "$2" ] || truncate -s "$3" "$2"
	backstore "$@"
	loop_attach "$1"
}

# loop_remove NAME: take both away before the test ends.
loop_remove()
{
	loop_detach "$1"
	remove_backstore "$1"
}

# snapshot NAME FILE: clone the image of a backstore object.
snapshot()
{
	echo "$2" >"$CONFIGFS/core/fileio_0/$1/action/snapshot"
}

# attrib NAME ATTRIBUTE [VALUE]: show or set one of a backstore object.
attrib()
{
	local file=$CONFIGFS/core/fileio_0/$1/attrib/$2

	if [ $# -ge 3 ]; then
		echo "$3" >"$file"
	else
		cat "$file"
	fi
}

# expect_sense KEY TEXT COMMAND...: an sg3_utils command that must end with
# CHECK CONDITION, this sense key and additional sense text.
expect_sense()
{
	local key=$1 text=$2 out

	shift 2
	if out=$("$@" 2>&1); then
		fail "should end with sense \"$key\": $*"
	fi
	grep -qi "$key" <<<"$out" || fail "sense key is not \"$key\": $out"
	grep -qi "$text" <<<"$out" || fail "additional sense is not \"$text\": $out"
}

# write10 SG FILE LBA BLOCKS [FUA]: WRITE(10) of FILE, BLOCKS of 512 bytes.
write10()
{
	local cdb

	printf -v cdb '2a %s %02x %02x %02x %02x 00 %02x %02x 00' "$([ -z "${5:-}" ] && echo 00 || echo 08)" \
		$(($3 >> 24 & 255)) $(($3 >> 16 & 255)) $(($3 >> 8 & 255)) $(($3 & 255)) \
		$(($4 >> 8)) $(($4 & 255))
	# shellcheck disable=SC2086 # one argument for each byte
	sg_raw -t $((20 * LUNAR_FACTOR)) -s $(($4 * 512)) -i "$2" "$1" $cdb
}

# compare_and_write SG FILE LBA BLOCKS: FILE has the blocks of 512 bytes as they are
# expected, then as they shall be.
compare_and_write()
{
	local cdb

	printf -v cdb '89 00 00 00 00 00 %02x %02x %02x %02x 00 00 00 %02x 00 00' \
		$(($3 >> 24 & 255)) $(($3 >> 16 & 255)) $(($3 >> 8 & 255)) $(($3 & 255)) "$4"
	# shellcheck disable=SC2086 # one argument for each byte
	sg_raw -t $((20 * LUNAR_FACTOR)) -s $(($4 * 1024)) -i "$2" "$1" $cdb
}

# several_blocks SG DISK: COMPARE AND WRITE of 1 to 255 blocks, and where it says that
# they differ.
several_blocks()
{
	local n lba=4099 at

	sg_vpd -p bl "$1" | grep -q 'Maximum compare and write length: 255 blocks' ||
		fail "not 255 blocks in the block limits"
	for n in 1 2 9 255; do
		head -c $((n * 512)) /dev/urandom >/tmp/old
		head -c $((n * 512)) /dev/urandom >/tmp/new
		write10 "$1" /tmp/old $lba "$n" 2>/dev/null
		cat /tmp/old /tmp/new >/tmp/caw
		compare_and_write "$1" /tmp/caw $lba "$n" 2>/dev/null || fail "$n blocks that are equal"
		dd if="$2" bs=512 skip=$lba count="$n" iflag=direct status=none | cmp - /tmp/new ||
			fail "$n blocks are not as written"
		for at in $((n * 512 - 1)) $((n * 300)); do
			cat /tmp/new /tmp/old >/tmp/caw
			printf '%b' "$(printf '\\x%02x' $((0x$(od -An -tx1 -j $at -N 1 /tmp/new | tr -d ' ') ^ 255)))" |
				dd of=/tmp/caw bs=1 seek=$at conv=notrunc status=none
			expect_sense Miscompare "$(printf 'Info fld=0x%x ' $at)" \
				compare_and_write "$1" /tmp/caw $lba "$n"
		done
		dd if="$2" bs=512 skip=$lba count="$n" iflag=direct status=none | cmp - /tmp/new ||
			fail "$n blocks have changed in spite of a miscompare"
	done
	ok "COMPARE AND WRITE of 1 to 255 blocks"
}

# caching_page SG: prints "wce=N dpofua=N" as MODE SENSE(6) says now.
caching_page()
{
	local bytes

	# DBD=1: the page follows the header of 4 bytes.
	sg_raw -o /tmp/caching -r 24 "$1" 1a 08 08 00 18 00 2>/dev/null
	read -ra bytes < <(od -An -v -tu1 -w24 /tmp/caching)
	[ $((bytes[4] & 63)) = 8 ] || fail "no caching page: ${bytes[*]}"
	echo "wce=$((bytes[6] >> 2 & 1)) dpofua=$((bytes[2] >> 4 & 1))"
}

# physical FILE OFFSET: byte offset on the disk of that part of a file.
physical()
{
	filefrag -v -b4096 "$1" | awk -v block=$(($2 / 4096)) '
		$1 ~ /^[0-9]+:$/ {
			gsub(/[.:]/, " ")
			if ($2 <= block && block <= $3) {
				print ($4 + block - $2) * 4096
				exit
			}
		}'
}

# flushes DISK: cache flushes that the disk has completed so far.
flushes()
{
	awk '{ print $16 }' "/sys/class/block/${1##*/}/stat"
}

# log_has TEXT: the kernel log of this test has that line.
log_has()
{
	local log

	log=$(dmesg | tac | sed '/lunar-test: start/q')
	grep -qF "$1" <<<"$log"
}

# No writeback for the time of this test but what is asked for. Not 0 for "never": then
# the first page that a device has to write wakes its flusher at once.
no_writeback()
{
	local old

	old=$(cat /proc/sys/vm/dirty_writeback_centisecs)
	echo 360000 >/proc/sys/vm/dirty_writeback_centisecs
	defer sysctl -qw "vm.dirty_writeback_centisecs=$old"
}

# dm_create NAME TABLE: a device mapper device, gone when the test ends. TABLE may
# have several lines.
dm_create()
{
	modprobe dm-mod
	dmsetup create "$1" --noudevsync <<<"$2"
	defer dmsetup remove --retry --noudevsync "$1"
}

# dm_device NAME: its node; there is no udev to make one with that name.
dm_device()
{
	echo "/dev/$(dmsetup info -c --noheadings -o blkdevname "$1")"
}

# fuse_server SIZE [nofsync]: a file /mnt/fuse/image of a server in user space, its
# data in /mnt/below/image.
fuse_server()
{
	mkdir -p /mnt/below /mnt/fuse
	mount -t tmpfs tmpfs /mnt/below
	truncate -s "$1" /mnt/below/image
	shift
	python3 /lunar/lib/fuse.py /mnt/fuse /mnt/below/image "$@" </dev/null >/dev/null 2>&1
}

fuse_done()
{
	umount /mnt/fuse
	umount -l /mnt/below
}
