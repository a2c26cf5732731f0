import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { strToU8, zipSync } from 'fflate';
import { readTraits } from '../../src/release/traits.ts';

const folder = mkdtempSync(join(tmpdir(), 'slotwave-traits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function traitsOf(files: Readonly<Record<string, string>>) {
  const path = join(folder, 'package.zip');
  const all = { 'host.json': '{"version":"2.0"}', ...files };
  writeFileSync(
    path,
    zipSync(Object.fromEntries(Object.entries(all).map(([name, text]) => [name, strToU8(text)]))),
  );
  return readTraits(
    path,
    Object.keys(all).map((name) => ({ path: name })),
  );
}

describe('what a package says of itself', () => {
  it.each<[string, Record<string, string>, readonly string[]]>([
    ['Node', { 'package.json': '{}', 'src/index.js': '' }, ['node']],
    ['Python', { 'function_app.py': '', 'requirements.txt': '' }, ['python']],
    ['isolated .NET', { 'functions.metadata': '[]', 'worker.config.json': '{}' }, ['dotnet-isolated']],
    ['in-process .NET', { 'bin/orders.deps.json': '{}', 'ship/function.json': '{}' }, ['dotnet']],
    ['PowerShell', { 'profile.ps1': '' }, ['powershell']],
    ['Java', { 'orders.jar': '', 'ship/function.json': '{}' }, ['java']],
    ['two things at once', { 'package.json': '{}', 'requirements.txt': '' }, []],
    ['nothing', { 'readme.md': '' }, []],
    [
      'a handler of its own',
      {
        'package.json': '{}',
        'host.json': '{"customHandler":{"description":{"defaultExecutablePath":"run"}}}',
      },
      [],
    ],
  ])('%s', async (_, files, runtimes) => {
    expect((await traitsOf(files)).runtimes).toEqual(runtimes);
  });

  it('its task hub, its bundle and its extensions', async () => {
    const traits = await traitsOf({
      'host.json':
        '{ // as people write it\n "extensions": {"durableTask": {"hubName": "%Hub%"}}, "extensionBundle": {"version": "[4.*, 5.0.0)"}, }',
      'bin/orders.deps.json': JSON.stringify({
        libraries: {
          'Microsoft.Azure.WebJobs.Extensions.DurableTask/2.13.7': {},
          // Brought along by the one above, with versions of its own.
          'Microsoft.Azure.WebJobs.Extensions.DurableTask.Analyzers/0.5.0': {},
          'Microsoft.Azure.WebJobs.Extensions.ServiceBus/4.3.0': {},
          'Microsoft.Azure.WebJobs.Extensions.Storage.Queues/5.1.3': {},
          'Newtonsoft.Json/13.0.1': {},
        },
      }),
    });
    expect(traits).toMatchObject({
      evidence: 'bin/orders.deps.json',
      hubName: '%Hub%',
      bundleFrom: '4.0.0',
      extensions: { DurableTask: '2.13.7', ServiceBus: '4.3.0', Storage: '5.1.3' },
    });
  });

  it.each([
    ['[1.*, 2.0.0)', '1.0.0'],
    ['(3.3.0, 4.0.0]', '3.3.0'],
    ['4.5.1', '4.5.1'],
    ['whatever', null],
  ])('the lowest version of %s is %s', async (version, lowest) => {
    const host = JSON.stringify({ extensionBundle: { version } });
    expect((await traitsOf({ 'host.json': host })).bundleFrom).toBe(lowest);
  });

  const net = (options: object) => ({
    'functions.metadata': '[]',
    'orders.runtimeconfig.json': JSON.stringify({ runtimeOptions: options }),
  });
  const core = (version: string) => ({ name: 'Microsoft.NETCore.App', version });

  it.each<[string, Record<string, string>, readonly [number, boolean] | null]>([
    ['.NET 8', net({ tfm: 'net8.0', framework: core('8.0.0') }), [8, false]],
    ['.NET 10 with ASP.NET', net({ frameworks: [core('10.0.0'), core('10.0.1')] }), [10, false]],
    ['.NET that takes later ones', net({ rollForward: 'LatestMajor', framework: core('8.0.0') }), [8, true]],
    ['.NET that brings its own', net({ includedFrameworks: [core('8.0.0')] }), null],
    ['two .NET programs', { ...net({ framework: core('8.0.0') }), 'other.runtimeconfig.json': '{}' }, null],
    ['Node from 20 on', { 'package.json': '{"engines":{"node":">=20.11"}}' }, [20, true]],
    ['Node 22 or 20', { 'package.json': '{"engines":{"node":"^22 || ^20.9"}}' }, [20, true]],
    ['Node below 24', { 'package.json': '{"engines":{"node":"<24"}}' }, null],
    ['Node by name', { 'package.json': '{"engines":{"node":"lts/*"}}' }, null],
    ['Node without a word', { 'package.json': '{}' }, null],
    ['a package.json that is none', { 'package.json': '{"engines":' }, null],
    ['Python', { 'function_app.py': '' }, null],
  ])('which version it needs: %s', async (_, files, expected) => {
    const { needs } = await traitsOf(files);
    expect(needs && [needs.major, needs.orLater]).toEqual(expected);
  });
});
