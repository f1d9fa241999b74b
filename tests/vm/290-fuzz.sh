# SPDX-License-Identifier: GPL-2.0
# Sessions that go wrong at random: the target serves on, and disks that the
# initiator has no access to, or may only read, stay as they are.
# LUNAR_FUZZ="SEED ROUNDS" repeats a run, or makes a longer one (make fuzz).
# shellcheck shell=bash
DESCRIPTION="random PDUs in valid sessions"
GROUP=fuzz
TIMEOUT=1200

RAWPDU=/lunar/rawpdu

needs()
{
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
}

run()
{
	local seed rounds name tpg=$CONFIGFS/iscsi/$TARGET/tpgt_1 before

	read -r seed rounds <<<"${LUNAR_FUZZ:-$((RANDOM * 32768 + RANDOM)) 400}"
	lunar_load
	for name in fuzzed foreign readonly; do
		head -c 2M /dev/urandom >/tmp/$name.img
		backstore $name /tmp/$name.img 2M
		defer rm -f /tmp/$name.img
	done
	before=$(cat /tmp/foreign.img /tmp/readonly.img | sha256sum)
	target "$TARGET" "$PORTAL"
	lun "$TARGET" 0 fuzzed
	lun "$TARGET" 2 readonly
	acl "$TARGET" "$INITIATOR"
	echo 1 >"$tpg/acls/$INITIATOR/lun_2/write_protect"
	lun "$TARGET" 1 foreign
	enable_target "$TARGET"

	echo "LUNAR_FUZZ='$seed $rounds'"
	$RAWPDU -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" -x "$LUNAR_FACTOR" -S "$seed" \
		-F "$rounds" || fail "the target does not serve, or no login worked"
	remove_target "$TARGET"
	equal "$(cat /tmp/foreign.img /tmp/readonly.img | sha256sum)" "$before" "sum of the other disks"
	ok "$rounds rounds, seed $seed"
}
