/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <string.h>

#include "base/limits.h"

/* A list of SKUs is tens of megabytes, and 64 handles should not each keep room for one. */
enum { BODY_KEPT_MAX = 256 << 10 };

void exchange_append(struct exchange_list *list, struct exchange *x)
{
    x->next = NULL;
    x->previous = list->last;
    if (list->last != NULL)
        list->last->next = x;
    else
        list->first = x;
    list->last = x;
    list->count++;
}

void exchange_unlink(struct exchange_list *list, struct exchange *x)
{
    if (x->previous != NULL)
        x->previous->next = x->next;
    else
        list->first = x->next;
    if (x->next != NULL)
        x->next->previous = x->previous;
    else
        list->last = x->previous;
    x->next = NULL;
    x->previous = NULL;
    list->count--;
}

static struct exchange *exchange_new(struct rd_curl *curl)
{
    CURL *easy = curl->library.easy_init();
    if (easy == NULL)
        return NULL;
    struct exchange *x = rd_heap_zalloc(sizeof(*x));
    x->curl = curl;
    x->easy = easy;
    x->arena = rd_arena_new(0);
    rd_buf_init(&x->url, RD_HTTP_URL_SIZE_MAX + 1);
    rd_buf_init(&x->target, RD_HTTP_URL_SIZE_MAX + 2);
    rd_buf_init(&x->body, RD_HTTP_BODY_SIZE_MAX);
    request_ready_handle(x);
    return x;
}

struct exchange *exchange_take(struct rd_curl *curl)
{
    struct exchange *x = curl->pool.last; /* the one whose memory is warm */
    if (x == NULL)
        return exchange_new(curl);
    exchange_unlink(&curl->pool, x);
    return x;
}

/* Everything of the last exchange goes, but for memory that the next one needs too. */
void exchange_give_back(struct exchange *x)
{
    struct exchange blank = {.curl = x->curl,
                             .easy = x->easy,
                             .arena = x->arena,
                             .url = x->url,
                             .target = x->target,
                             .body = x->body};
    request_wipe_headers(x);
    if (x->is_secret) {
        rd_buf_wipe(&blank.body);
        rd_arena_wipe(blank.arena);
    } else {
        rd_arena_clear(blank.arena);
    }
    rd_buf_clear(&blank.url);
    rd_buf_clear(&blank.body);
    if (blank.body.cap > BODY_KEPT_MAX)
        rd_buf_done(&blank.body);
    blank.body.is_secret = false;
    struct rd_curl *curl = x->curl;
    memcpy(x, &blank, sizeof(blank));
    exchange_append(&curl->pool, x);
}

void exchange_free(struct exchange *x)
{
    x->curl->library.easy_cleanup(x->easy);
    request_wipe_headers(x);
    rd_arena_free(x->arena);
    rd_buf_done(&x->url);
    rd_buf_done(&x->target);
    rd_buf_done(&x->body);
    rd_heap_free(x);
}
