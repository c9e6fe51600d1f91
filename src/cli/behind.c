/* SPDX-License-Identifier: Apache-2.0 */
#include "behind.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>

#include "base/file.h"

/* The name of the file in a state folder that says which spec it is the state of. */
static const char note_name[] = "spec";

static bool is_other_subscription(const struct session *session, struct rd_str id)
{
    const struct rd_json *known = rd_json_at(&session->desired->facts, "subscriptions");
    for (size_t i = 0; i < rd_json_count(known); i++)
        if (rd_arm_id_is_within(id, rd_arena_printf(session->arena, "/subscriptions/%.*s",
                                                    RD_FMT(rd_json_str(rd_json_item(known, i))))))
            return false;
    return true;
}

/* Groups that runs of this enclave wrote, that nobody has deleted, and that are in a subscription
 * which the spec names no more. Those in the others are in the plan. */
RD_NODISCARD static enum rd_rc tell_groups(const struct session *session, struct rd_err *err)
{
    struct rd_str *ids = NULL;
    size_t count = 0;
    RD_TRY(rd_journal_written_groups(session->journal, session->arena, &ids, &count, err));
    for (size_t i = 0; i < count; i++) {
        if (!is_other_subscription(session, ids[i]))
            continue;
        output_warning(
            rd_arena_printf(session->arena,
                            "'%.*s' is of an earlier spec of this enclave and may still stand: "
                            "nothing in it is looked at",
                            RD_FMT(ids[i])),
            "name its subscription in the spec again: the images' former one as "
            "'images_subscription', and 'redoubt plan' shows what goes; the enclave's as "
            "'subscription', and 'redoubt destroy' takes it down");
    }
    return RD_RC_OK;
}

/* Whether the journal in a state folder knows a group that stands; not when it cannot be read. */
static bool has_standing(const struct session *session, const char *folder)
{
    struct rd_err ignored;
    struct rd_journal *journal = NULL;
    struct rd_str *ids = NULL;
    size_t count = 0;
    if (!rd_file_exists(rd_arena_printf(session->arena, "%s/redoubt.db", folder).p) ||
        rd_journal_open(folder, false, &journal, &ignored) != RD_RC_OK)
        return false;
    if (rd_journal_written_groups(journal, session->arena, &ids, &count, &ignored) != RD_RC_OK)
        count = 0;
    rd_journal_close(journal);
    return count > 0;
}

/* What is in the note of a state folder, or "". */
static struct rd_str read_note(const struct session *session, struct rd_str folder)
{
    struct rd_err ignored;
    struct rd_str text = {"", 0};
    const char *path = rd_arena_printf(session->arena, "%.*s/%s", RD_FMT(folder), note_name).p;
    if (!rd_file_exists(path) ||
        rd_file_read(session->arena, path, PATH_MAX, &text, &ignored) != RD_RC_OK)
        return RD_STR("");
    return rd_str_trim(text);
}

/* The other enclaves whose state lies beside and was made for the same file: its former names. */
static void tell_names(const struct session *session, struct rd_str own, struct rd_str spec)
{
    size_t slash = rd_str_find_last_char(own, '/');
    struct rd_str root = rd_str_sub(own, 0, slash == RD_STR_NONE ? 0 : slash);
    DIR *folder = opendir(rd_arena_str(session->arena, root).p);
    for (const struct dirent *entry = NULL; folder != NULL && (entry = readdir(folder)) != NULL;) {
        struct rd_str name = rd_arena_str(session->arena, rd_str_from(entry->d_name));
        struct rd_str other =
            rd_arena_printf(session->arena, "%.*s/%.*s", RD_FMT(root), RD_FMT(name));
        if (name.p[0] == '.' || rd_str_eq(name, session->desired->name) ||
            !rd_str_eq(read_note(session, other), spec))
            continue;
        const char *state = session_is_live(session)
                                ? rd_arena_printf(session->arena, "%.*s/live", RD_FMT(other)).p
                                : other.p;
        if (has_standing(session, state))
            output_warning(
                rd_arena_printf(session->arena,
                                "the enclave '%.*s', which '%s' described before, still stands: "
                                "nothing of it is looked at",
                                RD_FMT(name), session_spec_path(session->args)),
                "to take it down, run 'redoubt destroy' with its name in the spec; or give the "
                "name back");
    }
    if (folder != NULL)
        (void)closedir(folder);
}

enum rd_rc behind_tell(struct session *session, bool writes, struct rd_err *err)
{
    char path[PATH_MAX];
    struct rd_str own = rd_str_from(session_state_folder(session));
    if (session->journal != NULL)
        RD_TRY(tell_groups(session, err));
    if (realpath(session_spec_path(session->args), path) == NULL)
        return RD_RC_OK; /* from a pipe: nobody can change it */
    struct rd_str spec = rd_str_from(path);
    tell_names(session, own, spec);
    if (!writes || rd_str_eq(read_note(session, own), spec))
        return RD_RC_OK;
    return rd_file_write(rd_arena_printf(session->arena, "%.*s/%s", RD_FMT(own), note_name).p, spec,
                         0600, err);
}
