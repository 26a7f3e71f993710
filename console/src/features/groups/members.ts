import { share } from '@/components/format';
import type { Member, MemberRole, MemberSpec } from '@/rpc/types';

/** A row of the split editor; the share in percent, as it is typed. */
export interface Draft {
  key: string;
  version_id: string | null;
  role: MemberRole;
  percent: number;
}

let made = 0;
export const draft = (over: Partial<Draft> = {}): Draft => {
  made += 1;
  return { key: `row-${made.toString()}`, version_id: null, role: 'challenger', percent: 0, ...over };
};
export const draftsOf = (members: readonly Member[]) => members.map((m) => draft({ version_id: m.version_id, role: m.role, percent: m.share / 100 }));

const points = (row: Draft) => (row.role === 'shadow' ? 0 : Math.round(row.percent * 100));
export const total = (rows: readonly Draft[]) => rows.reduce((sum, row) => sum + points(row), 0);
export const specsOf = (rows: readonly Draft[]): MemberSpec[] => rows.flatMap((r) => (r.version_id ? [{ version_id: r.version_id, role: r.role, share: points(r) }] : []));

/** The reason why a split cannot be saved; null if it can. */
export function problemWith(rows: readonly Draft[]): string | null {
  if (rows.some((r) => !r.version_id)) return 'Choose a version in each row.';
  if (new Set(rows.map((r) => r.version_id)).size < rows.length) return 'Each version can be listed only once.';
  const champions = rows.filter((r) => r.role === 'champion').length;
  if (champions !== 1) return champions === 0 ? 'A group needs a champion.' : 'A group has exactly one champion.';
  const missing = 10_000 - total(rows);
  if (missing !== 0) return missing > 0 ? `${share(missing)} of the traffic is not assigned to a version.` : `The shares sum to ${share(total(rows))}, ${share(-missing)} too much.`;
  return null;
}

/** The version that becomes champion, null if it already is; and the challengers with a new or larger share of the traffic. */
export function joining(wanted: readonly MemberSpec[], now: readonly Member[]): { champion: string | null; challengers: string[] } {
  const champion = wanted.find((one) => one.role === 'champion')?.version_id ?? null;
  const was = new Map(now.map((one) => [one.version_id, one]));
  const grows = (one: MemberSpec) => one.role === 'challenger' && one.share > (was.get(one.version_id)?.role === 'challenger' ? (was.get(one.version_id)?.share ?? 0) : 0);
  return { champion: champion !== null && was.get(champion)?.role === 'champion' ? null : champion, challengers: wanted.filter(grows).map((one) => one.version_id) };
}

/** Gives the champion the rest of the challengers' shares. */
export function restToChampion(rows: readonly Draft[]): Draft[] {
  const others = rows.reduce((sum, r) => sum + (r.role === 'challenger' ? points(r) : 0), 0);
  return rows.map((r) => (r.role === 'champion' ? { ...r, percent: Math.max(0, 10_000 - others) / 100 } : r));
}

/** Equal shares; what does not divide goes to the first. */
export function evenly(rows: readonly Draft[]): Draft[] {
  const answering = rows.filter((r) => r.role !== 'shadow');
  const each = Math.floor(10_000 / Math.max(1, answering.length));
  return rows.map((r) => (r.role === 'shadow' ? r : { ...r, percent: (r === answering[0] ? 10_000 - each * (answering.length - 1) : each) / 100 }));
}
