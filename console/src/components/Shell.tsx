import { ActionIcon, AppShell, Burger, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconBell, IconCube, IconDots, IconKey, IconLogout, IconMoon, IconPlug, IconRoute, IconServer, IconShieldCheck, IconSun, IconSwords, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

import css from '@/components/Shell.module.css';
import { useSignOut } from '@/features/access/session';
import { AlertBell } from '@/features/alerts/AlertBell';
import { useAlerts } from '@/features/alerts/alerts';
import { trpc } from '@/rpc/client';
import type { Alert, Me } from '@/rpc/types';

/** The frame of every page but sign-in: navigation, who is signed in, and the page. */
export function Shell({ me }: { me: Me }) {
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const narrow = useMediaQuery('(max-width: 48em)');
  const alerts = useAlerts();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    close();
    // A new page is announced by its heading: focus follows the navigation, as it would on a page load.
    if (!first.current && !document.activeElement?.closest('main')) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path, close]);
  return (
    <AppShell header={{ height: 48, collapsed: !narrow }} navbar={{ width: 224, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding={0}>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      {narrow && <AppShell.Header>
        <div className={css.bar}>
          <Burger opened={opened} onClick={toggle} size="sm" aria-label={opened ? 'Close navigation' : 'Open navigation'} />
          <Link to="/" className={css.brand} style={{ padding: 0 }}>
            <img src="/favicon.svg" alt="" /> Tiltyard
          </Link>
          <div className={css.bell}>
            <AlertBell alerts={alerts} />
          </div>
        </div>
      </AppShell.Header>}
      <AppShell.Navbar withBorder={false}>
        <Navigation me={me} narrow={narrow} alerts={alerts} />
      </AppShell.Navbar>
      <AppShell.Main id="main" ref={main} tabIndex={-1}>
        <div className={css.main}>
          <Outlet />
        </div>
      </AppShell.Main>
    </AppShell>
  );
}

function Navigation({ me, narrow, alerts }: { me: Me; narrow: boolean; alerts: Alert[] | undefined }) {
  const groups = useQuery({ ...trpc.groups.list.queryOptions(), staleTime: 15_000 });
  return (
    <nav className={css.nav} aria-label="Main">
      {!narrow && (
        <div className={css.top}>
          <Link to="/" className={css.brand}>
            <img src="/favicon.svg" alt="" />
            <span>
              Tiltyard
              <div className={css.tenant}>{me.tenant_name}</div>
            </span>
          </Link>
          <AlertBell alerts={alerts} />
        </div>
      )}
      <Link to="/" className={css.item} activeOptions={{ exact: true, includeSearch: false }}>
        <IconCube size={16} aria-hidden="true" /> Hub
      </Link>
      <Link to="/groups" className={css.item} activeOptions={{ exact: true }}>
        <IconSwords size={16} aria-hidden="true" /> Groups
      </Link>
      {groups.data?.slice(0, 12).map((group) => (
        <Link key={group.id} to="/groups/$slug" params={{ slug: group.slug }} className={`${css.item ?? ''} ${css.sub ?? ''}`}>
          <span>{group.name}</span>
        </Link>
      ))}
      {me.permissions.includes('monitoring:alert:read') && (
        <Link to="/alerts" className={css.item} activeOptions={{ includeSearch: false }}>
          <IconBell size={16} aria-hidden="true" /> Alerts
        </Link>
      )}
      <div className={`eyebrow ${css.head ?? ''}`}>Settings</div>
      <Link to="/settings/tokens" className={css.item}>
        <IconKey size={16} aria-hidden="true" /> API tokens
      </Link>
      {me.permissions.includes('connector:connector:read') && (
        <Link to="/settings/connectors" className={css.item}>
          <IconPlug size={16} aria-hidden="true" /> Connectors
        </Link>
      )}
      <Link to="/settings/mappings" className={css.item}>
        <IconRoute size={16} aria-hidden="true" /> Mappings
      </Link>
      <Link to="/settings/people" className={css.item}>
        <IconUsers size={16} aria-hidden="true" /> People
      </Link>
      <Link to="/settings/audit" className={css.item}>
        <IconShieldCheck size={16} aria-hidden="true" /> Audit log
      </Link>
      <Link to="/settings/system" className={css.item}>
        <IconServer size={16} aria-hidden="true" /> System
      </Link>
      <Who me={me} />
    </nav>
  );
}

function Who({ me }: { me: Me }) {
  const signOut = useSignOut();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <div className={css.foot}>
      <div className={css.who}>
        <div>{me.name}</div>
        <div className="hint">{me.email ?? 'API token'}</div>
      </div>
      <Tooltip label={`Use ${other} colours`}>
        <ActionIcon aria-label={`Use ${other} colours`} onClick={() => setColorScheme(other)}>
          {scheme === 'dark' ? <IconSun size={16} /> : <IconMoon size={16} />}
        </ActionIcon>
      </Tooltip>
      <Menu position="top-end" width={200}>
        <Menu.Target>
          <ActionIcon aria-label="Account">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component={Link} to="/settings/account" leftSection={<IconKey size={14} />}>
            Change password
          </Menu.Item>
          <Menu.Item leftSection={<IconLogout size={14} />} onClick={() => signOut.mutate()}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
