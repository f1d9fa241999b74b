# SPDX-License-Identifier: GPL-2.0
# How long EXTENDED COPY of 10 GiB takes on XFS with reflink: of blocks that have been
# written, on a disk in memory that keeps pages of zeros in no space.
# shellcheck shell=bash
DESCRIPTION="EXTENDED COPY of 10 GiB on XFS: time, and that blocks are shared"
GROUP=copy10g
TIMEOUT=600

needs()
{
	needs_lunar_file
	modinfo zram >/dev/null 2>&1 || skip "no zram"
}

run()
{
	local a b

	modprobe zram num_devices=1
	defer rmmod zram
	echo 12G >/sys/block/zram0/disksize
	backstore_load
	fresh_fs xfs /dev/zram0 /mnt/big
	dd if=/dev/zero of=/mnt/big/a bs=16M count=640 oflag=direct status=none
	dd if=/dev/urandom of=/mnt/big/a bs=1M count=1 conv=notrunc status=none
	dd if=/dev/urandom of=/mnt/big/a bs=1M count=1 seek=10239 conv=notrunc status=none
	truncate -s 10G /mnt/big/b
	backstore a /mnt/big/a 10G
	backstore b /mnt/big/b 10G
	loop_nexus n a b
	a=$(loop_lun n 0)
	b=$(loop_lun n 1)
	echo "# EXTENDED COPY of 10 GiB, reflink: $(python3 /lunar/lib/xcopy.py all "$a" "$b" 20971520) ms"
	equal "$(stat -c %b /mnt/big/b)" "$(stat -c %b /mnt/big/a)" "blocks of the copy"
	cmp -n 1048576 -i 10736369664:10736369664 /mnt/big/a /mnt/big/b || fail "the end differs"
	cmp -n 1048576 /mnt/big/a /mnt/big/b || fail "the beginning differs"
	filefrag -v /mnt/big/b >/tmp/frag
	grep -q shared /tmp/frag || fail "no shared blocks: $(head -5 /tmp/frag)"
	loop_nexus_remove n
	ok "10 GiB"
}
