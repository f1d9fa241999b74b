# SPDX-License-Identifier: GPL-2.0
# A disk below that is slow, stops or dies, and a machine with no memory left: a FUSE
# server that answers late, is stopped and is killed, dm-delay, memory that a balloon took.
# Sessions stay, answers are honest, data that was answered GOOD is right. Failing
# disks are in 115, full ones in 120 and 125, those that hang in 270.
# shellcheck shell=bash
DESCRIPTION="FUSE server late, stopped, killed; dm-delay; no memory left"
GROUP=faults
TIMEOUT=180
ALLOW_LOG='lunar_file|I/O error|Buffer I/O'

LIB=/lunar/lib

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
}

# verified NAME: write and read back through the initiator.
verified()
{
	fio --name="$1" --filename="$dev" --direct=1 --ioengine=libaio --iodepth=8 --rw=randwrite \
		--bsrange=4k-64k --io_size="${2:-2M}" --size=12M --verify=crc32c --do_verify=1 \
		--verify_fatal=1 --randrepeat=0 --minimal >/tmp/fio.out 2>&1 ||
		{ cat /tmp/fio.out; fail "$1: wrong data or an error"; }
	ok "$1"
}

# connect PATH SIZE [CONTROL]: sets $dev
connect()
{
	simple_target "$@"
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
}

disconnect()
{
	initiator_reset >/dev/null
	remove_target "$TARGET"
	remove_backstore disk0
}

# serve [OPTION]...: a FUSE server; sets $server
serve()
{
	python3 $LIB/fuse.py /mnt/fuse /tmp/fuse.img "$@" </dev/null >/dev/null 2>&1
	wait_for 5 mountpoint -q /mnt/fuse
	server=$(pgrep -f 'fuse.py /mnt/fuse')
}

stuck()
{
	[ "$(awk '{ print $9 }' "/sys/class/block/${dev##*/}/stat")" -gt 0 ]
}

# Does the session live? A ping and an INQUIRY need no disk.
session_lives()
{
	timeout $((20 * LUNAR_FACTOR)) sg_inq "$dev" >/dev/null || fail "INQUIRY: $1"
	[ -n "$(ss -Htn state established dport = 3260)" ] || fail "no connection: $1"
}

fuse_server()
{
	local fio server

	modprobe fuse || { ok "no FUSE in this kernel"; return; }
	mkdir -p /mnt/fuse
	truncate -s 16M /tmp/fuse.img
	defer rm -f /tmp/fuse.img /tmp/fuse.img.fsyncs
	defer eval "umount -l /mnt/fuse 2>/dev/null || true"
	serve late
	connect /mnt/fuse/image 16M
	verified "FUSE server that answers late" 512K

	fio --name=stopped --filename="$dev" --direct=1 --ioengine=libaio --iodepth=4 --rw=randwrite \
		--bs=16k --io_size=1M --size=12M --verify=crc32c --do_verify=1 --verify_fatal=1 \
		--minimal >/tmp/stopped.out 2>&1 &
	fio=$!
	wait_for 20 stuck
	kill -STOP "$server"
	session_lives "server stopped"
	kill -CONT "$server"
	wait $fio || { cat /tmp/stopped.out; fail "wrong data after the server went on"; }
	ok "FUSE server stopped, and on again"

	kill -STOP "$server"
	dd if=/dev/urandom of="$dev" bs=16k count=4 oflag=direct status=none 2>/tmp/dd.out &
	fio=$!
	wait_for 20 stuck
	kill -KILL "$server"
	# A write that the server never had is not answered GOOD.
	if wait $fio; then
		fail "a write to a dead server succeeds"
	fi
	session_lives "server killed"
	disconnect
	umount -l /mnt/fuse
	ok "FUSE server killed"
}

# delayed N CONTROL
delayed()
{
	modprobe dm-delay || { ok "no dm-delay in this kernel"; return; }
	dm_create "late$1" "0 65536 delay $(spare_disk 0) 0 60 $(spare_disk 0) 0 60"
	connect "$(dm_device "late$1")" 32M "$2"
	verified "dm-delay, '$2'" 512K
	session_lives "delayed"
	disconnect
}

# available: KiB of memory that could be had now.
available()
{
	awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo
}

# All of this VM's memory but 96 MiB is taken, as a balloon takes it. (A cgroup would
# not do: the disk's workers are in none.)
short_of_memory()
{
	local mib

	mkdir -p /mnt/balloon
	mount -t tmpfs -o size=100% balloon /mnt/balloon
	defer eval "umount /mnt/balloon 2>/dev/null || true"
	connect /mnt/pressed/image 32M "$1"
	mib=$((($(available) >> 10) - 96))
	[ $mib -lt 64 ] || dd if=/dev/zero of=/mnt/balloon/fill bs=1M count=$mib status=none
	[ "$(available)" -lt $((256 << 10)) ] || fail "there is still memory: $(available) KiB"
	verified "96 MiB of memory left, '$1'" 4M
	umount /mnt/balloon
	disconnect
}

run()
{
	local dev

	lunar_load
	defer rm -f /tmp/fio.out /tmp/stopped.out /tmp/dd.out
	fuse_server
	delayed 1 fd_async_io=1
	delayed 2 ""
	fresh_fs ext4 "$(spare_disk 1)" /mnt/pressed
	truncate -s 32M /mnt/pressed/image
	short_of_memory ""
	short_of_memory fd_buffered_io=1
}
