// A tree drawn on a canvas: frames as wide as their memory, above or below their callers.

const ROW = 19;
const MOST_ROWS = 380;

class Graph {
  // `isUpwards`: callers are below what they call.
  constructor(place, { isUpwards, label, onZoom, onOpen, onFocus }) {
    this.place = place;
    this.isUpwards = isUpwards;
    this.onZoom = onZoom;
    this.onOpen = onOpen;
    this.onFocus = onFocus;
    this.canvas = element("canvas", undefined, { tabindex: "0", role: "img", "aria-label": label });
    place.replaceChildren(this.canvas);
    this.painter = this.canvas.getContext("2d");
    this.root = null;
    this.zoomed = null;
    this.hovered = null;
    this.marked = null;
    this.boxes = [];
    addGraphInput(this);
  }

  show(model, root, { zoom, unit, pattern, order }) {
    this.model = model;
    this.unit = unit;
    this.pattern = pattern;
    this.root = root;
    this.deepest = Math.min(arrange(model, root, order), MOST_ROWS);
    this.zoomed = treeAt(root, zoom);
    this.hovered = null;
    if (this.marked !== null) this.marked = treeAt(root, pathOf(this.marked));
    this.found = pattern === null ? null : model.names.map((name) => isFound(name, pattern));
    this.resize();
  }

  resize() {
    if (this.root === null || this.place.hidden) return;
    const before = this.canvas.height;
    this.width = Math.max(60, this.place.clientWidth);
    this.height = Math.max(ROW * (this.deepest + 1) + 2, 3 * ROW);
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.width * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.canvas.style.height = this.height + "px";
    this.painter.setTransform(scale, 0, 0, scale, 0, 0);
    this.draw();
    if (this.isUpwards && before !== this.canvas.height) this.place.scrollTop = this.height;
  }

  row(depth) {
    return this.isUpwards ? this.height - (depth + 1) * ROW - 1 : depth * ROW + 1;
  }

  draw() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue("--" + name).trim();
    this.colours = {
      kinds: [colour("own"), colour("python"), colour("native"), colour("none")],
      ink: colour("ink"), match: colour("match"), accent: colour("accent"), card: colour("card"),
    };
    const { painter } = this;
    painter.clearRect(0, 0, this.width, this.height);
    painter.font = '11.5px ui-monospace, "DejaVu Sans Mono", monospace';
    painter.textBaseline = "middle";
    this.letter = painter.measureText("m").width;
    this.boxes = [];
    if (this.root.weight === 0) return;
    for (let tree = this.zoomed; tree !== null; tree = tree.above) {
      this.drawBox(tree, 0, this.width, tree !== this.zoomed);
    }
    const scale = this.width / this.zoomed.weight;
    const open = [...this.zoomed.children];
    while (open.length !== 0) {
      const tree = open.pop();
      const width = tree.weight * scale;
      if (width < 0.4 || tree.depth > MOST_ROWS) continue;
      this.drawBox(tree, (tree.left - this.zoomed.left) * scale, width, false);
      for (const child of tree.children) open.push(child);
    }
  }

  drawBox(tree, left, width, isAbove) {
    const { painter, colours } = this;
    const top = this.row(tree.depth);
    const name = this.model.names[tree.name];
    this.boxes.push({ tree, left, top, width });
    painter.globalAlpha = isAbove ? 0.55 : this.found && !this.found[tree.name] ? 0.5 : 1;
    painter.fillStyle = this.found && this.found[tree.name] ? colours.match : colours.kinds[name.kind];
    const gap = width > 3 ? 1 : 0;
    painter.fillRect(left, top, Math.max(width - gap, 0.4), ROW - 1);
    if (width >= 3 && name.kind !== KIND.NONE) this.shade(tree, left, top, width - gap);
    painter.globalAlpha = isAbove ? 0.8 : 1;
    const letters = Math.floor((width - 8) / this.letter);
    if (letters >= 3) {
      painter.fillStyle = colours.ink;
      painter.fillText(shortened(tree.label ?? name.label, letters), left + 4, top + ROW / 2);
    }
    if (tree === this.marked || tree === this.hovered) {
      painter.strokeStyle = colours.accent;
      painter.lineWidth = 2;
      painter.strokeRect(left + 1, top + 1, Math.max(width - 2 - gap, 1), ROW - 3);
    }
    painter.globalAlpha = 1;
  }

  // Neighbours of one colour differ a little.
  shade(tree, left, top, width) {
    const shade = ((tree.name * 2654435761) >>> 24) / 256;
    this.painter.fillStyle = shade < 0.5 ? "#000" : "#fff";
    const alpha = this.painter.globalAlpha;
    this.painter.globalAlpha = alpha * Math.abs(shade - 0.5) * 0.22;
    this.painter.fillRect(left, top, width, ROW - 1);
    this.painter.globalAlpha = alpha;
  }

  boxAt(x, y) {
    return this.boxes.find((box) => y >= box.top && y < box.top + ROW && x >= box.left && x < box.left + box.width);
  }

  describe(tree) {
    const name = this.model.names[tree.name];
    const whole = percent(tree.weight, this.root.weight);
    const lines = [exactAmount(tree.weight, this.unit) + (whole === "" ? "" : ", " + whole)];
    if (tree.own !== 0 && tree.own !== tree.weight) lines.push(exactAmount(tree.own, this.unit) + " by itself");
    if (tree.rest !== undefined) {
      lines.push("sums up " + exact(tree.rest) + (tree.rest === 1 ? " stack" : " stacks") + " that are too small to be shown");
    }
    return { title: name.function, place: name.place, lines };
  }
}

function shortened(text, letters) {
  return text.length <= letters ? text : text.slice(0, Math.max(1, letters - 1)) + "\u2026";
}
