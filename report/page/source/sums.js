// What the stacks retained, allocated or freed in a range of slices.

// Whether lives of these slices count: `from` is the first slice of the range, `to` the one behind it.
const MEASURES = {
  retained: (born, died, from, to) => born >= from && born < to && died >= to,
  live: (born, died, from, to) => born < to && died >= to,
  allocated: (born, died, from, to) => born >= from && born < to,
  freed: (born, died, from, to) => born < from && died >= from && died < to,
  leaked: (born, died, from, to, slices) => born >= from && born < to && died === slices,
};

const METRIC_WORDS = {
  retained: "allocated in the range and live at its end",
  live: "live at the end of the range, whenever allocated",
  allocated: "allocated in the range",
  freed: "live before the range and freed in it",
  leaked: "allocated in the range and leaked at the end of the record",
};

// The same where the range is the whole record.
const WHOLE_WORDS = {
  retained: "allocated and live at the end", live: "live at the end", allocated: "allocated",
  freed: "live before it and freed", leaked: "leaked",
};

// The sums of each node alone, of the stacks that the filters let through: {bytes, blocks, threads}.
function sumUp(model, state) {
  const { lives } = model;
  const sums = {
    bytes: new Float64Array(model.count),
    blocks: new Float64Array(model.count),
    threads: new Map(),
  };
  const passes = passingNodes(model, state);
  const counts = MEASURES[state.metric];
  for (let i = 0; i < lives.size; ++i) {
    const node = lives.node[i];
    if (!passes[node] || !counts(lives.born[i], lives.died[i], state.from, state.to, model.slices)) continue;
    if (state.thread >= 0 && lives.thread[i] !== state.thread) continue;
    sums.bytes[node] += lives.bytes[i];
    sums.blocks[node] += lives.blocks[i];
    const thread = sums.threads.get(lives.thread[i]) ?? { bytes: 0, blocks: 0 };
    thread.bytes += lives.bytes[i];
    thread.blocks += lives.blocks[i];
    sums.threads.set(lives.thread[i], thread);
  }
  return sums;
}

// The stacks that have a frame of the module, one of the file, and one that the search finds.
function passingNodes(model, state) {
  const tests = [];
  if (state.module !== "") tests.push((name) => name.module === state.module);
  if (state.file !== "") tests.push((name) => name.file === state.file);
  if (state.only && state.pattern) tests.push((name) => isFound(name, state.pattern));
  const passes = new Uint8Array(model.count).fill(1);
  for (const test of tests) {
    const fits = model.names.map(test);
    const has = new Uint8Array(model.count);
    for (let node = 0; node < model.count; ++node) {
      has[node] = fits[model.name[node]] || (node > 0 && has[model.parent[node]]) ? 1 : 0;
      if (!has[node]) passes[node] = 0;
    }
  }
  return passes;
}

function isFound(name, pattern) {
  return name.kind !== KIND.NONE && (pattern.test(name.label) || pattern.test(name.place));
}

function total(numbers) {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}

// What the stacks have that contain a frame which the pattern finds.
function foundIn(model, own, pattern) {
  const fits = model.names.map((name) => isFound(name, pattern));
  const has = new Uint8Array(model.count);
  let sum = 0;
  for (let node = 1; node < model.count; ++node) {
    has[node] = fits[model.name[node]] || has[model.parent[node]] ? 1 : 0;
    if (has[node]) sum += own[node];
  }
  return sum;
}
