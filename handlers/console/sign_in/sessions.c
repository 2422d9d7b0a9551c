/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session files and used forms. Reads no cookie, decides on no page. */
#include "common/base.h"
#include "handlers/console/sign_in/sessions.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/num.h"
#include "common/random_id.h"
#include "common/read_all.h"

#define SESSIONS "sessions"
#define FORMS	 "forms"

/* --- names ---------------------------------------------------------------- */

void session_token_new(char token_r[SESSION_TOKEN_LEN + 1])
{
	uint8_t bytes[SESSION_TOKEN_LEN / 2];

	random_bytes(bytes, sizeof(bytes));
	num_write_hex(bytes, sizeof(bytes), token_r);
	explicit_bzero(bytes, sizeof(bytes));
}

bool session_token_valid(const char *token)
{
	return strspn(token, "0123456789abcdef") == SESSION_TOKEN_LEN &&
	       token[SESSION_TOKEN_LEN] == '\0';
}

void session_stamp(const char *hash, char stamp_r[SESSION_STAMP_LEN + 1])
{
	char hex[DIGEST_HEX_LEN + 1];

	digest_hex(hash, strlen(hash), hex);
	snprintf(stamp_r, SESSION_STAMP_LEN + 1, "%.*s", SESSION_STAMP_LEN,
		 hex);
}

/* The directory below state, made where it is not there. -1: errno. */
static int open_folder(int state, const char *name)
{
	if (mkdirat(state, name, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(state, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* --- one session ---------------------------------------------------------- */

static bool is_over(const struct stat *st, int64_t created, unsigned idle)
{
	int64_t now = time(NULL);

	return now - created >= SESSION_MAX || created > now ||
	       now - st->st_mtim.tv_sec >= (int64_t)idle;
}

/* "name stamp created" */
static bool read_session(int folder, const char *file,
			 struct session_facts *facts_r, struct stat *st_r)
{
	int fd = openat(folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[256];
	intmax_t created;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, st_r) == 0)
		n = read_up_to(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	if (sscanf(text, "%64s %16s %jd", facts_r->name, facts_r->stamp,
		   &created) != 3)
		return false;
	facts_r->created = created;
	return true;
}

static void touch(int folder, const char *file, const struct stat *st)
{
	if (time(NULL) - st->st_mtim.tv_sec >= SESSION_TOUCH)
		(void)utimensat(folder, file, NULL, 0);
}

enum session_state session_look_up(int state, const char *token, unsigned idle,
				   bool used, struct session_facts *facts_r)
{
	char file[DIGEST_HEX_LEN + 1];
	enum session_state found = SESSION_NONE;
	struct stat st;
	int folder = open_folder(state, SESSIONS);

	if (folder < 0)
		return SESSION_NONE;
	digest_hex(token, strlen(token), file);
	if (read_session(folder, file, facts_r, &st)) {
		found = is_over(&st, facts_r->created, idle) ? SESSION_ENDED
							     : SESSION_ALIVE;
		if (found == SESSION_ENDED)
			(void)unlinkat(folder, file, 0);
		else if (used)
			touch(folder, file, &st);
	}
	close(folder);
	return found;
}

void session_end(int state, const char *token)
{
	char file[DIGEST_HEX_LEN + 1];
	int folder = open_folder(state, SESSIONS);

	if (folder < 0)
		return;
	digest_hex(token, strlen(token), file);
	(void)unlinkat(folder, file, 0);
	close(folder);
}

/* --- all of them ---------------------------------------------------------- */

/* Does with() for every name in the folder; closes it. */
static unsigned each_session_file(int folder,
				  bool (*with)(int folder, const char *file,
					       const void *arg),
				  const void *arg)
{
	DIR *dir = fdopendir(folder);
	unsigned n = 0;
	struct dirent *d;

	if (!dir) {
		close(folder);
		return 0;
	}
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			n += with(folder, d->d_name, arg);
	closedir(dir);
	return n;
}

/* One that cannot be read may be about to be written. */
static bool end_if_over(int folder, const char *file, const void *arg)
{
	const unsigned *idle = arg;
	struct session_facts facts;
	struct stat st = {.st_mtim = {.tv_sec = 0}};
	bool over;

	if (read_session(folder, file, &facts, &st))
		over = is_over(&st, facts.created, *idle);
	else
		over = time(NULL) - st.st_mtim.tv_sec >= SESSION_TOUCH;
	return over && unlinkat(folder, file, 0) == 0;
}

static bool end_if_of(int folder, const char *file, const void *arg)
{
	struct session_facts facts;
	struct stat st;

	return read_session(folder, file, &facts, &st) &&
	       strcmp(facts.name, arg) == 0 && unlinkat(folder, file, 0) == 0;
}

unsigned session_end_all(int state, const char *name)
{
	int folder = open_folder(state, SESSIONS);

	return folder < 0 ? 0 : each_session_file(folder, end_if_of, name);
}

/* A file that is not whole yet is nobody's session. */
static int write_session(int folder, const char *file, const char *text,
			 struct err *e)
{
	size_t n = strlen(text);
	int fd = openat(folder, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			0600);
	bool good;

	if (fd < 0)
		return err_sys(e, "session");
	good = write(fd, text, n) == (ssize_t)n;
	if (!good)
		err_sys(e, "session");
	close(fd);
	return good ? 0 : -1;
}

int session_start(int state, const char *token, const char *name,
		  const char *stamp, unsigned idle, struct err *e)
{
	char file[DIGEST_HEX_LEN + 1], text[256];
	int folder = open_folder(state, SESSIONS), result;

	if (folder < 0)
		return err_sys(e, "sessions of the console");
	digest_hex(token, strlen(token), file);
	snprintf(text, sizeof(text), "%s %s %jd\n", name, stamp,
		 (intmax_t)time(NULL));
	result = write_session(folder, file, text, e);
	each_session_file(folder, end_if_over, &idle);
	return result;
}

/* --- forms that may be sent once ------------------------------------------ */

void form_name_new(char name_r[SESSION_TOKEN_LEN + 1])
{
	session_token_new(name_r);
}

static bool forget_if_old(int folder, const char *file, const void *arg UNUSED)
{
	struct stat st;
	int64_t age;

	if (fstatat(folder, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	/* Far ahead: left by a clock that was, as was its session. */
	age = time(NULL) - st.st_mtim.tv_sec;
	return (age > FORM_MAX || age < -FORM_MAX) &&
	       unlinkat(folder, file, 0) == 0;
}

/* O_EXCL: of two that come at once, one is the first. */
int form_spend(int state, const char *name, struct err *e)
{
	int folder = open_folder(state, FORMS), fd;

	if (folder < 0)
		return err_sys(e, "forms of the console");
	if (!session_token_valid(name)) {
		close(folder);
		return err_set(e, ERR_STATE, "the form has no name");
	}
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0 && errno == EEXIST)
		err_set(e, ERR_STATE, "the form was sent before");
	else if (fd < 0)
		err_sys(e, "forms of the console");
	else
		close(fd);
	each_session_file(folder, forget_if_old, NULL);
	return fd < 0 ? -1 : 0;
}
