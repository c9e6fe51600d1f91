/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

const struct rd_json rd_json_absent = {.type = RD_JSON_ABSENT};

bool rd_json_is(const struct rd_json *value, enum rd_json_type type)
{
    return value->type == type;
}

bool rd_json_exists(const struct rd_json *value)
{
    return value->type != RD_JSON_ABSENT && value->type != RD_JSON_NULL;
}

bool rd_json_is_true(const struct rd_json *value)
{
    return value->type == RD_JSON_BOOL && value->is_true;
}

struct rd_str rd_json_str(const struct rd_json *value)
{
    if (value->type != RD_JSON_STRING)
        return (struct rd_str){"", 0};
    return (struct rd_str){value->u.text, value->count};
}

int64_t rd_json_int(const struct rd_json *value, int64_t otherwise)
{
    return value->type == RD_JSON_INT ? value->u.i : otherwise;
}

struct rd_str rd_json_number_text(const struct rd_json *value)
{
    assert(value->type == RD_JSON_NUMBER);
    return (struct rd_str){value->u.text, value->count};
}

double rd_json_double(const struct rd_json *value, double otherwise)
{
    if (value->type == RD_JSON_INT)
        return (double)value->u.i;
    if (value->type != RD_JSON_NUMBER)
        return otherwise;
    char text[512];
    if (value->count >= sizeof(text))
        return otherwise;
    memcpy(text, value->u.text, value->count);
    text[value->count] = '\0';
    return strtod(text, NULL);
}

/* Digits up to an exponent, scaled; a value with an exponent is refused as too odd for money. */
bool rd_json_fixed(const struct rd_json *value, int digits, int64_t *ret_value)
{
    assert(digits >= 0 && digits <= 18);
    int64_t scaled = 0;
    if (value->type == RD_JSON_INT) {
        scaled = value->u.i;
        for (int i = 0; i < digits; i++)
            if (__builtin_mul_overflow(scaled, 10, &scaled))
                return false;
        *ret_value = scaled;
        return true;
    }
    if (value->type != RD_JSON_NUMBER)
        return false;
    struct rd_str text = rd_json_number_text(value);
    bool is_negative = text.p[0] == '-';
    int decimals = -1;
    for (size_t i = is_negative; i < text.n; i++) {
        if (text.p[i] == '.') {
            decimals = 0;
            continue;
        }
        if (!rd_char_is_digit(text.p[i]))
            return false;
        if (decimals == digits) {
            if (text.p[i] != '0')
                return false;
            continue;
        }
        if (__builtin_mul_overflow(scaled, 10, &scaled) ||
            __builtin_add_overflow(scaled, text.p[i] - '0', &scaled))
            return false;
        decimals += decimals >= 0;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < digits; i++)
        if (__builtin_mul_overflow(scaled, 10, &scaled))
            return false;
    *ret_value = is_negative ? -scaled : scaled;
    return true;
}

static const struct rd_json *find(const struct rd_json *object, struct rd_str key)
{
    if (object->type != RD_JSON_OBJECT)
        return NULL;
    for (size_t i = 0; i < object->count; i++) {
        const struct rd_json_member *member = &object->u.members[i];
        if (member->key.n == key.n && (key.n == 0 || memcmp(member->key.p, key.p, key.n) == 0))
            return &member->value;
    }
    return NULL;
}

const struct rd_json *rd_json_get(const struct rd_json *object, struct rd_str key)
{
    const struct rd_json *value = find(object, key);
    return value == NULL ? &rd_json_absent : value;
}

const struct rd_json *rd_json_get_case(const struct rd_json *object, struct rd_str key)
{
    if (object->type == RD_JSON_OBJECT)
        for (size_t i = 0; i < object->count; i++)
            if (rd_str_eq_case(object->u.members[i].key, key))
                return &object->u.members[i].value;
    return &rd_json_absent;
}

const struct rd_json *rd_json_item(const struct rd_json *array, size_t index)
{
    if (array->type != RD_JSON_ARRAY || index >= array->count)
        return &rd_json_absent;
    return &array->u.items[index];
}

size_t rd_json_count(const struct rd_json *value)
{
    return value->type == RD_JSON_ARRAY || value->type == RD_JSON_OBJECT ? value->count : 0;
}

const struct rd_json *rd_json_at_str(const struct rd_json *value, struct rd_str path)
{
    struct rd_str part;
    while (path.n > 0 && rd_str_next(&path, '.', &part)) {
        int64_t index;
        if (value->type == RD_JSON_ARRAY)
            value = rd_str_to_int(part, 0, INT32_MAX, &index) ? rd_json_item(value, (size_t)index)
                                                              : &rd_json_absent;
        else
            value = rd_json_get(value, part);
    }
    return value;
}

const struct rd_json *rd_json_at(const struct rd_json *value, const char *path)
{
    return rd_json_at_str(value, rd_str_from(path));
}

static bool objects_eq(const struct rd_json *a, const struct rd_json *b)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct rd_json_member *member = &a->u.members[i];
        /* Mostly in the same order, so look in the same place first. */
        const struct rd_json_member *same = &b->u.members[i];
        const struct rd_json *other =
            rd_str_eq(same->key, member->key) ? &same->value : find(b, member->key);
        if (other == NULL || !rd_json_eq(&member->value, other))
            return false;
    }
    return true;
}

bool rd_json_eq(const struct rd_json *a, const struct rd_json *b)
{
    if (a->type != b->type || (a->type >= RD_JSON_NUMBER && a->count != b->count))
        return false;
    switch ((enum rd_json_type)a->type) {
    case RD_JSON_BOOL:
        return a->is_true == b->is_true;
    case RD_JSON_INT:
        return a->u.i == b->u.i;
    case RD_JSON_NUMBER:
    case RD_JSON_STRING:
        return a->count == 0 || memcmp(a->u.text, b->u.text, a->count) == 0;
    case RD_JSON_ARRAY:
        for (size_t i = 0; i < a->count; i++)
            if (!rd_json_eq(&a->u.items[i], &b->u.items[i]))
                return false;
        return true;
    case RD_JSON_OBJECT:
        return objects_eq(a, b);
    case RD_JSON_ABSENT:
    case RD_JSON_NULL:
        break;
    }
    return true;
}

struct rd_json rd_json_null(void)
{
    return (struct rd_json){.type = RD_JSON_NULL};
}

struct rd_json rd_json_bool(bool is_true)
{
    return (struct rd_json){.type = RD_JSON_BOOL, .is_true = is_true};
}

struct rd_json rd_json_integer(int64_t i)
{
    return (struct rd_json){.type = RD_JSON_INT, .u.i = i};
}

struct rd_json rd_json_string(struct rd_str s)
{
    assert(s.n <= UINT32_MAX);
    return (struct rd_json){.type = RD_JSON_STRING, .count = (uint32_t)s.n, .u.text = s.p};
}

struct rd_json rd_json_string_c(const char *s)
{
    return rd_json_string(rd_str_from(s));
}

struct rd_json rd_json_array(void)
{
    return (struct rd_json){.type = RD_JSON_ARRAY};
}

struct rd_json rd_json_object(void)
{
    return (struct rd_json){.type = RD_JSON_OBJECT};
}

struct rd_json rd_json_decimal(struct rd_arena *arena, int64_t value, int digits)
{
    assert(digits >= 0 && digits <= 18);
    int64_t unit = 1;
    for (int i = 0; i < digits; i++)
        unit *= 10;
    if (value % unit == 0)
        return rd_json_integer(value / unit);
    uint64_t positive = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    uint64_t fraction = positive % (uint64_t)unit;
    while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    struct rd_str text = rd_arena_printf(arena, "%s%llu.%0*llu", value < 0 ? "-" : "",
                                         (unsigned long long)(positive / (uint64_t)unit), digits,
                                         (unsigned long long)fraction);
    return (struct rd_json){.type = RD_JSON_NUMBER, .count = (uint32_t)text.n, .u.text = text.p};
}

static void make_room(struct rd_arena *arena, struct rd_json *container, size_t size)
{
    if (container->count < container->cap)
        return;
    size_t cap = container->cap < 4 ? 4 : (size_t)container->cap * 2;
    assert(cap <= UINT32_MAX);
    void *bigger = rd_arena_alloc(arena, cap * size);
    if (container->count > 0)
        memcpy(bigger, container->u.items, container->count * size);
    container->u.items = bigger;
    container->cap = (uint32_t)cap;
}

struct rd_json *rd_json_add(struct rd_arena *arena, struct rd_json *object, struct rd_str key,
                            struct rd_json value)
{
    assert(object->type == RD_JSON_OBJECT);
    make_room(arena, object, sizeof(struct rd_json_member));
    struct rd_json_member *member = &object->u.members[object->count++];
    *member = (struct rd_json_member){key, value};
    return &member->value;
}

struct rd_json *rd_json_set(struct rd_arena *arena, struct rd_json *object, struct rd_str key,
                            struct rd_json value)
{
    assert(object->type == RD_JSON_OBJECT);
    for (size_t i = 0; i < object->count; i++) {
        if (rd_str_eq(object->u.members[i].key, key)) {
            object->u.members[i].value = value;
            return &object->u.members[i].value;
        }
    }
    return rd_json_add(arena, object, key, value);
}

struct rd_json *rd_json_set_c(struct rd_arena *arena, struct rd_json *object, const char *key,
                              struct rd_json value)
{
    return rd_json_set(arena, object, rd_str_from(key), value);
}

struct rd_json *rd_json_append(struct rd_arena *arena, struct rd_json *array, struct rd_json item)
{
    assert(array->type == RD_JSON_ARRAY);
    make_room(arena, array, sizeof(struct rd_json));
    array->u.items[array->count] = item;
    return &array->u.items[array->count++];
}

struct rd_json *rd_json_make(struct rd_arena *arena, struct rd_json *object, const char *path)
{
    struct rd_str rest = rd_str_from(path);
    struct rd_str part;
    struct rd_json *at = object;
    while (rd_str_next(&rest, '.', &part)) {
        if (at->type != RD_JSON_OBJECT)
            *at = rd_json_object();
        struct rd_json *next = NULL;
        for (size_t i = 0; i < at->count && next == NULL; i++)
            if (rd_str_eq(at->u.members[i].key, part))
                next = &at->u.members[i].value;
        if (next == NULL)
            next = rd_json_add(arena, at, rd_arena_str(arena, part), rd_json_null());
        at = next;
    }
    return at;
}

bool rd_json_remove(struct rd_json *object, struct rd_str key)
{
    if (object->type != RD_JSON_OBJECT)
        return false;
    for (size_t i = 0; i < object->count; i++) {
        if (!rd_str_eq(object->u.members[i].key, key))
            continue;
        memmove(&object->u.members[i], &object->u.members[i + 1],
                (object->count - i - 1) * sizeof(struct rd_json_member));
        object->count--;
        return true;
    }
    return false;
}

struct rd_json rd_json_copy(struct rd_arena *arena, const struct rd_json *value)
{
    struct rd_json copy = *value;
    copy.cap = copy.count;
    switch ((enum rd_json_type)value->type) {
    case RD_JSON_NUMBER:
    case RD_JSON_STRING:
        copy.u.text = rd_arena_str(arena, (struct rd_str){value->u.text, value->count}).p;
        break;
    case RD_JSON_ARRAY:
        copy.u.items = rd_arena_array(arena, value->count, sizeof(struct rd_json));
        for (size_t i = 0; i < value->count; i++)
            copy.u.items[i] = rd_json_copy(arena, &value->u.items[i]);
        break;
    case RD_JSON_OBJECT:
        copy.u.members = rd_arena_array(arena, value->count, sizeof(struct rd_json_member));
        for (size_t i = 0; i < value->count; i++) {
            copy.u.members[i].key = rd_arena_str(arena, value->u.members[i].key);
            copy.u.members[i].value = rd_json_copy(arena, &value->u.members[i].value);
        }
        break;
    case RD_JSON_ABSENT:
    case RD_JSON_NULL:
    case RD_JSON_BOOL:
    case RD_JSON_INT:
        break;
    }
    return copy;
}

void rd_json_merge(struct rd_arena *arena, struct rd_json *target, const struct rd_json *patch)
{
    if (patch->type != RD_JSON_OBJECT) {
        *target = rd_json_copy(arena, patch);
        return;
    }
    if (target->type != RD_JSON_OBJECT)
        *target = rd_json_object();
    for (size_t i = 0; i < patch->count; i++) {
        const struct rd_json_member *member = &patch->u.members[i];
        if (member->value.type == RD_JSON_NULL) {
            (void)rd_json_remove(target, member->key);
            continue;
        }
        const struct rd_json *former = rd_json_get(target, member->key);
        struct rd_json merged = *former;
        if (member->value.type != RD_JSON_OBJECT || former->type != RD_JSON_OBJECT)
            merged = rd_json_null();
        rd_json_merge(arena, &merged, &member->value);
        struct rd_str key =
            former->type == RD_JSON_ABSENT ? rd_arena_str(arena, member->key) : member->key;
        (void)rd_json_set(arena, target, key, merged);
    }
}
