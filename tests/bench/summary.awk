# SPDX-License-Identifier: GPL-2.0
# raw.txt to the lines of summary.csv: medians over the rounds. The spread is
# that of the IOPS, largest less smallest, in percent of the median. The ratio is
# to stock LIO with the same durability.

# The median of list[1..n], which it sorts; "" if there is none.
function median(list, n,   i, j, x)
{
	for (i = 2; i <= n; i++) {
		x = list[i]
		for (j = i - 1; j > 0 && list[j] > x; j--)
			list[j + 1] = list[j]
		list[j + 1] = x
	}
	if (!n)
		return ""
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

# The median of column c of key k; leaves what lies between the extremes in range.
function middle(k, c,   list, i, n, m)
{
	for (i = 1; i <= count[k]; i++)
		if (value[k, c, i] != "-")
			list[++n] = value[k, c, i] + 0
	m = median(list, n)
	range = n ? list[n] - list[1] : 0
	return m
}

# kernel mode workload fs durability target sessions round iops mb p50 p999 cost
{
	k = $1 "," $2 "," $3 "," $4 "," $5 "," $6 "," $7
	if (!(k in count))
		order[++keys] = k
	n = ++count[k]
	for (c = 9; c <= 13; c++)
		value[k, c, n] = $c
	row[k] = $1 "," $2 "," $3 "," $4 "," $5 "," $7
	if ($6 ~ /^lio-/)
		lio[row[k]] = k
}

END {
	for (i = 1; i <= keys; i++) {
		k = order[i]
		iops = middle(k, 9)
		spread = iops ? sprintf("%.1f", 100 * range / iops) : ""
		ratio = ""
		if (row[k] in lio && middle(lio[row[k]], 9))
			ratio = sprintf("%.2f", iops / middle(lio[row[k]], 9))
		cost = middle(k, 13)
		printf "%s,%.0f,%.1f,%.1f,%.1f,%s,%s,%s\n", k, iops, middle(k, 10),
			middle(k, 11), middle(k, 12), cost == "" ? "" : sprintf("%.0f", cost),
			ratio, spread
	}
}
