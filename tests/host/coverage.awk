# SPDX-License-Identifier: GPL-2.0
# The report of "gcov -n" as TAP: a line for each of `names`, which must have
# been executed by at least `min` per cent of its lines.

/^File / {
	file = $0
	gsub(/^File '|'$/, "", file)
}

/^Lines executed:/ && file != "" {
	percent = $0
	gsub(/^Lines executed:|%.*/, "", percent)
	covered[file] = percent
	file = ""
}

END {
	n = split(names, wanted, " ")
	print "1.." n
	for (i = 1; i <= n; i++) {
		got = "no"
		for (file in covered)
			if (substr(file, length(file) - length(wanted[i]) + 1) == wanted[i])
				got = covered[file]
		good = got != "no" && got + 0 >= min + 0
		bad += !good
		printf "%sok %d - coverage of %s: %s%% of lines\n", good ? "" : "not ", i,
			wanted[i], got
	}
	exit bad > 0
}
