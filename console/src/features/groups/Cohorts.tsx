import type { Tone } from '@/components/Roles';
import { count, percent, plural, when } from '@/components/format';
import css from '@/features/groups/comparison.module.css';
import type { Comparison, Contender } from '@/rpc/types';

/** How many of the outcomes are in, by when the requests came; requests too recent to be compared are hatched. */
export function Cohorts({ comparison, tones }: { comparison: Comparison; tones: Tone[] }) {
  const cut = comparison.maturity;
  return (
    <figure style={{ margin: 0 }}>
      <div className={css.cohorts}>{comparison.contenders.map((c, i) => c.cohorts.length > 0 && <Strip key={c.version_id} contender={c} tone={tones[i]?.css} />)}</div>
      <figcaption className="hint" style={{ marginTop: 12 }}>
        Each bar is one span of time. Its width is the number of requests, its height the share with an outcome.{' '}
        {cut?.until
          ? `Requests since ${when(cut.until)} are hatched: not every version has their outcomes yet, so they are not compared${cut.policy === 'window' && cut.hours !== null ? ` (outcomes are due after ${cut.hours.toString()} h in this group)` : ''}.`
          : 'All of them are compared.'}
      </figcaption>
    </figure>
  );
}

function Strip({ contender: c, tone }: { contender: Contender; tone: string | undefined }) {
  const first = c.cohorts[0];
  const last = c.cohorts.at(-1);
  const share = c.n_compared > 0 ? c.n_compared_labelled / c.n_compared : 0;
  const young = c.cohorts.reduce((sum, one) => sum + (one.compared ? 0 : one.n), 0);
  return (
    <div style={{ '--tone': tone }}>
      <div className={css.cohortHead}>
        <strong>{c.label}</strong>
        <span className="hint num">
          {c.n_compared > 0 ? `${percent(share, 0)} of the ${count(c.n_compared)} compared have their outcome` : 'no outcomes due yet'}
          {young > 0 && `; ${count(young)} ${young === 1 ? 'is' : 'are'} too recent`}
        </span>
      </div>
      <div className={css.strip} role="img" aria-label={`${c.label}: ${percent(share, 0)} of outcomes in among those compared, ${plural(young, 'request')} too recent`}>
        {c.cohorts.map((one) => (
          <i key={one.start} style={{ flexGrow: one.n }} data-compared={one.compared}>
            <b style={{ height: `${((100 * one.labelled) / Math.max(1, one.n)).toFixed(1)}%` }} />
          </i>
        ))}
      </div>
      <div className={css.ends} aria-hidden="true">
        <span>{first && when(first.start)}</span>
        <span>{last && last !== first && when(last.start)}</span>
      </div>
    </div>
  );
}
