/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"
#include "state.h"

/*
 * Registrations of a subscription: resource providers and features. Both are registered from the
 * start; what somebody changed is kept as a resource that no list shows.
 *
 *     feature: NotRegistered --register--> (one read still says NotRegistered) Registering
 *              --minutes--> Registered --unregister--> NotRegistered
 *     with the fault: NotRegistered --register--> Pending, for ever
 */

enum { REGISTER_MS = 40 * 1000, LIST_MAX = 64 };

#define PROVIDER_TYPE "Microsoft.Resources/providers"
#define FEATURE_TYPE "Microsoft.Features/providers/features"

/* Providers ------------------------------------------------------------------------------------ */

static struct rd_str name_space_of(const char *type_name)
{
    struct rd_str name = rd_str_from(type_name);
    return rd_str_sub(name, 0, rd_str_find_char(name, '/', 0));
}

/* The namespaces that the parts speak for, each once, in the order of the parts. */
static size_t name_spaces(struct em_exchange *ex, struct rd_str out[LIST_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < ex->cloud->class_count; i++) {
        const struct em_type *type = ex->cloud->classes[i].type;
        struct rd_str name = name_space_of(type->name);
        bool is_known = type->is_internal;
        for (size_t k = 0; k < count; k++)
            is_known = is_known || rd_str_eq_case(out[k], name);
        if (!is_known && count < LIST_MAX)
            out[count++] = name;
    }
    return count;
}

static struct rd_str registration_id(struct em_exchange *ex, struct rd_str name)
{
    return rd_arena_printf(ex->arena, "/subscriptions/%.*s/providers/%.*s",
                           RD_FMT(ex->subscription), RD_FMT(name));
}

/* What `az resource` picks from when it is not told: the newest without "preview". */
static struct rd_json api_versions(struct em_exchange *ex, const struct em_type *type)
{
    struct rd_json list = rd_json_array();
    const struct rd_json *row = em_row("api-versions", "name", rd_str_from(type->name));
    if (!rd_json_exists(row))
        row = em_row("api-versions", "name", name_space_of(type->name));
    const struct rd_json *versions = rd_json_get(row, RD_STR("versions"));
    for (size_t i = 0; i < rd_json_count(versions); i++)
        (void)rd_json_append(ex->arena, &list, *rd_json_item(versions, i));
    return list;
}

static struct rd_json resource_types(struct em_exchange *ex, struct rd_str name)
{
    struct rd_json list = rd_json_array();
    const struct rd_json *regions = rd_json_get(ex->cloud->place, RD_STR("regions"));
    for (size_t i = 0; i < ex->cloud->class_count; i++) {
        const struct em_type *type = ex->cloud->classes[i].type;
        struct rd_str full = rd_str_from(type->name);
        if (type->is_internal || !rd_str_eq_case(name_space_of(type->name), name))
            continue;
        struct rd_json item = rd_json_object();
        struct rd_json locations = rd_json_array();
        for (size_t k = 0; k < rd_json_count(regions); k++) {
            const struct rd_json *region = rd_json_item(regions, k);
            struct rd_str region_name = rd_json_str(rd_json_get(region, RD_STR("name")));
            bool is_lacking = false;
            for (size_t n = 0; type->no_regions != NULL && type->no_regions[n] != NULL; n++)
                is_lacking = is_lacking || rd_str_is_case(region_name, type->no_regions[n]);
            if (!is_lacking)
                (void)rd_json_append(ex->arena, &locations,
                                     *rd_json_get(region, RD_STR("display")));
        }
        rd_json_set_c(ex->arena, &item, "resourceType",
                      rd_json_string(rd_str_sub(full, name.n + 1, full.n)));
        rd_json_set_c(ex->arena, &item, "locations", locations);
        rd_json_set_c(ex->arena, &item, "apiVersions", api_versions(ex, type));
        rd_json_set_c(ex->arena, &item, "capabilities",
                      rd_json_string_c(type->has_tags ? "SupportsTags, SupportsLocation" : "None"));
        (void)rd_json_append(ex->arena, &list, item);
    }
    return list;
}

/* Without a subscription there is nothing to be registered in. */
static struct rd_json tenant_view(struct em_exchange *ex, struct rd_str name)
{
    struct rd_json view = rd_json_object();
    rd_json_set_c(ex->arena, &view, "namespace", rd_json_string(name));
    rd_json_set_c(ex->arena, &view, "resourceTypes", resource_types(ex, name));
    return view;
}

static struct rd_json provider_view(struct em_exchange *ex, struct rd_str name)
{
    struct rd_str id = registration_id(ex, name);
    const struct em_resource *registration = em_find(ex->cloud, id);
    struct rd_str state = RD_STR("Registered");
    if (registration != NULL) {
        struct rd_json body = em_body(ex, registration);
        state = rd_json_str(rd_json_get(&body, RD_STR("registrationState")));
    }
    struct rd_json view = rd_json_object();
    if (ex->subscription.n == 0)
        return tenant_view(ex, name);
    rd_json_set_c(ex->arena, &view, "id", rd_json_string(id));
    rd_json_set_c(ex->arena, &view, "namespace", rd_json_string(name));
    rd_json_set_c(ex->arena, &view, "resourceTypes", resource_types(ex, name));
    rd_json_set_c(ex->arena, &view, "registrationState", rd_json_string(state));
    rd_json_set_c(ex->arena, &view, "registrationPolicy", rd_json_string_c("RegistrationRequired"));
    return view;
}

/* The namespace in its own casing, or false after 404. */
static bool find_name_space(struct em_exchange *ex, struct rd_str asked, struct rd_str *ret_name)
{
    struct rd_str names[LIST_MAX];
    size_t count = name_spaces(ex, names);
    for (size_t i = 0; i < count; i++)
        if (rd_str_eq_case(names[i], asked)) {
            *ret_name = names[i];
            return true;
        }
    return em_fail(ex, 404, "InvalidResourceNamespace",
                   "The resource namespace '%.*s' is invalid. (The embedded cloud does not emulate "
                   "it; docs/fidelity.md lists what it does.)",
                   RD_FMT(asked));
}

/* With a subscription before it or without. */
static bool get_provider(struct em_exchange *ex)
{
    struct rd_str name;
    if (!find_name_space(ex, ex->params[ex->param_count - 1], &name))
        return false;
    struct rd_json view = provider_view(ex, name);
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}

static bool list_providers(struct em_exchange *ex)
{
    struct rd_str names[LIST_MAX];
    size_t count = name_spaces(ex, names);
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < count; i++)
        (void)rd_json_append(ex->arena, &list, provider_view(ex, names[i]));
    struct rd_json body = rd_json_object();
    rd_json_set_c(ex->arena, &body, "value", list);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static void set_registration(struct em_exchange *ex, struct rd_str id, const char *state)
{
    struct rd_json body = rd_json_object();
    rd_json_set_c(ex->arena, &body, "registrationState", rd_json_string_c(state));
    struct em_resource *registration = em_find(ex->cloud, id);
    if (registration != NULL)
        em_store(ex, registration, &body);
    else
        (void)em_create(ex, PROVIDER_TYPE, id, &body, NULL);
}

static void provider_is_registered(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    (void)argument;
    set_registration(ex, id, "Registered");
}

static bool change_provider(struct em_exchange *ex, bool is_register)
{
    struct rd_str name;
    if (!find_name_space(ex, ex->params[1], &name))
        return false;
    struct rd_str id = registration_id(ex, name);
    struct rd_json former = provider_view(ex, name);
    struct rd_str state = rd_json_str(rd_json_get(&former, RD_STR("registrationState")));
    if (is_register && rd_str_is(state, "NotRegistered")) {
        set_registration(ex, id, "Registering");
        em_schedule(ex, ex->now_ms + em_draw_ms(ex, id, REGISTER_MS), "registration.provider", id,
                    (struct rd_str){"", 0});
    } else if (!is_register) {
        set_registration(ex, id, "NotRegistered");
    }
    struct rd_json view = provider_view(ex, name);
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}

static bool register_provider(struct em_exchange *ex)
{
    return change_provider(ex, true);
}

static bool unregister_provider(struct em_exchange *ex)
{
    return change_provider(ex, false);
}

/* Features ------------------------------------------------------------------------------------- */

static const struct rd_json *feature_entry(struct em_exchange *ex, struct rd_str name_space,
                                           struct rd_str name)
{
    struct rd_str full = rd_arena_printf(ex->arena, "%.*s/%.*s", RD_FMT(name_space), RD_FMT(name));
    return em_row("features", "name", full);
}

static struct em_fault *feature_fault(struct em_exchange *ex, struct rd_str name)
{
    struct em_fault *fault = em_fault(ex, "feature");
    for (; fault != NULL; fault = em_fault_next(ex, "feature", fault)) {
        struct rd_str meant = rd_str_after_last(em_fault_arg(fault, "name"), '/');
        if (meant.n == 0 || rd_str_eq_case(meant, name))
            return fault;
    }
    return NULL;
}

static struct rd_str feature_id(struct em_exchange *ex, struct rd_str subscription,
                                struct rd_str full)
{
    struct rd_str name = em_id_name(full);
    return rd_arena_printf(ex->arena,
                           "/subscriptions/%.*s/providers/Microsoft.Features/providers/%.*s"
                           "/features/%.*s",
                           RD_FMT(subscription), RD_FMT(rd_str_sub(full, 0, full.n - name.n - 1)),
                           RD_FMT(name));
}

static struct rd_str feature_state(struct em_exchange *ex, struct rd_str id, struct rd_str name)
{
    const struct em_resource *kept = em_find(ex->cloud, id);
    if (kept == NULL)
        return feature_fault(ex, name) == NULL ? RD_STR("Registered") : RD_STR("NotRegistered");
    struct rd_json body = em_body(ex, kept);
    return rd_json_str(rd_json_at(&body, "properties.state"));
}

bool em_feature_is_registered(struct em_exchange *ex, struct rd_str subscription,
                              const char *name_space, const char *name)
{
    struct rd_str full = rd_arena_printf(ex->arena, "%s/%s", name_space, name);
    struct rd_str id = feature_id(ex, subscription, full);
    struct em_fault *fault = feature_fault(ex, rd_str_from(name));
    bool is_registered = rd_str_is(feature_state(ex, id, rd_str_from(name)), "Registered");
    if (fault != NULL && !is_registered)
        em_fault_showed(fault);
    return is_registered;
}

static struct rd_json feature_view(struct em_exchange *ex, struct rd_str full, struct rd_str state)
{
    struct rd_json view = rd_json_object();
    *rd_json_make(ex->arena, &view, "properties.state") = rd_json_string(state);
    rd_json_set_c(ex->arena, &view, "id", rd_json_string(feature_id(ex, ex->subscription, full)));
    rd_json_set_c(ex->arena, &view, "type", rd_json_string_c(FEATURE_TYPE));
    rd_json_set_c(ex->arena, &view, "name", rd_json_string(full));
    return view;
}

static bool find_feature(struct em_exchange *ex, struct rd_str *ret_full)
{
    const struct rd_json *entry = feature_entry(ex, ex->params[1], ex->params[2]);
    if (!rd_json_exists(entry))
        return em_fail(ex, 404, "FeatureNotFound", "The feature '%.*s' could not be found.",
                       RD_FMT(ex->params[2]));
    *ret_full = rd_json_str(rd_json_get(entry, RD_STR("name")));
    return true;
}

static void set_feature(struct em_exchange *ex, struct rd_str id, const char *state, bool lags)
{
    struct rd_json body = rd_json_object();
    struct rd_json hidden = rd_json_object();
    *rd_json_make(ex->arena, &body, "properties.state") = rd_json_string_c(state);
    rd_json_set_c(ex->arena, &hidden, "lags", rd_json_bool(lags));
    struct em_resource *kept = em_find(ex->cloud, id);
    if (kept == NULL) {
        (void)em_create(ex, FEATURE_TYPE, id, &body, &hidden);
        return;
    }
    em_store(ex, kept, &body);
    em_store_hidden(ex, kept, &hidden);
}

/* Right after a registration one read still shows the old state (azure-compute 1.6, [C]). */
static bool get_feature(struct em_exchange *ex)
{
    struct rd_str full;
    if (!find_feature(ex, &full))
        return false;
    struct rd_str id = feature_id(ex, ex->subscription, full);
    struct rd_str state = feature_state(ex, id, em_id_name(full));
    struct em_resource *kept = em_find(ex->cloud, id);
    struct rd_json hidden = kept != NULL ? em_hidden(ex, kept) : rd_json_object();
    if (rd_json_is_true(rd_json_get(&hidden, RD_STR("lags")))) {
        struct rd_json none = rd_json_object();
        em_store_hidden(ex, kept, &none);
        state = RD_STR("NotRegistered");
    }
    struct rd_json view = feature_view(ex, full, state);
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}

static bool list_features(struct em_exchange *ex)
{
    const struct rd_json *table = em_table("features");
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < rd_json_count(table); i++) {
        struct rd_str full = rd_json_str(rd_json_at(rd_json_item(table, i), "name"));
        struct rd_str id = feature_id(ex, ex->subscription, full);
        struct rd_str name_space = rd_str_sub(full, 0, full.n - em_id_name(full).n - 1);
        if (ex->param_count > 1 && !rd_str_eq_case(name_space, ex->params[1]))
            continue;
        (void)rd_json_append(ex->arena, &list,
                             feature_view(ex, full, feature_state(ex, id, em_id_name(full))));
    }
    struct rd_json body = rd_json_object();
    rd_json_set_c(ex->arena, &body, "value", list);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static void feature_comes(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    (void)argument;
    struct em_resource *kept = em_find(ex->cloud, id);
    if (kept == NULL)
        return;
    struct rd_json body = em_body(ex, kept);
    if (rd_str_is(rd_json_str(rd_json_at(&body, "properties.state")), "Registering"))
        set_feature(ex, id, "Registered", false);
}

static bool register_feature(struct em_exchange *ex)
{
    struct rd_str full;
    if (!find_feature(ex, &full))
        return false;
    struct rd_str name = em_id_name(full);
    struct rd_str id = feature_id(ex, ex->subscription, full);
    struct em_fault *fault = feature_fault(ex, name);
    struct rd_str state = feature_state(ex, id, name);
    if (rd_str_is(state, "NotRegistered") && fault != NULL) {
        bool is_refused = rd_str_is_case(em_fault_arg(fault, "state"), "Unsupported");
        em_fault_struck(fault);
        if (is_refused)
            return em_fail(ex, 409, "FeatureRegistrationUnsupported",
                           "The feature '%.*s' does not support registration.", RD_FMT(name));
        set_feature(ex, id, "Pending", true);
        state = RD_STR("Pending");
    } else if (rd_str_is(state, "NotRegistered")) {
        const struct rd_json *entry = feature_entry(ex, ex->params[1], ex->params[2]);
        int64_t minutes = rd_json_int(rd_json_get(entry, RD_STR("minutes")), 0);
        set_feature(ex, id, "Registering", true);
        state = RD_STR("Registering");
        em_schedule(ex, ex->now_ms + em_draw_ms(ex, id, minutes * 60 * 1000),
                    "registration.feature", id, (struct rd_str){"", 0});
    }
    struct rd_json view = feature_view(ex, full, state);
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}

static bool unregister_feature(struct em_exchange *ex)
{
    struct rd_str full;
    if (!find_feature(ex, &full))
        return false;
    set_feature(ex, feature_id(ex, ex->subscription, full), "NotRegistered", false);
    struct rd_json view = feature_view(ex, full, RD_STR("NotRegistered"));
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}

static const struct em_type types[] = {
    {.name = PROVIDER_TYPE, .place = EM_IN_SUBSCRIPTION, .is_internal = true, .has_no_state = true},
    {.name = FEATURE_TYPE, .place = EM_IN_SUBSCRIPTION, .is_internal = true, .has_no_state = true},
};

#define FEATURES "/subscriptions/{}/providers/Microsoft.Features"
#define ONE_FEATURE FEATURES "/providers/{}/features/{}"
static const struct em_route routes[] = {
    {RD_HTTP_GET, FEATURES "/features", list_features, NULL, "azure-compute 1.6"},
    {RD_HTTP_GET, FEATURES "/providers/{}/features", list_features, NULL, "azure-compute 1.6"},
    {RD_HTTP_GET, ONE_FEATURE, get_feature, NULL, "azure-compute 1.6"},
    {RD_HTTP_POST, ONE_FEATURE "/register", register_feature, NULL, "azure-compute 1.6"},
    {RD_HTTP_POST, ONE_FEATURE "/unregister", unregister_feature, NULL, "azure-compute 1.6"},
    {RD_HTTP_GET, "/subscriptions/{}/providers", list_providers, NULL, "azure-compute 1.6"},
    {RD_HTTP_GET, "/subscriptions/{}/providers/{}", get_provider, NULL, "azure-compute 1.6"},
    {RD_HTTP_GET, "/providers", list_providers, NULL, "real-clients 1.3"},
    {RD_HTTP_GET, "/providers/{}", get_provider, NULL, "real-clients 1.3"},
    {RD_HTTP_POST, "/subscriptions/{}/providers/{}/register", register_provider, NULL,
     "azure-compute 1.6"},
    {RD_HTTP_POST, "/subscriptions/{}/providers/{}/unregister", unregister_provider, NULL,
     "azure-compute 1.6"},
};

static const struct em_event_name events[] = {
    {"registration.provider", provider_is_registered},
    {"registration.feature", feature_comes},
};

const struct em_part em_registration_part = {
    .name = "registration",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
    .events = events,
    .event_count = EM_COUNT(events),
};
