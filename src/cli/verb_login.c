/* SPDX-License-Identifier: Apache-2.0 */
/* The verb login status: who, where, until when, and what is allowed. */
#include <stdlib.h>

#include "base/file.h"
#include "live.h"

/* What the verbs that look need, and those that build besides: an action of each provider of an
 * enclave, from the operations that data/types.yaml leads to (azure-avd-ops 4.1, 4.4). */
static const char *const look_actions[] = {
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Network/azureFirewalls/read",
    "Microsoft.DesktopVirtualization/hostPools/read",
    "Microsoft.KeyVault/vaults/read",
    "Microsoft.KeyVault/managedHSMs/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/read",
    "Microsoft.VirtualMachineImages/imageTemplates/read",
    "Microsoft.RecoveryServices/vaults/read",
    "Microsoft.OperationalInsights/workspaces/read",
    "Microsoft.Insights/dataCollectionRules/read",
    "Microsoft.Authorization/roleAssignments/read",
};
static const char *const build_actions[] = {
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Compute/virtualMachines/delete",
    "Microsoft.Compute/diskEncryptionSets/write",
    "Microsoft.Compute/galleries/write",
    "Microsoft.Network/virtualNetworks/write",
    "Microsoft.Network/azureFirewalls/write",
    "Microsoft.DesktopVirtualization/hostPools/write",
    "Microsoft.DesktopVirtualization/hostPools/listRegistrationTokens/action",
    "Microsoft.KeyVault/vaults/write",
    "Microsoft.KeyVault/managedHSMs/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    "Microsoft.VirtualMachineImages/imageTemplates/write",
    "Microsoft.VirtualMachineImages/imageTemplates/run/action",
    "Microsoft.RecoveryServices/vaults/write",
    "Microsoft.OperationalInsights/workspaces/write",
    "Microsoft.Insights/dataCollectionRules/write",
};
static const char *const grant_actions[] = {
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleAssignments/delete",
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What one needs, and what of it is missing in a subscription. */
static const struct ability {
    const char *key;
    const char *verbs;
    const char *const *actions;
    size_t count;
    const char *remedy;
} abilities[] = {
    {"look", "look (plan, audit, status, report)", look_actions, COUNT_OF(look_actions),
     "the role Reader grants it"},
    {"build", "build (apply, up, destroy)", build_actions, COUNT_OF(build_actions),
     "the role Contributor grants it"},
    {"assign", "assign roles (apply, up, destroy)", grant_actions, COUNT_OF(grant_actions),
     "Owner, User Access Administrator or Role Based Access Control Administrator grants it"},
};

enum { ABILITY_COUNT = sizeof(abilities) / sizeof(abilities[0]) };

struct permissions {
    struct rd_str subscription;
    struct rd_outcome outcome;
    struct rd_loop *loop;
    bool has_ended;
};

static void take_permissions(void *data, const struct rd_outcome *outcome)
{
    struct permissions *permissions = data;
    permissions->outcome = *outcome;
    permissions->has_ended = true;
    rd_loop_stop(permissions->loop);
}

RD_NODISCARD static enum rd_rc ask_permissions(struct session *session, struct rd_client *client,
                                               struct permissions *permissions, struct rd_err *err)
{
    struct rd_call call = {
        .method = RD_HTTP_GET,
        .url = rd_arena_printf(session->arena,
                               "%.*s/subscriptions/%.*s/providers/Microsoft.Authorization/"
                               "permissions?api-version=2022-04-01",
                               RD_FMT(session->world.endpoints.arm),
                               RD_FMT(permissions->subscription)),
        .arena = session->arena,
        .done = take_permissions,
        .data = permissions,
    };
    permissions->loop = session->loop;
    rd_client_call(client, &call);
    while (!permissions->has_ended)
        rd_loop_run(session->loop);
    const struct rd_outcome *outcome = &permissions->outcome;
    RD_TRY(live_check(session, err));
    /* Whoever may not even ask may do nothing; a subscription that is not there is another matter.
     */
    if (outcome->rc == RD_RC_OK || outcome->status == 403)
        return RD_RC_OK;
    enum rd_rc rc = RD_FAIL(err, outcome->rc, "subscription '%.*s': %.*s%s%.*s",
                            RD_FMT(permissions->subscription), RD_FMT(outcome->code),
                            outcome->code.n > 0 ? ": " : "", RD_FMT(outcome->message));
    return rd_error_explain(rc, outcome->code, outcome->message, RD_STR(""), err);
}

/* The spec's subscriptions; without a spec that of the environment, if any. */
static size_t find_subscriptions(const struct session *session,
                                 struct permissions all[RD_CLOUD_SUBSCRIPTION_COUNT_MAX])
{
    size_t count = 0;
    if (session->desired == NULL) {
        struct rd_str own = rd_str_from(getenv("AZURE_SUBSCRIPTION_ID"));
        if (rd_str_is_guid(own))
            all[count++] = (struct permissions){.subscription = own};
        return count;
    }
    struct rd_str subscriptions[RD_CLOUD_SUBSCRIPTION_COUNT_MAX];
    count = session_subscriptions(session, subscriptions);
    for (size_t i = 0; i < count; i++)
        all[i] = (struct permissions){.subscription = subscriptions[i]};
    return count;
}

static const char *missing(const struct permissions *permissions, const struct ability *ability)
{
    return rd_permissions_missing(&permissions->outcome.body, ability->actions, ability->count);
}

static void print_text(const struct session *session, const struct permissions *all, size_t count)
{
    const struct rd_login_identity *identity = rd_login_identity(live_login(session));
    const struct rd_endpoints *endpoints = &session->world.endpoints;
    char text[RD_TIME_TEXT_MAX];
    output_printf("who      %s '%.*s', signed in by '%s'\n",
                  identity->is_application ? "application" : "user",
                  RD_FMT(identity->name.n > 0 ? identity->name : identity->app_id),
                  identity->method);
    if (identity->object_id.n > 0)
        output_printf("         object id %.*s, application %.*s\n", RD_FMT(identity->object_id),
                      RD_FMT(identity->app_id));
    output_printf("tenant   %.*s\nuntil    %s, and renewed as long as it is needed\n",
                  RD_FMT(identity->tenant), rd_time_format(identity->expires_ms, false, text));
    output_printf("cloud    %.*s%s\n", RD_FMT(endpoints->name),
                  endpoints->is_custom ? ", by its metadata" : "");
    output_printf("         resource manager %.*s\n         sign-in          %.*s\n"
                  "         directory        %.*s\n",
                  RD_FMT(endpoints->arm), RD_FMT(endpoints->login), RD_FMT(endpoints->graph));
    output_printf("         vaults           NAME.%.*s\n         HSMs             NAME.%.*s\n",
                  RD_FMT(endpoints->vault_suffix), RD_FMT(endpoints->hsm_suffix));
    if (count == 0)
        output_printf("\nname a spec, or set AZURE_SUBSCRIPTION_ID, to see what you may do\n");
    for (size_t i = 0; i < count; i++) {
        output_printf("\nsubscription %.*s\n", RD_FMT(all[i].subscription));
        for (size_t k = 0; k < ABILITY_COUNT; k++) {
            const char *lacks = missing(&all[i], &abilities[k]);
            output_printf("  %-3s  %s\n", lacks == NULL ? "yes" : "no", abilities[k].verbs);
            if (lacks != NULL)
                output_printf("       lacks %s: %s\n", lacks, abilities[k].remedy);
        }
    }
}

static struct rd_json permissions_to_json(struct rd_arena *arena,
                                          const struct permissions *permissions)
{
    struct rd_json json = rd_json_object();
    (void)rd_json_set_c(arena, &json, "subscription", rd_json_string(permissions->subscription));
    for (size_t k = 0; k < ABILITY_COUNT; k++) {
        const char *lacks = missing(permissions, &abilities[k]);
        struct rd_json one = rd_json_object();
        (void)rd_json_set_c(arena, &one, "allowed", rd_json_bool(lacks == NULL));
        if (lacks != NULL)
            (void)rd_json_set_c(arena, &one, "lacks", rd_json_string_c(lacks));
        (void)rd_json_set_c(arena, &json, abilities[k].key, one);
    }
    return json;
}

static void print_json(const struct session *session, const struct permissions *all, size_t count)
{
    struct rd_arena *arena = session->arena;
    const struct rd_login_identity *identity = rd_login_identity(live_login(session));
    const struct rd_endpoints *endpoints = &session->world.endpoints;
    char text[RD_TIME_TEXT_MAX];
    const struct {
        const char *key;
        struct rd_str value;
    } rows[] = {
        {"method", rd_str_from(identity->method)},
        {"kind", identity->is_application ? RD_STR("application") : RD_STR("user")},
        {"name", identity->name},
        {"objectId", identity->object_id},
        {"applicationId", identity->app_id},
        {"tenant", identity->tenant},
        {"expires", rd_str_from(rd_time_format(identity->expires_ms, false, text))},
        {"cloud", endpoints->name},
        {"resourceManager", endpoints->arm},
        {"signIn", endpoints->login},
        {"directory", endpoints->graph},
        {"vaultSuffix", endpoints->vault_suffix},
        {"hsmSuffix", endpoints->hsm_suffix},
    };
    struct rd_json json = rd_json_object();
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        (void)rd_json_set_c(arena, &json, rows[i].key, rd_json_string(rows[i].value));
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < count; i++)
        (void)rd_json_append(arena, &list, permissions_to_json(arena, &all[i]));
    (void)rd_json_set_c(arena, &json, "subscriptions", list);
    output_json(&json);
}

enum rd_rc verb_login_status(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    struct permissions all[RD_CLOUD_SUBSCRIPTION_COUNT_MAX];
    session_init(&session, arena, args);
    struct rd_str cloud = RD_STR("");
    bool has_spec = args->operands[0] != NULL || rd_file_exists(session_spec_path(args));
    if (has_spec) {
        RD_TRY(session_read_spec(&session, err));
        cloud = session.desired->cloud;
    }
    rd_random_init_system(&session.system);
    RD_TRY(live_open(&session, cloud, err));
    RD_TRY(rd_login_sign_in(live_login(&session), err));
    size_t count = find_subscriptions(&session, all);
    struct rd_client_options client_options = {
        .loop = session.loop,
        .transport = live_door(&session),
        .random = &session.system,
        .endpoints = session.world.endpoints,
        .in_flight_max = 1,
        .attempts_max = 3,
    };
    session.client = rd_client_new(&client_options);
    for (size_t i = 0; i < count; i++)
        RD_TRY(ask_permissions(&session, session.client, &all[i], err));
    if (args_is_json(args))
        print_json(&session, all, count);
    else
        print_text(&session, all, count);
    return RD_RC_OK;
}
