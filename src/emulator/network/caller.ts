/** Where a caller stands: outside in the internet, or inside of the virtual network. */
import { BlockList, isIP } from 'node:net';

export interface Caller {
  /** Its address as the front end sees it; null when there is no socket between us. */
  readonly address: string | null;
  /** It resolves and reaches private endpoints. */
  readonly inside: boolean;
  /** The address of ours to which it connected; a private endpoint's tells through which one it came. */
  readonly arrivedAt?: string | null;
}

export const outsider: Caller = { address: null, inside: false };

/** An IPv4 address that came in over a socket for both families, as it is written by itself. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** True when the address lies in one of the ranges: `10.0.0.0/8`, `10.1.0.4`, `fd00::/8`; ranges with commas too. */
export function liesWithin(address: string, ranges: readonly string[]): boolean {
  const plain = plainAddress(address);
  const kind = isIP(plain);
  if (kind === 0) return false;
  const list = new BlockList();
  for (const range of ranges.flatMap((one) => one.split(',')).map((one) => one.trim())) addRange(list, range);
  return list.check(plain, kind === 6 ? 'ipv6' : 'ipv4');
}

function addRange(list: BlockList, range: string): void {
  const [network = '', length] = range.split('/');
  const kind = isIP(network);
  const bits = Number(length ?? (kind === 6 ? 128 : 32));
  if (kind === 0 || !Number.isInteger(bits) || bits < 0 || bits > (kind === 6 ? 128 : 32)) return;
  list.addSubnet(network, bits, kind === 6 ? 'ipv6' : 'ipv4');
}
