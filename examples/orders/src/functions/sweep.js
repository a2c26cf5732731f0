const { app } = require('@azure/functions');
const { dropShipped } = require('../lib/store.js');

const keepMs = 30 * 24 * 60 * 60 * 1000;

app.timer('sweep', {
  schedule: '0 0 3 * * *',
  handler: async (timer, context) => {
    const dropped = dropShipped(new Date(Date.now() - keepMs).toISOString());
    context.log(`Swept ${dropped} shipped orders${timer.isPastDue ? ', later than planned' : ''}.`);
  },
});
