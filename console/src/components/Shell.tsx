import { ActionIcon, AppShell, Burger, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconDots, IconHandStop, IconKey, IconLogout, IconMoon, IconSun } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

import css from '@/components/Shell.module.css';
import { useSignOut } from '@/features/access/session';
import { AlertBell } from '@/features/alerts/AlertBell';
import { useAlerts } from '@/features/alerts/alerts';
import { isHalted } from '@/features/groups/halted';
import { ALERTS, ELSEWHERE, GROUP, GROUPS, HUB, settingsFor } from '@/nav';
import { BASE } from '@/rpc/base';
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
            <img src={`${BASE}favicon.svg`} alt="" /> Tiltyard
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
            <img src={`${BASE}favicon.svg`} alt="" />
            <span>
              Tiltyard
              <div className={css.tenant}>{me.tenant_name}</div>
            </span>
          </Link>
          <AlertBell alerts={alerts} />
        </div>
      )}
      <Link to={HUB.path} className={css.item} activeOptions={{ exact: true, includeSearch: false }}>
        <HUB.icon size={16} aria-hidden="true" /> {HUB.label}
      </Link>
      <Link to={GROUPS.path} className={css.item} activeOptions={{ exact: true }}>
        <GROUPS.icon size={16} aria-hidden="true" /> {GROUPS.label}
      </Link>
      {groups.data?.slice(0, 12).map((group) => (
        <Link key={group.id} to={GROUP} params={{ slug: group.slug }} className={`${css.item ?? ''} ${css.sub ?? ''}`}>
          <span>{group.name}</span>
          {isHalted(group) && <IconHandStop size={14} color="var(--ty-bad)" aria-label="halted" />}
        </Link>
      ))}
      {me.permissions.includes(ALERTS.permission) && (
        <Link to={ALERTS.path} className={css.item} activeOptions={{ includeSearch: false }}>
          <ALERTS.icon size={16} aria-hidden="true" /> {ALERTS.label}
        </Link>
      )}
      <div className={`eyebrow ${css.head ?? ''}`}>Settings</div>
      {settingsFor(me.permissions).map(({ path, label, icon: Icon }) => (
        <Link key={path} to={path} className={css.item}>
          <Icon size={16} aria-hidden="true" /> {label}
        </Link>
      ))}
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
        {me.email !== me.name && <div className="hint">{me.email ?? 'API token'}</div>}
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
          <Menu.Item component={Link} to={ELSEWHERE.account} leftSection={<IconKey size={14} />}>
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
