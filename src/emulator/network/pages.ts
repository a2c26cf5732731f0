/** Pages of the front end itself, for when the app cannot answer (azure-platform.md §5.2). */

export function page(status: number, statusText: string, title: string, text: string): Response {
  const body = `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1><p>${text}</p></body></html>`;
  return new Response(body, { status, statusText, headers: { 'content-type': 'text/html' } });
}

export function stoppedPage(): Response {
  return page(
    403,
    'Site Disabled',
    'Error 403 - This web app is stopped.',
    'The web app you have attempted to reach is currently stopped and does not accept any requests.',
  );
}

export function unavailable(): Response {
  return page(503, 'Site Unavailable', 'Service Unavailable', 'The service is unavailable.');
}

export function timedOut(): Response {
  return page(
    500,
    'Internal Server Error',
    'Error 500 - The request timed out.',
    'The web server failed to respond within the specified time.',
  );
}

/** A host name that leads to nothing. */
export function unknownSite(): Response {
  return page(
    404,
    'Site Not Found',
    '404 Web Site not found',
    'You may be seeing this error because the host name leads to no app.',
  );
}
