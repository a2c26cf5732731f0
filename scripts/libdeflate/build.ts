/**
 * Makes src/release/deflate-module.ts: libdeflate, compiled to WebAssembly. Needs clang 14 and lld 14 (Debian 12:
 * `apt-get install clang-14 lld-14`) and the network, and is run only when libdeflate or pieces.c change; with the
 * same compiler it gives the same bytes. Another libdeflate, or another level, gives every package a new digest.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { unpackSource, version } from './source.ts';

/**
 * What is changed in a file: [what, becomes, how often it is there].
 * - A piece of a stream does not end the stream.
 * - Short files have hash tables of their own size: clearing the usual 192 KiB takes longer than packing such a file.
 * - Words have 64 bits, which WebAssembly has whatever its addresses have.
 * - Only the parser that is used is kept.
 */
const changes: Readonly<Record<string, readonly (readonly [RegExp, string, number])[]>> = {
  'lib/deflate_compress.c': [
    [/is_final_block\);$/gm, 'is_final_block && last_of_stream);', 2],
    [/^#define SUPPORT_NEAR_OPTIMAL_PARSING\s+1$/gm, '#define SUPPORT_NEAR_OPTIMAL_PARSING 0', 1],
    [/c->impl = deflate_compress_\w+;/g, 'c->impl = NULL;', 12],
    [/bool lazy2\)$/gm, 'bool lazy2, const bool is_short)', 1],
    [/in_nbytes, os, (false|true)\);/g, 'in_nbytes, os, $1, false);', 2],
    [/hc_matchfinder_longest_match\($/gm, 'hc_matchfinder_longest_match(is_short,', 4],
    [/hc_matchfinder_skip_bytes\(&c/g, 'hc_matchfinder_skip_bytes(is_short, &c', 4],
    [/hc_matchfinder_init\(&c/g, 'hc_matchfinder_init(is_short, &c', 2],
    [/^(?=\/\*)/, 'static int last_of_stream;\nstatic const _Bool is_short = 0;\n', 1],
  ],
  'lib/hc_matchfinder.h': [
    [/\(struct hc_matchfinder \* const mf,/g, '(const bool is_short, struct hc_matchfinder * const mf,', 2],
    [/^hc_matchfinder_init\(/gm, 'hc_matchfinder_init(const bool is_short, ', 1],
    [/, HC_MATCHFINDER_HASH([34])_ORDER\);/g, ', HASH$1_ORDER(is_short));', 4],
    [
      /matchfinder_init\(\(mf_pos_t \*\)mf, HC_MATCHFINDER_TOTAL_HASH_SIZE\);/g,
      'matchfinder_init(mf->hash3_tab, sizeof(mf_pos_t) << HASH3_ORDER(is_short));\n' +
        '\tmatchfinder_init(mf->hash4_tab, sizeof(mf_pos_t) << HASH4_ORDER(is_short));',
      1,
    ],
    [
      /^(?=#define HC_MATCHFINDER_TOTAL)/m,
      '#define HASH3_ORDER(is_short) ((is_short) ? 12 : HC_MATCHFINDER_HASH3_ORDER)\n' +
        '#define HASH4_ORDER(is_short) ((is_short) ? 13 : HC_MATCHFINDER_HASH4_ORDER)\n',
      1,
    ],
  ],
  'common_defs.h': [[/^typedef size_t machine_word_t;$/gm, 'typedef u64 machine_word_t;', 1]],
};

const flags = [
  ...['--target=wasm32', '-O2', '-std=c11', '-ffreestanding', '-DFREESTANDING', '-fvisibility=hidden'],
  ...['-mbulk-memory', '-msimd128', '-nostdlib', '-Wall', '-Werror', '-Wno-unused-function'],
  ...['-Wl,--no-entry', '-Wl,--strip-all', '-Wl,-z,stack-size=65536'],
];

const work = await mkdtemp(join(tmpdir(), 'slotwave-libdeflate-'));
try {
  await unpackSource(work);
  await changeSource();
  execFileSync(
    'clang-14',
    [
      ...flags,
      ...['-I', work, '-o', 'module.wasm'],
      ...[join(import.meta.dirname, 'pieces.c'), join(work, 'lib/utils.c')],
    ],
    { cwd: work, stdio: 'inherit' },
  );
  const module = await readFile(join(work, 'module.wasm'));
  await writeFile(join(import.meta.dirname, '../../src/release/deflate-module.ts'), await describe(module));
  console.log(`src/release/deflate-module.ts: ${module.length} bytes of WebAssembly`);
} finally {
  await rm(work, { recursive: true });
}

async function changeSource(): Promise<void> {
  for (const [file, inFile] of Object.entries(changes)) {
    const path = join(work, file);
    let text = await readFile(path, 'utf8');
    for (const [what, becomes, count] of inFile) {
      const found = text.match(what)?.length ?? 0;
      if (found !== count) throw new Error(`${what} is in ${file} ${found} times, not ${count}`);
      text = text.replace(what, becomes);
    }
    await writeFile(path, text);
  }
}

async function describe(module: Uint8Array): Promise<string> {
  const licence = await readFile(join(import.meta.dirname, 'COPYING'), 'utf8');
  const quoted = licence
    .trimEnd()
    .split('\n')
    .map((line) => ` * ${line}`.trimEnd());
  return [
    `/** libdeflate ${version} as WebAssembly, deflated, in base64. Made by scripts/libdeflate/build.ts; not to be edited. */`,
    '/*!',
    ...quoted,
    ' */',
    `// biome-ignore format: one long line, made by a program`,
    `export const packedModule = '${deflateRawSync(module, { level: 9 }).toString('base64')}';`,
    '',
  ].join('\n');
}
