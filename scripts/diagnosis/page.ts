/** What the page of one cause says beside its title. */
export interface Page {
  /** What it means, for somebody who meets it for the first time. */
  readonly means: string;
  /** By what slotwave recognises it. */
  readonly seen: string;
  /** What helps, the likeliest first. */
  readonly todo: readonly string[];
}
