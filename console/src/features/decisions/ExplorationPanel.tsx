import { Group as Row, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { Answer, Failure, type Severity, Status } from '@/components/States';
import { count, figure, percent, plural, when } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { ExplorationForm } from '@/features/decisions/ExplorationForm';
import type { Exploration } from '@/features/decisions/types';
import { queryClient, trpc } from '@/rpc/client';

const TONES: Record<Exploration['state'], Severity> = { requested: 'warn', active: 'ok', spent: 'info', ended: 'info', stopped: 'info' };
const OPEN = ['requested', 'active'];

/** A small share of would-be declines approved by lot: asked for by one person, approved by another, within a loss budget. */
export function ExplorationPanel({ slug, approves, currency }: { slug: string; approves: string[]; currency: string | null }) {
  const found = useQuery(trpc.decisions.explorations.queryOptions({ slug }, { refetchInterval: 15_000 }));
  return (
    <Panel title="Exploration" note="would-be declines approved by lot, so that their outcomes become known">
      <Answer of={found}>
        {(data) => (
          <Stack gap={16}>
            <p className="hint" style={{ margin: 0 }}>
              Without it nobody knows how declined applicants would have done. It costs money and touches people, so take counsel first. It needs a second person, ends at its budget, and reads no input but the score.
            </p>
            {data.explorations.map((one) => (
              <One key={one.id} of={one} slug={slug} alone={data.alone} currency={currency} />
            ))}
            {!data.explorations.some((one) => OPEN.includes(one.state)) && <ExplorationForm slug={slug} approves={approves} />}
          </Stack>
        )}
      </Answer>
    </Panel>
  );
}

function One({ of, slug, alone, currency }: { of: Exploration; slug: string; alone: boolean; currency: string | null }) {
  const barred = useWhyNot('decision:group:write', 'stopping an exploration');
  const unfit = useWhyNot('group:group:resume', 'approving an exploration');
  const options = (title: string) => ({
    onSuccess: () => {
      notifications.show({ title, message: 'The change is in the audit log.', color: 'pine' });
      void queryClient.invalidateQueries({ queryKey: trpc.decisions.explorations.queryKey({ slug }) });
    },
  });
  const approve = useMutation(trpc.decisions.approveExploration.mutationOptions(options('The exploration has begun')));
  const stop = useMutation(trpc.decisions.stopExploration.mutationOptions(options('Stopped')));
  const { terms } = of;
  return (
    <section aria-label={`Exploration of ${when(of.requested_at)}`}>
      <Row gap={10} mb={4}>
        <Status tone={TONES[of.state]}>{of.state}</Status>
        <span>
          {percent(terms.share)} of scores from {figure(terms.low)} to below {figure(terms.high)} get {terms.decision}, until {when(terms.until)}
        </span>
      </Row>
      <p className="hint" style={{ margin: '0 0 8px' }}>
        {count(of.spent)} of {plural(of.allowed, 'approval')} used: a budget of {figure(terms.loss_budget)} {currency ?? ''} at {figure(terms.loss_each)} each. {plural(of.explored, 'explored answer')} in the log, {count(of.known)} with an outcome, {count(of.bad)} of them bad. Asked for by {of.requested_by}{of.reason && `: ${of.reason}`}.{' '}
        {of.approved_by && `Approved by ${of.approved_by}${of.self_approved ? ', the same person, as nobody else could' : ''}. `}
        {of.stopped_by && `Stopped by ${of.stopped_by}.`}
        {of.state === 'requested' && (alone ? 'Nobody else here may approve it, so you may.' : 'Another person must approve it.')}
      </p>
      {OPEN.includes(of.state) && (
        <Row gap={12}>
          {of.state === 'requested' && (
            <ActionButton size="sm" why={unfit} loading={approve.isPending} onClick={() => approve.mutate({ slug, exploration_id: of.id })}>
              Approve and begin
            </ActionButton>
          )}
          <ActionButton size="sm" variant="default" why={barred} loading={stop.isPending} onClick={() => stop.mutate({ slug, exploration_id: of.id })}>
            {of.state === 'requested' ? 'Withdraw' : 'Stop now'}
          </ActionButton>
        </Row>
      )}
      {approve.error && <Failure error={approve.error} title="It has not begun" />}
      {stop.error && <Failure error={stop.error} title="Nothing has changed" />}
    </section>
  );
}

