# SPDX-License-Identifier: GPL-2.0
# One allocation fails, at a random place below the code of one of our modules, again
# and again: in a login, in commands, in teardown, in set-up. What the initiator or the
# administrator gets is an error or success, never wrong data, silence or an oops, and
# nothing leaks. Needs fault injection with stack traces, so User Mode Linux only.
# LUNAR_FAULTS=N: N rounds for each module (40); which places were hit is printed.
# shellcheck shell=bash
DESCRIPTION="one allocation fails, each time another"
SANITIZERS=uml
GROUP=failslab
TIMEOUT=400

RAWPDU=/lunar/rawpdu
FAILSLAB=/sys/kernel/debug/failslab
ROUNDS=${LUNAR_FAULTS:-40}
CHAP_TARGET=iqn.2026-01.vm.lunar:chap
FAULTY_TARGET=iqn.2026-01.vm.lunar:faulty

needs()
{
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
	[ -d $FAILSLAB ] || mount -t debugfs debugfs /sys/kernel/debug || true
	[ -e $FAILSLAB/require-start ] || skip "the kernel has no fault injection by stack trace"
}

# below MODULE: only allocations with its code on the stack.
below()
{
	local first last

	read -r first last < <(awk -v module="[$1]" '$4 == module && tolower($2) == "t" { print $1 }' \
		/proc/kallsyms | sort | sed -n '1p;$p' | paste -s -d ' ')
	[ -n "$last" ] || fail "no symbols of $1"
	echo $((16#$first)) >$FAILSLAB/require-start
	echo $((16#$last + 1)) >$FAILSLAB/require-end
}

# arm N: let one of the next N allocations fail.
arm()
{
	echo 100 >$FAILSLAB/probability
	echo "$1" >$FAILSLAB/interval
	echo 1 >$FAILSLAB/times
}

disarm()
{
	echo 0 >$FAILSLAB/times
	echo 0 >$FAILSLAB/probability
}

hit()
{
	[ "$(cat $FAILSLAB/times)" = 0 ]
}

# The whole path of an initiator, with and without CHAP.
initiator_round()
{
	local options=(every-path) rc=0

	[ $(($1 % 2)) = 0 ] || options=(-t "$CHAP_TARGET" -u fault-user -s fault-secret-1 every-path)
	arm $((1 + RANDOM % 120))
	walk "$1" "${options[@]}" || rc=$?
	hit && hits=$((hits + 1))
	disarm
	if [ $rc -ne 0 ]; then
		errors=$((errors + 1))
		walk_is_honest "round $1"
	fi
	if [ $(($1 % 10)) = 9 ]; then
		walk "$1" every-path || { cat /tmp/walk; fail "round $1: with memory again"; }
	fi
}

# Set up and taken down: whatever failed, what is there goes away again.
set_up()
{
	(
		trap - ERR
		set +eE
		backstore faulty /tmp/faulty.img 16M "$1"
		target $FAULTY_TARGET 127.0.0.1:3261
		lun $FAULTY_TARGET 0 faulty
		acl $FAULTY_TARGET "$INITIATOR"
		enable_target $FAULTY_TARGET
		deferred=()
		trap - EXIT
	) >/dev/null 2>&1 || true
	remove_target $FAULTY_TARGET
	remove_backstore faulty
}

admin_round()
{
	arm $((1 + RANDOM % 80))
	set_up "$([ $(($1 % 2)) = 0 ] || echo fd_async_io=1)"
	hit && hits=$((hits + 1))
	disarm
}

# The first function of ours in each stack that fault injection has printed.
places()
{
	dmesg | sed -n '/lunar-test: start 305/,$p' | awk '
		/FAULT_INJECTION: forcing a failure/ { look = 1 }
		look && match($0, /(lunar|lfile)_[a-z_0-9]+\+|[a-z_0-9]+\+0x[0-9a-f]+\/0x[0-9a-f]+ \[lunar_[a-z]+\]/) {
			name = substr($0, RSTART, RLENGTH); sub(/\+.*/, "", name); count[name]++; look = 0 }
		END { for (name in count) print count[name], name }' | sort -rn
}

sweep()
{
	local module=$1 round hits=0 errors=0

	below "$module"
	for ((round = 0; round < ROUNDS; round++)); do
		initiator_round $round
	done
	ok "$module: $hits allocations failed in $ROUNDS walks, $errors of these ended early"
	hits=0
	for ((round = 0; round < ROUNDS / 2; round++)); do
		admin_round $round
	done
	ok "$module: $hits allocations failed in $((ROUNDS / 2)) set-ups"
}

run()
{
	lunar_load
	truncate -s 64M /tmp/walk.img
	truncate -s 16M /tmp/faulty.img
	defer rm -f /tmp/walk.img /tmp/faulty.img /tmp/walk
	simple_target /tmp/walk.img 64M
	target $CHAP_TARGET "$PORTAL"
	lun $CHAP_TARGET 0 disk0
	acl $CHAP_TARGET "$INITIATOR" fault-user fault-secret-1
	enable_target $CHAP_TARGET
	walk 1 every-path || { cat /tmp/walk; fail "without any fault"; }
	walk 1 -t $CHAP_TARGET -u fault-user -s fault-secret-1 every-path || { cat /tmp/walk; fail "without any fault"; }

	defer disarm
	disarm
	# with the stack
	echo 2 >$FAILSLAB/verbose
	[ ! -e $FAILSLAB/verbose_ratelimit_interval_ms ] || echo 0 >$FAILSLAB/verbose_ratelimit_interval_ms
	echo N >$FAILSLAB/ignore-gfp-wait
	echo N >$FAILSLAB/cache-filter
	echo N >$FAILSLAB/task-filter
	echo 32 >$FAILSLAB/stacktrace-depth
	sweep lunar_iscsi
	sweep lunar_file
	walk 1 every-path || { cat /tmp/walk; fail "with memory again"; }
	places
	[ "$(places | wc -l)" -ge 8 ] || fail "too few places were hit"
}
