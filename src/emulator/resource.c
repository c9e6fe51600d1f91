/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"

/* The tree of resources in memory: by id, by type, by parent. */

static void mark_dirty(struct rd_cloud *cloud, struct em_resource *resource)
{
    if (resource->is_dirty)
        return;
    resource->is_dirty = true;
    em_push(&cloud->dirty, resource);
}

struct em_resource *em_find(struct rd_cloud *cloud, struct rd_str id)
{
    return em_index_get(&cloud->resources, id);
}

static void link_child(struct em_resource *parent, struct em_resource *child)
{
    child->parent = parent;
    if (parent == NULL)
        return;
    child->prev_sibling = parent->last_child;
    if (parent->last_child != NULL)
        parent->last_child->next_sibling = child;
    else
        parent->first_child = child;
    parent->last_child = child;
}

static void unlink_child(struct em_resource *child)
{
    struct em_resource *parent = child->parent;
    if (parent == NULL)
        return;
    if (child->prev_sibling != NULL)
        child->prev_sibling->next_sibling = child->next_sibling;
    else
        parent->first_child = child->next_sibling;
    if (child->next_sibling != NULL)
        child->next_sibling->prev_sibling = child->prev_sibling;
    else
        parent->last_child = child->prev_sibling;
    child->parent = child->next_sibling = child->prev_sibling = NULL;
}

struct em_class *em_class_find(const struct rd_cloud *cloud, struct rd_str type_name)
{
    return rd_map_get(&cloud->types, type_name);
}

static struct em_class *class_of(struct rd_cloud *cloud, const struct em_type *type)
{
    struct em_class *class_ = rd_map_get(&cloud->types, rd_str_from(type->name));
    assert(class_ != NULL);
    return class_;
}

struct em_resource *em_adopt(struct rd_cloud *cloud, struct em_resource *resource,
                             struct em_resource *parent)
{
    struct em_class *class_ = class_of(cloud, resource->type);
    if (class_->count == class_->cap) {
        class_->cap = class_->cap == 0 ? 16 : class_->cap * 2;
        class_->items = rd_heap_resize(class_->items, class_->cap * sizeof(*class_->items));
    }
    resource->index = class_->count;
    class_->items[class_->count++] = resource;
    class_->live++;
    em_index_add(&cloud->resources, resource);
    link_child(parent, resource);
    return resource;
}

void em_resource_free(struct em_resource *resource)
{
    em_heap_str_free(&resource->id);
    em_heap_str_free(&resource->text);
    em_heap_str_free(&resource->hidden);
    rd_heap_free(resource);
}

void em_compact_classes(struct rd_cloud *cloud)
{
    for (size_t i = 0; i < cloud->class_count; i++) {
        struct em_class *class_ = &cloud->classes[i];
        if (class_->count < 64 || class_->live * 2 > class_->count)
            continue;
        size_t kept = 0;
        for (size_t k = 0; k < class_->count; k++) {
            if (class_->items[k] == NULL)
                continue;
            class_->items[kept] = class_->items[k];
            class_->items[kept]->index = kept;
            kept++;
        }
        class_->count = kept;
    }
}

/* Names ---------------------------------------------------------------------------------------- */

struct rd_str em_name(const struct em_resource *resource)
{
    return rd_str_after_last(resource->id, '/');
}

/* The segment behind `word` in an id, or "". */
static struct rd_str segment_behind(struct rd_str id, struct rd_str word)
{
    size_t at = rd_str_find_case(id, word, 0);
    if (at == RD_STR_NONE)
        return (struct rd_str){"", 0};
    size_t start = at + word.n;
    size_t end = rd_str_find_char(id, '/', start);
    return rd_str_sub(id, start, end == RD_STR_NONE ? id.n : end);
}

struct rd_str em_group(const struct em_resource *resource)
{
    return segment_behind(resource->id, RD_STR("/resourceGroups/"));
}

struct rd_str em_subscription(const struct em_resource *resource)
{
    return segment_behind(resource->id, RD_STR("/subscriptions/"));
}

static struct rd_str without_segments(struct rd_str id, int count)
{
    for (int i = 0; i < count; i++) {
        size_t slash = rd_str_find_last_char(id, '/');
        id = rd_str_sub(id, 0, slash == RD_STR_NONE ? 0 : slash);
    }
    return id;
}

/* The id of what the resource stands in: nearest ancestor of a known type, group or scope. */
struct rd_str em_parent_id(const struct rd_cloud *cloud, const struct em_type *type,
                           struct rd_str id)
{
    if (type->place == EM_IN_SUBSCRIPTION)
        return (struct rd_str){"", 0};
    struct rd_str name = rd_str_from(type->name);
    struct rd_str parent = id;
    for (;;) {
        name = without_segments(name, 1);
        parent = without_segments(parent, 2);
        if (rd_str_find_char(name, '/', 0) == RD_STR_NONE)
            break;
        if (rd_map_get(&cloud->types, name) != NULL)
            return parent;
    }
    /* "/providers/{namespace}" is left at the end: group or scope stand before it. */
    return without_segments(parent, rd_str_has_suffix_case(parent, name) ? 2 : 0);
}

/* Bodies --------------------------------------------------------------------------------------- */

/* The core wrote the text itself, but perhaps into a file that was damaged since: then the exchange
 * goes on with an empty object and rd_cloud_handle refuses to save or answer. */
static struct rd_json parse_own(struct em_exchange *ex, struct rd_str text)
{
    struct rd_json value = rd_json_object();
    struct rd_err err;
    if (text.n == 0)
        return value;
    if (rd_json_parse(ex->arena, "store", rd_arena_str(ex->arena, text), 0, &value, &err) ==
        RD_RC_OK)
        return value;
    ex->cloud->is_damaged = true;
    return rd_json_object();
}

struct rd_json em_body(struct em_exchange *ex, const struct em_resource *resource)
{
    return parse_own(ex, resource->text);
}

struct rd_json em_hidden(struct em_exchange *ex, const struct em_resource *resource)
{
    return parse_own(ex, resource->hidden);
}

void em_strip(struct rd_json *body)
{
    (void)rd_json_remove(body, RD_STR("id"));
    (void)rd_json_remove(body, RD_STR("name"));
    (void)rd_json_remove(body, RD_STR("type"));
    (void)rd_json_remove(body, RD_STR("etag"));
}

static const char *state_word(const struct em_resource *resource)
{
    const struct em_type *type = resource->type;
    switch (resource->state) {
    case EM_CREATING:
        return type->create_state != NULL ? type->create_state : "Creating";
    case EM_UPDATING:
        return type->update_state != NULL ? type->update_state : "Updating";
    case EM_DELETING:
        return "Deleting";
    case EM_FAILED:
        return "Failed";
    case EM_SUCCEEDED:
        break;
    }
    return "Succeeded";
}

static void replace_text(struct rd_str *text, struct rd_str with)
{
    struct rd_str former = *text;
    *text = em_heap_str(with);
    em_heap_str_free(&former);
}

void em_store(struct em_exchange *ex, struct em_resource *resource, const struct rd_json *body)
{
    if (resource->is_deleted)
        return;
    struct rd_json copy = *body;
    em_strip(&copy);
    if (!resource->type->has_no_state) {
        struct rd_json *state = rd_json_make(ex->arena, &copy, "properties.provisioningState");
        *state = rd_json_string_c(state_word(resource));
    }
    em_put_in_order(ex, resource->type, &copy);
    replace_text(&resource->text, rd_json_text(ex->arena, &copy, RD_JSON_COMPACT));
    resource->changed_ms = ex->now_ms;
    resource->revision++;
    mark_dirty(ex->cloud, resource);
}

void em_store_hidden(struct em_exchange *ex, struct em_resource *resource,
                     const struct rd_json *hidden)
{
    if (resource->is_deleted)
        return;
    struct rd_str text = (struct rd_str){"", 0};
    if (rd_json_count(hidden) > 0)
        text = rd_json_text(ex->arena, hidden, RD_JSON_COMPACT);
    if (rd_str_eq(text, resource->hidden))
        return;
    replace_text(&resource->hidden, text);
    mark_dirty(ex->cloud, resource);
}

/* Making and removing -------------------------------------------------------------------------- */

struct em_resource *em_make(struct em_exchange *ex, const char *type, struct rd_str id)
{
    struct rd_cloud *cloud = ex->cloud;
    const struct em_class *class_ = em_class_find(cloud, rd_str_from(type));
    assert(class_ != NULL);
    if (em_find(cloud, id) != NULL)
        return NULL;
    struct em_resource *resource = rd_heap_zalloc(sizeof(*resource));
    *resource = (struct em_resource){
        .id = em_heap_str(id),
        .type = class_->type,
        .text = {"", 0},
        .hidden = {"", 0},
        .created_ms = ex->now_ms,
        .changed_ms = ex->now_ms,
        .seq = cloud->next_seq++,
    };
    struct rd_str parent = em_parent_id(cloud, class_->type, id);
    return em_adopt(cloud, resource, parent.n == 0 ? NULL : em_find(cloud, parent));
}

struct em_resource *em_create(struct em_exchange *ex, const char *type, struct rd_str id,
                              const struct rd_json *body, const struct rd_json *hidden)
{
    struct em_resource *resource = em_make(ex, type, id);
    if (resource == NULL)
        return NULL;
    em_store(ex, resource, body);
    if (hidden != NULL)
        em_store_hidden(ex, resource, hidden);
    return resource;
}

static void remove_one(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_cloud *cloud = ex->cloud;
    if (resource->type->deleted != NULL)
        resource->type->deleted(ex, resource);
    if (resource->is_deleted) /* the hook removed it by a way of its own */
        return;
    struct em_class *class_ = class_of(cloud, resource->type);
    class_->items[resource->index] = NULL;
    class_->live--;
    em_index_remove(&cloud->resources, resource->id);
    unlink_child(resource);
    resource->is_deleted = true;
    resource->pending = NULL;
    mark_dirty(cloud, resource);
}

/* Children go first, the youngest before the older ones that it may refer to. */
void em_remove(struct em_exchange *ex, struct em_resource *resource)
{
    if (resource->is_deleted)
        return;
    while (resource->last_child != NULL)
        em_remove(ex, resource->last_child);
    remove_one(ex, resource);
}

struct em_resource *em_each(struct rd_cloud *cloud, const char *type, size_t *cursor)
{
    const struct em_class *class_ = em_class_find(cloud, rd_str_from(type));
    assert(class_ != NULL);
    while (*cursor < class_->count) {
        struct em_resource *resource = class_->items[(*cursor)++];
        if (resource != NULL)
            return resource;
    }
    return NULL;
}

struct em_resource *em_refer(struct em_exchange *ex, struct rd_str id, const char *type)
{
    struct em_resource *resource = em_find(ex->cloud, id);
    if (resource != NULL && rd_str_is_case(rd_str_from(resource->type->name), type))
        return resource;
    (void)em_fail(ex, 400, "InvalidResourceReference",
                  "Resource %.*s referenced by resource %.*s was not found. Please make sure that "
                  "the referenced resource exists, and that both resources are in the same region.",
                  RD_FMT(id), RD_FMT(ex->id));
    return NULL;
}

/* Views ---------------------------------------------------------------------------------------- */

static void add_lower(struct rd_buf *out, struct rd_str text)
{
    for (size_t i = 0; i < text.n; i++)
        rd_buf_add_char(out, rd_char_lower(text.p[i]));
}

/* Id, name and type of has_path_names: "resourcegroups" and the words of the type in lower case,
 * names as written, and a child's name with those of its parents before it. */
static void write_path_names(const struct em_resource *resource, struct rd_buf *out)
{
    struct rd_str type = rd_str_from(resource->type->name);
    struct rd_str name_space = rd_str_sub(type, 0, rd_str_find_char(type, '/', 0));
    struct rd_str rest = resource->id, part, names[8];
    size_t index = 0, type_at = 0, name_count = 0;
    rd_buf_add(out, RD_STR("{\"id\":\""));
    for (; rd_str_next(&rest, '/', &part); index++) {
        bool is_word =
            type_at == 0 ? rd_str_is_case(part, "resourceGroups") : (index - type_at) % 2 == 1;
        if (index > 0)
            rd_buf_add_char(out, '/');
        if (is_word)
            add_lower(out, part);
        else
            rd_buf_add(out, part);
        if (type_at > 0 && !is_word && name_count < EM_COUNT(names))
            names[name_count++] = part;
        if (type_at == 0 && rd_str_eq_case(part, name_space))
            type_at = index;
    }
    rd_buf_add(out, RD_STR("\",\"name\":\""));
    for (size_t i = 0; i < name_count; i++) {
        rd_buf_add(out, i > 0 ? RD_STR("/") : RD_STR(""));
        rd_buf_add(out, names[i]);
    }
    rd_buf_add(out, RD_STR("\",\"type\":\""));
    rd_buf_add(out, name_space);
    add_lower(out, rd_str_sub(type, name_space.n, type.n));
    rd_buf_add_char(out, '"');
}

void em_etag_guid(struct em_exchange *ex, const struct em_resource *resource, char out[37])
{
    uint64_t drawn = em_mix(ex->cloud->seed ^ (uint64_t)resource->seq, 0x65746167u);
    em_guid_text(drawn, em_mix(drawn, (uint64_t)resource->revision), out);
}

static void write_head(struct em_exchange *ex, const struct em_resource *resource,
                       struct rd_buf *out)
{
    if (resource->type->has_path_names) {
        write_path_names(resource, out);
        return;
    }
    bool is_name_first = resource->type->json_style == EM_JSON_CRLF; /* compute: recorded */
    rd_buf_add(out, is_name_first ? RD_STR("{\"name\":") : RD_STR("{\"id\":"));
    rd_json_write_string(out, is_name_first ? em_name(resource) : resource->id);
    rd_buf_add(out, is_name_first ? RD_STR(",\"id\":") : RD_STR(",\"name\":"));
    rd_json_write_string(out, is_name_first ? resource->id : em_name(resource));
    rd_buf_add(out, RD_STR(",\"type\":\""));
    rd_buf_add_c(out, resource->type->name);
    rd_buf_add_char(out, '"');
    if (!resource->type->has_etag)
        return;
    char guid[37];
    em_etag_guid(ex, resource, guid);
    rd_buf_printf(out, ",\"etag\":\"W/\\\"%s\\\"\"", guid);
}

/* Whether a GET shows more than what is stored. */
static bool shows_more(const struct em_exchange *ex, const struct em_type *type)
{
    struct rd_str expand;
    return type->show != NULL && (!type->shows_on_expand ||
                                  rd_http_query_get(ex->arena, ex->url.query, "$expand", &expand));
}

/* The body as a GET shows it, without its head. */
static void write_body(struct em_exchange *ex, struct em_resource *resource, struct rd_buf *out)
{
    if (!shows_more(ex, resource->type)) {
        rd_buf_add(out, resource->text);
        return;
    }
    struct rd_json body = em_body(ex, resource);
    resource->type->show(ex, resource, &body);
    em_strip(&body);
    em_put_in_order(ex, resource->type, &body);
    rd_json_write(out, &body, RD_JSON_COMPACT);
}

/* Id, name and type take the place of the body's last brace. */
static void write_head_last(const struct em_resource *resource, struct rd_buf *out)
{
    bool is_type_first = resource->type->head == EM_HEAD_LAST_TYPE_FIRST;
    out->n--;
    rd_buf_add(out, out->p[out->n - 1] == '{' ? RD_STR("\"id\":") : RD_STR(",\"id\":"));
    rd_json_write_string(out, resource->id);
    if (is_type_first)
        rd_buf_printf(out, ",\"type\":\"%s\"", resource->type->name);
    rd_buf_add(out, RD_STR(",\"name\":"));
    rd_json_write_string(out, em_name(resource));
    if (!is_type_first)
        rd_buf_printf(out, ",\"type\":\"%s\"", resource->type->name);
    rd_buf_add_char(out, '}');
}

void em_view_text(struct em_exchange *ex, struct em_resource *resource, struct rd_buf *out)
{
    bool is_first_answer = resource->state == EM_CREATING && ex->request->method == RD_HTTP_PUT;
    bool has_head = !(resource->type->hides_id_at_first && is_first_answer);
    if (resource->type->head != EM_HEAD_FIRST) {
        write_body(ex, resource, out);
        write_head_last(resource, out);
        return;
    }
    if (has_head)
        write_head(ex, resource, out);
    size_t at = out->n;
    write_body(ex, resource, out);
    if (!has_head)
        return;
    /* The body's brace becomes the comma behind the head; "{}" is none at all. */
    if (out->n > at + 2) {
        out->p[at] = ',';
    } else {
        out->n = at;
        rd_buf_add_char(out, '}');
    }
}

struct rd_json em_view(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_buf buf;
    rd_buf_init(&buf, RD_HTTP_BODY_SIZE_MAX); /* a subnet names each address it holds */
    em_view_text(ex, resource, &buf);
    struct rd_json view = parse_own(ex, rd_buf_str(&buf));
    rd_buf_done(&buf);
    return view;
}
