import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

// The page forbids itself every connection. A server should send the same policy as a header, with `frame-ancestors
// 'none'`, which a page cannot set itself.
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export default defineConfig({
  base: "./",
  plugins: [
    solid(),
    {
      name: "policy",
      apply: "build",
      transformIndexHtml: {
        order: "pre",
        // Inserted as text: Vite would escape the quotation marks of its own tags, and hosts look for this line.
        handler: (html) =>
          html.replace("<head>", `<head>\n    <meta http-equiv="Content-Security-Policy" content="${POLICY}" />`),
      },
    },
  ],
  // The module is text with one character for each byte. Escapes would need four characters for each.
  esbuild: { charset: "utf8" },
  worker: { format: "es" },
  server: { fs: { allow: ["../.."] } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000,
  },
});
