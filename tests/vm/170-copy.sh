# SPDX-License-Identifier: GPL-2.0
# EXTENDED COPY between disks and within one, by each way that there is. What the
# images are to hold afterwards is kept in files beside them.
# shellcheck shell=bash
DESCRIPTION="EXTENDED COPY: clone, server's copy, pieces; refusals; crowds both ways"
GROUP=backstore
TIMEOUT=240

needs()
{
	needs_lunar_file
}

xcopy()
{
	python3 /lunar/lib/xcopy.py "$@"
}

# pair A B CONTROL: images of 64 MiB, random and of zeros, as LUNs 0 and 1
pair()
{
	a=$1
	b=$2
	if [ -b "$1" ]; then
		dd if=/dev/urandom of="$1" bs=1M count=64 oflag=direct status=none
		dd if=/dev/zero of="$2" bs=1M count=64 oflag=direct status=none
	else
		dd if=/dev/urandom of="$1" bs=1M count=64 status=none
		truncate -s 64M "$2"
	fi
	backstore a "$1" 64M "$3"
	backstore b "$2" 64M "$3"
	loop_nexus n a b
	sg_a=$(loop_lun n 0)
	sg_b=$(loop_lun n 1)
	cp "$a" /tmp/want.a
	cp "$b" /tmp/want.b
}

unpair()
{
	loop_nexus_remove n
	remove_backstore a
	remove_backstore b
}

# want FROM TO FROM-LBA TO-LBA BLOCKS: copy it in the files
want()
{
	dd if="/tmp/want.$1" of="/tmp/want.$2" bs=512 skip="$3" seek="$4" count="$5" conv=notrunc status=none
}

# copied SG FROM TO SEGMENT...: one command, FROM and TO are a or b
copied()
{
	local sg=$1 from=$2 to=$3 segment name

	shift 3
	for segment; do
		# shellcheck disable=SC2086 # words
		want "$from" "$to" ${segment//:/ }
	done
	name=sg_$from
	from=${!name}
	name=sg_$to
	equal "$(xcopy "$sg" "$from" "${!name}" "$@")" GOOD "copy $*"
}

as_wanted()
{
	sync
	[ ! -b "$a" ] || blockdev --flushbufs "$a" "$b"
	cmp "$a" /tmp/want.a || fail "$1: the source has changed"
	cmp "$b" /tmp/want.b || fail "$1: the destination is wrong"
}

# copies WHAT: aligned to a filesystem block or not, alike or not, several at a time
copies()
{
	copied "$sg_a" a b 0:0:65535
	copied "$sg_b" a b 65536:65536:65535
	as_wanted "$1"
	copied "$sg_b" a b 3:4099:5000 1:9:1 131071:131071:1
	copied "$sg_a" a b 5:70000:3000 20000:1:8192
	copied "$sg_a" b a 0:100000:4096
	copied "$sg_b" b b 8:32768:16384 32768:64000:1024 7:32769:800
	copied "$sg_a" a a 100:50000:100
	copied "$sg_a" a b 0:0:0
	as_wanted "$1"
	ok "$1"
}

# ways A B WHAT CHECK MODE...: in each of the modes
ways()
{
	local first=$1 second=$2 what=$3 check=$4 mode

	shift 4
	for mode; do
		pair "$first" "$second" "$mode"
		copies "$what, '$mode'"
		$check
		unpair
		[ -b "$first" ] || rm "$first" "$second"
	done
}

shared()
{
	filefrag -v "$b" >/tmp/frag
	grep -q shared /tmp/frag || fail "no shared blocks: $(cat /tmp/frag)"
}

not_shared()
{
	filefrag -v "$b" >/tmp/frag
	! grep -q shared /tmp/frag || fail "shared blocks: $(cat /tmp/frag)"
}

# A server that copies, and one that cannot.
by_server()
{
	local sg option

	for option in copies ''; do
		modprobe fuse 2>/dev/null || true
		# shellcheck disable=SC2086 # nothing, if there is none
		fuse_server 64M $option
		dd if=/dev/urandom of=/mnt/below/image bs=1M count=8 conv=notrunc status=none
		cp /mnt/below/image /tmp/want.a
		backstore a /mnt/fuse/image 64M
		loop_nexus n a
		sg=$(loop_lun n 0)
		want a a 0 32768 16384
		want a a 5 70000 3000
		equal "$(xcopy "$sg" "$sg" "$sg" 0:32768:16384 5:70000:3000)" GOOD "copy by a server"
		cmp /mnt/below/image /tmp/want.a || fail "the copy of the server is wrong"
		if [ -n "$option" ]; then
			[ -s /mnt/below/image.copies ] || fail "the server was not asked to copy"
		fi
		loop_nexus_remove n
		remove_backstore a
		fuse_done
		ok "FUSE '$option'"
	done
}

# What is advertised agrees, and goes with emulate_3pc.
advertised()
{
	local name bytes

	sg_vpd -p sv "$sg_a" >/tmp/pages
	grep -qi 'third party copy' /tmp/pages || fail "no page 8Fh in the list: $(cat /tmp/pages)"
	# the list cut off before, at and behind the new page
	bytes=$(sg_raw -r 252 "$sg_a" 12 01 00 00 fc 00 2>&1 | sed -n 's/^ 00 *//p' | tr -s ' \n' ' ')
	echo "pages: $bytes"
	grep -q '86 8f b0' <<<"$bytes" || fail "8f is not between 86 and b0: $bytes"
	sg_raw -r 9 "$sg_a" 12 01 00 00 09 00 >/tmp/out 2>&1
	tr -s ' ' </tmp/out | grep -q '80 83 86 8f' || fail "cut off behind: $(cat /tmp/out)"
	sg_raw -r 8 "$sg_a" 12 01 00 00 08 00 >/tmp/out 2>&1
	tr -s ' ' </tmp/out | grep -q '80 83 86 ' || fail "cut off at: $(cat /tmp/out)"
	! tr -s ' ' </tmp/out | grep -q '86 8f' || fail "cut off at: $(cat /tmp/out)"
	sg_raw -r 4 "$sg_a" 12 01 00 00 04 00 >/tmp/out 2>&1
	sg_vpd -p tpc "$sg_a" >/tmp/page
	sg_copy_results --params "$sg_a" >/tmp/params
	for name in "Maximum CSCD descriptor count: 2" "Maximum segment descriptor count: 16"; do
		grep -qi "$name" /tmp/page || fail "VPD page 8Fh: no \"$name\": $(cat /tmp/page)"
	done
	grep -q 'Maximum target descriptor count: 2$' /tmp/params || fail "$(cat /tmp/params)"
	grep -q 'Maximum segment descriptor count: 16$' /tmp/params || fail "$(cat /tmp/params)"
	sg_inq "$sg_a" | grep -q '3PC=1' || fail "3PC=0"

	attrib a emulate_3pc 0
	sg_inq "$sg_a" | grep -q '3PC=0' || fail "3PC=1 with emulate_3pc=0"
	sg_vpd -p sv "$sg_a" | grep -qi 'third party' && fail "page 8Fh with emulate_3pc=0"
	expect_sense "Illegal Request" "" sg_raw -r 252 "$sg_a" 12 01 8f 00 fc 00
	expect_sense "Illegal Request" "" sg_raw -r 64 "$sg_a" 84 03 00 00 00 00 00 00 00 00 00 00 00 40 00 00
	equal "$(xcopy "$sg_a" "$id_a" "$id_b" 0:0:8)" 05/20/00 "EXTENDED COPY with emulate_3pc=0"
	equal "$(xcopy "$sg_b" "$id_a" "$id_b" 0:0:8)" 0a/0d/02 "copy from a disk with emulate_3pc=0"
	attrib a emulate_3pc 1
	ok "limits, and the switch"
}

# result ID SG WANT
result()
{
	equal "$(xcopy result "$1" "$2")" "$3" "result of copy $1"
}

running()
{
	[[ $(xcopy result 9 "$sg_a") = "0 1 0 "* ]]
}

# RECEIVE COPY RESULTS, COPY STATUS: of the latest by that identifier and initiator, once
results()
{
	local n

	result 7 "$sg_a" 05/24/00
	copied "$sg_a" a b 0:0:8
	result 0 "$sg_a" 05/24/00
	equal "$(xcopy hold 7 "$sg_a" "$sg_a" "$sg_b" 0:0:8 0:9:0 8:8:9 0:0:0)" GOOD "held copy"
	want a b 0 0 17
	result 7 "$sg_b" 05/24/00
	loop_nexus m a
	result 7 "$(loop_lun m 0)" 05/24/00
	loop_nexus_remove m
	result 7 "$sg_a" "1 4 0 8704"
	result 7 "$sg_a" 05/24/00
	equal "$(xcopy hold 7 "$sg_a" "$sg_a" "$sg_b")" GOOD "held copy of nothing"
	# refused before it begins: what was known stays
	equal "$(xcopy hold 7 "$sg_a" "$sg_a" "$sg_b" 0:131065:8)" 0a/0d/02 "held copy, refused"
	result 7 "$sg_a" "1 0 0 0"
	equal "$(xcopy hold 7 "$sg_a" "$sg_a" "$sg_b")" GOOD "held copy of nothing"
	sg_reset -d "$sg_a"
	sg_turs "$sg_a" >/dev/null 2>&1 || true
	result 7 "$sg_a" 05/24/00

	# it goes on: the filesystem is frozen
	fsfreeze -f /mnt/xfs
	defer bash -c 'fsfreeze -u /mnt/xfs 2>/dev/null || true'
	xcopy hold 9 "$sg_a" "$sg_a" "$sg_b" 0:0:64 >/tmp/held &
	wait_for 10 running
	fsfreeze -u /mnt/xfs
	wait $!
	equal "$(cat /tmp/held)" GOOD "held copy, frozen"
	want a b 0 0 64
	result 9 "$sg_a" "1 1 0 32768"

	# not without end
	for ((n = 20; n < 90; n++)); do
		xcopy hold $n "$sg_a" "$sg_a" "$sg_b" 0:0:1 >/dev/null
	done
	result 25 "$sg_a" 05/24/00
	result 26 "$sg_a" "1 1 0 512"
	result 89 "$sg_a" "1 1 0 512"
	as_wanted results
	ok "results of copies"
}

# refused SENSE SG FROM TO SEGMENT...
refused()
{
	equal "$(xcopy "${@:2}")" "$1" "copy ${*:2}"
}

refusals()
{
	local id_c sg_c

	# LUNs of another initiator
	truncate -s 64M /tmp/c.img
	backstore c /tmp/c.img 64M
	loop_nexus m c b
	sg_c=$(loop_lun m 0)
	id_c=$(xcopy id "$sg_c")
	refused 0a/0d/02 "$sg_a" "$id_a" "$id_c" 0:0:8
	refused 0a/0d/02 "$sg_a" "$id_c" "$id_a" 0:0:8
	refused 0a/0d/02 "$sg_a" "$id_b" "$id_b" 0:0:8
	refused 0a/0d/02 "$sg_a" "$id_a" 6000000000000000000000000000000f 0:0:8
	refused 0a/0d/02 "$sg_a" "$id_a" "$id_b" 0:131065:8
	refused 0a/0d/02 "$sg_a" "$id_a" "$id_b" 0:0:8 131072:0:1
	refused 05/26/00 "$sg_a" "$id_a" "$id_a" 0:8:9
	refused 05/26/00 "$sg_a" "$id_a" "$id_a" 0:0:1
	refused 05/26/08 "$sg_a" "$id_a" "$id_b" 0:0:1 0:0:1 0:0:1 0:0:1 0:0:1 0:0:1 0:0:1 0:0:1 \
		0:0:1 0:0:1 0:0:1 0:0:1 0:0:1 0:0:1 0:0:1 0:0:1 0:0:1

	# reservations of the other initiator, on b
	sg_persist -n --out --register --param-sark=1 "$(loop_lun m 1)" >/dev/null
	sg_persist -n --out --reserve --param-rk=1 --prout-type=1 "$(loop_lun m 1)" >/dev/null
	refused CONFLICT "$sg_a" "$id_a" "$id_b" 0:0:8
	copied "$sg_a" b a 131064:131064:8
	sg_persist -n --out --release --param-rk=1 --prout-type=1 "$(loop_lun m 1)" >/dev/null
	sg_persist -n --out --reserve --param-rk=1 --prout-type=6 "$(loop_lun m 1)" >/dev/null
	refused CONFLICT "$sg_a" "$id_b" "$id_a" 131064:131064:8
	sg_persist -n --out --register --param-sark=2 "$sg_b" >/dev/null
	copied "$sg_a" a b 0:131064:8
	sg_persist -n --out --clear --param-rk=1 "$(loop_lun m 1)" >/dev/null
	copied "$sg_a" a b 8:131064:8
	# the other initiator's CLEAR is told once
	sg_turs "$sg_b" >/dev/null 2>&1 || true
	loop_nexus_remove m
	remove_backstore c
	rm /tmp/c.img
	ok "refusals"
}

# from, a read-only disk; to it; a destination that is full
states()
{
	local sg id

	mkdir -p /mnt/small
	mount -t tmpfs -o size=16M tmpfs /mnt/small
	truncate -s 64M /mnt/small/full /tmp/r.img
	# names are serials, of which the designator has the hex digits
	backstore d1 /tmp/r.img 64M ro=1
	backstore d2 /mnt/small/full 64M
	backstore d3 /tmp/w.img 64M
	loop_nexus s d1 d2 d3
	sg=$(loop_lun s 2)
	id=$(xcopy id "$sg")
	refused GOOD "$sg" "$(xcopy id "$(loop_lun s 0)")" "$id" 0:0:8
	refused 07/27/00 "$sg" "$id" "$(xcopy id "$(loop_lun s 0)")" 0:0:8
	refused 07/27/07 "$sg" "$id" "$(xcopy id "$(loop_lun s 1)")" 0:0:65535
	truncate -s 32M /tmp/w.img
	refused 03/11/00 "$sg" "$id" "$(xcopy id "$(loop_lun s 1)")" 131000:0:8
	equal "$(xcopy hold 3 "$sg" "$id" "$(xcopy id "$(loop_lun s 1)")" 0:0:0 8:0:8 131000:0:8)" \
		03/11/00 "held copy that fails"
	equal "$(xcopy result 3 "$sg")" "2 3 0 4096" "result of a copy that fails"
	refused 03/0c/00 "$sg" "$(xcopy id "$(loop_lun s 0)")" "$id" 0:131000:8
	loop_nexus_remove s
	remove_backstore d1
	remove_backstore d2
	remove_backstore d3
	umount /mnt/small
	rm /tmp/r.img /tmp/w.img
	ok "read-only, full, truncated"
}

# The tool that administrators have; and many at a time, in both directions.
tools()
{
	sg_xcopy if="$sg_a" of="$sg_b" bs=512 count=20000 skip=3 seek=100 bpt=4096 >/tmp/out 2>&1 ||
		fail "sg_xcopy: $(cat /tmp/out)"
	want a b 3 100 20000
	as_wanted sg_xcopy
	xcopy crowd 5 "$sg_a" "$sg_b" 512
	ok "sg_xcopy; a crowd in both directions"
}

run()
{
	local disk id_a id_b

	defer rm -f /tmp/want.a /tmp/want.b
	backstore_load
	disk=$(spare_disk 1)
	fresh_fs xfs "$(spare_disk 0)" /mnt/xfs
	ways /mnt/xfs/a /mnt/xfs/b "clone, XFS" shared "" fd_buffered_io=1 fd_async_io=1

	pair /mnt/xfs/a /mnt/xfs/b ""
	id_a=$(xcopy id "$sg_a")
	id_b=$(xcopy id "$sg_b")
	advertised
	results
	refusals
	tools
	unpair
	states

	dm_create fs "0 1048576 linear $disk 0"
	dm_create a "0 131072 linear $disk 1048576"
	dm_create b "0 131072 linear $disk 1179648"
	fresh_fs ext4 "$(dm_device fs)" /mnt/ext4
	ways /mnt/ext4/a /mnt/ext4/b "pieces, ext4" not_shared "" fd_async_io=1
	pair /mnt/ext4/a /mnt/ext4/b fd_async_io=1
	xcopy crowd 5 "$sg_a" "$sg_b" 512
	unpair
	ways "$(dm_device a)" "$(dm_device b)" "pieces, block device" : "" fd_async_io=1
	by_server
}
