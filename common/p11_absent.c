/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands in for p11-kit where handlers are linked statically: distributions
 * ship GnuTLS as an archive, p11-kit never. Our keys are files, so none of
 * these is called for a token; whoever does get here is told "nothing": 0 is
 * both NULL and success with nothing found. Not built otherwise, and the one
 * file without base.h: configure links it before there is a config.h.
 */
#include <stddef.h>

#define ABSENT(function)                                                       \
	void *function(void);                                                  \
	void *function(void)                                                   \
	{                                                                      \
		return NULL;                                                   \
	}

ABSENT(p11_kit_config_option)
ABSENT(p11_kit_iter_add_filter)
ABSENT(p11_kit_iter_begin_with)
ABSENT(p11_kit_iter_free)
ABSENT(p11_kit_iter_get_attributes)
ABSENT(p11_kit_iter_get_object)
ABSENT(p11_kit_iter_new)
ABSENT(p11_kit_iter_next)
ABSENT(p11_kit_message)
ABSENT(p11_kit_module_finalize)
ABSENT(p11_kit_module_get_flags)
ABSENT(p11_kit_module_get_name)
ABSENT(p11_kit_module_load)
ABSENT(p11_kit_module_release)
ABSENT(p11_kit_modules_load)
ABSENT(p11_kit_pin_file_callback)
ABSENT(p11_kit_pin_get_length)
ABSENT(p11_kit_pin_get_value)
ABSENT(p11_kit_pin_new_for_string)
ABSENT(p11_kit_pin_register_callback)
ABSENT(p11_kit_pin_request)
ABSENT(p11_kit_pin_unref)
ABSENT(p11_kit_pin_unregister_callback)
ABSENT(p11_kit_space_strdup)
ABSENT(p11_kit_space_strlen)
ABSENT(p11_kit_strerror)
ABSENT(p11_kit_uri_format)
ABSENT(p11_kit_uri_free)
ABSENT(p11_kit_uri_get_attribute)
ABSENT(p11_kit_uri_get_attributes)
ABSENT(p11_kit_uri_get_module_info)
ABSENT(p11_kit_uri_get_pin_source)
ABSENT(p11_kit_uri_get_pin_value)
ABSENT(p11_kit_uri_get_token_info)
ABSENT(p11_kit_uri_match_module_info)
ABSENT(p11_kit_uri_match_token_info)
ABSENT(p11_kit_uri_new)
ABSENT(p11_kit_uri_parse)
ABSENT(p11_kit_uri_set_attribute)
