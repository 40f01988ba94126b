// The data of the page: read, and laid out in arrays that are quick to sum up. Numbers up to 2^53 are exact.

async function readData() {
  const element = document.getElementById("data");
  const letters = atob(element.textContent.trim());
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  element.remove();
  if (element.dataset.packed === "none") return JSON.parse(new TextDecoder().decode(bytes));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(plain).json();
}

// Frames of a name: own Python code, that of others, C, and what is no frame.
const KIND = { OWN: 0, PYTHON: 1, NATIVE: 2, NONE: 3 };

function makeModel(raw) {
  const count = raw.nodes.up.length;
  const model = {
    raw,
    count,
    parent: Int32Array.from(raw.nodes.up, (up, node) => (node === 0 ? -1 : node - up)),
    name: Int32Array.from(raw.nodes.name),
    restStacks: new Map(raw.rests),
    slices: raw.slices.calls.length,
    names: raw.names.map((each) => makeName(raw.strings, each)),
  };
  model.owner = ownersOf(model);
  const size = raw.lives.born.length;
  model.lives = {
    size,
    node: new Int32Array(size),
    thread: new Int32Array(size),
    born: Int32Array.from(raw.lives.born, (born) => born - 1),
    died: Int32Array.from(raw.lives.died),
    blocks: Float64Array.from(raw.lives.blocks),
    bytes: Float64Array.from(raw.lives.bytes),
  };
  let at = 0;
  let node = 0;
  raw.series.step.forEach((step, series) => {
    node += step;
    const end = at + raw.series.count[series];
    model.lives.node.fill(node, at, end);
    model.lives.thread.fill(raw.series.thread[series], at, end);
    at = end;
  });
  return model;
}

function makeName(strings, [text, file, line, kind, library]) {
  const name = { function: strings[text], file: strings[file], line, kind, library: strings[library] };
  name.module = moduleOf(name);
  const place = name.file === "" ? "" : baseName(name.file) + (line > 0 ? ":" + line : "");
  name.label = kind === KIND.NATIVE || kind === KIND.NONE
    ? name.function : name.function + "  " + place;
  name.place = name.file === "" ? name.library : name.file + (line > 0 ? ":" + line : "");
  // Lines of one function have one key.
  name.functionKey = name.function + "\0" + (name.file || name.library);
  return name;
}

function baseName(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

// The library, the package that is installed, or the folder of the program.
function moduleOf(name) {
  if (name.kind === KIND.NONE) return "";
  if (name.kind === KIND.NATIVE) return baseName(name.library) || "(no file)";
  const installed = name.file.match(/\/(?:site|dist)-packages\/([^/]+)/);
  if (installed) return installed[1].replace(/\.py$/, "");
  if (name.kind === KIND.PYTHON) return "Python's library";
  const folders = name.file.split("/");
  return folders.length > 2 ? folders[folders.length - 2] + "/" : name.file;
}

// Of each node the uppermost Python frame of its stack, and itself where no Python ran.
function ownersOf(model) {
  const owner = new Int32Array(model.count);
  const isPython = new Uint8Array(model.count);
  for (let node = 1; node < model.count; ++node) {
    const { kind } = model.names[model.name[node]];
    const above = model.parent[node];
    if (kind === KIND.OWN || kind === KIND.PYTHON) {
      owner[node] = node;
      isPython[node] = 1;
    } else if (isPython[above] && kind === KIND.NATIVE) {
      owner[node] = owner[above];
      isPython[node] = 1;
    } else {
      owner[node] = node;
    }
  }
  return owner;
}
