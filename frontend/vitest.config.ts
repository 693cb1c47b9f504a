/** Where the tests run: the SDK without a browser, the app in a simulated one. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "client", root: "packages/client", environment: "node" } },
      {
        extends: "apps/web/vite.config.ts",
        test: { name: "web", root: "apps/web", environment: "jsdom" },
      },
    ],
  },
});
