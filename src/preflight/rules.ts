/** The rules, in the order in which they are told: those about the slots themselves here, the others by subject. */
import { checkRemoteBuild } from './check-delivery.ts';
import { checkConfigSettings, checkLeaving, checkRunFromPackage, checkStamp } from './check-settings.ts';
import {
  checkAutoSwap,
  checkOperation,
  checkPrepared,
  checkPreview,
  checkPreviewSystem,
  checkProductionState,
  checkReset,
  checkScmHost,
  checkSlot,
  checkStagingState,
} from './check-slots.ts';
import type { Rule } from './finding.ts';
import { explainTier, hasSlots } from './hosting.ts';
import { accessRules } from './rules-access.ts';
import { identityRules } from './rules-identity.ts';
import { networkRules } from './rules-network.ts';
import { planRules } from './rules-plan.ts';
import { runtimeRules } from './rules-runtime.ts';
import { settingRules } from './rules-settings.ts';
import { storageRules } from './rules-storage.ts';
import { subnetRules } from './rules-subnets.ts';
import { togetherRules } from './rules-together.ts';
import { docs } from './words.ts';

const slotDocs = `${docs}/azure-functions/functions-deployment-slots`;
const swapDocs = `${docs}/app-service/deploy-staging-slots`;

const ownRules: readonly Rule[] = [
  {
    id: 'plan-unsupported',
    subject: 'plan',
    severity: 'error',
    silenceable: false,
    when: 'the plan has no deployment slots, or slotwave does not serve it',
    why: 'A release is staged in a deployment slot and swapped into production; without slots there is no such road.',
    source: `${docs}/azure-functions/functions-scale`,
    check: ({ planTier }) =>
      hasSlots(planTier)
        ? null
        : {
            found: `The plan's tier is ${planTier || 'not known'}: ${explainTier(planTier)}.`,
            fix: 'Move the app to an Elastic Premium plan or a Dedicated plan of tier Standard or above, or take it out of the fleet.',
          },
  },
  {
    id: 'slot-missing',
    subject: 'slots',
    severity: 'error',
    silenceable: false,
    when: 'the staging slot is not there',
    why: 'A release needs a place beside production where it can be started and probed.',
    source: slotDocs,
    check: checkSlot,
  },
  {
    id: 'production-not-running',
    subject: 'slots',
    severity: 'error',
    silenceable: false,
    when: 'production is stopped',
    why: 'Only a running app can be compared with its next release, and a stopped one cannot be swapped reliably.',
    source: swapDocs,
    check: checkProductionState,
  },
  {
    id: 'slot-not-running',
    subject: 'slots',
    severity: 'error',
    silenceable: false,
    when: 'the staging slot is stopped',
    why: 'A stopped slot cannot be probed, and what a swap does with it is not documented.',
    source: swapDocs,
    check: checkStagingState,
  },
  {
    id: 'operation-in-progress',
    subject: 'slots',
    severity: 'error',
    silenceable: false,
    when: 'ARM reports an operation that is running on the app',
    why: 'Azure runs one operation on a function app at a time; a swap in between could exchange what nobody meant.',
    source: swapDocs,
    check: checkOperation,
  },
  {
    id: 'slot-prepared',
    subject: 'slots',
    severity: 'error',
    silenceable: false,
    when: 'a swap with preview was begun, and neither completed nor cancelled',
    why: "The slot runs with the other slot's settings since a swap with preview that was neither completed nor cancelled, and Azure refuses changes to it.",
    source: `${swapDocs}#swap-with-preview-multi-phase-swap`,
    check: checkPrepared,
  },
  {
    id: 'slot-prepared-reset',
    subject: 'slots',
    severity: 'warning',
    when: 'the same, where swap.resetPrepared has it cancelled',
    why: 'Somebody may have meant to complete that swap; cancelling gives the slot its own settings back and restarts it.',
    source: `${swapDocs}#swap-with-preview-multi-phase-swap`,
    check: checkReset,
  },
  {
    id: 'preview-with-authentication',
    subject: 'slots',
    severity: 'error',
    when: 'swap.preview, and App Service authentication is on',
    why: 'Azure refuses a swap with preview when one of the slots has authentication on.',
    source: `${swapDocs}#swap-with-preview-multi-phase-swap`,
    check: checkPreview,
  },
  {
    id: 'preview-on-linux',
    subject: 'slots',
    severity: 'warning',
    when: 'swap.preview, and the app runs on Linux',
    why: "Microsoft's own pipeline task refuses swaps with preview on Linux; whether Azure does is not documented.",
    source: `${swapDocs}#swap-with-preview-multi-phase-swap`,
    check: checkPreviewSystem,
  },
  {
    id: 'auto-swap-on',
    subject: 'slots',
    severity: 'error',
    silenceable: false,
    when: 'a slot swaps by itself after each deployment',
    why: 'Azure would swap by itself as soon as the release is staged: unprobed, in no wave, and without anybody to take it back.',
    source: `${swapDocs}#configure-auto-swap`,
    check: checkAutoSwap,
  },
  {
    id: 'stamp-sticky',
    subject: 'slots',
    severity: 'error',
    silenceable: false,
    when: 'SLOTWAVE_RELEASE_ID is a slot setting',
    why: 'This setting says which release a slot runs. If it stays with the slot in a swap, every answer about what is live is wrong.',
    source: slotDocs,
    check: checkStamp,
  },
  {
    id: 'package-setting-sticky',
    subject: 'slots',
    severity: 'error',
    silenceable: false,
    when: 'WEBSITE_RUN_FROM_PACKAGE is a slot setting',
    why: 'This setting says which package a slot runs. If it stays with the slot, a swap moves no code.',
    source: `${docs}/azure-functions/run-functions-from-deployment-package`,
    check: checkRunFromPackage,
  },
  {
    id: 'config-setting-sticky',
    subject: 'slots',
    severity: 'error',
    silenceable: false,
    when: 'a setting of the config is a slot setting',
    why: 'It would be written to the staging slot and stay there in the swap: production keeps the value it has. Production is changed by swaps alone, because a write there restarts what is live, unprobed.',
    source: slotDocs,
    check: checkConfigSettings,
  },
  {
    id: 'setting-leaves-production',
    subject: 'slots',
    severity: 'warning',
    when: 'only production has a setting that is no slot setting',
    why: 'What is not a slot setting moves with the swap, in both directions: production goes on without it, and its value waits in the staging slot.',
    source: slotDocs,
    check: checkLeaving,
  },
  {
    id: 'remote-build-on-windows',
    subject: 'plan',
    severity: 'error',
    when: 'delivery.remoteBuild, and the app runs on Windows',
    why: 'Only the SCM sites of Linux apps build what they are given; on Windows the package would run as it is.',
    source: `${docs}/azure-functions/functions-deployment-technologies`,
    check: checkRemoteBuild,
  },
  {
    id: 'scm-host-missing',
    subject: 'access',
    severity: 'error',
    silenceable: false,
    when: 'the package is pushed, and ARM names no SCM host',
    why: 'The package is uploaded to the SCM site of the slot.',
    source: `${docs}/app-service/resources-kudu`,
    check: checkScmHost,
  },
];

export const rules: readonly Rule[] = [
  ...ownRules,
  ...planRules,
  ...settingRules,
  ...togetherRules,
  ...networkRules,
  ...subnetRules,
  ...accessRules,
  ...storageRules,
  ...runtimeRules,
  ...identityRules,
];
