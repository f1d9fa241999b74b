# SPDX-License-Identifier: GPL-2.0
# Included by Makefiles that compile the pure files of kmod/ on the host.
# $(KERNEL) has a link to the scsi directory of the newest kernel headers, and
# nothing else of the kernel: what tests/host/include lacks is to be an error.

KERNEL := $(TOP)/build/host/kernel
ISCSI_PROTO := $(shell ls /lib/modules/*/source/include/scsi/iscsi_proto.h \
	/lib/modules/*/build/include/scsi/iscsi_proto.h 2>/dev/null | sort -V | tail -n 1)

HOST_CFLAGS := -std=gnu11 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
	-I$(TOP)/tests/host/include -I$(TOP)/kmod -idirafter $(KERNEL)

$(KERNEL)/scsi:
	@test -n "$(ISCSI_PROTO)" || { \
		echo "no kernel headers: install a linux-headers package" >&2; exit 1; }
	@mkdir -p $(@D)
	ln -sfn $(dir $(ISCSI_PROTO)) $@
