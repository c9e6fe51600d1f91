/* SPDX-License-Identifier: Apache-2.0 */
#include "inside.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/authority.h"

enum {
    /* A head of RD_SERVER_HEAD_SIZE_MAX, what is noted of it, and a reply's head beside it. */
    CONNECTION_MEMORY = 32 << 10,
    RESERVED_FD_COUNT = 64, /* for the state's files and what the libraries open */
    TICK_MS = 500,
    HALF_CLOSED_MS = 500, /* what has come has been read by then */
    POLL_COUNT_MAX = 256,
    DRAIN_TICK_MS = 5,
    MMAP_THRESHOLD = 256 << 10,
    RENEWAL_MS = 60 * 60 * 1000,
};

/* TLS 1.2 and 1.3 alone. */
static const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/* Opening -------------------------------------------------------------------------------------- */

static void stop_signals(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGHUP);
}

RD_NODISCARD static enum rd_rc open_door(struct rd_server *server, struct door *door, int port,
                                         bool is_tls, struct rd_err *err)
{
    *door = (struct door){.server = server, .fd = -1, .port = RD_SERVER_NO_PORT, .is_tls = is_tls};
    if (port == RD_SERVER_NO_PORT)
        return RD_RC_OK;
    return listen_open(server->options.address, port, &door->fd, &door->port, err);
}

enum rd_rc rd_server_listen(const struct rd_server_options *options, struct rd_server **ret_server,
                            struct rd_err *err)
{
    struct rd_server *server = rd_heap_zalloc(sizeof(*server));
    server->options = *options;
    /* Held for microseconds: a short spin is cheaper than to sleep and be woken. */
    pthread_mutexattr_t attributes;
    (void)pthread_mutexattr_init(&attributes);
    (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    (void)pthread_mutex_init(&server->cloud_lock, &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    (void)pthread_mutex_init(&server->list_lock, NULL);
    server->http.fd = -1;
    enum rd_rc rc = open_door(server, &server->https, options->https_port, true, err);
    if (rc == RD_RC_OK)
        rc = open_door(server, &server->http, options->http_port, false, err);
    if (rc != RD_RC_OK) {
        rd_server_free(server);
        return rc;
    }
    sigset_t signals;
    stop_signals(&signals);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL); /* threads that follow inherit it */
    *ret_server = server;
    return RD_RC_OK;
}

static void close_door(struct door *door)
{
    if (door->daemon != NULL)
        MHD_stop_daemon(door->daemon);
    door->daemon = NULL;
    if (door->fd >= 0)
        (void)close(door->fd);
    door->fd = -1;
}

void rd_server_free(struct rd_server *server)
{
    if (server == NULL)
        return;
    close_door(&server->https);
    close_door(&server->http);
    exchange_free_spare(server);
    tls_done();
    (void)pthread_mutex_destroy(&server->cloud_lock);
    (void)pthread_mutex_destroy(&server->list_lock);
    rd_heap_free(server);
}

int rd_server_https_port(const struct rd_server *server)
{
    return server->https.port;
}

int rd_server_http_port(const struct rd_server *server)
{
    return server->http.port;
}

/* Connections ---------------------------------------------------------------------------------- */

/* libmicrohttpd tells of the end before it closes the descriptor, so within the lock a descriptor
 * of the list is the connection's own. */
static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct door *door = data;
    struct rd_server *server = door->server;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *new = rd_heap_zalloc(sizeof(*new));
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        new->fd = info == NULL ? -1 : info->connect_fd;
        atomic_init(&new->since_ms, exchange_now_ms());
        (void)pthread_mutex_lock(&server->list_lock);
        new->next = server->connections;
        if (new->next != NULL)
            new->next->prev = new;
        server->connections = new;
        (void)pthread_mutex_unlock(&server->list_lock);
        *context = new;
        return;
    }
    struct connection *old = *context;
    *context = NULL;
    if (old == NULL)
        return;
    (void)pthread_mutex_lock(&server->list_lock);
    if (old->prev != NULL)
        old->prev->next = old->next;
    else
        server->connections = old->next;
    if (old->next != NULL)
        old->next->prev = old->prev;
    (void)pthread_mutex_unlock(&server->list_lock);
    rd_heap_free(old);
}

static void cut_hung_up(struct pollfd *fds, nfds_t count)
{
    if (poll(fds, count, 0) <= 0)
        return;
    for (nfds_t i = 0; i < count; i++)
        if ((fds[i].revents & (POLLRDHUP | POLLERR | POLLHUP)) != 0)
            (void)shutdown(fds[i].fd, SHUT_RDWR);
}

/*
 * Closes what will not end by itself. A byte now and then keeps a connection from being idle, but
 * not for ever. And a client that has closed its half will send no more of a request:
 * libmicrohttpd, told of the end together with the last bytes, does not always see it.
 */
static void cut_hopeless(struct rd_server *server)
{
    int64_t now_ms = exchange_now_ms();
    int64_t limit_ms = now_ms - server->options.idle_s * RD_SERVER_TOTAL_FACTOR * 1000;
    struct pollfd fds[POLL_COUNT_MAX];
    nfds_t count = 0;
    (void)pthread_mutex_lock(&server->list_lock);
    for (struct connection *c = server->connections; c != NULL; c = c->next) {
        int64_t since_ms = atomic_load_explicit(&c->since_ms, memory_order_relaxed);
        if (c->fd >= 0 && since_ms < limit_ms)
            (void)shutdown(c->fd, SHUT_RDWR);
        else if (c->fd >= 0 && since_ms < now_ms - HALF_CLOSED_MS &&
                 !atomic_load_explicit(&c->is_answered, memory_order_relaxed))
            fds[count++] = (struct pollfd){.fd = c->fd, .events = POLLRDHUP};
        if (count == POLL_COUNT_MAX) {
            cut_hung_up(fds, count);
            count = 0;
        }
    }
    cut_hung_up(fds, count);
    (void)pthread_mutex_unlock(&server->list_lock);
}

/* Whether bytes that a client has sent wait to be read. */
static bool has_unread(struct rd_server *server)
{
    bool is_unread = false;
    (void)pthread_mutex_lock(&server->list_lock);
    for (struct connection *c = server->connections; c != NULL && !is_unread; c = c->next) {
        int count = 0;
        is_unread = c->fd >= 0 && ioctl(c->fd, FIONREAD, &count) == 0 && count > 0;
    }
    (void)pthread_mutex_unlock(&server->list_lock);
    return is_unread;
}

/* Running -------------------------------------------------------------------------------------- */

/* As many descriptors as the system lets us have; the number of connections they are good for. */
static unsigned connection_limit(void)
{
    struct rlimit limit = {0};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 512;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t count = limit.rlim_cur > 1u << 20 ? 1u << 20 : limit.rlim_cur;
    return count > 2 * RESERVED_FD_COUNT ? (unsigned)count - RESERVED_FD_COUNT : RESERVED_FD_COUNT;
}

static unsigned core_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > 64 ? 64 : (unsigned)count;
}

/* Whatever a client does wrong is the client's to know. */
RD_PRINTF(2, 0)
static void drop_log(void *data RD_UNUSED, const char *format RD_UNUSED, va_list ap RD_UNUSED)
{
}

RD_NODISCARD static enum rd_rc start_door(struct rd_server *server, struct door *door,
                                          struct rd_err *err)
{
    if (door->fd < 0)
        return RD_RC_OK;
    unsigned threads = core_count();
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls_callback()},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG |
                     (door->is_tls ? MHD_USE_TLS : 0);
    door->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, exchange_go_on, door, MHD_OPTION_EXTERNAL_LOGGER, drop_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, door->fd, MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0,
        MHD_OPTION_CONNECTION_LIMIT, connection_limit(), MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)server->options.idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, exchange_arrive, door,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_release, door, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, door, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY,
        door->is_tls ? tls : none, MHD_OPTION_END);
    if (door->daemon == NULL)
        return RD_FAIL(err, RD_RC_IO, "the server cannot start on port %d: %s", door->port,
                       strerror(errno));
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc load_certificate(struct rd_server *server, struct rd_err *err)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_authority_paths paths;
    enum rd_rc rc =
        rd_authority_prepare(arena, server->work.folder, rd_clock_wall_ms(), &paths, err);
    if (rc == RD_RC_OK)
        rc = tls_set(paths.certificate_pem, paths.key_pem, err);
    rd_arena_wipe(arena);
    rd_arena_free(arena);
    return rc;
}

/* Waits for one of the signals, or `ms`; whether one came. */
static bool wait_signal(int64_t ms)
{
    sigset_t signals;
    stop_signals(&signals);
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    return sigtimedwait(&signals, NULL, &wait) > 0;
}

static void keep_house(struct rd_server *server)
{
    int64_t renewal_ms = exchange_now_ms() + RENEWAL_MS;
    while (!wait_signal(TICK_MS)) {
        cut_hopeless(server);
        if (exchange_now_ms() < renewal_ms)
            continue;
        renewal_ms += RENEWAL_MS;
        struct rd_err ignored; /* the certificate at hand lives for two weeks yet */
        (void)!load_certificate(server, &ignored);
    }
}

/* Takes no new connection, and lets what is under way come to its end. */
static void drain(struct rd_server *server)
{
    atomic_store(&server->is_stopping, true);
    struct door *doors[] = {&server->https, &server->http};
    for (size_t i = 0; i < 2; i++) {
        if (doors[i]->daemon == NULL)
            continue;
        (void)MHD_quiesce_daemon(doors[i]->daemon);
        (void)close(doors[i]->fd);
        doors[i]->fd = -1;
    }
    int64_t until_ms = exchange_now_ms() + RD_SERVER_GRACE_MS;
    int quiet = 0; /* what is just being read is not counted yet: thrice nothing is the end */
    while (quiet < 3 && exchange_now_ms() < until_ms && !wait_signal(DRAIN_TICK_MS)) {
        bool is_busy = atomic_load(&server->under_way) > 0 || has_unread(server);
        quiet = is_busy ? 0 : quiet + 1;
    }
    for (size_t i = 0; i < 2; i++)
        close_door(doors[i]);
}

enum rd_rc rd_server_run(struct rd_server *server, const struct rd_server_work *work,
                         struct rd_err *err)
{
    server->work = *work;
    /* Else the first body of megabytes that is freed teaches malloc to keep such blocks. */
    (void)mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
    RD_TRY(load_certificate(server, err));
    RD_TRY(start_door(server, &server->https, err));
    RD_TRY(start_door(server, &server->http, err));
    if (work->ready != NULL)
        work->ready(work->data);
    keep_house(server);
    drain(server);
    return RD_RC_OK;
}
