# SPDX-License-Identifier: GPL-2.0
# Raw iSCSI PDUs, good and bad, from tests/vm/rawpdu: without CHAP all cases,
# with CHAP those about login. "rawpdu -L" lists them with their RFC clauses.
# shellcheck shell=bash
DESCRIPTION="raw PDUs: login, CHAP, bad input, data sequences, reinstatement"
SANITIZERS=uml
GROUP=proto
TIMEOUT=400

CHAP_TARGET=iqn.2026-01.vm.lunar:chap
IMPATIENT=iqn.2026-01.vm.lunar:impatient
export SECOND=iqn.2026-01.vm.lunar:second
RAWPDU=/lunar/rawpdu

needs()
{
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
}

# cases OPTION...: run rawpdu, fail if a case fails.
cases()
{
	local rc=0

	$RAWPDU -p "$PORTAL" -i "$INITIATOR" -x "$LUNAR_FACTOR" -T 5 "$@" >/tmp/rawpdu.out || rc=$?
	cat /tmp/rawpdu.out
	failed+=$(sed -n 's/^not ok [0-9]* - \([^ ]*\).*/ \1/p' /tmp/rawpdu.out | tr -d '\n')
	grep -q '^1\.\.[1-9]' /tmp/rawpdu.out || fail "rawpdu did not finish, status $rc"
}

run()
{
	local tpg attrib failed=

	lunar_load
	truncate -s 64M /tmp/rawpdu.img
	defer rm -f /tmp/rawpdu.img /tmp/rawpdu.out
	simple_target /tmp/rawpdu.img 64M
	target $CHAP_TARGET "$PORTAL"
	lun $CHAP_TARGET 0 disk0
	acl $CHAP_TARGET "$INITIATOR" raw-user raw-secret-123 target-user target-secret-1
	enable_target $CHAP_TARGET
	for tpg in "$CONFIGFS/iscsi/$TARGET/tpgt_1" "$CONFIGFS/iscsi/$CHAP_TARGET/tpgt_1"; do
		echo 5 >"$tpg/attrib/login_timeout"
	done

	acl "$TARGET" $SECOND
	acl "$TARGET" $IMPATIENT
	attrib=$CONFIGFS/iscsi/$TARGET/tpgt_1/acls/$IMPATIENT/attrib
	echo 4 >"$attrib/nopin_timeout"
	echo 4 >"$attrib/nopin_response_timeout"
	echo 2 >"$attrib/dataout_timeout"
	echo 2 >"$attrib/dataout_timeout_retries"

	cases -t "$TARGET"
	cases -t "$TARGET" -i $IMPATIENT -P 4 'ping*' data-out-drip data-out-never
	cases -t $CHAP_TARGET -u raw-user -s raw-secret-123 -m target-secret-1 'login*' 'chap*'
	[ -z "$failed" ] || fail "rawpdu:$failed"
	ok "all cases"
}
