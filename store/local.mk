# SPDX-License-Identifier: GPL-3.0-or-later
# The sealed mailbox in two halves. libstore.a seals and keeps, and is all that
# the receiving side links; what opens a message or makes a private key goes
# into libunseal.a. Settings change without a key: libadmin.a is what the console
# links. A new file: one line in the part it belongs to.
noinst_LIBRARIES += %D%/libstore.a %D%/libadmin.a %D%/libunseal.a
%C%_libstore_a_SOURCES = \
	%D%/account.c \
	%D%/account.h \
	%D%/activity.c \
	%D%/age.c \
	%D%/age.h \
	%D%/age_key.c \
	%D%/announce.c \
	%D%/announce.h \
	%D%/alias.c \
	%D%/back.c \
	%D%/back.h \
	%D%/bech32.c \
	%D%/bech32.h \
	%D%/conf_mailbox.c \
	%D%/conf_mailbox.h \
	%D%/counters.c \
	%D%/counters.h \
	%D%/delivery.c \
	%D%/entered.c \
	%D%/entered.h \
	%D%/expiry.c \
	%D%/expiry.h \
	%D%/fault.c \
	%D%/fault.h \
	%D%/file_digest.c \
	%D%/file_digest.h \
	%D%/key_files.c \
	%D%/key_files.h \
	%D%/key_mark.c \
	%D%/key_mark.h \
	%D%/leaving.c \
	%D%/leaving.h \
	%D%/ledger/check.c \
	%D%/ledger/check.h \
	%D%/ledger/entry.c \
	%D%/ledger/entry.h \
	%D%/ledger/evidence.c \
	%D%/ledger/evidence.h \
	%D%/ledger/former_name.c \
	%D%/ledger/former_name.h \
	%D%/ledger/former_chain.c \
	%D%/ledger/former_chain.h \
	%D%/ledger/judge.c \
	%D%/ledger/judge.h \
	%D%/ledger/judge_all.c \
	%D%/ledger/judge_all.h \
	%D%/ledger/line.c \
	%D%/ledger/line.h \
	%D%/ledger/looked.c \
	%D%/ledger/looked.h \
	%D%/ledger/memory.c \
	%D%/ledger/memory.h \
	%D%/ledger/note.c \
	%D%/ledger/note.h \
	%D%/ledger/places.c \
	%D%/ledger/places.h \
	%D%/ledger/proof.c \
	%D%/ledger/proof.h \
	%D%/ledger/reason.c \
	%D%/ledger/reason.h \
	%D%/ledger/reader.c \
	%D%/ledger/reader.h \
	%D%/ledger/signed_ledger.c \
	%D%/ledger/signed_ledger.h \
	%D%/ledger/spool_reader.c \
	%D%/ledger/spool_reader.h \
	%D%/ledger/tree.c \
	%D%/ledger/tree.h \
	%D%/limit.c \
	%D%/limit.h \
	%D%/listing.c \
	%D%/listing.h \
	%D%/lock_file.c \
	%D%/lock_file.h \
	%D%/mailbox.c \
	%D%/mailbox_private.h \
	%D%/name.c \
	%D%/name.h \
	%D%/presence.c \
	%D%/presence.h \
	%D%/record.c \
	%D%/record.h \
	%D%/remove_tree.c \
	%D%/remove_tree.h \
	%D%/seal.c \
	%D%/seal.h \
	%D%/seen.c \
	%D%/seen.h \
	%D%/session_key.c \
	%D%/session_key.h \
	%D%/settled.c \
	%D%/settled.h \
	%D%/spool.c \
	%D%/spool_append.c \
	%D%/spool_private.h \
	%D%/spool.h \
	%D%/steady.c \
	%D%/steady.h \
	%D%/store.c \
	%D%/store.h \
	%D%/stream.c \
	%D%/stream.h \
	%D%/sweep.c \
	%D%/sweep_gone.c \
	%D%/sweep_private.h \
	%D%/sweep_spools.c \
	%D%/sweep_tickets.c \
	%D%/sweep.h \
	%D%/taking.c \
	%D%/taking.h \
	%D%/ticket.c \
	%D%/ticket.h \
	%D%/undo.c \
	%D%/undo.h \
	%D%/wiping_allocator.c \
	%D%/wiping_allocator.h \
	%D%/x25519.c \
	%D%/x25519.h

%C%_libadmin_a_SOURCES = \
	%D%/admin.h \
	%D%/admin_alias.c \
	%D%/admin_begin.c \
	%D%/admin_delete.c \
	%D%/admin_files.c \
	%D%/admin_files.h \
	%D%/admin_private.h \
	%D%/admin_settings.c \
	%D%/admin_promote.c \
	%D%/admin_settle.c \
	%D%/admin_tell.c \
	%D%/admin_undo.c \
	%D%/before.c %D%/before.h \
	%D%/upgrade.c \
	%D%/admin_spool.c \
	%D%/admin_spool.h

%C%_libunseal_a_SOURCES = \
	%D%/admin_create.c \
	%D%/admin_keys.c \
	%D%/admin_password.c \
	%D%/admin_recipients.c \
	%D%/admin_reset.c \
	%D%/announce_login.c \
	%D%/collection.c \
	%D%/collection.h \
	%D%/identity.c \
	%D%/identity.h \
	%D%/login_key.c \
	%D%/login_key.h \
	%D%/remove_tree.c \
	%D%/remove_tree.h \
	%D%/reader.c \
	%D%/scrypt.c \
	%D%/scrypt.h \
	%D%/session_sign.c \
	%D%/stream_open.c \
	%D%/unseal.c \
	%D%/unseal.h \
	%D%/update.c \
	%D%/unwrap.c \
	%D%/unwrap.h

# What each half needs, in the order of linking.
STORE_LIBS = $(NETTLE_LIBS)
UNSEAL_LIBS = $(SODIUM_LIBS)
