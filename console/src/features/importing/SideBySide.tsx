import { Table, TextInput, Tooltip } from '@mantine/core';
import { IconArrowNarrowLeft, IconSearch } from '@tabler/icons-react';
import { useDeferredValue, useMemo, useState } from 'react';

import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Empty } from '@/components/States';
import { wordsOf } from '@/components/format';
import css from '@/features/importing/importing.module.css';
import { at, fieldOf, lastOf, partOf, rowOf, say } from '@/features/importing/words';
import type { ImportDraft } from '@/rpc/types';

interface Line {
  target: string;
  part: string;
  row: string;
  field: string;
  value: string;
  pointer: string;
  source: string;
  transform: string | null;
}

const SHOWN = 600;

function linesOf(draft: ImportDraft): Line[] {
  return Object.entries(draft.provenance).map(([target, from]) => ({
    target,
    part: partOf(target),
    row: rowOf(draft.document, target),
    field: fieldOf(target),
    value: say(at(draft.document, target)),
    pointer: from.pointer,
    source: from.transform === 'key' ? lastOf(from.pointer) : say(from.value),
    transform: from.transform,
  }));
}

/** The document on the left, the file on the right: every value beside its source. */
export function SideBySide({ draft }: { draft: ImportDraft }) {
  const [typed, setTyped] = useState('');
  const search = useDeferredValue(typed.trim().toLowerCase());
  const lines = useMemo(() => linesOf(draft), [draft]);
  const found = search ? lines.filter((line) => `${line.target} ${line.row} ${line.value} ${line.pointer} ${line.source}`.toLowerCase().includes(search)) : lines;
  const shown = found.slice(0, SHOWN);
  const parts = [...new Set(shown.map((line) => line.part))];
  return (
    <Panel
      title="The document, and where it came from"
      note="each value with its place in the file"
      flush
      aside={<TextInput aria-label="Search values and pointers" placeholder="Search" leftSection={<IconSearch size={14} />} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} />}
    >
      {found.length === 0 ? (
        <Empty title="Nothing like that">No value, name or pointer contains this text.</Empty>
      ) : (
        <ScrollX label="The document beside the file">
          <Table miw={820} className={css.beside}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th colSpan={2}>Document</Table.Th>
                <Table.Th>Value</Table.Th>
                <Table.Th><span className="visually-hidden">came from</span></Table.Th>
                <Table.Th>In the file</Table.Th>
                <Table.Th>Said there</Table.Th>
              </Table.Tr>
            </Table.Thead>
            {parts.map((part) => <Part key={part} name={part} lines={shown.filter((line) => line.part === part)} />)}
          </Table>
        </ScrollX>
      )}
      {found.length > SHOWN && <p className={`hint ${css.more ?? ''}`}>The first {SHOWN} of {found.length}. Search for the others.</p>}
    </Panel>
  );
}

function Part({ name, lines }: { name: string; lines: Line[] }) {
  return (
    <Table.Tbody>
      <Table.Tr>
        <Table.Th colSpan={6} scope="rowgroup" className={css.part}>{wordsOf(name)}</Table.Th>
      </Table.Tr>
      {lines.map((line, i) => (
        <Table.Tr key={line.target}>
          <Table.Td className={css.row}>{line.row !== lines[i - 1]?.row ? line.row : ''}</Table.Td>
          <Table.Td><span title={line.target}>{line.field}</span></Table.Td>
          <Table.Td className={css.value}>{line.value}</Table.Td>
          <Table.Td aria-hidden="true"><IconArrowNarrowLeft size={15} className={css.arrow} /></Table.Td>
          <Table.Td><Tooltip label={`${line.target} comes from ${line.pointer}`} multiline maw={420}><code>{line.pointer}</code></Tooltip></Table.Td>
          <Table.Td className={css.value}>
            {line.source}
            {line.transform && <span className={css.transform}>{line.transform}</span>}
          </Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  );
}
