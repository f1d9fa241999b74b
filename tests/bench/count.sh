# SPDX-License-Identifier: GPL-2.0
# Sourced by guest: what an I/O costs besides time, counted by tracepoints and
# probes with a histogram each, one entry a process. What the load itself does is
# taken out: its own entries, and of the wakeups those of it. What a softirq does
# for the target while the load sends counts as the load's.
# shellcheck shell=bash

TRACE=/sys/kernel/tracing

# Event, key of its histogram, value that is summed up (hits if none), and the name
# of the sum that it belongs to.
count_events()
{
	cat <<-END
	bench_copies/copy  common_pid  bytes  copied
	kmem/kmalloc       common_pid  -      allocations
	kmem/kmem_cache_alloc common_pid -    allocations
	kmem/mm_page_alloc common_pid  -      pages
	bench/skb          common_pid  -      skbs
	sched/sched_waking pid         -      wakeups
	END
}

# Every skb goes through __alloc_skb().
count_on()
{
	local event key value sum trigger

	mountpoint -q $TRACE || mount -t tracefs tracefs $TRACE
	insmod bench/bench_copies.ko
	echo p:bench/skb __alloc_skb >$TRACE/kprobe_events
	while read -r event key value sum; do
		trigger=hist:keys=$key:size=4096
		[ "$value" = - ] || trigger=hist:keys=$key:vals=$value:size=4096
		echo "$trigger" >"$TRACE/events/$event/trigger"
	done < <(count_events)
}

# count_off PID: prints "NAME SUM" for each, but for what the process PID did, and
# takes all away again.
count_off()
{
	local event key value sum

	while read -r event key value sum; do
		# { common_pid:        123 } hitcount:          5  bytes:       4096
		awk -v own="$1" -v name="$sum" -v value="$value" '/hitcount:/ {
				gsub(/[{},]/, "")
				pid = $2
				for (i = 3; i < NF; i += 2)
					if ($i == (value == "-" ? "hitcount:" : value ":"))
						if (pid != own)
							n += $(i + 1)
			}
			END { printf "%s %.0f\n", name, n }' "$TRACE/events/$event/hist"
		echo "!hist:keys=$key" >"$TRACE/events/$event/trigger"
	done < <(count_events) | awk '{ n[$1] += $2 } END { for (name in n) print name, n[name] }'
	echo >$TRACE/kprobe_events
	rmmod bench_copies
}
