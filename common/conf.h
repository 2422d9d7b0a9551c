/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * restante.conf as one constant struct. Every key has a default and a
 * validator; a bad file is refused with file, line and what was expected.
 */
#ifndef RESTANTE_COMMON_CONF_H
#define RESTANTE_COMMON_CONF_H

#include "common/conf_value.h"
#include "common/err.h"
#include "common/tls.h"

/* How connections are taken where a handler has the listening socket. */
struct conf_acceptor {
	bool fork; /* isolation: else "exec" */
	unsigned max_connections;
	unsigned max_per_address; /* an IPv6 network of 64 bits is one */
	unsigned idle_exit;
	unsigned max_age;
};

/* Sizes are octets, times seconds. Strings are never NULL. */
struct conf {
	char *file; /* where it was read from */
	char *hostname;
	char *domain;
	bool domain_is_assumed; /* the host's name, for want of another */
	char *store;
	char *runtime;	  /* slots and locks that need not outlive a boot */
	char *postmaster; /* a mailbox id, or "" */
	char *language;
	struct conf_strings ports; /* "smtp-journal=25"; none: look it up */

	struct tls_server_settings tls; /* points into strings of its own */

	struct {
		bool require_tls;
		bool chunking;
		struct conf_networks plaintext_from;
		struct conf_networks allow_from;  /* none: any */
		struct conf_strings client_names; /* none: any */
		uint64_t max_size;
		unsigned max_recipients;
		unsigned max_mailboxes;
		struct conf_acceptor acceptor;
	} smtp_journal;

	struct {
		unsigned max_sessions;
		struct conf_acceptor acceptor;
	} pop3_serve;

	struct {
		unsigned scrypt_log_n;
	} identity;

	struct {
		char *path;
		char *name; /* "": the hostname */
		unsigned activity_keep;
	} ledger;

	struct {
		char *upstream_ca;
		unsigned connect_timeout;
		unsigned login_timeout;
		unsigned idle_timeout;
		uint64_t max_size; /* 0: any */
		struct conf_acceptor acceptor;
	} proxy;

	struct {
		unsigned command_timeout;
		unsigned data_timeout;
		unsigned session_max;
		unsigned faults; /* key: errors */
		unsigned login_delay;
		unsigned minimum_rate;
		uint64_t reserve;
		struct conf_networks proxy_from;
	} limits;

	struct {
		bool web_server_auth; /* auth = "web-server" */
		char *admins;
		unsigned uncollected_after;
		unsigned idle;
	} console;
};

/* Reads and checks file. NULL on failure: e says file, line and expectation. */
struct conf *conf_read(const char *file, struct err *e);

/* Frees; sets *c to NULL. */
void conf_free(struct conf **c);

/* The compiled-in path of restante.conf. */
const char *conf_default_file(void);

/*
 * ERR_CONFIG: the domain is the host's name, and that is the first part of one
 * alone. No sender finds an address that ends in it.
 */
int conf_check_domain(const struct conf *c, struct err *e) MUST_USE;

/*
 * The keys with their defaults and meaning, as an annotated file. hostname is
 * in force in it, unless NULL; conf_host_valid() holds for it.
 */
void conf_print_example(FILE *out, const char *hostname);

#endif
