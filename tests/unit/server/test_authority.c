/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "check.h"
#include "server/authority.h"

static const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;
static const int64_t start_ms = INT64_C(1790000000000);

struct place {
    struct rd_arena *arena;
    char folder[64];
    struct rd_err err;
};

static int set_up(void **state)
{
    static struct place place;
    place = (struct place){.arena = rd_arena_new(0), .folder = "authority-XXXXXX"};
    *state = &place;
    return mkdtemp(place.folder) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    static const char *const names[] = {"ca.pem", "ca.key", "server.pem", "server.key"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlink(rd_arena_printf(place->arena, "%s/%s", place->folder, names[i]).p);
    rd_arena_free(place->arena);
    return rmdir(place->folder);
}

static struct rd_authority_paths prepare(struct place *place, int64_t days)
{
    struct rd_authority_paths paths = {0};
    ASSERT_OK(rd_authority_prepare(place->arena, place->folder, start_ms + days * day_ms, &paths,
                                   &place->err),
              &place->err);
    return paths;
}

static struct rd_str read_ca(struct place *place, const char *path)
{
    struct rd_str text = {"", 0};
    ASSERT_OK(rd_file_read(place->arena, path, 1 << 16, &text, &place->err), &place->err);
    return text;
}

static X509 *parse(struct rd_str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(certificate);
    return certificate;
}

static void the_server_certificate_is_renewed_when_half_its_life_is_over(void **state)
{
    struct place *place = *state;
    struct rd_authority_paths first = prepare(place, 0);
    struct rd_str ca = read_ca(place, first.ca);
    struct rd_authority_paths same = prepare(place, RD_SERVER_CERTIFICATE_DAYS / 2 - 1);
    assert_true(rd_str_eq(first.certificate_pem, same.certificate_pem));
    assert_true(rd_str_eq(first.key_pem, same.key_pem));
    struct rd_authority_paths next = prepare(place, RD_SERVER_CERTIFICATE_DAYS / 2 + 1);
    assert_false(rd_str_eq(first.certificate_pem, next.certificate_pem));
    assert_false(rd_str_eq(first.key_pem, next.key_pem));
    assert_true(rd_str_eq(ca, read_ca(place, next.ca)));
}

static void an_authority_that_is_too_old_is_told_and_not_replaced(void **state)
{
    struct place *place = *state;
    struct rd_authority_paths paths = prepare(place, 0);
    struct rd_str ca = read_ca(place, paths.ca);
    assert_int_equal(rd_authority_prepare(place->arena, place->folder,
                                          start_ms + (RD_AUTHORITY_DAYS - 20) * day_ms, &paths,
                                          &place->err),
                     RD_RC_STATE);
    ASSERT_CONTAINS(place->err.msg, "too old");
    assert_true(rd_str_eq(ca, read_ca(place, paths.ca)));
}

static void another_authoritys_server_certificate_is_not_used(void **state)
{
    struct place *place = *state;
    struct rd_authority_paths first = prepare(place, 0);
    (void)unlink(first.ca);
    struct rd_authority_paths next = prepare(place, 1);
    X509 *ca = parse(read_ca(place, next.ca));
    X509 *server = parse(next.certificate_pem);
    assert_int_equal(X509_verify(server, X509_get0_pubkey(ca)), 1);
    assert_false(rd_str_eq(first.certificate_pem, next.certificate_pem));
    X509_free(server);
    X509_free(ca);
}

static int verify(X509 *ca, X509 *leaf, int64_t at_ms)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_add_cert(store, ca), 1);
    assert_int_equal(X509_STORE_CTX_init(context, store, leaf, NULL), 1);
    X509_STORE_CTX_set_time(context, 0, (time_t)(at_ms / 1000));
    X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
    int error = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return error;
}

/* The strictest reading of RFC 5280 that OpenSSL has, which Python's newest also asks for. */
static void the_chain_holds_strictly_while_it_lives(void **state)
{
    struct place *place = *state;
    struct rd_authority_paths paths = prepare(place, 0);
    X509 *ca = parse(read_ca(place, paths.ca));
    X509 *server = parse(paths.certificate_pem);
    assert_int_equal(verify(ca, server, start_ms), X509_V_OK);
    assert_int_equal(verify(ca, server, start_ms + 29 * day_ms), X509_V_OK);
    assert_int_equal(verify(ca, server, start_ms + 31 * day_ms), X509_V_ERR_CERT_HAS_EXPIRED);
    assert_int_equal(verify(ca, server, start_ms - day_ms), X509_V_ERR_CERT_NOT_YET_VALID);
    assert_int_equal(X509_check_host(server, "kv.vault.localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(server, "vault.azure.net", 0, 0, NULL), 0);
    X509_free(server);
    X509_free(ca);
}

/* Whoever steals ca.key and signs a name of the world with it gains nothing. */
static void the_authority_cannot_vouch_for_other_names(void **state)
{
    struct place *place = *state;
    struct rd_authority_paths paths = prepare(place, 0);
    struct rd_str key_pem =
        read_ca(place, rd_arena_printf(place->arena, "%s/ca.key", place->folder).p);
    X509 *ca = parse(read_ca(place, paths.ca));
    X509 *forged = parse(paths.certificate_pem);
    BIO *bio = BIO_new_mem_buf(key_pem.p, (int)key_pem.n);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_non_null(key);
    int at = X509_get_ext_by_NID(forged, NID_subject_alt_name, -1);
    X509_EXTENSION_free(X509_delete_ext(forged, at));
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:management.azure.com");
    assert_int_equal(X509_add_ext(forged, names, -1), 1);
    assert_true(X509_sign(forged, key, EVP_sha256()) > 0);
    assert_int_equal(verify(ca, forged, start_ms), X509_V_ERR_PERMITTED_VIOLATION);
    X509_EXTENSION_free(names);
    EVP_PKEY_free(key);
    BIO_free(bio);
    X509_free(forged);
    X509_free(ca);
}

TESTS(cmocka_unit_test_setup_teardown(the_server_certificate_is_renewed_when_half_its_life_is_over,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_authority_that_is_too_old_is_told_and_not_replaced, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(another_authoritys_server_certificate_is_not_used, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(the_chain_holds_strictly_while_it_lives, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_authority_cannot_vouch_for_other_names, set_up,
                                      tear_down))
