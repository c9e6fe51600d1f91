/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_CURL_H
#define WIRE_CURL_H

/*
 * The real side of the transport door (azure/transport.h): requests over HTTPS, by libcurl's multi
 * interface on the event loop. It opens connections, reuses them, speaks HTTP/2 where the server
 * does and HTTP/1.1 elsewhere, and bounds everything that a server may do: how long it takes, how
 * much it says, how far that unpacks. It knows nothing of Azure: no retry, no sign-in, no meaning
 * of a status.
 *
 *     rd_curl_open(&options, &curl, err);
 *     rd_transport_send(rd_curl_door(curl), &request, fn, data);
 *     rd_loop_run(loop);
 *     rd_curl_close(curl);
 *
 * What is always so:
 *   - A URL that `allows` does not allow never leaves, nor does one that two readers could read
 *     differently. Redirects are replies like any other: nobody follows them.
 *   - TLS is 1.2 or later and the server's certificate is verified, its name too, against the
 *     system's authorities or those of one file. Nothing turns that off.
 *   - Plain HTTP goes to this machine alone, and only where the options say so.
 *   - HTTPS_PROXY, ALL_PROXY and NO_PROXY are followed, but for what stays on this machine.
 *   - A request is written once: nothing but GET and HEAD is sent again by itself when a connection
 *     that lay idle turns out to be dead.
 *   - The time limits count the machine's time, whatever clock the loop has.
 *
 * How an exchange ends (enum rd_transport_result):
 *   REPLY    a whole reply: of its announced length, its head well formed, its status 100..599. A
 *            body that came packed is unpacked, and the headers that spoke of the packing are gone.
 *   REFUSED  nothing was sent: URL not allowed, name not found, no connection in time, certificate
 *            not trusted, the proxy said no.
 *   TIMEOUT  the request went out and no whole reply came in time.
 *   DROPPED  the request went out, and the connection broke, or what came was cut short, was no
 * HTTP or was more than base/limits.h allows. Reasons name the host and the remedy, never a header,
 * a body, a query or a proxy's address.
 *
 * libcurl is loaded when the first rd_curl is opened: linking it would cost every start of the
 * program more time than all the rest of it. The program has to ignore SIGPIPE. One thread.
 */

#include "azure/transport.h"
#include "base/err.h"
#include "base/loop.h"

struct rd_curl;

struct rd_curl_options {
    struct rd_loop *loop; /* which it takes the outside of, as long as it is open */
    /* Whether a request may go to this URL. */
    bool (*allows)(const void *data, struct rd_str url);
    const void *allows_data;
    /* PEM file of the authorities to trust in the place of the system's; NULL: the system's. */
    const char *ca_file;
    bool allows_plain_loopback; /* http://localhost, http://NAME.localhost, 127.0.0.0/8, [::1] */
    /* http://169.254.169.254, where a virtual machine asks who it is: there is no https there. It
     * never goes through a proxy. */
    bool allows_plain_metadata;
    /* Tells the loop's time in the header Redoubt-Clock: for a cloud that lives in our time. */
    bool tells_time;
    /* 0: the default. */
    size_t local_max;   /* under way at once to a server of this machine; 4 */
    int64_t connect_ms; /* name, connection, proxy and TLS together; 20 s */
    int64_t idle_ms;    /* no byte in either direction, waiting for the reply included; 90 s */
    int64_t reply_ms;   /* from the request's start to the reply's end; 5 min */
};

struct rd_curl_stats {
    uint64_t requests;    /* sent, or refused before that */
    uint64_t replies;     /* of them, those that ended with a reply */
    uint64_t connections; /* opened */
    uint64_t reply_bytes; /* of bodies as they came over the wire */
};

/* Errors: UNSUPPORTED when libcurl cannot be loaded; NOT_FOUND, IO, INVALID of the CA file.
 * `ca_file` must live until rd_curl_close. */
RD_NODISCARD enum rd_rc rd_curl_open(const struct rd_curl_options *options,
                                     struct rd_curl **ret_curl, struct rd_err *err);
/* Everything that was sent must have ended. NULL does nothing. */
void rd_curl_close(struct rd_curl *curl);
struct rd_transport *rd_curl_door(struct rd_curl *curl);
const struct rd_curl_stats *rd_curl_stats(const struct rd_curl *curl);

#endif
