/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slots held by other processes, which end in every way a process can end. */
#include "common/base.h"
#include "common/slots.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/test_dir.h"

enum { MAX = 3 };

static char dir[TEST_DIR_SIZE];

static int make_dir(void **state)
{
	(void)state;
	test_dir_make(dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	test_dir_remove(dir);
	return 0;
}

/* A child that holds a slot until it is told to go. */
struct holder {
	pid_t pid;
	int go; /* an octet written to it lets the child exit */
};

static struct holder hold(const char *name)
{
	struct holder h;
	int ready[2], go[2];
	char byte = 'n';

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	h.pid = fork();
	if (h.pid == 0) {
		struct err e;

		close(go[1]);
		byte = slot_take(dir, name, MAX, &e) >= 0 ? 'y' : 'n';
		if (write(ready[1], &byte, 1) == 1)
			(void)!read(go[0], &byte, 1);
		_exit(0);
	}
	close(ready[1]);
	close(go[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	close(ready[0]);
	h.go = go[1];
	return h;
}

static void let_go(struct holder *h, int signal_number)
{
	if (signal_number)
		kill(h->pid, signal_number);
	else
		assert_int_equal(write(h->go, "x", 1), 1);
	close(h->go);
	assert_int_equal(waitpid(h->pid, NULL, 0), h->pid);
}

static void expect_busy(const char *name, unsigned max)
{
	struct err e;

	assert_int_equal(slot_take(dir, name, max, &e), -1);
	assert_int_equal(e.kind, ERR_BUSY);
	assert_non_null(strstr(e.text, name));
}

static int take(const char *name)
{
	struct err e;
	int fd = slot_take(dir, name, MAX, &e);

	assert_true(fd >= 0);
	return fd;
}

static void test_across_processes(void **state)
{
	static const int endings[] = {0, SIGTERM, SIGKILL};
	struct holder holders[MAX];

	(void)state;
	for (size_t i = 0; i < MAX; i++)
		holders[i] = hold("scrypt");
	expect_busy("scrypt", MAX);
	close(take("other")); /* another name, another limit */
	for (size_t i = 0; i < MAX; i++) {
		let_go(&holders[i], endings[i]);
		holders[i] = hold("scrypt");
		expect_busy("scrypt", MAX);
	}
	for (size_t i = 0; i < MAX; i++)
		let_go(&holders[i], 0);
	close(take("scrypt"));
}

/* Locks of open file descriptions hold within one process, too. */
static void test_within_a_process(void **state)
{
	int fds[MAX];

	(void)state;
	for (size_t i = 0; i < MAX; i++)
		fds[i] = take("within");
	expect_busy("within", MAX);
	expect_busy("within", 1);
	close(fds[1]);
	fds[1] = take("within");
	expect_busy("within", MAX);
	for (size_t i = 0; i < MAX; i++)
		close(fds[i]);
	expect_busy("within", 0);
}

/* A child that inherits the descriptor holds the slot with its parent. */
static void test_inherited(void **state)
{
	struct err e;
	int fd, go[2];
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	fd = slot_take(dir, "one", 1, &e);
	assert_true(fd >= 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		(void)!read(go[0], &byte, 1);
		_exit(0);
	}
	close(go[0]);
	close(fd);
	expect_busy("one", 1);
	close(go[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	fd = slot_take(dir, "one", 1, &e);
	assert_true(fd >= 0);
	close(fd);
}

static void test_file(void **state)
{
	char path[160];
	struct stat st;
	int fd;
	mode_t mask;

	(void)state;
	mask = umask(0007);
	fd = take("rights");
	umask(mask);
	snprintf(path, sizeof(path), "%s/rights", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
}

static void test_failures(void **state)
{
	char path[160], target[160];
	struct err e;

	(void)state;
	snprintf(path, sizeof(path), "%s/missing", dir);
	assert_int_equal(slot_take(path, "x", MAX, &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	assert_non_null(strstr(e.text, path));
	assert_non_null(strstr(e.text, "No such file"));
	snprintf(path, sizeof(path), "%s/link", dir);
	snprintf(target, sizeof(target), "%s/target", dir);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(slot_take(dir, "link", MAX, &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_across_processes),
		cmocka_unit_test(test_within_a_process),
		cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
