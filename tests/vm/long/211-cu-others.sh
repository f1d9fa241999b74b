# SPDX-License-Identifier: GPL-2.0
# libiscsi's conformance suite against the targets that lunar is compared with, by what
# the list of 210-iscsi-test-cu says of lunar: what one of them passes lunar passes too.
# Not judged are tests of the list with "any", the one that has no room for the usage of a
# CDB of 32 bytes (lunar lists WRITE SAME(32), which the others do not have), and those
# that check, with WSNZ=1, that a WRITE SAME of no blocks is refused and call it skipped.
# shellcheck shell=bash
DESCRIPTION="iscsi-test-cu against tgt and SCST: what they pass lunar passes"
GROUP=cuothers
TIMEOUT=1200

NOT_JUDGED="ReportSupportedOpcodes.OneCommand WriteSame10.ZeroBlocks WriteSame16.ZeroBlocks"

needs()
{
	command -v tgtd >/dev/null || skip "no tgtd"
}

tgt_start()
{
	tgtd --iscsi "portal=$PORTAL"
	defer killall tgtd
	wait_for 10 tgtadm --lld iscsi --op show --mode target
	tgtadm --lld iscsi --op new --mode target --tid 1 -T "$TARGET"
	tgtadm --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 -b /tmp/cu.img
	tgtadm --lld iscsi --op new --mode logicalunit --tid 1 --lun 2 -b /tmp/cu-ro.img
	tgtadm --lld iscsi --op update --mode logicalunit --tid 1 --lun 2 --params readonly=1
	tgtadm --lld iscsi --op update --mode logicalunit --tid 1 --lun 1 --params thin_provisioning=1
	tgtadm --lld iscsi --op bind --mode target --tid 1 -I ALL
}

# Built by whoever runs this test, and brought along as /lunar/extra.
scst_start()
{
	local dir=/sys/kernel/scst_tgt need module

	for module in scst scst_vdisk iscsi-scst; do
		for need in $(modinfo -F depends /lunar/extra/$module.ko | tr , ' '); do
			grep -q "^$need " /proc/modules || modprobe "$need"
		done
		insmod /lunar/extra/$module.ko
	done
	mkdir -p /var/lib/scst/pr /var/lib/scst/vdev_mode_pages
	/lunar/extra/iscsi-scstd -p 3265
	wait_for 10 test -e $dir/targets/iscsi/mgmt
	echo "add_target $TARGET" >$dir/targets/iscsi/mgmt
	echo "add_device rw filename=/tmp/cu.img;thin_provisioned=1" >$dir/handlers/vdisk_fileio/mgmt
	echo "add_device ro filename=/tmp/cu-ro.img;read_only=1" >$dir/handlers/vdisk_fileio/mgmt
	echo "add rw 0" >$dir/targets/iscsi/"$TARGET"/luns/mgmt
	echo "add ro 1" >$dir/targets/iscsi/"$TARGET"/luns/mgmt
	echo 1 >$dir/targets/iscsi/"$TARGET"/enabled
	echo 1 >$dir/targets/iscsi/enabled
}

# compare NAME PORTAL LUN READ-ONLY-LUN
compare()
{
	local test got want urls pass=0 skip=0 fail=0

	for test in $(cu_names); do
		urls=("iscsi://$2/$TARGET/$3")
		[[ $test != ReadOnly.* ]] || urls=("iscsi://$2/$TARGET/$4")
		[[ $test != MultipathIO.* ]] || urls+=("${urls[0]}")
		got=$(cu_result "$test" "${urls[@]}")
		want=$(cu_expected "$test")
		case $got in
		pass) pass=$((pass + 1)) ;;
		skip) skip=$((skip + 1)) ;;
		fail) fail=$((fail + 1)) ;;
		esac
		echo "result: $1 $test $got, lunar: $want"
		[[ " $NOT_JUDGED " != *" $test "* ]] || continue
		if [ "$got" = pass ] && [ "$want" != pass ] && [ "$want" != any ]; then
			behind+=("$1: $test")
		fi
	done
	echo "# $1: $pass pass, $skip skipped, $fail fail"
	[ $pass -gt 100 ] || fail "$1 does not serve"
}

run()
{
	local behind=()

	truncate -s 100M /tmp/cu.img /tmp/cu-ro.img
	defer rm -f /tmp/cu.img /tmp/cu-ro.img /tmp/cu.out
	tgt_start
	compare tgt "$PORTAL" 1 2
	if [ -e /lunar/extra/iscsi-scst.ko ]; then
		scst_start
		compare SCST 127.0.0.1:3265 0 1
	fi
	[ ${#behind[@]} = 0 ] || printf 'behind: %s\n' "${behind[@]}"
	[ ${#behind[@]} = 0 ] || fail "lunar does not pass ${#behind[@]} tests that others pass"
	ok "what others pass lunar passes"
}
