// The ordered list of blocks. It shows what Python sends and sends back what somebody did: a whole
// order with the selected block, never a difference, so that events that arrive late or together do
// no harm. All text is set as text, never as HTML: labels may hold what a user typed.

const SVG = "http://www.w3.org/2000/svg"
const DRAG_STARTS_AFTER_PIXELS = 4

// One drawing a kind of block, on a canvas of 18 x 18: [x, y, width, height, strength].
const square = (x, y, size, strength) => [x, y, size, size, strength]
const GLYPHS = {
  convolution: [0, 1, 2].flatMap(row => [0, 1, 2].map(column =>
    square(1 + 6 * column, 1 + 6 * row, 4.6, row === 1 || column === 1 ? 1 : 0.35))),
  max_pooling: [square(1, 1, 7.4, 0.3), square(9.6, 1, 7.4, 1), square(1, 9.6, 7.4, 0.3), square(9.6, 9.6, 7.4, 0.3)],
  average_pooling: [square(1, 1, 7.4, 0.6), square(9.6, 1, 7.4, 0.6), square(1, 9.6, 7.4, 0.6), square(9.6, 9.6, 7.4, 0.6)],
  dropout: [0, 1, 2].flatMap(row => [0, 1, 2].map(column =>
    square(1 + 6 * column, 1 + 6 * row, 4.6, (row * 3 + column) % 4 === 1 ? 0.12 : 0.8))),
  flatten: [0, 1, 2, 3].map(column => [1 + 4.4 * column, 5.5, 3, 7, 0.9]),
  global_average_pooling: [square(1, 1, 16, 0.25), square(6.2, 6.2, 5.6, 1)],
  separable_convolution: [[1, 1, 10, 3.4, 0.5], [1, 6.2, 10, 3.4, 0.5], [1, 11.4, 10, 3.4, 0.5], [13, 1, 4, 16, 1]],
  depthwise_convolution: [0, 1, 2].map(row => [1, 1 + 5.8 * row, 16, 4.2, 1 - 0.3 * row]),
  residual: [[6, 1, 6, 4.4, 1], [6, 6.8, 6, 4.4, 1], [6, 12.6, 6, 4.4, 1], [1, 2.6, 2, 13, 0.4], [3, 2.6, 3, 1.6, 0.4], [3, 14, 3, 1.6, 0.4]],
  bottleneck: [[1, 1, 16, 4.4, 0.5], [6, 6.8, 6, 4.4, 1], [1, 12.6, 16, 4.4, 0.5]],
  squeeze_excitation: [[1, 1, 4, 16, 0.3], [7, 7, 4, 4, 1], [13, 5, 4, 12, 0.7]],
  spatial_dropout: [[1, 1, 4.4, 16, 0.8], [6.8, 1, 4.4, 16, 0.12], [12.6, 1, 4.4, 16, 0.8]],
  layer_normalization: [[1, 8, 16, 2, 1], [2, 3, 3, 5, 0.45], [7.5, 5, 3, 3, 0.45], [13, 10, 3, 5, 0.45]],
  group_normalization: [[1, 4, 7, 2, 1], [10, 12, 7, 2, 1], [2, 6, 5, 5, 0.45], [11, 7, 5, 5, 0.45]],
  dense: [0, 1, 2, 3].flatMap(row => [[1, 1 + 4.4 * row, 5, 3, 0.9], [12, 1 + 4.4 * row, 5, 3, 0.45]]),
}

function element(tag, className, parent) {
  const made = document.createElement(tag)
  made.className = className
  parent.appendChild(made)
  return made
}

function glyph(kind, parent) {
  const drawing = document.createElementNS(SVG, "svg")
  drawing.setAttribute("viewBox", "0 0 18 18")
  drawing.setAttribute("class", "glyph")
  drawing.setAttribute("aria-hidden", "true")
  for (const [x, y, width, height, strength] of GLYPHS[kind] ?? []) {
    const part = document.createElementNS(SVG, "rect")
    for (const [name, value] of Object.entries({ x, y, width, height, rx: 1, "fill-opacity": strength }))
      part.setAttribute(name, value)
    drawing.appendChild(part)
  }
  parent.appendChild(drawing)
}

// What a row costs, and what is written behind it where no heading says so. The first three are
// measures: parts of a whole, of which one is shown as a bar.
const FIGURES = { parameters: "parameters", multiply_adds: "multiply-adds", memory: "", field: "seen" }
const MEASURES = ["parameters", "multiply_adds", "memory"]

const REMEMBERED = "cnnlab-bars"

function rememberedMeasure() {
  // A browser may refuse to remember anything.
  try {
    const measure = localStorage.getItem(REMEMBERED)
    return MEASURES.includes(measure) ? measure : MEASURES[0]
  } catch {
    return MEASURES[0]
  }
}

function rememberMeasure(measure) {
  try {
    localStorage.setItem(REMEMBERED, measure)
  } catch {}
}

function percent(share) {
  if (!share) return ""
  return share < 0.01 ? "< 1 %" : `${Math.round(100 * share)} %`
}

function makeCells(parent) {
  const words = element("span", "words", parent)
  for (const name of ["label", "detail"]) element("span", name, words)
  element("span", "shape", parent)
  const costs = element("span", "costs", parent)
  for (const [name, unit] of Object.entries(FIGURES)) {
    const cell = element("span", `cost ${name}`, costs)
    element("span", "value", cell)
    element("span", "unit", cell).textContent = unit
    element("span", "percent", cell)
  }
  element("span", "share", parent)
}

function fillCells(parent, row, measure) {
  for (const name of ["label", "detail", "shape"]) parent.querySelector(`.${name}`).textContent = row[name] ?? ""
  for (const name of Object.keys(FIGURES)) {
    const cell = parent.querySelector(`.${name}`)
    cell.querySelector(".value").textContent = row.figures[name]
    cell.querySelector(".percent").textContent = name === measure ? percent(row.shares[name]) : ""
    cell.classList.toggle("measured", name === measure)
    cell.classList.toggle("none", !row.figures[name])
  }
  parent.querySelector(".share").style.width = `${100 * (row.shares[measure] ?? 0)}%`
}

function makeRow(list, row) {
  const item = element("li", `row ${row.kind}`, list)
  item.dataset.number = row.number
  item.setAttribute("role", "option")
  element("span", "handle", item).setAttribute("aria-hidden", "true")
  glyph(row.kind, item)
  makeCells(item)
  element("span", "problem", item)
  return item
}

function fillRow(item, row, position, count, selected, measure) {
  fillCells(item, row, measure)
  item.querySelector(".problem").textContent = row.problem
  item.querySelector(".problem").hidden = !row.problem
  item.classList.toggle("selected", selected)
  item.classList.toggle("broken", Boolean(row.problem))
  item.setAttribute("aria-selected", String(selected))
  item.tabIndex = selected ? 0 : -1
  const costs = Object.entries(FIGURES).map(([name, unit]) => row.figures[name] && `${row.figures[name]} ${unit}`.trim())
  const share = row.shares[measure] ? `${percent(row.shares[measure])} of all ${FIGURES[measure] || measure}` : ""
  item.setAttribute("aria-label", [
    `Block ${position + 1} of ${count}: ${row.label}`, row.detail, row.shape, ...costs, share, row.problem,
  ].filter(Boolean).join(", "))
}

const numberOf = item => Number(item.dataset.number)

class BlockList {
  constructor(root) {
    this.root = root
    this.list = root.querySelector(".rows")
    this.drag = null
    this.measure = rememberedMeasure()
    for (const name of ["input", "output"]) makeCells(root.querySelector(`.end.${name}`))
    root.querySelector(".bars").onclick = event => this.showShareOf(event.target.dataset.measure)
    this.list.onpointerdown = event => this.press(event)
    this.list.onpointermove = event => this.pull(event)
    this.list.onpointerup = () => this.release(true)
    this.list.onpointercancel = () => this.release(false)
    this.list.onkeydown = event => this.type(event)
  }

  show(data, send) {
    this.send = send
    this.data = data
    if (!this.drag) this.draw()
  }

  showShareOf(measure) {
    if (!measure) return
    this.measure = measure
    rememberMeasure(measure)
    this.draw()
  }

  items() {
    return [...this.list.children]
  }

  draw() {
    const { rows, selected } = this.data
    const old = new Map(this.items().map(item => [numberOf(item), item]))
    const focused = this.root.activeElement ?? null
    const hadFocus = focused !== null && this.list.contains(focused)
    const before = this.tops()
    rows.forEach((row, position) => {
      let item = old.get(row.number)
      old.delete(row.number)
      if (!item || !item.classList.contains(row.kind)) item = makeRow(this.list, row)
      if (this.list.children[position] !== item) this.list.insertBefore(item, this.list.children[position] ?? null)
      fillRow(item, row, position, rows.length, row.number === selected, this.measure)
    })
    old.forEach(item => item.remove())
    for (const name of ["input", "output"])
      fillCells(this.root.querySelector(`.end.${name}`), this.data[name], this.measure)
    for (const place of this.root.querySelectorAll("[data-measure]"))
      place.setAttribute("aria-pressed", String(place.dataset.measure === this.measure))
    this.root.querySelector(".nothing").hidden = rows.length > 0
    this.slide(before)
    if (hadFocus) this.selectedItem()?.focus({ preventScroll: true })
  }

  tops() {
    return new Map(this.items().map(item => [item, item.getBoundingClientRect().top]))
  }

  slide(before) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return
    for (const [item, top] of before) {
      const by = top - item.getBoundingClientRect().top
      if (item.isConnected && by !== 0)
        item.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: 140, easing: "ease-out" })
    }
  }

  selectedItem() {
    return this.list.querySelector(".selected")
  }

  select(item) {
    this.items().forEach(other => other.classList.toggle("selected", other === item))
    item.focus({ preventScroll: true })
    this.report()
  }

  report() {
    const selected = this.selectedItem()
    this.send("arrange", { order: this.items().map(numberOf), selected: selected ? numberOf(selected) : null })
  }

  press(event) {
    const item = event.target.closest(".row")
    // A finger that is not on the handle scrolls the page.
    if (!item || event.button !== 0) return
    const pulls = event.pointerType === "mouse" || Boolean(event.target.closest(".handle"))
    this.drag = { item, startY: event.clientY, order: this.items(), moving: false, pulls, pointer: event.pointerId }
  }

  pull(event) {
    const drag = this.drag
    if (!drag?.pulls) return
    if (!drag.moving) {
      if (Math.abs(event.clientY - drag.startY) < DRAG_STARTS_AFTER_PIXELS) return
      drag.moving = true
      this.list.setPointerCapture(drag.pointer)
      drag.item.classList.add("dragged")
    }
    // Places inside the list, not on the screen: those do not move while rows still slide.
    const listTop = this.list.getBoundingClientRect().top
    const others = this.items().filter(item => item !== drag.item)
    const below = others.find(item => event.clientY < listTop + item.offsetTop + item.offsetHeight / 2)
    if (drag.item.nextElementSibling === (below ?? null)) return
    const before = this.tops()
    this.list.insertBefore(drag.item, below ?? null)
    before.delete(drag.item)
    this.slide(before)
  }

  release(kept) {
    const drag = this.drag
    this.drag = null
    if (!drag) return
    drag.item.classList.remove("dragged")
    if (!kept) {
      drag.order.forEach(item => this.list.appendChild(item))
      return this.draw()
    }
    this.select(drag.item)
  }

  type(event) {
    if (event.key === "Escape" && this.drag) return this.release(false)
    const item = this.selectedItem()
    if (!item) return
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (step) {
      event.preventDefault()
      const items = this.items()
      const target = items[items.indexOf(item) + step]
      if (!target) return
      if (!event.altKey) return this.select(target)
      const before = this.tops()
      this.list.insertBefore(item, step < 0 ? target : target.nextElementSibling)
      this.slide(before)
      this.select(item)
    } else if (event.key === "Delete") {
      event.preventDefault()
      this.send("remove", numberOf(item))
    }
  }
}

const lists = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement
  if (!lists.has(root)) lists.set(root, new BlockList(root))
  lists.get(root).show(data, setTriggerValue)
}
