import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';

import css from '@/components/ui.module.css';

/** Copies `value`; `what` names it for the tooltip and the screen reader. */
export function Copy({ value, what }: { value: string; what: string }) {
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `Copy ${what}`}>
          <ActionIcon size="sm" onClick={copy} aria-label={copied ? 'Copied' : `Copy ${what}`}>
            {copied ? <IconCheck size={14} color="var(--ty-ok)" /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** An identifier or hash: shortened to the eye, whole when copied. */
export function Identifier({ value, what, keep = 10 }: { value: string; what: string; keep?: number }) {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 2, whiteSpace: 'nowrap' }}>
      <code title={value}>{value.length > keep + 1 ? `${value.slice(0, keep)}…` : value}</code>
      <Copy value={value} what={what} />
    </span>
  );
}

/** Text to copy. `wrap`: long lines go on in the next one, where reading matters more than the lines. */
export function CodeBlock({ code, what, wrap = false }: { code: string; what: string; wrap?: boolean }) {
  return (
    <div className={css.code}>
      <pre tabIndex={0} aria-label={what} data-wrap={wrap}>
        {code}
      </pre>
      <Copy value={code} what={what} />
    </div>
  );
}
