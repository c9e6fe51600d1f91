/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

/* Defaults that depend on other fields. What the author gave is never touched here. */

enum {
    PREFIX_ENCLAVE_MAX = 10,   /* leaves a hyphen and four digits of the 15 that Windows allows */
    INGESTION_GB_PER_HOST = 2, /* source B: 40 GB for 20 users */
    FIREWALL_GB_PER_HOST = 15, /* source B: 300 GB for 20 users */
    FIREWALL_SUBNET_BITS = 26, /* azure-avd-ops reference 2.3 */
    HOSTS_SUBNET_BITS = 19,    /* room for RD_HOST_COUNT_MAX: growing never renumbers a subnet */
};

static void set_text(struct rd_str *text, struct rd_str otherwise)
{
    if (text->n == 0)
        *text = otherwise;
}

static void set_zones(struct rd_spec_reader *reader, struct rd_spec_list *zones, const char *path)
{
    static const char *const all[] = {"1", "2", "3"};
    if (rd_spec_is_given(reader, path) ||
        !rd_spec_region_has_zones(&reader->tables, reader->spec->region))
        return;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        rd_spec_list_add(reader->arena, zones, rd_str_from(all[i]));
}

static void complete_hosts(struct rd_spec_reader *reader)
{
    struct rd_spec *spec = reader->spec;
    struct rd_spec_hosts *hosts = &spec->hosts;
    bool is_confidential = hosts->security == RD_SECURITY_CONFIDENTIAL;
    set_text(&hosts->size,
             is_confidential ? RD_STR("Standard_DC8as_v6") : RD_STR("Standard_D8as_v6"));
    struct rd_str start = rd_str_sub(spec->enclave, 0, PREFIX_ENCLAVE_MAX);
    while (start.n > 0 && start.p[start.n - 1] == '-')
        start.n--;
    if (start.n > 0)
        set_text(&hosts->name_prefix, rd_arena_printf(reader->arena, "%.*s-", RD_FMT(start)));
    set_zones(reader, &hosts->zones, "hosts.zones");
    if (!rd_spec_is_given(reader, "keys.mode"))
        spec->keys.mode = is_confidential ? RD_KEYS_PLATFORM : RD_KEYS_NONE;
    if (!rd_spec_is_given(reader, "keys.store"))
        spec->keys.store = is_confidential ? RD_KEY_STORE_HSM : RD_KEY_STORE_VAULT;
}

static bool has_image_builder(const struct rd_spec_reader *reader, struct rd_str region)
{
    const struct rd_json *row = rd_spec_row(reader->tables.regions, "name", region);
    return rd_json_is_true(rd_json_at(row, "image_builder"));
}

static void complete_regions(struct rd_spec_reader *reader)
{
    struct rd_spec *spec = reader->spec;
    struct rd_spec_image *image = &spec->image;
    set_text(&image->region, spec->region);
    /* The definition's own region must be a target, and the hosts need a copy where they are. */
    struct rd_spec_list given = image->replicate_to;
    image->replicate_to = (struct rd_spec_list){0};
    rd_spec_list_add(reader->arena, &image->replicate_to, image->region);
    for (size_t i = 0; i <= given.count; i++) {
        struct rd_str region = i < given.count ? given.items[i] : spec->region;
        struct rd_spec_words so_far = {image->replicate_to.items, image->replicate_to.count};
        struct rd_str twin;
        if (!rd_spec_words_find(&so_far, region, &twin))
            rd_spec_list_add(reader->arena, &image->replicate_to, region);
    }
    bool have_zones = true;
    for (size_t i = 0; i < image->replicate_to.count; i++) {
        struct rd_str region = image->replicate_to.items[i];
        have_zones = have_zones && rd_spec_region_has_zones(&reader->tables, region);
        if (image->build_region.n == 0 && has_image_builder(reader, region))
            image->build_region = region;
    }
    set_text(&image->storage, have_zones ? RD_STR("Standard_ZRS") : RD_STR("Standard_LRS"));
}

static void complete_image(struct rd_spec_reader *reader)
{
    struct rd_spec *spec = reader->spec;
    struct rd_spec_image *image = &spec->image;
    bool is_personal = spec->hosts.pool == RD_POOL_PERSONAL;
    bool is_confidential = spec->hosts.security == RD_SECURITY_CONFIDENTIAL;
    set_text(&image->offer, is_personal ? RD_STR("windows-11") : RD_STR("office-365"));
    set_text(&image->sku, is_personal ? RD_STR("win11-25h2-ent") : RD_STR("win11-25h2-avd-m365"));
    set_text(&image->definition_publisher, spec->enclave);
    set_text(&image->definition_sku, is_personal ? RD_STR("personal") : RD_STR("pooled"));
    set_text(&image->build_vm_size,
             is_confidential ? RD_STR("Standard_DC8as_v6") : RD_STR("Standard_D8as_v6"));
    complete_regions(reader);
    if (image->mode != RD_IMAGE_BUILD || rd_spec_is_given(reader, "image.steps"))
        return;
    for (size_t i = 0; i < reader->tables.step_words.count; i++)
        rd_spec_list_add(reader->arena, &image->steps, reader->tables.step_words.items[i]);
}

/* The first subnet of `bits` in `prefix`, or all of it when it is smaller. */
static struct rd_str first_subnet(struct rd_spec_reader *reader, struct rd_str prefix, int bits)
{
    struct rd_ipv4 cidr;
    if (!rd_spec_cidr_parse(prefix, &cidr))
        return RD_STR("");
    if (cidr.bits < bits)
        cidr.bits = bits;
    return rd_spec_cidr_text(reader->arena, cidr);
}

static void complete_network(struct rd_spec_reader *reader)
{
    struct rd_spec *spec = reader->spec;
    struct rd_spec_network *network = &spec->network;
    network->has_firewall = (int)network->firewall_tier != RD_TIER_NONE;
    if (!network->has_firewall)
        network->firewall_tier = RD_FIREWALL_STANDARD;
    if (network->existing_subnet.n > 0) {
        network->has_firewall = false;
        network->hub_prefix = RD_STR("");
        network->spoke_prefix = RD_STR("");
        return;
    }
    bool is_basic = network->firewall_tier == RD_FIREWALL_BASIC;
    set_text(&network->hosts_prefix,
             first_subnet(reader, network->spoke_prefix, HOSTS_SUBNET_BITS));
    if (!network->has_firewall)
        return;
    set_text(&network->firewall_prefix,
             first_subnet(reader, network->hub_prefix, FIREWALL_SUBNET_BITS));
    set_zones(reader, &network->zones, "network.firewall.zones");
    set_text(&network->threat_intel, is_basic ? RD_STR("Alert") : RD_STR("Deny"));
    set_text(&network->rule_set, rd_str_is(spec->cloud, "AzureUSGovernment")
                                     ? RD_STR("sovereign")
                                     : RD_STR("commercial"));
    if (!rd_spec_is_given(reader, "network.firewall.dns_proxy"))
        network->dns_proxy = !is_basic;
}

static void complete_cost(struct rd_spec_reader *reader)
{
    enum { WORKDAYS = 5, WORKDAYS_PER_MONTH = 22, DAYS_PER_WEEK = 7, MINUTES_PER_HOUR = 60 };
    struct rd_spec *spec = reader->spec;
    struct rd_spec_cost *cost = &spec->cost;
    const struct rd_spec_schedule_times *schedule = &spec->schedule;
    bool is_scheduled = schedule->engine != RD_SCHEDULE_NONE;
    set_text(&cost->sheet, rd_str_is(spec->cloud, "AzureUSGovernment") ? RD_STR("source-2026")
                                                                       : RD_STR("list-2026"));
    int minutes = rd_spec_minutes(schedule->stop) - rd_spec_minutes(schedule->start);
    if (minutes <= 0)
        minutes += 24 * MINUTES_PER_HOUR;
    int64_t days = (int64_t)schedule->days.count;
    if (!rd_spec_is_given(reader, "cost.hours_per_day"))
        cost->hours_per_day =
            is_scheduled ? (minutes + MINUTES_PER_HOUR - 1) / MINUTES_PER_HOUR : 24;
    if (!rd_spec_is_given(reader, "cost.days_per_month"))
        cost->days_per_month = is_scheduled && days < DAYS_PER_WEEK
                                   ? (days * WORKDAYS_PER_MONTH + WORKDAYS - 1) / WORKDAYS
                                   : 0;
    if (!rd_spec_is_given(reader, "cost.firewall_gb"))
        cost->firewall_gb =
            spec->network.has_firewall ? spec->hosts.count * FIREWALL_GB_PER_HOST : 0;
    if (!rd_spec_is_given(reader, "cost.peering_gb"))
        cost->peering_gb = cost->firewall_gb;
}

static void complete_run(struct rd_spec_reader *reader)
{
    struct rd_spec *spec = reader->spec;
    const struct rd_json *region = rd_spec_row(reader->tables.regions, "name", spec->region);
    struct rd_str time_zone = rd_json_str(rd_json_at(region, "time_zone"));
    set_text(&spec->backup.time_zone, time_zone);
    set_text(&spec->schedule.time_zone, time_zone);
    if (!rd_spec_is_given(reader, "backup.enabled"))
        spec->backup.enabled = spec->hosts.pool == RD_POOL_PERSONAL &&
                               spec->hosts.security == RD_SECURITY_TRUSTED_LAUNCH;
    if (!rd_spec_is_given(reader, "monitoring.ingestion_gb"))
        spec->monitoring.ingestion_gb = spec->hosts.count * INGESTION_GB_PER_HOST;
    if (!rd_spec_is_given(reader, "budget.enabled"))
        spec->budget.enabled = rd_spec_is_given(reader, "budget");
    if (!rd_spec_is_given(reader, "budget.emails"))
        spec->budget.emails = spec->monitoring.emails;
    complete_cost(reader);
}

void rd_spec_complete(struct rd_spec_reader *reader)
{
    struct rd_spec *spec = reader->spec;
    set_text(&spec->images_subscription, spec->subscription);
    if (!rd_spec_is_given(reader, "rdp"))
        rd_spec_read_rdp(reader, &rd_json_absent);
    complete_hosts(reader);
    complete_image(reader);
    complete_network(reader);
    complete_run(reader);
}
