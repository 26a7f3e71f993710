import { ActionIcon, type ActionIconProps, Button, type ButtonProps, Menu, Tooltip } from '@mantine/core';
import { type MouseEvent, type ReactNode, useId } from 'react';

/** Where the reason is shown: beside the button, or on hover and focus where there is no room for it. A screen reader says it in every case. */
export type ReasonAt = 'after' | 'before' | 'tooltip';

interface Withheld {
  /** Why the button cannot be pressed now, as a sentence; null when it can. */
  why: string | null;
  onClick?: (() => void) | undefined;
}

interface ActionButtonProps extends Omit<ButtonProps, 'disabled'>, Withheld {
  reasonAt?: ReasonAt;
  type?: 'button' | 'submit';
  form?: string;
  'aria-label'?: string;
  children: ReactNode;
}

/** A withheld button stays in the tab order, so that the keyboard and a screen reader reach its reason. */
function withheld(why: string | null, onClick: (() => void) | undefined, id: string) {
  const press = (event: MouseEvent) => {
    if (why !== null) event.preventDefault();
    else onClick?.();
  };
  return { onClick: press, ...(why === null ? {} : { 'aria-disabled': true as const, 'data-disabled': true, 'aria-describedby': id }) };
}

/** A button that says why it cannot be pressed. Every button that is ever withheld is one of these. */
export function ActionButton({ why, reasonAt = 'after', onClick, children, ...rest }: ActionButtonProps) {
  const id = useId();
  const button = (
    <Button {...rest} {...withheld(why, onClick, id)}>
      {children}
    </Button>
  );
  if (reasonAt === 'tooltip') return <Explained why={why} id={id}>{button}</Explained>;
  return (
    <>
      {reasonAt === 'after' && button}
      {why !== null && (
        <span id={id} className="hint reason" data-at={reasonAt}>
          {why}
        </span>
      )}
      {reasonAt === 'before' && button}
    </>
  );
}

interface IconButtonProps extends Omit<ActionIconProps, 'disabled'>, Withheld {
  'aria-label': string;
  children: ReactNode;
}

/** The same for a button that is an icon: its reason is shown on hover and focus. */
export function IconButton({ why, onClick, children, ...rest }: IconButtonProps) {
  const id = useId();
  return (
    <Explained why={why} id={id}>
      <ActionIcon {...rest} {...withheld(why, onClick, id)}>
        {children}
      </ActionIcon>
    </Explained>
  );
}

function Explained({ why, id, children }: { why: string | null; id: string; children: ReactNode }) {
  if (why === null) return children;
  return (
    <>
      <Tooltip label={why} events={{ hover: true, focus: true, touch: true }}>
        {children}
      </Tooltip>
      <span id={id} className="visually-hidden">
        {why}
      </span>
    </>
  );
}

interface MenuActionProps extends Withheld {
  color?: string;
  children: ReactNode;
}

/** The same for a line of a menu: its reason stands below its name. */
export function MenuAction({ why, onClick, color, children }: MenuActionProps) {
  const id = useId();
  return (
    <Menu.Item {...(color ? { c: color } : {})} closeMenuOnClick={why === null} {...withheld(why, onClick, id)}>
      {children}
      {why !== null && (
        <div id={id} className="hint" style={{ whiteSpace: 'normal' }}>
          {why}
        </div>
      )}
    </Menu.Item>
  );
}
