// Draws a graph from the two tables beside it: nodes `[data-graph-nodes] tr[data-key]`, links `[data-graph-links] tr[data-from]`.
// Links take the focus; choosing one shows its evidence. Without this script the tables say the same.
"use strict";

const svgSpace = "http://www.w3.org/2000/svg";

function make(name, attributes, text) {
  const element = document.createElementNS(svgSpace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const ruler = document.createElement("canvas").getContext("2d");
function widthOf(text) {
  ruler.font = "500 12px Inter, sans-serif";
  return Math.ceil(ruler.measureText(text).width);
}

function smooth(points) {
  if (points.length < 3) return `M${points.map((point) => `${point.x},${point.y}`).join("L")}`;
  let path = `M${points[0].x},${points[0].y}`;
  for (let place = 1; place < points.length - 1; place += 1) {
    const here = points[place], next = points[place + 1];
    const last = place === points.length - 2;
    const x = last ? next.x : (here.x + next.x) / 2, y = last ? next.y : (here.y + next.y) / 2;
    path += `Q${here.x},${here.y} ${x},${y}`;
  }
  return path;
}

function layOut(card, direction) {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: direction, nodesep: direction === "TB" ? 16 : 12, ranksep: direction === "TB" ? 30 : 46, marginx: 4, marginy: 6 });
  graph.setDefaultEdgeLabel(() => ({}));
  const box = new Map();
  for (const row of card.querySelectorAll("[data-graph-nodes] tr[data-key]")) {
    const label = row.dataset.short || row.cells[0].textContent.trim();
    const key = row.dataset.as || row.dataset.key;
    box.set(row.dataset.key, key);
    if (graph.hasNode(key)) continue;
    graph.setNode(key, {
      label, kind: row.dataset.kind || "", state: row.dataset.state || "", to: row.dataset.to || "",
      root: "root" in row.dataset, width: widthOf(label) + 24, height: 28,
    });
  }
  let number = 0;
  const pairs = new Map();
  for (const row of card.querySelectorAll("[data-graph-links] tr[data-from]")) {
    const { kind } = row.dataset;
    const from = box.get(row.dataset.from), to = box.get(row.dataset.to);
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${from} ${to} ${kind}`, why = row.hidden ? "" : row.cells[0].textContent.trim();
    const known = pairs.get(key);
    if (known) {
      known.more += 1;
      continue;
    }
    const edge = { kind: kind || "", why, more: 0 };
    pairs.set(key, edge);
    graph.setEdge(from, to, edge, `e${number}`);
    number += 1;
  }
  dagre.layout(graph);
  return graph;
}

function drawEdge(svg, graph, edge, why) {
  const { points, kind, why: first, more } = graph.edge(edge);
  const text = first && more ? `${first} And ${more} more like it: see the table.` : first;
  const path = smooth(points);
  const group = make("g", { class: `edge ${kind.replaceAll(" ", "-")}` });
  group.append(make("path", { class: "line", d: path }));
  if (text && why) {
    group.append(make("path", { class: "hit", d: path }));
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", text);
    const show = () => {
      for (const other of svg.querySelectorAll(".edge.chosen")) other.classList.remove("chosen");
      group.classList.add("chosen");
      why.textContent = text;
    };
    group.addEventListener("click", show);
    group.addEventListener("focus", show);
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); show(); }
    });
  }
  svg.append(group);
}

function drawNode(svg, graph, name) {
  const node = graph.node(name);
  const classes = ["node", node.root ? "root" : "", node.kind.replaceAll(" ", "-"), node.state].filter(Boolean).join(" ");
  let group = make("g", { class: classes });
  if (node.to) {
    group = make("a", { class: classes, href: node.to });
  }
  group.append(make("rect", { x: node.x - node.width / 2, y: node.y - node.height / 2, width: node.width, height: node.height, rx: 6 }));
  group.append(make("text", { x: node.x, y: node.y }, node.label));
  svg.append(group);
}

function boundsOf(graph) {
  const xs = [], ys = [];
  for (const name of graph.nodes()) {
    const node = graph.node(name);
    xs.push(node.x - node.width / 2, node.x + node.width / 2);
    ys.push(node.y - node.height / 2, node.y + node.height / 2);
  }
  for (const edge of graph.edges()) {
    for (const point of graph.edge(edge).points) {
      xs.push(point.x);
      ys.push(point.y);
    }
  }
  const left = Math.floor(Math.min(...xs)) - 4, top = Math.floor(Math.min(...ys)) - 4;
  return { left, top, width: Math.ceil(Math.max(...xs)) + 4 - left, height: Math.ceil(Math.max(...ys)) + 4 - top };
}

function drawGraph(box) {
  const card = box.closest(".card");
  const why = card.querySelector("[data-graph-why]");
  const graph = layOut(card, box.dataset.graph);
  const { left, top, width, height } = boundsOf(graph);
  const svg = make("svg", { class: "dag", viewBox: `${left} ${top} ${width} ${height}`, width, height, role: "group", "aria-label": box.getAttribute("aria-label") || "Graph" });
  for (const edge of graph.edges()) drawEdge(svg, graph, edge, why);
  for (const name of graph.nodes()) drawNode(svg, graph, name);
  svg.style.minWidth = `${Math.ceil(Math.min(width, width * 0.72))}px`;
  box.replaceChildren(svg);
}

function drawGraphs() {
  if (!window.dagre) return;
  for (const box of document.querySelectorAll("[data-graph]")) {
    if (!box.querySelector("svg") || box.dataset.stale === "1") drawGraph(box);
  }
}

document.addEventListener("DOMContentLoaded", () => document.fonts.ready.then(drawGraphs));
document.addEventListener("htmx:after:swap", drawGraphs);
