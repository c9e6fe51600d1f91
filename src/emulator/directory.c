/* SPDX-License-Identifier: Apache-2.0 */
#include "directory.h"

#include "shape.h"
#include "state.h"

#define ADDED_TYPE "Microsoft.Login/applications"
#define IDENTITY_TYPE "Microsoft.ManagedIdentity/userAssignedIdentities"
#define ASSIGNMENT_TYPE "Microsoft.Authorization/roleAssignments"
#define PRINCIPAL_TYPE "Microsoft.Graph/directoryObjects"

static const struct {
    const char *word;
    const char *type;
} kinds[EM_DIRECTORY_KIND_COUNT] = {
    [EM_DIRECTORY_PRINCIPALS] = {"servicePrincipals", "#microsoft.graph.servicePrincipal"},
    [EM_DIRECTORY_APPLICATIONS] = {"applications", "#microsoft.graph.application"},
    [EM_DIRECTORY_USERS] = {"users", "#microsoft.graph.user"},
    [EM_DIRECTORY_GROUPS] = {"groups", "#microsoft.graph.group"},
};

const char *em_directory_word(enum em_directory_kind kind)
{
    return kinds[kind].word;
}

const char *em_directory_type(enum em_directory_kind kind)
{
    return kinds[kind].type;
}

/* A cloud made of a few parts only lacks some of the types. */
static struct em_resource *each(struct em_exchange *ex, const char *type, size_t *cursor)
{
    bool is_there = em_class_find(ex->cloud, rd_str_from(type)) != NULL;
    return is_there ? em_each(ex->cloud, type, cursor) : NULL;
}

/* Service principals --------------------------------------------------------------------------- */

static struct rd_json principal(struct em_exchange *ex, struct rd_str object_id,
                                struct rd_str app_id, struct rd_str name, const char *type)
{
    struct rd_json view = rd_json_object();
    struct rd_json names = rd_json_array();
    (void)rd_json_append(ex->arena, &names, rd_json_string(app_id));
    em_set_text(ex, &view, "id", object_id);
    em_set_bool(ex, &view, "accountEnabled", true);
    em_set_text(ex, &view, "appId", app_id);
    em_set_text(ex, &view, "appDisplayName", name);
    em_set_text(ex, &view, "displayName", name);
    em_set_text(ex, &view, "appOwnerOrganizationId", em_tenant(ex->cloud));
    em_set(ex, &view, "alternativeNames", rd_json_array());
    em_set(ex, &view, "servicePrincipalNames", names);
    em_set_word(ex, &view, "servicePrincipalType", type);
    return view;
}

static void add_added(struct em_exchange *ex, struct rd_json *list)
{
    size_t cursor = 0;
    struct em_resource *added;
    while ((added = each(ex, ADDED_TYPE, &cursor)) != NULL) {
        struct rd_json body = em_body(ex, added);
        (void)rd_json_append(ex->arena, list,
                             principal(ex, em_text_at(&body, "objectId"), em_name(added),
                                       em_text_at(&body, "displayName"), "Application"));
    }
}

static void add_identity(struct em_exchange *ex, struct rd_json *list,
                         const struct em_resource *holder, struct rd_str object_id,
                         struct rd_str app_id, bool is_explicit)
{
    /* A new identity is in the directory only after a while. */
    if (object_id.n == 0 || em_principal_known_ms(ex, object_id, INT64_MAX) > ex->now_ms)
        return;
    if (app_id.n == 0)
        app_id = em_guid(ex, rd_arena_printf(ex->arena, "clientId %.*s", RD_FMT(object_id)));
    struct rd_json view = principal(ex, object_id, app_id, em_name(holder), "ManagedIdentity");
    struct rd_json *names = em_array(ex, &view, "alternativeNames");
    (void)rd_json_append(ex->arena, names,
                         rd_json_string_c(is_explicit ? "isExplicit=True" : "isExplicit=False"));
    (void)rd_json_append(ex->arena, names, rd_json_string(holder->id));
    (void)rd_json_append(ex->arena, list, view);
}

static void add_identities(struct em_exchange *ex, struct rd_json *list)
{
    for (size_t i = 0; i < ex->cloud->class_count; i++) {
        const struct em_class *class_ = &ex->cloud->classes[i];
        bool is_explicit = rd_str_is(rd_str_from(class_->type->name), IDENTITY_TYPE);
        const char *path = is_explicit ? "properties.principalId" : "identity.principalId";
        for (size_t k = 0; k < class_->count && !class_->type->is_internal; k++) {
            const struct em_resource *holder = class_->items[k];
            if (holder == NULL ||
                rd_str_find(holder->text, RD_STR("\"principalId\""), 0) == RD_STR_NONE)
                continue;
            struct rd_json body = em_body(ex, holder);
            add_identity(ex, list, holder, em_text_at(&body, path),
                         em_text_at(&body, "properties.clientId"), is_explicit);
        }
    }
}

/* The others ----------------------------------------------------------------------------------- */

static struct rd_json applications(struct em_exchange *ex)
{
    struct rd_json list = rd_json_array();
    size_t cursor = 0;
    struct em_resource *added;
    while ((added = each(ex, ADDED_TYPE, &cursor)) != NULL) {
        struct rd_json body = em_body(ex, added), view = rd_json_object();
        em_set_guid(ex, &view, "id", "application object", added->id);
        em_set_text(ex, &view, "appId", em_name(added));
        em_set_text(ex, &view, "displayName", em_text_at(&body, "displayName"));
        em_set_text(ex, &view, "createdDateTime", em_time(ex, added->created_ms));
        em_set(ex, &view, "identifierUris", rd_json_array());
        em_set_word(ex, &view, "signInAudience", "AzureADMyOrg");
        (void)rd_json_append(ex->arena, &list, view);
    }
    return list;
}

static struct rd_json user(struct em_exchange *ex, struct rd_str id)
{
    struct rd_json view = rd_json_object();
    struct rd_str name = rd_arena_printf(ex->arena, "user-%.*s", RD_FMT(rd_str_sub(id, 0, 8)));
    em_set_text(ex, &view, "id", id);
    em_set_bool(ex, &view, "accountEnabled", true);
    em_set_text(ex, &view, "displayName", name);
    em_set(ex, &view, "mail", rd_json_null());
    em_set_text(ex, &view, "userPrincipalName",
                rd_arena_printf(ex->arena, "%.*s@embedded.invalid", RD_FMT(name)));
    return view;
}

static struct rd_json group(struct em_exchange *ex, struct rd_str id)
{
    struct rd_json view = rd_json_object();
    em_set_text(ex, &view, "id", id);
    em_set_text(ex, &view, "displayName",
                rd_arena_printf(ex->arena, "group-%.*s", RD_FMT(rd_str_sub(id, 0, 8))));
    em_set(ex, &view, "description", rd_json_null());
    em_set(ex, &view, "groupTypes", rd_json_array());
    em_set_bool(ex, &view, "mailEnabled", false);
    em_set_bool(ex, &view, "securityEnabled", true);
    return view;
}

static bool is_listed(const struct rd_json *list, struct rd_str id)
{
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (rd_str_eq_case(em_text_at(rd_json_item(list, i), "id"), id))
            return true;
    return false;
}

static struct rd_json named_by_assignments(struct em_exchange *ex, const char *type,
                                           struct rd_json (*view)(struct em_exchange *,
                                                                  struct rd_str))
{
    struct rd_json list = rd_json_array();
    size_t cursor = 0;
    struct em_resource *assignment;
    while ((assignment = each(ex, ASSIGNMENT_TYPE, &cursor)) != NULL) {
        struct rd_json body = em_body(ex, assignment);
        struct rd_str id = em_text_at(&body, "properties.principalId");
        if (em_is_word(&body, "properties.principalType", type) && !is_listed(&list, id))
            (void)rd_json_append(ex->arena, &list, view(ex, id));
    }
    return list;
}

struct rd_json em_directory(struct em_exchange *ex, enum em_directory_kind kind)
{
    if (kind == EM_DIRECTORY_APPLICATIONS)
        return applications(ex);
    if (kind == EM_DIRECTORY_USERS)
        return named_by_assignments(ex, "User", user);
    if (kind == EM_DIRECTORY_GROUPS)
        return named_by_assignments(ex, "Group", group);
    struct rd_json list = em_graph_first_parties(ex);
    add_added(ex, &list);
    add_identities(ex, &list);
    return list;
}
