// What is shown came from the network or from an operator. It becomes text and
// attributes here, never markup; what would hide or turn the text around it is
// spelled out.
const odd = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]|[\u{e0000}-\u{e0fff}]/gu;
export const plain = s => String(s ?? "").replace(odd, c => "\\u{" + c.codePointAt(0).toString(16) + "}");

export const $ = id => document.getElementById(id);

function dress(n, attrs, kids) {
  for (const [k, v] of Object.entries(attrs || {})) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith("on")) n.addEventListener(k.slice(2), v);
    else n.setAttribute(k, v === true ? "" : plain(v));
  }
  for (const k of kids.flat()) if (k !== undefined && k !== null && k !== "") n.append(k instanceof Node ? k : plain(k));
  return n;
}
export const el = (tag, attrs, ...kids) => dress(document.createElement(tag), attrs, kids);
export const svg = (tag, attrs, ...kids) => dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attrs, kids);

export function text(n, s) {
  s = plain(s);
  if (n.textContent !== s) n.textContent = s;
}
export function attr(n, name, v) {
  if (v === undefined || v === null || v === false) n.removeAttribute(name);
  else if (n.getAttribute(name) !== plain(v)) n.setAttribute(name, plain(v));
}

// when builds anew what stands in n if the data are others than before.
export function when(n, data, build) {
  const now = JSON.stringify(data);
  if (n.shown === now) return;
  n.shown = now;
  n.replaceChildren(...[build(data)].flat().filter(Boolean));
}

// keyed makes the children of parent those of list, in its order: what stays is
// kept, so that the focus and what is selected stay.
export function keyed(parent, list, key, make, update) {
  const old = parent.nodes || new Map(), now = new Map(), focus = document.activeElement;
  let at = parent.firstChild;
  for (const item of list) {
    const k = key(item);
    let n = old.get(k);
    if (!n) n = make(item);
    if (n.item !== item) { n.item = item; update(n, item); }
    now.set(k, n);
    if (n === at) at = at.nextSibling;
    else parent.insertBefore(n, at);
  }
  for (const [k, n] of old) if (now.get(k) !== n) n.remove();
  parent.nodes = now;
  if (focus && focus !== document.activeElement && parent.contains(focus)) focus.focus({ preventScroll: true });
}

// The clock of the box: times are told by it, and browsers go wrong.
let skew = 0;
export const setClock = ms => { skew = ms - Date.now(); };
export const now = () => Date.now() + skew;

export const many = (n, one, more) => n + " " + (n === 1 ? one : more || one + "s");

export function size(n) {
  if (n < 1000) return n + " B";
  const u = ["kB", "MB", "GB", "TB"];
  let i = -1;
  do { n /= 1000; i++; } while (n >= 999.5 && i < 3);
  return (n < 10 ? n.toFixed(1) : Math.round(n)) + " " + u[i];
}
export function took(s) {
  if (s < 0.0005) return "under 1 ms";
  if (s < 1) return Math.round(s * 1000) + " ms";
  if (s < 60) return (s < 10 ? s.toFixed(1) : Math.round(s)) + " s";
  const m = Math.floor(s / 60);
  if (m < 60) return m + " min" + (s % 60 >= 1 ? " " + Math.floor(s % 60) + " s" : "");
  const h = Math.floor(m / 60);
  if (h < 48) return h + " h" + (m % 60 ? " " + m % 60 + " min" : "");
  return Math.floor(h / 24) + " days";
}
export function ago(ms) {
  const s = Math.max(0, (now() - ms) / 1000);
  if (s < 10) return "now";
  if (s < 60) return Math.floor(s / 10) * 10 + " s ago";
  if (s < 3600) return Math.floor(s / 60) + " min ago";
  if (s < 172800) return Math.floor(s / 3600) + " h ago";
  return Math.floor(s / 86400) + " days ago";
}
const two = n => String(n).padStart(2, "0");
// stamp is the time of day, with the date where that is not today.
export function stamp(t) {
  const d = new Date(t), day = x => x.getFullYear() + "-" + two(x.getMonth() + 1) + "-" + two(x.getDate());
  const clock = two(d.getHours()) + ":" + two(d.getMinutes()) + ":" + two(d.getSeconds());
  return day(d) === day(new Date(now())) ? clock : day(d) + " " + clock;
}
export const time = t => el("time", { datetime: new Date(t).toISOString(), title: new Date(t).toString() }, stamp(t));

// copyButton copies what is read out of a node. Without a secure context
// browsers have no clipboard: the text is selected then, which copies as well.
export function copyButton(from, what) {
  const b = el("button", { type: "button", "aria-label": "Copy " + what }, "Copy");
  b.addEventListener("click", async () => {
    let ok = false;
    try {
      await navigator.clipboard.writeText(from.textContent);
      ok = true;
    } catch {
      getSelection().selectAllChildren(from);
      try { ok = document.execCommand("copy"); } catch { ok = false; }
    }
    b.textContent = ok ? "Copied" : "Selected: press Ctrl+C";
    setTimeout(() => { b.textContent = "Copy"; }, 3000);
  });
  return b;
}

// tag is a word on the colour of a kind.
export const tag = (kind, ...kids) => el("span", { class: "tag " + kind }, kids);
