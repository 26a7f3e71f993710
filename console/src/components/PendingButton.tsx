import { Button, type ButtonProps } from '@mantine/core';
import { type ReactNode, useState } from 'react';

interface PendingButtonProps extends ButtonProps {
  /** Whether the call that the whole group of buttons shares is under way. */
  busy: boolean;
  type?: 'button' | 'submit';
  onClick?: () => void;
  children: ReactNode;
}

/** One of several buttons that share a call: only the one that was pressed spins, the others wait. */
export function PendingButton({ busy, onClick, disabled = false, ...rest }: PendingButtonProps) {
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
  return <Button {...rest} loading={busy && pressed} disabled={disabled || (busy && !pressed)} onClick={press} />;
}
