// The overview: how many phones are up, what keeps the others from it, and all
// of them as a table or a grid.
import { $, el, text, attr, when, keyed, many, size, ago, stamp, tag } from "./dom.js";

const kinds = ["bad", "open", "stays", "unseen", "up"];
const label = r => r.n || r.d || r.id;
const byText = f => (a, b) => (f(a) === "") - (f(b) === "") || f(a).localeCompare(f(b), undefined, { numeric: true });
const address = r => r.a?.includes(".") ? r.a.split(".").map(n => n.padStart(3, "0")).join(".") : r.a || "";
const trouble = (a, b) => kinds.indexOf(a.k) - kinds.indexOf(b.k) || a.c.localeCompare(b.c);
const columns = [
  ["phone", "Phone", byText(label)],
  ["section", "Ephone or pool", byText(r => r.s || "")],
  ["model", "Model", byText(r => r.m || "")],
  ["load", "Load", byText(r => r.l || "")],
  ["wanted", "Wanted", byText(r => r.w || "")],
  ["addr", "Address", byText(address)],
  ["seen", "Last seen", (a, b) => (b.t || 0) - (a.t || 0)],
  ["state", "State", (a, b) => trouble(a, b) || a.st.localeCompare(b.st)],
  ["verdict", "Verdict", trouble],
];
const step = { table: 150, grid: 600 }; // rows drawn at once; more as one scrolls

const rows = new Map();
let head = null, limit = step.table, pending = 0, shown = [];
const want = { q: "", cause: "", sort: "verdict", down: false, as: "table" };

function fromAddress() {
  const p = new URLSearchParams(location.search), s = p.get("sort") || "verdict";
  want.q = p.get("q") || "";
  want.cause = p.get("cause") || "";
  want.down = s.startsWith("-");
  want.sort = columns.some(c => c[0] === s.replace("-", "")) ? s.replace("-", "") : "verdict";
  want.as = p.get("as") === "grid" ? "grid" : "table";
}
function toAddress() {
  const p = new URLSearchParams();
  if (want.q) p.set("q", want.q);
  if (want.cause) p.set("cause", want.cause);
  if (want.sort !== "verdict" || want.down) p.set("sort", (want.down ? "-" : "") + want.sort);
  if (want.as === "grid") p.set("as", "grid");
  const s = p.toString();
  history.replaceState(null, "", s ? "?" + s : location.pathname);
}
function change(what) {
  Object.assign(want, what);
  limit = step[want.as];
  toAddress();
  draw();
}

// matches: every word has to be somewhere, a hardware address in any notation.
function matcher() {
  const words = want.q.toLowerCase().split(/\s+/).filter(Boolean).map(w => [w, /^[0-9a-f]{2,4}([.:-][0-9a-f]{1,4})+$/.test(w) ? w.replace(/[.:-]/g, "") : w]);
  return r => {
    if (want.cause && r.k + "." + r.c !== want.cause) return false;
    r.find ||= [r.n, r.d, r.id, r.s, r.p, r.m, r.l, r.w, r.a, r.st, r.c, r.x].join(" ").toLowerCase();
    return words.every(([w, mac]) => r.find.includes(w) || r.find.includes(mac));
  };
}

const to = r => "/phones/" + encodeURIComponent(r.id.split("#")[0]);
function blank() {
  const tr = el("tr", {}, columns.map(([id, name]) => el("td", { class: "c-" + id, "data-l": name })));
  tr.cells[0].append(el("a"), el("small"));
  return tr;
}
function stateOf(r) {
  return [tag(r.k, r.st), r.sg ? el("small", {}, " inferred") : ""];
}
function cells(tr, r) {
  const c = tr.cells;
  const [link, device] = c[0].childNodes;
  attr(link, "href", to(r));
  text(link, label(r));
  text(device, r.n ? r.d : "");
  text(c[1], r.s);
  text(c[2], r.m);
  text(c[3], r.l ? r.l + (r.lg ? " (inferred)" : "") : "");
  text(c[4], r.w);
  text(c[5], r.a);
  age(c[6], r);
  c[7].replaceChildren(...stateOf(r));
  const code = r.c === "-" || r.c === "ok" ? "" : r.c;
  c[8].replaceChildren(code ? el("b", {}, code) : "", code && r.x ? " " : "");
  c[8].append(el("span", {}, r.x || ""));
}
function age(cell, r) {
  text(cell, r.t ? ago(r.t) : "");
  attr(cell, "title", r.t ? new Date(r.t).toString() : null);
}
function tile(a, r) {
  a.className = r.k;
  attr(a, "href", to(r));
  a.title = [r.d, r.s, r.m, r.a, r.x].filter(Boolean).join(" · ");
  a.replaceChildren(el("b", {}, label(r)), el("small", {}, (r.c === "-" || r.c === "ok" ? "" : r.c + " ") + r.st));
}

function draw() {
  if (!pending) pending = requestAnimationFrame(() => { pending = 0; render(); });
}
function render() {
  const column = columns.find(c => c[0] === want.sort), back = want.down ? -1 : 1;
  const then = columns[0][2];
  shown = [...rows.values()].filter(matcher()).sort((a, b) => back * column[2](a, b) || then(a, b) || a.id.localeCompare(b.id));
  const part = shown.slice(0, limit), table = want.as === "table";
  $("table").hidden = !table;
  $("grid").hidden = table;
  if (table) {
    keyed($("table").tBodies[0], part, r => r.id, blank, cells);
    attr($("table"), "aria-rowcount", shown.length + 1);
    for (const th of $("table").tHead.rows[0].cells) attr(th, "aria-sort", th.dataset.c === want.sort ? (want.down ? "descending" : "ascending") : null);
  } else keyed($("grid"), part, r => r.id, () => el("a"), tile);
  $("more").hidden = shown.length <= limit;
  text($("more"), "Show more: " + (shown.length - part.length) + " are below");
  const filtered = want.q || want.cause;
  text($("count"), filtered ? many(shown.length, "phone") + " of " + rows.size : rows.size ? "" : "No phone is configured, and none was seen since the start.");
  $("all").hidden = !filtered;
  $("sort").value = (want.down ? "-" : "") + want.sort;
  for (const b of $("causes").children) attr(b, "aria-pressed", b.dataset.cause === want.cause ? "true" : "false");
}

function causes(list) {
  keyed($("causes"), list, c => c.kind + "." + c.code, c => el("button", { type: "button", "data-cause": c.kind + "." + c.code, "aria-pressed": "false",
    onclick: e => { const k = e.currentTarget.dataset.cause; change({ cause: want.cause === k ? "" : k }); } }), (b, c) => {
    b.className = c.kind;
    const code = c.code === "-" || c.code === "ok" ? "" : c.code + " ";
    b.replaceChildren(el("b", {}, c.n), " × " + code, c.text);
  });
}
function services(list) {
  keyed($("services"), list, s => s.name, () => el("li"), (li, s) => {
    const kind = s.state === "running" ? "up" : s.state === "failed" || s.state === "degraded" ? "bad" : s.configured ? "open" : "none";
    li.className = kind;
    li.title = s.at || "";
    li.replaceChildren(el("b", {}, s.name), s.state === "running" ? el("span", { class: "hush" }, " running") : " " + s.state, s.why ? ": " + s.why : "");
  });
  $("services").hidden = !list.length;
}
function bar(li, name, figure, value, max, kind, small) {
  let p = li.querySelector("progress");
  if (!p) li.replaceChildren(el("div", {}, el("span"), el("span")), p = el("progress"), el("small", { class: "dim" }));
  const [a, b] = li.firstChild.children;
  when(a, name, x => x.href ? el("a", { href: x.href }, x.text) : [el("span", {}, x.text)]);
  text(b, figure);
  p.max = max || 1;
  p.value = value;
  p.className = kind;
  attr(p, "aria-label", name.text + ": " + figure);
  text(li.lastChild, small);
}
function pools(list) {
  keyed($("pools"), list, p => p.name, () => el("li"), (li, p) => {
    const use = p.total - p.excluded, few = p.free * 20 < use;
    bar(li, { text: p.name }, p.leased + " of " + use + " leased", p.leased, use, few ? "bad" : "", [p.free + " free", p.offered ? p.offered + " offered" : "", p.excluded ? p.excluded + " excluded" : ""].filter(Boolean).join(", "));
  });
  $("c-pools").hidden = !list.length;
}
function transfers(h) {
  text($("h-transfers"), "Being sent: " + h.serving + (h.limit ? " of at most " + h.limit : ""));
  keyed($("transfers"), h.transfers, t => [t.client, t.transport, t.file].join(), () => el("li"), (li, t) => {
    const rate = t.rate < 0 ? "" : size(t.rate) + "/s, ";
    bar(li, { text: t.name || t.phone || t.client, href: t.phone ? "/phones/" + encodeURIComponent(t.phone) : "" }, rate + (t.size > 0 ? Math.floor(100 * t.sent / t.size) + " %" : size(t.sent)), t.sent, t.size, "", t.file + ", " + t.transport + ", " + size(t.sent) + (t.size > 0 ? " of " + size(t.size) : ""));
  });
  text($("t-more"), h.more ? "and " + h.more + " more" : h.transfers.length ? "" : "No phone is being sent a file.");
}
function alarms(list) {
  when($("alarms"), list, l => l.map(f => el("p", { class: "alarm" }, "Another DHCP server answers: " + f.server + (f.mac ? " (" + f.mac + ")" : "") + (f.interface ? " on " + f.interface : ""),
    el("small", {}, "First seen " + stamp(f.first) + ", last " + stamp(f.last) + ". It gives " + (f.option150 ? "option 150 " + f.option150 : "no option 150") + ". A phone that takes its address from it may not find this box." +
      (f.holding ? " This box holds its own offers back meanwhile." : "")))));
}
function findings(list) {
  $("findings").hidden = !list.length;
  if (!list.length) return;
  const n = {};
  for (const f of list) n[f.severity] = (n[f.severity] || 0) + 1;
  text($("findings").firstElementChild, "Audit of the configuration: " + Object.entries(n).map(([s, k]) => many(k, s)).join(", "));
  when($("findings").lastElementChild, list, l => l.map(f => el("li", {}, el("b", {}, f.severity), f.section ? [" ", el("code", {}, f.section)] : "", " " + f.text, f.fix ? el("div", { class: "dim" }, "Fix: " + f.fix) : "")));
}
// say tells a screen reader the figure, not more often than it can be listened to.
let said = 0;
function say(s) {
  if ($("said").textContent === s || Date.now() - said < 20e3) return;
  said = Date.now();
  text($("said"), s);
}
function onHead(h, host) {
  if (head && head.version + head.started !== h.version + h.started && head.version !== h.version) return location.reload(); // another program
  head = h;
  host(h.host);
  const sum = h.total ? h.up + " of " + many(h.total, "phone") + (h.total === 1 ? " is" : " are") + " up" : "No phone yet";
  text($("sum"), sum);
  say(sum);
  document.title = (h.total ? h.up + "/" + h.total + " up" : "Phones") + " · " + h.host;
  text($("how"), h.total ? "Up: it came up, and its call control neither is silent (R25) nor rejects it (R26)." + (h.inferred ? " Of " + h.inferred + " this is inferred, from what did not come; of the others it was seen." : " Of all of them this was seen.") : "");
  if (!h.up) text($("how"), "");
  const n = {};
  for (const c of h.causes) n[c.kind] = (n[c.kind] || 0) + c.n;
  keyed($("share"), kinds.toReversed().filter(k => n[k]).map(k => ({ k, n: n[k] })), x => x.k, x => el("i", { class: x.k }), (i, x) => { i.style.flexGrow = x.n; });
  causes(h.causes);
  services(h.services);
  pools(h.pools);
  transfers(h);
  alarms(h.foreign);
  findings(h.findings);
  text($("version"), "Option 150 " + h.version + ", started " + stamp(h.started));
  draw();
}

export function overview(host) {
  fromAddress();
  limit = step[want.as];
  $("q").value = want.q;
  for (const r of document.getElementsByName("as")) {
    r.checked = r.value === want.as;
    r.addEventListener("change", () => change({ as: r.value }));
  }
  for (const [id, name] of columns) {
    $("table").tHead.rows[0].append(el("th", { scope: "col", class: "c-" + id, "data-c": id }, el("button", { type: "button", onclick: () => change({ sort: id, down: want.sort === id && !want.down }) }, name)));
    $("sort").append(el("option", { value: id }, name), el("option", { value: "-" + id }, name + ", last first"));
  }
  $("sort").addEventListener("change", e => change({ sort: e.target.value.replace("-", ""), down: e.target.value.startsWith("-") }));
  $("q").addEventListener("input", () => change({ q: $("q").value.trim() }));
  $("tools").addEventListener("submit", e => e.preventDefault());
  $("all").addEventListener("click", () => { $("q").value = ""; change({ q: "", cause: "" }); $("q").focus(); });
  const more = () => { limit += step[want.as]; draw(); };
  $("more").addEventListener("click", more);
  new IntersectionObserver(e => { if (e.some(x => x.isIntersecting) && !$("more").hidden) more(); }, { rootMargin: "800px" }).observe($("more"));
  document.addEventListener("keydown", e => {
    if (e.key === "/" && !e.ctrlKey && !e.metaKey && !e.altKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      e.preventDefault();
      $("q").focus();
    }
  });
  setInterval(() => {
    if (document.hidden || want.as !== "table") return;
    for (const [, tr] of $("table").tBodies[0].nodes || []) age(tr.cells[6], tr.item);
  }, 10000);
  return {
    head: h => onHead(h, host),
    phones(p) {
      if (p.whole) rows.clear();
      for (const r of p.rows) rows.set(r.id, r);
      draw();
    },
  };
}
