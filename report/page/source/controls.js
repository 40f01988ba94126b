// The buttons, the fields and the keys of the page.

Page.prototype.addInput = function addInput() {
  const { model } = this;
  for (const id of ["metric", "unit", "order", "group", "module", "file"]) {
    byId(id).addEventListener("change", () => this.change({ [id]: byId(id).value }));
  }
  byId("thread").addEventListener("change", () => this.change({ thread: Number(byId("thread").value) }));
  byId("view").addEventListener("change", () => this.setView(byId("view").value));
  byId("only").addEventListener("change", () => this.change({ only: byId("only").checked }));
  byId("search").addEventListener("input", () => this.change({ search: byId("search").value }));
  byId("from").addEventListener("input", () => {
    const from = Number(byId("from").value);
    this.change({ from, to: Math.max(from + 1, this.state.to) });
  });
  byId("to").addEventListener("input", () => {
    const to = Number(byId("to").value);
    this.change({ to, from: Math.min(to - 1, this.state.from) });
  });
  byId("whole").addEventListener("click", () => this.change({ from: 0, to: model.slices }));
  byId("leaks").addEventListener("click", () => this.showLeaks());
  byId("peak").addEventListener("click", () => this.showPeak());
  byId("unzoom").addEventListener("click", () => this.showAll());
  byId("theme").addEventListener("click", () => this.changeTheme());
  byId("help").addEventListener("click", () => byId("keys").showModal());
  document.addEventListener("keydown", (event) => this.onKey(event));
  window.addEventListener("hashchange", () => {
    this.state = readState(model);
    this.show();
  });
  new ResizeObserver(() => this.onResize()).observe(document.querySelector("main"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.setTheme());
};

Page.prototype.setView = function setView(view) {
  if (view !== "sandwich") return this.change({ view, zoom: [], focus: "" });
  // The function that was chosen last, or else the largest row of the table.
  const marked = this.graphs.down.marked ?? this.graphs.up.marked;
  const name = marked?.above ? marked.name : (this.table.rows.find((row) => row.name >= 0 && this.model.names[row.name].kind !== KIND.NONE)?.name ?? -1);
  if (name < 0) return this.show();
  return this.open(name);
};

Page.prototype.showPeak = function showPeak() {
  this.change({ from: 0, to: peakSlice(this.model) + 1, metric: "live" });
};

Page.prototype.showLeaks = function showLeaks() {
  this.change({ from: 0, to: this.model.slices, metric: "leaked", group: "line", sort: "own", descending: true });
};

Page.prototype.showAll = function showAll() {
  const changes = { zoom: [] };
  if (this.state.view === "sandwich") Object.assign(changes, { view: "icicle", focus: "" });
  this.change(changes);
};

Page.prototype.onKey = function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  const isTyping = event.target.matches("input[type=search]");
  if (event.key === "Escape") {
    if (isTyping) event.target.blur();
    else this.showAll();
    return;
  }
  if (isTyping || event.target.matches("select")) return;
  const keys = {
    "/": () => byId("search").focus(), "?": () => byId("keys").showModal(), f: () => this.setView("flame"),
    i: () => this.setView("icicle"), v: () => this.setView("inverted"), s: () => this.setView("sandwich"),
    p: () => this.showPeak(), d: () => this.changeTheme(), r: () => this.change({ from: 0, to: this.model.slices }),
    l: () => this.showLeaks(),
  };
  if (!Object.hasOwn(keys, event.key) || event.defaultPrevented) return;
  event.preventDefault();
  keys[event.key]();
};

Page.prototype.onResize = function onResize() {
  const width = byId("chart").clientWidth;
  if (width === this.width) return;
  this.width = width;
  this.chart.plot.setSize({ width: Math.max(200, width), height: this.chart.plot.height });
  this.chart.select(this.state.from, this.state.to);
  for (const graph of Object.values(this.graphs)) graph.resize();
};

Page.prototype.changeTheme = function changeTheme() {
  this.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  this.setTheme();
};

Page.prototype.setTheme = function setTheme() {
  applyTheme(this.theme);
  this.chart.draw();
  this.show();
};

// Without a choice the page is as the system is.
function applyTheme(chosen) {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = chosen ?? (isDark ? "dark" : "light");
}

applyTheme();
