# SPDX-License-Identifier: GPL-2.0
# Locks of four initiators (ATS), 32 a second, while the same disk is written to
# with 1 MiB at a time, as many as it takes.
# shellcheck shell=bash
DESCRIPTION="COMPARE AND WRITE under bulk writes: none takes longer than 1 s"
GROUP=order
TIMEOUT=240

needs()
{
	needs_lunar_file
}

more_writes()
{
	[ "$(awk '{ print $5 }' "$1")" -gt 64 ]
}

# under_load CONTROL: figures with that kind of disk
under_load()
{
	local disk pid

	simple_target /mnt/caw.img 512M "$1"
	loop_attach disk0
	disk=$(loop_disk disk0)
	fio --name=bulk --filename="$disk" --direct=1 --ioengine=libaio --iodepth=64 \
		--rw=randwrite --bs=1M --offset=64M --size=400M --time_based --runtime=1000 \
		--minimal >/tmp/fio.out 2>&1 &
	pid=$!
	wait_for 30 more_writes "/sys/class/block/${disk##*/}/stat"
	CAW_MAX_MS=1000 /lunar/rawpdu -p "$PORTAL" -i "$INITIATOR" -t "$TARGET" \
		-x "$LUNAR_FACTOR" caw-latency >/tmp/rawpdu.out || true
	kill -0 $pid || fail "fio has ended"
	kill -INT $pid
	wait $pid || true
	awk -F ';' '$1 == 3 { printf "# bulk: %d MiB/s\n", $48 / 1024 }' /tmp/fio.out
	cat /tmp/rawpdu.out
	grep -q '^ok' /tmp/rawpdu.out || fail "'$1': COMPARE AND WRITE comes too late"
	loop_detach disk0
	remove_target "$TARGET"
	remove_backstore disk0
	ok "'$1'"
}

run()
{
	modprobe -a configfs target_core_mod tcm_loop sd_mod sg
	lunar_load
	defer rmmod tcm_loop
	defer loop_unload
	fresh_fs xfs "$(spare_disk 0)" /mnt
	fallocate -l 512M /mnt/caw.img
	defer rm -f /mnt/caw.img
	under_load fd_buffered_io=1
	under_load ""
}
