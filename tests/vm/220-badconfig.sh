# SPDX-License-Identifier: GPL-2.0
# Mistakes around targets and portals: each gets an errno and one line in the
# kernel log that names object and value, and nothing breaks. Lunar beside stock
# LIO in one kernel. (130-badconfig.sh is about disks.)
# shellcheck shell=bash
DESCRIPTION="portals in use, modules in use, image truncated under a session, beside stock LIO"
GROUP=proto
TIMEOUT=120

STOCK_TARGET=iqn.2026-01.vm.lunar:stock
SIDE_TARGET=iqn.2026-01.vm.lunar:side

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
}

bad_portals()
{
	local np=$CONFIGFS/iscsi/$TARGET/tpgt_1/np tpg2=$CONFIGFS/iscsi/$TARGET/tpgt_2 pid

	python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 3299))
s.accept()' &
	pid=$!
	wait_for 5 eval "ss -Hltn 'sport = 3299' | grep -q 3299"
	logged 127.0.0.1:3299 mkdir "$np/127.0.0.1:3299"
	kill $pid
	logged 192.0.2.1:3260 mkdir "$np/192.0.2.1:3260"
	logged 127.0.0.1:0 mkdir "$np/127.0.0.1:0"
	logged nonsense mkdir "$np/nonsense"
	logged 127.0.0.1:70000 mkdir "$np/127.0.0.1:70000"
	mkdir "$tpg2"
	logged "$PORTAL" mkdir "$tpg2/np/$PORTAL"
	rmdir "$tpg2"
	# The portal of a target may be that of another target, too.
	target $SIDE_TARGET "$PORTAL"
	remove_target $SIDE_TARGET
	# None of this has hurt the one that is right.
	discover "$PORTAL" | grep -qF "$TARGET" || fail "discovery does not name the target"
	ok "portals"
}

bad_names()
{
	logged not-a-name mkdir "$CONFIGFS/iscsi/not-a-name"
	logged tpgt_x mkdir "$CONFIGFS/iscsi/$TARGET/tpgt_x"
	logged 'not a name' mkdir "$CONFIGFS/iscsi/$TARGET/tpgt_1/acls/not a name"
	logged MaxBurstLength eval "echo 17 >$CONFIGFS/iscsi/$TARGET/tpgt_1/param/MaxBurstLength"
	logged login_timeout eval "echo 1000 >$CONFIGFS/iscsi/$TARGET/tpgt_1/attrib/login_timeout"
	logged password eval "printf secret1 >$CONFIGFS/iscsi/$TARGET/tpgt_1/auth/password"
	must_fail grep -F secret1 /tmp/new-lines
	ok "names and values"
}

in_use()
{
	must_fail rmmod lunar_iscsi
	must_fail rmmod lunar_file
	login "$TARGET" "$PORTAL" >/dev/null
	must_fail rmmod lunar_iscsi
	must_fail rmdir "$CONFIGFS/core/fileio_0/disk0"
	must_fail rmdir "$CONFIGFS/iscsi/$TARGET"
	ok "modules and objects in use stay"
}

# The second half goes; what is left still serves, and what is gone fails.
truncated()
{
	local dev

	dev=$(lun_device "$TARGET" 0)
	dd if=/dev/urandom of=/tmp/half bs=1M count=8 status=none
	dd if=/tmp/half of="$dev" bs=1M oflag=direct status=none
	truncate -s 8M /tmp/bad.img
	must_fail dd if="$dev" of=/tmp/beyond bs=4k skip=3000 count=1 iflag=direct status=none
	dd if="$dev" of=/tmp/got bs=1M count=8 iflag=direct status=none
	cmp /tmp/half /tmp/got
	logout "$TARGET" "$PORTAL" >/dev/null
	wait_for 5 logged_out "$TARGET"
	ok "truncated"
}

# side_target DIR IQN PORTAL: like simple_target, below target/DIR.
side_target()
{
	local iqn=$CONFIGFS/$1/$2 tpg=$CONFIGFS/$1/$2/tpgt_1

	mkdir -p "$tpg/np/$3" "$tpg/lun/lun_0"
	ln -s "$CONFIGFS/core/fileio_0/disk1" "$tpg/lun/lun_0/disk1"
	mkdir -p "$tpg/acls/$INITIATOR/lun_0"
	ln -s "$tpg/lun/lun_0" "$tpg/acls/$INITIATOR/lun_0/default"
	echo 0 >"$tpg/attrib/authentication"
	echo 1 >"$tpg/enable"
	defer remove_side "$iqn"
}

remove_side()
{
	local tpg=$1/tpgt_1

	[ -d "$1" ] || return 0
	echo 0 >"$tpg/enable"
	rm "$tpg/acls/$INITIATOR/lun_0/default"
	rmdir "$tpg/acls/$INITIATOR/lun_0" "$tpg/acls/$INITIATOR"
	rm "$tpg/lun/lun_0/disk1"
	rmdir "$tpg/lun/lun_0" "$tpg"/np/* "$tpg" "$1"
}

unload_stock()
{
	[ ! -d "$CONFIGFS/iscsi" ] || rmdir "$CONFIGFS/iscsi"
	wait_for 20 no_process 'iscsi_trx|iscsi_ttx|iscsi_np'
	rmmod iscsi_target_mod
}

unload_side()
{
	[ ! -d "$CONFIGFS/side" ] || rmdir "$CONFIGFS/side"
	[ ! -d /sys/module/lunar_iscsi ] || rmmod lunar_iscsi
}

beside_stock()
{
	local iqn dev

	rmdir "$CONFIGFS/iscsi"
	rmmod lunar_iscsi
	modprobe -C /dev/null iscsi_target_mod
	defer unload_stock
	logged iscsi_target_mod modprobe lunar_iscsi
	[ ! -d /sys/module/lunar_iscsi ] || fail "lunar_iscsi is loaded beside iscsi_target_mod"
	modprobe lunar_iscsi alias=side
	defer unload_side
	backstore disk1 /tmp/side.img 32M
	side_target iscsi $STOCK_TARGET 127.0.0.1:3261
	side_target side $SIDE_TARGET 127.0.0.1:3262
	defer initiator_reset
	discover 127.0.0.1:3261 >/dev/null
	discover 127.0.0.1:3262 >/dev/null
	login $STOCK_TARGET 127.0.0.1:3261 >/dev/null
	login $SIDE_TARGET 127.0.0.1:3262 >/dev/null
	# Both serve one backstore object: what one writes the other reads.
	dev=$(lun_device $STOCK_TARGET 0)
	dd if=/tmp/half of="$dev" bs=1M oflag=direct status=none
	dev=$(lun_device $SIDE_TARGET 0)
	dd if="$dev" of=/tmp/got bs=1M count=8 iflag=direct status=none
	cmp /tmp/half /tmp/got
	initiator_reset >/dev/null
	ok "beside stock LIO"
}

run()
{
	defer rm -f /tmp/bad.img /tmp/side.img /tmp/half /tmp/got /tmp/beyond /tmp/new-lines
	lunar_load
	truncate -s 16M /tmp/bad.img
	truncate -s 32M /tmp/side.img
	simple_target /tmp/bad.img 16M
	bad_portals
	bad_names
	in_use
	truncated
	remove_target "$TARGET"
	remove_backstore disk0
	beside_stock
}
