/* SPDX-License-Identifier: Apache-2.0 */
#include "json_internal.h"

#include "crypto/hash.h"
#include "diff_internal.h"

const char *const rd_change_kind_names[RD_CHANGE_KIND_COUNT] = {
    [RD_CHANGE_NONE] = "none",       [RD_CHANGE_CREATE] = "create", [RD_CHANGE_UPDATE] = "update",
    [RD_CHANGE_REPLACE] = "replace", [RD_CHANGE_DELETE] = "delete",
};

const char *const rd_step_kind_names[RD_STEP_KIND_COUNT] = {
    [RD_STEP_PUT] = "put",
    [RD_STEP_DELETE] = "delete",
    [RD_STEP_ACTION] = "action",
    [RD_STEP_WAIT] = "wait",
    [RD_STEP_WAIT_UNTIL] = "wait-until",
    [RD_STEP_APPROVE] = "approve",
    [RD_STEP_ALTERNATIVES] = "alternatives",
};

const char *rd_step_kind_name(enum rd_step_kind kind)
{
    return rd_step_kind_names[kind];
}

static void add(struct rd_arena *arena, struct rd_json *object, const char *name,
                struct rd_json value)
{
    (void)rd_json_add(arena, object, rd_str_from(name), value);
}

static struct rd_json field_to_json(struct rd_arena *arena, const struct rd_field_change *field)
{
    struct rd_json object = rd_json_object();
    add(arena, &object, "path", rd_json_string(field->path));
    /* A saved plan lies around in files: what is masked on the screen is not in it either. */
    if (field->before->type != RD_JSON_ABSENT)
        add(arena, &object, "before",
            field->is_secret && !rd_is_reference(field->before) ? rd_json_null() : *field->before);
    if (field->after->type != RD_JSON_ABSENT)
        add(arena, &object, "after",
            field->is_secret && !rd_is_reference(field->after) ? rd_json_null() : *field->after);
    if (field->is_secret)
        add(arena, &object, "secret", rd_json_bool(true));
    if (field->replaces)
        add(arena, &object, "replaces", rd_json_bool(true));
    return object;
}

static struct rd_json change_to_json(struct rd_arena *arena, const struct rd_change *change)
{
    struct rd_json object = rd_json_object();
    add(arena, &object, "kind", rd_json_string_c(rd_change_kind_names[change->kind]));
    add(arena, &object, "id", rd_json_string(change->id));
    add(arena, &object, "reason", rd_json_string(change->reason));
    if (change->affected.n > 0)
        add(arena, &object, "affected", rd_json_string(change->affected));
    add(arena, &object, "expectedMs", rd_json_integer(change->expected_ms));
    if (change->field_count > 0) {
        struct rd_json fields = rd_json_array();
        for (size_t i = 0; i < change->field_count; i++)
            (void)rd_json_append(arena, &fields, field_to_json(arena, &change->fields[i]));
        add(arena, &object, "fields", fields);
    }
    return object;
}

static struct rd_json step_to_json(struct rd_arena *arena, const struct rd_step *step)
{
    struct rd_json object = rd_json_object();
    add(arena, &object, "kind", rd_json_string_c(rd_step_kind_names[step->kind]));
    add(arena, &object, "id", rd_json_string(step->id));
    if (step->action.n > 0)
        add(arena, &object, "action", rd_json_string(step->action));
    add(arena, &object, "change", rd_json_integer(step->change));
    struct rd_json needs = rd_json_array();
    for (uint32_t i = 0; i < step->need_count; i++)
        (void)rd_json_append(arena, &needs, rd_json_integer(step->needs[i]));
    add(arena, &object, "needs", needs);
    add(arena, &object, "expectedMs", rd_json_integer(step->expected_ms));
    return object;
}

/* A saved plan lies around in files: should a service ever return a secret, it is not in there. */
static struct rd_json without_secrets(struct rd_arena *arena, const struct rd_json *value)
{
    bool is_object = value->type == RD_JSON_OBJECT;
    if ((!is_object && value->type != RD_JSON_ARRAY) || rd_is_reference(value))
        return *value;
    struct rd_json copy = is_object ? rd_json_object() : rd_json_array();
    for (size_t i = 0; i < value->count; i++) {
        if (!is_object) {
            (void)rd_json_append(arena, &copy, without_secrets(arena, &value->u.items[i]));
            continue;
        }
        const struct rd_json_member *member = &value->u.members[i];
        bool is_secret = rd_diff_is_secret_name(member->key) && rd_json_exists(&member->value) &&
                         !rd_is_reference(&member->value);
        (void)rd_json_add(arena, &copy, member->key,
                          is_secret ? rd_json_null() : without_secrets(arena, &member->value));
    }
    return copy;
}

/* Of the live set only what changes: the rest is read again anyway before anything is done. */
static struct rd_json live_to_json(struct rd_arena *arena, const struct rd_plan *plan)
{
    struct rd_set part = *plan->live;
    part.facts = rd_json_object();
    part.count = 0;
    part.resources = rd_arena_array(arena, plan->change_count, sizeof(*part.resources));
    for (size_t i = 0; i < plan->change_count; i++)
        if (plan->changes[i].live != NULL) {
            struct rd_resource *resource = &part.resources[part.count++];
            *resource = *plan->changes[i].live;
            resource->body = without_secrets(arena, &resource->body);
        }
    return rd_set_to_json(arena, &part);
}

static struct rd_json without_hash(struct rd_arena *arena, const struct rd_plan *plan)
{
    struct rd_json object = rd_json_object();
    add(arena, &object, "version", rd_json_string_c(RD_PLAN_VERSION));
    add(arena, &object, "enclave", rd_json_string(plan->enclave));
    add(arena, &object, "cloud", rd_json_string(plan->cloud));
    add(arena, &object, "fingerprint",
        rd_json_string(plan->fingerprint.n > 0 ? plan->fingerprint
                                               : rd_set_fingerprint(arena, plan->live)));
    add(arena, &object, "unchanged", rd_json_integer((int64_t)plan->counts[RD_CHANGE_NONE]));
    add(arena, &object, "criticalPathMs", rd_json_integer(plan->critical_path_ms));
    struct rd_json changes = rd_json_array();
    for (size_t i = 0; i < plan->change_count; i++)
        (void)rd_json_append(arena, &changes, change_to_json(arena, &plan->changes[i]));
    add(arena, &object, "changes", changes);
    struct rd_json steps = rd_json_array();
    for (size_t i = 0; i < plan->step_count; i++)
        (void)rd_json_append(arena, &steps, step_to_json(arena, &plan->steps[i]));
    add(arena, &object, "steps", steps);
    struct rd_json left = rd_json_array();
    for (size_t i = 0; i < plan->left_alone_count; i++)
        (void)rd_json_append(arena, &left, rd_json_string(plan->left_alone[i]));
    add(arena, &object, "leftAlone", left);
    if (rd_json_count(plan->unseen) > 0)
        add(arena, &object, "unseen", *plan->unseen);
    if (plan->desired != NULL)
        add(arena, &object, "desired", rd_set_to_json(arena, plan->desired));
    add(arena, &object, "live", live_to_json(arena, plan));
    return object;
}

struct rd_str rd_plan_json_hash(struct rd_arena *arena, const struct rd_json *plan)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *scratch = rd_arena_new(0);
    struct rd_json hashed = rd_json_object();
    for (size_t i = 0; i < rd_json_count(plan); i++)
        if (!rd_str_is(plan->u.members[i].key, "hash"))
            (void)rd_json_add(scratch, &hashed, plan->u.members[i].key, plan->u.members[i].value);
    char hex[RD_SHA256_HEX_SIZE];
    struct rd_str text = rd_json_text(scratch, &hashed, RD_JSON_CANONICAL);
    return rd_arena_str(arena, rd_str_from(rd_sha256_hex(text, hex)));
}

struct rd_json rd_plan_to_json(struct rd_arena *arena, const struct rd_plan *plan)
{
    struct rd_json unhashed = without_hash(arena, plan);
    struct rd_json object = rd_json_object();
    for (size_t i = 0; i < unhashed.count; i++) {
        (void)rd_json_add(arena, &object, unhashed.u.members[i].key, unhashed.u.members[i].value);
        if (i == 0)
            add(arena, &object, "hash", rd_json_string(rd_plan_json_hash(arena, &unhashed)));
    }
    return object;
}

struct rd_str rd_plan_hash(struct rd_arena *arena, const struct rd_plan *plan)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *scratch = rd_arena_new(0);
    struct rd_json unhashed = without_hash(scratch, plan);
    return rd_plan_json_hash(arena, &unhashed);
}
