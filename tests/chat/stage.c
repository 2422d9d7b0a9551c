/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building the stage. Uses the store as its programs do. */
#include "common/base.h"
#include "tests/chat/stage.h"

#include <arpa/inet.h>
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

#include "common/base64.h"
#include "common/log.h"
#include "common/num.h"
#include "store/admin/admin.h"
#include "tests/support/test_cert.h"

enum { LOG_N = 4, TEXT_MAX = 4 * 1024 * 1024 };

static const char conf_text[] = "hostname = 'gw.example'\n"
				"domain = 'mail.example'\n"
				"runtime = '%s'\n"
				"identity { scrypt-log-n = 10 }\n";
static const char conf_store[] = "store = '%s/store'\n";
static const char conf_proxy[] = "proxy { upstream-ca = '%s/ca.pem' }\n";
static const char conf_tls[] = "tls {\n"
			       "certificate = '%s/cert.pem'\n"
			       "key = '%s/key.pem'\n"
			       "}\n";

static void make_directory(struct stage *stage)
{
	test_dir_make(stage->dir);
	snprintf(stage->ca_file, sizeof(stage->ca_file), "%s/ca.pem",
		 stage->dir);
}

static void write_conf(const struct stage *stage, const struct story *story,
		       const char *file)
{
	FILE *out = fopen(file, "we");
	bool own_tls = false, own_store = false, own_proxy = false;
	struct buf line;

	if (!out)
		die_temp("%s: %s", file, strerror(errno));
	fprintf(out, conf_text, stage->dir);
	buf_init(&line, 4096);
	for (size_t i = 0; i < story->n; i++) {
		const struct step *step = &story->steps[i];

		if (step->kind != STEP_CONF)
			continue;
		own_tls |= strncmp(step->text, "tls", 3) == 0;
		own_store |= strncmp(step->text, "store", 5) == 0;
		own_proxy |= strncmp(step->text, "proxy", 5) == 0;
		buf_reset(&line);
		stage_expand(stage, step->text, &line);
		fprintf(out, "%s\n", line.data);
	}
	buf_release(&line);
	if (!own_store)
		fprintf(out, conf_store, stage->dir);
	if (!own_tls)
		fprintf(out, conf_tls, stage->dir, stage->dir);
	if (!own_proxy)
		fprintf(out, conf_proxy, stage->dir);
	if (fclose(out) != 0)
		die_temp("%s: %s", file, strerror(errno));
}

static void read_conf(struct stage *stage, const struct story *story)
{
	char file[STAGE_PATH_MAX];
	struct err e;

	snprintf(file, sizeof(file), "%s/restante.conf", stage->dir);
	write_conf(stage, story, file);
	stage->conf = conf_read(file, &e);
	if (!stage->conf)
		die_usage("%s: %s", story->file, e.text);
}

const struct stage_mailbox *stage_mailbox(const struct stage *stage,
					  const char *name, size_t n)
{
	for (size_t i = 0; i < stage->n_mailboxes; i++) {
		const struct stage_mailbox *m = &stage->mailboxes[i];

		if (strlen(m->name) == n && memcmp(m->name, name, n) == 0)
			return m;
	}
	return NULL;
}

/* The words behind a mailbox's name: "suspended", or settings. */
static int change_settings(struct mailbox_conf *conf, const void *arg,
			   struct err *e)
{
	const char *word = arg;

	while (*word) {
		size_t n = strcspn(word, " ");
		char key[256];
		char *value;

		snprintf(key, sizeof(key), "%.*s", (int)n, word);
		word += n + strspn(word + n, " ");
		value = strchr(key, '=');
		if (!value) {
			conf->suspended = strcmp(key, "suspended") == 0;
			continue;
		}
		*value++ = '\0';
		if (strcmp(key, "target") == 0)
			conf_strings_add(&conf->targets, value);
		else if (mailbox_conf_set(conf, key, value, e) < 0)
			return -1;
	}
	return 0;
}

static void encode(const void *bytes, size_t n, char *out, size_t size)
{
	struct buf text;

	buf_init(&text, size - 1);
	if (!base64_encode(bytes, n, &text))
		die_bug("base64 of %zu octets", n);
	snprintf(out, size, "%s", text.data);
	buf_release(&text);
}

/* What a client that logs in by SASL says. */
static void encode_credentials(struct stage_mailbox *m)
{
	char plain[96];
	int n = snprintf(plain, sizeof(plain), "%c%s%c%.*s", '\0', m->id, '\0',
			 (int)m->password.len, (const char *)m->password.bytes);

	encode(m->id, strlen(m->id), m->id64, sizeof(m->id64));
	encode(m->password.bytes, m->password.len, m->password64,
	       sizeof(m->password64));
	encode(plain, (size_t)n, m->plain64, sizeof(m->plain64));
}

static void add_mailbox(struct stage *stage, struct store *store,
			const char *text)
{
	struct stage_mailbox *m = &stage->mailboxes[stage->n_mailboxes++];
	struct mailbox_conf conf = {.name = NULL};
	size_t n = strcspn(text, " ");
	struct mailbox *open;
	struct err e;

	if (stage->n_mailboxes > STAGE_MAILBOXES || n >= sizeof(m->name))
		die_usage("mailbox %s: too many, or too long a name", text);
	snprintf(m->name, sizeof(m->name), "%.*s", (int)n, text);
	conf.name = xstrdup(m->name);
	conf.description = xstrdup("");
	if (mailbox_create(store, &conf, LOG_N, &m->password, &e) < 0)
		die_temp("%s", e.text);
	snprintf(m->id, sizeof(m->id), "%s", conf.id);
	for (size_t i = 0; i < sizeof(m->id); i++)
		m->upper_id[i] = (char)toupper((unsigned char)m->id[i]);
	encode_credentials(m);
	mailbox_conf_release(&conf);
	open = mailbox_open(store, m->id, &e);
	if (!open || mailbox_update(open, change_settings,
				    text + n + strspn(text + n, " "), &e) < 0)
		die_usage("%s", e.text);
	mailbox_close(&open);
}

/* "NAME OCTETS": as if it had been delivered. */
static void keep(const struct stage *stage, struct store *store,
		 const char *text)
{
	const struct stage_mailbox *m =
		stage_mailbox(stage, text, strcspn(text, " "));
	struct delivery *d = NULL;
	struct mailbox *open;
	struct buf bytes;
	struct err e;

	if (!m)
		die_usage("KEEP %s: no such mailbox", text);
	buf_init(&bytes, TEXT_MAX);
	text += strcspn(text, " ");
	if (!story_unescape(text + strspn(text, " "), &bytes))
		die_usage("KEEP: %s", text);
	open = mailbox_open(store, m->id, &e);
	if (open)
		d = delivery_begin(open, &e);
	if (!d || delivery_write(d, (uint8_t *)bytes.data, bytes.len, &e) < 0 ||
	    delivery_commit(&d, 0, &e) < 0 ||
	    mailbox_account(open, NULL, &e) < 0)
		die_temp("%s", e.text);
	mailbox_close(&open);
	buf_release(&bytes);
}

static void fill_store(struct stage *stage, const struct story *story)
{
	char path[STAGE_PATH_MAX];
	struct store *store;
	struct err e;

	snprintf(path, sizeof(path), "%s/store", stage->dir);
	if (store_init(path, &e) < 0)
		die_temp("%s", e.text);
	store = store_open(path, &e);
	if (!store)
		die_temp("%s", e.text);
	for (size_t i = 0; i < story->n; i++) {
		const struct step *step = &story->steps[i];

		if (step->kind == STEP_MAILBOX)
			add_mailbox(stage, store, step->text);
		if (step->kind == STEP_KEEP)
			keep(stage, store, step->text);
	}
	store_free(&store);
}

static void set_peer(struct peer *peer, const char *text)
{
	size_t n = strcspn(text, " ");

	*peer = (struct peer){.is_ip = true};
	snprintf(peer->text, sizeof(peer->text), "%.*s", (int)n, text);
	peer->is_ipv6 = strchr(peer->text, ':') != NULL;
	if (inet_pton(peer->is_ipv6 ? AF_INET6 : AF_INET, peer->text,
		      peer->address) != 1)
		die_usage("PEER %s", text);
	if (text[n]) {
		peer->tls = true;
		snprintf(peer->tls_version, sizeof(peer->tls_version), "%s",
			 text + n + 1);
	}
}

static enum tls_mode parse_mode(const char *text)
{
	if (strcmp(text, "implicit") == 0)
		return TLS_MODE_IMPLICIT;
	if (strcmp(text, "none") == 0)
		return TLS_MODE_NONE;
	if (strcmp(text, "starttls") != 0)
		die_usage("MODE %s", text);
	return TLS_MODE_STARTTLS;
}

void stage_build(struct stage *stage, const struct story *story)
{
	*stage = (struct stage){.mode = TLS_MODE_STARTTLS};
	set_peer(&stage->peer, "192.0.2.7");
	for (size_t i = 0; i < story->n; i++) {
		const struct step *step = &story->steps[i];

		if (step->kind == STEP_PEER)
			set_peer(&stage->peer, step->text);
		if (step->kind == STEP_MODE)
			stage->mode = parse_mode(step->text);
	}
	make_directory(stage);
	if (story_has(story, STEP_TLS))
		stage_make_certificates(stage);
	fill_store(stage, story);
	read_conf(stage, story);
}

void stage_strike(struct stage *stage)
{
	conf_free(&stage->conf);
	if (stage->ca)
		test_ca_free(&stage->ca);
	if (stage->other_ca)
		test_ca_free(&stage->other_ca);
	for (size_t i = 0; i < stage->n_mailboxes; i++)
		secret_release(&stage->mailboxes[i].password);
	test_dir_remove(stage->dir);
}
