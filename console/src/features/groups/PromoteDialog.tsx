import { Button, Group as Row, Modal, NumberInput, Stack, Switch, TextInput } from '@mantine/core';
import { IconCrown } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { DialogActions } from '@/components/DialogActions';
import { Failure, Notice } from '@/components/States';
import { share } from '@/components/format';
import { EvidenceTable } from '@/features/groups/EvidenceTable';
import { keepGroup } from '@/features/groups/HaltPanel';
import { PromotionResult } from '@/features/groups/PromotionResult';
import { countAgain, ServingImpact, useServingImpact } from '@/features/groups/ServingImpact';
import css from '@/features/groups/groups.module.css';
import { queryClient, trpc } from '@/rpc/client';
import { problemOf } from '@/rpc/errors';
import type { Comparison, Contender } from '@/rpc/types';

interface PromoteProps {
  /** The comparison when the button was pressed: the basis of the promotion. */
  evidence: Comparison;
  contender: Contender;
  /** The current comparison, to use when the evidence has expired. */
  latest: Comparison;
  close: () => void;
}

/** Asks once, with the consequence and the evidence in sight; then shows what was done. */
export function PromoteDialog({ evidence: first, contender, latest, close }: PromoteProps) {
  const [evidence, setEvidence] = useState(first);
  const [reason, setReason] = useState('');
  const [keeps, setKeeps] = useState(false);
  const [keep, setKeep] = useState(10);
  const promote = useMutation(
    trpc.groups.promote.mutationOptions({
      onSuccess: ({ group }) => {
        keepGroup(group);
        void queryClient.invalidateQueries({ queryKey: trpc.models.pathKey() });
      },
      onError: countAgain,
    }),
  );
  const impact = useServingImpact({ slug: evidence.slug, champion: contender.version_id, challengers: [] });
  const champion = evidence.contenders.find((c) => c.role === 'champion');
  const stale = promote.isError && problemOf(promote.error).reason?.startsWith('STALE');
  const refresh = () => {
    setEvidence(latest);
    promote.reset();
  };
  const confirm = () =>
    promote.mutate({
      slug: evidence.slug,
      version_id: contender.version_id,
      evidence_id: evidence.evidence_id,
      keep_old: keeps ? Math.round(keep * 100) : null,
      reason: reason.trim(),
      accept_refusals: impact.accepted,
    });

  if (promote.data) {
    return (
      <Modal opened onClose={close} title={`${contender.label} is champion`} size="lg">
        <PromotionResult promotion={promote.data} from={champion?.label ?? null} close={close} />
      </Modal>
    );
  }
  return (
    <Modal opened onClose={close} title={`Promote ${contender.label} to champion?`} size="lg">
      <Stack gap={16}>
        <Consequences evidence={evidence} contender={contender} keep={keeps ? Math.round(keep * 100) : 0} />
        <EvidenceTable comparison={evidence} only={[champion?.version_id ?? '', contender.version_id]} />
        {evidence.leader !== contender.version_id && (
          <Notice tone="warn">The evidence does not show that {contender.label} is better. You can still promote it; the record will show that.</Notice>
        )}
        {evidence.sample_ratio && !evidence.sample_ratio.ok && <Notice tone="bad">The traffic split is not as configured, so the versions may have received different kinds of cases.</Notice>}
        <ServingImpact of={impact} />
        <Row align="end" gap={14}>
          <Switch label={`Keep ${champion?.label ?? 'the champion'} as a challenger`} checked={keeps} onChange={(e) => setKeeps(e.currentTarget.checked)} style={{ flex: 1 }} />
          {keeps && (
            <NumberInput aria-label="Share kept by the old champion" suffix=" %" min={0.01} max={99} decimalScale={2} value={keep} onChange={(v) => setKeep(typeof v === 'number' ? v : 0)} w={110} />
          )}
        </Row>
        <TextInput label="Reason" description="Kept in the audit log beside the evidence." value={reason} onChange={(e) => setReason(e.currentTarget.value)} placeholder="Better calibrated on this quarter's applicants" />
        {promote.isError && <Failure error={promote.error} title={stale ? 'The evidence has expired' : 'Not promoted; nothing has changed'} />}
        <DialogActions close={close}>
          {stale ? (
            <Button size="sm" onClick={refresh}>
              Take the latest figures
            </Button>
          ) : (
            <ActionButton size="sm" leftSection={<IconCrown size={15} />} loading={promote.isPending} why={impact.why} reasonAt="before" onClick={confirm}>
              Promote {contender.label}
            </ActionButton>
          )}
        </DialogActions>
      </Stack>
    </Modal>
  );
}

function Consequences({ evidence, contender, keep }: { evidence: Comparison; contender: Contender; keep: number }) {
  const champion = evidence.contenders.find((c) => c.role === 'champion');
  const others = evidence.contenders.filter((c) => c.role === 'challenger' && c.version_id !== contender.version_id);
  return (
    <ul className={css.consequences}>
      <li>
        <strong>{contender.label}</strong> answers {share(10_000 - keep)} of the traffic as soon as you confirm, up from {share(contender.share)}.
      </li>
      {champion && (
        <li>
          <strong>{champion.label}</strong> {keep > 0 ? `stays as a challenger with ${share(keep)}.` : 'stops answering. Its log and its figures stay.'}
        </li>
      )}
      {others.length > 0 && <li>{others.map((c) => c.label).join(', ')} will no longer get a share of the traffic.</li>}
      <li>Phase {evidence.phase + 1} opens: the comparison starts again from zero, and phase {evidence.phase} stays readable.</li>
      <li>The figures below are hashed into the audit log as the evidence for this decision.</li>
    </ul>
  );
}
