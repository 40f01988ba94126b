// Numbers and names as people read them.

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

function exact(number) {
  return Math.round(number).toLocaleString("en-US");
}

function shortBytes(bytes) {
  let unit = 0;
  let size = bytes;
  while (Math.abs(size) >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    ++unit;
  }
  if (unit === 0) return exact(bytes) + (bytes === 1 ? " byte" : " bytes");
  return size.toFixed(Math.abs(size) < 100 ? 1 : 0) + " " + UNITS[unit];
}

function shortCount(count) {
  if (count < 100000) return exact(count);
  return count < 1e8 ? (count / 1e6).toFixed(2) + " M" : (count / 1e9).toFixed(2) + " G";
}

function shortAmount(amount, unit) {
  return unit === "bytes" ? shortBytes(amount) : shortCount(amount);
}

function exactAmount(amount, unit) {
  if (unit === "blocks") return exact(amount) + (amount === 1 ? " block" : " blocks");
  return exact(amount) + (amount === 1 ? " byte" : " bytes");
}

function percent(part, whole) {
  if (whole === 0) return "";
  const share = (100 * part) / whole;
  return (share >= 99.95 ? share.toFixed(0) : share.toFixed(1)) + "%";
}

// A time since the start of the recording, to the unit in which slices differ.
function shortTime(ns, step = 0) {
  const seconds = ns / 1e9;
  const digits = step === 0 ? 3 : Math.min(6, Math.max(0, Math.ceil(9 - Math.log10(step))));
  return seconds.toFixed(digits) + " s";
}

function shortSpan(ns) {
  if (ns >= 1e9) return (ns / 1e9).toString() + " s";
  return ns >= 1e6 ? (ns / 1e6).toString() + " ms" : (ns / 1e3).toString() + " \u00b5s";
}

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function byId(id) {
  return document.getElementById(id);
}
