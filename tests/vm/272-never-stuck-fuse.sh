# SPDX-License-Identifier: GPL-2.0
# The same as 270 with a filesystem in user space whose server is stopped: there
# workers hang in the filesystem, with pages of the page cache locked.
# shellcheck shell=bash disable=SC2034 # used by lib/stuck.sh
DESCRIPTION="a FUSE server that hangs: pings, task management, reinstatement, removal"
SANITIZERS=uml
GROUP=proto
TIMEOUT=300

needs()
{
	[ -z "$LUNAR_STOCK" ] || skip "for lunar"
	modprobe fuse 2>/dev/null || true
	[ -c /dev/fuse ] || skip "no FUSE in this kernel"
}

fuse_end()
{
	release
	umount /mnt/fuse
	umount -l /mnt/below
}

run()
{
	local server

	lunar_load
	mkdir -p /mnt/below /mnt/fuse
	mount -t tmpfs tmpfs /mnt/below
	truncate -s 64M /mnt/below/image
	python3 /lunar/lib/fuse.py /mnt/fuse /mnt/below/image </dev/null >/dev/null 2>&1
	server=$(pgrep -f 'fuse.py /mnt/fuse')
	HOLD="echo 1 >/proc/sys/vm/drop_caches; kill -STOP $server"
	RELEASE="kill -CONT $server"
	defer fuse_end
	truncate -s 32M /tmp/calm.img
	defer rm -f /tmp/stuck.out /tmp/calm.img /tmp/removed /tmp/removal.out
	backstore calm /tmp/calm.img 32M
	backstore stuck /mnt/fuse/image 64M
	stuck_target fileio_0 stuck
	stuck_cases 1 -O 'stuck-*' tmf-idle tmf-race
	ok "write-through"
	removals
}
