# SPDX-License-Identifier: GPL-2.0
# Connections that never log in: from one address they do not keep others out,
# from many they do not either, memory is bounded, and all are gone in time.
# shellcheck shell=bash
DESCRIPTION="floods of logins that never end, from one address and from many"
SANITIZERS=uml
GROUP=proto
TIMEOUT=240

RAWPDU=/lunar/rawpdu
PARAMETERS=/sys/module/lunar_iscsi/parameters

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
}

stat_of()
{
	awk -v name="$1" '$1 == name { print $2 }' /sys/kernel/debug/lunar_iscsi/stats
}

# Connections in memory, those that were just freed not counted.
objects()
{
	echo 1 >/sys/kernel/slab/lunar_conn/shrink
	awk '$1 == "lunar_conn" { print $2 }' /proc/slabinfo
}

none_left()
{
	[ "$(objects)" = 0 ]
}

can_login()
{
	iscsi-inq -i "$INITIATOR" "iscsi://$PORTAL/$TARGET/0" >/dev/null
}

# flood HOSTS CONNECTIONS: that many from each of 127.0.1.1, 127.0.1.2 and so on,
# each with half a Login Request; says "up" and keeps them until its input ends.
flood()
{
	ulimit -n 20000
	python3 -c '
import socket, sys
hosts, each, port = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
kept = []
for i in range(hosts * each):
    s = socket.socket()
    try:
        s.bind(("127.0.1.%d" % (1 + i % hosts), 0))
        s.connect(("127.0.0.1", port))
        s.send(b"\x43\x00" + 30 * b"\0")
    except OSError:
        pass
    kept.append(s)
print("up", flush=True)
sys.stdin.read()
' "$1" "$2" "${PORTAL##*:}"
}

flood_start()
{
	coproc FLOOD { flood "$@"; }
	read -r -u "${FLOOD[0]}" line
	equal "$line" up "flood"
}

flood_end()
{
	local pid=$FLOOD_PID in=${FLOOD[1]}

	eval "exec $in>&-"
	wait "$pid"
}

# One address: what is over the limit is closed, everybody else logs in at once.
one_address()
{
	local before

	before=$(stat_of login_limited)
	flood_start 1 600
	[ "$(stat_of login_limited)" -ge $((before + 600 - 512)) ] ||
		fail "login_limited is $(stat_of login_limited), was $before"
	can_login || fail "another address is kept out"
	[ "$(objects)" -le 700 ] || fail "$(objects) connections in memory"
	dmesg | grep 'closed a connection from 127.0.1.1, too many of that address' >/dev/null ||
		fail "nothing in the kernel log"
	flood_end
	wait_for 10 none_left
	ok "600 from one address"
}

# Many addresses: the portal is full, and yet who tries again gets in.
many_addresses()
{
	flood_start 50 200
	wait_for 10 can_login
	[ "$(objects)" -le 2500 ] || fail "$(objects) connections in memory"
	# Each has its deadline, whatever its peer does.
	wait_for 30 none_left
	[ "$(stat_of login_timeout)" -gt 0 ] || fail "login_timeout is 0"
	flood_end
	can_login
	ok "10000 from 50 addresses"
}

# Discovery sessions, for which nobody has to know a secret, count until they end.
discoveries()
{
	local pids=() i

	echo 4 >$PARAMETERS/pending_logins_per_address
	for i in 1 2 3 4; do
		$RAWPDU -q idle -x "$LUNAR_FACTOR" -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" >"/tmp/idle$i" &
		pids+=($!)
		wait_for 10 grep -q '^status 0x0000' "/tmp/idle$i"
	done
	must_fail can_login 2>/dev/null
	$RAWPDU -q login -b 127.0.0.2 -x "$LUNAR_FACTOR" -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" |
		grep '^status 0x0000'
	kill "${pids[@]}"
	wait_for 10 can_login
	echo 512 >$PARAMETERS/pending_logins_per_address
	ok "discovery sessions"
}

limits()
{
	must_fail eval "echo 0 >$PARAMETERS/pending_logins" 2>/dev/null
	must_fail eval "echo x >$PARAMETERS/pending_logins_per_address" 2>/dev/null
	echo 4 >$PARAMETERS/pending_logins_per_address
	echo 8 >$PARAMETERS/pending_logins
	flood_start 1 20
	can_login
	[ "$(objects)" -le 20 ] || fail "$(objects) connections in memory"
	flood_end
	echo 2048 >$PARAMETERS/pending_logins
	echo 512 >$PARAMETERS/pending_logins_per_address
	ok "limits are parameters"
}

run()
{
	lunar_load
	truncate -s 16M /tmp/flood.img
	defer rm -f /tmp/flood.img /tmp/idle?
	simple_target /tmp/flood.img 16M
	one_address
	many_addresses
	discoveries
	limits
}
