/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_server(const char *folder, int in, int out)
{
    const char *python = getenv("HOSTILE_PYTHON");
    const char *script = getenv("HOSTILE_SERVER");
    assert(python != NULL && script != NULL);
    (void)dup2(in, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)unsetenv("LD_PRELOAD"); /* of a sanitizer or a checker: they are for us */
    execl(python, python, script, folder, (char *)NULL);
    _exit(127);
}

static void read_line(int fd, char *line, size_t size)
{
    size_t n = 0;
    while (n + 1 < size && read(fd, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = '\0';
}

void hostile_start(struct hostile *server)
{
    (void)snprintf(server->folder, sizeof(server->folder), "/tmp/redoubt-hostile-XXXXXX");
    char *folder = mkdtemp(server->folder);
    int in[2];
    int out[2];
    int failed = folder == NULL || pipe(in) != 0 || pipe(out) != 0;
    assert(!failed);
    server->pid = fork();
    if (server->pid == 0) {
        (void)close(in[1]);
        run_server(server->folder, in[0], out[1]);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    server->input = in[1];
    read_line(out[0], server->ready, sizeof(server->ready));
    (void)close(out[0]);
    if (strncmp(server->ready, "ready ", 6) != 0)
        fprintf(stderr, "the hostile server said: '%s'\n", server->ready);
    assert(strncmp(server->ready, "ready ", 6) == 0);
    (void)snprintf(server->ca_file, sizeof(server->ca_file), "%s/ca.pem", server->folder);
}

static void remove_folder(const char *folder)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    (void)waitpid(pid, NULL, 0);
}

void hostile_stop(struct hostile *server)
{
    (void)close(server->input);
    (void)waitpid(server->pid, NULL, 0);
    remove_folder(server->folder);
}

int hostile_port(const struct hostile *server, const char *listener)
{
    char wanted[64];
    (void)snprintf(wanted, sizeof(wanted), " %s=", listener);
    const char *at = strstr(server->ready, wanted);
    assert(at != NULL);
    return (int)strtol(at + strlen(wanted), NULL, 10);
}
