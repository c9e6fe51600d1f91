/* SPDX-License-Identifier: Apache-2.0 */
#include "deployment.h"

#include "access.h"
#include "shape.h"

/*
 * Whether the caller may write what a template would deploy. Azure asks for all of it before it
 * deploys any, and names each resource that is refused (code and texts from published errors,
 * looked up 2026-11-22; the status from memory). Expressions are not evaluated: only what a
 * parameter's value or default says, so a resource whose name or scope stays unknown is refused
 * only where the caller may write none of its type.
 */

enum { REFUSAL_COUNT_MAX = 20, DEPTH_MAX = 8 };

struct audit {
    struct em_exchange *ex;
    const struct rd_json *template;
    const struct rd_json *given; /* the parameters' values */
    struct rd_str base;          /* what the deployment stands on */
    struct rd_buf text;          /* the refusals, with ":" between them */
    size_t refused;
};

/* The text of a value, or "" when it takes an evaluation. */
static struct rd_str known_text(const struct audit *audit, const struct rd_json *value)
{
    const struct rd_str open = RD_STR("[parameters('");
    struct rd_str text = rd_json_str(value);
    if (text.n == 0 || text.p[0] != '[' || rd_str_has_prefix(text, RD_STR("[[")))
        return text;
    if (!rd_str_has_prefix_case(text, open) || !rd_str_has_suffix(text, RD_STR("')]")) ||
        text.n < open.n + 3)
        return (struct rd_str){"", 0};
    struct rd_str name = rd_str_sub(text, open.n, text.n - 3);
    const struct rd_json *given =
        rd_json_get(rd_json_get_case(audit->given, name), RD_STR("value"));
    if (!rd_json_exists(given))
        given = rd_json_get_case(
            rd_json_get_case(rd_json_get_case(audit->template, RD_STR("parameters")), name),
            RD_STR("defaultValue"));
    text = rd_json_str(given);
    return text.n > 0 && text.p[0] != '[' ? text : (struct rd_str){"", 0};
}

/* "/providers/NS/a/{a}/b/{b}" of "NS/a/b" and "{a}/{b}"; "" when they do not fit together. */
static struct rd_str path_of(struct em_exchange *ex, struct rd_str type, struct rd_str name)
{
    struct rd_str part = {"", 0}, value = {"", 0};
    (void)rd_str_next(&type, '/', &part);
    struct rd_str path = rd_arena_printf(ex->arena, "/providers/%.*s", RD_FMT(part));
    while (type.n > 0) {
        (void)rd_str_next(&type, '/', &part);
        if (name.n == 0)
            return (struct rd_str){"", 0};
        (void)rd_str_next(&name, '/', &value);
        path =
            rd_arena_printf(ex->arena, "%.*s/%.*s/%.*s", RD_FMT(path), RD_FMT(part), RD_FMT(value));
    }
    return name.n == 0 ? path : (struct rd_str){"", 0};
}

static bool is_group_type(struct rd_str type)
{
    return rd_str_is_case(type, "Microsoft.Resources/resourceGroups") ||
           rd_str_is_case(type, "Microsoft.Resources/subscriptions/resourceGroups");
}

/* Where the deployment of a resource goes that names a group or a subscription of its own. */
static struct rd_str base_of(const struct audit *audit, const struct rd_json *resource)
{
    struct rd_str subscription = em_id_segment(audit->base, "subscriptions");
    const struct rd_json *other = rd_json_get_case(resource, RD_STR("subscriptionId"));
    const struct rd_json *group = rd_json_get_case(resource, RD_STR("resourceGroup"));
    if (!rd_json_exists(other) && !rd_json_exists(group))
        return audit->base;
    if (rd_json_exists(other))
        subscription = known_text(audit, other);
    struct rd_str name = known_text(audit, group);
    if (subscription.n == 0 || (rd_json_exists(group) && name.n == 0))
        return (struct rd_str){"", 0};
    struct rd_str base =
        rd_arena_printf(audit->ex->arena, "/subscriptions/%.*s", RD_FMT(subscription));
    return name.n == 0 ? base
                       : rd_arena_printf(audit->ex->arena, "%.*s/resourceGroups/%.*s", RD_FMT(base),
                                         RD_FMT(name));
}

/* The resource's id, or "" when it is not known without evaluating expressions. */
static struct rd_str id_of(const struct audit *audit, const struct rd_json *resource,
                           struct rd_str type, struct rd_str name)
{
    const struct rd_json *scope = rd_json_get_case(resource, RD_STR("scope"));
    struct rd_str base = base_of(audit, resource);
    if (rd_json_exists(scope)) {
        base = known_text(audit, scope);
        if (base.n > 0 && base.p[0] != '/') /* relative to the deployment's own */
            base = rd_arena_printf(audit->ex->arena, "%.*s/providers/%.*s", RD_FMT(audit->base),
                                   RD_FMT(base));
    }
    if (base.n == 0 || name.n == 0)
        return (struct rd_str){"", 0};
    if (is_group_type(type))
        return rd_arena_printf(audit->ex->arena, "%.*s/resourceGroups/%.*s", RD_FMT(base),
                               RD_FMT(name));
    struct rd_str path = path_of(audit->ex, type, name);
    return path.n == 0 ? path
                       : rd_arena_printf(audit->ex->arena, "%.*s%.*s", RD_FMT(base), RD_FMT(path));
}

static void note_refusal(struct audit *audit, struct rd_str type, struct rd_str name,
                         struct rd_str action, struct rd_str scope)
{
    const struct em_caller *caller = &audit->ex->caller;
    struct rd_str client = caller->app_id.n > 0 ? caller->app_id : caller->object_id;
    if (audit->refused++ >= REFUSAL_COUNT_MAX)
        return;
    rd_buf_printf(&audit->text,
                  "%sAuthorization failed for template resource '%.*s' of type '%.*s'. The client "
                  "'%.*s' with object id '%.*s' does not have permission to perform action '%.*s' "
                  "at scope '%.*s'.",
                  audit->refused > 1 ? ":" : "", RD_FMT(name), RD_FMT(type), RD_FMT(client),
                  RD_FMT(caller->object_id), RD_FMT(action), RD_FMT(scope));
}

static void ask(struct audit *audit, const struct rd_json *resource, struct rd_str type,
                struct rd_str name)
{
    struct em_exchange *ex = audit->ex;
    struct rd_str id = id_of(audit, resource, type, name);
    struct rd_str action = is_group_type(type)
                               ? RD_STR("Microsoft.Resources/subscriptions/resourceGroups/write")
                               : rd_arena_printf(ex->arena, "%.*s/write", RD_FMT(type));
    struct rd_str scope = id.n > 0 ? id : audit->base;
    bool may = em_may(ex, action, scope) || (id.n == 0 && em_may_below(ex, action, audit->base));
    if (!may)
        note_refusal(audit, type,
                     name.n > 0 ? name : rd_json_str(rd_json_get_case(resource, RD_STR("name"))),
                     action, scope);
}

static void ask_all(struct audit *audit, const struct rd_json *resources, struct rd_str parent_type,
                    struct rd_str parent_name, int depth);

/* What a nested deployment holds, with the values that it is given when it evaluates its own. */
static void ask_nested(struct audit *audit, const struct rd_json *resource, int depth)
{
    const struct rd_json *properties = rd_json_get_case(resource, RD_STR("properties"));
    const struct rd_json *template = rd_json_get_case(properties, RD_STR("template"));
    const struct rd_json *options =
        rd_json_get_case(properties, RD_STR("expressionEvaluationOptions"));
    struct rd_str base = base_of(audit, resource);
    if (!rd_json_is(template, RD_JSON_OBJECT) || base.n == 0)
        return;
    struct audit former = *audit;
    audit->base = base;
    if (rd_str_is_case(rd_json_str(rd_json_get_case(options, RD_STR("scope"))), "inner")) {
        audit->template = template;
        audit->given = rd_json_get_case(properties, RD_STR("parameters"));
    }
    ask_all(audit, rd_json_get_case(template, RD_STR("resources")), (struct rd_str){"", 0},
            (struct rd_str){"", 0}, depth + 1);
    audit->base = former.base;
    audit->template = former.template;
    audit->given = former.given;
}

/* Children go by their parent's type and name before their own. */
static void ask_one(struct audit *audit, const struct rd_json *resource, struct rd_str parent_type,
                    struct rd_str parent_name, int depth)
{
    struct rd_arena *arena = audit->ex->arena;
    struct rd_str type = rd_json_str(rd_json_get_case(resource, RD_STR("type")));
    struct rd_str name = known_text(audit, rd_json_get_case(resource, RD_STR("name")));
    const struct rd_json *condition = rd_json_get_case(resource, RD_STR("condition"));
    /* A condition that takes an evaluation leaves it open whether there will be anything. */
    bool is_left_out = rd_json_exists(condition) && !rd_json_is_true(condition);
    if (is_left_out || rd_json_is_true(rd_json_get_case(resource, RD_STR("existing"))))
        return;
    bool is_child = parent_type.n > 0 && rd_str_find_char(type, '.', 0) == RD_STR_NONE;
    if (is_child) {
        type = rd_arena_printf(arena, "%.*s/%.*s", RD_FMT(parent_type), RD_FMT(type));
        if (parent_name.n == 0)
            name = (struct rd_str){"", 0};
        if (name.n > 0)
            name = rd_arena_printf(arena, "%.*s/%.*s", RD_FMT(parent_name), RD_FMT(name));
    }
    ask(audit, resource, type, name);
    if (rd_str_is_case(type, "Microsoft.Resources/deployments"))
        ask_nested(audit, resource, depth);
    ask_all(audit, rd_json_get_case(resource, RD_STR("resources")), type, name, depth + 1);
}

static void ask_all(struct audit *audit, const struct rd_json *resources, struct rd_str parent_type,
                    struct rd_str parent_name, int depth)
{
    bool is_object = rd_json_is(resources, RD_JSON_OBJECT);
    if (depth > DEPTH_MAX || (!is_object && !rd_json_is(resources, RD_JSON_ARRAY)))
        return;
    for (size_t i = 0; i < rd_json_count(resources); i++)
        ask_one(audit, is_object ? &resources->u.members[i].value : rd_json_item(resources, i),
                parent_type, parent_name, depth);
}

bool em_deployment_may(struct em_exchange *ex, const struct rd_json *properties)
{
    const struct rd_json *template = rd_json_get(properties, RD_STR("template"));
    struct audit audit = {
        .ex = ex,
        .template = template,
        .given = rd_json_get(properties, RD_STR("parameters")),
        .base = ex->params[0],
    };
    const struct rd_str none = {"", 0};
    if (ex->caller.is_builtin || !rd_json_is(template, RD_JSON_OBJECT))
        return true;
    rd_buf_init(&audit.text, 64 << 10);
    ask_all(&audit, rd_json_get_case(template, RD_STR("resources")), none, none, 0);
    struct rd_str text = rd_arena_str(ex->arena, rd_buf_str(&audit.text));
    rd_buf_done(&audit.text);
    if (audit.refused == 0)
        return true;
    return em_fail(ex, 403, "InvalidTemplateDeployment", "%s: '%.*s'.",
                   audit.refused == 1 ? "The template deployment failed with error"
                                      : "Deployment failed with multiple errors",
                   RD_FMT(text));
}
