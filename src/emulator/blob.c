/* SPDX-License-Identifier: Apache-2.0 */
#include "builder.h"

#include "base/clock.h"
#include "shape.h"
#include "state.h"

/*
 * Blob storage, as far as the cloud itself keeps blobs: the build log of each image template's last
 * run, in the storage account of its staging group. Reading by bearer token and a data role only:
 * the account takes no keys, so no shared access signature can be good. Texts of errors are
 * Azure Storage's, from memory (2026-11-21).
 */

#define CONTAINER "packerlogs"
#define VERSION_DEFAULT "2021-12-02"
#define LIST_HEAD "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>"

static const char *const reader_roles[] = {
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", /* Storage Blob Data Reader */
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe", /* Storage Blob Data Contributor */
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", /* Storage Blob Data Owner */
};

static void add_escaped(struct rd_buf *out, struct rd_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '<')
            rd_buf_add_c(out, "&lt;");
        else if (text.p[i] == '>')
            rd_buf_add_c(out, "&gt;");
        else if (text.p[i] == '&')
            rd_buf_add_c(out, "&amp;");
        else
            rd_buf_add_char(out, text.p[i]);
    }
}

static void reply(struct em_exchange *ex, int status, const char *type, struct rd_str body)
{
    if (rd_http_headers_get(&ex->reply->headers, "Content-Type").n == 0)
        em_reply_header(ex, "Content-Type", "%s", type);
    em_reply_text(ex, status, body);
}

static bool fail(struct em_exchange *ex, int status, const char *code, const char *message)
{
    struct rd_str request =
        em_guid(ex, rd_arena_printf(ex->arena, "blob %llu", (unsigned long long)ex->number));
    em_reply_header(ex, "x-ms-error-code", "%s", code);
    reply(ex, status, "application/xml",
          rd_arena_printf(ex->arena,
                          LIST_HEAD "<Error><Code>%s</Code><Message>%s\nRequestId:%.*s\n"
                                    "Time:%.*s</Message></Error>",
                          code, message, RD_FMT(request),
                          RD_FMT(em_time_ticks(ex, ex->now_ms, "Z"))));
    return false;
}

/* Who may -------------------------------------------------------------------------------------- */

static bool has_signature(struct em_exchange *ex)
{
    struct rd_str signature;
    return rd_http_query_get(ex->arena, ex->url.query, "sig", &signature) ||
           rd_str_has_prefix_case(rd_http_headers_get(&ex->request->headers, "Authorization"),
                                  RD_STR("SharedKey"));
}

static bool may_read(struct em_exchange *ex, const struct em_resource *account)
{
    if (ex->caller.is_builtin)
        return true;
    for (size_t i = 0; i < EM_COUNT(reader_roles); i++)
        if (em_has_role(ex, ex->caller.object_id, reader_roles[i], account->id))
            return true;
    return false;
}

static bool check_access(struct em_exchange *ex, const struct em_resource *account)
{
    if (has_signature(ex))
        return fail(ex, 403, "KeyBasedAuthenticationNotPermitted",
                    "Key based authentication is not permitted on this storage account.");
    if (ex->token != EM_TOKEN_GOOD) {
        struct rd_str none = {"", 0};
        em_reply_header(ex, "WWW-Authenticate",
                        "Bearer authorization_uri=%.*s/%.*s/oauth2/authorize "
                        "resource_id=https://storage.azure.com",
                        RD_FMT(em_place_url(ex, EM_PLACE_LOGIN, none)),
                        RD_FMT(em_tenant(ex->cloud)));
        if (ex->token == EM_TOKEN_MISSING)
            return fail(ex, 401, "NoAuthenticationInformation",
                        "Server failed to authenticate the request. Please refer to the "
                        "information in the www-authenticate header.");
        return fail(ex, 401, "InvalidAuthenticationInfo",
                    "Server failed to authenticate the request. Please refer to the information "
                    "in the www-authenticate header.");
    }
    return may_read(ex, account) ||
           fail(ex, 403, "AuthorizationPermissionMismatch",
                "This request is not authorized to perform this operation using this permission.");
}

/* Blobs ---------------------------------------------------------------------------------------- */

static struct em_resource *find_account(struct em_exchange *ex)
{
    size_t cursor = 0;
    struct em_resource *account;
    while ((account = em_each(ex->cloud, EM_ACCOUNT_TYPE, &cursor)) != NULL)
        if (rd_str_eq_case(em_name(account), ex->place_name))
            return account;
    return NULL;
}

/* "Wed, 18 Nov 2026 20:26:40 GMT" (RFC 9110, section 5.6.7). */
static struct rd_str http_time(struct em_exchange *ex, int64_t ms)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t year;
    int month, day;
    int64_t second = ms / 1000 % 86400;
    rd_date_from_days(ms / 86400000, &year, &month, &day);
    return rd_arena_printf(ex->arena, "%s, %02d %s %lld %02d:%02d:%02d GMT",
                           days[ms / 86400000 % 7], day, months[month - 1], (long long)year,
                           (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
}

static struct rd_str etag_of(struct em_exchange *ex, const struct em_builder_log *log)
{
    return em_hex(ex, rd_arena_printf(ex->arena, "etag %.*s %zu", RD_FMT(log->name), log->text.n),
                  15);
}

static struct rd_str list_containers(struct em_exchange *ex, const struct em_builder_log *log)
{
    struct rd_str time = http_time(ex, log->started_ms);
    struct rd_str root = em_place_url(ex, EM_PLACE_BLOB, ex->place_name);
    if (log->name.n == 0)
        return rd_arena_printf(ex->arena,
                               LIST_HEAD "<EnumerationResults ServiceEndpoint=\"%.*s/\">"
                                         "<Containers /><NextMarker /></EnumerationResults>",
                               RD_FMT(root));
    return rd_arena_printf(
        ex->arena,
        LIST_HEAD "<EnumerationResults ServiceEndpoint=\"%.*s/\"><Containers><Container>"
                  "<Name>" CONTAINER "</Name><Properties><Last-Modified>%.*s</Last-Modified>"
                  "<Etag>\"0x%.*s\"</Etag><LeaseStatus>unlocked</LeaseStatus>"
                  "<LeaseState>available</LeaseState></Properties></Container></Containers>"
                  "<NextMarker /></EnumerationResults>",
        RD_FMT(root), RD_FMT(time), RD_FMT(etag_of(ex, log)));
}

static struct rd_str list_blobs(struct em_exchange *ex, const struct em_builder_log *log)
{
    struct rd_str prefix = {"", 0};
    struct rd_buf out;
    (void)rd_http_query_get(ex->arena, ex->url.query, "prefix", &prefix);
    rd_buf_init(&out, 64 << 10);
    rd_buf_printf(&out,
                  LIST_HEAD "<EnumerationResults ServiceEndpoint=\"%.*s/\" "
                            "ContainerName=\"" CONTAINER "\"><Prefix>",
                  RD_FMT(em_place_url(ex, EM_PLACE_BLOB, ex->place_name)));
    add_escaped(&out, prefix);
    rd_buf_add_c(&out, "</Prefix><Blobs>");
    if (rd_str_has_prefix(log->name, prefix))
        rd_buf_printf(&out,
                      "<Blob><Name>%.*s</Name><Properties><Creation-Time>%.*s</Creation-Time>"
                      "<Last-Modified>%.*s</Last-Modified><Etag>0x%.*s</Etag>"
                      "<Content-Length>%zu</Content-Length><Content-Type>text/plain</Content-Type>"
                      "<BlobType>AppendBlob</BlobType><LeaseStatus>unlocked</LeaseStatus>"
                      "<LeaseState>available</LeaseState></Properties></Blob>",
                      RD_FMT(log->name), RD_FMT(http_time(ex, log->started_ms)),
                      RD_FMT(http_time(ex, log->written_ms)), RD_FMT(etag_of(ex, log)),
                      log->text.n);
    rd_buf_add_c(&out, "</Blobs><NextMarker /></EnumerationResults>");
    struct rd_str text = rd_arena_str(ex->arena, rd_buf_str(&out));
    rd_buf_done(&out);
    return text;
}

/* "bytes=from-to" or "bytes=from-" (RFC 9110, section 14.2). False: none that is understood, and
 * the whole is sent. */
static bool read_range(struct em_exchange *ex, size_t size, size_t *ret_from, size_t *ret_to)
{
    struct rd_str text = rd_http_headers_get(&ex->request->headers, "x-ms-range");
    int64_t from = 0, to = (int64_t)size - 1;
    if (text.n == 0)
        text = rd_http_headers_get(&ex->request->headers, "Range");
    if (!rd_str_has_prefix_case(text, RD_STR("bytes=")))
        return false;
    text = rd_str_sub(text, sizeof("bytes=") - 1, text.n);
    size_t dash = rd_str_find_char(text, '-', 0);
    if (dash == RD_STR_NONE || !rd_str_to_int(rd_str_sub(text, 0, dash), 0, INT64_MAX, &from))
        return false;
    struct rd_str end = rd_str_sub(text, dash + 1, text.n);
    if (end.n > 0 && (!rd_str_to_int(end, 0, INT64_MAX, &to) || to < from))
        return false;
    *ret_from = (size_t)from;
    *ret_to = to >= (int64_t)size ? size : (size_t)to + 1;
    return true;
}

static bool get_blob(struct em_exchange *ex, const struct em_builder_log *log)
{
    size_t from = 0, to = log->text.n;
    bool is_part = read_range(ex, log->text.n, &from, &to);
    if (is_part && from >= log->text.n) {
        em_reply_header(ex, "Content-Range", "bytes */%zu", log->text.n);
        return fail(ex, 416, "InvalidRange",
                    "The range specified is invalid for the current size of the resource.");
    }
    if (is_part)
        em_reply_header(ex, "Content-Range", "bytes %zu-%zu/%zu", from, to - 1, log->text.n);
    em_reply_header(ex, "Accept-Ranges", "bytes");
    em_reply_header(ex, "ETag", "\"0x%.*s\"", RD_FMT(etag_of(ex, log)));
    em_reply_header(ex, "Last-Modified", "%.*s", RD_FMT(http_time(ex, log->written_ms)));
    em_reply_header(ex, "x-ms-blob-type", "AppendBlob");
    reply(ex, is_part ? 206 : 200, "text/plain", rd_str_sub(log->text, from, to));
    return true;
}

static bool is_asked(struct em_exchange *ex, const char *name, const char *value)
{
    struct rd_str text;
    return rd_http_query_get(ex->arena, ex->url.query, name, &text) && rd_str_is_case(text, value);
}

static bool answer(struct em_exchange *ex, const struct em_builder_log *log)
{
    struct rd_str path = rd_http_decode(ex->arena, ex->url.path);
    struct rd_str container = {"", 0};
    struct rd_str blob = rd_str_sub(path, 1, path.n);
    bool is_list = is_asked(ex, "comp", "list");
    (void)rd_str_next(&blob, '/', &container);
    if (ex->request->method != RD_HTTP_GET && ex->request->method != RD_HTTP_HEAD)
        return fail(ex, 405, "UnsupportedHttpVerb",
                    "The resource doesn't support specified Http Verb. (The embedded cloud's "
                    "blobs can only be read.)");
    if (container.n == 0 && is_list) {
        reply(ex, 200, "application/xml", list_containers(ex, log));
        return true;
    }
    if (container.n == 0)
        return fail(ex, 400, "InvalidQueryParameterValue",
                    "Value for one of the query parameters specified in the request URI is "
                    "invalid.");
    if (!rd_str_is(container, CONTAINER) || log->name.n == 0)
        return fail(ex, 404, "ContainerNotFound", "The specified container does not exist.");
    if (blob.n == 0 && is_asked(ex, "restype", "container")) {
        if (is_list)
            reply(ex, 200, "application/xml", list_blobs(ex, log));
        else
            em_reply_empty(ex, 200);
        return true;
    }
    if (!rd_str_eq(blob, log->name))
        return fail(ex, 404, "BlobNotFound", "The specified blob does not exist.");
    return get_blob(ex, log);
}

bool em_blob_plane(struct em_exchange *ex)
{
    struct em_resource *account = find_account(ex);
    struct rd_str version = rd_http_headers_get(&ex->request->headers, "x-ms-version");
    em_reply_header(ex, "Server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0");
    em_reply_header(ex, "x-ms-version", "%.*s",
                    RD_FMT(version.n > 0 ? version : RD_STR(VERSION_DEFAULT)));
    if (account == NULL)
        return fail(ex, 404, "ResourceNotFound", "The host does not resolve to a storage account.");
    if (!check_access(ex, account))
        return false;
    struct em_builder_log log = em_builder_log(ex, account);
    return answer(ex, &log);
}
