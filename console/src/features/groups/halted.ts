import type { Group } from '@/rpc/types';

const championOf = (group: Group) => group.phase.members.find((m) => m.role === 'champion')?.version_id;

/** Whether a group rejects all requests: it is halted, or its champion is. */
export const isHalted = (group: Group) => group.halt !== null || group.halted_versions.some((halt) => halt.version_id === championOf(group));

/** Whether something in a group is halted that another version answers for. */
export const isPartlyHalted = (group: Group) => !isHalted(group) && group.halted_versions.length > 0;

/** Whether a group is halted, or in it a version of this model. */
export const isHaltedFor = (group: Group, model: string) =>
  group.halt !== null || group.halted_versions.some((halt) => group.phase.members.some((m) => m.version_id === halt.version_id && m.model_slug === model));
