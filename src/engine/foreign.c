/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in redoubt's groups and is of types that redoubt was not asked to look for. */
#include <assert.h>

#include "running.h"

enum { PAGE_COUNT_MAX = 1000 };

/* One list of a group's resources, page by page. */
struct asking {
    struct rd_world *world;
    struct rd_arena *arena;
    struct rd_set *live;
    struct rd_str group;
    struct rd_str url;
    bool is_done;
    enum rd_rc rc;
    struct rd_err *err;
};

/* Known by itself, below something known, managed by something known (a disk by its machine), or
 * marked as the enclave's. */
static bool is_known(const struct rd_set *live, const struct rd_json *item, struct rd_str id)
{
    int64_t above = rd_set_ancestor(live, id);
    bool is_below = above != RD_NONE && !rd_str_is_case(live->resources[above].type->name,
                                                        "Microsoft.Resources/resourceGroups");
    struct rd_str manager = rd_json_str(rd_json_get(item, RD_STR("managedBy")));
    return rd_set_find(live, id) != NULL || is_below ||
           (manager.n > 0 && rd_set_find(live, manager) != NULL) ||
           rd_set_owns_tags(live, rd_json_get(item, RD_STR("tags")));
}

static void take_items(struct asking *asking, const struct rd_json *items)
{
    struct rd_set *live = asking->live;
    if (!rd_json_is(rd_json_get(&live->facts, RD_STR("foreign")), RD_JSON_ARRAY))
        (void)rd_json_set_c(asking->arena, &live->facts, "foreign", rd_json_array());
    struct rd_json *foreign = rd_json_make(asking->arena, &live->facts, "foreign");
    for (size_t i = 0; i < rd_json_count(items); i++) {
        const struct rd_json *item = rd_json_item(items, i);
        struct rd_str id = rd_json_str(rd_json_get(item, RD_STR("id")));
        if (id.n > 0 && !is_known(live, item, id))
            (void)rd_json_append(asking->arena, foreign, rd_json_string(id));
    }
}

static void ask(struct asking *asking);

static void take(void *data, const struct rd_outcome *outcome)
{
    struct asking *asking = data;
    asking->is_done = true;
    if (outcome->rc == RD_RC_NOT_FOUND)
        return; /* the group went meanwhile */
    if (outcome->rc != RD_RC_OK) {
        asking->rc =
            RD_FAIL(asking->err, outcome->rc, "reading what stands in '%.*s' failed: %.*s%s%.*s",
                    RD_FMT(asking->group), RD_FMT(outcome->code), outcome->code.n > 0 ? ": " : "",
                    RD_FMT(outcome->message));
        return;
    }
    take_items(asking, rd_json_get(&outcome->body, RD_STR("value")));
    struct rd_str next = rd_json_str(rd_json_get(&outcome->body, RD_STR("nextLink")));
    if (next.n == 0)
        return;
    if (rd_str_eq(next, asking->url)) {
        asking->rc =
            RD_FAIL(asking->err, RD_RC_CLOUD,
                    "reading what stands in '%.*s' failed: its pages do not come to an end",
                    RD_FMT(asking->group));
        return;
    }
    asking->is_done = false;
    asking->url = next;
    ask(asking);
}

static void ask(struct asking *asking)
{
    const struct rd_call call = {
        .method = RD_HTTP_GET,
        .url = asking->url,
        .arena = asking->arena,
        .done = take,
        .data = asking,
    };
    rd_client_call(asking->world->client, &call);
}

static struct rd_str url_of_group(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                                  struct rd_str id, const struct rd_type *type)
{
    return rd_arena_printf(arena, "%.*s%.*s/resources?api-version=%.*s", RD_FMT(endpoints->arm),
                           RD_FMT(id), RD_FMT(type->api_version));
}

enum rd_rc rd_engine_read_foreign(struct rd_world *world, struct rd_arena *arena,
                                  struct rd_set *live, struct rd_err *err)
{
    if (rd_json_exists(rd_json_get(&live->facts, RD_STR("foreign"))))
        return RD_RC_OK; /* asked already */
    for (size_t i = 0; i < live->count; i++) {
        const struct rd_resource *group = &live->resources[i];
        if (!rd_str_is_case(group->type->name, "Microsoft.Resources/resourceGroups"))
            continue;
        struct asking asking = {
            .world = world,
            .arena = arena,
            .live = live,
            .group = group->name,
            .url = url_of_group(arena, &world->endpoints, group->id, group->type),
            .rc = RD_RC_OK,
            .err = err,
        };
        ask(&asking);
        rd_loop_run(world->loop);
        assert(asking.is_done); /* a transport that loses requests breaks its contract */
        if (asking.rc != RD_RC_OK)
            return asking.rc;
    }
    return RD_RC_OK;
}

/* Before a group is deleted ------------------------------------------------------------------- */

static void take_contents(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    const struct rd_json *items = rd_json_get(&outcome->body, RD_STR("value"));
    if (outcome->rc != RD_RC_OK && outcome->rc != RD_RC_NOT_FOUND) {
        step_end_badly(job, outcome);
        return;
    }
    for (size_t i = 0; i < rd_json_count(items); i++) {
        const struct rd_json *item = rd_json_item(items, i);
        struct rd_str id = rd_json_str(rd_json_get(item, RD_STR("id")));
        if (id.n == 0 || is_known(job->running->plan->live, item, id))
            continue;
        step_end(job, RD_RC_STALE, RD_STR(""),
                 rd_arena_printf(job->arena,
                                 "it holds '%.*s', which was not there when the plan was made, and "
                                 "would go with it",
                                 RD_FMT(id)),
                 RD_STR("nothing of the group was deleted by this step: move that elsewhere, or "
                        "plan again, and the group is left alone"));
        return;
    }
    struct rd_str next = rd_json_str(rd_json_get(&outcome->body, RD_STR("nextLink")));
    if (next.n == 0) {
        step_enter(job, STAGE_SEND);
    } else if (++job->page_count > PAGE_COUNT_MAX) {
        step_end(job, RD_RC_CLOUD, RD_STR(""), RD_STR("the list of what it holds does not end"),
                 RD_STR(""));
    } else {
        step_get_target(job, rd_arena_str(job->arena, next), take_contents);
    }
}

bool foreign_is_to_check(const struct job *job)
{
    return job->step->kind == RD_STEP_DELETE && job->running->plan->live != NULL &&
           rd_str_is_case(job->type->name, "Microsoft.Resources/resourceGroups");
}

void foreign_check(struct job *job)
{
    job->page_count = 0;
    step_get_target(
        job, url_of_group(job->arena, &job->running->world->endpoints, job->target.id, job->type),
        take_contents);
}
