const { app } = require('@azure/functions');
const { readRelease } = require('../lib/release.js');
const code = require('../lib/version.js');

app.http('whoami', {
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: async () => ({
    jsonBody: {
      site: process.env.WEBSITE_SITE_NAME ?? null,
      slot: process.env.WEBSITE_SLOT_NAME ?? null,
      region: process.env.REGION_NAME ?? null,
      release: readRelease().release,
      code,
      node: process.version,
    },
  }),
});
