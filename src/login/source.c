/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to sign in with. */
#include <string.h>

#include "base/file.h"
#include "inside.h"

static const char *const method_names[RD_LOGIN_METHOD_COUNT] = {
    [RD_LOGIN_AUTO] = "auto",
    [RD_LOGIN_SECRET] = "secret",
    [RD_LOGIN_CERTIFICATE] = "certificate",
    [RD_LOGIN_FEDERATED] = "federated",
    [RD_LOGIN_MANAGED_IDENTITY] = "managed-identity",
    [RD_LOGIN_CLI] = "cli",
};

/* What an Azure virtual machine's firmware gives as its chassis' tag: cloud-init tells Azure by it
 * (from memory, 2026-11-21). Elsewhere the metadata address answers after a long silence. */
#define AZURE_CHASSIS "7783-7084-3265-9085-8269-3286-77"
#define CHASSIS_FILE "/sys/class/dmi/id/chassis_asset_tag"
#define METADATA_URL "http://169.254.169.254/metadata/identity/oauth2/token"

enum { CHASSIS_SIZE_MAX = 4096 };

const char *rd_login_method_name(enum rd_login_method method)
{
    return method_names[method];
}

bool rd_login_method_parse(struct rd_str name, enum rd_login_method *ret_method)
{
    for (int i = 0; i < RD_LOGIN_METHOD_COUNT; i++) {
        if (rd_str_is(name, method_names[i])) {
            *ret_method = (enum rd_login_method)i;
            return true;
        }
    }
    return false;
}

const char *source_environment(const struct rd_login *login, const char *name)
{
    const char *value = login->options.environment(login->options.environment_data, name);
    return value == NULL ? "" : value;
}

static struct rd_str variable(struct rd_login *login, const char *name)
{
    return rd_arena_str(login->arena, rd_str_trim(rd_str_from(source_environment(login, name))));
}

/* Why a method is not there, or "" when it is: what the message lists. */
typedef const char *look_fn(struct rd_login *login, struct source *source);

/* AZURE_TENANT_ID and AZURE_CLIENT_ID, which three methods need. */
static const char *look_application(struct rd_login *login, struct source *source)
{
    const struct rd_endpoints *endpoints = &login->options.endpoints;
    source->tenant = variable(login, "AZURE_TENANT_ID");
    source->client_id = variable(login, "AZURE_CLIENT_ID");
    if (source->tenant.n == 0)
        source->tenant = login->options.tenant;
    if (source->client_id.n == 0)
        return "AZURE_CLIENT_ID is not set";
    if (source->tenant.n == 0)
        return "AZURE_TENANT_ID is not set";
    for (size_t i = 0; i < source->tenant.n; i++)
        if (!rd_char_is_alnum(source->tenant.p[i]) && strchr("-.", source->tenant.p[i]) == NULL)
            return "AZURE_TENANT_ID is neither a GUID nor a domain";
    /* Azure Stack's authority without Entra has no tenants (azure-compute 9.1; memory). */
    if (rd_str_has_suffix_case(endpoints->login, RD_STR("/adfs")))
        source->url = rd_arena_printf(login->arena, "%.*s/oauth2/token", RD_FMT(endpoints->login));
    else
        source->url = rd_arena_printf(login->arena, "%.*s/%.*s/oauth2/v2.0/token",
                                      RD_FMT(endpoints->login), RD_FMT(source->tenant));
    return "";
}

static const char *look_secret(struct rd_login *login, struct source *source)
{
    const char *secret = source_environment(login, "AZURE_CLIENT_SECRET");
    if (secret[0] == '\0')
        return "AZURE_CLIENT_SECRET is not set";
    rd_secret_set(&source->secret, rd_str_trim(rd_str_from(secret)));
    return look_application(login, source);
}

static const char *look_certificate(struct rd_login *login, struct source *source)
{
    source->file = variable(login, "AZURE_CLIENT_CERTIFICATE_PATH").p;
    if (source->file[0] == '\0')
        return "AZURE_CLIENT_CERTIFICATE_PATH is not set";
    return look_application(login, source);
}

static const char *look_federated(struct rd_login *login, struct source *source)
{
    source->file = variable(login, "AZURE_FEDERATED_TOKEN_FILE").p;
    if (source->file[0] == '\0')
        return "AZURE_FEDERATED_TOKEN_FILE is not set";
    return look_application(login, source);
}

static bool is_machine_of_azure(const struct rd_login *login)
{
    struct rd_arena *arena = rd_arena_new(0);
    const char *file = login->options.chassis_file;
    struct rd_str text = {"", 0};
    struct rd_err err;
    enum rd_rc rc =
        rd_file_read(arena, file == NULL ? CHASSIS_FILE : file, CHASSIS_SIZE_MAX, &text, &err);
    bool is_azure = rc == RD_RC_OK && rd_str_is(rd_str_trim(text), AZURE_CHASSIS);
    rd_arena_free(arena);
    return is_azure;
}

static const char *look_machine(struct rd_login *login, struct source *source)
{
    struct rd_str identity = variable(login, "IDENTITY_ENDPOINT");
    struct rd_str msi = variable(login, "MSI_ENDPOINT");
    const char *identity_header = source_environment(login, "IDENTITY_HEADER");
    const char *msi_secret = source_environment(login, "MSI_SECRET");
    source->client_id = variable(login, "AZURE_CLIENT_ID");
    if (identity.n > 0 && identity_header[0] != '\0') {
        source->machine = MACHINE_APP_SERVICE;
        source->url = identity;
        rd_secret_set(&source->secret, rd_str_from(identity_header));
        return "";
    }
    if (msi.n > 0) {
        source->machine = msi_secret[0] != '\0' ? MACHINE_APP_SERVICE_2017 : MACHINE_FORM;
        source->url = msi;
        rd_secret_set(&source->secret, rd_str_from(msi_secret));
        return "";
    }
    if (login->options.method == RD_LOGIN_MANAGED_IDENTITY || is_machine_of_azure(login)) {
        source->machine = MACHINE_METADATA;
        source->url = RD_STR(METADATA_URL);
        return "";
    }
    return "neither IDENTITY_ENDPOINT with IDENTITY_HEADER nor MSI_ENDPOINT is set, and this is no "
           "machine of Azure's";
}

static const char *look_cli(struct rd_login *login, struct source *source)
{
    source->file = command_find(login, "az", login->arena);
    source->tenant = variable(login, "AZURE_TENANT_ID");
    if (source->tenant.n == 0)
        source->tenant = login->options.tenant;
    return source->file == NULL ? "'az' is not in PATH" : "";
}

static look_fn *const looks[RD_LOGIN_METHOD_COUNT] = {
    [RD_LOGIN_SECRET] = look_secret,
    [RD_LOGIN_CERTIFICATE] = look_certificate,
    [RD_LOGIN_FEDERATED] = look_federated,
    [RD_LOGIN_MANAGED_IDENTITY] = look_machine,
    [RD_LOGIN_CLI] = look_cli,
};

enum rd_rc source_find(struct rd_login *login, struct rd_err *err)
{
    struct rd_buf tried;
    rd_buf_init(&tried, RD_ERR_MSG_MAX);
    bool is_asked = login->options.method != RD_LOGIN_AUTO;
    for (enum rd_login_method i = RD_LOGIN_SECRET; i < RD_LOGIN_METHOD_COUNT; i++) {
        if (is_asked && i != login->options.method)
            continue;
        struct source source = {.method = i};
        rd_secret_init(&source.secret);
        const char *why = looks[i](login, &source);
        if (why[0] == '\0') {
            login->source = source;
            login->has_source = true;
            rd_buf_done(&tried);
            return RD_RC_OK;
        }
        rd_secret_done(&source.secret);
        rd_buf_printf(&tried, "%s%s: %s", tried.n > 0 ? "; " : "", method_names[i], why);
    }
    enum rd_rc rc = RD_FAIL(err, RD_RC_PERMISSION, "there is nothing to sign in with (%.*s)",
                            RD_FMT(rd_buf_str(&tried)));
    rd_buf_done(&tried);
    return rd_err_hint(rc, err,
                       "run 'az login', or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
                       "AZURE_CLIENT_SECRET; docs/going-live.md tells of each way");
}
