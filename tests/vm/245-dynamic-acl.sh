# SPDX-License-Identifier: GPL-2.0
# Demo mode: target core makes an ACL for a stranger at login and frees it with
# its last session. Logins of one name that overlap, give up half-way or replace
# one another must neither free it early nor leave it behind.
# shellcheck shell=bash
# shellcheck disable=SC2034
DESCRIPTION="demo mode logins that overlap, give up and replace one another"
SANITIZERS=uml
GROUP=proto
TIMEOUT=90

# Sends the first Login Request of NAME on COUNT connections, then closes them.
half_open()
{
	python3 - "$@" <<-'END'
	import socket, struct, sys

	name, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
	text = b"".join(k + b"\0" for k in (
	    b"InitiatorName=" + name.encode(), b"SessionType=Normal",
	    b"TargetName=" + target.encode(), b"AuthMethod=None"))
	pad = b"\0" * (-len(text) % 4)
	socks = []
	for n in range(count):
	    s = socket.create_connection(("127.0.0.1", 3260), 10)
	    isid = bytes((0x80, 0, 0, 0, n >> 8, n & 255))
	    s.sendall(struct.pack(">BBBBB3s6sHIHHII16s", 0x43, 0x00, 0, 0, 0,
	        len(text).to_bytes(3, "big"), isid, 0, 1, 0, 0, 1, 0, b"") + text + pad)
	    s.settimeout(10)
	    head = s.recv(48)
	    assert head[0] == 0x23 and head[36] == 0, head.hex()
	    socks.append(s)
	for s in socks:
	    s.close()
	END
}

connections()
{
	ss -Htn state established "( sport = :3260 )" | wc -l
}

none_left()
{
	[ "$(connections)" -eq 0 ] && [ -z "$(tr -d "\\0" <"$CONFIGFS/iscsi/$TARGET/tpgt_1/dynamic_sessions")" ]
}

run()
{
	local tpg=$CONFIGFS/iscsi/$TARGET/tpgt_1 n

	[ -z "$LUNAR_STOCK" ] || skip "a test of lunar's login"
	lunar_load
	mkdir -p /mnt/memory
	mount -t tmpfs -o size=64M tmpfs /mnt/memory
	defer umount /mnt/memory
	backstore disk0 /mnt/memory/disk.img 16M
	target "$TARGET" "$PORTAL"
	lun "$TARGET" 0 disk0
	echo 1 >"$tpg/attrib/generate_node_acls"
	echo 0 >"$tpg/attrib/cache_dynamic_acls"
	echo 0 >"$tpg/attrib/demo_mode_write_protect"
	enable_target "$TARGET"

	for n in 1 2 3; do
		half_open iqn.2026-01.vm.lunar:stranger "$TARGET" 8
	done
	ok "8 half-open logins of one name, three times"

	discover "$PORTAL" >/dev/null
	login "$TARGET" "$PORTAL" >/dev/null
	lun_device "$TARGET" 0 >/dev/null
	for n in 1 2 3 4 5; do
		half_open "$INITIATOR" "$TARGET" 4
		# The initiator comes back by itself, with the same ISID.
		ss -K "( sport = :3260 )" >/dev/null
		wait_for 20 dd if="$(lun_device "$TARGET" 0)" of=/dev/null bs=4k count=16 iflag=direct
	done
	ok "5 sessions replaced after a cut, beside half-open logins"
	logout "$TARGET" "$PORTAL" >/dev/null
	wait_for 10 none_left
}
