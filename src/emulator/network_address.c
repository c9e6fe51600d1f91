/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: their text, and which of a subnet are in use. */
#include "network_internal.h"
#include "shape.h"

enum {
    RESERVED_FIRST = 4, /* network address, gateway, two for DNS */
    RESERVED_LAST = 1,  /* broadcast */
    OTHERS_MAX = 5,     /* told where one asked for is taken */
};

bool em_ipv4_parse(struct rd_str text, uint32_t *ret_address)
{
    uint32_t address = 0;
    struct rd_str rest = text;
    int count = 0;
    for (size_t from = 0;; count++) {
        size_t dot = rd_str_find_char(rest, '.', from);
        struct rd_str part = rd_str_sub(rest, from, dot == RD_STR_NONE ? rest.n : dot);
        int64_t octet = 0;
        if (part.n > 3 || !rd_str_to_int(part, 0, 255, &octet))
            return false;
        address = address << 8 | (uint32_t)octet;
        if (dot == RD_STR_NONE)
            break;
        from = dot + 1;
    }
    if (count != 3)
        return false;
    *ret_address = address;
    return true;
}

struct rd_str em_ipv4_text(struct em_exchange *ex, uint32_t address)
{
    return rd_arena_printf(ex->arena, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
                           address >> 8 & 255, address & 255);
}

static uint32_t mask(int length)
{
    return length == 0 ? 0 : UINT32_MAX << (32 - length);
}

bool em_prefix_parse(struct rd_str text, bool allows_bare, struct em_prefix *ret_prefix,
                     bool *ret_is_canonical)
{
    size_t slash = rd_str_find_char(text, '/', 0);
    int64_t length = 32;
    uint32_t address = 0;
    if (slash == RD_STR_NONE && !allows_bare)
        return false;
    if (slash != RD_STR_NONE && !rd_str_to_int(rd_str_sub(text, slash + 1, text.n), 0, 32, &length))
        return false;
    if (!em_ipv4_parse(rd_str_sub(text, 0, slash == RD_STR_NONE ? text.n : slash), &address))
        return false;
    *ret_prefix = (struct em_prefix){address & mask((int)length), (int)length};
    *ret_is_canonical = ret_prefix->first == address;
    return true;
}

bool em_prefix_contains(struct em_prefix outer, struct em_prefix inner)
{
    return inner.length >= outer.length && (inner.first & mask(outer.length)) == outer.first;
}

bool em_prefix_overlaps(struct em_prefix a, struct em_prefix b)
{
    return em_prefix_contains(a, b) || em_prefix_contains(b, a);
}

static bool is_ipv6(struct rd_str text)
{
    int colons = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ':')
            colons++;
        else if (!rd_char_is_hex(c) && c != '/' && c != '.')
            return false;
    }
    return colons >= 2;
}

bool em_address_is_valid(struct rd_str text, bool allows_range)
{
    struct em_prefix prefix;
    bool is_canonical = false;
    if (em_prefix_parse(text, true, &prefix, &is_canonical) || is_ipv6(text))
        return true;
    size_t dash = allows_range ? rd_str_find_char(text, '-', 0) : RD_STR_NONE;
    uint32_t first = 0, last = 0;
    return dash != RD_STR_NONE && em_ipv4_parse(rd_str_sub(text, 0, dash), &first) &&
           em_ipv4_parse(rd_str_sub(text, dash + 1, text.n), &last) && first <= last;
}

bool em_port_is_valid(struct rd_str text)
{
    int64_t first = 0, last = 0;
    if (rd_str_is(text, "*"))
        return true;
    size_t dash = rd_str_find_char(text, '-', 0);
    if (dash == RD_STR_NONE)
        return rd_str_to_int(text, 0, 65535, &first);
    return rd_str_to_int(rd_str_sub(text, 0, dash), 0, 65535, &first) &&
           rd_str_to_int(rd_str_sub(text, dash + 1, text.n), 0, 65535, &last) && first <= last;
}

/* The subnet's IPv4 prefix: addressPrefix, or the first IPv4 one of addressPrefixes. */
static bool subnet_prefix(struct em_exchange *ex, const struct em_resource *subnet,
                          struct em_prefix *ret_prefix)
{
    struct rd_json body = em_body(ex, subnet);
    bool is_canonical = false;
    if (em_prefix_parse(em_text_at(&body, "properties.addressPrefix"), false, ret_prefix,
                        &is_canonical))
        return true;
    const struct rd_json *list = rd_json_at(&body, "properties.addressPrefixes");
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (em_prefix_parse(rd_json_str(rd_json_item(list, i)), false, ret_prefix, &is_canonical))
            return true;
    return false;
}

static struct rd_str address_id(struct em_exchange *ex, struct rd_str subnet, uint32_t address)
{
    return em_child_id(ex, subnet, "allocatedAddresses", em_ipv4_text(ex, address));
}

static bool is_usable(struct em_prefix prefix, uint32_t address)
{
    uint32_t last = prefix.first | ~mask(prefix.length);
    return prefix.length <= 29 && address >= prefix.first + RESERVED_FIRST &&
           address <= last - RESERVED_LAST;
}

static bool take_wanted(struct em_exchange *ex, struct em_resource *subnet, struct em_prefix prefix,
                        struct rd_str wanted, uint32_t *ret_address)
{
    struct rd_str name = em_name(subnet);
    if (!em_ipv4_parse(wanted, ret_address))
        return em_fail(ex, 400, "IPv4AddressInvalidFormat",
                       "The private IP address '%.*s' is not a valid IPv4 address.",
                       RD_FMT(wanted));
    if (!em_prefix_contains(prefix, (struct em_prefix){*ret_address, 32}))
        return em_fail(ex, 400, "PrivateIPAddressNotInSubnet",
                       "Private static IP address %.*s does not belong to the range of subnet "
                       "prefix of subnet %.*s.",
                       RD_FMT(wanted), RD_FMT(name));
    if (!is_usable(prefix, *ret_address))
        return em_fail(ex, 400, "PrivateIPAddressInReservedRange",
                       "Private static IP address %.*s falls within reserved IP range of subnet "
                       "%.*s.",
                       RD_FMT(wanted), RD_FMT(name));
    if (em_find(ex->cloud, address_id(ex, subnet->id, *ret_address)) != NULL)
        return em_fail(ex, 400, "PrivateIPAddressInUse",
                       "IP address %.*s is already allocated to a resource in subnet %.*s.",
                       RD_FMT(wanted), RD_FMT(subnet->id));
    return true;
}

static bool take_lowest(struct em_exchange *ex, struct em_resource *subnet, struct em_prefix prefix,
                        uint32_t *ret_address)
{
    struct rd_json hidden = em_hidden(ex, subnet);
    uint32_t address = (uint32_t)rd_json_int(rd_json_at(&hidden, "next"), 0);
    if (!is_usable(prefix, address))
        address = prefix.first + RESERVED_FIRST;
    while (is_usable(prefix, address) &&
           em_find(ex->cloud, address_id(ex, subnet->id, address)) != NULL)
        address++;
    if (!is_usable(prefix, address))
        return em_fail(ex, 400, "SubnetIsFull",
                       "Subnet %.*s does not have enough capacity for 1 IP addresses.",
                       RD_FMT(subnet->id));
    if (hidden.type != RD_JSON_OBJECT)
        hidden = rd_json_object();
    em_set_int(ex, &hidden, "next", address + 1);
    em_store_hidden(ex, subnet, &hidden);
    *ret_address = address;
    return true;
}

bool em_address_take(struct em_exchange *ex, struct em_resource *subnet, struct rd_str wanted,
                     struct rd_str holder, struct rd_str *ret_address)
{
    struct em_prefix prefix = {0, 0};
    uint32_t address = 0;
    *ret_address = (struct rd_str){"", 0};
    if (!subnet_prefix(ex, subnet, &prefix))
        return em_fail(ex, 400, "SubnetHasNoIPv4AddressPrefix",
                       "Subnet %.*s has no IPv4 address prefix.", RD_FMT(subnet->id));
    bool is_taken = rd_str_is_empty(wanted) ? take_lowest(ex, subnet, prefix, &address)
                                            : take_wanted(ex, subnet, prefix, wanted, &address);
    if (!is_taken)
        return false;
    struct rd_json body = rd_json_object();
    em_set_text(ex, &body, "properties.holder", holder);
    struct rd_json hidden = rd_json_object();
    em_create(ex, EM_ADDRESS_TYPE, address_id(ex, subnet->id, address), &body, &hidden);
    *ret_address = em_ipv4_text(ex, address);
    return true;
}

void em_address_release(struct em_exchange *ex, struct rd_str subnet_id, struct rd_str address,
                        struct rd_str holder)
{
    uint32_t number = 0;
    struct em_resource *subnet = em_find(ex->cloud, subnet_id);
    if (subnet == NULL || !em_ipv4_parse(address, &number))
        return;
    struct em_resource *entry = em_find(ex->cloud, address_id(ex, subnet->id, number));
    struct rd_json held = entry != NULL ? em_body(ex, entry) : rd_json_absent;
    if (entry == NULL || !rd_str_eq_case(em_text_at(&held, "properties.holder"), holder))
        return;
    em_remove(ex, entry);
    struct rd_json hidden = em_hidden(ex, subnet);
    if (hidden.type != RD_JSON_OBJECT || rd_json_int(rd_json_at(&hidden, "next"), 0) <= number)
        return;
    em_set_int(ex, &hidden, "next", number);
    em_store_hidden(ex, subnet, &hidden);
}

struct rd_str em_subnet_user(struct em_exchange *ex, const struct em_resource *subnet)
{
    struct em_resource *entry = em_next_child(subnet, EM_ADDRESS_TYPE, NULL);
    if (entry == NULL)
        return (struct rd_str){"", 0};
    struct rd_json body = em_body(ex, entry);
    return em_text_at(&body, "properties.holder");
}

/* Looking whether an address is free ------------------------------------------------------------
 */

/* The subnet of the network that has the address in its prefix, or NULL. */
static struct em_resource *subnet_around(struct em_exchange *ex, const struct em_resource *vnet,
                                         uint32_t address, struct em_prefix *ret_prefix)
{
    *ret_prefix = (struct em_prefix){0, 0};
    for (struct em_resource *subnet = em_next_child(vnet, EM_SUBNET_TYPE, NULL); subnet != NULL;
         subnet = em_next_child(vnet, EM_SUBNET_TYPE, subnet))
        if (subnet_prefix(ex, subnet, ret_prefix) &&
            em_prefix_contains(*ret_prefix, (struct em_prefix){address, 32}))
            return subnet;
    return NULL;
}

static bool is_free(struct em_exchange *ex, const struct em_resource *subnet,
                    struct em_prefix prefix, uint32_t address)
{
    return is_usable(prefix, address) &&
           em_find(ex->cloud, address_id(ex, subnet->id, address)) == NULL;
}

static void add_others(struct em_exchange *ex, const struct em_resource *subnet,
                       struct em_prefix prefix, struct rd_json *list)
{
    uint32_t address = prefix.first + RESERVED_FIRST;
    for (; is_usable(prefix, address) && rd_json_count(list) < OTHERS_MAX; address++)
        if (is_free(ex, subnet, prefix, address))
            (void)rd_json_append(ex->arena, list, rd_json_string(em_ipv4_text(ex, address)));
}

bool em_vnet_check_address(struct em_exchange *ex)
{
    struct rd_str id = rd_arena_printf(
        ex->arena,
        "/subscriptions/%.*s/resourceGroups/%.*s/providers/Microsoft.Network/virtualNetworks/%.*s",
        RD_FMT(ex->params[0]), RD_FMT(ex->params[1]), RD_FMT(ex->params[2]));
    const struct em_resource *vnet = em_find(ex->cloud, id);
    struct rd_str text = {"", 0};
    uint32_t address = 0;
    struct em_prefix prefix;
    (void)rd_http_query_get(ex->arena, ex->url.query, "ipAddress", &text);
    if (vnet == NULL)
        return em_fail_not_found(ex, id);
    if (!em_ipv4_parse(text, &address))
        return em_fail(ex, 400, "IPv4AddressInvalidFormat",
                       "The private IP address '%.*s' is not a valid IPv4 address.", RD_FMT(text));
    const struct em_resource *subnet = subnet_around(ex, vnet, address, &prefix);
    if (subnet == NULL)
        return em_fail(ex, 400, "PrivateIPAddressNotInAnySubnet",
                       "Private static IP address %.*s does not belong to the range of any subnet "
                       "in virtual network %.*s.",
                       RD_FMT(text), RD_FMT(vnet->id));
    bool is_available = is_free(ex, subnet, prefix, address);
    struct rd_json view = rd_json_object(), others = rd_json_array();
    if (!is_available)
        add_others(ex, subnet, prefix, &others);
    em_set_bool(ex, &view, "available", is_available);
    em_set(ex, &view, "availableIPAddresses", others);
    em_set_bool(ex, &view, "isPlatformReserved", !is_usable(prefix, address));
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}
