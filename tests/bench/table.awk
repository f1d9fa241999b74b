# SPDX-License-Identifier: GPL-2.0
# summary.csv as a table: a block for each workload, a line for each target.
BEGIN { FS = "," }

NR == 1 { next }

{
	head = $1 " " $2
	if (head != last_head) {
		printf "\nLinux %s, %s\n", $1, $2
		printf "%-15s %-6s %-10s %-9s %3s %8s %9s %10s %10s %9s %7s %7s\n", "workload", "fs",
			"durability", "target", "ses", "iops", "MB/s", "p50 us", "p99.9 us", "cost/io",
			"vs LIO", "spread%"
		last_head = head
		last = ""
	}
	name = $3 " " $4 " " $5
	if (name != last && last != "")
		print ""
	printf "%-15s %-6s %-10s %-9s %3s %8s %9s %10s %10s %9s %7s %7s\n", name == last ? "" : $3,
		name == last ? "" : $4, name == last ? "" : $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
	last = name
}
