/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that a person asks for: refused when they cannot strike, and told when they did not. */
#include "session.h"

#include "facts/facts.h"
#include "local_transport.h"

/* "crash:after=N" is a fault of this machine; all others are the cloud's. */
static const struct rd_str crash_fault = {"crash", 5};
static const struct rd_str crash_argument = {"crash:after=", 12};

/* Arguments that name something of the enclave, and where the desired set has such names. */
static const struct aim {
    const char *fault;
    const char *argument;
    const char *type;
    const char *path; /* to texts, * for every item; "" is the resource's own name */
    const char *what;
} aims[] = {
    {"extension", "host", "Microsoft.Compute/virtualMachines", "", "host"},
    {"extension", "name", "Microsoft.Compute/virtualMachines/extensions", "", "extension"},
    {"extension", "name", "Microsoft.Compute/virtualMachines/extensions", "properties.type",
     "extension"},
    {"capacity", "zone", "Microsoft.Compute/virtualMachines", "zones.*", "zone"},
    {"capacity", "size", "Microsoft.Compute/virtualMachines", "properties.hardwareProfile.vmSize",
     "VM size"},
    {"image-build", "step", "Microsoft.VirtualMachineImages/imageTemplates",
     "properties.customize.*.name", "step"},
    {"replication", "region", "Microsoft.VirtualMachineImages/imageTemplates",
     "properties.distribute.*.targetRegions.*.name", "region"},
};

enum { AIM_COUNT = sizeof(aims) / sizeof(aims[0]), NEAREST_MAX = 2000 };

struct names {
    struct rd_arena *arena;
    struct rd_str *items;
    size_t count;
    size_t cap;
};

/* Each host brings the same extensions: what was said just before is not said again. */
static void add_name(struct names *names, struct rd_str name)
{
    for (size_t i = names->count; i > 0 && i + 8 > names->count; i--)
        if (rd_str_eq_case(names->items[i - 1], name))
            return;
    names->items =
        rd_arena_grow(names->arena, names->items, names->count, &names->cap, sizeof(*names->items));
    names->items[names->count++] = name;
}

static void add_names(struct names *names, const struct rd_json *value, struct rd_str path)
{
    size_t star = rd_str_find(path, RD_STR("*"), 0);
    struct rd_str head = rd_str_sub(path, 0, star == RD_STR_NONE ? path.n : star);
    if (head.n > 0 && head.p[head.n - 1] == '.')
        head.n--;
    value = head.n > 0 ? rd_json_at_str(value, head) : value;
    if (star == RD_STR_NONE) {
        if (rd_json_str(value).n > 0)
            add_name(names, rd_json_str(value));
        return;
    }
    struct rd_str rest = rd_str_sub(path, star + 1, path.n);
    if (rest.n > 0)
        rest = rd_str_sub(rest, 1, rest.n);
    for (size_t i = 0; i < rd_json_count(value) && rd_json_is(value, RD_JSON_ARRAY); i++)
        add_names(names, rd_json_item(value, i), rest);
}

static void gather(const struct session *session, const struct aim *aim, struct names *names)
{
    for (size_t i = 0; i < session->desired->count; i++) {
        const struct rd_resource *resource = &session->desired->resources[i];
        if (!rd_str_is_case(resource->type->name, aim->type))
            continue;
        if (aim->path[0] == '\0')
            add_name(names, resource->name);
        else
            add_names(names, &resource->body, rd_str_from(aim->path));
    }
    /* The spec has zones that only come in when the first one is full. */
    if (rd_str_is(rd_str_from(aim->argument), "zone") && session->spec != NULL)
        for (size_t i = 0; i < session->spec->hosts.zones.count; i++)
            add_name(names, session->spec->hosts.zones.items[i]);
}

static bool is_among(const struct names *names, struct rd_str value)
{
    for (size_t i = 0; i < names->count; i++)
        if (rd_str_eq_case(names->items[i], value))
            return true;
    return false;
}

RD_NODISCARD static enum rd_rc check_argument(const struct session *session, struct rd_str fault,
                                              struct rd_str key, struct rd_str value,
                                              struct rd_err *err)
{
    struct names names = {.arena = session->arena};
    const struct aim *aim = NULL;
    for (size_t i = 0; i < AIM_COUNT; i++) {
        if (!rd_str_is(fault, aims[i].fault) || !rd_str_is(key, aims[i].argument))
            continue;
        aim = &aims[i];
        gather(session, aim, &names);
    }
    if (aim == NULL || is_among(&names, value))
        return RD_RC_OK;
    enum rd_rc rc = RD_FAIL(
        err, RD_RC_USAGE, "the fault '%.*s' can never strike: the enclave '%.*s' has no %s '%.*s'",
        RD_FMT(fault), RD_FMT(session->desired->name), aim->what, RD_FMT(value));
    if (names.count == 0)
        return rd_err_hint(rc, err, "it has no %s at all: leave the fault out", aim->what);
    size_t looked = names.count > NEAREST_MAX ? NEAREST_MAX : names.count;
    struct rd_str nearest = rd_str_nearest(value, names.items, looked);
    if (nearest.n > 0)
        return rd_err_hint(rc, err, "did you mean '%.*s'?", RD_FMT(nearest));
    return rd_err_hint(rc, err, "it has '%.*s'%s%.*s%s", RD_FMT(names.items[0]),
                       names.count > 1 ? " to '" : "",
                       RD_FMT(names.count > 1 ? names.items[names.count - 1] : RD_STR("")),
                       names.count > 1 ? "'" : "");
}

/* Its name and values are right by the cloud's own table; here by what the enclave has. */
RD_NODISCARD static enum rd_rc check_aim(const struct session *session, struct rd_str text,
                                         struct rd_err *err)
{
    size_t colon = rd_str_find_char(text, ':', 0);
    if (colon == RD_STR_NONE)
        return RD_RC_OK;
    struct rd_str name = rd_str_trim(rd_str_sub(text, 0, colon));
    struct rd_str arguments = rd_str_sub(text, colon + 1, text.n);
    struct rd_str part;
    while (arguments.n > 0 && rd_str_next(&arguments, ',', &part)) {
        size_t at = rd_str_find_char(part, '=', 0);
        if (at != RD_STR_NONE)
            RD_TRY(check_argument(session, name, rd_str_trim(rd_str_sub(part, 0, at)),
                                  rd_str_trim(rd_str_sub(part, at + 1, part.n)), err));
    }
    return RD_RC_OK;
}

/* Whether a rehearsal is among what it strikes, by the cloud's own table (column where). */
RD_NODISCARD static enum rd_rc check_where(struct rd_str text, struct rd_err *err)
{
    const struct rd_json *table = rd_facts_embedded("emulator/faults");
    size_t colon = rd_str_find_char(text, ':', 0);
    struct rd_str name = rd_str_trim(rd_str_sub(text, 0, colon == RD_STR_NONE ? text.n : colon));
    const struct rd_json *where = &rd_json_absent;
    for (size_t i = 0; i < rd_json_count(table); i++)
        if (rd_str_eq(rd_json_str(rd_json_at(rd_json_item(table, i), "name")), name))
            where = rd_json_at(rd_json_item(table, i), "where");
    for (size_t i = 0; i < rd_json_count(where); i++)
        if (rd_str_is(rd_json_str(rd_json_item(where, i)), "rehearsal"))
            return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_USAGE,
                               "the fault '%.*s' can never strike in a rehearsal: nobody signs in "
                               "to it",
                               RD_FMT(name)),
                       err,
                       "serve the cloud with it ('redoubt cloud serve --fault %.*s'), and use "
                       "--live",
                       RD_FMT(text));
}

enum rd_rc faults_check_served(const struct args *args, struct rd_err *err)
{
    for (size_t i = 0; i < args->fault_count; i++) {
        struct rd_str fault = rd_str_from(args->faults[i]);
        if (rd_str_has_prefix(fault, crash_fault))
            return rd_err_hint(RD_FAIL(err, RD_RC_USAGE,
                                       "the fault 'crash' can never strike a served cloud: it ends "
                                       "the redoubt that asks, not the one that serves"),
                               err, "give it to a rehearsal, such as 'redoubt up --fault %.*s'",
                               RD_FMT(fault));
        RD_TRY(rd_cloud_check_fault(fault, err));
    }
    return RD_RC_OK;
}

enum rd_rc faults_check(const struct session *session, struct rd_err *err)
{
    const struct args *args = session->args;
    for (size_t i = 0; i < args->fault_count; i++) {
        struct rd_str fault = rd_str_from(args->faults[i]);
        int64_t count;
        if (!rd_str_has_prefix(fault, crash_fault)) {
            RD_TRY(rd_cloud_check_fault(fault, err));
            RD_TRY(check_where(fault, err));
            RD_TRY(check_aim(session, fault, err));
        } else if (!rd_str_has_prefix(fault, crash_argument) ||
                   !rd_str_to_int(rd_str_sub(fault, crash_argument.n, fault.n), 1, INT64_MAX,
                                  &count)) {
            return rd_err_hint(RD_FAIL(err, RD_RC_USAGE,
                                       "'%.*s' needs a number of requests, from 1", RD_FMT(fault)),
                               err, "such as 'crash:after=100'");
        }
    }
    return RD_RC_OK;
}

enum rd_rc faults_add(struct session *session, struct rd_err *err)
{
    for (size_t i = 0; i < session->args->fault_count; i++) {
        struct rd_str fault = rd_str_from(session->args->faults[i]);
        int64_t count = 0;
        if (!rd_str_has_prefix(fault, crash_fault))
            RD_TRY(rd_cloud_add_fault(session->cloud, fault, err));
        else if (rd_str_to_int(rd_str_sub(fault, crash_argument.n, fault.n), 1, INT64_MAX, &count))
            local_transport_crash_after(session->transport, count);
    }
    return RD_RC_OK;
}

/* A crash that struck leaves nobody to ask. */
static bool has_struck(const struct session *session, struct rd_str fault)
{
    return !rd_str_has_prefix(fault, crash_fault) && rd_cloud_has_struck(session->cloud, fault);
}

struct rd_json faults_idle(const struct session *session)
{
    struct rd_json idle = rd_json_array();
    for (size_t i = 0; i < session->args->fault_count && session->cloud != NULL; i++)
        if (!has_struck(session, rd_str_from(session->args->faults[i])))
            (void)rd_json_append(session->arena, &idle, rd_json_string_c(session->args->faults[i]));
    return idle;
}

void faults_warn(const struct session *session)
{
    struct rd_json idle = faults_idle(session);
    for (size_t i = 0; i < rd_json_count(&idle); i++)
        output_warning(rd_arena_printf(session->arena, "the fault '%.*s' never struck",
                                       RD_FMT(rd_json_str(rd_json_item(&idle, i)))),
                       "nothing that was asked of the cloud was what it is for; 'redoubt help "
                       "faults' tells when each strikes");
}
