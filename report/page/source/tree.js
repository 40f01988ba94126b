// Trees to draw: {name, node, weight, own, blocks, children, depth, left}. `left` is the weight to the left of it.

function makeTree(name, above) {
  return { name, weight: 0, own: 0, depth: 0, left: 0, children: [], byName: null, above };
}

function childOf(tree, name) {
  tree.byName ??= new Map();
  let child = tree.byName.get(name);
  if (child === undefined) {
    child = makeTree(name, tree);
    child.depth = tree.depth + 1;
    tree.byName.set(name, child);
    tree.children.push(child);
  }
  return child;
}

// From the outermost calls inwards.
function callTree(model, own) {
  const root = makeTree(model.name[0], null);
  const trees = new Array(model.count);
  trees[0] = root;
  const weights = Float64Array.from(own);
  for (let node = model.count - 1; node > 0; --node) weights[model.parent[node]] += weights[node];
  root.weight = weights[0];
  root.own = own[0];
  for (let node = 1; node < model.count; ++node) {
    if (weights[node] === 0) continue;
    const tree = childOf(trees[model.parent[node]], model.name[node]);
    tree.weight += weights[node];
    tree.own += own[node];
    tree.rest = model.restStacks.get(node);
    trees[node] = tree;
  }
  return root;
}

// The names of a stack, the innermost first.
function stackOf(model, node) {
  const names = [];
  for (let each = node; each > 0; each = model.parent[each]) names.push(model.name[each]);
  return names;
}

function addStack(root, names, weight) {
  let tree = root;
  tree.weight += weight;
  for (const name of names) {
    tree = childOf(tree, name);
    tree.weight += weight;
  }
  tree.own += weight;
}

// From the allocating functions outwards to their callers.
function invertedTree(model, own) {
  const root = makeTree(model.name[0], null);
  for (let node = 0; node < model.count; ++node) {
    if (own[node] !== 0) addStack(root, stackOf(model, node), own[node]);
  }
  return root;
}

// The callers and the calls of a function, by its outermost call in each stack.
function sandwich(model, own, functionKey) {
  const isIt = model.names.map((name) => name.functionKey === functionKey);
  const shown = model.names.findIndex((name) => name.functionKey === functionKey);
  const callers = makeTree(shown, null);
  const calls = makeTree(shown, null);
  callers.label = calls.label = model.names[shown].function + "  " + baseName(model.names[shown].file || model.names[shown].library);
  const outermost = new Int32Array(model.count).fill(-1);
  for (let node = 1; node < model.count; ++node) {
    const above = outermost[model.parent[node]];
    outermost[node] = above >= 0 ? above : isIt[model.name[node]] ? node : -1;
    if (own[node] === 0 || outermost[node] < 0) continue;
    const top = outermost[node];
    addStack(callers, stackOf(model, model.parent[top]), own[node]);
    const inner = stackOf(model, node);
    inner.length -= stackOf(model, top).length;
    addStack(calls, inner.reverse(), own[node]);
  }
  return { callers, calls };
}

// Gives each tree its place, and returns the largest depth.
function arrange(model, root, order) {
  const bySize = (a, b) => b.weight - a.weight;
  const byName = (a, b) => model.names[a.name].label < model.names[b.name].label ? -1 : 1;
  let deepest = 0;
  const open = [root];
  while (open.length !== 0) {
    const tree = open.pop();
    tree.children.sort(order === "name" ? byName : bySize);
    let left = tree.left;
    for (const child of tree.children) {
      child.left = left;
      left += child.weight;
      deepest = Math.max(deepest, child.depth);
      open.push(child);
    }
  }
  return deepest;
}

// The names from the root to a tree, for the address of the page, and the tree of such names.
function pathOf(tree) {
  const names = [];
  for (let each = tree; each.above !== null; each = each.above) names.push(each.name);
  return names.reverse();
}

function treeAt(root, path) {
  let tree = root;
  for (const name of path) {
    const next = tree.children.find((child) => child.name === name);
    if (next === undefined) break;
    tree = next;
  }
  return tree;
}
