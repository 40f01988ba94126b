// The pointer and the keys of a graph.

function addGraphInput(graph) {
  const { canvas } = graph;
  const boxOf = (event) => graph.boxAt(event.offsetX, event.offsetY);
  canvas.addEventListener("mousemove", (event) => {
    const box = boxOf(event);
    canvas.style.cursor = box === undefined ? "default" : "pointer";
    if ((box?.tree ?? null) !== graph.hovered) {
      graph.hovered = box?.tree ?? null;
      graph.draw();
    }
    if (box === undefined) hideTip();
    else showTip(graph.describe(box.tree), event.clientX, event.clientY);
  });
  canvas.addEventListener("mouseleave", () => {
    graph.hovered = null;
    if (graph.root !== null) graph.draw();
    hideTip();
  });
  canvas.addEventListener("click", (event) => {
    const box = boxOf(event);
    if (box === undefined) return;
    graph.marked = box.tree;
    graph.onZoom(pathOf(box.tree));
    graph.onFocus(box.tree);
  });
  canvas.addEventListener("dblclick", (event) => {
    const box = boxOf(event);
    if (box !== undefined) graph.onOpen(box.tree.name);
  });
  canvas.addEventListener("keydown", (event) => {
    const next = graphStep(graph, event.key);
    if (next === undefined) return;
    event.preventDefault();
    if (next === null) return;
    graph.marked = next;
    graph.draw();
    const top = graph.row(next.depth);
    if (top < graph.place.scrollTop) graph.place.scrollTop = top;
    if (top + ROW > graph.place.scrollTop + graph.place.clientHeight) {
      graph.place.scrollTop = top + ROW - graph.place.clientHeight;
    }
    graph.onFocus(next);
  });
}

// The tree that a key goes to. null: the key is done with; undefined: it is none of the graph's.
function graphStep(graph, key) {
  const at = graph.marked ?? graph.zoomed;
  const inwards = graph.isUpwards ? "ArrowUp" : "ArrowDown";
  const outwards = graph.isUpwards ? "ArrowDown" : "ArrowUp";
  if (key === inwards) return at.children[0] ?? at;
  if (key === outwards) return at.above ?? at;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const all = at.above?.children ?? [at];
    return all[all.indexOf(at) + (key === "ArrowLeft" ? -1 : 1)] ?? at;
  }
  if (key === "Enter" || key === " ") {
    graph.onZoom(pathOf(at));
    return null;
  }
  if (key === "s") {
    graph.onOpen(at.name);
    return null;
  }
  return undefined;
}

function showTip({ title, place, lines }, x, y) {
  const tip = byId("tip");
  tip.replaceChildren(element("b", title));
  if (place !== "") tip.append(element("span", place));
  for (const line of lines) tip.append(element("span", line));
  tip.hidden = false;
  const right = window.innerWidth - tip.offsetWidth - 8;
  tip.style.left = Math.max(4, Math.min(x + 14, right)) + "px";
  const isLow = y + 18 + tip.offsetHeight > window.innerHeight;
  tip.style.top = Math.max(4, isLow ? y - tip.offsetHeight - 10 : y + 18) + "px";
}

function hideTip() {
  byId("tip").hidden = true;
}
