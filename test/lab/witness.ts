/** One request without slotwave, as a witness or to wake an app. Words: method, URL, headers as JSON. */
const [method = 'GET', url = '', headers = '{}'] = process.argv.slice(2);
const answer = await fetch(url, {
  method,
  headers: JSON.parse(headers) as Record<string, string>,
  signal: AbortSignal.timeout(30_000),
});
process.stdout.write(JSON.stringify({ status: answer.status, body: await answer.text() }));
