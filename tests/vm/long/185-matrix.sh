# SPDX-License-Identifier: GPL-2.0
# Every mode on every kind of backing store under every transport: tcm_loop, this
# fabric and the kernel's own. Each writes a part of each disk, another one verifies
# it; and what MODE SENSE says of flushes is what the filesystem is asked for.
# LUNAR_FULL=1 (make matrix) writes more.
# shellcheck shell=bash
DESCRIPTION="modes by filesystems, virtio-fs too, by transports: fio verify; flushes asked for"
GROUP=matrix
TIMEOUT=180
SHARE=1

declare -A CONTROL=([through]="" [back]=fd_buffered_io=1 [direct]=fd_async_io=1)
SIZE=64M

needs()
{
	needs_lunar_file
}

# The directories of both fabrics' targets.
tpg()
{
	echo "$CONFIGFS/$1/iqn.2026-01.vm.matrix:$1/tpgt_1"
}

# export_all FABRIC PORT: all disks, by the order of disks[]
export_all()
{
	local dir n lun

	dir=$(tpg "$1")
	mkdir -p "$dir"
	defer unexport_all "$1"
	mkdir "$dir/np/127.0.0.1:$2"
	echo 0 >"$dir/attrib/authentication"
	mkdir "$dir/acls/$INITIATOR"
	for n in "${!disks[@]}"; do
		mkdir "$dir/lun/lun_$n"
		ln -s "$CONFIGFS/core/fileio_0/${disks[n]}" "$dir/lun/lun_$n/x"
		lun=$dir/acls/$INITIATOR/lun_$n
		mkdir -p "$lun"
		[ -L "$lun/x" ] || ln -s "$dir/lun/lun_$n" "$lun/x"
	done
	echo 1 >"$dir/enable"
	discover "127.0.0.1:$2" >/dev/null
	login "iqn.2026-01.vm.matrix:$1" "127.0.0.1:$2" >/dev/null
}

unexport_all()
{
	local dir part

	initiator_reset >/dev/null
	dir=$(tpg "$1")
	echo 0 >"$dir/enable"
	for part in "$dir"/acls/*/lun_* "$dir"/lun/lun_*; do
		find "$part" -maxdepth 1 -type l -delete
		rmdir "$part"
	done
	rmdir "$dir"/acls/* "$dir"/np/* "$dir" "${dir%/*}" "$CONFIGFS/$1"
}

# device TRANSPORT N: of disk N there
device()
{
	if [ "$1" = loop ]; then
		loop_disk "${disks[$2]}"
	else
		lun_device "iqn.2026-01.vm.matrix:$1" "$2"
	fi
}

# fio_all TRANSPORT PART OPTION...: on all disks at once, that part of each
fio_all()
{
	local n jobs=() part=$2 transport=$1

	shift 2
	for n in "${!disks[@]}"; do
		jobs+=("--name=${disks[n]}" "--filename=$(device "$transport" "$n")")
	done
	fio --direct=1 --ioengine=libaio --iodepth=8 --thread --rw=randwrite \
		--bsrange=512-256k --offset=$((part * bytes)) --size="$bytes" --verify=crc32c \
		--randseed=11 --verify_fatal=1 "$@" "${jobs[@]}" >/tmp/fio 2>&1 ||
		fail "$transport: $(grep -E 'verify|err=' /tmp/fio | head -n 20)"
}

# Count calls of fsync until the test ends.
count_fsyncs()
{
	local tracing=/sys/kernel/tracing

	echo 'p:lunar_fsync vfs_fsync_range' >$tracing/kprobe_events
	defer eval "echo >$tracing/kprobe_events"
	echo 1 >$tracing/events/kprobes/lunar_fsync/enable
	defer eval "echo 0 >$tracing/events/kprobes/lunar_fsync/enable"
}

fsyncs()
{
	awk '$1 == "lunar_fsync" { print $2 }' /sys/kernel/tracing/kprobe_profile
}

# asked DISK WANTED COMMAND...: 0: no fsync for it; 1: one
asked()
{
	local before

	before=$(fsyncs)
	"${@:3}" >/dev/null 2>&1 || fail "$*"
	equal $(($(fsyncs) - before)) "$2" "$1: calls of fsync for: ${*:3}"
}

# flush_table DISK WCE: what each command that has to do with it comes to
flush_table()
{
	local sg disk=$1 wce=$2

	sg=$(loop_sg "$1")
	equal "$(caching_page "$sg")" "wce=$wce dpofua=1" "$1: caching page"
	asked "$disk" $((1 - wce)) write10 "$sg" /tmp/data 8 8
	asked "$disk" 1 sg_raw -s 4096 -i /tmp/data "$sg" 2e 00 00 00 00 08 00 00 08 00
	asked "$disk" 1 sg_raw -s 4096 -i /tmp/data "$sg" 8e 00 00 00 00 00 00 00 00 08 00 00 00 08 00 00
	asked "$disk" 1 sg_raw "$sg" 35 00 00 00 00 00 00 00 00 00
	asked "$disk" 1 sg_raw "$sg" 35 00 00 00 00 08 00 00 08 00
	asked "$disk" 1 sg_raw "$sg" 91 00 00 00 00 00 00 00 00 08 00 00 00 08 00 00
	sg_raw "$sg" 35 02 00 00 00 00 00 00 00 00 2>/dev/null
	if [ "$wce" = 1 ]; then
		asked "$disk" 1 write10 "$sg" /tmp/data 8 8 fua
		asked "$disk" 1 sg_raw -o /tmp/got -r 4096 "$sg" 28 08 00 00 00 08 00 00 08 00
		cmp /tmp/got /tmp/data || fail "$disk: read something else"
	fi
}

# make_stores NAME IMAGE WORTH: a disk for each mode that is possible there
make_stores()
{
	local mode image

	for mode in through back direct; do
		image=$2.$mode
		[ ! -b "$2" ] || image=$(dm_device "block-$mode")
		[ -b "$image" ] || truncate -s $SIZE "$image"
		if [ $mode = direct ] &&
				! dd if="$image" of=/dev/null bs=4096 count=1 iflag=direct status=none 2>/dev/null; then
			ok "no direct I/O on $1"
			continue
		fi
		loop_store "$1-$mode" "$image" $SIZE "${CONTROL[$mode]}"
		equal "$(sed -n 's/^ *Flush: //p' "$CONFIGFS/core/fileio_0/$1-$mode/info")" "$3" "$1: Flush"
		disks+=("$1-$mode")
	done
}

filesystems()
{
	local fs start=0 mode

	for fs in ext4 xfs btrfs; do
		dm_create $fs "0 1048576 linear $(spare_disk 0) $start"
		start=$((start + 1048576))
		fresh_fs $fs "$(dm_device $fs)" /mnt/$fs
		make_stores $fs /mnt/$fs/image stable
	done
	mkdir -p /mnt/tmpfs
	mount -t tmpfs tmpfs /mnt/tmpfs
	defer umount /mnt/tmpfs
	make_stores tmpfs /mnt/tmpfs/image volatile
	for mode in through back direct; do
		dm_create block-$mode "0 131072 linear $(spare_disk 0) $start"
		start=$((start + 131072))
	done
	make_stores block "$(dm_device block-through)" stable
	if [ -n "$LUNAR_SHARE" ]; then
		modprobe virtiofs
		mkdir -p /mnt/virtiofs
		mount -t virtiofs "$LUNAR_SHARE" /mnt/virtiofs
		defer umount /mnt/virtiofs
		defer eval 'rm -f /mnt/virtiofs/*'
		make_stores virtiofs /mnt/virtiofs/image stable
	else
		ok "no virtio-fs here, left out"
	fi
}

unload_fabrics()
{
	# the kernel's receive threads may outlive the module, which is fatal
	wait_for 20 no_process 'iscsi_trx|iscsi_ttx|iscsi_np'
	rmmod lunar_iscsi iscsi_target_mod
}

run()
{
	local disks=() disk wce bytes=$((2 << 20))

	[ -z "$LUNAR_FULL" ] || bytes=$((16 << 20))
	backstore_load
	mkdir -p /mnt
	mount -t tmpfs none /mnt
	defer umount /mnt
	filesystems
	head -c 4096 /dev/urandom >/tmp/data
	if kprobes; then
		count_fsyncs
		for disk in "${disks[@]}"; do
			wce=0
			[[ $disk != *-back ]] || wce=1
			flush_table "$disk" $wce
		done
		ok "flushes asked for: ${disks[*]}"
	fi

	modprobe -C /dev/null iscsi_target_mod
	modprobe lunar_iscsi alias=lunar
	defer unload_fabrics
	export_all lunar 3270
	export_all iscsi 3271
	fio_all loop 0 --do_verify=1
	fio_all lunar 1 --do_verify=1
	fio_all iscsi 2 --do_verify=1
	ok "written and verified: ${#disks[@]} disks under tcm_loop, lunar_iscsi, iscsi_target_mod"
	echo 3 >/proc/sys/vm/drop_caches
	fio_all lunar 0 --verify_only
	fio_all iscsi 1 --verify_only
	fio_all loop 2 --verify_only
	ok "what one wrote the others read"
}
