/** How a request went its way, as far as the vantage could see: what a diagnosis is made from. Plain data. */

/** The kinds of vantage, as the config names them. */
export type Via = 'direct' | 'private-endpoint' | 'dns' | 'proxy' | 'arm';

/** How far it came: the last step that was begun. `answered`: an HTTP answer is there, whatever it says. */
export type RoadStage = 'name' | 'connect' | 'proxy' | 'tls' | 'request' | 'answered';

export interface RoadFacts {
  readonly via: Via;
  /** The host name that was asked for. */
  readonly host: string;
  readonly port: number;
  readonly stage: RoadStage;
  /**
   * The names that `host` leads to, in order, without itself. Empty where somebody else resolved it: a proxy, or this
   * machine's own resolver, which tells addresses alone.
   */
  readonly cnames: readonly string[];
  /** Every address that the name resolved to, or the one that was pinned; empty where somebody else resolved it. */
  readonly addresses: readonly string[];
  /** The address that was connected to: the app's front end, not the proxy. Null: unknown or no connection. */
  readonly address: string | null;
  /** Whether `address` is private (RFC 1918, 100.64/10, loopback, link-local, ULA). Null: unknown. */
  readonly isPrivate: boolean | null;
  /** `host:port` of the proxy in between, never its credentials; null: none. */
  readonly proxy: string | null;
  /** The proxy itself was connected to; absent where there is none, or it was not. */
  readonly proxyReached?: true;
  /** The HTTP status with its phrase, or the SOCKS reply by name, with which the proxy refused; null: it did not. */
  readonly proxyRefusal: string | null;
  /** What the server's certificate says; null: none was seen. */
  readonly certificate: CertificateFacts | null;
}

export interface CertificateFacts {
  /** Subject alternative names of type DNS (or the subject's common name where there are none). */
  readonly names: readonly string[];
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly validToMs: number;
}
