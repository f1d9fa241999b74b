# SPDX-License-Identifier: GPL-2.0
# What tests/kunit/run does in User Mode Linux, a test as those in tests/vm.
# shellcheck shell=bash disable=SC2034
DESCRIPTION="KUnit suites of the pure layers"
TIMEOUT=120

# insmod succeeds whatever the cases do. What they did is in debugfs as long as
# the module is there; tests/kunit/run reads it.
run()
{
	insmod /lunar/lunar_kunit.ko
	defer rmmod lunar_kunit
	cat /sys/kernel/debug/kunit/lunar-*/results
}
