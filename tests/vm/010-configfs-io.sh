# SPDX-License-Identifier: GPL-2.0
# The whole path with nothing but configfs: two LUNs, discovery, login with
# mutual CHAP, data through the page cache of both ends, a second login.
# shellcheck shell=bash
DESCRIPTION="a target made by hand in configfs, CHAP both ways, fio verify, relogin"
GROUP=basic
TIMEOUT=90

run()
{
	local dev disk

	disk=$(spare_disk 0)
	lunar_load
	fresh_fs xfs "$disk" /mnt/store
	backstore small /mnt/store/small.img 64M
	backstore large /mnt/store/large.img 1G
	target "$TARGET" "$PORTAL"
	lun "$TARGET" 0 small
	lun "$TARGET" 5 large
	acl "$TARGET" "$INITIATOR" in-user in-secret-123 out-user out-secret-456
	enable_target "$TARGET"

	discover "$PORTAL" | grep -F "$TARGET" || fail "discovery does not name the target"
	must_fail login "$TARGET" "$PORTAL" in-user wrong-secret-1
	login "$TARGET" "$PORTAL" in-user in-secret-123 out-user out-secret-456
	dev=$(lun_device "$TARGET" 5)
	equal "$(blockdev --getsize64 "$dev")" $((1 << 30)) "size of LUN 5"
	equal "$(blockdev --getsize64 "$(lun_device "$TARGET" 0)")" $((64 << 20)) "size of LUN 0"
	fio --name=mixed --filename="$dev" --direct=1 --ioengine=libaio --iodepth=8 \
		--rw=randwrite --bsrange=512-256k --size=16M --verify=crc32c \
		--do_verify=1 --verify_fatal=1 --minimal >/dev/null
	ok "16 MiB written and verified"
	fio --name=seq --filename="$dev" --direct=1 --rw=write --bs=128k --offset=512M \
		--size=32M --verify=crc32c --do_verify=0 --minimal >/dev/null
	logout "$TARGET" "$PORTAL"
	wait_for 5 logged_out "$TARGET"
	iscsiadm -m node -T "$TARGET" -p "$PORTAL" --login
	dev=$(lun_device "$TARGET" 5)
	fio --name=seq --filename="$dev" --direct=1 --rw=read --bs=128k --offset=512M \
		--size=32M --verify=crc32c --verify_only --verify_fatal=1 --minimal >/dev/null
	ok "32 MiB found again after a new login"
}
