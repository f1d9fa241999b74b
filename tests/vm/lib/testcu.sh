# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests that run libiscsi's conformance suite, iscsi-test-cu.
# shellcheck shell=bash

CU_SECOND=iqn.2026-01.vm.lunar:second
CU_EXPECTED=/lunar/lib/iscsi-test-cu.expected
CU_SECONDS=15

# cu_names: of all tests
cu_names()
{
	iscsi-test-cu -l | sed -n 's/^ALL\.\([^.]*\.[^.]*\)$/\1/p'
}

# cu_result SUITE.TEST URL...: prints pass, skip or fail; the output is in /tmp/cu.out
cu_result()
{
	timeout -k 2 $((CU_SECONDS * LUNAR_FACTOR)) iscsi-test-cu --dataloss \
		-i "$INITIATOR" -I "$CU_SECOND" -t "ALL.$1" "${@:2}" \
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

# cu_expected SUITE.TEST: what the list says for this kernel
cu_expected()
{
	local column=3

	[[ $LUNAR_KVER != 6.1.* ]] || column=2
	awk -v name="$1" -v column=$column '$1 == name { print $column }' $CU_EXPECTED
}
