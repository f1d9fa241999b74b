# SPDX-License-Identifier: GPL-2.0
# A backstore that hangs (a suspended device below it): what needs no backstore
# is answered all the while, a session can be replaced at once, and nothing old
# lands on anything new.
# shellcheck shell=bash
DESCRIPTION="a backstore that hangs: pings, TEST UNIT READY, reinstatement"
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

run()
{
	local below dir

	below=$(spare_disk 0)
	lunar_load
	defer rm -f /tmp/stuck.out
	dm_create stuck "0 131072 linear $below 0"
	iblock block "$(dm_device stuck)"
	defer release
	target "$TARGET" "$PORTAL"
	dir=$CONFIGFS/iscsi/$TARGET/tpgt_1/lun/lun_1
	mkdir "$dir"
	ln -s "$CONFIGFS/core/iblock_0/block" "$dir/block"
	acl "$TARGET" "$INITIATOR"
	echo 5 >"$CONFIGFS/iscsi/$TARGET/tpgt_1/attrib/login_timeout"
	enable_target "$TARGET"

	cases 1 'stuck-*' 'tmf-*'
	ok "a device that hangs behind stock iblock"
}
