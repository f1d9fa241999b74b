# SPDX-License-Identifier: GPL-2.0
# Sourced by guest and by run: what is measured. A row is
#   NAME  KIND  DURABILITY  FILESYSTEMS  FORM  HOW
# KIND fio: through open-iscsi's disk, HOW are fio's options. KIND load: by
# load over one connection, HOW are its options; these rows know what an I/O
# costs the target alone. KIND snapshot: how often lunar can take one, and for how
# long it holds up writes; HOW are options of the fio that runs meanwhile, - for none.
# DURABILITY any: all variants, for the workload does not depend on it; else only
# targets of these kinds. FORM short: in both forms.
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
	stable-4k-d1    fio   stable      ext4,xfs        short  --rw=randwrite --bs=4k --iodepth=1 --numjobs=1
	stable-4k-d8    fio   stable      ext4,xfs        full   --rw=randwrite --bs=4k --iodepth=8 --numjobs=1
	stable-4k-d32   fio   stable      ext4,xfs        short  --rw=randwrite --bs=4k --iodepth=32 --numjobs=1
	stable-1m       fio   stable      ext4,xfs        full   --rw=write --bs=1m --iodepth=8 --numjobs=1
	randrw-4k       fio   write-back  tmpfs,ext4,xfs  full   --rw=randrw --rwmixread=70 --bs=4k --iodepth=32 --numjobs=4
	db-8k           fio   write-back  tmpfs,ext4,xfs  full   --rw=randrw --rwmixread=70 --bs=8k --iodepth=16 --numjobs=4
	fua-4k-d1       fio   write-back  ext4,xfs        full   --rw=randwrite --bs=4k --sync=dsync --iodepth=1 --numjobs=1
	fua-4k-d8       fio   write-back  ext4,xfs        full   --rw=randwrite --bs=4k --sync=dsync --iodepth=8 --numjobs=1
	fua-4k-d32      fio   write-back  ext4,xfs        full   --rw=randwrite --bs=4k --sync=dsync --iodepth=32 --numjobs=1
	cold-4k         cold  any         ext4,xfs        full   --rw=randread --bs=4k --iodepth=32 --numjobs=1
	cold-1m         cold  any         ext4,xfs        full   --rw=read --bs=1m --iodepth=8 --numjobs=1
	snapshot-idle   snapshot  write-back,stable  xfs      short  -
	snapshot-load   snapshot  write-back,stable  xfs      short  --rw=randwrite --bs=4k --iodepth=32 --numjobs=4
	load-read-4k    load  any         tmpfs           short  -R -b 4096 -d 32
	load-read-4k-d1 load  any         tmpfs           full   -R -b 4096 -d 1
	load-read-1m    load  any         tmpfs           short  -b 1048576 -d 8
	load-write-4k   load  write-back  tmpfs           short  -w -R -b 4096 -d 32
	load-write-1m   load  write-back  tmpfs           short  -w -b 1048576 -d 8
	END
}
