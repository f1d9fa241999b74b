# SPDX-License-Identifier: GPL-2.0
# Loading and unloading, and that the aliases of modprobe-lunar.conf decide who
# answers for LIO's own names.
# shellcheck shell=bash
DESCRIPTION="modules load, answer to LIO's names, unload, ten times over"
SANITIZERS=uml
GROUP=basic

run()
{
	local i want=lunar_iscsi

	[ -z "$LUNAR_STOCK" ] || want=iscsi_target_mod
	equal "$(modprobe -n -v --first-time iscsi_target_mod | sed -n '$s,.*/\([^/]*\)\.ko.*,\1,p')" \
		$want "what modprobe iscsi_target_mod loads"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		lunar_load
		grep -q "^$want " /proc/modules || fail "round $i: $want is not loaded"
		lunar_unload
	done
	ok "loaded and unloaded ten times"
}
