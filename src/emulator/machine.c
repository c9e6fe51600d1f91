/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include "compute_internal.h"
#include "shape.h"

/*
 * Managed identities as a machine sees them, in the three shapes that clients know (azure-compute
 * 9.1, real-clients 1.2):
 *
 *     GET  /metadata/identity/oauth2/token   instance metadata, with "Metadata: true"
 *     GET  /msi/token    App Service, with X-IDENTITY-HEADER (or, older, Secret)
 *     POST /msi/token    the older VM extension's form: what Azure CLI asks
 *
 * The machine is whatever serves the cloud. Its own identity is the application that the host
 * program marked; by client_id, object_id or mi_res_id any user-assigned identity of the cloud is
 * taken for one that the machine has.
 */

struct identity {
    struct rd_str client_id, object_id, resource_id;
};

static bool refuse(struct em_exchange *ex, int status, const char *error, const char *description)
{
    struct rd_json body = rd_json_object();
    em_set_word(ex, &body, "error", error);
    em_set_word(ex, &body, "error_description", description);
    em_reply_json(ex, status, &body, EM_JSON_COMPACT);
    return false;
}

/* From the query, or the form of a POST. */
static struct rd_str parameter(struct em_exchange *ex, const char *name)
{
    struct rd_str value = {"", 0};
    if (ex->request->method == RD_HTTP_POST)
        return em_form_get(ex, name);
    (void)rd_http_query_get(ex->arena, ex->url.query, name, &value);
    return value;
}

static const struct em_application *own_identity(struct rd_cloud *cloud)
{
    for (size_t i = 0; i < cloud->login->count; i++)
        if (cloud->login->applications[i].is_managed_identity)
            return &cloud->login->applications[i];
    return NULL;
}

static bool find_user_assigned(struct em_exchange *ex, const struct identity *asked,
                               struct identity *ret_identity)
{
    size_t cursor = 0;
    struct em_resource *resource;
    while ((resource = em_each(ex->cloud, EM_USER_IDENTITY_TYPE, &cursor)) != NULL) {
        struct rd_json body = em_body(ex, resource);
        *ret_identity =
            (struct identity){em_text_at(&body, "properties.clientId"),
                              em_text_at(&body, "properties.principalId"), resource->id};
        if ((asked->client_id.n > 0 && rd_str_eq_case(asked->client_id, ret_identity->client_id)) ||
            (asked->object_id.n > 0 && rd_str_eq_case(asked->object_id, ret_identity->object_id)) ||
            (asked->resource_id.n > 0 && rd_str_eq_case(asked->resource_id, resource->id)))
            return true;
    }
    return false;
}

static bool find_identity(struct em_exchange *ex, struct identity *ret_identity)
{
    const struct em_application *own = own_identity(ex->cloud);
    struct identity asked = {parameter(ex, "client_id"), parameter(ex, "object_id"),
                             parameter(ex, "mi_res_id")};
    if (asked.client_id.n == 0)
        asked.client_id = parameter(ex, "clientid"); /* App Service 2017-09-01 */
    if (asked.resource_id.n == 0)
        asked.resource_id = parameter(ex, "msi_res_id");
    bool is_own = asked.resource_id.n == 0 && own != NULL &&
                  (asked.client_id.n == 0 || rd_str_eq_case(asked.client_id, own->client_id)) &&
                  (asked.object_id.n == 0 || rd_str_eq_case(asked.object_id, own->object_id));
    if (is_own) {
        *ret_identity = (struct identity){own->client_id, own->object_id, {"", 0}};
        return true;
    }
    if (own != NULL && find_user_assigned(ex, &asked, ret_identity))
        return true;
    return refuse(ex, 400, "invalid_request", "Identity not found");
}

/* A page in a browser can set no such header without asking, and a proxy adds the other one. */
static bool check_headers(struct em_exchange *ex, bool is_instance)
{
    const struct rd_http_headers *headers = &ex->request->headers;
    if (rd_http_headers_get(headers, "x-forwarded-for").n > 0)
        return refuse(ex, 400, "invalid_request",
                      "Request contains 'x-forwarded-for' header, which is not allowed");
    if (is_instance) {
        if (rd_str_is_case(rd_http_headers_get(headers, "metadata"), "true"))
            return true;
        return refuse(ex, 400, "invalid_request", "Required metadata header not specified");
    }
    if (ex->request->method == RD_HTTP_POST ||
        rd_http_headers_get(headers, "x-identity-header").n > 0 ||
        rd_http_headers_get(headers, "secret").n > 0)
        return true;
    return refuse(ex, 401, "unauthorized", "Required header 'X-IDENTITY-HEADER' not specified");
}

static void reply(struct em_exchange *ex, const struct identity *identity, struct rd_str resource)
{
    struct em_token_wish wish = {
        .audience = resource,
        .app_id = identity->client_id,
        .object_id = identity->object_id,
        .resource_id = identity->resource_id,
        .authentication = "2",
    };
    struct em_token token = em_token_make(ex, &wish);
    struct rd_json body = rd_json_object();
    em_set_text(ex, &body, "access_token", token.text);
    em_set_text(ex, &body, "client_id", identity->client_id);
    em_token_set_times(ex, &body, &token);
    em_set_text(ex, &body, "resource", resource);
    em_set_word(ex, &body, "token_type", "Bearer");
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
}

void em_answer_machine(struct em_exchange *ex)
{
    struct rd_str path = ex->url.path; /* the JavaScript SDK puts a slash behind it */
    path.n -= path.n > 0 && path.p[path.n - 1] == '/';
    bool is_instance = rd_str_is_case(path, "/metadata/identity/oauth2/token");
    bool is_get = ex->request->method == RD_HTTP_GET;
    if (!is_instance && !rd_str_is_case(path, "/msi/token")) {
        (void)em_fail(ex, 404, "NotFound",
                      "The embedded cloud's machines have '%s' and '%s' only, not '%.*s'.",
                      "/metadata/identity/oauth2/token", "/msi/token", RD_FMT(ex->url.path));
        return;
    }
    if (!is_get && (is_instance || ex->request->method != RD_HTTP_POST)) {
        (void)refuse(ex, 405, "invalid_request", "The method is not allowed here");
        return;
    }
    struct identity identity = {{"", 0}, {"", 0}, {"", 0}};
    struct rd_str resource = parameter(ex, "resource");
    if (!check_headers(ex, is_instance))
        return;
    if (resource.n == 0) {
        (void)refuse(ex, 400, "invalid_request", "Required query variable 'resource' is missing");
        return;
    }
    if (!find_identity(ex, &identity) || !em_login_check_resource(ex, resource))
        return;
    reply(ex, &identity, resource);
}
