# SPDX-License-Identifier: GPL-2.0
# The initiator has a CPU and its packets come in there; its connections run elsewhere.
# shellcheck shell=bash
DESCRIPTION="a connection does not run on the CPU of the process that sends to it"
GROUP=proto
TIMEOUT=60

TRACING=/sys/kernel/tracing

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
	[ "$(nproc)" -gt 1 ] || skip "one CPU"
	[ -d $TRACING/events/workqueue ] || skip "no trace events in this kernel"
}

# runs_on PATTERN: of the owners of connections, on CPUs that match.
runs_on()
{
	grep -cE "\[$1\].* function (io|jump)_work" $TRACING/trace || true
}

run()
{
	local i all there

	lunar_load
	truncate -s 1M /tmp/cpus.img
	defer rm -f /tmp/cpus.img
	simple_target /tmp/cpus.img 1M
	echo 1 >$TRACING/events/workqueue/workqueue_execute_start/enable
	defer eval "echo 0 >$TRACING/events/workqueue/workqueue_execute_start/enable; echo >$TRACING/trace"
	echo >$TRACING/trace
	for ((i = 0; i < 20; i++)); do
		taskset -c 0 iscsi-inq -i "$INITIATOR" "iscsi://$PORTAL/$TARGET/0" >/dev/null
	done
	all=$(runs_on '[0-9]+')
	there=$(runs_on 0+)
	ok "$all runs, $there of them on the initiator's CPU"
	[ "$all" -ge 40 ] || fail "too few: nothing was seen"
	[ $((there * 2)) -lt "$all" ] || fail "most of them run on the initiator's CPU"
}
