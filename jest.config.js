/** Jest strips the types by itself (toolchain.md §1): no transpiler stands between the source and its tests. */
export default {
  testEnvironment: '<rootDir>/test/exchanges/environment.ts',
  reporters: ['default', '<rootDir>/test/exchanges/reporter.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testSequencer: '<rootDir>/test/longest-first.mjs',
  testTimeout: 60_000,
  maxWorkers: '100%',
  // Tests side by side in one file wait for processes and for time; more of them would wait for the cores.
  maxConcurrency: 2,
  workerIdleMemoryLimit: '768MB',
};
