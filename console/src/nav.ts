import { IconBell, IconCube, IconEye, IconKey, IconPlug, IconRoute, IconServer, IconShieldCheck, IconSwords, IconUsers } from '@tabler/icons-react';

/** All addresses. The router builds its routes from them, the shell and the tabs their links. */

export const HUB = { path: '/', label: 'Hub', icon: IconCube } as const;
export const GROUPS = { path: '/groups', label: 'Groups', icon: IconSwords } as const;

export const ALERTS = { path: '/alerts', label: 'Alerts', icon: IconBell, permission: 'monitoring:alert:read' } as const;

export const SETTINGS = {
  tokens: { path: '/settings/tokens', label: 'API tokens', icon: IconKey },
  connectors: { path: '/settings/connectors', label: 'Connectors', icon: IconPlug, permission: 'connector:connector:read' },
  sharing: { path: '/settings/sharing', label: 'Language models', icon: IconEye, permission: 'catalog:model:read' },
  mappings: { path: '/settings/mappings', label: 'Mappings', icon: IconRoute },
  people: { path: '/settings/people', label: 'People', icon: IconUsers },
  audit: { path: '/settings/audit', label: 'Audit log', icon: IconShieldCheck },
  system: { path: '/settings/system', label: 'System', icon: IconServer },
} as const;

/** Pages without a line in the menu: a button or another page leads to them. */
export const ELSEWHERE = {
  account: '/settings/account',
  import: '/import',
  importDraft: '/import/$draft',
  newGroup: '/groups/new',
  newModel: '/models/new',
  settings: '/settings',
} as const;

export const MODEL = '/models/$slug';
/** A model's tabs: the path below the model's, and the whole address. */
export const MODEL_TABS = {
  overview: { path: '/', to: '/models/$slug', label: 'Overview' },
  versions: { path: '/versions', to: '/models/$slug/versions', label: 'Versions' },
  inferences: { path: '/inferences', to: '/models/$slug/inferences', label: 'Inferences' },
  card: { path: '/card', to: '/models/$slug/card', label: 'Card' },
} as const;
export const NEW_VERSION = '/versions/new';

export const GROUP = '/groups/$slug';
/** A group's tabs. */
export const GROUP_TABS = {
  comparison: { path: '/', to: '/groups/$slug', label: 'Comparison' },
  decisions: { path: '/decisions', to: '/groups/$slug/decisions', label: 'Decisions' },
  cutoffs: { path: '/cutoffs', to: '/groups/$slug/cutoffs', label: 'Cut-offs' },
  traffic: { path: '/traffic', to: '/groups/$slug/traffic', label: 'Traffic' },
  inferences: { path: '/inferences', to: '/groups/$slug/inferences', label: 'Inferences' },
  split: { path: '/split', to: '/groups/$slug/split', label: 'Split' },
  control: { path: '/control', to: '/groups/$slug/control', label: 'Control' },
  log: { path: '/log', to: '/groups/$slug/log', label: 'Log' },
  history: { path: '/history', to: '/groups/$slug/history', label: 'History' },
  endpoint: { path: '/endpoint', to: '/groups/$slug/endpoint', label: 'Endpoint' },
  delete: { path: '/delete', to: '/groups/$slug/delete', label: 'Delete' },
} as const;

/** The menu's lines below its groups, for a person with these permissions. */
export const settingsFor = (permissions: readonly string[]) => Object.values(SETTINGS).filter((item) => !('permission' in item) || permissions.includes(item.permission));
