const { app } = require('@azure/functions');
const { listOrders, placeOrder } = require('../lib/store.js');

app.http('orders', {
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: async (request) => ({ jsonBody: { orders: listOrders(request.query.get('state')) } }),
});

app.http('placeOrder', {
  route: 'orders',
  methods: ['POST'],
  authLevel: 'function',
  handler: async (request, context) => {
    const input = await request.json().catch(() => null);
    const placed = placeOrder(input);
    if (typeof placed === 'string') return { status: 400, jsonBody: { problem: placed } };
    context.log(`Order ${placed.id} placed.`);
    return { status: 201, headers: { location: `/api/orders/${placed.id}` }, jsonBody: placed };
  },
});
