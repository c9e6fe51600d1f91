/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOSTILE_H
#define HOSTILE_H

/*
 * tests/support/hostile_server.py as a child of the test: started with a folder of its own for the
 * authority it makes, ended with the test however that ends. The environment names the interpreter
 * and the script (HOSTILE_PYTHON, HOSTILE_SERVER: tests/meson.build).
 */

#include <sys/types.h>

struct hostile {
    pid_t pid;
    int input; /* closing it ends the server */
    char folder[64];
    char ca_file[96];
    char ready[512];
};

void hostile_start(struct hostile *server);
void hostile_stop(struct hostile *server);
/* The port of a listener: "good", "plain", "h2", "proxy", "expired" ... */
int hostile_port(const struct hostile *server, const char *listener);

#endif
