/** Whose words an answer is: the front end's of App Service, the host's, or the app's own (azure-platform.md §5.2). */
import type { Answer } from './vantage.ts';

export type Page =
  /** 403: the network of the app lets nobody in from here; the app never saw the request. */
  | 'ip-forbidden'
  /** 403: the app is stopped. */
  | 'stopped'
  /** 404: no app of this name is behind this address. */
  | 'unknown-site'
  /** 502, 503, 504 in the front end's own words: there is no host to ask. */
  | 'front-end'
  /** 503 of the host that is not up. */
  | 'host-not-running'
  /** Callers are sent to sign in (App Service authentication) before the app sees them. */
  | 'sign-in'
  | 'app';

type Told = Pick<Answer, 'status' | 'headers' | 'body'>;

export function classifyPage({ status, headers, body }: Told): Page {
  if (status === 403) return classifyForbidden(headers, body);
  if (status === 404 && /404 web site not found|microsoft-azure-application-gateway/i.test(body))
    return 'unknown-site';
  if (status === 503 && body.includes('Function host is not running')) return 'host-not-running';
  if (status >= 502 && status <= 504 && isFrontEnd(headers, body)) return 'front-end';
  return isSignIn(status, headers) ? 'sign-in' : 'app';
}

function classifyForbidden(headers: Told['headers'], body: string): Page {
  if ('x-ms-forbidden-ip' in headers || /has blocked your access|ip forbidden/i.test(body))
    return 'ip-forbidden';
  return /this web app is stopped|is currently stopped|site disabled/i.test(body) ? 'stopped' : 'app';
}

function isFrontEnd(headers: Told['headers'], body: string): boolean {
  const isHtml = /html/i.test(headers['content-type'] ?? '') || /^\s*</.test(body);
  return body.trim() === '' || (isHtml && /unavailable|gateway|application error|timed out/i.test(body));
}

function isSignIn(status: number, headers: Told['headers']): boolean {
  const isRedirect = status === 301 || status === 302 || status === 303 || status === 307;
  if (isRedirect) return /\/\.auth\/login|\/oauth2\/(v2\.0\/)?authorize/i.test(headers['location'] ?? '');
  return status === 401 && /authorization_uri|easyauth/i.test(headers['www-authenticate'] ?? '');
}
