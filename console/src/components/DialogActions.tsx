import { Button, Group as Row } from '@mantine/core';
import type { ReactNode } from 'react';

/** The last row of a dialog: Cancel, then what it is about. */
export function DialogActions({ close, children }: { close: () => void; children: ReactNode }) {
  return (
    <Row justify="flex-end" gap={8} mt={4}>
      <Button variant="default" size="sm" onClick={close}>
        Cancel
      </Button>
      {children}
    </Row>
  );
}
