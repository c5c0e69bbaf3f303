// Finds schools and students by small files beside the pages, filters the lists of a page, and opens what is closed before printing.
// Nothing is loaded from anywhere else, and nothing is sent.
"use strict";
(() => {
  const root = document.documentElement.dataset.root || "";
  const most = 50;

  // Spaces and the dots within names are typed in many ways.
  const folded = (text) => text.normalize("NFKC").replace(/[\s·•．.・‧]/gu, "").toLowerCase();

  const load = (path) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = root + path;
    script.onload = () => done();
    script.onerror = () => failed(new Error(path));
    document.head.append(script);
  });

  const schools = () => window.xuejiSchools || [];

  const hit = (text, school) => {
    const line = document.createElement("li");
    const link = document.createElement("a");
    link.href = root + school[2];
    link.textContent = text;
    const beside = document.createElement("span");
    beside.textContent = " " + school[3] + " " + school[0];
    line.append(link, beside);
    return line;
  };

  const show = (list, state, lines, more) => {
    list.replaceChildren(...lines);
    state.textContent = lines.length === 0 ? "没有找到" : "找到 " + (lines.length + more) + " 条" + (more > 0 ? "，列出前 " + lines.length + " 条，请多写几个字" : "");
  };

  const findSchool = (text, list, state) => {
    const asked = folded(text);
    if (asked === "") { list.replaceChildren(); state.textContent = ""; return; }
    const found = schools().filter((school) => school[0].startsWith(asked) || folded(school[1]).includes(asked) || folded(school[3]).includes(asked));
    show(list, state, found.slice(0, most).map((school) => hit(school[1], school)), Math.max(0, found.length - most));
  };

  const names = new Map();
  window.xuejiNames = (shard, entries) => names.set(shard, entries);

  const findStudent = async (text, list, state) => {
    const asked = folded(text);
    const letters = Array.from(asked);
    if (letters.length < 2) {
      list.replaceChildren();
      state.textContent = letters.length === 0 ? "" : "请写姓名的前两个字，或更多";
      return;
    }
    const shard = (letters[0].codePointAt(0) * 31 + letters[1].codePointAt(0)) % Number(list.dataset.shards);
    if (!names.has(shard)) {
      try { await load("pages/find/" + shard + ".js"); } catch { names.set(shard, []); }
    }
    const lines = [];
    for (const [name, ...places] of names.get(shard) || []) {
      if (folded(name).startsWith(asked)) {
        for (const place of places) { lines.push([name, schools()[place]]); }
      }
    }
    show(list, state, lines.slice(0, most).map(([name, school]) => hit(name + "，" + school[1], school)), Math.max(0, lines.length - most));
  };

  const finders = { school: findSchool, student: findStudent };
  for (const box of document.querySelectorAll("input[data-find]")) {
    const list = document.getElementById(box.getAttribute("aria-controls"));
    const state = document.getElementById(box.getAttribute("aria-describedby"));
    let latest = 0;
    box.addEventListener("input", async () => {
      const own = ++latest;
      const text = box.value;
      // Whoever goes on typing is not answered for every letter.
      await new Promise((done) => setTimeout(done, 120));
      if (own === latest) { await finders[box.dataset.find](text, list, state); }
    });
  }

  for (const box of document.querySelectorAll("input[data-filter]")) {
    const state = document.getElementById(box.getAttribute("aria-describedby"));
    box.addEventListener("input", () => {
      const asked = folded(box.value);
      let shown = 0;
      for (const item of document.querySelectorAll("[data-item]")) {
        item.hidden = asked !== "" && !folded(item.textContent).includes(asked);
        if (!item.hidden) { shown += 1; }
      }
      for (const group of document.querySelectorAll("[data-group]")) {
        group.hidden = asked !== "" && group.querySelector("[data-item]:not([hidden])") === null;
      }
      state.textContent = asked === "" ? "" : "列出 " + shown + " 条";
    });
  }

  window.addEventListener("beforeprint", () => {
    for (const closed of document.querySelectorAll("details:not([open])")) { closed.open = true; closed.dataset.opened = ""; }
  });
  window.addEventListener("afterprint", () => {
    for (const opened of document.querySelectorAll("details[data-opened]")) { opened.open = false; delete opened.dataset.opened; }
  });
})();
