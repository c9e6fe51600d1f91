/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The enclave as a picture: subscriptions and resource groups as frames, inside them what
 * parts.c finds. It is drawn twice, for wide and for narrow pages; the style sheet shows one.
 */

#include "parts.h"
#include "sections.h"

enum {
    WIDE_WIDTH = 1180,
    NARROW_WIDTH = 356,
    LANE_WIDTH = 172, /* on the left, for what is outside the subscriptions */
    LANE_GAP = 44,
    EDGE = 2,
    KINDS_MAX = 64,
    LEGEND_HEIGHT = 34,
};

#define VNET "Microsoft.Network/virtualNetworks"
#define GROUP "Microsoft.Resources/resourceGroups"

struct scene {
    struct page *page;
    struct picture picture;
    bool is_narrow;
    struct node *root;
    struct node *desktops;
    struct node *hub_chain; /* Internet when narrow, public address, firewall */
    struct node *nets;
    struct node *users, *gateway, *internet;
    struct rd_str hosts_detail;
};

static bool is_in_group(struct rd_str id, struct rd_str subscription, struct rd_str group)
{
    struct rd_arm_id parts;
    return rd_arm_id_parse(id, &parts) && rd_str_eq_case(parts.subscription, subscription) &&
           rd_str_eq_case(parts.resource_group, group);
}

/* "also here: 4 x role assignment, 6 x diagnostic setting" of what the picture does not draw. */
static struct rd_str rest_of_group(const struct scene *scene, struct rd_str subscription,
                                   struct rd_str group)
{
    const struct rd_set *set = scene->picture.set;
    struct {
        const struct rd_type *type;
        size_t count;
    } kinds[KINDS_MAX];
    size_t kind_count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_resource *resource = &set->resources[i];
        if (scene->picture.is_drawn[i] || rd_str_is_case(resource->type->name, GROUP) ||
            !is_in_group(resource->id, subscription, group))
            continue;
        size_t k = 0;
        while (k < kind_count && kinds[k].type != resource->type)
            k++;
        if (k == KINDS_MAX)
            continue;
        if (k == kind_count) {
            kinds[kind_count].type = resource->type;
            kinds[kind_count++].count = 0;
        }
        kinds[k].count++;
    }
    struct rd_str text = RD_STR("");
    for (size_t k = 0; k < kind_count; k++)
        text = rd_arena_printf(scene->page->arena, "%.*s%s%zu \xC3\x97 %.*s", RD_FMT(text),
                               k == 0 ? "also here: " : ", ", kinds[k].count,
                               RD_FMT(kinds[k].type->label));
    return text;
}

static const struct rd_json *subnet_named(const struct rd_resource *net, const char *name)
{
    const struct rd_json *subnets = rd_json_at(&net->body, "properties.subnets");
    for (size_t i = 0; i < rd_json_count(subnets); i++) {
        const struct rd_json *subnet = rd_json_item(subnets, i);
        if (name == NULL || rd_str_is_case(rd_json_str(rd_json_get(subnet, RD_STR("name"))), name))
            return subnet;
    }
    return &rd_json_absent;
}

/* Networks and their links --------------------------------------------------------------------- */

static struct node *net_frame(struct scene *scene, const struct rd_resource *net, const char *label)
{
    struct node *frame = layout_node(scene->page, NODE_FRAME);
    frame->label = rd_str_from(label);
    frame->name = net->name;
    frame->tip = net->id;
    frame->class_name = "net";
    frame->is_missing = html_is_missing(scene->page, net);
    frame->detail =
        rd_json_str(rd_json_at(&net->body, "properties.addressSpace.addressPrefixes.0"));
    scene->picture.is_drawn[net - scene->picture.set->resources] = true;
    return frame;
}

static struct node *outside_card(struct scene *scene, const char *label, struct rd_str name,
                                 const char *detail)
{
    struct node *card = layout_card(scene->page, rd_str_from(label), name, rd_str_from(detail));
    card->class_name = "outside";
    return card;
}

static struct rd_str firewall_detail(const struct scene *scene, const struct rd_resource *firewall)
{
    const struct rd_json *body = parts_body(scene->page, firewall);
    struct rd_str tier = rd_json_str(rd_json_at(body, "properties.sku.tier"));
    struct rd_str address =
        rd_json_str(rd_json_at(body, "properties.ipConfigurations.0.properties.privateIPAddress"));
    return rd_arena_printf(scene->page->arena, "%.*s%s%.*s", RD_FMT(tier),
                           address.n > 0 ? ", " : "", RD_FMT(address));
}

static struct node *hub_frame(struct scene *scene, const struct rd_resource *hub)
{
    struct picture *picture = &scene->picture;
    struct node *frame = net_frame(scene, hub, "hub network");
    struct node *chain = layout_node(scene->page, NODE_CHAIN);
    chain->points_back = true;
    const struct rd_resource *firewall = parts_find(picture, "Microsoft.Network/azureFirewalls", 0);
    const struct rd_resource *address =
        parts_find(picture, "Microsoft.Network/publicIPAddresses", 0);
    if (address != NULL && firewall != NULL) {
        struct rd_str ip =
            rd_json_str(rd_json_at(parts_body(scene->page, address), "properties.ipAddress"));
        scene->internet =
            outside_card(scene, "outside", RD_STR("Internet"), "through the firewall");
        if (scene->is_narrow)
            layout_add(scene->page, chain, scene->internet);
        layout_add(scene->page, chain,
                   parts_card(picture, address, ip.n > 0 ? ip : RD_STR("of the firewall alone")));
    }
    if (firewall != NULL)
        layout_add(scene->page, chain,
                   parts_card(picture, firewall, firewall_detail(scene, firewall)));
    for (size_t i = 0; i < chain->child_count; i++)
        if (chain->children[i] != scene->internet)
            chain->children[i]->class_name = "wall";
    layout_add(scene->page, frame, chain);
    if (chain->child_count > 0)
        scene->hub_chain = chain;
    const struct rd_resource *policy = parts_find(picture, "Microsoft.Network/firewallPolicies", 0);
    size_t groups = parts_count(picture, "Microsoft.Network/firewallPolicies/ruleCollectionGroups");
    for (size_t i = 0; i < groups; i++)
        picture->is_drawn[parts_find(picture,
                                     "Microsoft.Network/firewallPolicies/ruleCollectionGroups", i) -
                          picture->set->resources] = true;
    struct node *card = parts_card(
        picture, policy, html_count(scene->page->arena, groups, "rule group", "rule groups"));
    layout_add(scene->page, frame, card);
    return frame;
}

static struct node *hosts_frame(struct scene *scene)
{
    struct node *grid = parts_hosts(&scene->picture, &scene->hosts_detail);
    const struct rd_resource *vm =
        parts_find(&scene->picture, "Microsoft.Compute/virtualMachines", 0);
    struct rd_arm_id id;
    if (grid == NULL || vm == NULL || !rd_arm_id_parse(vm->id, &id))
        return NULL;
    struct node *frame = layout_node(scene->page, NODE_FRAME);
    frame->label = RD_STR("hosts");
    frame->name = id.resource_group;
    frame->tip = id.resource_group;
    frame->class_name = "hosts";
    struct rd_str group =
        rd_arena_printf(scene->page->arena, "/subscriptions/%.*s/resourceGroups/%.*s",
                        RD_FMT(id.subscription), RD_FMT(id.resource_group));
    frame->is_missing = !parts_is_live(scene->page, group) && !parts_is_live(scene->page, vm->id);
    frame->detail = scene->hosts_detail;
    layout_add(scene->page, frame, grid);
    return frame;
}

static struct node *spoke_frame(struct scene *scene, const struct rd_resource *spoke)
{
    struct picture *picture = &scene->picture;
    struct node *frame = net_frame(scene, spoke, "spoke network");
    const struct rd_json *subnet = subnet_named(spoke, NULL);
    struct node *inner = layout_node(scene->page, NODE_FRAME);
    inner->label = RD_STR("subnet");
    inner->name = rd_json_str(rd_json_get(subnet, RD_STR("name")));
    inner->detail = rd_json_str(rd_json_at(subnet, "properties.addressPrefix"));
    inner->tip = inner->name;
    inner->class_name = "subnet";
    inner->is_missing = frame->is_missing;
    layout_add(scene->page, inner, hosts_frame(scene));
    struct node *flow = layout_node(scene->page, NODE_FLOW);
    layout_add(scene->page, flow,
               parts_card(picture,
                          parts_find(picture, "Microsoft.Network/networkSecurityGroups", 0),
                          RD_STR("on the subnet")));
    layout_add(scene->page, flow,
               parts_card(picture, parts_find(picture, "Microsoft.Network/routeTables", 0),
                          RD_STR("everything to the firewall")));
    layout_add(scene->page, inner, flow);
    layout_add(scene->page, frame, inner);
    return frame;
}

/* Hub and spoke of a resource group, or NULL. The hub is the network with the firewall's subnet. */
static struct node *nets_of_group(struct scene *scene, struct rd_str subscription,
                                  struct rd_str group)
{
    const struct rd_resource *hub = NULL, *spoke = NULL, *net;
    for (size_t i = 0; (net = parts_find(&scene->picture, VNET, i)) != NULL; i++) {
        if (!is_in_group(net->id, subscription, group))
            continue;
        if (rd_json_exists(subnet_named(net, "AzureFirewallSubnet")))
            hub = hub == NULL ? net : hub;
        else
            spoke = spoke == NULL ? net : spoke;
    }
    if (hub == NULL && spoke == NULL)
        return NULL;
    struct node *nets = layout_node(scene->page, NODE_NETS);
    if (hub != NULL)
        layout_add(scene->page, nets, hub_frame(scene, hub));
    if (spoke != NULL)
        layout_add(scene->page, nets, spoke_frame(scene, spoke));
    scene->nets = nets;
    return nets;
}

/* Frames --------------------------------------------------------------------------------------- */

static bool node_is_in_group(const struct node *node, struct rd_str subscription,
                             struct rd_str group)
{
    const struct node *first = node->child_count > 0 ? node->children[0] : node;
    return is_in_group(first->tip, subscription, group);
}

/* The hosts in a subnet that was there before: it is known by the network interfaces alone. */
static struct node *foreign_subnet(struct scene *scene)
{
    const struct rd_resource *nic =
        parts_find(&scene->picture, "Microsoft.Network/networkInterfaces", 0);
    struct node *hosts = hosts_frame(scene);
    if (nic == NULL || hosts == NULL)
        return hosts;
    struct rd_str subnet =
        rd_json_str(rd_json_at(&nic->body, "properties.ipConfigurations.0.properties.subnet.id"));
    struct rd_arm_id id, net;
    if (!rd_arm_id_parse(subnet, &id) || !rd_arm_id_parse(id.parent, &net))
        return hosts;
    struct node *frame = layout_node(scene->page, NODE_FRAME);
    frame->label = RD_STR("subnet (existing)");
    frame->name =
        rd_arena_printf(scene->page->arena, "%.*s of %.*s", RD_FMT(id.name), RD_FMT(net.name));
    frame->tip = subnet;
    frame->class_name = "subnet";
    layout_add(scene->page, frame, hosts);
    return frame;
}

static struct node *group_frame(struct scene *scene, const struct rd_resource *group,
                                struct node *const *parts, size_t part_count)
{
    struct rd_arm_id id;
    if (!rd_arm_id_parse(group->id, &id))
        return NULL;
    struct node *frame = layout_node(scene->page, NODE_FRAME);
    frame->label = RD_STR("resource group");
    frame->name = group->name;
    frame->tip = group->id;
    frame->class_name = "group";
    frame->is_missing = html_is_missing(scene->page, group);
    struct node *flow = layout_node(scene->page, NODE_FLOW);
    for (size_t i = 0; i < part_count; i++)
        if (parts[i] != NULL && node_is_in_group(parts[i], id.subscription, group->name))
            layout_add(scene->page, flow, parts[i]);
    if (flow->child_count > 0)
        layout_add(scene->page, frame, flow);
    layout_add(scene->page, frame, nets_of_group(scene, id.subscription, group->name));
    const struct rd_resource *vm =
        parts_find(&scene->picture, "Microsoft.Compute/virtualMachines", 0);
    bool has_network = parts_find(&scene->picture, VNET, 0) != NULL;
    if (vm != NULL && !has_network && is_in_group(vm->id, id.subscription, group->name))
        layout_add(scene->page, frame, foreign_subnet(scene));
    frame->detail = rest_of_group(scene, id.subscription, group->name);
    return frame;
}

/* The subscription frame named, made when it is not there. */
static struct node *subscription_frame(struct scene *scene, struct rd_str subscription)
{
    for (size_t i = 0; i < scene->root->child_count; i++)
        if (rd_str_eq_case(scene->root->children[i]->name, subscription))
            return scene->root->children[i];
    struct node *frame = layout_node(scene->page, NODE_FRAME);
    frame->label = RD_STR("subscription");
    frame->name = subscription;
    frame->tip = subscription;
    frame->class_name = "subscription";
    layout_add(scene->page, scene->root, frame);
    return frame;
}

/* Desktops first, then the network with the hosts, then the rest in the set's order. */
static int group_rank(const struct scene *scene, const struct rd_resource *group)
{
    struct rd_arm_id id;
    if (!rd_arm_id_parse(group->id, &id))
        return 3;
    if (scene->desktops != NULL && node_is_in_group(scene->desktops, id.subscription, group->name))
        return 0;
    const struct rd_resource *net = parts_find(&scene->picture, VNET, 0);
    if (net != NULL && is_in_group(net->id, id.subscription, group->name))
        return 1;
    return 2;
}

static void build(struct scene *scene)
{
    struct picture *picture = &scene->picture;
    scene->root = layout_node(scene->page, NODE_COLUMN);
    scene->desktops = parts_desktops(picture);
    struct node *keys = parts_keys(picture);
    struct node *const parts[] = {
        scene->desktops,      parts_secrets(picture), keys,
        parts_image(picture), parts_logs(picture),    parts_backup(picture)};
    for (int rank = 0; rank <= 2; rank++) {
        const struct rd_resource *group;
        for (size_t i = 0; (group = parts_find(picture, GROUP, i)) != NULL; i++) {
            struct rd_arm_id id;
            if (group_rank(scene, group) != rank || !rd_arm_id_parse(group->id, &id))
                continue;
            struct node *frame = group_frame(scene, group, parts, sizeof(parts) / sizeof(parts[0]));
            bool is_empty = frame == NULL || frame->child_count == 0;
            if (!is_empty || (frame != NULL && frame->detail.n > 0))
                layout_add(scene->page, subscription_frame(scene, id.subscription), frame);
        }
    }
    int64_t users = rd_json_int(rd_json_get(&picture->set->facts, RD_STR("users")), 0);
    struct rd_str name = rd_arena_printf(scene->page->arena, "%lld %s", (long long)users,
                                         users == 1 ? "user" : "users");
    if (scene->desktops != NULL) {
        scene->users = outside_card(scene, "outside", users > 0 ? name : RD_STR("users"),
                                    "sign in with Entra ID");
        scene->gateway = outside_card(scene, "service of Azure", RD_STR("AVD gateway"),
                                      "hosts connect outwards");
    }
}

/* Links ---------------------------------------------------------------------------------------- */

static const char *link_state(const struct scene *scene, const char *type, const char *name)
{
    static const char *const states[][2] = {{"route", "route gone"}, {"peer", "peer gone"}};
    const struct rd_resource *resource = parts_find(&scene->picture, type, 0);
    bool is_gone = resource == NULL || html_is_missing(scene->page, resource);
    return states[rd_str_is(rd_str_from(name), "peer") ? 1 : 0][is_gone ? 1 : 0];
}

static bool has_default_route(const struct scene *scene)
{
    const struct rd_resource *table =
        parts_find(&scene->picture, "Microsoft.Network/routeTables", 0);
    const struct rd_json *routes =
        table == NULL ? &rd_json_absent : rd_json_at(&table->body, "properties.routes");
    for (size_t i = 0; i < rd_json_count(routes); i++)
        if (rd_str_is(rd_json_str(rd_json_at(rd_json_item(routes, i), "properties.addressPrefix")),
                      "0.0.0.0/0"))
            return true;
    return false;
}

static void link_label(struct page *page, int x, int y, enum html_anchor anchor, const char *text)
{
    struct html_label label = {
        .x = x, .y = y, .size = 11, .anchor = anchor, .class_name = "kind", .width = LAYOUT_LINK};
    html_label(page, &label, rd_str_from(text));
}

static void mark_peering(struct scene *scene)
{
    for (size_t i = 0; i < scene->picture.set->count; i++)
        if (rd_str_is_case(scene->picture.set->resources[i].type->name,
                           VNET "/virtualNetworkPeerings"))
            scene->picture.is_drawn[i] = true;
}

static void draw_net_links(struct scene *scene)
{
    struct page *page = scene->page;
    if (scene->nets == NULL || scene->nets->child_count < 2)
        return;
    const struct node *hub = scene->nets->children[0], *spoke = scene->nets->children[1];
    bool has_route = scene->hub_chain != NULL && has_default_route(scene);
    bool has_peering = parts_find(&scene->picture, VNET "/virtualNetworkPeerings", 0) != NULL;
    const char *route = link_state(scene, "Microsoft.Network/routeTables", "route");
    const char *peer = link_state(scene, VNET "/virtualNetworkPeerings", "peer");
    if (scene->nets->is_stacked) {
        int top = hub->y + hub->h + 4, bottom = spoke->y - 4, middle = (top + bottom) / 2 + 4;
        if (has_route) {
            layout_arrow(page, route, hub->x + 40, bottom, hub->x + 40, top, false);
            link_label(page, hub->x + 52, middle, HTML_START, "0.0.0.0/0");
        }
        if (has_peering) {
            layout_arrow(page, peer, hub->x + 190, top, hub->x + 190, bottom, true);
            link_label(page, hub->x + 202, middle, HTML_START, "peering");
        }
        return;
    }
    int left = hub->x + hub->w + 4, right = spoke->x - 4, middle = (left + right) / 2;
    if (has_route) {
        const struct node *firewall = scene->hub_chain->children[scene->hub_chain->child_count - 1];
        int y = firewall->y + firewall->h / 2;
        layout_arrow(page, route, spoke->x + 12, y, firewall->x + firewall->w + 4, y, false);
        link_label(page, middle, y - 8, HTML_MIDDLE, "0.0.0.0/0");
    }
    if (has_peering) {
        int y = hub->y + hub->h - 40;
        layout_arrow(page, peer, left, y, right, y, true);
        link_label(page, middle, y - 8, HTML_MIDDLE, "peering");
    }
}

/* Wide: the lane on the left, level with what each leads to. */
static int draw_lane(struct scene *scene)
{
    struct page *page = scene->page;
    int bottom = 0;
    if (scene->desktops != NULL) {
        const struct node *workspace = scene->desktops->children[0];
        layout_measure(page, scene->users, LANE_WIDTH);
        layout_measure(page, scene->gateway, LANE_WIDTH);
        layout_place(scene->gateway, EDGE, workspace->y);
        int y = workspace->y - scene->users->h - LAYOUT_ARROW;
        layout_place(scene->users, EDGE, y < EDGE ? EDGE : y);
        int x = EDGE + scene->users->w / 2;
        layout_arrow(page, "", x, scene->users->y + scene->users->h + 4, x, scene->gateway->y - 4,
                     false);
        int level = workspace->y + workspace->h / 2;
        layout_arrow(page, "", EDGE + scene->gateway->w + 4, level, workspace->x - 4, level, false);
        layout_draw(page, scene->users);
        layout_draw(page, scene->gateway);
        bottom = scene->gateway->y + scene->gateway->h;
    }
    if (scene->internet != NULL && scene->hub_chain != NULL) {
        const struct node *address = scene->hub_chain->children[0];
        layout_measure(page, scene->internet, LANE_WIDTH);
        layout_place(scene->internet, EDGE, address->y);
        int level = address->y + address->h / 2;
        layout_arrow(page, address->is_missing ? "route gone" : "route", address->x - 4, level,
                     EDGE + scene->internet->w + 4, level, false);
        layout_draw(page, scene->internet);
        bottom = scene->internet->y + scene->internet->h;
    }
    return bottom;
}

/* Narrow: users and gateway stand on top. Returns where the frames begin. */
static int draw_entrance(struct scene *scene, int width)
{
    if (scene->users == NULL)
        return EDGE;
    struct node *chain = layout_node(scene->page, NODE_CHAIN);
    layout_add(scene->page, chain, scene->users);
    layout_add(scene->page, chain, scene->gateway);
    layout_measure(scene->page, chain, width);
    layout_place(chain, EDGE, EDGE);
    layout_draw(scene->page, chain);
    const struct node *gateway = chain->children[1];
    int x = gateway->x + gateway->w / 2, y = chain->y + chain->h;
    layout_arrow(scene->page, "", x, y + 4, x, y + LAYOUT_ARROW - 4, false);
    return y + LAYOUT_ARROW;
}

static void draw_legend(struct page *page, int y)
{
    html_format(page,
                "<g class=\"legend\"><rect x=\"%d\" y=\"%d\" width=\"26\" height=\"14\" rx=\"3\"/>",
                EDGE, y + 10);
    struct html_label label = {
        .x = EDGE + 34, .y = y + 21, .size = 11, .class_name = "kind", .width = 90};
    html_label(page, &label, RD_STR("it stands"));
    html_format(page,
                "</g>\n<g class=\"legend gone\"><rect x=\"%d\" y=\"%d\" width=\"26\" height=\"14\""
                " rx=\"3\"/>",
                EDGE + 104, y + 10);
    label.x = EDGE + 138;
    label.width = 200;
    html_label(page, &label, RD_STR("wanted, but not there"));
    html_raw(page, "</g>\n");
}

static void draw(struct page *page, bool is_narrow)
{
    const struct rd_set *set = page->input->desired;
    struct scene scene = {.page = page, .is_narrow = is_narrow};
    scene.picture.page = page;
    scene.picture.set = set;
    scene.picture.is_drawn = rd_arena_array(page->arena, set->count + 1, sizeof(bool));
    mark_peering(&scene);
    build(&scene);
    int width = is_narrow ? NARROW_WIDTH : WIDE_WIDTH;
    int left = is_narrow ? EDGE : EDGE + LANE_WIDTH + LANE_GAP;
    layout_measure(page, scene.root, width - left - EDGE);
    /* The height is known once all is placed, and stands before it: the drawing waits its turn. */
    struct rd_buf body;
    rd_buf_init(&body, page->out->size_max);
    struct rd_buf *out = page->out;
    page->out = &body;
    page->next_id++;
    int top = is_narrow ? draw_entrance(&scene, width - 2 * EDGE) : EDGE;
    if (!is_narrow && scene.users != NULL)
        top += LAYOUT_ARROW; /* users fit above the gateway, which is level with the workspace */
    layout_place(scene.root, left, top);
    layout_draw(page, scene.root);
    draw_net_links(&scene);
    int bottom = scene.root->y + scene.root->h;
    int lane = is_narrow ? 0 : draw_lane(&scene);
    bottom = lane > bottom ? lane : bottom;
    draw_legend(page, bottom);
    page->out = out;
    html_format(page,
                "<svg class=\"picture %s\" viewBox=\"0 0 %d %d\" role=\"img\""
                " aria-labelledby=\"pt%lld\"><title id=\"pt%lld\">",
                is_narrow ? "narrow" : "wide", width, bottom + LEGEND_HEIGHT,
                (long long)page->next_id, (long long)page->next_id);
    html_raw(page, "The parts of enclave ");
    html_text(page, set->name);
    html_raw(page, " and how they are connected</title>\n");
    rd_buf_add(out, rd_buf_str(&body));
    rd_buf_done(&body);
    html_raw(page, "</svg>\n");
}

void section_picture(struct page *page)
{
    if (page->input->desired == NULL || page->input->desired->count == 0)
        return;
    html_raw(page, "<section id=\"picture\"><h2>The enclave</h2>\n");
    if (page->input->live == NULL)
        html_raw(page, "<p class=\"lead\">Nothing of it stands yet: all is drawn dashed.</p>\n");
    html_raw(page, "<div class=\"sheet\">\n");
    draw(page, false);
    draw(page, true);
    html_raw(page, "</div></section>\n");
}
