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

SECOND_PORTAL=127.0.0.1:3261

# result SUITE.TEST: only the tests of multipath get a second path, those of a read-only
# disk have one of their own. GetLBAStatus.UnmapSingle has one of logical blocks
# of 4 KiB: if physical ones are larger it asks for one LBA and wants the status of another.
result()
{
	local urls=("iscsi://$PORTAL/$TARGET/0")

	[[ $1 != ReadOnly.* ]] || urls=("iscsi://$PORTAL/$TARGET/1")
	[[ $1 != GetLBAStatus.UnmapSingle || -n $LUNAR_STOCK ]] || urls=("iscsi://$PORTAL/$TARGET/2")
	[[ $1 != MultipathIO.* ]] || urls+=("iscsi://$SECOND_PORTAL/$TARGET/0")
	cu_result "$1" "${urls[@]}"
}

# judge SUITE.TEST RESULT
judge()
{
	local want

	want=$(cu_expected "$1")
	case $want-$2 in
	pass-pass | skip-skip | fail-fail | any-*) ;;
	pass-* | skip-fail) worse+=("$1: $2, was $want") ;;
	-*) worse+=("$1: $2, is not in the list") ;;
	*) echo "$1: $2, was $want: better, update the list" ;;
	esac
}

# more_lun N NAME
more_lun()
{
	lun "$TARGET" "$1" "$2"
	mkdir "$tpg/acls/$INITIATOR/lun_$1"
	ln -s "$tpg/lun/lun_$1" "$tpg/acls/$INITIATOR/lun_$1/default"
}

run()
{
	local name got worse=() passes=0 names tpg=$CONFIGFS/iscsi/$TARGET/tpgt_1

	lunar_load
	truncate -s 100M /tmp/cu.img
	defer rm -f /tmp/cu.img /tmp/cu-ro.img /tmp/cu-large.img /tmp/cu.out
	# First, since it goes after the target.
	if [ -z "$LUNAR_STOCK" ]; then
		backstore readonly /tmp/cu-ro.img 100M ro=1
		backstore large /tmp/cu-large.img 100M
		attrib large block_size 4096
	fi
	simple_target /tmp/cu.img 100M
	if [ -z "$LUNAR_STOCK" ]; then
		more_lun 1 readonly
		more_lun 2 large
	fi
	mkdir "$tpg/np/$SECOND_PORTAL"
	acl "$TARGET" $CU_SECOND
	mkdir -p /var/target/pr /var/target/alua

	names=$(cu_names)
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
