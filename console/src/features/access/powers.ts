import { useMay } from '@/features/access/session';
import { roleWords } from '@/features/access/words';
import type { Role } from '@/rpc/types';

/** The roles that hold a permission; a test holds this against the hub's own list. */
const HOLDERS = {
  'catalog:model:write': ['admin', 'engineer', 'ml_lead'],
  'connector:connector:manage': ['admin', 'connector_admin'],
  'connector:connector:use': ['admin', 'connector_admin', 'engineer', 'ml_lead'],
  'decision:group:write': ['admin', 'engineer', 'ml_lead', 'pm'],
  'group:group:delete': ['admin', 'ml_lead'],
  'group:group:halt': ['admin', 'engineer', 'ethics_officer', 'ml_lead', 'model_risk', 'pm'],
  'group:group:promote': ['admin', 'ml_lead', 'pm'],
  'group:group:resume': ['admin', 'ml_lead', 'model_risk', 'pm'],
  'group:group:write': ['admin', 'engineer', 'ml_lead'],
  'group:log:manage': ['admin', 'ml_lead', 'model_risk'],
  'inference:letter:manage': ['admin', 'ml_lead'],
  'monitoring:alert:handle': ['admin', 'engineer', 'ethics_officer', 'ml_lead', 'model_risk', 'pm'],
  'monitoring:alert:retain': ['admin', 'model_risk'],
} as const satisfies Record<string, readonly Role[]>;

export type Power = keyof typeof HOLDERS;

const listed = new Intl.ListFormat('en', { type: 'disjunction' });

/** Who can do what a permission allows, as a sentence. */
const whoCan = (power: Power) => `Ask someone with the role ${listed.format(HOLDERS[power].map(roleWords))}.`;

/** Why the signed-in person may not do this, and who can; null when they may. `doing` as in "Your roles do not allow halting a group." */
export function useWhyNot(power: Power, doing: string): string | null {
  return useMay(power) ? null : `Your roles do not allow ${doing}. ${whoCan(power)}`;
}
