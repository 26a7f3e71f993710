import { Anchor, Collapse, FileInput, Group as Row, Select, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';

import { rpc } from '@/rpc/client';

/** The form's values for what an artifact's file leaves open. */
export interface Statement {
  samples: File | null;
  positiveClass: string;
  iterations: string | null;
  missing: string;
}

export const NOTHING_STATED: Statement = { samples: null, positiveClass: '', iterations: null, missing: '' };

/** Sends the statement to the hub before the artifact. Throws the problem found. */
export async function sendStatement(versionId: string, stated: Statement): Promise<void> {
  if (stated === NOTHING_STATED) return;
  const samples: unknown = stated.samples ? JSON.parse(await stated.samples.text()) : null;
  const artifact = {
    positive_class: stated.positiveClass.trim() || null,
    iterations: stated.iterations === 'best' || stated.iterations === 'all' ? stated.iterations : null,
    missing: stated.missing.trim() === '' ? null : Number(stated.missing),
    samples: samples as { rows: Record<string, unknown>[]; expected: number[] } | null,
  } as const;
  await rpc.models.stateArtifact.mutate({ version_id: versionId, artifact });
}

/** Sample rows with expected answers, and choices that only some files need. */
export function StatementFields({ value, change }: { value: Statement; change: (stated: Statement) => void }) {
  const [open, setOpen] = useState(false);
  const set = (part: Partial<Statement>) => change({ ...value, ...part });
  const unnumbered = value.missing.trim() !== '' && !Number.isFinite(Number(value.missing));
  return (
    <Stack gap={10}>
      <FileInput
        label="Sample rows with expected answers"
        description={'JSON: {"rows": [{"debt": 1.5}], "expected": [0.91]}. The hub compares its answers with those of the training library, and refuses a file that differs.'}
        placeholder="Choose a file (optional)"
        accept="application/json,.json"
        value={value.samples}
        onChange={(samples) => set({ samples })}
        clearable
      />
      <Anchor component="button" type="button" size="sm" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? 'Hide' : 'Show'} what the file may leave open
      </Anchor>
      <Collapse expanded={open}>
        <Row gap={12} align="flex-start">
          <TextInput
            label="Positive class"
            description="The artifact's own class whose probability is the score"
            value={value.positiveClass}
            onChange={(e) => set({ positiveClass: e.currentTarget.value })}
          />
          <Select
            label="XGBoost rounds"
            description="After early stopping"
            placeholder="All, as Booster.predict"
            data={[{ value: 'all', label: 'All rounds, as Booster.predict' }, { value: 'best', label: 'Up to the best, as XGBClassifier' }]}
            value={value.iterations}
            onChange={(iterations) => set({ iterations })}
            clearable
          />
          <TextInput
            label="XGBoost missing value"
            description="missing= in training. The file does not keep it: left empty, only null is missing"
            value={value.missing}
            onChange={(e) => set({ missing: e.currentTarget.value })}
            error={unnumbered && 'A number is expected here'}
          />
        </Row>
      </Collapse>
    </Stack>
  );
}
