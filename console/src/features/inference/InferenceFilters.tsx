import { Button, NumberInput, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch, IconX } from '@tabler/icons-react';

import css from '@/features/inference/inference.module.css';
import type { BrowserProps } from '@/features/inference/types';
import { type InferenceSearch, STATUSES } from '@/routes/search';

type FilterProps = Pick<BrowserProps, 'filter' | 'versions' | 'change'>;

const CLEARED: InferenceSearch = {
  search: undefined, version: undefined, role: undefined, phase: undefined, status: undefined, labelled: undefined, min_score: undefined, max_score: undefined, after: undefined, before: undefined,
};
const KEYS = Object.keys(CLEARED) as (keyof InferenceSearch)[];

/** Whether the list is narrowed at all. */
export const isFiltered = (filter: InferenceSearch) => KEYS.some((key) => filter[key] !== undefined);

const ROLES = ['champion', 'challenger', 'shadow'] as const;
const asNumber = (value: string | number) => (value === '' || !Number.isFinite(Number(value)) ? undefined : Number(value));
/** A date-time field speaks the viewer's zone; the hub speaks UTC. */
const toIso = (local: string) => (local === '' || Number.isNaN(Date.parse(local)) ? undefined : new Date(local).toISOString());
const toLocal = (iso: string | undefined) => {
  if (iso === undefined || Number.isNaN(Date.parse(iso))) return '';
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

/** The list's filters; each lives in the address. */
export function InferenceFilters({ filter, versions, change }: FilterProps) {
  const later = useDebouncedCallback((part: InferenceSearch) => change(part, true), 250);
  const active = isFiltered(filter);
  // Clearing must empty the uncontrolled fields too: they are keyed by whether any filter is on.
  return (
    <div className={css.filters} role="search" aria-label="Filter inferences" key={active ? 'on' : 'off'}>
      <TextInput
        size="xs"
        w={250}
        aria-label="Search by inference id, entity key or correlation id"
        placeholder="Id, entity key or correlation id"
        leftSection={<IconSearch size={13} aria-hidden="true" />}
        defaultValue={filter.search ?? ''}
        onKeyDown={(e) => e.key === 'Enter' && change({ search: e.currentTarget.value.trim() || undefined })}
        onBlur={(e) => e.currentTarget.value.trim() !== (filter.search ?? '') && change({ search: e.currentTarget.value.trim() || undefined })}
      />
      <Choice label="Version" value={filter.version} values={versions} pick={(version) => change({ version })} />
      <Choice label="Role" value={filter.role} values={ROLES} pick={(role) => change({ role: role as InferenceSearch['role'] })} />
      <Choice label="Status" value={filter.status} values={STATUSES} pick={(status) => change({ status: status as InferenceSearch['status'] })} />
      <Choice
        label="Outcome"
        value={filter.labelled === undefined ? undefined : filter.labelled ? 'known' : 'pending'}
        values={['known', 'pending']}
        pick={(v) => change({ labelled: v === undefined ? undefined : v === 'known' })}
      />
      <NumberInput size="xs" w={92} aria-label="Lowest score" placeholder="score ≥" step={0.1} decimalScale={4} defaultValue={filter.min_score ?? ''} onChange={(v) => later({ min_score: asNumber(v) })} />
      <NumberInput size="xs" w={92} aria-label="Highest score" placeholder="score ≤" step={0.1} decimalScale={4} defaultValue={filter.max_score ?? ''} onChange={(v) => later({ max_score: asNumber(v) })} />
      <TextInput size="xs" type="datetime-local" aria-label="Requested after" leftSection={<span className="hint">after</span>} leftSectionWidth={48} defaultValue={toLocal(filter.after)} onChange={(e) => later({ after: toIso(e.currentTarget.value) })} />
      <TextInput size="xs" type="datetime-local" aria-label="Requested before" leftSection={<span className="hint">before</span>} leftSectionWidth={54} defaultValue={toLocal(filter.before)} onChange={(e) => later({ before: toIso(e.currentTarget.value) })} />
      {active && (
        <Button variant="subtle" color="gray" leftSection={<IconX size={13} />} onClick={() => change(CLEARED)}>
          Clear
        </Button>
      )}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  values: readonly string[];
  pick: (value: string | undefined) => void;
}

function Choice({ label, value, values, pick }: ChoiceProps) {
  const data = value !== undefined && !values.includes(value) ? [...values, value] : [...values];
  return <Select size="xs" w={118} aria-label={label} placeholder={label} clearable value={value ?? null} data={data} onChange={(v) => pick(v ?? undefined)} clearButtonProps={{ 'aria-label': `Clear ${label.toLowerCase()}` }} />;
}
