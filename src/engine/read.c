/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "engine/engine.h"
#include "shown.h"

/*
 * Reading goes from the outside in. The groups that the desired set names are asked for first;
 * each that exists sends out one list a type; each resource that is found sends out the lists of
 * its children and of what is attached to it, and the GETs of what cannot be listed. Whatever is
 * missing ends its branch. All of it goes through the client at once, which paces it.
 *
 * Groups that only an earlier spec named are found by the enclave's tag, in the subscriptions of
 * the set, and looked into like those of the set.
 *
 * What bears no tags and hangs on a scope is only seen by asking that scope. So that what an
 * earlier spec named is seen too, types say where else they are looked for (column scopes);
 * whatever refuses that question has no say in whether the set can be read.
 *
 * Keys and secrets are looked at as Resource Manager shows them, to whom Reader is enough. What
 * only another plane tells and refuses to tell is unseen: a fact of the live set, and no failure.
 */

enum { PAGE_COUNT_MAX = 10000 }; /* of one list: more than any set may hold */

/* A type is also looked for on what is ours of another one, or on subscriptions. */
struct scope {
    const struct rd_type *type;
    const struct rd_type *on; /* NULL: subscriptions */
};

/* Who asks for what once a resource is there: by the id it hangs on. */
struct hook {
    const struct rd_type *type;         /* to list below it, or NULL */
    const struct rd_resource *resource; /* to GET, or NULL */
    struct hook *next;
};

struct reader {
    struct rd_world *world;
    struct rd_arena *arena;
    const struct rd_set *desired;
    struct rd_set *live;
    struct rd_map hooks;         /* id -> struct hook */
    struct rd_map groups;        /* ids of the groups that the set owns -> anything */
    const struct rd_type *known; /* all types */
    size_t known_count;
    const struct rd_type **types; /* of the desired set, and what may lie about in its groups */
    size_t type_count;
    size_t type_cap;
    struct scope *scopes;
    size_t scope_count;
    size_t scope_cap;
    size_t pending;
    struct rd_map unfinished; /* ids that no run has seen to a good end */
    struct rd_map halted;     /* ids that a run has stopped and not started again */
    struct rd_map unseen;     /* ids that a data plane refused to show -> anything */
    enum rd_rc rc;
    struct rd_err *err;
};

/* One request, again with each further page. */
struct question {
    struct reader *reader;
    const struct rd_type *type;
    struct rd_str place; /* where it lists, or the id that it GETs */
    struct rd_str url;
    bool is_list;
    bool is_optional; /* asked besides what the set names: a refusal means nothing */
    int page_count;
};

static void ask(struct question *question);
static bool add_hook(struct reader *reader, struct rd_str id, const struct rd_type *type,
                     const struct rd_resource *resource);

static void fail(struct reader *reader, const struct question *question,
                 const struct rd_outcome *outcome)
{
    if (reader->rc != RD_RC_OK)
        return;
    struct rd_str code = outcome->code;
    reader->rc = RD_FAIL(reader->err, outcome->rc, "reading %.*s%s '%.*s' failed: %.*s%s%.*s",
                         RD_FMT(question->type->label), question->is_list ? "s below" : "",
                         RD_FMT(question->place), RD_FMT(code), code.n > 0 ? ": " : "",
                         RD_FMT(outcome->message));
    (void)snprintf(reader->err->azure_code, sizeof(reader->err->azure_code), "%.*s", RD_FMT(code));
    reader->rc = rd_error_explain(reader->rc, code, outcome->message, RD_STR(""), reader->err);
}

static struct question *new_question(struct reader *reader, const struct rd_type *type,
                                     struct rd_str place, struct rd_str url, bool is_list)
{
    struct question *question = rd_arena_zalloc(reader->arena, sizeof(*question));
    question->reader = reader;
    question->type = type;
    question->place = place;
    question->url = url;
    question->is_list = is_list;
    return question;
}

static void ask_about(struct reader *reader, const struct rd_type *type, struct rd_str place,
                      struct rd_str url, bool is_list)
{
    ask(new_question(reader, type, place, url, is_list));
}

static void list_below(struct reader *reader, const struct rd_type *type, struct rd_str place)
{
    ask_about(reader, type, place,
              address_list(reader->arena, &reader->world->endpoints, type, place), true);
}

/* Unless it is asked for there anyway. */
static void list_besides(struct reader *reader, const struct rd_type *type, struct rd_str place)
{
    if (!add_hook(reader, place, type, NULL))
        return;
    struct rd_str url = address_list(reader->arena, &reader->world->endpoints, type, place);
    struct question *question = new_question(reader, type, place, url, true);
    question->is_optional = true;
    ask(question);
}

static void get_one(struct reader *reader, const struct rd_resource *resource)
{
    struct target target = target_of(resource);
    ask_about(reader, resource->type, resource->id,
              address_look(reader->arena, &reader->world->endpoints, &target), false);
}

static void get_with(struct reader *reader, const struct rd_resource *resource, struct rd_str query)
{
    struct target target = target_of(resource);
    ask_about(
        reader, resource->type, resource->id,
        address_url_query(reader->arena, &reader->world->endpoints, &target, ADDRESS_GET, query),
        false);
}

/* The type whose instances a type's own are listed below. */
static struct rd_str parent_type_of(const struct rd_type *type)
{
    struct rd_str named = rd_json_str(rd_json_get(type->row, RD_STR("list_parent")));
    return named.n > 0 ? named : rd_str_sub(type->name, 0, rd_str_find_last_char(type->name, '/'));
}

/* Below what is the enclave's own and the spec no longer names stands what has to go before it. */
static void list_below_orphan(struct reader *reader, const struct rd_resource *orphan)
{
    bool is_own = rd_set_owns_tags(reader->desired, rd_json_get(&orphan->body, RD_STR("tags")));
    for (size_t i = 0; i < reader->known_count && is_own; i++) {
        const struct rd_type *type = &reader->known[i];
        bool goes_along = rd_json_is_true(rd_json_get(type->row, RD_STR("with_parent")));
        if (type->listing == RD_LIST_PARENT && type->plane == RD_PLANE_ARM && !goes_along &&
            rd_str_eq_case(parent_type_of(type), orphan->type->name))
            list_below(reader, type, orphan->id);
    }
}

static bool is_group(const struct rd_resource *resource)
{
    return rd_str_is_case(resource->type->name, "Microsoft.Resources/resourceGroups");
}

/* Whether what was found is the enclave's own: by the set, or by its tag. */
static bool is_own(const struct reader *reader, const struct rd_resource *found)
{
    const struct rd_resource *wanted = rd_set_find(reader->desired, found->id);
    struct rd_str tag = rd_json_str(
        rd_json_get_case(rd_json_get(&found->body, RD_STR("tags")), RD_STR(RD_TAG_ENCLAVE)));
    return wanted != NULL ? !wanted->is_existing : rd_str_eq(tag, reader->desired->name);
}

/* With the first group of the enclave's in it, its subscription is a scope too. */
static void list_scopes(struct reader *reader, const struct rd_resource *found)
{
    bool is_a_group = is_group(found);
    for (size_t i = 0; i < reader->scope_count; i++) {
        const struct scope *scope = &reader->scopes[i];
        struct rd_arm_id id;
        bool is_it = scope->on == found->type;
        if (!is_it && !(is_a_group && scope->on == NULL))
            continue;
        if (!is_own(reader, found) || !rd_arm_id_parse(found->id, &id))
            return;
        list_besides(reader, scope->type, is_it ? found->id : id.parent);
    }
}

/* Everything in a group of an earlier spec is looked at as in one of the set. */
static void hook_group(struct reader *reader, struct rd_str id)
{
    (void)rd_map_set(&reader->groups, id, reader);
    for (size_t t = 0; t < reader->type_count; t++)
        if (reader->types[t]->listing == RD_LIST_GROUP)
            (void)add_hook(reader, id, reader->types[t], NULL);
}

static void follow_hooks(struct reader *reader, struct rd_str id, bool has_data_plane)
{
    for (struct hook *hook = rd_map_get(&reader->hooks, id); hook != NULL; hook = hook->next) {
        const struct rd_type *type = hook->type != NULL ? hook->type : hook->resource->type;
        bool is_data = type->plane == RD_PLANE_VAULT || type->plane == RD_PLANE_HSM;
        if (is_data && !has_data_plane)
            continue;
        if (hook->type != NULL)
            list_below(reader, hook->type, id);
        else
            get_one(reader, hook->resource);
    }
}

/* What comes back from a data plane is named by URL; in the set it has the id that redoubt gave it.
 */
static struct rd_str id_of_item(struct reader *reader, const struct question *question,
                                const struct rd_json *item)
{
    if (!question->is_list)
        return question->place;
    struct rd_str id = rd_json_str(rd_json_get(item, RD_STR("id")));
    if (question->type->plane == RD_PLANE_ARM || shown_by_arm(question->type))
        return id;
    struct rd_str name = rd_json_str(rd_json_get(item, RD_STR("name")));
    if (name.n == 0)
        name =
            rd_str_after_last(id.n > 0 ? id : rd_json_str(rd_json_get(item, RD_STR("kid"))), '/');
    return rd_arena_printf(reader->arena, "%.*s/%.*s/%.*s", RD_FMT(question->place),
                           RD_FMT(rd_str_after_last(question->type->name, '/')), RD_FMT(name));
}

/*
 * Besides what the set desires, kept are what lies in a group or below a resource that it owns (so
 * that what is foreign there can be reported), and what bears the enclave's tag or mark.
 */
static bool is_kept(struct reader *reader, const struct question *question, struct rd_str id,
                    const struct rd_json *item)
{
    struct rd_arm_id parsed;
    if (!rd_arm_id_parse(id, &parsed))
        return false;
    if (question->type->listing == RD_LIST_SCOPE) {
        /* Lists of a scope name what it inherits, too. */
        struct rd_str description = rd_json_str(rd_json_at(item, "properties.description"));
        bool is_marked = rd_set_owns_mark(reader->desired, description);
        return rd_str_eq_case(parsed.parent, question->place) &&
               (is_marked || !rd_json_exists(rd_json_at(item, "properties.principalId")));
    }
    if (rd_set_owns_tags(reader->desired, rd_json_get(item, RD_STR("tags"))))
        return true;
    if (question->type->listing == RD_LIST_PARENT) {
        const struct rd_resource *parent = rd_set_find(reader->desired, question->place);
        return parent == NULL || !parent->is_existing;
    }
    return rd_map_get(&reader->groups, address_group(&parsed)) != NULL;
}

/* Whether it may have been made without ever having run (column `boots`), or been stopped by a run
 * that did not come to start it again. */
static bool may_be_down(const struct reader *reader, const struct rd_resource *wanted)
{
    if (rd_map_get(&reader->halted, wanted->id) != NULL)
        return true;
    struct rd_str when = rd_json_str(rd_json_at(wanted->type->row, "boots.when"));
    return when.n > 0 && rd_json_exists(rd_json_at_str(&wanted->body, when)) &&
           rd_map_get(&reader->unfinished, wanted->id) != NULL;
}

RD_NODISCARD static enum rd_rc find_unfinished(struct reader *reader, struct rd_err *err)
{
    struct rd_str *ids = NULL;
    size_t count = 0;
    if (reader->world->journal == NULL)
        return RD_RC_OK;
    RD_TRY(rd_journal_unfinished(reader->world->journal, reader->arena, &ids, &count, err));
    for (size_t i = 0; i < count; i++)
        (void)rd_map_set(&reader->unfinished, ids[i], reader);
    RD_TRY(rd_journal_halted(reader->world->journal, reader->arena, &ids, &count, err));
    struct rd_json halted = rd_json_array();
    for (size_t i = 0; i < count; i++) {
        (void)rd_map_set(&reader->halted, ids[i], reader);
        (void)rd_json_append(reader->arena, &halted, rd_json_string(ids[i]));
    }
    if (count > 0)
        (void)rd_json_set_c(reader->arena, &reader->live->facts, "halted", halted);
    return RD_RC_OK;
}

/* A list leaves out what only the row's get_query asks for ($expand), and of keys and secrets most.
 */
static bool is_whole_in_list(const struct rd_type *type)
{
    return rd_json_str(rd_json_get(type->row, RD_STR("get_query"))).n == 0 && !shown_by_arm(type);
}

static void add_item(struct reader *reader, const struct question *question, struct rd_json *item)
{
    struct rd_str id = id_of_item(reader, question, item);
    if (!rd_json_is(item, RD_JSON_OBJECT) || id.n == 0)
        return;
    const struct rd_resource *wanted = rd_set_find(reader->desired, id);
    if (wanted == NULL && !is_kept(reader, question, id, item))
        return;
    if (question->is_list && wanted != NULL && !is_whole_in_list(question->type)) {
        get_one(reader, wanted);
        return;
    }
    if (question->is_list && wanted != NULL && may_be_down(reader, wanted)) {
        get_with(reader, wanted, rd_json_str(rd_json_at(wanted->type->row, "boots.get_query")));
        return;
    }
    if (shown_by_arm(question->type)) {
        *item = shown_body(reader->arena, question->type, item);
    } else if (question->type->plane == RD_PLANE_ARM) {
        (void)rd_json_remove(item, RD_STR("id"));
        (void)rd_json_remove(item, RD_STR("name"));
        (void)rd_json_remove(item, RD_STR("type"));
    }
    (void)rd_json_remove(item, RD_STR("etag"));
    (void)rd_json_remove(item, RD_STR("systemData"));
    size_t index = 0;
    struct rd_err err;
    /* What was read before, a type that no row describes, or a malformed id adds nothing. */
    if (rd_set_add(reader->live, id, *item, RD_STR("live"), &index, &err) != RD_RC_OK)
        return;
    if (wanted != NULL) {
        reader->live->resources[index].is_existing = wanted->is_existing;
        reader->live->resources[index].host = wanted->host;
    }
    const struct rd_resource *added = &reader->live->resources[index];
    if (wanted == NULL && is_group(added))
        hook_group(reader, added->id);
    /* A vault that is not activated has no data plane to ask. */
    follow_hooks(reader, added->id, address_is_ready(added->type, &added->body));
    list_scopes(reader, added);
    if (wanted == NULL)
        list_below_orphan(reader, added);
}

static void take_page(struct question *question, const struct rd_json *body)
{
    struct reader *reader = question->reader;
    const struct rd_json *items =
        rd_json_is(body, RD_JSON_ARRAY) ? body : rd_json_get(body, RD_STR("value"));
    if (rd_json_is(items, RD_JSON_ARRAY))
        for (size_t i = 0; i < rd_json_count(items); i++)
            add_item(reader, question, &items->u.items[i]);
    struct rd_str next = rd_json_str(rd_json_get(body, RD_STR("nextLink")));
    if (next.n == 0)
        return;
    if (++question->page_count > PAGE_COUNT_MAX || rd_str_eq(next, question->url)) {
        const struct rd_outcome endless = {.rc = RD_RC_CLOUD,
                                           .message = RD_STR("its pages do not come to an end")};
        fail(reader, question, &endless);
        return;
    }
    question->url = next;
    ask(question);
}

/* Whatever is desired of what was asked for may be there or not. Only a role that is missing makes
 * something unseen: who is not signed in, or in the wrong network, sees nothing at all and is told.
 */
static bool note_unseen(struct question *question, const struct rd_outcome *outcome)
{
    struct reader *reader = question->reader;
    bool is_for_want_of_role =
        outcome->status == 403 &&
        !rd_str_has_prefix_case(outcome->code, RD_STR("ForbiddenByFirewall"));
    if (outcome->rc != RD_RC_PERMISSION || !is_for_want_of_role ||
        question->type->plane == RD_PLANE_ARM || shown_by_arm(question->type))
        return false;
    for (size_t i = 0; i < reader->desired->count; i++) {
        const struct rd_resource *resource = &reader->desired->resources[i];
        struct rd_arm_id id;
        if (resource->type == question->type && rd_arm_id_parse(resource->id, &id) &&
            rd_str_eq_case(question->is_list ? id.parent : resource->id, question->place))
            (void)rd_map_set(&reader->unseen, resource->id, reader);
    }
    return true;
}

/* It may not be ours to ask there, or there is no such thing there: then nothing of ours is. */
static bool is_refused_besides(const struct question *question, const struct rd_outcome *outcome)
{
    if (outcome->status < 400 || outcome->status >= 500 || outcome->rc == RD_RC_TRANSIENT)
        return false;
    return question->is_optional;
}

static void take_answer(void *data, const struct rd_outcome *outcome)
{
    struct question *question = data;
    struct reader *reader = question->reader;
    reader->pending--;
    if (reader->rc != RD_RC_OK)
        ; /* what comes after a failure is not used */
    else if (outcome->rc == RD_RC_OK && question->is_list)
        take_page(question, &outcome->body);
    else if (outcome->rc == RD_RC_OK) {
        struct rd_json item = outcome->body;
        add_item(reader, question, &item);
    } else if (outcome->rc != RD_RC_NOT_FOUND && !is_refused_besides(question, outcome) &&
               !note_unseen(question, outcome))
        fail(reader, question, outcome);
    if (reader->pending == 0)
        rd_loop_stop(reader->world->loop);
}

static void ask(struct question *question)
{
    struct reader *reader = question->reader;
    reader->pending++;
    struct rd_call call = {
        .method = RD_HTTP_GET,
        .url = question->url,
        .arena = reader->arena,
        .done = take_answer,
        .data = question,
    };
    rd_client_call(reader->world->client, &call);
}

/* Preparing ---------------------------------------------------------------------------------- */

/* False when the type is hooked there already. */
static bool add_hook(struct reader *reader, struct rd_str id, const struct rd_type *type,
                     const struct rd_resource *resource)
{
    struct hook *first = rd_map_get(&reader->hooks, id);
    for (struct hook *hook = first; hook != NULL && type != NULL; hook = hook->next)
        if (hook->type == type)
            return false;
    struct hook *hook = rd_arena_zalloc(reader->arena, sizeof(*hook));
    hook->type = type;
    hook->resource = resource;
    hook->next = first;
    (void)rd_map_set(&reader->hooks, id, hook);
    return true;
}

static void note_type(struct reader *reader, const struct rd_type *type)
{
    for (size_t i = 0; i < reader->type_count; i++)
        if (reader->types[i] == type)
            return;
    reader->types = rd_arena_grow(reader->arena, reader->types, reader->type_count,
                                  &reader->type_cap, sizeof(const struct rd_type *));
    reader->types[reader->type_count++] = type;
}

/* The ancestor whose presence a resource's own GET or list waits for: the nearest that the set
 * names, so that nothing is asked below what is missing; "" when there is none. */
static struct rd_str owner_of(struct reader *reader, struct rd_str id)
{
    int64_t index = rd_set_ancestor(reader->desired, id);
    return index == RD_NONE ? RD_STR("") : reader->desired->resources[index].id;
}

/* Children are listed below each parent that is found, so the hook is on the parents' type: every
 * desired parent, and (in add_item's way) only those that exist. */
static void hook_children(struct reader *reader, const struct rd_type *type)
{
    struct rd_str parent_type = parent_type_of(type);
    for (size_t i = 0; i < reader->desired->count; i++) {
        const struct rd_resource *parent = &reader->desired->resources[i];
        if (rd_str_eq_case(parent->type->name, parent_type))
            (void)add_hook(reader, parent->id, type, NULL);
    }
}

static void hook_resource(struct reader *reader, const struct rd_resource *resource)
{
    struct rd_arm_id id;
    if (is_group(resource) || !rd_arm_id_parse(resource->id, &id))
        return;
    struct rd_str owner = owner_of(reader, resource->id);
    switch (resource->type->listing) {
    case RD_LIST_GROUP:
        /* A group outside the set, somebody else's, is taken to be there. */
        if (add_hook(reader, address_group(&id), resource->type, NULL) &&
            rd_set_find(reader->desired, address_group(&id)) == NULL)
            list_below(reader, resource->type, address_group(&id));
        break;
    case RD_LIST_SUBSCRIPTION:
        break;
    case RD_LIST_PARENT:
        /* Below somebody else's, such as a subnet that is there already, one is asked for alone. */
        if (rd_set_find(reader->desired, id.parent) != NULL)
            break;
        if (owner.n > 0)
            (void)add_hook(reader, owner, NULL, resource);
        else
            get_one(reader, resource);
        break;
    case RD_LIST_SCOPE:
        /* A scope inside the set is asked when it is found; others at once. */
        if (add_hook(reader, id.parent, resource->type, NULL) &&
            rd_set_find(reader->desired, id.parent) == NULL)
            list_below(reader, resource->type, id.parent);
        break;
    case RD_LIST_NONE:
    default:
        if (owner.n > 0)
            (void)add_hook(reader, owner, NULL, resource);
        else
            get_one(reader, resource);
        break;
    }
}

static void note_scopes(struct reader *reader, const struct rd_type *type)
{
    const struct rd_json *scopes = rd_json_get(type->row, RD_STR("scopes"));
    for (size_t i = 0; i < rd_json_count(scopes); i++) {
        struct rd_str name = rd_json_str(rd_json_item(scopes, i));
        const struct rd_type *on = rd_type_find(name);
        if (on == NULL && !rd_str_is(name, "subscription"))
            continue;
        reader->scopes = rd_arena_grow(reader->arena, reader->scopes, reader->scope_count,
                                       &reader->scope_cap, sizeof(*reader->scopes));
        reader->scopes[reader->scope_count++] = (struct scope){type, on};
    }
}

static void prepare(struct reader *reader)
{
    for (size_t i = 0; i < reader->known_count; i++)
        note_scopes(reader, &reader->known[i]);
    const struct rd_set *desired = reader->desired;
    for (size_t i = 0; i < desired->count; i++) {
        const struct rd_resource *resource = &desired->resources[i];
        note_type(reader, resource->type);
        if (is_group(resource) && !resource->is_existing)
            (void)rd_map_set(&reader->groups, resource->id, reader);
    }
    /* What a former spec named is looked for as well: its tag tells whose it is. */
    for (size_t i = 0; i < reader->known_count && rd_map_count(&reader->groups) > 0; i++)
        if (reader->known[i].listing == RD_LIST_GROUP &&
            rd_json_is_true(rd_json_get(reader->known[i].row, RD_STR("tags"))))
            note_type(reader, &reader->known[i]);
    for (size_t t = 0; t < reader->type_count; t++) {
        const struct rd_type *type = reader->types[t];
        if (type->listing == RD_LIST_PARENT)
            hook_children(reader, type);
        size_t cursor = 0;
        const struct rd_map_entry *group;
        while (type->listing == RD_LIST_GROUP &&
               (group = rd_map_next(&reader->groups, &cursor)) != NULL)
            (void)add_hook(reader, group->key, type, NULL);
    }
}

static void list_subscriptions(struct reader *reader)
{
    struct rd_map asked;
    rd_map_init(&asked, true);
    for (size_t i = 0; i < reader->desired->count; i++) {
        const struct rd_resource *resource = &reader->desired->resources[i];
        struct rd_arm_id id;
        if (resource->type->listing != RD_LIST_SUBSCRIPTION || !rd_arm_id_parse(resource->id, &id))
            continue;
        struct rd_str place =
            rd_arena_printf(reader->arena, "/subscriptions/%.*s", RD_FMT(id.subscription));
        struct rd_str key = rd_arena_printf(reader->arena, "%.*s %.*s", RD_FMT(place),
                                            RD_FMT(resource->type->name));
        if (rd_map_set(&asked, key, reader) == NULL)
            list_below(reader, resource->type, place);
    }
    rd_map_done(&asked);
}

/* Where the set has groups of its own, and wherever else its spec says that it may have some. */
static void list_groups(struct reader *reader)
{
    const struct rd_json *known = rd_json_at(&reader->desired->facts, "subscriptions");
    for (size_t i = 0; i < rd_json_count(known) && rd_map_count(&reader->groups) > 0; i++)
        list_besides(reader, rd_type_find(RD_STR("Microsoft.Resources/resourceGroups")),
                     rd_arena_printf(reader->arena, "/subscriptions/%.*s",
                                     RD_FMT(rd_json_str(rd_json_item(known, i)))));
}

static void start(struct reader *reader)
{
    prepare(reader);
    list_groups(reader);
    for (size_t i = 0; i < reader->desired->count; i++) {
        const struct rd_resource *resource = &reader->desired->resources[i];
        if (is_group(resource))
            get_one(reader, resource);
        else
            hook_resource(reader, resource);
    }
    list_subscriptions(reader);
}

/* In the order of the desired set, whichever answer came first. */
static void tell_unseen(struct reader *reader)
{
    struct rd_json ids = rd_json_array();
    for (size_t i = 0; i < reader->desired->count && rd_map_count(&reader->unseen) > 0; i++)
        if (rd_map_get(&reader->unseen, reader->desired->resources[i].id) != NULL)
            (void)rd_json_append(reader->arena, &ids,
                                 rd_json_string(reader->desired->resources[i].id));
    if (rd_json_count(&ids) > 0)
        (void)rd_json_set_c(reader->arena, &reader->live->facts, "unseen", ids);
}

enum rd_rc rd_engine_read(struct rd_world *world, struct rd_arena *arena,
                          const struct rd_set *desired, struct rd_set **ret_live,
                          struct rd_err *err)
{
    struct reader reader = {
        .world = world,
        .arena = arena,
        .desired = desired,
        .live = rd_set_new(arena, desired->name, desired->cloud),
        .rc = RD_RC_OK,
        .err = err,
    };
    reader.live->enclave_id = desired->enclave_id;
    RD_TRY(rd_types_load(&reader.known, &reader.known_count, err));
    rd_map_init(&reader.unfinished, true);
    rd_map_init(&reader.halted, true);
    rd_map_init(&reader.unseen, true);
    RD_TRY(find_unfinished(&reader, err));
    rd_map_init(&reader.hooks, true);
    rd_map_init(&reader.groups, true);
    start(&reader);
    for (size_t before = 0; reader.pending > 0 && reader.pending != before;) {
        before = reader.pending;
        rd_loop_run(world->loop);
    }
    assert(reader.pending == 0); /* a transport that loses requests breaks its contract */
    tell_unseen(&reader);
    rd_map_done(&reader.unseen);
    rd_map_done(&reader.halted);
    rd_map_done(&reader.unfinished);
    rd_map_done(&reader.hooks);
    rd_map_done(&reader.groups);
    if (reader.rc != RD_RC_OK) {
        rd_set_done(reader.live);
        return rd_err_frame(reader.rc, err, "while reading what is live");
    }
    rd_set_resolve_live(reader.live);
    *ret_live = reader.live;
    return RD_RC_OK;
}
