# SPDX-License-Identifier: GPL-2.0
# A bad network between initiator and target: loss, duplicates, reordering, an MTU
# that changes, sockets with next to no buffer, connections that are reset in every
# state. The data is right all the while, and every session comes back.
# LUNAR_FAULTS=N does N times as much.
# shellcheck shell=bash
DESCRIPTION="loss, duplicates, reordering, MTU changes, tiny socket buffers, RST in every state"
GROUP=faults
TIMEOUT=180

RAWPDU=/lunar/rawpdu
TIMES=${LUNAR_FAULTS:-1}

needs()
{
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
	modprobe sch_netem || skip "no sch_netem in this kernel"
}

lo_normal()
{
	tc qdisc del dev lo root 2>/dev/null || true
	ip link set lo mtu 65536
}

# netem ARGUMENT...: of what both directions go through.
netem()
{
	tc qdisc replace dev lo root netem limit 10000 "$@"
}

bad_lines()
{
	netem loss 2% delay 1ms
	load loss $((4 * TIMES))M
	netem duplicate 5%
	load duplicates $((4 * TIMES))M
	netem delay 4ms 3ms reorder 30% 50%
	load reordering $((4 * TIMES))M
	netem loss 1% duplicate 2% delay 3ms 2ms reorder 25% corrupt 1%
	load "all of it, and flipped bits" $((2 * TIMES))M
	lo_normal
}

# One load while the MTU changes below it.
mtu_changes()
{
	local mtu fio i

	load "MTU" $((8 * TIMES))M &
	fio=$!
	for ((i = 0; i < TIMES; i++)); do
		for mtu in 576 9000 1500 65536; do
			ip link set lo mtu $mtu
			wait_for 30 moves_on
		done
	done
	wait $fio || { cat /tmp/fio.out; fail "MTU"; }
	lo_normal
}

sectors()
{
	awk '{ print $3 + $7 }' "/sys/class/block/${dev##*/}/stat"
}

# The load has moved something since the last look, or is over.
moves_on()
{
	local now

	now=$(sectors)
	[ "$now" != "${seen:-}" ] || ! pgrep -x fio
	seen=$now
}

connected()
{
	[ -n "$(ss -Htn state established dport = 3260)" ]
}

# The connection dies under the load, again and again; the initiator logs in anew.
killed()
{
	local i fio

	load "connections killed" $((8 * TIMES))M &
	fio=$!
	for ((i = 0; i < 3 * TIMES; i++)); do
		wait_for 30 moves_on
		ss -K dport = 3260 >/dev/null
		wait_for 60 connected
	done
	wait $fio || fail "connections killed"
}

# Buffers of one page: each PDU goes and comes in many pieces.
tiny_buffers()
{
	local tiny=127.0.0.1:3261

	sysctl -qw net.ipv4.tcp_rmem="4096 4096 4096" net.ipv4.tcp_wmem="4096 4096 4096"
	defer sysctl -qw net.ipv4.tcp_rmem="4096 131072 6291456" net.ipv4.tcp_wmem="4096 16384 4194304"
	mkdir "$CONFIGFS/iscsi/$TARGET/tpgt_1/np/$tiny"
	discover $tiny >/dev/null
	login "$TARGET" $tiny >/dev/null
	dev=$(lun_device "$TARGET" 0)
	load "tiny buffers" $((1 * TIMES))M
	$RAWPDU -p $tiny -t "$TARGET" -i "$INITIATOR" -x "$LUNAR_FACTOR" 'random-keys' rst-any-state ||
		fail "rawpdu with tiny buffers"
	initiator_reset >/dev/null
	rmdir "$CONFIGFS/iscsi/$TARGET/tpgt_1/np/$tiny"
}

run()
{
	local dev seen=

	lunar_load
	truncate -s 64M /tmp/network.img
	defer rm -f /tmp/network.img /tmp/fio.out
	simple_target /tmp/network.img 64M
	defer lo_normal
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
	bad_lines
	mtu_changes
	killed
	initiator_reset >/dev/null
	$RAWPDU -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" -x "$LUNAR_FACTOR" rst-any-state || fail "RST"
	tiny_buffers
}
