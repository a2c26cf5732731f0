/** From where an app is looked at, as slotwave.yml says it. Which field goes with which `via`: `meaning-vantage.ts`. */
import { isIP } from 'node:net';
import * as z from 'zod';

const expectedAddress = 'an IP address';
// Without a doubled colon: those are parted wherever an error is told.
const expectedServer =
  'an IP address, with a port or without: 10.0.0.4, 10.0.0.4:5353, "[fd00:1:2:3:4:5:6:7]:53"';
const expectedProxy =
  'the address of a proxy: http://, https:// or socks5://, then host:port; user and password from the environment: http://${env:PROXY_USER}:${env:PROXY_PASSWORD}@proxy:3128';

const address = () =>
  z.string({ error: expectedAddress }).refine((text) => isIP(text) !== 0, { error: expectedAddress });

const addresses = z
  .strictObject({
    live: address().describe("The address of the production slot's private endpoint."),
    beside: address().describe("The address of the staging slot's private endpoint."),
  })
  .optional()
  .describe(
    'With `private-endpoint`, in place of `address`: one for each slot, as each has an endpoint of its own.',
  );

export const vantage = z.strictObject({
  via: z
    .enum(['direct', 'private-endpoint', 'dns', 'proxy', 'arm'], {
      error: 'direct, private-endpoint, dns, proxy or arm',
    })
    .default('direct')
    .describe(
      "`direct`: as this machine resolves the name. `private-endpoint`: to the address of the slot's private endpoint, whatever DNS says. `dns`: as the named DNS servers resolve it. `proxy`: through an HTTP (CONNECT) or SOCKS5 proxy, which resolves the name. `arm`: without line of sight, by what Azure Resource Manager tells; HTTP checks cannot be asked then.",
    ),
  address: address()
    .optional()
    .describe(
      'With `private-endpoint`: its address, the same for both slots. Default: read from ARM for each slot.',
    ),
  addresses,
  servers: z
    .array(z.string({ error: expectedServer }).refine(isServer, { error: expectedServer }))
    .min(1, { error: 'at least one DNS server' })
    .max(4, { error: 'at most 4 DNS servers' })
    .optional()
    .describe(
      'With `dns`: the servers that are asked, in this order: the inbound address of an Azure DNS Private Resolver, or a server of your own.',
    ),
  proxy: z
    .string({ error: expectedProxy })
    .regex(proxyForm(), { error: expectedProxy })
    .optional()
    .describe(
      'With `proxy`: its address. `${env:NAME}` stands for the environment variable NAME of whoever runs slotwave, and is the only place for its password, which is percent-encoded there as in every address.',
    ),
});

/** Either all of it comes from the environment, or the parts that nobody may read do. */
function proxyForm(): RegExp {
  const reference = String.raw`\$\{env:[A-Za-z_]\w*\}`;
  const part = String.raw`(?:${reference}|[^\s:/?#@$])+`;
  const host = String.raw`(?:\[[0-9A-Fa-f:.]+\]|${part})`;
  return new RegExp(
    String.raw`^(?:${reference}|(?:https?|socks5h?)://(?:${part}(?::${reference})?@)?${host}(?::(?:\d{1,5}|${reference}))?/?)$`,
  );
}

function isServer(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) return false;
  return bracketed === undefined ? isIP(plain ?? '') === 4 : isIP(bracketed) === 6;
}
