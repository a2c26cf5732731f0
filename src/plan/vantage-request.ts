/** From where a target is looked at and fed, as it was asked for: plain data, without any secret. */

export type VantageRequest =
  | { readonly via: 'direct' }
  /** Null: Azure is asked which addresses its private endpoints have. */
  | {
      readonly via: 'private-endpoint';
      readonly addresses: { readonly live: string; readonly beside: string } | null;
    }
  /** `10.0.0.4`, `10.0.0.4:5353`, `[fd00::4]:53`, asked in this order. */
  | { readonly via: 'dns'; readonly servers: readonly string[] }
  /** As it was written: `${env:NAME}` in it is put in its place by whoever opens the connection. */
  | { readonly via: 'proxy'; readonly proxy: string }
  | { readonly via: 'arm' };

/** Short, for a plan that people read. */
export function describeVantage(vantage: VantageRequest): string {
  switch (vantage.via) {
    case 'direct':
    case 'arm':
      return vantage.via;
    case 'private-endpoint': {
      const { addresses } = vantage;
      if (addresses === null) return 'private-endpoint';
      const { live, beside } = addresses;
      return `private-endpoint ${live === beside ? live : `${live}, ${beside} beside`}`;
    }
    case 'dns':
      return `dns ${vantage.servers.join(', ')}`;
    case 'proxy':
      return `proxy ${vantage.proxy}`;
    default:
      return vantage satisfies never;
  }
}
