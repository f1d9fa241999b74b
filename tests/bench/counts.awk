# SPDX-License-Identifier: GPL-2.0
# counts.csv as a table: a line for each workload and target, with what was counted
# for an I/O of it.
BEGIN {
	FS = ","
	columns = split("copied allocations pages skbs wakeups KiB", what, " ")
}

NR == 1 { next }

{
	row = $1 " " $2 "," $3 "," $4
	if (!(row in seen))
		rows[++n] = row
	seen[row] = 1
	value[row, $5] = $6
}

END {
	for (i = 1; i <= n; i++) {
		split(rows[i], field, ",")
		if (field[1] != head) {
			head = field[1]
			printf "\nCounted for an I/O, Linux %s (copied: bytes for each byte moved)\n", head
			printf "%-15s %-9s", "workload", "target"
			for (j = 1; j <= columns; j++)
				printf " %11s", what[j]
			printf "\n"
		}
		printf "%-15s %-9s", field[2], field[3]
		for (j = 1; j <= columns; j++)
			printf " %11s", (rows[i], what[j]) in value ? value[rows[i], what[j]] : ""
		printf "\n"
	}
}
