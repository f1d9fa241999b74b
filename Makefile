# SPDX-License-Identifier: GPL-2.0
# lunar: an in-kernel iSCSI target. "make help" lists the targets.

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

# The kernel to build for: the running one; on a machine that has no headers
# of that (a container, say) the newest there are.
ifneq ($(wildcard /lib/modules/$(shell uname -r)/build/Makefile),)
KVER ?= $(shell uname -r)
else
KVER ?= $(shell ls -d /lib/modules/*/build/Makefile 2>/dev/null | cut -d/ -f4 | sort -V | tail -n 1)
endif
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr

# LLVM=1 on the command line reaches the kernel's make by itself.
KMAKE = $(MAKE) -C $(KDIR) M=$(CURDIR)

all: modules lunarctl

modules:
	@test -e "$(KDIR)/Makefile" || { \
		echo "no kernel headers in $(KDIR): install linux-headers-$(KVER)," \
		     "or give KVER= or KDIR=" >&2; exit 1; }
	+$(KMAKE) modules

lunarctl:
	+$(MAKE) -C userspace/lunarctl

check:
	scripts/check

# make test [K=6.1|6.12] [T=pattern]
test:
	scripts/setup
	tests/run $(if $(K),-k $(K)) $(if $(T),-t '$(T)')

# All VM tests with KASAN, lockdep and kmemleak, in User Mode Linux; K=smp those that are
# about races with the same on two CPUs, K=kcsan with KCSAN.
test-debug:
	scripts/setup
	tests/run -k $(or $(K),uml) -o build/test-debug $(if $(T),-t '$(T)')

# How many of the modules' lines that run executes: a report by file.
coverage:
	scripts/setup
	-LUNAR_COVERAGE=1 tests/run -k uml -o build/coverage $(if $(T),-t '$(T)')
	scripts/coverage build/coverage/uml

# What takes too long for "make test": K=6.1 or 6.12 or uml, T=pattern.
test-long:
	scripts/setup
	tests/run $(if $(K),-k $(K)) $(if $(T),-t '$(T)') -o build/test-long -v tests/vm/long

# Random input, first by libFuzzer to what parses it, then sessions that go wrong to
# the target with sanitizers; MINUTES (10) of each. S=seed repeats the sessions.
fuzz:
	scripts/setup
	$(MAKE) -s -C tests/fuzz all
	$(MAKE) -s -C tests/fuzz -j long SECONDS=$$(($(or $(MINUTES),10) * 60))
	scripts/debug-kernel prepare uml >/dev/null
	LUNAR_FUZZ="$(or $(S),$$$$) $$(($(or $(MINUTES),10) * 60))s" \
		tests/run -k uml -o build/fuzz/sessions -t 290-fuzz

# Everything at once for MINUTES (180), with data verified; 20 is the short form.
soak:
	scripts/setup
	tests/soak/run -k $(or $(K),6.12) -m $(or $(MINUTES),180) $(if $(S),-s $(S))

# 26 kills on each kernel, then the log replayed; S=seed repeats a run.
power-cut:
	scripts/setup
	for k in $(or $(K),6.1 6.12); do \
		scripts/vm hold tests/host/power/power-cut -k $$k -n 25 -r 40 $(if $(S),-s $(S)) || exit; \
	done

# Modes by filesystems by transports, with more data than test-long writes.
matrix:
	scripts/setup
	LUNAR_FULL=1 tests/run $(if $(K),-k $(K)) -v tests/vm/long -t 185-matrix

# make bench [K=6.1|6.12] [T=pattern] [MODE=icount|smp|kvm] [FULL=1]: see
# "tests/bench/run -h".
bench:
	scripts/setup
	tests/bench/run $(if $(K),-k $(K)) $(if $(T),-t '$(T)') $(if $(MODE),-m $(MODE)) \
		$(if $(FULL),-F)

demo:
	scripts/setup
	scripts/demo $(if $(K),-k $(K))

install: install-lunarctl
	+$(KMAKE) INSTALL_MOD_DIR=updates modules_install
	+$(MAKE) install-conf

install-lunarctl: lunarctl
	+$(MAKE) -C userspace/lunarctl install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

install-conf:
	install -D -m 644 scripts/modprobe-lunar.conf $(DESTDIR)/etc/modprobe.d/lunar.conf

# The sources for dkms, and nothing else of the checkout.
dkms-tree:
	rm -rf $(DESTDIR)/usr/src/lunar-$(VERSION)
	install -d $(DESTDIR)/usr/src/lunar-$(VERSION)
	find dkms.conf Kbuild Makefile kmod uapi scripts/modprobe-lunar.conf \
		\( -name '*.[ch]' ! -name '*.mod.c' -o -name Kbuild -o -name Makefile -o -name '*.conf' \) \
		-exec cp --parents -t $(DESTDIR)/usr/src/lunar-$(VERSION) {} +

# Forced, each for itself: the sources of a version may be others than the last time.
# The aliases come last: without lunar's modules they would leave this machine without any.
dkms-install: dkms-tree install-lunarctl
	dkms build --force lunar/$(VERSION)
	dkms install --force lunar/$(VERSION)
	+$(MAKE) install-conf

dkms-uninstall:
	rm -f /etc/modprobe.d/lunar.conf
	+$(MAKE) -C userspace/lunarctl uninstall PREFIX=$(PREFIX)
	dkms remove lunar/$(VERSION) --all
	rm -rf /usr/src/lunar-$(VERSION)

clean-modules:
	+test ! -e "$(KDIR)/Makefile" || $(KMAKE) clean

clean: clean-modules
	+$(MAKE) -C userspace/lunarctl clean
	rm -rf build

help:
	@echo 'all             modules and lunarctl'
	@echo 'modules         both modules, in place (KVER=release or KDIR=directory)'
	@echo 'lunarctl        the configurator'
	@echo 'check           coding style and static checks'
	@echo 'test            all tests; K=6.1 or K=6.12 one kernel, T=pattern some tests'
	@echo 'test-debug      KUnit and all VM tests under KASAN, lockdep and kmemleak; K=smp'
	@echo '                some on two CPUs, K=kcsan under KCSAN; T='
	@echo 'coverage        lines of the modules that test-debug runs, by file; T='
	@echo 'test-long       10,000 sessions, bad links, quotas, slow disks; K=, T='
	@echo 'fuzz            random input for MINUTES=10, S=seed repeats the sessions'
	@echo 'soak            everything at once, for hours (K=6.1|6.12|uml, MINUTES=180, S=seed)'
	@echo 'power-cut       kill a VM at random moments, look for lost writes (K=, S=seed)'
	@echo 'matrix          fio verify: every mode, filesystem and transport; K='
	@echo 'bench           measure lunar beside stock LIO and others; K=, T=pattern,'
	@echo '                MODE=icount|smp|kvm, FULL=1'
	@echo 'demo            export a disk from a throw-away VM and use it'
	@echo 'install         modules, lunarctl, modprobe configuration (DESTDIR, PREFIX,'
	@echo '                INSTALL_MOD_PATH)'
	@echo 'dkms-install    the same, the modules through dkms'
	@echo 'dkms-uninstall  take the dkms modules away again'
	@echo 'clean           remove what was built'
	@echo 'LLVM=1 is passed on, for a kernel that was built with clang.'

.PHONY: all modules lunarctl check test test-debug test-long fuzz soak coverage power-cut matrix \
	bench demo install install-lunarctl install-conf \
	dkms-tree dkms-install dkms-uninstall clean clean-modules help
