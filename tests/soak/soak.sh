# SPDX-License-Identifier: GPL-2.0
# Initiators that write and verify, each at a LUN of its own: the kernel's, and three
# of rawpdu -D in network namespaces, each through a portal of its own. Meanwhile, one
# after the other and in an order that the seed decides, all that may happen to them.
# In the end nothing may be left: no session, orphan, object in a slab, open file; the
# modules load and unload; the kernel's memory is what it was.
# LUNAR_SOAK="SEED MINUTES"
# shellcheck shell=bash
DESCRIPTION="everything at once, for a long time"
GROUP=soak
TIMEOUT=90000
ALLOW_LOG='I/O error|lunar_(file|iscsi): '

RAWPDU=/lunar/rawpdu
HOSTS="1 2 3"
TPG=$CONFIGFS/iscsi/$TARGET/tpgt_1
WORK=/mnt/soak
SCRATCH=9

needs()
{
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
	modprobe veth || skip "no veth in this kernel"
}

# pick N: sets $picked to 0 ... N-1, as the seed decides. (In a subshell RANDOM is
# another one.)
pick()
{
	picked=$((RANDOM % $1))
}

# some_host: sets $host
some_host()
{
	pick 3
	host=$((1 + picked))
}

portal_of()
{
	echo "10.8.$1.1:3260"
}

initiator_of()
{
	echo "iqn.2026-01.vm.lunar:host$1"
}

# on HOST PROGRAM...: as that host.
on()
{
	local host=$1

	shift
	ip netns exec "host$host" "$@"
}

# raw HOST LUN OPTION...: rawpdu there, with the seed that was picked last.
raw()
{
	local host=$1 lun=$2

	shift 2
	on "$host" $RAWPDU -p "$(portal_of "$host")" -t "$TARGET" -i "$(initiator_of "$host")" -l "$lun" \
		-x "$LUNAR_FACTOR" -S "$picked" "$@"
}

add_host()
{
	ip netns add "host$1"
	defer ip netns del "host$1"
	ip link add "soak$1" type veth peer name eth0 netns "host$1"
	ip addr add "10.8.$1.1/24" dev "soak$1"
	ip link set "soak$1" up
	ip -n "host$1" addr add "10.8.$1.2/24" dev eth0
	ip -n "host$1" link set eth0 up
	mkdir "$TPG/np/$(portal_of "$1")"
}

# map INITIATOR LUN DISK_LUN
map()
{
	mkdir "$TPG/acls/$1/lun_$2"
	ln -s "$TPG/lun/lun_$3" "$TPG/acls/$1/lun_$2/default"
}

unmap()
{
	rm "$TPG/acls/$1/lun_$2/default"
	rmdir "$TPG/acls/$1/lun_$2"
}

# disk NAME SIZE CONTROL LUN
disk()
{
	backstore "$1" "$WORK/$1.img" "$2" "$3"
	lun "$TARGET" "$4" "$1"
}

set_up()
{
	local host modes=("" fd_async_io=1 fd_buffered_io=1)

	fresh_fs xfs "$(spare_disk 0)" $WORK
	target "$TARGET" "$PORTAL"
	disk kernel 64M "" 0
	for host in $HOSTS; do
		disk "host$host" 64M "${modes[host - 1]}" "$host"
	done
	disk scratch 64M "" $SCRATCH
	mkdir "$TPG/acls/$INITIATOR"
	map "$INITIATOR" 0 0
	for host in $HOSTS; do
		add_host "$host"
		mkdir "$TPG/acls/$(initiator_of "$host")"
		map "$(initiator_of "$host")" 0 "$host"
		map "$(initiator_of "$host")" $SCRATCH $SCRATCH
	done
	echo 5 >"$TPG/attrib/login_timeout"
	enable_target "$TARGET"
	# Before the disks, if the test fails.
	defer remove_target "$TARGET"
}

# --- load --------------------------------------------------------------------

# The kernel's initiator: short loads, each verified, until $WORK/stop is there.
kernel_load()
{
	local n=0 seed=$1

	while [ ! -e $WORK/stop ]; do
		fio --name=kernel --filename="$dev" --direct=1 --ioengine=libaio --iodepth=8 \
			--rw=randwrite --bsrange=4k-128k --io_size=8M --size=60M --verify=crc32c \
			--do_verify=1 --verify_fatal=1 --randseed=$((seed + n)) --minimal >/tmp/fio.out 2>&1 || {
			cat /tmp/fio.out
			echo "the kernel's initiator: wrong data or an error, load $n"
			return 1
		}
		n=$((n + 1))
	done
	echo "the kernel's initiator: $n loads verified"
}

start_load()
{
	local host

	initiator_start
	# A path that is away for longer than this is one that was lost.
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
	pick 32768
	kernel_load "$picked" >/tmp/load.kernel 2>&1 &
	loads=($!)
	for host in $HOSTS; do
		pick 32768
		raw "$host" 0 -D $((minutes * 60)) >"/tmp/load.$host" 2>&1 &
		loads+=($!)
	done
}

loads_run()
{
	local pid

	for pid in "${loads[@]}"; do
		kill -0 "$pid" 2>/dev/null || { cat /tmp/load.*; fail "a load has ended"; }
	done
}

# --- what happens to them ------------------------------------------------------

storm()
{
	local i pids=()

	for i in $(seq 12); do
		raw $((1 + i % 3)) $SCRATCH -q login -S "$i" >/dev/null 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}" || true
}

resets()
{
	local kinds=(--device --target)

	pick 2
	sg_reset --no-esc "${kinds[picked]}" "$dev" || true
}

aborts()
{
	local host

	some_host
	raw "$host" $SCRATCH 'tmf-abort-waiting' 'tmf-abort-set-waiting' 'tmf-reset-waiting' \
		>/dev/null || true
}

torn()
{
	local host

	some_host
	raw "$host" $SCRATCH rst-any-state >/dev/null || true
}

noise()
{
	local host

	some_host
	pick 32768
	raw "$host" $SCRATCH -F 10 >/dev/null || true
}

lun_comes_and_goes()
{
	local host modes=("" fd_async_io=1)

	pick 2
	disk extra 16M "${modes[picked]}" 20
	some_host
	map "$(initiator_of "$host")" 7 20
	raw "$host" 7 random-keys >/dev/null || true
	unmap "$(initiator_of "$host")" 7
	rm "$TPG/lun/lun_20/extra"
	rmdir "$TPG/lun/lun_20"
	remove_backstore extra
	rm $WORK/extra.img
}

grows()
{
	local size

	size=$(stat -c %s $WORK/scratch.img)
	[ "$size" -lt $((1 << 30)) ] || return 0
	echo "fd_dev_size=$((size + (1 << 20)))" >"$CONFIGFS/core/fileio_0/scratch/control"
	equal "$(stat -c %s $WORK/scratch.img)" $((size + (1 << 20))) "grown size"
}

acl_comes_and_goes()
{
	local name=iqn.2026-01.vm.lunar:guest host

	some_host
	mkdir "$TPG/acls/$name"
	map "$name" 0 $SCRATCH
	raw "$host" 0 -i "$name" -q login >/dev/null || true
	unmap "$name" 0
	rmdir "$TPG/acls/$name"
}

shut_out()
{
	local host

	some_host
	echo "10.8.$host.0/24" >"$TPG/attrib/denied_addresses"
	echo 1 >"$TPG/np/$(portal_of "$host")/logout_request"
	sleep 1.5
	echo NULL >"$TPG/attrib/denied_addresses"
}

portal_flaps()
{
	local host

	some_host
	rmdir "$TPG/np/$(portal_of "$host")"
	mkdir "$TPG/np/$(portal_of "$host")"
}

disabled()
{
	echo 0 >"$TPG/enable"
	echo 1 >"$TPG/enable"
}

killed()
{
	ss -K sport = 3260 >/dev/null 2>&1 || true
}

slow_line()
{
	local host

	some_host
	modprobe sch_netem 2>/dev/null || return 0
	tc qdisc replace dev "soak$host" root netem loss 1% delay 2ms reorder 20%
	sleep 2
	tc qdisc del dev "soak$host" root
}

# Of disks that are written to.
snapshots()
{
	local host

	some_host
	lunarctl snapshot "host$host" $WORK/snapshot.img >/dev/null
	equal "$(stat -c %s $WORK/snapshot.img)" $((64 << 20)) "size of a snapshot"
	rm $WORK/snapshot.img
}

ACTIONS=(storm resets aborts torn noise lun_comes_and_goes grows acl_comes_and_goes shut_out
	portal_flaps disabled killed slow_line snapshots)

# --- what must stay flat ---------------------------------------------------------

# objects: of all slab caches of lunar, those just freed not counted.
objects()
{
	local cache

	for cache in /sys/kernel/slab/lunar_* /sys/kernel/slab/lfile_*; do
		[ ! -e "$cache/shrink" ] || echo 1 >"$cache/shrink"
	done
	awk '/^(lunar|lfile)_/ { n += $2 } END { print n + 0 }' /proc/slabinfo
}

unreclaimable()
{
	awk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo
}

open_files()
{
	cut -f 1 /proc/sys/fs/file-nr
}

orphans()
{
	cat "$CONFIGFS"/core/fileio_0/*/info | sed -n 's/.*[Oo]rphans: *\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}

sessions()
{
	ss -Htn state established sport = 3260 | wc -l
}

progress()
{
	echo "soak: minute $(((SECONDS - begin) / 60)) of $minutes, $actions actions, $(sessions) connections," \
		"$(orphans) orphans, $(objects) objects, $(open_files) files, $(unreclaimable) KiB of slab"
}

quiet()
{
	[ "$(sessions)" = 0 ] && [ "$(orphans)" = 0 ] && [ "$(objects)" -le "$idle" ]
}

no_objects()
{
	[ "$(objects)" = 0 ]
}

reloads()
{
	local i

	for i in 1 2 3; do
		lunar_unload
		lunar_load
		simple_target /tmp/reload.img 16M
		iscsi-inq -i "$INITIATOR" "iscsi://$PORTAL/$TARGET/0" >/dev/null
		remove_target "$TARGET"
		remove_backstore disk0
	done
}

run()
{
	local seed minutes begin=$SECONDS end idle actions=0 action host dev loads pid files slab_then minute=-1 picked=1

	read -r seed minutes <<<"${LUNAR_SOAK:-1 2}"
	RANDOM=$((seed % 32768))
	echo "soak: seed $seed, $minutes minutes"
	lunar_load
	truncate -s 16M /tmp/reload.img
	defer rm -f /tmp/reload.img /tmp/load.* /tmp/fio.out
	files=$(open_files)
	set_up
	# Disks have some in reserve.
	idle=$(objects)
	end=$((SECONDS + minutes * 60))
	start_load
	while :; do
		pick ${#ACTIONS[@]}
		action=${ACTIONS[picked]}
		$action || fail "$action"
		actions=$((actions + 1))
		# Those of rawpdu end by themselves.
		[ $SECONDS -lt $end ] || break
		loads_run
		if [ $(((SECONDS - begin) / 60)) -gt $minute ]; then
			minute=$(((SECONDS - begin) / 60))
			progress
			[ $minute -gt 1 ] || slab_then=$(unreclaimable)
		fi
	done
	touch $WORK/stop
	for pid in "${loads[@]}"; do
		wait "$pid" || { cat /tmp/load.*; fail "a load has failed"; }
	done
	cat /tmp/load.*
	initiator_reset >/dev/null
	wait_for 30 quiet
	progress
	for host in $HOSTS; do
		rmdir "$TPG/np/$(portal_of "$host")"
	done
	remove_target "$TARGET"
	for host in kernel scratch host1 host2 host3; do
		remove_backstore $host
	done
	wait_for 10 no_objects
	[ "$(open_files)" -le $((files + 128)) ] || fail "$(open_files) open files, $files before"
	reloads
	[ "$(unreclaimable)" -le $((slab_then + slab_then / 4 + 16384)) ] ||
		fail "$(unreclaimable) KiB of slab that cannot be reclaimed, $slab_then in the first minutes"
	ok "$actions actions, seed $seed"
}
