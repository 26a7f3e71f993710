// Runs snippets of client code that arrive on stdin, one JSON line each ({ id, code }), against the server at argv[2].
// argv[3] says by which client: `newest`, or `older`, the oldest that is supported.
import { createInterface } from 'node:readline';
import { EventSource } from 'eventsource';
import { WebSocket } from 'ws';
import { tanstack } from './tanstack.mjs';
import { makeWorld, run } from './world.mjs';

const trpc = await import(process.argv[3] === 'older' ? './older/client.mjs' : '@trpc/client');
const world = makeWorld({ trpc, origin: process.argv[2], EventSource, WebSocket, tanstack });

for await (const line of createInterface({ input: process.stdin })) {
  const { id, code } = JSON.parse(line);
  run(world, code).then((answer) => console.log(JSON.stringify({ id, ...answer })));
}
