// The same snippets in a page of a real browser, on the server's own origin.
import * as trpc from '@trpc/client';
import { tanstack } from './tanstack.mjs';
import { makeWorld, run } from './world.mjs';

const world = makeWorld({ trpc, origin: location.origin, EventSource, WebSocket, tanstack });
globalThis.runSnippet = (code) => run(world, code);
