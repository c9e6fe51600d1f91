/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <assert.h>

#include "base/limits.h"

/*
 * Which plane a request is for, and the URLs that lead to planes: the one file that knows hosts.
 *
 * In-process each plane has the public host, or the suffix, of data/emulator/regions.yaml. Served
 * at an address ("localhost:8443") the same planes are told apart by the first segments of the path
 * and by a label before that host:
 *
 *     https://localhost:8443/subscriptions...      ARM: whatever nothing else takes
 *     https://localhost:8443/metadata/endpoints    the document of endpoints
 *     https://localhost:8443/{tenant}/oauth2/...   sign-in, and /common, /organizations, /adfs
 *     https://localhost:8443/metadata/identity/... and /msi/...: managed identity
 *     https://localhost:8443/msgraph/...           Microsoft Graph
 *     https://localhost:8443/la/...                Log Analytics' queries
 *     https://NAME.vault.localhost:8443            and managedhsm, ingest, blob
 *
 * What is stored holds public names only, so that one file can be served at any address and opened
 * in-process: a request's known members are turned inward, a reply's outward.
 */

static const struct {
    const char *host;  /* in regions.yaml */
    const char *label; /* of a plane that has a host for each name, at an address */
    const char *path;  /* what its paths begin with at an address */
} places[EM_PLACE_COUNT] = {
    [EM_PLACE_ARM] = {.host = "arm", .path = ""},
    [EM_PLACE_METADATA] = {.host = "arm", .path = ""},
    [EM_PLACE_LOGIN] = {.host = "login", .path = ""},
    [EM_PLACE_IDENTITY] = {.host = "identity", .path = ""},
    [EM_PLACE_GRAPH] = {.host = "graph", .path = "/msgraph"},
    [EM_PLACE_VAULT] = {.host = "vault", .label = "vault", .path = ""},
    [EM_PLACE_HSM] = {.host = "hsm", .label = "managedhsm", .path = ""},
    [EM_PLACE_QUERY] = {.host = "query", .path = "/la"},
    [EM_PLACE_INGESTION] = {.host = "ingestion", .label = "ingest", .path = ""},
    [EM_PLACE_BLOB] = {.host = "blob", .label = "blob", .path = ""},
};

const char *em_place_word(enum em_place place)
{
    assert(place > EM_PLACE_NONE && place < EM_PLACE_COUNT);
    return places[place].host;
}

struct rd_str em_host(const struct rd_cloud *cloud, enum em_place place)
{
    const struct rd_json *hosts = rd_json_get(cloud->place, RD_STR("hosts"));
    struct rd_str host = rd_json_str(rd_json_get(hosts, rd_str_from(em_place_word(place))));
    assert(host.n > 0);
    return host;
}

struct rd_str em_place_address(const struct rd_cloud *cloud)
{
    return rd_str_sub(cloud->address, 0, rd_str_find_char(cloud->address, ':', 0));
}

/* Where a request went ------------------------------------------------------------------------- */

static bool segment_is(struct rd_str path, size_t which, const char *word)
{
    struct rd_str part = {"", 0};
    struct rd_str rest = rd_str_sub(path, 1, path.n);
    for (size_t i = 0; i <= which; i++)
        if (!rd_str_next(&rest, '/', &part))
            return false;
    return rd_str_is_case(part, word);
}

static bool is_login_path(struct rd_str path)
{
    static const char *const authorities[] = {"adfs", "common", "organizations", "consumers"};
    static const char *const endpoints[] = {"oauth2", "discovery", ".well-known"};
    if (segment_is(path, 0, "subscriptions") || segment_is(path, 0, "providers"))
        return false;
    for (size_t i = 0; i < EM_COUNT(authorities); i++)
        if (segment_is(path, 0, authorities[i]))
            return true;
    for (size_t i = 0; i < EM_COUNT(endpoints); i++)
        if (segment_is(path, 0, endpoints[i]) || segment_is(path, 1, endpoints[i]))
            return true;
    return segment_is(path, 1, "v2.0") && segment_is(path, 2, ".well-known");
}

/* At ARM's own address another version's metadata stands beside. */
static enum em_place place_of_arm_path(struct rd_str path)
{
    bool is_metadata = segment_is(path, 0, "metadata") && segment_is(path, 1, "endpoints");
    return is_metadata ? EM_PLACE_METADATA : EM_PLACE_ARM;
}

static enum em_place place_of_path(struct rd_str path)
{
    if (rd_str_has_prefix_case(path, RD_STR("/subscriptions/"))) /* nearly every request */
        return EM_PLACE_ARM;
    for (enum em_place place = EM_PLACE_ARM; place < EM_PLACE_COUNT; place++)
        if (places[place].path[0] == '/' && segment_is(path, 0, places[place].path + 1))
            return place;
    if (segment_is(path, 0, "msi") ||
        (segment_is(path, 0, "metadata") && segment_is(path, 1, "identity")))
        return EM_PLACE_IDENTITY;
    return is_login_path(path) ? EM_PLACE_LOGIN : place_of_arm_path(path);
}

/* What stands before ".suffix", or "". */
static struct rd_str name_below(struct rd_str host, struct rd_str suffix)
{
    if (host.n <= suffix.n + 1 || !rd_str_has_suffix_case(host, suffix) ||
        host.p[host.n - suffix.n - 1] != '.')
        return (struct rd_str){"", 0};
    return rd_str_sub(host, 0, host.n - suffix.n - 1);
}

/* The public suffix of the plane; at an address "vault.localhost". */
static struct rd_str suffix_of(struct em_exchange *ex, enum em_place place, bool is_served)
{
    if (!is_served)
        return em_host(ex->cloud, place);
    return rd_arena_printf(ex->arena, "%s.%.*s", places[place].label,
                           RD_FMT(em_place_address(ex->cloud)));
}

/* A plane that has a host for each name. An ingestion endpoint's name has its region behind it. */
static bool find_named(struct em_exchange *ex, struct rd_str host, bool is_served)
{
    for (enum em_place place = EM_PLACE_ARM; place < EM_PLACE_COUNT; place++) {
        if (places[place].label == NULL)
            continue;
        struct rd_str name = name_below(host, suffix_of(ex, place, is_served));
        if (name.n == 0)
            continue;
        if (place == EM_PLACE_INGESTION)
            name = rd_str_sub(name, 0, rd_str_find_char(name, '.', 0));
        ex->place = place;
        ex->place_name = name;
        return true;
    }
    return false;
}

static bool find_public(struct em_exchange *ex)
{
    static const enum em_place whole[] = {EM_PLACE_ARM, EM_PLACE_LOGIN, EM_PLACE_IDENTITY,
                                          EM_PLACE_GRAPH, EM_PLACE_QUERY};
    for (size_t i = 0; i < EM_COUNT(whole); i++) {
        if (!rd_str_eq_case(ex->url.host, em_host(ex->cloud, whole[i])))
            continue;
        ex->place = whole[i] == EM_PLACE_ARM ? place_of_arm_path(ex->url.path) : whole[i];
        return true;
    }
    return find_named(ex, ex->url.host, false);
}

/* Turns the URL into that of the public address. */
static bool find_served(struct em_exchange *ex)
{
    struct rd_str host = ex->url.host;
    ex->base_host = em_place_address(ex->cloud);
    if (rd_str_eq_case(host, ex->base_host) || rd_str_is(host, "127.0.0.1")) {
        ex->base_host = host;
        ex->place = place_of_path(ex->url.path);
        size_t skipped = rd_str_from(places[ex->place].path).n;
        ex->url.path = rd_str_sub(ex->url.path, skipped, ex->url.path.n);
        ex->url.host = em_host(ex->cloud, ex->place);
        return true;
    }
    if (!find_named(ex, host, true))
        return false;
    ex->url.host = rd_arena_printf(ex->arena, "%.*s.%.*s", RD_FMT(ex->place_name),
                                   RD_FMT(em_host(ex->cloud, ex->place)));
    return true;
}

bool em_place_find(struct em_exchange *ex)
{
    if (ex->cloud->address.n > 0) {
        if (find_served(ex))
            return true;
        struct rd_str base = em_place_address(ex->cloud);
        return em_fail(ex, 404, "HostNotFound",
                       "The host '%.*s' is not part of the embedded %.*s: it has '%.*s' and names "
                       "below 'vault.%.*s', 'managedhsm.%.*s', 'ingest.%.*s' and 'blob.%.*s'.",
                       RD_FMT(ex->url.host), RD_FMT(ex->cloud->name), RD_FMT(base), RD_FMT(base),
                       RD_FMT(base), RD_FMT(base), RD_FMT(base));
    }
    if (find_public(ex))
        return true;
    return em_fail(
        ex, 404, "HostNotFound",
        "The host '%.*s' is not part of the embedded %.*s: it has '%.*s', '%.*s' and "
        "names below '%.*s' and '%.*s'.",
        RD_FMT(ex->url.host), RD_FMT(ex->cloud->name), RD_FMT(em_host(ex->cloud, EM_PLACE_ARM)),
        RD_FMT(em_host(ex->cloud, EM_PLACE_GRAPH)), RD_FMT(em_host(ex->cloud, EM_PLACE_VAULT)),
        RD_FMT(em_host(ex->cloud, EM_PLACE_HSM)));
}

/* URLs ----------------------------------------------------------------------------------------- */

struct rd_str em_place_host(const struct em_exchange *ex, enum em_place place, struct rd_str name)
{
    const char *dot = name.n > 0 ? "." : "";
    if (ex->base_host.n == 0) /* in-process, or an event: nobody reached it */
        return rd_arena_printf(ex->arena, "%.*s%s%.*s", RD_FMT(name), dot,
                               RD_FMT(em_host(ex->cloud, place)));
    struct rd_str host = ex->base_host;
    if (places[place].label != NULL)
        host = rd_arena_printf(ex->arena, "%.*s%s%s.%.*s", RD_FMT(name), dot, places[place].label,
                               RD_FMT(em_place_address(ex->cloud)));
    bool is_usual = ex->url.port == (rd_str_is(ex->url.scheme, "http") ? 80 : 443);
    return is_usual ? host : rd_arena_printf(ex->arena, "%.*s:%d", RD_FMT(host), ex->url.port);
}

struct rd_str em_place_url(const struct em_exchange *ex, enum em_place place, struct rd_str name)
{
    bool is_served = ex->base_host.n > 0;
    bool is_plain = is_served && rd_str_is(ex->url.scheme, "http");
    return rd_arena_printf(ex->arena, "%s://%.*s%s", is_plain ? "http" : "https",
                           RD_FMT(em_place_host(ex, place, name)),
                           is_served ? places[place].path : "");
}

/* Inward and outward --------------------------------------------------------------------------- */

/* Members whose text may be a URL of this cloud, of resources, keys and secrets; messages quote
 * them. No other member is touched: a tag or a secret's value is the client's own. */
static const char *const url_members[] = {
    "vaultUri",
    "hsmUri",
    "keyUrl",
    "keyUri",
    "kid",
    "id",
    "recoveryId",
    "secretUrl",
    "keyVaultUri",
    "keyEncryptionKeyURL",
    "message",
    "keyVaultUrl",
    "storageUri",
    "keyIdentifier",
    "endpoint",
    "logsIngestion",
    "secretUri",
    "secretUriWithVersion",
    "keyUriWithVersion",
};

static bool is_url_member(struct rd_str key)
{
    for (size_t i = 0; i < EM_COUNT(url_members); i++)
        if (rd_str_is(key, url_members[i]))
            return true;
    return false;
}

/* The host at the start of `text`, a port included. */
static struct rd_str leading_host(struct rd_str text)
{
    size_t n = 0;
    while (n < text.n && (rd_char_is_alnum(text.p[n]) || text.p[n] == '.' || text.p[n] == '-' ||
                          text.p[n] == ':'))
        n++;
    return rd_str_sub(text, 0, n);
}

/* The URL of a host that this cloud has under its public name, or "". */
static struct rd_str outward_url(struct em_exchange *ex, struct rd_str host)
{
    for (enum em_place place = EM_PLACE_ARM; place < EM_PLACE_COUNT; place++) {
        struct rd_str name = {"", 0};
        if (places[place].label != NULL)
            name = name_below(host, em_host(ex->cloud, place));
        if (name.n > 0)
            return em_place_url(ex, place, rd_str_sub(name, 0, rd_str_find_char(name, '.', 0)));
    }
    return (struct rd_str){"", 0};
}

/* Writes a string's text with the URLs in it turned outward. */
static void write_outward(struct em_exchange *ex, struct rd_buf *out, struct rd_str text)
{
    const struct rd_str scheme = RD_STR("https://");
    size_t from = 0;
    size_t at;
    while ((at = rd_str_find(text, scheme, from)) != RD_STR_NONE) {
        struct rd_str host = leading_host(rd_str_sub(text, at + scheme.n, text.n));
        struct rd_str url = outward_url(ex, host);
        size_t end = at + scheme.n + host.n;
        rd_buf_add(out, rd_str_sub(text, from, url.n > 0 ? at : end));
        rd_buf_add(out, url);
        from = end;
    }
    rd_buf_add(out, rd_str_sub(text, from, text.n));
}

static bool names_a_plane(struct em_exchange *ex, struct rd_str body)
{
    for (enum em_place place = EM_PLACE_ARM; place < EM_PLACE_COUNT; place++)
        if (places[place].label != NULL &&
            rd_str_find(body, em_host(ex->cloud, place), 0) != RD_STR_NONE)
            return true;
    return false;
}

/* The index behind the string that starts at `at` with its quote. */
static size_t string_end(struct rd_str json, size_t at)
{
    for (size_t i = at + 1; i < json.n; i++) {
        if (json.p[i] == '\\')
            i++;
        else if (json.p[i] == '"')
            return i + 1;
    }
    return json.n;
}

void em_place_outward(struct em_exchange *ex)
{
    struct rd_str body = ex->reply->body;
    if (ex->cloud->address.n == 0 || rd_str_find(body, RD_STR("https://"), 0) == RD_STR_NONE ||
        !names_a_plane(ex, body))
        return;
    struct rd_buf out;
    rd_buf_init(&out, RD_HTTP_BODY_SIZE_MAX);
    struct rd_str key = {"", 0};
    size_t from = 0;
    for (size_t at = 0; at < body.n; at++) {
        if (body.p[at] != '"')
            continue;
        size_t end = string_end(body, at);
        size_t next = end;
        while (next < body.n &&
               (body.p[next] == ' ' || body.p[next] == '\r' || body.p[next] == '\n'))
            next++;
        if (next < body.n && body.p[next] == ':') {
            key = rd_str_sub(body, at + 1, end - 1);
        } else if (is_url_member(key)) {
            rd_buf_add(&out, rd_str_sub(body, from, at));
            write_outward(ex, &out, rd_str_sub(body, at, end));
            from = end;
        }
        at = end - 1;
    }
    rd_buf_add(&out, rd_str_sub(body, from, body.n));
    if (!out.is_full)
        ex->reply->body = rd_arena_str(ex->arena, rd_buf_str(&out));
    rd_buf_done(&out);
}

static void turn_string(struct em_exchange *ex, struct rd_json *value)
{
    struct rd_str text = rd_json_str(value);
    struct rd_http_url parts;
    if (!rd_http_url_parse(text, &parts))
        return;
    for (enum em_place place = EM_PLACE_ARM; place < EM_PLACE_COUNT; place++) {
        if (places[place].label == NULL)
            continue;
        struct rd_str name = name_below(parts.host, suffix_of(ex, place, true));
        if (name.n == 0)
            continue;
        struct rd_str query = rd_str_sub(text, rd_str_find_char(text, '?', 0), text.n);
        *value = rd_json_string(rd_arena_printf(ex->arena, "https://%.*s.%.*s%.*s%.*s",
                                                RD_FMT(name), RD_FMT(em_host(ex->cloud, place)),
                                                RD_FMT(parts.path), RD_FMT(query)));
        return;
    }
}

static void turn_inward(struct em_exchange *ex, struct rd_json *value)
{
    if (rd_json_is(value, RD_JSON_ARRAY))
        for (size_t i = 0; i < rd_json_count(value); i++)
            turn_inward(ex, &value->u.items[i]);
    if (!rd_json_is(value, RD_JSON_OBJECT))
        return;
    for (size_t i = 0; i < rd_json_count(value); i++) {
        struct rd_json_member *member = &value->u.members[i];
        if (!rd_json_is(&member->value, RD_JSON_STRING))
            turn_inward(ex, &member->value);
        else if (is_url_member(member->key))
            turn_string(ex, &member->value);
    }
}

void em_place_inward(struct em_exchange *ex)
{
    if (ex->cloud->address.n > 0)
        turn_inward(ex, &ex->body);
}
