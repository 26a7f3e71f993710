import type { ButtonProps } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { ActionButton, type ReasonAt } from '@/components/ActionButton';

interface PendingButtonProps extends Omit<ButtonProps, 'disabled'> {
  /** Whether the call shared by the group of buttons is running. */
  busy: boolean;
  /** Any other reason why the button cannot be pressed. */
  why?: string | null;
  reasonAt?: ReasonAt;
  type?: 'button' | 'submit';
  onClick?: () => void;
  children: ReactNode;
}

/** One of several buttons that share a call. Only the pressed one spins; the others wait. */
export function PendingButton({ busy, onClick, why = null, reasonAt = 'after', ...rest }: PendingButtonProps) {
  const [pressed, setPressed] = useState(false);
  const press = () => {
    setPressed(true);
    onClick?.();
  };
  const [was, setWas] = useState(busy);
  if (was !== busy) {
    setWas(busy);
    if (!busy) setPressed(false);
  }
  const waits = busy && !pressed;
  // The wait is short: its reason must not move what is on the page.
  return <ActionButton {...rest} loading={busy && pressed} why={waits ? 'Wait until the other change is done.' : why} reasonAt={waits ? 'tooltip' : reasonAt} onClick={press} />;
}
