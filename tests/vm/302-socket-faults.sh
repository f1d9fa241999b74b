# SPDX-License-Identifier: GPL-2.0
# Calls of the socket that take less than they could, or fail while the connection works
# (lunar_faults). Whatever is cut short goes on; whatever fails ends that connection and
# nothing else: the data is right, sessions come back, nothing is left over.
# LUNAR_FAULTS=N does N times as much.
# shellcheck shell=bash
DESCRIPTION="short and failing socket calls"
SANITIZERS=smp
GROUP=sockets
TIMEOUT=180
ALLOW_LOG='I/O error'

KNOBS=/sys/module/lunar_faults/parameters
TIMES=${LUNAR_FAULTS:-1}

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
	kprobes || skip "no kprobes in this kernel"
	[ -x /lunar/rawpdu ] || fail "no rawpdu in the VM"
}

# faults RECV_SHORT SEND_SHORT RECV_FAILS SEND_FAILS: one call of so many.
faults()
{
	echo "$1" >$KNOBS/recv_short
	echo "$2" >$KNOBS/send_short
	echo "$3" >$KNOBS/recv_fails
	echo "$4" >$KNOBS/send_fails
}

# A walk ends early or not; afterwards another one gets through.
broken_walks()
{
	local i early=0

	for ((i = 0; i < 20 * TIMES; i++)); do
		faults 5 5 $((20 + i * 5)) $((20 + i * 5))
		if ! walk $i every-path; then
			early=$((early + 1))
			walk_is_honest "walk $i"
		fi
	done
	faults 0 0 0 0
	walk 0 every-path || { cat /tmp/walk; fail "with a sane socket again"; }
	[ $early -gt 0 ] || fail "no walk was cut off"
	ok "$early of $((20 * TIMES)) walks ended early"
}

run()
{
	local dev hits i

	lunar_load
	truncate -s 64M /tmp/sockets.img
	defer rm -f /tmp/sockets.img /tmp/fio.out /tmp/walk
	simple_target /tmp/sockets.img 64M
	insmod /lunar/lunar_faults.ko
	defer rmmod lunar_faults

	faults 2 2 0 0
	for ((i = 0; i < 3 * TIMES; i++)); do
		walk $i every-path random-keys || { cat /tmp/walk; fail "short calls"; }
	done
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
	load "short calls" $((8 * TIMES))M
	faults 3 3 60 60
	load "calls that fail" $((8 * TIMES))M
	faults 0 0 0 0
	initiator_reset >/dev/null
	broken_walks
	read -r -a hits <$KNOBS/hits
	ok "calls: ${hits[*]}"
	for i in "${hits[@]}"; do
		[ "$i" -gt 0 ] || fail "no fault of a kind: ${hits[*]}"
	done
}
