"use strict";
/* The matrix, the filters, and the pages of a case and of a build, from the tables in #data. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const text = (index) => data.texts[index];
  const byId = (id) => document.getElementById(id);
  const ORDER = ["error", "fail", "unverified", "pass", "unfit"]; // the worst decides

  /** An element with attributes and children; texts are never mark-up. */
  function el(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.flat(Infinity).filter((c) => c !== "" && c !== undefined));
    return made;
  }

  const numbers = (pairs) => data.sums[pairs].map(([name, count]) => [text(name), count]);
  const builds = data.builds.map((row) => ({
    case: text(row[0]), arch: text(row[1]), mode: text(row[2]), compiler: text(row[3]),
    variant: text(row[4]), status: text(row[5]), checks: numbers(row[6]), counts: numbers(row[7]),
    sites: row[8], seconds: row[9], message: text(row[10]), failures: row[11], places: row[12],
  }));
  const place = ([index, address]) => {
    const [kind, key, where, source, states, after] = data.places[index];
    return { kind: text(kind), key: text(key), where: text(where), source: text(source), address,
      states: states.map(state), after: after.map(line) };
  };
  const state = (index) => {
    const [when, lines, value] = data.states[index];
    return { when: when.map(text), lines: lines.map(line), value: text(value) };
  };
  const line = (index) => {
    const [offset, code, shown] = data.lines[index];
    return { offset, code: text(code), text: text(shown) };
  };

  const groups = new Map(); // the builds of a cell of the matrix
  const nameOf = (...parts) => parts.join("/");
  for (const build of builds) {
    const name = nameOf(build.case, build.arch, build.mode, build.compiler);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(build);
  }
  const worst = (many) => ORDER.find((s) => many.some((b) => b.status === s)) ?? "pass";
  const link = (kind, ...parts) => `#/${kind}/${parts.map(encodeURIComponent).join("/")}`;
  const counted = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
  const sum = (many) => many.reduce((all, b) => all + b.checks.reduce((s, [, n]) => s + n, 0), 0);

  function sign(many, ...names) {
    const status = worst(many);
    const [mark, word] = data.statuses[status];
    const label = `${names.join(" ")}: ${word}, ${counted(many.length, "build")}, ${counted(sum(many), "check")}`;
    return el("a", { href: link("cell", ...names), class: status, title: label, "aria-label": label }, mark);
  }

  /* --- the matrix --- */

  const { arch: arches = [], mode: modes = [], compiler: compilers = [] } = data.filters;
  const columns = arches.flatMap((a) => modes.flatMap((m) => compilers.map((c) => [a, m, c])))
    .filter(([a, m, c]) => builds.some((b) => b.arch === a && b.mode === m && b.compiler === c));
  const cases = [...new Set(builds.map((b) => b.case))].filter((c) =>
    columns.some((column) => groups.has(nameOf(c, ...column))));
  const words = new Map(); // what the text filter looks at, by case

  function head(level) {
    const row = el("tr", {}, el("th", { scope: "col" }, level === 2 ? "case" : ""));
    let last;
    for (const [index, column] of columns.entries()) {
      const name = nameOf(...column.slice(0, level + 1));
      if (name === last) {
        row.lastChild.colSpan += 1;
      } else {
        row.append(el("th", { scope: level < 2 ? "colgroup" : "col" }, column[level]));
      }
      row.lastChild.columns = [...(row.lastChild.columns ?? []), index];
      last = name;
    }
    return row;
  }

  function drawMatrix() {
    const body = el("tbody");
    for (const name of cases) {
      const row = el("tr", {}, el("th", { scope: "row" }, el("a", { href: link("case", name) }, name)));
      row.dataset.case = name;
      columns.forEach((column, index) => {
        const many = groups.get(nameOf(name, ...column));
        const first = index > 0 && column[0] !== columns[index - 1][0];
        const cell = el("td", { class: first ? "first" : false },
          many ? sign(many, name, ...column) : el("span", { class: "none" }, "·"));
        cell.many = many ?? [];
        row.append(cell);
      });
      body.append(row);
    }
    byId("matrix").append(el("thead", {}, head(0), head(1), head(2)), body);
    for (const a of body.querySelectorAll("a")) a.tabIndex = -1;
    const first = body.querySelector("a");
    if (first) first.tabIndex = 0;
    body.addEventListener("keydown", move);
  }

  /** The arrow keys go to the next link that is shown; one link of the matrix is a tab stop. */
  function move(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const from = event.target.closest("td, th");
    if (!step || !from) return;
    event.preventDefault();
    const rows = [...byId("matrix").tBodies[0].rows].filter((r) => !r.hidden);
    let [y, x] = [rows.indexOf(from.parentNode), from.cellIndex];
    for (;;) {
      [y, x] = [y + step[0], x + step[1]];
      const cell = rows[y]?.cells[x];
      if (!cell) return;
      const to = cell.hidden ? null : cell.querySelector("a:not([hidden])");
      if (!to) continue;
      for (const a of byId("matrix").querySelectorAll('a[tabindex="0"]')) a.tabIndex = -1;
      to.tabIndex = 0;
      to.focus();
      return;
    }
  }

  /* --- filters --- */

  const form = byId("filters");
  const chosen = (field) => [...form.querySelectorAll(`[data-field="${field}"] [aria-pressed="true"]`)].map((b) => b.value);

  function wordsOf(name) {
    if (!words.has(name)) {
      const found = new Set([name, data.titles[name] ?? ""]);
      for (const build of builds.filter((b) => b.case === name)) {
        found.add(build.message);
        for (const [index] of build.places) {
          if (index < 0) continue;
          const [, key, where, source] = data.places[index];
          found.add(text(key)).add(text(where)).add(text(source));
        }
        for (const n of build.failures) found.add(byId(`f${n}`)?.textContent ?? "");
      }
      words.set(name, [...found].join("\n").toLowerCase());
    }
    return words.get(name);
  }

  function filter() {
    const want = Object.fromEntries(["arch", "mode", "compiler", "status"].map((f) => [f, chosen(f)]));
    const needle = byId("text").value.trim().toLowerCase();
    const takes = (field, value) => !want[field].length || want[field].includes(value);
    const shownColumns = columns.map(([a, m, c]) => takes("arch", a) && takes("mode", m) && takes("compiler", c));
    for (const th of byId("matrix").tHead.querySelectorAll("th")) {
      if (!th.columns) continue;
      const own = th.columns.filter((i) => shownColumns[i]).length;
      th.hidden = !own;
      if (own) th.colSpan = own;
    }
    let found = 0, rows = 0;
    for (const row of byId("matrix").tBodies[0].rows) {
      const right = !needle || wordsOf(row.dataset.case).includes(needle);
      let here = 0;
      [...row.cells].slice(1).forEach((cell, index) => {
        cell.hidden = !shownColumns[index];
        const many = cell.many.filter((b) => takes("status", b.status));
        const mark = cell.querySelector("a");
        if (mark) mark.hidden = !many.length;
        if (shownColumns[index]) here += many.length;
      });
      row.hidden = !right || !here;
      if (!row.hidden) { found += here; rows += 1; }
    }
    let wrong = 0;
    for (const failure of document.querySelectorAll(".failure")) {
      const set = (field) => failure.dataset[field].split(" ");
      const fits = Object.keys(want).every((f) => !want[f].length || set(f).some((v) => want[f].includes(v)));
      failure.hidden = !fits || (needle && !failure.textContent.toLowerCase().includes(needle));
      wrong += !failure.hidden;
    }
    for (const family of document.querySelectorAll(".family")) {
      const more = family.querySelector(".more");
      if (more) {
        more.hidden = !more.querySelector(".failure:not([hidden])");
        more.open = family.querySelector(".failure").hidden && !more.hidden;
      }
    }
    if (byId("none-wrong")) byId("none-wrong").hidden = wrong > 0;
    const on = needle || Object.values(want).some((v) => v.length);
    byId("found").textContent = on ? `${counted(rows, "case")}, ${counted(found, "build")}` +
      (byId("wrong") ? `, ${counted(wrong, "mistake")}` : "") : "";
    const stop = byId("matrix").querySelector('a[tabindex="0"]');
    if (!stop || stop.offsetParent === null) {
      if (stop) stop.tabIndex = -1;
      const next = [...byId("matrix").tBodies[0].querySelectorAll("a")].find((a) => a.offsetParent !== null);
      if (next) next.tabIndex = 0;
    }
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[aria-pressed]");
    if (!button) return;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    filter();
  });
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    for (const b of form.querySelectorAll("[aria-pressed]")) b.setAttribute("aria-pressed", "false");
    setTimeout(filter);
  });

  /* --- a case --- */

  const crumbs = (...parts) => el("p", { class: "crumbs" }, el("a", { href: "#/" }, "all results"),
    ...parts.flatMap(([name, href]) => [" / ", href ? el("a", { href }, name) : name]));
  const missing = (what) => [crumbs(), el("h1", { tabindex: "-1" }, `There is no ${what} in this report.`)];

  function mistakes(many) {
    const found = [...new Set(many.flatMap((b) => b.failures))].sort((a, b) => a - b);
    if (!found.length) return [];
    const families = new Map(); // of those that are alike the first, and how many more
    for (const n of found) {
      const family = byId(`f${n}`).closest(".family");
      if (families.has(family)) families.get(family)[1] += 1;
      else families.set(family, [n, 0]);
    }
    return [el("h2", {}, "What is wrong"), el("ul", { class: "plain" }, [...families.values()].map(([n, more]) => {
      const own = byId(`f${n}`);
      const told = `${own.querySelector(".check").textContent}: ${own.querySelector(".message").textContent}`;
      return el("li", {}, el("a", { href: `#f${n}` }, told), more ? `, and ${more} more like it` : "");
    }))];
  }

  function showCase(name) {
    const own = builds.filter((b) => b.case === name);
    if (!own.length) return missing(`case “${name}”`);
    const rows = [...new Set(own.map((b) => nameOf(b.arch, b.mode)))].map((n) => n.split("/"));
    const across = compilers.filter((c) => own.some((b) => b.compiler === c));
    const table = el("table", { class: "mini" },
      el("thead", {}, el("tr", {}, el("th"), el("th"), across.map((c) => el("th", { scope: "col" }, c)))),
      el("tbody", {}, rows.map(([arch, mode]) => el("tr", {},
        el("th", { scope: "row" }, arch), el("th", { scope: "row" }, mode),
        across.map((c) => {
          const many = groups.get(nameOf(name, arch, mode, c));
          return el("td", {}, many ? sign(many, name, arch, mode, c) : "·");
        })))));
    return [crumbs([name]), el("h1", { tabindex: "-1" }, name), el("p", {}, data.titles[name] ?? ""),
      ...mistakes(own), el("h2", {}, "In each mode"), table, ...caseSites(own)];
  }

  /** The lines of C with sites, each with the builds in which it is patched. */
  function caseSites(own) {
    const lines = new Map();
    for (const build of own) {
      build.places.forEach(([index], at) => {
        if (index < 0 || !text(data.places[index][3])) return;
        const [kind, key, where, source] = data.places[index];
        const file = /\(([^()]*)\)$/.exec(text(where))?.[1] ?? "";
        const name = `${file}\n${text(source)}`;
        if (!lines.has(name)) lines.set(name, { file, source: text(source), key: text(key), in: new Map() });
        const label = `${build.arch} ${build.mode} ${build.compiler}: ${text(kind)}`;
        const found = lines.get(name).in;
        if (!found.has(label)) found.set(label, siteLink(build, at));
      });
    }
    if (!lines.size) return [];
    const order = (a, b) => a.file.localeCompare(b.file, "en", { numeric: true });
    return [el("h2", {}, "Sites in the source"), ...[...lines.values()].sort(order).map((l) =>
      el("details", { class: "place" },
        el("summary", {}, el("code", {}, `${l.file}: `), el("code", {}, l.source), ` — key ${l.key}`),
        el("ul", { class: "plain" }, [...l.in].map(([label, href]) => el("li", {}, el("a", { href }, label))))))];
  }

  const siteLink = (build, at) => link("cell", build.case, build.arch, build.mode, build.compiler, build.variant, at);

  /* --- a build --- */

  function showCell(name, arch, mode, compiler, variant, at) {
    const many = groups.get(nameOf(name, arch, mode, compiler));
    if (!many) return missing("such build");
    const build = many.find((b) => b.variant === variant) ?? many.find((b) => b.status === worst(many)) ?? many[0];
    const [mark, word] = data.statuses[build.status];
    const tabs = el("ul", { class: "tabs" }, many.map((b) => el("li", {}, el("a", {
      href: link("cell", name, arch, mode, compiler, b.variant), "aria-current": b === build ? "true" : false,
    }, el("span", { class: `sign ${b.status}` }, data.statuses[b.status][0]), ` ${b.variant}`))));
    const table = el("table", { class: "counts" }, [...build.checks, ...build.counts].map(([n, c]) =>
      el("tr", {}, el("th", { scope: "row" }, n), el("td", {}, c.toLocaleString("en")))));
    const [done, all] = build.sites;
    return [crumbs([name, link("case", name)], [`${arch} ${mode} ${compiler}`]),
      el("h1", { tabindex: "-1" }, `${name}: ${arch}, ${mode}, ${compiler}`), el("p", {}, data.titles[name] ?? ""),
      tabs, el("p", {}, el("span", { class: `sign ${build.status}` }, mark), ` ${build.variant}: ${word} in ${build.seconds} s` +
        (all ? `; ${done} of ${counted(all, "site")} executed` : "")),
      build.message ? el("pre", {}, build.message) : "", ...mistakes([build]), ...places(build, at),
      el("h2", {}, "What was checked"), table];
  }

  function places(build, at) {
    const found = build.places.map((p) => p[0] < 0 ? null : place(p));
    const left = found.filter((p) => p === null).length;
    const title = el("h2", {}, "What is patched, and each state that the run put it in");
    if (!found.length) {
      return [title, el("p", {}, "Nothing is known to be patched in this build: its mode writes no code, or the report does not have it.")];
    }
    return [title, el("p", { class: "in" }, "Bytes that are not as they were in the state before are ", el("mark", {}, "marked"), "."),
      left ? el("p", { class: "note" }, `${counted(left, "place")} more: the page would be too large.`) : "",
      ...found.map((p, index) => p ? drawPlace(p, siteLink(build, index), String(index) === at) : "")];
  }

  function drawPlace(p, href, named) {
    return el("article", { class: named ? "place named" : "place", id: named ? "named" : false },
      el("h3", { tabindex: named ? "-1" : false }, el("a", { href, title: "link to this place" }, p.where), ` — ${p.kind} of ${p.key}`),
      p.source ? el("p", { class: "source" }, el("code", {}, p.source)) : "",
      el("dl", { class: "states" }, p.states.map((s, i) => drawState(p, s, p.states[i - 1])),
        p.after.length ? drawRows("rest", "behind it, always", p.after.map((l) => drawLine(p, l))) : ""));
  }

  function drawState(p, s, before) {
    const rows = s.lines.map((l, i) => drawLine(p, l, before?.lines));
    const held = s.value ? [el("br"), el("small", {}, `the key holds ${s.value}`)] : [];
    return drawRows("state", [s.when.map((w, i) => [i ? el("br") : "", w]), held], rows);
  }

  const drawRows = (kind, name, rows) => el("div", { class: kind }, el("dt", {}, name), el("dd", {}, el("pre", { tabindex: "0" }, rows)));

  /** A line of code; a byte is marked where the byte at its address was another. */
  function drawLine(p, l, before) {
    const old = new Map();
    for (const b of before ?? []) b.code.split(" ").forEach((byte, i) => old.set(b.offset + i, byte));
    const bytes = l.code.split(" ").flatMap((byte, i) => {
      const changed = before && old.get(l.offset + i) !== byte;
      return [i ? " " : "", changed ? el("mark", {}, byte) : byte];
    });
    const address = (p.address + l.offset).toString(16).padStart(8);
    return [`${address}: `, ...bytes, " ".repeat(Math.max(1, 25 - l.code.length)), `${l.text}\n`];
  }

  /* --- where to go --- */

  function go() {
    const hash = location.hash;
    const detail = byId("detail");
    const [kind, ...rest] = hash.startsWith("#/") ? hash.slice(2).split("/").map(decodeURIComponent) : [""];
    const made = kind === "case" ? showCase(...rest) : kind === "cell" ? showCell(...rest) : null;
    byId("overview").hidden = made !== null;
    detail.hidden = made === null;
    detail.replaceChildren(...(made ?? []).filter((m) => m !== ""));
    if (made) {
      const named = byId("named");
      (named?.querySelector("h3") ?? detail.querySelector("h1")).focus({ preventScroll: true });
      if (named) named.scrollIntoView({ block: "start" });
      else scrollTo(0, 0);
      return;
    }
    const target = hash.length > 1 && !hash.startsWith("#/") ? byId(hash.slice(1)) : null;
    if (target) {
      const failure = target.closest(".failure");
      for (let d = failure; d; d = d.parentElement.closest("details")) { d.open = true; d.hidden = false; }
      target.scrollIntoView({ block: "start" });
      if (target === failure) failure.querySelector("summary").focus({ preventScroll: true });
    }
  }

  /* --- colours --- */

  const THEMES = ["system", "light", "dark"];
  function remembered(value) {
    try {
      if (value === undefined) return localStorage.getItem("sc-theme") ?? "system";
      localStorage.setItem("sc-theme", value);
    } catch { /* a file may have no storage */ }
    return value ?? "system";
  }
  function theme(name) {
    const button = byId("theme");
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    button.querySelector("span").textContent = name;
    button.setAttribute("aria-label", `Colours: ${name}`);
    button.dataset.now = name;
  }
  byId("theme").hidden = false;
  theme(THEMES.includes(remembered()) ? remembered() : "system");
  byId("theme").addEventListener("click", (event) => {
    const now = THEMES.indexOf(event.currentTarget.dataset.now);
    const next = THEMES[(now + 1) % THEMES.length];
    theme(next);
    remembered(next);
  });

  form.hidden = false;
  drawMatrix();
  addEventListener("hashchange", go);
  go();
})();
