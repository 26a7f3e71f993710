import { Button } from '@mantine/core';
import type { ReactNode } from 'react';

import css from '@/components/ui.module.css';

interface DialogActionsProps {
  close: () => void;
  /** The text of the closing button: Close if the dialog changes nothing. */
  cancel?: string;
  children?: ReactNode;
}

/** The last row of a dialog: Cancel, then the main action. It stays visible while the dialog scrolls. */
export function DialogActions({ close, cancel = 'Cancel', children }: DialogActionsProps) {
  return (
    <div className={css.dialogActions}>
      <Button variant="default" size="sm" onClick={close}>
        {cancel}
      </Button>
      {children}
    </div>
  );
}
