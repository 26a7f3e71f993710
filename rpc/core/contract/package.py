"""The rest of the npm package: the client factory, its manifest, and a test that the types resolve."""

import json
import re
from typing import Any

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

_CLIENT = """
import {
  createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, httpSubscriptionLink, isNonJsonSerializable, splitLink,
} from '@trpc/client';
«import type { HTTPLinkOptions, TRPCClient, TRPCLink } from '@trpc/client';
import type { AppRouter } from './router.js';

export type * from './router.js';
»
/** The hash of the shapes this client was generated from. */
export const contractHash = '{hash}';

/** The response header in which the hub tells the hash of its own. */
export const contractHeader = 'x-tiltyard-contract';

/** The queries that stream their result. */
const streaming = new Set«<string>»({streaming});

«export type HubClient = TRPCClient<AppRouter>;

type Fetch = NonNullable<HTTPLinkOptions<AppRouter['_def']['_config']['$types']>['fetch']>;

export interface HubClientOptions {
  /** Where the hub answers; on the hub's own pages `/rpc`. */
  url?: string;
  /** An API token, outside of the hub's own pages. */
  token?: string;
  /** Called once, when the hub's contract is no longer this client's: time to reload the page. */
  onContractChanged?: (hash: string) => void;
  /** More headers for each request. */
  headers?: Record<string, string>;
  /** For subscriptions where the runtime has no EventSource, as in Node: the one of the package `eventsource`. */
  EventSource?: typeof EventSource;
  fetch?: typeof fetch;
}

»/** The links of a hub's client, for `createTRPCClient` or the TanStack Query integration. */
export function hubLinks(options«: HubClientOptions» = {})«: TRPCLink<AppRouter>[]» {
  const { url = '/rpc', token } = options;
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const http = { url, headers: { 'x-tiltyard': '1', ...bearer, ...options.headers }, fetch: watching(options) };
  const batch = { ...http, maxURLLength: 8000, maxItems: 20 };
  const source = options.EventSource === undefined ? {} : { EventSource: options.EventSource };
  const params = token === undefined ? {} : { connectionParams: { token } };
  return [
    splitLink({
      condition: (op) => op.type === 'subscription',
      true: httpSubscriptionLink({ url, ...source, ...params }),
      false: splitLink({
        condition: (op) => isNonJsonSerializable(op.input),
        true: httpLink(http),
        false: splitLink({ condition: (op) => streaming.has(op.path), true: httpBatchStreamLink(batch), false: httpBatchLink(batch) }),
      }),
    }),
  ];
}

/** A client of the hub. */
export function createHubClient(options«: HubClientOptions» = {})«: HubClient» {
  return createTRPCClient«<AppRouter>»({ links: hubLinks(options) });
}

/** Sends a request with the session's cookie, and compares the contract's hash in the answer with our own. */
function watching(options«: HubClientOptions»)«: Fetch» {
  let told = false;
  return async (input, init) => {
    const send = options.fetch ?? fetch;
    const response = await send(input, { credentials: 'same-origin', ...init }« as RequestInit»);
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


def client(document: dict[str, Any], contract_hash: str) -> str:
    """Return the client factory, with the hash of its contract and the list of streaming queries. Text between « and » is TypeScript only."""
    streaming = [path for path, procedure in document["procedures"].items() if procedure["kind"] == "query" and procedure["streams"]]
    return NOTICE + _CLIENT.replace("{hash}", contract_hash).replace("{streaming}", json.dumps(streaming))


def typed(text: str) -> str:
    """Return a text as TypeScript."""
    return text.replace("«", "").replace("»", "")


def plain(text: str) -> str:
    """Return a text as JavaScript, for programs without a bundler."""
    return re.sub("«.*?»", "", text, flags=re.DOTALL)


def manifest() -> str:
    """Return package.json."""
    return json.dumps(PACKAGE, indent=2) + "\n"
