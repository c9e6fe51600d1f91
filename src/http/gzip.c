/* SPDX-License-Identifier: Apache-2.0 */
#include "http/gzip.h"

#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/buf.h"

enum {
    GZIP_ALONE = 16, /* added to the window's bits: gzip, neither zlib nor raw */
    PIECE_SIZE = 16 << 10,
};

/* Unpacks into `out` until the stream ends; zlib's code. */
static int inflate_all(z_stream *stream, struct rd_buf *out, size_t size_max)
{
    unsigned char piece[PIECE_SIZE];
    int code = Z_OK;
    while (code == Z_OK && rd_buf_str(out).n <= size_max) {
        stream->next_out = piece;
        stream->avail_out = sizeof(piece);
        code = inflate(stream, Z_NO_FLUSH);
        rd_buf_add(out, (struct rd_str){(const char *)piece, sizeof(piece) - stream->avail_out});
    }
    return code;
}

enum rd_rc rd_http_gunzip(struct rd_arena *arena, struct rd_str packed, size_t size_max,
                          struct rd_str *ret_text, struct rd_err *err)
{
    z_stream stream;
    memset(&stream, 0, sizeof(stream));
    if (packed.n > UINT32_MAX)
        return RD_FAIL(err, RD_RC_LIMIT, "the compressed body is larger than 4 GB");
    stream.next_in = (const unsigned char *)packed.p;
    stream.avail_in = (uInt)packed.n;
    if (inflateInit2(&stream, MAX_WBITS + GZIP_ALONE) != Z_OK)
        return RD_FAIL(err, RD_RC_FAILED, "zlib cannot be used");
    struct rd_buf out;
    rd_buf_init(&out, size_max + PIECE_SIZE);
    int code = inflate_all(&stream, &out, size_max);
    struct rd_str text = rd_buf_str(&out);
    enum rd_rc rc = RD_RC_OK;
    if (text.n > size_max)
        rc = RD_FAIL(err, RD_RC_LIMIT, "the body unpacks to more than %zu bytes", size_max);
    else if (code != Z_STREAM_END || stream.avail_in > 0)
        rc = RD_FAIL(err, RD_RC_INVALID, "the body is no gzip, or damaged");
    else
        *ret_text = rd_arena_str(arena, text);
    rd_buf_done(&out);
    (void)inflateEnd(&stream);
    return rc;
}
