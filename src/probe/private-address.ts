/** Whether an address can only be reached from inside somebody's network. */
import { BlockList, isIP } from 'node:net';

const ranges = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  // Carriers' own (RFC 6598); Azure's networks may use it.
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
] as const)
  ranges.addSubnet(network, prefix, 'ipv4');
ranges.addSubnet('fc00::', 7, 'ipv6');
ranges.addSubnet('fe80::', 10, 'ipv6');
ranges.addAddress('::1', 'ipv6');

/** False for whatever is no address: nothing is known of it, and it must not pass for private. */
export function isPrivateAddress(address: string): boolean {
  const [plain = ''] = address.split('%');
  const family = isIP(plain);
  if (family === 0) return false;
  return ranges.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}
