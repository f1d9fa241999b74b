# SPDX-License-Identifier: GPL-2.0
# The backstore under the kernel's own iSCSI target, and beside its own fileio:
# open-iscsi, fio verify, COMPARE AND WRITE, persistent reservations, XCOPY.
# shellcheck shell=bash
DESCRIPTION="stock iscsi_target_mod over lunar_file; two backstores in one kernel"
GROUP=backstore-iscsi
TIMEOUT=120
# As in 210: target core's EXTENDED COPY under DEBUG_OBJECTS.
ALLOW_LOG='lib/debugobjects.c:.* lookup_object_or_alloc'

needs()
{
	needs_lunar_file
}

# The alias would give us lunar_iscsi.
stock_modprobe()
{
	modprobe -C /dev/null "$1"
}

unload_stock()
{
	[ ! -d "$CONFIGFS/iscsi" ] || rmdir "$CONFIGFS/iscsi"
	# its receive threads may outlive the module, which is fatal
	wait_for 20 eval '! pgrep -x "iscsi_trx|iscsi_ttx|iscsi_np"'
	rmmod iscsi_target_mod
}

caw()
{
	head -c 512 /dev/zero | tr '\0' "$1" >/tmp/caw
	head -c 512 /dev/zero | tr '\0' "$2" >>/tmp/caw
	sg_compare_and_write --in=/tmp/caw --lba=4096 --num=1 --xferlen=1024 "${@:3}" "$dev"
}

# 40 times four writers want to move a counter on; each value is won once.
caw_race()
{
	local turn winners total=0

	dd if=/dev/zero of="$dev" bs=512 seek=4096 count=1 oflag=direct status=none
	for turn in {0..9}; do
		rm -f /tmp/won.*
		for who in 1 2 3 4; do
			(
				head -c 512 /dev/zero | tr '\0' "\\00$((turn % 8))" >"/tmp/caw.$who"
				head -c 512 /dev/zero | tr '\0' "\\00$(((turn + 1) % 8))" >>"/tmp/caw.$who"
				if sg_compare_and_write --in="/tmp/caw.$who" --lba=4096 --num=1 \
						--xferlen=1024 "$dev" >/dev/null 2>&1; then
					: >"/tmp/won.$who"
				fi
			) &
		done
		wait
		winners=$(find /tmp -maxdepth 1 -name 'won.*' | wc -l)
		equal "$winners" 1 "winners of turn $turn"
		total=$((total + 1))
	done
	ok "$total rounds of four COMPARE AND WRITE each, one winner in each"
}

data()
{
	fio --name=v --filename="$dev" --direct=1 --ioengine=libaio --iodepth=16 \
		--rw=randwrite --bsrange=512-512k --size=16M --verify=crc32c \
		--do_verify=1 --verify_fatal=1 --minimal >/dev/null
	ok "fio verify, $1"
}

run()
{
	local image=/mnt/image control dev

	modprobe configfs
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	modprobe lunar_file
	defer rmmod lunar_file
	stock_modprobe iscsi_target_mod
	mkdir "$CONFIGFS/iscsi"
	defer unload_stock
	fresh_fs xfs "$(spare_disk 0)" /mnt

	for control in "" fd_buffered_io=1 fd_async_io=1; do
		truncate -s 64M $image
		simple_target $image 64M "$control"
		discover "$PORTAL" >/dev/null
		login "$TARGET" "$PORTAL" >/dev/null
		dev=$(lun_device "$TARGET" 0)
		sg_inq "$dev" | grep -q FILEIO
		data "'$control'"
		sg_sync "$dev"

		head -c 512 /dev/zero | tr '\0' A | dd of="$dev" seek=4096 oflag=direct status=none
		several_blocks "$dev" "$dev"
		caw A B
		expect_sense Miscompare "Miscompare" caw A C
		equal "$(dd if="$dev" bs=512 skip=4096 count=1 iflag=direct status=none | tr -d B | wc -c)" 0 "bytes that are not B"
		sg_persist --out --register --param-sark=abc "$dev" >/dev/null
		sg_persist --out --reserve --param-rk=abc --prout-type=1 "$dev" >/dev/null
		sg_persist --in --read-reservation "$dev" | grep -qi 'key=0xabc' || fail "no reservation"
		sg_persist --out --clear --param-rk=abc "$dev" >/dev/null
		caw_race
		ok "COMPARE AND WRITE, persistent reservation, '$control'"

		dd if=/dev/urandom of="$dev" bs=1M count=4 oflag=direct status=none
		# where sg_xcopy looks for a disk; udev makes it elsewhere
		mkdir -p /dev/block
		ln -sf "$dev" "/dev/block/$(stat -c '%Hr:%Lr' "$dev")"
		sg_xcopy if="$dev" of="$dev" bs=512 count=8192 skip=0 seek=65536 >/tmp/out 2>&1 ||
			fail "XCOPY: $(cat /tmp/out)"
		cmp -n $((4 << 20)) "$dev" "$dev" 0 $((65536 * 512)) || fail "XCOPY copied something else"
		ok "XCOPY, '$control'"
		logout "$TARGET" "$PORTAL" >/dev/null
		remove_target "$TARGET"
		remove_backstore disk0
	done
}
