# SPDX-License-Identifier: GPL-2.0
# READs of what is in the page cache go out without a copy: the data is right,
# the fabric says that pages were lent, and a probe in TCP sees them spliced. Target
# core's workers have no part in it.
# With a data digest, which a concurrent writer would break, nothing is lent.
# shellcheck shell=bash
# shellcheck disable=SC2034
DESCRIPTION="cached reads are spliced, not copied; with a data digest they are copied"
GROUP=data
TIMEOUT=120

TRACE=/sys/kernel/tracing

lent()
{
	awk '$1 == "lent_bytes" { print $2 }' /sys/kernel/debug/lunar_iscsi/stats
}

# 6.1 sends page by page, later kernels splice a message's pages.
probe_start()
{
	local symbol=skb_splice_from_iter

	mountpoint -q $TRACE || mount -t tracefs tracefs $TRACE
	grep -qw $symbol /proc/kallsyms || symbol=do_tcp_sendpages
	grep -qw $symbol /proc/kallsyms || symbol=tcp_build_frag
	echo "p:lunar_splice $symbol" >$TRACE/kprobe_events
	defer probe_stop
	echo 'hist:keys=common_pid.execname:vals=hitcount' \
		>$TRACE/events/kprobes/lunar_splice/trigger
	echo 1 >$TRACE/events/kprobes/lunar_splice/enable
	echo 'hist:keys=function.sym' >$TRACE/events/workqueue/workqueue_execute_start/trigger
}

probe_stop()
{
	echo 0 >$TRACE/events/kprobes/lunar_splice/enable
	echo '!hist:keys=common_pid.execname:vals=hitcount' \
		>$TRACE/events/kprobes/lunar_splice/trigger
	echo >$TRACE/kprobe_events
	echo '!hist:keys=function.sym' >$TRACE/events/workqueue/workqueue_execute_start/trigger
}

probe_hits()
{
	kprobes || return 0
	awk '/Hits:/ { print $2 }' $TRACE/events/kprobes/lunar_splice/hist
}

# How many commands a worker of target core has completed.
worker_hits()
{
	kprobes || return 0
	awk '/target_complete_ok_work/ { n = $NF } END { print n + 0 }' \
		$TRACE/events/workqueue/workqueue_execute_start/hist
}

# compare DEVICE FILE: reads of many shapes give the file's bytes.
compare()
{
	local bs

	for bs in 3584 16384 69632 1M; do
		dd if="$1" bs=$bs iflag=direct status=none | cmp - "$2" ||
			fail "reads of $bs bytes differ from $2"
	done
}

use()
{
	local path=$1 dev before after hits completed

	simple_target "$path" 4M
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
	cat "$path" >/dev/null
	before=$(lent)
	hits=$(probe_hits)
	completed=$(worker_hits)
	compare "$dev" "$path"
	after=$(lent)
	[ $((after - before)) -ge $((3 * 4 << 20)) ] ||
		fail "$path: only $((after - before)) of $((4 * 4 << 20)) bytes were lent"
	! kprobes || [ $(($(probe_hits) - hits)) -ge 100 ] || fail "$path: TCP spliced nothing"
	# Of more than 1000 reads; one that came from another CPU may lose the race.
	! kprobes || [ $(($(worker_hits) - completed)) -lt 500 ] ||
		fail "$path: target core's workers completed $(($(worker_hits) - completed)) commands"

	# What is not in the cache is read and copied, and right as well.
	sync "$path"
	echo 1 >/proc/sys/vm/drop_caches
	compare "$dev" "$path"
	logout "$TARGET" "$PORTAL" >/dev/null

	iscsiadm -m node -T "$TARGET" -p "$PORTAL" -o update \
		-n 'node.conn[0].iscsi.DataDigest' -v CRC32C
	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
	cat "$path" >/dev/null
	before=$(lent)
	# Each write changes the cached pages that the reads are sent from.
	fio --name=race --filename="$dev" --direct=1 --ioengine=libaio --iodepth=16 \
		--rw=randrw --bs=64k --size=4M --io_size=8M --minimal >/dev/null
	equal "$(lent)" "$before" "bytes lent under a data digest"
	equal "$(awk '$1 == "data_digest_errors" { print $2 }' /sys/kernel/debug/lunar_iscsi/stats)" 0 \
		"data digest errors"
	dmesg | grep -i "digest" && fail "the initiator saw a digest error"
	logout "$TARGET" "$PORTAL" >/dev/null
	initiator_reset
	remove_target "$TARGET"
	remove_backstore disk0
	ok "$path"
}

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "stock LIO copies"
}

run()
{
	lunar_load
	mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
	! kprobes || probe_start
	mkdir -p /mnt/memory
	mount -t tmpfs -o size=64M tmpfs /mnt/memory
	defer umount /mnt/memory
	head -c 4M /dev/urandom >/mnt/memory/disk.img
	use /mnt/memory/disk.img
	fresh_fs ext4 "$(spare_disk 0)" /mnt/ext4
	head -c 4M /dev/urandom >/mnt/ext4/disk.img
	use /mnt/ext4/disk.img
	fresh_fs xfs "$(spare_disk 1)" /mnt/xfs
	head -c 4M /dev/urandom >/mnt/xfs/disk.img
	use /mnt/xfs/disk.img
}
