/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <string.h>

/* Fields against each other: regions and clouds, images, and what keeps an enclave running. */

/* Regions ------------------------------------------------------------------------------------- */

static struct rd_spec_words regions_of(struct rd_spec_reader *reader, struct rd_str cloud)
{
    const struct rd_spec_words *all = &reader->tables.region_words;
    struct rd_spec_words words = {rd_arena_array(reader->arena, all->count, sizeof(struct rd_str)),
                                  0};
    for (size_t i = 0; i < all->count; i++) {
        const struct rd_json *row = rd_json_item(reader->tables.regions, i);
        if (rd_str_eq(rd_json_str(rd_json_at(row, "cloud")), cloud))
            words.items[words.count++] = all->items[i];
    }
    return words;
}

static void check_region(struct rd_spec_reader *reader, const char *path,
                         const struct rd_json *value)
{
    struct rd_str cloud = reader->spec->cloud;
    const struct rd_json *row = rd_spec_row(reader->tables.regions, "name", rd_json_str(value));
    struct rd_str own = rd_json_str(rd_json_at(row, "cloud"));
    if (!rd_json_exists(row) || rd_str_eq(own, cloud))
        return;
    struct rd_spec_words words = regions_of(reader, cloud);
    bool is_short = words.count <= 8;
    struct rd_str list = rd_spec_words_text(reader->arena, &words);
    rd_spec_mistake(
        reader, value->offset, "'%s' is '%.*s', a region of %.*s: expected one of %.*s%s%.*s%s",
        path, RD_FMT(rd_json_str(value)), RD_FMT(own), RD_FMT(cloud), is_short ? ": " : "",
        is_short ? (int)list.n : 0, list.p, rd_spec_suggestion(reader, rd_json_str(value), &words));
}

static void check_regions(struct rd_spec_reader *reader)
{
    static const char *const paths[] = {"region", "image.region", "image.build.region"};
    if (rd_spec_is_refused(reader, "cloud"))
        return;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        check_region(reader, paths[i], rd_json_at(&reader->root, paths[i]));
    const struct rd_json *targets =
        rd_spec_container(reader, "image.replicate_to", RD_JSON_ARRAY, RD_SPEC_REGIONS_MAX);
    for (size_t i = 0; i < rd_json_count(targets); i++)
        check_region(reader, "image.replicate_to", rd_json_item(targets, i));
}

/* Images -------------------------------------------------------------------------------------- */

static void refuse_build_fields(struct rd_spec_reader *reader)
{
    static const char *const only_build[] = {
        "image.version", "image.region",     "image.replicate_to", "image.replicas",
        "image.storage", "image.definition", "image.build",        "image.steps",
        "image.scripts", "image.checksums"};
    for (size_t i = 0; i < sizeof(only_build) / sizeof(only_build[0]); i++)
        if (rd_spec_is_given(reader, only_build[i]))
            rd_spec_mistake(reader, rd_spec_offset(reader, only_build[i]),
                            "'%s' with an image from the marketplace: expected 'image.mode: "
                            "build' with it",
                            only_build[i]);
}

static struct rd_str script_of(const struct rd_spec_reader *reader, struct rd_str step)
{
    return rd_json_str(rd_json_at(rd_spec_row(reader->tables.steps, "name", step), "script"));
}

static void check_scripts(struct rd_spec_reader *reader)
{
    const struct rd_spec_image *image = &reader->spec->image;
    for (size_t i = 0; i < image->steps.count && image->script_source.n == 0; i++) {
        if (script_of(reader, image->steps.items[i]).n == 0)
            continue;
        rd_spec_mistake(reader, rd_spec_offset(reader, "image.scripts"),
                        "'image.scripts' is missing: expected the https:// folder with the script "
                        "of the step '%.*s'",
                        RD_FMT(image->steps.items[i]));
        break;
    }
    const struct rd_json *checksums =
        rd_spec_container(reader, "image.checksums", RD_JSON_OBJECT, RD_SPEC_STEPS_MAX);
    struct rd_spec_words steps = {image->steps.items, image->steps.count};
    for (size_t i = 0; i < rd_json_count(checksums); i++) {
        struct rd_str step = checksums->u.members[i].key;
        struct rd_str found;
        bool is_run = rd_spec_words_find(&steps, step, &found) && rd_str_eq(found, step);
        if (is_run && script_of(reader, step).n > 0)
            continue;
        rd_spec_mistake(reader, rd_spec_key_offset(reader->text, checksums, i),
                        "'image.checksums' names '%.*s', %s: expected a step of 'image.steps' with "
                        "a script%s",
                        RD_FMT(step), is_run ? "which has no script" : "which is no step that runs",
                        is_run ? "" : rd_spec_suggestion(reader, step, &steps));
    }
}

static void check_definition(struct rd_spec_reader *reader)
{
    static const char *const paths[] = {"image.definition.publisher", "image.definition.offer",
                                        "image.definition.sku"};
    const struct rd_spec_image *image = &reader->spec->image;
    const struct rd_str values[] = {image->definition_publisher, image->definition_offer,
                                    image->definition_sku};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        bool is_legal = values[i].n > 0 && values[i].p[values[i].n - 1] != '.';
        for (size_t j = 0; j < values[i].n; j++) {
            char c = values[i].p[j];
            is_legal = is_legal && (rd_char_is_alnum(c) || c == '-' || c == '_' || c == '.');
        }
        if (!is_legal && rd_spec_is_given(reader, paths[i]))
            rd_spec_mistake(reader, rd_spec_offset(reader, paths[i]),
                            "'%s' is '%.*s': expected letters, digits, '-', '_' and '.', and no "
                            "full stop last",
                            paths[i], RD_FMT(values[i]));
    }
}

static void check_image(struct rd_spec_reader *reader)
{
    const struct rd_spec_image *image = &reader->spec->image;
    if (rd_spec_is_refused(reader, "image.mode"))
        return;
    if (image->mode != RD_IMAGE_BUILD) {
        refuse_build_fields(reader);
        return;
    }
    check_scripts(reader);
    check_definition(reader);
    /* Standard_ZRS fails in regions without zones (azure-compute reference 3.4). */
    for (size_t i = 0; i < image->replicate_to.count; i++) {
        struct rd_str region = image->replicate_to.items[i];
        if (region.n > 0 && rd_str_has_suffix(image->storage, RD_STR("_ZRS")) &&
            !rd_spec_region_has_zones(&reader->tables, region)) {
            rd_spec_mistake(reader, rd_spec_offset(reader, "image.storage"),
                            "'image.storage' is %.*s, but '%.*s' has no zones: expected "
                            "Standard_LRS",
                            RD_FMT(image->storage), RD_FMT(region));
            break;
        }
    }
    const struct rd_json *row = rd_spec_row(reader->tables.regions, "name", image->build_region);
    if (image->build_region.n == 0 && image->region.n > 0)
        rd_spec_mistake(reader, rd_spec_offset(reader, "image.region"),
                        "Image Builder runs in none of the image's regions: expected one where it "
                        "does in 'image.build.region'");
    else if (rd_json_exists(row) && !rd_json_is_true(rd_json_at(row, "image_builder")))
        rd_spec_mistake(reader, rd_spec_offset(reader, "image.build.region"),
                        "'image.build.region' is '%.*s', where Image Builder is not offered: "
                        "expected another region, such as westeurope",
                        RD_FMT(image->build_region));
}

/* Tags ---------------------------------------------------------------------------------------- */

static void check_tags(struct rd_spec_reader *reader)
{
    enum { TAG_KEY_MAX = 512, TAG_VALUE_MAX = 256 };
    const struct rd_json *tags =
        rd_spec_container(reader, "tags", RD_JSON_OBJECT, RD_SPEC_TAGS_MAX);
    for (size_t i = 0; i < rd_json_count(tags); i++) {
        struct rd_str key = tags->u.members[i].key;
        bool is_legal = key.n > 0 && key.n <= TAG_KEY_MAX;
        for (size_t j = 0; j < key.n; j++)
            is_legal =
                is_legal && (unsigned char)key.p[j] >= ' ' && strchr("<>%&\\?/", key.p[j]) == NULL;
        uint32_t offset = rd_spec_key_offset(reader->text, tags, i);
        if (!is_legal)
            rd_spec_mistake(reader, offset,
                            "the tag '%.*s' has a name that Azure refuses: expected at most %d "
                            "characters and none of <>%%&\\?/",
                            RD_FMT(key), TAG_KEY_MAX);
        else if (rd_str_has_prefix_case(key, RD_STR("redoubt-")))
            rd_spec_mistake(reader, offset,
                            "the tag '%.*s' begins with redoubt-, which marks what redoubt owns: "
                            "expected another name",
                            RD_FMT(key));
        for (size_t j = 0; j < i; j++)
            if (rd_str_eq_case(tags->u.members[j].key, key))
                rd_spec_mistake(reader, offset,
                                "the tag '%.*s' is '%.*s' again to Azure, which ignores case: "
                                "expected one of them",
                                RD_FMT(key), RD_FMT(tags->u.members[j].key));
        if (rd_json_str(&tags->u.members[i].value).n > TAG_VALUE_MAX)
            rd_spec_mistake(reader, tags->u.members[i].value.offset,
                            "'tags.%.*s' is too long: expected at most %d characters", RD_FMT(key),
                            TAG_VALUE_MAX);
    }
}

/* What keeps it running ----------------------------------------------------------------------- */

static void check_backup(struct rd_spec_reader *reader)
{
    const struct rd_spec *spec = reader->spec;
    /* azure-avd-ops reference 5.3. */
    if (rd_spec_minutes(spec->backup.time) % 30 != 0)
        rd_spec_mistake(reader, rd_spec_offset(reader, "backup.time"),
                        "'backup.time' is '%.*s': expected a full or a half hour",
                        RD_FMT(spec->backup.time));
    if (rd_str_is(spec->backup.redundancy, "ZoneRedundant") && spec->region.n > 0 &&
        !rd_spec_region_has_zones(&reader->tables, spec->region))
        rd_spec_mistake(reader, rd_spec_offset(reader, "backup.redundancy"),
                        "'backup.redundancy' is ZoneRedundant in '%.*s', a region without zones: "
                        "expected LocallyRedundant or GeoRedundant",
                        RD_FMT(spec->region));
}

/* A scaling plan: four phases within one day, waits of at most six hours (azure-avd-ops 1.9). */
static void check_native(struct rd_spec_reader *reader, int start, int stop)
{
    enum { NATIVE_IDLE_MAX = 360 };
    const struct rd_spec_schedule_times *schedule = &reader->spec->schedule;
    if (stop < start)
        rd_spec_mistake(reader, rd_spec_offset(reader, "schedule.stop"),
                        "'schedule.stop' is before 'schedule.start': expected both on one day, as "
                        "'engine: native' cannot run over midnight");
    if (schedule->pre_stage_min > start)
        rd_spec_mistake(reader, rd_spec_offset(reader, "schedule.pre_stage_minutes"),
                        "'schedule.pre_stage_minutes' reaches into the day before: expected %d at "
                        "most with 'engine: native'",
                        start);
    if (schedule->idle_min > NATIVE_IDLE_MAX)
        rd_spec_mistake(reader, rd_spec_offset(reader, "schedule.idle_minutes"),
                        "'schedule.idle_minutes' is %lld: expected %d at most with 'engine: "
                        "native'",
                        (long long)schedule->idle_min, NATIVE_IDLE_MAX);
}

static void check_schedule(struct rd_spec_reader *reader)
{
    const struct rd_spec_schedule_times *schedule = &reader->spec->schedule;
    if (schedule->engine == RD_SCHEDULE_NONE || rd_spec_is_refused(reader, "schedule.engine") ||
        rd_spec_is_refused(reader, "schedule.start") || rd_spec_is_refused(reader, "schedule.stop"))
        return;
    int start = rd_spec_minutes(schedule->start);
    int stop = rd_spec_minutes(schedule->stop);
    if (start == stop)
        rd_spec_mistake(reader, rd_spec_offset(reader, "schedule.stop"),
                        "'schedule.stop' is the time of 'schedule.start': expected another");
    if (schedule->days.count == 0)
        rd_spec_mistake(reader, rd_spec_offset(reader, "schedule.days"),
                        "'schedule.days' is empty: expected at least one day");
    if (schedule->engine == RD_SCHEDULE_NATIVE)
        check_native(reader, start, stop);
}

static void check_budget(struct rd_spec_reader *reader)
{
    const struct rd_spec_budget *budget = &reader->spec->budget;
    uint32_t start = rd_spec_offset(reader, "budget.start");
    if (budget->start.n > 0 && !rd_str_has_suffix(budget->start, RD_STR("-01")))
        rd_spec_mistake(reader, start,
                        "'budget.start' is %.*s: expected the first of a month, such as %.*s-01",
                        RD_FMT(budget->start), 7, budget->start.p);
    if (!budget->enabled)
        return;
    if (budget->start.n == 0)
        rd_spec_mistake(reader, start,
                        "'budget.start' is missing: expected the first of a month, such as "
                        "2026-12-01");
    if (budget->emails.count == 0)
        rd_spec_mistake(reader, rd_spec_offset(reader, "budget.emails"),
                        "'budget.emails' is missing: expected somebody to tell, here or in "
                        "'monitoring.emails'");
    if (budget->warn_percent > budget->critical_percent &&
        !rd_spec_is_refused(reader, "budget.critical_percent"))
        rd_spec_mistake(reader, rd_spec_offset(reader, "budget.warn_percent"),
                        "'budget.warn_percent' is %lld: expected at most the %lld of "
                        "'budget.critical_percent'",
                        (long long)budget->warn_percent, (long long)budget->critical_percent);
}

void rd_spec_check(struct rd_spec_reader *reader)
{
    reader->is_checking = true;
    check_regions(reader);
    rd_spec_check_names(reader);
    check_tags(reader);
    check_image(reader);
    rd_spec_check_hosts(reader);
    rd_spec_check_network(reader);
    check_backup(reader);
    check_schedule(reader);
    check_budget(reader);
}
