import { buildJsonSchema } from '../config/json-schema.ts';
import { exitCodes } from './errors.ts';
import { openOutside } from './outside.ts';

/** `slotwave schema`: the JSON schema of slotwave.yml, the same as the schema.json that is shipped. */
export function commandSchema(): number {
  openOutside({ color: false, json: true }).write(`${JSON.stringify(buildJsonSchema(), null, 2)}\n`);
  return exitCodes.settled;
}
