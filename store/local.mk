# SPDX-License-Identifier: GPL-3.0-or-later
# The sealed mailbox in two halves. libstore.a seals and keeps, and is all that
# the receiving side links; what opens a message or makes a private key goes
# into libunseal.a. Settings change without a key: libadmin.a is what the console
# links. A new file: one line in the part it belongs to.
noinst_LIBRARIES += %D%/libstore.a %D%/libadmin.a %D%/libunseal.a
%C%_libstore_a_SOURCES = \
	%D%/age.c \
	%D%/age.h \
	%D%/age_key.c \
	%D%/alias.c \
	%D%/bech32.c \
	%D%/bech32.h \
	%D%/conf_mailbox.c \
	%D%/conf_mailbox.h \
	%D%/counters.c \
	%D%/counters.h \
	%D%/delivery.c \
	%D%/fault.c \
	%D%/fault.h \
	%D%/index.c \
	%D%/index.h \
	%D%/index_activity.c \
	%D%/index_dbt.h \
	%D%/index_records.c \
	%D%/listing.c \
	%D%/listing.h \
	%D%/mailbox.c \
	%D%/mailbox_private.h \
	%D%/name.c \
	%D%/name.h \
	%D%/record.c \
	%D%/record.h \
	%D%/seal.c \
	%D%/seal.h \
	%D%/seen.c \
	%D%/seen.h \
	%D%/store.c \
	%D%/store.h \
	%D%/stream.c \
	%D%/stream.h \
	%D%/sweep.c \
	%D%/x25519.c \
	%D%/x25519.h

%C%_libadmin_a_SOURCES = \
	%D%/admin.h \
	%D%/admin_alias.c \
	%D%/admin_delete.c \
	%D%/admin_files.c \
	%D%/admin_files.h \
	%D%/admin_private.h \
	%D%/admin_settings.c

%C%_libunseal_a_SOURCES = \
	%D%/admin_create.c \
	%D%/admin_password.c \
	%D%/admin_recipients.c \
	%D%/admin_reset.c \
	%D%/collection.c \
	%D%/collection.h \
	%D%/identity.c \
	%D%/identity.h \
	%D%/reader.c \
	%D%/scrypt.c \
	%D%/scrypt.h \
	%D%/stream_open.c \
	%D%/unseal.c \
	%D%/unseal.h \
	%D%/unwrap.c \
	%D%/unwrap.h

# What each half needs, in the order of linking.
STORE_LIBS = $(NETTLE_LIBS) $(DB_LIBS)
UNSEAL_LIBS = $(SODIUM_LIBS)
