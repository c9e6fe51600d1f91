/* SPDX-License-Identifier: Apache-2.0 */
#include "inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* The address in binary, and whether nobody but this machine can reach it. */
RD_NODISCARD static enum rd_rc read_address(const char *text, int port, union address *out,
                                            socklen_t *ret_size, struct rd_err *err)
{
    *out = (union address){0};
    const char *name = strcmp(text, "localhost") == 0 ? "127.0.0.1" : text;
    bool is_loopback = false;
    if (inet_pton(AF_INET, name, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        *ret_size = sizeof(out->v4);
        is_loopback = ntohl(out->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    } else if (inet_pton(AF_INET6, name, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        *ret_size = sizeof(out->v6);
        is_loopback = memcmp(&out->v6.sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
    } else {
        return rd_err_hint(RD_FAIL(err, RD_RC_USAGE, "'%s' is no address to listen on", text), err,
                           "127.0.0.1, ::1 or localhost");
    }
    if (is_loopback)
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_USAGE,
                               "'%s' is not a loopback address: the embedded cloud is for this "
                               "machine alone, whoever reaches it may try its secrets",
                               text),
                       err, "listen on 127.0.0.1 or ::1, and forward a port over ssh if need be");
}

RD_NODISCARD static enum rd_rc fail_socket(const char *address, int port, struct rd_err *err)
{
    int number = errno;
    enum rd_rc rc = RD_FAIL(err, RD_RC_IO, "cannot listen on '%s' port %d: %s", address, port,
                            strerror(number));
    if (number == EADDRINUSE)
        return rd_err_hint(rc, err, "another server has it: name another port, or 0 for any");
    if (number == EACCES)
        return rd_err_hint(rc, err, "ports below 1024 are for root: name a higher one");
    return rc;
}

static bool bind_and_listen(int fd, const union address *address, socklen_t size)
{
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 && /* inherited */
           bind(fd, &address->any, size) == 0 && listen(fd, SOMAXCONN) == 0;
}

enum rd_rc listen_open(const char *text, int port, int *ret_fd, int *ret_port, struct rd_err *err)
{
    union address address;
    socklen_t size = 0;
    RD_TRY(read_address(text, port, &address, &size, err));
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_socket(text, port, err);
    union address bound = {0};
    socklen_t bound_size = sizeof(bound);
    if (!bind_and_listen(fd, &address, size) || getsockname(fd, &bound.any, &bound_size) != 0) {
        enum rd_rc rc = fail_socket(text, port, err);
        (void)close(fd);
        return rc;
    }
    *ret_fd = fd;
    *ret_port = ntohs(bound.any.sa_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
    return RD_RC_OK;
}
