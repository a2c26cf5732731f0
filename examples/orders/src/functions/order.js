const { app } = require('@azure/functions');
const { findOrder } = require('../lib/store.js');

app.http('order', {
  route: 'orders/{id:int}',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: async (request) => {
    const order = findOrder(Number(request.params.id));
    return order ? { jsonBody: order } : { status: 404, jsonBody: { problem: 'There is no such order.' } };
  },
});
