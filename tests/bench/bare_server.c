/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare_server REPLY [CERTIFICATE KEY]: a bare libmicrohttpd with the settings of src/server that
 * answers every request with the same bytes, made once: what the embedded cloud is measured
 * against. REPLY holds "Name: value" lines, an empty line, and the body. Prints its port; ends with
 * its standard input.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

enum { FILE_SIZE_MAX = 1 << 20, CONNECTION_MEMORY = 32 << 10, IDLE_S = 120 };

static struct MHD_Response *reply;
static int request_mark;

static char *read_file(const char *path)
{
    static char room[3][FILE_SIZE_MAX];
    static size_t used;
    FILE *file = fopen(path, "rb");
    if (file == NULL || used == 3)
        exit(2);
    char *out = room[used++];
    out[fread(out, 1, FILE_SIZE_MAX - 1, file)] = '\0';
    (void)fclose(file);
    return out;
}

static void make_reply(char *text)
{
    char *body = strstr(text, "\n\n");
    if (body == NULL)
        exit(2);
    *body = '\0';
    body += 2;
    reply = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_PERSISTENT);
    for (char *line = text; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        char *colon = strstr(line, ": ");
        if (colon == NULL)
            exit(2);
        *colon = '\0';
        if (MHD_add_response_header(reply, line, colon + 2) != MHD_YES)
            exit(2);
        line = end == NULL ? NULL : end + 1;
    }
}

static enum MHD_Result answer(void *data, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    (void)data, (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    if (*state == NULL) {
        *state = &request_mark;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, reply);
}

static int listen_anywhere(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
    } bound = {.v4 = address};
    bound.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(bound.v4);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        bind(fd, &bound.any, size) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, &bound.any, &size) != 0)
        exit(2);
    *ret_port = ntohs(bound.v4.sin_port);
    return fd;
}

int main(int argc, char *argv[])
{
    if (argc != 2 && argc != 4)
        return 2;
    int port = 0;
    int fd = listen_anywhere(&port);
    make_reply(read_file(argv[1]));
    static char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, argc == 4 ? read_file(argv[2]) : NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, argc == 4 ? read_file(argv[3]) : NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | (argc == 4 ? MHD_USE_TLS : 0u), 0, NULL, NULL,
        answer, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        cores > 1 ? (unsigned)cores : 0u, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
        MHD_OPTION_ARRAY, argc == 4 ? tls : none, MHD_OPTION_END);
    if (daemon == NULL)
        return 2;
    printf("%d\n", port);
    (void)fflush(stdout);
    while (getchar() != EOF)
        continue;
    MHD_stop_daemon(daemon);
    MHD_destroy_response(reply);
    return 0;
}
