import { figure, metric, signed } from '@/components/format';
import { SPACE_WORDS } from '@/features/inference/outputs';
import css from '@/features/inference/inference.module.css';
import { type Step, waterfallOf } from '@/features/inference/waterfall';
import type { Explanation } from '@/rpc/types';

const WIDTH = 300;

interface WaterfallProps {
  explanation: Explanation;
  inputs: Record<string, unknown>;
  probability: number | null;
}

/** The way to the score: from the base value, feature by feature, to the model's output. A table first, a drawing second. */
export function WaterfallTable({ explanation, inputs, probability }: WaterfallProps) {
  const fall = waterfallOf(explanation);
  const air = (fall.high - fall.low || 1) * 0.02;
  const x = (value: number) => ((value - fall.low + air) / (fall.high - fall.low + 2 * air)) * WIDTH;
  const space = SPACE_WORDS[explanation.space];
  return (
    <figure style={{ margin: 0 }}>
      <table className={css.waterfall}>
        <caption className="visually-hidden">Contributions of each feature to the {space}, largest first</caption>
        <thead className="visually-hidden">
          <tr>
            <th>Feature</th>
            <th>Drawn</th>
            <th>Contribution</th>
          </tr>
        </thead>
        <tbody>
          <tr className={css.total} style={{ borderTop: 0 }}>
            <th scope="row">Base value</th>
            <td className={css.track}>
              <Tick at={x(fall.base)} />
            </td>
            <td className={css.value}>{metric(fall.base, 3)}</td>
          </tr>
          {fall.steps.map((step) => (
            <tr key={step.feature}>
              <th scope="row" title={step.feature}>
                {step.feature}
                {step.pooled === 1 && <span className={css.input}> = {shown(inputs[step.feature])}</span>}
              </th>
              <td className={css.track}>
                <Bar step={step} x={x} />
              </td>
              <td className={css.value}>{signed(step.value)}</td>
            </tr>
          ))}
          <tr className={css.total}>
            <th scope="row">{space === 'margin' ? 'Margin' : `Model’s ${space}`}</th>
            <td className={css.track}>
              <Tick at={x(fall.end)} />
            </td>
            <td className={css.value}>{metric(fall.end, 3)}</td>
          </tr>
          {explanation.space === 'margin' && probability !== null && (
            <tr className={css.total}>
              <th scope="row">Probability</th>
              <td className={css.track}>
                <span className="hint">the margin on the probability scale</span>
              </td>
              <td className={css.value}>{metric(probability)}</td>
            </tr>
          )}
        </tbody>
      </table>
      <figcaption className="hint" style={{ marginTop: 8 }}>
        Read from the top: each bar starts where the last one ended. <b style={{ color: 'var(--ty-raise)' }}>Bars to the right raise</b> the {space},{' '}
        <b style={{ color: 'var(--ty-lower)' }}>bars to the left lower it</b>. The base value is the output for an average case.
      </figcaption>
    </figure>
  );
}

const shown = (value: unknown) => (value === undefined || value === null ? 'missing' : typeof value === 'number' ? figure(value) : typeof value === 'string' ? value : JSON.stringify(value));

function Tick({ at }: { at: number }) {
  return (
    <svg viewBox={`0 0 ${WIDTH.toString()} 18`} preserveAspectRatio="none" aria-hidden="true">
      <line x1={at} x2={at} y1={0} y2={18} stroke="var(--ty-text)" strokeWidth={2} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

function Bar({ step, x }: { step: Step; x: (value: number) => number }) {
  const raises = step.value >= 0;
  const left = x(Math.min(step.from, step.to));
  return (
    <svg viewBox={`0 0 ${WIDTH.toString()} 18`} preserveAspectRatio="none" aria-hidden="true">
      <rect x={left} y={3} width={Math.max(1, Math.abs(x(step.to) - x(step.from)))} height={12} fill={raises ? 'var(--ty-raise)' : 'var(--ty-lower)'} rx={1} />
      <line x1={x(step.to)} x2={x(step.to)} y1={15} y2={21} stroke="var(--ty-line-strong)" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
