// Pictures: a boot with a lane for each transport, and who passed firmware on.
import { el, svg, plain, size, took, many } from "./dom.js";

const lanesFirst = ["DHCP", "TFTP", "HTTP"];
const laneOf = t => t === "DHCPv6" ? "DHCP" : t || "other";

// how a request ended: well, there was no such file (which is normal for many
// names), badly, or not yet.
export function ending(l) {
  if (l.transport !== "HTTP" && l.transport !== "TFTP") return "";
  if (/^(20[06]|304|sent)/.test(l.result || "")) return "";
  if (!l.result) return "wait";
  return /^(404|error 1\b)/.test(l.result) ? "none" : "bad";
}

// scale maps seconds to places. Long pauses between what happened are cut short,
// at most four of them.
function scale(lines, left, width) {
  const spans = lines.map(l => [l.offset, l.offset + (l.seconds || 0)]).sort((a, b) => a[0] - b[0]);
  const end = Math.max(0.05, ...spans.map(s => s[1]));
  const gaps = [];
  let busy = 0;
  for (const [from, to] of spans) {
    if (from > busy) gaps.push([busy, from]);
    busy = Math.max(busy, to);
  }
  gaps.sort((a, b) => (b[1] - b[0]) - (a[1] - a[0]));
  const cuts = [];
  let rest = end;
  for (const g of gaps.slice(0, 4)) {
    if (g[1] - g[0] < rest / 4 || g[1] - g[0] < 1) break;
    cuts.push(g);
    rest -= g[1] - g[0];
  }
  cuts.sort((a, b) => a[0] - b[0]);
  const wide = 44, room = width - cuts.length * wide, per = room / Math.max(rest, 0.001);
  const x = t => {
    let at = left, from = 0;
    for (const [a, b] of cuts) {
      if (t <= a) break;
      at += (a - from) * per;
      if (t < b) return at + wide * (t - a) / (b - a);
      at += wide;
      from = b;
    }
    return at + (t - from) * per;
  };
  return { x, cuts, end, per };
}

function nice(s) { // a step of the axis
  const p = 10 ** Math.floor(Math.log10(s));
  return p * [1, 2, 5, 10].find(m => m * p >= s);
}

const words = l => ["+" + l.offset.toFixed(3) + " s", l.transport, l.what, l.name, l.result ? "→ " + l.result : "", l.bytes !== undefined ? size(l.bytes) : "", l.seconds ? "in " + took(l.seconds) : "", l.remark].filter(Boolean).join(" ");

export function timeline(boot, width) {
  const left = 52, right = 12, high = 12, w = Math.max(width, 280);
  const s = scale(boot.lines, left, w - left - right);
  const lanes = new Map(lanesFirst.map(n => [n, []]));
  for (const l of boot.lines) {
    const n = laneOf(l.transport);
    if (!lanes.has(n)) lanes.set(n, []);
    lanes.get(n).push(l);
  }
  const out = [], said = [];
  let y = 6;
  for (const [name, list] of lanes) {
    const ends = []; // where each row of the lane is free again
    const marks = list.map(l => {
      const from = s.x(l.offset), to = Math.max(from + 3, s.x(l.offset + (l.seconds || 0)));
      let row = ends.findIndex(e => e <= from);
      if (row < 0) row = ends.length < 4 ? ends.length : 3;
      ends[row] = to + 1;
      return { l, from, to, row };
    });
    const rows = Math.max(1, ends.length), tall = rows * (high + 2) + 10;
    out.push(svg("line", { class: "axis", x1: 0, x2: w, y1: y + tall, y2: y + tall }), svg("text", { x: 0, y: y + tall / 2 + 4, class: list.length ? "" : "dimtext" }, name));
    for (const m of marks) {
      const top = y + 6 + m.row * (high + 2), name = m.l.name || m.l.what || "", kind = ending(m.l);
      const g = svg("g", {}, svg("rect", { class: "bar " + kind, x: m.from.toFixed(1), y: top, width: (m.to - m.from).toFixed(1), height: high, rx: 2 }), svg("title", {}, words(m.l)));
      if (plain(name).length * 6.1 + 8 < m.to - m.from) g.append(svg("text", { class: "in", x: m.from + 4, y: top + 10 }, name));
      out.push(g);
    }
    y += tall;
    if (list.length) {
      const busy = list.reduce((n, l) => n + (l.seconds || 0), 0);
      said.push(name + " " + many(list.length, "line") + (busy ? ", " + took(busy) + " of transfers" : ""));
    }
  }
  const bottom = y;
  for (const [a, b] of s.cuts) {
    const x = s.x(a), to = s.x(b);
    out.push(svg("rect", { class: "cut", x, y: 4, width: to - x, height: bottom - 4 }), svg("text", { class: "dimtext", x: Math.min((x + to) / 2, w - 50), y: bottom + 28, "text-anchor": "middle" }, took(b - a) + " pause"));
  }
  const stepOf = nice(90 / s.per);
  let last = -99;
  for (let t = 0, n = 0; t <= s.end + 1e-9 && n < 400; t += stepOf, n++) {
    const cut = s.cuts.find(([a, b]) => t > a && t < b);
    if (cut) { t = Math.ceil(cut[1] / stepOf) * stepOf - stepOf; continue; }
    const x = s.x(t);
    if (x - last < (t < 60 ? 54 : 84)) continue;
    last = x;
    out.push(svg("line", { class: "axis", x1: x, x2: x, y1: 4, y2: bottom + 4 }), svg("text", { class: "dimtext", x, y: bottom + 16, "text-anchor": x > w - 40 ? "end" : "middle" }, "+" + (stepOf < 1 ? t.toFixed(Math.ceil(-Math.log10(stepOf))) : took(t).replace("under 1 ms", "0 s"))));
  }
  return svg("svg", { width: w, height: bottom + 34, role: "img", "aria-label": "Boot " + boot.number + " over " + took(s.end) + ": " + (said.join("; ") || "nothing") + ". The lines are below." }, out);
}

// tree draws phones left to right from whom they had the files.
export function tree(t) {
  const kids = new Map(), known = new Set(t.nodes.map(n => n.device));
  const roots = t.nodes.filter(n => {
    if (!n.parent || n.parent === n.device || !known.has(n.parent)) return true;
    kids.set(n.parent, [...(kids.get(n.parent) || []), n]);
    return false;
  });
  const wide = 190, tall = 44, gap = 46, out = [], placed = new Set();
  let y = 4, far = 0;
  const place = (n, depth) => {
    if (placed.has(n.device)) return null; // a circle is no tree
    placed.add(n.device);
    const at = [];
    for (const k of kids.get(n.device) || []) {
      const p = place(k, depth + 1);
      if (p) at.push([p, k]);
    }
    const x = 4 + depth * (wide + gap);
    let mid = y + tall / 2;
    if (at.length) mid = (at[0][0].mid + at.at(-1)[0].mid) / 2;
    else y += tall + 8;
    far = Math.max(far, x + wide);
    for (const [p, k] of at) out.unshift(svg("path", { class: "edge " + (k.basis === "observed" ? "" : "guess"), d: `M${x + wide} ${mid}C${x + wide + gap / 2} ${mid} ${p.x - gap / 2} ${p.mid} ${p.x} ${p.mid}` }));
    const name = plain(n.name || n.device);
    out.push(svg("g", { class: "node " + n.role.replace(/[^a-z]/g, "") }, svg("rect", { x, y: mid - tall / 2, width: wide, height: tall, rx: 5 }),
      svg("text", { x: x + 8, y: mid - 4 }, name.length > 26 ? name.slice(0, 25) + "…" : name),
      svg("text", { class: "dimtext", x: x + 8, y: mid + 12 }, [n.role === "?" ? "not known" : n.role, n.bytes ? size(n.bytes) : "", n.seconds ? took(n.seconds) : ""].filter(Boolean).join(", ")),
      svg("title", {}, [n.device, n.name, n.role, n.basis, n.why].filter(Boolean).join(", "))));
    return { x, mid };
  };
  for (const r of roots) place(r, 0);
  for (const n of t.nodes) place(n, 0);
  return el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Picture of the tree" }, svg("svg", { width: far + 8, height: Math.max(y, 20), role: "img", "aria-label": many(t.nodes.length, "phone") + ", " + many(roots.length, "of them without a phone above it", "of them without a phone above them") + ". The list is below." }, out));
}
