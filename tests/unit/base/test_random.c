/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/secret.h"
#include "check.h"

static void a_seed_repeats_itself_and_another_does_not(void **state)
{
    (void)state;
    struct rd_random a;
    struct rd_random b;
    struct rd_random c;
    rd_random_init_seeded(&a, 7);
    rd_random_init_seeded(&b, 7);
    rd_random_init_seeded(&c, 8);
    uint64_t first = rd_random_u64(&a);
    assert_true(first == rd_random_u64(&b));
    assert_true(first != rd_random_u64(&c));
}

static void bounded_draws_stay_in_bounds_and_reach_all(void **state)
{
    (void)state;
    struct rd_random random;
    rd_random_init_seeded(&random, 1);
    int seen[5] = {0};
    for (int i = 0; i < 1000; i++)
        seen[rd_random_below(&random, 5)]++;
    for (int i = 0; i < 5; i++)
        assert_true(seen[i] > 100);
}

static void passwords_have_all_four_classes(void **state)
{
    (void)state;
    struct rd_random random;
    rd_random_init_system(&random);
    for (int round = 0; round < 50; round++) {
        RD_CLEANUP(rd_secret_done) struct rd_secret secret;
        rd_secret_init(&secret);
        rd_secret_generate(&secret, &random, 24);
        struct rd_str s = rd_secret_reveal(&secret);
        assert_int_equal(s.n, 24);
        int lower = 0;
        int upper = 0;
        int digit = 0;
        int symbol = 0;
        for (size_t i = 0; i < s.n; i++) {
            lower += s.p[i] >= 'a' && s.p[i] <= 'z';
            upper += s.p[i] >= 'A' && s.p[i] <= 'Z';
            digit += rd_char_is_digit(s.p[i]);
            symbol += !rd_char_is_alnum(s.p[i]);
        }
        assert_true(lower > 0 && upper > 0 && digit > 0 && symbol > 0);
    }
}

static void a_secret_is_its_own_copy(void **state)
{
    (void)state;
    char value[] = "hunter2";
    RD_CLEANUP(rd_secret_done) struct rd_secret secret;
    rd_secret_init(&secret);
    rd_secret_set(&secret, rd_str_from(value));
    value[0] = 'x';
    ASSERT_STR(rd_secret_reveal(&secret), "hunter2");
    rd_secret_set(&secret, RD_STR("other"));
    ASSERT_STR(rd_secret_reveal(&secret), "other");
}

TESTS(TEST(a_secret_is_its_own_copy), TEST(a_seed_repeats_itself_and_another_does_not),
      TEST(bounded_draws_stay_in_bounds_and_reach_all), TEST(passwords_have_all_four_classes))
