import { type Band, boundWords, DECISION_COLOURS } from '@/features/decisions/types';

/** The bands of a rule, drawn side by side in their order: which scores lead to which decision. */
export function BandBar({ bands, label }: { bands: readonly Band[]; label: string }) {
  return (
    <section aria-label={label}>
      <div className="eyebrow" style={{ marginBottom: 6 }}>{label}</div>
      <ol style={{ display: 'flex', gap: 3, margin: 0, padding: 0, listStyle: 'none', flexWrap: 'wrap' }}>
        {bands.map((band, at) => (
          <li key={`${band.decision}-${at.toString()}`} style={{ flex: '1 1 130px', borderTop: `4px solid ${DECISION_COLOURS[band.decision] ?? 'var(--ty-accent)'}`, background: 'var(--ty-sunken)', padding: '8px 12px', borderRadius: 4 }}>
            <strong style={{ display: 'block' }}>{band.decision}</strong>
            <span className="hint num">{boundWords(bands, at)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
