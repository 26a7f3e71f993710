import type { ReactNode } from 'react';

/** Scrolls sideways where the page is narrow; focusable, so that the keyboard can scroll it too. */
export function ScrollX({ label, className, children }: { label: string; className?: string | undefined; children: ReactNode }) {
  return (
    <div className={`scroll-x ${className ?? ''}`} role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
