# SPDX-License-Identifier: GPL-2.0
# An administrator takes things away while initiators use them, and initiators
# reset what is busy: everything goes in time, and the session that does not use
# what goes loses nothing.
# shellcheck shell=bash
DESCRIPTION="resets, and removal of LUN, ACL, portal and target under load"
SANITIZERS="uml smp"
GROUP=proto
TIMEOUT=150

SECOND=iqn.2026-01.vm.lunar:second
SECOND_PORTAL=127.0.0.1:3261
TPG=$CONFIGFS/iscsi/$TARGET/tpgt_1

# commands LUN: that it has got so far.
commands()
{
	cat "$TPG/lun/lun_$1/statistics/scsi_tgt_port/in_cmds"
}

more_commands()
{
	[ "$(commands "$1")" -gt "$2" ]
}

# busy LUN: wait until it is.
busy()
{
	wait_for 20 more_commands "$1" $(($(commands "$1") + 50))
}

no_connection()
{
	[ -z "$(ss -Htn state established dst 127.0.0.1 dport = "$1")" ]
}

# second_reads LUN: the second initiator reads it through the second portal,
# 32 at a time.
second_reads()
{
	iscsi-perf -i $SECOND -m 32 -b 64 -x 1 "iscsi://$SECOND_PORTAL/$TARGET/$1" \
		>/tmp/perf.out 2>&1 </dev/null &
	reader=$!
	busy "$1"
}

second_ends()
{
	kill -KILL "$reader" 2>/dev/null || true
	wait "$reader" 2>/dev/null || true
	wait_for 10 no_connection 3261
}

# in_time SECONDS PROGRAM...: it works, and takes no longer.
in_time()
{
	local seconds=$1

	shift
	timeout $((seconds * LUNAR_FACTOR)) "$@" || fail "not done in $seconds s: $*"
}

remove_lun()
{
	in_time 5 rm "$TPG/acls/$SECOND/lun_1/default"
	in_time 5 rmdir "$TPG/acls/$SECOND/lun_1"
	in_time 5 rm "$TPG/acls/$INITIATOR/lun_1/default"
	in_time 5 rmdir "$TPG/acls/$INITIATOR/lun_1"
	in_time 5 rm "$TPG/lun/lun_1/disk1"
	in_time 5 rmdir "$TPG/lun/lun_1"
	second_ends
	ok "LUN and its mappings"
}

remove_acl()
{
	in_time 5 rm "$TPG/acls/$SECOND/lun_0/default"
	in_time 5 rmdir "$TPG/acls/$SECOND/lun_0"
	in_time 5 rmdir "$TPG/acls/$SECOND"
	second_ends
	must_fail timeout $((10 * LUNAR_FACTOR)) iscsi-inq -i $SECOND \
		"iscsi://$SECOND_PORTAL/$TARGET/0" >/dev/null 2>&1
	ok "ACL"
}

remove_portal()
{
	in_time 5 rmdir "$TPG/np/$SECOND_PORTAL"
	wait_for 10 no_connection 3261
	second_ends
	mkdir "$TPG/np/$SECOND_PORTAL"
	ok "portal"
}

resets()
{
	local i option

	for i in 1 2 3; do
		for option in --device --target; do
			busy 0
			in_time 10 sg_reset --no-esc $option "$1"
		done
	done
	ok "$((i * 2)) resets"
}

run()
{
	local dev fio reader session begin

	lunar_load
	truncate -s 64M /tmp/disk0.img /tmp/disk1.img
	defer rm -f /tmp/disk0.img /tmp/disk1.img /tmp/perf.out /tmp/fio.out
	backstore disk0 /tmp/disk0.img 64M fd_buffered_io=1
	backstore disk1 /tmp/disk1.img 64M
	target "$TARGET" "$PORTAL" $SECOND_PORTAL
	lun "$TARGET" 0 disk0
	lun "$TARGET" 1 disk1
	acl "$TARGET" "$INITIATOR"
	acl "$TARGET" $SECOND
	enable_target "$TARGET"
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)

	fio --name=load --filename="$dev" --direct=1 --ioengine=libaio --iodepth=16 --rw=randrw \
		--bsrange=4k-256k --size=32M --time_based --runtime=$((300 * LUNAR_FACTOR)) \
		--verify=crc32c --verify_fatal=1 --minimal >/tmp/fio.out 2>&1 &
	fio=$!
	second_reads 1
	remove_lun
	second_reads 0
	remove_portal
	second_reads 0
	remove_acl
	resets "$dev"
	busy 0
	kill -0 $fio 2>/dev/null || { cat /tmp/fio.out; fail "the load ended"; }

	# The initiator is not asked.
	for session in /sys/class/iscsi_session/session*; do
		echo 1 >"$session/recovery_tmo"
	done
	begin=$SECONDS
	remove_target "$TARGET"
	[ $((SECONDS - begin)) -le $((10 * LUNAR_FACTOR)) ] ||
		fail "target: removed in $((SECONDS - begin)) s"
	ok "target"
	if wait $fio; then
		fail "fio did not notice"
	fi
}
