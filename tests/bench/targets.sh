# SPDX-License-Identifier: GPL-2.0
# Sourced by guest: the targets that the bench compares. All export the same
# file, each at a port of its own, without CHAP, to anybody.
#
# A target here is NAME = PRODUCT-VARIANT; each variant has one durability:
#   write-back  a write is answered from the page cache
#   stable      a write is answered when it is on stable storage
# shellcheck shell=bash disable=SC2034 # for guest

declare -A port=([lunar]=3260 [lio]=3261 [tgt]=3262 [istgt]=3263 [floor]=3299)
declare -A durability=(
	[lunar-wb]=write-back [lunar-wt]=stable [lio-wb]=write-back [lio-wt]=stable
	[tgt-rdwr]=write-back [tgt-aio]=write-back [istgt]=write-back [floor]=write-back
)
# LUN of each variant at its product's target.
declare -A lun_of=(
	[lunar-wb]=0 [lunar-wt]=1 [lio-wb]=0 [lio-wt]=1
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
	*) false ;;
	esac
}

load_modules()
{
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
}

unload_modules()
{
	[ -z "$LUNAR_STOCK" ] || return 0
	rmdir $CONFIGFS/lunar
	rmmod lunar_iscsi lunar_file
}

# lio_start DIR-OF-FABRIC BACKSTORE PRODUCT IMAGE SIZE: stock LIO and lunar alike.
lio_start()
{
	local tpg core=$CONFIGFS/core/$2_0 n=0 dir

	tpg=$CONFIGFS/$1/$(iqn_of "$3")/tpgt_1
	for dir in "$core/$3-wb" "$core/$3-wt"; do
		mkdir -p "$dir"
		echo "fd_dev_name=$4,fd_dev_size=$5" >"$dir/control"
		[ "$n" = 1 ] || echo fd_buffered_io=1 >"$dir/control"
		echo "${dir##*/}" >"$dir/wwn/vpd_unit_serial"
		echo 1 >"$dir/enable"
		mkdir -p "$tpg/lun/lun_$n"
		ln -s "$dir" "$tpg/lun/lun_$n/disk"
		n=$((n + 1))
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
	rmdir "$CONFIGFS/core/$2_0"/*-w? "$CONFIGFS/core/$2_0"
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
	MaxSessions 64
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

# start_target PRODUCT IMAGE SIZE
start_target()
{
	case $1 in
	lunar) lio_start lunar lunarfile lunar "$2" "$3" ;;
	lio) lio_start iscsi fileio lio "$2" "$3" ;;
	tgt) tgt_start "$2" ;;
	istgt) istgt_start "$2" ;;
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
	floor)
		kill "$floor_pid"
		wait "$floor_pid" || true
		;;
	esac
}
