import { fileURLToPath } from 'node:url';

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev` talks to a running hub; TILTYARD_URL says where when it is not on its usual address.
const hub = process.env.TILTYARD_URL ?? 'http://127.0.0.1:8321';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // Addresses beside the page: the hub may stand under a path of its host, and writes which into the page.
  base: './',
  plugins: [react()],
  resolve: {
    alias: { '@': at('./src'), 'frontend-contract': at('../frontend-contract/client.ts') },
    // The contract lies outside of this folder and brings no packages of its own.
    dedupe: ['@trpc/client', '@trpc/server'],
  },
  build: { outDir: 'dist', target: 'es2023', sourcemap: false, chunkSizeWarningLimit: 900 },
  server: { proxy: { '/rpc': hub, '/v1': hub } },
});
