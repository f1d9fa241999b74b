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
	stock
	ok "stock iblock"
}
