# SPDX-License-Identifier: GPL-2.0
# The conformance suite of libiscsi, test by test, each in its own time, against
# what iscsi-test-cu.expected says. A line of that file:
#   SUITE.TEST  RESULT-ON-6.1  RESULT-ON-6.12  REASON
# with pass, skip, fail (a time out is a fail) or any (not judged). The suite skips
# what the target does not list in REPORT SUPPORTED OPCODES, so passes count. What
# passed and does no more, or was skipped and fails now, fails here; what became
# better is only told. Stock LIO's results are shown and not judged.
# shellcheck shell=bash
DESCRIPTION="libiscsi's iscsi-test-cu gives the results it is known to give"
GROUP=testcu
TIMEOUT=600
# With DEBUG_OBJECTS, of stock LIO: its EXTENDED COPY has se_cmds on the stack, whose
# work items it does not set up with INIT_WORK_ONSTACK.
ALLOW_LOG='lib/debugobjects.c:.* lookup_object_or_alloc'

EXPECTED=/lunar/vm/iscsi-test-cu.expected
SECOND=iqn.2026-01.vm.lunar:second
SECOND_PORTAL=127.0.0.1:3261
TEST_SECONDS=15

# result SUITE.TEST: prints pass, skip or fail; the output is in /tmp/cu.out. Only the
# tests of multipath get a second path, those of a read-only disk have one of their own.
result()
{
	local urls=("iscsi://$PORTAL/$TARGET/0")

	[[ $1 != ReadOnly.* ]] || urls=("iscsi://$PORTAL/$TARGET/1")
	[[ $1 != MultipathIO.* ]] || urls+=("iscsi://$SECOND_PORTAL/$TARGET/0")
	timeout -k 2 $((TEST_SECONDS * LUNAR_FACTOR)) iscsi-test-cu --dataloss \
		-i "$INITIATOR" -I "$SECOND" -t "ALL.$1" "${urls[@]}" \
		>/tmp/cu.out 2>&1 </dev/null || echo "status $?" >>/tmp/cu.out
	# total, ran, passed, failed; what is skipped before the test is set-up
	if ! grep -qE '^ +tests +1 +1 +1 +0' /tmp/cu.out; then
		echo fail
	elif sed '1,/Test: /{/Test: /!d}' /tmp/cu.out | grep -q '\[SKIPPED\]'; then
		echo skip
	else
		echo pass
	fi
}

# expected SUITE.TEST: what the list says for this kernel.
expected()
{
	local column=3

	[[ $LUNAR_KVER != 6.1.* ]] || column=2
	awk -v name="$1" -v column=$column '$1 == name { print $column }' $EXPECTED
}

# judge SUITE.TEST RESULT
judge()
{
	local want

	want=$(expected "$1")
	case $want-$2 in
	pass-pass | skip-skip | fail-fail | any-*) ;;
	pass-* | skip-fail) worse+=("$1: $2, was $want") ;;
	-*) worse+=("$1: $2, is not in the list") ;;
	*) echo "$1: $2, was $want: better, update the list" ;;
	esac
}

run()
{
	local name got worse=() passes=0 names tpg=$CONFIGFS/iscsi/$TARGET/tpgt_1

	lunar_load
	truncate -s 100M /tmp/cu.img
	defer rm -f /tmp/cu.img /tmp/cu-ro.img /tmp/cu.out
	# First, since it goes after the target.
	[ -n "$LUNAR_STOCK" ] || backstore readonly /tmp/cu-ro.img 100M ro=1
	simple_target /tmp/cu.img 100M
	if [ -z "$LUNAR_STOCK" ]; then
		lun "$TARGET" 1 readonly
		mkdir "$tpg/acls/$INITIATOR/lun_1"
		ln -s "$tpg/lun/lun_1" "$tpg/acls/$INITIATOR/lun_1/default"
	fi
	mkdir "$tpg/np/$SECOND_PORTAL"
	acl "$TARGET" $SECOND
	mkdir -p /var/target/pr /var/target/alua

	names=$(iscsi-test-cu -l | sed -n 's/^ALL\.\([^.]*\.[^.]*\)$/\1/p')
	[ -n "$names" ] || fail "iscsi-test-cu lists no tests"
	for name in $names; do
		got=$(result "$name")
		echo "result: $name $got"
		if [ "$got" = pass ]; then
			passes=$((passes + 1))
		else
			grep -vE '^ *$|CUnit|cunit.sourceforge' /tmp/cu.out | sed -n '1,20s/^/    /p'
		fi
		[ -n "$LUNAR_STOCK" ] || judge "$name" "$got"
	done
	[ ${#worse[@]} = 0 ] || printf 'worse: %s\n' "${worse[@]}"
	[ ${#worse[@]} = 0 ] || fail "${#worse[@]} results are not as they were"
	ok "$passes pass, the others are as the list says"
}
