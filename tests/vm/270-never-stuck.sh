# SPDX-License-Identifier: GPL-2.0
# A backstore that hangs (a suspended device below it): what needs no backstore
# is answered all the while, a session can be replaced at once, and nothing old
# lands on anything new.
# shellcheck shell=bash
DESCRIPTION="a backstore that hangs: pings, task management, reinstatement, removal"
GROUP=proto
TIMEOUT=300

RAWPDU=/lunar/rawpdu
HOLD="dmsetup suspend --nolockfs --noflush --noudevsync stuck"
RELEASE="dmsetup resume --noudevsync stuck"

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
	modprobe dm-mod || skip "no device mapper in this kernel"
}

release()
{
	dmsetup resume --noudevsync stuck
}

# cases LUN OPTION...: those with a hanging backstore.
cases()
{
	local lun=$1 rc=0

	shift
	$RAWPDU -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" -l "$lun" -x "$LUNAR_FACTOR" -T 5 \
		-H "$HOLD" -R "$RELEASE" "$@" >/tmp/stuck.out || rc=$?
	release
	cat /tmp/stuck.out
	[ $rc -eq 0 ] || fail "LUN $lun: $(sed -n 's/^not ok [0-9]* - \([^ ]*\).*/\1/p' /tmp/stuck.out | tr '\n' ' ')"
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

# target_with N HBA OBJECT: one LUN, and another that never hangs.
target_with()
{
	local dir=$CONFIGFS/iscsi/$TARGET/tpgt_1/lun/lun_$1

	target "$TARGET" "$PORTAL"
	lun "$TARGET" 0 calm
	mkdir "$dir"
	ln -s "$CONFIGFS/core/$2/$3" "$dir/$3"
	acl "$TARGET" "$INITIATOR"
	echo 5 >"$CONFIGFS/iscsi/$TARGET/tpgt_1/attrib/login_timeout"
	enable_target "$TARGET"
}

# lunar_file CONTROL PATTERN...: those cases with our own backstore.
lunar_file()
{
	backstore stuck "$(dm_device stuck)" 64M "$1"
	target_with 1 fileio_0 stuck
	shift
	cases 1 -O "$@"
	[ "$1" != 'stuck-*' ] || removals
	remove_target "$TARGET"
	remove_backstore stuck
}

removed()
{
	[ -e /tmp/removed ]
}

# removal COMMAND: while 128 commands are stuck; the session ends at once, and with
# our backstore the commands go too, while the device still hangs.
removal()
{
	local rc=0

	rm -f /tmp/removed
	REMOVE="($1; touch /tmp/removed) >/dev/null 2>&1 &" \
		$RAWPDU -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" -l 1 -x "$LUNAR_FACTOR" \
		-H "$HOLD" -R "$RELEASE" -O removed >/tmp/stuck.out || rc=$?
	cat /tmp/stuck.out
	[ $rc -eq 0 ] || { release; fail "$1"; }
	wait_for 10 removed
	release
	ok "$1"
}

removals()
{
	local tpg=$CONFIGFS/iscsi/$TARGET/tpgt_1

	removal "rmdir $tpg/np/$PORTAL"
	mkdir "$tpg/np/$PORTAL"
	removal "echo 0 >$tpg/enable"
	enable_target "$TARGET"
}

run()
{
	local below

	below=$(spare_disk 0)
	lunar_load
	truncate -s 32M /tmp/calm.img
	defer rm -f /tmp/stuck.out /tmp/calm.img /tmp/removed
	dm_create stuck "0 131072 linear $below 0"
	defer release
	backstore calm /tmp/calm.img 32M

	lunar_file fd_async_io=1 'stuck-*' 'tmf-*'
	ok "direct I/O"
	# Its READs are answered from the page cache.
	lunar_file "" stuck-relogin-write
	ok "write-through"
	iblock block "$(dm_device stuck)"
	target_with 1 iblock_0 block
	cases 1 stuck-relogin-reads stuck-relogin-write stuck-relogin-crowd 'stuck-*task*' \
		'stuck-*reset' 'stuck-clear*' 'tmf-*'
	remove_target "$TARGET"
	ok "stock iblock"
}
