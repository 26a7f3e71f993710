import type { Inputs, Outputs } from '@/rpc/types';

export type GroupDecisions = Outputs['decisions']['get'];
export type MemberRule = GroupDecisions['rules'][number];
export type DecisionRule = NonNullable<MemberRule['rule']>['rule'];
export type Band = DecisionRule['bands'][number];
export type RuleTrial = Outputs['decisions']['tryRule'];
export type ValueTable = NonNullable<GroupDecisions['value_table']>;
export type ValueEntry = ValueTable['entries'][number];
export type Overrides = Outputs['decisions']['overrides'];
export type OverrideRate = Overrides['total'];
export type RuleGiven = Inputs['decisions']['tryRule']['rule'];

/** A band in words: "below 0.17", "0.17 and above". */
export function boundWords(bands: readonly Band[], at: number): string {
  const from = bands[at - 1]?.below;
  const to = bands[at]?.below;
  if (to === null || to === undefined) return from === null || from === undefined ? 'every score' : `${from.toString()} and above`;
  return from === null || from === undefined ? `below ${to.toString()}` : `${from.toString()} to below ${to.toString()}`;
}

export const DECISION_COLOURS: Record<string, string> = { approve: 'var(--ty-ok, #2f7d5b)', refer: 'var(--ty-warn, #b7791f)', decline: 'var(--ty-bad, #b4412f)' };

export type CutoffCurve = Outputs['decisions']['explore'];
export type CutoffPoint = CutoffCurve['points'][number];
export type CutoffTrial = Outputs['decisions']['cutoffTrials']['trials'][number];
export type SwapSet = Outputs['decisions']['swapSet'];
export type Explorations = Outputs['decisions']['explorations'];
export type Exploration = Explorations['explorations'][number];
export type Estimate = CutoffPoint['value'];
