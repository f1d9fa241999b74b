/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * lunar_file.h - what lunar_file.ko and those who configure it agree on. Only
 * macros, so that it compiles alone in C99 and in C++, in the kernel and
 * outside.
 *
 * Keys of core/<name>_<N>/<disk>/control, "key=value", separated by commas or
 * newlines, before enable is set. They are those of the in-kernel fileio, for
 * targetcli and rtslib know no others. There is no key that does nothing; an
 * unknown key is refused.
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
 */
#define LUNAR_FILE_KEY_SIZE		"fd_dev_size"

/*
 * =1: start with the write cache on (WCE=1, attrib/emulate_write_cache=1).
 * Without it the disk is write-through: a write is stable when it is answered.
 */
#define LUNAR_FILE_KEY_WRITE_BACK	"fd_buffered_io"

/*
 * =1: direct I/O, asynchronous, past the page cache (O_DIRECT). Says nothing
 * about stability, which is as with the page cache: see the key above.
 */
#define LUNAR_FILE_KEY_DIRECT		"fd_async_io"

/*
 * The line of core/<name>_<N>/<disk>/info that rtslib parses, byte for byte
 * that of the in-kernel fileio: device number, path, size, mode, direct.
 */
#define LUNAR_FILE_INFO_FORMAT \
	"TCM FILEIO ID: %u        File: %s  Size: %llu  Mode: %s Async: %d\n"
#define LUNAR_FILE_MODE_THROUGH		"O_DSYNC"
#define LUNAR_FILE_MODE_BACK		"Buffered-WCE"

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

#endif /* _UAPI_LUNAR_FILE_H */
