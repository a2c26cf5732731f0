/** The gate for Key Vault references: a value that the platform cannot read is no setting (azure-platform.md §4.2). */
import type { Clock } from '../clock.ts';
import { RefusalError, TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { SettingReference, SlotClient } from './slot-client.ts';

interface GateParts {
  readonly client: Pick<SlotClient, 'readReferences'>;
  readonly clock: Clock;
  readonly onWait: (target: Target, what: string) => void;
}

/** References are followed again when a slot restarts, and a fresh role assignment takes its time to be known. */
const deadlineMs = 120_000;
const intervalMs = 15_000;

/**
 * Waits until every reference of the staging slot is `Resolved`.
 * @throws RefusalError `reference-unresolved`: which setting, which status, what to do. TransientError
 * `reference-pending` when the platform is only late.
 */
export async function demandReferences(
  { client, clock, onWait }: GateParts,
  target: Target,
  stop?: AbortSignal,
): Promise<void> {
  const untilMs = clock.now() + deadlineMs;
  for (;;) {
    const references = await client.readReferences(target);
    const open = references.filter(({ status }) => status !== 'Resolved');
    if (open.length === 0) return;
    if (clock.now() >= untilMs) throw unresolved(target, open);
    onWait(target, `Key Vault references: ${open.map(tell).join(', ')}`);
    await clock.sleep(intervalMs, stop);
  }
}

function unresolved(target: Target, open: readonly SettingReference[]): RefusalError | TransientError {
  const message = `Settings of ${target.site}/${target.slot} refer to Key Vault and have no value there: ${open.map(tell).join(', ')}.`;
  const next = [...new Set(open.map(adviseFor))].join(' ');
  const facts = { where: target.name, next };
  return open.every(isLate)
    ? new TransientError(message, { ...facts, code: 'reference-pending' })
    : new RefusalError(message, { ...facts, code: 'reference-unresolved' });
}

const lateStatuses = new Set(['Initialized', 'FetchTimedOut']);

function isLate({ status }: SettingReference): boolean {
  return lateStatuses.has(status);
}

function tell({ setting, status, vault }: SettingReference): string {
  return `${setting} (${status}${vault === null ? '' : `, vault ${vault}`})`;
}

function adviseFor({ status, vault }: SettingReference): string {
  return (
    advice[status] ?? `Look at the vault${vault === null ? '' : ` ${vault}`}, its network and its secret.`
  );
}

const grant =
  "A slot has an identity of its own: give the slot's identity the role Key Vault Secrets User on the vault.";
const advice: Readonly<Record<string, string>> = {
  AccessToKeyVaultDenied: grant,
  UnauthorizedClient: grant,
  MSINotEnabled: 'Switch on a managed identity for this slot; production’s is not its.',
  InvalidSyntax: 'Correct the reference: @Microsoft.KeyVault(SecretUri=https://<vault>/secrets/<name>).',
  VaultNotFound: 'Correct the name of the vault in the reference.',
  SecretNotFound: 'Create the secret, or correct its name in the reference.',
  SecretVersionNotFound: 'Leave the version out of the reference, or correct it.',
  FetchTimedOut: 'Check that the slot reaches the vault: its own network integration, the vault’s firewall.',
  Initialized: 'The platform has not followed the reference yet; restart the slot if it stays so.',
};
