import type { Explanation } from '@/rpc/types';

export interface Step {
  feature: string;
  value: number;
  /** Where the running sum stands before and after this step. */
  from: number;
  to: number;
  /** How many features are pooled in this step; 1 for a feature of its own. */
  pooled: number;
}

export interface Waterfall {
  base: number;
  steps: Step[];
  end: number;
  low: number;
  high: number;
}

/** The largest contributions one by one, by size; the rest as a single step, so that the sum stays exact. */
export function waterfallOf(explanation: Explanation, shown = 12): Waterfall {
  const sorted = Object.entries(explanation.values).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  // Pooling one feature would only hide its name.
  const cut = sorted.length > shown + 1 ? shown : sorted.length;
  const rest = sorted.slice(cut);
  const parts: [string, number, number][] = sorted.slice(0, cut).map(([feature, value]) => [feature, value, 1]);
  if (rest.length > 0) parts.push([`${rest.length.toString()} other features`, rest.reduce((sum, [, value]) => sum + value, 0), rest.length]);
  let at = explanation.base;
  const steps = parts.map(([feature, value, pooled]) => {
    const from = at;
    at += value;
    return { feature, value, from, to: at, pooled };
  });
  const stops = [explanation.base, ...steps.map((s) => s.to)];
  return { base: explanation.base, steps, end: at, low: Math.min(...stops), high: Math.max(...stops) };
}

export const logistic = (margin: number) => 1 / (1 + Math.exp(-margin));
