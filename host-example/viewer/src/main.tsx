import "./styles/tokens.css";
import "./styles/viewer.css";
import "./styles/page.css";
import { render } from "solid-js/web";
import { App } from "./App";
import { fromLink } from "./link";
import { served } from "./served";
import { keep } from "./store";

try {
  const theme = localStorage.getItem("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset["theme"] = theme;
} catch {
  // Falls back to the theme of the system.
}
fromLink();
void keep();
render(() => <App />, document.getElementById("root")!);
void served();
// If the command serves the page, each run has its own address, so nothing is kept.
if (import.meta.env.PROD && !document.querySelector('meta[name="files"]')) {
  navigator.serviceWorker?.register("./offline.js").catch(() => undefined);
}
