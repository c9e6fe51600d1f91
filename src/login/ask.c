/* SPDX-License-Identifier: Apache-2.0 */
/* Requests for tokens, as azure-compute 9.1 has them. */
#include "base/file.h"
#include "inside.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static void add_field(struct rd_arena *arena, struct rd_buf *form, const char *name,
                      struct rd_str value)
{
    rd_buf_printf(form, "%s%s=", form->n > 0 ? "&" : "", name);
    rd_buf_add(form, rd_http_encode(arena, value, false));
}

/* A token that somebody else renews: read anew each time. */
RD_NODISCARD static enum rd_rc read_federated(const struct source *source, struct rd_arena *arena,
                                              struct rd_str *ret_assertion, struct rd_err *err)
{
    enum rd_rc rc = rd_file_read(arena, source->file, TOKEN_SIZE_MAX, ret_assertion, err);
    if (rc != RD_RC_OK)
        return rd_err_frame(rc, err, "while reading AZURE_FEDERATED_TOKEN_FILE");
    *ret_assertion = rd_str_trim(*ret_assertion);
    if (ret_assertion->n == 0)
        return RD_FAIL(err, RD_RC_INVALID, "'%s' (AZURE_FEDERATED_TOKEN_FILE) is empty",
                       source->file);
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc write_application(struct rd_login *login, struct rd_arena *arena,
                                                 struct rd_str audience,
                                                 struct rd_http_request *request,
                                                 struct rd_err *err)
{
    const struct source *source = &login->source;
    RD_CLEANUP(rd_buf_done) struct rd_buf form;
    rd_buf_init(&form, TOKEN_SIZE_MAX);
    form.is_secret = true;
    struct rd_str assertion = {"", 0};
    if (source->method == RD_LOGIN_CERTIFICATE)
        RD_TRY(assertion_write(login, arena, &assertion, err));
    if (source->method == RD_LOGIN_FEDERATED)
        RD_TRY(read_federated(source, arena, &assertion, err));
    add_field(arena, &form, "grant_type", RD_STR("client_credentials"));
    add_field(arena, &form, "client_id", source->client_id);
    add_field(arena, &form, "scope", rd_arena_printf(arena, "%.*s/.default", RD_FMT(audience)));
    if (assertion.n > 0) {
        add_field(arena, &form, "client_assertion_type", RD_STR(ASSERTION_TYPE));
        add_field(arena, &form, "client_assertion", assertion);
    } else {
        add_field(arena, &form, "client_secret", rd_secret_reveal(&source->secret));
    }
    request->method = RD_HTTP_POST;
    request->url = source->url;
    request->body = rd_arena_str(arena, rd_buf_str(&form));
    rd_buf_wipe(&form);
    rd_http_headers_add(arena, &request->headers, "Content-Type",
                        RD_STR("application/x-www-form-urlencoded"));
    return RD_RC_OK;
}

/* IDENTITY_ENDPOINT may have a query of its own. */
static void write_machine(const struct source *source, struct rd_arena *arena,
                          struct rd_str audience, struct rd_http_request *request)
{
    static const struct {
        const char *version;
        const char *client_id;
        const char *header; /* of the secret, or of the word "true" */
    } shapes[] = {
        [MACHINE_NONE] = {"", "", ""},
        [MACHINE_APP_SERVICE] = {"2019-08-01", "client_id", "X-IDENTITY-HEADER"},
        [MACHINE_APP_SERVICE_2017] = {"2017-09-01", "clientid", "secret"},
        [MACHINE_FORM] = {"", "client_id", "Metadata"},
        [MACHINE_METADATA] = {"2018-02-01", "client_id", "Metadata"},
    };
    RD_CLEANUP(rd_buf_done) struct rd_buf query;
    rd_buf_init(&query, TOKEN_SIZE_MAX);
    bool is_form = source->machine == MACHINE_FORM;
    if (!is_form)
        add_field(arena, &query, "api-version", rd_str_from(shapes[source->machine].version));
    add_field(arena, &query, "resource", audience);
    if (source->client_id.n > 0)
        add_field(arena, &query, shapes[source->machine].client_id, source->client_id);
    struct rd_str secret = rd_secret_reveal(&source->secret);
    rd_http_headers_add(arena, &request->headers, shapes[source->machine].header,
                        secret.n > 0 ? rd_arena_str(arena, secret) : RD_STR("true"));
    request->method = is_form ? RD_HTTP_POST : RD_HTTP_GET;
    request->url = source->url;
    if (is_form) {
        request->body = rd_arena_str(arena, rd_buf_str(&query));
        rd_http_headers_add(arena, &request->headers, "Content-Type",
                            RD_STR("application/x-www-form-urlencoded"));
        return;
    }
    bool has_query = rd_str_find_char(source->url, '?', 0) != RD_STR_NONE;
    request->url = rd_arena_printf(arena, "%.*s%c%.*s", RD_FMT(source->url), has_query ? '&' : '?',
                                   RD_FMT(rd_buf_str(&query)));
}

enum rd_rc ask_write(struct rd_login *login, struct rd_arena *arena, struct rd_str audience,
                     struct rd_http_request *ret_request, struct rd_err *err)
{
    struct rd_http_request request = {.is_secret = true};
    rd_http_headers_add(arena, &request.headers, "Accept", RD_STR("application/json"));
    if (login->source.method == RD_LOGIN_MANAGED_IDENTITY)
        write_machine(&login->source, arena, audience, &request);
    else
        RD_TRY(write_application(login, arena, audience, &request, err));
    *ret_request = request;
    return RD_RC_OK;
}
