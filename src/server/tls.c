/* SPDX-License-Identifier: Apache-2.0 */
#include "inside.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    CHAIN_COUNT_MAX = 4,
    HELD_SIZE_MAX = 12 << 10,   /* with its head, one record (RFC 8446, section 5.1: 16 kB) */
    UNREAD_SIZE_MAX = 64 << 10, /* of a socket that surely takes one more */
};

struct credentials {
    struct credentials *former;
    gnutls_pcert_st chain[CHAIN_COUNT_MAX];
    unsigned chain_count;
    gnutls_privkey_t key;
};

/* GnuTLS hands its callback nothing of ours, so this cannot be the server's own. */
static _Atomic(struct credentials *) current;

static int retrieve(gnutls_session_t session RD_UNUSED, const gnutls_datum_t *names RD_UNUSED,
                    int name_count RD_UNUSED, const gnutls_pk_algorithm_t *algorithms RD_UNUSED,
                    int algorithm_count RD_UNUSED, gnutls_pcert_st **ret_chain,
                    unsigned *ret_chain_count, gnutls_privkey_t *ret_key)
{
    struct credentials *credentials = atomic_load(&current);
    if (credentials == NULL)
        return -1;
    *ret_chain = credentials->chain;
    *ret_chain_count = credentials->chain_count;
    *ret_key = credentials->key;
    return 0;
}

void *tls_callback(void)
{
    union {
        gnutls_certificate_retrieve_function2 *function;
        void *pointer;
    } callback = {.function = retrieve};
    return callback.pointer;
}

static void credentials_free(struct credentials *credentials)
{
    for (unsigned i = 0; i < credentials->chain_count; i++)
        gnutls_pcert_deinit(&credentials->chain[i]);
    gnutls_privkey_deinit(credentials->key);
    rd_heap_free(credentials);
}

static gnutls_datum_t datum(struct rd_str text)
{
    union {
        const char *from;
        unsigned char *to;
    } pointer = {.from = text.p};
    return (gnutls_datum_t){pointer.to, (unsigned)text.n};
}

enum rd_rc tls_set(struct rd_str certificate_pem, struct rd_str key_pem, struct rd_err *err)
{
    struct credentials *credentials = rd_heap_zalloc(sizeof(*credentials));
    gnutls_datum_t certificate = datum(certificate_pem);
    gnutls_datum_t key = datum(key_pem);
    credentials->chain_count = CHAIN_COUNT_MAX;
    int failure = gnutls_privkey_init(&credentials->key);
    if (failure == 0)
        failure =
            gnutls_privkey_import_x509_raw(credentials->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (failure == 0)
        failure = gnutls_pcert_list_import_x509_raw(credentials->chain, &credentials->chain_count,
                                                    &certificate, GNUTLS_X509_FMT_PEM, 0);
    if (failure < 0) {
        credentials->chain_count = 0;
        credentials_free(credentials);
        return RD_FAIL(err, RD_RC_STATE, "the server's certificate cannot be used: %s",
                       gnutls_strerror(failure));
    }
    credentials->former = atomic_load(&current);
    atomic_store(&current, credentials);
    return RD_RC_OK;
}

void tls_done(void)
{
    struct credentials *credentials = atomic_exchange(&current, NULL);
    while (credentials != NULL) {
        struct credentials *former = credentials->former;
        credentials_free(credentials);
        credentials = former;
    }
}

/* Records ------------------------------------------------------------------------------------- */

static gnutls_session_t session_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info == NULL ? NULL : info->tls_session;
}

/* A client that sends on and reads nothing fills its socket, and libmicrohttpd knows to wait: what
 * is held back could not. */
bool tls_hold(const struct exchange *exchange, struct MHD_Connection *connection, size_t size)
{
    int unread = 0;
    if (!exchange->is_tls || exchange->connection == NULL || size > HELD_SIZE_MAX ||
        ioctl(exchange->connection->fd, SIOCOUTQ, &unread) != 0 || unread > UNREAD_SIZE_MAX)
        return false;
    gnutls_session_t session = session_of(connection);
    if (session == NULL)
        return false;
    gnutls_record_cork(session);
    return true;
}

/* libmicrohttpd keeps the socket corked too, and pushes what it has sent by setting this option. */
void tls_let_go(const struct exchange *exchange, struct MHD_Connection *connection)
{
    gnutls_session_t session = session_of(connection);
    int on = 1;
    int fd = exchange->connection->fd;
    if (session == NULL || gnutls_record_uncork(session, 0) < 0)
        (void)shutdown(fd, SHUT_RDWR);
    else
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}
