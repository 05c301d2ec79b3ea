/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the owner's QEMU: what is left of the guest's, and what is put to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/own_qemu_words.h"

#define MAKE(...)   make((const char *const[]){__VA_ARGS__, NULL})
#define EXPECT(...) expect((const char *const[]){__VA_ARGS__, NULL})

static struct own_qemu_words own;
static struct parse_error error;

static void make(const char *const *words)
{
	size_t count = 0;

	while (words[count])
		count++;
	assert_true(own_qemu_words_make(count, words, "own.fd", &own, &error));
}

/* These words, and then those that are always put to them. */
static void expect(const char *const *words)
{
	static const char *const added[] = {"-bios",
					    "own.fd",
					    "-S",
					    "-machine",
					    "smm=off,pic=off",
					    "-accel",
					    "tcg",
					    "-display",
					    "none",
					    "-monitor",
					    "none",
					    "-chardev",
					    "socket,id=cloister-qtest,fd=3",
					    "-qtest",
					    "chardev:cloister-qtest",
					    "-qtest-log",
					    "/dev/null"};
	size_t at = 0;

	for (; words[at]; at++)
		assert_string_equal(own.word[at], words[at]);
	assert_int_equal(own.count, at + sizeof(added) / sizeof(added[0]));
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++)
		assert_string_equal(own.word[at + i], added[i]);
	assert_null(own.word[own.count]);
	own_qemu_words_free(&own);
}

/* As docs/guests.md has it, and with a quote generation service. */
static void a_guest_loses_its_protection(void **state)
{
	(void)state;
	MAKE("qemu-system-x86_64", "-machine", "q35,kernel-irqchip=split,confidential-guest-support=tdx0", "-object",
	     "tdx-guest,id=tdx0", "-accel", "kvm", "-cpu", "host", "-bios", "OVMF.fd", "-kernel", "vmlinuz", "-initrd",
	     "initrd.img", "-append", "console=ttyS0 -cpu", "-m", "512", "-serial", "stdio");
	EXPECT("qemu-system-x86_64", "-machine", "q35,kernel-irqchip=split", "-m", "512", "-serial", "null");
	MAKE("q", "-M", "q35", "--object", "{\"qom-type\": \"tdx-guest\", \"id\": \"t\"}", "-machine",
	     "confidential-guest-support=t,accel=kvm", "-S", "-enable-kvm", "-daemonize", "-smp", "2");
	EXPECT("q", "-M", "q35", "-smp", "2");
}

static void the_rest_stays(void **state)
{
	(void)state;
	MAKE("q", "-object", "memory-backend-ram,id=m,size=1G", "-object", "qom-type=tdx-guest,id=t", "-object",
	     "{\"qom-type\":\"memory-backend-ram\",\"id\":\"n\"}", "-object", "rng-random,id=u", "-device",
	     "virtio-rng-pci");
	EXPECT("q", "-object", "memory-backend-ram,id=m,size=1G", "-object",
	       "{\"qom-type\":\"memory-backend-ram\",\"id\":\"n\"}", "-object", "rng-random,id=u", "-device",
	       "virtio-rng-pci");
	MAKE("q", "-machine", "kernel=a,,b,q35,kernel-irqchip=split,append=x,,initrd=y,firmware=f");
	EXPECT("q", "-machine", "q35,kernel-irqchip=split");
	MAKE("q", "-machine", "kernel=a,,b,,", "-machine", "type=q35,,");
	EXPECT("q", "-machine", "type=q35,,");
}

/* As libvirt starts the guest of docs/guests.md. */
static void devices_lose_their_other_ends(void **state)
{
	(void)state;
	MAKE("q", "-object", "{\"qom-type\":\"secret\",\"id\":\"masterKey0\",\"file\":\"/k\"}", "-chardev",
	     "socket,id=charmonitor,path=/m,server=on,wait=off", "-object",
	     "{\"qom-type\":\"monitor-qmp\",\"id\":\"monitor\",\"chardev\":\"charmonitor\"}", "-blockdev",
	     "{\"driver\":\"file\",\"filename\":\"/s\",\"node-name\":\"libvirt-1-storage\"}", "-netdev",
	     "{\"type\":\"tap\",\"fd\":\"27\",\"id\":\"hostnet0\"}", "-chardev", "pty,id=charserial0", "-sandbox",
	     "on,spawn=deny", "-watchdog-action", "reset", "-device",
	     "{\"driver\":\"isa-serial\",\"chardev\":\"charserial0\"}");
	EXPECT("q", "-chardev", "null,id=charmonitor", "-blockdev", "driver=null-co,node-name=libvirt-1-storage",
	       "-netdev", "hubport,hubid=0,id=hostnet0", "-chardev", "null,id=charserial0", "-device",
	       "{\"driver\":\"isa-serial\",\"chardev\":\"charserial0\"}");
	MAKE("q", "-drive", "file=/a,,b,format=raw,if=none,id=d", "-drive", "/x", "-serial", "none", "-serial",
	     "unix:/s,server=on", "-monitor", "stdio", "-qmp", "unix:/q", "-display", "gtk", "-netdev",
	     "user,hostfwd=tcp::1-:2,id=n");
	EXPECT("q", "-drive", "if=none,id=d,driver=null-co", "-drive", "driver=null-co", "-serial", "none", "-serial",
	       "null", "-netdev", "hubport,hubid=0,id=n");
}

static void assert_refused(size_t count, const char *const *words, const char *where, const char *why)
{
	assert_false(own_qemu_words_make(count, words, "own.fd", &own, &error));
	assert_string_equal(error.where, where);
	assert_string_equal(error.what, why);
	assert_int_equal(own.count, 0);
}

static void ends_without_a_name_are_refused(void **state)
{
	static const char *const wrong[][3] = {
		{"q", "-chardev", "pty"},       {"q", "-chardev", "pty,id="},         {"q", "-netdev", "{\"id\":1}"},
		{"q", "-netdev", "{\"id\":"},   {"q", "-blockdev", "node-name"},      {"q", "-chardev", "pty,id=a,,b"},
		{"q", "-netdev", "user,ids=a"}, {"q", "-netdev", "{\"id\":\"a,b\"}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(3, wrong[i], wrong[i][1], "has no name by which a device finds it");
}

static const char NOT_TAKEN[] = "is not taken by --run-qemu: leave it out, or use another";

/* By some of them QEMU runs a program, or writes a file. */
static void other_options_are_refused(void **state)
{
	static const char *const wrong[] = {"-nic", "-net", "-plugin", "-trace", "-tpmdev", "disk.img", "-", "---usb"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(3, (const char *const[]){"q", wrong[i], "tap,script=/x"}, wrong[i], NOT_TAKEN);
}

static void assert_none_taken(const char *option, const char *const *arguments, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_refused(3, (const char *const[]){"q", option, arguments[i]}, arguments[i], NOT_TAKEN);
}

/* Of two types QEMU takes the last. */
static void other_objects_are_refused(void **state)
{
	static const char *const wrong[] = {
		"filter-dump,id=f,file=/x",
		"tdx-guests,id=u",
		"{\"qom-type\":\"memory-backend-file\"}",
		"{",
		"iothread,id=f,qom-type=filter-dump,file=/x",
		"qom-type=iothread,qom-type=filter-dump,id=f",
		"tdx-guest,id=t,qom-type=iothread",
		"{\"qom-type\":\"filter-dump\",\"qom-type\":\"iothread\"}",
	};

	(void)state;
	assert_none_taken("-object", wrong, sizeof(wrong) / sizeof(wrong[0]));
}

static void other_devices_are_refused(void **state)
{
	static const char *const wrong[] = {
		"uefi-vars-x64,jsonfile=/x",
		"virtio-input-host-pci,evdev=/x",
		"virtio-rng-pci,driver=usb-host",
		"id=r,driver=virtio-rng-pci",
		"{\"driver\":\"vfio-pci\",\"host\":\"01:00.0\"}",
		"nosuch",
		"",
	};

	(void)state;
	assert_none_taken("-device", wrong, sizeof(wrong) / sizeof(wrong[0]));
	MAKE("q", "-device", "driver=virtio-net-pci,romfile=", "-device", "{\"driver\":\"pcie-root-port\"}");
	EXPECT("q", "-device", "driver=virtio-net-pci,romfile=", "-device", "{\"driver\":\"pcie-root-port\"}");
}

static void options_without_an_argument_are_refused(void **state)
{
	static const char *const wrong[][2] = {{"q", "-kernel"}, {"q", "-machine"}, {"q", "-device"}};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(2, wrong[i], wrong[i][1], "has no argument");
}

static void too_many_words_are_refused(void **state)
{
	static const char *words[OWN_QEMU_WORDS_MAX];

	(void)state;
	for (size_t i = 0; i < OWN_QEMU_WORDS_MAX; i++)
		words[i] = "-usb";
	assert_true(own_qemu_words_make(OWN_QEMU_WORDS_MAX - 17, words, "own.fd", &own, &error));
	own_qemu_words_free(&own);
	assert_false(own_qemu_words_make(OWN_QEMU_WORDS_MAX - 16, words, "own.fd", &own, &error));
	assert_string_equal(error.what, "is a word too many");
	assert_int_equal(own.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_loses_its_protection),
		cmocka_unit_test(the_rest_stays),
		cmocka_unit_test(devices_lose_their_other_ends),
		cmocka_unit_test(ends_without_a_name_are_refused),
		cmocka_unit_test(other_options_are_refused),
		cmocka_unit_test(other_objects_are_refused),
		cmocka_unit_test(other_devices_are_refused),
		cmocka_unit_test(options_without_an_argument_are_refused),
		cmocka_unit_test(too_many_words_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
