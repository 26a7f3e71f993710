import type { AppRouter, RouterInputs as Inputs, RouterOutputs as Outputs } from 'frontend-contract';

export type { Inputs, Outputs };

export type Me = Outputs['access']['me'];
export type Person = Outputs['access']['people']['list'][number];
export type Token = Outputs['access']['tokens']['list'][number];
export type Role = Me['roles'][number];

export type Model = Outputs['models']['get'];
export type Version = Outputs['models']['version'];
export type ModelDocument = Version['document'];
export type DocumentChart = ModelDocument['charts'][number];
export type ChartOf<K extends DocumentChart['kind']> = Extract<DocumentChart, { kind: K }>;
export type Metric = ModelDocument['metrics'][number];
export type Feature = ModelDocument['features'][number];
export type ServingRole = Model['serving'][number];

export type Group = Outputs['groups']['get'];
export type Phase = Group['phase'];
export type Member = Phase['members'][number];
export type MemberRole = Member['role'];
export type MemberSpec = Inputs['groups']['create']['members'][number];
export type Comparison = Outputs['groups']['comparison'];
export type Contender = Comparison['contenders'][number];
export type MetricEstimate = Contender['brier'];
export type Difference = Comparison['differences'][number];
export type Promotion = Outputs['groups']['promote'];
export type ServingImpact = Outputs['groups']['impact'][number];
export type Ramp = Outputs['groups']['ramps'][number];
export type PromotionRecord = Outputs['groups']['promotions'][number];

export type InferenceSummary = Outputs['inference']['browse']['items'][number];
export type InferenceFilter = Inputs['inference']['browse'];
export type Inference = Outputs['inference']['get'];
export type Explanation = NonNullable<Inference['explanation']>;
export type GroupTraffic = Outputs['inference']['traffic'];

export type Connector = Outputs['connectors']['list'][number];
export type Provider = Connector['provider'];

export type ImportDraft = Outputs['imports']['propose'];
export type Revision = Inputs['imports']['revise'];
export type ImportRecord = Outputs['imports']['record'];

export type AuditEntry = Outputs['audit']['list']['items'][number];
export type Alert = Outputs['alerts']['list'][number];
export type Run = Outputs['runs']['get'];

/** True only when `T` is `any`. */
type IsAny<T> = 0 extends 1 & T ? true : false;
/** A broken import would turn the router silently into `any`; then this line stops compiling. */
export const contractIsTyped: IsAny<AppRouter> extends true ? never : true = true;
