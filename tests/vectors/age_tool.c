/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our age reader and writer as a filter, for the tests that hold them against
 * the age program. Never installed. Passphrases and keys come from files:
 *
 *	age_tool seal AGE1...			stdin sealed to recipients
 *	age_tool seal-passphrase FILE LOG_N	stdin sealed under a passphrase
 *	age_tool open KEYFILE			stdin opened with a private key
 *	age_tool open-passphrase FILE		stdin opened with a passphrase
 *	age_tool identity FILE LOG_N		a new identity.age to stdout,
 *						its recipient to stderr
 *	age_tool identity-recipient FILE	the recipient of the
 *identity.age on stdin age_tool spend FILE LOG_N		nothing, in the
 *time it takes
 */
#include "common/base.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/num.h"
#include "common/random_id.h"
#include "store/seal/identity.h"
#include "store/seal/scrypt.h"
#include "store/seal/seal.h"
#include "store/seal/unseal.h"

enum { KEY_FILE_MAX = 64 * 1024 };

static int write_stdout(void *to UNUSED, const uint8_t *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(1, bytes, n);

		if (done < 0)
			return -1;
		bytes += done;
		n -= (size_t)done;
	}
	return 0;
}

static void read_all(int fd, struct buf *b)
{
	uint8_t block[4096];
	ssize_t n;

	while ((n = source_pull_fd(&fd, block, sizeof(block))) > 0)
		if (!buf_add(b, block, (size_t)n))
			die_usage("a file of more than %zu octets", b->max);
	if (n < 0)
		die_temp("cannot read");
}

static void read_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die_usage("cannot open %s", path);
	buf_init(b, KEY_FILE_MAX);
	read_all(fd, b);
	close(fd);
}

/* The whole file is the passphrase, byte for byte. */
static void read_passphrase(const char *path, struct secret *passphrase_r)
{
	struct buf b;

	read_file(path, &b);
	secret_set(passphrase_r, b.data, b.len);
	buf_release(&b);
}

static unsigned read_log_n(const char *text)
{
	uint64_t value;

	if (!num_parse(text, strlen(text), UNSEAL_SCRYPT_LOG_N_MAX, &value))
		die_usage("not a work factor: %s", text);
	return (unsigned)value;
}

static int seal_stdin(struct sealer *s, struct err *e)
{
	uint8_t block[10007]; /* no divisor of a chunk */
	int fd = 0;
	ssize_t n;

	if (!s)
		return -1;
	while ((n = source_pull_fd(&fd, block, sizeof(block))) > 0)
		if (sealer_write(s, block, (size_t)n) < 0)
			break;
	if (n != 0 || sealer_end(s) < 0)
		return err_sys(e, "cannot seal");
	sealer_free(&s);
	return 0;
}

static int run_seal(char **args, int n, struct err *e)
{
	const struct sink sink = {.push = write_stdout};

	return seal_stdin(sealer_new(args, (size_t)n, &sink, e), e);
}

static int run_seal_passphrase(char **args, int n UNUSED, struct err *e)
{
	const struct sink sink = {.push = write_stdout};
	uint8_t file_key[AGE_FILE_KEY_SIZE];
	struct secret passphrase = SECRET_EMPTY;
	struct buf stanzas;
	int status;

	read_passphrase(args[0], &passphrase);
	random_bytes(file_key, sizeof(file_key));
	buf_init(&stanzas, AGE_HEADER_MAX);
	status = scrypt_stanza(&passphrase, read_log_n(args[1]), file_key,
			       &stanzas, e);
	secret_release(&passphrase);
	if (status == 0)
		status = seal_stdin(
			sealer_new_with(file_key, &stanzas, &sink, e), e);
	explicit_bzero(file_key, sizeof(file_key));
	buf_release(&stanzas);
	return status;
}

static int open_stdin(const struct unseal_key *key, struct err *e)
{
	int fd = 0, status = -1;
	const struct source source = {.pull = source_pull_fd, .from = &fd};
	struct unsealer *u = unsealer_new(key, &source, e);
	const uint8_t *bytes;
	size_t n;

	if (!u)
		return -1;
	while ((status = unsealer_next(u, &bytes, &n, e)) == 0 && n > 0)
		if (write_stdout(NULL, bytes, n) < 0)
			die_temp("cannot write");
	unsealer_free(&u);
	return status;
}

static int run_open(char **args, int n UNUSED, struct err *e)
{
	struct secret private_key = SECRET_EMPTY;
	const struct unseal_key key = {.private_key = &private_key};
	struct buf b;
	int status;

	read_file(args[0], &b);
	status = identity_parse(b.data, b.len, &private_key, e);
	buf_release(&b);
	if (status == 0)
		status = open_stdin(&key, e);
	secret_release(&private_key);
	return status;
}

static int run_open_passphrase(char **args, int n UNUSED, struct err *e)
{
	struct secret passphrase = SECRET_EMPTY;
	const struct unseal_key key = {.passphrase = &passphrase};
	int status;

	read_passphrase(args[0], &passphrase);
	status = open_stdin(&key, e);
	secret_release(&passphrase);
	return status;
}

static int run_identity(char **args, int n UNUSED, struct err *e)
{
	struct secret private_key = SECRET_EMPTY, passphrase = SECRET_EMPTY;
	struct buf file, recipient;
	int status;

	buf_init(&file, KEY_FILE_MAX);
	buf_init(&recipient, 100);
	read_passphrase(args[0], &passphrase);
	identity_new(&private_key, &recipient);
	status = identity_seal(&private_key, &passphrase, read_log_n(args[1]),
			       &file, e);
	secret_release(&passphrase);
	secret_release(&private_key);
	if (status == 0) {
		status = write_stdout(NULL, (const uint8_t *)file.data,
				      file.len);
		fprintf(stderr, "%s\n", recipient.data);
	}
	buf_release(&file);
	buf_release(&recipient);
	return status;
}

static int run_identity_recipient(char **args, int n UNUSED, struct err *e)
{
	struct secret private_key = SECRET_EMPTY, passphrase = SECRET_EMPTY;
	struct buf file, recipient;
	int status;

	buf_init(&file, KEY_FILE_MAX);
	buf_init(&recipient, 100);
	read_passphrase(args[0], &passphrase);
	read_all(0, &file);
	status = identity_open(&file, &passphrase, &private_key, e);
	secret_release(&passphrase);
	if (status == 0) {
		identity_recipient(&private_key, &recipient);
		printf("%s\n", recipient.data);
	}
	secret_release(&private_key);
	buf_release(&file);
	buf_release(&recipient);
	return status;
}

static int run_spend(char **args, int n UNUSED, struct err *e UNUSED)
{
	struct secret passphrase = SECRET_EMPTY;

	read_passphrase(args[0], &passphrase);
	identity_spend(&passphrase, read_log_n(args[1]));
	secret_release(&passphrase);
	return 0;
}

static const struct {
	const char *name;
	int min, max; /* arguments */
	int (*run)(char **args, int n, struct err *e);
} commands[] = {
	{"identity", 2, 2, run_identity},
	{"identity-recipient", 1, 1, run_identity_recipient},
	{"open", 1, 1, run_open},
	{"open-passphrase", 1, 1, run_open_passphrase},
	{"seal", 1, 1000, run_seal},
	{"seal-passphrase", 2, 2, run_seal_passphrase},
	{"spend", 2, 2, run_spend},
};

int main(int argc, char **argv)
{
	struct err e = {.kind = ERR_NONE};

	log_open("age_tool", LOG_STYLE_PERSON);
	for (size_t i = 0; argc > 1 && i < N_ELEMENTS(commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0 ||
		    argc - 2 < commands[i].min || argc - 2 > commands[i].max)
			continue;
		if (commands[i].run(argv + 2, argc - 2, &e) == 0)
			return 0;
		log_error("%s", e.text);
		return err_exit_code(e.kind);
	}
	die_usage("a command of this program is needed");
}
