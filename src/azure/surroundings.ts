/**
 * What stands around each target, for preflight. Nothing here may fail a survey: what this identity cannot read is
 * noted as unread. Everything that targets share is read once.
 */
import { listSlots } from '@azure/arm-appservice/api/webApps';
import type { Target } from '../plan/fleet.ts';
import type { PrivateEndpointFacts, Surroundings } from '../plan/surroundings.ts';
import type { Arm } from './arm.ts';
import { objectOf, objectsOf, readJson } from './arm-json.ts';
import { createEndpointReader } from './endpoints.ts';
import type { PlanFacts } from './plans.ts';
import { createNotes, type Notes } from './read-once.ts';
import { readGrants } from './rights.ts';
import { stringOf } from './server-text.ts';
import { aboutSite, sitePath, slotPath } from './site-client.ts';
import {
  pathOf,
  placeOf,
  readSlotSurroundings,
  type SharedReaders,
  type SlotView,
} from './slot-surroundings.ts';
import { createAccountReader } from './storage-accounts.ts';
import { createSubnetReader } from './subnets.ts';

export interface SurroundingsView {
  readonly target: Target;
  readonly plan: PlanFacts;
  readonly production: SlotView;
  readonly staging: SlotView | null;
}

export type SurroundingsReader = (arm: Arm, view: SurroundingsView) => Promise<Surroundings>;

export function createSurroundingsReader(nowMs: number): SurroundingsReader {
  const shared: SharedReaders = {
    readSubnet: createSubnetReader(),
    readEndpoints: createEndpointReader(),
    readAccount: createAccountReader(),
  };
  return async (arm, view) => {
    const { target, plan, production, staging } = view;
    const notes = createNotes();
    const { operatingSystem } = production.site;
    const question = { arm, target, operatingSystem, shared, notes };
    const grants = (path: string, place: string) =>
      notes.attempt(`the rights on ${place}`, () => readGrants(arm, target, path));
    const [[live, beside], siteRights, slotRights, slotCount, hybridConnections] = await Promise.all([
      readBothSlots(question, view),
      grants(sitePath(target), target.site),
      staging ? grants(slotPath(target), placeOf(target, 'beside')) : null,
      staging ? null : countSlots(arm, target, notes),
      operatingSystem === 'linux' ? readHybrid(arm, target, notes) : null,
    ]);
    return {
      nowMs,
      plan: { maximumInstances: plan.maximumInstances },
      slotCount,
      hybridConnections,
      rights: { site: siteRights, slot: slotRights },
      production: live,
      staging: beside,
      unread: notes.unread,
    };
  };
}

type Question = Parameters<typeof readSlotSurroundings>[0];

async function readBothSlots(question: Question, { production, staging }: SurroundingsView) {
  const live = await readEndpoints(question, production);
  // A slot's own endpoints matter where production has some, or where there is no other way in.
  const isAsked = staging !== null && ((live?.length ?? 0) > 0 || isClosed(staging));
  const beside = isAsked ? await readEndpoints(question, staging) : null;
  return Promise.all([
    readSlotSurroundings(question, production, live),
    staging ? readSlotSurroundings(question, staging, beside) : null,
  ]);
}

function isClosed({ site }: SlotView): boolean {
  return site.place.publicAccess?.toLowerCase() === 'disabled';
}

function readEndpoints(
  { arm, target, shared, notes }: Question,
  { side, site }: SlotView,
): Promise<readonly PrivateEndpointFacts[] | null> {
  const hostNames = [site.hostName, ...(site.scmHostName ? [site.scmHostName] : [])];
  const path = pathOf(target, side);
  return shared.readEndpoints(arm, { target, path, place: placeOf(target, side), hostNames }, notes);
}

function countSlots(arm: Arm, target: Target, notes: Notes): Promise<number | null> {
  const { subscriptionId, resourceGroup, site } = target;
  return notes.attempt(`the slots of ${site}`, () =>
    arm.read(subscriptionId, aboutSite(target, 'list the slots of'), async (context) => {
      let count = 0;
      for await (const _ of listSlots(context, resourceGroup, site)) count++;
      return count;
    }),
  );
}

/** They travel with a swap, so production's tell enough. The OpenAPI knows one, ARM answers with a list. */
function readHybrid(arm: Arm, target: Target, notes: Notes): Promise<readonly string[] | null> {
  const url = `${sitePath(target)}/hybridConnectionRelays?api-version=2025-05-01`;
  const about = aboutSite(target, 'list the hybrid connections of');
  return notes.attempt(`the hybrid connections of ${target.site}`, async () => {
    const answer = await readJson(arm, target.subscriptionId, about, url);
    const listed = Array.isArray(answer['value']) ? objectsOf(answer['value']) : [answer];
    return listed.flatMap((each) => stringOf(objectOf(each['properties'])['relayName']) ?? []);
  });
}
