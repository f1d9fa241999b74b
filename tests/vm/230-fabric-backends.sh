# SPDX-License-Identifier: GPL-2.0
# The fabric without lunar_file: stock fileio, a block device and a RAM disk,
# through several portals, with and without digests, data verified.
# shellcheck shell=bash
DESCRIPTION="stock fileio, iblock and rd_mcp behind the fabric; IPv4 and IPv6; digests"
GROUP=backends
TIMEOUT=200

PORTALS=(127.0.0.1:3260 '[::1]:3261' 127.0.0.2:3262)

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
}

# object HBA NAME CONTROL: any backstore object.
object()
{
	local dir=$CONFIGFS/core/$1/$2

	mkdir -p "$dir"
	defer rmdir "$CONFIGFS/core/$1"
	defer rmdir "$dir"
	echo "$3" >"$dir/control"
	echo "$2" >"$dir/wwn/vpd_unit_serial"
	echo 1 >"$dir/enable"
}

# lun_of N HBA NAME
lun_of()
{
	local dir=$CONFIGFS/iscsi/$TARGET/tpgt_1/lun/lun_$1

	mkdir "$dir"
	ln -s "$CONFIGFS/core/$2/$3" "$dir/$3"
}

unload_stock_fileio()
{
	modprobe -r target_core_iblock
	rmmod target_core_file
}

# pass PORTAL DIGEST: log in, write and verify all LUNs.
pass()
{
	local lun dev node=(iscsiadm -m node -T "$TARGET" -p "$1")

	discover "${PORTALS[0]}" >/dev/null
	"${node[@]}" -o update -n 'node.conn[0].iscsi.HeaderDigest' -v "$2"
	"${node[@]}" -o update -n 'node.conn[0].iscsi.DataDigest' -v "$2"
	"${node[@]}" --login >/dev/null
	grep -qx "$2" /sys/class/iscsi_connection/connection*/header_digest 2>/dev/null ||
		iscsiadm -m session -P 2 | grep -q "DataDigest: $2" ||
		fail "digest $2 was not negotiated"
	for lun in 0 1 2; do
		dev=$(lun_device "$TARGET" $lun)
		fio --name="lun$lun" --filename="$dev" --direct=1 --ioengine=libaio --iodepth=8 \
			--rw=randwrite --bsrange=512-300k --io_size=8M --size=24M --verify=crc32c \
			--do_verify=1 --verify_fatal=1 --minimal >/tmp/fio.out ||
			{ cat /tmp/fio.out; fail "LUN $lun through $1"; }
	done
	logout "$TARGET" "$1" >/dev/null
	wait_for 5 logged_out "$TARGET"
	initiator_reset
	ok "$1, digests $2"
}

# WRITE SAME that comes without data, to discard: a write protected LUN does not see
# that in the direction, and target core goes by no other.
no_data()
{
	local sg

	echo 1 >"$CONFIGFS/core/fileio_0/file/attrib/emulate_tpws"
	discover "${PORTALS[0]}" >/dev/null
	iscsiadm -m node -T "$TARGET" -p "${PORTALS[0]}" --login >/dev/null
	sg=/dev/$(basename "$(echo "/sys/class/block/$(basename "$(lun_device "$TARGET" 0)")"/device/scsi_generic/*)")
	expect_sense "Illegal Request" "Invalid field in cdb" \
		sg_raw "$sg" 93 08 00 00 00 00 00 00 00 00 00 00 00 08 00 00
	expect_sense "Illegal Request" "Invalid field in cdb" sg_raw "$sg" 41 08 00 00 00 00 00 00 08 00
	logout "$TARGET" "${PORTALS[0]}" >/dev/null
	wait_for 5 logged_out "$TARGET"
	initiator_reset
	ok "WRITE SAME without data"
}

run()
{
	local portal

	modprobe -a configfs target_core_mod
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	modprobe -C /dev/null -a target_core_file target_core_iblock
	defer unload_stock_fileio
	modprobe lunar_iscsi
	[ ! -d /sys/module/lunar_file ] || fail "lunar_file is loaded"

	truncate -s 32M /tmp/stock.img
	defer rm -f /tmp/stock.img /tmp/fio.out
	backstore file /tmp/stock.img 32M
	object iblock_0 block "udev_path=$(spare_disk 0)"
	object rd_mcp_0 ram rd_pages=8192
	target "$TARGET" "${PORTALS[@]}"
	lun "$TARGET" 0 file
	lun_of 1 iblock_0 block
	lun_of 2 rd_mcp_0 ram
	acl "$TARGET" "$INITIATOR"
	enable_target "$TARGET"

	for portal in "${PORTALS[@]}"; do
		discover "${PORTALS[0]}" | grep -qF "$portal," || fail "discovery does not name $portal"
	done
	pass "${PORTALS[0]}" None
	pass "${PORTALS[1]}" CRC32C
	pass "${PORTALS[2]}" CRC32C
	pass "${PORTALS[2]}" None
	no_data
}
