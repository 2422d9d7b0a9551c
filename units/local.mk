# SPDX-License-Identifier: GPL-3.0-or-later
# Units, and what systemd-sysusers and systemd-tmpfiles read. The xinetd and
# cron files are installed as examples: copying one to xinetd.d or cron.d enables
# it.
systemdsystemunit_DATA = \
	%D%/restante-console.service \
	%D%/restante-pop3-behind.socket \
	%D%/restante-pop3-behind.service \
	%D%/restante-pop3-behind@.service \
	%D%/restante-pop3-proxy.socket \
	%D%/restante-pop3-proxy.service \
	%D%/restante-pop3-proxy@.service \
	%D%/restante-pop3-serve.socket \
	%D%/restante-pop3-serve.service \
	%D%/restante-pop3-serve@.service \
	%D%/restante-pop3s-proxy.socket \
	%D%/restante-pop3s-proxy.service \
	%D%/restante-pop3s-proxy@.service \
	%D%/restante-pop3s-serve.socket \
	%D%/restante-pop3s-serve.service \
	%D%/restante-pop3s-serve@.service \
	%D%/restante-smtp-journal.socket \
	%D%/restante-smtp-journal.service \
	%D%/restante-smtp-journal@.service \
	%D%/restante-smtp-proxy.socket \
	%D%/restante-smtp-proxy.service \
	%D%/restante-smtp-proxy@.service \
	%D%/restante-smtps-proxy.socket \
	%D%/restante-smtps-proxy.service \
	%D%/restante-smtps-proxy@.service \
	%D%/restante-ledger.service \
	%D%/restante-ledger.timer \
	%D%/restante-settle.service \
	%D%/restante-settle.timer \
	%D%/restante-sweep.service \
	%D%/restante-sweep.timer

xinetddir = $(pkgdatadir)/xinetd
xinetd_DATA = \
	%D%/xinetd/restante-pop3-proxy \
	%D%/xinetd/restante-pop3-serve \
	%D%/xinetd/restante-pop3s-proxy \
	%D%/xinetd/restante-pop3s-serve \
	%D%/xinetd/restante-smtp-journal \
	%D%/xinetd/restante-smtp-proxy \
	%D%/xinetd/restante-smtps-proxy

crondir = $(pkgdatadir)/cron.d
cron_DATA = %D%/cron/restante-ledger %D%/cron/restante-settle %D%/cron/restante-sweep

# The console's own web server, and examples for others.
webdir = $(pkgdatadir)/web
web_DATA = \
	%D%/console/apache-fcgi.conf \
	%D%/console/apache-params.conf \
	%D%/console/apache-proxy.conf \
	%D%/console/apache-users.conf \
	%D%/console/lighttpd-users.conf \
	%D%/console/lighttpd.conf \
	%D%/console/nginx-fcgi.conf \
	%D%/console/nginx-params.conf \
	%D%/console/nginx-proxy.conf \
	%D%/console/nginx-users.conf \
	%D%/console/restante-console-fcgi.service \
	%D%/console/restante-console-fcgi.socket
dist_web_DATA = \
	%D%/console/status-400.html \
	%D%/console/status-413.html \
	%D%/console/status-500.html \
	%D%/console/status-503.html

# For those who run fail2ban.
fail2bandir = $(pkgdatadir)/fail2ban
dist_fail2ban_DATA = %D%/fail2ban/restante.filter %D%/fail2ban/restante.jail

# Both are installed under the one name restante.conf.
UNIT_EXTRAS = %D%/restante.sysusers %D%/restante.tmpfiles
noinst_DATA = $(UNIT_EXTRAS)

SUBSTITUTED += $(systemdsystemunit_DATA) $(xinetd_DATA) $(cron_DATA) \
	$(web_DATA) \
	$(UNIT_EXTRAS)
$(systemdsystemunit_DATA) $(web_DATA): $(srcdir)/%D%/hardening
EXTRA_DIST += %D%/hardening

install-data-hook: install-unit-extras
uninstall-hook: uninstall-unit-extras

.PHONY: install-unit-extras uninstall-unit-extras
install-unit-extras: $(UNIT_EXTRAS)
	$(MKDIR_P) '$(DESTDIR)$(sysusersdir)' '$(DESTDIR)$(tmpfilesdir)'
	$(INSTALL_DATA) %D%/restante.sysusers \
		'$(DESTDIR)$(sysusersdir)/restante.conf'
	$(INSTALL_DATA) %D%/restante.tmpfiles \
		'$(DESTDIR)$(tmpfilesdir)/restante.conf'
uninstall-unit-extras:
	rm -f '$(DESTDIR)$(sysusersdir)/restante.conf' \
		'$(DESTDIR)$(tmpfilesdir)/restante.conf'
