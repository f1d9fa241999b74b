# SPDX-License-Identifier: GPL-2.0
# Sourced by every VM test: work that goes on while something is made to fail.
# shellcheck shell=bash

# verified NAME FIO-ARGUMENT...: writes at random and reads it back
verified()
{
	fio --name="$1" --rw=randwrite --bsrange=4k-256k --verify=crc32c --do_verify=1 \
		--verify_fatal=1 --randrepeat=0 --minimal "${@:2}" >/tmp/fio.out 2>&1 ||
		{ cat /tmp/fio.out; fail "$1: wrong data or an error"; }
}

# load NAME IO_SIZE: the same to the initiator's disk, $dev of the test. Its commands are
# tried again without end: a connection may well break six times with the same one on it.
load()
{
	# shellcheck disable=SC2154
	echo -1 >"$(echo "/sys/block/${dev#/dev/}/device/scsi_disk/"*)/max_retries"
	verified "$1" --filename="$dev" --direct=1 --ioengine=libaio --iodepth=8 --io_size="$2" \
		--size=24M
	ok "$1"
}

# walk SEED OPTION...: rawpdu, what it says in /tmp/walk
walk()
{
	/lunar/rawpdu -p "$PORTAL" -t "$TARGET" -i "$INITIATOR" -x "$LUNAR_FACTOR" -S "$1" "${@:2}" \
		>/tmp/walk 2>&1
}

# walk_is_honest WHAT: of one that ended early; there are things that no fault excuses.
walk_is_honest()
{
	! grep -E 'wrong data|no answer|another ITT|GOOD before|StatSN|CmdSN|digest from|hangs|signal' \
		/tmp/walk || { cat /tmp/walk; fail "$1"; }
}
