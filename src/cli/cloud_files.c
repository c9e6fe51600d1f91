/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "azure/endpoints.h"
#include "base/file.h"
#include "base/secret.h"
#include "credentials.h"
#include "crypto/hash.h"
#include "facts/facts.h"

enum { SECRET_LENGTH = 40, SECRET_SIZE_MAX = 4096, FILE_SIZE_MAX = 1 << 20 };

/* Owning gives no rights in vaults. With a spec the deployer is one of its administrators, to whom
 * the enclave itself gives what it needs; without one it holds a role for it from the start. */
static const struct {
    const char *name;
    const char *role;
    const char *role_without_spec; /* or NULL */
    enum rd_cloud_directory directory;
    bool is_admin;
} applications[CLOUD_APPLICATION_COUNT] = {
    {"deployer", "Owner", "Key Vault Administrator", RD_CLOUD_DIRECTORY_WRITE, true},
    {"reader", "Reader", NULL, RD_CLOUD_DIRECTORY_READ, false},
};

static void add_grant(struct rd_cloud_application *application, const char *role,
                      struct rd_str scope)
{
    if (role != NULL && application->grant_count < RD_CLOUD_GRANT_COUNT_MAX)
        application->grants[application->grant_count++] =
            (struct rd_cloud_grant){rd_str_from(role), scope};
}

/* Of a tenant and a name always the same, so that role assignments outlive the server. */
static struct rd_str client_id(struct rd_arena *arena, const struct cloud_place *place,
                               const char *name)
{
    char guid[RD_GUID_SIZE];
    struct rd_str what = rd_arena_printf(arena, "application/%s", name);
    const char *name_space = rd_arena_str(arena, place->tenant).p;
    return rd_arena_str(arena, rd_str_from(rd_guid_from_name(name_space, what, guid)));
}

/* Whoever can read the file may sign in, so it is made for its owner alone, and once. */
RD_NODISCARD static enum rd_rc keep_secret(struct rd_arena *arena, const char *path,
                                           struct rd_str *ret_secret, struct rd_err *err)
{
    if (rd_file_exists(path)) {
        RD_TRY(rd_file_read(arena, path, SECRET_SIZE_MAX, ret_secret, err));
        *ret_secret = rd_str_trim(*ret_secret);
        if (ret_secret->n > 0)
            return RD_RC_OK;
    }
    struct rd_random random;
    unsigned char bytes[SECRET_LENGTH * 3 / 4];
    rd_random_init_system(&random);
    rd_random_fill(&random, bytes, sizeof(bytes));
    bytes[0] &= 0x7f; /* a letter or digit first: "-p SECRET" would be an option otherwise */
    *ret_secret = rd_base64url(arena, (struct rd_str){(const char *)bytes, sizeof(bytes)});
    return rd_file_write(path, *ret_secret, 0600, err);
}

RD_NODISCARD static enum rd_rc add_credentials(struct rd_arena *arena,
                                               const struct cloud_place *place, const char *name,
                                               struct rd_cloud_application *application,
                                               struct rd_err *err)
{
    struct rd_endpoints endpoints;
    RD_TRY(rd_endpoints_find(rd_str_from(place->cloud_name), &endpoints, err));
    return credentials_prepare(arena, place->folder, name, endpoints.federation_audience,
                               place->now_ms, place->makes_credentials, application, err);
}

enum rd_rc cloud_add_applications(struct rd_arena *arena, const struct cloud_place *place,
                                  struct rd_cloud *cloud, struct rd_err *err)
{
    for (size_t i = 0; i < CLOUD_APPLICATION_COUNT; i++) {
        const char *name = applications[i].name;
        struct rd_str secret;
        char hex[RD_SHA256_HEX_SIZE];
        RD_TRY(keep_secret(arena, rd_arena_printf(arena, "%s/%s.secret", place->folder, name).p,
                           &secret, err));
        struct rd_cloud_application application = {
            .name = rd_str_from(name),
            .client_id = client_id(arena, place, name),
            .secret_sha256_hex = rd_arena_str(arena, rd_str_from(rd_sha256_hex(secret, hex))),
            .is_managed_identity = i == 0,
            .directory = applications[i].directory,
        };
        for (size_t j = 0; j < place->subscription_count; j++) {
            struct rd_str scope =
                rd_arena_printf(arena, "/subscriptions/%.*s", RD_FMT(place->subscriptions[j]));
            add_grant(&application, applications[i].role, scope);
            if (!place->has_spec)
                add_grant(&application, applications[i].role_without_spec, scope);
        }
        for (size_t j = 0; applications[i].is_admin && j < place->admin_count; j++)
            application.groups[application.group_count++] = place->admins[j];
        if (i == 0)
            RD_TRY(add_credentials(arena, place, name, &application, err));
        RD_TRY(rd_cloud_add_application(cloud, &application, err));
    }
    return RD_RC_OK;
}

/* Files for clients ---------------------------------------------------------------------------- */

static void set_text(struct rd_arena *arena, struct rd_json *object, const char *key,
                     struct rd_str value)
{
    (void)rd_json_set_c(arena, object, key, rd_json_string(value));
}

/* What Azure CLI calls a cloud (real-clients reference 1.2; azure-cli 2.45). The last segment
 * "adfs" keeps its library from asking a public host whether the authority is known. */
static struct rd_json az_cloud(struct rd_arena *arena, const struct cloud_place *place, int port)
{
    struct rd_str base = rd_arena_printf(arena, "https://localhost:%d", port);
    const struct rd_json *metadata = rd_json_get(
        rd_json_get(rd_json_get(rd_facts_embedded("emulator/regions"), RD_STR("clouds")),
                    rd_str_from(place->cloud_name)),
        RD_STR("metadata"));
    struct rd_str audience = rd_arena_printf(
        arena, "%.*s/", RD_FMT(rd_json_str(rd_json_at(metadata, "authentication.audiences.0"))));
    const struct {
        const char *name;
        const char *path;
    } endpoints[] = {
        {"resourceManager", ""},
        {"activeDirectory", "/adfs"},
        {"activeDirectoryGraphResourceId", "/graph/"},
        {"microsoftGraphResourceId", "/msgraph/"},
        {"gallery", "/"},
        {"logAnalyticsResourceId", "/la"},
        {"vmImageAliasDoc", "/aliases.json"},
        {"portal", "/"},
    };
    struct rd_json cloud = rd_json_object();
    set_text(arena, &cloud, "profile", RD_STR("latest"));
    struct rd_json *list = rd_json_make(arena, &cloud, "endpoints");
    *list = rd_json_object();
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
        set_text(arena, list, endpoints[i].name,
                 rd_arena_printf(arena, "%.*s%s", RD_FMT(base), endpoints[i].path));
    set_text(arena, list, "management", audience);
    set_text(arena, list, "activeDirectoryResourceId", audience);
    struct rd_json *suffixes = rd_json_make(arena, &cloud, "suffixes");
    *suffixes = rd_json_object();
    set_text(arena, suffixes, "keyvaultDns", rd_arena_printf(arena, ".vault.localhost:%d", port));
    set_text(arena, suffixes, "mhsmDns", rd_arena_printf(arena, ".managedhsm.localhost:%d", port));
    set_text(arena, suffixes, "storageEndpoint", rd_arena_printf(arena, "localhost:%d", port));
    set_text(arena, suffixes, "acrLoginServerEndpoint", RD_STR(".azurecr.localhost"));
    set_text(arena, suffixes, "sqlServerHostname", RD_STR(".sql.localhost"));
    return cloud;
}

static struct rd_json describe(struct rd_arena *arena, const struct cloud_place *place,
                               int https_port, int http_port)
{
    struct rd_json server = rd_json_object();
    set_text(arena, &server, "url", rd_arena_printf(arena, "https://localhost:%d", https_port));
    if (http_port >= 0)
        set_text(arena, &server, "httpUrl",
                 rd_arena_printf(arena, "http://localhost:%d", http_port));
    set_text(arena, &server, "cloud", rd_str_from(place->cloud_name));
    set_text(arena, &server, "tenant", place->tenant);
    struct rd_json subscriptions = rd_json_array();
    for (size_t i = 0; i < place->subscription_count; i++)
        (void)rd_json_append(arena, &subscriptions, rd_json_string(place->subscriptions[i]));
    (void)rd_json_set_c(arena, &server, "subscriptions", subscriptions);
    set_text(arena, &server, "folder", rd_str_from(place->folder));
    set_text(arena, &server, "caFile", rd_arena_printf(arena, "%s/ca.pem", place->folder));
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < CLOUD_APPLICATION_COUNT; i++) {
        struct rd_json application = rd_json_object();
        const char *name = applications[i].name;
        set_text(arena, &application, "name", rd_str_from(name));
        set_text(arena, &application, "clientId", client_id(arena, place, name));
        set_text(arena, &application, "secretFile",
                 rd_arena_printf(arena, "%s/%s.secret", place->folder, name));
        struct credentials credentials = credentials_find(arena, place->folder, name);
        if (credentials.certificate_file != NULL)
            set_text(arena, &application, "certificateFile",
                     rd_str_from(credentials.certificate_file));
        if (credentials.token_file != NULL)
            set_text(arena, &application, "federatedTokenFile",
                     rd_str_from(credentials.token_file));
        (void)rd_json_append(arena, &list, application);
    }
    (void)rd_json_set_c(arena, &server, "applications", list);
    return server;
}

/* Whole or not at all for who reads it meanwhile, but not waited for until it is on the disk: it is
 * written anew at each start, which has no time for that. */
RD_NODISCARD static enum rd_rc write_json(struct rd_arena *arena, const char *folder,
                                          const char *name, const struct rd_json *value,
                                          struct rd_err *err)
{
    const char *path = rd_arena_printf(arena, "%s/%s", folder, name).p;
    const char *new = rd_arena_printf(arena, "%s.new", path).p;
    struct rd_str text = rd_json_text(arena, value, RD_JSON_PRETTY);
    int fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool is_written =
        fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && write(fd, "\n", 1) == 1;
    is_written = (fd < 0 || close(fd) == 0) && is_written && rename(new, path) == 0;
    return is_written ? RD_RC_OK
                      : RD_FAIL(err, RD_RC_IO, "cannot write '%s': %s", path, strerror(errno));
}

enum rd_rc cloud_write_files(struct rd_arena *arena, const struct cloud_place *place,
                             int https_port, int http_port, struct rd_json *ret_server,
                             struct rd_err *err)
{
    struct rd_json cloud = az_cloud(arena, place, https_port);
    *ret_server = describe(arena, place, https_port, http_port);
    RD_TRY(write_json(arena, place->folder, "cloud.json", &cloud, err));
    return write_json(arena, place->folder, "server.json", ret_server, err);
}

enum rd_rc cloud_read_server(struct rd_arena *arena, const char *folder, struct rd_json *ret_server,
                             struct rd_err *err)
{
    const char *path = rd_arena_printf(arena, "%s/server.json", folder).p;
    struct rd_str text;
    if (!rd_file_exists(path))
        return rd_err_hint(
            RD_FAIL(err, RD_RC_NOT_FOUND, "no cloud was served from '%s' yet", folder), err,
            "start one with 'redoubt cloud serve', with the same spec or --state");
    RD_TRY(rd_file_read(arena, path, FILE_SIZE_MAX, &text, err));
    return rd_json_parse(arena, path, text, RD_JSON_UNIQUE_KEYS, ret_server, err);
}
