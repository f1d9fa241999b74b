# SPDX-License-Identifier: GPL-2.0
# Sourced by every VM test: a network that goes away, with what uses it.
# shellcheck shell=bash

# Both ends lose each other's packets, and hear nothing of it.
link_down()
{
	tc qdisc add dev lo root netem loss 100%
}

link_up()
{
	tc qdisc del dev lo root
}

no_session()
{
	grep -q '^No active iSCSI Session' "$CONFIGFS/iscsi/$TARGET/tpgt_1/acls/$INITIATOR/info"
}

# flap SECONDS: under a load that is verified. An initiator that is away for long has
# no session any more.
flap()
{
	local dev pid stat begin

	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
	stat=/sys/block/${dev##*/}/stat
	fio --name=flap --filename="$dev" --direct=1 --ioengine=libaio --iodepth=16 --rw=randwrite \
		--bsrange=4k-256k --size=40M --rate=4m --verify=crc32c --do_verify=1 --verify_fatal=1 \
		--minimal >/tmp/fio.out 2>&1 &
	pid=$!
	wait_for 20 more_writes "$stat" $(($(writes "$stat") + 20)) $pid
	begin=$(awk '{ print int($1) }' /proc/uptime)
	link_down
	# Of silence there is no event to wait for.
	[ "$1" -lt 45 ] || wait_for 45 no_session
	while [ $(($(awk '{ print int($1) }' /proc/uptime) - begin)) -lt "$1" ]; do
		sleep 0.2
	done
	link_up
	kill -0 $pid 2>/dev/null || { cat /tmp/fio.out; fail "fio ended before the link came back"; }
	wait $pid || { cat /tmp/fio.out; fail "fio, after $1 s without a link"; }
	awk -F ';' '$1 == 3 && $6 >= 40 * 1024 { good = 1 } END { exit !good }' /tmp/fio.out ||
		{ cat /tmp/fio.out; fail "fio has not read all of it back"; }
	wait_for 60 session_is LOGGED_IN
	logout "$TARGET" "$PORTAL" >/dev/null
	wait_for 5 logged_out "$TARGET"
	ok "$1 s without a link, data verified"
}
