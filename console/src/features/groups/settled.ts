import { notifications } from '@mantine/notifications';

import type { Group } from '@/rpc/types';

/** A change that some process does not apply yet must not look like one in force. */
export function tellUnsettled(group: Group) {
  if (group.settled !== false) return;
  notifications.show({
    title: 'Not in force everywhere',
    message: group.halt
      ? `A process that has lost PostgreSQL may still answer for ${group.name}, because its settings allow it. Stop that process, or take it out of the load balancer.`
      : `The change is saved, but one process did not apply it within ten seconds and still routes ${group.name} as before. Its log rows name the phase they used. See Alerts for the cause.`,
    color: 'yellow',
    autoClose: false,
  });
}
