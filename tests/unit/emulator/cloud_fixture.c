/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void fixture_open(struct fixture *fixture, const char *path)
{
    struct rd_cloud_options options = {
        .path = path,
        .cloud_name = "AzureCloud",
        .tenant = RD_STR("22222222-2222-4222-8222-222222222222"),
        .subscriptions = {RD_STR(FIXTURE_SUBSCRIPTION)},
        .subscription_count = 1,
        .seed = 7,
        .start_ms = FIXTURE_START_MS,
        .trusts_embedded = true,
    };
    struct rd_err err = {.msg = ""};
    *fixture = (struct fixture){.arena = rd_arena_new(0)};
    enum rd_rc rc = rd_cloud_open(&options, &fixture->cloud, &err);
    if (rc != RD_RC_OK)
        fail_msg("%s", err.msg);
    fixture->now_ms = rd_cloud_time_ms(fixture->cloud);
}

void fixture_close(struct fixture *fixture)
{
    rd_cloud_close(fixture->cloud);
    rd_arena_free(fixture->arena);
}

static struct rd_str full_url(struct fixture *fixture, const char *url)
{
    if (strncmp(url, "https://", 8) == 0)
        return rd_arena_str(fixture->arena, rd_str_from(url));
    const char *mark = strstr(url, "api-version=") != NULL ? ""
                       : strchr(url, '?') != NULL          ? "&"
                                                           : "?";
    return rd_arena_printf(fixture->arena, "https://management.azure.com%s%s%s", url, mark,
                           mark[0] == '\0' ? "" : "api-version=2024-03-01");
}

int fixture_send(struct fixture *fixture, const char *method, const char *url, const char *body)
{
    struct rd_http_request request = {
        .url = full_url(fixture, url),
        .body = rd_arena_str(fixture->arena, rd_str_from(body == NULL ? "" : body)),
    };
    struct rd_err err = {.msg = ""};
    if (fixture->header_name == NULL || strcmp(fixture->header_name, "Authorization") != 0)
        rd_http_headers_add(fixture->arena, &request.headers, "Authorization",
                            RD_STR("Bearer embedded"));
    if (fixture->header_name != NULL)
        rd_http_headers_add(fixture->arena, &request.headers, fixture->header_name,
                            rd_str_from(fixture->header_value));
    fixture->header_name = NULL;
    assert_true(rd_http_method_parse(rd_str_from(method), &request.method));
    enum rd_rc rc = rd_cloud_handle(fixture->cloud, fixture->arena, fixture->now_ms, &request,
                                    &fixture->reply, &err);
    if (rc != RD_RC_OK)
        fail_msg("%s", err.msg);
    fixture->body = rd_json_absent;
    if (fixture->reply.body.n > 0 && rd_json_parse(fixture->arena, "reply", fixture->reply.body, 0,
                                                   &fixture->body, &err) != RD_RC_OK)
        fail_msg("the reply is no JSON: %s", err.msg);
    return fixture->reply.status;
}

int fixture_ask(struct fixture *fixture, const char *method, const char *url, const char *body)
{
    if (body == NULL)
        return fixture_send(fixture, method, url, NULL);
    struct rd_str copy = rd_str_from(body);
    char *out = rd_arena_bytes(fixture->arena, copy.n + 1);
    for (size_t i = 0; i < copy.n; i++)
        out[i] = copy.p[i] == '\'' ? '"' : copy.p[i];
    out[copy.n] = '\0';
    return fixture_send(fixture, method, url, out);
}

struct rd_str fixture_header(const struct fixture *fixture, const char *name)
{
    return rd_http_headers_get(&fixture->reply.headers, name);
}

const char *fixture_text(const struct fixture *fixture, const char *path)
{
    return rd_arena_str(fixture->arena, rd_json_str(rd_json_at(&fixture->body, path))).p;
}

const char *fixture_code(const struct fixture *fixture)
{
    return fixture_text(fixture, "error.code");
}

int fixture_setup(void **state)
{
    static struct fixture fixture;
    fixture_open(&fixture, NULL);
    *state = &fixture;
    return fixture_send(&fixture, "PUT", FIXTURE_GROUP, "{\"location\":\"westeurope\"}") == 201
               ? 0
               : -1;
}

int fixture_teardown(void **state)
{
    fixture_close(*state);
    return 0;
}
