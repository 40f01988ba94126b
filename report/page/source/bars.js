// Distributions as bars: the sizes of blocks, the lives of blocks, and the parts of the resident memory.

// The sum over the slices of a range: [[bit width, blocks]].
function widthsIn(slices, from, to) {
  const sums = new Map();
  for (const slice of slices.slice(from, to)) {
    for (let i = 0; i < slice.length; i += 2) sums.set(slice[i], (sums.get(slice[i]) ?? 0) + slice[i + 1]);
  }
  return [...sums].sort((a, b) => a[0] - b[0]);
}

function widthText(width, unit) {
  if (width === 0) return unit(0);
  const low = 2 ** (width - 1);
  return width === 1 ? unit(1) : unit(low) + " \u2013 " + unit(2 * low - 1);
}

function showBars(place, title, note, rows, shown) {
  const bars = element("div", undefined, { class: "bars" });
  const most = Math.max(1, ...rows.map((row) => row.value));
  for (const { text, value, tip, colour } of rows) {
    bars.append(element("span", text, { class: "left" }));
    const bar = element("b", undefined, { title: tip });
    bar.style.width = (100 * value) / most + "%";
    if (colour !== undefined) bar.style.background = "var(--" + colour + ")";
    bars.append(bar, element("span", shown(value), { title: tip }));
  }
  place.replaceChildren(element("h2", title), element("p", note), bars);
}

function showSizes(model, state) {
  const rows = widthsIn(model.raw.slices.sizes, state.from, state.to).map(([width, value]) => ({
    text: widthText(width, (bytes) => (bytes < 1024 ? exact(bytes) : shortBytes(bytes + (bytes % 2)))), value,
    tip: exact(value) + " blocks of " + widthText(width, exact) + " bytes",
  }));
  showBars(byId("sizes"), "Sizes of blocks", "Allocated in the range, all stacks, by bytes", rows, shortCount);
}

function showAges(model, state) {
  const rows = widthsIn(model.raw.slices.ages, state.from, state.to).map(([width, value]) => ({
    text: widthText(width, shortCount), value, colour: "arenas",
    tip: exact(value) + " blocks lived for " + widthText(width, exact) + " calls of the allocator",
  }));
  showBars(byId("ages"), "Lives of blocks", "Released in the range, all stacks, by the calls of the allocator they lived for", rows, shortCount);
}

function showParts(model) {
  const { account } = model.raw;
  const rows = account.parts.map(([text, value, isEstimate]) => ({
    text, value, tip: exact(value) + " bytes" + (isEstimate ? ", an estimate" : ""), colour: isEstimate ? "mapped" : "resident",
  }));
  const note = account.is_known ? shortBytes(account.resident) + " resident at the end" : "Not known: " + account.problem;
  showBars(byId("parts"), "Resident memory", note, rows, shortBytes);
}
