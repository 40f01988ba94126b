// The memory over time. A range is dragged in it; it snaps to the slices that the data has.

const CURVES = [
  ["Resident", "resident"], ["Blocks", "live"], ["Python's arenas", "arenas"], ["Other mappings", "mapped"],
];

function pointsOf({ curve }) {
  const times = [curve.start_ns / 1e9];
  const columns = { live: [0], resident: [null], arenas: [0], mapped: [0] };
  curve.live.forEach((live, i) => {
    times.push((curve.start_ns + (i + 1) * curve.width_ns) / 1e9);
    // The most in the time before the point, so that a peak is seen.
    columns.live.push(live + curve.most[i]);
    columns.resident.push(curve.resident[i] || null);
    columns.arenas.push(curve.arenas[i]);
    columns.mapped.push(curve.mapped[i]);
  });
  if (times.length > 1) for (const column of Object.values(columns)) column[0] = column[1];
  return { times, columns };
}

class Chart {
  constructor(place, model, onRange) {
    this.place = place;
    this.model = model;
    this.onRange = onRange;
    this.points = pointsOf(model.raw);
    this.shown = CURVES.filter(([, key]) => this.points.columns[key].some((value) => value > 0));
    this.draw();
  }

  draw() {
    this.plot?.destroy();
    this.place.replaceChildren();
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue("--" + name).trim();
    const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
    const options = {
      width: Math.max(200, this.place.clientWidth),
      height: 168,
      padding: [10, 8, 0, 0],
      scales: { x: { time: false }, y: { range: (_, low, high) => [0, Math.max(1, high * 1.06)] } },
      axes: [
        { ...axis, values: (_, ticks) => ticks.map((tick) => tick + " s"), size: 26, gap: 3 },
        { ...axis, values: (_, ticks) => ticks.map((tick) => shortBytes(tick)), size: 74, splits: byteSplits },
      ],
      cursor: { drag: { x: true, y: false, setScale: false, dist: 4 }, points: { size: 5 } },
      legend: { live: true },
      series: [{ label: "Time", value: (_, time) => (time === null ? "" : time.toFixed(4) + " s") },
        ...this.shown.map(([label, key]) => ({
          label, stroke: colour(key), width: 1.5, spanGaps: true, points: { show: false },
          fill: key === "live" ? colour(key) + "26" : undefined,
          value: (_, bytes) => (bytes === null ? "" : exact(bytes) + " bytes"),
        }))],
      hooks: { setSelect: [(plot) => this.onSelect(plot)], draw: [(plot) => this.drawMarks(plot, colour)] },
    };
    this.plot = new uPlot(options, [this.points.times, ...this.shown.map(([, key]) => this.points.columns[key])], this.place);
    const { most, live } = this.model.raw.curve;
    this.place.setAttribute("aria-label", "Memory over time. Blocks: at most " +
      exact(Math.max(0, ...live.map((bytes, i) => bytes + most[i]))) + " bytes; the peak of the process was at " +
      shortTime(this.model.raw.peak.after_ns));
  }

  onSelect(plot) {
    if (this.isSetting || plot.select.width < 2) return;
    const at = (x) => this.sliceAt(plot.posToVal(x, "x") * 1e9);
    const from = Math.min(Math.floor(at(plot.select.left) + 0.5), this.model.slices - 1);
    const to = Math.max(from + 1, Math.floor(at(plot.select.left + plot.select.width) + 0.5));
    this.onRange(Math.max(0, from), Math.min(to, this.model.slices));
  }

  sliceAt(ns) {
    const { start_ns: start, width_ns: width } = this.model.raw.slices;
    return (ns - start) / width;
  }

  timeOf(slice) {
    const { start_ns: start, width_ns: width } = this.model.raw.slices;
    return start + slice * width;
  }

  // Shows the range that is selected; none if it is all.
  select(from, to) {
    const isAll = from === 0 && to === this.model.slices;
    const x = (slice) => Math.max(0, Math.min(this.plot.valToPos(this.timeOf(slice) / 1e9, "x"), this.plot.bbox.width / devicePixelRatio));
    this.isSetting = true;
    this.plot.setSelect(isAll ? { left: 0, width: 0, top: 0, height: 0 }
      : { left: x(from), width: Math.max(1, x(to) - x(from)), top: 0, height: this.plot.bbox.height / devicePixelRatio }, false);
    this.isSetting = false;
  }

  drawMarks(plot, colour) {
    const { ctx, bbox } = plot;
    const scale = devicePixelRatio;
    ctx.save();
    ctx.font = 11 * scale + "px system-ui, sans-serif";
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    const line = (ns, text, stroke, dash, state) => {
      const x = Math.round(plot.valToPos(ns / 1e9, "x", true)) + 0.5;
      if (x < bbox.left || x > bbox.left + bbox.width) return;
      ctx.strokeStyle = stroke;
      ctx.setLineDash(dash.map((length) => length * scale));
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const width = ctx.measureText(text).width;
      const isLeft = x + width + 6 * scale > bbox.left + bbox.width;
      const start = isLeft ? x - width - 4 * scale : x + 4 * scale;
      // A name that would cover another one has a row of its own, or none.
      const row = state === null ? 0 : state.findIndex((end) => start >= end);
      if (row < 0) return;
      const top = bbox.top + (state === null ? 1 : 14 + 13 * row) * scale;
      ctx.globalAlpha = 0.8;
      ctx.fillStyle = colour("card");
      ctx.fillRect(start - 2 * scale, top, width + 4 * scale, 12 * scale);
      ctx.globalAlpha = 1;
      ctx.fillStyle = stroke;
      ctx.fillText(text, start, top);
      if (state !== null) state[row] = start + width + 6 * scale;
    };
    const state = [0, 0, 0];
    for (const [ns, name] of this.model.raw.marks) line(ns, shortened(name, 24), colour("soft"), [2, 3], state);
    const { peak } = this.model.raw;
    if (peak.bytes > 0) line(peak.after_ns, "peak " + shortBytes(peak.bytes), colour("live"), [4, 3], null);
    ctx.restore();
  }
}

// Round numbers of bytes for the axis.
function byteSplits(plot, axis, low, high) {
  let step = 1;
  while (high / step > 5) step *= 2;
  const splits = [];
  for (let at = 0; at <= high; at += step) splits.push(at);
  return splits;
}
