// After the job's last step. A file of its own: an agent starts it also where the step itself was skipped.
const { enterTaskPost } = await import('./azure-pipelines.ts');
await enterTaskPost();

export {};
