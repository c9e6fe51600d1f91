/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum {
    VERSION_MIN = 0x075700, /* CURLOPT_QUICK_EXIT */
    FEATURES = CURL_VERSION_SSL | CURL_VERSION_HTTP2 | CURL_VERSION_LIBZ,
};

static const struct {
    const char *name;
    size_t offset;
} functions[] = {
#define ROW(name) {"curl_" #name, offsetof(struct wire_library, name)},
    WIRE_FUNCTIONS(ROW)
#undef ROW
};

RD_NODISCARD static enum rd_rc find_functions(void *handle, const char *file,
                                              struct wire_library *library, struct rd_err *err)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *symbol = dlsym(handle, functions[i].name);
        if (symbol == NULL)
            return rd_err_hint(RD_FAIL(err, RD_RC_UNSUPPORTED, "'%s' has no function '%s'", file,
                                       functions[i].name),
                               err, "install Debian's package libcurl4, 7.87 or later");
        /* POSIX lets dlsym give functions; ISO C has no conversion for it. */
        memcpy((char *)library + functions[i].offset, &symbol, sizeof(symbol));
    }
    return RD_RC_OK;
}

/* It stays loaded until the process ends: libraries with threads and exit handlers do not go. */
enum rd_rc wire_library_load(const char *file, struct wire_library *ret_library, struct rd_err *err)
{
    struct wire_library library = {0};
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return rd_err_hint(RD_FAIL(err, RD_RC_UNSUPPORTED,
                                   "'%s', which speaks HTTPS for redoubt, cannot be loaded", file),
                           err, "install Debian's package libcurl4; rehearsals do without it");
    RD_TRY(find_functions(handle, file, &library, err));
    /* Whoever can read that file can read what TLS protects. */
    (void)unsetenv("SSLKEYLOGFILE");
    bool has_started = library.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    const curl_version_info_data *version = library.version_info(CURLVERSION_NOW);
    if (!has_started || version->version_num < VERSION_MIN ||
        (version->features & FEATURES) != FEATURES)
        return rd_err_hint(
            RD_FAIL(err, RD_RC_UNSUPPORTED, "'%s' is too old, or lacks TLS, HTTP/2 or zlib", file),
            err, "install Debian's package libcurl4, 7.87 or later");
    *ret_library = library;
    return RD_RC_OK;
}
