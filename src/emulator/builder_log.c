/* SPDX-License-Identifier: Apache-2.0 */
#include "builder.h"

#include <stdarg.h>
#include <stdio.h>

#include "shape.h"

/*
 * The build's log, as Packer writes it into the storage account of the staging group. It is made
 * when it is read, from the run's own times and steps: what has happened by then stands in it.
 * The kinds of lines are azure-compute 4.4's, their wording is from memory (2026-11-21).
 */

enum { LOG_SIZE_MAX = 1 << 20 };

struct rd_str em_builder_account_name(struct em_exchange *ex,
                                      const struct em_resource *image_template)
{
    return em_hex(ex, image_template->id, 20);
}

void em_builder_make_account(struct em_exchange *ex, const struct em_resource *image_template,
                             struct rd_str group, struct rd_str location)
{
    struct rd_json body = rd_json_object(), hidden = rd_json_object();
    em_set_text(ex, &body, "location", location);
    em_set_word(ex, &body, "tags.createdBy", "AzureVMImageBuilder");
    em_set_word(ex, &body, "sku.name", "Standard_LRS");
    em_set_word(ex, &body, "sku.tier", "Standard");
    em_set_word(ex, &body, "kind", "StorageV2");
    em_set_bool(ex, &body, "properties.allowBlobPublicAccess", false);
    em_set_bool(ex, &body, "properties.allowSharedKeyAccess", false);
    em_set_word(ex, &body, "properties.minimumTlsVersion", "TLS1_2");
    em_set_bool(ex, &body, "properties.supportsHttpsTrafficOnly", true);
    em_set_word(ex, &body, "properties.accessTier", "Hot");
    em_set_text(ex, &body, "properties.creationTime", em_time_ticks(ex, ex->now_ms, "Z"));
    em_set_text(ex, &body, "properties.primaryLocation", em_region_name(ex, location));
    em_set_word(ex, &body, "properties.statusOfPrimary", "available");
    em_set_text(ex, &hidden, "template", image_template->id);
    (void)em_create(ex, EM_ACCOUNT_TYPE,
                    rd_arena_printf(ex->arena, "%.*s/providers/" EM_ACCOUNT_TYPE "/%.*s",
                                    RD_FMT(group),
                                    RD_FMT(em_builder_account_name(ex, image_template))),
                    &body, &hidden);
}

void em_account_show(struct em_exchange *ex, struct em_resource *account, struct rd_json *body)
{
    em_set_text(ex, body, "properties.primaryEndpoints.blob",
                rd_arena_printf(ex->arena, "%.*s/",
                                RD_FMT(em_place_url(ex, EM_PLACE_BLOB, em_name(account)))));
}

/* Azure gives out keys even where the account takes none: the blobs then refuse them. */
static bool list_keys(struct em_exchange *ex, struct em_resource *account)
{
    static const char *const names[] = {"key1", "key2"};
    struct rd_json reply = rd_json_object();
    struct rd_json *keys = em_array(ex, &reply, "keys");
    for (size_t i = 0; i < EM_COUNT(names); i++) {
        struct rd_json key = rd_json_object();
        struct rd_str value =
            em_hex(ex, rd_arena_printf(ex->arena, "%s %.*s", names[i], RD_FMT(account->id)), 86);
        em_set_text(ex, &key, "creationTime", em_time_ticks(ex, account->created_ms, "Z"));
        em_set_word(ex, &key, "keyName", names[i]);
        em_set_text(ex, &key, "value", rd_arena_printf(ex->arena, "%.*s==", RD_FMT(value)));
        em_set_word(ex, &key, "permissions", "FULL");
        (void)rd_json_append(ex->arena, keys, key);
    }
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}

const struct em_action em_account_actions[1] = {{.name = "listKeys", .post = list_keys}};

/* The log -------------------------------------------------------------------------------------- */

static struct rd_str run_guid(struct em_exchange *ex, const struct em_resource *image_template,
                              int64_t run_number)
{
    return em_guid(ex, rd_arena_printf(ex->arena, "build %.*s %lld", RD_FMT(image_template->id),
                                       (long long)run_number));
}

struct rd_str em_builder_log_name(struct em_exchange *ex, const struct em_resource *image_template,
                                  int64_t run_number)
{
    return rd_arena_printf(ex->arena, "%.*s/customization.log",
                           RD_FMT(run_guid(ex, image_template, run_number)));
}

struct writing {
    struct rd_buf out;
    struct rd_str guid;
    int64_t at_ms;   /* of the line that comes next */
    int64_t end_ms;  /* now, or when the run ended */
    int64_t last_ms; /* of the last line that was written */
};

RD_PRINTF(3, 4)
static void add_line(struct writing *writing, bool is_error, const char *fmt, ...)
{
    char line[1024];
    va_list ap;
    if (writing->at_ms > writing->end_ms)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    rd_buf_printf(&writing->out, "[%.*s] PACKER %s %s\n", RD_FMT(writing->guid),
                  is_error ? "ERR" : "OUT", line);
    writing->last_ms = writing->at_ms;
}

/* The time at which a state of the run ends, or the far future. */
static int64_t end_of(const struct rd_json *run, const char *state)
{
    const struct rd_json *ends = rd_json_at(run, "ends");
    for (size_t i = 0; i < rd_json_count(ends); i++)
        if (em_is_word(rd_json_item(ends, i), "state", state))
            return rd_json_int(rd_json_at(rd_json_item(ends, i), "at"), INT64_MAX);
    return INT64_MAX;
}

static const char *provisioner(struct rd_str type)
{
    static const struct {
        const char *type;
        const char *name;
    } all[] = {{"PowerShell", "powershell"},
               {"Shell", "shell"},
               {"File", "file"},
               {"WindowsRestart", "windows-restart"},
               {"WindowsUpdate", "windows-update"}};
    for (size_t i = 0; i < EM_COUNT(all); i++)
        if (rd_str_is_case(type, all[i].type))
            return all[i].name;
    return "shell";
}

/* Those behind the one that fails do not begin. */
static void add_steps(struct em_exchange *ex, struct writing *writing,
                      const struct em_resource *image_template, const struct rd_json *body,
                      int64_t failing)
{
    const struct rd_json *steps = rd_json_at(body, "properties.customize");
    for (size_t i = 0; i < rd_json_count(steps) && (int64_t)i <= failing; i++) {
        const struct rd_json *step = rd_json_item(steps, i);
        const char *name = provisioner(em_text_at(step, "type"));
        struct rd_str own = em_text_at(step, "name");
        struct rd_str shown = rd_str_sub(own, 0, 200);
        add_line(writing, false, "(telemetry) Starting provisioner %s", name);
        add_line(writing, false, "==> azure-arm: Provisioning with %s: %.*s", name,
                 RD_FMT(shown.n > 0 ? shown : RD_STR("unnamed step")));
        writing->at_ms += em_builder_step_ms(ex, image_template, i, em_text_at(step, "type"));
        if ((int64_t)i != failing)
            add_line(writing, false, "(telemetry) ending %s", name);
    }
}

/* A run ends where its state says: what would have come later is not written. */
static void add_end(struct writing *writing, const struct rd_json *run)
{
    struct rd_str state = em_text_at(run, "state");
    writing->at_ms = writing->end_ms;
    if (em_is_word(run, "fails", "build") && rd_str_is(state, "Failed")) {
        add_line(writing, true,
                 "==> azure-arm: Provisioning step had errors: Running the cleanup "
                 "provisioner, if present...");
        add_line(writing, true,
                 "==> azure-arm: Script exited with non-zero exit status: 1. "
                 "Allowed exit codes are: [0]");
        add_line(writing, true,
                 "Build 'azure-arm' errored: Script exited with non-zero exit "
                 "status: 1. Allowed exit codes are: [0]");
    } else if (em_is_word(run, "fails", "timeout") && rd_str_is(state, "Failed")) {
        add_line(writing, true, "==> azure-arm: context deadline exceeded");
    } else if (rd_str_is(state, "Canceled")) {
        add_line(writing, true, "Cancelling build after receiving terminated");
    } else if (!rd_str_is(state, "Running") && !rd_str_is(state, "Canceling")) {
        add_line(writing, false, "==> Builds finished but no artifacts were created.");
    }
}

static void write_log(struct em_exchange *ex, struct writing *writing,
                      const struct em_resource *image_template, const struct rd_json *run)
{
    struct rd_json body = em_body(ex, image_template);
    int64_t failing = rd_json_int(rd_json_at(run, "step"), INT64_MAX);
    writing->at_ms = end_of(run, "Queued");
    add_line(writing, false, "azure-arm: output will be in this color.");
    add_line(writing, false, "==> azure-arm: Running builder ...");
    add_line(writing, false, "==> azure-arm: Deploying the build machine, size %.*s",
             RD_FMT(em_text_at(&body, "properties.vmProfile.vmSize")));
    writing->at_ms = end_of(run, "Building");
    add_line(writing, false, "==> azure-arm: Connected to WinRM!");
    add_steps(ex, writing, image_template, &body, failing);
    writing->at_ms = end_of(run, "Customizing");
    if (!em_is_word(run, "fails", "build"))
        add_line(writing, false, "==> azure-arm: Skipping image creation...");
    add_end(writing, run);
}

struct em_builder_log em_builder_log(struct em_exchange *ex, const struct em_resource *account)
{
    struct em_builder_log log = {.name = {"", 0}, .text = {"", 0}};
    struct rd_json its = em_hidden(ex, account);
    const struct em_resource *image_template = em_find(ex->cloud, em_text_at(&its, "template"));
    struct rd_json hidden =
        image_template != NULL ? em_hidden(ex, image_template) : rd_json_object();
    const struct rd_json *run = rd_json_at(&hidden, "run");
    int64_t number = rd_json_int(rd_json_at(run, "number"), 0);
    int64_t started_ms = end_of(run, "Queued");
    int64_t end_ms = rd_json_int(rd_json_at(run, "ended"), ex->now_ms);
    if (image_template == NULL || number == 0 || started_ms > end_ms ||
        em_is_word(run, "fails", "subnet"))
        return log;
    struct writing writing = {.guid = run_guid(ex, image_template, number), .end_ms = end_ms};
    rd_buf_init(&writing.out, LOG_SIZE_MAX);
    write_log(ex, &writing, image_template, run);
    log.name = em_builder_log_name(ex, image_template, number);
    log.text = rd_arena_str(ex->arena, rd_buf_str(&writing.out));
    log.started_ms = started_ms;
    log.written_ms = writing.last_ms;
    rd_buf_done(&writing.out);
    return log;
}
