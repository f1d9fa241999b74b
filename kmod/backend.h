/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lunar_iscsi and lunar_file tell each other. Each module works without
 * the other; nothing here is a symbol dependency.
 */
#ifndef LUNAR_BACKEND_H
#define LUNAR_BACKEND_H

/*
 * Set in target_backend_ops.transport_flags_default by a backstore whose
 * execute callbacks never sleep on I/O in the caller's context. The fabric then
 * submits from its receive context; any other backstore (stock fileio sleeps
 * in vfs_iter_write()) is submitted from a workqueue. Target core uses bits 0
 * to 2 of this u8 and passes the rest through to se_device.transport_flags.
 */
#define LUNAR_TRANSPORT_NONBLOCK	0x80

#endif /* LUNAR_BACKEND_H */
