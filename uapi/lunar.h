/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * lunar.h - what the kernel modules and lunarctl agree on: names, limits and
 * defaults. Only macros, so that it compiles alone in C99 and in C++, in the
 * kernel and outside.
 */
#ifndef _UAPI_LUNAR_H
#define _UAPI_LUNAR_H

#define LUNAR_VERSION			"0.1"

/*
 * Names in LIO's configfs tree. They are those of the in-kernel drivers that
 * the modules stand in for, because targetcli and rtslib look for nothing else.
 */
#define LUNAR_FABRIC_NAME		"iscsi"		/* target/iscsi */
#define LUNAR_BACKSTORE_NAME		"fileio"	/* target/core/fileio_<N> */

/*
 * The modules, and the names that target core and rtslib ask modprobe for.
 * /etc/modprobe.d/lunar.conf makes the latter aliases of the former.
 */
#define LUNAR_FABRIC_MODULE		"lunar_iscsi"
#define LUNAR_BACKSTORE_MODULE		"lunar_file"
#define LUNAR_FABRIC_ALIAS		"iscsi_target_mod"
#define LUNAR_BACKSTORE_ALIAS		"target_core_file"

/* Names. A limit counts characters, without the closing NUL. */
#define LUNAR_ISCSI_NAME_MAX		223	/* RFC 7143 4.2.7.1 */
#define LUNAR_IQN_PREFIX		"iqn.2003-01.org.linux-iscsi"
#define LUNAR_DISK_NAME_MAX		63
#define LUNAR_DISK_PATH_MAX		255	/* the control attribute keeps no more */

/* Logical units and portals. rtslib maps no LUN above 255. */
#define LUNAR_LUN_MAX			255
#define LUNAR_BLOCK_SIZE_DEFAULT	512
#define LUNAR_PORTAL_PORT_DEFAULT	3260

/*
 * Connections that have not logged in, and discovery sessions: how many at a
 * portal, and of these how many from one address. Module parameters
 * pending_logins and pending_logins_per_address of LUNAR_FABRIC_MODULE.
 */
#define LUNAR_PENDING_LOGINS_DEFAULT	2048
#define LUNAR_PENDING_PER_ADDRESS_DEFAULT 512
#define LUNAR_PENDING_LOGINS_MIN	1
#define LUNAR_PENDING_LOGINS_MAX	65536

/* CHAP: bytes of user name and secret, of the TPG, of an ACL, of discovery. */
#define LUNAR_CHAP_USER_MAX		255
#define LUNAR_CHAP_SECRET_MIN		12	/* RFC 7143 9.2.1: 96 bits */
#define LUNAR_CHAP_SECRET_MAX		255

/*
 * auth/users: more users besides auth/userid, of the TPG, of an ACL, of
 * discovery. "NAME SECRET" written to it adds one or changes its secret,
 * "-NAME" takes one away; it shows names only. Bytes for all lines together.
 */
#define LUNAR_CHAP_USERS_SIZE		2048

/* What an attribute of a text shows, and takes, when it is not set. */
#define LUNAR_AUTH_UNSET		"NULL"

/*
 * attrib/allowed_addresses and attrib/denied_addresses of the TPG and of an
 * ACL: addresses and subnets ("192.0.2.7,10.0.0.0/8 2001:db8::/32"). Who is
 * denied does not log in, nor does who is not allowed where there is a list of
 * the allowed. Bytes of a list.
 */
#define LUNAR_ACCESS_LIST_MAX		511

/*
 * attrib/redirect of the TPG: "temporary ADDRESS:PORT" or "permanent ...",
 * where logins are sent instead, but for those that are there already.
 */
#define LUNAR_REDIRECT_TEMPORARY	"temporary"
#define LUNAR_REDIRECT_PERMANENT	"permanent"

/*
 * logout_request of the TPG and of a portal, write only: asks the initiators
 * to log out within so many seconds, after which they are dropped.
 */
#define LUNAR_LOGOUT_TIME_MAX		3600

/*
 * The fabric's own name: what target core records in persistent reservation
 * and ALUA files. It differs from LUNAR_FABRIC_NAME, the directory, because
 * target core unregisters a fabric by this name and must not find another's.
 */
#define LUNAR_FABRIC_ID			"lunar"

/* attrib/: default, smallest and largest value. */
#define LUNAR_LOGIN_TIMEOUT_DEFAULT	15	/* seconds */
#define LUNAR_LOGIN_TIMEOUT_MIN		5
#define LUNAR_LOGIN_TIMEOUT_MAX		30
#define LUNAR_CMDSN_DEPTH_DEFAULT	256	/* commands */
#define LUNAR_CMDSN_DEPTH_MIN		1
#define LUNAR_CMDSN_DEPTH_MAX		512

/*
 * acls/<name>/attrib/, in seconds: how long data of a WRITE may be kept back, and
 * how many times that; how long an initiator may be silent before it is pinged
 * (0: for ever), and how long it then has to answer.
 */
#define LUNAR_DATAOUT_TIMEOUT_DEFAULT	3
#define LUNAR_DATAOUT_TIMEOUT_MIN	2
#define LUNAR_DATAOUT_TIMEOUT_MAX	60
#define LUNAR_DATAOUT_RETRIES_DEFAULT	5
#define LUNAR_DATAOUT_RETRIES_MIN	1
#define LUNAR_DATAOUT_RETRIES_MAX	15
#define LUNAR_NOPIN_TIMEOUT_DEFAULT	15
#define LUNAR_NOPIN_TIMEOUT_MIN		3
#define LUNAR_NOPIN_TIMEOUT_MAX		60
#define LUNAR_NOPIN_RESPONSE_DEFAULT	30
#define LUNAR_NOPIN_RESPONSE_MIN	3
#define LUNAR_NOPIN_RESPONSE_MAX	60

#endif /* _UAPI_LUNAR_H */
