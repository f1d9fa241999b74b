# SPDX-License-Identifier: GPL-2.0
# A disk below that fails writes: no write that was answered GOOD as stable is
# missing afterwards, the cached one that is lost is owned up to.
# shellcheck shell=bash
DESCRIPTION="failing writes below: nothing answered GOOD is lost, errors are not forgotten"
GROUP=backstore
TIMEOUT=120
ALLOW_LOG='Buffered I/O error on dev dm-'

needs()
{
	needs_lunar_file
	modprobe -a dm-flakey dm-delay || skip "no dm-flakey in this kernel"
}

# flaky up|down|none: the device works, fails writes, fails all.
flaky()
{
	local sectors=131072 table

	case $1 in
	up) table="0 $sectors linear $below 0" ;;
	down) table="0 $sectors flakey $below 0 0 3600 1 error_writes" ;;
	none) table="0 $sectors error" ;;
	esac
	dmsetup suspend --nolockfs --noflush --noudevsync flaky
	dmsetup load flaky --table "$table"
	dmsetup resume --noudevsync flaky
}

# 32 writers, each with its own blocks, while the device fails and recovers.
# Prints the block numbers that were answered GOOD, the last time each.
cat >/tmp/writers.py <<'END'
import mmap, os, subprocess, sys, threading, time
disk, seconds, flip = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
begin = time.monotonic()
stop = threading.Event()
state = {}
outcome = {"good": 0, "failed": 0}
lock = threading.Lock()
def writer(n):
    fd = os.open(disk, os.O_WRONLY | os.O_DIRECT)
    buf = mmap.mmap(-1, 4096)
    turn = 0
    while not stop.is_set():
        block = n * 64 + turn % 64
        turn += 1
        text = b"%d %d\n" % (block, turn)
        buf[:] = text.ljust(4096, b".")
        try:
            os.pwrite(fd, buf, block * 4096)
            state[block] = text
            word = "good"
        except OSError:
            state[block] = None     # either may be there
            word = "failed"
        with lock:
            outcome[word] += 1
threads = [threading.Thread(target=writer, args=(n,)) for n in range(32)]
for t in threads:
    t.start()
turn = 0
# A busy machine takes longer until both was seen.
while True:
    subprocess.run(["bash", "-c", flip[turn % 2]], check=True)
    turn += 1
    time.sleep(0.2)
    took = time.monotonic() - begin
    if took > 10 * seconds or (took > seconds and outcome["good"] and outcome["failed"]):
        break
stop.set()
for t in threads:
    t.join()
with open("/tmp/state", "w") as out:
    for block, text in state.items():
        out.write("%d %s\n" % (block, text.decode().strip() if text else "-"))
print("%(good)d writes good, %(failed)d failed" % outcome)
sys.exit(not outcome["good"] or not outcome["failed"])
END

# What was answered GOOD is on the device below.
check_state()
{
	python3 - "$below" <<-'END'
	import mmap, os, sys
	fd = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
	buf = mmap.mmap(-1, 4096)
	good = bad = failed = 0
	for line in open("/tmp/state"):
	    block, text = line.rstrip("\n").split(" ", 1)
	    if text == "-":
	        failed += 1
	        continue
	    os.preadv(fd, [buf], int(block) * 4096)
	    if bytes(buf[:]).startswith(text.encode() + b"\n"):
	        good += 1
	    else:
	        bad += 1
	        print("block %s: not '%s' but '%s'" % (block, text, bytes(buf[:16])))
	print("%d blocks found, %d whose last write failed, %d LOST" % (good, failed, bad))
	sys.exit(bad != 0 or not good)
	END
}

stable_writes()
{
	local disk dump found

	loop_store e "$above" 64M "$1"
	disk=$(loop_disk e)
	declare -f flaky >/tmp/flaky.sh
	dump="below=$below; . /tmp/flaky.sh; flaky"
	python3 /tmp/writers.py "$disk" 6 "$dump down" "$dump up" ||
		fail "'$1': the device did not both fail and work, nothing was tested"
	flaky up
	found=$(check_state) ||
		fail "'$1': writes that were answered GOOD are lost: ${found##*$'\n'}"
	echo "$found"
	# every write was answered truthfully, so there is nothing to own up to
	sg_sync "$disk" || fail "'$1': SYNCHRONIZE CACHE fails although nothing is lost"
	loop_remove e
	ok "'$1': 32 writers over a device that fails on and off"
}

# caw SG: of block 0, zeros as they are.
caw()
{
	sg_compare_and_write --in=/tmp/caw --lba=0 --num=1 --xferlen=1024 "$1"
}

# COMPARE AND WRITE has a flush of its own. An error is told to who it concerns, by either
# flush, and not once more by the other.
locks()
{
	local sg

	loop_store e "$above" 64M
	sg=$(loop_sg e)
	head -c 4096 /dev/urandom >/tmp/data
	head -c 1024 /dev/zero >/tmp/caw
	write10 "$sg" /dev/zero 0 8 2>/dev/null
	caw "$sg" || fail "COMPARE AND WRITE"
	flaky down
	expect_sense "Medium Error" "Write error" caw "$sg"
	flaky up
	write10 "$sg" /tmp/data 8 8 2>/dev/null || fail "a WRITE after that"
	caw "$sg" || fail "COMPARE AND WRITE after that"
	flaky down
	expect_sense "Medium Error" "Write error" write10 "$sg" /tmp/data 16 8
	flaky up
	caw "$sg" || fail "COMPARE AND WRITE after a WRITE"
	write10 "$sg" /tmp/data 16 8 2>/dev/null || fail "a WRITE after a WRITE"
	loop_remove e
	ok "a failed COMPARE AND WRITE is told, once"
}

cached_write()
{
	local sg

	loop_store e "$above" 64M fd_buffered_io=1
	sg=$(loop_sg e)
	head -c 4096 /dev/urandom >/tmp/data
	write10 "$sg" /tmp/data 0 8 2>/dev/null
	flaky down
	expect_sense "Medium Error" "Write error" sg_sync "$sg"
	flaky up
	expect_sense "Medium Error" "Write error" sg_sync "$sg"
	log_has "SYNCHRONIZE CACHE fails until" || fail "no log line about the lost data"
	write10 "$sg" /tmp/data 8 8 2>/dev/null
	write10 "$sg" /tmp/data 8 8 fua 2>/dev/null
	loop_remove e
	ok "a failed flush of cached data is not forgotten"

	# the cache is turned off by MODE SELECT, which flushes
	loop_store e "$above" 64M fd_buffered_io=1
	sg=$(loop_sg e)
	write10 "$sg" /tmp/data 0 8 2>/dev/null
	printf '\0\0\0\0\x08\x12\0\0\0\0\0\0\0\0\0\0\x20\0\0\0\0\0\0\0' >/tmp/list
	flaky down
	expect_sense "Medium Error" "Write error" sg_raw -s 24 -i /tmp/list "$sg" 15 10 00 00 18 00
	flaky up
	equal "$(caching_page "$sg")" "wce=0 dpofua=1"
	expect_sense "Medium Error" "Write error" sg_sync "$sg"
	loop_remove e
	ok "a cache turned off by MODE SELECT: its failed flush is told"

	# nobody flushes: the background writeback fails, the next write tells
	loop_store e "$above" 64M fd_buffered_io=1
	sg=$(loop_sg e)
	write10 "$sg" /tmp/data 16 8 2>/dev/null
	flaky down
	sync || true
	flaky up
	expect_sense "Medium Error" "Write error" write10 "$sg" /tmp/data 24 8
	write10 "$sg" /tmp/data 24 8 2>/dev/null
	expect_sense "Medium Error" "Write error" sg_sync "$sg"
	loop_remove e
	loop_store e "$above" 64M fd_buffered_io=1
	sg_sync "$(loop_sg e)" || fail "the new disk inherits the error of the old"
	loop_remove e
	ok "a failed background writeback is told to the next write and to each flush"
}

slow_read()
{
	dmsetup status slow | grep -q ' delay 1 '
}

# reported_to_another: a cached write takes long, for the block at its end has to be
# read first and the device is slow there. What it has written already is lost in
# background writeback, and a FUA write is told of that. Nothing was answered from
# the cache before.
reported_to_another()
{
	local sg disk pid status=0

	dm_create slow "0 65536 linear $(dm_device flaky) 0
65536 8 delay $below 65536 $((3000 * LUNAR_FACTOR)) $below 65536 0 $below 65536 0
65544 65528 linear $below 65544"
	disk=$(dm_device slow)
	echo 3 >/proc/sys/vm/drop_caches
	loop_store e "$disk" 64M fd_buffered_io=1
	sg=$(loop_sg e)
	head -c $((65 * 512)) /dev/urandom >/tmp/data
	write10 "$sg" /tmp/data $((65536 - 64)) 65 >/tmp/out 2>&1 &
	pid=$!
	wait_for 10 slow_read
	flaky down
	sync "$disk" || true
	must_fail write10 "$sg" /tmp/data 0 8 fua 2>/dev/null
	flaky up
	kill -0 $pid || fail "the slow write was too fast, nothing was tested"
	wait $pid || status=$?
	if [ $status = 0 ]; then
		sg_sync "$sg" 2>/dev/null && fail "a cached write was lost, and nobody owns up to it"
	else
		grep -qi "medium error" /tmp/out || fail "the write that was lost: $(cat /tmp/out)"
	fi
	loop_remove e
	dmsetup remove --retry --noudevsync slow
	ok "a loss that another command was told of: the write itself fails"
}

# nv_cache=1 flushes nothing, but does not deny a loss that it hears of.
nv_cache()
{
	local sg

	loop_store e "$above" 64M nv_cache=1
	sg=$(loop_sg e)
	head -c 4096 /dev/urandom >/tmp/data
	write10 "$sg" /tmp/data 32 8 2>/dev/null
	sg_sync "$sg"
	flaky down
	sync || true
	flaky up
	expect_sense "Medium Error" "Write error" write10 "$sg" /tmp/data 40 8
	write10 "$sg" /tmp/data 40 8 2>/dev/null
	expect_sense "Medium Error" "Write error" sg_sync "$sg"
	loop_remove e
	ok "nv_cache=1: a failed background writeback is told"
}

# COMPARE AND WRITE that fails in its write, then in its read: the next one is
# not held up, and core does not warn.
compare_and_write()
{
	local disk sg i

	loop_store e "$above" 64M "$1"
	disk=$(loop_disk e)
	sg=$(loop_sg e)
	dd if=/dev/zero of="$disk" bs=4096 count=1 oflag=direct status=none
	head -c 1024 /dev/zero >/tmp/caw
	flaky down
	for i in 1 2 3; do
		expect_sense "Medium" "write error" caw "$sg"
	done
	flaky none
	echo 3 >/proc/sys/vm/drop_caches
	for i in 1 2 3; do
		expect_sense "Medium" "read error" \
			sg_compare_and_write --in=/tmp/caw --lba=8192 --num=1 --xferlen=1024 "$sg"
	done
	flaky up
	dd if=/dev/zero of="$disk" bs=4096 count=1 oflag=direct status=none
	timeout $((20 * LUNAR_FACTOR)) sg_compare_and_write --in=/tmp/caw --lba=0 --num=1 --xferlen=1024 "$sg" ||
		fail "'$1': COMPARE AND WRITE after failed ones"
	loop_remove e
	ok "'$1': COMPARE AND WRITE that fails in its read and in its write"
}

run()
{
	below=$(spare_disk 0)
	backstore_load
	no_writeback
	dm_create flaky "0 131072 linear $below 0"
	above=$(dm_device flaky)
	locks
	cached_write
	reported_to_another
	nv_cache
	compare_and_write ""
	compare_and_write fd_async_io=1
	stable_writes ""
	stable_writes fd_async_io=1
}
