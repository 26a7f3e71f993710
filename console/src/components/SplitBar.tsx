import { tonesOf } from '@/components/Roles';
import css from '@/components/ui.module.css';
import { share } from '@/components/format';

interface SplitMember {
  label: string;
  role: string;
  share: number;
}

/** The traffic's split as a bar, with a text for screen readers. */
export function SplitBar({ members, height = 8 }: { members: readonly SplitMember[]; height?: number }) {
  const tones = tonesOf(members);
  const words = members.map((m) => `${m.label} ${m.role} ${share(m.share)}`).join(', ');
  return (
    <div className={css.split} style={{ height }} role="img" aria-label={`Traffic split: ${words}`}>
      {members.map((m, i) => m.share > 0 && <span key={i} style={{ flexGrow: m.share, flexBasis: 0, background: tones[i]?.css }} />)}
    </div>
  );
}
