/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation.h"

static bool coin(struct world *world)
{
    return chance(&world->scene_draw, 500);
}

static void draw_kind(struct world *world, struct scene *scene)
{
    static const char *const tiers[] = {"standard", "premium", "basic"};
    static const char *const schedules[] = {"none", "redoubt", "native"};
    struct rd_random *draw = &world->scene_draw;
    scene->kind = (enum template_kind)rd_random_below(draw, TEMPLATE_COUNT);
    scene->host_count = (int)between(draw, 2, 3);
    scene->is_personal = scene->kind == TEMPLATE_SOVEREIGN || coin(world);
    scene->has_pins = scene->is_personal && chance(draw, 700);
    scene->has_build = scene->kind != TEMPLATE_SOVEREIGN && chance(draw, 400);
    scene->has_customer_keys =
        scene->kind == TEMPLATE_CMK || (scene->kind == TEMPLATE_SOVEREIGN && chance(draw, 300));
    scene->has_key_vault = scene->kind == TEMPLATE_SOVEREIGN || coin(world);
    scene->has_backup = scene->kind == TEMPLATE_SOVEREIGN && chance(draw, 600);
    scene->has_monitoring = chance(draw, 750);
    scene->has_two_subscriptions = scene->has_build && chance(draw, 800);
    scene->firewall_tier = tiers[rd_random_below(draw, 3)];
    scene->schedule = schedules[rd_random_below(draw, scene->is_personal ? 2 : 3)];
    scene->max_sessions = 8;
    scene->retention_days = 31;
}

void scene_draw(struct world *world)
{
    struct scene *scene = &world->scene;
    struct rd_random *draw = &world->scene_draw;
    *scene = (struct scene){0};
    draw_kind(world, scene);
    scene->edits_count = chance(draw, 350);
    scene->edits_size = chance(draw, 200);
    scene->edits_pins = scene->has_pins && chance(draw, 250);
    scene->edits_settings = chance(draw, 300);
    scene->destroys = chance(draw, 400);
    scene->saves_plans = chance(draw, 200);
    scene->has_file = chance(draw, 200);
}

static void write_image(struct rd_buf *out, const struct scene *scene)
{
    if (!scene->has_build)
        return;
    rd_buf_add_c(out, "image:\n  mode: build\n  version: 1.0.0\n  region: belgiumcentral\n"
                      "  replicate_to: [westeurope]\n  storage: Standard_ZRS\n"
                      "  definition: {publisher: contoso, offer: windows-11, sku: desk}\n"
                      "  build: {region: westeurope, timeout_minutes: 480}\n"
                      "  scripts: https://contosoimages.blob.core.windows.net/scripts\n"
                      "  steps: [fslogix, windows-update, admin-sysprep]\n");
}

static void write_keys(struct rd_buf *out, const struct scene *scene)
{
    if (!scene->has_customer_keys)
        return;
    rd_buf_printf(out, "keys:\n  mode: customer\n  store: %s\n",
                  scene->has_key_vault ? "vault" : "hsm");
    if (!scene->has_key_vault)
        rd_buf_add_c(out, "  admins: [77777777-8888-9999-aaaa-bbbbbbbbbbbb, "
                          "88888888-9999-aaaa-bbbb-cccccccccccc, "
                          "99999999-aaaa-bbbb-cccc-dddddddddddd]\n");
}

static void write_hosts(struct rd_buf *out, const struct scene *scene)
{
    bool is_trusted = scene->kind == TEMPLATE_SOVEREIGN;
    const char *size = is_trusted ? (scene->is_large ? "Standard_D16as_v6" : "Standard_D8as_v6")
                                  : (scene->is_large ? "Standard_DC16as_v6" : "Standard_DC8as_v6");
    rd_buf_printf(out, "hosts:\n  count: %d\n  name_prefix: sim-\n  size: %s\n  security: %s\n",
                  scene->host_count, size, is_trusted ? "trusted-launch" : "confidential");
    if (scene->is_personal)
        rd_buf_add_c(out, "  pool: personal\n");
    else
        rd_buf_printf(out, "  pool: pooled\n  max_sessions: %d\n", scene->max_sessions);
}

static void write_access(struct rd_buf *out, const struct scene *scene)
{
    rd_buf_add_c(out, "access:\n  users_group: 33333333-4444-5555-6666-777777777777\n"
                      "  admins_group: 44444444-5555-6666-7777-888888888888\n");
    if (!scene->has_pins)
        return;
    rd_buf_add_c(out, "  pins: [");
    for (int i = 0; i < scene->host_count; i++)
        rd_buf_printf(out, "%suser%02d@contoso.us", i > 0 ? ", " : "", i + 1);
    rd_buf_add_c(out, "]\n");
}

static void write_rest(struct rd_buf *out, const struct scene *scene)
{
    rd_buf_printf(out, "network:\n  firewall:\n    tier: %s\n", scene->firewall_tier);
    if (scene->has_extra_rule)
        rd_buf_add_c(out, "    rules:\n      - {name: contoso-erp, fqdns: [erp.contoso.us]}\n");
    rd_buf_printf(out, "backup: {enabled: %s}\n", scene->has_backup ? "true" : "false");
    rd_buf_printf(out, "monitoring: {enabled: %s, retention_days: %d, emails: [ops@contoso.us]}\n",
                  scene->has_monitoring ? "true" : "false", scene->retention_days);
    rd_buf_printf(out, "schedule: {engine: %s}\n", scene->schedule);
    rd_buf_add_c(out, "budget: {amount: 3000, start: \"2026-12-01\", emails: [fin@contoso.us]}\n");
}

struct rd_str scene_spec(struct rd_arena *arena, const struct scene *scene)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, 16384);
    bool is_government = scene->kind == TEMPLATE_SOVEREIGN;
    rd_buf_printf(&out,
                  "enclave: sim-enclave\ncloud: %s\nregion: %s\n"
                  "tenant: 11111111-2222-3333-4444-555555555555\n"
                  "subscription: 22222222-3333-4444-5555-666666666666\n",
                  is_government ? "AzureUSGovernment" : "AzureCloud",
                  is_government ? "usgovvirginia" : "westeurope");
    if (scene->has_two_subscriptions)
        rd_buf_add_c(&out, "images_subscription: 55555555-6666-7777-8888-999999999999\n");
    write_image(&out, scene);
    write_keys(&out, scene);
    write_hosts(&out, scene);
    write_access(&out, scene);
    write_rest(&out, scene);
    return rd_arena_str(arena, rd_buf_str(&out));
}

/* Faults of the cloud itself, each with few strikes: afterwards the same command has to work. */
void scene_cloud_faults(struct world *world)
{
    static const struct {
        const char *text;
        uint32_t in_a_thousand;
    } faults[] = {
        {"capacity:times=1", 80},
        {"capacity:zone=1,times=1", 60},
        {"capacity:kind=OverconstrainedAllocationRequest,times=2", 40},
        {"quota:times=1", 60},
        {"feature:times=1", 50},
        {"release-policy:times=1", 40},
        {"throttle:times=3", 100},
        {"server-error:times=2", 100},
        {"server-error:times=1,method=PUT,type=Microsoft.Compute/virtualMachines", 60},
        {"server-error:times=2,status=503,method=DELETE,type=Microsoft.Network/networkInterfaces",
         60},
        {"extension:times=1", 120},
        {"extension:name=GuestAttestation,times=1", 50},
        {"image-build:times=1", 100},
        {"replication:times=1", 80},
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (!chance(&world->chaos_draw, faults[i].in_a_thousand))
            continue;
        struct rd_err err;
        tell(world, "the cloud has the fault %s", faults[i].text);
        if (rd_cloud_add_fault(world->cloud, rd_str_from(faults[i].text), &err) != RD_RC_OK)
            broken(world, "the cloud takes no fault '%s': %s", faults[i].text, err.msg);
    }
}

/* Each attempt is calmer than the one before; the last ones are fair weather. */
void weather_draw(struct world *world, int attempt)
{
    enum { STORMY_ATTEMPTS = 5 };
    struct rd_random *draw = &world->chaos_draw;
    struct weather *weather = &world->weather;
    *weather = (struct weather){0};
    if (!world->is_disturbed || attempt >= STORMY_ATTEMPTS)
        return;
    if (chance(draw, 600))
        *weather = (struct weather){
            .lost = (uint32_t)rd_random_below(draw, 30),
            .dropped = (uint32_t)rd_random_below(draw, 30),
            .refused = (uint32_t)rd_random_below(draw, 20),
            .failed = (uint32_t)rd_random_below(draw, 40),
            .throttled = (uint32_t)rd_random_below(draw, 40),
            .budget = between(draw, 1, 60),
        };
    if (chance(draw, 500))
        weather->delay_ms_max = between(draw, 1, 8000);
    if (chance(draw, 450))
        weather->crash_at = chance(draw, 300) ? between(draw, 1, 60) : between(draw, 1, 2500);
    else if (chance(draw, 250))
        weather->stop_at = between(draw, 1, 600);
    else if (chance(draw, 80))
        weather->journal_fails = between(draw, 1, 300);
}
