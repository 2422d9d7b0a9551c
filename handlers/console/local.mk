# SPDX-License-Identifier: GPL-3.0-or-later
# The console: one CGI program, and what it shows. Everything but main.c is a
# library, so that tests can call a page. A new file: one line.
noinst_LIBRARIES += %D%/libconsole.a
%C%_libconsole_a_SOURCES = \
	%D%/web/answer.c \
	%D%/sign_in/audit.c %D%/sign_in/audit.h \
	%D%/text/catalog.c %D%/text/catalog.h \
	%D%/parts/certificate.c %D%/parts/certificate.h \
	%D%/parts/chart.c %D%/parts/chart.h \
	%D%/console.h \
	%D%/parts/confirm_loss.c %D%/parts/confirm_loss.h \
	%D%/parts/form.c %D%/parts/form.h \
	%D%/parts/helper.c %D%/parts/helper.h \
	%D%/web/html.c %D%/web/html.h \
	%D%/text/language.c %D%/text/language.h \
	%D%/parts/mailbox_choice.c %D%/parts/mailbox_choice.h \
	%D%/parts/mailbox_form.c %D%/parts/mailbox_form.h \
	%D%/parts/mailbox_frame.c %D%/parts/mailbox_frame.h \
	%D%/parts/mailbox_rows.c %D%/parts/mailbox_rows.h \
	%D%/parts/notice.c %D%/parts/notice.h \
	%D%/parts/page.c \
	%D%/pages/account.c \
	%D%/pages/activity.c \
	%D%/pages/asset.c \
	%D%/pages/connect.c \
	%D%/pages/delete.c \
	%D%/pages/login.c \
	%D%/pages/mailbox.c \
	%D%/pages/new.c \
	%D%/pages/overview.c \
	%D%/pages/password.c \
	%D%/pages/recipients.c \
	%D%/pages/reset.c \
	%D%/pages/system.c \
	%D%/web/urlencoded.c %D%/web/urlencoded.h \
	%D%/parts/ports.c %D%/parts/ports.h \
	%D%/parts/cache_file.c %D%/parts/cache_file.h \
	%D%/web/request.c %D%/web/request.h \
	%D%/router.c %D%/router.h \
	%D%/pages/secret.c %D%/pages/secret.h \
	%D%/sign_in/sessions.c %D%/sign_in/sessions.h \
	%D%/sign_in/visitor.c %D%/sign_in/visitor.h

# It changes settings, opens no mail and speaks no TLS: libunseal.a is not among
# these, nor GnuTLS, which would take longer to load than a page to write.
CONSOLE_LIBS = %D%/libconsole.a handlers/libsession.a store/libadmin.a \
	store/libstore.a common/libcommon.a $(STORE_LIBS) $(CONFUSE_LIBS) \
	$(CRYPT_LIBS)

handler_PROGRAMS += console.cgi
console_cgi_SOURCES = %D%/main.c
console_cgi_LDADD = $(CONSOLE_LIBS)

dist_console_DATA = \
	%D%/assets/console.css \
	%D%/assets/console.js \
	%D%/assets/icon.svg
