import { Title } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { Identifier } from '@/components/Copy';
import { Panel } from '@/components/Panel';
import { RoleBadge } from '@/components/Roles';
import { SplitBar } from '@/components/SplitBar';
import { Answer, Empty } from '@/components/States';
import { Ago } from '@/components/Time';
import { percent, share, when } from '@/components/format';
import { EvidenceTable } from '@/features/groups/EvidenceTable';
import css from '@/features/groups/groups.module.css';
import { trpc } from '@/rpc/client';
import type { Phase, PromotionRecord } from '@/rpc/types';

const route = getRouteApi('/signed-in/groups/$slug/history');

/** Past decisions: promotions with their evidence, and every phase. */
export function History() {
  const { slug } = route.useParams();
  const promotions = useQuery(trpc.groups.promotions.queryOptions({ slug }));
  const phases = useQuery(trpc.groups.phases.queryOptions({ slug }));
  return (
    <div className={css.grid2} style={{ marginTop: 0 }}>
      <Panel title="Promotions">
        <Answer of={promotions}>
          {(all) =>
            all.length > 0 ? (
              <ol className={css.timeline}>
                {[...all].sort((a, b) => b.phase - a.phase).map((p) => (
                  <PromotionEntry key={p.phase} promotion={p} />
                ))}
              </ol>
            ) : (
              <Empty icon={<IconHistory size={28} />} title="No promotions yet">
                Each promotion is listed here with the figures that were shown at the decision.
              </Empty>
            )
          }
        </Answer>
      </Panel>
      <Panel title="Phases">
        <Answer of={phases}>
          {(all) => (
            <ol className={css.timeline}>
              {[...all].sort((a, b) => b.number - a.number).map((phase, i) => (
                <PhaseEntry key={phase.number} slug={slug} phase={phase} current={i === 0} />
              ))}
            </ol>
          )}
        </Answer>
      </Panel>
    </div>
  );
}

function PromotionEntry({ promotion: p }: { promotion: PromotionRecord }) {
  return (
    <li>
      <div className="hint" title={when(p.at)}>
        <Ago at={p.at} />
        <div>phase {p.phase}</div>
      </div>
      <div style={{ minWidth: 0 }}>
        <Title order={3}>
          {p.to_label} replaced {p.from_label}
        </Title>
        <div className="hint">
          by {p.by}
          {p.reason && `: ${p.reason}`}
        </div>
        <div className="hint" style={{ display: 'flex', alignItems: 'center', gap: 4, margin: '4px 0 8px' }}>
          Evidence <Identifier value={p.evidence_hash} what="evidence hash" keep={16} />
        </div>
        <details>
          <summary className="hint" style={{ cursor: 'pointer', marginBottom: 8 }}>
            Show the evidence
          </summary>
          <EvidenceTable comparison={p.evidence.comparison} />
          <div className="hint" style={{ marginTop: 6 }}>
            {percent(p.evidence.matured_share, 0)} of outcomes were in; approved by {p.evidence.approver} under policy {p.evidence.policy_version}.
          </div>
        </details>
      </div>
    </li>
  );
}

function PhaseEntry({ slug, phase, current }: { slug: string; phase: Phase; current: boolean }) {
  return (
    <li>
      <div className="hint" title={when(phase.opened_at)}>
        <Ago at={phase.opened_at} />
        {current && <div>current</div>}
      </div>
      <div style={{ minWidth: 0 }}>
        <Title order={3}>
          <Link to="/groups/$slug" params={{ slug }} search={current ? {} : { phase: phase.number }} className="link">
            Phase {phase.number}
          </Link>
        </Title>
        <div className="hint" style={{ marginBottom: 8 }}>
          opened by {phase.opened_by}
          {phase.reason && `: ${phase.reason}`}
        </div>
        <SplitBar members={phase.members} height={6} />
        <div style={{ display: 'flex', gap: 10, flexWrap: 'wrap', marginTop: 8, fontSize: 12 }}>
          {phase.members.map((m) => (
            <span key={m.version_id} style={{ display: 'inline-flex', gap: 5, alignItems: 'center' }}>
              <RoleBadge role={m.role} label={m.label} /> {m.role !== 'shadow' && share(m.share)}
            </span>
          ))}
        </div>
      </div>
    </li>
  );
}
