# SPDX-License-Identifier: GPL-3.0-or-later
# What every program links: no protocol beyond lines and replies, no database.
# A new file: one line here, in alphabetical order.
noinst_LIBRARIES += %D%/libcommon.a
%C%_libcommon_a_SOURCES = \
	%D%/ascii.h \
	%D%/base.h \
	%D%/base64.c %D%/base64.h \
	%D%/buf.c %D%/buf.h \
	%D%/clock.c %D%/clock.h \
	%D%/cmd.c %D%/cmd.h \
	%D%/conf.c %D%/conf.h \
	%D%/conf_comment.c %D%/conf_comment.h \
	%D%/conf_file.c %D%/conf_file.h \
	%D%/conf_rule.c %D%/conf_rule.h \
	%D%/conf_value.c %D%/conf_value.h \
	%D%/conn.c %D%/conn.h \
	%D%/crlf.c %D%/crlf.h \
	%D%/digest.c %D%/digest.h \
	%D%/dn.c %D%/dn.h \
	%D%/err.c %D%/err.h \
	%D%/iso_time.c %D%/iso_time.h \
	%D%/limit_process.c %D%/limit_process.h \
	%D%/log.c %D%/log.h \
	%D%/log_pairs.c %D%/log_pairs.h \
	%D%/mailbox_id.c %D%/mailbox_id.h \
	%D%/num.c %D%/num.h \
	%D%/peer.c %D%/peer.h \
	%D%/peer_proxy.c %D%/peer_proxy.h \
	%D%/random_id.c %D%/random_id.h \
	%D%/read_all.c %D%/read_all.h \
	%D%/reply.c %D%/reply.h \
	%D%/sandbox.h \
	%D%/secret.c %D%/secret.h \
	%D%/service_port.c %D%/service_port.h \
	%D%/sink.h \
	%D%/slots.c %D%/slots.h \
	%D%/target.c %D%/target.h \
	%D%/text_size.c %D%/text_size.h \
	%D%/throttle.c %D%/throttle.h \
	%D%/tls.c %D%/tls.h \
	%D%/tls_cert.c \
	%D%/tls_client.c \
	%D%/tls_chain.c \
	%D%/tls_private.h \
	%D%/tls_server.c \
	%D%/utf8.c %D%/utf8.h \
	%D%/wire.c %D%/wire.h

# Handlers with instruments in them are not confined.
if INSTRUMENTED
%C%_libcommon_a_SOURCES += %D%/sandbox_absent.c
else
%C%_libcommon_a_SOURCES += \
	%D%/sandbox.c \
	%D%/sandbox_calls.c %D%/sandbox_calls.h \
	%D%/sandbox_files.c \
	%D%/sandbox_private.h
noinst_PROGRAMS += %D%/make_filters
%C%_make_filters_SOURCES = %D%/make_filters.c
%C%_make_filters_LDADD = $(SECCOMP_LIBS)
CLEANFILES += %D%/sandbox_filters.h
%D%/sandbox_calls.$(OBJEXT): %D%/sandbox_filters.h
%D%/sandbox_filters.h: %D%/make_filters$(EXEEXT)
	$(AM_V_GEN)%D%/make_filters$(EXEEXT) >$@.new && mv -f $@.new $@
endif

# Where things are installed, for those who ask.
SUBSTITUTED += %D%/paths.h
%D%/conf.$(OBJEXT): %D%/paths.h
handlers/console/pages/asset.$(OBJEXT): %D%/paths.h
handlers/console/text/language.$(OBJEXT): %D%/paths.h
tests/unit/test_conf.$(OBJEXT): %D%/paths.h

# What it needs, in the order of linking; libcommon.a comes before it.
COMMON_LIBS = $(CONFUSE_LIBS) $(GNUTLS_LIBS) $(NETTLE_LIBS)

# Only statically linked handlers need it, behind everything else.
if STATIC_HANDLERS
noinst_LIBRARIES += %D%/libp11_absent.a
%C%_libp11_absent_a_SOURCES = %D%/p11_absent.c
P11_ABSENT = %D%/libp11_absent.a
endif
