// Puts the parts of the page together: one state, and everything shows it.

class Page {
  constructor(model) {
    this.model = model;
    this.state = readState(model);
    this.chart = new Chart(byId("chart"), model, (from, to) => this.change({ from, to }));
    const input = {
      onZoom: (zoom) => this.change({ zoom }),
      onOpen: (name) => this.open(name),
      onFocus: (tree) => this.describe(tree),
    };
    this.graphs = {
      down: new Graph(byId("graph"), { ...input, isUpwards: false, label: "Calls by their memory. Arrow keys move, Enter zooms" }),
      up: new Graph(byId("callers"), { ...input, isUpwards: true, label: "Callers by their memory. Arrow keys move, Enter zooms" }),
    };
    this.table = new Table(byId("table"), (key) => this.sortBy(key), (row, isOn) => this.findRow(row, isOn), (row) => this.open(row.name));
    this.fillSelects();
    this.showFacts();
    showParts(model);
    this.addInput();
    this.show();
  }

  change(changes) {
    Object.assign(this.state, changes);
    if (this.frame !== undefined) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = undefined;
      this.show();
    });
  }

  show() {
    const { model, state } = this;
    const { pattern, problem } = patternOf(state.search);
    state.pattern = pattern;
    const sums = sumUp(model, state);
    const own = sums[state.unit];
    this.showControls(problem);
    this.chart.select(state.from, state.to);
    this.showRange(own);
    this.showGraphs(own);
    this.table.show(model, sums, state);
    const found = pattern === null ? 0 : foundIn(model, own, pattern);
    byId("found").textContent = problem !== "" ? problem
      : pattern === null ? "" : "found: " + exactAmount(found, state.unit) + " (" + (percent(found, total(own)) || "0%") + ")";
    showSizes(model, state);
    showAges(model, state);
    writeState(model, state);
  }

  showRange(own) {
    const { model, state } = this;
    const width = model.raw.slices.width_ns;
    const isAll = state.from === 0 && state.to === model.slices;
    const time = (slice) => shortTime(this.chart.timeOf(slice), width);
    const what = isAll ? "Whole record" : time(state.from) + " to " + (state.to === model.slices ? "the end" : time(state.to));
    byId("range").textContent = what + ": " + exactAmount(total(own), state.unit) + " " + (isAll ? WHOLE_WORDS : METRIC_WORDS)[state.metric];
    byId("from").value = state.from;
    byId("to").value = state.to;
    byId("from").setAttribute("aria-valuetext", time(state.from));
    byId("to").setAttribute("aria-valuetext", time(state.to));
  }

  showGraphs(own) {
    const { model, state, graphs } = this;
    const how = { zoom: state.zoom, unit: state.unit, pattern: state.pattern, order: state.order };
    const isUp = state.view === "flame" || state.view === "sandwich";
    const isDown = state.view !== "flame";
    const isEmpty = total(own) === 0;
    byId("callers").hidden = !isUp || isEmpty;
    byId("graph").hidden = !isDown || isEmpty;
    byId("empty").hidden = !isEmpty;
    byId("empty").textContent = "Nothing was " + METRIC_WORDS[state.metric] + " by what is selected.";
    byId("unzoom").hidden = state.zoom.length === 0 && state.view !== "sandwich";
    if (isEmpty) return;
    if (state.view === "sandwich") {
      const { callers, calls } = sandwich(model, own, state.focus);
      graphs.up.show(model, callers, { ...how, zoom: [] });
      graphs.down.show(model, calls, how);
    } else if (state.view === "inverted") {
      graphs.down.show(model, invertedTree(model, own), how);
    } else {
      graphs[isUp ? "up" : "down"].show(model, callTree(model, own), how);
    }
  }

  showControls(problem) {
    const { state } = this;
    for (const key of ["metric", "unit", "view", "order", "group", "module", "file", "thread"]) byId(key).value = String(state[key]);
    byId("only").checked = state.only;
    const search = byId("search");
    if (search !== document.activeElement) search.value = state.search;
    search.setAttribute("aria-invalid", String(problem !== ""));
  }

  describe(tree) {
    const graph = this.graphs.down.root === null || byId("graph").hidden ? this.graphs.up : this.graphs.down;
    const { title, place, lines } = graph.describe(tree);
    byId("focus").textContent = [title, place, ...lines].filter((text) => text !== "").join("  \u00b7  ");
  }

  open(name) {
    if (name < 0) return;
    const { functionKey, kind } = this.model.names[name];
    if (kind !== KIND.NONE) this.change({ view: "sandwich", focus: functionKey, zoom: [] });
  }

  sortBy(key) {
    const { state } = this;
    this.change(state.sort === key ? { descending: !state.descending } : { sort: key, descending: key !== "text" });
  }

  // Finds the frames of a row of the table in the graph.
  findRow(row, isOn) {
    if (row.name < 0) return;
    const name = this.model.names[row.name];
    const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const texts = { line: "^" + quoted(name.label) + "$", function: "^" + quoted(name.function) + "(\\s|$)",
      native: "^" + quoted(name.function) + "$", file: quoted(name.file || name.library), module: quoted(name.module) };
    this.change({ search: isOn ? texts[this.state.group] : "" });
  }

  fillSelects() {
    const { model } = this;
    const fill = (id, all, choices) => {
      byId(id).replaceChildren(element("option", all, { value: id === "thread" ? "-1" : "" }),
        ...choices.map(([value, text]) => element("option", text, { value })));
    };
    const named = (key) => [...new Set(model.names.map((name) => name[key]).filter((text) => text !== ""))].sort();
    fill("module", "all", named("module").map((text) => [text, text]));
    fill("file", "all", named("file").map((text) => [text, baseName(text)]));
    fill("thread", "all", model.raw.threads.map((_, index) => [String(index), threadText(model, index)]));
    for (const id of ["from", "to"]) byId(id).max = id === "from" ? model.slices - 1 : model.slices;
  }

  showFacts() {
    const { raw, slices } = this.model;
    byId("command").textContent = raw.command;
    byId("command").title = raw.command;
    document.title = "pymemflow: " + raw.command;
    byId("facts").textContent = "process " + raw.process + (raw.python === "" ? "" : ", Python " + raw.python) + ", " +
      new Date(raw.started_ms).toLocaleString();
    const { record, folded } = raw;
    const notes = ["The record has " + exact(record.events) + " events, " + exact(record.lost) + " lost" +
      (record.damaged + record.left_out > 0 ? ", " + exact(record.damaged) + " damaged parts, " + exact(record.left_out) + " events left out" : "") +
      ". A range snaps to slices of " + shortSpan(raw.slices.width_ns) + ", of which there are " + exact(slices) +
      "; the numbers of a range are exact."];
    if (raw.metric === "temporary" || raw.metric === "mapped") notes.push("The stacks of " + raw.metric + " memory are not on this page: the formats summary, tree and json have them.");
    if (raw.is_selected) notes.push("The stacks are those that options selected; the memory over time is that of the process.");
    if (raw.from !== "" || !raw.is_to_the_end) {
      notes.push("This page is on the part of the record from " + (raw.from || "the start") + " to " + raw.to + ".");
    }
    if (folded.stacks > 0) {
      notes.push(exact(folded.shown) + " stacks are shown; " + exact(folded.stacks) + " smaller ones are summed up in frames named [rest], " +
        "since branches with less than " + (folded.share / 1e4).toFixed(3) + "% of all memory and blocks would make this file too large. The sums of all other frames include them.");
    }
    if (raw.all_marks > raw.marks.length) notes.push("The first " + exact(raw.marks.length) + " of " + exact(raw.all_marks) + " marks are shown.");
    byId("notes").replaceChildren(...notes.map((note) => element("p", note)));
  }
}
