/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A run of an image template.
 *
 *   Queued -> Building -> Customizing -> [Optimizing] -> [Validating] -> Distributing -> end
 *
 * hidden.run: {number, started, ends: [{state, at}], state, ended, message, versions: [id]}; times
 * in ms. The sub-state is told by the time; two events do work: at the start of Distributing the
 * versions appear in the gallery, at the end their replication is done. Events carry the run's
 * number, so that those of a cancelled run find nothing to do.
 */

#include "builder.h"
#include "compute_internal.h"
#include "gallery.h"

enum {
    QUEUED_MS = 30000,
    BUILDING_MS = 300000,
    OPTIMIZING_MS = 300000,
    VALIDATING_MS = 120000,
    PUBLISHING_MS = 600000,
    CANCEL_MS = 60000,
    MINUTE_MS = 60000,
};

bool em_builder_is_running(struct em_exchange *ex, const struct em_resource *image_template)
{
    struct rd_json hidden = em_hidden(ex, image_template);
    struct rd_str state = em_text_at(&hidden, "run.state");
    return rd_str_is(state, "Running") || rd_str_is(state, "Canceling");
}

/* Estimates, lessons D: updates are what makes an image take hours. */
static int64_t step_ms(struct rd_str type)
{
    static const struct {
        const char *type;
        int64_t ms;
    } all[] = {
        {"PowerShell", 240000},     {"Shell", 120000},          {"File", 20000},
        {"WindowsRestart", 150000}, {"WindowsUpdate", 1800000},
    };
    for (size_t i = 0; i < EM_COUNT(all); i++)
        if (rd_str_is_case(type, all[i].type))
            return all[i].ms;
    return 60000;
}

int64_t em_builder_step_ms(struct em_exchange *ex, const struct em_resource *image_template,
                           size_t index, struct rd_str type)
{
    return em_draw_ms(ex, rd_arena_printf(ex->arena, "%.*s#%zu", RD_FMT(image_template->id), index),
                      step_ms(type));
}

static void add_end(struct em_exchange *ex, struct rd_json *run, const char *state, int64_t *at_ms,
                    int64_t duration_ms)
{
    struct rd_json item = rd_json_object();
    *at_ms += duration_ms;
    em_set_word(ex, &item, "state", state);
    em_set_int(ex, &item, "at", *at_ms);
    (void)rd_json_append(ex->arena, em_array(ex, run, "ends"), item);
}

/* The time that the first `count` customisers take together, each drawn for itself. */
static int64_t customizing_ms(struct em_exchange *ex, const struct em_resource *image_template,
                              const struct rd_json *body, size_t count)
{
    int64_t sum = 0;
    const struct rd_json *steps = rd_json_at(body, "properties.customize");
    for (size_t i = 0; i < count && i < rd_json_count(steps); i++)
        sum +=
            em_builder_step_ms(ex, image_template, i, em_text_at(rd_json_item(steps, i), "type"));
    return sum;
}

/* The fault that makes the build fail, and the customiser that does: the one of its name, else the
 * last. A fault that names none of the template's strikes no build of it. */
static struct em_fault *find_fault(struct em_exchange *ex, const struct rd_json *body,
                                   size_t *ret_step)
{
    const struct rd_json *steps = rd_json_at(body, "properties.customize");
    for (struct em_fault *fault = em_fault(ex, "image-build"); fault != NULL;
         fault = em_fault_next(ex, "image-build", fault)) {
        struct rd_str wanted = em_fault_arg(fault, "step");
        size_t count = rd_json_count(steps), i = 0;
        while (i < count && !rd_str_eq_case(em_text_at(rd_json_item(steps, i), "name"), wanted))
            i++;
        *ret_step = wanted.n > 0 ? i : count - (count > 0);
        if (wanted.n == 0 || i < count)
            return fault;
    }
    return NULL;
}

static void fail_run(struct em_exchange *ex, struct rd_json *run, const char *state,
                     struct rd_str message)
{
    em_set_word(ex, run, "state", state);
    em_set_int(ex, run, "ended", ex->now_ms);
    em_set_text(ex, run, "message", message);
}

static struct rd_str build_failure(struct em_exchange *ex, const struct em_resource *image_template,
                                   const struct rd_json *run)
{
    struct rd_str log =
        em_builder_log_name(ex, image_template, rd_json_int(rd_json_at(run, "number"), 0));
    return rd_arena_printf(
        ex->arena,
        "Failed while waiting for packerizer: Microservice has failed: Failed while processing "
        "request: Error when executing packerizer: Packer build command has failed: exit status 1. "
        "During the image build, a failure has occurred, please review the build log to identify "
        "which build/customization step failed. For more troubleshooting steps go to "
        "https://aka.ms/azvmimagebuilderts. Image Build log location: "
        "https://%.*s.%.*s/packerlogs/%.*s. OperationId: %.*s. Use this operationId to search "
        "packer logs.",
        RD_FMT(em_builder_account_name(ex, image_template)),
        RD_FMT(em_host(ex->cloud, EM_PLACE_BLOB)), RD_FMT(log), RD_FMT(ex->operation));
}

static struct rd_str run_argument(struct em_exchange *ex, const struct rd_json *run)
{
    return rd_arena_printf(ex->arena, "%lld", (long long)rd_json_int(rd_json_at(run, "number"), 0));
}

static bool is_current(const struct rd_json *hidden, struct rd_str argument)
{
    int64_t number = 0;
    return rd_str_to_int(argument, 0, INT64_MAX, &number) &&
           number == rd_json_int(rd_json_at(hidden, "run.number"), -1) &&
           rd_str_is(em_text_at(hidden, "run.state"), "Running");
}

/* How long replication of the slowest region will take: what Distributing waits for. */
static int64_t distributing_ms(struct em_exchange *ex, const struct rd_json *body)
{
    int64_t longest = PUBLISHING_MS;
    const struct rd_json *targets = rd_json_at(body, "properties.distribute");
    for (size_t i = 0; i < rd_json_count(targets); i++) {
        const struct rd_json *target = rd_json_item(targets, i);
        size_t count = rd_json_count(rd_json_at(target, "targetRegions")) +
                       rd_json_count(rd_json_at(target, "replicationRegions"));
        int64_t ms = PUBLISHING_MS + (count > 1 ? 2250000 : 375000);
        longest = ms > longest ? ms : longest;
    }
    (void)ex;
    return longest;
}

/* A build in a subnet goes through a private link service and its proxy machine, unless containers
 * have a subnet of their own (azure-compute 4.2). */
static bool is_blocked_by_subnet(struct em_exchange *ex, const struct rd_json *body)
{
    struct rd_str id = em_text_at(body, "properties.vmProfile.vnetConfig.subnetId");
    if (rd_str_is_empty(id) ||
        em_has(body, "properties.vmProfile.vnetConfig.containerInstanceSubnetId"))
        return false;
    struct em_resource *subnet = em_find(ex->cloud, id);
    if (subnet == NULL)
        return true;
    struct rd_json its = em_body(ex, subnet);
    return !rd_str_is_case(em_text_at(&its, "properties.privateLinkServiceNetworkPolicies"),
                           "Disabled");
}

bool em_builder_post_run(struct em_exchange *ex, struct em_resource *image_template)
{
    if (image_template->state != EM_SUCCEEDED)
        return em_fail(
            ex, 409, "OperationNotAllowed",
            "Operation 'Microsoft.VirtualMachineImages/imageTemplates/run/action' is not "
            "allowed in provisioningState: '%s'",
            image_template->state == EM_CREATING ? "creating" : "failed");
    if (em_builder_is_running(ex, image_template))
        return em_fail(
            ex, 409, "OperationNotAllowed",
            "Operation 'Microsoft.VirtualMachineImages/imageTemplates/run/action' is not "
            "allowed in provisioningState: 'provisioned', runState: 'running'");
    struct rd_json body = em_body(ex, image_template), hidden = em_hidden(ex, image_template);
    struct rd_json run = rd_json_object();
    int64_t at_ms = ex->now_ms, number = rd_json_int(rd_json_at(&hidden, "run.number"), 0) + 1;
    em_set_int(ex, &run, "number", number);
    em_set_int(ex, &run, "started", ex->now_ms);
    em_set_word(ex, &run, "state", "Running");
    add_end(ex, &run, "Queued", &at_ms, QUEUED_MS);
    add_end(ex, &run, "Building", &at_ms, em_draw_ms(ex, image_template->id, BUILDING_MS));
    int64_t customize_ms = at_ms;
    add_end(ex, &run, "Customizing", &at_ms, customizing_ms(ex, image_template, &body, SIZE_MAX));
    if (rd_str_is_case(em_text_at(&body, "properties.optimize.vmBoot.state"), "Enabled"))
        add_end(ex, &run, "Optimizing", &at_ms, OPTIMIZING_MS);
    if (rd_json_count(rd_json_at(&body, "properties.validate.inVMValidations")) > 0)
        add_end(ex, &run, "Validating", &at_ms, VALIDATING_MS);
    int64_t timeout_ms =
        MINUTE_MS * rd_json_int(rd_json_at(&body, "properties.buildTimeoutInMinutes"), 240);
    size_t step = 0;
    struct em_fault *fault = find_fault(ex, &body, &step);
    int64_t distribute_ms = at_ms;
    add_end(ex, &run, "Distributing", &at_ms, distributing_ms(ex, &body));
    if (fault != NULL) {
        em_fault_struck(fault);
        em_set_word(ex, &run, "fails", "build");
        em_set_int(ex, &run, "step", (int64_t)step);
        at_ms = customize_ms + customizing_ms(ex, image_template, &body, step + 1);
    } else if (is_blocked_by_subnet(ex, &body)) {
        em_set_word(ex, &run, "fails", "subnet");
        at_ms = ex->now_ms + QUEUED_MS + MINUTE_MS;
    } else if (distribute_ms - ex->now_ms > timeout_ms) {
        em_set_word(ex, &run, "fails", "timeout");
        at_ms = ex->now_ms + timeout_ms;
    } else {
        em_schedule(ex, distribute_ms, "builder-distribute", image_template->id,
                    run_argument(ex, &run));
    }
    em_set(ex, &hidden, "run", run);
    em_store_hidden(ex, image_template, &hidden);
    em_start_operation(ex, image_template, at_ms - ex->now_ms, "builder-done",
                       run_argument(ex, &run));
    return true;
}

/* Distribution --------------------------------------------------------------------------------- */

/* versioning: an explicit version, the source's, or the newest of a major number plus one; with
 * none of them Azure makes one of the time. */
static struct rd_str version_name(struct em_exchange *ex, const struct rd_json *body,
                                  const struct rd_json *target,
                                  const struct em_resource *definition)
{
    struct rd_str scheme = em_text_at(target, "versioning.scheme");
    int64_t major = rd_json_int(rd_json_at(target, "versioning.major"), -1);
    if (rd_str_is_case(scheme, "Source") && em_has(body, "properties.source.exactVersion"))
        return em_text_at(body, "properties.source.exactVersion");
    if (!rd_str_is_case(scheme, "Latest"))
        return rd_arena_printf(ex->arena, "0.%lld.%lld", (long long)(ex->now_ms / 86400000),
                               (long long)(ex->now_ms / 1000 % 86400));
    struct rd_str newest = {0};
    for (struct em_resource *version = em_next_child(definition, EM_VERSION_TYPE, NULL);
         version != NULL; version = em_next_child(definition, EM_VERSION_TYPE, version)) {
        struct rd_str name = em_name(version);
        struct rd_str prefix = rd_arena_printf(ex->arena, "%lld.", (long long)major);
        if ((major < 0 || rd_str_has_prefix(name, prefix)) &&
            (rd_str_is_empty(newest) || em_version_cmp(name, newest) > 0))
            newest = name;
    }
    if (rd_str_is_empty(newest))
        return rd_arena_printf(ex->arena, "%lld.0.1", (long long)(major < 0 ? 0 : major));
    size_t dot = rd_str_find_last_char(newest, '.');
    int64_t patch = 0;
    (void)rd_str_to_int(rd_str_sub(newest, dot + 1, newest.n), 0, INT32_MAX - 1, &patch);
    return rd_arena_printf(ex->arena, "%.*s.%lld", RD_FMT(rd_str_sub(newest, 0, dot)),
                           (long long)(patch + 1));
}

static struct rd_json target_regions(struct em_exchange *ex, const struct rd_json *target)
{
    struct rd_json out = rd_json_array();
    bool is_new = em_has(target, "targetRegions");
    const struct rd_json *regions =
        rd_json_at(target, is_new ? "targetRegions" : "replicationRegions");
    for (size_t i = 0; i < rd_json_count(regions); i++) {
        const struct rd_json *asked = rd_json_item(regions, i);
        struct rd_str name = is_new ? em_text_at(asked, "name") : rd_json_str(asked);
        struct rd_json item = rd_json_object();
        em_set_text(ex, &item, "name", em_text_at(em_region(ex, name), "display"));
        em_set_int(ex, &item, "regionalReplicaCount",
                   rd_json_int(rd_json_at(asked, "replicaCount"), 1));
        em_set_text(ex, &item, "storageAccountType",
                    em_has(asked, "storageAccountType") ? em_text_at(asked, "storageAccountType")
                                                        : RD_STR("Standard_LRS"));
        (void)rd_json_append(ex->arena, &out, item);
    }
    return out;
}

static struct rd_str publish(struct em_exchange *ex, const struct em_resource *image_template,
                             const struct rd_json *body, const struct rd_json *target)
{
    struct rd_str id = em_text_at(target, "galleryImageId");
    size_t at = rd_str_find_case(id, RD_STR("/versions/"), 0);
    struct em_resource *definition = em_find(ex->cloud, rd_str_sub(id, 0, at));
    if (definition == NULL || !em_builder_may_publish(ex, body, id))
        return (struct rd_str){0};
    if (at == RD_STR_NONE)
        id =
            em_child_id(ex, definition->id, "versions", version_name(ex, body, target, definition));
    struct rd_json version = rd_json_object(), hidden = rd_json_object();
    em_set_text(ex, &version, "location", em_location(ex, definition));
    if (em_has(target, "artifactTags"))
        em_set(ex, &version, "tags", *rd_json_at(target, "artifactTags"));
    em_set_text(ex, &version, "properties.storageProfile.source.id", image_template->id);
    em_set_int(ex, &version, "properties.storageProfile.osDiskImage.sizeInGB", 127);
#define PUBLISHING "properties.publishingProfile."
    em_set(ex, &version, PUBLISHING "targetRegions", target_regions(ex, target));
    em_set_int(ex, &version, PUBLISHING "replicaCount", 1);
    em_set_bool(ex, &version, PUBLISHING "excludeFromLatest",
                rd_json_is_true(rd_json_at(target, "excludeFromLatest")));
    em_set_word(ex, &version, PUBLISHING "storageAccountType", "Standard_LRS");
    em_set_word(ex, &version, PUBLISHING "replicationMode", "Full");
    em_set_text(ex, &version, PUBLISHING "publishedDate", em_time(ex, ex->now_ms));
    em_set_bool(ex, &version, "properties.safetyProfile.allowDeletionOfReplicatedLocations", true);
    (void)em_gallery_plan_replicas(ex, id, &version, &hidden, ex->now_ms + PUBLISHING_MS);
    struct em_resource *made = em_create(ex, EM_VERSION_TYPE, id, &version, &hidden);
    if (made == NULL)
        return (struct rd_str){0};
    made->state = EM_CREATING; /* until builder-done */
    return made->id;
}

void em_builder_distribute(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    struct em_resource *image_template = em_find(ex->cloud, id);
    if (image_template == NULL)
        return;
    struct rd_json body = em_body(ex, image_template), hidden = em_hidden(ex, image_template);
    if (!is_current(&hidden, argument))
        return;
    const struct rd_json *targets = rd_json_at(&body, "properties.distribute");
    struct rd_json versions = rd_json_array();
    for (size_t i = 0; i < rd_json_count(targets); i++)
        (void)rd_json_append(
            ex->arena, &versions,
            rd_json_string(publish(ex, image_template, &body, rd_json_item(targets, i))));
    em_set(ex, &hidden, "run.versions", versions);
    em_store_hidden(ex, image_template, &hidden);
}

static void add_output(struct em_exchange *ex, const struct em_resource *image_template,
                       const struct rd_json *target, struct rd_str version_id)
{
    struct rd_json body = rd_json_object(), none = rd_json_object();
    em_set_text(ex, &body, "properties.artifactId", version_id);
    struct rd_str id =
        em_child_id(ex, image_template->id, "runOutputs", em_text_at(target, "runOutputName"));
    struct em_resource *former = em_find(ex->cloud, id);
    if (former != NULL)
        em_store(ex, former, &body);
    else
        (void)em_create(ex, EM_RUN_OUTPUT_TYPE, id, &body, &none);
}

/* Ends the versions of the run; returns how many stand, and what went wrong in `*ret_message`. */
static size_t settle_versions(struct em_exchange *ex, const struct em_resource *image_template,
                              const struct rd_json *body, const struct rd_json *run,
                              struct rd_str *ret_message)
{
    const struct rd_json *versions = rd_json_at(run, "versions");
    const struct rd_json *targets = rd_json_at(body, "properties.distribute");
    size_t count = rd_json_count(targets), good = 0;
    for (size_t i = 0; i < count; i++) {
        struct rd_str id = rd_json_str(rd_json_item(versions, i));
        struct em_resource *version = rd_str_is_empty(id) ? NULL : em_find(ex->cloud, id);
        struct rd_str why = RD_STR("Not authorized to access the gallery image");
        if (version != NULL) {
            struct rd_json its = em_body(ex, version), hidden = em_hidden(ex, version);
            struct rd_str region = em_gallery_failed_region(&hidden);
            version->state = rd_str_is_empty(region) ? EM_SUCCEEDED : EM_FAILED;
            em_store(ex, version, &its);
            if (rd_str_is_empty(region)) {
                add_output(ex, image_template, rd_json_item(targets, i), version->id);
                good++;
                continue;
            }
            why = rd_arena_printf(ex->arena, "replication to region '%.*s' failed", RD_FMT(region));
        }
        *ret_message = rd_arena_printf(
            ex->arena,
            "Failed in distributing 1 images out of total %zu: {[Error 0] [Distribute %zu] Error "
            "publishing MDI to Azure Compute Gallery: %.*s}",
            count, i, RD_FMT(why));
    }
    return good;
}

void em_builder_done(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    struct em_resource *image_template = em_find(ex->cloud, id);
    if (image_template == NULL)
        return;
    struct rd_json body = em_body(ex, image_template), hidden = em_hidden(ex, image_template);
    if (!is_current(&hidden, argument)) {
        em_operation_fail(ex, ex->operation, "Canceled",
                          RD_STR("The run of the image template was canceled."));
        return;
    }
    struct rd_json run = rd_json_copy(ex->arena, rd_json_at(&hidden, "run"));
    struct rd_str fails = em_text_at(&run, "fails"), message = {0};
    if (rd_str_is(fails, "build")) {
        fail_run(ex, &run, "Failed", build_failure(ex, image_template, &run));
    } else if (rd_str_is(fails, "subnet")) {
        fail_run(
            ex, &run, "Failed",
            RD_STR("Private link service cannot be created in the subnet of the image template "
                   "since it has private link service network policies enabled: "
                   "PrivateLinkServiceCannotBeCreatedInSubnetThatHasNetworkPoliciesEnabled"));
    } else if (rd_str_is(fails, "timeout")) {
        fail_run(ex, &run, "Failed",
                 RD_STR("Failed while waiting for packerizer: Timeout waiting for microservice to "
                        "complete: 'context deadline exceeded'"));
    } else {
        size_t good = settle_versions(ex, image_template, &body, &run, &message);
        size_t count = rd_json_count(rd_json_at(&body, "properties.distribute"));
        if (good == count)
            fail_run(ex, &run, "Succeeded", RD_STR(""));
        else /* a version whose home region stands is usable in part */
            fail_run(ex, &run,
                     rd_json_count(rd_json_at(&run, "versions")) > 0 ? "PartiallySucceeded"
                                                                     : "Failed",
                     message);
    }
    em_set(ex, &hidden, "run", run);
    em_store_hidden(ex, image_template, &hidden);
    if (rd_str_is(em_text_at(&run, "state"), "Failed"))
        em_operation_fail(ex, ex->operation, "ImageTemplateRunFailed", em_text_at(&run, "message"));
}

/* Cancelling ----------------------------------------------------------------------------------- */

bool em_builder_post_cancel(struct em_exchange *ex, struct em_resource *image_template)
{
    struct rd_json hidden = em_hidden(ex, image_template);
    struct rd_str state = em_text_at(&hidden, "run.state");
    if (!rd_str_is(state, "Running"))
        return em_fail(
            ex, 409, "OperationNotAllowed",
            "Operation Microsoft.VirtualMachineImages/imageTemplates/cancel/action is "
            "not allowed in provisioning state: provisioned or run state: %.*s.",
            RD_FMT(rd_str_is_empty(state) ? RD_STR("none") : rd_arena_lower(ex->arena, state)));
    em_set_word(ex, &hidden, "run.state", "Canceling");
    em_store_hidden(ex, image_template, &hidden);
    em_start_operation(ex, image_template, CANCEL_MS, "builder-cancelled", (struct rd_str){"", 0});
    return true;
}

void em_builder_cancelled(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    (void)argument;
    struct em_resource *image_template = em_find(ex->cloud, id);
    if (image_template == NULL)
        return;
    struct rd_json hidden = em_hidden(ex, image_template);
    const struct rd_json *versions = rd_json_at(&hidden, "run.versions");
    for (size_t i = 0; i < rd_json_count(versions); i++) {
        struct em_resource *version = em_find(ex->cloud, rd_json_str(rd_json_item(versions, i)));
        if (version != NULL && version->state == EM_CREATING)
            em_remove(ex, version);
    }
    em_set_word(ex, &hidden, "run.state", "Canceled");
    em_set_int(ex, &hidden, "run.ended", ex->now_ms);
    em_store_hidden(ex, image_template, &hidden);
}

/* lastRunStatus, which is absent before the first run. */
void em_builder_show(struct em_exchange *ex, struct em_resource *image_template,
                     struct rd_json *body)
{
    struct rd_json hidden = em_hidden(ex, image_template);
    struct rd_str state = em_text_at(&hidden, "run.state");
    if (rd_str_is_empty(state))
        return;
#define STATUS "properties.lastRunStatus."
    em_set_text(ex, body, STATUS "startTime",
                em_time(ex, rd_json_int(rd_json_at(&hidden, "run.started"), 0)));
    em_set_text(ex, body, STATUS "runState", state);
    em_set_text(ex, body, STATUS "message", em_text_at(&hidden, "run.message"));
    if (em_has(&hidden, "run.ended")) {
        em_set_text(ex, body, STATUS "endTime",
                    em_time(ex, rd_json_int(rd_json_at(&hidden, "run.ended"), 0)));
        em_set_word(ex, body, STATUS "runSubState", "");
        return;
    }
    const struct rd_json *ends = rd_json_at(&hidden, "run.ends");
    for (size_t i = 0; i < rd_json_count(ends); i++) {
        const struct rd_json *end = rd_json_item(ends, i);
        em_set_text(ex, body, STATUS "runSubState", em_text_at(end, "state"));
        if (rd_json_int(rd_json_at(end, "at"), 0) > ex->now_ms)
            break;
    }
}
