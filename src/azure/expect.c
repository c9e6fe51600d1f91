/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

/*
 * When operations are expected to end. A run does the same to many hosts, and what a table says of
 * it may be far off: so the first few of a kin, its scouts, are polled as often as the cloud
 * allows, and what most of them took at least is expected of the others. To expect less would spend
 * reads that others wait for, to expect more would let operations that have ended wait.
 */

enum { SCOUT_COUNT = 16, QUANTILE_PERCENT = 25 };

struct kin {
    uint64_t id; /* its own key in the map */
    size_t begun_count;
    size_t ended_count;
    int64_t took_ms[SCOUT_COUNT]; /* by scouts that ended well, shortest first */
};

static struct kin *kin_of(struct rd_client *client, uint64_t id)
{
    struct kin *kin = rd_map_get(&client->kins, (struct rd_str){(const char *)&id, sizeof(id)});
    if (kin != NULL)
        return kin;
    kin = rd_heap_zalloc(sizeof(*kin));
    kin->id = id;
    (void)rd_map_set(&client->kins, (struct rd_str){(const char *)&kin->id, sizeof(kin->id)}, kin);
    return kin;
}

void expect_begin(struct exchange *x)
{
    if (!x->is_followed)
        x->client->followed_count++;
    x->is_followed = true;
    x->accepted_ms = rd_loop_now_ms(x->client->options.loop);
    x->kin = x->call.kin != 0 ? kin_of(x->client, x->call.kin) : NULL;
    x->is_scout = x->kin != NULL && x->kin->begun_count++ < SCOUT_COUNT;
}

int64_t expect_end_ms(const struct exchange *x)
{
    if (x->accepted_ms == 0 || x->is_scout)
        return INT64_MIN;
    if (x->kin != NULL && x->kin->ended_count > 0)
        return x->accepted_ms + x->kin->took_ms[x->kin->ended_count * QUANTILE_PERCENT / 100];
    return x->call.expected_ms > 0 ? x->accepted_ms + x->call.expected_ms : INT64_MIN;
}

void expect_learn(struct exchange *x)
{
    if (!x->is_scout)
        return;
    struct kin *kin = x->kin;
    int64_t took_ms = rd_loop_now_ms(x->client->options.loop) - x->accepted_ms;
    size_t at = kin->ended_count++;
    for (; at > 0 && kin->took_ms[at - 1] > took_ms; at--)
        kin->took_ms[at] = kin->took_ms[at - 1];
    kin->took_ms[at] = took_ms;
    pacing_reorder(x->client, kin);
}

void expect_done(struct rd_client *client)
{
    size_t cursor = 0;
    const struct rd_map_entry *entry;
    while ((entry = rd_map_next(&client->kins, &cursor)) != NULL)
        rd_heap_free(entry->value);
    rd_map_done(&client->kins);
}
