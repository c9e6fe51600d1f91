/* SPDX-License-Identifier: Apache-2.0 */
/* What a step makes of how its request ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"

static void an_operation_that_is_out_of_sight_stays_open(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, VM, "{}");
    enum rd_rc rc =
        RUN(s, RD_CHANGE_CREATE, VM,
            {RD_HTTP_PUT, "/vm1", 0,
             .line = {.status = 201, .body = "{}", .headers = {"Azure-AsyncOperation", OPERATION}}},
            {RD_HTTP_GET, "/operations/", 0, .line = {.status = 503, .body = "{}"}});
    assert_int_equal(rc, RD_RC_TRANSIENT);
    assert_int_equal(s->run->failed_count, 1);
    assert_true(rd_str_is(open_url(s, "put", VM), OPERATION));
}

static void a_deletion_whose_operation_is_not_found_is_looked_into(void **state)
{
    struct scene *s = *state;
    add(s, s->live, VM, "{}");
    enum rd_rc rc =
        RUN(s, RD_CHANGE_DELETE, VM,
            {RD_HTTP_DELETE, "/vm1", 1,
             .line = {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OPERATION}}},
            {RD_HTTP_DELETE, "/vm1", 0, .line = {.status = 204, .body = ""}},
            {RD_HTTP_GET, "/vm1", 1, .line = {.status = 200, .body = "{}"}});
    assert_int_equal(rc, RD_RC_OK);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_DELETE, "/vm1"), 2);
}

static void what_failed_to_be_made_is_cleared_after_an_intent(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, TEMPLATE, "{}");
    enum rd_rc rc =
        RUN(s, RD_CHANGE_CREATE, TEMPLATE,
            {RD_HTTP_PUT, "/t?", 1,
             .line = {.status = 201, .body = "{}", .headers = {"Azure-AsyncOperation", OPERATION}}},
            {RD_HTTP_PUT, "/t?", 1,
             .line = {.status = 409,
                      .body = "{\"error\":{\"code\":\"Conflict\",\"message\":\"Update/Upgrade of "
                              "image templates is not supported\"}}"}},
            {RD_HTTP_PUT, "/t?", 0, .line = {.status = 200, .body = "{}"}},
            {RD_HTTP_GET, "/operations/", 0,
             .line = {.status = 200,
                      .body = "{\"status\":\"Failed\",\"error\":{\"code\":"
                              "\"InternalDiskManagementError\",\"message\":\"m\"}}"}},
            {RD_HTTP_DELETE, "/t?", 0, .line = {.status = 204, .body = ""}});
    if (rc != RD_RC_OK)
        fail_msg("%s", s->err.msg);
    struct rd_journal_entry *entries = NULL;
    size_t count = 0, intents = 0;
    assert_int_equal(
        rd_journal_entries(s->world.journal, s->arena, s->run->number, &entries, &count, &s->err),
        RD_RC_OK);
    for (size_t i = 0; i < count; i++)
        intents += entries[i].phase == RD_JOURNAL_INTENT;
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_DELETE, "/t?"), 1);
    assert_int_equal(intents, 4); /* three PUTs and the deletion between them */
}

static void a_change_inside_an_array_is_sent(void **state)
{
    struct scene *s = *state;
    const char *body = "{\"properties\":{\"distribute\":[{\"runOutputName\":\"o\",\"n\":2}],"
                       "\"other\":1}}";
    add(s, s->desired, TEMPLATE, body);
    add(s, s->live, TEMPLATE, "{}");
    struct rd_field_change field = {.path = RD_STR("properties.distribute[o].n"),
                                    .before = &rd_json_absent,
                                    .after = &rd_json_absent};
    s->change.fields = &field;
    s->change.field_count = 1;
    assert_int_equal(RUN(s, RD_CHANGE_UPDATE, TEMPLATE,
                         {RD_HTTP_PATCH, "/t?", 0, .line = {.status = 200, .body = "{}"}}),
                     RD_RC_OK);
    assert_true(rd_str_is(s->net.fake.log[0].body,
                          "{\"properties\":{\"distribute\":[{\"runOutputName\":\"o\",\"n\":2}]}}"));
}

static void what_a_vault_keeps_is_secret_however_it_is_named(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, VAULT, "{}")->is_existing = true;
    add(s, s->desired, VAULT "/secrets/a", "{}")->is_existing = true;
    add(s, s->desired, VM, "{\"p\":{\"$ref\":\"" VAULT "/secrets/a\",\"$path\":\"value\"}}");
    enum rd_rc rc =
        RUN(s, RD_CHANGE_CREATE, VM,
            {RD_HTTP_GET, "/secrets/a", 0,
             .line = {.status = 200, .body = "{\"value\":\"open sesame\"}"}},
            {RD_HTTP_PUT, "/vm1", 0,
             .line = {.status = 400,
                      .body = "{\"error\":{\"code\":\"BadRequest\",\"message\":\"'open sesame' is "
                              "too weak\"}}"}});
    assert_int_equal(rc, RD_RC_CONFIGURATION);
    assert_null(strstr(s->err.msg, "sesame"));
    assert_non_null(strstr(s->err.msg, "'***' is too weak"));
    assert_true(fake_find(&s->net.fake, RD_HTTP_PUT, "/vm1", 0)->is_secret);
}

#define UAMI GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"

/* What is known to be there and is not found is asked for again for a while; what is named and was
 * never seen is not. */
static void what_is_too_new_to_be_found_is_asked_for_again(void **state)
{
    for (int is_live = 1; is_live >= 0; is_live--) {
        if (is_live == 0)
            scene_renew(state);
        struct scene *s = *state;
        add(s, s->desired, UAMI, "{}")->is_existing = true;
        add(s, s->desired, VM, "{\"p\":{\"$ref\":\"" UAMI "\",\"$path\":\"properties.clientId\"}}");
        if (is_live)
            add(s, s->live, UAMI, "{}");
        enum rd_rc rc =
            RUN(s, RD_CHANGE_CREATE, VM,
                {RD_HTTP_GET, "/u?", 2,
                 .line = {.status = 404, .body = "{\"error\":{\"code\":\"ResourceNotFound\"}}"}},
                {RD_HTTP_GET, "/u?", 0,
                 .line = {.status = 200, .body = "{\"properties\":{\"clientId\":\"c\"}}"}},
                {RD_HTTP_PUT, "/vm1?", 0, .line = {.status = 200, .body = "{}"}});
        assert_int_equal(rc, is_live ? RD_RC_OK : RD_RC_NOT_FOUND);
        assert_int_equal(fake_count(&s->net.fake, RD_HTTP_GET, "/u?"), is_live ? 3 : 1);
    }
}

/* The first attempt fails with the lookup's 403; what needs the same thing later asks anew. */
static void a_lookup_that_failed_fails_only_who_waited_for_it(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, UAMI, "{}")->is_existing = true;
    struct rule rules[] = {
        {RD_HTTP_GET, "/u?", 1,
         .line = {.status = 400,
                  .body = "{\"error\":{\"code\":\"BadRequest\",\"message\":\"m\"}}"}},
        {RD_HTTP_GET, "/u?", 0,
         .line = {.status = 200, .body = "{\"properties\":{\"clientId\":\"c\"}}"}},
        {RD_HTTP_PUT, "/", 0, .line = {.status = 200, .body = "{}", .delay_ms = 5000}},
    };
    scene_answer(s, rules, sizeof(rules) / sizeof(rules[0]));
    static const char needs_identity[] =
        "{\"p\":{\"$ref\":\"" UAMI "\",\"$path\":\"properties.clientId\"}}";
    struct rd_json needy;
    assert_int_equal(rd_json_parse(s->arena, "t", rd_str_from(needs_identity), 0, &needy, &s->err),
                     RD_RC_OK);
    s->plan = creation_plan(s->arena, s->desired, 3);
    s->plan.live = s->live;
    /* vm1 fails at once; vm1x begins when the network is there. */
    creation_add(&s->plan, s->desired, RD_STR(VM), needy, 0, -1);
    creation_add(&s->plan, s->desired, RD_STR(VM "x"), needy, 0, 2);
    creation_add(&s->plan, s->desired,
                 RD_STR(GROUP "/providers/Microsoft.Network/virtualNetworks/v"), rd_json_object(),
                 0, -1);
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    rd_set_resolve_live(s->live);
    assert_int_equal(creation_run(&s->world, &s->plan, 10, &s->run, &s->err), RD_RC_CONFIGURATION);
    assert_int_equal(s->run->steps[0].state, RD_STEP_FAILED);
    assert_int_equal(s->run->steps[1].state, RD_STEP_DONE);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_GET, "/u?"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(an_operation_that_is_out_of_sight_stays_open),
        IN_SCENE(a_deletion_whose_operation_is_not_found_is_looked_into),
        IN_SCENE(what_failed_to_be_made_is_cleared_after_an_intent),
        IN_SCENE(a_change_inside_an_array_is_sent),
        IN_SCENE(what_a_vault_keeps_is_secret_however_it_is_named),
        IN_SCENE(what_is_too_new_to_be_found_is_asked_for_again),
        IN_SCENE(a_lookup_that_failed_fails_only_who_waited_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
