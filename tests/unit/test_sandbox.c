/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each row of the trust table as the kernel enforces it: a child of its own
 * enters the sandbox and tries what it may and what it may not. And the
 * kernels that lack Landlock, as a filter of the test pretends them.
 */
#include "common/base.h"
#include "common/sandbox.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/sockios.h>

#include <cmocka.h>
#include <seccomp.h>

#include "common/conf.h"
#include "common/log.h"
#include "tests/support/test_dir.h"

enum {
	RECEIVER = 1 << SANDBOX_RECEIVER,
	PROXY = 1 << SANDBOX_PROXY,
	COLLECTOR = 1 << SANDBOX_COLLECTOR,
	DIALLER = 1 << SANDBOX_DIALLER,
	LEDGER = 1 << SANDBOX_LEDGER,
	SESSION = RECEIVER | PROXY | COLLECTOR,
	TALKS = SESSION | DIALLER,
	ALL = SESSION | DIALLER | LEDGER,
	NONE = 0,
};

static char dir[TEST_DIR_SIZE];
static struct conf *conf;
/* What was there before: a socket; syslog's; two ends of a session's; the
 * parent, as a descriptor. */
static int unconnected, syslog_socket, ends[2], parent;

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
	static const char *const folders[] = {"store",
					      "run",
					      "ledger",
					      "ledger/a",
					      "store/mailboxes",
					      "store/mailboxes/a",
					      "store/mailboxes/b",
					      "store/mailboxes/a/tmp",
					      "store/mailboxes/a/cur"};
	char text[512];
	struct err e;

	(void)state;
	test_dir_make(dir);
	for (size_t i = 0; i < N_ELEMENTS(folders); i++)
		assert_int_equal(mkdir(in_dir(folders[i]), 0700), 0);
	write_file("store/format", "restante 1\n");
	write_file("store/mailboxes/a/mailbox.conf", "");
	write_file("store/mailboxes/a/tmp/ticket", "");
	write_file("store/mailboxes/a/lock", "");
	write_file("store/mailboxes/b/mailbox.conf", "");
	write_file("key.pem", "");
	write_file("outside", "");
	snprintf(text, sizeof(text),
		 "store = '%s/store'\nruntime = '%s/run'\n"
		 "tls { certificate = '%s/key.pem' key = '%s/key.pem' }\n"
		 "ledger { path = '%s/ledger' }\n",
		 dir, dir, dir, dir, dir);
	write_file("restante.conf", text);
	conf = conf_read(in_dir("restante.conf"), &e);
	assert_non_null(conf);
	unconnected = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	syslog_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	parent = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return unconnected < 0 || syslog_socket < 0 || parent < 0 ||
	       socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(unconnected);
	close(syslog_socket);
	close(parent);
	close(ends[0]);
	close(ends[1]);
	conf_free(&conf);
	test_dir_remove(dir);
	return 0;
}

/* --- what is tried: 0 where it can be done, else -1 ----------------------- */

static int open_as(const char *name, int flags)
{
	int fd = open(*name == '/' ? name : in_dir(name), flags, 0600);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static int execute(void)
{
	char *const argv[] = {(char *)"true", NULL};

	return execve("/bin/true", argv, argv + 1);
}

static int fork_off(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

static int make_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? -1 : close(fd);
}

static int make_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

/* Nobody listens there: where it may be tried, that is what it says. */
static int connect_old_socket(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/nowhere"};

	return connect(unconnected, (struct sockaddr *)&a, sizeof(a)) < 0 &&
			       errno == ENOENT
		       ? 0
		       : -1;
}

static int resolve(void)
{
	struct addrinfo *list;

	if (getaddrinfo("localhost", NULL, NULL, &list) != 0)
		return -1;
	freeaddrinfo(list);
	return 0;
}

static int trace_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0 ? -1 : 0;
}

static int read_parent(void)
{
	char here;
	struct iovec to = {&here, 1}, from = {dir, 1};

	return process_vm_readv(getppid(), &to, 1, &from, 1, 0) == 1 ? 0 : -1;
}

static int signal_parent(void)
{
	return kill(getppid(), 0);
}

static int signal_self(void)
{
	return kill(getpid(), 0);
}

static int map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static int raise_limit(void)
{
	const struct rlimit r = {4096, 4096};

	return setrlimit(RLIMIT_NOFILE, &r);
}

static int read_passwd(void)
{
	return open_as("/etc/passwd", O_RDONLY);
}

static int read_outside(void)
{
	return open_as("outside", O_RDONLY);
}

static int make_outside(void)
{
	return open_as("new", O_WRONLY | O_CREAT);
}

static int read_key(void)
{
	return open_as("key.pem", O_RDONLY);
}

static int read_settings(void)
{
	return open_as("store/mailboxes/a/mailbox.conf", O_RDONLY);
}

static int write_format(void)
{
	return open_as("store/format", O_WRONLY);
}

static int keep_message(void)
{
	char from[128];

	snprintf(from, sizeof(from), "%s/store/mailboxes/a/tmp/ticket", dir);
	return link(from, in_dir("store/mailboxes/a/cur/kept")) < 0 ||
			       unlink(in_dir("store/mailboxes/a/cur/kept")) < 0
		       ? -1
		       : 0;
}

static int write_into_mailbox(void)
{
	return open_as("store/mailboxes/a/tmp/new", O_WRONLY | O_CREAT);
}

static int remove_ticket(void)
{
	(void)write_into_mailbox();
	return unlink(in_dir("store/mailboxes/a/tmp/new"));
}

static int write_lock(void)
{
	return open_as("store/mailboxes/a/lock", O_RDWR);
}

static int write_ledger(void)
{
	int fd = open(in_dir("ledger/a/entries"), O_RDWR | O_CREAT, 0600);
	int result = pwrite(fd, "x", 1, 0) == 1 && fdatasync(fd) == 0 &&
				     ftruncate(fd, 0) == 0
			     ? 0
			     : -1;

	return fd < 0 ? -1 : close(fd) | result;
}

static int replace_checkpoint(void)
{
	char from[128];

	if (open_as("ledger/a/.new", O_WRONLY | O_CREAT) < 0)
		return -1;
	snprintf(from, sizeof(from), "%s/ledger/a/.new", dir);
	return rename(from, in_dir("ledger/a/checkpoint"));
}

static int count_failure(void)
{
	return open_as("run/failures", O_RDWR | O_CREAT);
}

static int make_a_folder(void)
{
	return mkdir(in_dir("store/mailboxes/a/folder"), 0700) < 0 ||
			       rmdir(in_dir("store/mailboxes/a/folder")) < 0
		       ? -1
		       : 0;
}

static int read_boot_id(void)
{
	return open_as("/proc/sys/kernel/random/boot_id", O_RDONLY);
}

static int signal_descriptor(void)
{
	return (int)syscall(SYS_pidfd_send_signal, parent, 0, NULL, 0);
}

static int own_a_socket(void)
{
	return fcntl(ends[0], F_SETOWN, getppid());
}

static int own_a_socket_by_ioctl(void)
{
	pid_t pid = getppid();

	return ioctl(ends[0], FIOSETOWN, &pid);
}

static int own_a_group_by_ioctl(void)
{
	pid_t pid = getppid();

	return ioctl(ends[0], SIOCSPGRP, &pid);
}

static int choose_its_signal(void)
{
	return fcntl(ends[0], F_SETSIG, SIGKILL);
}

static int ask_for_signals(void)
{
	return fcntl(ends[0], F_SETFL, O_NONBLOCK | O_ASYNC);
}

static int not_block(void)
{
	return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

static int watch_a_folder(void)
{
	int fd = open(in_dir("store/mailboxes"), O_RDONLY);

	return fd < 0 ? -1 : fcntl(fd, F_NOTIFY, DN_ACCESS);
}

static int lock_a_file(void)
{
	const struct flock f = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd = open(in_dir("store/mailboxes/a/mailbox.conf"), O_RDONLY);

	return fd < 0 ? -1 : fcntl(fd, F_OFD_SETLK, &f);
}

static int ask_for_input(void)
{
	int n;

	return ioctl(ends[0], FIONREAD, &n);
}

/* Nobody is there: where it may be tried, that is what it says. */
static int send_elsewhere(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/nowhere"};

	return sendto(syslog_socket, "x", 1, 0, (struct sockaddr *)&a,
		      sizeof(a)) < 0 &&
			       errno == ENOENT
		       ? 0
		       : -1;
}

static int send_to_the_peer(void)
{
	return send(ends[0], "x", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int keep_alive(void)
{
	const int on = 1;

	return setsockopt(ends[0], SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static int attach_a_filter(void)
{
	struct sock_filter all = {.code = BPF_RET | BPF_K, .k = 0xffff};
	const struct sock_fprog filter = {.len = 1, .filter = &all};

	return setsockopt(ends[0], SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			  sizeof(filter));
}

static int make_netlink(int protocol)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	return fd < 0 ? -1 : close(fd);
}

static int ask_for_addresses(void)
{
	return make_netlink(NETLINK_ROUTE);
}

static int hear_of_devices(void)
{
	return make_netlink(NETLINK_KOBJECT_UEVENT);
}

static int bind_a_port(void)
{
	const struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&a, sizeof(a));
}

static const struct {
	const char *name;
	int (*act)(void);
	unsigned granted;
} tries[] = {
	{"execute a program", execute, NONE},
	{"fork", fork_off, NONE},
	{"make a socket", make_socket, DIALLER},
	{"make a packet socket", make_packet_socket, NONE},
	{"connect a socket", connect_old_socket, DIALLER},
	{"resolve a name", resolve, DIALLER},
	{"trace another process", trace_parent, NONE},
	{"read another process", read_parent, NONE},
	{"signal another process", signal_parent, NONE},
	{"signal itself", signal_self, NONE},
	{"signal by a descriptor", signal_descriptor, NONE},
	{"own a socket's signals", own_a_socket, NONE},
	{"own them by FIOSETOWN", own_a_socket_by_ioctl, NONE},
	{"own them by SIOCSPGRP", own_a_group_by_ioctl, NONE},
	{"choose its signal", choose_its_signal, NONE},
	{"ask for signals", ask_for_signals, NONE},
	{"watch a folder by signals", watch_a_folder, NONE},
	{"not block", not_block, ALL},
	{"lock a file", lock_a_file, SESSION | LEDGER},
	{"ask how much there is", ask_for_input, DIALLER},
	{"send to another address", send_elsewhere, DIALLER},
	{"send to the peer", send_to_the_peer, TALKS},
	{"keep a connection alive", keep_alive, TALKS},
	{"attach a filter", attach_a_filter, DIALLER},
	{"ask for our addresses", ask_for_addresses, DIALLER},
	{"hear of devices", hear_of_devices, NONE},
	{"bind a port", bind_a_port, NONE},
	{"map code", map_code, DIALLER},
	{"raise a limit", raise_limit, NONE},
	{"read /etc/passwd", read_passwd, NONE},
	{"read outside", read_outside, NONE},
	{"write outside", make_outside, NONE},
	{"read the TLS key", read_key, SESSION},
	{"read mailbox.conf", read_settings, ALL},
	{"write the store's format", write_format, NONE},
	{"keep a message", keep_message, SESSION},
	{"write into a mailbox", write_into_mailbox, SESSION},
	{"remove a ticket", remove_ticket, SESSION},
	{"lock a mailbox against others", write_lock, SESSION},
	{"write a ledger", write_ledger, LEDGER},
	{"replace a checkpoint", replace_checkpoint, LEDGER},
	{"count a failure", count_failure, PROXY | COLLECTOR},
	{"make a folder", make_a_folder, NONE},
	{"read the boot id", read_boot_id, LEDGER},
};

/* --- each row ------------------------------------------------------------- */

static void enter(enum sandbox_row row)
{
	struct err e;

	if (sandbox_enter(row, conf, &e) < 0) {
		(void)!write(STDERR_FILENO, e.text, strlen(e.text));
		_exit(2);
	}
}

static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void row_grants_what_is_due(void **state)
{
	(void)state;
	for (enum sandbox_row row = 0; row < SANDBOX_N_ROWS; row++)
		for (size_t i = 0; i < N_ELEMENTS(tries); i++) {
			bool due = tries[i].granted & 1u << row;
			pid_t pid = fork();

			assert_true(pid >= 0);
			if (pid == 0) {
				enter(row);
				_exit(tries[i].act() == 0);
			}
			if (end_of(pid) != (due ? 1 << 8 : 0))
				fail_msg("row %d: %s: %s", (int)row,
					 tries[i].name, due ? "cannot" : "can");
		}
}

/* What an acceptor has in memory its children need no file for. */
static void child_of_an_acceptor_reads_no_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(tries); i++) {
		bool due =
			tries[i].granted & RECEIVER && tries[i].act != read_key;
		struct sandbox s;
		struct err e;
		pid_t pid;

		assert_int_equal(
			sandbox_prepare(&s, SANDBOX_RECEIVER, conf, true, &e),
			0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(sandbox_enter_prepared(&s, &e) < 0
				      ? 2
				      : tries[i].act() == 0);
		if (s.files >= 0)
			close(s.files);
		if (end_of(pid) != (due ? 1 << 8 : 0))
			fail_msg("%s: %s", tries[i].name,
				 due ? "cannot" : "can");
	}
}

static void every_try_can_be_done_outside(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(tries); i++) {
		pid_t pid;

		/* These need a right of root's, or say nothing outside. */
		if (tries[i].act == make_packet_socket ||
		    tries[i].act == raise_limit ||
		    tries[i].act == trace_parent || tries[i].act == read_parent)
			continue;
		pid = fork();
		if (pid == 0)
			_exit(tries[i].act() != 0);
		if (end_of(pid) != 0)
			fail_msg("%s: cannot even outside", tries[i].name);
	}
}

/* A neighbour of the same user, and a session that was taken over: it does
 * what it can with a socket of its own, and a word comes. */
NO_RETURN static void attack(enum sandbox_row row, pid_t neighbour)
{
	enter(row);
	(void)kill(neighbour, SIGKILL);
	(void)fcntl(ends[0], F_SETOWN, neighbour);
	(void)ioctl(ends[0], FIOSETOWN, &neighbour);
	(void)fcntl(ends[0], F_SETSIG, SIGKILL);
	(void)fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK);
	(void)!write(ends[1], "x", 1);
	(void)send(ends[1], "x", 1, MSG_OOB);
	_exit(0);
}

/* Ends when told to, and not before. */
NO_RETURN static void be_a_neighbour(int told)
{
	char word;

	_exit(read(told, &word, 1) == 1);
}

static void neighbours_live(void **state)
{
	(void)state;
	for (enum sandbox_row row = 0; row < SANDBOX_N_ROWS; row++) {
		int told[2];
		pid_t neighbour, attacker;

		assert_int_equal(pipe2(told, O_CLOEXEC), 0);
		neighbour = fork();
		if (neighbour == 0)
			be_a_neighbour(told[0]);
		attacker = fork();
		if (attacker == 0)
			attack(row, neighbour);
		assert_int_equal(end_of(attacker), 0);
		assert_int_equal(write(told[1], "x", 1), 1);
		if (end_of(neighbour) != 1 << 8)
			fail_msg("row %d: its neighbour was killed", (int)row);
		close(told[0]);
		close(told[1]);
	}
}

static rlim_t files_of(enum sandbox_row row)
{
	return row == SANDBOX_RECEIVER || row == SANDBOX_LEDGER ? 600 : 256;
}

static void limits_hold(void **state)
{
	static const unsigned none[] = {RLIMIT_CORE, RLIMIT_NPROC};

	(void)state;
	for (enum sandbox_row row = 0; row < SANDBOX_N_ROWS; row++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct rlimit r;
			bool right = true;

			enter(row);
			for (size_t i = 0; i < N_ELEMENTS(none); i++)
				right = right && getrlimit(none[i], &r) == 0 &&
					r.rlim_max == 0;
			right = right && getrlimit(RLIMIT_NOFILE, &r) == 0 &&
				r.rlim_max <= files_of(row) &&
				getrlimit(RLIMIT_AS, &r) == 0 &&
				r.rlim_max != RLIM_INFINITY;
			_exit(right);
		}
		assert_int_equal(end_of(pid), 1 << 8);
	}
}

/* A bug still ends as one. */
static void abort_is_possible(void **state)
{
	(void)state;
	for (enum sandbox_row row = 0; row < SANDBOX_N_ROWS; row++) {
		pid_t pid = fork();

		if (pid == 0) {
			signal(SIGABRT, SIG_DFL);
			enter(row);
			abort();
		}
		assert_int_equal(WTERMSIG(end_of(pid)), SIGABRT);
	}
}

static void a_login_leaves_one_mailbox(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		int other = open_as("store/mailboxes/b/mailbox.conf", O_RDONLY);

		enter(SANDBOX_COLLECTOR);
		sandbox_keep_to_mailbox(conf->store, "a");
		_exit(other == 0 &&
		      open_as("store/mailboxes/b/mailbox.conf", O_RDONLY) < 0 &&
		      read_key() < 0 && keep_message() == 0 &&
		      read_settings() == 0);
	}
	assert_int_equal(end_of(pid), 1 << 8);
}

/* --- kernels without Landlock --------------------------------------------- */

/* In a child whose calls to Landlock are not the kernel's: enters, says in
 * its log what it has to say, and ends with whether all else held. */
NO_RETURN static void enter_without_landlock(int log)
{
	dup2(log, STDERR_FILENO);
	log_open("test", LOG_STYLE_SERVICE);
	enter(SANDBOX_COLLECTOR);
	sandbox_keep_to_mailbox(conf->store, "a");
	_exit(read_outside() == 0 && keep_message() == 0 && execute() < 0 &&
	      make_socket() < 0);
}

static void expect_log(int fd, const char *wanted)
{
	char text[512] = "";
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	assert_true(n > 0);
	assert_string_equal(text, wanted);
}

static scmp_filter_ctx pretend(uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (!ctx ||
	    seccomp_rule_add(ctx, action, SCMP_SYS(landlock_create_ruleset),
			     0) < 0 ||
	    seccomp_load(ctx) < 0)
		_exit(3);
	return ctx;
}

static void no_landlock_is_said_once(void **state)
{
	int log[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		pretend(SCMP_ACT_ERRNO(ENOSYS));
		enter_without_landlock(log[1]);
	}
	close(log[1]);
	assert_int_equal(end_of(pid), 1 << 8);
	expect_log(log[0], "<6>test: sandbox: this kernel has no Landlock\n");
}

/* Two questions for the version: when it enters, and behind the login. */
static void answer_as_abi_1(scmp_filter_ctx ctx)
{
	struct seccomp_notif_resp *answer;
	struct seccomp_notif *question;
	int fd = seccomp_notify_fd(ctx);

	if (seccomp_notify_alloc(&question, &answer) < 0)
		_exit(4);
	for (int i = 0; i < 2; i++) {
		memset(question, 0, sizeof(*question));
		if (seccomp_notify_receive(fd, question) < 0)
			_exit(5);
		*answer = (struct seccomp_notif_resp){.id = question->id,
						      .val = 1};
		if (seccomp_notify_respond(fd, answer) < 0)
			_exit(6);
	}
	seccomp_notify_free(question, answer);
}

/* It would make link() from tmp/ to cur/ fail. */
static void the_first_landlock_is_left_out(void **state)
{
	int log[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		scmp_filter_ctx ctx = pretend(SCMP_ACT_NOTIFY);
		pid_t child = fork();

		if (child == 0)
			enter_without_landlock(log[1]);
		answer_as_abi_1(ctx);
		_exit(waitpid(child, &status, 0) == child ? WEXITSTATUS(status)
							  : 7);
	}
	close(log[1]);
	assert_int_equal(end_of(pid), 1 << 8);
	expect_log(log[0], "<6>test: sandbox: this kernel's Landlock forbids "
			   "link(), so it is left out\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_try_can_be_done_outside),
		cmocka_unit_test(row_grants_what_is_due),
		cmocka_unit_test(child_of_an_acceptor_reads_no_key),
		cmocka_unit_test(neighbours_live),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(abort_is_possible),
		cmocka_unit_test(a_login_leaves_one_mailbox),
		cmocka_unit_test(no_landlock_is_said_once),
		cmocka_unit_test(the_first_landlock_is_left_out),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
