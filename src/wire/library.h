/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_LIBRARY_H
#define WIRE_LIBRARY_H

/*
 * libcurl's functions, loaded when they are first needed. Linked in the usual way, libcurl and the
 * thirty libraries behind it made `redoubt --version` take 5 ms longer, which was more than all the
 * rest; loaded here, only what speaks to a cloud pays for it. The types and prototypes are
 * libcurl's own header's, so a call is checked as if it were linked.
 */

#include <curl/curl.h>

#include "base/err.h"

#define WIRE_FUNCTIONS(F)                                                                          \
    F(global_init)                                                                                 \
    F(easy_init)                                                                                   \
    F(easy_setopt)                                                                                 \
    F(easy_getinfo)                                                                                \
    F(easy_cleanup)                                                                                \
    F(slist_append)                                                                                \
    F(slist_free_all)                                                                              \
    F(multi_init)                                                                                  \
    F(multi_setopt)                                                                                \
    F(multi_add_handle)                                                                            \
    F(multi_remove_handle)                                                                         \
    F(multi_perform)                                                                               \
    F(multi_poll)                                                                                  \
    F(multi_info_read)                                                                             \
    F(multi_cleanup)                                                                               \
    F(version_info)

struct wire_library {
#define FIELD(name) __typeof__(curl_##name) *name;
    WIRE_FUNCTIONS(FIELD)
#undef FIELD
};

/* Loads `file` ("libcurl.so.4") and readies it. Errors: UNSUPPORTED. */
RD_NODISCARD enum rd_rc wire_library_load(const char *file, struct wire_library *ret_library,
                                          struct rd_err *err);

#endif
