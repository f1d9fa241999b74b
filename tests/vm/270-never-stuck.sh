# SPDX-License-Identifier: GPL-2.0
# A backstore that hangs (a suspended device below it): what needs no backstore
# is answered all the while, a session can be replaced at once, and nothing old
# lands on anything new.
# shellcheck shell=bash disable=SC2034 # used by lib/stuck.sh
DESCRIPTION="a backstore that hangs: pings, task management, reinstatement, removal"
SANITIZERS=uml
GROUP=proto
TIMEOUT=300

HOLD="dmsetup suspend --nolockfs --noflush --noudevsync stuck"
RELEASE="dmsetup resume --noudevsync stuck"

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
	modprobe dm-mod || skip "no device mapper in this kernel"
}

iblock()
{
	local dir=$CONFIGFS/core/iblock_0/$1

	modprobe target_core_iblock
	mkdir -p "$dir"
	defer rmdir "$CONFIGFS/core/iblock_0"
	defer rmdir "$dir"
	echo "udev_path=$2" >"$dir/control"
	echo "$1" >"$dir/wwn/vpd_unit_serial"
	echo 1 >"$dir/enable"
}

# lunar_file CONTROL TAS PATTERN...: those cases with our own backstore.
lunar_file()
{
	backstore stuck "$(dm_device stuck)" 64M "$1"
	echo "$2" >"$CONFIGFS/core/fileio_0/stuck/attrib/emulate_tas"
	stuck_target fileio_0 stuck
	TAS=$2 stuck_cases 1 -O "${@:3}"
	[ "$3" != 'stuck-*' ] || removals
	remove_target "$TARGET"
	remove_backstore stuck
}

stock()
{
	iblock block "$(dm_device stuck)"
	stuck_target iblock_0 block
	stuck_cases 1 stuck-relogin-reads stuck-relogin-write stuck-relogin-crowd 'stuck-*task*' \
		'stuck-*reset' 'stuck-clear*' tmf-idle tmf-cold-reset
	removal_waits "removed), a backstore still has" removed "$(no_acl)"
	remove_target "$TARGET"
}

xcopy()
{
	python3 /lunar/lib/xcopy.py "$@"
}

# Sets $told.
told_of_copy()
{
	told=$(xcopy result 9 "$calm")
}

copy_has_ended()
{
	told_of_copy
	[[ $told != "0 "* ]]
}

# EXTENDED COPY that hangs and is aborted: what its initiator is told of it by RECEIVE
# COPY RESULTS, as long as it may still write and when it has ended.
aborted_copy()
{
	local calm stuck told

	backstore stuck "$(dm_device stuck)" 64M fd_async_io=1
	stuck_target fileio_0 stuck
	initiator_start
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	calm=$(lun_device "$TARGET" 0)
	stuck=$(lun_device "$TARGET" 1)
	equal "$(xcopy hold 9 "$calm" "$calm" "$stuck" 0:0:64)" GOOD "copy"
	told_of_copy
	equal "$told" "1 1 0 32768" "result of a copy"
	eval "$HOLD"
	equal "$(xcopy abort 3 9 "$calm" "$calm" "$stuck" 0:0:64 64:64:64)" \
		"status 00 host 3" "copy that takes too long"
	told_of_copy
	equal "$told" "0 1 0 0" "an aborted copy that hangs"
	release
	wait_for 10 copy_has_ended
	# the segment that was under way when it was aborted, whole or in part, no other
	[[ $told == "2 1 0 "* ]] || fail "result of an aborted copy: $told"
	initiator_reset >/dev/null
	remove_target "$TARGET"
	remove_backstore stuck
	ok "an aborted copy: $told"
}

run()
{
	local below

	below=$(spare_disk 0)
	lunar_load
	truncate -s 32M /tmp/calm.img
	defer rm -f /tmp/stuck.out /tmp/calm.img /tmp/removed /tmp/removal.out
	dm_create stuck "0 131072 linear $below 0"
	backstore calm /tmp/calm.img 32M

	lunar_file fd_async_io=1 1 'stuck-*' 'tmf-*'
	ok "direct I/O"
	# Its READs are answered from the page cache.
	lunar_file "" 0 stuck-relogin-write stuck-clear-others
	ok "write-through, TAS=0"
	aborted_copy
	stock
	ok "stock iblock"
}
