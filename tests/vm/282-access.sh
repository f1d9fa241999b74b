# SPDX-License-Identifier: GPL-2.0
# Who may log in, and what it is told: addresses, users, redirection, requests to
# log out, keys of one initiator, SendTargets.
# shellcheck shell=bash
DESCRIPTION="address lists, CHAP users, redirect, logout requests, keys per ACL, SendTargets"
GROUP=proto
TIMEOUT=240

RAWPDU=/lunar/rawpdu
OTHER_TARGET=iqn.2026-01.vm.lunar:other
OTHER=iqn.2026-01.vm.lunar:other-initiator
SECRET=raw-secret-123
LOOPBACK6='[::1]:3260'

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
}

# query VERB OPTION...: see tests/vm/rawpdu/query.c
query()
{
	local verb=$1

	shift
	$RAWPDU -q "$verb" -x "$LUNAR_FACTOR" -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" "$@"
}

# status WANT OPTION...: of a login.
status()
{
	local want=$1 got

	shift
	got=$(query login "$@" | sed -n 1p)
	equal "$got" "status $want" "login $*:"
}

# attribute FILE VALUE: it reads back as written.
attribute()
{
	printf '%s\n' "$2" >"$1"
	equal "$(cat "$1")" "$2" "$1"
}

targets()
{
	query discover "$@" | grep -c "^TargetName=$TARGET\$" || true
}

# --- addresses -----------------------------------------------------------------

address_lists()
{
	local dir

	for dir in "$tpg" "$acl"; do
		equal "$(cat "$dir/attrib/allowed_addresses")" NULL
		status 0x0000 -b 127.0.0.5
		attribute "$dir/attrib/allowed_addresses" '127.0.0.0/30, 10.0.0.0/8 2001:db8::/32'
		status 0x0000 -b 127.0.0.3
		status 0x0202 -b 127.0.0.4
		equal "$(targets -b 127.0.0.3)" 1 targets
		equal "$(targets -b 127.0.0.4)" 0 targets
		# Who is denied is, allowed or not.
		attribute "$dir/attrib/denied_addresses" 127.0.0.2/31
		status 0x0000 -b 127.0.0.1
		status 0x0202 -b 127.0.0.3
		equal "$(targets -b 127.0.0.1)" 1 targets
		equal "$(targets -b 127.0.0.3)" 0 targets
		attribute "$dir/attrib/allowed_addresses" NULL
		status 0x0000 -b 127.0.0.5
		status 0x0202 -b 127.0.0.2
		echo >"$dir/attrib/denied_addresses"
		equal "$(cat "$dir/attrib/denied_addresses")" NULL
		status 0x0000 -b 127.0.0.2
		logged 'denied_addresses 10.0.0.0/33' eval "echo 10.0.0.0/33 >$dir/attrib/denied_addresses"
		logged 'allowed_addresses host' eval "echo host >$dir/attrib/allowed_addresses"
		logged 'longer than 511' eval "yes 10.0.0.1 | head -n 100 | tr '\n' , >$dir/attrib/allowed_addresses"
		equal "$(cat "$dir/attrib/allowed_addresses")" NULL
	done
	# Both lists count, and each family has its own.
	attribute "$tpg/attrib/allowed_addresses" 127.0.0.0/8
	attribute "$acl/attrib/allowed_addresses" 127.0.0.2
	status 0x0000 -b 127.0.0.2
	status 0x0202 -b 127.0.0.1
	if [ -n "$ipv6" ]; then
		status 0x0202 -p "$LOOPBACK6"
		attribute "$tpg/attrib/allowed_addresses" ::1/128
		attribute "$acl/attrib/allowed_addresses" ::/127
		status 0x0000 -p "$LOOPBACK6"
		status 0x0202 -b 127.0.0.2
	fi
	attribute "$tpg/attrib/allowed_addresses" NULL
	attribute "$acl/attrib/allowed_addresses" NULL
	ok "addresses"
}

# --- names, SendTargets ----------------------------------------------------------

# Only targets where this initiator has an ACL; in a normal session only its own.
send_targets()
{
	local i

	target $OTHER_TARGET "$PORTAL"
	lun $OTHER_TARGET 0 disk0
	acl $OTHER_TARGET $OTHER
	enable_target $OTHER_TARGET
	equal "$(query discover | grep ^TargetName=)" "TargetName=$TARGET" "All"
	equal "$(query discover -i $OTHER | grep ^TargetName=)" "TargetName=$OTHER_TARGET" "All"
	status 0x0202 -i $OTHER
	equal "$(query discover -i iqn.2026-01.vm.lunar:stranger | grep -c ^Target || true)" 0 "All"
	equal "$(query targets | grep ^TargetName=)" "TargetName=$TARGET" "a normal session"
	# A target that is shut is not shown.
	echo 0 >"$CONFIGFS/iscsi/$OTHER_TARGET/tpgt_1/enable"
	equal "$(query discover -i $OTHER | grep -c ^Target || true)" 0 "All"
	remove_target $OTHER_TARGET
	# 40 names of 200 bytes and their addresses are more than one PDU of 8 KiB.
	for i in $(seq 40); do
		target "iqn.2026-01.vm.lunar:$(printf '%0180d' "$i")" "$PORTAL"
		acl "iqn.2026-01.vm.lunar:$(printf '%0180d' "$i")" "$INITIATOR"
		enable_target "iqn.2026-01.vm.lunar:$(printf '%0180d' "$i")"
	done
	equal "$(query discover | grep -c ^TargetName=)" 41 "All"
	equal "$(query discover | grep -cF "TargetAddress=$PORTAL,1")" 41 "All"
	# In pieces of 512 bytes.
	$RAWPDU -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" -x "$LUNAR_FACTOR" send-targets
	iscsi-ls -i "$INITIATOR" "iscsi://$PORTAL" >/tmp/iscsi-ls
	equal "$(grep -cF "Portal:$PORTAL" /tmp/iscsi-ls)" 41 "iscsi-ls"
	for i in $(seq 40); do
		remove_target "iqn.2026-01.vm.lunar:$(printf '%0180d' "$i")"
	done
	ok "SendTargets"
}

# --- CHAP ------------------------------------------------------------------------

chap_failures()
{
	dmesg | grep -c "login of $INITIATOR from 127.0.0.1:[0-9]* to $TARGET at $PORTAL refused, status 0x0201: $1" || true
}

# users DIRECTORY: more users than the stock files can name.
users()
{
	local users=$1/auth/users before

	equal "$(stat -c %a "$users")" 600 mode
	echo "first $SECRET-1" >"$users"
	echo "second $SECRET 2" >"$users"
	equal "$(cat "$users")" $'first\nsecond' users
	status 0x0000 -u first -s "$SECRET-1"
	status 0x0000 -u second -s "$SECRET 2"
	before=$(chap_failures 'wrong CHAP secret')
	status 0x0201 -u first -s "$SECRET 2"
	equal "$(chap_failures 'wrong CHAP secret')" $((before + 1)) "lines of a failure"
	before=$(chap_failures 'unknown CHAP user name')
	status 0x0201 -u third -s "$SECRET-1"
	equal "$(chap_failures 'unknown CHAP user name')" $((before + 1)) "lines of a failure"
	echo "first $SECRET-9" >"$users"
	status 0x0201 -u first -s "$SECRET-1"
	status 0x0000 -u first -s "$SECRET-9"
	echo -first >"$users"
	equal "$(cat "$users")" second users
	status 0x0201 -u first -s "$SECRET-9"
	status 0x0000 -u second -s "$SECRET 2"
	# The stock user is one of them.
	printf stock >"$1/auth/userid"
	printf %s "$SECRET-s" >"$1/auth/password"
	status 0x0000 -u stock -s "$SECRET-s"
	status 0x0000 -u second -s "$SECRET 2"
	logged 'shorter than 12' eval "echo 'third tooshort' >$users"
	must_fail grep -F tooshort /tmp/new-lines
	logged 'no such user' eval "echo -third >$users"
	logged 'neither NAME SECRET' eval "echo alone >$users"
	echo -second >"$users"
	printf NULL >"$1/auth/userid"
	printf NULL >"$1/auth/password"
}

chap()
{
	local i=0

	echo 1 >"$tpg/attrib/authentication"
	status 0x0201
	users "$tpg"
	users "$acl"
	# The ACL's own go before those of the TPG.
	echo "all $SECRET-t" >"$tpg/auth/users"
	status 0x0000 -u all -s "$SECRET-t"
	echo "own $SECRET-a" >"$acl/auth/users"
	status 0x0000 -u own -s "$SECRET-a"
	status 0x0201 -u all -s "$SECRET-t"
	while [ $i -lt 200 ] && echo "user$i $SECRET" 2>/dev/null >"$acl/auth/users"; do
		i=$((i + 1))
	done
	dmesg | grep 'users (not shown): too many users' >/dev/null || fail "room for $i users and more"
	status 0x0000 -u "user$((i - 1))" -s "$SECRET"
	# An ACL may do without, or insist.
	attribute "$acl/attrib/authentication" 0
	status 0x0000
	echo 0 >"$tpg/attrib/authentication"
	attribute "$acl/attrib/authentication" 1
	status 0x0201
	status 0x0000 -u own -s "$SECRET-a"
	attribute "$acl/attrib/authentication" -1
	status 0x0000
	logged 'authentication 2' eval "echo 2 >$acl/attrib/authentication"
	ok "CHAP, $i users"
}

discovery_chap()
{
	local dir=$CONFIGFS/iscsi/discovery_auth

	defer eval "echo 0 >$dir/enforce_discovery_auth"
	echo 1 >"$dir/enforce_discovery_auth"
	equal "$(query discover | sed -n 1p)" "status 0x0201" discovery
	echo "one $SECRET-1" >"$dir/users"
	echo "two $SECRET-2" >"$dir/users"
	equal "$(query discover -u one -s "$SECRET-1" | sed -n 1p)" "status 0x0000" discovery
	equal "$(query discover -u two -s "$SECRET-2" | sed -n 1p)" "status 0x0000" discovery
	equal "$(query discover -u two -s "$SECRET-1" | sed -n 1p)" "status 0x0201" discovery
	echo -one >"$dir/users"
	equal "$(query discover -u one -s "$SECRET-1" | sed -n 1p)" "status 0x0201" discovery
	echo -two >"$dir/users"
	equal "$(cat "$dir/users")" "" users
	echo 0 >"$dir/enforce_discovery_auth"
	ok "discovery CHAP"
}

# --- redirection, logout ---------------------------------------------------------

redirect()
{
	local new=127.0.0.1:3261

	mkdir "$tpg/np/$new"
	attribute "$tpg/attrib/redirect" "temporary $new"
	equal "$(query login)" "status 0x0101"$'\n'"TargetAddress=$new" redirect
	attribute "$tpg/attrib/redirect" "permanent $new"
	equal "$(query login)" "status 0x0102"$'\n'"TargetAddress=$new" redirect
	# Who is there stays there, and who may not log in learns nothing.
	status 0x0000 -p $new
	status 0x0202 -i $OTHER
	attribute "$tpg/attrib/redirect" "temporary [2001:db8::1]:860"
	equal "$(query login)" "status 0x0101"$'\n'"TargetAddress=[2001:db8::1]:860" redirect
	# Initiators obey.
	attribute "$tpg/attrib/redirect" "temporary $new"
	iscsi-inq -i "$INITIATOR" "iscsi://$PORTAL/$TARGET/0" >/dev/null
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	grep -qx "127.0.0.1" /sys/class/iscsi_connection/connection*/address
	grep -qx "3261" /sys/class/iscsi_connection/connection*/port
	initiator_reset
	logged 'redirect nowhere' eval "echo nowhere >$tpg/attrib/redirect"
	logged 'redirect temporary host:3260' eval "echo temporary host:3260 >$tpg/attrib/redirect"
	logged 'redirect 127.0.0.1:3260' eval "echo 127.0.0.1:3260 >$tpg/attrib/redirect"
	attribute "$tpg/attrib/redirect" NULL
	status 0x0000
	rmdir "$tpg/np/$new"
	ok "redirect"
}

# background VERB NAME OPTION...: a query that is logged in when this returns.
background()
{
	local verb=$1 name=$2

	shift 2
	query "$verb" "$@" >"/tmp/$name" 2>&1 &
	wait_for 10 grep -q '^status 0x0000' "/tmp/$name"
}

gone()
{
	grep -Eq '^(logged out|closed)' "/tmp/$1"
}

logout_request()
{
	local new=127.0.0.1:3261 first

	mkdir "$tpg/np/$new"
	background obey obeys
	background obey elsewhere -p $new -S 2
	first=$!
	# Of one portal: the other's sessions stay.
	echo 30 >"$tpg/np/$PORTAL/logout_request"
	wait_for 10 gone obeys
	grep -qx 'async 1 30' /tmp/obeys || fail "told: $(cat /tmp/obeys)"
	kill -0 $first || fail "a session at another portal is gone, too"
	# Of the TPG: all, and who does not obey is dropped when its time is over.
	background linger lingers -S 3
	echo 10 >"$tpg/logout_request"
	wait_for 10 gone elsewhere
	grep -qx 'async 1 10' /tmp/elsewhere || fail "told: $(cat /tmp/elsewhere)"
	wait_for 30 gone lingers
	[ "$(sed -n 's/^closed after //p' /tmp/lingers)" -ge 2000 ] || fail "dropped: $(cat /tmp/lingers)"
	logged 'logout_request 0' eval "echo 0 >$tpg/logout_request"
	logged 'logout_request 3601' eval "echo 3601 >$tpg/np/$new/logout_request"
	rmdir "$tpg/np/$new"
	ok "logout requests"
}

# The kernel's initiator goes where it is sent, and its disk is still there.
moves()
{
	local new=127.0.0.1:3261 dev

	mkdir "$tpg/np/$new"
	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	dev=$(lun_device "$TARGET" 0)
	equal "$(cat /sys/class/iscsi_connection/connection*/port)" 3260 port
	attribute "$tpg/attrib/redirect" "temporary $new"
	echo 10 >"$tpg/np/$PORTAL/logout_request"
	wait_for 40 grep -qx 3261 /sys/class/iscsi_connection/connection*/port
	dd if="$dev" of=/dev/null bs=4k count=1 iflag=direct status=none
	initiator_reset >/dev/null
	attribute "$tpg/attrib/redirect" NULL
	rmdir "$tpg/np/$new"
	ok "moved to another portal"
}

# --- keys ------------------------------------------------------------------------

negotiated()
{
	equal "$(query login "${@:3}" | sed -n "s/^$1=//p")" "$2" "$1"
}

# What param/ of the TPG says is what is negotiated, with rawpdu's usual keys.
tpg_keys()
{
	local file value want default

	while read -r file value want; do
		default=$(cat "$tpg/param/$file")
		attribute "$tpg/param/$file" "$value"
		negotiated "$file" "$want"
		attribute "$tpg/param/$file" "$default"
	done <<-END
		MaxRecvDataSegmentLength 65536 65536
		MaxBurstLength 512 512
		FirstBurstLength 1024 1024
		DefaultTime2Wait 7 7
		MaxOutstandingR2T 4 1
		InitialR2T Yes Yes
		ImmediateData No No
	END
	ok "keys of a TPG"
}

acl_keys()
{
	local key

	negotiated MaxBurstLength 262144
	attribute "$tpg/param/MaxBurstLength" 65536
	negotiated MaxBurstLength 65536
	attribute "$acl/attrib/MaxBurstLength" 131072
	negotiated MaxBurstLength 131072
	attribute "$acl/attrib/MaxBurstLength" NULL
	negotiated MaxBurstLength 65536
	echo 1048576 >"$tpg/param/MaxBurstLength"
	attribute "$acl/attrib/FirstBurstLength" 8192
	attribute "$acl/attrib/InitialR2T" Yes
	attribute "$acl/attrib/ImmediateData" No
	attribute "$acl/attrib/DefaultTime2Wait" 5
	attribute "$acl/attrib/DefaultTime2Retain" 0
	attribute "$acl/attrib/MaxRecvDataSegmentLength" 16384
	attribute "$acl/attrib/MaxOutstandingR2T" 1
	attribute "$acl/attrib/HeaderDigest" None
	attribute "$acl/attrib/DataDigest" None,CRC32C
	negotiated FirstBurstLength 8192
	negotiated InitialR2T Yes
	negotiated ImmediateData No
	negotiated DefaultTime2Wait 5
	negotiated MaxRecvDataSegmentLength 16384
	negotiated HeaderDigest None
	# A digest that is required, and not offered.
	attribute "$acl/attrib/HeaderDigest" CRC32C
	status 0x0200
	for key in FirstBurstLength InitialR2T ImmediateData DefaultTime2Wait DefaultTime2Retain \
		MaxRecvDataSegmentLength MaxOutstandingR2T HeaderDigest DataDigest; do
		attribute "$acl/attrib/$key" NULL
	done
	negotiated InitialR2T No
	logged 'MaxBurstLength 17' eval "echo 17 >$acl/attrib/MaxBurstLength"
	logged 'MaxOutstandingR2T 9' eval "echo 9 >$acl/attrib/MaxOutstandingR2T"
	ok "keys of an ACL"
}

run()
{
	local tpg=$CONFIGFS/iscsi/$TARGET/tpgt_1 ipv6=
	local acl=$tpg/acls/$INITIATOR

	lunar_load
	truncate -s 16M /tmp/access.img
	defer rm -f /tmp/access.img /tmp/new-lines /tmp/iscsi-ls /tmp/obeys /tmp/elsewhere /tmp/lingers
	simple_target /tmp/access.img 16M
	if [ -e /proc/net/if_inet6 ]; then
		ipv6=1
		mkdir "$tpg/np/$LOOPBACK6"
	fi
	equal "$(cat "$tpg/attrib/generate_node_acls")" 0 "demo mode"
	address_lists
	send_targets
	tpg_keys
	acl_keys
	redirect
	logout_request
	moves
	chap
	discovery_chap
}
