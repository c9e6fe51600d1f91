/* SPDX-License-Identifier: Apache-2.0 */
#include "providers.h"

#include <string.h>

/* The parts of a cloud made for tests of the core: its own ones, and "Test.Core" with one type for
 * each way of writing. Standing in for providers.c, it decides what the linker takes in. */

static const char *widget_ready(struct em_exchange *ex, struct em_resource *resource,
                                struct rd_json *body, struct rd_json *hidden,
                                struct rd_str *ret_message)
{
    (void)resource;
    (void)hidden;
    if (rd_json_is_true(rd_json_at(body, "properties.fails"))) {
        *ret_message = RD_STR("it was asked to fail");
        return "WidgetFailed";
    }
    *rd_json_make(ex->arena, body, "properties.serial") = rd_json_string(em_guid(ex, resource->id));
    return NULL;
}

static bool start_widget(struct em_exchange *ex, struct em_resource *resource)
{
    em_start_operation(ex, resource, 30 * 1000, "test.started", RD_STR("argument"));
    return true;
}

static void started(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    struct em_resource *widget = em_find(ex->cloud, id);
    struct rd_json body = em_body(ex, widget);
    struct rd_json result = rd_json_object();
    *rd_json_make(ex->arena, &body, "properties.startedAt") =
        rd_json_string(em_time(ex, ex->now_ms));
    em_store(ex, widget, &body);
    rd_json_set_c(ex->arena, &result, "said", rd_json_string(argument));
    em_operation_result(ex, ex->operation, &result);
}

static const struct em_action widget_actions[] = {{.name = "start", .post = start_widget}};
static const char *const nowhere[] = {"belgiumcentral", NULL};

static const struct em_type types[] = {
    {
        .name = "Test.Core/widgets",
        .place = EM_IN_GROUP,
        .needs_location = true,
        .has_tags = true,
        .has_etag = true,
        .create_status = 201,
        .update_status = 200,
        .delete_status = 202,
        .async = EM_BOTH,
        .operation_body = EM_OPERATION_DISK,
        .json_style = EM_JSON_CRLF,
        .operation_path = "Test.Core/locations/{l}/operations",
        .create_ms = 60 * 1000,
        .update_ms = 20 * 1000,
        .delete_ms = 40 * 1000,
        .retry_after_s = 10,
        .throttle_policy = "compute.vm",
        .name_pattern = "^[a-z][a-z0-9-]{0,14}$",
        .no_regions = nowhere,
        .ready = widget_ready,
        .actions = widget_actions,
        .action_count = EM_COUNT(widget_actions),
    },
    {
        .name = "Test.Core/widgets/parts",
        .place = EM_IN_PARENT,
        .create_status = 201,
        .update_status = 200,
        .delete_status = 200,
        .async = EM_SYNC,
        .page_size = 3,
        .has_top = true,
    },
    {
        .name = "Test.Core/slow",
        .place = EM_IN_GROUP,
        .create_status = 202,
        .update_status = 202,
        .delete_status = 202,
        .async = EM_LOCATION,
        .operation_path = "Test.Core/locations/{l}/operationResults",
        .create_ms = 60 * 1000,
        .update_ms = 60 * 1000,
        .delete_ms = 60 * 1000,
        .retry_after_s = 5,
        .ready = widget_ready,
    },
    {
        .name = "Test.Core/quiet",
        .place = EM_IN_GROUP,
        .create_status = 200,
        .update_status = 200,
        .delete_status = 204,
        .async = EM_POLL_RESOURCE,
        .create_ms = 60 * 1000,
        .create_state = "RegisteringDns",
    },
    {
        .name = "Test.Core/widgets/records",
        .place = EM_IN_PARENT,
        .async = EM_SYNC,
    },
    {
        .name = "Test.Core/notes",
        .place = EM_ON_SCOPE,
        .create_status = 201,
        .update_status = 200,
        .delete_status = 200,
        .async = EM_SYNC,
        .has_no_state = true,
    },
};

static bool answer_hello(struct em_exchange *ex)
{
    struct rd_json body = rd_json_object();
    rd_json_set_c(ex->arena, &body, "place", rd_json_string(ex->params[1]));
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static const struct em_route routes[] = {
    {RD_HTTP_GET, "/subscriptions/{}/providers/Test.Core/locations/{}/hello", answer_hello, NULL,
     NULL},
};
static const struct em_event_name events[] = {{"test.started", started}};

static const struct em_part test_part = {
    .name = "test",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
    .events = events,
    .event_count = EM_COUNT(events),
};

const struct em_part *const *em_parts(size_t *ret_count)
{
    static const struct em_part *const parts[] = {&em_resources_part,     &em_registration_part,
                                                  &em_authorization_part, &em_role_part,
                                                  &em_graph_part,         &test_part};
    *ret_count = EM_COUNT(parts);
    return parts;
}

bool (*em_plane(const char *name))(struct em_exchange *ex)
{
    return strcmp(name, "graph") == 0 ? em_graph_plane : NULL;
}
