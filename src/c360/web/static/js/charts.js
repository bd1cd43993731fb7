// Draws a chart above the table that holds its numbers: `figure[data-chart]` with a table inside is all it needs.
"use strict";

const styleOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const shades = () => [0, 1, 2, 3, 4, 5].map((place) => styleOf(`--shade-${place}`));

function readTable(figure) {
  const table = figure.querySelector("table");
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows];
  const plain = (cell) => cell.dataset.value ?? cell.textContent.trim();
  return {
    names: heads.map((cell) => cell.textContent.trim()),
    shade: heads.map((cell, place) => Number(cell.dataset.shade ?? place)),
    labels: rows.map((row) => row.cells[0].textContent.trim()),
    keys: rows.map((row) => plain(row.cells[0])),
    columns: heads.map((_, place) => rows.map((row) => {
      const text = plain(row.cells[place + 1]);
      return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
    })),
  };
}

function optionsOf(kind, data) {
  const ink = styleOf("--muted"), line = styleOf("--line"), paper = styleOf("--paper"), strong = styleOf("--ink");
  const colours = shades();
  const isArea = kind === "area", isAcross = kind === "across";
  const series = data.names.map((name, place) => ({
    name, type: isArea ? "line" : "bar", stack: isArea ? undefined : "all", data: data.columns[place], showSymbol: false,
    barMaxWidth: 22, lineStyle: { width: 2 }, areaStyle: isArea ? { opacity: 0.12 } : undefined,
    itemStyle: { color: colours[data.shade[place] % colours.length] },
  }));
  const category = {
    type: "category", data: data.labels, axisLine: { lineStyle: { color: line } }, axisTick: { show: false },
    axisLabel: { color: ink, hideOverlap: true, margin: 12, fontFamily: "Inter", width: 120, overflow: "truncate" }, inverse: isAcross,
  };
  const value = {
    type: "value", splitLine: { lineStyle: { color: line } }, axisLabel: { color: ink, fontFamily: "Inter" }, minInterval: 1,
    scale: isArea,
  };
  return {
    animation: false, color: colours,
    textStyle: { fontFamily: "Inter", color: ink },
    grid: { left: 8, right: 8, top: data.names.length > 1 ? 30 : 10, bottom: 10, containLabel: true },
    legend: { show: data.names.length > 1, left: 0, top: 0, icon: "roundRect", itemWidth: 9, itemHeight: 9, type: "scroll", textStyle: { color: ink, fontFamily: "Inter" } },
    tooltip: {
      trigger: "axis", renderMode: "richText", confine: true, backgroundColor: paper, borderColor: line,
      textStyle: { color: strong, fontFamily: "Inter", fontSize: 12 }, axisPointer: { type: isArea ? "line" : "shadow", shadowStyle: { color: styleOf("--hover"), opacity: 0.5 } },
    },
    xAxis: isAcross ? value : category, yAxis: isAcross ? category : value, series,
  };
}

function draw(figure) {
  const box = figure.querySelector(".chart");
  if (!box || !window.echarts) return;
  const data = readTable(figure);
  let chart = echarts.getInstanceByDom(box);
  if (!chart) chart = echarts.init(box, null, { renderer: "svg" });
  chart.setOption(optionsOf(figure.dataset.chart, data), true);
}

function drawAll(root) {
  for (const figure of root.querySelectorAll("figure[data-chart]")) draw(figure);
}

document.addEventListener("DOMContentLoaded", () => {
  document.fonts.ready.then(() => drawAll(document));
  window.addEventListener("resize", () => {
    for (const box of document.querySelectorAll("figure[data-chart] .chart")) {
      const chart = window.echarts && echarts.getInstanceByDom(box);
      if (chart) chart.resize();
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));
});
document.addEventListener("htmx:after:swap", () => drawAll(document));
