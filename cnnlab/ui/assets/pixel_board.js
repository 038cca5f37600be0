// A small picture that is painted, a window that slides over it, and the maps that come out. Python sends
// what is worked out at every place; here only the place is chosen. All text is set as text, never as HTML.

const BRIGHTEST = 9
const SEND_EVERY_MS = 150
const BELIEVE_OWN_MS = 1500
const SLIDE_EVERY_MS = 260
const MINUS = "−"

function element(tag, className, parent) {
  const made = document.createElement(tag)
  made.className = className
  parent.appendChild(made)
  return made
}

const grey = share => `hsl(0 0% ${Math.round(4 + 92 * share)}%)`
const inkOn = share => (share > 0.55 ? "#14161f" : "#f1f2f7")

// Rows and cells of a grid, made again only when its size changes, so that the focus stays.
function cellsOf(grid, side) {
  if (grid.dataset.side !== String(side)) {
    grid.dataset.side = side
    grid.style.setProperty("--columns", side)
    grid.replaceChildren()
    for (let row = 0; row < side; row++) {
      const line = element("div", "row", grid)
      line.setAttribute("role", "row")
      for (let column = 0; column < side; column++) {
        const cell = element("div", "cell", line)
        cell.setAttribute("role", "gridcell")
        cell.dataset.row = row
        cell.dataset.column = column
      }
    }
  }
  return [...grid.querySelectorAll(".cell")]
}

const placeOf = cell => [Number(cell.dataset.row), Number(cell.dataset.column)]
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

function moved([row, column], key, side) {
  const [down, right] = STEPS[key]
  const within = at => Math.min(Math.max(at, 0), side - 1)
  return [within(row + down), within(column + right)]
}

class Board {
  constructor(root) {
    this.root = root
    this.find = selector => root.querySelector(selector)
    this.grid = this.find(".picture")
    this.frame = element("div", "frame", this.find(".picture").parentElement)
    this.cursor = [0, 0]
    this.place = null
    this.brush = BRIGHTEST
    this.stroke = null
    this.makeBrushes()
    this.grid.onpointerdown = event => this.press(event)
    this.grid.onpointermove = event => this.drag(event)
    this.grid.onpointerup = this.grid.onpointercancel = () => this.lift()
    this.grid.onkeydown = event => this.type(event)
    this.find(".slide").onclick = () => (this.sliding ? this.rest() : this.slide())
  }

  makeBrushes() {
    const brushes = this.find(".brushes")
    for (let level = 0; level <= BRIGHTEST; level++) {
      const brush = element("button", "brush", brushes)
      brush.type = "button"
      brush.textContent = level
      brush.style.background = grey(level / BRIGHTEST)
      brush.style.color = inkOn(level / BRIGHTEST)
      brush.setAttribute("aria-label", `Brightness ${level}`)
      brush.onclick = () => {
        this.brush = level
        this.drawBrushes()
      }
    }
    this.drawBrushes()
  }

  drawBrushes() {
    [...this.find(".brushes").children].forEach((brush, level) =>
      brush.setAttribute("aria-pressed", String(level === this.brush)))
  }

  show(data, send) {
    const waits = this.sent !== undefined && data.picture !== this.sent && Date.now() - this.sentAt < BELIEVE_OWN_MS
    // An answer to a stroke of before must not undo what was painted since.
    if (!this.stroke && !waits) {
      this.picture = [...data.picture]
      this.sent = undefined
    }
    if (data.places !== this.data?.places) {
      this.rest()
      const { shades } = data.maps[0]
      const strongest = shades.reduce((best, shade, at) => (Math.abs(shade) > Math.abs(shades[best]) ? at : best), 0)
      this.place = [Math.floor(strongest / data.places), strongest % data.places]
    }
    this.data = data
    this.send = send
    this.hovered = null
    this.drawPicture()
    this.drawKernel()
    this.drawMaps()
    this.look()
  }

  // The picture

  drawPicture() {
    const { side, before, after } = this.data
    const all = side + before + after
    this.grid.setAttribute("aria-label", `Picture of ${side} by ${side} pixels, brightness 0 to ${BRIGHTEST}`)
    this.find(".source .title").textContent =
      `Picture · ${side} × ${side}` + (before + after ? ", with zeros around it" : "")
    cellsOf(this.grid, all).forEach(cell => {
      const [row, column] = placeOf(cell).map(at => at - before)
      const inside = Math.min(row, column) >= 0 && Math.max(row, column) < side
      const level = inside ? Number(this.picture[row * side + column]) : 0
      cell.classList.toggle("padding", !inside)
      cell.textContent = level
      cell.style.background = inside ? grey(level / BRIGHTEST) : ""
      cell.style.color = inside ? inkOn(level / BRIGHTEST) : ""
      cell.tabIndex = inside && row === this.cursor[0] && column === this.cursor[1] ? 0 : -1
      cell.setAttribute("aria-label", inside ? `row ${row + 1}, column ${column + 1}: ${level}` : "padding: 0")
    })
  }

  write([row, column], level) {
    const at = row * this.data.side + column
    if (this.picture[at] === String(level)) return
    this.picture[at] = String(level)
    this.drawPicture()
    this.tell()
  }

  // Says what was painted, while it is painted: now and then, and always the last.
  tell() {
    if (this.timer) return
    this.timer = setTimeout(() => {
      this.timer = null
      this.sent = this.picture.join("")
      this.sentAt = Date.now()
      this.send("paint", this.sent)
    }, SEND_EVERY_MS)
  }

  pixelAt(event) {
    const box = this.grid.getBoundingClientRect()
    const { side, before, after } = this.data
    const at = (from, length) => Math.floor(((from) / length) * (side + before + after)) - before
    const place = [at(event.clientY - box.top, box.height), at(event.clientX - box.left, box.width)]
    return place.every(each => each >= 0 && each < side) ? place : null
  }

  press(event) {
    const place = this.pixelAt(event)
    if (!place || event.button !== 0) return
    event.preventDefault()
    this.stroke = true
    this.grid.setPointerCapture(event.pointerId)
    this.putCursor(place)
    this.write(place, this.brush)
  }

  drag(event) {
    const place = this.stroke && this.pixelAt(event)
    if (place) this.write(place, this.brush)
  }

  lift() {
    this.stroke = null
  }

  putCursor(place) {
    this.cursor = place
    this.drawPicture()
    const { before } = this.data
    const [row, column] = place.map(at => at + before)
    this.grid.querySelector(`[data-row="${row}"][data-column="${column}"]`).focus({ preventScroll: true })
  }

  type(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (STEPS[event.key]) {
      event.preventDefault()
      this.putCursor(moved(this.cursor, event.key, this.data.side))
    } else if (/^[0-9]$/.test(event.key)) {
      this.write(this.cursor, Number(event.key))
    } else if (event.key === " " || event.key === "Enter") {
      event.preventDefault()
      this.write(this.cursor, this.brush)
    }
  }

  // The kernel

  drawKernel() {
    const { kernel, window } = this.data
    const box = this.find(".kernel")
    box.hidden = this.find(".working > .title").hidden = !kernel.length
    if (box.children.length !== kernel.length) {
      box.replaceChildren()
      kernel.forEach((_, at) => this.makeWeight(box, at, window))
    }
    kernel.forEach((weight, at) => {
      const input = box.children[at]
      const shown = weight.replace("-", MINUS)
      if (this.root.activeElement !== input && input.value !== shown) input.value = shown
    })
  }

  makeWeight(box, at, window) {
    const input = element("input", "weight", box)
    input.type = "text"
    input.inputMode = "text"
    input.maxLength = 12
    input.autocomplete = "off"
    input.setAttribute("aria-label", `Weight in row ${Math.floor(at / window) + 1}, column ${(at % window) + 1}`)
    input.onfocus = () => input.select()
    input.onchange = () => this.weigh()
    input.onkeydown = event => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key]
      const value = Number(input.value.replace(MINUS, "-"))
      if (!by || input.value.trim() === "" || !Number.isFinite(value)) return
      event.preventDefault()
      input.value = String(Math.round((value + by) * 1000) / 1000).replace("-", MINUS)
      this.weigh()
    }
  }

  weigh() {
    this.send("weigh", [...this.find(".kernel").children].map(input => input.value))
  }

  // The maps

  drawMaps() {
    const maps = this.find(".maps")
    while (maps.children.length > this.data.maps.length) maps.lastElementChild.remove()
    this.data.maps.forEach((shown, number) => {
      const part = maps.children[number] ?? this.makeMap(maps)
      const { places } = this.data
      part.querySelector(".title").textContent = `${shown.title} · ${places} × ${places}`
      const grid = part.querySelector(".cells")
      grid.setAttribute("aria-label", `${shown.title}, ${places} by ${places}. Arrows move the window.`)
      cellsOf(grid, places).forEach((cell, at) => {
        cell.textContent = shown.texts[at]
        cell.classList.toggle("long", shown.texts[at].length > 3)
        this.shade(cell, shown.shades[at], shown.signed)
        const [row, column] = placeOf(cell)
        cell.setAttribute("aria-label", `row ${row + 1}, column ${column + 1}: ${shown.texts[at]}`)
      })
    })
  }

  shade(cell, share, signed) {
    cell.classList.toggle("signed", signed)
    cell.classList.toggle("negative", signed && share < 0)
    cell.style.setProperty("--strength", `${Math.round(68 * Math.abs(share))}%`)
    cell.style.background = signed ? "" : grey(share)
    cell.style.color = signed ? "" : inkOn(share)
  }

  makeMap(maps) {
    const part = element("section", "part", maps)
    element("h4", "title", part)
    const grid = element("div", "cells map", element("div", "scroller", part))
    grid.setAttribute("role", "grid")
    grid.onpointerover = event => this.hover(event)
    grid.onpointerleave = () => this.hover(null)
    grid.onclick = event => {
      const cell = event.target.closest(".cell")
      if (!cell) return
      this.rest()
      this.put(placeOf(cell), grid)
    }
    grid.onkeydown = event => {
      if (!STEPS[event.key]) return
      event.preventDefault()
      this.rest()
      this.put(moved(this.place, event.key, this.data.places), grid)
    }
    return part
  }

  hover(event) {
    const cell = event?.pointerType === "mouse" && event.target.closest(".cell")
    this.hovered = cell && !this.sliding ? placeOf(cell) : null
    this.look()
  }

  put(place, grid) {
    this.place = place
    this.hovered = null
    this.look()
    grid?.querySelector(".chosen")?.focus({ preventScroll: true })
  }

  // The window slides by itself until it has been everywhere, or somebody takes it.

  slide() {
    let at = 0
    const { places } = this.data
    this.sliding = setInterval(() => {
      if (at >= places * places || !this.root.isConnected) return this.rest()
      this.put([Math.floor(at / places), at % places])
      at += 1
    }, SLIDE_EVERY_MS)
    this.put([0, 0])
  }

  rest() {
    clearInterval(this.sliding)
    this.sliding = null
    if (this.data) this.look()
  }

  // What is worked out where one looks

  look() {
    const { places, window, stride, steps } = this.data
    const [row, column] = this.hovered ?? this.place
    const step = steps[row * places + column]
    if (!step) return
    this.frame.style.setProperty("--top", row * stride)
    this.frame.style.setProperty("--left", column * stride)
    this.frame.style.setProperty("--window", window)
    for (const grid of this.root.querySelectorAll(".map"))
      for (const cell of grid.querySelectorAll(".cell")) {
        const [cellRow, cellColumn] = placeOf(cell)
        const here = cellRow === row && cellColumn === column
        cell.classList.toggle("chosen", here)
        cell.tabIndex = here ? 0 : -1
        const later = cellRow * places + cellColumn > row * places + column
        cell.classList.toggle("later", Boolean(this.sliding) && later)
      }
    this.find(".place .title").textContent = `Window at row ${row + 1}, column ${column + 1}`
    this.find(".slide").textContent = this.sliding ? "■ Stop" : "▶ Slide it"
    this.drawTerms(step, window)
  }

  drawTerms(step, window) {
    const terms = this.find(".terms")
    terms.style.setProperty("--columns", window)
    while (terms.children.length > step.cells.length) terms.lastElementChild.remove()
    step.cells.forEach((value, at) => {
      const term = terms.children[at] ?? element("div", "term", terms)
      if (!term.children.length) for (const name of ["factors", "product"]) element("span", name, term)
      const multiplied = step.factors.length > 0
      term.firstElementChild.textContent = multiplied ? `${value} × ${step.factors[at]}` : ""
      term.lastElementChild.textContent = multiplied ? step.products[at] : value
      term.classList.toggle("marked", step.marked.includes(at))
      term.classList.toggle("nothing", multiplied && step.products[at] === "0")
    })
    const lines = this.find(".lines")
    lines.replaceChildren()
    for (const [label, words] of step.lines) {
      element("dt", "", lines).textContent = label
      element("dd", "", lines).textContent = words
    }
  }
}

const boards = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement
  if (!boards.has(root)) boards.set(root, new Board(root))
  boards.get(root).show(data, setTriggerValue)
  return () => boards.get(root)?.rest()
}
