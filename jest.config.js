/** Jest strips the types by itself (toolchain.md §1): no transpiler stands between the source and its tests. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testTimeout: 30_000,
  workerIdleMemoryLimit: '768MB',
};
