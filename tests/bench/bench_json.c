/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_json: parses and writes a list of VMs with our JSON and with jansson, in one run. One JSON
 * line a figure. CPU time, best of five; memory is what the tree holds beside the text.
 */
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "json/json.h"

enum { VM_COUNT = 4274, ROUNDS = 5 };

static double cpu_s(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void add_vm(struct rd_buf *out, int i)
{
    rd_buf_printf(
        out,
        "{\"id\":\"/subscriptions/22222222-3333-4444-5555-666666666666/resourceGroups/rg-hosts/"
        "providers/Microsoft.Compute/virtualMachines/avd%05d\",\"name\":\"avd%05d\",\"type\":"
        "\"Microsoft.Compute/virtualMachines\",\"location\":\"westeurope\",\"zones\":[\"1\"],",
        i, i);
    rd_buf_add_c(
        out,
        "\"tags\":{\"owner\":\"operations\",\"redoubt-enclave\":\"cui\"},\"properties\":{"
        "\"vmId\":\"6b1c6f5e-62f5-4f5b-9d0e-6a2f2bb6a6d1\",\"hardwareProfile\":{\"vmSize\":"
        "\"Standard_DC4as_v5\"},\"provisioningState\":\"Succeeded\",\"storageProfile\":{"
        "\"imageReference\":{\"id\":\"/subscriptions/22222222-3333-4444-5555-666666666666/"
        "resourceGroups/rg-images/providers/Microsoft.Compute/galleries/gal/images/avd/versions/"
        "1.0.0\",\"exactVersion\":\"1.0.0\"},\"osDisk\":{\"osType\":\"Windows\",\"createOption\":"
        "\"FromImage\",\"caching\":\"ReadWrite\",\"diskSizeGB\":128,\"deleteOption\":\"Delete\","
        "\"managedDisk\":{\"storageAccountType\":\"Premium_LRS\",\"securityProfile\":{"
        "\"securityEncryptionType\":\"VMGuestStateOnly\"}}},\"dataDisks\":[]},"
        "\"osProfile\":{\"adminUsername\":\"enclaveadmin\",\"windowsConfiguration\":{"
        "\"provisionVMAgent\":true,\"enableAutomaticUpdates\":true,\"patchSettings\":{"
        "\"patchMode\":\"AutomaticByPlatform\"}},\"secrets\":[],\"allowExtensionOperations\":"
        "true},\"securityProfile\":{\"securityType\":\"ConfidentialVM\",\"uefiSettings\":{"
        "\"secureBootEnabled\":true,\"vTpmEnabled\":true}},\"timeCreated\":"
        "\"2026-08-20T14:02:11.482+00:00\",");
    rd_buf_printf(
        out,
        "\"networkProfile\":{\"networkInterfaces\":[{\"id\":\"/subscriptions/22222222-3333-"
        "4444-5555-666666666666/resourceGroups/rg-hosts/providers/Microsoft.Network/"
        "networkInterfaces/avd%05d-nic\",\"properties\":{\"primary\":true}}]},"
        "\"priority\":\"Regular\",\"index\":%d,\"big\":9007199254740993}}",
        i, i);
}

static void report(const char *what, const char *library, double value, const char *unit)
{
    (void)printf("{\"figure\":\"%s\",\"library\":\"%s\",\"value\":%.1f,\"unit\":\"%s\"}\n", what,
                 library, value, unit);
}

static void bench_ours(struct rd_str text)
{
    double parse = 1e9;
    double write = 1e9;
    double ratio = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct rd_arena *arena = rd_arena_new(0);
        struct rd_json value;
        struct rd_err err;
        double start = cpu_s();
        if (rd_json_parse(arena, "bench", text, 0, &value, &err) != RD_RC_OK)
            exit(1);
        double middle = cpu_s();
        struct rd_buf out;
        rd_buf_init(&out, (size_t)1 << 30);
        rd_json_write(&out, &value, RD_JSON_COMPACT);
        double end = cpu_s();
        parse = middle - start < parse ? middle - start : parse;
        write = end - middle < write ? end - middle : write;
        ratio = (double)rd_arena_held(arena) / (double)text.n;
        rd_buf_done(&out);
        rd_arena_free(arena);
    }
    report("json_parse", "redoubt", (double)text.n / 1e6 / parse, "MB/s");
    report("json_write", "redoubt", (double)text.n / 1e6 / write, "MB/s");
    report("json_memory", "redoubt", ratio, "times the text");
}

static void bench_jansson(struct rd_str text)
{
    double parse = 1e9;
    double write = 1e9;
    double ratio = 0;
    for (int round = 0; round < ROUNDS; round++) {
        json_error_t error;
        size_t before = mallinfo2().uordblks;
        double start = cpu_s();
        json_t *value = json_loadb(text.p, text.n, 0, &error);
        double middle = cpu_s();
        ratio = (double)(mallinfo2().uordblks - before) / (double)text.n;
        char *out = json_dumps(value, JSON_COMPACT);
        double end = cpu_s();
        parse = middle - start < parse ? middle - start : parse;
        write = end - middle < write ? end - middle : write;
        free(out);
        json_decref(value);
    }
    report("json_parse", "jansson", (double)text.n / 1e6 / parse, "MB/s");
    report("json_write", "jansson", (double)text.n / 1e6 / write, "MB/s");
    report("json_memory", "jansson", ratio, "times the text");
}

int main(void)
{
    struct rd_buf text;
    rd_buf_init(&text, (size_t)1 << 30);
    rd_buf_add_char(&text, '[');
    for (int i = 0; i < VM_COUNT; i++) {
        if (i > 0)
            rd_buf_add_char(&text, ',');
        add_vm(&text, i);
    }
    rd_buf_add_char(&text, ']');
    bench_ours(rd_buf_str(&text));
    bench_jansson(rd_buf_str(&text));
    rd_buf_done(&text);
    return 0;
}
