import { ActionIcon, Button, Group as Row, Table, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';

import { Panel } from '@/components/Panel';
import { PendingButton } from '@/components/PendingButton';
import { ScrollX } from '@/components/ScrollX';
import { Status } from '@/components/States';
import { plural } from '@/components/format';
import css from '@/features/importing/importing.module.css';
import type { Revise } from '@/features/importing/types';
import type { ImportDraft, Revision } from '@/rpc/types';

type Rule = NonNullable<Revision['mapping']>[number];

/** The mapping itself. A scalar's pointers are edited in place, the other fields of a rule as JSON. */
export function Rules({ draft, revise, busy }: { draft: ImportDraft; revise: Revise; busy: boolean }) {
  const [rules, setRules] = useState<Rule[]>(draft.mapping);
  const [whole, setWhole] = useState<string | null>(null);
  const set = (index: number, part: Partial<Rule>) => setRules(rules.map((rule, i) => (i === index ? { ...rule, ...part } : rule)));
  const parsed = whole === null ? null : read(whole);
  const changed = whole !== null || JSON.stringify(rules) !== JSON.stringify(draft.mapping);
  return (
    <Panel
      title="Rules"
      note="each rule takes a place of the file to a place of the document; * is any one key or index"
      flush
      aside={<Button variant="subtle" color="gray" onClick={() => setWhole(whole === null ? JSON.stringify(rules, null, 2) : null)}>{whole === null ? 'Edit as JSON' : 'Back to the table'}</Button>}
    >
      {whole === null ? (
        <ScrollX label="Rules">
          <Table miw={760} className={css.rule}>
            <Table.Thead>
              <Table.Tr><Table.Th>Kind</Table.Th><Table.Th>In the file</Table.Th><Table.Th>In the document</Table.Th><Table.Th>More</Table.Th><Table.Th><span className="visually-hidden">Remove</span></Table.Th></Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rules.map((rule, i) => <RuleRow key={i} rule={rule} nth={i + 1} set={(part) => set(i, part)} remove={() => setRules(rules.filter((_, j) => j !== i))} />)}
            </Table.Tbody>
          </Table>
        </ScrollX>
      ) : (
        <Textarea aria-label="Rules as JSON" m={16} autosize minRows={10} maxRows={28} spellCheck={false} value={whole} onChange={(e) => setWhole(e.currentTarget.value)} error={parsed?.ok === false ? parsed.message : undefined} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }} />
      )}
      <Row gap={8} p={16}>
        {whole === null && <Button variant="default" leftSection={<IconPlus size={14} />} onClick={() => setRules([...rules, { kind: 'scalar', source: '', target: '' }])}>Add a rule</Button>}
        {changed && <Status tone="info">not applied yet</Status>}
        <span style={{ flex: 1 }} />
        <PendingButton why={parsed?.ok === false ? 'The rules are not valid JSON yet.' : changed ? null : 'No rule has changed.'} reasonAt="before" busy={busy} onClick={() => revise({ mapping: parsed?.ok ? parsed.rules : rules })}>Apply the rules</PendingButton>
      </Row>
    </Panel>
  );
}

type Read = { ok: true; rules: Rule[] } | { ok: false; message: string };

function read(text: string): Read {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? { ok: true, rules: value as Rule[] } : { ok: false, message: 'The rules are a list.' };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : 'This is not JSON.' };
  }
}

/** The fields of a rule besides its two pointers. */
function more({ transform, const: constant, parts, where, words, rules }: Rule): string {
  const said = [transform, constant && `the word ${constant}`, where && 'some matches only', words && Object.keys(words).length > 0 && 'words translated'];
  const fields = (parts ?? []).map((part) => part.target.replace(/^\//, ''));
  if (fields.length > 0) said.push(`fields ${fields.join(', ')}`);
  if ((rules ?? []).length > 0) said.push(`${plural((rules ?? []).length, 'rule')} inside`);
  return said.filter(Boolean).join('; ');
}

function RuleRow({ rule, nth, set, remove }: { rule: Rule; nth: number; set: (part: Partial<Rule>) => void; remove: () => void }) {
  return (
    <Table.Tr>
      <Table.Td>{rule.kind.replaceAll('_', ' ')}</Table.Td>
      <Table.Td><TextInput aria-label={`Source of rule ${nth.toString()}`} value={rule.source} onChange={(e) => set({ source: e.currentTarget.value })} /></Table.Td>
      <Table.Td><TextInput aria-label={`Target of rule ${nth.toString()}`} value={rule.target ?? ''} onChange={(e) => set({ target: e.currentTarget.value })} /></Table.Td>
      <Table.Td className="hint">{more(rule)}</Table.Td>
      <Table.Td><ActionIcon aria-label={`Remove rule ${nth.toString()}`} onClick={remove}><IconTrash size={15} /></ActionIcon></Table.Td>
    </Table.Tr>
  );
}
