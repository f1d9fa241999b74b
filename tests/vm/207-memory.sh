# SPDX-License-Identifier: GPL-2.0
# Memory for commands runs out (fault injection, so in User Mode Linux only): no
# connection is lost for it, no command fails, and BUSY and TASK SET FULL are never
# answered; the CmdSN window shrinks instead.
# shellcheck shell=bash
DESCRIPTION="a shortage of memory shrinks the CmdSN window"
SANITIZERS=uml
GROUP=proto
TIMEOUT=120

RAWPDU=/lunar/rawpdu
FAILSLAB=/sys/kernel/debug/failslab
CACHE=/sys/kernel/slab/lunar_cmd/failslab

needs()
{
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
	[ -d $FAILSLAB ] || mount -t debugfs debugfs /sys/kernel/debug || true
	[ -d $FAILSLAB ] || skip "the kernel has no fault injection"
}

stop_faults()
{
	echo 0 >$FAILSLAB/probability
	echo 0 >$CACHE
}

starved()
{
	sed -n 's/^starved[^0-9]*//p' /sys/kernel/debug/lunar_iscsi/stats
}

run()
{
	lunar_load
	[ -f $CACHE ] || fail "no $CACHE"
	truncate -s 64M /tmp/memory.img
	defer rm -f /tmp/memory.img
	simple_target /tmp/memory.img 64M
	echo 0 >$FAILSLAB/verbose
	echo Y >$FAILSLAB/cache-filter
	echo N >$FAILSLAB/ignore-gfp-wait
	echo -1 >$FAILSLAB/times
	echo 1 >$FAILSLAB/interval
	echo 1 >$CACHE
	defer stop_faults
	$RAWPDU -p "$PORTAL" -i "$INITIATOR" -t "$TARGET" -x $((LUNAR_FACTOR * 3)) \
		-H "echo 10 >$FAILSLAB/probability" -R "echo 0 >$FAILSLAB/probability" \
		without-memory || fail "rawpdu, with allocations that fail"
	[ "$(starved)" -gt 0 ] || fail "no allocation failed"
	$RAWPDU -p "$PORTAL" -i "$INITIATOR" -t "$TARGET" -x "$LUNAR_FACTOR" cmdsn-full-window ||
		fail "rawpdu, when there is memory again"
	ok "$(starved) allocations failed, nothing else did"
}
