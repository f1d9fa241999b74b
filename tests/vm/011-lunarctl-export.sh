# SPDX-License-Identifier: GPL-2.0
# What the README's quick start does: from an image path to a mounted file
# system with one lunarctl command.
# shellcheck shell=bash
DESCRIPTION="lunarctl export, login with CHAP, file system, relogin, unexport"
GROUP=basic
TIMEOUT=90

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "lunarctl is for lunar"
	command -v lunarctl >/dev/null || fail "no lunarctl in the VM"
}

run()
{
	local dev disk sum

	disk=$(spare_disk 0)
	lunar_load
	fresh_fs xfs "$disk" /mnt/store
	(umask 077; echo export-secret-1 >/tmp/secret)
	lunarctl export /mnt/store/vm1.img --name vm1 --size 1G --target "$TARGET" \
		--portal "$PORTAL" --initiator "$INITIATOR" \
		--chap-user vmuser --chap-secret-file /tmp/secret
	defer eval 'lunarctl unexport vm1 2>/dev/null; [ ! -d $CONFIGFS/core/fileio_0/vm1 ]'
	equal "$(stat -c %s /mnt/store/vm1.img)" $((1 << 30)) "size of the image"
	[ "$(stat -c %b /mnt/store/vm1.img)" -lt 4096 ] || fail "the image is not sparse"
	lunarctl status
	lunarctl status --json | jq -e . >/dev/null

	defer initiator_reset
	discover "$PORTAL" | grep -F "$TARGET"
	must_fail login "$TARGET" "$PORTAL" vmuser wrong-secret-1
	login "$TARGET" "$PORTAL" vmuser export-secret-1
	dev=$(lun_device "$TARGET" 0)
	mkfs.ext4 -q "$dev"
	mkdir -p /mnt/client
	mount "$dev" /mnt/client
	defer eval '! mountpoint -q /mnt/client || umount /mnt/client'
	dd if=/dev/urandom of=/mnt/client/data bs=1M count=16 status=none
	sum=$(sha256sum </mnt/client/data)
	umount /mnt/client
	logout "$TARGET" "$PORTAL"
	wait_for 5 logged_out "$TARGET"
	iscsiadm -m node -T "$TARGET" -p "$PORTAL" --login
	dev=$(lun_device "$TARGET" 0)
	mount "$dev" /mnt/client
	equal "$(sha256sum </mnt/client/data)" "$sum" "checksum after relogin"
	umount /mnt/client
	logout "$TARGET" "$PORTAL"
	lunarctl unexport vm1
	[ ! -d "$CONFIGFS/iscsi/$TARGET" ] || fail "the target is still there"
	[ -e /mnt/store/vm1.img ] || fail "unexport removed the image"

	disk=$(spare_disk 1)
	lunarctl export "$disk" --name lv1 --target "$TARGET" --any-initiator
	must_fail lunarctl export "$disk" --name lv2 --target "$TARGET" --any-initiator 2>/tmp/err
	grep -F "$disk is exported already, as lv1" /tmp/err
	must_fail mkfs.ext4 -q -F "$disk"
	lunarctl unexport lv1
	mkfs.ext4 -q -F "$disk"
}
