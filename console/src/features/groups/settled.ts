import { notifications } from '@mantine/notifications';

import type { Group } from '@/rpc/types';

/** A change that some process does not go by yet must not look like one that is in force. */
export function tellUnsettled(group: Group) {
  if (group.settled !== false) return;
  notifications.show({
    title: 'Not in force everywhere',
    message: group.halt
      ? `A process that has lost PostgreSQL may go on answering for ${group.name}, as its settings let it. Stop that process, or take it out of the load balancer.`
      : `The change stands, but a process has not taken it over within ten seconds and routes ${group.name} as before. Its rows say by which phase; Alerts may say what keeps it.`,
    color: 'yellow',
    autoClose: false,
  });
}
