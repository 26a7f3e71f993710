import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** The one accent: what can be acted on. Roles and severities never use it. */
const pine: MantineColorsTuple = ['#edf7f5', '#d9ece9', '#b0d9d2', '#83c4ba', '#5eb3a6', '#43a497', '#2b8a7d', '#12776c', '#0d6259', '#084d46'];
const ink: MantineColorsTuple = ['#c9c8c3', '#b5b4ae', '#8f8e87', '#5f5f59', '#41413c', '#31322e', '#252622', '#1a1b18', '#131411', '#0c0d0b'];

export type Scheme = 'light' | 'dark';

/** Colours by meaning. Charts read these; the same names are CSS variables (`--ty-champion`). */
export const palette = {
  light: {
    page: '#faf9f6', surface: '#ffffff', sunken: '#f4f2ed', line: '#e6e3db', lineStrong: '#d3cfc4',
    text: '#1c1b18', muted: '#5f5c54', faint: '#6f6b62', accent: '#0f6a60',
    champion: '#c58b00', championText: '#7a5600', championSoft: '#fdf3d8',
    challenger: '#2a6fdb', challengerText: '#1f57b0', challengerSoft: '#e6effd',
    challenger2: '#7fb0f5', challenger3: '#123f86',
    shadow: '#8a8794', shadowText: '#5b5866', shadowSoft: '#efeef2',
    raise: '#b23a6f', lower: '#2f6d7c',
    ok: '#1f7a4d', okSoft: '#e4f4ea', warn: '#b4500b', warnSoft: '#fdeee0', bad: '#b3261e', badSoft: '#fce8e6', info: '#5f5c54', infoSoft: '#f1efe9',
  },
  dark: {
    page: '#131411', surface: '#1a1b18', sunken: '#20211e', line: '#2d2e2a', lineStrong: '#41423d',
    text: '#ecebe5', muted: '#aaa89f', faint: '#98968d', accent: '#5eb3a6',
    champion: '#e3ac2f', championText: '#f0c769', championSoft: '#342a10',
    challenger: '#5f9bf3', challengerText: '#9cc2fa', challengerSoft: '#16273f',
    challenger2: '#a9cbfb', challenger3: '#3569b8',
    shadow: '#9794a3', shadowText: '#bcb9c6', shadowSoft: '#27262c',
    raise: '#e07aa6', lower: '#7cb7c6',
    ok: '#5cc08a', okSoft: '#14291d', warn: '#f0a062', warnSoft: '#33210f', bad: '#f28b82', badSoft: '#361a18', info: '#aaa89f', infoSoft: '#242521',
  },
} as const satisfies Record<Scheme, Record<string, string>>;

export type Colours = { [K in keyof (typeof palette)['light']]: string };

const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`).replace(/(\d)/, '-$1');
const variables = (scheme: Scheme) => Object.fromEntries(Object.entries(palette[scheme]).map(([name, value]) => [`--ty-${kebab(name)}`, value]));

const mantine = (c: Colours) => ({
  '--mantine-color-body': c.page,
  '--mantine-color-text': c.text,
  '--mantine-color-dimmed': c.muted,
  '--mantine-color-default': c.surface,
  '--mantine-color-default-border': c.lineStrong,
  '--mantine-color-placeholder': c.faint,
  '--mantine-color-error': c.bad,
});

export const resolver: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...variables('light'), ...mantine(palette.light) },
  dark: { ...variables('dark'), ...mantine(palette.dark) },
});

export const theme = createTheme({
  primaryColor: 'pine',
  primaryShade: 7,
  colors: { pine, dark: ink },
  autoContrast: true,
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '19px' },
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '22px', lineHeight: '1.25' }, h2: { fontSize: '16px', lineHeight: '1.35' }, h3: { fontSize: '13px', lineHeight: '1.4' } } },
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px', xl: '14px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } },
    TextInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', comboboxProps: { shadow: 'md' } } },
    NumberInput: { defaultProps: { size: 'sm' } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.35, blur: 1 }, closeButtonProps: { 'aria-label': 'Close' } } },
    Drawer: { defaultProps: { overlayProps: { backgroundOpacity: 0.25 }, closeButtonProps: { 'aria-label': 'Close' } } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } } },
    Table: { defaultProps: { verticalSpacing: 7, horizontalSpacing: 'sm', fz: 'sm' } },
    Tooltip: { defaultProps: { openDelay: 250, withArrow: true, fz: 'xs', multiline: true, maw: 320 } },
  },
});
