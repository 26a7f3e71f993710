import { IconCrown, IconGhost2, IconSwords } from '@tabler/icons-react';

import css from '@/components/ui.module.css';
import type { MemberRole } from '@/rpc/types';
import type { Colours } from '@/theme';

const ICONS = { champion: IconCrown, challenger: IconSwords, shadow: IconGhost2 } as const;
export const ROLE_WORDS: Record<MemberRole, string> = { champion: 'Champion', challenger: 'Challenger', shadow: 'Shadow' };

const asRole = (role: string): MemberRole => (role in ICONS ? (role as MemberRole) : 'shadow');

/** A role, by colour, icon and word together. */
export function RoleBadge({ role, label }: { role: string; label?: string }) {
  const known = asRole(role);
  const Icon = ICONS[known];
  return (
    <span className={css.role} data-role={known}>
      <Icon size={12} stroke={2} aria-hidden="true" />
      {label ? `${label} · ${ROLE_WORDS[known].toLowerCase()}` : ROLE_WORDS[known]}
    </span>
  );
}

/** Each role keeps its hue; several challengers differ by shade (and, in lines, by dash). */
const SHADES: Record<MemberRole, (keyof Colours)[]> = {
  champion: ['champion'],
  challenger: ['challenger', 'challenger2', 'challenger3'],
  shadow: ['shadow'],
};

export interface Tone {
  key: keyof Colours;
  css: string;
  dash: 'solid' | 'dashed' | 'dotted';
}

/** One tone per member, in the members' order. */
export function tonesOf(members: readonly { role: string }[]): Tone[] {
  const seen: Record<string, number> = {};
  return members.map(({ role }) => {
    const known = asRole(role);
    const nth = seen[known] ?? 0;
    seen[known] = nth + 1;
    const shades = SHADES[known];
    const key = shades[nth % shades.length] ?? 'shadow';
    const variable = key.replace(/(\d)/, '-$1');
    return { key, css: `var(--ty-${variable})`, dash: (['solid', 'dashed', 'dotted'] as const)[known === 'shadow' ? 2 : nth % 3] ?? 'solid' };
  });
}
