# SPDX-License-Identifier: GPL-2.0
# Unmodified targetcli-fb makes a target, saves it, clears it and restores it,
# and an initiator uses it before and after.
# shellcheck shell=bash
DESCRIPTION="targetcli creates, lists, saves, clears and restores a CHAP target"
GROUP=targetcli
TIMEOUT=120

check_disk()
{
	local dev

	discover "$PORTAL" | grep -F "$TARGET" || fail "discovery does not name the target"
	login "$TARGET" "$PORTAL" tcuser tcsecret-1234
	dev=$(lun_device "$TARGET" 0)
	equal "$(head -c 1048576 "$dev" | sha256sum)" "$1" "checksum of the first MiB"
	logout "$TARGET" "$PORTAL"
	wait_for 5 logged_out "$TARGET"
	initiator_reset
}

clear_all()
{
	targetcli clearconfig confirm=True
	rmdir "$CONFIGFS"/core/fileio_* 2>/dev/null || true
}

# own_attributes FUNCTION: calls it with file and value of attributes that stock
# LIO does not have.
own_attributes()
{
	local tpg=$CONFIGFS/iscsi/$TARGET/tpgt_1

	"$1" "$tpg/attrib/allowed_addresses" '127.0.0.0/8, ::1'
	"$1" "$tpg/attrib/denied_addresses" NULL
	"$1" "$tpg/attrib/redirect" 'permanent 127.0.0.1:3260'
	"$1" "$tpg/acls/$INITIATOR/attrib/allowed_addresses" 127.0.0.1
	"$1" "$tpg/acls/$INITIATOR/attrib/denied_addresses" 192.0.2.0/24
	"$1" "$tpg/acls/$INITIATOR/attrib/authentication" 1
	"$1" "$tpg/acls/$INITIATOR/attrib/FirstBurstLength" 131072
	"$1" "$tpg/acls/$INITIATOR/attrib/InitialR2T" NULL
}

attribute_set()
{
	echo "$2" >"$1"
}

attribute_is()
{
	equal "$(cat "$1")" "$2" "$1"
}

run()
{
	local sum listing

	pidof dbus-daemon >/dev/null || dbus-daemon --system --fork
	mkdir -p /mnt
	head -c 64M /dev/urandom >/tmp/tc.img
	defer rm -f /tmp/tc.img /tmp/save.json
	sum=$(head -c 1048576 /tmp/tc.img | sha256sum)
	defer clear_all
	defer initiator_reset

	# No lunar_load: rtslib and the kernel ask for the modules by LIO's
	# names, and modprobe's aliases decide.
	targetcli <<-END
	set global auto_add_default_portal=false auto_add_mapped_luns=true auto_save_on_exit=false
	/backstores/fileio create tc /tmp/tc.img write_back=false
	/iscsi create $TARGET
	/iscsi/$TARGET/tpg1/portals create 127.0.0.1 3260
	/iscsi/$TARGET/tpg1/portals create ::1 3261
	/iscsi/$TARGET/tpg1/luns create /backstores/fileio/tc
	/iscsi/$TARGET/tpg1/acls create $INITIATOR
	/iscsi/$TARGET/tpg1/acls/$INITIATOR set auth userid=tcuser password=tcsecret-1234
	/iscsi/$TARGET/tpg1 set attribute authentication=1
	/iscsi/$TARGET/tpg1 set parameter MaxBurstLength=524288
	END
	[ -n "$LUNAR_STOCK" ] || grep -q '^lunar_iscsi ' /proc/modules ||
		fail "targetcli did not load lunar_iscsi"
	[ -n "$LUNAR_STOCK" ] || grep -q '^lunar_file ' /proc/modules ||
		fail "targetcli did not load lunar_file"
	listing=$(targetcli ls)
	printf '%s\n' "$listing"
	for want in /tmp/tc.img "$TARGET" 127.0.0.1:3260 '\[::1\]:3261' "$INITIATOR" mapped_lun0; do
		grep -q -- "$want" <<<"$listing" || fail "targetcli ls does not show $want"
	done
	check_disk "$sum"
	ok "made by targetcli and used"

	[ -n "$LUNAR_STOCK" ] || own_attributes attribute_set
	targetcli saveconfig /tmp/save.json
	clear_all
	[ ! -d "$CONFIGFS/iscsi/$TARGET" ] || fail "clearconfig left the target"
	targetcli restoreconfig /tmp/save.json | tee /tmp/restore.out
	must_fail grep -qi error /tmp/restore.out
	equal "$(cat "$CONFIGFS/iscsi/$TARGET/tpgt_1/param/MaxBurstLength")" 524288 MaxBurstLength
	[ -n "$LUNAR_STOCK" ] || own_attributes attribute_is
	check_disk "$sum"
	ok "saved, cleared, restored and used"
}
