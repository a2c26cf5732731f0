/** Pages of the causes between here and the app. */
import type { Page } from './page.ts';

export const roadPages = {
  'name-unknown': {
    means:
      'The host name of the app cannot be turned into an address where slotwave looks. Nothing was sent to the app. With a private endpoint the usual reason is a private DNS zone that exists and is not linked to the network of the runner, together with a DNS server there that does not forward the name to Azure.',
    seen: 'The lookup ended with ENOTFOUND or ENODATA, and no name in its chain is a privatelink name.',
    todo: [
      'On the machine where slotwave runs: `nslookup <host>`. Compare with the same question from a machine in the VNet.',
      'Link the private zone (`privatelink.azurewebsites.net`) to the network whose DNS the runner uses, or have its DNS server forward `azurewebsites.net` to 168.63.129.16 or to the inbound address of an Azure DNS Private Resolver.',
      'Without touching DNS: `probes.vantage: { via: private-endpoint }` connects to the address that Azure tells, `{ via: dns, servers: […] }` asks other servers, `{ via: proxy, … }` lets a proxy in the network resolve it.',
      'Was the app or the slot deleted or renamed? `slotwave plan` would say so.',
    ],
  },
  'private-record-missing': {
    means:
      'DNS follows the name into the private zone, and the zone has no address for it. A zone that is linked to a network answers for the whole of privatelink.azurewebsites.net there, also with "there is no such name": apps without a record in it become unreachable, those with only a public address among them.',
    seen: 'The chain of names goes over a privatelink name, and ends without an address.',
    todo: [
      'Each slot needs a private endpoint of its own and two records in the zone: `<app>-<slot>` for the site and `<app>-<slot>.scm` for its SCM site. They are not cloned with a slot.',
      'Let a zone group on the private endpoint keep the records, then nobody has to.',
      'For an app that has no private endpoint on purpose: let the zone link fall back to the internet (resolution policy NxDomainRedirect).',
    ],
  },
  'dns-silent': {
    means: 'The name servers give no answer at all, neither yes nor no. Nothing was sent to the app.',
    seen: 'EAI_AGAIN from the system, or a time-out of every server of `vantage: { via: dns }`.',
    todo: [
      "Check the name servers of the runner (`/etc/resolv.conf`, the VNet's DNS settings) and that port 53 reaches them by UDP and TCP.",
      'The inbound address of a DNS Private Resolver is reachable only from networks that are peered with its own.',
      'Look again: a server that is overloaded for a moment looks the same.',
    ],
  },
  'private-zone-not-linked': {
    means:
      'The app has a private endpoint, and still its name leads to the public address from here: the network of the runner does not see the private zone. The public side then refuses the request (403 Ip Forbidden), or a firewall drops it. Opening public access would hide this instead of mending it.',
    seen: 'The address is public, although a name in the chain is a privatelink name or ARM lists an approved private endpoint; and the request was refused, or no connection came about.',
    todo: [
      'Link the private zone to the network whose DNS the runner asks (Private DNS zone, Virtual network links), or forward the name from the on-premises DNS server to a resolver that is linked.',
      'A cache may remember the public answer for some minutes after the link was made.',
      'Without touching DNS: `probes.vantage: { via: private-endpoint }`, or `{ via: dns, servers: [<inbound address of the resolver>] }`.',
      "Behind a proxy it is the proxy's network that has to see the zone.",
    ],
  },
  'private-endpoint-pending': {
    means:
      'A private endpoint exists and its connection has not been approved, or it was rejected. Until then its address answers nobody, while the public side is closed already because an endpoint exists.',
    seen: 'ARM lists private endpoint connections of this slot, and none is Approved.',
    todo: [
      'App, Networking, Private endpoints: approve it. Or `az network private-endpoint-connection approve`.',
      'Rejected or Disconnected: delete it and make it again.',
    ],
  },
  'private-endpoint-missing': {
    means:
      'The config asks to look through the private endpoint of the slot (`vantage: { via: private-endpoint }`), and nobody knows its address. Nothing was sent to the app, so this says nothing about it. `slotwave deploy` refuses all targets together then, before anything is done; `slotwave probe` tells it of this one and looks at the others.',
    seen: 'ARM lists no approved private endpoint of this slot, or none with an address, or could not be read; and the config gives none.',
    todo: [
      'Give the slot a private endpoint: each slot needs its own, they are neither cloned nor swapped.',
      'ARM does not always tell the address: give it with the target, `vantage: { via: private-endpoint, addresses: { live: 10.1.0.4, beside: 10.1.0.5 } }`.',
      'ARM could not be read: the identity needs the right to read `privateEndpointConnections` of the site (Reader has it).',
    ],
  },
  'no-route': {
    means:
      'The name leads to an address, and no connection to it comes about: packets are dropped on the way, or nobody knows the way.',
    seen: 'The connection timed out, or the network said EHOSTUNREACH or ENETUNREACH.',
    todo: [
      'A private address: is the network of the runner peered with that of the endpoint, or connected by VPN or ExpressRoute, in both directions?',
      "Route tables (a default route into a firewall that does not know the address), network security groups on the endpoint's subnet.",
      "A public address: does the runner's network let HTTPS out? Often only through a proxy: `HTTPS_PROXY`, or `probes.vantage: { via: proxy, proxy: … }`.",
      '`nc -vz <address> 443` from the runner shows it without slotwave.',
    ],
  },
  'connection-refused': {
    means:
      'A machine answers at this address that nobody listens on this port. A private endpoint never does that while it is sound.',
    seen: 'ECONNREFUSED.',
    todo: [
      'A record or a pinned address of an endpoint that was deleted and made again: compare with the address in Azure.',
      'A firewall that rejects instead of dropping.',
      'A local tunnel or port forward that is not running.',
    ],
  },
  'connection-cut': {
    means:
      'The connection was made and then cut by somebody, before the TLS handshake was through or before an answer came.',
    seen: 'ECONNRESET or EPIPE.',
    todo: [
      'A firewall that filters by host name (SNI) cuts in the handshake: ask for its log.',
      'An app that is just being restarted cuts as well: look again.',
    ],
  },
  'proxy-unreachable': {
    means:
      'The proxy that leads to the app could not be reached or does not speak as a proxy. Nothing was sent to the app.',
    seen: 'The name, the connection or the handshake of the proxy itself failed.',
    todo: [
      'Address and port of the proxy in `probes.vantage.proxy`, or in HTTPS_PROXY, ALL_PROXY.',
      'Is it meant to be used for this host? NO_PROXY takes hosts out.',
      '`http://` for HTTP CONNECT, `https://` for a proxy that is spoken to by TLS, `socks5://` for SOCKS5.',
    ],
  },
  'proxy-credentials': {
    means:
      'The proxy lets nobody through without signing in, or does not take the user and password it was given.',
    seen: '407 from an HTTP proxy, a failed authentication from a SOCKS proxy.',
    todo: [
      'Give user and password in the proxy\'s address, from the environment: `proxy: "http://user:${env:PROXY_PASSWORD}@host:port"`. Percent-encode special characters.',
      'Only Basic and the user and password of SOCKS5 are spoken; a proxy that wants NTLM or Kerberos needs a local relay in front.',
    ],
  },
  'proxy-refused': {
    means: 'The proxy was reached and has a rule against this connection.',
    seen: 'A 4xx answer to CONNECT, or "not allowed" from a SOCKS proxy.',
    todo: [
      'Have the host name and port 443 allowed: site and SCM site of every slot have names of their own.',
      'Some proxies allow CONNECT to a list of ports only.',
    ],
  },
  'proxy-no-way': {
    means:
      'The proxy took the request and could not reach the app itself. What is wrong is on the far side of the proxy: its DNS, its routes.',
    seen: 'A 5xx answer to CONNECT, or "host unreachable", "network unreachable", "connection refused" from a SOCKS proxy.',
    todo: [
      "From the proxy's own machine: does the name resolve to the private address, does `nc -vz <address> 443` connect?",
      'The proxy resolves the name: its network has to see the private zone.',
    ],
  },
  'tls-name-mismatch': {
    means: 'What answers has a certificate for other names. Nothing was sent to it, least of all a key.',
    seen: 'The certificate of the server does not carry the host name that was asked for.',
    todo: [
      'The address belongs to something else: a stale record, a pinned address of another app, a gateway.',
      "Ask for the app's real host name; a privatelink name has no certificate, by design.",
      'A gateway in front needs a certificate for this name.',
    ],
  },
  'tls-unknown-authority': {
    means:
      'The certificate is signed by an authority that this machine does not trust. Either a firewall opens TLS and signs again, or the app has a private authority, or somebody else answers.',
    seen: 'The chain ends in an unknown or self-signed certificate.',
    todo: [
      "Look at the issuer in the message: when it is your firewall's, give its authority with `--ca FILE` or NODE_EXTRA_CA_CERTS.",
      'An App Service Environment or a gateway with a private authority needs the same.',
      'Nothing in slotwave switches the check off: the key of the host would go to whoever answers.',
    ],
  },
  'tls-expired': {
    means: 'The certificate is not valid now.',
    seen: 'CERT_HAS_EXPIRED or CERT_NOT_YET_VALID.',
    todo: [
      "Renew it at the gateway or at the app's own domain. Azure renews those of azurewebsites.net itself.",
      'Check the clock of the machine.',
    ],
  },
  'tls-broken': {
    means: 'A connection was made, and no TLS handshake came of it.',
    seen: 'Not TLS at all, an alert, or silence in the handshake.',
    todo: [
      'Another service listens on this port; check the port.',
      'A middle box allows only older versions of TLS, or holds the handshake until somebody signs in.',
      '`openssl s_client -connect <address>:443 -servername <host>` shows more.',
    ],
  },
} as const satisfies Readonly<Record<string, Page>>;
