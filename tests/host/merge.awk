# SPDX-License-Identifier: GPL-2.0
# TAP streams to one: a stream begins with "# suite NAME" and ends with
# "# status N", N being the exit status of what printed it. A stream without a
# plan, with another number of results than planned, or with a status other
# than 0 for no visible reason adds a failure of its own.

function result(ok, text)
{
	print (ok ? "ok " : "not ok ") ++n " - " suite ": " text
	fflush()
	if (!ok)
		bad++
}

/^# suite / {
	suite = $3
	plan = ""
	count = 0
	bad_before = bad
	next
}

/^# status / {
	if (plan == "" || plan + 0 != count)
		result(0, (plan == "" ? "no plan" : plan " planned") ", " count " results")
	else if ($3 != 0 && bad == bad_before)
		result(0, "exit status " $3)
	next
}

/^(not )?ok( |$)/ {
	count++
	text = $0
	sub(/^(not )?ok *[0-9]* *(- *)?/, "", text)
	result($1 == "ok", text)
	next
}

/^1\.\.[0-9]+/ {
	plan = substr($1, 4)
	next
}

{
	print
}

END {
	print "1.." n + 0
	exit bad > 0 || !n
}
