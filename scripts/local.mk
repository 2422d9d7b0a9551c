# SPDX-License-Identifier: GPL-3.0-or-later
# What is installed of the scripts, and what only the source tree needs.
bin_SCRIPTS += %D%/restante
handler_SCRIPTS += %D%/certificate-hook %D%/setup
SUBSTITUTED += $(bin_SCRIPTS) $(handler_SCRIPTS)

EXTRA_DIST += %D%/analyse %D%/check %D%/container %D%/lint %D%/quickstart \
	%D%/rooms %D%/update-po

bashcompletiondir = $(datadir)/bash-completion/completions
bashcompletion_DATA = %D%/completions/restante
CLEANFILES += $(bashcompletion_DATA)
$(bashcompletion_DATA): %D%/restante.bash-completion
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)cp $(srcdir)/%D%/restante.bash-completion $@
EXTRA_DIST += %D%/restante.bash-completion
