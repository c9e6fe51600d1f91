/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/spec.h"

#include "templates.h"

enum rd_rc rd_spec_template(struct rd_arena *arena, struct rd_str name, struct rd_str *ret_text,
                            struct rd_err *err)
{
    struct rd_str *names = rd_arena_array(arena, rd_spec_template_count, sizeof(*names));
    struct rd_str all = RD_STR("");
    for (size_t i = 0; i < rd_spec_template_count; i++) {
        names[i] = rd_spec_template_files[i].name;
        if (rd_str_eq(names[i], name)) {
            *ret_text = rd_spec_template_files[i].text;
            return RD_RC_OK;
        }
        all =
            rd_arena_printf(arena, "%.*s%s%.*s", RD_FMT(all), i == 0 ? "" : ", ", RD_FMT(names[i]));
    }
    enum rd_rc rc = RD_FAIL(err, RD_RC_USAGE, "no template '%.*s': expected one of %.*s",
                            RD_FMT(name), RD_FMT(all));
    struct rd_str nearest = rd_str_nearest(name, names, rd_spec_template_count);
    if (nearest.n == 0)
        return rc;
    return rd_err_hint(rc, err, "did you mean '%.*s'?", RD_FMT(nearest));
}
