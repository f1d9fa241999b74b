# SPDX-License-Identifier: GPL-2.0
# Sourced by guest and by run: what is measured. A row is
#   NAME  KIND  DURABILITY  FILESYSTEMS  FORM  HOW
# KIND says with what, HOW are its options:
#   fio       through open-iscsi's disk
#   cold      the same, with nothing in the page cache at first
#   libiscsi  iscsi-perf, one session
#   load      load.c; these rows know what an I/O costs the target alone
#   ats       load.c's COMPARE AND WRITEs, while another load writes 1 MiB at depth 64
#   luns      load.c over as many LUNs with a small file each
#   count     load.c once more, with copies, allocations, wakeups and skbs counted:
#             in counts.csv, not among the times
#   snapshot  how often lunar can take one, and for how long it holds up writes; HOW
#             are options of the fio that runs meanwhile, - for none. Behind all others:
#             from then on the image is in many pieces
#   idle      load.c's idle sessions, and what memory they cost: in counts.csv
# DURABILITY any: all variants, for the workload does not depend on it; else only
# targets of these kinds. FILESYSTEM block: the bare device; ext4 and xfs are on the same
# device (see make_disk()), virtiofs is only measured where time is not counted in
# instructions. FORM short: in both forms.
# shellcheck shell=bash

workloads()
{
	cat <<-END
	randread-4k     fio   any         tmpfs           short  --rw=randread --bs=4k --iodepth=32 --numjobs=4
	seqread-1m      fio   any         tmpfs           short  --rw=read --bs=1m --iodepth=8 --numjobs=4
	randwrite-4k    fio   write-back  tmpfs,ext4,xfs  short  --rw=randwrite --bs=4k --iodepth=32 --numjobs=4
	seqwrite-1m     fio   write-back  tmpfs,ext4,xfs  short  --rw=write --bs=1m --iodepth=8 --numjobs=4
	latread-4k      fio   any         tmpfs           short  --rw=randread --bs=4k --iodepth=1 --numjobs=1
	latwrite-4k     fio   write-back  tmpfs,ext4,xfs  short  --rw=randwrite --bs=4k --iodepth=1 --numjobs=1
	stable-4k-d1    fio   stable      ext4,xfs,block  short  --rw=randwrite --bs=4k --iodepth=1 --numjobs=1
	stable-4k-d8    fio   stable      ext4,xfs,block  full   --rw=randwrite --bs=4k --iodepth=8 --numjobs=1
	stable-4k-d32   fio   stable      ext4,xfs,block  short  --rw=randwrite --bs=4k --iodepth=32 --numjobs=1
	stable-1m       fio   stable      ext4,xfs,block  full   --rw=write --bs=1m --iodepth=8 --numjobs=1
	randrw-4k       fio   write-back  tmpfs,ext4,xfs  full   --rw=randrw --rwmixread=70 --bs=4k --iodepth=32 --numjobs=4
	db-8k           fio   write-back  tmpfs,ext4,xfs  full   --rw=randrw --rwmixread=70 --bs=8k --iodepth=16 --numjobs=4
	fua-4k-d1       fio   write-back  ext4,xfs,block  full   --rw=randwrite --bs=4k --sync=dsync --iodepth=1 --numjobs=1
	fua-4k-d8       fio   write-back  ext4,xfs,block  full   --rw=randwrite --bs=4k --sync=dsync --iodepth=8 --numjobs=1
	fua-4k-d32      fio   write-back  ext4,xfs,block  full   --rw=randwrite --bs=4k --sync=dsync --iodepth=32 --numjobs=1
	block-read-4k   fio   any         block           full   --rw=randread --bs=4k --iodepth=32 --numjobs=4
	block-write-4k  fio   write-back  block           full   --rw=randwrite --bs=4k --iodepth=32 --numjobs=4
	cold-4k         cold  any         ext4,xfs,block  full   --rw=randread --bs=4k --iodepth=32 --numjobs=1
	cold-1m         cold  any         ext4,xfs,block  full   --rw=read --bs=1m --iodepth=8 --numjobs=1
	share-read-4k   fio   any         virtiofs        full   --rw=randread --bs=4k --iodepth=32 --numjobs=4
	share-write-4k  fio   write-back  virtiofs        full   --rw=randwrite --bs=4k --iodepth=32 --numjobs=4
	share-stable-4k fio   stable      virtiofs        full   --rw=randwrite --bs=4k --iodepth=32 --numjobs=1
	libiscsi-4k     libiscsi any      tmpfs           full   -r -b 8 -m 32
	libiscsi-1m     libiscsi any      tmpfs           full   -b 2048 -m 8
	load-read-4k    load  any         tmpfs           short  -R -b 4096 -d 32
	load-read-4k-d1 load  any         tmpfs           full   -R -b 4096 -d 1
	load-read-1m    load  any         tmpfs           short  -b 1048576 -d 8
	load-write-4k   load  write-back  tmpfs           short  -w -R -b 4096 -d 32
	load-write-1m   load  write-back  tmpfs           short  -w -b 1048576 -d 8
	sess1-read-4k   load  any         tmpfs           full   -R -b 4096 -d 64 -c 1
	sess8-read-4k   load  any         tmpfs           full   -R -b 4096 -d 8 -c 8
	sess64-read-4k  load  any         tmpfs           full   -R -b 4096 -d 1 -c 64
	sess8-write-4k  load  write-back  tmpfs           full   -w -R -b 4096 -d 8 -c 8
	sess64-write-4k load  write-back  tmpfs           full   -w -R -b 4096 -d 1 -c 64
	luns1-read-4k   luns  any         tmpfs           full   -R -b 4096 -d 32 -L 1
	luns100-read-4k luns  any         tmpfs           full   -R -b 4096 -d 32 -L 100
	luns500-read-4k luns  any         tmpfs           full   -R -b 4096 -d 32 -L 500
	ats-wb          ats   write-back  xfs             short  -a 32 -c 4 -b 512
	ats-wt          ats   stable      xfs             full   -a 32 -c 4 -b 512
	snapshot-idle   snapshot  write-back,stable  xfs      short  -
	snapshot-load   snapshot  write-back,stable  xfs      short  --rw=randwrite --bs=4k --iodepth=32 --numjobs=4
	count-read-4k   count any         tmpfs           short  -R -b 4096 -d 32
	count-read-1m   count any         tmpfs           short  -b 1048576 -d 8
	count-write-4k  count write-back  tmpfs           short  -w -R -b 4096 -d 32
	count-write-1m  count write-back  tmpfs           short  -w -b 1048576 -d 8
	idle-session    idle  any         tmpfs           short  -c 256
	END
}

# selected FORM PATTERN: the rows that are wanted. The form tiny, for the test of the
# bench itself, has one of each kind, on one filesystem.
selected()
{
	local name kind wanted fss forms how kinds=

	while read -r name kind wanted fss forms how; do
		[[ $name == *$2* && ($1 != short || $forms = short) ]] || continue
		if [ "$1" = tiny ]; then
			[[ " $kinds " != *" $kind "* && $fss != virtiofs ]] || continue
			kinds+=" $kind"
			fss=${fss%%,*}
		fi
		echo "$name $kind $wanted $fss $forms $how"
	done < <(workloads)
}
