# SPDX-License-Identifier: GPL-2.0
# A link that is gone for long under load: nothing is lost. The short form is
# tests/vm/286-no-link.sh.
# shellcheck shell=bash
DESCRIPTION="a link that is gone for 5, 20 and 60 s under load"
TIMEOUT=400

run()
{
	local seconds

	lunar_load
	truncate -s 64M /tmp/flap.img
	defer rm -f /tmp/flap.img /tmp/fio.out
	simple_target /tmp/flap.img 64M
	modprobe sch_netem
	discover "$PORTAL" >/dev/null
	for seconds in 5 20 60; do
		flap $seconds
	done
}
