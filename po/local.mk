# SPDX-License-Identifier: GPL-3.0-or-later
# Translations of the console. A new language: its code in LINGUAS here, a .po
# file made by `make update-po`, and a row in handlers/console/text/language.c.
# Without gettext's tools the console is built in English alone.
LINGUAS = de it
PO_FILES = $(LINGUAS:%=%D%/%.po)
EXTRA_DIST += $(PO_FILES)

if HAVE_MSGFMT
LINGUAS_BUILT = $(LINGUAS)
else
LINGUAS_BUILT =
endif
MO_FILES = $(LINGUAS_BUILT:%=%D%/%.mo)
all-local: $(MO_FILES)
CLEANFILES += $(MO_FILES)

SUFFIXES += .po .mo
.po.mo:
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(MSGFMT) --check-format --check-domain -o $@ $<

install-data-hook: install-translations
uninstall-hook: uninstall-translations
.PHONY: install-translations uninstall-translations
install-translations: $(MO_FILES)
	for l in $(LINGUAS_BUILT); do \
		to='$(DESTDIR)$(localedir)'/$$l/LC_MESSAGES; \
		$(MKDIR_P) "$$to" && \
		$(INSTALL_DATA) %D%/$$l.mo "$$to/$(PACKAGE).mo" || exit 1; \
	done
uninstall-translations:
	for l in $(LINGUAS_BUILT); do \
		rm -f '$(DESTDIR)$(localedir)'/$$l/LC_MESSAGES/$(PACKAGE).mo; \
	done

# For who changes a text: brings po/*.po up to date with the sources.
.PHONY: update-po
update-po:
	cd '$(srcdir)' && scripts/update-po $(LINGUAS)
