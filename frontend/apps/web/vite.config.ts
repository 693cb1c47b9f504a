/**
 * How the page is built and served in development. One rule: the output must live under a strict CSP,
 * so nothing is inlined: every script, style and icon is a file of its own.
 */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const backend = "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  // The SDK is read from its source, so that nothing has to be built before the app runs.
  resolve: { conditions: ["@hubbub/source"] },
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: {
      "/api": backend,
      "/ws": { target: backend, ws: true },
    },
  },
});
