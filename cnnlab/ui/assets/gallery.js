// A grid of pictures. Each is a button that says which one was opened. Captions hold what users typed,
// so they are set as text, never as HTML; the pictures are JPEGs that cnnlab made itself.

function tile(grid) {
  const made = document.createElement("button")
  made.type = "button"
  made.className = "tile"
  const parts = [["img", "picture"], ["span", "broken"], ["span", "badge"], ["span", "caption"], ["span", "note"], ["span", "detail"]]
  for (const [tag, name] of parts) {
    const part = document.createElement(tag)
    part.className = name
    made.appendChild(part)
  }
  grid.appendChild(made)
  return made
}

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".gallery")
  grid.style.setProperty("--tile", `${data.tile_pixels}px`)
  while (grid.children.length > data.tiles.length) grid.lastElementChild.remove()
  data.tiles.forEach((shown, position) => {
    const made = grid.children[position] ?? tile(grid)
    const picture = made.querySelector(".picture")
    picture.hidden = !shown.source
    if (shown.source && picture.getAttribute("src") !== shown.source) picture.src = shown.source
    picture.alt = shown.alt
    made.title = shown.title
    const broken = made.querySelector(".broken")
    broken.hidden = Boolean(shown.source)
    broken.textContent = shown.source ? "" : shown.alt
    made.querySelector(".caption").textContent = shown.caption
    const note = made.querySelector(".note")
    note.textContent = shown.note
    note.style.setProperty("--mark", shown.color)
    for (const name of ["badge", "detail"]) {
      const part = made.querySelector(`.${name}`)
      part.textContent = shown[name]
      part.hidden = !shown[name]
    }
    made.onclick = () => setTriggerValue("open", shown.picture)
  })
}
