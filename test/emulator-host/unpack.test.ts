import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Zippable, zipSync } from 'fflate';
import { copyWritable, UnpackError, Unpacker } from '../../src/emulator/host/unpack.ts';

let folder: string;
let unpacker: Unpacker;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slotwave-unpack-'));
  unpacker = new Unpacker(path.join(folder, 'packages'));
});
afterEach(async () => {
  await unpacker.remove();
  rmSync(folder, { recursive: true, force: true });
});

const text = (content: string, mode = 0o100644): Zippable[string] => [
  Buffer.from(content),
  { os: 3, attrs: mode * 0x10000 },
];
const link = (to: string) => text(to, 0o120777);
const content = (files: Zippable, digest = 'a'.repeat(64)) => ({ digest, bytes: zipSync(files) });

describe('unpacking', () => {
  it('keeps names, bytes and exec bits, and lets nobody write', async () => {
    const root = await unpacker.unpack(
      content({
        'host.json': text('{}'),
        'bin/run': text('#!/bin/sh', 0o100755),
        'süd/é.txt': text('x'),
        'empty/': text('', 0o40755),
      }),
    );
    expect(readFileSync(path.join(root, 'süd/é.txt'), 'utf8')).toBe('x');
    const modes = ['host.json', 'bin/run', 'bin', 'empty'].map(
      (name) => statSync(path.join(root, name)).mode & 0o777,
    );
    expect(modes).toEqual([0o444, 0o555, 0o555, 0o555]);
  });

  it('happens once per digest, for all who ask at the same time', async () => {
    const one = content({ 'a.txt': text('1') });
    const [first, second] = await Promise.all([unpacker.unpack(one), unpacker.unpack(one)]);
    expect(first).toBe(second);
    expect(await unpacker.unpack(content({ 'a.txt': text('2') }, 'b'.repeat(64)))).not.toBe(first);
    expect(readdirSync(path.join(folder, 'packages'))).toHaveLength(2);
  });

  it('takes links that stay within, chains of them included', async () => {
    const root = await unpacker.unpack(
      content({
        'lib/a.js': text('a'),
        'bin/a': link('../lib/a.js'),
        'bin/b': link('a'),
        gone: link('no/such/file'),
      }),
    );
    expect(lstatSync(path.join(root, 'bin/a')).isSymbolicLink()).toBe(true);
    expect(readFileSync(path.join(root, 'bin/b'), 'utf8')).toBe('a');
  });

  it.each<[string, Zippable]>([
    ['a name that climbs', { '../out.txt': text('x') }],
    ['a name that climbs later', { 'a/../../out.txt': text('x') }],
    ['an absolute name', { '/tmp/slotwave-out.txt': text('x') }],
    ['a drive', { 'C:/out.txt': text('x') }],
    ['a link out', { l: link('../../..') }],
    ['an absolute link', { l: link('/etc/passwd') }],
    ['an absolute link to nothing', { l: link('/no/such/file') }],
    ['a link through a link', { 'x/y/z.txt': text('x'), a: link('x/y'), b: link('a/../../..') }],
    ['a file through a link', { l: link('..'), 'l/out.txt': text('x') }],
  ])('refuses %s and leaves nothing', async (_, files) => {
    await expect(unpacker.unpack(content(files))).rejects.toThrow(UnpackError);
    expect(readdirSync(path.join(folder, 'packages'))).toEqual([]);
    expect(readdirSync(folder)).toEqual(['packages']);
  });

  it.each([
    ['no zip', Buffer.from('not a zip')],
    ['nothing', Buffer.alloc(0)],
    ['half a zip', zipSync({ a: text('x'.repeat(1000)) }).slice(20)],
  ])('refuses %s', async (_, bytes) => {
    await expect(unpacker.unpack({ digest: 'c'.repeat(64), bytes })).rejects.toThrow(UnpackError);
  });

  it('refuses a zip whose bytes were changed', async () => {
    const stored: Zippable[string] = [Buffer.from('these bytes'), { level: 0 }];
    const whole = content({ 'a.txt': stored });
    const at = Buffer.from(whole.bytes).indexOf('these bytes');
    const bytes = whole.bytes.map((byte, index) => (index === at ? byte ^ 0xff : byte));
    await expect(unpacker.unpack({ ...whole, bytes })).rejects.toThrow(UnpackError);
  });

  it('refuses a digest that is no digest, since it names a folder', async () => {
    await expect(unpacker.unpack(content({}, '../../etc'))).rejects.toThrow(UnpackError);
  });

  it('can be copied to where it may be written', async () => {
    const root = await unpacker.unpack(content({ 'a/b.txt': text('x'), 'a/run': text('', 0o100755) }));
    const copy = path.join(folder, 'copy');
    await copyWritable(root, copy);
    writeFileSync(path.join(copy, 'a/new.txt'), '');
    const modes = ['a', 'a/b.txt', 'a/run'].map((name) => statSync(path.join(copy, name)).mode & 0o777);
    expect(modes).toEqual([0o755, 0o644, 0o755]);
  });

  it('is undone by remove', async () => {
    await unpacker.unpack(content({ 'a/b/c.txt': text('x') }));
    await unpacker.remove();
    expect(existsSync(path.join(folder, 'packages'))).toBe(false);
  });
});
