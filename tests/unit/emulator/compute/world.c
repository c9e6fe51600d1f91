/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>

void world_open(struct world *w)
{
    struct rd_cloud_options options = {
        .cloud_name = "AzureCloud",
        .tenant = RD_STR("22222222-2222-2222-2222-222222222222"),
        .subscriptions = {RD_STR("11111111-1111-1111-1111-111111111111")},
        .subscription_count = 1,
        .seed = 7,
        .start_ms = 1790000000000,
        .trusts_embedded = true,
    };
    struct rd_err err;
    *w = (struct world){.arena = rd_arena_new(0), .now_ms = options.start_ms};
    assert_int_equal(rd_cloud_open(&options, &w->cloud, &err), RD_RC_OK);
    assert_int_equal(call(w, RD_HTTP_PUT, GROUP, "{'location':'westeurope'}"), 201);
}

void world_close(struct world *w)
{
    rd_cloud_close(w->cloud);
    rd_arena_free(w->arena);
}

void later(struct world *w, int64_t seconds)
{
    w->now_ms += seconds * 1000;
}

static struct rd_str quoted(struct world *w, const char *body)
{
    struct rd_str copy = rd_arena_str(w->arena, rd_str_from(body));
    char *p = rd_arena_bytes(w->arena, copy.n + 1);
    for (size_t i = 0; i < copy.n; i++)
        p[i] = copy.p[i] == '\'' ? '"' : copy.p[i];
    return (struct rd_str){p, copy.n};
}

static int send_request(struct world *w, enum rd_http_method method, const char *path,
                        const char *body, bool has_token)
{
    bool is_absolute = strncmp(path, "https://", 8) == 0;
    bool has_query = strchr(path, '?') != NULL;
    struct rd_http_request request = {
        .method = method,
        .url = rd_arena_printf(w->arena, "%s%s%s",
                               is_absolute ? "" : "https://management.azure.com", path,
                               strstr(path, "api-version") != NULL ? ""
                               : has_query                         ? "&api-version=2024-11-01"
                                                                   : "?api-version=2024-11-01"),
        .body = body != NULL ? quoted(w, body) : RD_STR(""),
    };
    if (has_token)
        rd_http_headers_add(w->arena, &request.headers, "Authorization", RD_STR("Bearer embedded"));
    if (body != NULL)
        rd_http_headers_add(w->arena, &request.headers, "Content-Type", RD_STR("application/json"));
    struct rd_err err;
    assert_int_equal(rd_cloud_handle(w->cloud, w->arena, w->now_ms, &request, &w->reply, &err),
                     RD_RC_OK);
    w->json = rd_json_absent;
    struct rd_str type = rd_http_headers_get(&w->reply.headers, "Content-Type");
    if (w->reply.body.n != 0 && rd_str_find(type, RD_STR("json"), 0) != RD_STR_NONE)
        assert_int_equal(rd_json_parse(w->arena, "reply", w->reply.body, 0, &w->json, &err),
                         RD_RC_OK);
    return w->reply.status;
}

int call(struct world *w, enum rd_http_method method, const char *path, const char *body)
{
    return send_request(w, method, path, body, true);
}

int call_unknown(struct world *w, enum rd_http_method method, const char *path)
{
    return send_request(w, method, path, NULL, false);
}

void make(struct world *w, const char *path, const char *body)
{
    int status = call(w, RD_HTTP_PUT, path, body);
    if (status > 202)
        print_message("# %.*s\n", RD_FMT(w->reply.body));
    assert_in_range(status, 200, 202);
    later(w, 4 * 3600);
    assert_int_equal(call(w, RD_HTTP_GET, path, NULL), 200);
    const char *state = text(w, "properties.provisioningState");
    if (state[0] != '\0')
        assert_string_equal(state, "Succeeded");
}

const char *text(struct world *w, const char *path)
{
    return rd_arena_str(w->arena, rd_json_str(rd_json_at(&w->json, path))).p;
}

void fault(struct world *w, const char *what)
{
    struct rd_err err;
    assert_int_equal(rd_cloud_add_fault(w->cloud, rd_str_from(what), &err), RD_RC_OK);
}

void make_network(struct world *w)
{
    make(
        w, GROUP "/providers/Microsoft.Network/virtualNetworks/vnet",
        "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.0/16']},"
        "'subnets':[{'name':'hosts','properties':{'addressPrefix':'10.0.1.0/24'}}]}}");
    static const char nic[] =
        "{'location':'westeurope','properties':{'ipConfigurations':[{'name':'ipconfig',"
        "'properties':{'subnet':{'id':'" GROUP
        "/providers/Microsoft.Network/virtualNetworks/vnet/subnets/hosts'}}}]}}";
    make(w, NIC("nic1"), nic);
    make(w, NIC("nic2"), nic);
}

void grant(struct world *w, const char *scope, const char *role, const char *principal,
           const char *guid)
{
    struct rd_str path = rd_arena_printf(
        w->arena, "%s/providers/Microsoft.Authorization/roleAssignments/%s", scope, guid);
    struct rd_str body =
        rd_arena_printf(w->arena,
                        "{'properties':{'roleDefinitionId':'" SUB
                        "/providers/Microsoft.Authorization/roleDefinitions/%s','principalId':'%s',"
                        "'principalType':'ServicePrincipal'}}",
                        role, principal);
    assert_int_equal(call(w, RD_HTTP_PUT, path.p, body.p), 201);
    later(w, 1800);
}

#define PERSON "99999999-9999-4999-8999-999999999999"

void let_use_vaults(struct world *w)
{
    assert_int_equal(call(w, RD_HTTP_PUT,
                          SUB "/providers/Microsoft.Authorization/roleAssignments/"
                              "99999999-0000-4000-8000-000000000001",
                          "{'properties':{'roleDefinitionId':'" SUB
                          "/providers/Microsoft.Authorization/roleDefinitions/"
                          "00482a5a-887f-4fb3-b363-3b7fe8e74483','principalId':'" PERSON
                          "','principalType':'User'}}"),
                     201);
    later(w, 1200);
}

void let_use_hsm(struct world *w, const char *host)
{
    static const char *const roles[] = {"21dbd100-6940-42c2-9190-5d6cb909625b",
                                        "515eb02d-2335-4d2d-92f2-b1cbdf9c3778"};
    for (int i = 0; i < 2; i++) {
        struct rd_str path = rd_arena_printf(w->arena,
                                             "%s/providers/Microsoft.Authorization/roleAssignments/"
                                             "99999999-0000-4000-8000-00000000000%d",
                                             host, i);
        struct rd_str body = rd_arena_printf(
            w->arena,
            "{'properties':{'roleDefinitionId':'Microsoft.KeyVault/providers/"
            "Microsoft.Authorization/roleDefinitions/%s','principalId':'" PERSON "'}}",
            roles[i]);
        assert_int_equal(call(w, RD_HTTP_PUT, path.p, body.p), 201);
    }
    later(w, 1200);
}
