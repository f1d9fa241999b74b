# SPDX-License-Identifier: GPL-2.0
# LUNs above 255, LUNs that are not mapped, and the list of LUNs: cases "lun-*" of
# tests/vm/rawpdu.
# shellcheck shell=bash
DESCRIPTION="LUN addressing, REPORT LUNS, unmapped and well known LUNs"
SANITIZERS=uml
GROUP=proto
TIMEOUT=60

RAWPDU=/lunar/rawpdu

needs()
{
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
}

run()
{
	local n

	lunar_load
	truncate -s 16M /tmp/luns.img
	defer rm -f /tmp/luns.img
	backstore disk0 /tmp/luns.img 16M
	target "$TARGET" "$PORTAL"
	# Not in order, which the list has to be.
	for n in 300 5 16383 0 256 255; do
		lun "$TARGET" $n disk0
	done
	acl "$TARGET" "$INITIATOR"
	enable_target "$TARGET"
	$RAWPDU -p "$PORTAL" -i "$INITIATOR" -t "$TARGET" -x "$LUNAR_FACTOR" -M 'lun-*' ||
		fail "rawpdu"
	ok "LUNs are named and found"
}
