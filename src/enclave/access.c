/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"
#include "parts.h"

/* The name space of redoubt's assignment names; any constant GUID serves. */
static const char name_space[] = "5f0e6c1a-8c59-4b0e-9a53-0d6f3b1c7e21";
/* Azure Virtual Desktop (reference azure-avd-ops 4.4): it starts and stops hosts. */
static const char avd_app[] = "9cdead84-a844-4324-93f2-b2e6bb768d07";

struct rd_str rd_part_role_id(struct rd_compile *compile, const char *role)
{
    const struct rd_json *table = rd_part_facts(compile, "roles");
    struct rd_str id =
        rd_json_str(rd_json_get(rd_json_get(table, rd_str_from(role)), RD_STR("id")));
    if (compile->rc == RD_RC_OK && !rd_str_is_guid(id))
        rd_part_fail(compile, rd_err_hint(RD_FAIL(compile->err, RD_RC_INVALID,
                                                  "roles.yaml: '%s' has no GUID as its id", role),
                                          compile->err, "give the id of the built-in role"));
    return id;
}

struct rd_str rd_part_guid(struct rd_compile *compile, struct rd_str name)
{
    char guid[RD_GUID_SIZE];
    return rd_arena_str(compile->arena, rd_str_from(rd_guid_from_name(name_space, name, guid)));
}

struct rd_str rd_part_assignment_name(struct rd_compile *compile, struct rd_str scope,
                                      struct rd_str role_id, const struct rd_json *principal)
{
    struct rd_str who = rd_json_str(principal);
    if (who.n == 0)
        who = rd_reference_id(principal);
    struct rd_str name = rd_arena_printf(compile->arena, "%.*s|%.*s|%.*s", RD_FMT(scope),
                                         RD_FMT(who), RD_FMT(role_id));
    return rd_part_guid(compile, name);
}

struct rd_str rd_part_grant(struct rd_compile *compile, struct rd_str scope, const char *role,
                            struct rd_json principal, const char *kind)
{
    struct rd_str role_id = rd_part_role_id(compile, role);
    struct rd_str name = rd_part_assignment_name(compile, scope, role_id, &principal);
    struct rd_str id = rd_arena_printf(
        compile->arena, "%.*s/providers/Microsoft.Authorization/roleAssignments/%.*s",
        RD_FMT(scope), RD_FMT(name));
    struct rd_arm_id parsed = {.subscription = RD_STR("")};
    (void)rd_arm_id_parse(scope, &parsed);
    struct rd_str definition = rd_arena_printf(
        compile->arena,
        "/subscriptions/%.*s/providers/Microsoft.Authorization/roleDefinitions/%.*s",
        RD_FMT(parsed.subscription), RD_FMT(role_id));
    (void)rd_part_add(compile, id,
                      rd_shape(compile->arena,
                               "{properties: {roleDefinitionId: %s, principalId: %j,"
                               " principalType?: %s, description: %s}}",
                               definition, principal, rd_str_from(kind), compile->mark));
    return id;
}

struct rd_json rd_part_service_principal(struct rd_compile *compile, const char *app_id)
{
    struct rd_str id =
        rd_arena_printf(compile->arena, "/providers/Microsoft.Graph/servicePrincipals/%s", app_id);
    if (rd_set_find(compile->set, id) == NULL)
        (void)rd_part_add(compile, id,
                          rd_shape(compile->arena, "{appId: %s}", rd_str_from(app_id)));
    return rd_part_ref(compile, id, "id");
}

struct rd_json rd_part_identity(struct rd_compile *compile, enum rd_part_role role,
                                struct rd_str location)
{
    rd_part_add_role(compile, role,
                     rd_shape(compile->arena, "{location: %s, tags: %j}", location, compile->tags));
    return rd_part_ref(compile, compile->id[role], "properties.principalId");
}

/* Who may see the desktop, and who may sign in to the machines behind it: two different rights, and
 * a user needs both (reference azure-avd-ops 1.6). */
static void grant_people(struct rd_compile *compile)
{
    const struct rd_spec_access *access = &compile->spec->access;
    bool is_entra = compile->spec->hosts.join == RD_JOIN_ENTRA;
    struct rd_str hosts = compile->id[RD_ROLE_HOSTS_GROUP];
    struct rd_str desktop = compile->id[RD_ROLE_APPLICATION_GROUP];
    if (access->users_group.n > 0) {
        struct rd_json users = rd_json_string(access->users_group);
        (void)rd_part_grant(compile, desktop, "desktop-user", users, "Group");
        if (is_entra)
            (void)rd_part_grant(compile, hosts, "vm-user-login", users, "Group");
    }
    /* No desktop for administrators as such: in a personal pool the first of theirs to connect
     * would take a host that is meant for a user. */
    if (access->admins_group.n > 0 && is_entra)
        (void)rd_part_grant(compile, hosts, "vm-admin-login", rd_json_string(access->admins_group),
                            "Group");
}

/* Start VM on Connect needs to start hosts only; a scaling plan needs more, and only works when the
 * role stands at the subscription (reference azure-avd-ops 1.9, 4.3). */
static void grant_power(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    bool is_native = spec->schedule.engine == RD_SCHEDULE_NATIVE;
    if (!is_native && !spec->hosts.start_on_connect)
        return;
    struct rd_json avd = rd_part_service_principal(compile, avd_app);
    if (is_native)
        (void)rd_part_grant(compile, compile->subscription, "power-on-off", avd,
                            "ServicePrincipal");
    else
        (void)rd_part_grant(compile, compile->id[RD_ROLE_HOSTS_GROUP], "power-on", avd,
                            "ServicePrincipal");
}

void rd_part_access(struct rd_compile *compile)
{
    compile->origin = RD_STR("access");
    grant_people(compile);
    grant_power(compile);
}
