# SPDX-License-Identifier: GPL-2.0
# Sourced by the scripts in this directory: where things are, which kernels
# are meant, how to say what goes on.
# shellcheck shell=bash

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${LUNAR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lunar}
export REPO CACHE
# depmod, mke2fs and the like, for users too.
PATH=$PATH:/usr/sbin:/sbin

# The Debian kernels that everything is built for and tested on.
# shellcheck disable=SC2034 # used by those who source this file
FLAVOURS=(6.1 6.12)

# Those with sanitizers, see scripts/debug-kernel: out of this package, each with
# these fragments of tests/debug.
DEBUG_SOURCE=linux-source-6.12
declare -A DEBUG_KERNELS=(
	[uml]="base um debug"
	[smp]="base x86 debug"
	[kcsan]="base x86 kcsan"
)

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Run a command as root, and say so first when that means sudo.
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		say "+ sudo $*"
		sudo "$@"
	else
		die "needs root or sudo for: $*"
	fi
}

# debug_configs FLAVOUR: its fragments.
debug_configs()
{
	local name

	for name in ${DEBUG_KERNELS[$1]}; do
		printf '%s\n' "$REPO/tests/debug/$name.config"
	done
}

debug_arch()
{
	if [ "$1" = uml ]; then echo um; else echo x86_64; fi
}

# debug_kernel FLAVOUR: where the cache keeps, or would keep, it.
debug_kernel()
{
	{
		debug_configs "$1" | xargs -d '\n' grep -h CONFIG_
		dpkg-query -W "$DEBUG_SOURCE" 2>/dev/null || true
		gcc --version
	} | sha256sum | sed -E "s,(.{12}).*,$CACHE/$1-\\1,"
}

# kver 6.12: the newest release of that series whose headers are installed.
# kver uml: that of a kernel with sanitizers, once it was built.
kver()
{
	local dir

	if [ -n "${DEBUG_KERNELS[$1]:-}" ]; then
		cat "$(debug_kernel "$1")/release" 2>/dev/null || true
		return
	fi
	for dir in /lib/modules/"$1".*-amd64/build; do
		[ -e "$dir/Makefile" ] || continue
		dir=${dir%/build}
		printf '%s\n' "${dir##*/}"
	done | sed -E '/-(rt|cloud)-/d' | sort -V | tail -n 1
}

# slowness SERIES ACCEL: by what the deadlines of tests, which are for a fast machine,
# are multiplied.
slowness()
{
	if [ "$1" = smp ] || [ "$1" = kcsan ]; then
		echo 16
	elif [ "$2" = kvm ]; then
		echo 1
	else
		echo 4
	fi
}

# kernel_deb 6.1.0-9-amd64: the newest kernel package in the cache.
kernel_deb()
{
	[ ! -d "$CACHE/debs" ] ||
		find "$CACHE/debs" -name "linux-image-$1_*.deb" | sort -V | tail -n 1
}

# file_key FILE...: short hash of the contents.
file_key()
{
	cat -- "$@" | sha256sum | cut -c 1-12
}
