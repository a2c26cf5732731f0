/**
 * The map of the lab:
 *
 *     runner ── internet ── azure ══ weu ── hub ── runner
 *                     hub ──┘    ══ neu ── hub
 *
 * `azure` has ARM and the front end at public addresses, and the private endpoints in the subnets of `weu` and
 * `neu`, which hand on what comes from `hub`. `hub` hands on nothing: what the runner sends through it into a
 * region is dropped without a word, as a VPN does that has no route.
 */
import type { Networks } from './namespaces.ts';

export const at = {
  /** ARM, login, and the front end as the internet sees it. */
  front: '203.0.113.10',
  publicDns: '203.0.113.53',
  store: '203.0.113.80',
  /** The hub as the runner sees it: private DNS, proxies. */
  hub: '10.0.0.1',
  /** A machine in the hub whose certificate is for another name; one whose authority nobody knows; one that is dumb. */
  intranet: '10.0.0.21',
  stranger: '10.0.0.22',
  dumb: '10.0.0.23',
  /** And one whose certificate has ended. */
  expired: '10.0.0.24',
  /** And one that has all the right papers, and says nothing. */
  mute: '10.0.0.25',
  /** The router of West Europe: it is there, and nobody listens. */
  deaf: '10.1.0.1',
  /** An address that West Europe's router refuses to lead to. */
  walled: '10.1.9.9',
} as const;

export const ports = { proxy: 8888, lockedProxy: 8889, socks: 1080 } as const;

const regions = [
  { name: 'weu', number: 1 },
  { name: 'neu', number: 2 },
] as const;

/** `endpoints`: the addresses of all private endpoints, `10.1.0.x` in West Europe and `10.2.0.x` in North Europe. */
export async function buildTopology(networks: Networks, endpoints: readonly string[]): Promise<void> {
  const lines = [
    ...['azure', 'hub', 'runner', 'weu', 'neu'].flatMap((name) => [
      `netns add ${name}`,
      `-n ${name} link set lo up`,
    ]),
    ...[at.front, at.publicDns, at.store].map((address) => `-n azure address add ${address}/32 dev lo`),
    ...[at.intranet, at.stranger, at.dumb, at.expired, at.mute].map(
      (address) => `-n hub address add ${address}/32 dev lo`,
    ),
    ...join('runner', '198.51.100.2/30', 'azure', '198.51.100.1/30'),
    ...join('hub', '198.51.100.6/30', 'azure', '198.51.100.5/30'),
    ...join('runner', '10.0.0.2/28', 'hub', `${at.hub}/28`),
    '-n runner route add 203.0.113.0/24 via 198.51.100.1',
    '-n hub route add 203.0.113.0/24 via 198.51.100.5',
    `-n runner route add 10.0.0.0/8 via ${at.hub}`,
    ...regions.flatMap(({ name, number }) => [
      ...join(name, `10.${number}.0.1/24`, 'azure', `10.${number}.0.2/24`),
      ...join(name, `10.255.${number}.2/30`, 'hub', `10.255.${number}.1/30`),
      `-n hub route add 10.${number}.0.0/16 via 10.255.${number}.2`,
      `-n azure route add 10.255.${number}.0/30 via 10.${number}.0.1`,
      `-n ${name} route add prohibit 10.${number}.9.0/24`,
    ]),
    ...endpoints.map((address) => `-n azure address add ${address}/32 dev lo`),
  ];
  const script = lines.map((line) => `ip ${line}`).join('\n');
  const forward = regions.map(
    // A router that refuses says so to each, and not only to the first few in a second.
    ({ name }) =>
      `ip netns exec ${name} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/icmp_ratelimit'`,
  );
  await networks.build([script, ...forward].join('\n'));
}

/** A cable between two of them: each end is called after where it leads. */
function join(one: string, oneAddress: string, other: string, otherAddress: string): readonly string[] {
  const [there, back] = [`to-${other}`, `to-${one}`];
  return [
    `link add ${there} netns ${one} type veth peer name ${back} netns ${other}`,
    `-n ${one} address add ${oneAddress} dev ${there}`,
    `-n ${other} address add ${otherAddress} dev ${back}`,
    `-n ${one} link set ${there} up`,
    `-n ${other} link set ${back} up`,
  ];
}
