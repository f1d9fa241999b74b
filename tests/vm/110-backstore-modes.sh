# SPDX-License-Identifier: GPL-2.0
# What MODE SENSE says about the write cache is what happens. "Stable" is what
# a direct read of the disk below the filesystem finds, and for the disk's own
# cache a flush that the disk has counted.
# shellcheck shell=bash
DESCRIPTION="WCE, DPOFUA, FUA and SYNCHRONIZE CACHE are what the disk below sees"
GROUP=backstore
TIMEOUT=240

needs()
{
	needs_lunar_file
}

lba=2048
flush_ms=30

# is_stable DISK: the disk below has what /tmp/data is.
is_stable()
{
	dd if="$1" bs=4096 count=1 skip=$(($(physical "$image" $((lba * 512))) / 4096)) \
		iflag=direct status=none | cmp -s - /tmp/data
}

fresh_data()
{
	head -c 4096 /dev/urandom >/tmp/data
}

# expect CONTROL CACHE WCE: CACHE "-" leaves emulate_write_cache alone
expect()
{
	local sg before cdb

	loop_store m "$image" 64M "$1"
	[ "$2" = - ] || attrib m emulate_write_cache "$2"
	sg=$(loop_sg m)
	equal "$(caching_page "$sg")" "wce=$3 dpofua=1" "caching page with '$1', $2"

	fresh_data
	before=$(flushes "$below")
	write10 "$sg" /tmp/data $lba 8 2>/dev/null
	if [ "$3" = 0 ]; then
		is_stable "$below" || fail "'$1', $2: answered with WCE=0, but not on the disk"
		[ "$(flushes "$below")" -gt "$before" ] || fail "'$1', $2: the disk was not flushed"
	else
		case $1 in
		*async*) ;;	# past the page cache; not stable is the disk's own cache
		*) must_fail is_stable "$below" ;;
		esac
		# The filesystem's own timers may flush at this very moment: once.
		if [ "$(flushes "$below")" -ne "$before" ]; then
			before=$(flushes "$below")
			write10 "$sg" /tmp/data $lba 8 2>/dev/null
		fi
		equal "$(flushes "$below")" "$before" "'$1', $2: flushes after a cached write"
		sg_sync "$sg"
		is_stable "$below" || fail "'$1', $2: SYNCHRONIZE CACHE answered, but not on the disk"
		[ "$(flushes "$below")" -gt "$before" ] || fail "'$1', $2: SYNCHRONIZE CACHE did not flush the disk"
		# FUA read: what the cache holds is stable first
		fresh_data
		write10 "$sg" /tmp/data $lba 8 2>/dev/null
		sg_raw -o /tmp/got -r 4096 "$sg" 28 08 00 00 08 00 00 00 08 00 2>/dev/null
		cmp /tmp/got /tmp/data || fail "'$1', $2: FUA read"
		is_stable "$below" || fail "'$1', $2: FUA read answered, but not on the disk"
		# IMMED: answered before, but it happens
		fresh_data
		write10 "$sg" /tmp/data $lba 8 2>/dev/null
		sg_sync --immed "$sg"
		wait_for 10 is_stable "$below"
	fi
	# FUA and WRITE AND VERIFY, (10) and (16), are for the medium
	for cdb in "2a 08 00 00 08 00 00 00 08 00" "8a 18 00 00 00 00 00 00 08 00 00 00 00 08 00 00" \
			"2e 10 00 00 08 00 00 00 08 00" "8e 00 00 00 00 00 00 00 08 00 00 00 00 08 00 00"; do
		fresh_data
		before=$(flushes "$below")
		# shellcheck disable=SC2086 # one argument for each byte
		sg_raw -s 4096 -i /tmp/data "$sg" $cdb 2>/dev/null
		is_stable "$below" || fail "'$1', $2: $cdb answered, but not on the disk"
		[ "$(flushes "$below")" -gt "$before" ] || fail "'$1', $2: $cdb did not flush the disk"
	done
	sg_raw -o /tmp/got -r 4096 "$sg" 28 18 00 00 08 00 00 00 08 00 2>/dev/null
	cmp /tmp/got /tmp/data || fail "'$1', $2: FUA read"
	# a range, (10) and (16), one with IMMED, one beyond the end
	for cdb in "35 00 00 00 08 00 00 00 08 00" "91 02 00 00 00 00 00 00 08 00 00 00 00 08 00 00"; do
		# shellcheck disable=SC2086
		sg_raw "$sg" $cdb 2>/dev/null || fail "'$1', $2: $cdb"
	done
	expect_sense "Illegal Request" "Logical block address out of range" \
		sg_raw "$sg" 35 00 00 02 00 00 00 00 01 00
	loop_remove m
	ok "control '$1', emulate_write_cache $2: wce=$3, and so it is"
}

# turn_off: data written with the cache on is stable with the first write after
# it was turned off.
turn_off()
{
	local sg

	loop_store m "$image" 64M fd_buffered_io=1
	sg=$(loop_sg m)
	fresh_data
	write10 "$sg" /tmp/data $lba 8 2>/dev/null
	must_fail is_stable "$below"
	attrib m emulate_write_cache 0
	write10 "$sg" /dev/zero 0 8 2>/dev/null
	is_stable "$below" || fail "the cache was turned off, and older data is still in it"
	equal "$(caching_page "$sg")" "wce=0 dpofua=1"
	loop_remove m
	ok "turning the cache off under use"
}

# mode_select SG PC2 PC12 [LENGTH]: MODE SELECT(6) of a caching page with these
# bytes 2 and 12.
mode_select()
{
	printf '\0\0\0\0\x08\x12%b\0\0\0\0\0\0\0\0\0%b\0\0\0\0\0\0\0' "\\x$2" "\\x$3" >/tmp/list
	sg_raw -s "${4:-24}" -i /tmp/list "$1" 15 10 00 00 "$(printf %02x "${4:-24}")" 00
}

# changeable SG: prints the WCE bit of what MODE SENSE says can be changed.
changeable()
{
	local short all

	# (6) without block descriptor; (10), all pages, with a long one
	sg_raw -o /tmp/short -r 24 "$1" 1a 08 48 00 18 00 2>/dev/null
	sg_raw -o /tmp/all -r 255 "$1" 5a 10 7f 00 00 00 00 00 ff 00 2>/dev/null
	short=$(od -An -v -tx1 -w24 /tmp/short)
	all=$(od -An -v -tx1 -w255 /tmp/all)
	grep -q "^ 17 00 .. 00 08 12 \(00\|04\) 00 00" <<<"$short" || fail "changeable page: $short"
	grep -q "^ 00 4e 00 .. 01 00 00 10 .* 01 0a 00 .* 08 12 ${short:19:2} .* 0a 0a 00 .* 1c 0a 00" <<<"$all" ||
		fail "changeable pages: $all"
	echo $((0x${short:19:2} >> 2))
}

# Initiators turn the cache on and off: the kernel's disk driver, and by hand.
by_mode_select()
{
	local disk sg other type before

	loop_store m "$image" 64M "$1"
	disk=$(loop_disk m)
	sg=$(loop_sg m)
	type=$(echo "/sys/class/block/${disk##*/}/device/scsi_disk"/*/cache_type)
	equal "$(changeable "$sg")" 1 "changeable WCE"
	echo "write back" >"$type"
	equal "$(caching_page "$sg")" "wce=1 dpofua=1"
	equal "$(attrib m emulate_write_cache)" 1 emulate_write_cache
	fresh_data
	write10 "$sg" /tmp/data $lba 8 2>/dev/null
	[[ $1 == *async* ]] || must_fail is_stable "$below"
	before=$(flushes "$below")
	echo "write through" >"$type"
	is_stable "$below" || fail "'$1': the cache was turned off, and data is still in it"
	[ "$(flushes "$below")" -gt "$before" ] || fail "'$1': the cache was turned off without a flush"
	equal "$(caching_page "$sg")" "wce=0 dpofua=1"
	fresh_data
	write10 "$sg" /tmp/data $lba 8 2>/dev/null
	is_stable "$below" || fail "'$1': not stable with the cache turned off"

	loop_nexus second m
	other=$(loop_lun second 0)
	mode_select "$sg" 04 20 2>/dev/null
	equal "$(caching_page "$sg")" "wce=1 dpofua=1"
	expect_sense "Unit Attention" "Mode parameters changed" sg_raw "$other" 00 00 00 00 00 00
	loop_nexus_remove second
	expect_sense "Illegal Request" "Invalid field in parameter list" mode_select "$sg" 05 20
	expect_sense "Illegal Request" "Invalid field in parameter list" mode_select "$sg" 00 00
	expect_sense "Illegal Request" "Parameter list length error" mode_select "$sg" 00 20 20
	equal "$(caching_page "$sg")" "wce=1 dpofua=1"
	mode_select "$sg" 00 20 2>/dev/null
	mode_select "$sg" 00 20 2>/dev/null
	equal "$(caching_page "$sg")" "wce=0 dpofua=1"
	# a page that cannot be changed: the same is accepted, another is not
	sg_raw -o /tmp/control -r 16 "$sg" 1a 08 0a 00 10 00 2>/dev/null
	{ printf '\0\0\0\0'; tail -c 12 /tmp/control; } >/tmp/list
	sg_raw -s 16 -i /tmp/list "$sg" 15 10 00 00 10 00 2>/dev/null
	printf '\xff' | dd of=/tmp/list bs=1 seek=8 conv=notrunc status=none
	expect_sense "Illegal Request" "Invalid field in parameter list" \
		sg_raw -s 16 -i /tmp/list "$sg" 15 10 00 00 10 00
	loop_remove m

	loop_store m "$image" 64M "nv_cache=1${1:+,$1}"
	sg=$(loop_sg m)
	equal "$(changeable "$sg")" 0 "changeable WCE with nv_cache"
	expect_sense "Illegal Request" "Invalid field in parameter list" mode_select "$sg" 04 20
	mode_select "$sg" 00 20 2>/dev/null
	equal "$(caching_page "$sg")" "wce=0 dpofua=1"
	loop_remove m
	ok "'$1': the write cache turned on and off by MODE SELECT"
}

# first SYMBOL: something has called it since it is traced
first()
{
	grep -q " $1: " /sys/kernel/tracing/trace
}

# FUA read of what an earlier write is still writing: what it returns is stable, so
# the flush has to come after the read, and that after the write.
fua_read()
{
	local disk sg order probe tracing=/sys/kernel/tracing

	dm_create hang "0 131072 linear $below 0"
	disk=$(dm_device hang)
	loop_store m "$disk" 64M fd_async_io=1,fd_buffered_io=1
	sg=$(loop_sg m)
	fresh_data
	for probe in "write blkdev_write_iter" "arrived lfile_read_execute" "read blkdev_read_iter" \
		"flush vfs_fsync_range"; do
		echo "p:lunar_${probe% *} ${probe#* }" >>$tracing/kprobe_events
	done
	echo >$tracing/trace
	echo 1 >$tracing/events/kprobes/enable
	dmsetup suspend --noflush --nolockfs --noudevsync hang
	defer dmsetup resume --noudevsync hang
	write10 "$sg" /tmp/data $lba 8 2>/dev/null &
	wait_for 10 first lunar_write
	sg_raw -o /tmp/got -r 4096 "$sg" 28 08 00 00 08 00 00 00 08 00 2>/dev/null &
	wait_for 10 first lunar_arrived
	dmsetup resume --noudevsync hang
	wait
	echo 0 >$tracing/events/kprobes/enable
	# one that would have to wait is tried twice
	order=$(grep -oE 'lunar_(write|read|flush)' $tracing/trace | uniq | paste -sd ' ')
	echo >$tracing/kprobe_events
	cmp /tmp/got /tmp/data || fail "FUA read does not have the write before it"
	equal "$order" "lunar_write lunar_read lunar_flush" "order"
	loop_remove m
	dmsetup remove --retry --noudevsync hang
	ok "FUA read waits for an earlier write, then flushes"
}

# No writeback or journal commit but those that the backstore asks for.
quiet()
{
	local old

	no_writeback
	modprobe xfs
	old=$(cat /proc/sys/fs/xfs/xfssyncd_centisecs)
	echo 7200 >/proc/sys/fs/xfs/xfssyncd_centisecs
	defer sysctl -qw "fs.xfs.xfssyncd_centisecs=$old"
}

# commits FS: commits of the filesystem's journal, or writes of its log, so far.
commits()
{
	case $1 in
	ext4) awk '{ print $1; exit }' "/proc/fs/jbd2/${slow##*/}"-*/info ;;
	xfs) awk '$1 == "log" { print $2 }' "/sys/fs/xfs/${slow##*/}/stats/stats" ;;
	esac
}

# group_commit FS CONTROL: flushes are shared, and blocks that are there already
# need no commit. Each fsync flushes the disk once. A flush takes so long that all
# of a queue come back meanwhile, however slow the machine: in two batches at worst.
group_commit()
{
	local disk depth ios calls flushed committed tracing=/sys/kernel/tracing

	loop_store m "$image" 64M "$2"
	disk=$(loop_disk m)
	for depth in 1 8 32; do
		ios=$((100 + 30 * (depth - 1)))
		echo 'p:lunar_fsync vfs_fsync_range' >$tracing/kprobe_events
		echo 1 >$tracing/events/kprobes/lunar_fsync/enable
		flushed=$(flushes "$below")
		committed=$(commits "$1")
		fio --name=g --filename="$disk" --direct=1 --ioengine=libaio --iodepth=$depth \
			--rw=randwrite --bs=4k --size=8M --number_ios=$ios --minimal >/dev/null
		flushed=$(($(flushes "$below") - flushed))
		committed=$(($(commits "$1") - committed))
		echo 0 >$tracing/events/kprobes/lunar_fsync/enable
		calls=$(awk '$1 == "lunar_fsync" { print $2 }' $tracing/kprobe_profile)
		echo >$tracing/kprobe_events
		ok "$1, '$2', depth $depth, $ios stable writes: $calls calls of fsync, $flushed flushes, $committed commits"
		[ "$calls" -gt 0 ] || fail "no fsync at all"
		[ "$calls" -le $((depth == 1 ? ios : 4 * ios / depth)) ] || fail "$calls calls of fsync"
		[ "$flushed" -ge "$calls" ] || fail "fewer flushes than calls of fsync"
		[ "$committed" -le 50 ] || fail "$committed commits for blocks that were there"
	done
	loop_remove m
}

run()
{
	local fs

	below=$(spare_disk 0)
	modprobe dm-delay
	dm_create slow "0 $(blockdev --getsz "$below") delay $below 0 0 $below 0 0 $below 0 $flush_ms"
	slow=$(dm_device slow)
	backstore_load
	quiet
	for fs in ext4 xfs; do
		# Without the thread that initialises ext4 later, and flushes.
		if [ $fs = ext4 ]; then
			mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$slow"
			mount -o commit=600 "$slow" /mnt
		else
			mkfs.xfs -q -f "$slow"
			mount "$slow" /mnt
		fi
		image=/mnt/$fs.img
		# Written blocks, whose place on the disk does not change.
		dd if=/dev/zero of="$image" bs=1M count=64 conv=fsync status=none
		expect "" - 0
		expect "" 1 1
		expect fd_buffered_io=1 - 1
		expect fd_buffered_io=1 0 0
		expect fd_async_io=1 - 0
		expect fd_async_io=1,fd_buffered_io=1 - 1
		turn_off
		by_mode_select ""
		by_mode_select fd_async_io=1
		! kprobes || group_commit $fs ""
		! kprobes || group_commit $fs fd_async_io=1
		umount /mnt
	done
	dmsetup remove --retry --noudevsync slow
	! kprobes || fua_read
	log_has "ESXi never flushes" || fail "no warning about the write cache"
}
