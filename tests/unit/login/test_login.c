/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: when they are asked for, how long they serve, and what refusals become. */
#include "scene.h"

static void a_request_carries_the_token_of_its_plane(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s);
    scene_set_secret(&s);
    assert_int_equal(scene_ask(&s, ANY_URL)->status, 200);
    assert_int_equal(scene_ask(&s, ANY_URL)->status, 200);
    assert_int_equal(scene_ask(&s, "https://a.vault.azure.net/keys?api-version=7.4")->status, 200);
    assert_string_equal(s.authorization[0], "Bearer token-1");
    assert_string_equal(s.authorization[1], "Bearer token-1");
    assert_string_equal(s.authorization[2], "Bearer token-2");
    assert_int_equal(s.token_count, 2);
    const struct fake_request *first = fake_find(&s.fake, RD_HTTP_POST, TOKEN_URL, 0);
    const struct fake_request *second = fake_find(&s.fake, RD_HTTP_POST, TOKEN_URL, 1);
    ASSERT_STR(first->url, TOKEN_URL);
    ASSERT_STR(first->body,
               "grant_type=client_credentials&client_id=" CLIENT
               "&scope=https%3A%2F%2Fmanagement.azure.com%2F.default&client_secret=very%2Bsecret"
               "%26thing");
    assert_true(first->is_secret);
    assert_true(rd_str_find(second->body, RD_STR("vault.azure.net%2F.default"), 0) != RD_STR_NONE);
    scene_close(&s);
}

static void nothing_leaves_the_cloud_nor_does_a_token(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "https://evil.example/",
        "https://management.azure.com.evil.example/",
        "https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/token",
        "http://management.azure.com/",
    };
    struct scene s;
    scene_open(&s);
    scene_set_secret(&s);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        assert_int_equal(scene_ask(&s, urls[i])->result, RD_TRANSPORT_REFUSED);
    assert_int_equal(s.fake.count, 0);
    scene_close(&s);
}

static void the_sign_in_host_may_be_met_for_tokens_alone(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s);
    scene_set_secret(&s);
    assert_false(rd_login_allows(scene_login(&s), RD_STR(TOKEN_URL))); /* not yet chosen */
    (void)scene_ask(&s, ANY_URL);
    assert_true(rd_login_allows(s.login, RD_STR(TOKEN_URL)));
    assert_true(rd_login_allows(s.login, RD_STR(ANY_URL)));
    assert_false(rd_login_allows(s.login, RD_STR(TOKEN_URL "?x=1")));
    assert_false(rd_login_allows(s.login, RD_STR(TOKEN_URL "/x")));
    assert_false(rd_login_allows(s.login, RD_STR("https://login.microsoftonline.com/x")));
    scene_close(&s);
}

static void those_who_wait_for_one_token_share_one_request(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s);
    scene_set_secret(&s);
    s.token_delay_ms = 700;
    for (int i = 0; i < 20; i++)
        (void)scene_send(&s, ANY_URL);
    rd_loop_run(s.loop);
    assert_int_equal(s.token_count, 1);
    for (int i = 0; i < 20; i++)
        assert_int_equal(s.ended[i].status, 200);
    scene_close(&s);
}

static void a_token_is_renewed_five_minutes_before_its_end_and_used_meanwhile(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s);
    scene_set_secret(&s);
    s.token_delay_ms = 2000;
    (void)scene_ask(&s, ANY_URL);
    int64_t held_ms = rd_loop_now_ms(s.loop);
    rd_clock_wait_until_ms(&s.clock, held_ms + 3299999);
    (void)scene_ask(&s, ANY_URL);
    assert_int_equal(s.token_count, 1);
    rd_clock_wait_until_ms(&s.clock, held_ms + 3300000);
    const struct ended_request *during = scene_send(&s, ANY_URL);
    rd_loop_run(s.loop);
    assert_int_equal(during->status, 200);
    assert_string_equal(s.authorization[2], "Bearer token-1");
    assert_int_equal(s.token_count, 2);
    (void)scene_ask(&s, ANY_URL);
    assert_string_equal(s.authorization[3], "Bearer token-2");
    scene_close(&s);
}

static void one_that_has_run_out_is_not_sent(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s);
    scene_set_secret(&s);
    s.life_s = 60;
    (void)scene_ask(&s, ANY_URL);
    rd_clock_wait_until_ms(&s.clock, rd_loop_now_ms(s.loop) + 60000);
    (void)scene_ask(&s, ANY_URL);
    assert_string_equal(s.authorization[1], "Bearer token-2");
    scene_close(&s);
}

static void a_401_is_answered_with_a_new_token_once(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s);
    scene_set_secret(&s);
    (void)scene_ask(&s, ANY_URL);
    s.refuse_first = 1;
    assert_int_equal(scene_ask(&s, ANY_URL)->status, 200);
    assert_int_equal(s.token_count, 2);
    assert_string_equal(s.authorization[2], "Bearer token-2");
    s.refuse_first = 10;
    assert_int_equal(scene_ask(&s, ANY_URL)->status, 401);
    assert_int_equal(s.refuse_first, 8); /* sent twice */
    assert_int_equal(s.token_count, 3);
    scene_close(&s);
}

static void many_401s_of_one_token_ask_for_one_new_one(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s);
    scene_set_secret(&s);
    (void)scene_ask(&s, ANY_URL);
    s.refuse_first = 8;
    s.token_delay_ms = 300;
    for (int i = 0; i < 8; i++)
        (void)scene_send(&s, ANY_URL);
    rd_loop_run(s.loop);
    for (int i = 1; i <= 8; i++)
        assert_int_equal(s.ended[i].status, 200);
    assert_int_equal(s.token_count, 2);
    scene_close(&s);
}

static void a_claims_challenge_is_named(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s);
    scene_set_secret(&s);
    s.refuse_first = 1;
    s.challenge = "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3N\"";
    const struct ended_request *ended = scene_ask(&s, ANY_URL);
    assert_int_equal(ended->status, 401);
    ASSERT_CONTAINS(ended->body, "ClaimsChallenge");
    ASSERT_CONTAINS(ended->body, "Conditional Access");
    assert_int_equal(s.token_count, 1);
    scene_close(&s);
}

static void a_refusal_is_final_explained_and_holds_no_secret(void **state)
{
    (void)state;
    struct scene s;
    struct rd_err err;
    scene_open(&s);
    scene_set_secret(&s);
    s.token_status = 401;
    s.token_body = "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid "
                   "client secret provided. Trace ID: 1 Correlation ID: 2\"}";
    assert_int_equal(rd_login_sign_in(scene_login(&s), &err), RD_RC_PERMISSION);
    ASSERT_CONTAINS(err.msg, "AADSTS7000215: Invalid client secret provided.");
    assert_null(strstr(err.msg, "Trace ID"));
    assert_string_equal(err.azure_code, "AADSTS7000215");
    ASSERT_CONTAINS(err.hint, "secret");
    const struct ended_request *ended = scene_ask(&s, ANY_URL);
    assert_int_equal(ended->status, 401); /* which nobody tries again */
    ASSERT_CONTAINS(ended->body, "AADSTS7000215");
    assert_int_equal(rd_login_check(s.login, &err), RD_RC_PERMISSION);
    s.token_body = "{\"error\":\"very+secret&thing\",\"error_description\":\"AADSTS1: you sent "
                   "very+secret&thing\"}";
    assert_int_equal(rd_login_sign_in(s.login, &err), RD_RC_PERMISSION);
    assert_null(strstr(err.msg, "very+secret"));
    s.token_body = NULL; /* mended */
    s.token_status = 200;
    assert_int_equal(scene_ask(&s, ANY_URL)->status, 200);
    ASSERT_OK(rd_login_check(s.login, &err), &err);
    scene_close(&s);
}

static void trouble_on_the_way_is_tried_again_and_then_told(void **state)
{
    (void)state;
    struct scene s;
    struct rd_err err;
    scene_open(&s);
    scene_set_secret(&s);
    s.failures = 2;
    ASSERT_OK(rd_login_sign_in(scene_login(&s), &err), &err);
    assert_int_equal(s.token_count, 3);
    scene_close(&s);
    scene_open(&s);
    scene_set_secret(&s);
    s.token_result = RD_TRANSPORT_DROPPED;
    assert_int_equal(rd_login_sign_in(scene_login(&s), &err), RD_RC_TRANSIENT);
    assert_int_equal(s.token_count, 3);
    const struct ended_request *ended = scene_ask(&s, ANY_URL);
    assert_int_equal(ended->result, RD_TRANSPORT_REFUSED);
    ASSERT_CONTAINS(ended->reason, "nobody answered");
    scene_close(&s);
}

static void who_is_not_trusted_is_asked_for_no_second_token(void **state)
{
    (void)state;
    struct scene s;
    struct rd_err err;
    scene_open(&s);
    scene_set_secret(&s);
    s.token_result = RD_TRANSPORT_UNTRUSTED;
    assert_int_equal(rd_login_sign_in(scene_login(&s), &err), RD_RC_UNTRUSTED);
    assert_int_equal(s.token_count, 1);
    ASSERT_CONTAINS(err.msg, "no token was asked for by 'secret'");
    scene_close(&s);
}

static void answers_that_are_no_token_are_told(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "<html>",
        "[]",
        "{}",
        "{\"access_token\":\"\"}",
        "{\"access_token\":\"a b\"}",
        "{\"access_token\":\"a\\r\\nX: y\"}",
        "{\"access_token\":\"a\",\"token_type\":\"mac\"}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct scene s;
        struct rd_err err;
        scene_open(&s);
        scene_set_secret(&s);
        s.token_body = bodies[i];
        assert_int_equal(rd_login_sign_in(scene_login(&s), &err), RD_RC_CLOUD);
        scene_close(&s);
    }
}

static void the_claims_tell_who_it_is(void **state)
{
    (void)state;
    struct scene s;
    struct rd_err err;
    scene_open(&s);
    scene_set_secret(&s);
    /* {"oid":"o-1","appid":"a-1","tid":"t-1","idtyp":"app","app_displayname":"deployer",
     *  "exp":1000600} */
    s.token_body = "{\"access_token\":\"e30.eyJvaWQiOiJvLTEiLCJhcHBpZCI6ImEtMSIsInRpZCI6InQtMSIsIml"
                   "kdHlwIjoiYXBwIiwiYXBwX2Rpc3BsYXluYW1lIjoiZGVwbG95ZXIiLCJleHAiOjEwMDA2MDB9.sig"
                   "\"}";
    ASSERT_OK(rd_login_sign_in(scene_login(&s), &err), &err);
    const struct rd_login_identity *identity = rd_login_identity(s.login);
    ASSERT_STR(identity->object_id, "o-1");
    ASSERT_STR(identity->app_id, "a-1");
    ASSERT_STR(identity->tenant, "t-1");
    ASSERT_STR(identity->name, "deployer");
    assert_true(identity->is_application);
    assert_int_equal(identity->expires_ms, 1000600000);
    scene_close(&s);
}

TESTS(TEST(a_request_carries_the_token_of_its_plane),
      TEST(nothing_leaves_the_cloud_nor_does_a_token),
      TEST(the_sign_in_host_may_be_met_for_tokens_alone),
      TEST(those_who_wait_for_one_token_share_one_request),
      TEST(a_token_is_renewed_five_minutes_before_its_end_and_used_meanwhile),
      TEST(one_that_has_run_out_is_not_sent), TEST(a_401_is_answered_with_a_new_token_once),
      TEST(many_401s_of_one_token_ask_for_one_new_one), TEST(a_claims_challenge_is_named),
      TEST(a_refusal_is_final_explained_and_holds_no_secret),
      TEST(trouble_on_the_way_is_tried_again_and_then_told),
      TEST(who_is_not_trusted_is_asked_for_no_second_token),
      TEST(answers_that_are_no_token_are_told), TEST(the_claims_tell_who_it_is))
