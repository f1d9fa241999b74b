# SPDX-License-Identifier: GPL-2.0
# What the threat model in kmod/DESIGN.rst promises and no other test looks at:
# secrets, other portal groups, half-open TCP connections. CHAP is in 200-rawpdu
# ("chap-*"), floods are in 280-login-flood, address lists in 282-access.
# shellcheck shell=bash
DESCRIPTION="secrets are root's alone, no way around an ACL, 10000 half-open connections"
SANITIZERS=uml
GROUP=proto
TIMEOUT=120

RAWPDU=/lunar/rawpdu
SECRET=very-secret-7261
OTHER_PORTAL=127.0.0.1:3261
OUTSIDE=10.9.0.1

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
	[ -x $RAWPDU ] || fail "no rawpdu in the VM"
}

status_of()
{
	$RAWPDU -q login -x "$LUNAR_FACTOR" -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" "$@" | sed -n 1p
}

# No file below configfs that holds a name or secret of CHAP is for others, and no
# other file has a secret in it; nor does the log.
secrets()
{
	local file dirs=("$tpg/auth" "$tpg/acls/$INITIATOR/auth" "$CONFIGFS/iscsi/discovery_auth") n=0

	for file in "$tpg/auth" "$CONFIGFS/iscsi/discovery_auth" "$tpg/acls/$INITIATOR/auth"; do
		printf %s user-1 >"$file/userid"
		printf %s "$SECRET-1" >"$file/password"
		printf %s user-2 >"$file/userid_mutual"
		printf %s "$SECRET-2" >"$file/password_mutual"
		echo "user-3 $SECRET-3" >"$file/users"
		must_fail eval "echo 'user-4 $SECRET-4$(printf '%0300d' 0)' >$file/users" 2>/dev/null
	done
	while read -r file; do
		case $(stat -c %A "$file") in
		-r*------) n=$((n + 1)) ;;
		*) fail "$file is $(stat -c %A "$file")" ;;
		esac
	done < <(find "${dirs[@]}" -type f ! -name enforce_discovery_auth)
	[ $n -ge 15 ] || fail "only $n files below auth/"
	file=$(grep -rlsI "$SECRET" "$CONFIGFS" | grep -Ev 'auth/password(_mutual)?$' || true)
	equal "$file" "" "files with a secret"
	file=$(grep -rlsI "$SECRET" /sys/kernel/debug/lunar_iscsi || true)
	equal "$file" "" "files with a secret"
	must_fail grep -F "$SECRET" <(dmesg)
	must_fail grep -F "$SECRET" <(lunarctl status; lunarctl status --json)
	ok "$n files, 1 owner"
}

# The ACL of one portal group says nothing about another of the same target, or
# about another target at the same portal.
other_groups()
{
	local other=$CONFIGFS/iscsi/$TARGET/tpgt_2

	equal "$(status_of)" "status 0x0000" "own group:"
	mkdir "$other"
	mkdir "$other/np/$OTHER_PORTAL"
	echo 0 >"$other/attrib/authentication"
	echo 1 >"$other/enable"
	equal "$(status_of -p $OTHER_PORTAL)" "status 0x0202" "another group:"
	equal "$(status_of -i iqn.2026-01.vm.lunar:stranger)" "status 0x0202" "a stranger:"
	# A portal of one target is none of another.
	target iqn.2026-01.vm.lunar:other 127.0.0.1:3262
	acl iqn.2026-01.vm.lunar:other "$INITIATOR"
	enable_target iqn.2026-01.vm.lunar:other
	equal "$(status_of -p 127.0.0.1:3262)" "status 0x0203" "another target's portal:"
	remove_target iqn.2026-01.vm.lunar:other
	echo 0 >"$other/enable"
	rmdir "$other/np/$OTHER_PORTAL" "$other"
	ok "portal groups"
}

# SYNs that nobody follows up, from addresses that do not answer.
syn_flood()
{
	ip netns exec outside python3 - "$1" "$2" <<-'END'
	import random, socket, struct, sys
	dest, count = sys.argv[1], int(sys.argv[2])
	s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
	def checksum(data):
	    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
	    while total >> 16:
	        total = (total & 0xffff) + (total >> 16)
	    return ~total & 0xffff
	for i in range(count):
	    src = socket.inet_aton("10.9.%d.%d" % (1 + i // 250, 1 + i % 250))
	    dst = socket.inet_aton(dest)
	    ports = 1024 + i % 60000, 3260, random.getrandbits(32), 0, 0x50, 2, 65535
	    head = struct.pack("!HHIIBBHHH", *ports, 0, 0)
	    head = struct.pack("!HHIIBBHHH", *ports, checksum(
	        src + dst + struct.pack("!BBH", 0, 6, 20) + head), 0)
	    s.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, src, dst) + head,
	             (dest, 0))
	END
}

half_open()
{
	local before

	[ -e /proc/sys/net/ipv4/tcp_syncookies ] || { ok "no SYN cookies in this kernel, no flood"; return; }
	modprobe veth
	ip netns add outside
	defer ip netns del outside
	ip link add lunar0 type veth peer name lunar1 netns outside
	ip addr add $OUTSIDE/16 dev lunar0
	ip link set lunar0 up
	ip -n outside addr add 10.9.255.1/16 dev lunar1
	ip -n outside link set lunar1 up
	# Who sent the SYN is there, and says nothing.
	ip -n outside neigh add $OUTSIDE lladdr "$(cat /sys/class/net/lunar0/address)" dev lunar1
	mkdir "$tpg/np/$OUTSIDE:3260"
	before=$(awk '$1 == "lunar_conn" { print $2 }' /proc/slabinfo)
	syn_flood $OUTSIDE 10000
	equal "$(status_of -p $OUTSIDE:3260)" "status 0x0000" "during the flood:"
	equal "$(status_of)" "status 0x0000" "at another portal:"
	[ "$(awk '$1 == "lunar_conn" { print $2 }' /proc/slabinfo)" -le $((before + 64)) ] ||
		fail "connections in memory for half a handshake"
	rmdir "$tpg/np/$OUTSIDE:3260"
	ok "10000 half-open"
}

run()
{
	local tpg=$CONFIGFS/iscsi/$TARGET/tpgt_1

	lunar_load
	truncate -s 16M /tmp/security.img
	defer rm -f /tmp/security.img
	simple_target /tmp/security.img 16M
	other_groups
	half_open
	secrets
}
