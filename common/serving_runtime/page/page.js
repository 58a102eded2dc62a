"use strict";
// The page of one model: a form made from its contract, what it answers, and the same call as code.
//
// In this order: JSON that keeps every digit, texts and tables, files, the form, answers, code to
// copy, and the service. What comes from a model or a file is only ever shown as text, and nothing
// is fetched but from the service that the page came from.

const EXTENSION = "x-serving-runtime";
const LOOK_MILLISECONDS = 3000;
const MAX_SHOWN_CHARACTERS = 100_000; // a text field with more is slow
const MAX_CODE_CHARACTERS = 2000; // a command that nobody reads is a file
const MAX_ROWS = 100;
const MAX_COLUMNS = 50;
const MAX_OPEN_FIELDS = 20; // more would have the form far below

// ---- JSON that keeps every digit: a double holds neither each int64, nor can JSON say NaN ----

const TOKENS = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN|-?\d[\d.eE+-]*/g;
const EXACT = "$number";

/** Parse JSON; a number that JavaScript would change becomes {$number: its own text}. */
function parseExact(text) {
  return JSON.parse(text.replace(TOKENS, (token) => (isChanged(token) ? `{"${EXACT}":"${token}"}` : token)));
}

function isChanged(token) {
  if (token[0] === '"') return false;
  if (!/^-?\d/.test(token) || /^-?\d{16,}$/.test(token)) return true;
  return /^-0|[.eE]/.test(token) && Number.isInteger(Number(token)); // 1.0 is no integer
}

function isExact(value) {
  return value !== null && typeof value === "object" && EXACT in value;
}

/** Write JSON again, with the numbers' own texts. */
function writeExact(value) {
  return JSON.stringify(value).replace(/\{"\$number":"([^"]*)"\}/g, "$1");
}

/** Return a number to draw; the picture may round it. */
function asNumber(value) {
  return isExact(value) ? Number(value[EXACT]) : value;
}

function isNumber(value) {
  return typeof value === "number" || isExact(value);
}

function asText(value) {
  if (isExact(value)) return value[EXACT];
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Return the shape of nested lists, by their first elements. */
function shapeOf(value) {
  return Array.isArray(value) ? [value.length, ...(value.length ? shapeOf(value[0]) : [])] : [];
}

// ---- Texts and tables: what a person writes or pastes, as the JSON of a field ----

function typeOf(field) {
  return field.dtype + (field.shape === null ? "[...]" : `[${field.shape.join(", ")}]`);
}

/** Return a field's JSON as text, digits untouched; throw an Error that says what is expected. */
function toJson(field, text) {
  const trimmed = text.trim();
  if (field.dtype === "string") return textsToJson(field, text);
  if (!trimmed) throw new Error(`is empty: expected ${typeOf(field)}`);
  const isJson = /^[[{]/.test(trimmed) || field.dtype === "map" || (field.dtype === "any" && /^"[^"]*"$/.test(trimmed));
  if (isJson) return checkedJson(trimmed);
  const rows = withoutHeader(field, tableOf(trimmed));
  return shaped(field, rows.map((row) => row.map((cell) => cellToJson(field, cell))));
}

function checkedJson(text) {
  try {
    parseExact(text);
    return text;
  } catch (error) {
    throw new Error(`is no JSON: ${error.message}`);
  }
}

/** Return texts: JSON where it is some, else one a line, and a table where one is meant. */
function textsToJson(field, text) {
  const trimmed = text.trim();
  if (/^(\[|"|\{"b64")/.test(trimmed)) {
    try {
      parseExact(trimmed);
      return trimmed;
    } catch {
      // A text may begin like JSON.
    }
  }
  const isScalar = field.shape !== null && field.shape.length === 0;
  if (isScalar) return JSON.stringify(text.replace(/\n$/, ""));
  const rows = textTableOf(field, trimmed) || trimmed.split(/\r?\n/).map((it) => [it]);
  return shaped(field, rows.map((row) => row.map((it) => JSON.stringify(it))));
}

/** Return the table that tabs make of a text, or commas where its lines then have the field's width. */
function textTableOf(field, text) {
  if (text.includes("\t")) return splitTable(text, "\t");
  const [, width] = field.shape || [];
  const tables = field.shape !== null && field.shape.length === 2 && width > 1 ? [";", ","].map((it) => splitTable(text, it)) : [];
  return tables.find((rows) => rows.every((row) => row.length === width));
}

function tableOf(text) {
  const separator = ["\t", ";", ","].find((it) => text.includes(it));
  if (separator) return splitTable(text, separator);
  return text.split(/\r?\n/).filter((line) => line.trim()).map((line) => line.trim().split(/\s+/));
}

/** Split a table as RFC 4180 has it: cells in quotes may hold anything. */
function splitTable(text, separator) {
  const rows = [[]];
  let cell = "";
  let quoted = false;
  const endCell = () => { rows[rows.length - 1].push(cell); cell = ""; };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted && letter === '"' && text[at + 1] === '"') { cell += '"'; at += 1; }
    else if (letter === '"' && (quoted || cell === "")) quoted = !quoted;
    else if (quoted) cell += letter;
    else if (letter === separator) endCell();
    else if (letter === "\n") { endCell(); rows.push([]); }
    else if (letter !== "\r") cell += letter;
  }
  endCell();
  return rows.filter((row) => row.length > 1 || row[0] !== "" || rows.length === 1);
}

/** Return a table without its first line where that is a header: no numbers, above numbers. */
function withoutHeader(field, rows) {
  const isHeader = (row) => row.every((cell) => cell.trim() && !isNumeral(cell) && !isSwitch(cell));
  return rows.length > 1 && field.dtype !== "any" && isHeader(rows[0]) ? rows.slice(1) : rows;
}

const NUMERAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const NOT_FINITE = { nan: "NaN", inf: "Infinity", infinity: "Infinity", "+inf": "Infinity", "-inf": "-Infinity", "-infinity": "-Infinity" };

function isNumeral(cell) {
  return NUMERAL.test(cell.trim()) || /^-?\d+,\d+$/.test(cell.trim()) || cell.trim().toLowerCase() in NOT_FINITE;
}

function isSwitch(cell) {
  return /^(true|false|null)$/i.test(cell.trim());
}

function cellToJson(field, cell) {
  const text = cell.trim();
  const lower = text.toLowerCase();
  if (text === "" || lower === "null") return "null";
  if (isSwitch(text)) return lower;
  if (field.dtype === "bool" && /^[01]$/.test(text)) return text === "1" ? "true" : "false";
  if (lower in NOT_FINITE) return NOT_FINITE[lower];
  if (/^-?\d+,\d{3}$/.test(text)) throw new Error(`has ${text}, which may be ${text.replace(",", ".")} or ${text.replace(",", "")}: write it without the comma`);
  const pointed = text.replace(/^(-?\d+),(\d+)$/, "$1.$2");
  if (NUMERAL.test(pointed)) return numeralToJson(pointed);
  if (field.dtype === "any") return JSON.stringify(text);
  throw new Error(`has ${JSON.stringify(text)}: expected ${typeOf(field)}`);
}

/** Write a number as JSON does: 007, .5, 5. and +1 are none there. */
function numeralToJson(text) {
  const [, minus, whole, fraction, exponent] = /^\+?(-?)(\d*)\.?(\d*)(.*)$/.exec(text);
  const digits = whole.replace(/^0+(?=\d)/, "") || "0";
  return minus + digits + (fraction ? `.${fraction}` : "") + exponent;
}

/** Put cells, each of them JSON, into lists as the field's shape has them. */
function shaped(field, rows) {
  const cells = rows.flat();
  const { shape } = field;
  if (shape === null) return unshaped(rows);
  if (shape.length === 0) {
    if (cells.length === 1) return cells[0];
    throw new Error(`has ${cells.length} values: expected one, ${typeOf(field)}`);
  }
  if (shape.length === 1) return listed(cells);
  if (shape.length === 2 && (shape[1] === -1 || rows[0].length === shape[1])) return checkedTable(rows);
  return nested(cells, resolved(field, cells.length));
}

function unshaped(rows) {
  if (rows.length === 1) return rows[0].length === 1 ? rows[0][0] : listed(rows[0]);
  return rows.every((row) => row.length === 1) ? listed(rows.flat()) : checkedTable(rows);
}

function checkedTable(rows) {
  const odd = rows.findIndex((row) => row.length !== rows[0].length);
  if (odd >= 0) throw new Error(`has ${rows[odd].length} cells in row ${odd + 1}, and ${rows[0].length} in row 1`);
  return listed(rows.map(listed));
}

/** Return a shape without free dimensions that so many values fill; the first free one gives way. */
function resolved(field, count) {
  const free = field.shape.indexOf(-1);
  const fixed = field.shape.map((size, axis) => (size === -1 && axis !== free ? 1 : size));
  const others = fixed.reduce((product, size, axis) => (axis === free ? product : product * size), 1);
  if (free >= 0 && others > 0 && count % others === 0) fixed[free] = count / others;
  if (fixed.includes(-1) || fixed.reduce((product, size) => product * size, 1) !== count) {
    throw new Error(`has ${count} ${count === 1 ? "value, which does" : "values, which do"} not fill ${typeOf(field)}`);
  }
  return fixed;
}

function nested(cells, shape) {
  if (shape.length === 0) return cells[0];
  const [size, ...inner] = shape;
  const step = cells.length / size;
  return listed(Array.from({ length: size }, (_, at) => nested(cells.slice(at * step, (at + 1) * step), inner)));
}

function listed(texts) {
  return `[${texts.join(",")}]`;
}

/** Return the columns of a table by the names in its header; null where those are not the inputs'. */
function columnsOf(inputs, text) {
  if (!/[\t;,\n]/.test(text.trim())) return null;
  const [header, ...rows] = tableOf(text.trim());
  const names = header.map((it) => it.trim());
  if (!rows.length || new Set(names).size !== names.length || !isOf(inputs, new Set(names))) return null;
  return new Map(names.map((name, at) => [name, rows.map((row) => row[at] ?? "")]));
}

/** Return whether a header has inputs alone, or all of several: what it has beside them is an answer. */
function isOf(inputs, header) {
  const named = inputs.filter((input) => header.has(input.name));
  return named.length === header.size || (inputs.length > 1 && named.length === inputs.length);
}

/** Return a column as a field's text; one that cannot be read stays as it is, to be complained of. */
function columnText(field, cells) {
  const isText = field.dtype === "string";
  if (isText && cells.length === 1 && field.shape && !field.shape.length) return cells[0];
  try {
    const texts = cells.map((cell) => (isText ? textCell(field, cell) : cellToJson(field, cell)));
    return field.shape === null ? listed(texts) : shaped(field, texts.map((it) => [it]));
  } catch {
    // A cell in quotes stays one cell, whatever commas are in it.
    return isText ? JSON.stringify(cells) : cells.map((cell) => `"${cell.replace(/"/g, '""')}"`).join(",");
  }
}

function textCell(field, cell) {
  return cell === "" && field.is_nullable ? "null" : JSON.stringify(cell);
}

// ---- Files: NumPy's, and pictures ----

const READERS = {
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  f2: (view, at, little) => half(view.getUint16(at, little)),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => view.getBigInt64(at, little),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => view.getBigUint64(at, little),
  b1: (view, at) => view.getUint8(at) !== 0,
};

function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/** Return the JSON of an array in NumPy's format. See numpy.lib.format. */
function npyToJson(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] !== 0x93 || new TextDecoder().decode(bytes.subarray(1, 6)) !== "NUMPY") throw new Error("is no file of NumPy's");
  const start = bytes[6] === 1 ? 10 : 12;
  const end = start + (bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const found = /'descr': '([<>|=])(\w)(\d+)'.*'fortran_order': (True|False).*'shape': \(([\d, ]*)\)/.exec(header);
  if (!found) throw new Error("holds an array of objects or of several fields, which cannot be read");
  const [, order, kind, size, isFortran, sizes] = found;
  const shape = sizes.split(",").filter((it) => it.trim()).map(Number);
  const read = cellReader(view, end, kind, Number(size), order !== ">");
  const count = shape.reduce((product, each) => product * each, 1);
  if (isFortran === "False") return nested(Array.from({ length: count }, (_, at) => read(at)), shape);
  return fortran(read, shape, 0, 1);
}

function cellReader(view, start, kind, size, little) {
  if (kind === "U" || kind === "S") return (at) => JSON.stringify(textAt(view, start, kind, size, little, at));
  const read = READERS[kind + size];
  if (!read) throw new Error(`holds ${kind}${size}, which cannot be read`);
  return (at) => numberText(read(view, start + at * size, little));
}

function numberText(value) {
  return Object.is(value, -0) ? "-0.0" : String(value);
}

function textAt(view, start, kind, size, little, at) {
  const step = kind === "U" ? 4 : 1;
  let text = "";
  for (let index = 0; index < size; index += 1) {
    const place = start + (at * size + index) * step;
    text += String.fromCodePoint(kind === "U" ? view.getUint32(place, little) : view.getUint8(place));
  }
  return text.replace(/\0+$/, "");
}

function fortran(read, shape, at, stride) {
  if (!shape.length) return read(at);
  const [size, ...inner] = shape;
  return listed(Array.from({ length: size }, (_, index) => fortran(read, inner, at + index * stride, stride * size)));
}

/** Return the arrays of an .npz file, as JSON by their names: it is a ZIP of .npy files. */
async function npzToJson(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Error("is no .npz file");
  const arrays = new Map();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    const [nameSize, extraSize, noteSize] = [28, 30, 32].map((each) => view.getUint16(at + each, true));
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameSize));
    arrays.set(name.replace(/\.npy$/, ""), npyToJson(await unzipped(bytes, view, at)));
    at += 46 + nameSize + extraSize + noteSize;
  }
  return arrays;
}

async function unzipped(bytes, view, entry) {
  const local = view.getUint32(entry + 42, true);
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const packed = bytes.subarray(start, start + view.getUint32(entry + 20, true));
  if (view.getUint16(entry + 10, true) === 0) return packed;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Return how an input holds pictures: its axes and channels; null where it is not like one. */
function pictureOf(field) {
  const shape = field.shape || [];
  if (!/^(float|bfloat|uint|int)/.test(field.dtype) || shape.length < 3 || shape.length > 4) return null;
  const inner = shape.length === 4 ? shape.slice(1) : shape;
  const isSide = (size) => size === -1 || size >= 4;
  const isChannels = (size) => [1, 3, 4].includes(size);
  const [first, middle, last] = inner;
  if (isChannels(last) && isSide(first) && isSide(middle)) return { height: first, width: middle, channels: last, isLast: true };
  if (isChannels(first) && isSide(middle) && isSide(last)) return { height: middle, width: last, channels: first, isLast: false };
  if (shape.length === 3 && isSide(middle) && isSide(last) && middle !== -1) return { height: middle, width: last, channels: 1, isLast: false, isFlat: true };
  return null;
}

/** Return a picture's pixels as JSON in the form of a field. */
async function pictureToJson(field, file, range) {
  const form = pictureOf(field);
  const bitmap = await createImageBitmap(file);
  const height = form.height === -1 ? bitmap.height : form.height;
  const width = form.width === -1 ? bitmap.width : form.width;
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height).data;
  const channel = (at, which) => scaled(pixelAt(pixels, at * 4, form.channels, which), range);
  const sizes = Array.from({ length: form.channels }, (_, which) => which);
  const places = Array.from({ length: width * height }, (_, at) => at);
  const cells = form.isLast
    ? places.flatMap((at) => sizes.map((which) => channel(at, which)))
    : sizes.flatMap((which) => places.map((at) => channel(at, which)));
  const inner = form.isLast ? [height, width, form.channels] : [form.channels, height, width];
  const isBatch = field.shape.length === 4;
  return nested(cells, form.isFlat ? [1, height, width] : isBatch ? [1, ...inner] : inner);
}

function pixelAt(pixels, at, channels, which) {
  if (channels > 1) return pixels[at + which];
  return Math.round(0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2]);
}

const RANGES = {
  "0 to 255": (pixel) => pixel,
  "0 to 1": (pixel) => pixel / 255,
  "-1 to 1": (pixel) => pixel / 127.5 - 1,
};

function scaled(pixel, range) {
  return String(RANGES[range](pixel));
}

// ---- The form ----

const NAMESPACE = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(NAMESPACE, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

const byId = (id) => document.getElementById(id);
const page = { document: null, signature: null, inputs: [], token: "", counted: new Map() };

/** One input of the signature: its text field, and what fills that field. */
class Input {
  constructor(field, index) {
    this.field = field;
    this.held = null; // JSON that is too long to show
    this.error = make("p", { id: `error-${index}`, class: "error", hidden: true });
    this.note = make("p", { id: `note-${index}`, class: "note", hidden: true });
    this.text = make("textarea", {
      id: `input-${index}`, rows: 3, spellcheck: "false", autocomplete: "off", autocapitalize: "off",
      "aria-describedby": `type-${index} note-${index} error-${index}`,
    });
    this.element = make("div", { class: "field" },
      make("label", { for: `input-${index}` }, field.name), " ",
      make("span", { id: `type-${index}`, class: "type" }, typeOf(field) + (field.is_nullable ? ", may be missing" : "")),
      this.text, this.filling(index), this.note, this.error);
    this.text.addEventListener("input", () => { this.hold(null); this.complain(""); changed(); });
    this.text.addEventListener("paste", (event) => this.paste(event));
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("call").requestSubmit();
    });
    this.fillExample();
  }

  filling(index) {
    const isPicture = pictureOf(this.field) !== null;
    const kinds = [".csv", ".tsv", ".txt", ".json", ".npy", ".npz", ...(isPicture ? ["image/*"] : [])];
    const file = make("input", { type: "file", id: `file-${index}`, accept: kinds.join(",") });
    file.addEventListener("change", () => { this.read(file.files[0]); file.value = ""; });
    const words = isPicture ? "a picture, CSV or NumPy file" : "a CSV or NumPy file";
    const line = make("div", { class: "line" }, make("label", { for: `file-${index}` }, `Fill ${this.field.name} from ${words}`), file);
    if (isPicture && /float/.test(this.field.dtype)) {
      this.range = make("select", { id: `range-${index}` }, ...Object.keys(RANGES).map((it) => make("option", {}, it)));
      line.append(make("label", { for: `range-${index}` }, "pixels from"), this.range);
    }
    this.clear = make("button", { type: "button", hidden: true }, `Clear ${this.field.name}`);
    this.clear.addEventListener("click", () => { this.fill("", ""); this.text.focus(); });
    line.append(this.clear);
    return line;
  }

  /** Put JSON or a text into the field; what is too long is held, and named by its source. */
  fill(text, source) {
    const isLong = text.length > MAX_SHOWN_CHARACTERS;
    this.hold(isLong ? text : null);
    this.text.value = isLong ? "" : text;
    this.text.rows = Math.min(Math.max(this.text.value.split("\n").length, 3), 12);
    this.note.textContent = source ? `from ${source}` : "";
    this.note.hidden = !source;
    this.complain("");
    changed();
  }

  /** Keep JSON in the place of a text, until somebody writes one. */
  hold(text) {
    this.held = text;
    this.text.placeholder = text === null ? "" : `${text.length} characters of JSON, too many to show`;
    this.clear.hidden = text === null;
  }

  fillExample() {
    const { field } = this;
    const isPlainText = field.dtype === "string" && field.shape && !field.shape.length;
    const value = "example" in field ? JSON.stringify(field.example) : zeros(field);
    this.fill(isPlainText ? "" : value, "example" in field ? "" : "zeros");
  }

  json() {
    const isHeld = this.held !== null && this.text.value === "";
    return isHeld ? checkedJson(this.held) : toJson(this.field, this.text.value);
  }

  complain(words) {
    this.error.textContent = words;
    this.error.hidden = !words;
    this.element.classList.toggle("wrong", Boolean(words));
    if (words) this.text.setAttribute("aria-invalid", "true");
    else this.text.removeAttribute("aria-invalid");
  }

  paste(event) {
    if (spread(event.clipboardData.getData("text"), "a table")) event.preventDefault();
  }

  async read(file) {
    if (!file) return;
    try {
      await this.take(file);
    } catch (error) {
      this.complain(`${this.field.name}: ${file.name} ${error.message}`);
    }
  }

  async take(file) {
    if (file.type.startsWith("image/") && pictureOf(this.field)) {
      const range = this.range ? this.range.value : "0 to 255";
      this.fill(await pictureToJson(this.field, file, range), file.name);
    } else if (file.name.endsWith(".npy")) {
      this.fill(npyToJson(await bytesOf(file)), file.name);
    } else if (file.name.endsWith(".npz")) {
      this.takeArrays(await npzToJson(await bytesOf(file)), file.name);
    } else {
      const text = await file.text();
      if (!spread(text, file.name)) this.fill(tableText(this.field, text), file.name);
    }
  }

  takeArrays(arrays, source) {
    const named = page.inputs.filter((input) => arrays.has(input.field.name));
    named.forEach((input) => input.fill(arrays.get(input.field.name), source));
    if (named.length) return;
    if (arrays.size !== 1) throw new Error(`has the arrays ${[...arrays.keys()].join(", ")}: none is called ${this.field.name}`);
    this.fill([...arrays.values()][0], source);
  }
}

async function bytesOf(file) {
  return new Uint8Array(await file.arrayBuffer());
}

/** Return a long table as JSON, which is held; a short one stays as it is. */
function tableText(field, text) {
  return text.length > MAX_SHOWN_CHARACTERS ? toJson(field, text) : text;
}

/** Fill each input from its column where a table's header names inputs; return whether it does. */
function spread(text, source) {
  const columns = columnsOf(page.inputs.map((input) => input.field), text);
  if (!columns) return false;
  const named = page.inputs.filter((input) => columns.has(input.field.name));
  const others = [...columns.keys()].filter((name) => !named.some((input) => input.field.name === name));
  const words = others.length ? `${source}, without its ${others.join(", ")}` : source;
  for (const input of named) input.fill(columnText(input.field, columns.get(input.field.name)), words);
  return true;
}

function zeros(field) {
  const shape = (field.shape || []).map((size) => (size === -1 ? 1 : size));
  const zero = { bool: "false", string: '""', map: "{}" }[field.dtype] || "0";
  const leaf = field.dtype.startsWith("complex") ? "[0,0]" : zero;
  return shape.reduceRight((inner, size) => listed(Array.from({ length: size }, () => inner)), leaf);
}

/** Return the body of a call; complain beside each field that cannot be read. */
function bodyOf(complains) {
  let first = null;
  const texts = page.inputs.map((input) => {
    try {
      return `${JSON.stringify(input.field.name)}:${input.json()}`;
    } catch (error) {
      if (complains) input.complain(`${input.field.name} ${error.message}`);
      first = first || input;
      return null;
    }
  });
  if (first && complains) first.text.focus();
  if (first) return null;
  const name = JSON.stringify(page.signature.name);
  return `{"signature_name":${name},"inputs":{${texts.join(",")}}}`;
}

async function run(event) {
  event.preventDefault();
  page.inputs.forEach((input) => input.complain(""));
  showFailure("");
  // A table may have been typed, or dropped.
  page.inputs.map((input) => input.text.value).forEach((text) => spread(text, "a table"));
  const body = bodyOf(true);
  if (body === null) return forget();
  byId("run").disabled = true;
  byId("time").textContent = "running";
  const started = performance.now();
  try {
    const reply = await ask(predictPath(), { method: "POST", body, headers: { "content-type": "application/json" } });
    const text = await reply.text();
    byId("time").textContent = `${reply.ok ? "answered" : "refused"} in ${(performance.now() - started).toFixed(1)} ms`;
    if (reply.ok) showAnswer(text);
    else showRefusal(reply.status, text);
  } catch (error) {
    forget();
    showFailure(`the service did not answer: ${error.message}`);
  } finally {
    byId("run").disabled = false;
  }
  return look();
}

/** Forget the last answer, which would be taken for one to what the fields have now. */
function forget() {
  byId("answer").hidden = true;
  byId("time").textContent = "";
}

function showFailure(words) {
  byId("failure").textContent = words;
  byId("failure").hidden = !words;
}

/** Show why a call was refused: beside the fields that it names, and as a whole. */
function showRefusal(status, text) {
  let words = text;
  try {
    words = JSON.parse(text).error || text;
  } catch {
    // A proxy's words are no JSON.
  }
  if (status === 401) askForToken();
  byId("answer").hidden = true;
  const named = page.inputs.filter((input) => isNamed(words, input.field.name));
  named.forEach((input) => input.complain(partOf(words, input.field.name)));
  if (named.length) named[0].text.focus();
  showFailure(`${status}: ${words}`);
}

function isNamed(words, name) {
  return startOf(words, name) >= 0;
}

function startOf(words, name) {
  const places = [`input "${name}"`, `inputs.${name}`, `"${name}": expected`].map((it) => placeOf(words, it));
  return Math.min(...places.map((it) => (it < 0 ? Infinity : it))) === Infinity ? -1 : Math.min(...places.filter((it) => it >= 0));
}

/** Return where a name stands, and is not the beginning of a longer one. */
function placeOf(words, text) {
  const at = words.indexOf(text);
  return at >= 0 && /\w/.test(words[at + text.length] || "") && !text.endsWith('"') ? -1 : at;
}

/** Return the part of several problems that is about one input. */
function partOf(words, name) {
  const rest = words.slice(startOf(words, name));
  const next = page.inputs.filter((input) => input.field.name !== name)
    .map((input) => startOf(rest.slice(1), input.field.name) + 1).filter((it) => it > 0);
  return rest.slice(0, Math.min(rest.length, ...next)).replace(/[;,\s]+$/, "");
}

// ---- The answer: tables, and charts where numbers are better looked at ----

function showAnswer(text) {
  const { outputs } = parseExact(text);
  const fields = page.signature.outputs;
  const named = fields.length === 1 ? { [fields[0].name]: outputs } : outputs;
  const shown = fields.filter((field) => field.name in named).map((field) => showOutput(field, named));
  byId("outputs").replaceChildren(...shown);
  byId("raw-text").textContent = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)} …` : text;
  byId("answer").hidden = false;
}

function showOutput(field, named) {
  const value = named[field.name];
  const type = field.dtype + (field.dtype === "map" ? "" : `[${shapeOf(value).join(", ")}]`);
  const heading = make("h3", {}, `${field.name} `, make("span", { class: "type" }, type));
  return make("div", { "data-output": field.name }, heading, ...charts(field, value, named), tableFor(field.name, value));
}

function tableFor(name, value) {
  const shape = shapeOf(value);
  if (field2d(value, shape)) return gridOf(name, value, shape);
  if (shape.length === 1 && !isMap(value[0])) return gridOf(name, value.map((it) => [it]), [shape[0], 1]);
  if (shape.length === 0 && !isMap(value)) return make("p", {}, make("output", {}, asText(value)));
  const text = writeExact(value);
  const cut = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)} …` : text;
  return make("pre", { tabindex: 0, role: "group", "aria-label": name }, cut);
}

function field2d(value, shape) {
  return shape.length === 2 && !value.some((row) => row.some((cell) => Array.isArray(cell) || isMap(cell)));
}

function isMap(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !isExact(value) && !("b64" in value);
}

function gridOf(name, rows, [count, width]) {
  const columns = Math.min(width, MAX_COLUMNS);
  const head = width > 1 ? [make("thead", {}, make("tr", {}, make("td", {}, ""), ...Array.from({ length: columns }, (_, at) => make("th", { scope: "col" }, String(at)))))] : [];
  const lines = rows.slice(0, MAX_ROWS).map((row, at) => make("tr", {}, make("th", { scope: "row" }, String(at)), ...row.slice(0, columns).map(cellOf)));
  const more = [count > MAX_ROWS ? `${MAX_ROWS} of ${count} rows` : "", width > columns ? `${columns} of ${width} columns` : ""].filter(Boolean);
  const caption = more.length ? [make("caption", {}, more.join(", "))] : [];
  const table = make("table", { "aria-label": name }, ...caption, ...head, make("tbody", {}, ...lines));
  return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Table of ${name}` }, table);
}

function cellOf(value) {
  return make("td", isNumber(value) ? { class: "number" } : {}, asText(value));
}

/** Return the charts of an output: bars for scores, a line for a series. */
function charts(field, value, named) {
  const shape = shapeOf(value);
  if (!/^(u?int|b?float|q)/.test(field.dtype) || !shape.length || shape.length > 2) return [];
  const isColumn = shape.length === 1 || (shape[1] === 1 && shape[0] > 1);
  const rows = isColumn ? [value.flat()] : value;
  const width = rows[0].length;
  const isSeries = width > (isColumn ? 30 : 100);
  if (width < 2 || rows.length > 5 || !rows.every((row) => row.every((it) => Number.isFinite(asNumber(it))))) return [];
  return rows.map((row, at) => {
    const title = rows.length > 1 ? `${field.name}, row ${at}` : field.name;
    const numbers = row.map(asNumber);
    return isSeries ? lineChart(title, numbers) : barChart(title, numbers, labelsOf(field, named, at, width));
  });
}

/** Return what bars are called: by an output of texts that has the same shape, else by numbers. */
function labelsOf(field, named, row, width) {
  for (const other of page.signature.outputs) {
    const labels = other.dtype === "string" && Array.isArray(named[other.name]) ? named[other.name].flat() : [];
    if (other.name !== field.name && labels.length >= (row + 1) * width) return labels.slice(row * width, (row + 1) * width).map(asText);
  }
  return Array.from({ length: width }, (_, at) => String(at));
}

const CHART = { most: 560, label: 90, line: 20 };

/** Return how wide a chart may be: a smaller one drawn in full would have letters too small to read. */
function chartWidth() {
  return Math.min(CHART.most, document.querySelector("main").clientWidth);
}

function barChart(title, numbers, labels) {
  const shown = numbers.slice(0, 50);
  const low = Math.min(0, ...shown);
  const high = Math.max(0, ...shown);
  const width = chartWidth();
  const scale = (width - CHART.label - 60) / (high - low || 1);
  const bars = shown.map((number, at) => {
    const start = CHART.label + (Math.min(0, number) - low) * scale;
    const top = at * CHART.line;
    return draw("g", {},
      draw("text", { x: 0, y: top + 14 }, labels[at].slice(0, 12)),
      draw("rect", { x: start, y: top + 3, width: Math.max(Math.abs(number) * scale, 1), height: CHART.line - 6 }),
      draw("text", { x: start + Math.abs(number) * scale + 4, y: top + 14 }, rounded(number)));
  });
  const best = shown.indexOf(Math.max(...shown));
  const words = `Bars of ${title}: ${shown.length} values, the largest ${rounded(shown[best])} at ${labels[best]}`;
  return draw("svg", { role: "img", "aria-label": words, width, viewBox: `0 0 ${width} ${shown.length * CHART.line}` }, ...bars);
}

function lineChart(title, numbers) {
  const height = 160;
  const width = chartWidth();
  const step = Math.max(1, Math.ceil(numbers.length / 2000));
  const shown = numbers.filter((_, at) => at % step === 0);
  const low = shown.reduce((least, it) => Math.min(least, it), Infinity);
  const high = shown.reduce((most, it) => Math.max(most, it), -Infinity);
  const points = shown.map((number, at) => `${(at / (shown.length - 1)) * width},${height - ((number - low) / (high - low || 1)) * height}`);
  const words = `Line of ${title}: ${numbers.length} values from ${rounded(low)} to ${rounded(high)}`;
  return draw("svg", { role: "img", "aria-label": words, width, viewBox: `-4 -4 ${width + 8} ${height + 26}` },
    draw("polyline", { points: points.join(" ") }),
    draw("text", { x: 0, y: height + 18 }, `${rounded(low)} to ${rounded(high)}`));
}

function rounded(number) {
  return String(Number(number.toPrecision(4)));
}

// ---- The same call as code ----

const NUMPY = { string: "object", bool: "bool", bfloat16: "float32" };
const UNQUANTISED = /^q(u?int\d+)$/;

/** Write a JSON value as Python does. */
function python(value) {
  if (isExact(value)) return /^-?\d/.test(value[EXACT]) ? value[EXACT] : `float("${value[EXACT].replace("Infinity", "inf").replace("NaN", "nan")}")`;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "object") return typeof value === "string" ? pythonText(value) : String(value);
  if (Object.keys(value).length === 1 && typeof value.b64 === "string") return `base64.b64decode("${value.b64}")`;
  return `{${Object.entries(value).map(([name, it]) => `${pythonText(name)}: ${python(it)}`).join(", ")}}`;
}

function pythonText(text) {
  return JSON.stringify(text).replace(/\\u([dD][89abAB]..)/g, "\\u$1");
}

function pythonComplex(value, rank) {
  if (rank > 0) return `[${value.map((it) => pythonComplex(it, rank - 1)).join(", ")}]`;
  return `complex(${python(value[0])}, ${python(value[1])})`;
}

/** Write an input as NumPy's array; `strings` is how the client wants texts. */
function array(field, value) {
  if (field.dtype === "map") return python(value);
  if (field.dtype.startsWith("complex")) return `np.array(${pythonComplex(value, shapeOf(value).length - 1)}, np.${field.dtype})`;
  const dtype = NUMPY[field.dtype] || field.dtype.replace(UNQUANTISED, "$1");
  if (field.dtype === "any" || hasNull(value)) return `np.array(${python(value)}${field.dtype === "string" ? ", object" : ""})`;
  return `np.array(${python(value)}, ${dtype === "object" || dtype === "bool" ? dtype : `np.${dtype}`})`;
}

function hasNull(value) {
  return Array.isArray(value) ? value.some(hasNull) : value === null;
}

function shellText(text) {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

/** What the snippets are made from: the inputs' values, and where the service is. */
function callOf(body) {
  const values = parseExact(body).inputs;
  const { signature } = page;
  const port = page.document[EXTENSION].grpc_port || "GRPC_PORT";
  return {
    body, values, signature, model: page.document.info.title,
    url: new URL(predictPath(), location.href).href, address: `${location.hostname}:${port}`,
    isLong: body.length > MAX_CODE_CHARACTERS, token: page.token ? "$TOKEN" : "", isSecure: location.protocol === "https:",
    inputs: signature.inputs.map((field) => ({ field, value: values[field.name] })),
    hasBase64: body.includes('"b64"'),
  };
}

function curl(call) {
  const data = call.isLong ? "--data-binary @request.json" : `-d ${shellText(call.body)}`;
  const token = call.token ? ' -H "authorization: Bearer $TOKEN"' : "";
  return `curl -sS ${shellText(call.url)} -H 'content-type: application/json'${token} \\\n  ${data}\n`;
}

const CONTENTS = { BOOL: "bool_contents", INT64: "int64_contents", UINT64: "uint64_contents", FP32: "fp32_contents", FP64: "fp64_contents", BYTES: "bytes_contents" };

function contentsOf(datatype) {
  return CONTENTS[datatype] || (datatype.startsWith("UINT") ? "uint_contents" : "int_contents");
}

function grpcurl(call) {
  const without = call.signature.is_open_inference ? call.inputs.find(({ field }) => !field.datatype || /^(FP16|BF16)$/.test(field.datatype)) : call.inputs[0];
  if (without) return `# ${without.field.name} is ${typeOf(without.field)}, which grpcurl cannot write: use another client\n`;
  if (call.isLong) return "# the call is too long for a command line: use another client\n";
  const inputs = call.inputs.map(({ field, value }) => ({
    name: field.name, datatype: field.datatype, shape: shapeOf(value),
    contents: { [contentsOf(field.datatype)]: [value].flat(Infinity).map((it) => (field.datatype === "BYTES" ? base64Of(it) : it)) },
  }));
  const request = { model_name: call.model, parameters: { signature_name: { string_param: call.signature.name } }, inputs };
  const token = call.token ? ' -H "authorization: Bearer $TOKEN"' : "";
  const plain = call.isSecure ? "" : " -plaintext";
  return `grpcurl${plain}${token} -d ${shellText(writeExact(request))} \\\n  ${call.address} inference.GRPCInferenceService/ModelInfer\n`;
}

function base64Of(text) {
  if (text === null) return "";
  if (typeof text === "object") return text.b64;
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Return the lines that make the inputs: from the values themselves, or from the file. */
function pythonStart(call, ...imports) {
  const more = [...(call.hasBase64 ? ["import base64"] : []), ...(call.isLong ? ["import json"] : []), ...(call.token ? ["import os"] : [])];
  const lines = [...more, ...(more.length ? [""] : []), "import numpy as np", ...imports, ""];
  if (call.isLong) lines.push('with open("request.json") as file:', '    values = json.load(file)["inputs"]');
  return lines.join("\n");
}

function pythonArray(call, { field, value }) {
  if (!call.isLong) return array(field, value);
  return array(field, 0).replace(/^np\.array\(0/, `np.array(values[${pythonText(field.name)}]`).replace(/^0$/, `values[${pythonText(field.name)}]`);
}

function arraysOf(call) {
  return `{${call.inputs.map((each) => `${pythonText(each.field.name)}: ${pythonArray(call, each)}`).join(", ")}}`;
}

const TOKEN_METADATA = 'metadata=[("authorization", f"Bearer {os.environ[\'TOKEN\']}")]';

function channelOf(call) {
  return call.isSecure ? `grpc.secure_channel("${call.address}", grpc.ssl_channel_credentials())` : `grpc.insecure_channel("${call.address}")`;
}

function ours(call) {
  const named = [...(call.isSecure ? ["tls=True"] : []), ...(call.token ? ['token=os.environ["TOKEN"]'] : [])];
  const options = named.length ? `, ConnectionOptions(${named.join(", ")})` : "";
  const imports = ["from serving_runtime.client import Client", ...(named.length ? ["from serving_runtime.client.connection import ConnectionOptions"] : [])];
  return `${pythonStart(call, ...imports)}
with Client("${call.address}"${options}) as client:
    outputs = client.predict(${pythonText(call.signature.name)}, ${arraysOf(call)})
print(outputs)
`;
}

const PROTO_FIELDS = {
  float32: "float_val", float64: "double_val", int64: "int64_val", uint64: "uint64_val", uint32: "uint32_val",
  bool: "bool_val", string: "string_val", int32: "int_val", int16: "int_val", int8: "int_val", uint8: "int_val", uint16: "int_val",
};
// That client comes without NumPy.
const FLAT = `

def flat(value):
    return [leaf for each in value for leaf in flat(each)] if isinstance(value, list) else [value]
`;
const PROTO_DTYPES = { float32: "DT_FLOAT", float64: "DT_DOUBLE" };

function hydrosphere(call) {
  const without = call.inputs.find(({ field }) => !(field.dtype in PROTO_FIELDS) || (field.dtype === "string" && call.hasBase64));
  if (without) return `# ${without.field.name} is ${typeOf(without.field)}: TensorFlow Serving's client has a helper for it\n`;
  const tensors = call.inputs.map(({ field, value }) => {
    const dims = shapeOf(value).map((size) => `hs.TensorShapeProto.Dim(size=${size})`).join(", ");
    const values = call.isLong ? `flat(values[${pythonText(field.name)}])` : python([value].flat(Infinity));
    const dtype = PROTO_DTYPES[field.dtype] || `DT_${field.dtype.toUpperCase()}`;
    return `request.inputs[${pythonText(field.name)}].CopyFrom(hs.TensorProto(dtype=hs.${dtype}, ${PROTO_FIELDS[field.dtype]}=${field.dtype === "string" ? `[text.encode() for text in ${values}]` : values},
    tensor_shape=hs.TensorShapeProto(dim=[${dims}])))`;
  });
  return `${pythonStart(call, "import grpc", "import hydro_serving_grpc as hs").replace("import numpy as np\n", "")}${call.isLong ? FLAT : ""}
request = hs.PredictRequest(model_spec=hs.ModelSpec(name=${pythonText(call.model)}, signature_name=${pythonText(call.signature.name)}))
${tensors.join("\n")}
with ${channelOf(call)} as channel:
    stub = hs.PredictionServiceStub(channel)
    print(stub.Predict(request, timeout=10${call.token ? `, ${TOKEN_METADATA}` : ""}).outputs)
`;
}

function tensorflowServing(call) {
  const without = call.inputs.find(({ field }) => field.dtype === "map");
  if (without) return `# ${without.field.name} is a map, which TensorFlow Serving's client cannot write\n`;
  const tensors = call.inputs.map((each) => {
    const dtype = each.field.dtype === "bfloat16" ? ", dtype=tf.bfloat16" : "";
    return `request.inputs[${pythonText(each.field.name)}].CopyFrom(tf.make_tensor_proto(${pythonArray(call, each)}${dtype}))`;
  });
  return `${pythonStart(call, "import grpc", "import tensorflow as tf", "from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc")}
request = predict_pb2.PredictRequest()
request.model_spec.name = ${pythonText(call.model)}
request.model_spec.signature_name = ${pythonText(call.signature.name)}
${tensors.join("\n")}
with ${channelOf(call)} as channel:
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    reply = stub.Predict(request, timeout=10${call.token ? `, ${TOKEN_METADATA}` : ""})
print({name: tf.make_ndarray(tensor) for name, tensor in reply.outputs.items()})
`;
}

function triton(call) {
  if (!call.signature.is_open_inference) return "# The signature has a dtype that Open Inference has no name for\n";
  const inputs = call.inputs.map((each, at) => {
    const datatype = each.field.datatype || "FP32";
    const values = `array = ${pythonArray(call, each)}`;
    return `${values}
inputs.append(triton.InferInput(${pythonText(each.field.name)}, array.shape, "${datatype}"))
inputs[${at}].set_data_from_numpy(array)`;
  });
  const headers = call.token ? ', headers={"authorization": f"Bearer {os.environ[\'TOKEN\']}"}' : "";
  return `${pythonStart(call, "import tritonclient.grpc as triton")}
inputs = []
${inputs.join("\n")}
with triton.InferenceServerClient("${call.address}"${call.isSecure ? ", ssl=True" : ""}) as client:
    reply = client.infer(${pythonText(call.model)}, inputs, parameters={"signature_name": ${pythonText(call.signature.name)}}${headers})
print({${call.signature.outputs.map((field) => `${pythonText(field.name)}: reply.as_numpy(${pythonText(field.name)})`).join(", ")}})
`;
}

const SNIPPETS = [
  ["curl", curl], ["grpcurl", grpcurl], ["Python", ours], ["Hydrosphere's client", hydrosphere],
  ["TensorFlow Serving's client", tensorflowServing], ["Triton's client", triton],
];
const shownSnippets = new Map();

function makeSnippets() {
  const save = make("button", { type: "button", id: "save" }, "Save request.json");
  save.addEventListener("click", saveRequest);
  const parts = SNIPPETS.map(([name]) => {
    const code = make("pre", { tabindex: 0, role: "group", "aria-label": `The call with ${name}` });
    const copy = make("button", { type: "button" }, `Copy ${name}`);
    copy.addEventListener("click", () => copyFrom(code, copy));
    shownSnippets.set(name, code);
    return make("details", { open: name === "curl" }, make("summary", {}, name), code, copy);
  });
  byId("snippets").replaceChildren(...parts, make("div", { class: "line" }, save));
}

let waiting = 0;

/** Write the snippets anew, soon: each letter that is typed would be too often. */
function changed() {
  clearTimeout(waiting);
  waiting = setTimeout(writeSnippets, 200);
}

function writeSnippets() {
  const body = bodyOf(false);
  byId("save").hidden = body === null;
  const call = body === null ? null : callOf(body);
  for (const [name, write] of SNIPPETS) {
    shownSnippets.get(name).textContent = call ? write(call) : "# the form has a field that cannot be read";
  }
}

function saveRequest() {
  const url = URL.createObjectURL(new Blob([bodyOf(true) || ""], { type: "application/json" }));
  make("a", { href: url, download: "request.json" }).click();
  URL.revokeObjectURL(url);
}

/** Copy a text; where the page has no secure address, the browser's older way is all there is. */
async function copyFrom(element, button) {
  try {
    await navigator.clipboard.writeText(element.textContent);
  } catch {
    getSelection().selectAllChildren(element);
    document.execCommand("copy");
  }
  const name = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = name; }, 1500);
}

// ---- The service: what it is, how it is, and who may ask ----

function predictPath() {
  return `v1/models/${encodeURIComponent(page.document.info.title)}:predict`;
}

function ask(path, options = {}) {
  const headers = { ...options.headers, ...(page.token ? { authorization: `Bearer ${page.token}` } : {}) };
  return fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
}

function askForToken() {
  byId("token-form").hidden = false;
  byId("token").focus();
}

function useToken(event) {
  event.preventDefault();
  page.token = byId("token").value.trim();
  byId("token").value = "";
  byId("token-form").hidden = true;
  look();
  if (page.document) changed();
}

/** Look at the service, and do so again: it may be loading, or another one by now. */
async function look() {
  clearTimeout(look.timer);
  if (!document.hidden && byId("token-form").hidden) {
    try {
      await showState();
      if (!page.document) await load();
      if (page.document) await showCounters();
    } catch {
      setState("not reachable", false);
    }
  }
  look.timer = setTimeout(look, LOOK_MILLISECONDS);
}

async function showState() {
  const reply = await ask("readyz");
  if (reply.status === 401) return askForToken();
  const state = await reply.json();
  return setState(reply.ok ? "ready" : state.error || "not ready", reply.ok);
}

function setState(words, isReady) {
  const state = byId("state");
  if (state.textContent !== words) state.textContent = words; // a screen reader says each change
  state.classList.toggle("not-ready", !isReady);
}

async function load() {
  const reply = await ask("openapi.json");
  if (reply.status === 401) askForToken();
  if (!reply.ok) return;
  page.document = await reply.json();
  const { info, [EXTENSION]: { signatures } } = page.document;
  document.title = info.title;
  byId("title").textContent = info.title;
  byId("facts").replaceChildren(...fact("version", info.version), ...fact("served by", info.description.replace(/^.*by (.*)\.$/, "$1")));
  const fields = signatures.flatMap((it) => [...it.inputs, ...it.outputs]);
  byId("contract").replaceChildren(...signatures.map((it, at) => contractOf(it, at === 0 || fields.length <= MAX_OPEN_FIELDS)));
  byId("signature").replaceChildren(...signatures.map((it) => make("option", { value: it.name }, it.name || "(no name)")));
  byId("choice").hidden = signatures.length < 2;
  makeSnippets();
  choose(signatures[0]);
  for (const id of ["about", "call", "code"]) byId(id).hidden = false;
}

function fact(name, value) {
  const shown = make("dd", {}, value);
  page.counted.set(name, shown);
  return [make("div", {}, make("dt", {}, name), shown)];
}

function contractOf(signature, isOpen) {
  const rows = [["input", signature.inputs], ["output", signature.outputs]].flatMap(([kind, fields]) =>
    fields.map((field) => make("tr", {}, make("td", {}, kind), make("td", {}, field.name), make("td", { class: "type" }, typeOf(field)))));
  const head = make("thead", {}, make("tr", {}, ...["", "name", "type"].map((it) => (it ? make("th", { scope: "col" }, it) : make("td")))));
  const name = `Signature ${signature.name}`;
  const table = make("table", { "aria-label": name }, head, make("tbody", {}, ...rows));
  const scrolled = make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Inputs and outputs of ${signature.name}` }, table);
  return make("details", { open: isOpen }, make("summary", {}, name), scrolled);
}

function choose(signature) {
  page.signature = signature;
  page.inputs = [];
  page.inputs = signature.inputs.map((field, index) => new Input(field, index));
  byId("fields").replaceChildren(...page.inputs.map((input) => input.element));
  forget();
  showFailure("");
  changed();
}

async function showCounters() {
  const reply = await ask("page.json");
  if (!reply.ok) return;
  for (const [name, value] of Object.entries(countersOf(await reply.json()))) {
    if (!page.counted.has(name)) byId("facts").append(...fact(name, ""));
    page.counted.get(name).textContent = String(value);
  }
}

function countersOf(it) {
  return {
    framework: `${it.framework} ${it.framework_version}`, python: it.python, "calls answered": it.answered, "calls failed": it.failed,
    running: it.running, waiting: it.waiting, rows: it.rows,
    "a call takes": meanOf(it.seconds, it.answered), "of that the model": meanOf(it.model_seconds, it.answered),
    workers: it.workers, memory: `${Math.round(it.memory_bytes / 1e6)} MB`,
  };
}

function meanOf(seconds, count) {
  return count ? `${(seconds / count * 1e3).toFixed(2)} ms` : "–";
}

byId("call").addEventListener("submit", run);
byId("token-form").addEventListener("submit", useToken);
byId("signature").addEventListener("change", (event) => {
  choose(page.document[EXTENSION].signatures.find((it) => it.name === event.target.value));
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
look();
