// Draws the payload of cnnlab.charts.live and redraws it in place at every tick: nothing blinks, a zoom stays.
// Colours of text, grid and background come from the theme; those of the data come with the data.

const drawn = new WeakMap(); // element -> {signature, observer}
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

function trace(series) {
  return {
    type: "scatter",
    uid: series.key,
    name: series.name,
    x: decode(series.x),
    y: decode(series.y),
    mode: series.mode,
    line: { color: series.color, dash: series.dash, width: series.width, shape: series.shape },
    marker: { color: series.color, symbol: series.symbol, size: series.size },
    opacity: series.opacity,
    hovertemplate: series.hover,
    showlegend: series.legend,
    connectgaps: false,
  };
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

function layoutOf(data, theme, touch) {
  return {
    uirevision: data.rev,
    margin: { l: 58, r: 14, t: 34, b: 44 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, color: theme.text, size: 12.5 },
    xaxis: axis(data.x_axis, theme),
    yaxis: axis(data.y_axis, theme),
    shapes: data.shapes,
    annotations: data.annotations.map((note) => ({ ...note, font: { size: 11.5, color: theme.muted, ...note.font } })),
    showlegend: true,
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.01, yanchor: "bottom", font: { size: 12 } },
    hovermode: "x unified",
    hoverlabel: { bgcolor: theme.surface, bordercolor: theme.grid, font: { color: theme.text, size: 12 } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.muted, activecolor: theme.text },
    // A finger on the chart scrolls the page.
    dragmode: touch ? false : "zoom",
  };
}

export default function ({ data, parentElement }) {
  const element = parentElement.querySelector(".live-chart-plot");
  const theme = themeOf(element);
  const signature = JSON.stringify([data.rev, data.tick, theme]);
  const touch = window.matchMedia("(pointer: coarse)").matches;
  element.setAttribute("aria-label", data.title);
  parentElement.querySelector(".live-chart-title").textContent = data.title;
  parentElement.querySelector(".live-chart").dataset.tick = data.tick;

  if (drawn.get(element)?.signature !== signature) {
    const observer = drawn.get(element)?.observer;
    drawn.set(element, { signature, observer });
    loadPlotly(data.plotly).then(
      async (Plotly) => {
        if (drawn.get(element)?.signature !== signature) return; // a newer tick is on its way
        await Plotly.react(element, data.series.map(trace), layoutOf(data, theme, touch), {
          displaylogo: false,
          responsive: false,
          scrollZoom: false,
          modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]],
        });
        const state = drawn.get(element);
        if (state && !state.observer) {
          state.observer = new ResizeObserver(() => Plotly.Plots.resize(element));
          state.observer.observe(element);
        }
      },
      (error) => (element.textContent = error.message + ". Reload the page.")
    );
  }

  return () => {
    drawn.get(element)?.observer?.disconnect();
    drawn.delete(element);
    if (window.Plotly) window.Plotly.purge(element);
  };
}
