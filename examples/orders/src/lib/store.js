/** Orders live in memory: each instance starts with the same few, and forgets the rest when it ends. */
const orders = new Map(
  [
    { id: 1, item: 'espresso beans, 1 kg', quantity: 2, state: 'shipped' },
    { id: 2, item: 'paper filters, 100', quantity: 1, state: 'open' },
    { id: 3, item: 'grinder', quantity: 1, state: 'open' },
  ].map((order) => [order.id, { ...order, placedAt: '2026-01-05T08:00:00.000Z' }]),
);
let nextId = orders.size + 1;

const maxOrders = 1_000;

function listOrders(state) {
  return [...orders.values()].filter((order) => state === null || order.state === state);
}

function findOrder(id) {
  return orders.get(id) ?? null;
}

/** Returns the order, or a sentence that says what is wrong with it. */
function placeOrder(input) {
  const { item, quantity } = input ?? {};
  if (typeof item !== 'string' || item.trim() === '' || item.length > 200)
    return 'item: 1 to 200 characters.';
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > 99)
    return 'quantity: a whole number from 1 to 99.';
  if (orders.size >= maxOrders) return 'No more orders today.';
  const order = {
    id: nextId++,
    item: item.trim(),
    quantity,
    state: 'open',
    placedAt: new Date().toISOString(),
  };
  orders.set(order.id, order);
  return order;
}

/** Drops orders that were shipped before `before` (ISO time) and says how many. */
function dropShipped(before) {
  let dropped = 0;
  for (const order of orders.values()) {
    if (order.state === 'shipped' && order.placedAt < before && orders.delete(order.id)) dropped++;
  }
  return dropped;
}

module.exports = { dropShipped, findOrder, listOrders, placeOrder };
