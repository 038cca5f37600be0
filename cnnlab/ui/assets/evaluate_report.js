// Draws the charts of a report in the colours that the reader's system asks for, and sorts its tables.

const dark = matchMedia("(prefers-color-scheme: dark)");
const LIGHT = { text: "#1b1d2e", grid: "#e2e4ef", label: "#ffffff", scale: ["#eef2ff", "#c7d2fe", "#818cf8", "#4f46e5", "#312e81"] };
const DARK = { text: "#e6e8f2", grid: "#2a2e40", label: "#181b28", scale: ["#1e1b4b", "#3730a3", "#4f46e5", "#818cf8", "#e0e7ff"] };

function template() {
  const look = dark.matches ? DARK : LIGHT;
  const axis = { gridcolor: look.grid, linecolor: look.grid, zerolinecolor: look.grid };
  const colorscale = look.scale.map((color, place) => [place / (look.scale.length - 1), color]);
  return {
    layout: {
      font: { color: look.text, family: "Source Sans 3, Source Sans Pro, system-ui, sans-serif" },
      xaxis: axis,
      yaxis: axis,
      hoverlabel: { bgcolor: look.label, font: { color: look.text } },
    },
    data: { heatmap: [{ colorscale }] },
  };
}

function draw() {
  for (const element of document.querySelectorAll(".chart")) {
    const figure = JSON.parse(element.querySelector("script").textContent);
    const place = element.querySelector(".drawn") || element.appendChild(document.createElement("div"));
    place.className = "drawn";
    const layout = { ...figure.layout, template: template() };
    Plotly.react(place, figure.data, layout, { responsive: true, displaylogo: false });
  }
}

function sortBy(button) {
  const cell = button.closest("th");
  const table = cell.closest("table");
  const place = [...cell.parentNode.children].indexOf(cell);
  const down = cell.getAttribute("aria-sort") !== "descending";
  for (const other of cell.parentNode.children) other.removeAttribute("aria-sort");
  cell.setAttribute("aria-sort", down ? "descending" : "ascending");
  const value = (row) => row.children[place].dataset.value ?? row.children[place].textContent;
  const rows = [...table.tBodies[0].rows].sort((one, other) =>
    value(one).localeCompare(value(other), undefined, { numeric: true })
  );
  table.tBodies[0].append(...(down ? rows.reverse() : rows));
}

dark.addEventListener("change", draw);
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => sortBy(button));
draw();
