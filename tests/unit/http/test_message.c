/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "check.h"
#include "http/message.h"

static void urls_fall_into_their_parts(void **state)
{
    (void)state;
    struct rd_http_url url;
    assert_true(
        rd_http_url_parse(RD_STR("https://v.vault.azure.net:8443/keys/k?api-version=7.4#f"), &url));
    ASSERT_STR(url.host, "v.vault.azure.net");
    assert_int_equal(url.port, 8443);
    ASSERT_STR(url.path, "/keys/k");
    ASSERT_STR(url.query, "api-version=7.4");
    assert_true(rd_http_url_parse(RD_STR("http://h?x"), &url));
    assert_int_equal(url.port, 80);
    ASSERT_STR(url.path, "");
}

static void urls_that_could_mislead_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "management.azure.com/x",
        "ftp://h/",
        "https://",
        "https://:1/",
        "https://management.azure.com@evil/x",
        "https://h:0/",
        "https://h:70000/",
        "https://h:x/",
    };
    struct rd_http_url url;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(rd_http_url_parse(rd_str_from(bad[i]), &url));
}

static void query_names_ignore_case_and_escapes(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str value;
    struct rd_str query = RD_STR("%24filter=name%20eq%20'a%26b'&API-Version=2021-04-01&flag");
    assert_true(rd_http_query_get(arena, query, "$filter", &value));
    ASSERT_STR(value, "name eq 'a&b'");
    assert_true(rd_http_query_get(arena, query, "api-version", &value));
    ASSERT_STR(value, "2021-04-01");
    assert_true(rd_http_query_get(arena, query, "flag", &value));
    ASSERT_STR(value, "");
    assert_false(rd_http_query_get(arena, query, "api", &value));
}

static void encoding_keeps_only_what_is_unreserved(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    ASSERT_STR(rd_http_encode(arena, RD_STR("a/b;c d~"), true), "a/b%3Bc%20d~");
    ASSERT_STR(rd_http_encode(arena, RD_STR("a/b"), false), "a%2Fb");
    ASSERT_STR(rd_http_encode(arena, RD_STR("a\0b"), false), "a%00b");
    ASSERT_STR(rd_http_decode(arena, RD_STR("a%2fb%zz%4")), "a/b%zz%4");
    ASSERT_STR(rd_http_decode(arena, RD_STR("a+b")), "a+b");
}

static void headers_are_found_without_case(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_http_headers headers = {0};
    rd_http_headers_add(arena, &headers, "Retry-After", RD_STR("10"));
    rd_http_headers_add(arena, &headers, "retry-after", RD_STR("20"));
    ASSERT_STR(rd_http_headers_get(&headers, "RETRY-AFTER"), "10");
    ASSERT_STR(rd_http_headers_get(&headers, "Location"), "");
}

TESTS(TEST(urls_fall_into_their_parts), TEST(urls_that_could_mislead_are_refused),
      TEST(query_names_ignore_case_and_escapes), TEST(encoding_keeps_only_what_is_unreserved),
      TEST(headers_are_found_without_case))
