# SPDX-License-Identifier: GPL-2.0
# Each mistake of an administrator gets an errno and one line in the kernel log
# that names the object and the value; the object can then be set up right.
# shellcheck shell=bash
DESCRIPTION="mistakes in the set-up of a disk: errno and log line"
GROUP=backstore
TIMEOUT=60

needs()
{
	needs_lunar_file
}

core=$CONFIGFS/core

lines()
{
	dmesg | grep -c 'lunar_file: '
}

# refused ERRNO TEXT FILE VALUE: writing VALUE must fail so, with one log line.
refused()
{
	local before

	before=$(lines)
	python3 - "$1" "$3" "$4" <<-'END' || fail "'$4' into ${3##*/}: not refused with $1"
	import errno, os, sys
	fd = os.open(sys.argv[2], os.O_WRONLY)
	try:
	    os.write(fd, sys.argv[3].encode())
	except OSError as e:
	    print(errno.errorcode[e.errno])
	    sys.exit(errno.errorcode[e.errno] != sys.argv[1])
	sys.exit("was taken")
	END
	equal "$(lines)" $((before + 1)) "log lines after '$4' into ${3##*/}"
	dmesg | grep 'lunar_file: ' | tail -n 1 | grep -F "$2" ||
		fail "no '$2' in: $(dmesg | grep 'lunar_file: ' | tail -n 1)"
}

# disk [CONTROL]: a fresh object "bad" with this control string, not enabled
disk()
{
	[ ! -d "$core/fileio_7/bad" ] || rmdir "$core/fileio_7/bad"
	mkdir -p "$core/fileio_7/bad"
	[ -z "${1:-}" ] || printf %s "$1" >"$core/fileio_7/bad/control"
}

enable_refused()
{
	disk "$3"
	refused "$1" "$2" "$core/fileio_7/bad/enable" 1
	equal "$(cat "$core/fileio_7/bad/enable")" 0 "enable after a refusal"
}

clean()
{
	rmdir "$core/fileio_7/bad" "$core/fileio_7" 2>/dev/null || true
}

run()
{
	local control=$core/fileio_7/bad/control ours=$core/fileio_7/bad long

	backstore_load
	defer clean
	fresh_fs ext4 "$(spare_disk 0)" /mnt
	truncate -s 8M /mnt/image
	mkdir /mnt/dir
	mkfifo /mnt/fifo
	long=/mnt/$(printf 'x%.0s' {1..300})

	disk
	refused EINVAL 'bad: control: unknown key or value "fd_dev_nam=/mnt/image"' "$control" fd_dev_nam=/mnt/image
	refused EINVAL 'bad: control: unknown key or value "fd_buffered_io=0"' "$control" fd_buffered_io=0
	refused EINVAL 'bad: control: unknown key or value "fd_async_io=yes"' "$control" fd_async_io=yes
	refused EINVAL 'bad: fd_dev_name: "image" is no absolute path' "$control" fd_dev_name=image
	refused ENAMETOOLONG 'bad: fd_dev_name: path of more than 255 bytes' "$control" "fd_dev_name=$long"
	refused EINVAL 'bad: fd_dev_size: "8M" is no number of bytes' "$control" fd_dev_size=8M
	refused EINVAL 'bad: fd_dev_size: "-512" is no number of bytes' "$control" fd_dev_size=-512
	refused EINVAL 'bad: fd_dev_size: 0 is no multiple' "$control" fd_dev_size=0
	refused EINVAL 'bad: fd_dev_size: 1000 is no multiple of 512' "$control" fd_dev_size=1000
	refused EINVAL 'bad: fd_dev_size: 18446744073709551104 is no multiple' "$control" fd_dev_size=18446744073709551104
	refused EINVAL 'bad: no fd_dev_name given' "$ours/enable" 1
	ok "control strings"

	enable_refused ENOENT 'bad: cannot find /mnt/none' fd_dev_name=/mnt/none,fd_dev_size=8388608
	[ ! -e /mnt/none ] || fail "a missing image was created"
	enable_refused EISDIR 'bad: /mnt/dir is a directory' fd_dev_name=/mnt/dir,fd_dev_size=8388608
	enable_refused EINVAL 'bad: /mnt/fifo is something else, not a file' fd_dev_name=/mnt/fifo,fd_dev_size=8388608
	enable_refused EINVAL 'bad: /dev/null is something else' fd_dev_name=/dev/null,fd_dev_size=8388608
	enable_refused EINVAL 'bad: /mnt/image is a file: fd_dev_size is needed' fd_dev_name=/mnt/image
	enable_refused EINVAL 'bytes, fd_dev_size is 8388608' "fd_dev_name=$(spare_disk 1),fd_dev_size=8388608"
	mount -o remount,ro /mnt
	enable_refused EROFS 'bad: cannot open /mnt/image to read and write' fd_dev_name=/mnt/image,fd_dev_size=8388608
	mount -o remount,rw /mnt
	enable_refused EFBIG 'bad: cannot extend /mnt/image to 9223372036854775296 bytes' \
		fd_dev_name=/mnt/image,fd_dev_size=9223372036854775296
	equal "$(stat -c %s /mnt/image)" 8388608 "size of the image"
	mount -t proc proc /mnt/dir
	enable_refused ENOTSUP 'bad: the filesystem of /mnt/dir/version lacks' \
		fd_dev_name=/mnt/dir/version,fd_dev_size=512
	umount /mnt/dir
	ok "images"

	# the object is good for another try
	printf 'fd_dev_name=/mnt/image,fd_dev_size=8388608\n' >"$control"
	echo 1 >"$ours/enable"
	refused EBUSY 'bad: control: the disk is enabled already' "$control" fd_dev_name=/dev/null
	equal "$(grep -o 'TCM FILEIO.*' "$ours/info" | sed 's/ID: [0-9]*/ID: N/')" \
		'TCM FILEIO ID: N        File: /mnt/image  Size: 8388608  Mode: O_DSYNC Async: 0' "info"
	must_fail eval "echo 1 >$ours/attrib/pi_prot_type"
	equal "$(cat "$ours/attrib/pi_prot_type")" 0 "pi_prot_type"
	must_fail rmmod lunar_file 2>/dev/null
	ok "set up right after the mistakes"

	# a shorter file is extended, a longer one is used in part
	truncate -s 1M /mnt/image
	disk fd_dev_name=/mnt/image,fd_dev_size=4194304
	echo 1 >"$ours/enable"
	equal "$(stat -c %s /mnt/image)" 4194304 "size of the extended image"
	disk fd_dev_name=/mnt/image,fd_dev_size=1048576
	echo 1 >"$ours/enable"
	equal "$(stat -c %s /mnt/image)" 4194304 "size of the longer image"
	clean
	ok "sizes"
}
