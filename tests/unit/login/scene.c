/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

static const char *environment(void *data, const char *name)
{
    const struct scene *scene = data;
    for (size_t i = 0; i < scene->variable_count; i++)
        if (strcmp(scene->variables[i].name, name) == 0)
            return scene->variables[i].value;
    return NULL;
}

static void keep(char out[128], const struct rd_http_request *request, const char *name)
{
    (void)snprintf(out, 128, "%.*s", RD_FMT(rd_http_headers_get(&request->headers, name)));
}

static void answer_token(struct scene *scene, struct rd_arena *arena,
                         const struct rd_http_request *request, struct fake_answer *answer)
{
    keep(scene->asked_header[0], request, "Metadata");
    keep(scene->asked_header[1], request, "X-IDENTITY-HEADER");
    keep(scene->asked_header[2], request, "secret");
    keep(scene->asked_header[3], request, "Content-Type");
    scene->token_count++;
    answer->result = scene->token_result;
    answer->delay_ms = scene->token_delay_ms;
    answer->reply.status = scene->token_status;
    if (scene->failures > 0) {
        scene->failures--;
        answer->reply.status = 503;
    }
    answer->reply.body =
        scene->token_body != NULL
            ? rd_str_from(scene->token_body)
            : rd_arena_printf(arena,
                              "{\"token_type\":\"Bearer\",\"access_token\":\"token-%d\","
                              "\"expires_in\":%lld}",
                              scene->token_count, (long long)scene->life_s);
}

static void answer(void *data, struct rd_arena *arena, int64_t now_ms RD_UNUSED,
                   const struct rd_http_request *request, struct fake_answer *ret_answer)
{
    struct scene *scene = data;
    struct rd_str authorization = rd_http_headers_get(&request->headers, "Authorization");
    if (authorization.n == 0) {
        answer_token(scene, arena, request, ret_answer);
        return;
    }
    assert_true(scene->authorization_count < SENT_COUNT_MAX);
    keep(scene->authorization[scene->authorization_count++], request, "Authorization");
    ret_answer->reply.body = RD_STR("{}");
    if (scene->refuse_first == 0)
        return;
    scene->refuse_first--;
    ret_answer->reply.status = 401;
    ret_answer->reply.body = RD_STR("{\"error\":{\"code\":\"ExpiredAuthenticationToken\"}}");
    if (scene->challenge != NULL)
        fake_header(arena, ret_answer, "WWW-Authenticate", scene->challenge);
}

void scene_open(struct scene *scene)
{
    struct rd_err err;
    *scene = (struct scene){.token_status = 200, .life_s = 3600};
    rd_clock_init_virtual(&scene->clock, START_MS);
    scene->loop = rd_loop_new(&scene->clock);
    rd_random_init_seeded(&scene->random, 1);
    fake_transport_init(&scene->fake, scene->loop, answer, scene);
    scene->options = (struct rd_login_options){
        .loop = scene->loop,
        .transport = &scene->fake.base,
        .random = &scene->random,
        .environment = environment,
        .environment_data = scene,
        .chassis_file = "/nowhere/at/all",
    };
    ASSERT_OK(rd_endpoints_find(RD_STR("AzureCloud"), &scene->options.endpoints, &err), &err);
}

void scene_close(struct scene *scene)
{
    rd_login_settle(scene->login);
    rd_login_free(scene->login);
    fake_transport_done(&scene->fake);
    rd_loop_free(scene->loop);
}

void scene_set(struct scene *scene, const char *name, const char *value)
{
    assert_true(scene->variable_count < VARIABLE_COUNT_MAX);
    scene->variables[scene->variable_count].name = name;
    scene->variables[scene->variable_count++].value = value;
}

void scene_set_secret(struct scene *scene)
{
    scene_set(scene, "AZURE_TENANT_ID", TENANT);
    scene_set(scene, "AZURE_CLIENT_ID", CLIENT);
    scene_set(scene, "AZURE_CLIENT_SECRET", "very+secret&thing");
}

struct rd_login *scene_login(struct scene *scene)
{
    if (scene->login == NULL)
        scene->login = rd_login_new(&scene->options);
    return scene->login;
}

static void take(void *data, enum rd_transport_result result, const struct rd_http_reply *reply,
                 const char *reason)
{
    struct ended_request *ended = data;
    ended->result = result;
    ended->status = reply == NULL ? 0 : reply->status;
    (void)snprintf(ended->body, sizeof(ended->body), "%.*s",
                   RD_FMT(reply == NULL ? RD_STR("") : reply->body));
    (void)snprintf(ended->reason, sizeof(ended->reason), "%s", reason);
}

struct ended_request *scene_send(struct scene *scene, const char *url)
{
    assert_true(scene->sent_count < SENT_COUNT_MAX);
    struct ended_request *ended = &scene->ended[scene->sent_count++];
    ended->scene = scene;
    ended->status = -1;
    ended->request = (struct rd_http_request){.method = RD_HTTP_GET, .url = rd_str_from(url)};
    rd_transport_send(rd_login_door(scene_login(scene)), &ended->request, take, ended);
    return ended;
}

struct ended_request *scene_ask(struct scene *scene, const char *url)
{
    struct ended_request *ended = scene_send(scene, url);
    assert_int_equal(ended->status, -1); /* never from inside send */
    rd_loop_run(scene->loop);
    assert_int_not_equal(ended->status, -1);
    return ended;
}
