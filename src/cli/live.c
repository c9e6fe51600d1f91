/* SPDX-License-Identifier: Apache-2.0 */
#include "live.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "wire/curl.h"

enum { CLOUD_FILE_SIZE_MAX = 4096, TEXT_SHOWN_MAX = 200 };

struct live {
    struct rd_curl *curl;
    struct rd_login *login;
    struct rd_endpoints endpoints;
};

/* Options ------------------------------------------------------------------------------------- */

static const char *option_or(const struct args *args, enum option_id id, const char *variable)
{
    if (args->is_given[id])
        return args->value[id];
    const char *value = getenv(variable);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

enum rd_rc live_check_unused(const struct args *args, struct rd_err *err)
{
    static const enum option_id ids[] = {OPTION_CLOUD_METADATA, OPTION_CA_FILE, OPTION_AUTH};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        if (args->is_given[ids[i]])
            return rd_err_hint(RD_FAIL(err, RD_RC_USAGE,
                                       "'--%s' says nothing to the embedded cloud",
                                       options[ids[i]].name),
                               err, "add --live, or leave it out to rehearse");
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc check_options(const struct args *args, struct rd_err *err)
{
    static const enum option_id ids[] = {OPTION_FAULT, OPTION_CLOCK, OPTION_SPEED, OPTION_SEED};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        if (args->is_given[ids[i]])
            return rd_err_hint(
                RD_FAIL(err, RD_RC_USAGE, "'--%s' is for the embedded cloud, not for a live one",
                        options[ids[i]].name),
                err, "leave --live out to rehearse, or leave '--%s' out", options[ids[i]].name);
    return RD_RC_OK;
}

/* Metadata ------------------------------------------------------------------------------------ */

struct reading {
    struct rd_arena *arena;
    struct rd_str url;
    struct rd_loop *loop;
    enum rd_transport_result result;
    int status;
    struct rd_str text; /* the body, or why there is none */
};

static bool is_metadata_url(const void *data, struct rd_str url)
{
    const struct reading *reading = data;
    return rd_str_eq(url, reading->url);
}

static void take_metadata(void *data, enum rd_transport_result result,
                          const struct rd_http_reply *reply, const char *reason)
{
    struct reading *reading = data;
    reading->result = result;
    reading->status = reply == NULL ? 0 : reply->status;
    reading->text = rd_arena_str(reading->arena, reply == NULL ? rd_str_from(reason) : reply->body);
    rd_loop_stop(reading->loop);
}

/* Asks without a token, as everybody may, and follows nobody elsewhere. */
RD_NODISCARD static enum rd_rc ask_metadata(struct reading *reading, const char *ca_file,
                                            struct rd_err *err)
{
    struct rd_clock clock;
    struct rd_curl *curl = NULL;
    rd_clock_init_real(&clock);
    reading->loop = rd_loop_new(&clock);
    struct rd_curl_options curl_options = {
        .loop = reading->loop,
        .allows = is_metadata_url,
        .allows_data = reading,
        .ca_file = ca_file,
    };
    enum rd_rc rc = rd_curl_open(&curl_options, &curl, err);
    if (rc == RD_RC_OK) {
        struct rd_http_request request = {.method = RD_HTTP_GET, .url = reading->url};
        rd_http_headers_add(reading->arena, &request.headers, "Accept", RD_STR("application/json"));
        rd_transport_send(rd_curl_door(curl), &request, take_metadata, reading);
        rd_loop_run(reading->loop);
    }
    rd_curl_close(curl);
    rd_loop_free(reading->loop);
    return rc;
}

RD_NODISCARD static enum rd_rc read_metadata(struct session *session, const char *text,
                                             const char *ca_file, struct rd_str cloud,
                                             struct rd_endpoints *ret_endpoints, struct rd_err *err)
{
    struct rd_arena *arena = session->arena;
    struct reading reading = {.arena = arena, .url = rd_str_from(text)};
    struct rd_http_url parts;
    struct rd_json document;
    if (!rd_http_url_parse(reading.url, &parts) || !rd_str_is_case(parts.scheme, "https"))
        return rd_err_hint(
            RD_FAIL(err, RD_RC_USAGE, "'%s' is no https URL of a cloud's metadata", text), err,
            "such as https://localhost:8443" METADATA_PATH);
    if (parts.path.n <= 1 && parts.query.n == 0)
        reading.url =
            rd_arena_printf(arena, "%.*s" METADATA_PATH,
                            RD_FMT(rd_str_sub(reading.url, 0, reading.url.n - parts.path.n)));
    RD_TRY(ask_metadata(&reading, ca_file, err));
    if (reading.result == RD_TRANSPORT_UNTRUSTED)
        return RD_FAIL(err, RD_RC_UNTRUSTED, "the cloud's metadata at '%.*s' was not read: %.*s",
                       RD_FMT(reading.url), RD_FMT(reading.text));
    if (reading.result != RD_TRANSPORT_REPLY)
        return rd_err_hint(RD_FAIL(err, RD_RC_TRANSIENT,
                                   "the cloud's metadata at '%.*s' was not "
                                   "read: %.*s",
                                   RD_FMT(reading.url), RD_FMT(reading.text)),
                           err, "check the URL and that the cloud runs");
    if (reading.status != 200 ||
        rd_json_parse(arena, "metadata", reading.text, 0, &document, err) != RD_RC_OK)
        return rd_err_hint(RD_FAIL(err, RD_RC_CLOUD,
                                   "'%.*s' answered with status %d and no metadata of a cloud",
                                   RD_FMT(reading.url), reading.status),
                           err, "such a URL ends in " METADATA_PATH);
    return rd_endpoints_from_metadata(arena, reading.url, cloud, &document, ret_endpoints, err);
}

/* Opening ------------------------------------------------------------------------------------- */

static bool allows(const void *data, struct rd_str url)
{
    const struct live *live = data;
    return live->login != NULL && rd_login_allows(live->login, url);
}

static const char *environment(void *data RD_UNUSED, const char *name)
{
    return getenv(name);
}

/* A cloud whose time is ours goes on from where it stands; the last run may have left it in the
 * future. */
static void open_clock(struct session *session, const struct rd_endpoints *endpoints)
{
    int64_t now_ms = rd_clock_wall_ms();
    if (!endpoints->has_our_clock)
        rd_clock_init_real(&session->clock);
    else
        rd_clock_init_virtual(&session->clock,
                              endpoints->cloud_ms > now_ms ? endpoints->cloud_ms : now_ms);
    session->loop = rd_loop_new(&session->clock);
}

static struct rd_str tenant_of(const struct session *session)
{
    return session->desired == NULL ? RD_STR("")
                                    : rd_json_str(rd_json_at(&session->desired->facts, "tenant"));
}

enum rd_rc live_open(struct session *session, struct rd_str cloud, struct rd_err *err)
{
    const struct args *args = session->args;
    const char *ca_file = option_or(args, OPTION_CA_FILE, "REDOUBT_CA_FILE");
    const char *metadata = option_or(args, OPTION_CLOUD_METADATA, "REDOUBT_METADATA");
    struct live *live = rd_arena_zalloc(session->arena, sizeof(*live));
    RD_TRY(check_options(args, err));
    session->live = live;
    if (metadata != NULL)
        RD_TRY(read_metadata(session, metadata, ca_file, cloud, &live->endpoints, err));
    else
        RD_TRY(rd_endpoints_find(cloud, &live->endpoints, err));
    session->world.endpoints = live->endpoints;
    open_clock(session, &live->endpoints);
    struct rd_curl_options curl_options = {
        .loop = session->loop,
        .allows = allows,
        .allows_data = live,
        .ca_file = ca_file,
        /* For managed identities alone: nothing else that is allowed is plain. */
        .allows_plain_loopback = true,
        .allows_plain_metadata = true,
        .tells_time = live->endpoints.has_our_clock,
    };
    RD_TRY(rd_curl_open(&curl_options, &live->curl, err));
    struct rd_login_options login_options = {
        .loop = session->loop,
        .transport = rd_curl_door(live->curl),
        .random = &session->system,
        .endpoints = live->endpoints,
        .tenant = tenant_of(session),
        .environment = environment,
    };
    if (args->is_given[OPTION_AUTH])
        (void)rd_login_method_parse(rd_str_from(args->value[OPTION_AUTH]), &login_options.method);
    live->login = rd_login_new(&login_options);
    return RD_RC_OK;
}

/* Who and where -------------------------------------------------------------------------------- */

/* "'deployer' (object id ...)", whatever of it is known. */
static struct rd_str who(const struct session *session)
{
    const struct rd_login_identity *identity = rd_login_identity(session->live->login);
    struct rd_str name = identity->name.n > 0 ? identity->name : identity->app_id;
    if (identity->object_id.n == 0)
        return rd_arena_printf(session->arena, "whom '%s' signs in (the token does not tell)",
                               identity->method);
    return rd_arena_printf(session->arena, "%s '%.*s' (object id %.*s, by '%s')",
                           identity->is_application ? "application" : "user", RD_FMT(name),
                           RD_FMT(identity->object_id), identity->method);
}

enum rd_rc live_sign_in(struct session *session, struct rd_err *err)
{
    struct live *live = session->live;
    RD_TRY(rd_login_sign_in(live->login, err));
    struct rd_str tenant = rd_login_identity(live->login)->tenant;
    struct rd_str wanted = tenant_of(session);
    if (tenant.n > 0 && wanted.n > 0 && !rd_str_eq_case(tenant, wanted))
        return rd_err_hint(RD_FAIL(err, RD_RC_PERMISSION,
                                   "you are signed in to tenant '%.*s'; the spec is for tenant "
                                   "'%.*s'",
                                   RD_FMT(tenant), RD_FMT(wanted)),
                           err, "sign in to the spec's tenant, or correct the spec");
    if (live->endpoints.vault_suffix.n == 0 || live->endpoints.hsm_suffix.n == 0 ||
        live->endpoints.graph.n == 0)
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                                   "the metadata of '%.*s' does not tell where its vaults, HSMs "
                                   "and directory are",
                                   RD_FMT(live->endpoints.name)),
                           err, "name a newer version of it: it ends in " METADATA_PATH);
    if (session->args->is_given[OPTION_QUIET])
        return RD_RC_OK;
    output_told(rd_arena_printf(session->arena, "live: %.*s at %.*s, as %.*s\n",
                                RD_FMT(live->endpoints.name), RD_FMT(live->endpoints.arm),
                                RD_FMT(who(session))));
    return RD_RC_OK;
}

/* The subscriptions of the spec, separated by commas. */
static struct rd_str subscriptions_of(const struct session *session)
{
    const struct rd_json *list = rd_json_at(&session->desired->facts, "subscriptions");
    struct rd_str text = {"", 0};
    for (size_t i = 0; i < rd_json_count(list); i++)
        text = rd_arena_printf(session->arena, "%.*s%s%.*s", RD_FMT(text), i > 0 ? ", " : "",
                               RD_FMT(rd_json_str(rd_json_item(list, i))));
    return text;
}

enum rd_rc live_ask(const struct session *session, struct rd_err *err)
{
    const struct live *live = session->live;
    const char *question =
        rd_arena_printf(session->arena,
                        "\nThis is no rehearsal: it writes to %.*s at %.*s,\nsubscription %.*s,\n"
                        "as %.*s, and it costs money.",
                        RD_FMT(live->endpoints.name), RD_FMT(live->endpoints.arm),
                        RD_FMT(subscriptions_of(session)), RD_FMT(who(session)))
            .p;
    return output_ask(session->args, &session->terminal, question, session->desired->name, err);
}

/* A cloud on this machine may come back on another port. */
static struct rd_str cloud_of(const struct session *session)
{
    struct rd_str arm = session->live->endpoints.arm;
    struct rd_http_url parts;
    if (rd_http_url_parse(arm, &parts) &&
        (rd_str_is_case(parts.host, "localhost") || rd_str_is(parts.host, "127.0.0.1")))
        return rd_arena_printf(session->arena, "https://%.*s", RD_FMT(parts.host));
    return arm;
}

enum rd_rc live_check_journal(const struct session *session, struct rd_err *err)
{
    const char *path = rd_arena_printf(session->arena, "%s/cloud", session->folder).p;
    struct rd_str own = cloud_of(session);
    struct rd_str kept;
    if (!rd_file_exists(path))
        return rd_file_write(path, rd_arena_printf(session->arena, "%.*s\n", RD_FMT(own)), 0600,
                             err);
    RD_TRY(rd_file_read(session->arena, path, CLOUD_FILE_SIZE_MAX, &kept, err));
    kept = rd_str_trim(kept);
    if (rd_str_eq_case(kept, own))
        return RD_RC_OK;
    return rd_err_hint(
        RD_FAIL(err, RD_RC_STATE, "the journal in '%s' is of the cloud at '%.*s', not of '%.*s'",
                session->folder, RD_FMT(rd_str_cut(kept, TEXT_SHOWN_MAX)), RD_FMT(own)),
        err, "name another folder with --state: histories do not mix");
}

/* ---------------------------------------------------------------------------------------------- */

struct rd_transport *live_door(const struct session *session)
{
    return rd_login_door(session->live->login);
}

struct rd_login *live_login(const struct session *session)
{
    return session->live->login;
}

enum rd_rc live_check(const struct session *session, struct rd_err *err)
{
    return rd_login_check(session->live->login, err);
}

void live_settle(struct session *session)
{
    if (session->live == NULL)
        return;
    if (session->client != NULL)
        rd_client_stop(session->client);
    rd_login_settle(session->live->login);
}

void live_close(struct session *session)
{
    if (session->live == NULL)
        return;
    rd_login_free(session->live->login);
    rd_curl_close(session->live->curl);
}
