import { getRouteApi } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';

import { Kpi, Kpis } from '@/components/Kpi';
import { Panel } from '@/components/Panel';
import { RoleBadge } from '@/components/Roles';
import { Section } from '@/components/Section';
import { Empty } from '@/components/States';
import { figure, metric, plural, splitWords, wordsOf } from '@/components/format';
import { DocumentChart } from '@/features/catalog/charts/DocumentChart';
import { FeatureTable } from '@/features/catalog/FeatureTable';
import { MetricsTable } from '@/features/catalog/MetricsTable';
import { AboutFacts, LineageFacts, TrainingFacts, UseFacts } from '@/features/catalog/DocumentFacts';
import { headline } from '@/features/catalog/headline';
import { VersionPicker } from '@/features/catalog/VersionPicker';
import css from '@/features/groups/groups.module.css';
import type { Metric, Version } from '@/rpc/types';

const route = getRouteApi('/signed-in/models/$slug/');

/** A version's document on one page: figures and charts in sight, the rest a fold away. */
export function Overview() {
  const { slug } = route.useParams();
  const { v } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <VersionPicker slug={slug} chosen={v} choose={(version) => void navigate({ search: { v: version } })}>
      {(version, picker) => <Document version={version} picker={picker} />}
    </VersionPicker>
  );
}

function Document({ version, picker }: { version: Version; picker: ReactNode }) {
  const { document } = version;
  const shown = useMemo(() => headline(document.metrics), [document.metrics]);
  const figures = document.metrics.length;
  return (
    <>
      <div style={{ display: 'flex', gap: 10, alignItems: 'center', flexWrap: 'wrap', marginBottom: 12 }}>
        {picker}
        {version.serving.map((s) => (
          <span key={s.group_slug} style={{ display: 'inline-flex', gap: 6, alignItems: 'center' }}>
            <RoleBadge role={s.role} /> <span className="hint">of {s.group_name}</span>
          </span>
        ))}
        {document.description && <span className="hint" style={{ flexBasis: '100%', maxWidth: '90ch' }}>{document.description}</span>}
      </div>
      {shown.length > 0 ? (
        <Kpis label="Key figures">{shown.map((m) => <Kpi key={m.name + (m.split ?? '')} name={wordsOf(m.name)} value={Number.isInteger(m.value) ? figure(m.value) : metric(m.value)} note={<MetricNote of={m} />} />)}</Kpis>
      ) : (
        <Panel>
          <Empty title="The document states no metrics">Import a document with its evaluation, or put the version in a group to get live figures from real outcomes.</Empty>
        </Panel>
      )}
      {document.charts.length > 0 && (
        <div className={css.grid2}>
          {document.charts.map((chart, i) => (
            <DocumentChart key={i} chart={chart} />
          ))}
        </div>
      )}
      <div style={{ marginTop: 22 }}>
        <Section title="All metrics" note={plural(figures, 'figure')} open={document.charts.length === 0 && figures > 0}>
          {figures > 0 ? <MetricsTable metrics={document.metrics} /> : <p className="hint">None are stated.</p>}
        </Section>
        <Section title="Features" note={plural(document.features.length, 'feature')}>
          <FeatureTable features={document.features} />
        </Section>
        <Section title="About">
          <AboutFacts document={document} />
        </Section>
        <Section title="Training">
          <TrainingFacts document={document} />
        </Section>
        <Section title="Intended use">
          <UseFacts document={document} />
        </Section>
        <Section title="Provenance">
          <LineageFacts version={version} />
        </Section>
      </div>
    </>
  );
}

function MetricNote({ of: m }: { of: Metric }) {
  const parts = [m.split && splitWords(m.split), m.slice, m.class && `class ${m.class}`].filter(Boolean).join(', ');
  return (
    <>
      {m.ci ? `${metric(m.ci.low, 3)} to ${metric(m.ci.high, 3)}` : m.std !== null ? `± ${metric(m.std, 3)} sd` : 'no interval stated'}
      <div>{parts || 'split not stated'}</div>
      {m.n && <div>n = {figure(m.n)}</div>}
    </>
  );
}
