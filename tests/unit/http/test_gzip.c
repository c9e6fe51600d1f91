/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <string.h>

#include <zlib.h>

#include "http/gzip.h"

static struct rd_str pack(struct rd_arena *arena, struct rd_str text, int bits)
{
    z_stream stream;
    memset(&stream, 0, sizeof(stream));
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&stream, (uLong)text.n) + 64;
    char *out = rd_arena_bytes(arena, room);
    char *in = rd_arena_bytes(arena, text.n + 1);
    memcpy(in, text.p, text.n);
    stream.next_in = (unsigned char *)in;
    stream.avail_in = (uInt)text.n;
    stream.next_out = (unsigned char *)out;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return (struct rd_str){out, room - stream.avail_out};
}

static struct rd_str zeros(struct rd_arena *arena, size_t n)
{
    char *bytes = rd_arena_bytes(arena, n + 1);
    memset(bytes, '0', n);
    return (struct rd_str){bytes, n};
}

static void what_was_packed_is_whole_again(void **state)
{
    static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 100000};
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_str text = zeros(arena, sizes[i]), out = {"x", 1};
        struct rd_err err;
        assert_int_equal(
            rd_http_gunzip(arena, pack(arena, text, MAX_WBITS + 16), 100000, &out, &err), RD_RC_OK);
        assert_true(rd_str_eq(out, text));
    }
}

static void a_bomb_is_left_packed(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str bomb = pack(arena, zeros(arena, 64 << 20), MAX_WBITS + 16), out = {"", 0};
    size_t held = rd_arena_held(arena);
    struct rd_err err;
    assert_true(bomb.n < 100000);
    assert_int_equal(rd_http_gunzip(arena, bomb, 1 << 20, &out, &err), RD_RC_LIMIT);
    assert_int_equal(rd_arena_held(arena), held);
}

static void what_is_no_gzip_is_refused(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str good = pack(arena, RD_STR("[{\"a\":1}]"), MAX_WBITS + 16), out = {"", 0};
    struct rd_err err;
    for (size_t n = 0; n < good.n; n++)
        assert_int_equal(rd_http_gunzip(arena, rd_str_sub(good, 0, n), 100, &out, &err),
                         RD_RC_INVALID);
    struct rd_str twice = rd_arena_printf(arena, "xx%s", "[]");
    assert_int_equal(rd_http_gunzip(arena, twice, 100, &out, &err), RD_RC_INVALID);
    assert_int_equal(rd_http_gunzip(arena, pack(arena, RD_STR("[]"), MAX_WBITS), 100, &out, &err),
                     RD_RC_INVALID); /* zlib's own form */
    char *behind = rd_arena_bytes(arena, good.n + 1);
    memcpy(behind, good.p, good.n);
    behind[good.n] = 'x';
    assert_int_equal(rd_http_gunzip(arena, (struct rd_str){behind, good.n + 1}, 100, &out, &err),
                     RD_RC_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_is_whole_again),
        cmocka_unit_test(a_bomb_is_left_packed),
        cmocka_unit_test(what_is_no_gzip_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
