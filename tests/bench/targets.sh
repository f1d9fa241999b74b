# SPDX-License-Identifier: GPL-2.0
# Sourced by guest: the targets that the bench compares. All export the same
# file, each at a port of its own, without CHAP, to anybody.
#
# A target here is NAME = PRODUCT-VARIANT; each variant has one durability:
#   write-back  a write is answered from the page cache
#   stable      a write is answered when it is on stable storage
# shellcheck shell=bash disable=SC2034 # for guest

declare -A port=([lunar]=3260 [lio]=3261 [tgt]=3262 [istgt]=3263 [scst]=3265 [floor]=3299)
declare -A durability=(
	[lunar-wb]=write-back [lunar-wt]=stable [lio-wb]=write-back [lio-wt]=stable
	[scst-wb]=write-back [scst-wt]=stable
	[tgt-rdwr]=write-back [tgt-aio]=write-back [istgt]=write-back [floor]=write-back
)
# LUN of each variant at its product's target.
declare -A lun_of=(
	[lunar-wb]=0 [lunar-wt]=1 [lio-wb]=0 [lio-wt]=1 [scst-wb]=0 [scst-wt]=1
	[tgt-rdwr]=1 [tgt-aio]=2 [istgt]=0 [floor]=0
)

iqn_of()
{
	echo "iqn.2026-01.vm.bench:$1"
}

product_of()
{
	echo "${1%%-*}"
}

# installed PRODUCT
installed()
{
	case $1 in
	lunar) [ -z "$LUNAR_STOCK" ] ;;
	lio | floor) true ;;
	tgt) command -v tgtd >/dev/null ;;
	istgt) command -v istgt >/dev/null ;;
	scst) command -v iscsi-scstd >/dev/null && { [ -e extra/iscsi-scst.ko ] || modprobe -n iscsi-scst; } ;;
	*) false ;;
	esac
}

# load_extra MODULE: of those that are not of this kernel, with what it needs of it
load_extra()
{
	local need

	for need in $(modinfo -F depends "extra/$1.ko" | tr , ' '); do
		grep -q "^$need " /proc/modules || modprobe "$need"
	done
	insmod "extra/$1.ko"
}

load_modules()
{
	local module

	modprobe configfs
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	# Not by the aliases, which would load lunar's in their place.
	modprobe -C /dev/null -a target_core_mod target_core_file iscsi_target_mod
	if [ -n "$LUNAR_STOCK" ]; then
		:
	elif [ -d modules ]; then # another build
		insmod modules/lunar_file.ko name=lunarfile
		modprobe -a libcrc32c crc32c
		insmod modules/lunar_iscsi.ko alias=lunar
	else
		modprobe lunar_file name=lunarfile
		modprobe lunar_iscsi alias=lunar
	fi
	modprobe -a iscsi_tcp sd_mod sg
	installed scst || return 0
	modprobe -a crc32c
	for module in scst scst_vdisk iscsi-scst; do
		modprobe "$module" 2>/dev/null || load_extra "$module"
	done
}

unload_modules()
{
	local module

	[ -z "$LUNAR_STOCK" ] || return 0
	rmdir $CONFIGFS/lunar
	rmmod lunar_iscsi lunar_file
}

# lio_lun DIR-OF-TPG N DIR-OF-DISK IMAGE SIZE [CONTROL]
lio_lun()
{
	mkdir -p "$3" "$1/lun/lun_$2"
	echo "fd_dev_name=$4,fd_dev_size=$5" >"$3/control"
	[ -z "${6:-}" ] || echo "$6" >"$3/control"
	echo "${3##*/}" >"$3/wwn/vpd_unit_serial"
	echo 1 >"$3/enable"
	ln -s "$3" "$1/lun/lun_$2/disk"
}

# lio_start DIR-OF-FABRIC BACKSTORE PRODUCT IMAGE SIZE: stock LIO and lunar alike.
# With $luns, as many small files are LUNs from $first_lun on.
lio_start()
{
	local tpg core=$CONFIGFS/core/$2_0 n shared=

	tpg=$CONFIGFS/$1/$(iqn_of "$3")/tpgt_1
	[ "$3" != lunar ] || shared=shared=1
	lio_lun "$tpg" 0 "$core/$3-wb" "$4" "$5" "fd_buffered_io=1${shared:+,$shared}"
	lio_lun "$tpg" 1 "$core/$3-wt" "$4" "$5" "$shared"
	for ((n = 0; n < luns; n++)); do
		[ -e "$4.$n" ] || head -c 1M /dev/zero >"$4.$n"
		lio_lun "$tpg" $((first_lun + n)) "$core/$3-small$n" "$4.$n" 1048576 fd_buffered_io=1
	done
	mkdir "$tpg/np/127.0.0.1:${port[$3]}"
	echo 0 >"$tpg/attrib/authentication"
	echo 1 >"$tpg/attrib/generate_node_acls"
	echo 1 >"$tpg/attrib/cache_dynamic_acls"
	echo 0 >"$tpg/attrib/demo_mode_write_protect"
	echo 1 >"$tpg/enable"
}

lio_stop()
{
	local tpg dir

	tpg=$CONFIGFS/$1/$(iqn_of "$3")/tpgt_1
	echo 0 >"$tpg/enable"
	for dir in "$tpg"/lun/lun_*; do
		rm "$dir/disk"
		rmdir "$dir"
	done
	rmdir "$tpg"/np/* "$tpg" "${tpg%/*}"
	rmdir "$CONFIGFS/core/$2_0/$3"-* "$CONFIGFS/core/$2_0"
}

tgt_start()
{
	local tgtadm=(tgtadm --lld iscsi) direct=1

	if [ -z "$(pidof tgtd)" ]; then
		tgtd --iscsi "portal=127.0.0.1:${port[tgt]}"
		wait_for 10 "${tgtadm[@]}" --op show --mode target
	fi
	"${tgtadm[@]}" --op new --mode target --tid 1 -T "$(iqn_of tgt)"
	"${tgtadm[@]}" --op new --mode logicalunit --tid 1 --lun 1 --bstype rdwr -b "$1"
	# It opens the file with O_DIRECT, which tmpfs of 6.1 has not.
	"${tgtadm[@]}" --op new --mode logicalunit --tid 1 --lun 2 --bstype aio -b "$1" 2>/dev/null ||
		direct=
	"${tgtadm[@]}" --op bind --mode target --tid 1 -I ALL
	[ -n "$direct" ] || missing+=" tgt-aio"
}

tgt_stop()
{
	tgtadm --lld iscsi --op delete --force --mode target --tid 1
}

istgt_start()
{
	mkdir -p /etc/istgt
	cat >/etc/istgt/istgt.conf <<-END
	[Global]
	NodeBase "iqn.2026-01.vm.bench"
	PidFile /run/istgt.pid
	AuthFile /etc/istgt/auth.conf
	DiscoveryAuthMethod None
	MaxSessions 96
	MaxConnections 1
	FirstBurstLength 262144
	MaxBurstLength 1048576
	MaxRecvDataSegmentLength 262144
	InitialR2T Yes
	ImmediateData Yes
	[UnitControl]
	AuthMethod None
	Portal UC1 127.0.0.1:3264
	Netmask 127.0.0.1
	[PortalGroup1]
	Portal DA1 127.0.0.1:${port[istgt]}
	[InitiatorGroup1]
	InitiatorName "ALL"
	Netmask ALL
	[LogicalUnit1]
	TargetName istgt
	Mapping PortalGroup1 InitiatorGroup1
	AuthMethod None
	UseDigest Auto
	UnitType Disk
	QueueDepth 64
	LUN0 Storage $1 Auto
	END
	: >/etc/istgt/auth.conf
	chmod 600 /etc/istgt/auth.conf
	istgt -c /etc/istgt/istgt.conf >/tmp/istgt.log 2>&1 || { cat /tmp/istgt.log; return 1; }
}

istgt_stop()
{
	killall istgt
	wait_for 10 no_process istgt
}

SCST=/sys/kernel/scst_tgt

scst_start()
{
	local dir lun=0 disk

	mkdir -p /var/lib/scst/pr /var/lib/scst/vdev_mode_pages
	dir=$SCST/targets/iscsi/$(iqn_of scst)
	[ -n "$(pidof iscsi-scstd)" ] || iscsi-scstd -p "${port[scst]}"
	wait_for 10 test -e $SCST/targets/iscsi/mgmt
	echo "add_target ${dir##*/}" >$SCST/targets/iscsi/mgmt
	for disk in wb wt; do
		echo "add_device $disk filename=$1;write_through=$lun" >$SCST/handlers/vdisk_fileio/mgmt
		echo "add $disk $lun" >"$dir/luns/mgmt"
		lun=$((lun + 1))
	done
	echo 1 >"$dir/enabled"
	echo 1 >$SCST/targets/iscsi/enabled
}

# Fails while there are sessions.
scst_del_target()
{
	echo "del_target $(iqn_of scst)" >$SCST/targets/iscsi/mgmt
}

scst_stop()
{
	local disk

	wait_for 10 scst_del_target
	for disk in wb wt; do
		echo "del_device $disk" >$SCST/handlers/vdisk_fileio/mgmt
	done
}

# start_target PRODUCT IMAGE SIZE
start_target()
{
	case $1 in
	lunar) lio_start lunar lunarfile lunar "$2" "$3" ;;
	lio) lio_start iscsi fileio lio "$2" "$3" ;;
	tgt) tgt_start "$2" ;;
	istgt) istgt_start "$2" ;;
	scst) scst_start "$2" ;;
	floor)
		floor "${port[floor]}" "$2" &
		floor_pid=$!
		;;
	esac
}

stop_target()
{
	case $1 in
	lunar) lio_stop lunar lunarfile lunar ;;
	lio) lio_stop iscsi fileio lio ;;
	tgt) tgt_stop ;;
	istgt) istgt_stop ;;
	scst) scst_stop ;;
	floor)
		kill "$floor_pid"
		wait "$floor_pid" || true
		;;
	esac
}
