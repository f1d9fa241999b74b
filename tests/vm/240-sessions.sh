# SPDX-License-Identifier: GPL-2.0
# Sessions that come and go, connections that are killed in the middle of I/O:
# nothing is lost, and nothing is left in memory.
# shellcheck shell=bash
DESCRIPTION="300 logins and logouts, connections killed under fio, memory flat"
SANITIZERS="uml smp"
GROUP=proto
TIMEOUT=200

# cycles N: that many sessions with an INQUIRY in them.
cycles()
{
	local i

	for ((i = 0; i < $1; i++)); do
		iscsi-inq -i "$INITIATOR" "iscsi://$PORTAL/$TARGET/0" >/dev/null ||
			fail "login $i"
	done
}

# Some of it is freed by RCU, a little later.
flat()
{
	cycles 10
	kmalloc_objects >/tmp/before
	cycles 300
	defer cat /tmp/grown
	wait_for 10 not_grown 250
	ok "300 sessions"
}

# fio under connections that die; the initiator logs in again each time.
cuts()
{
	local dev pid i stat cut=0

	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
	stat=/sys/block/${dev##*/}/stat
	fio --name=cut --filename="$dev" --direct=1 --ioengine=libaio --iodepth=16 --rw=randwrite \
		--bsrange=4k-256k --size=60M --thinktime=30000 --verify=crc32c --do_verify=1 --verify_fatal=1 \
		--minimal >/tmp/fio.out 2>&1 &
	pid=$!
	while [ $cut -lt 6 ]; do
		wait_for 20 session_is LOGGED_IN
		i=$(writes "$stat")
		wait_for 20 more_writes "$stat" $((i + 20)) $pid
		kill -0 $pid 2>/dev/null || break
		ss -K dst 127.0.0.1 dport = 3260 >/dev/null
		cut=$((cut + 1))
	done
	wait $pid || { cat /tmp/fio.out; fail "fio, after $cut cuts"; }
	awk -F ';' '$1 == 3 && $6 >= 60 * 1024 { good = 1 } END { exit !good }' /tmp/fio.out ||
		{ cat /tmp/fio.out; fail "fio has not read all of it back"; }
	[ $cut -ge 3 ] || fail "only $cut cuts before fio was done"
	wait_for 20 session_is LOGGED_IN
	logout "$TARGET" "$PORTAL" >/dev/null
	wait_for 5 logged_out "$TARGET"
	ok "$cut connections killed, data verified"
}

run()
{
	local i

	lunar_load
	truncate -s 64M /tmp/sessions.img
	defer rm -f /tmp/sessions.img /tmp/before /tmp/after /tmp/grown /tmp/fio.out
	simple_target /tmp/sessions.img 64M
	modprobe tcp_diag
	flat
	discover "$PORTAL" >/dev/null
	for i in 1 2 3 4 5; do
		iscsiadm -m node -T "$TARGET" -p "$PORTAL" --login >/dev/null
		logout "$TARGET" "$PORTAL" >/dev/null
		wait_for 5 logged_out "$TARGET"
	done
	ok "the kernel's initiator, $i times"
	cuts
	initiator_reset
	if [ -z "$LUNAR_STOCK" ]; then
		wait_for 10 empty lunar_conn
		wait_for 10 empty lunar_cmd
	fi
}
