import { Table, TextInput } from '@mantine/core';
import { useState } from 'react';

import { Panel } from '@/components/Panel';
import { PendingButton } from '@/components/PendingButton';
import { ScrollX } from '@/components/ScrollX';
import { Empty } from '@/components/States';
import css from '@/features/importing/importing.module.css';
import type { Revise } from '@/features/importing/types';
import { say } from '@/features/importing/words';
import type { ImportDraft } from '@/rpc/types';

const SHOWN = 300;

/** What the file says and the document does not. Each value may be given a place. */
export function Unmapped({ draft, revise, busy }: { draft: ImportDraft; revise: Revise; busy: boolean }) {
  const place = (source: string, target: string) => revise({ mapping: [...draft.mapping, { kind: 'scalar', source, target }] });
  if (draft.unmapped.length === 0) return <Panel><Empty title="Every value has its place">The document has all that the file says.</Empty></Panel>;
  return (
    <Panel title="Not mapped" note="kept with the version as they are, so that nothing is lost" flush>
      <ScrollX label="Values that found no place">
        <Table miw={760}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>In the file</Table.Th>
              <Table.Th>Value</Table.Th>
              <Table.Th>Put it at</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {draft.unmapped.slice(0, SHOWN).map((leaf) => (
              <Table.Tr key={leaf.pointer}>
                <Table.Td><code>{leaf.pointer}</code></Table.Td>
                <Table.Td className={css.value}>{say(leaf.value)}</Table.Td>
                <Table.Td><Place of={leaf.pointer} busy={busy} place={place} /></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
      {draft.unmapped.length > SHOWN && <p className={`hint ${css.more ?? ''}`}>The first {SHOWN} of {draft.unmapped.length}; all of them are kept.</p>}
    </Panel>
  );
}

function Place({ of, busy, place }: { of: string; busy: boolean; place: (source: string, target: string) => void }) {
  const [target, setTarget] = useState('');
  return (
    <form
      style={{ display: 'flex', gap: 6 }}
      onSubmit={(e) => {
        e.preventDefault();
        if (target.startsWith('/')) place(of, target);
      }}
    >
      <TextInput aria-label={`Place of ${of} in the document`} placeholder="/training/seed" value={target} onChange={(e) => setTarget(e.currentTarget.value)} />
      <PendingButton type="submit" variant="default" disabled={!target.startsWith('/')} busy={busy}>Put</PendingButton>
    </form>
  );
}
