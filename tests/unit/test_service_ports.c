/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which ports services have: unit files, drop-ins, xinetd's files, the kernel.
 */
#include "common/base.h"
#include "handlers/admin/service_ports.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/test_dir.h"

static char root[TEST_DIR_SIZE];

static int setup(void **state)
{
	(void)state;
	test_dir_make(root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_dir_remove(root);
	return 0;
}

/* path is below root; its folders are made. */
static void put(const char *path, const char *text)
{
	char full[512];
	FILE *out;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(full, 0700);
		*p = '/';
	}
	out = fopen(full, "we");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void put_unit(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "usr/lib/systemd/system/restante-%s",
		 name);
	put(path, text);
}

static void enable(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path),
		 "etc/systemd/system/sockets.target.wants/restante-%s.socket",
		 name);
	put(path, "");
}

static struct service_ports find(const struct conf *conf)
{
	static const struct conf none;
	struct service_ports p;

	service_ports_find(conf ? conf : &none, root, &p);
	return p;
}

#define JOURNAL "[Socket]\n# ListenStream=1\nListenStream=25\nAccept=yes\n"

static void test_a_unit_counts_when_it_is_enabled(void **state)
{
	struct service_ports p;

	(void)state;
	put_unit("smtp-journal.socket", JOURNAL);
	p = find(NULL);
	assert_int_equal(p.list[SERVICE_SMTP_JOURNAL].port, 0);
	enable("smtp-journal");
	p = find(NULL);
	assert_int_equal(p.list[SERVICE_SMTP_JOURNAL].port, 25);
	assert_string_equal(p.list[SERVICE_SMTP_JOURNAL].address, "");
	assert_false(p.listens[SERVICE_SMTP_JOURNAL]);
}

static void test_drop_ins_change_it(void **state)
{
	static const char drop_in[] =
		"etc/systemd/system/restante-smtp-journal.socket.d/port.conf";
	static const char vendor[] = "usr/lib/systemd/system/"
				     "restante-smtp-journal.socket.d/";
	char path[256];
	struct service_ports p;

	(void)state;
	put_unit("smtp-journal.socket", JOURNAL);
	enable("smtp-journal");
	put(drop_in, "[Socket]\nListenStream=\nListenStream=192.0.2.7:2525\n");
	p = find(NULL);
	assert_int_equal(p.list[SERVICE_SMTP_JOURNAL].port, 2525);
	assert_string_equal(p.list[SERVICE_SMTP_JOURNAL].address, "192.0.2.7");
	/* The administrator's file of a name stands for the vendor's. */
	snprintf(path, sizeof(path), "%sport.conf", vendor);
	put(path, "ListenStream=\nListenStream=1\n");
	p = find(NULL);
	assert_int_equal(p.list[SERVICE_SMTP_JOURNAL].port, 2525);
	/* A second one only adds to it. */
	put(drop_in, "ListenStream=[::1]:26\n");
	p = find(NULL);
	assert_int_equal(p.list[SERVICE_SMTP_JOURNAL].port, 25);
}

static void test_a_masked_unit_has_no_port(void **state)
{
	struct service_ports p;

	(void)state;
	put_unit("smtp-journal.socket", JOURNAL);
	enable("smtp-journal");
	put("etc/systemd/system/restante-smtp-journal.socket", "");
	p = find(NULL);
	assert_int_equal(p.list[SERVICE_SMTP_JOURNAL].port, 0);
}

static void test_a_socket_of_unix_is_no_port(void **state)
{
	struct service_ports p;

	(void)state;
	put_unit("pop3-proxy.socket",
		 "ListenStream=/run/x\nListenStream=70000\n"
		 "ListenStream=example.org:25\n");
	enable("pop3-proxy");
	p = find(NULL);
	assert_int_equal(p.list[SERVICE_POP3_PROXY].port, 0);
}

static void test_xinetd(void **state)
{
	struct service_ports p;

	(void)state;
	put("etc/xinetd.d/restante-pop3s-serve",
	    "service restante-pop3s-serve\n{\n\tport            = 9995\n"
	    "\tbind = 192.0.2.7\n\tdisable         = no\n}\n");
	put("etc/xinetd.d/restante-pop3-serve",
	    "\tport = 110\n\tdisable = yes\n");
	p = find(NULL);
	assert_int_equal(p.list[SERVICE_POP3S_SERVE].port, 9995);
	assert_string_equal(p.list[SERVICE_POP3S_SERVE].address, "192.0.2.7");
	assert_int_equal(p.list[SERVICE_POP3_SERVE].port, 0);
	assert_int_equal(service_ports_either(&p, SERVICE_POP3S_SERVE,
					      SERVICE_POP3S_PROXY),
			 SERVICE_POP3S_SERVE);
	assert_int_equal(service_ports_either(&p, SERVICE_POP3_SERVE,
					      SERVICE_POP3_PROXY),
			 SERVICE_POP3_PROXY);
}

static void test_what_is_configured_stands_alone(void **state)
{
	char collecting[] = "pop3s-serve=[2001:db8::7]:995";
	char sending[] = "smtp-proxy=0.0.0.0:2587";
	char *list[] = {collecting, sending};
	const struct conf conf = {.ports = {list, N_ELEMENTS(list)}};
	struct service_ports p;

	(void)state;
	put_unit("smtp-journal.socket", JOURNAL);
	enable("smtp-journal");
	p = find(&conf);
	assert_int_equal(p.list[SERVICE_SMTP_JOURNAL].port, 0);
	assert_int_equal(p.list[SERVICE_POP3S_SERVE].port, 995);
	assert_string_equal(p.list[SERVICE_POP3S_SERVE].address, "2001:db8::7");
	assert_int_equal(p.list[SERVICE_SMTP_PROXY].port, 2587);
	assert_string_equal(p.list[SERVICE_SMTP_PROXY].address, "");
}

static void test_the_kernel_says_who_listens(void **state)
{
	struct service_ports p;

	(void)state;
	put_unit("smtp-journal.socket", JOURNAL);
	put_unit("smtps-proxy.socket", "ListenStream=465\n");
	enable("smtp-journal");
	enable("smtps-proxy");
	put("proc/net/tcp",
	    "  sl  local_address rem_address   st\n"
	    "   0: 00000000:01D1 00000000:0000 01 00000000:00000000\n");
	put("proc/net/tcp6",
	    "   0: 00000000000000000000000000000000:0019 "
	    "00000000000000000000000000000000:0000 0A 00000000:00000000\n");
	p = find(NULL);
	assert_true(p.listens[SERVICE_SMTP_JOURNAL]);
	assert_false(p.listens[SERVICE_SMTPS_PROXY]);
}

static void test_words_that_name_a_port(void **state)
{
	static const char *const wrong[] = {
		"",
		"smtp-journal",
		"smtp-journal=",
		"smtp-journal=0",
		"smtp-journal=65536",
		"smtp=25",
		"smtp-journal=:25",
		"smtp-journal=x:25",
		"smtp-journal=25 ",
		"smtp-journal=[::1]",
		"smtp-journal=::1:25",
		"smtp-journal=[127.0.0.1]:25",
	};
	struct service_port port;
	enum service s;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
		assert_false(service_port_parse_named(wrong[i], &s, &port));
	for (size_t i = 0; i < SERVICES; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s=[::]:%u",
			 service_name((enum service)i),
			 service_standard_port((enum service)i));
		assert_true(service_port_parse_named(text, &s, &port));
		assert_int_equal(s, i);
		assert_string_equal(port.address, "");
		assert_int_equal(port.port,
				 service_standard_port((enum service)i));
	}
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_TREE(test_a_unit_counts_when_it_is_enabled),
		IN_A_TREE(test_drop_ins_change_it),
		IN_A_TREE(test_a_masked_unit_has_no_port),
		IN_A_TREE(test_a_socket_of_unix_is_no_port),
		IN_A_TREE(test_xinetd),
		IN_A_TREE(test_what_is_configured_stands_alone),
		IN_A_TREE(test_the_kernel_says_who_listens),
		cmocka_unit_test(test_words_that_name_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
