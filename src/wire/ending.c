/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "exchange.h"

enum { HOST_SHOWN_MAX = 200, DETAIL_SHOWN_MAX = 160 };

/* OpenSSL's numbers (x509_vfy.h), which CURLINFO_SSL_VERIFYRESULT gives and which never change. */
enum {
    VERIFY_OK = 0,
    VERIFY_UNSPECIFIED = 1, /* libcurl has it where the chain was good and the name was not */
    VERIFY_NOT_YET_VALID = 9,
    VERIFY_EXPIRED = 10,
    VERIFY_SELF_SIGNED = 18,
};

void ending_set(struct exchange *x, enum rd_transport_result result, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(x->reason, sizeof(x->reason), fmt, ap);
    va_end(ap);
    x->result = result;
}

/* "management.azure.com", "localhost:8443" */
struct shown {
    char text[HOST_SHOWN_MAX];
};

static struct shown shown_host(const struct exchange *x)
{
    struct shown shown;
    struct rd_str host = rd_str_cut(x->parts.host, HOST_SHOWN_MAX - 8);
    bool is_usual = x->parts.port == (rd_str_is_case(x->parts.scheme, "https") ? 443 : 80);
    if (is_usual)
        (void)snprintf(shown.text, sizeof(shown.text), "%.*s", RD_FMT(host));
    else
        (void)snprintf(shown.text, sizeof(shown.text), "%.*s:%d", RD_FMT(host), x->parts.port);
    return shown;
}

static long info(const struct exchange *x, CURLINFO which)
{
    long value = 0;
    return x->curl->library.easy_getinfo(x->easy, which, &value) == CURLE_OK ? value : 0;
}

/* Our own findings -------------------------------------------------------------------------- */

static void judge_failure(struct exchange *x)
{
    struct shown host = shown_host(x);
    const struct rd_curl_options *options = &x->curl->options;
    switch (x->failure) {
    case FAILURE_HEAD_SIZE:
        ending_set(x, RD_TRANSPORT_DROPPED,
                   "the head of the reply of '%s' is larger than %d kB or %d headers", host.text,
                   RD_HTTP_HEAD_SIZE_MAX >> 10, RD_HTTP_HEADER_COUNT_MAX);
        break;
    case FAILURE_BODY_SIZE:
        ending_set(x, RD_TRANSPORT_DROPPED, "the reply of '%s' is larger than %d MB", host.text,
                   RD_HTTP_BODY_SIZE_MAX >> 20);
        break;
    case FAILURE_HEAD:
        ending_set(x, RD_TRANSPORT_DROPPED,
                   "what '%s' answered is no HTTP: something on the way may answer in its place",
                   host.text);
        break;
    case FAILURE_RESENT:
        ending_set(x, RD_TRANSPORT_DROPPED, "the connection to '%s' broke before a reply came",
                   host.text);
        break;
    case FAILURE_IDLE:
        ending_set(x, RD_TRANSPORT_TIMEOUT, "'%s' has been silent for %.3g s", host.text,
                   (double)options->idle_ms / 1000);
        break;
    case FAILURE_TOO_LONG:
        ending_set(x, RD_TRANSPORT_TIMEOUT, "'%s' did not end its reply within %.3g s", host.text,
                   (double)options->reply_ms / 1000);
        break;
    case FAILURE_NONE:
    case FAILURE_COUNT:
    default:
        break;
    }
}

/* Before the request left ------------------------------------------------------------------- */

static void refuse_proxy(struct exchange *x)
{
    struct shown host = shown_host(x);
    long status = info(x, CURLINFO_HTTP_CONNECTCODE);
    if (status == 407)
        ending_set(x, RD_TRANSPORT_REFUSED,
                   "the proxy wants to know who asks for '%s': put a name and password into "
                   "HTTPS_PROXY, or the host into NO_PROXY",
                   host.text);
    else if (status != 0)
        ending_set(x, RD_TRANSPORT_REFUSED,
                   "the proxy refused to lead to '%s' (%ld): ask whoever runs it to allow the "
                   "host, or put it into NO_PROXY",
                   host.text, status);
    else
        ending_set(x, RD_TRANSPORT_REFUSED,
                   "the proxy did not lead to '%s': check HTTPS_PROXY, or put the host into "
                   "NO_PROXY",
                   host.text);
}

/* The texts are ours: the server chooses what its certificate says, and terminals obey. */
static void refuse_certificate(struct exchange *x)
{
    struct shown host = shown_host(x);
    const char *ca_file = x->curl->options.ca_file;
    switch (info(x, CURLINFO_SSL_VERIFYRESULT)) {
    case VERIFY_OK:
    case VERIFY_UNSPECIFIED:
        ending_set(x, RD_TRANSPORT_UNTRUSTED,
                   "the certificate of '%s' is for another name: check the address, or have a "
                   "certificate made that names this host",
                   host.text);
        return;
    case VERIFY_EXPIRED:
        ending_set(x, RD_TRANSPORT_UNTRUSTED,
                   "the certificate of '%s' has expired: its server needs a new one, or this "
                   "machine's clock is wrong",
                   host.text);
        return;
    case VERIFY_NOT_YET_VALID:
        ending_set(x, RD_TRANSPORT_UNTRUSTED,
                   "the certificate of '%s' is not valid yet: this machine's clock may be wrong",
                   host.text);
        return;
    default:
        break;
    }
    if (ca_file != NULL)
        ending_set(x, RD_TRANSPORT_UNTRUSTED,
                   "the certificate of '%s' is not trusted: none of the authorities in '%s', the "
                   "CA file that was named, stands behind it; name another one with --ca-file",
                   host.text, ca_file);
    else
        ending_set(x, RD_TRANSPORT_UNTRUSTED,
                   "the certificate of '%s' is not trusted: name the CA file of its authority with "
                   "--ca-file, or add that to this machine's store (Debian: "
                   "update-ca-certificates)",
                   host.text);
}

static void refuse_connection(struct exchange *x, CURLcode code)
{
    struct shown host = shown_host(x);
    long number = info(x, CURLINFO_OS_ERRNO);
    if (code == CURLE_OPERATION_TIMEDOUT)
        ending_set(x, RD_TRANSPORT_REFUSED,
                   "no connection to '%s' within %.3g s: check the network, and HTTPS_PROXY where "
                   "only a proxy leads outside",
                   host.text, (double)x->curl->options.connect_ms / 1000);
    else
        ending_set(x, RD_TRANSPORT_REFUSED,
                   "no connection to '%s' (%s): check that it is running "
                   "and that no firewall stands between",
                   host.text, number != 0 ? strerror((int)number) : "none of its addresses");
}

static void refuse_tls(struct exchange *x)
{
    struct shown host = shown_host(x);
    ending_set(x, RD_TRANSPORT_REFUSED,
               "no TLS with '%s' (%.*s): redoubt needs TLS 1.2 or later, and that nothing on the "
               "way breaks into it",
               host.text, DETAIL_SHOWN_MAX,
               x->detail[0] != '\0' ? x->detail : "the handshake broke off");
}

/* Whether it was the proxy that could not be reached or did not do its part: libcurl has a code for
 * some of that only, and otherwise says so, or names what it failed to connect to. */
static bool is_proxys_doing(const struct exchange *x, CURLcode code)
{
    struct rd_str detail = rd_str_from(x->detail);
    struct rd_str word = RD_STR("proxy");
    struct rd_str host = x->parts.host;
    long status = info(x, CURLINFO_HTTP_CONNECTCODE);
    if (x->is_local || code == CURLE_COULDNT_RESOLVE_PROXY)
        return false;
    if (status != 0 && status / 100 != 2)
        return true;
    bool is_named = rd_str_find_case(detail, host, 0) != RD_STR_NONE;
    if (code == CURLE_COULDNT_CONNECT && detail.n > 0 && !is_named)
        return true;
    return rd_str_find_case(detail, word, 0) != RD_STR_NONE &&
           rd_str_find_case(host, word, 0) == RD_STR_NONE;
}

static void refuse(struct exchange *x, CURLcode code)
{
    struct shown host = shown_host(x);
    if (is_proxys_doing(x, code)) {
        refuse_proxy(x);
        return;
    }
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        ending_set(x, RD_TRANSPORT_REFUSED,
                   "the name '%s' is not known here: check it, this machine's DNS, and HTTPS_PROXY "
                   "where only a proxy leads outside",
                   host.text);
        break;
    case CURLE_COULDNT_RESOLVE_PROXY:
        ending_set(x, RD_TRANSPORT_REFUSED,
                   "the proxy's name is not known here: check HTTPS_PROXY and this machine's DNS");
        break;
    case CURLE_PROXY:
        refuse_proxy(x);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        refuse_certificate(x);
        break;
    case CURLE_SSL_CACERT_BADFILE:
        ending_set(x, RD_TRANSPORT_UNTRUSTED,
                   "the authorities that this machine trusts cannot be "
                   "read, so nobody can prove to be '%s': install Debian's package "
                   "ca-certificates, or name a CA file with --ca-file",
                   host.text);
        break;
    case CURLE_SSL_CONNECT_ERROR:
        refuse_tls(x);
        break;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
        refuse_connection(x, code);
        break;
    default:
        ending_set(x, RD_TRANSPORT_REFUSED,
                   "the connection to '%s' broke before the request was sent", host.text);
        break;
    }
}

/* After the request left ---------------------------------------------------------------------- */

static const struct {
    CURLcode code;
    const char *text; /* after "'HOST' " */
} breaks[] = {
    {CURLE_GOT_NOTHING, "closed the connection without a reply"},
    {CURLE_PARTIAL_FILE, "broke off in the middle of its reply"},
    {CURLE_RECV_ERROR, "broke the connection off"},
    {CURLE_SEND_ERROR, "broke the connection off while the request was sent"},
    {CURLE_HTTP2, "broke the HTTP/2 connection off"},
    {CURLE_HTTP2_STREAM, "broke the exchange off (HTTP/2)"},
    {CURLE_BAD_CONTENT_ENCODING, "sent a reply whose gzip is broken"},
    {CURLE_UNSUPPORTED_PROTOCOL,
     "answered something that is no HTTP: something on the way may answer in its place"},
    {CURLE_WEIRD_SERVER_REPLY,
     "answered something that is no HTTP: something on the way may answer in its place"},
    {CURLE_OPERATION_TIMEDOUT, "did not take a second connection in time"},
};

static void judge_break(struct exchange *x, CURLcode code)
{
    const char *text = "broke the exchange off";
    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++)
        if (breaks[i].code == code)
            text = breaks[i].text;
    ending_set(x, code == CURLE_OPERATION_TIMEDOUT ? RD_TRANSPORT_TIMEOUT : RD_TRANSPORT_DROPPED,
               "'%s' %s", shown_host(x).text, text);
}

/*
 * RFC 9112 6.3 lets a body end where the connection does. Over TLS that is an end only when the
 * peer says goodbye first (RFC 8446 6.1), which libcurl does not ask for: anybody on the way could
 * cut the reply short. No Azure service answers so.
 */
static bool has_open_end(const struct exchange *x)
{
    return x->body.n > 0 && rd_str_is_case(x->parts.scheme, "https") &&
           info(x, CURLINFO_HTTP_VERSION) < CURL_HTTP_VERSION_2_0 &&
           rd_http_headers_get(&x->reply.headers, "Content-Length").n == 0 &&
           rd_http_headers_get(&x->reply.headers, "Transfer-Encoding").n == 0;
}

void ending_judge(struct exchange *x, CURLcode code)
{
    if (code == CURLE_FILESIZE_EXCEEDED)
        x->failure = FAILURE_BODY_SIZE; /* by its announced length */
    if (x->failure != FAILURE_NONE)
        judge_failure(x);
    else if (code == CURLE_OK && x->reply.status != 0 && !x->is_head_over)
        judge_break(x, CURLE_PARTIAL_FILE);
    else if (code == CURLE_OK && has_open_end(x))
        ending_set(x, RD_TRANSPORT_DROPPED,
                   "'%s' did not say where its reply ends: it may have been cut short",
                   shown_host(x).text);
    else if (code == CURLE_OK && reply_finish(x))
        x->result = RD_TRANSPORT_REPLY;
    else if (code == CURLE_OK)
        judge_break(x, CURLE_WEIRD_SERVER_REPLY);
    else if (x->has_left)
        judge_break(x, code);
    else
        refuse(x, code);
}
