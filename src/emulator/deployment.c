/* SPDX-License-Identifier: Apache-2.0 */
#include "deployment.h"

#include <stdarg.h>

#include "shape.h"

/*
 * Template deployments: what Azure checks before anything is deployed is checked here too, then
 * they are refused, for nothing evaluates templates. So there is never one to be found. Texts are
 * from memory (2026-11-21).
 */

#define COLLECTION "/providers/Microsoft.Resources/deployments"

enum { NAME_SIZE_MAX = 64 };

bool em_is_deployment_path(struct rd_str path)
{
    return rd_str_find_case(path, RD_STR(COLLECTION "/"), 0) != RD_STR_NONE;
}

/* The route's first parameter is what the deployment stands on, the second its name. */
static struct rd_str scope_of(const struct em_exchange *ex)
{
    return ex->params[0];
}

static bool check_scope(struct em_exchange *ex)
{
    struct rd_str scope = scope_of(ex);
    struct rd_str group = em_id_segment(scope, "resourceGroups");
    if (group.n == 0 || em_find(ex->cloud, scope) != NULL)
        return true;
    return em_fail(ex, 404, "ResourceGroupNotFound", "Resource group '%.*s' could not be found.",
                   RD_FMT(group));
}

static bool check_name(struct em_exchange *ex)
{
    struct rd_str name = ex->params[1];
    bool is_good = name.n <= NAME_SIZE_MAX;
    for (size_t i = 0; i < name.n; i++)
        is_good = is_good && (rd_char_is_alnum(name.p[i]) || name.p[i] == '-' || name.p[i] == '_' ||
                              name.p[i] == '.' || name.p[i] == '(' || name.p[i] == ')');
    return is_good || em_fail(ex, 400, "InvalidDeploymentName",
                              "The deployment name '%.*s' is invalid. It must have at most %d "
                              "letters, digits, '-', '_', '.', '(' and ')'.",
                              RD_FMT(name), NAME_SIZE_MAX);
}

RD_PRINTF(2, 3)
static bool fail_template(struct em_exchange *ex, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct rd_str why = rd_arena_vprintf(ex->arena, fmt, ap);
    va_end(ap);
    return em_fail(ex, 400, "InvalidTemplate", "Deployment template validation failed: '%.*s'.",
                   RD_FMT(why));
}

/* "line 4, position 12" of a value in the request. */
static struct rd_str place_of(struct em_exchange *ex, const struct rd_json *value)
{
    int line, column;
    rd_json_position(ex->request->body, value->offset, &line, &column);
    return rd_arena_printf(ex->arena, "line %d, position %d", line, column);
}

static bool has_members(struct em_exchange *ex, const struct rd_json *object, struct rd_str path,
                        const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (!rd_json_exists(rd_json_get_case(object, rd_str_from(names[i]))))
            return fail_template(ex, "Required property '%s' not found in JSON. Path '%.*s', %.*s.",
                                 names[i], RD_FMT(path), RD_FMT(place_of(ex, object)));
    return true;
}

static bool check_resource(struct em_exchange *ex, const struct rd_json *resource,
                           struct rd_str path)
{
    static const char *const needed[] = {"type", "apiVersion", "name", NULL};
    if (!rd_json_is(resource, RD_JSON_OBJECT))
        return fail_template(ex, "The resource at '%.*s' must be an object, %.*s.", RD_FMT(path),
                             RD_FMT(place_of(ex, resource)));
    return has_members(ex, resource, path, needed);
}

/* A list, or since language version 2.0 an object of named ones. */
static bool check_resources(struct em_exchange *ex, const struct rd_json *list)
{
    bool is_object = rd_json_is(list, RD_JSON_OBJECT);
    if (!is_object && !rd_json_is(list, RD_JSON_ARRAY))
        return fail_template(ex, "The template's 'resources' must be an array, %.*s.",
                             RD_FMT(place_of(ex, list)));
    for (size_t i = 0; i < rd_json_count(list); i++) {
        const struct rd_json *one = is_object ? &list->u.members[i].value : rd_json_item(list, i);
        struct rd_str path =
            is_object ? rd_arena_printf(ex->arena, "resources.%.*s", RD_FMT(list->u.members[i].key))
                      : rd_arena_printf(ex->arena, "resources[%zu]", i);
        if (!check_resource(ex, one, path))
            return false;
    }
    return true;
}

/* What is given is declared, and what has no default is given. */
static bool check_parameters(struct em_exchange *ex, const struct rd_json *template,
                             const struct rd_json *given)
{
    const struct rd_json *declared = rd_json_get_case(template, RD_STR("parameters"));
    bool is_declared_object = rd_json_is(declared, RD_JSON_OBJECT);
    for (size_t i = 0; rd_json_is(given, RD_JSON_OBJECT) && i < rd_json_count(given); i++) {
        struct rd_str name = given->u.members[i].key;
        if (!rd_json_exists(rd_json_get_case(declared, name)))
            return fail_template(
                ex,
                "The template parameters '%.*s' in the parameters file are not valid; they are not "
                "present in the original template and can therefore not be provided at deployment "
                "time. Please see https://aka.ms/arm-pass-parameters for usage details.",
                RD_FMT(name));
    }
    for (size_t i = 0; is_declared_object && i < rd_json_count(declared); i++) {
        const struct rd_json_member *member = &declared->u.members[i];
        const struct rd_json *none = rd_json_get_case(&member->value, RD_STR("defaultValue"));
        if (!rd_json_is(none, RD_JSON_ABSENT) ||
            rd_json_exists(rd_json_get_case(given, member->key)))
            continue;
        return fail_template(ex,
                             "The value for the template parameter '%.*s' at %.*s is not provided. "
                             "Please see https://aka.ms/arm-create-parameter-file for usage "
                             "details.",
                             RD_FMT(member->key), RD_FMT(place_of(ex, &member->value)));
    }
    return true;
}

static bool check_template(struct em_exchange *ex, const struct rd_json *properties)
{
    static const char *const needed[] = {"$schema", "contentVersion", "resources", NULL};
    const struct rd_json *template = rd_json_get(properties, RD_STR("template"));
    const struct rd_json *link = rd_json_get(properties, RD_STR("templateLink"));
    if (!rd_json_exists(template) && !rd_json_exists(link))
        return em_fail(ex, 400, "InvalidRequestContent",
                       "The request content was invalid and could not be deserialized: 'Exactly "
                       "one of the properties 'template' and 'templateLink' must be given.'.");
    if (!rd_json_exists(template))
        return true; /* what it leads to cannot be looked at */
    if (!rd_json_is(template, RD_JSON_OBJECT))
        return fail_template(ex, "The template must be an object, %.*s.",
                             RD_FMT(place_of(ex, template)));
    return has_members(ex, template, RD_STR(""), needed) &&
           check_resources(ex, rd_json_get_case(template, RD_STR("resources"))) &&
           check_parameters(ex, template, rd_json_get(properties, RD_STR("parameters")));
}

/* A group has a location of its own; everything above needs one for the deployment's record. */
static bool check_location(struct em_exchange *ex)
{
    bool is_in_group = em_id_segment(scope_of(ex), "resourceGroups").n > 0;
    struct rd_str location = em_text_at(&ex->body, "location");
    if (is_in_group == (location.n == 0))
        return location.n == 0 || em_region_exists(ex, em_region_name(ex, location)) ||
               em_fail(ex, 400, "LocationNotAvailableForDeployment",
                       "The location '%.*s' is not available for deployments.", RD_FMT(location));
    return em_fail(ex, 400, "InvalidDeployment",
                   "The 'location' property %s for '%.*s'. Please see "
                   "https://aka.ms/deploy-to-subscription for usage details.",
                   is_in_group ? "is not allowed" : "must be specified", RD_FMT(ex->params[1]));
}

static bool check(struct em_exchange *ex)
{
    static const char *const modes[] = {"Incremental", "Complete", NULL};
    return check_scope(ex) && check_name(ex) &&
           em_require(ex, &ex->body, "properties", RD_JSON_OBJECT) &&
           em_require_word(ex, &ex->body, "properties.mode", modes, false) && check_location(ex) &&
           check_template(ex, rd_json_get(&ex->body, RD_STR("properties")));
}

static bool refuse(struct em_exchange *ex)
{
    return em_fail(ex, 501, "DeploymentsNotEmulated",
                   "The embedded cloud does not run template deployments: deployment '%.*s' was "
                   "read and has no mistake in its form, and nothing of it was done. Send its "
                   "resources one by one instead, each as a PUT to its id ('az resource create', "
                   "'az rest', an SDK).",
                   RD_FMT(ex->params[1]));
}

bool em_deployment_put(struct em_exchange *ex)
{
    return check(ex) && em_deployment_may(ex, rd_json_get(&ex->body, RD_STR("properties"))) &&
           refuse(ex);
}

static bool fail_absent(struct em_exchange *ex)
{
    return em_fail(ex, 404, "DeploymentNotFound", "Deployment '%.*s' could not be found.",
                   RD_FMT(ex->params[1]));
}

bool em_deployment_get(struct em_exchange *ex)
{
    return check_scope(ex) && fail_absent(ex);
}

bool em_deployment_delete(struct em_exchange *ex)
{
    if (!check_scope(ex))
        return false;
    em_reply_empty(ex, 204);
    return true;
}

bool em_deployment_post(struct em_exchange *ex)
{
    struct rd_str action = ex->params[2];
    if (rd_str_is_case(action, "validate"))
        return em_deployment_put(ex);
    if (rd_str_is_case(action, "whatIf")) /* foretells what changes, not whether one may */
        return check(ex) && refuse(ex);
    return check_scope(ex) && fail_absent(ex); /* cancel, exportTemplate */
}

bool em_deployment_list(struct em_exchange *ex)
{
    if (!check_scope(ex))
        return false;
    struct rd_json body = rd_json_object();
    rd_json_set_c(ex->arena, &body, "value", rd_json_array());
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}
