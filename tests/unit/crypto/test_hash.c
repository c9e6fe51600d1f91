/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "check.h"
#include "crypto/hash.h"

/* FIPS 180-4 example: "abc". */
static void sha256_gives_the_standards_example(void **state)
{
    (void)state;
    char hex[RD_SHA256_HEX_SIZE];
    assert_string_equal(rd_sha256_hex(RD_STR("abc"), hex),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct rd_sha256_stream *stream = rd_sha256_stream_new();
    rd_sha256_stream_add(stream, RD_STR("a"));
    rd_sha256_stream_add(stream, RD_STR("bc"));
    unsigned char out[RD_SHA256_SIZE];
    rd_sha256_stream_finish(stream, out);
    assert_int_equal(out[0], 0xba);
    assert_int_equal(out[31], 0xad);
}

/* RFC 9562 appendix A.4: www.example.com in the DNS name space. */
static void guids_from_names_give_the_rfcs_example(void **state)
{
    (void)state;
    char guid[RD_GUID_SIZE];
    assert_string_equal(
        rd_guid_from_name("6ba7b810-9dad-11d1-80b4-00c04fd430c8", RD_STR("www.example.com"), guid),
        "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

/* RFC 4648 section 10. */
static void base64_gives_the_rfcs_examples_both_ways(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"},
    };
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    for (size_t i = 0; i < 6; i++) {
        struct rd_str data;
        ASSERT_STR(rd_base64(arena, rd_str_from(cases[i][0])), cases[i][1]);
        assert_true(rd_base64_decode(arena, rd_str_from(cases[i][1]), &data));
        ASSERT_STR(data, cases[i][0]);
    }
    struct rd_str url = rd_base64url(arena, RD_STR("\xfb\xff\xfe"));
    ASSERT_STR(url, "-__-");
    struct rd_str data;
    assert_true(rd_base64_decode(arena, RD_STR("+//+"), &data));
    assert_int_equal(data.n, 3);
}

static void malformed_base64_is_refused(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    static const char *const bad[] = {"Z", "Zg=", "Zg===", "Z===", "Zm9*", "Zh==", "=Zg="};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct rd_str data;
        if (rd_base64_decode(arena, rd_str_from(bad[i]), &data))
            fail_msg("'%s' was taken", bad[i]);
    }
}

TESTS(TEST(sha256_gives_the_standards_example), TEST(guids_from_names_give_the_rfcs_example),
      TEST(base64_gives_the_rfcs_examples_both_ways), TEST(malformed_base64_is_refused))
