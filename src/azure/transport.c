/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/transport.h"

#include <assert.h>

void rd_transport_send(struct rd_transport *transport, const struct rd_http_request *request,
                       rd_transport_fn *fn, void *data)
{
    assert(transport != NULL && transport->ops != NULL && fn != NULL);
    assert(request->url.n > 0);
    transport->ops->send(transport, request, fn, data);
}
