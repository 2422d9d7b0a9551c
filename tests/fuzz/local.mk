# SPDX-License-Identifier: GPL-3.0-or-later
# A new target tests/fuzz/fuzz_x.c: one line in FUZZERS, and inputs in
# seeds/x/ and corpus/x/. Configured with --enable-fuzzing the engine brings
# main(); otherwise replay.c does, and `make check` replays the kept corpora.
FUZZERS = \
	%D%/fuzz_addr \
	%D%/fuzz_age_file \
	%D%/fuzz_age_header \
	%D%/fuzz_age_stream \
	%D%/fuzz_conf \
	%D%/fuzz_crlf \
	%D%/fuzz_csv \
	%D%/fuzz_dn \
	%D%/fuzz_dot \
	%D%/fuzz_journal_report \
	%D%/fuzz_ledger_entry \
	%D%/fuzz_ledger_expired \
	%D%/fuzz_ledger_files \
	%D%/fuzz_ledger_memory \
	%D%/fuzz_ledger_proof \
	%D%/fuzz_ledger_spool \
	%D%/fuzz_ledger_taken \
	%D%/fuzz_mail_head \
	%D%/fuzz_mailbox_conf \
	%D%/fuzz_mbox \
	%D%/fuzz_name \
	%D%/fuzz_pop3_proxy \
	%D%/fuzz_pop3_serve \
	%D%/fuzz_proxy_header \
	%D%/fuzz_record \
	%D%/fuzz_request \
	%D%/fuzz_sasl \
	%D%/fuzz_smtp_journal \
	%D%/fuzz_smtp_proxy \
	%D%/fuzz_target
check_PROGRAMS += $(FUZZERS)

check_LIBRARIES += %D%/libfuzz.a
%C%_libfuzz_a_SOURCES = %D%/fuzz.c %D%/fuzz.h
if FUZZING
FUZZ_LINK_FLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
else
%C%_libfuzz_a_SOURCES += %D%/replay.c
FUZZ_LINK_FLAGS = $(AM_LDFLAGS)
TESTS += $(FUZZERS)
check_DATA += %D%/found.stamp
endif
FUZZ_LIBS = %D%/libfuzz.a $(LDADD)

# The targets of sessions: what they play in stands before the libraries, whose
# TLS and dialler it replaces.
check_LIBRARIES += %D%/libworld.a
%C%_libworld_a_SOURCES = %D%/speaker.c %D%/world.c %D%/world.h
%C%_fuzz_addr_LDADD = $(FUZZ_LIBS)
%C%_fuzz_age_file_LDADD = $(FUZZ_LIBS)
%C%_fuzz_age_header_LDADD = $(FUZZ_LIBS)
%C%_fuzz_age_stream_LDADD = $(FUZZ_LIBS)
%C%_fuzz_conf_LDADD = $(FUZZ_LIBS)
%C%_fuzz_crlf_LDADD = $(FUZZ_LIBS)
%C%_fuzz_csv_LDADD = $(FUZZ_LIBS)
%C%_fuzz_dn_LDADD = $(FUZZ_LIBS)
%C%_fuzz_dot_LDADD = $(FUZZ_LIBS)
%C%_fuzz_journal_report_LDADD = $(FUZZ_LIBS)
%C%_fuzz_ledger_entry_LDADD = $(FUZZ_LIBS)
%C%_fuzz_ledger_expired_LDADD = $(FUZZ_LIBS)
%C%_fuzz_ledger_files_LDADD = $(FUZZ_LIBS)
%C%_fuzz_ledger_memory_LDADD = $(FUZZ_LIBS)
%C%_fuzz_ledger_proof_LDADD = $(FUZZ_LIBS)
%C%_fuzz_ledger_spool_LDADD = $(FUZZ_LIBS)
%C%_fuzz_ledger_taken_LDADD = $(FUZZ_LIBS)
%C%_fuzz_mail_head_LDADD = $(FUZZ_LIBS)
%C%_fuzz_mailbox_conf_LDADD = $(FUZZ_LIBS)
%C%_fuzz_mbox_LDADD = $(FUZZ_LIBS)
%C%_fuzz_name_LDADD = $(FUZZ_LIBS)
%C%_fuzz_pop3_proxy_SOURCES = %D%/fuzz_pop3_proxy.c %D%/plain_tls.c \
	%D%/proxied.c %D%/proxied.h
%C%_fuzz_pop3_proxy_LDADD = %D%/libworld.a $(FUZZ_LIBS)
%C%_fuzz_pop3_serve_SOURCES = %D%/fuzz_pop3_serve.c %D%/plain_tls.c
%C%_fuzz_pop3_serve_LDADD = %D%/libworld.a $(FUZZ_LIBS)
%C%_fuzz_proxy_header_LDADD = $(FUZZ_LIBS)
%C%_fuzz_record_LDADD = $(FUZZ_LIBS)
%C%_fuzz_request_LDADD = $(FUZZ_LIBS)
%C%_fuzz_sasl_LDADD = $(FUZZ_LIBS)
%C%_fuzz_smtp_journal_SOURCES = %D%/fuzz_smtp_journal.c %D%/plain_tls.c
%C%_fuzz_smtp_journal_LDADD = %D%/libworld.a $(FUZZ_LIBS)
%C%_fuzz_smtp_proxy_SOURCES = %D%/fuzz_smtp_proxy.c %D%/plain_tls.c \
	%D%/proxied.c %D%/proxied.h
%C%_fuzz_smtp_proxy_LDADD = %D%/libworld.a $(FUZZ_LIBS)
%C%_fuzz_target_LDADD = $(FUZZ_LIBS)
%C%_fuzz_addr_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_age_file_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_age_header_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_age_stream_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_conf_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_crlf_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_csv_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_dn_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_dot_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_journal_report_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_ledger_entry_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_ledger_expired_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_ledger_files_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_ledger_memory_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_ledger_proof_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_ledger_spool_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_ledger_taken_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_mail_head_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_mailbox_conf_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_mbox_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_name_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_pop3_proxy_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_pop3_serve_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_proxy_header_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_record_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_request_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_sasl_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_smtp_journal_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_smtp_proxy_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_target_LDFLAGS = $(FUZZ_LINK_FLAGS)

# What the fuzzers found, out of its archives, for replay.c.
%D%/found.stamp: $(srcdir)/%D%/unpack $(srcdir)/%D%/corpus/*/found.tar.gz
	@$(MKDIR_P) %D% && rm -rf %D%/found
	$(AM_V_GEN)$(srcdir)/%D%/unpack %D%/found && touch $@

CLEANFILES += %D%/found.stamp

.PHONY: fuzzers
fuzzers: $(FUZZERS)

EXTRA_DIST += %D%/README.md %D%/campaign %D%/corpus %D%/dict \
	%D%/pack %D%/seeds %D%/unpack
