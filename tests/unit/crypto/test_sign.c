/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "pem.h"

/* Made with the openssl command from pem.h's key: "redoubt signs this". */
static const char encrypted_pem[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIIFLTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIBRHr6diIjOcCAggA\n"
    "MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAECBBC+SAxyLYXJT836pldFH+xbBIIE\n"
    "0JJ9XljvY4aj6BmShPL2X1djQOKEgE7odlfvawV3p9lf5CBhQdOgGjLzETu0kqV3\n"
    "6PzABf9+HtKZH/ZoQ4aMU2Kbk8/F2ry/rH+O0KAa6DVRKiBk0G9dQID40wLDIH4e\n"
    "+frmZamoL+O3YPPVc+CN38OBokLULXSt8y+sEtMrZMmIq5x6d0aaSozCAh/oripE\n"
    "psjqh5+kWxN+G0A3u2smFNFGrr9r+BIhq/vFFMq1djp9PAv//u2t0BfxVH6xilPy\n"
    "M2Qd0TwPmhH+EHCsTM2Rf5O0GLmozmUTv8z1CUaztWrnUES3HcQgPFGeAhTICvHK\n"
    "UebRWtqpTA+0tZaOrD1AOwiwb/hoE9fLi0flFiDBxTm/h1GGfg0kDfijc1CKiihv\n"
    "fvz7wiZMd9k4AJETSAZqzU9DHLAzUkW7EkLa5QRwKWoH8dT7QWFgWBI/Y1S6FBwa\n"
    "4aZJdPhyzcZjMXKZ2BjQRIoUSyS/eBFj3ncVhobRXH9pE7H11PDnxNcXSbgxgx92\n"
    "PKXCS3OxfE8A2iCQBJPLujAf2qsIWjbuEU75lxT9OaZa7t9LjjzaVb7lk3bpCD1/\n"
    "FbhokAbfbY8T/fl+7S+8yibfTlTK1cNeLpcOOkjRy69jMuvmWJ+ZKxTgtzcncz4C\n"
    "8VtWAPdeznkd3yXuq+49wOk/XGhBZOUPv5spCkzFqazPn26MX2J8ESQAh/C0iG8I\n"
    "6R96Wf4jcDuxLu8364Jz+OwY4CXdvn9yAndcrf2JsGtGtThtw4l9MdPl6YUkIWu/\n"
    "QXljasW6MWqFJWQPRel0vCp68fNKV5RAVPE/5nFG0ABzHTtqYNtPQ3/aA+cv+h8e\n"
    "hS/klPqnJqh1E7D6o8PU4MG49XWBiBGdRbDqjdPmxj3imbRRq9vaS7RS1qOOG9DZ\n"
    "uCV1ZDjCwjkghu3Pdn0E+iAfvhGbmuRMZF0Wc/qp2xlgRascHSs137LkQOlNq6MN\n"
    "XlDyWEqoc/kbcj/2Q4YySc3Qr2leu4Z/9I0WDulxv0pbNGZndxJj9QQUDfoLpm9b\n"
    "BZMHJku6thvxJc6kEG/N2/ohjfa2feJ0TTjP87Y3PnUMrE6ViEgqESaebaCsNc9l\n"
    "CxlnxDqfoIBk1lyVGzfRm6B8o0bB5AqQUpdAeiR1Bk6Js/eulI7+M4xWbd7Zjb4F\n"
    "r39f3EU2MaDCgH5/vXRxfAYske1W3B4t8HOZm6i8jGnLVjEavcF0ygalXcAq6Wu7\n"
    "79EgMxA4eHAj8OcFUgaDS0siSDbsEIIqUxHDQ/hlh0y9LtxyhOtNXAxBj26t8PVJ\n"
    "P9Tfrbq7TsEdSdpRwPgIw7zAXsaO6aB2nNfKfFN0AnS//Pt8R8vT79qC3fFWuFNB\n"
    "nHugiwKFV22b077KlKx11FO4HxNaYyC1cIjZnzQdTaTIrwTf4ErkKleY8+CHSiB0\n"
    "lLF/1tWLlEowg/uUulrb/pHpOt7+uHPQfnBV0k7adMliHJtTRKhitN8zY+G9kniN\n"
    "63rDD189bmNuoa5lK/GxiU+WvkgUiWDP2w+yO85sMIiCgJsgZ4HMRBd9oVOa7DGq\n"
    "ygAhNj42NOIfZhb4Mmr1AfgjZA6kFZs7lAto5z0cJXSB5A4m8dzwqxAPqlyN9Hra\n"
    "1+ppPC+Uhbw9qEYFy1INsnQpqQUz2wgvYm14AnpuDp4J\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static const char curve_pem[] = "-----BEGIN EC PRIVATE KEY-----\n"
                                "MHcCAQEEIDWGr4zBdT9Twk2Q1OA5534eKB/BPa9WH+NMtsK4EGlVoAoGCCqGSM49\n"
                                "AwEHoUQDQgAEdXWmiK7xvvgFwipJcxFmBGH8RoAk3XB2HOeje0BwKPd2Uesxch+K\n"
                                "pYJBkLXW1bY3wcGkgleUnHptaAfVlVbfTA==\n"
                                "-----END EC PRIVATE KEY-----\n";

static const char small_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIICeQIBADANBgkqhkiG9w0BAQEFAASCAmMwggJfAgEAAoGBANNH9HpqHNMamdVZ\n"
                                "NuG/zLkhuYUX29NLV//rxyehpZ6WRqJYzilTIDhUCZ/6wuDN47XgWuU/VTbVm3Xk\n"
                                "bo0OYHRT8Sofn4w6qUX9d0tD1ecyCXDGnUpuUeA1k4tScWRw2AtOxBoXHN9TIQWz\n"
                                "hK8Ki4AM/AE4TIghlZLSZFpG6MW/AgMBAAECgYEAzMMwqi8K7oEaU82ZxeHXrBiG\n"
                                "Lvn3fujHSW0dX0hnNbIYlKCSdTRtxomTpmsl0S9ZH9xm20Ss9m7AstoHVkd3q6Fi\n"
                                "JawizrrmIwE+vyQeoV4gL6LqCMR+SpFIt5uphJtGWA5ObLsh7SAACSn43sQRKziu\n"
                                "TzJmPydO32Z1rXLbNlkCQQD97ebiGBRqTapzmFhGIoOBeBdE+kzP1nMiVvVg3x7U\n"
                                "APoKu3CsO0xIVaLfj1lVVQIo+W5CZj8vYKffVG2G/7YTAkEA1QEFfcQbrD2c1sEo\n"
                                "appZhpJA4R4YzY8Dp2kQLjG8O36ers4W+0fiefbb3HNXvlipW03QDoQt5Rhh+FeH\n"
                                "HQFXJQJBAMwPNK2Y4D8VLtc6JCYocjnHAhwicTvMgDWmYAZ7B1Ejf8zEGKWv+Xtf\n"
                                "pkW18vpKGDRJTjv54uj16bHlLSeBsxUCQQC462oZBWgA4HyI9Khh5B5U9iPdTIO7\n"
                                "8az6afviHsuL2yFoIQNSo9W6jNXTTU+fsNlWqvc1ows1GTX0pAho5gEBAkEA+nXS\n"
                                "V4ViOxBnTKHntVF90uLJsJ3y35FA1NRHPGbrGxeeO2SZ+Ii9JQoLTozVYJIiO3y1\n"
                                "ijfWQaWPYgCC7gY2bg==\n"
                                "-----END PRIVATE KEY-----\n";

static const char rs256_by_openssl[] =
    "Uuc5ZFixJq+ZhmbWVTuvfo1OMFOdc6Pslo1B/95YD9rfJv/TXJCyWrCwhkdqeqvJz/I9hiRKdHIP"
    "rAi7XuI5NU5IBfklNQs8wTVrhRh6tfdG7nl1JYwBtkf3gsCm2B1Dlk4eyPJlAA24zi5ERwph7g0W"
    "IhHTM4a04A+5Utxn8P4JlB9CuL6opzd54tupYomi5Wv0al7IXOCR6HBacpwIGEzfAWBpQ1XTKVrf"
    "fu13rfJuUFu2uKJN8dIU/ZpvIO0HAvscc+MDOK3xK5K7fYWY4rIB4XsMvnFm7b1DU8mqTYes2f1K"
    "IoQ+e7LVFzo959isGiaLIEYNYk0x8TjUhEjnhQ==";

static const char ps256_by_openssl[] =
    "CDyoQ0cZXms/oIabXtHjE9PjS/xOGEWPXtLDzTIPApcPvo4uMVifNqMx/9zjRToZlSVYgSWDNrGR"
    "yqelDc60iei5kGWu+XjXeNBgqbYofpQjM618ezhdElvp3Tden1sw0DRkE2mc65G9ofR+sfDpoI+w"
    "hupauYud6Gc7wqIZqKH9jI+Ukr6/7vrRFvnnw6OknDaTutsw1MpsIxulAjmZFvfv1PQYIcgk/AIX"
    "B/ESYDzwYPM8e+Zy/dDJ6eHKWAtVUJITxCAZSS3szHGbBdp3VHrYqJY6SP3Qm6Bbnoa45KGyXy9i"
    "NKeRaeUnbMe6Bbsxk1wRznT1e3Gd0vHCvRb58Q==";

static const struct rd_str signed_text = {"redoubt signs this", 18};

static struct rd_str bytes(struct rd_arena *arena, const char *base64)
{
    struct rd_str out = {"", 0};
    assert_true(rd_base64_decode(arena, rd_str_from(base64), &out));
    return out;
}

static struct rd_sign_key *pair(void)
{
    struct rd_sign_key *key = NULL;
    struct rd_err err;
    assert_int_equal(rd_sign_key_from_pem(rd_str_from(test_private_pem), &key, &err), RD_RC_OK);
    return key;
}

static void what_openssl_signed_is_verified_with_the_public_key(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    static const char *const pems[] = {test_public_pem, test_certificate_pem};
    for (size_t i = 0; i < 2; i++) {
        RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *key = NULL;
        struct rd_err err;
        assert_int_equal(rd_sign_key_from_public_pem(rd_str_from(pems[i]), &key, &err), RD_RC_OK);
        struct rd_str rs = bytes(arena, rs256_by_openssl), ps = bytes(arena, ps256_by_openssl);
        assert_true(rd_sign_verify(key, RD_SIGN_RS256, signed_text, rs));
        assert_true(rd_sign_verify(key, RD_SIGN_PS256, signed_text, ps));
        assert_false(rd_sign_verify(key, RD_SIGN_PS256, signed_text, rs));
        assert_false(rd_sign_verify(key, RD_SIGN_RS256, signed_text, ps));
    }
}

static void own_signatures_hold_and_no_changed_bit_does(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *key = pair();
    static const enum rd_sign_algorithm both[] = {RD_SIGN_RS256, RD_SIGN_PS256};
    for (size_t i = 0; i < 2; i++) {
        struct rd_str signature = rd_sign(arena, key, both[i], signed_text);
        assert_int_equal(signature.n, 256);
        assert_true(rd_sign_verify(key, both[i], signed_text, signature));
        assert_false(rd_sign_verify(key, both[i], RD_STR("redoubt signs thiS"), signature));
        assert_false(rd_sign_verify(key, both[i], signed_text, rd_str_sub(signature, 0, 255)));
        assert_false(rd_sign_verify(key, both[i], signed_text, RD_STR("")));
        char *changed = rd_arena_bytes(arena, signature.n);
        memcpy(changed, signature.p, signature.n);
        changed[100] = (char)(changed[100] ^ 1);
        assert_false(
            rd_sign_verify(key, both[i], signed_text, (struct rd_str){changed, signature.n}));
    }
}

static void rs256_is_the_same_bytes_as_openssls(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *key = pair();
    assert_true(
        rd_str_eq(rd_sign(arena, key, RD_SIGN_RS256, signed_text), bytes(arena, rs256_by_openssl)));
}

static void a_generated_pair_survives_its_pem(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *key = rd_sign_key_generate(2048);
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *again = NULL;
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *public = NULL;
    struct rd_err err;
    assert_int_equal(rd_sign_key_from_pem(rd_sign_key_private_pem(arena, key), &again, &err),
                     RD_RC_OK);
    assert_int_equal(rd_sign_key_from_public_pem(rd_sign_key_public_pem(arena, key), &public, &err),
                     RD_RC_OK);
    struct rd_str signature = rd_sign(arena, again, RD_SIGN_RS256, signed_text);
    assert_true(rd_sign_verify(public, RD_SIGN_RS256, signed_text, signature));
    struct rd_str modulus = rd_sign_key_modulus(arena, key);
    assert_int_equal(modulus.n, 256);
    assert_true((unsigned char)modulus.p[0] >= 0x80);
    assert_true(rd_str_eq(modulus, rd_sign_key_modulus(arena, public)));
    assert_true(rd_str_eq(rd_sign_key_exponent(arena, key), RD_STR("\1\0\1")));
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *other = pair();
    assert_false(rd_sign_verify(other, RD_SIGN_RS256, signed_text, signature));
}

static void a_certificate_has_the_thumbprints_that_openssl_prints(void **state)
{
    (void)state;
    struct rd_certificate certificate = {0};
    struct rd_err err;
    assert_int_equal(rd_certificate_from_pem(rd_str_from(test_certificate_pem), &certificate, &err),
                     RD_RC_OK);
    char hex[65];
    for (size_t i = 0; i < sizeof(certificate.sha1); i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", certificate.sha1[i]);
    assert_string_equal(hex, test_certificate_sha1);
    for (size_t i = 0; i < sizeof(certificate.sha256); i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", certificate.sha256[i]);
    assert_string_equal(hex, test_certificate_sha256);
    assert_true(certificate.not_after_ms - certificate.not_before_ms == 36500 * 86400000LL);
    rd_certificate_done(&certificate);
}

static void a_certificate_that_vouches_for_itself_is_its_key_s_for_its_time(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *key = rd_sign_key_generate(RD_SIGN_BITS_MIN);
    RD_CLEANUP(rd_certificate_done) struct rd_certificate certificate = {.key = NULL};
    struct rd_err err;
    const int64_t from_ms = INT64_C(1795000000000), until_ms = INT64_C(2110000000000);
    struct rd_str pem = rd_certificate_self_signed(arena, key, "deployer", from_ms, until_ms);
    assert_int_equal(rd_certificate_from_pem(pem, &certificate, &err), RD_RC_OK);
    assert_int_equal(certificate.not_before_ms, from_ms);
    assert_int_equal(certificate.not_after_ms, until_ms);
    struct rd_str signature = rd_sign(arena, key, RD_SIGN_RS256, RD_STR("text"));
    assert_true(rd_sign_verify(certificate.key, RD_SIGN_RS256, RD_STR("text"), signature));
    assert_true(rd_str_find(pem, RD_STR("PRIVATE"), 0) == RD_STR_NONE);
}

static void what_is_no_good_key_is_refused_with_a_hint(void **state)
{
    (void)state;
    struct rd_sign_key *key = NULL;
    struct rd_certificate certificate;
    struct rd_err err;
    const char *const bad[] = {"",        "no PEM",  "-----BEGIN PRIVATE KEY-----\nAAAA\n",
                               curve_pem, small_pem, encrypted_pem};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(rd_sign_key_from_pem(rd_str_from(bad[i]), &key, &err), RD_RC_INVALID);
        assert_non_null(strstr(err.hint, "RSA"));
        assert_int_equal(rd_sign_key_from_public_pem(rd_str_from(bad[i]), &key, &err),
                         RD_RC_INVALID);
        assert_int_equal(rd_certificate_from_pem(rd_str_from(bad[i]), &certificate, &err),
                         RD_RC_INVALID);
    }
    assert_null(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_openssl_signed_is_verified_with_the_public_key),
        cmocka_unit_test(own_signatures_hold_and_no_changed_bit_does),
        cmocka_unit_test(rs256_is_the_same_bytes_as_openssls),
        cmocka_unit_test(a_generated_pair_survives_its_pem),
        cmocka_unit_test(a_certificate_has_the_thumbprints_that_openssl_prints),
        cmocka_unit_test(a_certificate_that_vouches_for_itself_is_its_key_s_for_its_time),
        cmocka_unit_test(what_is_no_good_key_is_refused_with_a_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
