# SPDX-License-Identifier: GPL-2.0
# Snapshots of a disk in use. A filesystem on the disk is written to meanwhile; each
# snapshot of it mounts, is clean, and has all that was synced before, whole.
# shellcheck shell=bash
DESCRIPTION="snapshot: crash-consistent under load, owner and mode kept, refusals"
GROUP=backstore
TIMEOUT=180

needs()
{
	needs_lunar_file
}

pause()
{
	cat "$CONFIGFS/core/fileio_0/$1/action/snapshot"
}

# Files 1, 2, ... of 64 KiB, each synced before the next; the number of the last one
# is in /tmp/synced.
cat >/tmp/writer.py <<'END'
import hashlib, os, sys
n = 0
while not os.path.exists("/tmp/stop"):
    n += 1
    data = hashlib.sha256(b"%d" % n).digest() * 2048
    with open("%s/%d" % (sys.argv[1], n), "wb") as out:
        out.write(data)
        os.fsync(out.fileno())
    with open("/tmp/synced.new", "w") as out:
        out.write("%d" % n)
    os.rename("/tmp/synced.new", "/tmp/synced")
    if n > 64:
        os.unlink("%s/%d" % (sys.argv[1], n - 64))
END

# check_files DIR BEFORE AFTER: BEFORE files were synced before the snapshot and
# AFTER after it.
cat >/tmp/check.py <<'END'
import hashlib, os, sys
where, before, after = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for n in range(max(1, after - 60), before + 1):
    with open("%s/%d" % (where, n), "rb") as file:
        if file.read() != hashlib.sha256(b"%d" % n).digest() * 2048:
            sys.exit("file %d is not what was synced" % n)
END

synced()
{
	cat /tmp/synced
}

more_than()
{
	[ "$(synced)" -gt "$1" ]
}

# clean FS DEVICE: after its log was replayed, by a mount
clean()
{
	case $1 in
	ext4) e2fsck -fn "$2" >/tmp/fsck 2>&1 ;;
	xfs) xfs_repair -n "$2" >/tmp/fsck 2>&1 ;;
	esac || fail "$1 in the snapshot is not clean: $(cat /tmp/fsck)"
}

# under_load IMAGE INNER CONTROL: a filesystem INNER on the disk, written to
under_load()
{
	local options='' before after i writer

	[ "$2" != xfs ] || options="-o nouuid"
	loop_store s "$1" 320M "$3"
	"mkfs.$2" -q "$(loop_disk s)"
	mkdir -p /mnt/inner /mnt/clone
	mount "$(loop_disk s)" /mnt/inner
	rm -f /tmp/stop
	echo 0 >/tmp/synced
	python3 /tmp/writer.py /mnt/inner &
	writer=$!
	defer touch /tmp/stop
	for i in 1 2; do
		before=$(synced)
		wait_for 20 more_than "$((before + 5))"
		before=$(synced)
		lunarctl snapshot s "$1.$i" >/tmp/out
		after=$(synced)
		# shellcheck disable=SC2086 # words
		{
			loop_store c "$1.$i" 320M
			mount $options "$(loop_disk c)" /mnt/clone
		}
		python3 /tmp/check.py /mnt/clone "$before" "$after" || fail "snapshot $i of $1"
		umount /mnt/clone
		clean "$2" "$(loop_disk c)"
		loop_remove c
		echo "$1: $before files synced before, $after after; $(cat /tmp/out)"
	done
	touch /tmp/stop
	wait $writer
	umount /mnt/inner
	snapshot s "$1.idle"
	cmp "$1" "$1.idle" || fail "the snapshot of a disk in no use differs"
	echo "$1: idle: writes were held up for $(pause s) us"
	loop_remove s
	rm "$1".[0-9] "$1.idle"
	ok "$1, '$3': $2 on it is clean and complete in two snapshots under load"
}

# What the clone has of the image beside the data.
owner()
{
	loop_store s "$1" 8M "${2:-}"
	chown 12:34 "$1"
	chmod 640 "$1"
	head -c 65536 /dev/urandom | dd of="$(loop_disk s)" oflag=direct bs=64k status=none
	snapshot s "$1.copy"
	equal "$(stat -c '%u %g %a %s %h' "$1.copy")" "12 34 640 8388608 1" "owner, mode, size, links"
	cmp "$1" "$1.copy" || fail "the clone differs"
	log_has "s: snapshot $1.copy: writes were held up for $(pause s) us" || fail "no line in the log"
	# what is written later is not in the clone
	cp "$1" /tmp/before
	dd if=/dev/urandom of="$(loop_disk s)" oflag=direct bs=64k count=1 status=none
	cmp /tmp/before "$1.copy" || fail "the clone has changed"
	loop_remove s
	rm "$1" "$1.copy"
}

refusals()
{
	loop_store s /mnt/s.img 8M
	touch /mnt/there
	logged 's: snapshot: "x.img" is no absolute path' snapshot s x.img
	logged "s: snapshot /mnt/there: it exists already: -EEXIST" snapshot s /mnt/there
	logged "s: snapshot /mnt/: not the path of a file: -EISDIR" snapshot s /mnt/
	logged "s: snapshot /mnt/none/x: its directory cannot be found: -ENOENT" snapshot s /mnt/none/x
	logged "s: snapshot /tmp/x: it is not on the filesystem of the image: -EXDEV" snapshot s /tmp/x
	equal "$(pause s)" "" "pause before the first snapshot"
	equal "$(lunarctl snapshot s /mnt/there 2>&1 || echo $?)" \
		"lunarctl: /mnt/there exists already; choose another FILE or remove it
4" "lunarctl"
	truncate -s 0 /mnt/s.img
	must_fail snapshot s /mnt/x 2>/dev/null
	log_has "s: snapshot /mnt/x: the image was truncated: -ENODATA" || fail "no line in the log"
	loop_remove s
	mkdir -p "$CONFIGFS/core/fileio_0/off"
	logged "off: snapshot /mnt/x: the disk is not enabled" snapshot off /mnt/x
	remove_backstore off
	loop_store b "$(spare_disk 1)" "$(blockdev --getsize64 "$(spare_disk 1)")"
	logged "is a block device: only a file can be cloned" snapshot b /mnt/x
	loop_remove b
	[ ! -e /mnt/x ] || fail "a refused snapshot has left a file"
}

# no_reflink FS MKFS-OPTION...
no_reflink()
{
	"mkfs.$1" -q "${@:2}" "$(spare_disk 1)"
	mkdir -p /mnt/plain
	mount "$(spare_disk 1)" /mnt/plain
	loop_store p /mnt/plain/p.img 8M
	logged "p: snapshot /mnt/plain/x: the filesystem cannot share blocks of files: -EOPNOTSUPP" \
		snapshot p /mnt/plain/x
	equal "$(find /mnt/plain -type f)" /mnt/plain/p.img "files"
	loop_remove p
	umount /mnt/plain
	ok "$1 without reflink"
}

# after_power_cut FS: a snapshot that has returned is stable.
after_power_cut()
{
	local below size table image=/mnt/plain/c.img

	below=$(spare_disk 1)
	size=$(blockdev --getsz "$below")
	modprobe dm-flakey
	dm_create cut "0 $size linear $below 0"
	"mkfs.$1" -q -f "$(dm_device cut)"
	mount "$(dm_device cut)" /mnt/plain
	loop_store c $image 8M
	dd if=/dev/urandom of="$(loop_disk c)" oflag=direct bs=1M count=8 status=none
	snapshot c $image.snap
	# Nothing that is written from here on is on the device.
	for table in "flakey $below 0 0 3600 1 drop_writes" "linear $below 0"; do
		dmsetup suspend --nolockfs --noflush --noudevsync cut
		dmsetup load cut --table "0 $size $table"
		dmsetup resume --noudevsync cut
		[[ $table == flakey* ]] || break
		cp $image /tmp/image
		loop_remove c
		umount /mnt/plain
		blockdev --flushbufs "$(dm_device cut)"
	done
	mount "$(dm_device cut)" /mnt/plain
	cmp /tmp/image $image.snap || fail "$1: the snapshot is not what it was before the power cut"
	umount /mnt/plain
	rm /tmp/image
	dmsetup remove --retry --noudevsync cut
	ok "$1: a snapshot is there after a power cut"
}

run()
{
	local disk

	disk=$(spare_disk 0)
	backstore_load
	mkfs.xfs -q -f "$disk"
	mount "$disk" /mnt
	defer umount /mnt
	under_load /mnt/a.img ext4 ""
	owner /mnt/o.img fd_async_io=1
	refusals
	no_reflink ext4 -F
	no_reflink xfs -f -m reflink=0
	after_power_cut xfs
	umount /mnt
	mkfs.btrfs -q -f "$disk"
	mount "$disk" /mnt
	under_load /mnt/a.img xfs fd_buffered_io=1
	owner /mnt/o.img
	touch /mnt/nocow.img
	chattr +C /mnt/nocow.img
	owner /mnt/nocow.img
	mkdir -p /mnt/plain
	after_power_cut btrfs
	ok "the clone has owner and permissions of the image, also without copy on write"
}
