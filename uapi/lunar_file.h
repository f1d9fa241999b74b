/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * lunar_file.h - what lunar_file.ko and those who configure it agree on. Only
 * macros, so that it compiles alone in C99 and in C++, in the kernel and
 * outside.
 *
 * Keys of core/<name>_<N>/<disk>/control, "key=value", separated by commas or
 * newlines, before enable is set. Those that targetcli and rtslib know have the
 * names of the in-kernel fileio, fd_*. There is no key that does nothing; an
 * unknown key is refused. Afterwards only those can be written that say so.
 */
#ifndef _UAPI_LUNAR_FILE_H
#define _UAPI_LUNAR_FILE_H

/*
 * The image: absolute path of a regular file or block device that exists.
 * Without a comma, LUNAR_DISK_PATH_MAX bytes.
 */
#define LUNAR_FILE_KEY_PATH		"fd_dev_name"

/*
 * Size of the disk in bytes, a multiple of 512. Needed for a regular file: a
 * shorter file is extended (sparse), of a longer one the beginning is used.
 * For a block device it may be left out, else it must be the device's size.
 *
 * When the disk is enabled, a larger size makes it grow, and a file with it;
 * initiators get the unit attention CAPACITY DATA HAS CHANGED (06/2A/09). A
 * smaller one is refused (EINVAL). A block device that grows is noticed without.
 */
#define LUNAR_FILE_KEY_SIZE		"fd_dev_size"

/*
 * =1: start with the write cache on (WCE=1, attrib/emulate_write_cache=1).
 * Without it the disk is write-through: a write is stable when it is answered.
 */
#define LUNAR_FILE_KEY_WRITE_BACK	"fd_buffered_io"

/*
 * =1: direct I/O, asynchronous, past the page cache (O_DIRECT). Says nothing
 * about stability, which is as with the page cache: see the key above. What the
 * file cannot do that way goes through the page cache, see LUNAR_FILE_INFO_DIRECT.
 */
#define LUNAR_FILE_KEY_DIRECT		"fd_async_io"

/*
 * =1: the cache keeps its data when power fails (battery, UPS): WCE=0, and a
 * write, FUA or not, and SYNCHRONIZE CACHE are answered as soon as the data is in
 * the page cache, or with direct I/O in the disk's cache. Nothing is flushed for
 * them. Not together with the write cache.
 */
#define LUNAR_FILE_KEY_NV_CACHE		"nv_cache"

/*
 * =1: the file is opened to be read only, the disk is write-protected: WP=1, and
 * commands that would change it get 07/27/00.
 */
#define LUNAR_FILE_KEY_READ_ONLY	"ro"

/*
 * =1: the image may be that of another disk already. Without it a second disk of
 * one file or block device, by whatever path, is not enabled (EBUSY). Nor is then one of
 * a block device that is mounted or in use otherwise, and nobody else can claim it.
 */
#define LUNAR_FILE_KEY_SHARED		"shared"

/*
 * Attributes in core/<name>_<N>/<disk>/attrib besides those of target core.
 *
 * thin_threshold: percent of the filesystem of a regular file. When a write
 * leaves less than that free, each initiator gets the unit attention THIN
 * PROVISIONING SOFT THRESHOLD REACHED (06/38/07) once, within a second or two of
 * the write; and again when there has been one percent more than that. 0: never.
 */
#define LUNAR_FILE_ATTR_THIN_THRESHOLD	"thin_threshold"
#define LUNAR_FILE_THIN_THRESHOLD	5

/*
 * core/<name>_<N>/<disk>/action/snapshot: a path written here, absolute, gets a copy
 * of the image that shares its blocks (reflink: XFS, btrfs). It is crash-consistent:
 * commands that change the medium are held up while it is made, READs go on; those of
 * another disk of the same image (shared=1) are not. It must be on the filesystem of
 * the image and have a name that does not exist; owner and permissions are those of the
 * image. The name appears last, when all is stable.
 *
 * The write returns 0 when that is so, or with one line in the log: EOPNOTSUPP, a block
 * device or a filesystem that does not share blocks; EXDEV, another filesystem; EEXIST;
 * EBUSY, an earlier one has not ended; ENODEV, the disk is not enabled; EIO, data
 * was lost before; EINTR, a signal came; ETIMEDOUT, it took more than
 * LUNAR_FILE_SNAPSHOT_FLUSH seconds to flush the image, before anything was held up,
 * or commands were held up for LUNAR_FILE_SNAPSHOT_PAUSE seconds; and what the
 * filesystem says, ENOSPC and so on. With an error nothing is held up any more, and
 * there is no file of that name but one that was there; or one that is whole, if it was
 * the last flush that failed or was interrupted.
 *
 * Read, it says how many microseconds commands were held up by the latest one.
 */
#define LUNAR_FILE_ACTION_SNAPSHOT	"snapshot"
#define LUNAR_FILE_SNAPSHOT_FLUSH	20
#define LUNAR_FILE_SNAPSHOT_PAUSE	5

/*
 * The line of core/<name>_<N>/<disk>/info that rtslib parses, byte for byte
 * that of the in-kernel fileio: device number, path, size, mode, direct.
 */
#define LUNAR_FILE_INFO_FORMAT \
	"TCM FILEIO ID: %u        File: %s  Size: %llu  Mode: %s Async: %d\n"
#define LUNAR_FILE_MODE_THROUGH		"O_DSYNC"
#define LUNAR_FILE_MODE_BACK		"Buffered-WCE"

/*
 * The line after it: what a flush of the image is worth, as far as the kernel can
 * know. stable: on the medium. volatile: a filesystem in memory. ignored: a FUSE
 * server without fsync. unknown: a FUSE server, and no way to find out; or a disk
 * that is not enabled. nv_cache: nothing is flushed, by the key of that name.
 */
#define LUNAR_FILE_INFO_FLUSH		"        Flush: %s\n"
#define LUNAR_FILE_FLUSH_STABLE		"stable"
#define LUNAR_FILE_FLUSH_VOLATILE	"volatile"
#define LUNAR_FILE_FLUSH_IGNORED	"ignored"
#define LUNAR_FILE_FLUSH_UNKNOWN	"unknown"
#define LUNAR_FILE_FLUSH_NV_CACHE	"nv_cache"

/*
 * A line after it if direct I/O was asked for: how requests have to be aligned to go
 * past the page cache, in bytes. 1: as far as is known they need not. none: all go
 * through the page cache, for the file has no direct I/O, or is a block device of
 * larger blocks than attrib/block_size.
 */
#define LUNAR_FILE_INFO_DIRECT		"        Direct: %s\n"
#define LUNAR_FILE_DIRECT_NONE		"none"

/*
 * A line after it if there are any: aborted commands whose I/O the filesystem
 * has not ended yet, and how many bytes of memory that keeps.
 */
#define LUNAR_FILE_INFO_ORPHANS		"        Orphans: %u  Bytes: %llu\n"

/* INQUIRY strings: those of the in-kernel fileio, so that disks keep theirs. */
#define LUNAR_FILE_PRODUCT		"FILEIO"
#define LUNAR_FILE_REVISION		"4.0"

/* Limits that the disk reports; attrib/ can lower or raise the later three. */
#define LUNAR_FILE_SIZE_UNIT		512	/* sizes are multiples */
#define LUNAR_FILE_IO_MAX		8388608	/* bytes per READ or WRITE */
#define LUNAR_FILE_QUEUE_DEPTH		128
#define LUNAR_FILE_WRITE_SAME_MAX	65535	/* blocks */
#define LUNAR_FILE_UNMAP_MAX		262144	/* blocks per descriptor */
#define LUNAR_FILE_UNMAP_DESCRIPTORS	32
#define LUNAR_FILE_COMPARE_MAX		255	/* blocks of COMPARE AND WRITE */
#define LUNAR_FILE_COMPARE_BYTES	131072	/* and bytes */

#endif /* _UAPI_LUNAR_FILE_H */
