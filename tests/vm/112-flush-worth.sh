# SPDX-License-Identifier: GPL-2.0
# What a flush of the image is worth: said in the info attribute and in the log.
# nv_cache=1 is the one way to answer before a flush.
# shellcheck shell=bash
DESCRIPTION="flush: stable, volatile, ignored by a FUSE server; nv_cache"
GROUP=backstore
TIMEOUT=90

needs()
{
	needs_lunar_file
}

# worth NAME WORD: what the info attribute says.
worth()
{
	equal "$(sed -n 's/^ *Flush: //p' "$CONFIGFS/core/fileio_0/$1/info")" "$2" "Flush: of $1"
}

# one PATH SIZE WORD
one()
{
	backstore w "$1" "$2"
	worth w "$3"
	remove_backstore w
	ok "$1: $3"
}

fsyncs()
{
	grep -c . /mnt/below/image.fsyncs 2>/dev/null || true
}

fuse()
{
	local sg before

	modprobe fuse 2>/dev/null || true
	if [ ! -c /dev/fuse ]; then
		[ "$LUNAR_ACCEL" = uml ] || fail "no FUSE in this kernel"
		ok "no FUSE in this kernel, left out"
		return
	fi
	fuse_server 16M
	loop_store f /mnt/fuse/image 16M
	# User Mode Linux has no kretprobes.
	if [ "$LUNAR_ACCEL" = uml ]; then
		worth f unknown
		log_has "f: cannot find out whether the FUSE server of /mnt/fuse/image" ||
			fail "no line in the kernel log"
	else
		worth f stable
	fi
	sg=$(loop_sg f)
	head -c 4096 /dev/urandom >/tmp/data
	before=$(fsyncs)
	write10 "$sg" /tmp/data 8 8 2>/dev/null
	[ "$(fsyncs)" -gt "$before" ] || fail "a write-through write sent no FSYNC to the server"
	cmp -n 4096 /tmp/data /mnt/below/image 0 4096 || fail "the server has not got the data"
	loop_remove f
	fuse_done
	ok "FUSE server with fsync: asked by each flush"

	[ "$LUNAR_ACCEL" != uml ] || return 0
	fuse_server 16M nofsync
	one /mnt/fuse/image 16M ignored
	log_has "w: the FUSE server of /mnt/fuse/image does not implement fsync" ||
		fail "no line in the kernel log"
	# The kernel does not ask again, and still it is noticed.
	one /mnt/fuse/image 16M ignored
	fuse_done
}

# nv DISK IMAGE CONTROL: answered at once, nothing is flushed.
nv()
{
	local sg before i

	loop_store n "$2" 16M "$3"
	worth n nv_cache
	log_has "n: nv_cache=1: writes are answered from the cache and never flushed" ||
		fail "no line in the kernel log"
	sg=$(loop_sg n)
	equal "$(caching_page "$sg")" "wce=0 dpofua=1" "caching page with nv_cache"
	head -c 4096 /dev/urandom >/tmp/data
	for i in 1 2; do	# ext4's first write marks its superblock
		before=$(flushes "$1")
		write10 "$sg" /tmp/data 0 8 2>/dev/null
		sg_raw -s 4096 -i /tmp/data "$sg" 2e 00 00 00 00 08 00 00 08 00 2>/dev/null
		sg_sync "$sg"
		sg_sync --16 "$sg"
		sg_sync --immed "$sg"
		[ "$(flushes "$1")" -ne "$before" ] || break
	done
	equal "$(flushes "$1")" "$before" "flushes with '$3'"
	sg_raw -o /tmp/got -r 4096 "$sg" 28 00 00 00 00 08 00 00 08 00 2>/dev/null
	cmp /tmp/got /tmp/data || fail "'$3': read something else"
	loop_remove n
	ok "'$3': no flush for writes, WRITE AND VERIFY, SYNCHRONIZE CACHE"
}

run()
{
	local disk dir=$CONFIGFS/core/fileio_0/bad

	disk=$(spare_disk 0)
	backstore_load
	mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$disk"
	mount -o commit=600 "$disk" /mnt
	defer umount /mnt
	dd if=/dev/zero of=/mnt/image bs=1M count=16 conv=fsync status=none
	one /mnt/image 16M stable
	nv "$disk" /mnt/image nv_cache=1
	nv "$disk" /mnt/image nv_cache=1,fd_async_io=1

	mkdir -p "$dir"
	worth bad unknown
	echo "fd_dev_name=/mnt/image,fd_dev_size=8388608,fd_buffered_io=1,nv_cache=1" >"$dir/control"
	must_fail eval "echo 1 >$dir/enable" 2>/dev/null
	log_has "bad: nv_cache=1 says that no cache can lose data, but the write cache is on" ||
		fail "no line in the kernel log"
	remove_backstore bad
	ok "nv_cache=1 and the write cache exclude each other"

	mkdir /mnt/tmpfs
	mount -t tmpfs tmpfs /mnt/tmpfs
	truncate -s 8M /mnt/tmpfs/image
	one /mnt/tmpfs/image 8M volatile
	log_has "w: /mnt/tmpfs/image is in memory" || fail "no line in the kernel log"
	umount /mnt/tmpfs
	one "$(spare_disk 1)" "$(blockdev --getsize64 "$(spare_disk 1)")" stable
	fuse
}
