/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A main for the targets where no engine brings one: replays files, folders,
 * or stdin ("-"). Without arguments the target's kept corpus, named inputs and
 * what make has unpacked of the archive, which is how `make check` sees that no
 * finding comes back.
 */
#include "common/base.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 1024 * 1024 };

#define ARCHIVE "found.tar.gz"

static unsigned replayed;

static void replay_fd(int fd, const char *name)
{
	uint8_t *bytes = xmalloc(INPUT_MAX), *exact;
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, bytes + n, INPUT_MAX - n)) > 0)
		n += (size_t)got;
	if (got < 0)
		die_temp("%s: %s", name, strerror(errno));
	/* A copy of its own size: a sanitizer sees what reads beyond it. */
	exact = xmalloc(n ? n : 1);
	memcpy(exact, bytes, n);
	free(bytes);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	replayed++;
}

static void replay(const char *path);

static void replay_folder(const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);

	if (n < 0)
		die_temp("%s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		char name[PATH_MAX];

		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		if (list[i]->d_name[0] != '.' &&
		    strcmp(list[i]->d_name, ARCHIVE) != 0)
			replay(name);
		free(list[i]);
	}
	free(list);
}

static void replay(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		replay_folder(path);
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die_temp("%s: %s", path, strerror(errno));
	/* Where a target crashes, this is the last line. */
	printf("%s\n", path);
	fflush(stdout);
	replay_fd(fd, path);
	close(fd);
}

/* corpus/NAME of the sources, found/NAME of the build, for a fuzz_NAME. */
static void replay_corpus(const char *program)
{
	const char *source = getenv("srcdir"), *name = strrchr(program, '/');
	char path[PATH_MAX];

	name = name ? name + 1 : program;
	if (strncmp(name, "fuzz_", 5) != 0)
		die_usage("%s: not fuzz_NAME", name);
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s",
		 source ? source : ".", name + 5);
	replay(path);
	snprintf(path, sizeof(path), "tests/fuzz/found/%s", name + 5);
	replay(path);
}

int main(int argc, char **argv)
{
	log_open("fuzz", LOG_STYLE_PERSON);
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2)
		replay_corpus(argv[0]);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-") == 0)
			replay_fd(STDIN_FILENO, "stdin");
		else
			replay(argv[i]);
	}
	printf("%u inputs\n", replayed);
	return replayed ? 0 : 1;
}
