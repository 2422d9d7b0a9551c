/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting mailbox-tool beside this program, and reading what it says. */
#include "common/base.h"
#include "handlers/console/parts/helper.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "handlers/admin/sibling_program.h"
#include "handlers/console/context.h"

enum {
	OUT_MAX = 64 * 1024,
	SAID_MAX = 2048, /* of what it complains about */
	SECONDS_MAX = 60,
};

struct run {
	pid_t pid;
	int in, out, said; /* our ends; -1: closed */
	size_t n_in, n_out, n_said;
	char text[SAID_MAX + 1];
};

/* --- starting ------------------------------------------------------------- */

/* The tool writes into admin.spool who it was. */
NO_RETURN static void become_tool(const char *path, const struct console *c,
				  const struct conf_strings *args, int in,
				  int out, int said)
{
	char who[256];
	const char *const environment[] = {"PATH=/usr/bin:/bin", who, NULL};
	const char **argv = xcalloc(args->n + 4, sizeof(*argv));

	argv[0] = "mailbox-tool";
	argv[1] = "-c";
	argv[2] = c->conf_file;
	snprintf(who, sizeof(who), "RESTANTE_CONSOLE_USER=%s", c->visitor.name);
	for (size_t i = 0; i < args->n; i++)
		argv[3 + i] = args->list[i];
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(said, 2) < 0)
		_exit(75);
	execve(path, (char *const *)(uintptr_t)argv,
	       (char *const *)(uintptr_t)environment);
	_exit(75);
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int start(struct run *r, const struct console *c,
		 const struct conf_strings *args, struct err *e)
{
	int in[2], out[2], said[2];
	char path[PATH_MAX];

	if (sibling_program_path("mailbox-tool", path, e) < 0)
		return -1;
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    pipe2(said, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	r->pid = fork();
	if (r->pid < 0)
		return err_sys(e, "fork");
	if (r->pid == 0)
		become_tool(path, c, args, in[0], out[1], said[1]);
	close(in[0]);
	close(out[1]);
	close(said[1]);
	r->in = in[1];
	r->out = out[0];
	r->said = said[0];
	return 0;
}

/* --- while it runs -------------------------------------------------------- */

static void give(struct run *r, const struct secret *input)
{
	ssize_t n = 0;

	if (input && r->n_in < input->len)
		n = write(r->in, input->bytes + r->n_in, input->len - r->n_in);
	if (n > 0)
		r->n_in += (size_t)n;
	if (n < 0 || !input || r->n_in == input->len)
		close_end(&r->in);
}

/* What does not fit is read all the same, so that it can end. */
static void take(int *fd, char *out, size_t size, size_t *n)
{
	char beyond[512];
	ssize_t got;

	if (*n < size)
		got = read(*fd, out + *n, size - *n);
	else
		got = read(*fd, beyond, sizeof(beyond));
	if (got <= 0)
		close_end(fd);
	else if (*n < size)
		*n += (size_t)got;
}

static int talk_to_tool(struct run *r, const struct secret *input,
			struct secret *out, struct err *e)
{
	int64_t end = clock_ms() + SECONDS_MAX * 1000;

	while (r->out >= 0 || r->said >= 0) {
		struct pollfd p[] = {
			{.fd = r->in, .events = POLLOUT},
			{.fd = r->out, .events = POLLIN},
			{.fd = r->said, .events = POLLIN},
		};
		int64_t left = end - clock_ms();

		if (left <= 0)
			return err_set(e, ERR_TEMP,
				       "mailbox-tool took longer than %d s",
				       SECONDS_MAX);
		if (poll(p, N_ELEMENTS(p), (int)left) <= 0)
			continue;
		if (p[0].revents)
			give(r, input);
		if (p[1].revents)
			take(&r->out, (char *)out->bytes, OUT_MAX, &r->n_out);
		if (p[2].revents)
			take(&r->said, r->text, SAID_MAX, &r->n_said);
	}
	return 0;
}

/* --- afterwards ----------------------------------------------------------- */

static enum err_kind kind_of(int exit_code)
{
	switch (exit_code) {
	case 64:
		return ERR_CONFIG;
	case 67:
		return ERR_ABSENT;
	case 69:
		return ERR_BUSY;
	case 77:
		return ERR_PASSWORD;
	default:
		return ERR_TEMP;
	}
}

/* "restante: text", as it is told to a person at a terminal. */
static void tell(struct run *r, int exit_code, struct err *e)
{
	static const char prefix[] = "restante: ";
	char *text = r->text;

	r->text[r->n_said] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
		text += sizeof(prefix) - 1;
	err_set(e, kind_of(exit_code), "%s",
		*text ? text : "mailbox-tool did not say why it failed");
}

static int wait_for_tool(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 75;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 75;
}

int helper_run(const struct console *c, const struct conf_strings *args,
	       const struct secret *input, struct helper_result *result_r,
	       struct err *e)
{
	struct run r = {.in = -1, .out = -1, .said = -1};
	int result;

	*result_r = (struct helper_result){.exit_code = 75};
	if (start(&r, c, args, e) < 0)
		return -1;
	secret_init(&result_r->out, OUT_MAX + 1);
	result = talk_to_tool(&r, input, &result_r->out, e);
	if (result < 0)
		(void)kill(r.pid, SIGKILL);
	close_end(&r.in);
	close_end(&r.out);
	close_end(&r.said);
	result_r->exit_code = wait_for_tool(r.pid);
	if (result == 0 && result_r->exit_code != 0) {
		tell(&r, result_r->exit_code, e);
		result = -1;
	}
	return result;
}

void helper_release(struct helper_result *r)
{
	secret_release(&r->out);
}

const char *helper_value(const struct helper_result *r, const char *key,
			 size_t *n_r)
{
	const char *line = (const char *)r->out.bytes;
	size_t n_key = strlen(key);

	while (line && *line) {
		size_t n = strcspn(line, "\n");

		if (n >= n_key + 2 && strncmp(line, key, n_key) == 0 &&
		    strncmp(line + n_key, ": ", 2) == 0) {
			*n_r = n - n_key - 2;
			return line + n_key + 2;
		}
		line += n + (line[n] == '\n');
	}
	return NULL;
}
