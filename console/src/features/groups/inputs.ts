import type { Feature, Version } from '@/rpc/types';

export interface Input {
  name: string;
  /** The description from the first version's document that names it; null without one. */
  feature: Feature | null;
  /** Labels of the versions that read it, in the group's order. */
  readBy: string[];
}

/** The inputs of a version: its artifact's, or without an artifact its document's. */
const namesOf = (version: Version) => version.artifact?.features ?? version.document.features.filter((f) => f.role === 'input').map((f) => f.name);

/** All inputs of a group's versions. A request with all of them can reach every version. */
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
