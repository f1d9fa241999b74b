# SPDX-License-Identifier: GPL-2.0
# The VM is what the other tests take it for.
# shellcheck shell=bash
DESCRIPTION="the VM boots the kernel it should, with its disks and tools"
SANITIZERS=uml
GROUP=basic

run()
{
	local tool disk

	equal "$(uname -r)" "$LUNAR_KVER" "kernel release"
	for tool in iscsiadm iscsid targetcli fio sg_inq iscsi-inq mkfs.xfs mkfs.btrfs jq; do
		command -v "$tool" >/dev/null || fail "no $tool in the VM"
	done
	for disk in $LUNAR_DISKS; do
		[ "$(blockdev --getsize64 "$disk")" -gt 0 ] || fail "$disk is empty"
	done
	equal "$(nproc)" "$(find /sys/devices/system/cpu -name 'cpu[0-9]*' | wc -l)" "CPUs that have come"
	modprobe target_core_mod
	[ -d /sys/module/target_core_mod ] || fail "target_core_mod is not loaded"
	ok "$(uname -r), $(nproc) CPUs, ${LUNAR_DISKS:-no} disks"
}
