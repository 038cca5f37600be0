// Draws the payload of cnnlab.charts.live and redraws it in place at every tick: nothing blinks, a zoom stays.
// Colours of text, grid and background come from the theme; those of the data come with the data.

const drawn = new WeakMap(); // plot -> what was drawn last, and which series are hidden
const CONFIG = {
  displaylogo: false,
  responsive: false, // an observer of ours does it: the sidebar changes the width as well
  modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]],
};
let plotly = null; // one promise for all charts of the page

function loadPlotly(address) {
  if (!plotly) {
    plotly = new Promise((resolve, reject) => {
      if (window.Plotly) return resolve(window.Plotly);
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        plotly = null;
        reject(new Error("plotly.js could not be loaded from " + address));
      };
      document.head.appendChild(script);
    });
  }
  return plotly;
}

function decode(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

function themeOf(element) {
  const style = getComputedStyle(element);
  const value = (name, otherwise) => {
    const found = style.getPropertyValue(name).trim();
    return found && found !== "unset" ? found : otherwise;
  };
  return {
    text: value("--st-text-color", "#1b1d2e"),
    grid: value("--st-border-color", "#e2e4ef"),
    surface: value("--st-background-color", "#ffffff"),
    muted: value("--st-gray-text-color", "#6b7085"),
    font: value("--st-font", "sans-serif"),
  };
}

function trace(series, hidden) {
  return {
    type: "scatter",
    uid: series.key,
    name: series.name,
    visible: !hidden.has(series.key.replace(/_raw$/, "")), // what was measured goes with its smoothed line
    x: decode(series.x),
    y: decode(series.y),
    mode: series.mode,
    line: { color: series.color, dash: series.dash, width: series.width, shape: series.shape },
    marker: { color: series.color, symbol: series.symbol, size: series.size },
    opacity: series.opacity,
    hovertemplate: series.hover,
    connectgaps: false,
    cliponaxis: false, // the marker of the last epoch lies on the edge
  };
}

// A legend of our own: it wraps on a phone instead of eating the chart, and never moves the axes.
const MARKERS = {
  circle: "M13 3.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z",
  diamond: "M13 3l4 4-4 4-4-4z",
  square: "M9.7 3.7h6.6v6.6H9.7z",
  "triangle-up": "M13 2.6l4.2 7.6H8.8z",
  cross: "M11.6 3h2.8v2.6H17v2.8h-2.6V11h-2.8V8.4H9V5.6h2.6z",
  x: "M9.6 4.9l1.5-1.5L13 5.3l1.9-1.9 1.5 1.5L14.5 7l1.9 2.1-1.5 1.5L13 8.7l-1.9 1.9-1.5-1.5L11.5 7z",
  star: "M13 1.2l1.7 3.8 4.1.4-3.1 2.8.9 4.1L13 10.2l-3.6 2.1.9-4.1L7.2 5.4l4.1-.4z",
};

function swatch(series) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 26 14");
  const add = (tag, attributes) => {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    svg.appendChild(shape);
  };
  if (series.mode.includes("lines")) {
    const dash = { solid: "none", dot: "2 3", dash: "6 3" }[series.dash] ?? series.dash.replaceAll("px", "");
    add("line", { x1: 1, y1: 7, x2: 25, y2: 7, stroke: series.color, "stroke-width": 2, "stroke-dasharray": dash });
  }
  if (series.mode.includes("markers")) add("path", { d: MARKERS[series.symbol] ?? MARKERS.circle, fill: series.color });
  return svg;
}

// Names come escaped for Plotly; here they are text.
function unescaped(name) {
  return name.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function drawLegend(place, data, hidden, redraw) {
  place.replaceChildren(
    ...data.series
      .filter((series) => series.legend)
      .map((series) => {
        const entry = document.createElement("button");
        entry.type = "button";
        entry.title = "Show or hide";
        entry.setAttribute("aria-pressed", String(!hidden.has(series.key)));
        const name = document.createElement("span");
        name.textContent = unescaped(series.name);
        entry.append(swatch(series), name);
        entry.onclick = () => {
          if (!hidden.delete(series.key)) hidden.add(series.key);
          redraw();
        };
        return entry;
      })
  );
}

function axis(given, theme) {
  const { title, ...rest } = given;
  return {
    ...rest,
    title: { text: title, font: { size: 12, color: theme.muted }, standoff: 8 },
    gridcolor: theme.grid,
    zeroline: false,
    linecolor: theme.grid,
    tickfont: { size: 11.5, color: theme.muted },
    spikethickness: 1,
    spikecolor: theme.muted,
    spikedash: "dot",
  };
}

// Plotly keeps a zoom only for as long as the range that it is given stays the same; ours grows with the run.
// So while somebody has zoomed, the range of before is given again.
function xRange(plot, data, state) {
  const shown = plot.layout?.xaxis?.range;
  const zoomed = state.rev === data.rev && shown && state.range && shown.some((end, i) => end !== state.range[i]);
  if (!zoomed) state.range = data.x_axis.range;
  state.rev = data.rev;
  return [...state.range];
}

function layoutOf(data, theme, touch, range) {
  const empty = data.series.length === 0;
  const bare = empty ? { showticklabels: false, showgrid: false } : {};
  const wait = { text: "The curve begins with the first step.", x: 0.5, y: 0.5, xref: "paper", yref: "paper", showarrow: false };
  const notes = empty ? [wait] : data.annotations;
  return {
    uirevision: data.rev,
    margin: { l: 58, r: 14, t: 12, b: 44 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, color: theme.text, size: 12.5 },
    xaxis: axis({ ...data.x_axis, ...bare, range }, theme),
    yaxis: axis({ ...data.y_axis, ...bare }, theme),
    shapes: data.shapes,
    annotations: notes.map((note) => ({ ...note, font: { size: 11.5, color: theme.muted, ...note.font } })),
    showlegend: false,
    hovermode: "x unified",
    hoverlabel: { bgcolor: theme.surface, bordercolor: theme.grid, font: { color: theme.text, size: 12 } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.muted, activecolor: theme.text },
    // A finger on the chart scrolls the page.
    dragmode: touch ? false : "zoom",
  };
}

export default function ({ data, parentElement }) {
  const chart = parentElement.querySelector(".live-chart");
  const plot = chart.querySelector(".live-chart-plot");
  const theme = themeOf(chart);
  const touch = window.matchMedia("(pointer: coarse)").matches;
  const state = drawn.get(plot) ?? { signature: "", rev: "", range: null, observer: null, hidden: new Set() };
  drawn.set(plot, state);

  const redraw = () => {
    const signature = JSON.stringify([data.rev, data.tick, theme, [...state.hidden]]);
    if (state.signature === signature) return;
    state.signature = signature;
    chart.dataset.tick = data.tick;
    chart.querySelector(".live-chart-title").textContent = data.title;
    plot.setAttribute("aria-label", data.title);
    drawLegend(chart.querySelector(".live-chart-legend"), data, state.hidden, redraw);
    loadPlotly(data.plotly).then(
      async (Plotly) => {
        if (state.signature !== signature) return; // a newer tick is on its way
        const traces = data.series.map((series) => trace(series, state.hidden));
        await Plotly.react(plot, traces, layoutOf(data, theme, touch, xRange(plot, data, state)), CONFIG);
        if (!state.observer) {
          state.observer = new ResizeObserver(() => Plotly.Plots.resize(plot));
          state.observer.observe(plot);
        }
      },
      (error) => (plot.textContent = error.message + ". Reload the page.")
    );
  };
  redraw();

  return () => {
    state.observer?.disconnect();
    drawn.delete(plot);
    if (window.Plotly) window.Plotly.purge(plot);
  };
}
