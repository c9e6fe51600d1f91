/* SPDX-License-Identifier: Apache-2.0 */
#include "facts/facts.h"
#include "make_internal.h"

/*
 * Text that names a row of a table and may only change to a row that is the same in some columns
 * (column alike): a machine keeps the kind of its disks, whatever its size. To replace it for that
 * would throw away what is on the disk, so that it is refused and the remedy told.
 */

static const struct rd_json *row_named(const struct rd_json *table, const struct rd_json *name)
{
    struct rd_str wanted = rd_json_str(name);
    for (size_t i = 0; i < rd_json_count(table) && wanted.n > 0; i++) {
        const struct rd_json *row = rd_json_item(table, i);
        if (rd_str_eq_case(rd_json_str(rd_json_get(row, RD_STR("name"))), wanted))
            return row;
    }
    return &rd_json_absent;
}

RD_NODISCARD static enum rd_rc refuse(const struct rd_change *draft,
                                      const struct rd_field_change *field, struct rd_str what,
                                      struct rd_err *err)
{
    struct rd_str before = rd_json_str(field->before);
    struct rd_str after = rd_json_str(field->after);
    return rd_err_hint(
        RD_FAIL(err, RD_RC_INVALID,
                "'%.*s' of %.*s '%.*s' cannot change from '%.*s' to '%.*s' in place: only one of "
                "them has %.*s",
                RD_FMT(field->path), RD_FMT(draft->desired->type->label),
                RD_FMT(draft->desired->name), RD_FMT(before), RD_FMT(after), RD_FMT(what)),
        err,
        "Azure does not resize between them: keep '%.*s' or take one of its kind; '%.*s' needs new "
        "machines, under another name, to which users move",
        RD_FMT(before), RD_FMT(after));
}

RD_NODISCARD static enum rd_rc check_field(const struct rd_maker *maker,
                                           const struct rd_change *draft,
                                           const struct rd_field_change *field, struct rd_err *err)
{
    const struct rd_json *alike =
        rd_json_get(rd_json_get(draft->desired->type->row, RD_STR("alike")), field->path);
    if (!rd_json_exists(alike))
        return RD_RC_OK;
    struct rd_str name = rd_arena_str(maker->scratch, rd_json_str(rd_json_at(alike, "table")));
    const struct rd_json *table = NULL;
    RD_TRY(rd_facts_get(name.p, &table, err));
    const struct rd_json *rows[] = {row_named(table, field->before),
                                    row_named(table, field->after)};
    const struct rd_json *columns = rd_json_at(alike, "by");
    /* Of what the table does not know, the cloud decides. */
    for (size_t i = 0; rd_json_exists(rows[0]) && rd_json_exists(rows[1]) &&
                       i < rd_json_count(columns) && rd_json_is(columns, RD_JSON_OBJECT);
         i++) {
        const struct rd_json_member *column = &columns->u.members[i];
        if (rd_json_is_true(rd_json_get(rows[0], column->key)) !=
            rd_json_is_true(rd_json_get(rows[1], column->key)))
            return refuse(draft, field, rd_json_str(&column->value), err);
    }
    return RD_RC_OK;
}

enum rd_rc rd_maker_check_alike(const struct rd_maker *maker, const struct rd_change *draft,
                                struct rd_err *err)
{
    for (size_t i = 0; i < draft->field_count && draft->kind == RD_CHANGE_UPDATE; i++)
        RD_TRY(check_field(maker, draft, &draft->fields[i], err));
    return RD_RC_OK;
}
