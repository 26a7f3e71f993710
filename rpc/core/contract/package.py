"""The rest of the npm package: the client factory, its manifest, and the test that the types are really there."""

import json
import re

from rpc.core.contract.router_types import NOTICE

PACKAGE = {
    "name": "@tiltyard/contract",
    "version": "0.1.0",
    "private": True,
    "description": "Typed client of the Tiltyard hub: the types of every procedure, a ready tRPC client, and Zod schemas of every input.",
    "type": "module",
    "exports": {
        ".": {"types": "./client.ts", "default": "./client.js"},
        "./router": {"types": "./router.d.ts"},
        "./zod": {"types": "./zod.ts", "default": "./zod.js"},
        "./contract.json": "./contract.json",
        "./openapi.json": "./openapi.json",
        "./package.json": "./package.json",
    },
    "types": "./client.ts",
    "files": [
        "client.js",
        "client.ts",
        "contract.json",
        "contract.test-d.ts",
        "openapi.json",
        "python/tiltyard_client.py",
        "router.d.ts",
        "router.d.ts.map",
        "zod.js",
        "zod.ts",
    ],
    "peerDependencies": {"@trpc/client": ">=11.4 <12", "@trpc/server": ">=11.4 <12", "zod": ">=4 <5"},
    "peerDependenciesMeta": {"zod": {"optional": True}},
    "sideEffects": False,
}

# What stands between « and » is TypeScript, and left out of client.js.
_CLIENT = """
import { createTRPCClient, httpBatchLink, httpLink, isNonJsonSerializable, splitLink } from '@trpc/client';
«import type { TRPCClient, TRPCLink } from '@trpc/client';
import type { AppRouter } from './router.js';

export type * from './router.js';
»
/** The hash of the shapes this client was generated from. */
export const contractHash = '{hash}';

/** The response header in which the hub tells the hash of its own. */
export const contractHeader = 'x-tiltyard-contract';

«export type HubClient = TRPCClient<AppRouter>;

export interface HubClientOptions {
  /** Where the hub answers; on the hub's own pages `/rpc`. */
  url?: string;
  /** Called once, when the hub's contract is no longer this client's: time to reload the page. */
  onContractChanged?: (hash: string) => void;
  /** Headers for each request, such as `authorization` outside of a browser. */
  headers?: Record<string, string>;
  fetch?: typeof fetch;
}

»/** The links of a hub's client, for `createTRPCClient` or the TanStack Query integration. */
export function hubLinks(options«: HubClientOptions» = {})«: TRPCLink<AppRouter>[]» {
  const url = options.url ?? '/rpc';
  const headers = { 'x-tiltyard': '1', ...options.headers };
  const send = watching(options);
  return [
    splitLink({
      condition: (op) => isNonJsonSerializable(op.input),
      true: httpLink({ url, headers, fetch: send }),
      false: httpBatchLink({ url, headers, fetch: send, maxURLLength: 8000, maxItems: 20 }),
    }),
  ];
}

/** A client of the hub. */
export function createHubClient(options«: HubClientOptions» = {})«: HubClient» {
  return createTRPCClient«<AppRouter>»({ links: hubLinks(options) });
}

/** Sends a request with the session's cookie, and compares the contract's hash in the answer with our own. */
function watching(options«: HubClientOptions»)«: typeof fetch» {
  let told = false;
  const send = options.fetch ?? fetch;
  return async (input, init) => {
    const response = await send(input, { credentials: 'same-origin', ...init });
    const theirs = response.headers.get(contractHeader);
    if (!told && theirs !== null && theirs !== contractHash) {
      told = true;
      options.onContractChanged?.(theirs);
    }
    return response;
  };
}
"""

TYPE_TEST = (
    NOTICE
    + """
import type { AppRouter } from './router.js';

// Were an import of router.d.ts broken, `AppRouter` would be `any` without a word, and this line would be no error.
// @ts-expect-error there is no such procedure
export type Nothing = AppRouter['_def']['record']['thereIsNoSuchProcedure'];
"""
)


def client(contract_hash: str) -> str:
    """client.ts, knowing the hash it was generated from."""
    return NOTICE + _CLIENT.replace("{hash}", contract_hash).replace("«", "").replace("»", "")


def client_js(contract_hash: str) -> str:
    """The same without types, for programs that no bundler has been over."""
    return NOTICE + re.sub("«.*?»", "", _CLIENT.replace("{hash}", contract_hash), flags=re.DOTALL)


def manifest() -> str:
    """package.json."""
    return json.dumps(PACKAGE, indent=2) + "\n"
