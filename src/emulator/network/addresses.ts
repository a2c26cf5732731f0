/** Names in the emulator's network: where ARM is, which host name leads to which slot. */

export interface Addresses {
  /** `https://localhost:PORT`: ARM and login. */
  readonly origin: string;
  /** `azurewebsites.localhost` */
  readonly domain: string;
  /** `<label>.azurewebsites.localhost[:port]` */
  host(label: string): string;
  /** `<label>.scm.azurewebsites.localhost[:port]` */
  scmHost(label: string): string;
}

export function createAddresses(origin: string, domain: string): Addresses {
  const { port } = new URL(origin);
  const suffix = port === '' ? domain : `${domain}:${port}`;
  return {
    ...{ origin, domain },
    host: (label) => `${label}.${suffix}`,
    scmHost: (label) => `${label}.scm.${suffix}`,
  };
}

/** Which door a host name leads to. */
export type Door =
  | { readonly kind: 'arm' }
  | { readonly kind: 'app' | 'scm'; readonly label: string }
  | { readonly kind: 'nowhere' };

export function findDoor({ origin, domain }: Addresses, hostName: string): Door {
  const name = hostName.toLowerCase();
  if (isManagement(origin, name)) return { kind: 'arm' };
  if (!name.endsWith(`.${domain}`)) return { kind: 'nowhere' };
  const front = name.slice(0, -domain.length - 1);
  if (front.endsWith('.scm')) return { kind: 'scm', label: front.slice(0, -4) };
  return { kind: 'app', label: front };
}

/** Whether it is ARM's name; on this machine it is there under those of the loopback interface too. */
export function isManagement(origin: string, hostName: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]', new URL(origin).hostname].includes(hostName.toLowerCase());
}

/**
 * First label of a slot's host name. Sites are cut at 40 characters and slots at 19, with four digits to tell
 * them apart, when the name would be too long for DNS (azure-platform.md §1.4).
 */
export function makeLabel(site: string, slot: string | null, hex: (digits: number) => string): string {
  if (slot === null) return site.toLowerCase();
  const plain = `${site}-${slot}`.toLowerCase();
  if (plain.length <= 59) return plain;
  return `${site.slice(0, 40)}-${slot.slice(0, 19)}-${hex(4)}`.toLowerCase();
}
