import { Autocomplete, Button, Group as Row, NumberInput, Stack } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';

import { IconButton } from '@/components/ActionButton';
import type { Band } from '@/features/decisions/types';

interface EditorProps {
  bands: Band[];
  names: string[];
  change: (bands: Band[]) => void;
}

/** Edits ordered bands: each has a decision and the score that it stays below; the last takes what is left. */
export function BandEditor({ bands, names, change }: EditorProps) {
  const put = (at: number, part: Partial<Band>) => change(bands.map((band, i) => (i === at ? { ...band, ...part } : band)));
  const remove = (at: number) => {
    const left = bands.filter((_, i) => i !== at);
    change(left.map((band, i) => (i === left.length - 1 ? { ...band, below: null } : band)));
  };
  const add = () => {
    const last = bands.at(-2)?.below ?? 0;
    const closing: Band = { decision: bands.at(-1)?.decision ?? 'decline', below: null };
    change([...bands.slice(0, -1), { decision: 'refer', below: Number((last + 0.1).toFixed(6)) }, closing]);
  };
  return (
    <Stack gap={8} role="group" aria-label="Bands of the new rule">
      {bands.map((band, at) => (
        <Row key={at} gap={10} align="flex-end" wrap="nowrap">
          <Autocomplete size="xs" w={180} label={at === 0 ? 'Decision' : undefined} aria-label={`Decision of band ${(at + 1).toString()}`} data={names} value={band.decision} onChange={(decision) => put(at, { decision })} />
          {band.below === null ? (
            <span className="hint" style={{ width: 140, paddingBottom: 7 }}>every score left</span>
          ) : (
            <NumberInput
              size="xs"
              w={140}
              label={at === 0 ? 'for scores below' : undefined}
              aria-label={`Bound of band ${(at + 1).toString()}`}
              step={0.01}
              value={band.below}
              onChange={(value) => put(at, { below: typeof value === 'number' ? value : 0 })}
            />
          )}
          <IconButton variant="subtle" color="gray" mb={3} aria-label={`Remove band ${(at + 1).toString()}`} why={bands.length < 2 ? 'A rule has at least one band.' : null} onClick={() => remove(at)}>
            <IconX size={14} />
          </IconButton>
        </Row>
      ))}
      <Row>
        <Button variant="subtle" leftSection={<IconPlus size={13} />} onClick={add}>
          Add a band
        </Button>
      </Row>
    </Stack>
  );
}
