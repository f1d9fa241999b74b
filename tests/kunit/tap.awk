# SPDX-License-Identifier: GPL-2.0
# What kunit.sh printed in the VM (KTAP of each suite, lines of tests/vm/lib/driver)
# as one TAP stream with a line per case. The variable expected is the number of
# suites.

function result(ok, text)
{
	print (ok ? "ok " : "not ok ") ++count " " text
}

/^    # Subtest: / {
	suite = $3
	suites++
}
/^    1\.\.[0-9]+$/ {
	sub(/^ *1\.\./, "")
	planned += $0
	next
}
/^    (not )?ok [0-9]+ / {
	text = $0
	sub(/^ *(not )?ok [0-9]+ (- )?/, "", text)
	result($1 == "ok", suite "." text)
	cases++
	next
}
/^@@end kunit / { ended = $3 }
{ print "# " $0 }

END {
	result(suites == expected && cases == planned,
		"kunit: " suites " of " expected " suites, every case has a result")
	result(ended == "ok", "kunit: kernel log, memory and unloading")
	print "1.." count
}
