/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>

#include "pem.h"

static void add_application(struct world *world)
{
    char hash[RD_SHA256_HEX_SIZE];
    struct rd_err err;
    struct rd_cloud_application application = {
        .name = RD_STR("deployer"),
        .client_id = RD_STR(CLIENT),
        .object_id = RD_STR(OBJECT),
        .secret_sha256_hex = rd_str_from(rd_sha256_hex(RD_STR(SECRET), hash)),
        .certificate_pem = rd_str_from(test_certificate_pem),
        .federated_issuer = RD_STR(ISSUER),
        .federated_subject = RD_STR(SUBJECT),
        .federated_key_pem = rd_str_from(test_public_pem),
        .grants = {{RD_STR("Owner"), RD_STR("/subscriptions/" SUBSCRIPTION)},
                   {RD_STR("Key Vault Administrator"), RD_STR("/subscriptions/" SUBSCRIPTION)}},
        .grant_count = 2,
        .directory = RD_CLOUD_DIRECTORY_READ,
        .is_managed_identity = true,
    };
    ASSERT_OK(rd_cloud_add_application(world->cloud, &application, &err), &err);
}

void world_open(struct world *world)
{
    struct rd_cloud_options options = {
        .path = world->path,
        .cloud_name = "AzureUSGovernment",
        .tenant = rd_str_from(world->tenant == NULL ? TENANT : world->tenant),
        .subscriptions = {RD_STR(SUBSCRIPTION)},
        .subscription_count = 1,
        .seed = 7,
        .start_ms = START_MS,
        .address = rd_str_from(world->address == NULL ? ADDRESS : world->address),
        .trusts_embedded = world->trusts_embedded,
    };
    struct rd_err err;
    world->arena = rd_arena_new(0);
    ASSERT_OK(rd_cloud_open(&options, &world->cloud, &err), &err);
    world->now_ms = rd_cloud_time_ms(world->cloud);
    add_application(world);
}

void world_close(struct world *world)
{
    rd_cloud_close(world->cloud);
    rd_arena_free(world->arena);
    world->cloud = NULL;
}

int ask(struct world *world, const char *method, const char *url, const char *body)
{
    struct rd_http_request request = {
        .url = rd_arena_str(world->arena, rd_str_from(url)),
        .body = rd_arena_str(world->arena, rd_str_from(body == NULL ? "" : body)),
    };
    struct rd_err err;
    assert_true(rd_http_method_parse(rd_str_from(method), &request.method));
    if (world->header_name != NULL)
        rd_http_headers_add(world->arena, &request.headers, world->header_name,
                            rd_str_from(world->header_value));
    if (world->type != NULL)
        rd_http_headers_add(world->arena, &request.headers, "Content-Type",
                            rd_str_from(world->type));
    if (world->token.n > 0)
        rd_http_headers_add(world->arena, &request.headers, "Authorization",
                            rd_arena_printf(world->arena, "Bearer %.*s", RD_FMT(world->token)));
    world->header_name = NULL;
    ASSERT_OK(
        rd_cloud_handle(world->cloud, world->arena, world->now_ms, &request, &world->reply, &err),
        &err);
    world->json = rd_json_absent;
    if (world->reply.body.n > 0)
        ASSERT_OK(rd_json_parse(world->arena, "reply", world->reply.body, 0, &world->json, &err),
                  &err);
    return world->reply.status;
}

int sign_in(struct world *world, const char *url, const char *form)
{
    world->token = (struct rd_str){"", 0};
    world->type = "application/x-www-form-urlencoded";
    int status = ask(world, "POST", url, form);
    world->type = NULL;
    if (status == 200)
        world->token =
            rd_arena_str(world->arena, rd_json_str(rd_json_at(&world->json, "access_token")));
    return status;
}

const char *text_at(struct world *world, const char *path)
{
    return rd_arena_str(world->arena, rd_json_str(rd_json_at(&world->json, path))).p;
}

const char *header_of(struct world *world, const char *name)
{
    return rd_arena_str(world->arena, rd_http_headers_get(&world->reply.headers, name)).p;
}

struct rd_json claims_of(struct world *world)
{
    struct rd_str rest = world->token, part = {"", 0}, text = {"", 0};
    struct rd_json claims = rd_json_absent;
    struct rd_err err;
    assert_true(rd_str_next(&rest, '.', &part));
    assert_true(rd_str_next(&rest, '.', &part));
    assert_true(rd_base64_decode(world->arena, part, &text));
    ASSERT_OK(rd_json_parse(world->arena, "claims", text, 0, &claims, &err), &err);
    return claims;
}

static struct rd_str unquoted(struct world *world, const char *text)
{
    struct rd_str copy = rd_arena_str(world->arena, rd_str_from(text));
    char *out = rd_arena_bytes(world->arena, copy.n + 1);
    for (size_t i = 0; i < copy.n; i++)
        out[i] = copy.p[i] == '\'' ? '"' : copy.p[i];
    return rd_base64url(world->arena, (struct rd_str){out, copy.n});
}

struct rd_str make_jwt(struct world *world, const char *header, const char *claims,
                       enum rd_sign_algorithm algorithm)
{
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *key = NULL;
    struct rd_err err;
    ASSERT_OK(rd_sign_key_from_pem(rd_str_from(test_private_pem), &key, &err), &err);
    struct rd_str head = unquoted(world, header), body = unquoted(world, claims);
    struct rd_str text = rd_arena_printf(world->arena, "%.*s.%.*s", RD_FMT(head), RD_FMT(body));
    struct rd_str signature =
        rd_base64url(world->arena, rd_sign(world->arena, key, algorithm, text));
    return rd_arena_printf(world->arena, "%.*s.%.*s", RD_FMT(text), RD_FMT(signature));
}
