# SPDX-License-Identifier: GPL-2.0
# 10,000 sessions, and 1,000 connections killed in the middle of a burst: memory is
# what it was. The short form is tests/vm/240-sessions.sh.
# shellcheck shell=bash
DESCRIPTION="10,000 logins and logouts, 1,000 connections killed, memory flat"
TIMEOUT=1500

times()
{
	/lunar/rawpdu -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" -x "$LUNAR_FACTOR" "$1"
}

# memory N: what the kernel has, and that no cache grows by N objects.
flat()
{
	defer cat /tmp/grown
	wait_for 30 not_grown "$1"
	grep -E '^(SUnreclaim|KernelStack|Percpu|VmallocUsed)' /proc/meminfo
}

run()
{
	lunar_load
	truncate -s 64M /tmp/cycles.img
	defer rm -f /tmp/cycles.img /tmp/before /tmp/after /tmp/grown
	simple_target /tmp/cycles.img 64M
	CYCLES=100 times many-cycles
	KILLS=20 times many-kills
	kmalloc_objects >/tmp/before
	grep -E '^(SUnreclaim|KernelStack|Percpu|VmallocUsed)' /proc/meminfo
	CYCLES=10000 times many-cycles
	flat 1000
	ok "10,000 sessions"
	KILLS=1000 times many-kills
	flat 1000
	ok "1,000 connections killed"
	join <(sort /tmp/before) /tmp/after | awk '{ print $1 ": " $2 " objects, then " $4 }'
	[ -n "$LUNAR_STOCK" ] || wait_for 10 empty lunar_conn
	[ -n "$LUNAR_STOCK" ] || wait_for 10 empty lunar_cmd
}
