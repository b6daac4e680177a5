// The page of Option 150: which view, and what keeps it live.
import { $, text, setClock, stamp, now } from "./dom.js";
import { overview } from "./phones.js";
import { phone, firmware, log, changes } from "./views.js";

const path = location.pathname;
const device = path.startsWith("/phones/") ? decodeURIComponent(path.slice(8)) : "";
const view = device ? "phone" : path === "/" ? "phones" : path.slice(1);
const show = { phones: overview, phone, firmware, log, changes }[view] || overview;

const host = name => text($("host"), name);
$("v-" + view).hidden = false;
document.querySelector(`nav a[data-view="${device ? "phones" : view}"]`)?.setAttribute("aria-current", device ? "true" : "page");
const parts = show(host);

// The stream. A tab that nobody sees has none; one that comes back is given the
// state of now. What the browser gives up is tried again here.
const query = view === "phones" ? "" : "?view=" + view + (device ? "&phone=" + encodeURIComponent(device) : "");
const silence = 40e3, old = 15e3, again = 5e3;
let source = null, heard = 0, lost = 0, timer = 0;

function status(word) {
  text($("live"), word === "on" ? "live" : word);
  $("live").className = "live " + (word === "on" ? "on" : "off");
}
function hear() {
  heard = Date.now();
  lost = 0;
  $("stale").hidden = true;
  status("on");
}
function open() {
  clearTimeout(timer);
  if (source || document.hidden) return;
  const s = source = new EventSource("/api/v1/events" + query);
  const on = (name, f) => s.addEventListener(name, e => { if (s === source) { hear(); f(JSON.parse(e.data)); } });
  on("beat", setClock);
  for (const [name, f] of Object.entries(parts)) on(name, f);
  s.onerror = () => {
    if (s !== source) return;
    lost ||= Date.now();
    status("no connection");
    if (s.readyState === EventSource.CLOSED) { // the answer was no stream
      shut();
      timer = setTimeout(open, again);
    }
  };
}
function shut() {
  source?.close();
  source = null;
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    clearTimeout(timer);
    shut();
    status("asleep");
  } else open();
});
addEventListener("pagehide", shut);
addEventListener("pageshow", open);
setInterval(() => {
  if (document.hidden) return;
  const quiet = Date.now() - heard;
  if (heard && source && quiet > silence) { // a line that is dead says nothing
    lost ||= heard;
    status("no connection");
    shut();
    open();
  }
  if (lost && Date.now() - lost > old) {
    const s = heard ? "This box has not been heard since " + stamp(heard + now() - Date.now()) + ". What is shown below is as old as that." : "This box does not answer.";
    if ($("stale").hidden || $("stale").textContent !== s) text($("stale"), s);
    $("stale").hidden = false;
  }
}, 5000);
open();
