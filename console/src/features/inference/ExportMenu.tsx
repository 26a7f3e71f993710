import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';

import { plural } from '@/components/format';
import { rpc } from '@/rpc/client';
import { problemOf } from '@/rpc/errors';
import type { InferenceFilter, InferenceSummary } from '@/rpc/types';

const MOST = 100_000;

/** Every row that the filter matches, page by page. */
async function everything(filter: InferenceFilter): Promise<{ rows: InferenceSummary[]; cut: boolean }> {
  const rows: InferenceSummary[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: InferenceSummary[]; next_cursor: string | null } = await rpc.inference.browse.query({ ...filter, limit: 500, cursor });
    rows.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && rows.length < MOST);
  return { rows, cut: cursor !== null };
}

const COLUMNS = ['inference_id', 'requested_at', 'version', 'role', 'phase', 'entity_key', 'score', 'label', 'status', 'explained', 'actual', 'latency_us', 'decision', 'final_decision'] as const satisfies (keyof InferenceSummary)[];

// A cell that starts like a formula would be run by a spreadsheet: it is kept as text.
const cell = (value: string | number | boolean | null) => {
  const words = value === null ? '' : value.toString();
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(words) ? `'${words}` : words;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const csvOf = (rows: InferenceSummary[]) => [COLUMNS.join(','), ...rows.map((row) => COLUMNS.map((key) => cell(row[key])).join(','))].join('\r\n');

function save(name: string, type: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Takes the filtered list away as a file. */
export function ExportMenu({ filter }: { filter: InferenceFilter }) {
  const run = useMutation({
    mutationFn: async (format: 'csv' | 'json') => {
      const { rows, cut } = await everything(filter);
      const name = `${filter.slug}-inferences-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${format}`;
      save(name, format === 'csv' ? 'text/csv' : 'application/json', format === 'csv' ? csvOf(rows) : JSON.stringify(rows, null, 2));
      return { rows: rows.length, cut };
    },
    onSuccess: ({ rows, cut }) =>
      notifications.show({ title: `${plural(rows, 'inference')} exported`, message: cut ? 'This is the limit of one export. Narrow the filter to get the rest.' : 'All rows that match the filter.', color: 'pine' }),
    onError: (error) => notifications.show({ title: 'Nothing was exported', message: problemOf(error).message, color: 'red' }),
  });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={14} />} loading={run.isPending}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => run.mutate('csv')}>CSV</Menu.Item>
        <Menu.Item onClick={() => run.mutate('json')}>JSON</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
