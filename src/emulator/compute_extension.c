/* SPDX-License-Identifier: Apache-2.0 */

/*
 * VM extensions. The agent works on one at a time: a PUT that comes while another runs waits its
 * turn, so its duration reaches to the end of the queue (hidden.extension_ms of the machine).
 * protectedSettings are kept in the hidden object until the extension has run and are never shown.
 */

#include "compute_internal.h"
#include "compute_parts.h"
#include "desktop_internal.h"

/* What is known of extensions by type, and how long their handlers take; anything else is refused,
 * for nothing would stand behind its success. Durations: lessons D, estimates. */
static const struct {
    const char *publisher;
    const char *type;
    int64_t typical_ms;
} known[] = {
    {"Microsoft.Azure.ActiveDirectory", "AADLoginForWindows", 90000},
    {"Microsoft.Compute", "JsonADDomainExtension", 120000},
    {"Microsoft.Compute", "CustomScriptExtension", 60000},
    {"Microsoft.Powershell", "DSC", 300000},
    {"Microsoft.Azure.Monitor", "AzureMonitorWindowsAgent", 90000},
    {"Microsoft.Azure.Monitoring.DependencyAgent", "DependencyAgentWindows", 60000},
    {"Microsoft.Azure.Security.WindowsAttestation", "GuestAttestation", 45000},
    {"Microsoft.Azure.Security", "IaaSAntimalware", 60000},
    {"Microsoft.GuestConfiguration", "ConfigurationforWindows", 60000},
};

static size_t find_known(const struct rd_json *body)
{
    for (size_t i = 0; i < EM_COUNT(known); i++)
        if (rd_str_is_case(em_text_at(body, "properties.publisher"), known[i].publisher) &&
            rd_str_is_case(em_text_at(body, "properties.type"), known[i].type))
            return i;
    return EM_COUNT(known);
}

static bool is_type(const struct rd_json *body, const char *type)
{
    return rd_str_is_case(em_text_at(body, "properties.type"), type);
}

static struct em_resource *vm_of(struct em_exchange *ex)
{
    return em_find(ex->cloud, em_id_parent(ex->id));
}

static bool check_vm(struct em_exchange *ex, struct em_resource *vm)
{
    if (vm == NULL)
        return em_fail(ex, 404, "ParentResourceNotFound",
                       "Can not perform requested operation on nested resource. Parent resource "
                       "'%.*s' not found.",
                       RD_FMT(em_id_name(em_id_parent(ex->id))));
    struct rd_str power = rd_str_from(em_vm_power(ex, vm));
    if (rd_str_is(power, "deallocated") || rd_str_is(power, "deallocating") ||
        rd_str_is(power, "stopping") || vm->state == EM_FAILED)
        return em_fail(ex, 409, "OperationNotAllowed",
                       "Cannot modify extensions in the VM when the VM is not running.");
    return true;
}

static bool check_sole(struct em_exchange *ex, const struct em_resource *vm,
                       const struct rd_json *body)
{
    for (struct em_resource *other = em_next_child(vm, EM_EXTENSION_TYPE, NULL); other != NULL;
         other = em_next_child(vm, EM_EXTENSION_TYPE, other)) {
        if (rd_str_eq_case(other->id, ex->id) || other->is_deleted)
            continue;
        struct rd_json its = em_body(ex, other);
        if (rd_str_eq_case(em_text_at(&its, "properties.publisher"),
                           em_text_at(body, "properties.publisher")) &&
            rd_str_eq_case(em_text_at(&its, "properties.type"),
                           em_text_at(body, "properties.type")))
            return em_fail_target(
                ex, 400, "BadRequest", "extension",
                "Multiple VMExtensions per handler not supported for OS type 'Windows'. "
                "VMExtension "
                "'%.*s' with handler '%.*s.%.*s' already added or specified in input.",
                RD_FMT(em_name(other)), RD_FMT(em_text_at(body, "properties.publisher")),
                RD_FMT(em_text_at(body, "properties.type")));
    }
    return true;
}

static bool check_order(struct em_exchange *ex, const struct rd_json *body)
{
    const struct rd_json *after = rd_json_at(body, "properties.provisionAfterExtensions");
    for (size_t i = 0; i < rd_json_count(after); i++) {
        struct rd_str name = rd_json_str(rd_json_item(after, i));
        struct rd_str id = rd_arena_printf(ex->arena, "%.*s/extensions/%.*s",
                                           RD_FMT(em_id_parent(ex->id)), RD_FMT(name));
        if (em_find(ex->cloud, id) == NULL)
            return em_fail_target(ex, 400, "BadRequest", "provisionAfterExtensions",
                                  "The extension '%.*s' named in provisionAfterExtensions does not "
                                  "exist on the VM.",
                                  RD_FMT(name));
    }
    return true;
}

bool em_extension_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                      struct rd_json *hidden)
{
    static const char *const needed[] = {"properties.publisher", "properties.type",
                                         "properties.typeHandlerVersion"};
    for (size_t i = 0; i < EM_COUNT(needed); i++)
        if (!em_require(ex, body, needed[i], RD_JSON_STRING))
            return false;
    struct em_resource *vm = vm_of(ex);
    if (!check_vm(ex, vm) || vm == NULL || !check_sole(ex, vm, body) || !check_order(ex, body))
        return false;
    if (find_known(body) == EM_COUNT(known))
        return em_fail(ex, 404, "ArtifactNotFound",
                       "The VM extension with publisher '%.*s' and type '%.*s' could not be found "
                       "in location '%.*s'.",
                       RD_FMT(em_text_at(body, "properties.publisher")),
                       RD_FMT(em_text_at(body, "properties.type")),
                       RD_FMT(em_text_at(body, "location")));
    if (former != NULL) {
        struct rd_json was = em_body(ex, former);
        static const char *const fixed[] = {"properties.publisher", "properties.type"};
        for (size_t i = 0; i < EM_COUNT(fixed); i++)
            if (!rd_str_eq_case(em_text_at(&was, fixed[i]), em_text_at(body, fixed[i])))
                return em_fail_target(ex, 409, "PropertyChangeNotAllowed", fixed[i],
                                      "Changing property '%s' is not allowed.",
                                      fixed[i] + sizeof("properties.") - 1);
    }
    const struct rd_json *protected_settings = rd_json_at(body, "properties.protectedSettings");
    if (rd_json_exists(protected_settings))
        em_set(ex, hidden, "protected", rd_json_copy(ex->arena, protected_settings));
    em_drop(body, "properties", "protectedSettings");
    em_drop(body, "properties", "instanceView");
    em_default(ex, body, "properties.autoUpgradeMinorVersion", rd_json_bool(true));
    return true;
}

/* To the end of the queue, and before that until the agent talks. */
int64_t em_extension_duration(struct em_exchange *ex, struct em_resource *former,
                              const struct rd_json *body)
{
    (void)former;
    struct em_resource *vm = vm_of(ex);
    size_t row = find_known(body);
    int64_t own = em_draw_ms(ex, ex->id, row < EM_COUNT(known) ? known[row].typical_ms : 60000);
    if (vm == NULL)
        return own;
    struct rd_json hidden = em_hidden(ex, vm);
    int64_t start = rd_json_int(rd_json_at(&hidden, "extension_ms"), 0);
    int64_t agent = rd_json_int(rd_json_at(&hidden, "power_ms"), 0) + 60000;
    if (start < agent)
        start = agent;
    if (start < ex->now_ms)
        start = ex->now_ms;
    em_set_int(ex, &hidden, "extension_ms", start + own);
    em_store_hidden(ex, vm, &hidden);
    return start + own - ex->now_ms;
}

static const char *fail(struct em_exchange *ex, const struct rd_json *body,
                        const struct em_resource *extension, struct rd_str why,
                        struct rd_str *ret_message)
{
    *ret_message = rd_arena_printf(
        ex->arena,
        "VM has reported a failure when processing extension '%.*s' (publisher '%.*s' and type "
        "'%.*s'). Error message: \"%.*s\". More information on troubleshooting is available at "
        "https://aka.ms/VMExtensionTroubleshoot.",
        RD_FMT(em_name(extension)), RD_FMT(em_text_at(body, "properties.publisher")),
        RD_FMT(em_text_at(body, "properties.type")), RD_FMT(why));
    return "VMExtensionProvisioningError";
}

static bool fault_strikes(struct em_exchange *ex, const struct em_resource *extension,
                          const struct rd_json *body)
{
    for (struct em_fault *fault = em_fault(ex, "extension"); fault != NULL;
         fault = em_fault_next(ex, "extension", fault)) {
        struct rd_str name = em_fault_arg(fault, "name"), host = em_fault_arg(fault, "host");
        if ((!rd_str_is_empty(name) && !rd_str_eq_case(name, em_name(extension)) &&
             !rd_str_eq_case(name, em_text_at(body, "properties.type"))) ||
            (!rd_str_is_empty(host) && !rd_str_eq_case(host, em_name(extension->parent))))
            continue;
        em_fault_struck(fault);
        return true;
    }
    return false;
}

/* The old form of the DSC configuration carries the token in plain settings; the new one in
 * protectedSettings.Items (contracts C3). */
static struct rd_str registration_token(const struct rd_json *body, const struct rd_json *hidden)
{
    struct rd_str token = em_text_at(hidden, "protected.Items.RegistrationInfoToken");
    if (rd_str_is_empty(token))
        token = em_text_at(hidden, "protected.items.RegistrationInfoToken");
    if (rd_str_is_empty(token))
        token = em_text_at(hidden, "protected.properties.registrationInfoToken");
    return rd_str_is_empty(token)
               ? em_text_at(body, "properties.settings.properties.registrationInfoToken")
               : token;
}

static const char *join_directory(struct em_exchange *ex, struct em_resource *extension,
                                  const struct rd_json *body, struct rd_str *ret_message)
{
    struct rd_json vm = em_body(ex, extension->parent);
    if (rd_str_find_case(em_text_at(&vm, "identity.type"), RD_STR("SystemAssigned"), 0) ==
        RD_STR_NONE)
        return fail(ex, body, extension,
                    RD_STR("AAD Join failed: the machine has no system-assigned identity (exit "
                           "code 51)"),
                    ret_message);
    struct rd_json hidden = em_hidden(ex, extension->parent);
    em_set_word(ex, &hidden, "joined", "entra");
    if (em_has(body, "properties.settings.mdmId"))
        em_set_text(ex, &hidden, "mdm", em_text_at(body, "properties.settings.mdmId"));
    em_store_hidden(ex, extension->parent, &hidden);
    return NULL;
}

static const char *configure(struct em_exchange *ex, struct em_resource *extension,
                             const struct rd_json *body, const struct rd_json *hidden,
                             struct rd_str *ret_message)
{
    struct rd_str function = em_text_at(body, "properties.settings.configurationFunction");
    if (rd_str_find_case(function, RD_STR("AddSessionHost"), 0) == RD_STR_NONE)
        return NULL;
    struct rd_str why = {0};
    if (em_session_host_register(ex, registration_token(body, hidden), extension->parent, &why))
        return NULL;
    return fail(ex, body, extension,
                rd_arena_printf(ex->arena,
                                "DSC Configuration 'AddSessionHost' completed with "
                                "error(s): %.*s",
                                RD_FMT(why)),
                ret_message);
}

const char *em_extension_ready(struct em_exchange *ex, struct em_resource *extension,
                               struct rd_json *body, struct rd_json *hidden,
                               struct rd_str *ret_message)
{
    struct em_resource *vm = extension->parent;
    const char *code = NULL;
    if (rd_json_is_true(rd_json_at(body, "properties.suppressFailures")))
        em_set_bool(ex, hidden, "suppressed", true);
    if (!rd_str_is(rd_str_from(em_vm_power(ex, vm)), "running")) {
        *ret_message = rd_arena_printf(
            ex->arena,
            "VM '%.*s' has not reported status for VM agent or extensions. Verify "
            "that the OS is up and healthy, the VM has a running VM agent, and that "
            "it can establish outbound connections to Azure storage.",
            RD_FMT(em_name(vm)));
        code = "VMAgentStatusCommunicationError";
    } else if (fault_strikes(ex, extension, body)) {
        code = fail(ex, body, extension, RD_STR("the handler ended with exit code 1"), ret_message);
    } else if (is_type(body, "AADLoginForWindows")) {
        code = join_directory(ex, extension, body, ret_message);
    } else if (is_type(body, "JsonADDomainExtension")) {
        struct rd_json its = em_hidden(ex, vm);
        em_set_word(ex, &its, "joined", "domain");
        em_store_hidden(ex, vm, &its);
    } else if (is_type(body, "DSC")) {
        code = configure(ex, extension, body, hidden, ret_message);
    }
    em_drop(hidden, "", "protected");
    return code;
}

void em_extension_show(struct em_exchange *ex, struct em_resource *extension, struct rd_json *body)
{
    struct rd_str value = {0};
    if (!rd_http_query_get(ex->arena, ex->url.query, "$expand", &value) ||
        !rd_str_is_case(value, "instanceView"))
        return;
    struct rd_json view = em_vm_instance_view(ex, extension->parent);
    const struct rd_json *all = rd_json_at(&view, "extensions");
    for (size_t i = 0; i < rd_json_count(all); i++)
        if (rd_str_eq_case(em_text_at(rd_json_item(all, i), "name"), em_name(extension)))
            em_set(ex, body, "properties.instanceView", *rd_json_item(all, i));
}

bool em_extension_may_delete(struct em_exchange *ex, struct em_resource *extension)
{
    return check_vm(ex, extension->parent);
}
