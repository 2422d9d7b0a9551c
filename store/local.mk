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
	%D%/alias.c \
	%D%/announce.c \
	%D%/announce.h \
	%D%/back.c \
	%D%/back.h \
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
	%D%/presence_files.c \
	%D%/presence_heard.c \
	%D%/presence.h \
	%D%/presence_private.h \
	%D%/record.c \
	%D%/record.h \
	%D%/remove_tree.c \
	%D%/remove_tree.h \
	%D%/seen.c \
	%D%/seen.h \
	%D%/settled.c \
	%D%/settled.h \
	%D%/spool.c \
	%D%/spool.h \
	%D%/spool_append.c \
	%D%/spool_private.h \
	%D%/steady.c \
	%D%/steady.h \
	%D%/store.c \
	%D%/store.h \
	%D%/taking.c \
	%D%/taking.h \
	%D%/ticket.c \
	%D%/ticket.h \
	%D%/undo.c \
	%D%/undo.h \
	%D%/ledger/check.c \
	%D%/ledger/check.h \
	%D%/ledger/entry.c \
	%D%/ledger/entry.h \
	%D%/ledger/evidence.c \
	%D%/ledger/evidence.h \
	%D%/ledger/former_chain.c \
	%D%/ledger/former_chain.h \
	%D%/ledger/former_name.c \
	%D%/ledger/former_name.h \
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
	%D%/ledger/reader.c \
	%D%/ledger/reader.h \
	%D%/ledger/reason.c \
	%D%/ledger/reason.h \
	%D%/ledger/signed_ledger.c \
	%D%/ledger/signed_ledger.h \
	%D%/ledger/spool_reader.c \
	%D%/ledger/spool_reader.h \
	%D%/ledger/tree.c \
	%D%/ledger/tree.h \
	%D%/seal/age.c \
	%D%/seal/age.h \
	%D%/seal/age_key.c \
	%D%/seal/bech32.c \
	%D%/seal/bech32.h \
	%D%/seal/seal.c \
	%D%/seal/seal.h \
	%D%/seal/session_key.c \
	%D%/seal/session_key.h \
	%D%/seal/stream.c \
	%D%/seal/stream.h \
	%D%/seal/wiping_allocator.c \
	%D%/seal/wiping_allocator.h \
	%D%/seal/x25519.c \
	%D%/seal/x25519.h \
	%D%/sweep/gone.c \
	%D%/sweep/private.h \
	%D%/sweep/run.c \
	%D%/sweep/spools.c \
	%D%/sweep/sweep.c \
	%D%/sweep/sweep.h \
	%D%/sweep/tickets.c

%C%_libadmin_a_SOURCES = \
	%D%/admin/admin.h \
	%D%/admin/alias.c \
	%D%/admin/before.c \
	%D%/admin/before.h \
	%D%/admin/begin.c \
	%D%/admin/delete.c \
	%D%/admin/files.c \
	%D%/admin/files.h \
	%D%/admin/names.c \
	%D%/admin/private.h \
	%D%/admin/promote.c \
	%D%/admin/settings.c \
	%D%/admin/settle.c \
	%D%/admin/spool.c \
	%D%/admin/spool.h \
	%D%/admin/tell.c \
	%D%/admin/undo.c \
	%D%/admin/upgrade.c

%C%_libunseal_a_SOURCES = \
	%D%/announce_login.c \
	%D%/collection.c \
	%D%/collection.h \
	%D%/login_key.c \
	%D%/login_key.h \
	%D%/reader.c \
	%D%/remove_tree.c \
	%D%/remove_tree.h \
	%D%/update.c \
	%D%/admin/create.c \
	%D%/admin/keys.c \
	%D%/admin/password.c \
	%D%/admin/recipients.c \
	%D%/admin/reset.c \
	%D%/seal/identity.c \
	%D%/seal/identity.h \
	%D%/seal/scrypt.c \
	%D%/seal/scrypt.h \
	%D%/seal/session_sign.c \
	%D%/seal/stream_open.c \
	%D%/seal/unseal.c \
	%D%/seal/unseal.h \
	%D%/seal/unwrap.c \
	%D%/seal/unwrap.h

# What each half needs, in the order of linking.
STORE_LIBS = $(NETTLE_LIBS)
UNSEAL_LIBS = $(SODIUM_LIBS)
