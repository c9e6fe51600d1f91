/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the served embedded cloud: cloud serve, cloud env. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud_files.h"
#include "live.h"
#include "session.h"

#include "base/file.h"
#include "server/server.h"
#include "store/journal.h"

enum { HTTPS_PORT = 8443, TEXT_SIZE_MAX = 64 << 10 };

/* Those of the examples' specs. */
static const struct rd_str example_tenant = {"11111111-2222-3333-4444-555555555555", 36};
static const struct rd_str example_subscription = {"22222222-3333-4444-5555-666666666666", 36};

/* Absolute, so that what is printed of it holds in any folder. */
static const char *absolute(struct rd_arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    const char *kept = real == NULL ? path : rd_arena_str(arena, rd_str_from(real)).p;
    free(real);
    return kept;
}

static void take_admins(const struct rd_spec *spec, struct cloud_place *place)
{
    place->has_spec = true;
    for (size_t i = 0; i < spec->keys.admins.count && i + 1 < RD_CLOUD_GROUP_COUNT_MAX; i++)
        place->admins[place->admin_count++] = spec->keys.admins.items[i];
    if (spec->access.admins_group.n > 0)
        place->admins[place->admin_count++] = spec->access.admins_group;
}

/* The spec's cloud and the state beside it, or an empty example in --state or in memory. */
RD_NODISCARD static enum rd_rc find_place(struct session *session, struct cloud_place *place,
                                          struct rd_err *err)
{
    const struct args *args = session->args;
    const char *state = args->is_given[OPTION_STATE] ? args->value[OPTION_STATE] : ".redoubt";
    *place = (struct cloud_place){
        .cloud_name =
            args->is_given[OPTION_CLOUD] ? args->value[OPTION_CLOUD] : "AzureUSGovernment",
        .tenant = example_tenant,
        .subscriptions = {example_subscription},
        .subscription_count = 1,
    };
    bool keeps = args->is_given[OPTION_STATE];
    if (args->operands[0] != NULL) {
        RD_TRY(session_read_spec(session, err));
        const struct rd_json *facts = &session->desired->facts;
        place->cloud_name = rd_arena_str(session->arena, session->desired->cloud).p;
        place->tenant = rd_json_str(rd_json_at(facts, "tenant"));
        place->subscription_count = session_subscriptions(session, place->subscriptions);
        take_admins(session->spec, place);
        if (args->is_given[OPTION_CLOUD] &&
            strcmp(args->value[OPTION_CLOUD], place->cloud_name) != 0)
            return rd_err_hint(RD_FAIL(err, RD_RC_USAGE, "the spec's cloud is '%s', not '%s'",
                                       place->cloud_name, args->value[OPTION_CLOUD]),
                               err, "leave --cloud out");
        state = session_state_folder(session);
        keeps = true;
    }
    place->folder = rd_arena_printf(session->arena, "%s/serve", state).p;
    if (keeps)
        place->state = rd_arena_printf(session->arena, "%s/cloud.db", state).p;
    return RD_RC_OK;
}

/* Serving -------------------------------------------------------------------------------------- */

struct serving {
    struct session session;
    struct cloud_place place;
    struct rd_lock *lock;
    struct rd_server *server;
    struct rd_cloud *cloud;
    struct rd_json description;
};

static void serving_done(struct serving *serving)
{
    rd_server_free(serving->server);
    rd_cloud_close(serving->cloud);
    rd_lock_free(serving->lock);
    session_close(&serving->session);
}

RD_NODISCARD static enum rd_rc listen_as_asked(struct serving *serving, const struct args *args,
                                               struct rd_err *err)
{
    struct rd_server_options server_options = {
        .address = args->is_given[OPTION_LISTEN] ? args->value[OPTION_LISTEN] : "127.0.0.1",
        .https_port = (int)args_int(args, OPTION_PORT, HTTPS_PORT),
        .http_port = (int)args_int(args, OPTION_HTTP_PORT, RD_SERVER_NO_PORT),
        .idle_s = args_int(args, OPTION_IDLE, RD_SERVER_IDLE_S),
    };
    return rd_server_listen(&server_options, &serving->server, err);
}

RD_NODISCARD static enum rd_rc open_served(struct serving *serving, const struct args *args,
                                           struct rd_err *err)
{
    const struct cloud_place *place = &serving->place;
    struct rd_arena *arena = serving->session.arena;
    struct rd_cloud_options cloud_options = {
        .path = place->state,
        .cloud_name = place->cloud_name,
        .tenant = place->tenant,
        .subscription_count = place->subscription_count,
        .seed = (uint64_t)args_int(args, OPTION_SEED, 1),
        .start_ms = rd_clock_wall_ms(),
        .speed = args_int(args, OPTION_SPEED, 1),
        .has_clients_time =
            args->is_given[OPTION_CLOCK] && strcmp(args->value[OPTION_CLOCK], "virtual") == 0,
        .address = rd_arena_printf(arena, "localhost:%d", rd_server_https_port(serving->server)),
    };
    for (size_t i = 0; i < place->subscription_count; i++)
        cloud_options.subscriptions[i] = place->subscriptions[i];
    RD_TRY(rd_cloud_open(&cloud_options, &serving->cloud, err));
    for (size_t i = 0; i < args->fault_count; i++)
        RD_TRY(rd_cloud_add_fault(serving->cloud, rd_str_from(args->faults[i]), err));
    int64_t cloud_ms = rd_cloud_time_ms(serving->cloud);
    serving->place.makes_credentials = args->is_given[OPTION_CREDENTIALS];
    serving->place.now_ms = cloud_ms > cloud_options.start_ms ? cloud_ms : cloud_options.start_ms;
    return cloud_add_applications(arena, place, serving->cloud, err);
}

/* Told only now: whoever reads the line may connect. */
static void tell(void *data)
{
    struct serving *serving = data;
    if (args_is_json(serving->session.args))
        output_json(&serving->description);
    else
        output_printf("listening on https://localhost:%d\n", rd_server_https_port(serving->server));
    (void)fflush(stdout);
}

/* The cloud's time goes on from its last request, which a rehearsal may have left in the future. */
static void set_clock(struct rd_server_work *work, const struct args *args)
{
    int64_t now_ms = rd_clock_wall_ms();
    int64_t cloud_ms = rd_cloud_time_ms(work->cloud);
    int64_t start_ms = cloud_ms > now_ms ? cloud_ms : now_ms;
    const char *kind = args->is_given[OPTION_SPEED] ? "scaled" : "real";
    if (args->is_given[OPTION_CLOCK])
        kind = args->value[OPTION_CLOCK];
    work->speed = args_int(args, OPTION_SPEED, 1);
    if (strcmp(kind, "virtual") == 0) {
        work->time = RD_SERVER_VIRTUAL;
        rd_clock_init_virtual(&work->clock, cloud_ms);
        return;
    }
    work->time = work->speed > 1 ? RD_SERVER_SCALED : RD_SERVER_REAL;
    rd_clock_init_scaled(&work->clock, start_ms, work->speed);
}

/* Before anything is made or bound. */
RD_NODISCARD static enum rd_rc check_serve(const struct args *args, struct rd_err *err)
{
    RD_TRY(faults_check_served(args, err));
    if (!args->is_given[OPTION_CLOCK])
        return RD_RC_OK;
    bool is_scaled = strcmp(args->value[OPTION_CLOCK], "scaled") == 0;
    if (is_scaled == args->is_given[OPTION_SPEED])
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_USAGE, "'--clock %s' %s", args->value[OPTION_CLOCK],
                               is_scaled ? "needs a --speed" : "takes no --speed"),
                       err, "such as '--clock scaled --speed 60'");
}

enum rd_rc verb_cloud_serve(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(serving_done) struct serving serving = {0};
    session_init(&serving.session, arena, args);
    RD_TRY(check_serve(args, err));
    RD_TRY(find_place(&serving.session, &serving.place, err));
    RD_TRY(rd_file_make_folder(serving.place.folder, err));
    serving.place.folder = absolute(arena, serving.place.folder);
    RD_TRY(rd_lock_take(serving.place.folder, args->verb->name, &serving.lock, err));
    RD_TRY(listen_as_asked(&serving, args, err));
    RD_TRY(open_served(&serving, args, err));
    RD_TRY(cloud_write_files(arena, &serving.place, rd_server_https_port(serving.server),
                             rd_server_http_port(serving.server), &serving.description, err));
    struct rd_server_work work = {
        .cloud = serving.cloud,
        .folder = serving.place.folder,
        .ready = tell,
        .data = &serving,
    };
    set_clock(&work, args);
    return rd_server_run(serving.server, &work, err);
}

/* The environment ------------------------------------------------------------------------------ */

/* In single quotes, which bash takes as they are but for themselves. */
static void add_quoted(struct rd_buf *out, struct rd_str text)
{
    rd_buf_add_char(out, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'')
            rd_buf_add(out, RD_STR("'\\''"));
        else
            rd_buf_add_char(out, text.p[i]);
    }
    rd_buf_add_char(out, '\'');
}

static void add_export(struct rd_buf *out, const char *name, struct rd_str value)
{
    rd_buf_printf(out, "export %s=", name);
    add_quoted(out, value);
    rd_buf_add_char(out, '\n');
}

/* One variable of the environment: its name and value in the arena. */
static void add_variable(struct rd_arena *arena, struct rd_json *variables, const char *name,
                         struct rd_str value)
{
    (void)rd_json_set_c(arena, variables, name, rd_json_string(value));
}

/* What one signs in with besides AZURE_TENANT_ID and AZURE_CLIENT_ID, by the method of --auth. The
 * secret is in no variable here: it is read from its file by the shell. */
RD_NODISCARD static enum rd_rc add_method(struct rd_arena *arena, const struct rd_json *server,
                                          const char *method, struct rd_json *variables,
                                          struct rd_err *err)
{
    static const struct {
        const char *method, *variable, *member;
    } files[] = {
        {"certificate", "AZURE_CLIENT_CERTIFICATE_PATH", "applications.0.certificateFile"},
        {"federated", "AZURE_FEDERATED_TOKEN_FILE", "applications.0.federatedTokenFile"},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (strcmp(method, files[i].method) != 0)
            continue;
        struct rd_str file = rd_json_str(rd_json_at(server, files[i].member));
        if (file.n == 0)
            return rd_err_hint(RD_FAIL(err, RD_RC_NOT_FOUND,
                                       "the served cloud has nothing to sign in with by '%s'",
                                       method),
                               err, "serve it once with 'redoubt cloud serve --credentials'");
        add_variable(arena, variables, files[i].variable, file);
    }
    if (strcmp(method, "managed-identity") == 0) {
        add_variable(arena, variables, "IDENTITY_ENDPOINT",
                     rd_arena_printf(arena, "%.*s/msi/token",
                                     RD_FMT(rd_json_str(rd_json_at(server, "url")))));
        add_variable(arena, variables, "IDENTITY_HEADER", RD_STR("any"));
    }
    return RD_RC_OK;
}

static struct rd_json variables_of(struct rd_arena *arena, const struct rd_json *server)
{
    struct rd_json variables = rd_json_object();
    struct rd_str url = rd_json_str(rd_json_at(server, "url"));
    struct rd_str ca = rd_json_str(rd_json_at(server, "caFile"));
    struct rd_str folder = rd_json_str(rd_json_at(server, "folder"));
    add_variable(arena, &variables, "AZURE_CONFIG_DIR",
                 rd_arena_printf(arena, "%.*s/az", RD_FMT(folder)));
    add_variable(arena, &variables, "AZURE_CORE_COLLECT_TELEMETRY", RD_STR("no"));
    add_variable(arena, &variables, "AZURE_CORE_ONLY_SHOW_ERRORS", RD_STR("1"));
    add_variable(arena, &variables, "REQUESTS_CA_BUNDLE", ca);
    add_variable(arena, &variables, "SSL_CERT_FILE", ca);
    add_variable(arena, &variables, "NODE_EXTRA_CA_CERTS", ca);
    add_variable(arena, &variables, "AZURE_AUTHORITY_HOST", url);
    add_variable(arena, &variables, "AZURE_TENANT_ID", rd_json_str(rd_json_at(server, "tenant")));
    add_variable(arena, &variables, "AZURE_CLIENT_ID",
                 rd_json_str(rd_json_at(server, "applications.0.clientId")));
    add_variable(arena, &variables, "AZURE_SUBSCRIPTION_ID",
                 rd_json_str(rd_json_at(server, "subscriptions.0")));
    add_variable(arena, &variables, "REDOUBT_METADATA",
                 rd_arena_printf(arena, "%.*s" METADATA_PATH, RD_FMT(url)));
    add_variable(arena, &variables, "REDOUBT_CA_FILE", ca);
    return variables;
}

static void print_secret(struct rd_buf *out, const struct rd_json *server)
{
    rd_buf_add(out, RD_STR("export AZURE_CLIENT_SECRET=\"$(cat "));
    add_quoted(out, rd_json_str(rd_json_at(server, "applications.0.secretFile")));
    rd_buf_add(out, RD_STR(")\"\n"));
}

static void print_environment(struct rd_buf *out, const struct rd_json *server,
                              const struct rd_json *variables, const char *method)
{
    struct rd_str folder = rd_json_str(rd_json_at(server, "folder"));
    rd_buf_printf(out, "# The embedded %.*s at %.*s, for bash: eval \"$(redoubt cloud env ...)\"\n",
                  RD_FMT(rd_json_str(rd_json_at(server, "cloud"))),
                  RD_FMT(rd_json_str(rd_json_at(server, "url"))));
    /* What an earlier call has set would come first. */
    if (method[0] != '\0')
        rd_buf_add(out, RD_STR("unset AZURE_CLIENT_SECRET AZURE_CLIENT_CERTIFICATE_PATH "
                               "AZURE_FEDERATED_TOKEN_FILE IDENTITY_ENDPOINT IDENTITY_HEADER "
                               "MSI_ENDPOINT MSI_SECRET\n"));
    for (size_t i = 0; i < rd_json_count(variables); i++)
        add_export(out, variables->u.members[i].key.p, rd_json_str(&variables->u.members[i].value));
    if (method[0] == '\0' || strcmp(method, "secret") == 0 || strcmp(method, "auto") == 0)
        print_secret(out, server);
    rd_buf_add(out,
               RD_STR("export NO_PROXY=\"localhost,.localhost,127.0.0.1,::1"
                      "${NO_PROXY:+,$NO_PROXY}\" no_proxy=\"localhost,.localhost,127.0.0.1,::1"
                      "${no_proxy:+,$no_proxy}\"\n"
                      "mkdir -p \"$AZURE_CONFIG_DIR\"\n"
                      "# Once, for Azure CLI:\n# az cloud register -n Redoubt --cloud-config @"));
    add_quoted(out, folder);
    rd_buf_add(out, RD_STR("/cloud.json\n# az cloud set -n Redoubt\n"
                           "# az login --service-principal -u \"$AZURE_CLIENT_ID\" "
                           "-p \"$AZURE_CLIENT_SECRET\" --tenant \"$AZURE_TENANT_ID\"\n"
                           "# A vault's own name must be known to the machine, as in /etc/hosts:\n"
                           "# 127.0.0.1 NAME.vault.localhost\n"));
}

enum rd_rc verb_cloud_env(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    session_init(&session, arena, args);
    struct cloud_place place;
    struct rd_json server;
    RD_TRY(find_place(&session, &place, err));
    RD_TRY(cloud_read_server(arena, place.folder, &server, err));
    const char *method = args->is_given[OPTION_AUTH] ? args->value[OPTION_AUTH] : "";
    struct rd_json variables = variables_of(arena, &server);
    RD_TRY(add_method(arena, &server, method, &variables, err));
    if (args_is_json(args)) {
        struct rd_json whole = rd_json_object();
        (void)rd_json_set_c(arena, &whole, "server", server);
        (void)rd_json_set_c(arena, &whole, "variables", variables);
        output_json(&whole);
        return RD_RC_OK;
    }
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, TEXT_SIZE_MAX);
    print_environment(&out, &server, &variables, method);
    output_text(rd_buf_str(&out));
    return RD_RC_OK;
}
