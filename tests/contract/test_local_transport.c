/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "emulator/cloud.h"
#include "local_transport.h"
#include "transport_contract.h"

/* The door to the embedded cloud, for what it answers well and for what it refuses. */
static void the_door_to_the_embedded_cloud_keeps_the_contract(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "https://management.azure.com/subscriptions?api-version=2022-12-01",
        "https://management.azure.com/nowhere?api-version=2022-12-01",
        "https://nobody.vault.azure.net/secrets?api-version=7.4",
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct rd_clock clock;
        struct rd_err err;
        struct rd_cloud *cloud = NULL;
        const struct rd_cloud_options options = {
            .cloud_name = "AzureCloud",
            .tenant = RD_STR("11111111-2222-3333-4444-555555555555"),
            .subscriptions = {RD_STR("22222222-3333-4444-5555-666666666666")},
            .subscription_count = 1,
            .seed = 1,
            .start_ms = INT64_C(1763750000000),
            .trusts_embedded = true,
        };
        assert_int_equal(rd_cloud_open(&options, &cloud, &err), RD_RC_OK);
        rd_clock_init_virtual(&clock, options.start_ms);
        struct rd_loop *loop = rd_loop_new(&clock);
        struct local_transport *transport = local_transport_new(loop, cloud);
        struct transport_contract contract = {.loop = loop,
                                              .transport = local_transport_door(transport),
                                              .url = rd_str_from(urls[i])};
        transport_contract_run(&contract);
        assert_int_equal(local_transport_check(transport, &err), RD_RC_OK);
        assert_true(rd_cloud_request_count(cloud) > 1);
        local_transport_free(transport);
        rd_loop_free(loop);
        rd_cloud_close(cloud);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_door_to_the_embedded_cloud_keeps_the_contract)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
