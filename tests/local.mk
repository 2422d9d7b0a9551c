# SPDX-License-Identifier: GPL-3.0-or-later
# A new unit test tests/unit/test_x.c: one line in UNIT_TESTS. Its one source is
# found by its name, and it may use everything there is.
UNIT_TESTS = \
	%D%/grid/grid_pop3 \
	%D%/grid/grid_pop3_proxy \
	%D%/grid/grid_smtp \
	%D%/grid/grid_smtp_proxy \
	%D%/unit/test_address \
	%D%/unit/test_admin \
	%D%/unit/test_admins \
	%D%/unit/test_alias \
	%D%/unit/test_age \
	%D%/unit/test_announce \
	%D%/unit/test_base64 \
	%D%/unit/test_bech32 \
	%D%/unit/test_buf \
	%D%/unit/test_catalog \
	%D%/unit/test_cmd \
	%D%/unit/test_conf \
	%D%/unit/test_conf_mailbox \
	%D%/unit/test_conn \
	%D%/unit/test_counters \
	%D%/unit/test_crlf \
	%D%/unit/test_crowd \
	%D%/unit/test_csv \
	%D%/unit/test_dial_rules \
	%D%/unit/test_dialler \
	%D%/unit/test_digest \
	%D%/unit/test_dn \
	%D%/unit/test_dot \
	%D%/unit/test_err \
	%D%/unit/test_first_line \
	%D%/unit/test_html \
	%D%/unit/test_identity \
	%D%/unit/test_journal_report \
	%D%/unit/test_kept_copy \
	%D%/unit/test_keys \
	%D%/unit/test_language \
	%D%/unit/test_log \
	%D%/unit/test_listener \
	%D%/unit/test_look \
	%D%/unit/test_mail_head \
	%D%/unit/test_mbox \
	%D%/unit/test_ledger \
	%D%/unit/test_ledger_check \
	%D%/unit/test_ledger_tree \
	%D%/unit/test_mended \
	%D%/unit/test_name \
	%D%/unit/test_num \
	%D%/unit/test_peer \
	%D%/unit/test_pop3_client \
	%D%/unit/test_pop3_login \
	%D%/unit/test_pop3_proxy_uidl \
	%D%/unit/test_pop3_retr \
	%D%/unit/test_pop3_serve \
	%D%/unit/test_presence \
	%D%/unit/test_program \
	%D%/unit/test_proxy_login \
	%D%/unit/test_random_id \
	%D%/unit/test_relay \
	%D%/unit/test_renewal \
	%D%/unit/test_sasl \
	%D%/unit/test_sasl_token \
	%D%/unit/test_seal \
	%D%/unit/test_secret \
	%D%/unit/test_seen \
	%D%/unit/test_session_key \
	%D%/unit/test_service_ports \
	%D%/unit/test_sessions \
	%D%/unit/test_slots \
	%D%/unit/test_smtp_client \
	%D%/unit/test_smtp_journal \
	%D%/unit/test_smtp_params \
	%D%/unit/test_store \
	%D%/unit/test_stream \
	%D%/unit/test_summary \
	%D%/unit/test_text_size \
	%D%/unit/test_throttle \
	%D%/unit/test_tls \
	%D%/unit/test_trace \
	%D%/unit/test_undo \
	%D%/unit/test_unseal \
	%D%/unit/test_urlencoded \
	%D%/unit/test_utf8 \
	%D%/unit/test_wiping

# With instruments there is no sandbox.
if !INSTRUMENTED
UNIT_TESTS += %D%/unit/test_sandbox
endif
%C%_unit_test_sandbox_LDADD = %D%/support/libtest_cert.a $(LDADD) \
	$(SECCOMP_LIBS)

# What several of them share.
EXTRA_DIST += %D%/unit/age_parts.h %D%/unit/collecting.h \
	%D%/unit/cutting.h %D%/unit/smtp_rig.h %D%/unit/pop3_rig.h \
	%D%/unit/upstream_rig.h

# A store with a mailbox, for those who need a real one.
check_LIBRARIES += %D%/unit/libstore_rig.a
%C%_unit_libstore_rig_a_SOURCES = %D%/unit/store_rig.c %D%/unit/store_rig.h
%C%_unit_test_admin_LDADD = $(LDADD) $(SECCOMP_LIBS)
check_LIBRARIES += %D%/unit/libledger_rig.a
%C%_unit_libledger_rig_a_SOURCES = %D%/unit/ledger_rig.c %D%/unit/ledger_rig.h
%C%_unit_test_ledger_check_LDADD = %D%/unit/libledger_rig.a $(LDADD)

%C%_unit_test_keys_LDADD = %D%/unit/libstore_rig.a $(LDADD)
%C%_unit_test_undo_LDADD = %D%/unit/libstore_rig.a $(LDADD)
%C%_unit_test_undo_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=time
%C%_unit_test_alias_LDADD = %D%/unit/libstore_rig.a $(LDADD)
%C%_unit_test_alias_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mailbox_alias_new
%C%_unit_test_kept_copy_LDADD = %D%/unit/libstore_rig.a $(LDADD)
%C%_unit_test_look_LDADD = %D%/unit/libstore_rig.a $(LDADD)
%C%_unit_test_presence_LDADD = %D%/unit/libstore_rig.a $(LDADD)
%C%_unit_test_seen_LDADD = %D%/unit/libstore_rig.a $(LDADD)
%C%_unit_test_store_LDADD = %D%/unit/libstore_rig.a $(LDADD)

# The proxies' grids: TLS and the dialler are played.
EXTRA_DIST += %D%/grid/proxy_grid.h
GRID_WRAPS = -Wl,--wrap=conn_tls \
	-Wl,--wrap=server_tls_start -Wl,--wrap=dialler_dial
%C%_grid_grid_pop3_proxy_LDADD = %D%/unit/libstore_rig.a $(LDADD)
%C%_grid_grid_pop3_proxy_LDFLAGS = $(AM_LDFLAGS) $(GRID_WRAPS)
%C%_grid_grid_smtp_proxy_LDADD = %D%/unit/libstore_rig.a $(LDADD)
%C%_grid_grid_smtp_proxy_LDFLAGS = $(AM_LDFLAGS) $(GRID_WRAPS)

%C%_unit_test_pop3_client_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=conn_tls
%C%_unit_test_smtp_client_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=conn_tls

# Certificates that are made when a test needs them.
check_LIBRARIES += %D%/support/libtest_cert.a
%C%_support_libtest_cert_a_SOURCES = \
	%D%/support/test_cert.c %D%/support/test_cert.h
%C%_grid_grid_smtp_LDADD = %D%/support/libtest_cert.a $(LDADD)
%C%_grid_grid_pop3_LDADD = %D%/support/libtest_cert.a $(LDADD)
%C%_unit_test_program_LDADD = %D%/support/libtest_cert.a $(LDADD)
%C%_unit_test_renewal_LDADD = %D%/support/libtest_cert.a $(LDADD)
%C%_unit_test_slots_LDADD = %D%/support/libtest_cert.a $(LDADD)
%C%_unit_test_throttle_LDADD = %D%/support/libtest_cert.a $(LDADD)
%C%_unit_test_tls_LDADD = %D%/support/libtest_cert.a $(LDADD)

# Where they put their files.
check_LIBRARIES += %D%/support/libtest_dir.a
%C%_support_libtest_dir_a_SOURCES = \
	%D%/support/test_dir.c %D%/support/test_dir.h

LDADD = %D%/support/libtest_dir.a $(ALL_LIBS) $(CMOCKA_LIBS)

# Our age reader and writer as programs, for the scripts in vectors/.
check_PROGRAMS += %D%/vectors/age_tool %D%/vectors/age_vector
%C%_vectors_age_tool_LDADD = $(OPENER_LIBS)
%C%_vectors_age_vector_LDADD = $(OPENER_LIBS)
EXTRA_DIST += %D%/model
EXTRA_DIST += \
	%D%/vectors/interop \
	%D%/vectors/ledger \
	%D%/vectors/run \
	%D%/vectors/write_vectors.mjs

# Counters without messages, for what is measured on a large store.
check_PROGRAMS += %D%/support/fill_counters
%C%_support_fill_counters_LDADD = $(LDADD)

# What receives does not contain what opens.
EXTRA_DIST += %D%/link.sh
TESTS += %D%/link.sh
EXTRA_DIST += %D%/reasons.sh
TESTS += %D%/reasons.sh

# Whole sessions; tests/chat/README.md says how a story is written.
check_PROGRAMS += %D%/chat/chat_run
%C%_chat_chat_run_SOURCES = \
	%D%/chat/chat_run.c \
	%D%/chat/network.c %D%/chat/network.h \
	%D%/chat/player.c %D%/chat/player.h \
	%D%/chat/stage.c %D%/chat/stage.h \
	%D%/chat/stage_cert.c \
	%D%/chat/stage_check.c \
	%D%/chat/stage_words.c \
	%D%/chat/story.c %D%/chat/story.h \
	%D%/chat/voice.c %D%/chat/voice.h
# network.c stands in for the resolver and for what it leads to.
NETWORK_WRAPS = -Wl,--wrap=getaddrinfo -Wl,--wrap=connect
%C%_chat_chat_run_LDFLAGS = $(AM_LDFLAGS) $(NETWORK_WRAPS)
%C%_unit_test_dialler_SOURCES = %D%/unit/test_dialler.c \
	%D%/chat/network.c %D%/chat/network.h
%C%_unit_test_dialler_LDADD = %D%/unit/libstore_rig.a $(LDADD)
%C%_unit_test_dialler_LDFLAGS = $(AM_LDFLAGS) $(NETWORK_WRAPS)
%C%_chat_chat_run_LDADD = %D%/support/libtest_cert.a $(LDADD)
TEST_EXTENSIONS = .chat
CHAT_LOG_COMPILER = $(abs_top_builddir)/%D%/chat/chat_run
STORIES = \
	%D%/chat/pop3-proxy/auth-plain-answered-plus-ok.chat \
	%D%/chat/pop3-proxy/basic.chat \
	%D%/chat/pop3-proxy/capa-no-user.chat \
	%D%/chat/pop3-proxy/capa-sasl-plain-refused.chat \
	%D%/chat/pop3-proxy/certificate-expired.chat \
	%D%/chat/pop3-proxy/certificate-other-name.chat \
	%D%/chat/pop3-proxy/certificate-untrusted.chat \
	%D%/chat/pop3-proxy/client-vanishes.chat \
	%D%/chat/pop3-proxy/collecting-by-sasl.chat \
	%D%/chat/pop3-proxy/collecting-unanswered.chat \
	%D%/chat/pop3-proxy/collecting.chat \
	%D%/chat/pop3-proxy/endless-capa.chat \
	%D%/chat/pop3-proxy/endless-line.chat \
	%D%/chat/pop3-proxy/ends-of-lines.chat \
	%D%/chat/pop3-proxy/fetched-after-a-break.chat \
	%D%/chat/pop3-proxy/guessing.chat \
	%D%/chat/pop3-proxy/injected-behind-stls.chat \
	%D%/chat/pop3-proxy/list-breaks-off.chat \
	%D%/chat/pop3-proxy/list-with-bare-lf.chat \
	%D%/chat/pop3-proxy/login-by-login-alone.chat \
	%D%/chat/pop3-proxy/login-pipelined-refused.chat \
	%D%/chat/pop3-proxy/login-pipelined.chat \
	%D%/chat/pop3-proxy/login-refused-in-use.chat \
	%D%/chat/pop3-proxy/login-refused-login-delay.chat \
	%D%/chat/pop3-proxy/login-refused-sys-perm.chat \
	%D%/chat/pop3-proxy/login-refused-sys-temp.chat \
	%D%/chat/pop3-proxy/login-refused.chat \
	%D%/chat/pop3-proxy/no-answer.chat \
	%D%/chat/pop3-proxy/no-capa.chat \
	%D%/chat/pop3-proxy/no-collecting.chat \
	%D%/chat/pop3-proxy/no-collecting-for-ever.chat \
	%D%/chat/pop3-proxy/no-login.chat \
	%D%/chat/pop3-proxy/no-stls.chat \
	%D%/chat/pop3-proxy/no-uidl-for-one.chat \
	%D%/chat/pop3-proxy/not-dialled.chat \
	%D%/chat/pop3-proxy/pipelining.chat \
	%D%/chat/pop3-proxy/quit-refused.chat \
	%D%/chat/pop3-proxy/retr-refused.chat \
	%D%/chat/pop3-proxy/retr-stops-short.chat \
	%D%/chat/pop3-proxy/same-uidl-twice.chat \
	%D%/chat/pop3-proxy/sasl-not-base64.chat \
	%D%/chat/pop3-proxy/sasl-wrapped.chat \
	%D%/chat/pop3-proxy/seen-before.chat \
	%D%/chat/pop3-proxy/sizes-lie-larger.chat \
	%D%/chat/pop3-proxy/sizes-lie-smaller.chat \
	%D%/chat/pop3-proxy/speaks-smtp.chat \
	%D%/chat/pop3-proxy/stls.chat \
	%D%/chat/pop3-proxy/top-3-gets-2-lines.chat \
	%D%/chat/pop3-proxy/top-ignores-the-count.chat \
	%D%/chat/pop3-proxy/top-minds-one-line-more.chat \
	%D%/chat/pop3-proxy/top-with-bare-lf.chat \
	%D%/chat/pop3-proxy/top.chat \
	%D%/chat/pop3-proxy/uidl-is-nonsense.chat \
	%D%/chat/pop3-proxy/uidl-not-listed.chat \
	%D%/chat/pop3-proxy/uidls-begin-anew.chat \
	%D%/chat/pop3-proxy/unkept-in-the-midst.chat \
	%D%/chat/pop3-proxy/unkept.chat \
	%D%/chat/pop3-proxy/unreachable.chat \
	%D%/chat/pop3/bad-lines.chat \
	%D%/chat/pop3/basic.chat \
	%D%/chat/pop3/drop-before-quit.chat \
	%D%/chat/pop3/drop-between-challenge-and-answer.chat \
	%D%/chat/pop3/drop-within-quit.chat \
	%D%/chat/pop3/implicit-tls.chat \
	%D%/chat/pop3/in-clear-behind-a-handler.chat \
	%D%/chat/pop3/in-clear.chat \
	%D%/chat/pop3/login.chat \
	%D%/chat/pop3/marks.chat \
	%D%/chat/pop3/no-certificate.chat \
	%D%/chat/pop3/octets-are-sacred.chat \
	%D%/chat/pop3/pipelined-after-stls.chat \
	%D%/chat/pop3/pipelining.chat \
	%D%/chat/pop3/quit-and-stop-talking.chat \
	%D%/chat/pop3/quit-and-vanish.chat \
	%D%/chat/pop3/quit-early.chat \
	%D%/chat/pop3/sasl-empty.chat \
	%D%/chat/pop3/sasl-login-initial.chat \
	%D%/chat/pop3/sasl-login.chat \
	%D%/chat/pop3/sasl-not-base64.chat \
	%D%/chat/pop3/sasl-wrapped.chat \
	%D%/chat/pop3/sasl.chat \
	%D%/chat/pop3/stls.chat \
	%D%/chat/pop3/store-away.chat \
	%D%/chat/pop3/suspended.chat \
	%D%/chat/pop3/too-many-errors.chat \
	%D%/chat/pop3/too-many-passwords.chat \
	%D%/chat/pop3/top.chat \
	%D%/chat/pop3/wrong-order.chat \
	%D%/chat/pop3/wrong-password-first.chat \
	%D%/chat/pop3/wrong-password.chat \
	%D%/chat/smtp-proxy/421-behind-the-dot.chat \
	%D%/chat/smtp-proxy/421-in-the-midst.chat \
	%D%/chat/smtp-proxy/552-in-the-midst.chat \
	%D%/chat/smtp-proxy/basic.chat \
	%D%/chat/smtp-proxy/certificate-expired.chat \
	%D%/chat/smtp-proxy/certificate-other-name.chat \
	%D%/chat/smtp-proxy/certificate-untrusted.chat \
	%D%/chat/smtp-proxy/data-answered-with-250.chat \
	%D%/chat/smtp-proxy/dot-answered-with-354.chat \
	%D%/chat/smtp-proxy/eai-recipient.chat \
	%D%/chat/smtp-proxy/eai-where-it-lacks.chat \
	%D%/chat/smtp-proxy/endless-line.chat \
	%D%/chat/smtp-proxy/endless-reply.chat \
	%D%/chat/smtp-proxy/greeted-with-554.chat \
	%D%/chat/smtp-proxy/guessing.chat \
	%D%/chat/smtp-proxy/idle-noop.chat \
	%D%/chat/smtp-proxy/idle-rset.chat \
	%D%/chat/smtp-proxy/login-for-another.chat \
	%D%/chat/smtp-proxy/injected-behind-starttls.chat \
	%D%/chat/smtp-proxy/login-not-base64.chat \
	%D%/chat/smtp-proxy/login-refused-for-now.chat \
	%D%/chat/smtp-proxy/login-refused.chat \
	%D%/chat/smtp-proxy/login-without-padding.chat \
	%D%/chat/smtp-proxy/login-wrapped.chat \
	%D%/chat/smtp-proxy/login-wrapped-for-now.chat \
	%D%/chat/smtp-proxy/login-wrapped-in-the-password.chat \
	%D%/chat/smtp-proxy/long-reply.chat \
	%D%/chat/smtp-proxy/lost-before-the-dot.chat \
	%D%/chat/smtp-proxy/lost-behind-the-dot.chat \
	%D%/chat/smtp-proxy/mail-answered-with-354.chat \
	%D%/chat/smtp-proxy/next-session-shows-it.chat \
	%D%/chat/smtp-proxy/no-auth.chat \
	%D%/chat/smtp-proxy/no-reply.chat \
	%D%/chat/smtp-proxy/no-starttls.chat \
	%D%/chat/smtp-proxy/not-dialled.chat \
	%D%/chat/smtp-proxy/not-kept-at-all.chat \
	%D%/chat/smtp-proxy/not-kept-in-the-midst.chat \
	%D%/chat/smtp-proxy/nul-before-dot.chat \
	%D%/chat/smtp-proxy/plain-asked-for-again.chat \
	%D%/chat/smtp-proxy/refused-behind-the-dot.chat \
	%D%/chat/smtp-proxy/refused-data.chat \
	%D%/chat/smtp-proxy/refused-for-now-behind-the-dot.chat \
	%D%/chat/smtp-proxy/refused-in-lines.chat \
	%D%/chat/smtp-proxy/reply-beyond-599.chat \
	%D%/chat/smtp-proxy/reply-changes-its-code.chat \
	%D%/chat/smtp-proxy/reply-with-bare-lf.chat \
	%D%/chat/smtp-proxy/reset-refused.chat \
	%D%/chat/smtp-proxy/starttls-refused.chat \
	%D%/chat/smtp-proxy/starttls.chat \
	%D%/chat/smtp-proxy/submitter.chat \
	%D%/chat/smtp-proxy/token.chat \
	%D%/chat/smtp-proxy/unreachable.chat \
	%D%/chat/smtp-proxy/xoauth2-alone-is-taken.chat \
	%D%/chat/smtp/bad-addresses.chat \
	%D%/chat/smtp/bad-command-lines.chat \
	%D%/chat/smtp/bare-lf-in-data.chat \
	%D%/chat/smtp/basic.chat \
	%D%/chat/smtp/bdat-bad-last.chat \
	%D%/chat/smtp/bdat-bad-size.chat \
	%D%/chat/smtp/bdat-not-announced.chat \
	%D%/chat/smtp/bdat-pipelined.chat \
	%D%/chat/smtp/bdat-refused.chat \
	%D%/chat/smtp/bdat.chat \
	%D%/chat/smtp/client-refused.chat \
	%D%/chat/smtp/data-after-bdat.chat \
	%D%/chat/smtp/disk-full.chat \
	%D%/chat/smtp/drop-after-dot.chat \
	%D%/chat/smtp/drop-before-dot.chat \
	%D%/chat/smtp/drop-in-chunk.chat \
	%D%/chat/smtp/drop-in-envelope.chat \
	%D%/chat/smtp/dsn.chat \
	%D%/chat/smtp/first-lines.chat \
	%D%/chat/smtp/impatient-data-refused.chat \
	%D%/chat/smtp/impatient-data.chat \
	%D%/chat/smtp/implicit-tls.chat \
	%D%/chat/smtp/long-session.chat \
	%D%/chat/smtp/network-refused.chat \
	%D%/chat/smtp/no-certificate.chat \
	%D%/chat/smtp/no-quit.chat \
	%D%/chat/smtp/null-sender.chat \
	%D%/chat/smtp/odd-parameters.chat \
	%D%/chat/smtp/odd-senders.chat \
	%D%/chat/smtp/octets-are-sacred.chat \
	%D%/chat/smtp/other-commands.chat \
	%D%/chat/smtp/over-long-line.chat \
	%D%/chat/smtp/oversize-chunks.chat \
	%D%/chat/smtp/oversize.chat \
	%D%/chat/smtp/pipelined-after-starttls.chat \
	%D%/chat/smtp/pipelining.chat \
	%D%/chat/smtp/plaintext-from.chat \
	%D%/chat/smtp/plus-address.chat \
	%D%/chat/smtp/postmaster-none.chat \
	%D%/chat/smtp/postmaster.chat \
	%D%/chat/smtp/quoted-recipients.chat \
	%D%/chat/smtp/received-loop.chat \
	%D%/chat/smtp/requiretls-in-clear.chat \
	%D%/chat/smtp/rset.chat \
	%D%/chat/smtp/size-declared-too-big.chat \
	%D%/chat/smtp/slow-chunk.chat \
	%D%/chat/smtp/slow-command.chat \
	%D%/chat/smtp/slow-data.chat \
	%D%/chat/smtp/smtputf8.chat \
	%D%/chat/smtp/smuggling-envelope.chat \
	%D%/chat/smtp/smuggling.chat \
	%D%/chat/smtp/starttls.chat \
	%D%/chat/smtp/store-missing.chat \
	%D%/chat/smtp/suspended.chat \
	%D%/chat/smtp/tls-required.chat \
	%D%/chat/smtp/too-many-errors.chat \
	%D%/chat/smtp/too-many.chat \
	%D%/chat/smtp/two-mailboxes.chat \
	%D%/chat/smtp/unknown.chat \
	%D%/chat/smtp/upper-case-id.chat \
	%D%/chat/smtp/wrong-order.chat
TESTS += $(STORIES)
EXTRA_DIST += $(STORIES) %D%/chat/README.md \
	%D%/chat/pop3-proxy/again.part \
	%D%/chat/pop3-proxy/answered.part \
	%D%/chat/pop3-proxy/fetch.part \
	%D%/chat/pop3-proxy/greeted.part \
	%D%/chat/pop3-proxy/login.part \
	%D%/chat/pop3-proxy/named.part \
	%D%/chat/smtp-proxy/greeted.part \
	%D%/chat/smtp-proxy/login.part \
	%D%/chat/smtp-proxy/message.part \
	%D%/chat/smtp-proxy/ready.part

# Fuzz targets, and the corpora that they have to get through.
include tests/fuzz/local.mk

# What scripts/check runs, and what that needs.
EXTRA_DIST += %D%/README.md %D%/packages.txt \
	%D%/bench %D%/browser %D%/crash %D%/interop %D%/support %D%/system

# Without cmocka `make check` must not look as if it had tested anything.
if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
else
check-local: cmocka-is-missing
endif
.PHONY: cmocka-is-missing
cmocka-is-missing:
	@echo 'make check: the unit tests need cmocka 1.1.5 (libcmocka-dev);' \
		'install it and run configure again' >&2; exit 1
