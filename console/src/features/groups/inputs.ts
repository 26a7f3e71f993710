import type { Feature, Version } from '@/rpc/types';

export interface Input {
  name: string;
  /** What the first version's document that names it says of it; null where none does. */
  feature: Feature | null;
  /** Labels of the versions that read it, in the group's order. */
  readBy: string[];
}

/** What a version reads: its artifact's inputs, or where it has no artifact those of its document. */
const namesOf = (version: Version) => version.artifact?.features ?? version.document.features.filter((f) => f.role === 'input').map((f) => f.name);

/** The union of what a group's versions read: a request with all of it reaches every one of them. */
export function inputsOf(versions: readonly Version[]): Input[] {
  const found = new Map<string, Input>();
  for (const version of versions) {
    for (const name of namesOf(version)) {
      const input = found.get(name) ?? { name, feature: null, readBy: [] };
      input.feature ??= version.document.features.find((f) => f.name === name) ?? null;
      input.readBy.push(version.label);
      found.set(name, input);
    }
  }
  return [...found.values()];
}
