/* What release/deflate.ts calls. The library's own source is included, so that the bits after its last block are in reach. */
#include "lib/deflate_compress.c"

#define CHUNK (1 << 20)

static u8 input[CHUNK];
/* Stored blocks are the worst that can come out: 5 bytes for each 64 KiB, and the marker behind an open piece. */
static u8 output[CHUNK + 4096];
static _Alignas(64) u8 arena[1 << 20];
static struct libdeflate_compressor *compressor;

static void *take_arena(size_t size) { return size <= sizeof(arena) ? arena : NULL; }
static void keep_arena(void *pointer) { (void)pointer; }

__attribute__((export_name("input"))) u8 *input_at(void) { return input; }
__attribute__((export_name("output"))) u8 *output_at(void) { return output; }

/* Files up to this size get small hash tables. */
#define SHORT 8192

/* Once, before anything else; 0 when there is too little memory. */
__attribute__((export_name("begin"))) int begin(void)
{
	static const struct libdeflate_options options = {
		.sizeof_options = sizeof(options), .malloc_func = take_arena, .free_func = keep_arena,
	};
	compressor = libdeflate_alloc_compressor_ex(6, &options);
	if (!compressor)
		return 0;
	/* Level 6 has 35 and 65, level 5 has 16 and 30: less time than the one, less space than the other. */
	compressor->max_search_depth = 16;
	compressor->nice_match_length = 48;
	return 1;
}

/*
 * Deflates `length` bytes (1 to CHUNK) of the input; how many bytes it became. A piece that is not the last one ends
 * with an empty stored block, which fills the last byte, so that the next piece can be put behind it.
 */
__attribute__((export_name("deflate"))) size_t deflate(size_t length, int last)
{
	struct deflate_output_bitstream os = { .next = output, .end = output + sizeof(output) };

	last_of_stream = last;
	if (length <= SHORT)
		deflate_compress_lazy_generic(compressor, input, length, &os, false, true);
	else
		deflate_compress_lazy_generic(compressor, input, length, &os, false, false);
	if (os.overflow)
		return 0;
	if (!last) {
		*os.next++ = os.bitbuf;
		if (os.bitcount > 5)
			*os.next++ = 0;
		put_unaligned_le32(0xFFFF0000, os.next);
		os.next += 4;
	} else if (os.bitcount) {
		*os.next++ = os.bitbuf;
	}
	return os.next - output;
}
