"use strict";
// Everything that is put on the page goes through here: elements by name, text as text.

const SEVERITIES = ["critical", "high", "medium", "low", "info"];
const SEVERITY_WORDS = ["Critical", "High", "Medium", "Low", "Info"];
const SAFETY = {
  safe: ["Safe to apply", "Nobody loses or gains access by it."],
  consent: ["Needs a decision", "Somebody loses or gains access by it: decide first."],
  manual: ["Needs a person", "It cannot be done by the tool."],
};
const CONFIDENCE = {
  certain: ["Certain", "Follows from the objects that were read."],
  possible: ["Possible", "Depends on something that was not read or does not run at the moment."],
};
const SVG = "http://www.w3.org/2000/svg";
const LANGUAGE = document.documentElement.lang;
const NUMBER = new Intl.NumberFormat(LANGUAGE === "de" ? "de-DE" : "en-US");

// The entry of a table of words; a name like "constructor" is no entry.
const pick = (table, key, otherwise) => (Object.hasOwn(table, key) ? table[key] : otherwise);
const byId = (id) => document.getElementById(id);

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

// Control characters as pictures; characters that turn the direction of writing or have no width as their number. Which
// characters these are is said once, in text.py.
const UNSAFE = document.documentElement.dataset.unsafe;
const HIDDEN = new RegExp(`[${UNSAFE}]`, "gu");

function pictured(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, "0")}\u27e9`;
}

const visible = (text) => String(text).replace(HIDDEN, pictured);
const prose = (text) =>
  String(text).replace(HIDDEN, (character) => (/[\t\n]/.test(character) ? character : pictured(character)));
const number = (value) => NUMBER.format(value);

// The words of the language that was chosen, by the English ones; filled when the data is unpacked.
const WORDS = new Map();

function t(text, values) {
  const found = WORDS.get(text) || text;
  return values ? found.replace(/\{(\w+)\}/g, (_, name) => values[name]) : found;
}

// A number with what it counts: `{n}` stands for the number.
const n = (value, one, many, values) => t(value === 1 ? one : many, { ...values, n: number(value) });
const bdi = (text) => h("bdi", null, visible(text));
const code = (text) => h("code", null, bdi(text));
const muted = (...children) => h("span", { class: "muted" }, ...children);
// What rules say is not translated.
const paragraph = (text) => h("p", { class: "prose", lang: "en" }, prose(text));

function severity(rank) {
  const level = SEVERITIES[rank];
  const shape = document.createElementNS(SVG, "svg");
  shape.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#shape-${level}`);
  shape.append(use);
  return h("span", { class: `severity severity-${level}` }, shape, t(SEVERITY_WORDS[rank]));
}

const chip = ([word, help], extra) => h("span", { class: `chip ${extra || ""}`, title: help && t(help) }, t(word));

function reference(url) {
  if (!/^https?:\/\//.test(url)) return h("span", { class: "break" }, visible(url));
  return h("a", { href: url, rel: "noreferrer noopener", target: "_blank", class: "break" }, visible(url));
}

// What stands before and after the sign; null where it does not occur.
function split(text, sign) {
  const at = text.indexOf(sign);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + sign.length)];
}

function announce(text) {
  byId("live").textContent = text;
}

// A shell must see a hostile name as one word: plain where it can be, else quoted, else with escapes for what a
// terminal would act on.
function shellWord(text) {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text)) return text;
  if (text.search(HIDDEN) < 0) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = text.replace(/[\\']/g, "\\$&").replace(HIDDEN, (character) => {
    const hex = character.codePointAt(0).toString(16);
    return hex.length > 4 ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
  return `$'${escaped}'`;
}

// Kinds of other groups are named with their group: several groups have a Cluster or a Project.
const PLAIN_GROUPS = ["", "rbac.authorization.k8s.io"];

function kubectl(object) {
  const kind = object.kind.toLowerCase();
  const type = PLAIN_GROUPS.includes(object.group) ? kind : `${kind}.${object.group}`;
  const namespace = object.namespace ? ` -n ${shellWord(object.namespace)}` : "";
  const name = shellWord(object.name);
  const tail = object.name.startsWith("-") ? `-o yaml -- ${name}` : `${name} -o yaml`;
  return `kubectl get ${shellWord(type)}${namespace} ${tail}`;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = h("textarea", { readonly: true, class: "visually-hidden" });
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

function copyButton(text, label, hint) {
  const button = h(
    "button",
    { type: "button", class: "copy", title: visible(hint || text), "aria-label": visible(hint || label) },
    label,
  );
  button.addEventListener("click", async () => {
    const done = await copyText(text);
    button.focus();
    button.textContent = done ? t("Copied") : t("Not copied");
    announce(done ? t("Copied") : t("The browser did not allow copying"));
    setTimeout(() => (button.textContent = label), 1600);
  });
  return button;
}

const objectText = (object) => (object.namespace ? `${object.namespace}/${object.name}` : object.name);

function objectCode(object) {
  return h(
    "code",
    { class: "object" },
    h("span", { class: "kind" }, visible(object.kind)),
    " ",
    bdi(objectText(object)),
  );
}

function objectCopy(object) {
  const command = kubectl(object);
  return copyButton(command, t("Copy kubectl"), t("Copy: {text}", { text: command }));
}

// Which cluster to ask is said where it is not the one that all is about.
function elsewhere(object, cluster) {
  return object.cluster && object.cluster !== cluster ? muted(t("on"), " ", bdi(object.cluster)) : null;
}

function objectLine(object, cluster) {
  return h("span", { class: "object-line" }, objectCode(object), elsewhere(object, cluster), objectCopy(object));
}

function list(items, className) {
  return h(
    "ul",
    { class: className || "plain" },
    items.map((item) => h("li", null, item)),
  );
}

function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h(
    "dl",
    { class: "facts" },
    shown.map(([term, value]) => [h("dt", null, term), h("dd", null, value)]),
  );
}
