/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"

/* Replies: status, body, the headers of every Azure reply, and the error envelope. */

void em_reply_header(struct em_exchange *ex, const char *name, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct rd_str value = rd_arena_vprintf(ex->arena, fmt, ap);
    va_end(ap);
    rd_http_headers_add(ex->arena, &ex->reply->headers, name, value);
}

static void add_id(struct em_exchange *ex, const char *name, uint64_t which, struct rd_str prefix)
{
    char guid[37];
    uint64_t drawn = em_mix(ex->cloud->seed ^ ex->number, which);
    em_guid_text(drawn, em_mix(drawn, ex->number), guid);
    char *text = rd_arena_bytes(ex->arena, prefix.n + sizeof(guid));
    if (prefix.n > 0)
        memcpy(text, prefix.p, prefix.n);
    memcpy(text + prefix.n, guid, sizeof(guid));
    rd_http_headers_add(ex->arena, &ex->reply->headers, name,
                        (struct rd_str){text, prefix.n + sizeof(guid) - 1});
}

/* "USGOVVIRGINIA:20261121T203028Z:": where the request entered, and when. */
static struct rd_str routing_prefix(struct em_exchange *ex)
{
    char text[RD_TIME_TEXT_MAX];
    char out[64];
    size_t n = 0;
    const char *entry = em_is_government(ex->cloud) ? "USGOVVIRGINIA:" : "WESTEUROPE:";
    for (const char *p = entry; *p != '\0'; p++)
        out[n++] = *p;
    for (const char *p = rd_time_format(ex->now_ms, false, text); *p != '\0'; p++)
        if (*p != '-' && *p != ':')
            out[n++] = *p;
    out[n++] = ':';
    return rd_arena_str(ex->arena, (struct rd_str){out, n});
}

void em_reply_headers_common(struct em_exchange *ex)
{
    static const struct {
        const char *name;
        const char *value;
    } fixed[] = {
        {"Cache-Control", "no-cache"},
        {"Pragma", "no-cache"},
        {"Expires", "-1"},
        {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
        {"X-Content-Type-Options", "nosniff"},
    };
    for (size_t i = 0; i < EM_COUNT(fixed); i++)
        rd_http_headers_add(ex->arena, &ex->reply->headers, fixed[i].name,
                            rd_str_from(fixed[i].value));
    if (ex->place == EM_PLACE_LOGIN || ex->place == EM_PLACE_IDENTITY) /* RFC 6749, section 5.1 */
        rd_http_headers_add(ex->arena, &ex->reply->headers, "Cache-Control", RD_STR("no-store"));
    add_id(ex, "x-ms-request-id", 1, (struct rd_str){"", 0});
    struct rd_str correlation =
        rd_http_headers_get(&ex->request->headers, "x-ms-correlation-request-id");
    if (rd_str_is_guid(correlation))
        rd_http_headers_add(ex->arena, &ex->reply->headers, "x-ms-correlation-request-id",
                            correlation);
    else
        add_id(ex, "x-ms-correlation-request-id", 2, (struct rd_str){"", 0});
    add_id(ex, "x-ms-routing-request-id", 3, routing_prefix(ex));
    struct rd_str client = rd_http_headers_get(&ex->request->headers, "x-ms-client-request-id");
    struct rd_str wish =
        rd_http_headers_get(&ex->request->headers, "x-ms-return-client-request-id");
    if (client.n > 0 && rd_str_is_case(wish, "true"))
        rd_http_headers_add(ex->arena, &ex->reply->headers, "x-ms-client-request-id", client);
}

/* A later answer replaces an earlier one; headers that were added meanwhile stay. */
void em_reply_text(struct em_exchange *ex, int status, struct rd_str text)
{
    ex->reply->status = status;
    ex->reply->body = text;
    if (text.n > 0 && rd_http_headers_get(&ex->reply->headers, "Content-Type").n == 0)
        rd_http_headers_add(ex->arena, &ex->reply->headers, "Content-Type",
                            RD_STR("application/json; charset=utf-8"));
}

void em_reply_empty(struct em_exchange *ex, int status)
{
    em_reply_text(ex, status, (struct rd_str){"", 0});
}

/* A line end and the indent behind it. */
static void write_break(struct rd_buf *out, enum em_json_style style, size_t depth)
{
    static const char spaces[] = "                                                                ";
    size_t width = style == EM_JSON_CRLF ? depth * 2 : depth;
    rd_buf_add(out, style == EM_JSON_CRLF ? RD_STR("\r\n") : RD_STR("\n"));
    rd_buf_add(out, rd_str_sub(rd_str_from(spaces), 0, width));
}

/* Compact JSON with line ends and indents put in, as a provider writes it (recorded). */
static void write_styled(struct rd_buf *out, struct rd_str json, enum em_json_style style)
{
    size_t depth = 0;
    bool is_in_string = false;
    size_t from = 0;
    for (size_t i = 0; i < json.n; i++) {
        char c = json.p[i];
        if (is_in_string) {
            i += c == '\\';
            is_in_string = c != '"';
            continue;
        }
        bool is_open = c == '{' || c == '[';
        bool is_close = c == '}' || c == ']';
        is_in_string = c == '"';
        if (!is_open && !is_close && c != ',' && c != ':')
            continue;
        char next = i + 1 < json.n ? json.p[i + 1] : '\0';
        rd_buf_add(out, rd_str_sub(json, from, i));
        from = i + 1;
        depth -= is_close && depth > 0;
        bool is_empty_end = is_close && i > 0 && (json.p[i - 1] == '{' || json.p[i - 1] == '[');
        if (is_close && !is_empty_end)
            write_break(out, style, depth);
        rd_buf_add_char(out, c);
        depth += is_open;
        if (c == ':')
            rd_buf_add_char(out, ' ');
        else if (c == ',' || (is_open && next != '}' && next != ']'))
            write_break(out, style, depth);
    }
    rd_buf_add(out, rd_str_sub(json, from, json.n));
}

static void reply_styled(struct em_exchange *ex, int status, struct rd_str text,
                         enum em_json_style style)
{
    if (style == EM_JSON_COMPACT) {
        em_reply_text(ex, status, text);
        return;
    }
    if (rd_http_headers_get(&ex->reply->headers, "Server").n == 0) /* recording 04 */
        em_reply_header(ex, "Server", "%s",
                        style == EM_JSON_LF ? "nginx" : "Microsoft-HTTPAPI/2.0");
    if (style == EM_JSON_LF && rd_http_headers_get(&ex->reply->headers, "Content-Type").n == 0)
        em_reply_header(ex, "Content-Type", "application/json");
    struct rd_buf buf;
    rd_buf_init(&buf, RD_HTTP_BODY_SIZE_MAX);
    write_styled(&buf, text, style);
    em_reply_text(ex, status, rd_arena_str(ex->arena, rd_buf_str(&buf)));
    rd_buf_done(&buf);
}

void em_reply_json(struct em_exchange *ex, int status, const struct rd_json *body,
                   enum em_json_style style)
{
    reply_styled(ex, status, rd_json_text(ex->arena, body, RD_JSON_COMPACT), style);
}

void em_reply_resource(struct em_exchange *ex, int status, struct em_resource *resource)
{
    struct rd_buf buf;
    rd_buf_init(&buf, RD_HTTP_BODY_SIZE_MAX);
    em_view_text(ex, resource, &buf);
    reply_styled(ex, status, rd_arena_str(ex->arena, rd_buf_str(&buf)), resource->type->json_style);
    rd_buf_done(&buf);
}

/* A message may quote what a client sent; what is no UTF-8 is not quoted. */
struct rd_str em_quotable(struct em_exchange *ex, struct rd_str message)
{
    if (rd_str_is_utf8(message))
        return message;
    char *out = rd_arena_bytes(ex->arena, message.n + 1);
    for (size_t i = 0; i < message.n; i++)
        out[i] = (unsigned char)message.p[i] < 0x80 ? message.p[i] : '?';
    out[message.n] = '\0';
    return (struct rd_str){out, message.n};
}

void em_set_error(struct em_exchange *ex, struct rd_json *body, struct rd_str code,
                  struct rd_str message)
{
    *rd_json_make(ex->arena, body, "error.code") = rd_json_string(code);
    *rd_json_make(ex->arena, body, "error.message") = rd_json_string(em_quotable(ex, message));
}

bool em_fail_detail(struct em_exchange *ex, int status, const char *code, struct rd_str message,
                    const struct rd_json *details)
{
    struct rd_json body = rd_json_object();
    em_set_error(ex, &body, rd_str_from(code), message);
    if (details != NULL && rd_json_is(details, RD_JSON_ARRAY)) {
        *rd_json_make(ex->arena, &body, "error.details") = *details;
    } else if (details != NULL) {
        struct rd_json *list = rd_json_make(ex->arena, &body, "error.details");
        *list = rd_json_array();
        (void)rd_json_append(ex->arena, list, *details);
    }
    em_reply_json(ex, status, &body, EM_JSON_COMPACT);
    return false;
}

bool em_fail(struct em_exchange *ex, int status, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct rd_str message = rd_arena_vprintf(ex->arena, fmt, ap);
    va_end(ap);
    return em_fail_detail(ex, status, code, message, NULL);
}

/* "Microsoft.KeyVault/vaults/X" under its group, as recorded; the id itself where there is none. */
bool em_fail_not_found(struct em_exchange *ex, struct rd_str id)
{
    rd_http_headers_add(ex->arena, &ex->reply->headers, "x-ms-failure-cause", RD_STR("gateway"));
    const struct rd_str mark = RD_STR("/providers/");
    size_t at = RD_STR_NONE;
    for (size_t i = rd_str_find_case(id, mark, 0); i != RD_STR_NONE;
         i = rd_str_find_case(id, mark, i + 1))
        at = i;
    struct em_resource holder = {.id = id};
    struct rd_str group = em_group(&holder);
    const struct rd_str assignment = RD_STR("Microsoft.Authorization/roleAssignments/");
    if (at != RD_STR_NONE && rd_str_has_prefix_case(rd_str_sub(id, at + mark.n, id.n), assignment))
        return em_fail(ex, 404, "RoleAssignmentNotFound",
                       "The role assignment '%.*s' is not found.",
                       RD_FMT(rd_str_sub(id, at + mark.n + assignment.n, id.n)));
    if (at == RD_STR_NONE && group.n > 0)
        return em_fail(ex, 404, "ResourceGroupNotFound",
                       "Resource group '%.*s' could not be found.", RD_FMT(group));
    if (at == RD_STR_NONE)
        return em_fail(ex, 404, "ResourceNotFound",
                       "The Resource '%.*s' was not found. For more details please go to "
                       "https://aka.ms/ARMResourceNotFoundFix",
                       RD_FMT(id));
    return em_fail(ex, 404, "ResourceNotFound",
                   "The Resource '%.*s' under resource group '%.*s' was not found. For more "
                   "details please go to https://aka.ms/ARMResourceNotFoundFix",
                   RD_FMT(rd_str_sub(id, at + mark.n, id.n)), group.n > 0 ? (int)group.n : 6,
                   group.n > 0 ? group.p : "<null>");
}
