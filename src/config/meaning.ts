/** What is well-formed and still cannot be meant: told together with what the schema finds. */
import type { Problem } from '../errors.ts';
import type { ConfigDocument, Path } from './document.ts';
import { writePath } from './found.ts';
import { checkFleet } from './meaning-fleet.ts';
import { checkValues } from './meaning-values.ts';
import { checkWaves } from './meaning-waves.ts';
import { outlineConfig } from './outline.ts';

export interface Complaint {
  readonly path: Path;
  readonly message: string;
  readonly found?: string;
  readonly expected?: string;
  readonly next?: string;
  /** True when the key is at fault and not its value. */
  readonly atKey?: boolean;
}

export function checkMeaning(document: ConfigDocument): readonly Problem[] {
  const outline = outlineConfig(document.data);
  const complaints = [
    ...checkFleet(outline, document.data),
    ...checkWaves(outline),
    ...checkValues(document.data),
  ];
  return complaints.map(({ path, atKey, ...rest }) => ({
    ...(atKey ? document.locateKey(path) : document.locate(path)),
    path: writePath(path),
    ...rest,
  }));
}
