/**
 * Until when each runtime is supported, as Microsoft and the languages' own projects say. A version that does not stand
 * here is not judged. Brought up to date with each release of slotwave; checked in November 2026.
 */
import type { Stack } from '../plan/surroundings.ts';

export interface SupportEnd {
  /** `Node.js 20`. */
  readonly name: string;
  /** The last day, `2026-04-30`. */
  readonly day: string;
  readonly source: string;
}

const azure = 'https://learn.microsoft.com/azure/azure-functions/supported-languages';
const dotnet = 'https://dotnet.microsoft.com/platform/support/policy/dotnet-core';
const node = 'https://github.com/nodejs/release#release-schedule';
const python = 'https://devguide.python.org/versions/';
const powershell = 'https://learn.microsoft.com/powershell/scripting/install/powershell-support-lifecycle';

interface Family {
  readonly name: string;
  readonly source: string;
  readonly ends: Readonly<Record<string, string>>;
}

const untilEight = {
  '3.1': '2022-12-13',
  '5': '2022-05-10',
  '6': '2024-11-12',
  '7': '2024-05-14',
  '8': '2026-11-10',
};

const families: Readonly<Record<string, Family>> = {
  node: {
    name: 'Node.js',
    source: node,
    ends: {
      '10': '2021-04-30',
      '12': '2022-04-30',
      '14': '2023-04-30',
      '16': '2023-09-11',
      '18': '2025-04-30',
      '20': '2026-04-30',
      '22': '2027-04-30',
      '24': '2028-04-30',
    },
  },
  python: {
    name: 'Python',
    source: python,
    ends: {
      '3.6': '2021-12-23',
      '3.7': '2023-06-27',
      '3.8': '2024-10-07',
      '3.9': '2025-10-31',
      '3.10': '2026-10-31',
      '3.11': '2027-10-31',
      '3.12': '2028-10-31',
      '3.13': '2029-10-31',
    },
  },
  'dotnet-isolated': {
    name: '.NET',
    source: dotnet,
    ends: { ...untilEight, '9': '2026-11-10', '10': '2028-11-14' },
  },
  // The in-process model goes no further than .NET 8, and ends with it.
  dotnet: { name: '.NET in-process', source: azure, ends: untilEight },
  java: {
    name: 'Java',
    source: azure,
    ends: {
      '1.8': '2026-11-30',
      '8': '2026-11-30',
      '11': '2027-09-01',
      '17': '2027-09-01',
      '21': '2028-09-01',
    },
  },
  powershell: {
    name: 'PowerShell',
    source: powershell,
    ends: { '7.0': '2022-12-03', '7.2': '2024-11-08', '7.4': '2026-11-10' },
  },
};

/** Null: the version is not in the table. */
export function findEnd({ language, version }: Stack): SupportEnd | null {
  const family = families[language.toLowerCase()];
  const key = [version, version.replace(/\.0$/, ''), version.split('.')[0]!].find(
    (each) => family?.ends[each] !== undefined,
  );
  const day = key === undefined ? undefined : family?.ends[key];
  return family && key && day ? { name: `${family.name} ${key}`, day, source: family.source } : null;
}

/** The whole table, for the reference page. */
export function listEnds(): readonly SupportEnd[] {
  return [
    ...Object.values(families).flatMap(({ name, source, ends }) =>
      Object.entries(ends).map(([version, day]) => ({ name: `${name} ${version}`, day, source })),
    ),
    ...Object.keys(hosts).flatMap((version) => findHostEnd(version) ?? []),
  ];
}

/** Versions of the Functions host (`FUNCTIONS_EXTENSION_VERSION`). */
const hosts: Readonly<Record<string, string>> = {
  '1': '2026-09-14',
  '2': '2022-12-13',
  '3': '2022-12-13',
};

export function findHostEnd(extensionVersion: string): SupportEnd | null {
  const major = /^~?(\d+)/.exec(extensionVersion)?.[1] ?? '';
  const day = hosts[major];
  const source = 'https://learn.microsoft.com/azure/azure-functions/functions-versions';
  return day === undefined ? null : { name: `Functions host ${major}`, day, source };
}
