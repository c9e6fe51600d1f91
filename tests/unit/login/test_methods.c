/* SPDX-License-Identifier: Apache-2.0 */
/* Each way of signing in, what it sends, and what is told when it is not there. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "pem.h"
#include "scene.h"
#include "json/json.h"

static char folder[] = "/tmp/redoubt-login-XXXXXX";

static const char *write_file(struct rd_arena *arena, const char *name, const char *text, int mode)
{
    struct rd_err err;
    const char *path = rd_arena_printf(arena, "%s/%s", folder, name).p;
    ASSERT_OK(rd_file_write(path, rd_str_from(text), mode, &err), &err);
    return path;
}

static void set_application(struct scene *s)
{
    scene_set(s, "AZURE_TENANT_ID", TENANT);
    scene_set(s, "AZURE_CLIENT_ID", CLIENT);
}

static struct rd_str field(struct rd_arena *arena, struct rd_str form, const char *name)
{
    struct rd_str value = {"", 0};
    (void)rd_http_query_get(arena, form, name, &value);
    return value;
}

static struct rd_json part(struct rd_arena *arena, struct rd_str *rest)
{
    struct rd_str text, decoded;
    struct rd_json json;
    struct rd_err err;
    assert_true(rd_str_next(rest, '.', &text));
    assert_true(rd_base64_decode(arena, text, &decoded));
    ASSERT_OK(rd_json_parse(arena, "part", decoded, 0, &json, &err), &err);
    return json;
}

static void a_certificate_signs_an_assertion_that_its_key_verifies(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct scene s;
    struct rd_err err;
    scene_open(&s);
    set_application(&s);
    const char *both = rd_arena_printf(arena, "%s%s", test_private_pem, test_certificate_pem).p;
    scene_set(&s, "AZURE_CLIENT_CERTIFICATE_PATH", write_file(arena, "both.pem", both, 0600));
    ASSERT_OK(rd_login_sign_in(scene_login(&s), &err), &err);
    struct rd_str form = fake_find(&s.fake, RD_HTTP_POST, TOKEN_URL, 0)->body;
    ASSERT_STR(field(arena, form, "client_assertion_type"),
               "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert_int_equal(field(arena, form, "client_secret").n, 0);
    struct rd_str assertion = field(arena, form, "client_assertion");
    struct rd_str rest = assertion;
    struct rd_json header = part(arena, &rest);
    struct rd_json claims = part(arena, &rest);
    RD_CLEANUP(rd_certificate_done) struct rd_certificate certificate = {.key = NULL};
    ASSERT_OK(rd_certificate_from_pem(rd_str_from(test_certificate_pem), &certificate, &err), &err);
    struct rd_str print = {(const char *)certificate.sha256, sizeof(certificate.sha256)};
    assert_true(rd_str_eq(rd_json_str(rd_json_get(&header, RD_STR("x5t#S256"))),
                          rd_base64url(arena, print)));
    ASSERT_STR(rd_json_str(rd_json_get(&header, RD_STR("alg"))), "RS256");
    ASSERT_STR(rd_json_str(rd_json_get(&claims, RD_STR("aud"))), TOKEN_URL);
    ASSERT_STR(rd_json_str(rd_json_get(&claims, RD_STR("iss"))), CLIENT);
    ASSERT_STR(rd_json_str(rd_json_get(&claims, RD_STR("sub"))), CLIENT);
    assert_true(rd_json_str(rd_json_get(&claims, RD_STR("jti"))).n > 20);
    assert_int_equal(rd_json_int(rd_json_get(&claims, RD_STR("exp")), 0), START_MS / 1000 + 600);
    struct rd_str signature;
    assert_true(rd_base64_decode(arena, rest, &signature));
    size_t dot = rd_str_find_last_char(assertion, '.');
    assert_true(
        rd_sign_verify(certificate.key, RD_SIGN_RS256, rd_str_sub(assertion, 0, dot), signature));
    scene_close(&s);
}

static void a_bad_certificate_file_is_told_with_its_name(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *files[] = {
        write_file(arena, "none.pem", "nothing", 0600),
        write_file(arena, "key.pem", test_private_pem, 0600),
        write_file(arena, "certificate.pem", test_certificate_pem, 0600),
        "/nowhere/at/all.pem",
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct scene s;
        struct rd_err err;
        char text[4096];
        scene_open(&s);
        set_application(&s);
        scene_set(&s, "AZURE_CLIENT_CERTIFICATE_PATH", files[i]);
        assert_int_not_equal(rd_login_sign_in(scene_login(&s), &err), RD_RC_OK);
        rd_err_format(&err, text, sizeof(text));
        ASSERT_CONTAINS(text, files[i]);
        assert_null(strstr(text, "MIIE"));
        assert_int_equal(s.fake.count, 0);
        scene_close(&s);
    }
}

static void a_federated_token_is_read_anew_each_time(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct scene s;
    scene_open(&s);
    set_application(&s);
    scene_set(&s, "AZURE_FEDERATED_TOKEN_FILE", write_file(arena, "token", "first.a.b\n", 0600));
    (void)scene_ask(&s, ANY_URL);
    (void)write_file(arena, "token", "second.a.b", 0600);
    rd_clock_wait_until_ms(&s.clock, rd_loop_now_ms(s.loop) + 3600000);
    (void)scene_ask(&s, ANY_URL);
    ASSERT_STR(field(arena, s.fake.log[0].body, "client_assertion"), "first.a.b");
    const struct fake_request *second = fake_find(&s.fake, RD_HTTP_POST, TOKEN_URL, 1);
    ASSERT_STR(field(arena, second->body, "client_assertion"), "second.a.b");
    scene_close(&s);
}

static void each_kind_of_managed_identity_is_asked_in_its_own_way(void **state)
{
    (void)state;
    static const struct {
        const char *names[3];
        const char *values[3];
        const char *url;
        const char *body;
        size_t header;
        const char *value;
    } rows[] = {
        {{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", NULL},
         {"http://127.0.0.1:41/msi/token", "hush", NULL},
         "http://127.0.0.1:41/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement."
         "azure.com",
         "",
         1,
         "hush"},
        {{"MSI_ENDPOINT", "MSI_SECRET", "AZURE_CLIENT_ID"},
         {"http://127.0.0.1:41/x?a=b", "hush", "c-1"},
         "http://127.0.0.1:41/x?a=b&api-version=2017-09-01&resource=https%3A%2F%2Fmanagement.azure."
         "com&clientid=c-1",
         "",
         2,
         "hush"},
        {{"MSI_ENDPOINT", NULL, NULL},
         {"http://localhost:50342/oauth2/token", NULL, NULL},
         "http://localhost:50342/oauth2/token",
         "resource=https%3A%2F%2Fmanagement.azure.com",
         0,
         "true"},
        {{NULL, NULL, NULL},
         {NULL, NULL, NULL},
         "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
         "https%3A%2F%2Fmanagement.azure.com",
         "",
         0,
         "true"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scene s;
        struct rd_err err;
        scene_open(&s);
        s.options.method = RD_LOGIN_MANAGED_IDENTITY;
        s.token_body = "{\"access_token\":\"opaque\",\"expires_on\":\"1003600\","
                       "\"expires_in\":\"3600\",\"token_type\":\"Bearer\"}";
        for (size_t k = 0; k < 3 && rows[i].names[k] != NULL; k++)
            scene_set(&s, rows[i].names[k], rows[i].values[k]);
        ASSERT_OK(rd_login_sign_in(scene_login(&s), &err), &err);
        ASSERT_STR(s.fake.log[0].url, rows[i].url);
        ASSERT_STR(s.fake.log[0].body, rows[i].body);
        assert_string_equal(s.asked_header[rows[i].header], rows[i].value);
        assert_true(rd_login_allows(s.login, s.fake.log[0].url));
        assert_int_equal(rd_login_identity(s.login)->expires_ms, START_MS + 3600000);
        scene_close(&s);
    }
}

static void unasked_only_a_machine_of_azure_s_is_asked_who_it_is(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct scene s;
    struct rd_err err;
    scene_open(&s);
    assert_int_equal(rd_login_sign_in(scene_login(&s), &err), RD_RC_PERMISSION);
    assert_int_equal(s.fake.count, 0);
    static const char *const names[] = {"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH",
                                        "AZURE_FEDERATED_TOKEN_FILE", "managed-identity", "'az'"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ASSERT_CONTAINS(err.msg, names[i]);
    scene_close(&s);
    scene_open(&s);
    s.options.chassis_file =
        write_file(arena, "chassis", "7783-7084-3265-9085-8269-3286-77\n", 0600);
    ASSERT_OK(rd_login_sign_in(scene_login(&s), &err), &err);
    assert_int_equal(fake_count(&s.fake, RD_HTTP_GET, "169.254.169.254"), 1);
    scene_close(&s);
}

static void what_is_there_first_is_taken_and_its_refusal_is_not_passed_over(void **state)
{
    (void)state;
    struct scene s;
    struct rd_err err;
    scene_open(&s);
    scene_set_secret(&s);
    scene_set(&s, "MSI_ENDPOINT", "http://127.0.0.1:1/x");
    s.token_status = 400;
    s.token_body = "{\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS700016: no\"}";
    assert_int_equal(rd_login_sign_in(scene_login(&s), &err), RD_RC_PERMISSION);
    ASSERT_CONTAINS(err.msg, "AADSTS700016");
    assert_int_equal(fake_count(&s.fake, RD_HTTP_POST, "127.0.0.1"), 0);
    scene_close(&s);
    scene_open(&s); /* a secret without the rest is told */
    scene_set(&s, "AZURE_CLIENT_SECRET", "x");
    assert_int_equal(rd_login_sign_in(scene_login(&s), &err), RD_RC_PERMISSION);
    ASSERT_CONTAINS(err.msg, "secret: AZURE_CLIENT_ID is not set");
    scene_close(&s);
    scene_open(&s); /* what would lead the request elsewhere is none */
    scene_set(&s, "AZURE_CLIENT_SECRET", "x");
    scene_set(&s, "AZURE_CLIENT_ID", "x");
    scene_set(&s, "AZURE_TENANT_ID", "../common?");
    assert_int_equal(rd_login_sign_in(scene_login(&s), &err), RD_RC_PERMISSION);
    ASSERT_CONTAINS(err.msg, "AZURE_TENANT_ID is neither");
    scene_close(&s);
}

/* Azure CLI, played by a script. */
static void set_az(struct scene *s, struct rd_arena *arena, const char *script)
{
    (void)write_file(arena, "az", rd_arena_printf(arena, "#!/bin/sh\n%s\n", script).p, 0700);
    scene_set(s, "PATH", folder);
    s->options.method = RD_LOGIN_CLI;
    s->options.tenant = RD_STR(TENANT);
}

static void azure_cli_is_asked_without_a_shell(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct scene s;
    struct rd_err err;
    struct rd_str words;
    scene_open(&s);
    const char *asked = rd_arena_printf(arena, "%s/asked", folder).p;
    set_az(&s, arena,
           rd_arena_printf(arena,
                           "echo \"$@\" >%s; echo '{\"accessToken\":\"cli-token\","
                           "\"expires_on\":1001000}'",
                           asked)
               .p);
    assert_int_equal(scene_ask(&s, ANY_URL)->status, 200);
    assert_string_equal(s.authorization[0], "Bearer cli-token");
    ASSERT_OK(rd_file_read(arena, asked, 4096, &words, &err), &err);
    ASSERT_STR(rd_str_trim(words), "account get-access-token --resource "
                                   "https://management.azure.com -o json --tenant " TENANT);
    assert_int_equal(rd_login_identity(s.login)->expires_ms, 1001000000);
    scene_close(&s);
}

static void an_azure_cli_that_fails_hangs_or_babbles_is_told_without_its_words(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        enum rd_rc rc;
        const char *told;
    } rows[] = {
        {"echo \"Please run 'az login'. private\" >&2; exit 1", RD_RC_PERMISSION, "not signed in"},
        {"echo private >&2; exit 3", RD_RC_PERMISSION, "gives no token"},
        {"echo private", RD_RC_CLOUD, "no token"},
        {"echo '{\"accessToken\":\"private\\n\"}'", RD_RC_CLOUD, "no token"},
        {"while :; do echo privateprivateprivateprivateprivateprivateprivate; done",
         RD_RC_TRANSIENT, "within"},
        {"exec sleep 60", RD_RC_TRANSIENT, "within"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct scene s;
        struct rd_err err;
        scene_open(&s);
        set_az(&s, arena, rows[i].script);
        if (rows[i].rc == RD_RC_TRANSIENT)
            s.options.cli_ms = 400;
        assert_int_equal(rd_login_sign_in(scene_login(&s), &err), rows[i].rc);
        ASSERT_CONTAINS(err.msg, rows[i].told);
        assert_null(strstr(err.msg, "private"));
        scene_close(&s);
    }
}

static void permissions_are_those_of_one_role_without_what_it_excepts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *action;
        bool is_allowed;
    } rows[] = {
        {"{\"value\":[{\"actions\":[\"*\"],\"notActions\":[]}]}", "A.B/c/write", true},
        {"{\"value\":[{\"actions\":[\"*/read\"],\"notActions\":[]}]}", "A.B/c/d/read", true},
        {"{\"value\":[{\"actions\":[\"*/read\"],\"notActions\":[]}]}", "A.B/c/write", false},
        {"{\"value\":[{\"actions\":[\"*\"],\"notActions\":[\"a.b/*/write\"]}]}", "A.B/c/write",
         false},
        {"{\"value\":[{\"actions\":[\"*\"],\"notActions\":[\"a.b/*/write\"]},"
         "{\"actions\":[\"A.B/c/*\"]}]}",
         "A.B/c/write", true},
        {"{\"value\":[{\"actions\":[\"A.B/c/writ\"]}]}", "A.B/c/write", false},
        {"{\"value\":[]}", "A.B/c/write", false},
        {"{\"value\":7}", "A.B/c/write", false},
        {"{}", "A.B/c/write", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_json json;
        struct rd_err err;
        ASSERT_OK(rd_json_parse(arena, "t", rd_str_from(rows[i].text), 0, &json, &err), &err);
        const char *missing = rd_permissions_missing(&json, &rows[i].action, 1);
        if ((missing == NULL) != rows[i].is_allowed)
            fail_msg("%s: %s", rows[i].text, rows[i].action);
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"both.pem", "none.pem", "key.pem", "certificate.pem",
                                        "token",    "chassis",  "az",      "asked"};
    char path[256];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_signs_an_assertion_that_its_key_verifies),
        TEST(a_bad_certificate_file_is_told_with_its_name),
        TEST(a_federated_token_is_read_anew_each_time),
        TEST(each_kind_of_managed_identity_is_asked_in_its_own_way),
        TEST(unasked_only_a_machine_of_azure_s_is_asked_who_it_is),
        TEST(what_is_there_first_is_taken_and_its_refusal_is_not_passed_over),
        TEST(azure_cli_is_asked_without_a_shell),
        TEST(an_azure_cli_that_fails_hangs_or_babbles_is_told_without_its_words),
        TEST(permissions_are_those_of_one_role_without_what_it_excepts),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
