// The other views: one phone, firmware, the log, who changed what.
import { $, el, text, attr, when, keyed, many, size, took, stamp, time, tag, copyButton } from "./dom.js";
import { timeline, tree, ending } from "./chart.js";

const basis = b => b === "inferred" ? "inferred: from what did not come" : b || "";

function verdict(v, kind) {
  const code = v.code === "-" || v.code === "ok" ? "" : v.code;
  const out = el("div", { class: "verdict " + kind }, el("strong", {}, code || (v.code === "ok" ? "Up" : "Not decided")), " ", v.text, v.basis ? el("small", { class: "dim" }, " " + basis(v.basis)) : "");
  if (v.evidence) out.append(el("p", { class: "dim" }, "Because: " + v.evidence));
  if (v.fix) out.append(el("p", {}, el("b", {}, "Fix: "), v.fix));
  if (v.type) {
    const pre = el("pre", {}, v.type.join("\n"));
    out.append(el("p", { class: "dim" }, "To type on the console of this box, in privileged EXEC:"), el("div", { class: "fix" }, pre, copyButton(pre, "the lines of the fix")));
  }
  return out;
}

const heads = ["Seconds", "", "", "What", "Result", "Size", "Took", "Remark"];
function lines(b) {
  return el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Lines of the boot" }, el("table", { class: "lines" }, el("caption", { class: "sr" }, "Lines of boot " + b.number),
    el("thead", {}, el("tr", {}, heads.map((h, i) => el("th", { scope: "col", class: i === 0 || i === 5 || i === 6 ? "n" : "" }, h || el("span", { class: "sr" }, i === 1 ? "Transport" : "Message"))))),
    el("tbody", {}, b.lines.map(l => el("tr", { class: "e-" + ending(l) }, el("td", { class: "n mono", title: stamp(l.at) }, "+" + l.offset.toFixed(3)), el("td", {}, l.transport), el("td", {}, l.what), el("td", { class: "mono" }, l.name),
      el("td", {}, l.result), el("td", { class: "n" }, l.bytes !== undefined ? size(l.bytes) : ""), el("td", { class: "n" }, l.seconds ? took(l.seconds) : ""), el("td", {}, l.remark))))));
}

export function phone(host) {
  let data = null, chosen = 0; // 0: the last boot, whichever that is
  const boot = () => data.boots.find(b => b.number === chosen) || data.boots[0];
  const draw = () => {
    const b = boot();
    if (!b) {
      when($("p-boot"), "", () => el("p", { class: "dim" }, "Nothing was heard of it since this box started."));
      return;
    }
    keyed($("p-boots"), data.boots, x => x.number, x => el("button", { type: "button", role: "tab", id: "b-" + x.number, "aria-controls": "p-boot", onclick: () => { chosen = x.number === data.boots[0].number ? 0 : x.number; draw(); } }),
      (n, x) => text(n, "Boot " + x.number + (x === data.boots[0] ? ", the last" : "") + ", " + stamp(x.start)));
    for (const [k, n] of $("p-boots").nodes) {
      attr(n, "aria-selected", k === b.number ? "true" : "false");
      n.tabIndex = k === b.number ? 0 : -1;
    }
    attr($("p-boot"), "aria-labelledby", "b-" + b.number);
    const wide = $("p-boot").clientWidth;
    when($("p-boot"), [b, wide], () => [el("div", { class: "scroll" }, timeline(b, wide)), el("p", { class: "key dim" }, el("span", { class: "k ok" }, "sent or answered"), el("span", { class: "k none" }, "no such file"), el("span", { class: "k bad" }, "went wrong"), el("span", { class: "k wait" }, "no answer yet")),
      b.dropped ? el("p", { class: "dim" }, many(b.dropped, "earlier line") + " made room.") : "", lines(b)]);
  };
  $("p-boots").addEventListener("keydown", e => {
    const go = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -1e3, End: 1e3 }[e.key];
    if (!go) return;
    e.preventDefault();
    const all = [...$("p-boots").children], i = all.indexOf(document.activeElement);
    const n = all[Math.max(0, Math.min(all.length - 1, i + go))];
    n.focus();
    n.click();
  });
  new ResizeObserver(() => { if (data) draw(); }).observe($("v-phone"));
  return {
    view(j) {
      data = j;
      host(j.host);
      const name = j.name || j.device || j.address;
      text($("p-name"), name);
      document.title = name + " · " + j.host;
      const kind = j.up ? (j.verdict.code === "ok" ? "up" : "stays") : j.state === "unseen" ? "unseen" : j.verdict.code === "-" ? "open" : "bad";
      when($("p-what"), [j.device, j.section, j.model, j.address, j.address6, j.load, j.load_basis, j.wanted, j.pool, j.state, j.basis, j.seconds, kind], () => {
        const parts = [j.name ? j.device : "", j.section, j.model, j.address, j.address6, j.load ? "runs " + j.load + (j.load_basis === "inferred" ? " (inferred)" : "") : "",
          j.wanted && j.wanted.toLowerCase() !== (j.load || "").toLowerCase() ? "is to run " + j.wanted : "", j.pool ? "lease of " + j.pool : "", j.seconds ? "came up in " + took(j.seconds) : ""].filter(Boolean);
        return [tag(kind, j.state), j.basis === "inferred" ? el("small", {}, " inferred") : "", " ", ...parts.map((p, i) => el("span", { class: "part" }, p))];
      });
      when($("p-verdicts"), [j.verdict, j.others, kind], () => [verdict(j.verdict, kind), ...(j.others || []).map(v => verdict(v, v.blocking ? "bad" : "none"))]);
      text($("version"), "");
      draw();
    },
  };
}

function here(l) {
  if (l.here === "whole") return tag("up", "whole");
  if (l.here === "missing") return [tag("bad", l.present + " of " + many(l.total, "file")), l.missing ? el("div", { class: "dim" }, l.missing.join("; ")) : ""];
  return [tag(l.wanted || l.configured ? "bad" : "none", "not here"), l.missing ? el("div", { class: "dim" }, l.missing.join("; ")) : ""];
}
function matrix(list) {
  if (!list.length) return el("p", { class: "dim" }, "No load is configured, none lies in flash:, and no phone was seen.");
  return el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Loads by model" }, el("table", {}, el("thead", {}, el("tr", {}, ["Model", "Load", "In flash:", "Wanted by", "Run by"].map((h, i) => el("th", { scope: "col", class: i > 2 ? "n" : "" }, h)))),
    list.map(m => el("tbody", {}, (m.loads.length ? m.loads : [null]).map((l, i) => el("tr", {}, i ? "" : el("th", { scope: "rowgroup", rowspan: m.loads.length || 1 }, m.model || "model not known", el("small", { class: "dim" }, m.phones ? " " + many(m.phones, "phone") : "")),
      ...(l ? [el("td", { class: "mono" }, l.name), el("td", {}, here(l)), el("td", { class: "n", "data-l": "wanted by" }, l.wanted || (l.configured ? "0, configured" : "")), el("td", { class: "n", "data-l": "run by" }, l.runs ? l.runs + (l.inferred ? ", " + l.inferred + " inferred" : "") : "")]
        : [el("td", { colspan: 4, class: "dim" }, "which load it runs is not known")])))))));
}
function upgrade(u) {
  const kind = { running: "open", done: "up", stopped: "bad", paused: "open", aborted: "bad" }[u.state] || "none";
  return el("article", { class: "card" }, el("h3", {}, u.name + " ", tag(kind, u.state)), el("p", { class: "dim" }, [u.type, "to " + u.load, u.started ? "started " + stamp(u.started) : "", u.ended ? "ended " + stamp(u.ended) : "", u.why].filter(Boolean).join(", ")),
    el("ul", { class: "plain bars" }, u.waves.map(w => {
      const done = w.states.find(s => s.what === "done")?.n || 0, rest = w.states.filter(s => s.what !== "done").map(s => s.n + " " + s.what).join(", ");
      const failed = w.states.some(s => s.what === "stuck" || s.what === "not returned"), says = done + " of " + w.total + " done";
      return el("li", {}, el("div", {}, el("span", {}, "Wave " + w.number + (w.number === u.wave && u.state === "running" ? ", under way" : "")), el("span", {}, says)), el("progress", { max: w.total || 1, value: done, "aria-label": "Wave " + w.number + ": " + says }), el("small", { class: failed ? "badtext" : "dim" }, rest));
    })));
}
function share(t) {
  const head = [t.load || t.family, t.subnet, t.start ? stamp(t.start) : ""].filter(Boolean).join(", ");
  return el("article", { class: "card" }, el("h3", {}, head), t.files ? el("p", { class: "dim" }, t.files) : "", t.hidden ? el("p", {}, "Not to be seen from here: " + t.hidden) : "",
    t.nodes.length ? tree(t) : "", t.more ? el("p", { class: "dim" }, "and " + many(t.more, "phone") + " more") : "", t.findings ? el("ul", {}, t.findings.map(f => el("li", {}, f))) : "",
    t.nodes.length ? el("details", {}, el("summary", {}, "As a list"), el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ["Phone", "Had it from", "Role", "Known", "Size", "Took", "Why"].map(h => el("th", { scope: "col" }, h)))),
      el("tbody", {}, t.nodes.map(n => el("tr", {}, el("td", {}, n.name || n.device), el("td", {}, n.parent || (n.role === "child" ? "not known" : "")), el("td", {}, n.role === "?" ? "not known" : n.role), el("td", {}, n.basis), el("td", {}, n.bytes ? size(n.bytes) : ""), el("td", {}, n.seconds ? took(n.seconds) : ""), el("td", {}, n.why))))))) : "");
}
export function firmware(host) {
  return {
    view(j) {
      host(j.host);
      document.title = "Firmware · " + j.host;
      when($("matrix"), j.models, matrix);
      when($("upgrades"), j.upgrades, l => l.length ? l.map(upgrade) : el("p", { class: "dim" }, "No upgrade is configured."));
      const open = [...$("trees").children].map(n => n.querySelector("details")?.open);
      when($("trees"), j.trees, l => l.length ? l.map(share) : el("p", { class: "dim" }, "No firmware was seen to be passed on."));
      [...$("trees").children].forEach((n, i) => { const d = n.querySelector("details"); if (d && open[i]) d.open = true; });
    },
  };
}

export function log(host) {
  let all = [];
  const draw = () => {
    const q = $("lq").value.trim().toLowerCase(), box = $("log");
    const list = q ? all.filter(l => l.text.toLowerCase().includes(q)) : all;
    keyed(box, list, l => l.id, () => el("div"), (n, l) => {
      text(n, l.text);
      n.className = "s" + (/%[A-Z0-9_]+-([0-7])-/.exec(l.text)?.[1] ?? "");
    });
    text($("l-count"), all.length ? q ? many(list.length, "line") + " of " + all.length : "" : "The log is empty, or `logging buffered` is off.");
    if ($("follow").checked) box.scrollTop = box.scrollHeight;
  };
  $("lq").addEventListener("input", draw);
  $("follow").addEventListener("change", draw);
  for (const f of $("v-log").querySelectorAll("form")) f.addEventListener("submit", e => e.preventDefault());
  return {
    view(j) {
      host(j.host);
      document.title = "Log · " + j.host;
      const had = new Map(all.map(l => [l.id, l])), n = {}; // a line that is there twice is two lines
      all = j.lines.map(t => {
        const id = t + "#" + (n[t] = (n[t] || 0) + 1);
        return had.get(id) || { id, text: t };
      });
      draw();
    },
  };
}

function sign(l) {
  return l.startsWith("+") ? "add" : l.startsWith("-") ? "del" : "";
}
export function changes(host) {
  return {
    view(j) {
      host(j.host);
      document.title = "Changes · " + j.host;
      when($("changes"), j.changes, list => list.length ? list.map(c => el("article", { class: "card" }, el("h3", {}, c.who || "console", " ", time(c.to), c.from !== c.to && Date.parse(c.to) - Date.parse(c.from) > 1000 ? el("small", { class: "dim" }, " over " + took((Date.parse(c.to) - Date.parse(c.from)) / 1000)) : ""),
        c.lines ? el("div", { class: "diff", role: "group", "aria-label": "What changed" }, c.lines.map(l => el("div", { class: sign(l) }, l))) : el("p", { class: "dim" }, c.who === "startup-config" ? "Read at the start." : "Nothing is different after it."), c.more ? el("p", { class: "dim" }, "and " + many(c.more, "line") + " more") : ""))
        : el("p", { class: "dim" }, "Nobody has changed it since the start."));
    },
  };
}
