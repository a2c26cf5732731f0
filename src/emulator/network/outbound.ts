/** What an app reaches from where it runs: the world's hosts, and the apps of this world (azure-platform.md §5.3). */
import type { Platform } from '../platform.ts';

/** The addresses that a name leads to; none: nobody knows it. */
export function addressesOf({ world, slotsByLabel }: Platform, name: string): readonly string[] {
  const known = knownHost(world.network.hosts, name);
  if (known) return known.addresses;
  const label = name.toLowerCase().split('.')[0]!.replace(/:\d+$/, '');
  const slot = name.toLowerCase().includes('.azurewebsites.') ? slotsByLabel.get(label) : undefined;
  if (!slot) return [];
  const approved = slot.privateEndpoints.filter(({ status }) => status === 'Approved');
  return approved.length > 0 ? approved.map(({ address }) => address) : ['20.50.2.1'];
}

export function isOpen({ world }: Platform, name: string, port: number): boolean {
  return (knownHost(world.network.hosts, name)?.ports ?? [80, 443]).includes(port);
}

function knownHost<T>(hosts: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.entries(hosts).find(([host]) => host.toLowerCase() === name.toLowerCase())?.[1];
}
