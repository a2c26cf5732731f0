/** Everything that changed the world, in order: what a test asserts on. Instants are the emulator's clock, ms. */

export interface Spot {
  readonly site: string;
  /** `production` or the slot's name. */
  readonly slot: string;
}

export type Change =
  | ({
      readonly type: 'settings.written';
      readonly names: readonly string[];
      readonly release: string | null;
    } & Spot)
  | ({ readonly type: 'sticky-names.written'; readonly names: readonly string[] } & Spot)
  | ({ readonly type: 'config.written'; readonly names: readonly string[] } & Spot)
  | ({ readonly type: 'site.created' | 'site.deleted' } & Spot)
  | { readonly type: 'plan.written' | 'plan.deleted'; readonly plan: string }
  | ({ readonly type: 'slot.created' } & Spot)
  | ({ readonly type: 'slot.deleted' } & Spot)
  | ({ readonly type: 'site.started' } & Spot)
  | ({ readonly type: 'site.stopped' } & Spot)
  | ({
      readonly type: 'deployment.begun';
      readonly id: string;
      readonly digest: string;
      readonly bytes: number;
    } & Spot)
  | ({ readonly type: 'deployment.done'; readonly id: string; readonly digest: string } & Spot)
  | ({ readonly type: 'deployment.failed'; readonly id: string; readonly why: string } & Spot)
  | ({ readonly type: 'host.started'; readonly why: string; readonly release: string | null } & Spot)
  | ({ readonly type: 'host.stopped' } & Spot)
  | ({ readonly type: 'package.unreadable'; readonly why: string } & Spot)
  | ({ readonly type: 'swap.begun'; readonly operation: string; readonly target: string } & Spot)
  | ({ readonly type: 'swap.warmed'; readonly operation: string; readonly target: string } & Spot)
  | ({ readonly type: 'swap.routed'; readonly operation: string; readonly target: string } & Spot)
  | ({ readonly type: 'swap.done'; readonly operation: string; readonly target: string } & Spot)
  | ({ readonly type: 'swap.taken-back'; readonly operation: string; readonly target: string } & Spot)
  | ({
      readonly type: 'swap.failed';
      readonly operation: string;
      readonly target: string;
      readonly why: string;
    } & Spot)
  | ({ readonly type: 'swap.prepared'; readonly target: string } & Spot)
  | ({ readonly type: 'swap.cancelled' } & Spot)
  | {
      readonly type: 'fault.struck';
      readonly fault: number;
      readonly what: string;
      readonly request: string;
      readonly site: string | null;
      readonly slot: string | null;
    };

export type WorldEvent = { readonly atMs: number } & Change;

/** The most events kept; a long rehearsal must not eat the memory. The oldest go first. */
export const historyLimit = 100_000;
