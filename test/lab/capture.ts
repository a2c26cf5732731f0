/**
 * Writes the examples of docs/diagnosis.md: what `slotwave probe` says on broken roads in the lab. Run it by
 * `node test/lab/capture.ts`, and `npm run generate` after it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../entry/built.ts';
import { type Broken, configFor, inHub, onRunner, through } from './broken.ts';
import { openLab, type Place } from './lab.ts';
import { at, ports } from './topology.ts';

interface Example {
  readonly title: string;
  readonly vantage: string;
  readonly from: Place;
  readonly words?: readonly string[];
}

const examples: readonly Example[] = [
  {
    title: 'A runner outside, whose DNS does not see the private zone:',
    vantage: '{ via: direct }',
    from: onRunner,
  },
  {
    title: 'It asks the right DNS server, and no route leads to what that says:',
    vantage: `{ via: dns, servers: ["${at.hub}"] }`,
    from: onRunner,
  },
  {
    title: 'There is a proxy, and it wants to know who we are:',
    vantage: through(`http://${at.hub}:${ports.lockedProxy}`),
    from: onRunner,
  },
  {
    title: "Inside, with an address that was another machine's all along:",
    vantage: `{ via: private-endpoint, address: ${at.intranet} }`,
    from: inHub,
  },
  {
    title: 'The road is good, and what answers is not what it should be:',
    vantage: '{ via: direct }',
    from: inHub,
    words: ['--expect', 'r-1'],
  },
];

const lab = await openLab();
try {
  await lab.wake(['orders-weu']);
  const captured: string[] = [];
  for (const { title, vantage, from, words = [] } of examples) {
    const broken: Broken = { site: 'orders-weu', vantage, cause: 'unexplained', said: /./ };
    const typed = ['probe', '--target', 'weu', '--side', 'live', ...words];
    const { out, err } = await lab.slotwave(
      configFor([broken], '', () => 'weu'),
      typed,
      from,
    );
    if (out === '') throw new Error(err);
    captured.push(`${title}\n\n\`\`\`console\n$ slotwave ${typed.join(' ')}\n${out.trim()}\n\`\`\``);
  }
  const page = join(root, 'scripts/diagnosis/captures.md');
  const heading = '## Five of them\n';
  const [intro = ''] = readFileSync(page, 'utf8').split(heading);
  const origin =
    'From real networks: namespaces with their own addresses, DNS servers, proxies and routes (`test/lab`).';
  writeFileSync(page, `${intro}${heading}\n${[origin, ...captured].join('\n\n')}\n`);
} finally {
  await lab.close();
}
