# SPDX-License-Identifier: GPL-2.0
# Sessions that go wrong at random: the target serves on, and disks that the
# initiator has no access to, or may only read, stay as they are.
# LUNAR_FUZZ="SEED ROUNDS" repeats a run, "SEED SECONDSs" makes a long one (make
# fuzz). SEEDS is the corpus: where bugs were found, each tried first in every run.
# shellcheck shell=bash
DESCRIPTION="random PDUs in valid sessions"
SANITIZERS=uml
GROUP=fuzz
TIMEOUT=1200

RAWPDU=/lunar/rawpdu
CHAP_TARGET=iqn.2026-01.vm.lunar:chap
SEEDS=()

needs()
{
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
}

# fuzz SEED ROUNDS [OPTION]...
fuzz()
{
	echo "LUNAR_FUZZ='$1 $2' ${*:3}"
	$RAWPDU -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" -x "$LUNAR_FACTOR" -S "$1" -F "$2" "${@:3}" ||
		fail "the target does not serve, or no login worked: seed $1"
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
	target $CHAP_TARGET "$PORTAL"
	lun $CHAP_TARGET 0 fuzzed
	acl $CHAP_TARGET "$INITIATOR" fuzz-user fuzz-secret-12 target-user target-secret-1
	enable_target $CHAP_TARGET

	for name in "${SEEDS[@]}"; do
		fuzz "$name" 1
	done
	fuzz "$seed" "$rounds"
	fuzz "$seed" 50 -t $CHAP_TARGET -u fuzz-user -s fuzz-secret-12
	remove_target "$TARGET"
	remove_target $CHAP_TARGET
	equal "$(cat /tmp/foreign.img /tmp/readonly.img | sha256sum)" "$before" "sum of the other disks"
	ok "$rounds rounds, seed $seed"
}
