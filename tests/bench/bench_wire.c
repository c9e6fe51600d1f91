/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_wire URL CA_FILE COUNT: that many GETs of the URL, 64 in flight, by our transport and by
 * bare libcurl (the same options, nothing else done), in one run. One JSON line a figure: CPU time
 * of this process for an exchange.
 */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "library.h"
#include "wire/curl.h"

enum { IN_FLIGHT = 64 };

static double cpu_us(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void report(const char *who, double us, long count, int64_t start_us)
{
    double seconds = (double)(rd_clock_monotonic_us() - start_us) / 1e6;
    (void)printf("{\"figure\":\"CPU of an exchange\",\"by\":\"%s\",\"value\":%.1f,\"unit\":\"us\","
                 "\"per_second\":%.0f}\n",
                 who, us / (double)count, (double)count / seconds);
}

struct flow {
    struct rd_transport *door;
    struct rd_http_request request;
    long *left;
};

static void go_on(void *data, enum rd_transport_result result, const struct rd_http_reply *reply,
                  const char *reason)
{
    struct flow *flow = data;
    if (result != RD_TRANSPORT_REPLY || reply->status != 200) {
        fprintf(stderr, "bench_wire: %s\n", reason);
        exit(1);
    }
    if ((*flow->left)-- > 0)
        rd_transport_send(flow->door, &flow->request, go_on, flow);
}

static bool allows(const void *data RD_UNUSED, struct rd_str url RD_UNUSED)
{
    return true;
}

static void run_ours(const char *url, const char *ca_file, long count)
{
    struct rd_clock clock;
    struct rd_err err;
    struct rd_curl *curl = NULL;
    rd_clock_init_real(&clock);
    struct rd_loop *loop = rd_loop_new(&clock);
    const struct rd_curl_options options = {
        .loop = loop,
        .allows = allows,
        .ca_file = ca_file,
        .allows_plain_loopback = true,
        .local_max = IN_FLIGHT,
    };
    enum rd_rc rc = rd_curl_open(&options, &curl, &err);
    assert(rc == RD_RC_OK);
    struct flow flows[IN_FLIGHT];
    int64_t start_us = rd_clock_monotonic_us();
    double before_us = cpu_us();
    long left = count - IN_FLIGHT;
    for (int i = 0; i < IN_FLIGHT; i++) {
        flows[i] = (struct flow){.door = rd_curl_door(curl),
                                 .request = {.method = RD_HTTP_GET, .url = rd_str_from(url)},
                                 .left = &left};
        rd_transport_send(flows[i].door, &flows[i].request, go_on, &flows[i]);
    }
    rd_loop_run(loop);
    report("redoubt", cpu_us() - before_us, count, start_us);
    rd_curl_close(curl);
    rd_loop_free(loop);
}

static size_t drop(char *bytes RD_UNUSED, size_t size, size_t count, void *data RD_UNUSED)
{
    return size * count;
}

static void run_bare(const char *url, const char *ca_file, long count)
{
    struct wire_library library;
    struct rd_err err;
    enum rd_rc rc = wire_library_load("libcurl.so.4", &library, &err);
    assert(rc == RD_RC_OK);
    CURLM *multi = library.multi_init();
    CURL *easy[IN_FLIGHT];
    int64_t start_us = rd_clock_monotonic_us();
    double before_us = cpu_us();
    for (int i = 0; i < IN_FLIGHT; i++) {
        easy[i] = library.easy_init();
        (void)library.easy_setopt(easy[i], CURLOPT_URL, url);
        (void)library.easy_setopt(easy[i], CURLOPT_CAINFO, ca_file);
        (void)library.easy_setopt(easy[i], CURLOPT_WRITEFUNCTION, drop);
        (void)library.multi_add_handle(multi, easy[i]);
    }
    long left = count - IN_FLIGHT;
    int running = IN_FLIGHT;
    while (running > 0) {
        (void)library.multi_poll(multi, NULL, 0, 1000, NULL);
        (void)library.multi_perform(multi, &running);
        int queued = 0;
        const CURLMsg *message;
        while ((message = library.multi_info_read(multi, &queued)) != NULL) {
            CURL *done = message->easy_handle;
            assert(message->data.result == CURLE_OK);
            (void)library.multi_remove_handle(multi, done);
            if (left-- > 0) {
                (void)library.multi_add_handle(multi, done);
                running++;
            }
        }
    }
    report("bare libcurl", cpu_us() - before_us, count, start_us);
    for (int i = 0; i < IN_FLIGHT; i++)
        library.easy_cleanup(easy[i]);
    (void)library.multi_cleanup(multi);
}

int main(int argc, char *argv[])
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s URL CA_FILE COUNT\n", argv[0]);
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    long count = strtol(argv[3], NULL, 10);
    assert(count >= IN_FLIGHT);
    run_ours(argv[1], argv[2], count);
    run_bare(argv[1], argv[2], count);
    return 0;
}
