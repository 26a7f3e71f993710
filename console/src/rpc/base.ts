/** Where the console begins on its host: `/`, or `/tiltyard/` behind a proxy. The hub writes it into the page. */

const said = document.querySelector<HTMLMetaElement>('meta[name="tiltyard-base"]')?.content ?? './';

export const BASE = said === './' ? '/' : said;

/** The address of the hub, without a slash at its end. */
export const HUB_URL = `${window.location.origin}${BASE.replace(/\/$/, '')}`;
