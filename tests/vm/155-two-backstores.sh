# SPDX-License-Identifier: GPL-2.0
# Stock target_core_file and lunar_file in one kernel, by the name parameter.
# shellcheck shell=bash
DESCRIPTION="name=: beside target_core_file; a name that is taken or bad"
GROUP=backstore-names
TIMEOUT=60

needs()
{
	needs_lunar_file
}

core=$CONFIGFS/core

unload_stock()
{
	rmmod target_core_file
}

# refused ERRNO-TEXT LOG-TEXT PARAMETER
refused()
{
	local out

	if out=$(modprobe lunar_file "$3" 2>&1); then
		fail "loads with $3"
	fi
	grep -qF "$1" <<<"$out" || fail "not '$1': $out"
	log_has "$2" || fail "no '$2' in the kernel log"
	[ ! -d /sys/module/lunar_file ] || fail "lunar_file stays after a refusal"
}

run()
{
	local dir

	modprobe configfs
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	modprobe -C /dev/null target_core_mod
	modprobe -C /dev/null target_core_file
	defer unload_stock
	refused "Device or resource busy" "name=fileio: another backstore has this name" name=fileio
	refused "Invalid argument" "name=l_file: must have 1 to 15 characters" name=l_file
	refused "Invalid argument" "name=abcdefghijklmnop: must have" name=abcdefghijklmnop
	modprobe lunar_file name=lfileio
	defer rmmod lunar_file
	mount -t tmpfs tmpfs /mnt
	defer umount /mnt
	for dir in "$core/fileio_1/stock" "$core/lfileio_1/ours"; do
		truncate -s 8M /mnt/image
		mkdir -p "$dir"
		echo fd_dev_name=/mnt/image,fd_dev_size=8388608 >"$dir/control"
		echo 1 >"$dir/enable"
		cat "$dir/info" >"/tmp/${dir##*/}"
	done
	# the line that rtslib parses, byte for byte
	equal "$(grep 'TCM FILEIO' /tmp/ours)" "$(grep 'TCM FILEIO' /tmp/stock)" "info"
	for dir in "$core/fileio_1/stock" "$core/lfileio_1/ours"; do
		rmdir "$dir" "${dir%/*}"
	done
	ok "fileio and lfileio side by side"
}
