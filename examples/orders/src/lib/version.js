/** What this code calls itself; the setting ORDERS_VERSION says what the deployment called it. */
module.exports = 'orders 1';
