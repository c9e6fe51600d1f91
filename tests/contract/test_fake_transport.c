/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_transport.h"
#include "transport_contract.h"

/* The tests' own transport keeps the contract too, or what they prove would be about something
 * else; at once and after a while. */
static void the_fake_keeps_the_contract(void **state)
{
    (void)state;
    static const struct fake_line lines[] = {
        {.status = 200, .body = "{\"a\":1}", .headers = {"Content-Type", "application/json"}},
        {.status = 404, .body = "", .delay_ms = 250},
    };
    for (size_t count = 1; count <= 2; count++) {
        struct rd_clock clock;
        rd_clock_init_virtual(&clock, 1000);
        struct rd_loop *loop = rd_loop_new(&clock);
        struct fake_script script = {lines, count, 0};
        struct fake_transport fake;
        fake_transport_init(&fake, loop, fake_script_answer, &script);
        struct transport_contract contract = {
            .loop = loop, .transport = &fake.base, .url = RD_STR("https://management.azure.com/x")};
        transport_contract_run(&contract);
        assert_int_equal(fake.in_flight, 0);
        fake_transport_done(&fake);
        rd_loop_free(loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_fake_keeps_the_contract)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
