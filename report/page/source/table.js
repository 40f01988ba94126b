// The same memory as a table: of lines, functions, files, modules, C functions or threads.

const MOST_TABLE_ROWS = 300;

const GROUP_KEYS = {
  line: (name) => (name.kind === KIND.NONE || name.kind === KIND.NATIVE ? name.functionKey : name.functionKey + ":" + name.line),
  function: (name) => name.functionKey,
  file: (name) => name.file || name.library || name.function,
  module: (name) => name.module || name.function,
  native: (name) => name.functionKey,
};
const GROUP_TEXTS = {
  line: (name) => name.label,
  function: (name) => (name.kind === KIND.NATIVE ? name.function : name.function + "  " + baseName(name.file)),
  file: (name) => name.file || name.library || name.function,
  module: (name) => name.module || name.function,
  native: (name) => name.function,
};

// [{text, name, own, all}]: `own` is the memory that the row allocated, `all` that of its stacks.
function tableRows(model, sums, state) {
  const own = sums[state.unit];
  if (state.group === "thread") {
    return [...sums.threads].map(([thread, amounts]) => ({
      text: threadText(model, thread), name: -1, own: amounts[state.unit], all: amounts[state.unit],
    }));
  }
  const keys = model.names.map(GROUP_KEYS[state.group]);
  const rows = new Map();
  const rowOf = (name) => {
    let row = rows.get(keys[name]);
    if (row === undefined) {
      row = { text: GROUP_TEXTS[state.group](model.names[name]), name, own: 0, all: 0, latest: -1 };
      rows.set(keys[name], row);
    }
    return row;
  };
  for (let node = 0; node < model.count; ++node) {
    if (own[node] === 0) continue;
    const owner = state.group === "native" ? node : model.owner[node];
    rowOf(model.name[owner]).own += own[node];
    for (let each = node; each > 0; each = model.parent[each]) {
      const name = model.names[model.name[each]];
      if (state.group === "native" && name.kind !== KIND.NATIVE && each !== node) continue;
      const row = rowOf(model.name[each]);
      if (row.latest === node) continue;
      row.latest = node;
      row.all += own[node];
    }
  }
  return [...rows.values()];
}

function threadText(model, index) {
  const [id, name] = model.raw.threads[index] ?? [0, ""];
  if (id === 0) return "other threads";
  return name === "" ? "thread " + id : name + "  " + id;
}

class Table {
  constructor(table, onSort, onFind, onOpen) {
    this.table = table;
    this.onSort = onSort;
    this.onFind = onFind;
    this.onOpen = onOpen;
    this.selected = "";
    table.tBodies[0].addEventListener("keydown", (event) => this.onKey(event));
  }

  show(model, sums, state) {
    const sum = total(sums[state.unit]);
    this.rows = tableRows(model, sums, state);
    const sign = state.descending ? -1 : 1;
    this.rows.sort((a, b) => state.sort === "text" ? sign * (a.text < b.text ? -1 : 1)
      : sign * (a[state.sort] - b[state.sort]) || b.all - a.all || (a.text < b.text ? -1 : 1));
    this.showHead(state);
    const body = this.table.tBodies[0];
    body.replaceChildren();
    this.rows.slice(0, MOST_TABLE_ROWS).forEach((row, number) => body.append(this.rowElement(row, number, sum, state)));
    const rest = this.rows.slice(MOST_TABLE_ROWS);
    const foot = this.table.tFoot;
    foot.replaceChildren();
    if (rest.length !== 0) {
      const left = rest.reduce((all, row) => all + row.own, 0);
      foot.append(tableCells(exact(rest.length) + " more rows", [shortAmount(left, state.unit), percent(left, sum), ""]));
    }
    const last = tableCells("All", [exactAmount(sum, state.unit)]);
    last.children[1].id = "sum";
    last.children[1].colSpan = 3;
    foot.append(last);
  }

  showHead(state) {
    const names = [["text", document.querySelector("#group option:checked").textContent],
      ["own", state.unit === "bytes" ? "Bytes" : "Blocks"], ["own", "%"], ["all", "With calls"]];
    const row = element("tr");
    names.forEach(([key, text], column) => {
      const head = element("th", undefined, { scope: "col" });
      if (column !== 2 && key === state.sort) head.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      const arrow = column !== 2 && key === state.sort ? (state.descending ? " \u2193" : " \u2191") : "";
      const button = element("button", text + arrow, { type: "button" });
      button.addEventListener("click", () => this.onSort(key));
      head.append(button);
      row.append(head);
    });
    this.table.tHead.replaceChildren(row);
  }

  rowElement(row, number, sum, state) {
    const made = tableCells(row.text, [shortAmount(row.own, state.unit), percent(row.own, sum), shortAmount(row.all, state.unit)]);
    made.children[0].title = row.text;
    made.children[1].title = exactAmount(row.own, state.unit);
    made.children[3].title = exactAmount(row.all, state.unit);
    made.tabIndex = number === 0 ? 0 : -1;
    made.setAttribute("aria-selected", String(row.text === this.selected));
    made.addEventListener("click", () => {
      this.selected = row.text === this.selected ? "" : row.text;
      this.onFind(row, this.selected !== "");
    });
    made.addEventListener("dblclick", () => this.onOpen(row));
    return made;
  }

  onKey(event) {
    const row = event.target.closest("tr");
    const steps = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling,
      Home: row.parentElement.firstElementChild, End: row.parentElement.lastElementChild };
    if (event.key in steps) {
      event.preventDefault();
      const next = steps[event.key] ?? row;
      row.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (event.key === "Enter") {
      this.onOpen(this.rows[row.rowIndex - 1]);
    } else if (event.key === " ") {
      event.preventDefault();
      row.click();
    }
  }
}

function tableCells(text, numbers) {
  const row = element("tr");
  for (const cell of [text, ...numbers]) row.append(element("td", cell));
  return row;
}
