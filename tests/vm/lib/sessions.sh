# SPDX-License-Identifier: GPL-2.0
# Sourced by every VM test: what sessions leave in memory, and load on one.
# shellcheck shell=bash

# objects CACHE: active ones.
objects()
{
	[ ! -e "/sys/kernel/slab/$1/shrink" ] || echo 1 >"/sys/kernel/slab/$1/shrink"
	awk -v name="$1" '$1 == name { print $2 }' /proc/slabinfo
}

kmalloc_objects()
{
	local cache

	for cache in kmalloc-{8,16,32,64,96,128,192,256,512,1k,2k,4k,8k}; do
		echo "$cache $(objects "$cache") $(cat "/sys/kernel/slab/$cache/objs_per_slab")"
	done
}

empty()
{
	[ "$(objects "$1")" = 0 ]
}

# not_grown N: no cache has grown by so many objects since /tmp/before. A slab that a
# CPU has at hand counts as full, whatever it holds.
not_grown()
{
	kmalloc_objects | sort >/tmp/after
	join <(sort /tmp/before) /tmp/after | awk -v cpus="$(nproc)" -v most="$1" '
		$4 - $2 >= most + 2 * cpus * $3 { print $1 ": " $2 " objects, then " $4; bad = 1 }
		END { exit bad }' >/tmp/grown
}

session_is()
{
	grep -qx "$1" /sys/class/iscsi_session/session*/state
}

# writes STAT: done so far, as a disk's stat file says.
writes()
{
	awk '{ print $5 }' "$1"
}

# more_writes STAT N PID: or the process is over.
more_writes()
{
	[ "$(writes "$1")" -gt "$2" ] || ! kill -0 "$3"
}
