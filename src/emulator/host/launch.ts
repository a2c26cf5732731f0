import type { Clock } from '../../clock.ts';
import type { AppProcess } from './app.ts';
import type { AppPlan } from './app-plan.ts';
import { startCustomApp } from './custom-app.ts';
import { startFuncApp } from './func-app.ts';
import { startNodeApp } from './node-app.ts';

/** An app that has a process. */
export type LaunchablePlan = AppPlan & { readonly kind: 'node' | 'custom' | 'func' };

export interface LaunchOptions {
  readonly nodePath: string;
  readonly workerPath: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A folder of this host's own that the app may write to. */
  readonly home: string;
  readonly clock: Clock;
  readonly onLine: (line: string) => void;
  /** Aborts a start that is no longer wanted. */
  readonly signal: AbortSignal;
}

/** Starts what the plan needs. Rejects with AppGoneError when the app does not come up. */
export async function launchApp(plan: LaunchablePlan, options: LaunchOptions): Promise<AppProcess> {
  switch (plan.kind) {
    case 'node':
      return await startNodeApp({ ...options, root: plan.root, cwd: plan.root });
    case 'custom':
      return await startCustomApp({ ...options, root: plan.root, handler: plan.handler, cwd: plan.root });
    case 'func':
      return await startFuncApp({ ...options, root: plan.root, funcPath: plan.funcPath, cwd: plan.root });
    default:
      return plan satisfies never;
  }
}
