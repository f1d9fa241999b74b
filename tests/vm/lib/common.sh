# SPDX-License-Identifier: GPL-2.0
# Sourced by every VM test, which runs as root in the VM under "set -e". A test
# is a file tests/vm/NNN-name.sh with
#   DESCRIPTION  one line
#   GROUP        tests of a group share a boot
#   SHARE        1: the boot has a virtio-fs, see scripts/vm -s
#   SANITIZERS   uml: "make test" runs it in User Mode Linux as well; smp: it is about
#                things at the same time, and short enough for the kernels smp and kcsan
#   TIMEOUT      seconds for run(), 60 if not said
#   ALLOW_LOG    regex of kernel log lines that are right in this test although
#                they look like trouble
#   needs()      optional: "skip REASON" when the test cannot run here
#   run()        the test; it ends well, or calls fail, or a command in it fails
# With LUNAR_STOCK=1 the stock LIO modules stand in for lunar's.
# All deadlines are for a fast machine and stretched by LUNAR_FACTOR.
# shellcheck shell=bash

TARGET=iqn.2026-01.vm.lunar:test
PORTAL=127.0.0.1:3260
INITIATOR=iqn.2026-01.vm.lunar:initiator
CONFIGFS=/sys/kernel/config/target
export TARGET PORTAL INITIATOR CONFIGFS

ok()
{
	printf 'ok: %s\n' "$*"
}

fail()
{
	printf 'FAIL: %s\n' "$*" >&2
	exit 1
}

# For needs(): leave the test out.
skip()
{
	printf 'skip: %s\n' "$*"
	exit 77
}

# defer COMMAND...: run it when the test ends, last deferred first.
deferred=()
defer()
{
	deferred=("$(printf '%q ' "$@")" "${deferred[@]}")
}

run_deferred()
{
	local cmd

	for cmd in "${deferred[@]}"; do
		eval "$cmd" || printf 'cleanup failed: %s\n' "$cmd" >&2
	done
}

# wait_for SECONDS COMMAND...: until it succeeds; fails the test if it does not
# in time.
wait_for()
{
	local seconds=$1 end

	shift
	end=$((SECONDS + seconds * LUNAR_FACTOR))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -le "$end" ] || fail "not within $seconds s: $*"
		sleep 0.1
	done
}

# must_fail COMMAND...: it has to fail.
must_fail()
{
	if "$@"; then
		fail "should have failed: $*"
	fi
}

equal()
{
	[ "$1" = "$2" ] || fail "${3:-value} is '$1', should be '$2'"
}

# User Mode Linux has none; there, what counts is what the sanitizers say.
kprobes()
{
	[ "$LUNAR_ACCEL" != uml ]
}

# logged TEXT COMMAND...: the command must fail and lunar log one line with TEXT.
logged()
{
	local text=$1 before

	shift
	before=$(dmesg | grep -c 'lunar_[a-z]*: ' || true)
	must_fail "$@" 2>/dev/null
	dmesg | grep 'lunar_[a-z]*: ' | tail -n +$((before + 1)) >/tmp/new-lines || true
	cat /tmp/new-lines
	equal "$(wc -l </tmp/new-lines)" 1 "log lines after: $*"
	grep -qF -- "$text" /tmp/new-lines || fail "the log line does not say '$text'"
}

# --- modules -----------------------------------------------------------------

# lunar_load [lunar_iscsi.PARAMETER=VALUE | lunar_file.PARAMETER=VALUE]...
lunar_load()
{
	local arg iscsi=() file=()

	for arg; do
		case $arg in
		lunar_iscsi.*) iscsi+=("${arg#*.}") ;;
		lunar_file.*) file+=("${arg#*.}") ;;
		*) fail "lunar_load: whose parameter is $arg?" ;;
		esac
	done
	modprobe configfs
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	modprobe target_core_mod
	if [ -n "$LUNAR_STOCK" ]; then
		modprobe target_core_file
		modprobe iscsi_target_mod
	else
		modprobe lunar_file "${file[@]}"
		modprobe lunar_iscsi "${iscsi[@]}"
	fi
}

no_process()
{
	! pgrep -x "$1"
}

# Take the modules away again; that they go is part of every test.
lunar_unload()
{
	local mod

	if [ -d $CONFIGFS/iscsi ]; then
		rmdir $CONFIGFS/iscsi || fail "configfs: target/iscsi does not go"
	fi
	# Stock LIO's receive threads may outlive its module, which is fatal.
	[ -z "$LUNAR_STOCK" ] || wait_for 20 no_process 'iscsi_trx|iscsi_ttx|iscsi_np'
	for mod in lunar_iscsi lunar_file iscsi_target_mod target_core_file; do
		[ ! -d "/sys/module/$mod" ] || rmmod "$mod" || fail "$mod does not unload"
	done
}

# --- targets by configfs, for tests of which lunarctl is not the subject ------
#
# What these make goes away with the test, but may be removed before.

# backstore NAME PATH SIZE [CONTROL]: a fileio object, write-through unless
# CONTROL (as "fd_buffered_io=1") says otherwise. SIZE may be like 64M.
backstore()
{
	local dir=$CONFIGFS/core/fileio_0/$1 size

	size=$(numfmt --from=iec "$3")
	# Stock LIO creates a missing file; lunar takes it for a mistake.
	[ -e "$2" ] || truncate -s "$size" "$2"
	mkdir -p "$dir"
	defer remove_backstore "$1"
	echo "fd_dev_name=$2,fd_dev_size=$size" >"$dir/control"
	[ -z "${4:-}" ] || echo "$4" >"$dir/control"
	echo "$1" >"$dir/wwn/vpd_unit_serial"
	echo 1 >"$dir/enable"
}

remove_backstore()
{
	[ -d "$CONFIGFS/core/fileio_0/$1" ] || return 0
	rmdir "$CONFIGFS/core/fileio_0/$1"
	rmdir "$CONFIGFS/core/fileio_0" 2>/dev/null || true
}

# target IQN PORTAL...: a target with one portal group and these portals, no
# CHAP, not yet enabled.
target()
{
	local tpg=$CONFIGFS/iscsi/$1/tpgt_1 portal

	mkdir -p "$tpg"
	defer remove_target "$1"
	defer initiator_reset
	shift
	for portal; do
		mkdir "$tpg/np/$portal"
	done
	echo 0 >"$tpg/attrib/authentication"
}

# lun IQN N BACKSTORE
lun()
{
	local dir=$CONFIGFS/iscsi/$1/tpgt_1/lun/lun_$2

	mkdir "$dir"
	ln -s "$CONFIGFS/core/fileio_0/$3" "$dir/$3"
}

# acl IQN INITIATOR [USER PASSWORD [USER_IN PASSWORD_IN]]: access to all LUNs
# that there are, with CHAP if a user is given.
acl()
{
	local tpg=$CONFIGFS/iscsi/$1/tpgt_1 dir lun
	dir=$tpg/acls/$2

	mkdir "$dir"
	for lun in "$tpg"/lun/lun_*; do
		[ -d "$lun" ] || continue
		mkdir "$dir/${lun##*/}"
		ln -s "$lun" "$dir/${lun##*/}/default"
	done
	# LIO takes a newline for part of the secret.
	if [ $# -ge 4 ]; then
		echo 1 >"$tpg/attrib/authentication"
		printf %s "$3" >"$dir/auth/userid"
		printf %s "$4" >"$dir/auth/password"
	fi
	if [ $# -ge 6 ]; then
		printf %s "$5" >"$dir/auth/userid_mutual"
		printf %s "$6" >"$dir/auth/password_mutual"
	fi
}

enable_target()
{
	echo 1 >"$CONFIGFS/iscsi/$1/tpgt_1/enable"
}

# Take a target made with the functions above away, whatever state it is in.
remove_target()
{
	local iqn=$CONFIGFS/iscsi/$1 tpg=$CONFIGFS/iscsi/$1/tpgt_1 dir

	[ -d "$iqn" ] || return 0
	echo 0 >"$tpg/enable" || true
	for dir in "$tpg"/acls/*/lun_* "$tpg"/lun/lun_*; do
		[ -d "$dir" ] || continue
		find "$dir" -maxdepth 1 -type l -delete
		rmdir "$dir"
	done
	for dir in "$tpg"/acls/* "$tpg"/np/* "$tpg" "$iqn"; do
		[ ! -d "$dir" ] || rmdir "$dir"
	done
}

# simple_target PATH SIZE [CONTROL]: one target, LUN 0, our initiator, no CHAP.
simple_target()
{
	backstore disk0 "$1" "$2" "${3:-}"
	target "$TARGET" "$PORTAL"
	lun "$TARGET" 0 disk0
	acl "$TARGET" "$INITIATOR"
	enable_target "$TARGET"
}

# --- the initiator -----------------------------------------------------------

initiator_start()
{
	pidof iscsid >/dev/null && return
	modprobe -a iscsi_tcp sd_mod sg
	echo "InitiatorName=$INITIATOR" >/etc/iscsi/initiatorname.iscsi
	# The emulated machine may be slow; a refused login is final.
	sed -i -e 's/^\(node.conn\[0\].timeo.noop_out_timeout\) =.*/\1 = 30/' \
		-e 's/^\(node.conn\[0\].timeo.login_timeout\) =.*/\1 = 60/' \
		-e 's/^\(node.session.err_timeo.abort_timeout\) =.*/\1 = 60/' \
		-e 's/^\(node.session.initial_login_retry_max\) =.*/\1 = 1/' /etc/iscsi/iscsid.conf
	iscsid
	wait_for 5 test -s /run/iscsid.pid
}

# discover PORTAL: the targets it names, one "PORTAL,TAG IQN" per line.
discover()
{
	initiator_start
	iscsiadm -m discovery -t sendtargets -p "$1"
}

# login IQN PORTAL [USER PASSWORD [USER_IN PASSWORD_IN]], after discover.
login()
{
	local node=(iscsiadm -m node -T "$1" -p "$2")

	if [ $# -ge 4 ]; then
		"${node[@]}" -o update -n node.session.auth.authmethod -v CHAP
		"${node[@]}" -o update -n node.session.auth.username -v "$3"
		"${node[@]}" -o update -n node.session.auth.password -v "$4"
	fi
	if [ $# -ge 6 ]; then
		"${node[@]}" -o update -n node.session.auth.username_in -v "$5"
		"${node[@]}" -o update -n node.session.auth.password_in -v "$6"
	fi
	"${node[@]}" --login
}

logout()
{
	iscsiadm -m node -T "$1" -p "$2" --logout
}

logged_in()
{
	grep -qsxF "$1" /sys/class/iscsi_session/session*/targetname
}

logged_out()
{
	! logged_in "$1"
}

# Log out of everything and forget it: for defer and between tests.
initiator_reset()
{
	[ -d /sys/class/iscsi_session ] || return 0
	[ -z "$(ls /sys/class/iscsi_session)" ] || iscsiadm -m node --logoutall=all
	rm -rf /etc/iscsi/nodes/* /etc/iscsi/send_targets/*
}

# Prints the block device of LUN $2 at target $1, if the initiator has it.
lun_device_now()
{
	local session dev

	for session in /sys/class/iscsi_session/session*; do
		[ "$(cat "$session/targetname")" = "$1" ] || continue
		for dev in "$session"/device/target*/*:"$2"/block/*; do
			if [ -b "/dev/${dev##*/}" ]; then
				echo "/dev/${dev##*/}"
				return
			fi
		done
	done
	return 1
}

# The same, and waits until the scan has found it.
lun_device()
{
	wait_for 10 lun_device_now "$1" "$2"
	lun_device_now "$1" "$2"
}

# --- disks of the VM ---------------------------------------------------------

# spare_disk N: the Nth disk (from 0) that the VM has besides its root.
spare_disk()
{
	local disks
	read -ra disks <<<"$LUNAR_DISKS"
	[ -n "${disks[$1]:-}" ] || fail "the VM has no spare disk $1"
	echo "${disks[$1]}"
}

# fresh_fs TYPE DISK DIR: make a file system there and mount it for this test.
fresh_fs()
{
	local force=-f

	[ "$1" != ext4 ] || force=-F
	"mkfs.$1" -q "$force" "$2"
	mkdir -p "$3"
	mount "$2" "$3"
	defer umount "$3"
}
