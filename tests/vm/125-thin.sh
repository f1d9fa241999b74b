# SPDX-License-Identifier: GPL-2.0
# Space that runs low, and quota: what initiators hear of it.
# shellcheck shell=bash
DESCRIPTION="06/38/07 once when free space falls below the threshold; quota is 07/27/07"
GROUP=backstore
TIMEOUT=60
ALLOW_LOG='Thin Provisioning soft threshold'

needs()
{
	needs_lunar_file
}

tur()
{
	sg_raw "$1" 00 00 00 00 00 00
}

told()
{
	local out

	out=$(tur "$1" 2>&1) && return 1
	grep -qi 'unit attention' <<<"$out" && grep -qi 'soft threshold' <<<"$out"
}

fill_to()
{
	local avail size

	read -r size avail < <(df --output=size,avail -B1 /mnt | tail -n 1)
	fallocate -l $((avail - size * $1 / 100)) "/mnt/ballast$1"
}

threshold()
{
	local a b

	attrib_refused 100
	attrib_refused -1
	attrib_refused x
	equal "$(attrib t thin_threshold)" 5 "default of thin_threshold"
	attrib t thin_threshold 20
	loop_nexus second t
	a=$(loop_sg t)
	b=$(loop_lun second 0)
	write10 "$a" /tmp/data 0 8 2>/dev/null
	sleep_past_look
	tur "$a" 2>/dev/null || fail "a unit attention although there is space"
	fill_to 15
	write10 "$a" /tmp/data 8 8 2>/dev/null
	wait_for 10 told "$a"
	wait_for 10 told "$b"
	# once, as long as it stays low
	write10 "$a" /tmp/data 16 8 2>/dev/null
	sleep_past_look
	tur "$a" 2>/dev/null || fail "told twice"
	tur "$b" 2>/dev/null || fail "the other told twice"
	# space comes back and goes again
	rm /mnt/ballast15
	write10 "$a" /tmp/data 24 8 2>/dev/null
	sleep_past_look
	tur "$a" 2>/dev/null || fail "told that there is space"
	fill_to 10
	write10 "$a" /tmp/data 32 8 2>/dev/null
	wait_for 10 told "$b"
	wait_for 10 told "$a"
	rm /mnt/ballast10
	log_has "has less than 20 percent free" || fail "no line in the kernel log"
	loop_nexus_remove second
	ok "soft threshold"
}

# The module looks a second after a write: an event that does not come has no
# other sign than that more than that has passed.
sleep_past_look()
{
	sleep $((2 * LUNAR_FACTOR))
}

attrib_refused()
{
	must_fail attrib t thin_threshold "$1"
}

# A file of a user with a quota: the blocks run out for it alone.
quota()
{
	local disk=$1 sg lba status=0

	umount /mnt
	mkfs.xfs -q -f "$disk"
	if ! mount -o uquota "$disk" /mnt; then
		mount "$disk" /mnt
		echo "no quota in this kernel"
		return
	fi
	truncate -s 64M /mnt/quota.img
	chown 1000 /mnt/quota.img
	xfs_quota -x -c 'limit bhard=8m 1000' /mnt
	loop_store q /mnt/quota.img 64M "$2"
	sg=$(loop_sg q)
	for lba in $(seq 0 2048 131071); do
		write10 "$sg" /tmp/mib "$lba" 2048 >/tmp/out 2>&1 || { status=$?; break; }
	done
	[ $status != 0 ] || fail "64 MiB fit into a quota of 8 MiB"
	if ! grep -q 'Data Protect' /tmp/out || ! grep -q 'Space allocation failed write protect' /tmp/out; then
		fail "a quota that is used up is told as: $(cat /tmp/out)"
	fi
	cmp -n 1048576 "$(loop_disk q)" /tmp/mib || fail "the first MiB"
	xfs_quota -x -c 'limit bhard=64m 1000' /mnt
	write10 "$sg" /tmp/mib "$lba" 2048 2>/dev/null || fail "no space with a larger quota"
	loop_remove q
	rm /mnt/quota.img
	ok "quota, '$2'"
}

run()
{
	local small

	backstore_load
	head -c 4096 /dev/urandom >/tmp/data
	head -c 1048576 /dev/urandom >/tmp/mib
	dm_create small "0 655360 linear $(spare_disk 0) 0"
	small=$(dm_device small)
	mkfs.ext4 -q -F "$small"
	mount "$small" /mnt
	loop_store t /mnt/thin.img 64M
	threshold
	loop_remove t
	quota "$small" ""
	quota "$small" fd_async_io=1
	umount /mnt
}
