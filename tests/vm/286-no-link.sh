# SPDX-License-Identifier: GPL-2.0
# The cable is cut: a session without initiator ends in time, and a short loss of
# the link loses no data. Longer ones: tests/vm/long.
# shellcheck shell=bash
DESCRIPTION="an initiator that is cut off, a link that is gone for 5 s under load"
SANITIZERS=uml
GROUP=proto
TIMEOUT=120

HERE=10.9.0.1
THERE=10.9.0.2

ready()
{
	[ -e /tmp/absent.ready ]
}

no_netns()
{
	kill "$(cat /tmp/absent.pid)" 2>/dev/null || true
	ip netns del away
}

# A host of its own, in a network namespace, with a command that waits for data.
cut_off()
{
	local attrib=$CONFIGFS/iscsi/$TARGET/tpgt_1/acls/$INITIATOR/attrib

	echo 4 >"$attrib/nopin_timeout"
	echo 4 >"$attrib/nopin_response_timeout"
	ip netns add away
	defer no_netns
	ip link add veth0 type veth peer name veth1 netns away
	ip addr add $HERE/24 dev veth0
	ip link set veth0 up
	ip -n away addr add $THERE/24 dev veth1
	ip -n away link set veth1 up
	mkdir "$CONFIGFS/iscsi/$TARGET/tpgt_1/np/$HERE:3260"
	ABSENT=/tmp/absent.ready ip netns exec away /lunar/rawpdu -p $HERE:3260 -t "$TARGET" \
		-i "$INITIATOR" -x "$LUNAR_FACTOR" absent >/tmp/absent.out 2>&1 &
	echo $! >/tmp/absent.pid
	wait_for 10 ready
	must_fail no_session
	ip link set veth0 down
	wait_for 15 no_session
	[ -n "$LUNAR_STOCK" ] || wait_for 5 empty lunar_conn
	ok "session freed"
	rmdir "$CONFIGFS/iscsi/$TARGET/tpgt_1/np/$HERE:3260"
	echo 15 >"$attrib/nopin_timeout"
	echo 10 >"$attrib/nopin_response_timeout"
}

run()
{
	lunar_load
	truncate -s 64M /tmp/absent.img
	defer rm -f /tmp/absent.{img,ready,out,pid} /tmp/fio.out
	simple_target /tmp/absent.img 64M
	modprobe -a veth sch_netem
	cut_off
	discover "$PORTAL" >/dev/null
	flap 5
}
