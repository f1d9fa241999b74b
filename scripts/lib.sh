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

# kver 6.12: the newest release of that series whose headers are installed.
kver()
{
	local dir

	for dir in /lib/modules/"$1".*-amd64/build; do
		[ -e "$dir/Makefile" ] || continue
		dir=${dir%/build}
		printf '%s\n' "${dir##*/}"
	done | grep -Ev -- '-(rt|cloud)-' | sort -V | tail -n 1
}

# kernel_deb 6.1.0-9-amd64: the newest kernel package in the cache.
kernel_deb()
{
	find "$CACHE/debs" -name "linux-image-$1_*.deb" 2>/dev/null |
		sort -V | tail -n 1
}

# file_key FILE...: short hash of the contents.
file_key()
{
	cat -- "$@" | sha256sum | cut -c 1-12
}
