/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "json_internal.h"
#include "print_internal.h"
#include "resource/name.h"
#include "resource/unseen.h"

enum {
    VALUE_TEXT_SIZE_MAX = 1 << 16,
    AFFECTED_SIZE_MAX = 1 << 20,
    WIDTH_MIN = 40,
    WIDTH_DEFAULT = 100,
    INDENT = 6,
    LEFT_ALONE_SHOWN_MAX = 12,
    SUMMARY_SIZE_MAX = 4096,
};

/* What resources are for, in the order in which an enclave grows; the first match counts. */
static const struct purpose {
    const char *title;
    const char *types[10]; /* beginnings of type names */
} purposes[] = {
    {"resource groups", {"Microsoft.Resources/"}},
    {"identity and access",
     {"Microsoft.ManagedIdentity/", "Microsoft.Authorization/", "Microsoft.Graph/"}},
    {"images", {"Microsoft.Compute/galleries", "Microsoft.VirtualMachineImages/"}},
    {"keys and secrets", {"Microsoft.KeyVault/", "Microsoft.Compute/diskEncryptionSets"}},
    /* A host's own interface stands with the host. */
    {"session hosts",
     {"Microsoft.Compute/", "Microsoft.Network/networkInterfaces",
      "Microsoft.DesktopVirtualization/hostPools/sessionHosts",
      "Microsoft.Insights/dataCollectionRuleAssociations"}},
    {"network", {"Microsoft.Network/"}},
    {"virtual desktop", {"Microsoft.DesktopVirtualization/"}},
    {"monitoring",
     {"Microsoft.OperationalInsights/", "Microsoft.Insights/", "Microsoft.SecurityInsights/"}},
    {"backup", {"Microsoft.RecoveryServices/"}},
    {"budget", {"Microsoft.Consumption/"}},
    {"other", {""}},
};
enum { PURPOSE_COUNT = sizeof(purposes) / sizeof(purposes[0]) };

static const struct look {
    const char *symbol;
    const char *color;
} looks[RD_CHANGE_KIND_COUNT] = {
    [RD_CHANGE_NONE] = {"  =", "\033[2m"},    [RD_CHANGE_CREATE] = {"  +", "\033[32m"},
    [RD_CHANGE_UPDATE] = {"  ~", "\033[33m"}, [RD_CHANGE_REPLACE] = {"-/+", "\033[35m"},
    [RD_CHANGE_DELETE] = {"  -", "\033[31m"},
};

static const char *const step_texts[RD_STEP_KIND_COUNT] = {
    [RD_STEP_PUT] = "write",
    [RD_STEP_DELETE] = "delete",
    [RD_STEP_ACTION] = "call",
    [RD_STEP_WAIT] = "wait for",
    [RD_STEP_WAIT_UNTIL] = "wait until the time for",
    [RD_STEP_APPROVE] = "ask for approval of",
    [RD_STEP_ALTERNATIVES] = "try the alternatives for",
};

/* Changes that look the same but for the number of the host; printed as one. */
struct bundle {
    const struct rd_change **changes;
    size_t count;
    size_t cap;
    size_t purpose;
};

struct printer {
    struct rd_buf *out;
    struct rd_arena *arena;
    const struct rd_plan *plan;
    bool colors;
    size_t width;
    struct bundle *bundles;
    size_t bundle_count;
};

static void color(const struct printer *printer, const char *code)
{
    if (printer->colors)
        rd_buf_add_c(printer->out, code);
}

static size_t purpose_of(const struct rd_type *type)
{
    for (size_t p = 0; p < PURPOSE_COUNT; p++)
        for (const char *const *begin = purposes[p].types; *begin != NULL; begin++)
            if (rd_str_has_prefix_case(type->name, rd_str_from(*begin)))
                return p;
    return PURPOSE_COUNT - 1;
}

/* As it will be, or as it is when it goes. */
static struct rd_name name_of(struct printer *printer, const struct rd_change *change)
{
    const struct rd_resource *resource = change->desired != NULL ? change->desired : change->live;
    return rd_name_of(printer->arena, change->type, change->id,
                      resource == NULL ? &rd_json_absent : &resource->body);
}

/* The text by which changes are bundled. Fields count with their values, so that hosts which change
 * differently stay apart. */
static struct rd_str bundle_key(struct printer *printer, const struct rd_change *change)
{
    struct rd_arena *arena = printer->arena;
    struct rd_str name = rd_print_pattern(arena, name_of(printer, change).name);
    struct rd_str key =
        rd_arena_printf(arena, "%d|%.*s|%.*s|%.*s", change->kind, RD_FMT(change->type->name),
                        RD_FMT(name), RD_FMT(change->reason));
    for (size_t i = 0; i < change->field_count; i++) {
        const struct rd_field_change *field = &change->fields[i];
        key = rd_arena_printf(
            arena, "%.*s|%.*s=%.*s>%.*s", RD_FMT(key), RD_FMT(field->path),
            RD_FMT(rd_print_pattern(arena, rd_json_text(arena, field->before, RD_JSON_COMPACT))),
            RD_FMT(rd_print_pattern(arena, rd_json_text(arena, field->after, RD_JSON_COMPACT))));
    }
    return key;
}

/* vm-02 before vm-10, and vm-99 before vm-100. */
static int compare_ids(const void *a, const void *b)
{
    struct rd_str one = (*(const struct rd_change *const *)a)->id;
    struct rd_str other = (*(const struct rd_change *const *)b)->id;
    return one.n != other.n ? (one.n < other.n ? -1 : 1) : rd_str_cmp_case(one, other);
}

static void make_bundles(struct printer *printer)
{
    const struct rd_plan *plan = printer->plan;
    RD_CLEANUP(rd_map_done) struct rd_map by_key;
    rd_map_init(&by_key, false);
    printer->bundles =
        rd_arena_array(printer->arena, plan->change_count, sizeof(*printer->bundles));
    for (size_t i = 0; i < plan->change_count; i++) {
        struct rd_str key = bundle_key(printer, &plan->changes[i]);
        struct bundle *bundle = rd_map_get(&by_key, key);
        if (bundle == NULL) {
            bundle = &printer->bundles[printer->bundle_count++];
            bundle->purpose = purpose_of(plan->changes[i].type);
            (void)rd_map_set(&by_key, key, bundle);
        }
        bundle->changes = rd_arena_grow(printer->arena, bundle->changes, bundle->count,
                                        &bundle->cap, sizeof(*bundle->changes));
        bundle->changes[bundle->count++] = &plan->changes[i];
    }
    for (size_t i = 0; i < printer->bundle_count; i++)
        qsort(printer->bundles[i].changes, printer->bundles[i].count,
              sizeof(*printer->bundles[i].changes), compare_ids);
}

static struct rd_str value_text(struct printer *printer, const struct rd_json *value,
                                bool is_secret, size_t width)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf text;
    rd_buf_init(&text, VALUE_TEXT_SIZE_MAX);
    rd_print_value(&text, value, is_secret, width);
    return rd_arena_str(printer->arena, rd_buf_str(&text));
}

/* Where two long texts begin to differ, less some of what they share to know the place by. */
static size_t shared_start(struct rd_str before, struct rd_str after)
{
    enum { PLACE = 8 };
    size_t start = 0;
    while (start < before.n && start < after.n && before.p[start] == after.p[start])
        start++;
    start = start > PLACE ? start - PLACE : 0;
    while (start > 0 && ((unsigned char)before.p[start] & 0xc0) == 0x80)
        start--;
    return start;
}

static struct rd_str from_difference(struct printer *printer, struct rd_str text, size_t start,
                                     size_t width)
{
    struct rd_str rest = rd_str_sub(text, start, text.n);
    return rd_print_cut(
        printer->arena,
        rd_arena_printf(printer->arena, "%s%.*s", start > 0 ? "..." : "", RD_FMT(rest)), width);
}

/* A path too long for a line goes on in the next one, after a dot. */
static void print_path(struct printer *printer, struct rd_str path)
{
    size_t room = printer->width - INDENT - 1;
    size_t dot = RD_STR_NONE;
    if (rd_print_columns(path) > room)
        dot = rd_str_find_last_char(rd_str_sub(path, 0, room), '.');
    size_t rest = dot == RD_STR_NONE ? 0 : dot + 1;
    if (rest > 0)
        rd_buf_printf(printer->out, "%*s%.*s\n  ", INDENT, "", RD_FMT(rd_str_sub(path, 0, rest)));
    rd_buf_printf(printer->out, "%*s%.*s:", INDENT, "", RD_FMT(rd_str_sub(path, rest, path.n)));
}

/* On one line when it fits, otherwise the values on the next one, each cut to half of it and
 * beginning where they differ. */
static void print_field(struct printer *printer, const struct rd_field_change *field)
{
    static const char arrow[] = " -> ";
    const char *note = field->replaces ? "  (replaces it)" : "";
    struct rd_buf *out = printer->out;
    struct rd_str before = value_text(printer, field->before, field->is_secret, SIZE_MAX);
    struct rd_str after = value_text(printer, field->after, field->is_secret, SIZE_MAX);
    size_t others = strlen(arrow) + strlen(note);
    size_t columns = INDENT + rd_print_columns(field->path) + 2 + rd_print_columns(before) +
                     rd_print_columns(after) + others;
    print_path(printer, field->path);
    if (columns <= printer->width) {
        rd_buf_printf(out, " %.*s%s%.*s%s\n", RD_FMT(before), arrow, RD_FMT(after), note);
        return;
    }
    size_t room = printer->width > INDENT + 2 + others ? printer->width - INDENT - 2 - others : 0;
    size_t start = rd_print_columns(before) > room / 2 ? shared_start(before, after) : 0;
    before = from_difference(printer, before, start, room / 2);
    after = from_difference(printer, after, start, room - rd_print_columns(before));
    rd_buf_printf(out, "\n%*s%.*s%s%.*s%s\n", INDENT + 2, "", RD_FMT(before), arrow, RD_FMT(after),
                  note);
}

/* "avdcui01-nic", or "avdcui01-nic .. avdcui20-nic" with how many. */
static struct rd_str title_of(struct printer *printer, const struct bundle *bundle)
{
    struct rd_arena *arena = printer->arena;
    const struct rd_change *first = bundle->changes[0];
    const struct rd_change *last = bundle->changes[bundle->count - 1];
    struct rd_name title = name_of(printer, first);
    struct rd_str kind = title.kind;
    struct rd_str name = title.name;
    if (bundle->count == 1)
        return rd_arena_printf(arena, "%.*s %.*s", RD_FMT(kind), RD_FMT(name));
    struct rd_str other = name_of(printer, last).name;
    if (rd_str_eq(name, other))
        return rd_arena_printf(arena, "%zu x %.*s %.*s", bundle->count, RD_FMT(kind), RD_FMT(name));
    /* What both begin or end with is said once: "aad on vm01 .. vm20", "of vm01 .. vm20", "vm01 ..
     * vm20 on pool". */
    size_t on = rd_str_find(other, RD_STR(" on "), 0);
    struct rd_str head = rd_str_sub(other, 0, on == RD_STR_NONE ? 0 : on + 4);
    struct rd_str tail = rd_str_sub(other, on == RD_STR_NONE ? other.n : on, other.n);
    if (rd_str_has_prefix(other, RD_STR("of ")) || rd_str_has_prefix(other, RD_STR("on ")))
        head = rd_str_sub(other, 0, 3);
    if (head.n > 0 && rd_str_has_prefix(name, head))
        other = rd_str_sub(other, head.n, other.n);
    else if (tail.n > 0 && rd_str_has_suffix(name, tail))
        name = rd_str_sub(name, 0, name.n - tail.n);
    return rd_arena_printf(arena, "%zu x %.*s %.*s .. %.*s", bundle->count, RD_FMT(kind),
                           RD_FMT(name), RD_FMT(other));
}

/* "ann@contoso.us loses vm01: the desktop is gone" is a user's part and what happens. The user's
 * part is empty when nobody is named. */
static struct rd_str user_part(struct rd_str affected)
{
    size_t colon = rd_str_find(affected, RD_STR(": "), 0);
    struct rd_str part = rd_str_sub(affected, 0, colon == RD_STR_NONE ? 0 : colon);
    return rd_str_find_char(part, '@', 0) == RD_STR_NONE ? (struct rd_str){"", 0} : part;
}

/* Users differ from host to host and are all named; what happens to them is said once. */
static void print_affected(struct printer *printer, const struct bundle *bundle)
{
    RD_CLEANUP(rd_map_done) struct rd_map seen; /* what happens -> a struct rd_buf of users */
    rd_map_init(&seen, false);
    for (size_t i = 0; i < bundle->count; i++) {
        struct rd_str text = bundle->changes[i]->affected;
        if (text.n == 0)
            continue;
        struct rd_str user = user_part(text);
        struct rd_str what = rd_str_sub(text, user.n > 0 ? user.n + 2 : 0, text.n);
        struct rd_buf *users = rd_map_get(&seen, what);
        if (users == NULL) {
            users = rd_arena_zalloc(printer->arena, sizeof(*users));
            rd_buf_init(users, AFFECTED_SIZE_MAX);
            (void)rd_map_set(&seen, what, users);
        }
        rd_buf_add_c(users, users->n > 0 && user.n > 0 ? ", " : "");
        rd_buf_add(users, user);
    }
    size_t cursor = 0;
    for (const struct rd_map_entry *entry = rd_map_next(&seen, &cursor); entry != NULL;
         entry = rd_map_next(&seen, &cursor)) {
        struct rd_buf *users = entry->value;
        rd_print_wrapped(printer->out,
                         rd_arena_printf(printer->arena, "affects: %.*s%s%.*s",
                                         RD_FMT(rd_buf_str(users)), users->n > 0 ? ": " : "",
                                         RD_FMT(entry->key)),
                         INDENT, printer->width);
        rd_buf_done(users);
    }
}

static void print_bundle(struct printer *printer, const struct bundle *bundle)
{
    struct rd_buf *out = printer->out;
    const struct rd_change *change = bundle->changes[0];
    const struct look *look = &looks[change->kind];
    struct rd_str title =
        rd_print_cut(printer->arena, title_of(printer, bundle), printer->width - 4);
    char duration[RD_TIME_TEXT_MAX];
    struct rd_str time = rd_arena_printf(printer->arena, "about %s",
                                         rd_duration_format(change->expected_ms, duration));
    color(printer, look->color);
    rd_buf_printf(out, "%s %.*s", look->symbol, RD_FMT(title));
    color(printer, "\033[0m");
    size_t used = 4 + rd_print_columns(title);
    size_t pad = used + 2 + time.n <= printer->width ? printer->width - used - time.n : 2;
    if (change->expected_ms > 0 && used + 2 + time.n <= printer->width)
        rd_buf_printf(out, "%*s%.*s", (int)pad, "", RD_FMT(time));
    rd_buf_add_char(out, '\n');
    for (size_t i = 0; i < change->field_count; i++)
        print_field(printer, &change->fields[i]);
    /* All of a destroy plan is there for one reason. */
    if (change->kind != RD_CHANGE_CREATE && printer->plan->desired != NULL)
        rd_print_wrapped(out,
                         rd_arena_printf(printer->arena, "because: %.*s", RD_FMT(change->reason)),
                         INDENT, printer->width);
    print_affected(printer, bundle);
}

static void print_title(struct printer *printer, const char *title)
{
    rd_buf_add_char(printer->out, '\n');
    color(printer, "\033[1m");
    rd_buf_add_c(printer->out, title);
    color(printer, "\033[0m");
    rd_buf_add_char(printer->out, '\n');
}

static void print_changes(struct printer *printer)
{
    make_bundles(printer);
    for (size_t p = 0; p < PURPOSE_COUNT; p++) {
        bool has_title = false;
        for (size_t b = 0; b < printer->bundle_count; b++) {
            if (printer->bundles[b].purpose != p)
                continue;
            if (!has_title)
                print_title(printer, purposes[p].title);
            has_title = true;
            print_bundle(printer, &printer->bundles[b]);
        }
    }
}

/* Stopping a machine for a change and starting it again: whom it affects has been told. */
static bool is_of_halt(const struct rd_plan *plan, size_t index)
{
    const struct rd_step *step = &plan->steps[index];
    const struct rd_step *stop = index >= 2 ? step - 2 : step;
    if (rd_str_is(step->action, "start") && stop->change == step->change)
        step = stop;
    return step->kind == RD_STEP_ACTION && rd_str_is(step->action, "deallocate");
}

/* Steps that are more than their change says: waiting, asking, trying, writing twice. */
static void print_other_steps(struct printer *printer)
{
    const struct rd_plan *plan = printer->plan;
    bool has_title = false;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct rd_step *step = &plan->steps[i];
        bool is_first = step->kind == RD_STEP_PUT && rd_str_is(step->action, "provisional");
        if ((step->kind == RD_STEP_PUT && !is_first) || step->kind == RD_STEP_DELETE ||
            is_of_halt(plan, i))
            continue;
        if (!has_title)
            print_title(printer, "on the way");
        has_title = true;
        struct rd_str name = rd_name_of_id(printer->arena, step->id);
        if (is_first) {
            const struct rd_type *type = plan->changes[step->change].type;
            rd_buf_printf(printer->out, "  > write %.*s %.*s twice: provisionally at first\n",
                          RD_FMT(type->label), RD_FMT(name));
            continue;
        }
        rd_buf_printf(printer->out, "  > %s %.*s%s%.*s\n", step_texts[step->kind],
                      RD_FMT(step->action), step->action.n > 0 ? " on " : "", RD_FMT(name));
    }
}

static void print_unchanged(struct printer *printer)
{
    const struct rd_plan *plan = printer->plan;
    RD_CLEANUP(rd_map_done) struct rd_map changed;
    rd_map_init(&changed, true);
    for (size_t i = 0; i < plan->change_count; i++)
        (void)rd_map_set(&changed, plan->changes[i].id, printer);
    for (size_t i = 0; i < rd_json_count(plan->unseen); i++)
        (void)rd_map_set(&changed, rd_json_str(rd_json_item(plan->unseen, i)), printer);
    print_title(printer, "unchanged");
    for (size_t i = 0; i < plan->desired->count; i++) {
        const struct rd_resource *resource = &plan->desired->resources[i];
        if (resource->is_existing || rd_map_get(&changed, resource->id) != NULL)
            continue;
        struct rd_name name =
            rd_name_of(printer->arena, resource->type, resource->id, &resource->body);
        rd_buf_printf(printer->out, "  = %.*s %.*s\n", RD_FMT(name.kind), RD_FMT(name.name));
    }
}

static void print_left_alone(struct printer *printer)
{
    const struct rd_plan *plan = printer->plan;
    if (plan->left_alone_count == 0)
        return;
    print_title(printer, "left alone");
    for (size_t i = 0; i < plan->left_alone_count && i < LEFT_ALONE_SHOWN_MAX; i++) {
        struct rd_str line = plan->left_alone[i];
        size_t colon = rd_str_find(line, RD_STR(": "), 0);
        struct rd_str id = rd_str_sub(line, 0, colon == RD_STR_NONE ? line.n : colon);
        const struct rd_type *type = rd_type_find(rd_arm_id_type(printer->arena, id));
        rd_print_wrapped(printer->out,
                         rd_arena_printf(printer->arena, "%.*s %.*s%.*s",
                                         RD_FMT(type == NULL ? RD_STR("resource") : type->label),
                                         RD_FMT(rd_name_of_id(printer->arena, id)),
                                         RD_FMT(rd_str_sub(line, id.n, line.n))),
                         4, printer->width);
    }
    if (plan->left_alone_count > LEFT_ALONE_SHOWN_MAX)
        rd_buf_printf(printer->out, "    and %zu more\n",
                      plan->left_alone_count - LEFT_ALONE_SHOWN_MAX);
}

/* One line for each place that its reader was not shown. */
static void print_unseen(struct printer *printer)
{
    struct rd_unseen *items = NULL;
    size_t count = rd_unseen_gather(printer->arena, printer->plan->unseen, &items);
    if (count > 0)
        print_title(printer, "not seen");
    for (size_t i = 0; i < count; i++)
        rd_print_wrapped(printer->out,
                         rd_arena_printf(printer->arena,
                                         "%.*s: the cloud does not show you whether "
                                         "they are there%s%.*s",
                                         RD_FMT(items[i].what),
                                         items[i].role.n > 0 ? "; seen with " : "",
                                         RD_FMT(items[i].role)),
                         4, printer->width);
}

/* Stands for a space at which no line ends: a duration is read in one piece. */
#define TIE '\x1f'

static void print_summary(struct printer *printer)
{
    const size_t *counts = printer->plan->counts;
    char duration[RD_TIME_TEXT_MAX];
    (void)rd_duration_format(printer->plan->critical_path_ms, duration);
    for (char *p = duration; *p != '\0'; p++)
        *p = *p == ' ' ? TIE : *p;
    rd_buf_add_char(printer->out, '\n');
    size_t unseen_count = rd_json_count(printer->plan->unseen);
    struct rd_str unseen = {"", 0};
    if (unseen_count > 0)
        unseen = rd_arena_printf(printer->arena, ", %zu not seen", unseen_count);
    struct rd_str text = rd_arena_printf(
        printer->arena,
        "%zu to create, %zu to change, %zu to replace, %zu to delete, %zu unchanged%.*s; about%c%s",
        counts[RD_CHANGE_CREATE], counts[RD_CHANGE_UPDATE], counts[RD_CHANGE_REPLACE],
        counts[RD_CHANGE_DELETE], counts[RD_CHANGE_NONE], RD_FMT(unseen), TIE, duration);
    RD_CLEANUP(rd_buf_done) struct rd_buf wrapped;
    rd_buf_init(&wrapped, SUMMARY_SIZE_MAX);
    rd_print_wrapped(&wrapped, text, 0, printer->width);
    struct rd_str lines = rd_buf_str(&wrapped);
    for (size_t i = 0; i < lines.n; i++)
        rd_buf_add_char(printer->out, lines.p[i] == TIE ? ' ' : lines.p[i]);
}

void rd_plan_print(struct rd_buf *out, const struct rd_plan *plan,
                   const struct rd_plan_text_options *options)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    int width = options->width <= 0 ? WIDTH_DEFAULT : options->width;
    struct printer printer = {.out = out,
                              .arena = arena,
                              .plan = plan,
                              .colors = options->colors,
                              .width = (size_t)(width < WIDTH_MIN ? WIDTH_MIN : width)};
    size_t unseen_count = rd_json_count(plan->unseen);
    const char *seen = unseen_count > 0 ? " in what was seen" : "";
    if (plan->change_count == 0 && plan->step_count == 0 && plan->desired == NULL) {
        rd_buf_printf(out, "nothing of enclave '%.*s' is there to delete%s\n",
                      RD_FMT(plan->enclave), seen);
    } else if (plan->change_count == 0 && plan->step_count == 0) {
        rd_buf_printf(out, "no changes%s: %s%zu resources of enclave '%.*s' are as the spec says\n",
                      seen, unseen_count > 0 ? "" : "all ", plan->counts[RD_CHANGE_NONE],
                      RD_FMT(plan->enclave));
    } else {
        rd_buf_printf(out, "plan for enclave '%.*s' in %.*s\n", RD_FMT(plan->enclave),
                      RD_FMT(plan->cloud));
        print_changes(&printer);
        print_other_steps(&printer);
    }
    if (options->shows_unchanged && plan->desired != NULL)
        print_unchanged(&printer);
    print_left_alone(&printer);
    print_unseen(&printer);
    if (plan->change_count > 0 || plan->step_count > 0)
        print_summary(&printer);
}
