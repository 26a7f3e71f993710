import { Button, Stack } from '@mantine/core';
import { IconDownload, IconPrinter } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';

import { Panel } from '@/components/Panel';
import { dayOf } from '@/components/format';
import { AboutFacts, LineageFacts, TrainingFacts, UseFacts } from '@/features/catalog/DocumentFacts';
import { FeatureTable } from '@/features/catalog/FeatureTable';
import { MetricsTable } from '@/features/catalog/MetricsTable';
import { VersionPicker } from '@/features/catalog/VersionPicker';
import { ReadAgain } from '@/features/importing/ReadAgain';
import type { Version } from '@/rpc/types';

const route = getRouteApi('/signed-in/models/$slug/card');

/** The model card: one version's document as a page to read, print or take away. */
export function Card() {
  const { slug } = route.useParams();
  const { v } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <VersionPicker slug={slug} chosen={v} choose={(version) => void navigate({ search: { v: version } })}>
      {(version, picker) => (
        <Stack gap={14} maw={900}>
          <div style={{ display: 'flex', gap: 8, flexWrap: 'wrap' }}>
            {picker}
            <span style={{ flex: 1 }} />
            <ReadAgain version={version} />
            <Button variant="default" leftSection={<IconPrinter size={14} />} onClick={() => window.print()}>
              Print
            </Button>
            <Button variant="default" leftSection={<IconDownload size={14} />} onClick={() => download(version)}>
              Document as JSON
            </Button>
          </div>
          <Sheet version={version} />
        </Stack>
      )}
    </VersionPicker>
  );
}

function download(version: Version) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(version.document, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${version.model_name.replaceAll(/\W+/g, '-').toLowerCase()}-${version.version}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function Sheet({ version }: { version: Version }) {
  const { document } = version;
  return (
    <>
      <Panel title={`${document.name} ${version.label}`} note={`created ${dayOf(version.created_at)} by ${version.created_by}`}>
        {document.description && <p style={{ margin: '0 0 14px', lineHeight: 1.6, maxWidth: '78ch' }}>{document.description}</p>}
        <AboutFacts document={document} />
      </Panel>
      <Panel title="Intended use">
        <UseFacts document={document} />
      </Panel>
      <Panel title="How it measured">
        {document.metrics.length > 0 ? <MetricsTable metrics={document.metrics} /> : <p className="hint">The document states no metrics.</p>}
      </Panel>
      <Panel title="Training">
        <TrainingFacts document={document} />
      </Panel>
      <Panel title="Features">
        <FeatureTable features={document.features} />
      </Panel>
      <Panel title="Provenance">
        <LineageFacts version={version} />
      </Panel>
    </>
  );
}
