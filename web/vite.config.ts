import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/**
 * Two pages: the app and GraphiQL. All that they load stands under `/assets/` with its hash in
 * its name; nothing is inlined, so that the Content-Security-Policy needs no exception.
 */
export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      "react-style-singleton": fileURLToPath(
        new URL("src/graphiql/styleSingleton.ts", import.meta.url),
      ),
    },
  },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: ["index.html", "graphiql.html"] },
  },
  // `npm run dev`: pages with hot reload, for a tenant served by `make run` beside it.
  server: {
    allowedHosts: [".localhost"],
    proxy: { "/graphql": { target: "http://127.0.0.1:8000", ws: true } },
  },
});
