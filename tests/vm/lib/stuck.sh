# SPDX-License-Identifier: GPL-2.0
# Sourced by every VM test: rawpdu with a backstore that hangs. Before: HOLD and
# RELEASE, shell commands.
# shellcheck shell=bash

TPG=$CONFIGFS/iscsi/$TARGET/tpgt_1

release()
{
	eval "$RELEASE"
}

# stuck_cases LUN OPTION...: those with a hanging backstore.
stuck_cases()
{
	local lun=$1 rc=0

	shift
	/lunar/rawpdu -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" -l "$lun" -x "$LUNAR_FACTOR" -T 5 \
		-H "$HOLD" -R "$RELEASE" "$@" >/tmp/stuck.out || rc=$?
	release
	cat /tmp/stuck.out
	[ $rc -eq 0 ] || fail "LUN $lun: $(sed -n 's/^not ok [0-9]* - \([^ ]*\).*/\1/p' /tmp/stuck.out | tr '\n' ' ')"
}

# stuck_target HBA OBJECT: LUN 1 is that, LUN 0 is disk "calm", which never hangs.
stuck_target()
{
	target "$TARGET" "$PORTAL"
	defer release
	lun "$TARGET" 0 calm
	stuck_lun "$1" "$2"
	acl "$TARGET" "$INITIATOR"
	echo 5 >"$TPG/attrib/login_timeout"
	enable_target "$TARGET"
}

stuck_lun()
{
	mkdir "$TPG/lun/lun_1"
	ln -s "$CONFIGFS/core/$1/$2" "$TPG/lun/lun_1/$2"
}

removed()
{
	[ -e /tmp/removed ]
}

# removal CASE COMMAND: while 128 commands are stuck.
removal()
{
	rm -f /tmp/removed
	REMOVE="($2; touch /tmp/removed) >/tmp/removal.out 2>&1 &" \
		/lunar/rawpdu -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" -l 1 -x "$LUNAR_FACTOR" \
		-H "$HOLD" -R "$RELEASE" -O "$1" >/tmp/stuck.out ||
		{ release; cat /tmp/stuck.out; fail "$2"; }
}

# removal_ends CASE COMMAND: it is over although the disk still hangs.
removal_ends()
{
	removal "$@"
	wait_for 10 removed
	release
	cat /tmp/removal.out
	ok "$2"
}

# removal_waits TEXT CASE COMMAND: for the disk, and the log says so.
removal_waits()
{
	local text=$1

	shift
	removal "$@"
	wait_for 20 log_says "$text"
	! removed || fail "not waited for: $2"
	release
	wait_for 10 removed
	ok "$2: waits"
}

log_says()
{
	# Not -q: dmesg would die of a full pipe, and that is a failure.
	dmesg | grep "lunar_iscsi: .*$1" >/dev/null
}

no_acl()
{
	echo "rm $TPG/acls/$INITIATOR/lun_*/default; rmdir $TPG/acls/$INITIATOR/lun_* $TPG/acls/$INITIATOR"
}

no_lun()
{
	local mapped=$TPG/acls/$INITIATOR/lun_1

	echo "rm $mapped/default; rmdir $mapped; rm $TPG/lun/lun_1/stuck; rmdir $TPG/lun/lun_1"
}

# What takes portal, TPG, ACL, LUN and module away.
removals()
{
	removal_ends removed "rmdir $TPG/np/$PORTAL"
	mkdir "$TPG/np/$PORTAL"
	removal_ends removed "echo 0 >$TPG/enable"
	enable_target "$TARGET"
	removal_ends removed "$(no_acl)"
	acl "$TARGET" "$INITIATOR"
	removal_ends removed-lun "$(no_lun)"
	stuck_lun fileio_0 stuck
	mkdir "$TPG/acls/$INITIATOR/lun_1"
	ln -s "$TPG/lun/lun_1" "$TPG/acls/$INITIATOR/lun_1/default"
	removal_ends removed "bash -ec '. /lunar/lib/common.sh; remove_target $TARGET; rmdir $CONFIGFS/iscsi; rmmod lunar_iscsi'"
	[ ! -d /sys/module/lunar_iscsi ] || fail "lunar_iscsi is still there"
	modprobe lunar_iscsi
}
