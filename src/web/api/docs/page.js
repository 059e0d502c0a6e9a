"use strict";

const said = document.getElementById("said");
const calls = document.getElementById("calls");

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function row(cells, kind) {
  const made = element("tr");
  for (const cell of cells) made.append(element(kind || "td", cell));
  return made;
}

function table(head, rows) {
  const made = element("table");
  made.append(row(head, "th"), ...rows.map((cells) => row(cells)));
  return made;
}

/* The name of a schema, or what it is made of. */
function shapeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.type === "array") return "[" + shapeOf(schema.items) + "]";
  const several = schema.oneOf || schema.anyOf;
  if (several) return several.map(shapeOf).join(" or ");
  return [].concat(schema.type || "any").join(" or ");
}

function fields(schema) {
  const named = Object.entries(schema.properties || {});
  return table(["field", "type", "what it is"], named.map(([name, field]) => [name, shapeOf(field), field.description || ""]));
}

function content(part) {
  return Object.entries((part && part.content) || {}).map(([kind, body]) => kind + " " + shapeOf(body.schema)).join(", ");
}

function operation(path, method, call) {
  const made = element("details");
  const head = element("summary");
  head.append(element("span", method.toUpperCase(), "method"), element("code", path), " " + (call.summary || ""));
  made.append(head);
  if (call.description && call.description !== call.summary) made.append(element("p", call.description));
  const parameters = (call.parameters || []).map((each) => [each.name, each.in, each.description || ""]);
  if (parameters.length) made.append(table(["parameter", "in", "what it is"], parameters));
  if (call.requestBody) made.append(element("p", "Body: " + content(call.requestBody)));
  const answers = Object.entries(call.responses || {}).map(([status, answer]) => [status, answer.description || "", content(answer)]);
  made.append(table(["status", "when", "body"], answers));
  return made;
}

function show(api) {
  const parts = [];
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, call] of Object.entries(methods)) parts.push(operation(path, method, call));
  }
  parts.push(element("h2", "Shapes"));
  for (const [name, schema] of Object.entries((api.components && api.components.schemas) || {})) {
    const made = element("details");
    made.append(element("summary", name));
    if (schema.description) made.append(element("p", schema.description));
    made.append(schema.properties ? fields(schema) : element("pre", JSON.stringify(schema, null, 2)));
    parts.push(made);
  }
  calls.replaceChildren(...parts);
}

async function ask(headers) {
  said.textContent = "Asking\u2026";
  try {
    const answer = await fetch("openapi.json", { headers });
    if (!answer.ok) throw new Error(answer.status === 401 ? "This is not the key." : "The service answers with status " + answer.status + ".");
    const api = await answer.json();
    show(api);
    said.textContent = api.info.title + " " + api.info.version + ": " + Object.keys(api.paths).length + " paths.";
  } catch (error) {
    calls.replaceChildren();
    said.textContent = error.message;
  }
}

document.getElementById("door").addEventListener("submit", (event) => {
  event.preventDefault();
  ask({ "X-Api-Key": document.getElementById("key").value });
});

/* Whoever signed in need not type the key again. */
fetch("v1/session").then((answer) => { if (answer.ok) ask({}); });
