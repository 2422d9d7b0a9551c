/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a person is asked and told that nobody else may see. Passwords go from
 * the descriptor into a secret and from a secret to the descriptor; stdio
 * never holds one.
 */
#include "common/base.h"
#include "handlers/tool/ask.h"

#include <sys/signalfd.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include "common/read_all.h"
#include "store/seal/identity.h"

enum { LINE_MAX_OCTETS = 1024, IDENTITY_FILE_MAX = 64 * 1024 };

/* --- lines ---------------------------------------------------------------- */

/*
 * Octet by octet, so that the next line stays in the pipe for whoever reads
 * on. Returns the octets of the line without its end, or -1.
 */
static ssize_t read_answer_line(int fd, uint8_t *line, size_t size,
				struct err *e)
{
	size_t n = 0;
	ssize_t got;

	for (;;) {
		uint8_t c = 0;

		got = read(fd, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, "cannot read an answer");
		if (got == 0 || c == '\n')
			break;
		if (n == size)
			return err_set(e, ERR_CONFIG,
				       "the line is longer than %zu octets",
				       size);
		line[n++] = c;
	}
	return (ssize_t)(n > 0 && line[n - 1] == '\r' ? n - 1 : n);
}

static int read_secret_line(int fd, struct secret *out_r, struct err *e)
{
	struct secret line;
	ssize_t n;

	secret_init(&line, LINE_MAX_OCTETS);
	n = read_answer_line(fd, line.bytes, line.len, e);
	if (n > 0)
		secret_set(out_r, line.bytes, (size_t)n);
	secret_release(&line);
	if (n == 0)
		return err_set(e, ERR_CONFIG,
			       "no password: it is expected as the first line "
			       "of standard input, or typed at a terminal");
	return n < 0 ? -1 : 0;
}

/* --- the terminal --------------------------------------------------------- */

/* The signals a terminal sends; blocked, they wait in a descriptor. */
static int hold_terminal_signals(sigset_t *before_r)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGQUIT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGTSTP);
	sigprocmask(SIG_BLOCK, &held, before_r);
	return signalfd(-1, &held, SFD_CLOEXEC);
}

/* True: there is a line to read. False: a signal came first, and still waits.
 */
static bool wait_for_line(int tty, int signals)
{
	struct pollfd p[] = {{.fd = tty, .events = POLLIN},
			     {.fd = signals, .events = POLLIN}};

	while (poll(p, N_ELEMENTS(p), -1) < 0)
		if (errno != EINTR)
			return true;
	return !(p[1].revents & POLLIN);
}

/*
 * Echo off while the line is typed. A signal that comes meanwhile is held
 * until the terminal is as it was, and takes effect then.
 */
static int read_without_echo(int tty, const char *prompt, struct secret *out_r,
			     struct err *e)
{
	struct termios before, silent;
	sigset_t mask;
	int signals, result;

	if (tcgetattr(tty, &before) < 0)
		return err_sys(e, "the terminal");
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	signals = hold_terminal_signals(&mask);
	(void)!write_all(tty, prompt, strlen(prompt));
	tcsetattr(tty, TCSAFLUSH, &silent);
	if (wait_for_line(tty, signals))
		result = read_secret_line(tty, out_r, e);
	else
		result = err_set(e, ERR_TEMP, "interrupted");
	tcsetattr(tty, TCSAFLUSH, &before);
	(void)!write_all(tty, "\n", 1);
	close(signals);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return result;
}

int tool_read_password(const char *prompt, struct secret *password_r,
		       struct err *e)
{
	int tty, result;

	if (!isatty(STDIN_FILENO))
		return read_secret_line(STDIN_FILENO, password_r, e);
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return err_sys(e, "/dev/tty");
	result = read_without_echo(tty, prompt, password_r, e);
	close(tty);
	return result;
}

/* --- identity files ------------------------------------------------------- */

int tool_read_identity(const char *file, struct secret *key_r, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY), result;
	struct secret text;
	ssize_t n;

	if (fd < 0) {
		err_sys(e, "identity %s", file);
		e->kind = ERR_CONFIG;
		return -1;
	}
	secret_init(&text, IDENTITY_FILE_MAX);
	n = read_up_to(fd, text.bytes, text.len);
	result = n < 0 ? err_sys(e, "cannot be read")
		       : identity_parse((const char *)text.bytes, (size_t)n,
					key_r, e);
	close(fd);
	secret_release(&text);
	if (result < 0) {
		err_prefix(e, "identity %s", file);
		e->kind = ERR_CONFIG;
	}
	return result;
}

/* --- asking and telling --------------------------------------------------- */

int tool_confirm(const char *question, const char *id, struct err *e)
{
	char line[LINE_MAX_OCTETS + 1];
	ssize_t n;

	fflush(stdout);
	fprintf(stderr, "%s\nType the id to go on: ", question);
	n = read_answer_line(STDIN_FILENO, (uint8_t *)line, sizeof(line) - 1,
			     e);
	if (!isatty(STDIN_FILENO))
		fputc('\n', stderr);
	if (n < 0)
		return -1;
	line[n] = '\0';
	if (strcmp(line, id) == 0)
		return 0;
	return err_set(e, ERR_CONFIG,
		       "the answer was not %s: nothing was changed", id);
}

int tool_show_password(const struct secret *password, struct err *e)
{
	static const char label[] = "password: ";
	size_t n_label = sizeof(label) - 1;
	struct secret line;
	int result;

	secret_init(&line, n_label + password->len + 1);
	memcpy(line.bytes, label, n_label);
	memcpy(line.bytes + n_label, password->bytes, password->len);
	line.bytes[line.len - 1] = '\n';
	result = fflush(stdout) == 0
			 ? write_all(STDOUT_FILENO, line.bytes, line.len)
			 : -1;
	if (result < 0)
		err_sys(e, "the password could not be shown");
	secret_release(&line);
	return result;
}
