/** `GET vfs/site/wwwroot/<path>`: files of the app, run from a package or not. */
import { json } from '../arm/answer.ts';
import { contentOf } from '../hosts.ts';
import { listZip, readZipFile } from '../world/content.ts';
import type { ScmCall } from './router.ts';

export function answerFiles({ platform, slot, rest, incoming }: ScmCall): Response {
  const [, site, wwwroot, ...path] = rest;
  const content = contentOf(slot);
  if (site?.toLowerCase() !== 'site' || wwwroot?.toLowerCase() !== 'wwwroot' || !content) return notFound();
  const name = path.join('/');
  if (incoming.url.pathname.endsWith('/')) {
    const origin = `https://${platform.addresses.scmHost(slot.label)}`;
    return listFolder(
      `${origin}${incoming.url.pathname}`,
      listZip(content.bytes),
      name === '' ? '' : `${name}/`,
    );
  }
  const file = readZipFile(content.bytes, name);
  if (!file) return notFound();
  const headers = {
    'content-type': name.endsWith('.json') ? 'application/json' : 'application/octet-stream',
    etag: `"${content.digest.slice(0, 16)}"`,
  };
  return new Response(incoming.method === 'HEAD' ? null : new Uint8Array(file), { status: 200, headers });
}

function listFolder(href: string, names: readonly string[], prefix: string): Response {
  const inside = names
    .filter((name) => name.startsWith(prefix) && name.length > prefix.length)
    .map((name) => name.slice(prefix.length));
  if (prefix !== '' && inside.length === 0) return notFound();
  const children = [...new Set(inside.map((name) => name.split('/')[0]!))].sort();
  return json(
    200,
    children.map((name) => {
      const isFolder = inside.some((one) => one.startsWith(`${name}/`));
      return {
        name,
        mime: isFolder ? 'inode/directory' : 'application/octet-stream',
        href: `${href}${name}${isFolder ? '/' : ''}`,
      };
    }),
  );
}

function notFound(): Response {
  return json(404, { Message: 'The resource could not be found.' });
}
