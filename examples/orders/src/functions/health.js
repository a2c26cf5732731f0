const { app } = require('@azure/functions');
const { readRelease } = require('../lib/release.js');
const { listOrders } = require('../lib/store.js');
const code = require('../lib/version.js');

/** Well means: the stamps agree and the store answers. Says who it is, so that a probe can tell releases apart. */
app.http('health', {
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: async () => {
    const { release, consistent } = readRelease();
    const isWell = consistent && listOrders(null).length > 0;
    return {
      status: isWell ? 200 : 503,
      headers: { 'cache-control': 'no-store' },
      jsonBody: {
        status: isWell ? 'ok' : 'unwell',
        release,
        region: process.env.REGION_NAME ?? null,
        version: process.env.ORDERS_VERSION ?? null,
        code,
      },
    };
  },
});
