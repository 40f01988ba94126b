// What the page shows. The address keeps it: a link shows the same again.

const VIEWS = ["icicle", "flame", "inverted", "sandwich"];
const GROUPS = ["line", "function", "file", "module", "native", "thread"];

function firstState(model) {
  const metrics = { leaked: "leaked", total: "allocated" };
  return {
    from: 0, to: model.raw.metric === "peak" ? peakSlice(model) + 1 : model.slices,
    metric: metrics[model.raw.metric] ?? (model.raw.from && model.raw.metric !== "peak" ? "retained" : "live"),
    unit: "bytes", view: model.raw.is_inverted ? "inverted" : "icicle", order: "size", search: "", only: false, module: "", file: "", thread: -1,
    group: "line", sort: "own", descending: true, zoom: [], focus: "",
  };
}

// The slice that has the high-water mark.
function peakSlice(model) {
  let before = 0;
  let slice = 0;
  model.raw.slices.calls.forEach((step, number) => {
    before += step;
    if (before < model.raw.peak.call) slice = number;
  });
  return slice;
}

function allowed(value, list, otherwise) {
  return list.includes(value) ? value : otherwise;
}

function readState(model) {
  const state = firstState(model);
  const words = new URLSearchParams(location.hash.slice(1));
  const number = (key, otherwise) => {
    const read = Number.parseInt(words.get(key) ?? "", 10);
    return Number.isInteger(read) ? read : otherwise;
  };
  state.from = Math.min(Math.max(0, number("from", 0)), model.slices - 1);
  state.to = Math.min(Math.max(state.from + 1, number("to", state.to)), model.slices);
  state.metric = allowed(words.get("metric"), Object.keys(MEASURES), state.metric);
  state.unit = allowed(words.get("unit"), ["bytes", "blocks"], state.unit);
  state.view = allowed(words.get("view"), VIEWS, state.view);
  state.order = allowed(words.get("order"), ["size", "name"], state.order);
  state.group = allowed(words.get("group"), GROUPS, state.group);
  state.search = words.get("find") ?? "";
  state.only = words.get("only") === "1";
  state.module = words.get("module") ?? "";
  state.file = words.get("file") ?? "";
  state.thread = number("thread", -1);
  state.zoom = (words.get("zoom") ?? "").split(".").filter((word) => /^\d+$/.test(word)).map(Number)
    .filter((name) => name < model.names.length);
  const focus = number("of", -1);
  state.focus = focus >= 0 && focus < model.names.length ? model.names[focus].functionKey : "";
  if (state.view === "sandwich" && state.focus === "") state.view = "icicle";
  return state;
}

function writeState(model, state) {
  const first = firstState(model);
  const words = new URLSearchParams();
  const keys = { from: "from", to: "to", metric: "metric", unit: "unit", view: "view", order: "order", group: "group",
    search: "find", module: "module", file: "file", thread: "thread" };
  for (const [key, word] of Object.entries(keys)) {
    if (state[key] !== first[key]) words.set(word, state[key]);
  }
  if (state.only) words.set("only", "1");
  if (state.zoom.length !== 0) words.set("zoom", state.zoom.join("."));
  if (state.focus !== "") words.set("of", model.names.findIndex((name) => name.functionKey === state.focus));
  const hash = words.toString();
  if (hash === location.hash.slice(1)) return;
  try {
    history.replaceState(null, "", hash === "" ? location.pathname + location.search : "#" + hash);
  } catch {
    location.hash = hash;
  }
}

// null: there is nothing to find, or the expression is not one; `problem` says so.
function patternOf(search) {
  if (search === "") return { pattern: null, problem: "" };
  try {
    return { pattern: new RegExp(search, "i"), problem: "" };
  } catch (error) {
    return { pattern: null, problem: error.message };
  }
}
